//! Isosplit as its authors' own program, version 6, has it: from many small parcels.

use super::{
    isosplit::{IsosplitParams, Rules, merge_by_rules},
    points::Points,
};

/// Parcels to start from, at most; the last round of splits may pass it.
const PARCELS: usize = 200;
/// Parts a parcel is split into.
const PARTS: usize = 3;
/// Parcels whose radius is at least this share of the largest are split in the same round.
const LARGE: f64 = 0.95;

/// Labels `0..n` of the points, always the same for the same points in the same order.
///
/// Starts from parcels; the rest is that of [`super::isosplit`], but that every change of hands is
/// carried out, a whole swap too.
///
/// # Source
/// Magland and Barnett, arXiv:1508.04841; the same labels as the Python package isosplit6 0.1.4.
pub fn isosplit6(points: &Points, params: &IsosplitParams) -> Vec<u32> {
    let rules = Rules { swaps: true, looks_again: true, max_iterations: 500 };
    merge_by_rules(points, parcels(points, params.min_cluster_size), params, &rules)
}

/// A parcel in the making.
struct Parcel {
    members: Vec<u32>,
    /// Greatest distance of a member from the mean.
    radius: f64,
}

impl Parcel {
    fn new(points: &Points, members: Vec<u32>) -> Self {
        let mean = points.mean(members.iter().map(|&i| i as usize));
        let distance2 = |&i: &u32| -> f64 {
            points.row(i as usize).iter().zip(&mean).map(|(&x, m)| (f64::from(x) - m).powi(2)).sum()
        };
        let radius = members.iter().map(distance2).fold(0.0, f64::max).sqrt();
        Self { members, radius }
    }

    /// Its members by which of its first three they lie nearest to.
    fn split(&self, points: &Points) -> Vec<Vec<u32>> {
        let seeds = &self.members[..PARTS.min(self.members.len())];
        let mut parts = vec![Vec::new(); seeds.len()];
        for &member in &self.members {
            let mut best = (f64::INFINITY, 0);
            for (part, &seed) in seeds.iter().enumerate() {
                let (a, b) = (points.row(member as usize), points.row(seed as usize));
                let distance: f64 =
                    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
                if distance < best.0 {
                    best = (distance, part);
                }
            }
            parts[best.1].push(member);
        }
        parts
    }
}

/// Splits the widest parcels of more than `size` points until there are [`PARCELS`]; the label of each point.
///
/// Parcels are not made round afterwards: borders half-way between centres would look like dips.
fn parcels(points: &Points, size: usize) -> Vec<u32> {
    let mut parcels = vec![Parcel::new(points, (0..points.len() as u32).collect())];
    while parcels.len() < PARCELS {
        let large = parcels.iter().filter(|p| p.members.len() > size);
        let target = LARGE * large.map(|p| p.radius).fold(0.0, f64::max);
        let mut changed = false;
        let mut index = 0;
        while target > 0.0 && index < parcels.len() {
            let parcel = &parcels[index];
            if parcel.members.len() <= size || parcel.radius < target {
                index += 1;
                continue;
            }
            let before = parcel.members.len();
            let mut parts = parcel.split(points).into_iter();
            parcels[index] = Parcel::new(points, parts.next().unwrap_or_default());
            parcels.extend(parts.filter(|part| !part.is_empty()).map(|part| Parcel::new(points, part)));
            if parcels[index].members.len() == before {
                // The first three are one point: nothing to tell the others apart by.
                index += 1;
            } else {
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut labels = vec![0; points.len()];
    for (label, parcel) in parcels.iter().enumerate() {
        for &member in &parcel.members {
            labels[member as usize] = label as u32;
        }
    }
    labels
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::engine::cluster::isocut;

    fn golden() -> serde_json::Value {
        // Made by tests/golden/isosplit6_labels.py.
        serde_json::from_str(include_str!("../../../tests/golden/isosplit6_labels.json")).unwrap()
    }

    fn numbers(value: &serde_json::Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    }

    #[test]
    fn labels_are_those_of_the_python_package() {
        for case in golden()["sets"].as_array().unwrap() {
            let points = Points {
                dim: case["dim"].as_u64().unwrap() as usize,
                data: numbers(&case["points"]).into_iter().map(|x| x as f32).collect(),
            };
            let told: Vec<u32> = numbers(&case["labels"]).into_iter().map(|x| x as u32 - 1).collect();
            assert_eq!(isosplit6(&points, &IsosplitParams::default()), told, "{}", case["name"]);
        }
    }

    #[test]
    fn dips_are_those_of_isocut6() {
        for case in golden()["dips"].as_array().unwrap() {
            let mut samples = numbers(&case["samples"]);
            samples.sort_unstable_by(f64::total_cmp);
            let (found, dip, cut) =
                (isocut(&samples), case["dip"].as_f64().unwrap(), case["cut"].as_f64().unwrap());
            assert!((found.score - dip).abs() <= 1e-6 * dip, "{found:?} {dip}");
            assert!((found.cut - cut).abs() < 1e-6, "{found:?} {cut}");
        }
    }

    #[test]
    fn points_of_one_place_are_one_cluster_and_none_are_none() {
        let same = Points { dim: 2, data: vec![1.0; 600] };
        assert_eq!(isosplit6(&same, &IsosplitParams::default()), vec![0; 300]);
        let mut data = vec![0.0; 600];
        data[599] = 5.0;
        let one_apart = isosplit6(&Points { dim: 2, data }, &IsosplitParams::default());
        assert_eq!(one_apart, vec![0; 300]);
        assert!(isosplit6(&Points::new(2), &IsosplitParams::default()).is_empty());
    }
}
