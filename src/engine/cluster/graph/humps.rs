//! Do two sets of points make two humps along the axis that tells them apart?

use super::super::points::{Points, add_outer};
use crate::engine::eigen::solve_positive;
use ndarray::Array2;

/// Added to the diagonal of the regression.
const RIDGE: f64 = 0.01;
/// The histogram: sides are at -1 and 1.
const BINS: usize = 399;
const LIMIT: f64 = 2.0;
/// Its smoothing, in bins.
const SIGMA: f64 = 4.0;
/// Bins in which the gap between the humps is looked for.
const MIDDLE: std::ops::Range<usize> = 175..225;

/// What [`humps`] finds.
pub(super) struct Humps {
    /// Places of the points of both sides along the axis: around -1 and 1 if it tells them apart, else around 0.
    pub(super) places: Vec<f64>,
    /// One less the height of the gap over that of the lower hump.
    pub(super) bimodality: f64,
}

/// Regression of the sides on the points, both sides of the same weight, and the histogram of what it makes of each
/// point.
pub(super) fn humps(points: &Points, left: &[u32], right: &[u32]) -> Humps {
    let d = points.dim + 1;
    let total = (left.len() + right.len()) as f64;
    let mut sums = vec![0.0; d * d];
    let mut target = vec![0.0; d];
    let mut row = vec![0.0; d];
    for (side, sign, weight) in
        [(left, -1.0, right.len() as f64 / total), (right, 1.0, left.len() as f64 / total)]
    {
        let root = weight.sqrt();
        for &point in side {
            for (r, &x) in row.iter_mut().zip(points.row(point as usize)) {
                *r = root * f64::from(x);
            }
            row[d - 1] = root;
            add_outer(&row, &mut sums);
            for (t, r) in target.iter_mut().zip(&row) {
                *t += sign * root * r;
            }
        }
    }
    let matrix = Array2::from_shape_fn((d, d), |(i, j)| {
        sums[i.max(j) * d + i.min(j)] + if i == j { RIDGE } else { 0.0 }
    });
    let axis = solve_positive(&matrix, &target).map_or_else(|| vec![0.0; d], |axis| axis.to_vec());
    let place = |&point: &u32| {
        let row = points.row(point as usize);
        row.iter().zip(&axis).map(|(&x, a)| f64::from(x) * a).sum::<f64>() + axis[d - 1]
    };
    let places: Vec<f64> = left.iter().chain(right).map(place).collect();
    let bimodality = bimodality(&places);
    Humps { places, bimodality }
}

/// One less the height of the gap around zero over that of the lower of the humps beside it; 0 without two humps.
fn bimodality(places: &[f64]) -> f64 {
    let mut counts = vec![0.0; BINS];
    for &place in places.iter().filter(|p| p.abs() <= LIMIT) {
        counts[(((place + LIMIT) / (2.0 * LIMIT) * BINS as f64) as usize).min(BINS - 1)] += 1.0;
    }
    let smooth = smooth(&counts);
    let mut gap = MIDDLE.start;
    for bin in MIDDLE {
        if smooth[bin] < smooth[gap] {
            gap = bin;
        }
    }
    let highest = |range: &[f64]| range.iter().copied().fold(0.0, f64::max);
    let lower = highest(&smooth[..gap]).min(highest(&smooth[gap..]));
    if lower > 0.0 { 1.0 - smooth[gap] / lower } else { 0.0 }
}

/// Gaussian smoothing up to four widths; beyond its ends the histogram is mirrored.
fn smooth(counts: &[f64]) -> Vec<f64> {
    let reach = (4.0 * SIGMA + 0.5) as i64;
    let weights: Vec<f64> =
        (-reach..=reach).map(|x| (-0.5 * (x * x) as f64 / (SIGMA * SIGMA)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let n = counts.len() as i64;
    let at = |i: i64| {
        counts[(if i < 0 {
            -1 - i
        } else if i >= n {
            2 * n - 1 - i
        } else {
            i
        }) as usize]
    };
    (0..n).map(|i| weights.iter().zip(-reach..).map(|(w, x)| w / total * at(i + x)).sum()).collect()
}
