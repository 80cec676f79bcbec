//! How each channel records: noise, likeness to its neighbours, power by frequency, and the verdict of the
//! detection of bad channels.

use super::{
    EngineError, Monitor,
    bad_channels::{BadChannelMethod, BadChannelParams, ChannelLabel, detect_bad_channels},
    bad_chunk::neighbor_correlations,
    block::Block,
    chain::compile,
    geometry::Geometry,
    noise::{Chunks, NoiseMethod, levels_of, random_chunks, read_chunks},
    select::median_f64,
};
use crate::data::Recording;
use realfft::RealFftPlanner;
use std::f64::consts::PI;

/// Chunks that are looked at, and their length in seconds.
const CHUNKS: usize = 12;
const CHUNK_S: f64 = 0.4;
/// Samples of a window of the spectrum.
const WINDOW: usize = 1024;
/// Bands of the spectrum, even in the logarithm of the frequency.
const BANDS: usize = 24;
/// The lowest frequency of the spectrum in Hz.
const LOWEST_HZ: f64 = 20.0;
/// Neighbours are nearer than this, in µm, or further where contacts lie further apart.
const RADIUS_UM: f64 = 50.0;
/// A channel of less than this part of the usual noise is dead, where nothing else tells.
const SILENT: f64 = 0.1;
/// Chunks from which bad channels are detected: a look, not a verdict for a paper.
const BAD_CHUNKS: usize = 30;

/// How channels record.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// Noise of each channel, in µV where the gain is known, else in the units of the recording.
    pub noise: Vec<f64>,
    /// Correlation of each channel with the median of its neighbours; NaN without any.
    pub likeness: Vec<f64>,
    /// The verdict on each channel.
    pub labels: Vec<ChannelLabel>,
    /// Power of each channel in each band, as the logarithm (base 10) of its density.
    pub power: Vec<Vec<f32>>,
    /// Lower edges of the bands in Hz, and the upper edge of the last.
    pub edges_hz: Vec<f64>,
    /// True where noise is in µV.
    pub in_uv: bool,
    /// How channels were judged.
    pub method: BadChannelMethod,
}

/// Looks at a few seconds spread over a recording.
///
/// # Errors
/// Where samples cannot be read or it is cancelled.
pub fn health(recording: &Recording, monitor: &dyn Monitor) -> Result<Health, EngineError> {
    let chain = compile(recording)?;
    let info = chain.info();
    let num_channels = info.num_channels();
    let chunk_size = ((CHUNK_S * info.sampling_frequency) as usize).max(WINDOW);
    let jobs = random_chunks(info, &Chunks { num_chunks_per_segment: CHUNKS, chunk_size, seed: 0 })?;
    let blocks = read_chunks(&chain, &jobs, monitor)?;
    let typical = |of: &dyn Fn(&Block) -> Vec<f64>| -> Vec<f64> {
        let chunks: Vec<Vec<f64>> = blocks.iter().map(of).collect();
        let channels = 0..num_channels;
        channels.map(|c| median_f64(&mut chunks.iter().map(|chunk| chunk[c]).collect::<Vec<_>>())).collect()
    };
    let mut noise = typical(&|block| levels_of(block, NoiseMethod::Mad));
    let neighbors = neighbors(&Geometry::known_of(info), num_channels);
    let mut likeness = typical(&|block| neighbor_correlations(block, &neighbors));
    for (value, _) in likeness.iter_mut().zip(&neighbors).filter(|(_, near)| near.is_empty()) {
        *value = f64::NAN;
    }
    let (power, edges_hz) = spectra(&blocks, info.sampling_frequency, num_channels);
    let (labels, method) = labels(recording, &noise, monitor)?;
    if let Some(gains) = &info.gain_to_uv {
        noise.iter_mut().zip(gains).for_each(|(level, gain)| *level *= gain.abs());
    }
    Ok(Health { noise, likeness, labels, power, edges_hz, in_uv: info.gain_to_uv.is_some(), method })
}

/// Channels near each; without a probe, those of the next numbers.
fn neighbors(geometry: &Geometry, num_channels: usize) -> Vec<Vec<usize>> {
    let radius = geometry.fitting_radius_um(RADIUS_UM);
    let near = geometry.neighbors(radius, 12);
    (0..num_channels)
        .map(|channel| {
            let near: Vec<usize> = near
                .get(channel)
                .into_iter()
                .flatten()
                .map(|&c| c as usize)
                .filter(|&c| c != channel)
                .collect();
            if near.is_empty() {
                (channel.saturating_sub(2)..(channel + 3).min(num_channels))
                    .filter(|&c| c != channel)
                    .collect()
            } else {
                near
            }
        })
        .collect()
}

fn labels(
    recording: &Recording,
    noise: &[f64],
    monitor: &dyn Monitor,
) -> Result<(Vec<ChannelLabel>, BadChannelMethod), EngineError> {
    let info = recording.info();
    let knows = info.gain_to_uv.is_some() && info.probe.is_some() && info.num_channels() > 8;
    let method = if knows { BadChannelMethod::CoherencePsd } else { BadChannelMethod::Mad };
    let params = BadChannelParams { method, num_random_chunks: BAD_CHUNKS, ..BadChannelParams::default() };
    let mut labels = detect_bad_channels(recording, &params, monitor)?;
    let usual = median_f64(&mut noise.to_vec());
    for (label, &level) in labels.iter_mut().zip(noise) {
        if level < SILENT * usual && *label == ChannelLabel::Good {
            *label = ChannelLabel::Dead;
        }
    }
    Ok((labels, method))
}

/// Power in bands, Welch's method with half overlapping Hann windows.
fn spectra(blocks: &[Block], sampling_frequency: f64, num_channels: usize) -> (Vec<Vec<f32>>, Vec<f64>) {
    let highest = sampling_frequency / 2.0;
    let ratio = (highest / LOWEST_HZ).max(1.0).powf(1.0 / BANDS as f64);
    let edges: Vec<f64> = (0..=BANDS).map(|band| LOWEST_HZ * ratio.powi(band as i32)).collect();
    let hann: Vec<f64> =
        (0..WINDOW).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f64 / WINDOW as f64).cos()).collect();
    let scale = 2.0 / (sampling_frequency * hann.iter().map(|w| w * w).sum::<f64>());
    let bin = |hz: f64| ((hz * WINDOW as f64 / sampling_frequency) as usize).min(WINDOW / 2);
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let power = (0..num_channels)
        .map(|channel| {
            let mut sums = vec![0.0_f64; WINDOW / 2 + 1];
            let mut count = 0;
            for part in blocks.iter().flat_map(|b| b.channel(channel).windows(WINDOW).step_by(WINDOW / 2)) {
                let mean = part.iter().map(|&v| f64::from(v)).sum::<f64>() / WINDOW as f64;
                for ((to, &v), w) in input.iter_mut().zip(part).zip(&hann) {
                    *to = ((f64::from(v) - mean) * w) as f32;
                }
                // Lengths are the plan's own, the only thing it checks.
                if transform.process(&mut input, &mut output).is_ok() {
                    sums.iter_mut().zip(&output).for_each(|(s, o)| *s += f64::from(o.norm_sqr()));
                    count += 1;
                }
            }
            let density = |from: usize, to: usize| {
                let bins = &sums[from..to.max(from + 1).min(sums.len())];
                scale * bins.iter().sum::<f64>() / (bins.len() * count.max(1)) as f64
            };
            edges.windows(2).map(|w| density(bin(w[0]).max(1), bin(w[1])).max(1e-30).log10() as f32).collect()
        })
        .collect();
    (power, edges)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{
        data::{DType, Probe, RecordingInfo, Source, SourceError},
        engine::Silent,
    };
    use std::sync::Arc;

    /// Twelve channels that share a part with their neighbours; one is loud, one is silent.
    #[derive(Debug)]
    struct Sick(RecordingInfo);

    impl Source for Sick {
        fn info(&self) -> &RecordingInfo {
            &self.0
        }
        fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
            let noise = |frame: usize, channel: usize| {
                let mut x =
                    (frame as u64 * 1_000_003 + channel as u64 * 7_919).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                x ^= x >> 31;
                x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
                ((x >> 40) as f32 / (1 << 24) as f32 - 0.5) * 20.0
            };
            for (i, value) in out.iter_mut().enumerate() {
                let (frame, channel) = (start + i / 12, i % 12);
                let shared = noise(frame, 100) * 2.0;
                *value = match channel {
                    3 => (shared + noise(frame, channel)) * 40.0,
                    7 => 0.01 * noise(frame, channel),
                    _ => shared + noise(frame, channel),
                };
            }
            Ok(())
        }
    }

    #[test]
    fn a_loud_and_a_silent_channel_are_told() {
        let mut info = RecordingInfo::new(30_000.0, 12, 120_000, DType::Int16);
        let places: Vec<[f64; 2]> = (0..12).map(|c| [0.0, 25.0 * f64::from(c)]).collect();
        info.probe = Some(Arc::new(Probe::from_positions(&places)));
        info.is_filtered = true;
        let health = health(&Recording::new(Arc::new(Sick(info))), &Silent).unwrap();
        assert_eq!(health.method, BadChannelMethod::Mad);
        for channel in 0..12 {
            let expected = match channel {
                3 => ChannelLabel::Noise,
                7 => ChannelLabel::Dead,
                _ => ChannelLabel::Good,
            };
            assert_eq!(health.labels[channel], expected, "channel {channel}");
        }
        assert!(health.likeness[0] > 0.6 && health.likeness[7].abs() < 0.2, "{:?}", health.likeness);
        assert!(health.noise[3] > 10.0 * health.noise[0]);
        assert_eq!(health.power[0].len(), health.edges_hz.len() - 1);
        assert!(health.power[3][10] > health.power[0][10] + 2.0, "forty times louder: 3.2 decades of power");
    }
}
