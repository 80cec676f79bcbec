//! Two units that pass for one: a mixture of two Gaussians finds the axis along which the dip test is asked again.
//!
//! Isosplit compares neighbouring seeds. Where the spikes of two units lie side by side and both are long (the size of
//! spikes varies by more than noise), the seeds cut across both, and no pair of them shows the dip that all spikes
//! together show along the right axis. Units of one column of contacts, alike in footprint and size, are such.

use super::{
    isocut::isocut,
    points::{Points, dot},
};
use crate::engine::lanes::add_scaled;

/// Points the mixture is fitted to, at most.
const MOST_POINTS: usize = 1_500;
/// Rounds of expectation and maximisation.
const ROUNDS: usize = 40;
/// Rounds end where neither the share nor the difference of the means (in standard deviations) moves by more.
const SETTLED: f64 = 1e-4;
/// Principal axes along which the mixture starts.
const STARTS: usize = 6;
/// The smaller half has at least this share of the points.
const LEAST_SHARE: f64 = 0.02;
/// A spike's size is never taken to be less than this share of the mean's when sizes are divided out.
const LEAST_SIZE: f32 = 0.3;

/// For each point the side it is on, where the cluster parts in two; `None` where the dip test sees one hump.
///
/// `raw` are the points on all their axes, `principal` on their first ones. The mixture is tried on the points as
/// they are and with their sizes divided out, because a neuron's spikes differ in size most of all.
pub(super) fn halves(raw: &Points, principal: &Points, least: usize, threshold: f64) -> Option<Vec<bool>> {
    let least = least.max((LEAST_SHARE * raw.len() as f64) as usize);
    if raw.len() < 2 * least || principal.dim == 0 {
        return None;
    }
    let shapes = without_size(raw).principal(0.0, principal.dim);
    let mut best: Option<(f64, Vec<bool>)> = None;
    for space in [principal, &shapes] {
        let Some(sides) = mixture(space) else { continue };
        let Some((score, sides)) = dip_of(principal, sides, least) else { continue };
        if score >= threshold && best.as_ref().is_none_or(|b| score > b.0) {
            best = Some((score, sides));
        }
    }
    best.map(|b| b.1)
}

/// The points scaled to the size of their mean, and what is left beside it.
fn without_size(points: &Points) -> Points {
    let mean: Vec<f32> = points.mean(0..points.len()).into_iter().map(|m| m as f32).collect();
    let norm2 = dot(&mean, &mean).max(f32::MIN_POSITIVE);
    let mut out = points.clone();
    for row in out.data.chunks_exact_mut(points.dim.max(1)) {
        let size = (dot(row, &mean) / norm2).max(LEAST_SIZE);
        for (x, m) in row.iter_mut().zip(&mean) {
            *x = *x / size - m;
        }
        let along = dot(row, &mean) / norm2;
        for (x, m) in row.iter_mut().zip(&mean) {
            *x -= along * m;
        }
    }
    out
}

/// The likelier side of each point in the likeliest mixture of two Gaussians with the same covariance; `None` where it
/// explains the points no better than one Gaussian does, by the margin of Schwarz's criterion.
///
/// Once the points are made round (uncorrelated, of variance one), such a mixture is its weight and the difference of
/// its means: with weights p and q the covariance within is `1 - p q δ δᵀ`, whose inverse is known, and the odds of a
/// point depend on `δ · x` alone. A round costs two products of length `dim` a point.
fn mixture(points: &Points) -> Option<Vec<bool>> {
    let dim = points.dim;
    let mean = points.mean(0..points.len());
    let covariance = points.covariance(0..points.len(), &mean);
    let scale: Vec<f64> = covariance.diag().iter().map(|v| v.max(1e-12).sqrt()).collect();
    let rounded = |axis: usize, step: usize| -> Vec<f64> {
        let own = points.data[axis..].iter().step_by(dim * step);
        own.map(|&x| (f64::from(x) - mean[axis]) / scale[axis]).collect()
    };
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let sample: Vec<Vec<f64>> = (0..dim).map(|axis| rounded(axis, step)).collect();
    let start = |axis: usize| {
        let mut delta = vec![0.0; dim];
        delta[axis] = 1.6;
        Mixture { weight: 0.5, delta }
    };
    let (likelihood, best) = (0..dim.min(STARTS))
        .filter_map(|axis| fit(&sample, start(axis)))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    // Few points show a dip somewhere by chance. One Gaussian has a likelihood of zero here.
    let count = points.len().div_ceil(step) as f64;
    if count * likelihood < 0.5 * (dim + 1) as f64 * count.ln() {
        return None;
    }
    let all: Vec<Vec<f64>> = (0..dim).map(|axis| rounded(axis, 1)).collect();
    let mut along = Vec::new();
    best.along(&all, &mut along);
    Some(along.into_iter().map(|along| best.odds_at(along) > 0.0).collect())
}

/// Two Gaussians about a common mean of zero whose overall covariance is one.
#[derive(Clone, Debug)]
struct Mixture {
    /// Share of the second.
    weight: f64,
    /// Mean of the second less that of the first.
    delta: Vec<f64>,
}

impl Mixture {
    /// `1 - p q |δ|²`: variance within along δ.
    fn within(&self) -> f64 {
        let norm2: f64 = self.delta.iter().map(|d| d * d).sum();
        (1.0 - self.weight * (1.0 - self.weight) * norm2).max(1e-3)
    }

    /// `δ · x` of each point, of which there is a row an axis.
    fn along(&self, sample: &[Vec<f64>], out: &mut Vec<f64>) {
        out.clear();
        out.resize(sample.first().map_or(0, Vec::len), 0.0);
        for (row, &delta) in sample.iter().zip(&self.delta) {
            add_scaled(row, delta, out);
        }
    }

    /// Log likelihood a point over that of one Gaussian.
    fn likelihood(&self, sample: &[Vec<f64>], along: &mut Vec<f64>) -> f64 {
        let (q, within) = (self.weight, self.within());
        let norm2: f64 = self.delta.iter().map(|d| d * d).sum();
        self.along(sample, along);
        let logs = along.iter().map(|&along| {
            let odds = self.odds_at(along);
            // Of the first: x' W⁻¹ x less what all mixtures share, cross term and square of its mean.
            let own = -0.5
                * (q * (1.0 - q) * along * along / within
                    + 2.0 * q * along / within
                    + q * q * norm2 / within);
            own + if odds > 0.0 { odds + (-odds).exp().ln_1p() } else { odds.exp().ln_1p() }
        });
        logs.sum::<f64>() / along.len() as f64 + (1.0 - q).ln() - 0.5 * within.ln()
    }

    fn odds_at(&self, along: f64) -> f64 {
        let (q, within) = (self.weight, self.within());
        let norm2: f64 = self.delta.iter().map(|d| d * d).sum();
        // The means are -q δ and (1 - q) δ.
        (q / (1.0 - q)).ln() + (along - 0.5 * (1.0 - 2.0 * q) * norm2) / within
    }
}

/// Rounds of expectation and maximisation; the log likelihood a point over that of one Gaussian, and the mixture.
fn fit(sample: &[Vec<f64>], mut mixture: Mixture) -> Option<(f64, Mixture)> {
    let mut share = Vec::new();
    for _ in 0..ROUNDS {
        let within = mixture.within();
        mixture.along(sample, &mut share);
        logistic(mixture.odds_at(0.0), 1.0 / within, &mut share);
        let total: f64 = share.iter().sum();
        let weight = total / share.len() as f64;
        if !(LEAST_SHARE / 2.0..=1.0 - LEAST_SHARE / 2.0).contains(&weight) {
            return None;
        }
        // The means balance: the difference is the second mean over the share of the first.
        let mut moved = (weight - mixture.weight).abs();
        for (delta, row) in mixture.delta.iter_mut().zip(sample) {
            let new = product(row, &share) / total / (1.0 - weight);
            moved = moved.max((new - *delta).abs());
            *delta = new;
        }
        mixture.weight = weight;
        if moved < SETTLED {
            break;
        }
    }
    Some((mixture.likelihood(sample, &mut share), mixture))
}

/// Turns `x` into `1 / (1 + exp(-(at_zero + slope · x)))`, to twelve digits.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn logistic(at_zero: f64, slope: f64, values: &mut [f64]) {
    // Added to a number of at most 2^51 it leaves the nearest integer in the lower bits.
    const TO_INTEGER: f64 = 6_755_399_441_055_744.0;
    const REST: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    for value in values {
        let x = (-(at_zero + slope * *value)).clamp(-700.0, 700.0);
        // exp(x) = 2^n exp(r), r within half of ln 2, by its series.
        let shifted = x * std::f64::consts::LOG2_E + TO_INTEGER;
        let n = shifted - TO_INTEGER;
        let r = x - n * REST[0] - n * REST[1];
        let mut series = 1.0 / 39_916_800.0;
        for inverse in [
            1.0 / 3_628_800.0,
            1.0 / 362_880.0,
            1.0 / 40_320.0,
            1.0 / 5_040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0,
        ] {
            series = series * r + inverse;
        }
        let exp = f64::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 52));
        *value = 1.0 / (1.0 + exp);
    }
}

/// Sum of products, in eight lanes.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (x, y) in a.iter().zip(b) {
        for l in 0..8 {
            lanes[l] += x[l] * y[l];
        }
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f64>() + rest
}

/// The dip along the axis that parts the two sides best, and the sides of its cut; the axis is found twice.
fn dip_of(points: &Points, mut sides: Vec<bool>, least: usize) -> Option<(f64, Vec<bool>)> {
    let mut best: Option<(f64, Vec<bool>)> = None;
    for _ in 0..2 {
        let of = |side: bool| sides.iter().enumerate().filter(move |(_, s)| **s == side).map(|(i, _)| i);
        if of(true).count().min(of(false).count()) < least {
            break;
        }
        let axis = points.axis_between(of(false), of(true));
        let places: Vec<f64> = points.rows().map(|row| f64::from(dot(row, &axis))).collect();
        let mut sorted = places.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let dip = isocut(&sorted);
        sides = places.iter().map(|&place| place >= dip.cut).collect();
        let right = sides.iter().filter(|s| **s).count();
        if right.min(sides.len() - right) >= least && best.as_ref().is_none_or(|b| dip.score > b.0) {
            best = Some((dip.score, sides.clone()));
        }
    }
    best
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    /// Two units whose spikes vary in size, a number of each; eight axes.
    fn units(counts: [usize; 2], apart: f64) -> Points {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut points = Points::new(8);
        for (unit, count) in counts.into_iter().enumerate() {
            for _ in 0..count {
                let size = 1.0 + 0.15 * normal();
                for axis in 0..8 {
                    let mean = match axis {
                        0 => 30.0,
                        3 => apart * unit as f64,
                        _ => 2.0,
                    };
                    points.data.push((mean * size + normal()) as f32);
                }
            }
        }
        points
    }

    #[test]
    fn units_that_lie_side_by_side_are_told_apart_and_one_is_left_whole() {
        for counts in [[600, 600], [900, 150]] {
            let points = units(counts, 6.0);
            let sides = halves(&points, &points.principal(0.0, 8), 20, 2.0).unwrap();
            let on = |range: std::ops::Range<usize>| {
                let right = sides[range.clone()].iter().filter(|s| **s).count();
                right.max(range.len() - right) as f64 / range.len() as f64
            };
            assert!(on(0..counts[0]) > 0.97 && on(counts[0]..counts[0] + counts[1]) > 0.97);
            assert_ne!(sides[0], sides[counts[0] + counts[1] - 1]);
        }
        let one = units([1_500, 0], 0.0);
        assert_eq!(halves(&one, &one.principal(0.0, 8), 20, 2.0), None);
    }

    #[test]
    fn rounds_raise_the_likelihood_that_the_formula_of_gaussians_gives() {
        let points = units([300, 200], 6.0).principal(0.0, 3);
        let covariance = points.covariance(0..500, &[0.0; 3]);
        let sample: Vec<Vec<f64>> = (0..3)
            .map(|k| points.rows().map(|r| f64::from(r[k]) / covariance[[k, k]].sqrt()).collect())
            .collect();
        let mixture = Mixture { weight: 0.3, delta: vec![0.4, -0.9, 0.7] };
        let plain = |m: &Mixture, x: &[f64]| -> f64 {
            let (p, q) = (1.0 - m.weight, m.weight);
            let w = ndarray::Array2::from_shape_fn((3, 3), |(i, j)| {
                f64::from(u8::from(i == j)) - p * q * m.delta[i] * m.delta[j]
            });
            let inverse = crate::engine::eigen::inverse(&w).unwrap();
            let determinant: f64 = crate::engine::eigen::symmetric_eigen(&w).0.iter().product();
            let density = |factor: f64| {
                let d: Vec<f64> = x.iter().zip(&m.delta).map(|(x, d)| x - factor * d).collect();
                let square: f64 = (0..3)
                    .flat_map(|i| (0..3).map(move |j| (i, j)))
                    .map(|(i, j)| d[i] * inverse[[i, j]] * d[j])
                    .sum();
                (-0.5 * square).exp() / determinant.sqrt()
            };
            let (first, second) = (p * density(-q), q * density(p));
            let along: f64 = m.delta.iter().zip(x).map(|(d, x)| d * x).sum();
            assert!((m.odds_at(along) - (second / first).ln()).abs() < 1e-9);
            (first + second).ln() + 0.5 * x.iter().map(|x| x * x).sum::<f64>()
        };
        let row = |i: usize| [0, 1, 2].map(|k| sample[k][i]);
        let mean_of = |m: &Mixture| (0..500).map(|i| plain(m, &row(i))).sum::<f64>() / 500.0;
        let (likelihood, fitted) = fit(&sample, mixture.clone()).unwrap();
        assert!(likelihood > mean_of(&mixture));
        assert!((likelihood - mean_of(&fitted)).abs() < 1e-5, "{likelihood} {}", mean_of(&fitted));
    }

    #[test]
    fn the_logistic_function_is_that_of_the_library() {
        let (at_zero, slope) = (0.3, -1.7);
        let places: Vec<f64> = (-5_000..5_000).map(|i| f64::from(i) * 0.1).collect();
        let mut found = places.clone();
        logistic(at_zero, slope, &mut found);
        for (x, found) in places.into_iter().zip(found) {
            let wanted = 1.0 / (1.0 + (-(at_zero + slope * x)).clamp(-700.0, 700.0).exp());
            assert!((found - wanted).abs() <= 1e-12 * wanted, "{x}: {found} {wanted}");
        }
    }
}
