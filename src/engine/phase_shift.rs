//! Undo the sampling delay of multiplexed converters: an exact delay by a part of a sample, through the FFT.
//!
//! # Source
//! The operation is that of `spikeinterface.preprocessing.phase_shift`: 40 ms of context on both sides,
//! zeros beyond the ends of a segment, the context faded in by a cosine.

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::{collections::BTreeMap, f64::consts::PI, sync::Arc};

/// Delays of the channels, in the order they are worked on.
#[derive(Clone, Debug)]
pub struct PhasePlan {
    /// Channels with a delay, those with the same one after another.
    order: Vec<(usize, f64)>,
    /// Frames of context on both sides.
    pub(super) margin: usize,
}

/// Buffers and plans, used again and again.
#[derive(Default)]
pub struct PhaseScratch {
    plans: BTreeMap<usize, Plans>,
    signal: Vec<f32>,
    spectrum: Vec<Complex32>,
    rotation: Vec<Complex32>,
    work: Vec<Complex32>,
}

type Plans = (Arc<dyn RealToComplex<f32>>, Arc<dyn ComplexToReal<f32>>);

impl PhasePlan {
    /// For delays in samples at `sampling_frequency` Hz.
    pub fn new(shifts: &[f64], sampling_frequency: f64) -> Self {
        let mut order: Vec<(usize, f64)> =
            shifts.iter().copied().enumerate().filter(|&(_, shift)| shift != 0.0).collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        Self { order, margin: (0.040 * sampling_frequency) as usize }
    }

    /// Delays every channel of a stretch of `frames`; `at_start` and `at_end` tell whether the segment ends there.
    ///
    /// `get` copies a channel out of the stretch, `set` takes it back.
    pub fn run(
        &self,
        frames: usize,
        at_start: bool,
        at_end: bool,
        scratch: &mut PhaseScratch,
        mut get: impl FnMut(usize, &mut [f32]),
        mut set: impl FnMut(usize, &[f32]),
    ) {
        let before = if at_start { self.margin } else { 0 };
        let after = if at_end { self.margin } else { 0 };
        let length = smooth_length(before + frames + after);
        let PhaseScratch { plans, signal, spectrum, rotation, work } = scratch;
        let (forward, inverse) = plans.entry(length).or_insert_with(|| {
            let mut planner = RealFftPlanner::new();
            (planner.plan_fft_forward(length), planner.plan_fft_inverse(length))
        });
        signal.resize(length, 0.0);
        spectrum.resize(length / 2 + 1, Complex32::ZERO);
        work.resize(forward.get_scratch_len().max(inverse.get_scratch_len()), Complex32::ZERO);
        let mut current = None;
        for &(channel, shift) in &self.order {
            if current != Some(shift) {
                rotations(shift, length, rotation);
                current = Some(shift);
            }
            signal[..before].fill(0.0);
            get(channel, &mut signal[before..before + frames]);
            signal[before + frames..].fill(0.0);
            if !at_start {
                fade(signal[..frames.min(self.margin)].iter_mut(), self.margin);
            }
            if !at_end {
                let end = before + frames;
                fade(signal[end - frames.min(self.margin)..end].iter_mut().rev(), self.margin);
            }
            // Lengths are the plan's own, the only thing these two check.
            let done = forward.process_with_scratch(signal, spectrum, work).is_ok();
            for (value, turn) in spectrum.iter_mut().zip(rotation.iter()) {
                *value *= turn;
            }
            if let Some(first) = spectrum.first_mut() {
                first.im = 0.0;
            }
            if length.is_multiple_of(2)
                && let Some(last) = spectrum.last_mut()
            {
                last.im = 0.0;
            }
            if done && inverse.process_with_scratch(spectrum, signal, work).is_ok() {
                set(channel, &signal[before..before + frames]);
            }
        }
    }
}

fn fade<'a>(samples: impl Iterator<Item = &'a mut f32>, margin: usize) {
    for (i, v) in samples.enumerate() {
        *v *= ((1.0 - (i as f64 / margin as f64 * PI).cos()) / 2.0) as f32;
    }
}

/// `exp(-i w shift) / length` for each frequency of a transform.
fn rotations(shift: f64, length: usize, out: &mut Vec<Complex32>) {
    let scale = 1.0 / length as f64;
    out.clear();
    out.extend((0..=length / 2).map(|k| {
        let (sin, cos) = (-2.0 * PI * k as f64 / length as f64 * shift).sin_cos();
        Complex32::new((cos * scale) as f32, (sin * scale) as f32)
    }));
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
