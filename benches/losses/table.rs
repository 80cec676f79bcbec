//! The sorter, oracles and ablations, a row each.

use super::{
    Fallible,
    collisions::{Collisions, LAGS_MS},
    stages::{Drift, Outcome, Told, Way, motion, sort},
};
use spikeloom::{
    data::{Motion, Recording, Sorting},
    engine::{
        Silent,
        cluster::ClusterMethod,
        detect::DetectMethod,
        geometry::Geometry,
        sort::{SortParams, SortPreset, Stopwatch},
    },
};
use std::ops::Range;

/// An amplitude this spread is as good as any.
const NO_PRIOR: f64 = 1e3;

fn ways(geometry: &Geometry, moves: bool, true_motion: Option<&Motion>) -> Vec<Way> {
    let params = SortParams::made_for(SortPreset::fitting(geometry), geometry);
    let drift = if moves { Drift::Dredge } else { Drift::Left };
    let full =
        Way { name: "sort", params, drift, told: Told::Nothing, whitened: true, twice: true, checked: true };
    let oracle = |name, told| Way { name, told, ..full.clone() };
    let with = |name, change: &dyn Fn(&mut SortParams)| {
        let mut way = Way { name, ..full.clone() };
        change(&mut way.params);
        way
    };
    let mut ways = vec![
        full.clone(),
        oracle("true peaks", Told::Peaks),
        oracle("true labels", Told::Labels),
        oracle("true templates", Told::Templates),
    ];
    if let Some(motion) = true_motion {
        let drift = Drift::True(motion.clone());
        ways.push(Way { name: "true motion", drift: drift.clone(), ..full.clone() });
        ways.push(Way { name: "true motion and templates", drift, ..oracle("", Told::Templates) });
    }
    if moves {
        ways.push(Way { name: "no drift correction", drift: Drift::Left, ..full.clone() });
        ways.push(Way { name: "registration, not DREDge", drift: Drift::Registered, ..full.clone() });
    }
    ways.extend([
        Way { name: "no whitening", whitened: false, ..full.clone() },
        with("no matched filter", &|p| p.detect.method = DetectMethod::LocallyExclusive),
        Way { name: "no second clustering", twice: false, ..full.clone() },
        with("isosplit6, not isosplit", &|p| p.cluster.method = ClusterMethod::Isosplit6),
        with("graph, not isosplit", &|p| p.cluster.method = ClusterMethod::Graph),
        with("no joint refit", &|p| p.matching.joint_refit = false),
        with("no amplitude prior", &|p| p.matching.amplitude_std = NO_PRIOR),
        Way { name: "no checks of units", checked: false, ..full.clone() },
    ]);
    let matching =
        |name, change: &dyn Fn(&mut SortParams)| Way { name, told: Told::Templates, ..with(name, change) };
    ways.extend([
        matching("true templates, no refit", &|p| p.matching.joint_refit = false),
        matching("true templates, no prior", &|p| p.matching.amplitude_std = NO_PRIOR),
    ]);
    ways
}

/// Prints a row for each way to sort, the means over seeds.
pub fn print(
    recording: &Recording,
    spikes: &Sorting,
    true_motion: Option<&Motion>,
    seeds: Range<u64>,
    only: Option<&str>,
) -> Fallible<()> {
    let geometry = Geometry::of(recording.info())?;
    let params = SortParams::made_for(SortPreset::fitting(&geometry), &geometry);
    let estimate = |drift: &Drift| motion(recording, &params, drift, seeds.start);
    let dredge = estimate(&Drift::Dredge)?;
    if let Some(truth) = true_motion {
        for (name, found) in [("DREDge", dredge.clone()), ("registration", estimate(&Drift::Registered)?)] {
            print_errors(name, &found.unwrap_or_default(), truth);
        }
    }
    let moves = true_motion.is_some() || dredge.is_some_and(|m| m.range_um() > params.min_drift_um);
    println!(
        "\n{:<32} {:>9} {:>6} {:>6} {:>7} {:>9} {:>7} {:>6} {:>8}",
        "", "accuracy", "recall", "prec.", ">= 0.8", "too many", "units", "wall s", "CPU s"
    );
    let mut overlaps = Vec::new();
    let mut ways = ways(&geometry, moves, true_motion);
    if let Some(word) = only {
        let exact = ways.iter().any(|way| way.name == word);
        ways.retain(|way| if exact { way.name == word } else { way.name.contains(word) });
    }
    for way in ways {
        let mut watch = Stopwatch::default();
        let outcomes: Vec<Outcome> = seeds
            .clone()
            .map(|seed| {
                let mut outcome = Err("nothing was timed".into());
                watch.time(way.name, &Silent, || {
                    outcome = sort(recording, spikes, &way, seed);
                    Ok(())
                })?;
                outcome
            })
            .collect::<Fallible<_>>()?;
        let mean = |value: &dyn Fn(&Outcome) -> f64| {
            outcomes.iter().map(value).sum::<f64>() / outcomes.len().max(1) as f64
        };
        let time = |value: &dyn Fn(&spikeloom::engine::sort::StageTiming) -> f64| {
            watch.stages.iter().map(value).sum::<f64>() / watch.stages.len().max(1) as f64
        };
        println!(
            "{:<32} {:>9.4} {:>6.3} {:>6.3} {:>7.1} {:>9.1} {:>7.1} {:>6.1} {:>8.1}",
            way.name,
            mean(&|o| o.comparison.accuracy),
            mean(&|o| o.comparison.recall),
            mean(&|o| o.comparison.precision),
            mean(&|o| o.comparison.well_detected as f64),
            mean(&|o| (o.comparison.false_positive + o.comparison.redundant + o.comparison.overmerged) as f64),
            mean(&|o| o.comparison.num_tested as f64),
            time(&|s| s.wall_s),
            time(&|s| s.cpu_s),
        );
        if let Some(collisions) = outcomes.into_iter().next().and_then(|o| o.collisions) {
            overlaps.push((way.name, collisions));
        }
    }
    print_overlaps(&overlaps);
    Ok(())
}

/// How far an estimate is from the truth, both against their medians over time.
fn print_errors(name: &str, found: &Motion, truth: &Motion) {
    let mut parts = Vec::new();
    for (window, depth) in found.spatial_bins_um.iter().enumerate() {
        let mut errors = Vec::new();
        for (segment, own) in found.segments.iter().enumerate() {
            for (t, &time_s) in own.temporal_bins_s.iter().enumerate() {
                let truly = truth.displacement_um(segment, time_s, *depth);
                errors.push(own.displacement_um[[t, window]] - truly);
            }
        }
        errors.sort_by(f64::total_cmp);
        let median = errors.get(errors.len() / 2).copied().unwrap_or(0.0);
        let rms =
            (errors.iter().map(|e| (e - median).powi(2)).sum::<f64>() / errors.len().max(1) as f64).sqrt();
        let most = errors.iter().fold(0.0f64, |most, e| most.max((e - median).abs()));
        parts.push(format!("{rms:.2} ({most:.1}) at {depth:.0}"));
    }
    println!("error of {name} in µm, rms (largest) at depth: {}", parts.join(", "));
}

fn print_overlaps(overlaps: &[(&str, Collisions)]) {
    if overlaps.is_empty() {
        return;
    }
    let (lags, last) = (LAGS_MS.map(|ms| format!("<= {ms} ms")), "alone".to_owned());
    let header: Vec<String> = lags.into_iter().chain([last]).map(|name| format!("{name:>10}")).collect();
    for (index, what) in ["recall", "precision"].into_iter().enumerate() {
        println!("\n{:<32} {}", format!("{what} by the nearest other spike"), header.join(" "));
        for (name, collisions) in overlaps {
            let row = collisions.shares()[index].map(|share| format!("{share:>10.4}"));
            println!("{name:<32} {}", row.join(" "));
        }
        let counts = [overlaps[0].1.truth, overlaps[0].1.found][index].map(|(all, _)| format!("{all:>10.0}"));
        println!("{:<32} {}", "   spikes", counts.join(" "));
    }
}
