//! Points in a space of a few dimensions, and their principal axes.

use crate::engine::eigen::{solve_positive, symmetric_eigen};
use ndarray::Array2;

/// `len` points of `dim` numbers each, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Numbers of a point.
    pub dim: usize,
    /// The points.
    pub data: Vec<f32>,
}

impl Points {
    /// Room for points of `dim` numbers.
    pub fn new(dim: usize) -> Self {
        Self { dim, data: Vec::new() }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.data.len().checked_div(self.dim).unwrap_or(0)
    }

    /// True without points.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A point.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.data[index * self.dim..][..self.dim]
    }

    /// All points, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.data.chunks_exact(self.dim.max(1))
    }

    /// The first numbers of each point, `most` at most.
    pub fn first_axes(&self, most: usize) -> Points {
        let dim = most.min(self.dim);
        Points { dim, data: self.rows().flat_map(|row| row[..dim].iter().copied()).collect() }
    }

    /// The mean point of some indices.
    pub fn mean(&self, indices: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut mean = vec![0.0f64; self.dim];
        let mut count = 0.0;
        for index in indices {
            for (m, &x) in mean.iter_mut().zip(self.row(index)) {
                *m += f64::from(x);
            }
            count += 1.0;
        }
        if count > 0.0 {
            for m in &mut mean {
                *m /= count;
            }
        }
        mean
    }

    /// The covariance of some indices about `mean`.
    pub fn covariance(&self, indices: impl Iterator<Item = usize>, mean: &[f64]) -> Array2<f64> {
        let d = self.dim;
        let mut sums = vec![0.0f64; d * d];
        let mut centered = vec![0.0f64; d];
        let mut count = 0.0f64;
        for index in indices {
            for ((c, &x), m) in centered.iter_mut().zip(self.row(index)).zip(mean) {
                *c = f64::from(x) - m;
            }
            add_outer(&centered, &mut sums);
            count += 1.0;
        }
        Array2::from_shape_fn((d, d), |(i, j)| sums[i.max(j) * d + i.min(j)] / count.max(1.0))
    }

    /// The direction that parts the points of some indices from those of others best.
    pub fn axis_between(
        &self,
        a: impl Iterator<Item = usize> + Clone,
        b: impl Iterator<Item = usize> + Clone,
    ) -> Vec<f32> {
        let (mean_a, mean_b) = (self.mean(a.clone()), self.mean(b.clone()));
        discriminant(&mean_a, &self.covariance(a, &mean_a), &mean_b, &self.covariance(b, &mean_b))
    }

    /// These points on their first principal axes: those whose variance exceeds `least`, `most` at most and two at
    /// least.
    pub fn principal(&self, least: f64, most: usize) -> Points {
        self.on(&self.axes(0..self.len(), least, most))
    }

    /// The first principal axes of the points of some indices, as for [`Self::principal`].
    pub(super) fn axes(
        &self,
        indices: impl Iterator<Item = usize> + Clone,
        least: f64,
        most: usize,
    ) -> PrincipalAxes {
        let mean = self.mean(indices.clone());
        let (variances, vectors) = symmetric_eigen(&self.covariance(indices, &mean));
        let dim =
            variances.iter().take_while(|&&v| v > least).count().clamp(2.min(self.dim), most.min(self.dim));
        let axes = (0..dim)
            .flat_map(|k| (0..self.dim).map(move |i| (k, i)))
            .map(|(k, i)| vectors[[k, i]] as f32)
            .collect();
        PrincipalAxes { dim, axes, mean: mean.into_iter().map(|m| m as f32).collect(), variances }
    }

    /// These points on some axes.
    pub(super) fn on(&self, principal: &PrincipalAxes) -> Points {
        let mut out = Points { dim: principal.dim, data: Vec::with_capacity(self.len() * principal.dim) };
        let mut centered = vec![0.0f32; self.dim];
        for row in self.rows() {
            for ((c, x), m) in centered.iter_mut().zip(row).zip(&principal.mean) {
                *c = x - m;
            }
            out.data.extend(principal.axes.chunks_exact(self.dim).map(|axis| dot(axis, &centered)));
        }
        out
    }

    /// Turns the numbers of each channel, as many as the matrix has rows, by a matrix.
    pub(super) fn turn(&mut self, matrix: &Array2<f64>) {
        let k = matrix.nrows();
        let mut turned = vec![0.0f32; k];
        for values in self.data.chunks_exact_mut(k) {
            for (i, t) in turned.iter_mut().enumerate() {
                *t = (0..k).map(|j| matrix[[i, j]] as f32 * values[j]).sum();
            }
            values.copy_from_slice(&turned);
        }
    }
}

/// What [`Points::axes`] finds.
pub(super) struct PrincipalAxes {
    dim: usize,
    /// The axes one after the other, and where they meet.
    axes: Vec<f32>,
    mean: Vec<f32>,
    /// Variance along all axes there are, in descending order.
    pub(super) variances: Vec<f64>,
}

/// Direction that parts two clouds best: the mean covariance's inverse times the difference of the means.
pub fn discriminant(mean_a: &[f64], cov_a: &Array2<f64>, mean_b: &[f64], cov_b: &Array2<f64>) -> Vec<f32> {
    let difference: Vec<f64> = mean_b.iter().zip(mean_a).map(|(b, a)| b - a).collect();
    let mut pooled = (cov_a + cov_b) * 0.5;
    let ridge = 1e-6 * pooled.diag().sum() / pooled.nrows().max(1) as f64 + 1e-12;
    for i in 0..pooled.nrows() {
        pooled[[i, i]] += ridge;
    }
    let direction = solve_positive(&pooled, &difference).map_or(difference, |d| d.to_vec());
    let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    direction.into_iter().map(|x| (x / norm) as f32).collect()
}

/// Sum of products, in eight lanes.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (mut pa, mut pb) = (a.chunks_exact(8), b.chunks_exact(8));
    for (x, y) in pa.by_ref().zip(pb.by_ref()) {
        for l in 0..8 {
            lanes[l] += x[l] * y[l];
        }
    }
    let rest: f32 = pa.remainder().iter().zip(pb.remainder()).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Of several labellings the one under which the points are likeliest, each label a Gaussian of its own, with the margin
/// of Schwarz's criterion for each label; the first of equals.
pub(super) fn likeliest(points: &Points, labellings: impl Iterator<Item = Vec<u32>>) -> Option<Vec<u32>> {
    let score = |labels: &[u32]| -> f64 {
        let (n, dim) = (points.len() as f64, points.dim as f64);
        let count = labels.iter().max().map_or(0, |&l| l as usize + 1);
        (0..count as u32)
            .map(|label| {
                let own = || labels.iter().enumerate().filter(|(_, l)| **l == label).map(|(i, _)| i);
                let size = own().count() as f64;
                let covariance = points.covariance(own(), &points.mean(own()));
                // Of few points it is singular; noise has variance one.
                let volume: f64 = symmetric_eigen(&covariance).0.iter().map(|v| v.max(0.5).ln()).sum();
                size * ((size / n).ln() - 0.5 * volume) - 0.25 * dim * (dim + 3.0) * n.ln()
            })
            .sum()
    };
    let mut best: Option<(f64, Vec<u32>)> = None;
    for labels in labellings {
        let score = score(&labels);
        if best.as_ref().is_none_or(|b| score > b.0) {
            best = Some((score, labels));
        }
    }
    best.map(|b| b.1)
}

/// Adds the products of a row's numbers with each other, on and below the diagonal.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
pub(super) fn add_outer(x: &[f64], sums: &mut [f64]) {
    let d = x.len();
    for i in 0..d {
        let row = &mut sums[i * d..][..i + 1];
        let a = x[i];
        for (s, b) in row.iter_mut().zip(x) {
            *s += a * b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_labels_part_what_lies_apart() {
        let mut points = Points::new(2);
        for i in 0..400 {
            let (turn, far) = (i as f32 * 2.4, if i % 2 == 0 { 0.0 } else { 12.0 });
            points.data.extend([far + 1.4 * turn.cos(), 1.4 * turn.sin()]);
        }
        let right: Vec<u32> = (0..400).map(|i| i % 2).collect();
        let wrong: Vec<u32> = (0..400).map(|i| u32::from(i < 200)).collect();
        let finer: Vec<u32> = (0..400).map(|i| i % 2 + 2 * u32::from(i < 200)).collect();
        let candidates = [wrong, finer, right.clone()];
        assert_eq!(likeliest(&points, candidates.into_iter()), Some(right));
        assert_eq!(likeliest(&points, std::iter::empty()), None);
    }
}
