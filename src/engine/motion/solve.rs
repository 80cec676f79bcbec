//! Displacements of all time bins and windows from the comparisons of pairs.
//!
//! Minimises `Σ u (p_i - p_j - d)²` over all comparisons, a prior that neighbouring times move alike, one that
//! neighbouring windows change alike, and a small ridge. The system is sparse and positive definite; conjugate
//! gradients with the tridiagonal part (in time, window by window) as preconditioner solve it.
//!
//! # Source
//! Windolf et al. 2023 (bioRxiv 2023.10.24.563768); priors and ridge as in SpikeInterface's `thomas_solve`, which factors
//! dense blocks instead and therefore cannot take an hour.

use super::correlate::Comparison;
use crate::engine::{EngineError, Monitor};
use rayon::prelude::*;

/// Strengths of the priors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priors {
    /// Neighbouring times.
    pub time: f64,
    /// Neighbouring windows.
    pub space: f64,
    /// Ridge.
    pub ridge: f64,
}

/// The comparisons of a window with their weights.
pub struct Evidence {
    /// The comparisons.
    pub comparisons: Vec<Comparison>,
    /// Weight of each.
    pub weights: Vec<f64>,
    /// Time bins with spikes to compare.
    pub active: Vec<bool>,
}

/// The relative residual at which the solution is good.
const TOLERANCE: f64 = 1e-10;
/// Steps at most; a hundred are usual.
const MOST_STEPS: usize = 5_000;

/// `displacement[window][time]` in µm.
///
/// # Errors
/// Where it is cancelled.
pub fn solve(
    evidence: &[Evidence],
    num_times: usize,
    priors: &Priors,
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<f64>>, EngineError> {
    let system = System { evidence, num_times, priors, ridge: ridges(evidence, num_times, priors) };
    let count = evidence.len() * num_times;
    let target = system.target();
    let preconditioner = system.tridiagonal();
    let mut x = vec![0.0; count];
    let mut residual = target.clone();
    let goal = TOLERANCE * dot(&target, &target).sqrt();
    let mut z = preconditioner.solve(&residual, num_times);
    let mut direction = z.clone();
    let mut energy = dot(&residual, &z);
    for step in 0..MOST_STEPS {
        if dot(&residual, &residual).sqrt() <= goal {
            break;
        }
        if step % 16 == 0 && monitor.cancelled() {
            return Err(EngineError::Cancelled);
        }
        let image = system.apply(&direction);
        let curvature = dot(&direction, &image);
        if curvature <= 0.0 || curvature.is_nan() {
            break;
        }
        let length = energy / curvature;
        for i in 0..count {
            x[i] += length * direction[i];
            residual[i] -= length * image[i];
        }
        z = preconditioner.solve(&residual, num_times);
        let next = dot(&residual, &z);
        let ratio = next / energy;
        energy = next;
        for i in 0..count {
            direction[i] = z[i] + ratio * direction[i];
        }
    }
    Ok(x.chunks_exact(num_times.max(1)).map(<[f64]>::to_vec).collect())
}

struct System<'a> {
    evidence: &'a [Evidence],
    num_times: usize,
    priors: &'a Priors,
    ridge: Vec<f64>,
}

/// The ridge holds what has evidence; bins without are held by their neighbours alone.
fn ridges(evidence: &[Evidence], num_times: usize, priors: &Priors) -> Vec<f64> {
    let terms = if has_space(evidence.len(), priors) { 2.0 } else { 1.0 };
    evidence
        .iter()
        .flat_map(|own| {
            let none = !own.active.iter().any(|a| *a);
            (0..num_times).map(move |t| if none || own.active[t] { terms * priors.ridge } else { 0.0 })
        })
        .collect()
}

fn has_space(windows: usize, priors: &Priors) -> bool {
    windows > 1 && priors.space > 0.0
}

impl System<'_> {
    /// Weight of the temporal differences within a window, priors of time and space together.
    fn stiffness(&self, window: usize) -> f64 {
        let last = self.evidence.len() - 1;
        let space = match (has_space(self.evidence.len(), self.priors), window == 0 || window == last) {
            (false, _) => 0.0,
            (true, true) => 0.5 * self.priors.space,
            (true, false) => self.priors.space,
        };
        self.priors.time + space
    }

    fn target(&self) -> Vec<f64> {
        let mut target = vec![0.0; self.evidence.len() * self.num_times];
        for (own, out) in self.evidence.iter().zip(target.chunks_exact_mut(self.num_times.max(1))) {
            for (pair, weight) in own.comparisons.iter().zip(&own.weights) {
                let pull = weight * f64::from(pair.displacement_um);
                out[pair.from as usize] += pull;
                out[pair.to as usize] -= pull;
            }
        }
        target
    }

    fn apply(&self, x: &[f64]) -> Vec<f64> {
        let n = self.num_times.max(1);
        let mut out = vec![0.0; x.len()];
        let coupled = has_space(self.evidence.len(), self.priors);
        out.par_chunks_mut(n).enumerate().for_each(|(window, out)| {
            let own = &x[window * n..][..n];
            for (pair, weight) in self.evidence[window].comparisons.iter().zip(&self.evidence[window].weights)
            {
                let (i, j) = (pair.from as usize, pair.to as usize);
                let pull = weight * (own[i] - own[j]);
                out[i] += pull;
                out[j] -= pull;
            }
            for (t, out) in out.iter_mut().enumerate() {
                *out += self.ridge[window * n + t] * own[t];
            }
            add_differences(own, self.stiffness(window), out);
            if coupled {
                let half = -0.5 * self.priors.space;
                if window > 0 {
                    add_differences(&x[(window - 1) * n..][..n], half, out);
                }
                if let Some(next) = x.get((window + 1) * n..(window + 2) * n) {
                    add_differences(next, half, out);
                }
            }
        });
        out
    }

    /// The part of the system that couples neighbouring times of a window.
    fn tridiagonal(&self) -> Tridiagonal {
        let n = self.num_times.max(1);
        let mut diagonal = self.ridge.clone();
        let mut beside = vec![0.0; diagonal.len()];
        for (window, own) in self.evidence.iter().enumerate() {
            let (diagonal, beside) = (&mut diagonal[window * n..][..n], &mut beside[window * n..][..n]);
            for (pair, weight) in own.comparisons.iter().zip(&own.weights) {
                let (i, j) = (pair.from as usize, pair.to as usize);
                if i == j {
                    continue;
                }
                diagonal[i] += weight;
                diagonal[j] += weight;
                if i.abs_diff(j) == 1 {
                    beside[i.min(j)] -= weight;
                }
            }
            let stiffness = self.stiffness(window);
            for t in 0..n.saturating_sub(1) {
                diagonal[t] += 0.5 * stiffness;
                diagonal[t + 1] += 0.5 * stiffness;
                beside[t] -= 0.5 * stiffness;
            }
        }
        Tridiagonal { diagonal, beside }
    }
}

/// Adds `weight` times the matrix of `½ Σ (x_t - x_{t+1})²` applied to `x`.
fn add_differences(x: &[f64], weight: f64, out: &mut [f64]) {
    for t in 0..x.len().saturating_sub(1) {
        let pull = 0.5 * weight * (x[t] - x[t + 1]);
        out[t] += pull;
        out[t + 1] -= pull;
    }
}

/// Blocks of symmetric tridiagonal matrices: the diagonal, and what couples each entry with the next.
struct Tridiagonal {
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

impl Tridiagonal {
    /// Solves each block of `n` entries for its part of `b`.
    fn solve(&self, b: &[f64], n: usize) -> Vec<f64> {
        let n = n.max(1);
        let mut x = b.to_vec();
        x.par_chunks_mut(n).enumerate().for_each(|(block, x)| {
            let (diagonal, beside) = (&self.diagonal[block * n..][..n], &self.beside[block * n..][..n]);
            let mut pivots = diagonal.to_vec();
            for t in 1..n {
                let factor = beside[t - 1] / pivots[t - 1].max(f64::MIN_POSITIVE);
                pivots[t] -= factor * beside[t - 1];
                x[t] -= factor * x[t - 1];
            }
            for t in (0..n).rev() {
                let after = if t + 1 < n { beside[t] * x[t + 1] } else { 0.0 };
                x[t] = (x[t] - after) / pivots[t].max(f64::MIN_POSITIVE);
            }
        });
        x
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
