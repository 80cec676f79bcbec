//! What a spike looks like, and where it is, with all other spikes subtracted.

use super::{
    bank::{NUM_PHASES, TemplateBank, phase_of, phase_shift},
    peel::Match,
};
use crate::engine::{
    basis::{Basis, MAX_COMPONENTS},
    block::Block,
    lanes::{LANES, register},
};

/// Projections of spikes between samples.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Looks {
    /// For a spike this many samples after one that is there, and at each phase: components in rows of whole registers.
    kernels: Vec<Kernel>,
    step: usize,
    num_components: usize,
    /// Sum of the squares of the projections of white noise of variance one, on one channel.
    noise: f32,
}

#[derive(Clone, Debug, PartialEq)]
struct Kernel {
    num_before: i64,
    /// Length of a row.
    taps: usize,
    values: Vec<f32>,
}

impl Looks {
    /// Those on a basis, for traces of which every `step`th sample is there.
    pub fn new(basis: &Basis, step: usize) -> Self {
        let kernels: Vec<Kernel> = (0..step)
            .flat_map(|offset| (0..NUM_PHASES).map(move |phase| (offset, phase)))
            .map(|(offset, phase)| {
                let components = basis.shifted(-phase_shift(phase)).mapv(|v| v as f32);
                Kernel::new(&Basis { components, ..basis.clone() }.thinned(step, offset))
            })
            .collect();
        let noise = kernels[NUM_PHASES / 2].values.iter().map(|v| v * v).sum();
        Self { kernels, step, num_components: basis.num_components(), noise }
    }
}

impl Kernel {
    fn new(basis: &Basis) -> Self {
        let taps = basis.num_samples().next_multiple_of(LANES);
        let mut values = vec![0.0; basis.num_components() * taps];
        for (row, component) in values.chunks_exact_mut(taps).zip(basis.components.rows()) {
            for (value, &tap) in row.iter_mut().zip(component) {
                *value = tap;
            }
        }
        Self { num_before: basis.num_before as i64, taps, values }
    }
}

/// The features of the matches of one stretch, each with all others subtracted.
pub(super) struct Cleaner<'a> {
    /// The templates.
    pub bank: &'a TemplateBank,
    /// The traces they were matched on.
    pub block: &'a Block,
    /// All matches, in order.
    pub matches: &'a [Match],
}

impl Cleaner<'_> {
    /// Features of a match on `channels`, `(channels, components)`, at its place between samples; `index` is its place
    /// among the matches. What lies beyond the traces is silent.
    pub fn features(&self, index: usize, channels: &[u32], window: &mut Vec<f32>, out: &mut [f32]) {
        let Self { bank, block, matches } = *self;
        let k = bank.num_components();
        let own = matches[index];
        let (phase, whole) = phase_of(own.delta);
        let place = own.sample as i64 + whole;
        let step = bank.step as i64;
        let kernel = &bank.looks.kernels[place.rem_euclid(step) as usize * NUM_PHASES + phase];
        let first = place.div_euclid(step) - kernel.num_before;
        for (&channel, out) in channels.iter().zip(out.chunks_exact_mut(k)) {
            let trace = block.channel(channel as usize);
            let there = usize::try_from(first).ok().and_then(|first| trace.get(first..first + kernel.taps));
            let x = there.unwrap_or_else(|| {
                window.clear();
                let at = |t: usize| usize::try_from(first + t as i64).ok().and_then(|t| trace.get(t));
                window.extend((0..kernel.taps).map(|t| at(t).copied().unwrap_or(0.0)));
                window
            });
            out.copy_from_slice(&products(&kernel.values, x)[..k]);
        }
        let reach = bank.num_samples() as i64 - 1;
        let near = matches.partition_point(|m| (m.sample as i64) < own.sample as i64 - reach - 2);
        for (other, spike) in matches.iter().enumerate().skip(near) {
            if spike.sample as i64 > own.sample as i64 + reach + 2 {
                break;
            }
            if other == index {
                continue;
            }
            let (phase, whole) = phase_of(spike.delta - own.delta);
            let lag = own.sample as i64 - spike.sample as i64 - whole;
            if lag.abs() > reach {
                continue;
            }
            let mut omega = [[0.0f32; MAX_COMPONENTS]; MAX_COMPONENTS];
            for (component, row) in omega.iter_mut().enumerate().take(k) {
                for (m, value) in row.iter_mut().enumerate().take(k) {
                    *value = bank.omega(phase, component, m)[(lag + reach) as usize];
                }
            }
            let unit = &bank.units[spike.unit as usize];
            for (channel, out) in channels.iter().zip(out.chunks_exact_mut(k)) {
                let Ok(j) = unit.channels.binary_search(channel) else { continue };
                let weights = &unit.coefficients[j * k..][..k];
                for (out, omega) in out.iter_mut().zip(&omega) {
                    let sum: f32 = weights.iter().zip(omega).map(|(w, o)| w * o).sum();
                    *out -= spike.scale * sum;
                }
            }
        }
    }

    /// Where a match is: the centre of the energy of its features on `channels`, which lie at `places`, above that of the
    /// noise; `[x, y]` in µm.
    ///
    /// # Source
    /// Kilosort 4 `compute_spike_positions`, which leaves the noise in.
    pub fn location(
        &self,
        index: usize,
        channels: &[u32],
        places: &[[f64; 2]],
        scratch: &mut [Vec<f32>; 2],
    ) -> [f32; 2] {
        let k = self.bank.num_components();
        let [window, features] = scratch;
        features.resize(channels.len() * k, 0.0);
        self.features(index, channels, window, features);
        let (mut total, mut sums) = (0.0f64, [0.0f64; 2]);
        for (features, &channel) in features.chunks_exact(k).zip(channels) {
            let energy: f32 = features.iter().map(|f| f * f).sum();
            let weight = f64::from((energy - self.bank.looks.noise).max(0.0));
            let [x, y] = places[channel as usize];
            total += weight;
            sums[0] += weight * x;
            sums[1] += weight * y;
        }
        if total <= 0.0 {
            // Nothing rises above the noise: in the middle of the channels.
            let sum = |axis: usize| channels.iter().map(|&c| places[c as usize][axis]).sum::<f64>();
            return [sum(0), sum(1)].map(|sum| (sum / channels.len().max(1) as f64) as f32);
        }
        sums.map(|sum| (sum / total) as f32)
    }
}

/// Products of some samples with each row of a kernel.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn products(kernel: &[f32], x: &[f32]) -> [f32; MAX_COMPONENTS] {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    let mut out = [0.0f32; MAX_COMPONENTS];
    for (row, out) in kernel.chunks_exact(x.len()).zip(&mut out) {
        let mut sums = [0.0f32; LANES];
        let mut start = 0;
        while let (Some(w), Some(x)) = (register(row, start), register(x, start)) {
            for l in 0..LANES {
                sums[l] = if FUSED { w[l].mul_add(x[l], sums[l]) } else { w[l] * x[l] + sums[l] };
            }
            start += LANES;
        }
        let mut width = LANES / 2;
        while width > 0 {
            for l in 0..width {
                sums[l] += sums[l + width];
            }
            width /= 2;
        }
        *out = sums[0];
    }
    out
}
