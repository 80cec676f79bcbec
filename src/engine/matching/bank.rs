//! Templates in low-rank form, ready to be matched.

use super::cleaned::Looks;
use crate::{
    data::Templates,
    engine::{
        basis::{Basis, weighted_basis_of},
        lanes::{STRETCH, Sums, stretch},
        taps::Taps,
    },
};
use ndarray::Array2;

/// Phases between two samples at which a spike can be subtracted.
pub const NUM_PHASES: usize = 8;
/// Most products of components.
const MAX_PRODUCTS: usize = crate::engine::basis::MAX_COMPONENTS * crate::engine::basis::MAX_COMPONENTS;

/// One template on the basis.
#[derive(Clone, Debug, PartialEq)]
pub struct BankUnit {
    /// Channels it has.
    pub channels: Vec<u32>,
    /// Coefficients, `(channels, components)`.
    pub coefficients: Vec<f32>,
    /// Sum of their squares.
    pub norm2: f32,
    /// Units it overlaps with (itself among them) and the products of coefficients, `(own component, other's)`.
    pub pairs: Vec<(u32, Vec<f32>)>,
}

/// All templates on one basis, and how they overlap in time.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateBank {
    /// The basis: singular vectors of the templates themselves.
    pub basis: Basis,
    /// Every how manieth sample of the traces is there to be projected.
    pub step: usize,
    /// The basis for those.
    pub(super) thinned: Taps,
    /// What spikes are projected on.
    pub(super) looks: Looks,
    /// The templates.
    pub units: Vec<BankUnit>,
    /// The templates' indices in order of the channels they lie on: neighbours read the same projections.
    pub(super) by_place: Vec<usize>,
    /// `Ω[phase][k][m][lag + num_samples - 1] = Σ_τ W[k, τ] · W[m, τ + lag - δ]`, rows `lag_stride` long.
    omega: Vec<f32>,
    lag_stride: usize,
    /// Share of the templates' energy that the basis holds.
    pub explained: f64,
}

impl TemplateBank {
    /// Projects templates on their own singular vectors, for traces of which every `step`th sample is there.
    pub fn new(templates: &Templates, num_components: usize, step: usize) -> Self {
        let shapes: Vec<Vec<f32>> = templates
            .waveforms
            .iter()
            .flat_map(|w| w.columns().into_iter().map(|c| c.to_vec()).collect::<Vec<_>>())
            .collect();
        let (basis, explained) =
            weighted_basis_of(&shapes, templates.num_samples, templates.num_before, num_components);
        let k = basis.num_components();
        let mut units: Vec<BankUnit> = templates
            .waveforms
            .iter()
            .zip(&templates.channel_indices)
            .map(|(waveform, channels)| {
                // (channels, samples) · (samples, components)
                let coefficients = waveform.t().dot(&basis.components.t());
                let norm2 = coefficients.iter().map(|x| x * x).sum();
                let coefficients = coefficients.iter().copied().collect();
                BankUnit { channels: channels.clone(), coefficients, norm2, pairs: Vec::new() }
            })
            .collect();
        let pairs: Vec<Vec<(u32, Vec<f32>)>> = units.iter().map(|u| pairs_of(u, &units, k)).collect();
        for (unit, pairs) in units.iter_mut().zip(pairs) {
            unit.pairs = pairs;
        }
        let lag_stride = (2 * basis.num_samples() - 1).next_multiple_of(STRETCH);
        let mut omega = vec![0.0; NUM_PHASES * k * k * lag_stride];
        let nt = basis.num_samples() as i64;
        for phase in 0..NUM_PHASES {
            let moved = basis.shifted(-phase_shift(phase));
            for i in 0..k {
                for j in 0..k {
                    let row = &mut omega[((phase * k + i) * k + j) * lag_stride..][..lag_stride];
                    for lag in 1 - nt..nt {
                        row[(lag + nt - 1) as usize] = correlate(&basis.components, &moved, i, j, lag) as f32;
                    }
                }
            }
        }
        let (thinned, looks) = (basis.thinned(step, 0).taps(), Looks::new(&basis, step));
        let mut by_place: Vec<usize> = (0..units.len()).collect();
        by_place.sort_by_key(|&unit| units[unit].channels.get(units[unit].channels.len() / 2).copied());
        Self { basis, step, thinned, looks, units, by_place, omega, lag_stride, explained }
    }

    /// Components of the basis.
    pub fn num_components(&self) -> usize {
        self.basis.num_components()
    }

    /// Samples of a template.
    pub fn num_samples(&self) -> usize {
        self.basis.num_samples()
    }

    /// What subtracting a spike does to the projections of components: one row of lags for `(k, m)`.
    pub fn omega(&self, phase: usize, k: usize, m: usize) -> &[f32] {
        let n = self.num_components();
        &self.omega[((phase * n + k) * n + m) * self.lag_stride..][..self.lag_stride]
    }

    /// Length of a row of [`Self::omega`].
    pub fn lag_stride(&self) -> usize {
        self.lag_stride
    }

    /// What a spike of amplitude one with these products adds to another unit's score: `out[lag + num_samples - 1]`.
    pub fn interaction(&self, phase: usize, products: &[f32], out: &mut [f32]) {
        let n = self.num_components();
        let rows = &self.omega[phase * n * n * self.lag_stride..][..n * n * self.lag_stride];
        sum_rows(rows, products, self.lag_stride, out);
    }

    /// [`Self::interaction`] at some lags only: `out[i]` is that of `lag + i - (num_samples - 1)`.
    pub fn interaction_at(&self, phase: usize, products: &[f32], lag: usize, out: &mut [f32]) {
        let n = self.num_components();
        out.fill(0.0);
        for (index, &weight) in products.iter().enumerate() {
            let row = &self.omega[(phase * n * n + index) * self.lag_stride + lag..][..out.len()];
            for (out, x) in out.iter_mut().zip(row) {
                *out += weight * x;
            }
        }
    }
}

/// The phase nearest to a place between samples, and whole samples to add.
pub fn phase_of(delta: f32) -> (usize, i64) {
    let step = (delta * NUM_PHASES as f32).round() as i64 + NUM_PHASES as i64 / 2;
    let whole = step.div_euclid(NUM_PHASES as i64);
    (step.rem_euclid(NUM_PHASES as i64) as usize, whole)
}

/// Samples after the whole sample that a phase stands for: -1/2 to 3/8.
pub fn phase_shift(phase: usize) -> f64 {
    (phase as f64 - NUM_PHASES as f64 / 2.0) / NUM_PHASES as f64
}

#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn sum_rows(rows: &[f32], weights: &[f32], stride: usize, out: &mut [f32]) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    for (place, out) in out.chunks_exact_mut(STRETCH).enumerate() {
        let mut sums = Sums::new();
        for (index, &w) in weights.iter().enumerate() {
            let Some(row) = stretch(rows, index * stride + place * STRETCH) else { break };
            sums.add::<FUSED>(w, row);
        }
        sums.store(out);
    }
}

fn correlate(w: &Array2<f32>, moved: &Array2<f64>, i: usize, j: usize, lag: i64) -> f64 {
    let nt = w.ncols() as i64;
    (0.max(-lag)..nt.min(nt - lag))
        .map(|t| f64::from(w[[i, t as usize]]) * moved[[j, (t + lag) as usize]])
        .sum()
}

fn pairs_of(unit: &BankUnit, units: &[BankUnit], k: usize) -> Vec<(u32, Vec<f32>)> {
    let mut pairs = Vec::new();
    for (index, other) in units.iter().enumerate() {
        let mut products = [0.0f32; MAX_PRODUCTS];
        let mut common = false;
        for (i, channel) in unit.channels.iter().enumerate() {
            if let Ok(j) = other.channels.binary_search(channel) {
                common = true;
                for m in 0..k {
                    for n in 0..k {
                        // Rows are the other's component, whose projection changes; columns the spike's own.
                        products[m * k + n] += other.coefficients[j * k + m] * unit.coefficients[i * k + n];
                    }
                }
            }
        }
        if common {
            pairs.push((index as u32, products[..k * k].to_vec()));
        }
    }
    pairs
}
