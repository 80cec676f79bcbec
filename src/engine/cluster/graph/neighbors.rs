//! The nearest neighbours of every point among some of them.

use super::super::points::Points;
use rayon::prelude::*;

/// Candidates whose distances are computed at once.
const WIDTH: usize = 512;

/// A graph of links from points to the nearest of a subset of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Neighbors {
    /// Links of each point.
    pub(super) k: usize,
    /// Points that can be neighbours, ascending.
    pub(super) subset: Vec<u32>,
    /// `k` positions in `subset` for each point, ascending; a point of the subset is its own neighbour.
    pub(super) links: Vec<u32>,
}

impl Neighbors {
    /// The `k` nearest of `subset` for each point, itself included; of equally near ones those that come first.
    pub(super) fn find(points: &Points, subset: Vec<u32>, k: usize) -> Self {
        let k = k.min(subset.len());
        let candidates = Candidates::new(points, &subset);
        let links = (0..points.len())
            .into_par_iter()
            .with_min_len(64)
            .flat_map_iter(|point| candidates.nearest(points.row(point), k))
            .collect();
        Self { k, subset, links }
    }

    /// Links of a point.
    pub(super) fn of(&self, point: usize) -> &[u32] {
        &self.links[point * self.k..][..self.k]
    }

    /// How many points there are.
    pub(super) fn len(&self) -> usize {
        self.links.len().checked_div(self.k).unwrap_or(0)
    }

    /// Links to others, from each point and to each of the subset, and how many there are in all.
    pub(super) fn degrees(&self) -> Degrees {
        let mut degrees =
            Degrees { from: vec![0.0; self.len()], to: vec![0.0; self.subset.len()], total: 0.0 };
        for point in 0..self.len() {
            for &link in self.of(point) {
                if self.subset[link as usize] as usize != point {
                    degrees.from[point] += 1.0;
                    degrees.to[link as usize] += 1.0;
                    degrees.total += 1.0;
                }
            }
        }
        degrees
    }
}

/// Numbers of links; links of a point to itself do not count.
pub(super) struct Degrees {
    pub(super) from: Vec<f64>,
    pub(super) to: Vec<f64>,
    pub(super) total: f64,
}

/// The subset by dimension, so that one value of a point meets many candidates side by side.
struct Candidates {
    count: usize,
    columns: Vec<f32>,
}

impl Candidates {
    fn new(points: &Points, subset: &[u32]) -> Self {
        let count = subset.len();
        let mut columns = vec![0.0; points.dim * count];
        for (place, &index) in subset.iter().enumerate() {
            for (d, &x) in points.row(index as usize).iter().enumerate() {
                columns[d * count + place] = x;
            }
        }
        Self { count, columns }
    }

    fn nearest(&self, point: &[f32], k: usize) -> Vec<u32> {
        // Ascending by distance, then by place.
        let mut best: Vec<(f32, u32)> = Vec::with_capacity(k + 1);
        let mut distances = [0.0f32; WIDTH];
        for start in (0..self.count).step_by(WIDTH) {
            let width = WIDTH.min(self.count - start);
            let distances = &mut distances[..width];
            distances.fill(0.0);
            for (d, &x) in point.iter().enumerate() {
                add_squares(x, &self.columns[d * self.count + start..][..width], distances);
            }
            for (place, &distance) in distances.iter().enumerate() {
                if best.len() < k || best.last().is_some_and(|worst| distance < worst.0) {
                    let at = best.partition_point(|b| b.0 <= distance);
                    best.insert(at, (distance, (start + place) as u32));
                    best.truncate(k);
                }
            }
        }
        let mut places: Vec<u32> = best.into_iter().map(|b| b.1).collect();
        places.sort_unstable();
        places
    }
}

#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn add_squares(x: f32, candidates: &[f32], sums: &mut [f32]) {
    for (sum, c) in sums.iter_mut().zip(candidates) {
        let difference = x - c;
        *sum += difference * difference;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn neighbors_are_the_nearest_by_brute_force() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let points = Points { dim: 5, data: (0..5 * 1_300).map(|_| rng.random::<f32>()).collect() };
        let subset: Vec<u32> = (0..1_300).step_by(2).collect();
        let found = Neighbors::find(&points, subset.clone(), 10);
        for point in 0..points.len() {
            let distance = |&other: &u32| -> f64 {
                let pairs = points.row(point).iter().zip(points.row(other as usize));
                pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
            };
            let mut told: Vec<(f64, u32)> =
                subset.iter().enumerate().map(|(i, other)| (distance(other), i as u32)).collect();
            told.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut told: Vec<u32> = told[..10].iter().map(|t| t.1).collect();
            told.sort_unstable();
            assert_eq!(found.of(point), told, "{point}");
        }
        let degrees = found.degrees();
        assert_eq!((degrees.from[0], degrees.from[1]), (9.0, 10.0));
        assert_eq!(degrees.total, (650 * 9 + 650 * 10) as f64);
        assert_eq!(degrees.to.iter().sum::<f64>(), degrees.total);
    }
}
