//! Groups to start from: the points nearest to far-apart centres.

use super::super::points::Points;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Points tried as the next centre; the one that explains most is taken.
const TRIED: usize = 20;
/// Points on which they are tried.
const SAMPLE: usize = 1_000;

/// For each point the nearest of `count` centres, or of fewer where points are copies.
///
/// Centres are drawn by the square of their distance from those there are, several at a time, and the one is kept
/// that takes most from the squares of all.
///
/// # Source
/// Arthur and Vassilvitskii, SODA 2007 (greedy k-means++), as in Kilosort's first step.
pub(super) fn seed_labels(points: &Points, count: usize, random: u64) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(random);
    let n = points.len();
    let mut labels = vec![0u32; n];
    let mut nearest: Vec<f32> = points.rows().map(|row| row.iter().map(|x| x * x).sum()).collect();
    let step = n.div_ceil(SAMPLE).max(1);
    for label in 0..count as u32 {
        let mut ends = Vec::with_capacity(n);
        let mut total = 0.0f64;
        for &square in &nearest {
            total += f64::from(square);
            ends.push(total);
        }
        if total <= 0.0 {
            break;
        }
        let mut best = (-1.0f64, 0);
        for _ in 0..TRIED {
            let mark = rng.random::<f64>() * total;
            let tried = ends.partition_point(|&end| end <= mark).min(n - 1);
            let gain: f64 = (0..n)
                .step_by(step)
                .map(|i| f64::from((nearest[i] - distance2(points.row(i), points.row(tried))).max(0.0)))
                .sum();
            if gain > best.0 {
                best = (gain, tried);
            }
        }
        let center = points.row(best.1).to_vec();
        for (i, row) in points.rows().enumerate() {
            let square = distance2(row, &center);
            if square < nearest[i] {
                nearest[i] = square;
                labels[i] = label;
            }
        }
    }
    labels
}

#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn distance2(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (mut pa, mut pb) = (a.chunks_exact(8), b.chunks_exact(8));
    for (x, y) in pa.by_ref().zip(pb.by_ref()) {
        for l in 0..8 {
            lanes[l] += (x[l] - y[l]) * (x[l] - y[l]);
        }
    }
    let rest: f32 = pa.remainder().iter().zip(pb.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    lanes.iter().sum::<f32>() + rest
}
