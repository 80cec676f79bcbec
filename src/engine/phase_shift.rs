//! Undo the sampling delay of multiplexed converters: an exact delay by a part of a sample, through the FFT.
//!
//! # Source
//! The operation is that of `spikeinterface.preprocessing.phase_shift`: 40 ms of context on both sides,
//! zeros beyond the ends of a segment, the context faded in by a cosine.

use super::tile::{LANES, Row, SUB, transpose, untranspose};
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::{collections::BTreeMap, f64::consts::PI, sync::Arc};

/// Delays of the channels.
#[derive(Clone, Debug)]
pub struct PhasePlan {
    shifts: Vec<f64>,
    /// Frames of context on both sides.
    pub(super) margin: usize,
}

/// Buffers and plans, used again and again.
#[derive(Default)]
pub struct PhaseScratch {
    plans: BTreeMap<usize, Plans>,
    /// By length of the transform and bits of the delay.
    rotations: BTreeMap<(usize, u64), Vec<Complex32>>,
    /// A tile's channels, one after the other.
    signals: Vec<f32>,
    spectrum: Vec<Complex32>,
    work: Vec<Complex32>,
}

type Plans = (Arc<dyn RealToComplex<f32>>, Arc<dyn ComplexToReal<f32>>);

/// Rotations that are kept; converters have 12 to 16 different delays.
const KEPT_ROTATIONS: usize = 64;

/// A stretch of a segment, and whether the segment begins or ends with it.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    pub frames: usize,
    pub at_start: bool,
    pub at_end: bool,
}

impl PhasePlan {
    /// For delays in samples at `sampling_frequency` Hz.
    pub fn new(shifts: &[f64], sampling_frequency: f64) -> Self {
        Self { shifts: shifts.to_vec(), margin: (0.040 * sampling_frequency) as usize }
    }

    /// Delays every channel of a stretch that lies in sub-blocks of `stride` rows.
    pub fn run(&self, work: &mut [Row], stride: usize, ends: Ends, scratch: &mut PhaseScratch) {
        let Ends { frames, at_start, at_end } = ends;
        let before = if at_start { self.margin } else { 0 };
        let after = if at_end { self.margin } else { 0 };
        let length = smooth_length(before + frames + after);
        scratch.signals.resize(LANES * length, 0.0);
        for (index, shifts) in self.shifts.chunks(LANES).enumerate() {
            if shifts.iter().all(|&s| s == 0.0) {
                continue;
            }
            for first in (0..frames).step_by(SUB) {
                let rows = &work[first / SUB * stride + index * SUB..][..SUB.min(frames - first)];
                transpose(rows, shifts.len(), &mut scratch.signals, length, before + first);
            }
            for (lane, &shift) in shifts.iter().enumerate().filter(|(_, s)| **s != 0.0) {
                self.delay(shift, length, before, ends, scratch, lane);
            }
            for first in (0..frames).step_by(SUB) {
                let rows = &mut work[first / SUB * stride + index * SUB..][..SUB.min(frames - first)];
                untranspose(&scratch.signals, length, before + first, shifts.len(), rows);
            }
        }
    }

    fn delay(
        &self,
        shift: f64,
        length: usize,
        before: usize,
        ends: Ends,
        scratch: &mut PhaseScratch,
        lane: usize,
    ) {
        let PhaseScratch { plans, rotations, signals, spectrum, work } = scratch;
        let (forward, inverse) = plans.entry(length).or_insert_with(|| {
            let mut planner = RealFftPlanner::new();
            (planner.plan_fft_forward(length), planner.plan_fft_inverse(length))
        });
        if rotations.len() > KEPT_ROTATIONS {
            rotations.clear();
        }
        let rotation =
            rotations.entry((length, shift.to_bits())).or_insert_with(|| rotation_of(shift, length));
        spectrum.resize(length / 2 + 1, Complex32::ZERO);
        work.resize(forward.get_scratch_len().max(inverse.get_scratch_len()), Complex32::ZERO);
        let signal = &mut signals[lane * length..][..length];
        let end = before + ends.frames;
        signal[..before].fill(0.0);
        signal[end..].fill(0.0);
        let faded = ends.frames.min(self.margin);
        if !ends.at_start {
            fade(signal[before..before + faded].iter_mut(), self.margin);
        }
        if !ends.at_end {
            fade(signal[end - faded..end].iter_mut().rev(), self.margin);
        }
        // Lengths are the plans' own and the ends of the spectrum are real: nothing they check can fail.
        let done = forward.process_with_scratch(signal, spectrum, work).is_ok();
        for (value, turn) in spectrum.iter_mut().zip(rotation.iter()) {
            *value *= turn;
        }
        spectrum[0].im = 0.0;
        spectrum[length / 2].im = 0.0;
        debug_assert!(done && length.is_multiple_of(2));
        let done = inverse.process_with_scratch(spectrum, signal, work).is_ok();
        debug_assert!(done);
    }
}

fn fade<'a>(samples: impl Iterator<Item = &'a mut f32>, margin: usize) {
    for (i, v) in samples.enumerate() {
        *v *= ((1.0 - (i as f64 / margin as f64 * PI).cos()) / 2.0) as f32;
    }
}

/// `exp(-i w shift) / length` for each frequency of a transform.
fn rotation_of(shift: f64, length: usize) -> Vec<Complex32> {
    let scale = 1.0 / length as f64;
    (0..=length / 2)
        .map(|k| {
            let (sin, cos) = (-2.0 * PI * k as f64 / length as f64 * shift).sin_cos();
            Complex32::new((cos * scale) as f32, (sin * scale) as f32)
        })
        .collect()
}

/// The next even length with small prime factors only.
fn smooth_length(at_least: usize) -> usize {
    let mut length = at_least.max(2).next_multiple_of(2);
    loop {
        let mut rest = length;
        for factor in [2, 3, 5] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        if rest == 1 {
            return length;
        }
        length += 2;
    }
}
