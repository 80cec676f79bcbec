//! Clusters without a given number of clusters: many seeds, merged wherever the dip test sees one hump.

use super::{
    isocut::isocut,
    points::{Points, discriminant, dot},
};
use crate::engine::lanes::{LANES, register};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Settings of [`isosplit`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IsosplitParams {
    /// Seeds at most.
    pub num_seeds: usize,
    /// Smaller clusters join their neighbour.
    pub min_cluster_size: usize,
    /// Pairs with a dip score below are merged.
    pub isocut_threshold: f64,
}

impl Default for IsosplitParams {
    fn default() -> Self {
        Self { num_seeds: 30, min_cluster_size: 10, isocut_threshold: 2.0 }
    }
}

/// What the programs that merge by the dip test do differently.
pub(super) struct Rules {
    /// A pair is dealt out anew even where both would hand over most of their points.
    pub(super) swaps: bool,
    /// Where nothing is merged at first, every pair is compared once more.
    pub(super) looks_again: bool,
    /// Iterations of a pass at most; hundreds mean two clusters hand points to and fro.
    pub(super) max_iterations: usize,
}
/// Rounds of k-means for the seeds.
const SEED_ROUNDS: usize = 12;

/// Labels `0..n` of the points.
///
/// Starts from k-means clusters. Pairs that are each other's nearest and were not compared yet are projected on the
/// direction that parts them best; one hump merges them, otherwise points are dealt out again at the dip.
///
/// # Source
/// Magland and Barnett, arXiv:1508.04841; SpikeInterface's `isosplit`, whose initial labels differ.
pub fn isosplit(points: &Points, params: &IsosplitParams, random: u64) -> Vec<u32> {
    let seeds = params.num_seeds.min(points.len() / (2 * params.min_cluster_size.max(1))).max(1);
    let labels = k_means(points, seeds, random);
    merge_seeds(points, labels, params)
}

/// The merging half of [`isosplit`], from given labels.
pub fn merge_seeds(points: &Points, labels: Vec<u32>, params: &IsosplitParams) -> Vec<u32> {
    let rules = Rules { swaps: false, looks_again: false, max_iterations: 300 };
    merge_by_rules(points, labels, params, &rules)
}

/// Merges and deals out until no pair has changed.
pub(super) fn merge_by_rules(
    points: &Points,
    mut labels: Vec<u32>,
    params: &IsosplitParams,
    rules: &Rules,
) -> Vec<u32> {
    make_continuous(&mut labels);
    let count = labels.iter().max().map_or(0, |&l| l as usize + 1);
    let mut clusters: Vec<Cluster> = (0..count).map(|_| Cluster::default()).collect();
    for (index, &label) in labels.iter().enumerate() {
        clusters[label as usize].members.push(index as u32);
    }
    for cluster in &mut clusters {
        cluster.update(points);
    }
    let mut compared = vec![false; count * count];
    let mut final_pass = !rules.looks_again;
    loop {
        let mut merged = false;
        let mut changed = vec![false; count];
        for _ in 0..rules.max_iterations {
            let pairs = nearest_pairs(&clusters, &compared);
            if pairs.is_empty() {
                break;
            }
            for (a, b) in pairs {
                compared[a * count + b] = true;
                compared[b * count + a] = true;
                merged |= compare(points, &mut clusters, (a, b), &mut changed, params, rules);
            }
        }
        for (a, _) in changed.iter().enumerate().filter(|(_, changed)| **changed) {
            for b in 0..count {
                compared[a * count + b] = false;
                compared[b * count + a] = false;
            }
        }
        if merged {
            final_pass = false;
        }
        if final_pass {
            break;
        }
        if !merged {
            final_pass = true;
        }
    }
    for (label, cluster) in clusters.iter().enumerate() {
        for &index in &cluster.members {
            labels[index as usize] = label as u32;
        }
    }
    make_continuous(&mut labels);
    labels
}

#[derive(Clone, Debug, Default)]
struct Cluster {
    members: Vec<u32>,
    mean: Vec<f64>,
    covariance: Array2<f64>,
}

impl Cluster {
    fn update(&mut self, points: &Points) {
        self.members.sort_unstable();
        let members = || self.members.iter().map(|&i| i as usize);
        self.mean = points.mean(members());
        self.covariance = points.covariance(members(), &self.mean);
    }
}

/// Merges clusters `a` and `b` or deals their points out again; true where they were merged.
fn compare(
    points: &Points,
    clusters: &mut [Cluster],
    (a, b): (usize, usize),
    changed: &mut [bool],
    params: &IsosplitParams,
    rules: &Rules,
) -> bool {
    let (one, other) = (std::mem::take(&mut clusters[a]), std::mem::take(&mut clusters[b]));
    let small = one.members.len().min(other.members.len()) < params.min_cluster_size;
    let split = if small {
        None
    } else {
        let axis = discriminant(&one.mean, &one.covariance, &other.mean, &other.covariance);
        split_at_dip(points, &one.members, &other.members, &axis, params.isocut_threshold)
    };
    let (one_size, other_size) = (one.members.len() as f64, other.members.len() as f64);
    match split {
        None => {
            let mut both = one;
            both.members.extend_from_slice(&other.members);
            both.update(points);
            clusters[a] = both;
            changed[a] = true;
            true
        }
        Some(split) => {
            let swapped = split.left_to_right as f64 / one_size + split.right_to_left as f64 / other_size;
            let keeps = swapped >= 1.0 && !rules.swaps;
            if keeps || split.left_to_right + split.right_to_left == 0 {
                (clusters[a], clusters[b]) = (one, other);
            } else {
                (clusters[a].members, clusters[b].members) = (split.left, split.right);
                clusters[a].update(points);
                clusters[b].update(points);
                changed[a] = true;
                changed[b] = true;
            }
            false
        }
    }
}

struct Split {
    left: Vec<u32>,
    right: Vec<u32>,
    left_to_right: usize,
    right_to_left: usize,
}

/// The members of both parted at the dip along `axis`; `None` where there is no dip.
fn split_at_dip(points: &Points, one: &[u32], other: &[u32], axis: &[f32], threshold: f64) -> Option<Split> {
    let place = |&index: &u32| f64::from(dot(points.row(index as usize), axis));
    let places: Vec<f64> = one.iter().chain(other).map(place).collect();
    let mut sorted = places.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let dip = isocut(&sorted);
    if dip.score < threshold {
        return None;
    }
    let mut split = Split { left: Vec::new(), right: Vec::new(), left_to_right: 0, right_to_left: 0 };
    for (position, (&index, &place)) in one.iter().chain(other).zip(&places).enumerate() {
        let was_left = position < one.len();
        if place < dip.cut {
            split.right_to_left += usize::from(!was_left);
            split.left.push(index);
        } else {
            split.left_to_right += usize::from(was_left);
            split.right.push(index);
        }
    }
    Some(split)
}

/// Pairs of clusters that are each other's nearest among those not compared yet.
fn nearest_pairs(clusters: &[Cluster], compared: &[bool]) -> Vec<(usize, usize)> {
    let count = clusters.len();
    let distance = |a: usize, b: usize| -> f64 {
        clusters[a].mean.iter().zip(&clusters[b].mean).map(|(x, y)| (x - y) * (x - y)).sum()
    };
    let nearest: Vec<Option<usize>> = (0..count)
        .map(|a| {
            if clusters[a].members.is_empty() {
                return None;
            }
            (0..count)
                .filter(|&b| b != a && !clusters[b].members.is_empty() && !compared[a * count + b])
                .map(|b| (distance(a, b), b))
                .min_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)))
                .map(|(_, b)| b)
        })
        .collect();
    (0..count)
        .filter_map(|a| {
            let b = nearest[a]?;
            (a < b && nearest[b] == Some(a)).then_some((a, b))
        })
        .collect()
}

/// k-means from spread-out seeds (k-means++), a few rounds.
pub(super) fn k_means(points: &Points, k: usize, random: u64) -> Vec<u32> {
    let n = points.len();
    if k <= 1 || n <= k {
        return vec![0; n];
    }
    let mut rng = ChaCha8Rng::seed_from_u64(random);
    let mut centers = Points::new(points.dim);
    centers.data.extend_from_slice(points.row(rng.random_range(0..n)));
    let mut nearest: Vec<f64> = vec![f64::INFINITY; n];
    while centers.len() < k {
        let newest = centers.row(centers.len() - 1);
        let mut total = 0.0;
        for i in 0..n {
            nearest[i] = nearest[i].min(f64::from(distance2(points.row(i), newest)));
            total += nearest[i];
        }
        if total <= 0.0 {
            break;
        }
        let mut left = rng.random::<f64>() * total;
        let chosen = nearest
            .iter()
            .position(|d| {
                left -= d;
                left < 0.0
            })
            .unwrap_or(n - 1);
        centers.data.extend_from_slice(points.row(chosen));
    }
    let k = centers.len();
    let mut labels = vec![0u32; n];
    // The centres by axis, filled up with some that are far from everything.
    let stride = k.next_multiple_of(LANES);
    let mut by_axis = vec![f32::INFINITY; stride * points.dim];
    for _ in 0..SEED_ROUNDS {
        for c in 0..k {
            for axis in 0..points.dim {
                by_axis[axis * stride + c] = centers.data[c * points.dim + axis];
            }
        }
        assign(points, &by_axis, &mut labels);
        let mut sums = vec![0.0f64; k * points.dim];
        let mut counts = vec![0.0f64; k];
        for i in 0..n {
            let (label, row) = (labels[i] as usize, points.row(i));
            counts[label] += 1.0;
            let sums = &mut sums[label * points.dim..][..points.dim];
            for axis in 0..points.dim {
                sums[axis] += f64::from(row[axis]);
            }
        }
        for c in 0..k {
            if counts[c] > 0.0 {
                for i in c * points.dim..(c + 1) * points.dim {
                    centers.data[i] = (sums[i] / counts[c]) as f32;
                }
            }
        }
    }
    labels
}

fn distance2(a: &[f32], b: &[f32]) -> f32 {
    let (count, mut sum) = (a.len().min(b.len()), 0.0);
    // Without adaptors, which are not inlined everywhere.
    for i in 0..count {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    sum
}

/// Labels points by the nearest of the centres, the first of several; `by_axis` holds the centres' places on the first axis,
/// then on the second and so on, in rows of whole registers.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn assign(points: &Points, by_axis: &[f32], labels: &mut [u32]) {
    let dim = points.dim;
    let stride = by_axis.len() / dim.max(1);
    for i in 0..labels.len() {
        let row = &points.data[i * dim..][..dim];
        let mut best = (f32::INFINITY, 0);
        for first in (0..stride).step_by(LANES) {
            let mut distances = [0.0f32; LANES];
            for axis in 0..dim {
                let Some(centers) = register(by_axis, axis * stride + first) else { break };
                for l in 0..LANES {
                    distances[l] += (row[axis] - centers[l]) * (row[axis] - centers[l]);
                }
            }
            for l in 0..LANES {
                if distances[l] < best.0 {
                    best = (distances[l], first + l);
                }
            }
        }
        labels[i] = best.1 as u32;
    }
}

/// Renumbers labels `0..n` in order of their value.
fn make_continuous(labels: &mut [u32]) {
    let mut used: Vec<u32> = labels.to_vec();
    used.sort_unstable();
    used.dedup();
    for label in labels {
        *label = used.partition_point(|u| *u < *label) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    fn clouds(centers: &[[f32; 3]], each: usize) -> Points {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut points = Points::new(3);
        for center in centers {
            for _ in 0..each {
                for c in center {
                    let noise: f32 = StandardNormal.sample(&mut rng);
                    points.data.push(c + noise);
                }
            }
        }
        points
    }

    #[test]
    fn separate_clouds_are_told_apart_and_one_cloud_stays_whole() {
        let points = clouds(&[[0.0; 3], [8.0, 0.0, 0.0], [0.0, 9.0, 3.0]], 300);
        let labels = isosplit(&points, &IsosplitParams::default(), 1);
        assert_eq!(labels.iter().max(), Some(&2));
        for cloud in labels.chunks(300) {
            let most = (0..3).map(|l| cloud.iter().filter(|&&x| x == l).count()).max().unwrap_or(0);
            assert!(most >= 298, "{most} of 300");
        }
        let labels = isosplit(&clouds(&[[0.0; 3]], 800), &IsosplitParams::default(), 1);
        assert_eq!(labels.iter().max(), Some(&0));
    }

    #[test]
    fn few_points_are_one_cluster() {
        assert_eq!(isosplit(&clouds(&[[0.0; 3]], 3), &IsosplitParams::default(), 1), vec![0; 3]);
        assert!(isosplit(&Points::new(3), &IsosplitParams::default(), 1).is_empty());
    }
}
