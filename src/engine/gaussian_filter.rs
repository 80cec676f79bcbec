//! Smoothing by a Gaussian, or what is left after it: SpikeInterface's `gaussian_filter`.
//!
//! # Source
//! `spikeinterface.preprocessing.gaussian_filter`, version 0.105: the response is `P (1 - N)`, where `P` is a Gaussian
//! in frequency of width `freq_max` and `N` one of width `freq_min`. There it is applied through the FFT of a chunk
//! with five standard deviations of context; here as a convolution with its impulse response, which is the same
//! wherever the chunk begins.

use super::{
    EngineError,
    chain::{self, Chain},
};
use crate::data::{DType, Recording, RecordingInfo, Source, SourceError};
use std::{f64::consts::PI, path::PathBuf, sync::Arc};

/// Standard deviations of the wider Gaussian on each side of the impulse response.
const REACH: f64 = 7.0;
/// A longer response would take longer than a filter should.
const MAX_HALF: usize = 4096;

/// The recording after a low-pass (`freq_max`), high-pass (`freq_min`) or band-pass of Gaussians, in Hz.
///
/// # Errors
/// Where no frequency is given, or one that is not between 0 and half the sampling frequency, or too low.
pub fn gaussian_filter(
    recording: &Recording,
    freq_min: Option<f64>,
    freq_max: Option<f64>,
) -> Result<Recording, EngineError> {
    let rate = recording.info().sampling_frequency;
    let kernel = kernel(freq_min, freq_max, rate)?;
    let mut info = recording.info().clone();
    info.is_filtered = true;
    let chain = chain::compile(recording)?;
    let whole = !matches!(info.dtype, DType::Float32 | DType::Float64);
    Ok(Recording::new(Arc::new(Smoothed { info, chain, kernel, whole })))
}

/// The impulse response from the middle on; it is symmetric.
fn kernel(freq_min: Option<f64>, freq_max: Option<f64>, rate: f64) -> Result<Vec<f64>, EngineError> {
    let given: Vec<f64> = [freq_min, freq_max].into_iter().flatten().collect();
    let Some(&lowest) = given.iter().min_by(|a, b| a.total_cmp(b)) else {
        return Err(EngineError::Data("a Gaussian filter needs freq_min or freq_max".into()));
    };
    if given.iter().any(|f| !(*f > 0.0 && *f < rate / 2.0)) {
        return Err(EngineError::Data(format!(
            "frequencies of a Gaussian filter lie between 0 and {} Hz, these are {given:?}",
            rate / 2.0
        )));
    }
    let half = (REACH * rate / (2.0 * PI * lowest)).ceil() as usize + 1;
    if half > MAX_HALF {
        return Err(EngineError::Data(format!(
            "a Gaussian filter of {lowest} Hz reaches over {half} samples, more than {MAX_HALF}"
        )));
    }
    let size = (8 * half).next_power_of_two().max(1024);
    // Half of the spectrum; it is real and even.
    let response: Vec<f64> = (0..=size / 2)
        .map(|k| {
            let frequency = k as f64 / size as f64 * rate;
            let pass = freq_max.map_or(1.0, |cutoff| gaussian(frequency, cutoff, rate));
            let stop = freq_min.map_or(0.0, |cutoff| gaussian(frequency, cutoff, rate));
            pass * (1.0 - stop)
        })
        .collect();
    let value = |n: usize| {
        let mut sum = response[0] + response[size / 2] * if n.is_multiple_of(2) { 1.0 } else { -1.0 };
        for (k, response) in response.iter().enumerate().take(size / 2).skip(1) {
            // The product stays exact: a whole turn is taken out before it becomes a fraction.
            let turn = (k * n % size) as f64 / size as f64;
            sum += 2.0 * response * (2.0 * PI * turn).cos();
        }
        sum / size as f64
    };
    Ok((0..=half).map(value).collect())
}

/// The response of one Gaussian at a frequency, as SpikeInterface computes it.
fn gaussian(frequency: f64, cutoff: f64, rate: f64) -> f64 {
    if cutoff <= rate / 8.0 {
        return (-(frequency / cutoff).powi(2) / 2.0).exp();
    }
    // One that is narrow in time is sampled there.
    let sigma = rate / (2.0 * PI * cutoff);
    let limit = (5.0 * sigma).round_ties_even() as i64 + 1;
    let sum: f64 = (-limit..=limit)
        .map(|x| {
            let density = (-(x as f64 / sigma).powi(2) / 2.0).exp() / ((2.0 * PI).sqrt() * sigma);
            density * (2.0 * PI * frequency / rate * x as f64).cos()
        })
        .sum();
    sum.abs()
}

/// A recording that is convolved when it is read.
#[derive(Debug)]
struct Smoothed {
    info: RecordingInfo,
    chain: Chain,
    kernel: Vec<f64>,
    /// True where samples are whole numbers and stay so.
    whole: bool,
}

impl Source for Smoothed {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let channels = self.info.num_channels().max(1);
        let frames = out.len() / channels;
        let length = self.info.segments.get(segment).map_or(0, |s| s.num_frames);
        if start.checked_add(frames).is_none_or(|end| end > length) {
            return Err(SourceError::Other(format!("frames beyond the {length} of segment {segment}")));
        }
        if frames == 0 {
            return Ok(());
        }
        let half = self.kernel.len() - 1;
        let (first, last) = (start.saturating_sub(half), (start + frames + half).min(length));
        let mut input = vec![0.0; (last - first) * channels];
        self.chain.read_frames(segment, first, &mut input).map_err(|error| match error {
            EngineError::Source(error) => error,
            other => SourceError::Other(other.to_string()),
        })?;
        let row = |frame: i64| {
            let at = mirrored(frame, length) as usize;
            // A segment shorter than the response is mirrored more than once, into what was read.
            let at = at.clamp(first, last - 1) - first;
            &input[at * channels..(at + 1) * channels]
        };
        let mut sums = vec![0.0_f64; channels];
        for (frame, out) in out.chunks_exact_mut(channels).enumerate() {
            let here = (start + frame) as i64;
            sums.iter_mut().zip(row(here)).for_each(|(sum, &x)| *sum = self.kernel[0] * f64::from(x));
            for (n, &weight) in self.kernel.iter().enumerate().skip(1) {
                let (before, after) = (row(here - n as i64), row(here + n as i64));
                for ((sum, &a), &b) in sums.iter_mut().zip(before).zip(after) {
                    *sum += weight * (f64::from(a) + f64::from(b));
                }
            }
            for (out, &sum) in out.iter_mut().zip(&sums) {
                *out = if self.whole { sum.round_ties_even() as f32 } else { sum as f32 };
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<PathBuf> {
        chain::ChainSource::new(self.chain.clone()).files()
    }
}

/// The frame within a segment that one beyond its ends stands for, mirrored at the first and last frame.
fn mirrored(frame: i64, length: usize) -> i64 {
    let last = length as i64 - 1;
    if last <= 0 {
        return 0;
    }
    let turned = frame.rem_euclid(2 * last);
    if turned > last { 2 * last - turned } else { turned }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_response_sums_to_what_it_does_to_a_constant() {
        let sum = |kernel: Vec<f64>| kernel[0] + 2.0 * kernel[1..].iter().sum::<f64>();
        // What is left of the Gaussian at half the sampling frequency (4e-6) rings beyond the kernel's end.
        assert!((sum(kernel(None, Some(3000.0), 30_000.0).unwrap()) - 1.0).abs() < 1e-6);
        assert!(sum(kernel(Some(300.0), None, 30_000.0).unwrap()).abs() < 1e-6);
        assert!(kernel(None, None, 30_000.0).is_err());
        assert!(kernel(Some(0.1), None, 30_000.0).is_err());
        assert!(kernel(None, Some(16_000.0), 30_000.0).is_err());
    }

    #[test]
    fn frames_beyond_the_ends_are_mirrored() {
        assert_eq!([-2, -1, 0, 3, 4, 5].map(|frame| mirrored(frame, 5)), [2, 1, 0, 3, 4, 3]);
        assert_eq!(mirrored(-7, 1), 0);
    }
}
