//! Clusters of a graph of nearest neighbours, as Kilosort finds them.
//!
//! Every spike points at the ten spikes nearest to it. Many small groups are grown that have more such links within
//! than chance would put there (`modularity`), joined to a tree by where links are densest between them (`tree`),
//! and the tree is cut where the two sides of a branch are two humps (`humps`).
//!
//! # Source
//! Pachitariu et al. 2024, Nat. Methods 21:914. From the same start the groups, the tree, the humps and by its rules the
//! clusters are those of Kilosort 4.1.7. Ours differs in that
//! - cells of fewer than 1,000 spikes are clustered as well: they were left whole, which loses units of short recordings;
//! - spikes lie on at most 32 principal axes: the others add noise to distances;
//! - a group is a row of votes by ten neighbours and not of a dense table, and rounds end where few labels change;
//! - fewer seeds start in small cells;
//! - two humps are what the dip test of isosplit sees, or, as there, the histogram where 1,000 points fill it; fewer are
//!   projected from fewer axes, since many axes tell any two handfuls apart;
//! - a branch is not cut for few links alone, which are few between the ends of any cloud of few dimensions: one
//!   Gaussian of 500 points in two dimensions became 16 clusters;
//! - whether its sides share a refractory period is asked of lags that detection does not suppress itself, by
//!   [`crate::engine::refractory::compare`]. (There the question is never answered with yes: it is skipped wherever
//!   both trains have spikes.)

mod humps;
mod modularity;
mod neighbors;
mod seeds;
mod tree;

use super::{isocut::isocut, points::Points};
use humps::humps;
use modularity::assign;
use neighbors::Neighbors;
use tree::Tree;

/// Principal axes at most.
pub(super) const DIMENSIONS: usize = 32;
/// Neighbours of a spike.
const NEIGHBORS: usize = 10;
/// Spikes that can be neighbours, at most.
const MOST_NEIGHBORS: usize = 25_000;
/// Groups at the start, at most.
const MOST_SEEDS: usize = 200;
/// Spikes for each group at the start.
const SPIKES_PER_SEED: usize = 10;
/// Rounds of labelling at most, and the share of labels below which a round was the last.
const ROUNDS: usize = 200;
const LEAST_CHANGE: f64 = 1e-3;
/// Two humps, by the histogram of at least this many points.
const LEAST_BIMODALITY: f64 = 0.6;
const LEAST_FOR_HISTOGRAM: usize = 1_000;

/// When two sides of a branch are two clusters.
pub(super) struct CutParams {
    /// Dip score from which they are two humps.
    pub(super) threshold: f64,
    /// Smaller sides are never told apart.
    pub(super) least: usize,
    /// Principal axes on which few points are projected.
    pub(super) few_dimensions: usize,
}

/// Labels `0..n` of the points, which lie on their principal axes.
///
/// `one_unit` is asked of the members of two sides that look different: true where they are one unit nevertheless.
pub(super) fn graph_clusters(
    points: &Points,
    params: &CutParams,
    random: u64,
    mut one_unit: impl FnMut(&[u32], &[u32]) -> bool,
) -> Vec<u32> {
    let count = (points.len() / SPIKES_PER_SEED).min(MOST_SEEDS);
    if count < 2 {
        return vec![0; points.len()];
    }
    let step = points.len().div_ceil(MOST_NEIGHBORS);
    let subset: Vec<u32> = (0..points.len() as u32).step_by(step).collect();
    let neighbors = Neighbors::find(points, subset, NEIGHBORS);
    let start = seeds::seed_labels(points, count, random);
    let groups = assign(&neighbors, start, ROUNDS, LEAST_CHANGE);
    let tree = Tree::of(&neighbors, &groups);
    let few = points.first_axes(params.few_dimensions);
    let mut apart = vec![false; tree.joints.len()];
    let mut open: Vec<usize> = tree.joints.len().checked_sub(1).into_iter().collect();
    while let Some(joint) = open.pop() {
        let [left, right] = tree.sides(joint, &groups.of_points);
        apart[joint] = left.len().min(right.len()) >= params.least
            && two_humps(points, &few, &left, &right, params.threshold)
            && !one_unit(&left, &right);
        if apart[joint] {
            open.extend(tree.joints[joint].parts.iter().filter_map(|&node| tree.joint_of(node)));
        }
    }
    tree.cut(&groups.of_points, &apart)
}

fn two_humps(points: &Points, few: &Points, left: &[u32], right: &[u32], threshold: f64) -> bool {
    let filled = left.len() + right.len() >= LEAST_FOR_HISTOGRAM;
    let mut found = humps(if filled { points } else { few }, left, right);
    found.places.sort_unstable_by(f64::total_cmp);
    (filled && found.bimodality >= LEAST_BIMODALITY) || isocut(&found.places).score >= threshold
}

#[cfg(test)]
mod tests;
