#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// Kilosort cuts branches with fewer links between their sides than this share of chance.
const LEAST_RATIO: f64 = 0.2;

fn golden() -> Vec<serde_json::Value> {
    // Made by tests/golden/graph_clusters.py.
    let text = include_str!("../../../../tests/golden/graph_clusters.json");
    serde_json::from_str::<serde_json::Value>(text).unwrap().as_array().unwrap().clone()
}

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn labels(value: &serde_json::Value) -> Vec<u32> {
    numbers(value).into_iter().map(|x| x as u32).collect()
}

/// Labels numbered in order of first use: what a partition is, whatever its parts are called.
fn in_order(labels: &[u32]) -> Vec<u32> {
    let mut names = Vec::new();
    labels
        .iter()
        .map(|l| {
            names.iter().position(|n| n == l).unwrap_or_else(|| {
                names.push(*l);
                names.len() - 1
            }) as u32
        })
        .collect()
}

#[test]
fn groups_tree_and_cut_are_those_of_kilosort() {
    for case in golden() {
        let points = Points {
            dim: case["dim"].as_u64().unwrap() as usize,
            data: numbers(&case["points"]).into_iter().map(|x| x as f32).collect(),
        };
        let step = case["step"].as_u64().unwrap() as usize;
        let subset: Vec<u32> = (0..points.len() as u32).step_by(step).collect();
        let neighbors = Neighbors::find(&points, subset, NEIGHBORS);
        let groups = assign(&neighbors, labels(&case["start"]), ROUNDS, 0.0);
        assert_eq!(groups.of_points, labels(&case["groups"]));
        assert_eq!(groups.of_subset, labels(&case["groups_of_subset"]));
        let tree = Tree::of(&neighbors, &groups);
        let told = case["tree"].as_array().unwrap();
        assert_eq!(tree.joints.len(), told.len());
        for (joint, told) in tree.joints.iter().zip(told) {
            // There the later group comes first.
            let parts = labels(&told["parts"]);
            assert_eq!(joint.parts, [parts[1] as usize, parts[0] as usize]);
            let ratio = told["ratio"].as_f64().unwrap();
            assert!((joint.ratio - ratio).abs() < 1e-6 * ratio.max(1e-6), "{} {ratio}", joint.ratio);
        }
        let bimodality = |joint| {
            let [left, right] = tree.sides(joint, &groups.of_points);
            humps(&points, &left, &right).bimodality
        };
        let found: Vec<f64> = (0..tree.joints.len()).map(bimodality).collect();
        let (top, told) = (found.last().unwrap(), case["bimodality"].as_f64().unwrap());
        assert!((top - told).abs() < 1e-5, "{top} {told}");
        let ratios = tree.joints.iter().map(|joint| joint.ratio);
        let apart: Vec<bool> =
            ratios.zip(found).map(|(r, f)| r < LEAST_RATIO || f >= LEAST_BIMODALITY).collect();
        let clusters = tree.cut(&groups.of_points, &apart);
        assert_eq!(in_order(&clusters), in_order(&labels(&case["clusters"])));
    }
}

const PARAMS: CutParams = CutParams { threshold: 2.0, least: 20, few_dimensions: 8 };

/// Clouds in four dimensions, 400 points each.
fn clouds(centers: &[[f32; 4]]) -> Points {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let mut points = Points::new(4);
    for index in 0..400 * centers.len() {
        for c in centers[index % centers.len()] {
            let noise: f32 = StandardNormal.sample(&mut rng);
            points.data.push(c + noise);
        }
    }
    points
}

#[test]
fn clouds_are_told_apart_and_one_cloud_stays_whole() {
    let centers = [[0.0; 4], [8.0, 0.0, 0.0, 0.0], [0.0, 9.0, 3.0, 0.0], [-5.0, -6.0, 0.0, 4.0]];
    let labels = graph_clusters(&clouds(&centers), &PARAMS, 1, |_, _| false);
    assert_eq!(labels.iter().max(), Some(&3));
    for cloud in 0..4 {
        let own: Vec<u32> = labels.iter().skip(cloud).step_by(4).copied().collect();
        let most = (0..4).map(|l| own.iter().filter(|&&x| x == l).count()).max().unwrap();
        assert!(most >= 390, "{most} of 400");
    }
    let whole = graph_clusters(&clouds(&centers[..1]), &PARAMS, 1, |_, _| false);
    assert_eq!(whole.iter().max(), Some(&0));
    let told = graph_clusters(&clouds(&centers[..2]), &PARAMS, 1, |_, _| true);
    assert_eq!(told.iter().max(), Some(&0), "one unit by its spike times");
}

#[test]
fn few_points_and_copies_are_one_cluster() {
    assert_eq!(graph_clusters(&clouds(&[[0.0; 4]]), &PARAMS, 1, |_, _| false).len(), 400);
    assert!(graph_clusters(&Points::new(3), &PARAMS, 1, |_, _| false).is_empty());
    let copies = Points { dim: 3, data: vec![2.0; 600] };
    assert_eq!(graph_clusters(&copies, &PARAMS, 1, |_, _| false), vec![0; 200]);
}
