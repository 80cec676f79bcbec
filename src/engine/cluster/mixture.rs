//! The likeliest mixture of Gaussians of one covariance: parts of a cluster whose times say that it holds several neurons.
//!
//! Three neurons of one contact often lie on a line: cut in two, the middle one is torn, and neither half shows a dip any
//! more. A mixture of as many components as explain the points, all at once, has one for each. Spikes that differ in size
//! make more components than neurons; which of them are neurons is not asked here (see
//! [`independent_parts`](super::known::independent_parts)).

use super::{
    blocks::{Blocks, MOST_COMPONENTS, expect, total_of},
    isosplit::k_means,
    points::Points,
};
use crate::engine::eigen::{cholesky, inverse};
use ndarray::Array2;

/// Draws of the places they start from.
const DRAWS: u64 = 4;
/// Axes along which the points are cut into slices to start from.
const STARTS: usize = 6;
/// Points the mixture is fitted to, at most.
const MOST_POINTS: usize = 1_500;
/// Rounds of expectation and maximisation, and the change of the mean log likelihood at which they end.
const ROUNDS: usize = 60;
const SETTLED: f64 = 1e-5;

/// Gaussians of one covariance, about a common mean of zero.
struct Mixture {
    /// Of each component: `W⁻¹ μ`, and `ln π - μ' W⁻¹ μ / 2`, where W is the covariance.
    planes: Vec<(Vec<f64>, f64)>,
    /// What the mean log likelihood of a point has beside the logarithm of the sum over components.
    common: f64,
}

impl Mixture {
    /// `total` is the covariance of all points.
    fn new(total: &Array2<f64>, weights: &[f64], means: &[Vec<f64>]) -> Option<Self> {
        let dim = means.first()?.len();
        // What is not between the components is within them.
        let within = Array2::from_shape_fn((dim, dim), |(i, j)| {
            let between: f64 = weights.iter().zip(means).map(|(w, m)| w * m[i] * m[j]).sum();
            total[[i, j]] * (1.0 + 1e-6 * f64::from(u8::from(i == j))) - between
        });
        let volume = 2.0 * cholesky(&within)?.diag().iter().map(|l| l.ln()).sum::<f64>();
        let inverse = inverse(&within)?;
        let planes = weights
            .iter()
            .zip(means)
            .map(|(weight, mean)| {
                let plane: Vec<f64> =
                    (0..dim).map(|i| (0..dim).map(|j| inverse[[i, j]] * mean[j]).sum()).collect();
                let half: f64 = 0.5 * plane.iter().zip(mean).map(|(p, m)| p * m).sum::<f64>();
                (plane, weight.ln() - half)
            })
            .collect();
        // With the mean of x' W⁻¹ x over all points.
        let square: f64 = inverse.iter().zip(total).map(|(a, b)| a * b).sum();
        let common = -0.5 * (square + volume);
        Some(Self { planes, common })
    }

    /// Fills `out` with the logarithm of each component's share of a point, but for a constant; returns the largest.
    fn odds(&self, x: &[f32], out: &mut [f64]) -> f64 {
        let mut most = f64::NEG_INFINITY;
        for ((plane, offset), odds) in self.planes.iter().zip(out.iter_mut()) {
            let mut sum = *offset;
            for i in 0..plane.len().min(x.len()) {
                sum += plane[i] * f64::from(x[i]);
            }
            *odds = sum;
            most = most.max(sum);
        }
        most
    }

    /// Rounds of expectation and maximisation from labels on; the mean log likelihood of a point, but for a constant, and
    /// the mixture. `total` is the covariance of the points. `None` where a component dies out.
    fn fit(points: &Blocks, total: &Array2<f64>, labels: &[u32], count: usize) -> Option<(f64, Self)> {
        let (n, dim) = (points.len as f64, points.dim);
        let mut sums = points.sums_of(labels, count);
        let mut last: Option<(f64, Self)> = None;
        for _ in 0..ROUNDS {
            let totals: Vec<Vec<f64>> = sums.chunks_exact(1 + dim).map(total_of).collect();
            if totals.iter().any(|sums| sums[0] < 2.0 * dim as f64) {
                return None;
            }
            let weights: Vec<f64> = totals.iter().map(|sums| sums[0] / n).collect();
            let means: Vec<Vec<f64>> =
                totals.iter().map(|sums| sums[1..].iter().map(|m| m / sums[0]).collect()).collect();
            let mixture = Self::new(total, &weights, &means)?;
            let planes: Vec<f32> =
                mixture.planes.iter().flat_map(|(plane, _)| plane.iter().map(|&p| p as f32)).collect();
            let offsets: Vec<f32> = mixture.planes.iter().map(|&(_, offset)| offset as f32).collect();
            let likelihood = expect(points, &planes, &offsets, &mut sums) / n + mixture.common;
            let settled = last.as_ref().is_some_and(|(before, _)| likelihood - before < SETTLED);
            last = Some((likelihood, mixture));
            if settled {
                break;
            }
        }
        last
    }

    /// The likeliest component of each point.
    fn labels(&self, points: &Points) -> Vec<u32> {
        let mut odds = vec![0.0; self.planes.len()];
        points
            .rows()
            .map(|row| {
                let most = self.odds(row, &mut odds);
                odds.iter().position(|o| *o >= most).unwrap_or(0) as u32
            })
            .collect()
    }
}

/// The likeliest component of each point, as many components as Schwarz's criterion allows but two at least; `None` of few
/// points.
pub(super) fn components(points: &Points, random: u64) -> Option<Vec<u32>> {
    if points.is_empty() {
        return None;
    }
    let step = points.len().div_ceil(MOST_POINTS);
    let chosen = || (0..points.len()).step_by(step);
    let mean = points.mean(chosen());
    let covariance = points.covariance(chosen(), &mean);
    let scale: Vec<f64> = covariance.diag().iter().map(|v| 1.0 / v.max(1e-12).sqrt()).collect();
    let round_row = |i: usize| -> Vec<f32> {
        points
            .row(i)
            .iter()
            .zip(&mean)
            .zip(&scale)
            .map(|((&x, m), s)| ((f64::from(x) - m) * s) as f32)
            .collect()
    };
    let round = Points { dim: points.dim, data: (0..points.len()).flat_map(round_row).collect() };
    let sample =
        Points { dim: points.dim, data: chosen().flat_map(|i| round.row(i).iter().copied()).collect() };
    let total = sample.covariance(0..sample.len(), &vec![0.0; sample.dim]);
    let (n, blocks) = (sample.len() as f64, Blocks::of(&sample));
    let mut best: Option<(f64, Mixture)> = None;
    for count in 2..=MOST_COMPONENTS {
        let random_starts =
            (0..DRAWS).map(|draw| k_means(&sample, count, random ^ (draw << 44) ^ ((count as u64) << 52)));
        let slices = (0..points.dim.min(STARTS)).map(|axis| slices(&sample, axis, count));
        let fitted = random_starts
            .chain(slices)
            .filter_map(|labels| Mixture::fit(&blocks, &total, &labels, count))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((likelihood, mixture)) = fitted else { break };
        let score = n * likelihood - 0.5 * (count * (points.dim + 1)) as f64 * n.ln();
        if best.as_ref().is_some_and(|b| score <= b.0) {
            break;
        }
        best = Some((score, mixture));
    }
    best.map(|(_, mixture)| mixture.labels(&round))
}

/// As many slices of equal size along an axis.
fn slices(points: &Points, axis: usize, count: usize) -> Vec<u32> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| points.row(a)[axis].total_cmp(&points.row(b)[axis]));
    let mut labels = vec![0; order.len()];
    for (rank, &place) in order.iter().enumerate() {
        labels[place] = (rank * count / order.len()) as u32;
    }
    labels
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn units_in_a_row_have_a_component_each() {
        for (apart, long) in [(3.5, 4.0), (6.0, 1.0), (9.0, 4.0)] {
            for seed in 0..4 {
                let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
                let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
                let mut points = Points::new(4);
                for unit in 0..3 {
                    for _ in 0..800 {
                        points.data.extend([
                            apart * unit as f32 + normal(),
                            long * normal(),
                            normal(),
                            normal(),
                        ]);
                    }
                }
                let labels = components(&points, seed).unwrap();
                let of = |unit: &[u32], label: u32| unit.iter().filter(|&&l| l == label).count();
                let own: usize = (0..MOST_COMPONENTS as u32)
                    .map(|label| labels.chunks(800).map(|unit| of(unit, label)).max().unwrap())
                    .sum();
                assert_eq!(labels.iter().max(), Some(&2));
                assert!(own > 2_208, "{own} of 2400");
            }
        }
    }

    #[test]
    fn few_points_have_no_components() {
        assert_eq!(components(&Points { dim: 2, data: vec![0.0, 1.0, 2.0, 3.0] }, 1), None);
        assert_eq!(components(&Points { dim: 2, data: vec![1.0; 200] }, 1), None);
    }
}
