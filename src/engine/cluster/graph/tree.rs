//! Groups joined two by two where links between them are densest.

use super::{modularity::Groups, neighbors::Neighbors};
use ndarray::Array2;

/// Two nodes that were joined; nodes are the groups, then the joints in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Joint {
    /// The nodes, the one whose group comes first first.
    pub(super) parts: [usize; 2],
    /// Links between the two over those chance would put there.
    pub(super) ratio: f64,
}

/// The groups of a graph, joined to one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    groups: usize,
    pub(super) joints: Vec<Joint>,
}

impl Tree {
    /// Joins the pair whose ratio is largest (of equal ones the first) until one node is left.
    pub(super) fn of(neighbors: &Neighbors, groups: &Groups) -> Self {
        let n = groups.count;
        let (mut links, mut expected) = links_between(neighbors, groups);
        let mut node: Vec<Option<usize>> = (0..n).map(Some).collect();
        let mut joints = Vec::new();
        while joints.len() + 1 < n {
            let mut best: Option<(f64, usize, usize)> = None;
            for a in (0..n).filter(|&a| node[a].is_some()) {
                for b in (a + 1..n).filter(|&b| node[b].is_some()) {
                    let ratio = links[[a, b]] / expected[[a, b]];
                    if best.is_none_or(|best| ratio > best.0) {
                        best = Some((ratio, a, b));
                    }
                }
            }
            let Some((ratio, a, b)) = best else { break };
            if let (Some(first), Some(second)) = (node[a], node[b]) {
                joints.push(Joint { parts: [first, second], ratio });
            }
            node[a] = Some(n + joints.len() - 1);
            node[b] = None;
            for table in [&mut links, &mut expected] {
                for other in 0..n {
                    let sum = table[[a, other]] + table[[b, other]];
                    table[[a, other]] = sum;
                    table[[other, a]] = sum;
                }
            }
        }
        Self { groups: n, joints }
    }

    /// Members of the two sides of a joint, ascending; `of_points` is the group of each point.
    pub(super) fn sides(&self, joint: usize, of_points: &[u32]) -> [Vec<u32>; 2] {
        self.joints[joint].parts.map(|node| {
            let groups = self.groups_below(node);
            let within = |point: &usize| groups.binary_search(&(of_points[*point] as usize)).is_ok();
            (0..of_points.len()).filter(within).map(|point| point as u32).collect()
        })
    }

    /// The joint a node is, if it is one.
    pub(super) fn joint_of(&self, node: usize) -> Option<usize> {
        node.checked_sub(self.groups)
    }

    /// Labels after the tree is cut from its top at the joints that `apart` names, `0..n` in order of the first group in
    /// each part. What lies below a joint that is not cut stays whole.
    pub(super) fn cut(&self, of_points: &[u32], apart: &[bool]) -> Vec<u32> {
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut open: Vec<usize> = (self.groups + self.joints.len()).checked_sub(1).into_iter().collect();
        while let Some(node) = open.pop() {
            match self.joint_of(node).filter(|&joint| apart[joint]) {
                Some(joint) => open.extend(self.joints[joint].parts),
                None => parts.push(self.groups_below(node)),
            }
        }
        parts.sort_unstable();
        let mut part_of = vec![0; self.groups];
        for (part, groups) in parts.iter().enumerate() {
            for &group in groups {
                part_of[group] = part as u32;
            }
        }
        of_points.iter().map(|&group| part_of[group as usize]).collect()
    }

    /// Groups in a node, ascending.
    fn groups_below(&self, node: usize) -> Vec<usize> {
        let (mut found, mut open) = (Vec::new(), vec![node]);
        while let Some(node) = open.pop() {
            match self.joint_of(node) {
                None => found.push(node),
                Some(joint) => open.extend(self.joints[joint].parts),
            }
        }
        found.sort_unstable();
        found
    }
}

/// Links between each two groups, either way, and those that chance would put there.
fn links_between(neighbors: &Neighbors, groups: &Groups) -> (Array2<f64>, Array2<f64>) {
    let n = groups.count;
    let mut links = Array2::<f64>::zeros((n, n));
    let (mut from, mut to) = (vec![0.0; n], vec![0.0; n]);
    for (point, &group) in groups.of_points.iter().enumerate() {
        for &link in neighbors.of(point) {
            if neighbors.subset[link as usize] as usize != point {
                let other = groups.of_subset[link as usize] as usize;
                links[[group as usize, other]] += 1.0;
                from[group as usize] += 1.0;
                to[other] += 1.0;
            }
        }
    }
    let total: f64 = from.iter().sum();
    // A little more than chance, so that pairs without links have a ratio.
    let expected = Array2::from_shape_fn((n, n), |(a, b)| 0.001 + from[a] * to[b] / total);
    (&links + &links.t(), &expected + &expected.t())
}
