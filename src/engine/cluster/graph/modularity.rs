//! Groups with more links within than chance would put there.

use super::neighbors::Neighbors;

/// The group of every point, as the origin of its links and as a neighbour of others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Groups {
    /// How many groups there are.
    pub(super) count: usize,
    /// The group of each point.
    pub(super) of_points: Vec<u32>,
    /// The group of each point of the subset, as a neighbour.
    pub(super) of_subset: Vec<u32>,
}

/// Labels neighbours by the points that link to them and points by the neighbours they link to, in turn.
///
/// A label's vote is its links less `degree × size / total`: what chance would give a group of its size. Of equal
/// votes the lowest label wins. Ends after `rounds`, or once no more than `least_change` of the labels change.
pub(super) fn assign(
    neighbors: &Neighbors,
    mut labels: Vec<u32>,
    rounds: usize,
    least_change: f64,
) -> Groups {
    let degrees = neighbors.degrees();
    let back = Backward::new(neighbors);
    let mut votes = Votes::new(labels.iter().max().map_or(0, |&l| l as usize + 1));
    let mut neighbor_labels = Vec::new();
    for _ in 0..rounds {
        votes.count_sizes(&labels);
        neighbor_labels = (0..neighbors.subset.len())
            .map(|n| votes.winner(back.of(n), &labels, degrees.to[n] / degrees.total))
            .collect();
        votes.count_sizes(&neighbor_labels);
        let mut changed = 0usize;
        for point in 0..labels.len() {
            let label =
                votes.winner(neighbors.of(point), &neighbor_labels, degrees.from[point] / degrees.total);
            changed += usize::from(label != labels[point]);
            labels[point] = label;
        }
        if changed as f64 <= least_change * labels.len() as f64 {
            break;
        }
    }
    let mut used: Vec<u32> = labels.clone();
    used.sort_unstable();
    used.dedup();
    for label in labels.iter_mut().chain(&mut neighbor_labels) {
        *label = used.partition_point(|u| *u < *label) as u32;
    }
    votes.count_sizes(&labels);
    let of_subset = (0..neighbors.subset.len())
        .map(|n| votes.winner(back.of(n), &labels, degrees.to[n] / degrees.total))
        .collect();
    Groups { count: used.len(), of_points: labels, of_subset }
}

/// For each neighbour the points that link to it.
struct Backward {
    starts: Vec<usize>,
    points: Vec<u32>,
}

impl Backward {
    fn new(neighbors: &Neighbors) -> Self {
        let mut starts = vec![0; neighbors.subset.len() + 1];
        for &link in &neighbors.links {
            starts[link as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut points = vec![0; neighbors.links.len()];
        for point in 0..neighbors.len() {
            for &link in neighbors.of(point) {
                points[next[link as usize]] = point as u32;
                next[link as usize] += 1;
            }
        }
        Self { starts, points }
    }

    fn of(&self, neighbor: usize) -> &[u32] {
        &self.points[self.starts[neighbor]..self.starts[neighbor + 1]]
    }
}

/// Room to count votes in.
struct Votes {
    /// Members of each group.
    sizes: Vec<f64>,
    /// Votes of each group; zero between calls.
    counts: Vec<f64>,
    voted: Vec<u32>,
}

impl Votes {
    fn new(count: usize) -> Self {
        Self { sizes: vec![0.0; count], counts: vec![0.0; count], voted: Vec::new() }
    }

    fn count_sizes(&mut self, labels: &[u32]) {
        self.sizes.fill(0.0);
        for &label in labels {
            self.sizes[label as usize] += 1.0;
        }
    }

    /// The label with most votes beyond chance; a label without votes never has most, so only voted ones are held
    /// against each other. Without voters label 0.
    fn winner(&mut self, voters: &[u32], labels: &[u32], chance: f64) -> u32 {
        for &voter in voters {
            let label = labels[voter as usize];
            if self.counts[label as usize] == 0.0 {
                self.voted.push(label);
            }
            self.counts[label as usize] += 1.0;
        }
        let mut best = (f64::NEG_INFINITY, 0);
        for &label in &self.voted {
            let value = self.counts[label as usize] - chance * self.sizes[label as usize];
            if value > best.0 || (value == best.0 && label < best.1) {
                best = (value, label);
            }
        }
        for label in self.voted.drain(..) {
            self.counts[label as usize] = 0.0;
        }
        best.1
    }
}
