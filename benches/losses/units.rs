//! A row a true unit: how well each stage does by it.
//!
//! | column | what |
//! |---|---|
//! | `norm` | root of the energy of the true template, in noise levels |
//! | `detected` | share of its spikes with a peak within 0.4 ms near its main channel |
//! | `share`, `pure` | share of its detected spikes in its best cluster, and of that cluster's peaks that are its own |
//! | `cosine` | of the true template and the best template of the clusters |
//! | `share2`, `pure2`, `cosine2` | the same after the last clustering, of collision-cleaned spikes |
//! | `matched`, `sorted` | accuracy after matching and at the end |
//! | `labels`, `templates` | accuracy of matching if the clusters of the peaks, or the templates, were the true ones |
//!
//! Below the table: the units of the result that are no true unit, and what they are made of.

use super::{
    Fallible, Printer,
    stages::{Drift, steady},
    truth::{self, Clustered, Truth},
};
use spikeloom::{
    data::{Recording, Sorting},
    engine::{
        chain::compile,
        cluster::{cluster_features, to_sorting as sorting_of_labels},
        compare::{CompareParams, compare_to_truth},
        detect::detect_peaks,
        features::spike_features,
        geometry::Geometry,
        matching::{MatchParams, match_templates, to_sorting},
        sort::{SortParams, SortPreset, finish, whiten},
        templates::{TemplateSet, estimate_templates},
    },
};

pub fn losses(recording: &Recording, spikes: &Sorting, seed: u64) -> Fallible<()> {
    let info = recording.info();
    let geometry = Geometry::of(info)?;
    let params = SortParams::made_for(SortPreset::fitting(&geometry), &geometry);
    let recording = &steady(recording, &params, &Drift::Dredge, seed)?;
    let white = whiten(recording, &params, seed, &Printer)?;
    let chain = compile(&white)?;
    let truth = Truth::new(&chain, &geometry, spikes, &params)?;
    let frames: Vec<usize> = info.segments.iter().map(|s| s.num_frames).collect();
    let accuracies = |sorting: &Sorting| -> Fallible<Vec<f64>> {
        let comparison = compare_to_truth(spikes, sorting, &CompareParams::default())?;
        Ok(comparison.units.iter().map(|unit| unit.accuracy).collect())
    };
    let matched = |set: &TemplateSet| -> Fallible<Sorting> {
        let matching = match_templates(&chain, &set.templates, &params.matching, &Printer)?;
        Ok(to_sorting(&matching.spikes, &set.templates.unit_ids, chain.info()))
    };
    let said = |set: TemplateSet| {
        for r in &set.rejected {
            println!("   cluster {} of {} peaks rejected: {}", r.cluster, r.num_peaks, r.reason);
        }
        println!("   {} units", set.templates.num_units());
        set
    };

    let peaks = detect_peaks(&chain, &params.detect, &Printer)?;
    let detected = truth.detected(&peaks);
    let features = spike_features(&chain, &peaks, &params.features, &Printer)?;
    let mut rows = vec![("norm", truth.norms()), ("detected", detected)];

    println!("first clustering");
    let labels = cluster_features(&features, &geometry, &params.cluster, seed, &Printer)?;
    let clustered = truth.clustered(&features.peaks, &labels);
    let set = said(estimate_templates(&features, &labels, chain.info(), &geometry, &params.templates));
    rows.push(("share", clustered.shares()));
    rows.push(("pure", clustered.purities()));
    rows.push(("cosine", truth.cosines(&set.templates)));
    println!("   {} clusters without rejection", sorting_of_labels(&features, &labels, &frames).num_units());

    let survey = MatchParams {
        max_duration_s: Some(params.survey_s),
        features_per_unit: params.survey_spikes_per_unit,
        ..params.matching
    };
    let mut cleaned = match_templates(&chain, &set.templates, &survey, &Printer)?.features;
    for _ in 1..params.survey_rounds {
        let labels = cluster_features(&cleaned, &geometry, &params.cluster, seed, &Printer)?;
        let set = estimate_templates(&cleaned, &labels, chain.info(), &geometry, &params.templates);
        cleaned = match_templates(&chain, &set.templates, &survey, &Printer)?.features;
    }
    println!("last clustering");
    let labels = cluster_features(&cleaned, &geometry, &params.cluster, seed, &Printer)?;
    let again = truth.clustered(&cleaned.peaks, &labels);
    let set = said(estimate_templates(&cleaned, &labels, chain.info(), &geometry, &params.templates));
    rows.push(("share2", again.shares()));
    rows.push(("pure2", again.purities()));
    rows.push(("cosine2", truth.cosines(&set.templates)));

    let found = matched(&set)?;
    rows.push(("matched", accuracies(&found)?));
    println!("units left out");
    let finished = finish(&white, &set.templates, &found, &params.finish, &Printer)?;
    rows.push(("sorted", accuracies(&finished.sorting)?));

    let true_labels = truth.labels(&features.peaks);
    let oracle = estimate_templates(&features, &true_labels, chain.info(), &geometry, &truth::EVERYTHING);
    rows.push(("labels", accuracies(&matched(&oracle)?)?));
    rows.push(("templates", accuracies(&matched(&truth.set)?)?));
    print(spikes, &truth, &rows);
    strangers(spikes, &finished.sorting)
}

/// The table, larger units first, and the means.
fn print(spikes: &Sorting, truth: &Truth, rows: &[(&str, Vec<f64>)]) {
    let counts = spikes.spike_counts();
    let norms = truth.norms();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]).then(a.cmp(&b)));
    print!("\n{:>6} {:>7} {:>4}", "unit", "spikes", "chan");
    for (name, _) in rows {
        print!(" {name:>9}");
    }
    println!();
    for &unit in &order {
        print!("{:>6} {:>7} {:>4}", spikes.unit_ids[unit].to_string(), counts[unit], truth.main[unit]);
        for (_, values) in rows {
            print!(" {:>9.3}", values[unit]);
        }
        println!();
    }
    print!("{:>6} {:>7} {:>4}", "mean", counts.iter().sum::<usize>(), "");
    for (_, values) in rows {
        print!(" {:>9.3}", values.iter().sum::<f64>() / values.len().max(1) as f64);
    }
    println!();
}

/// Units of the result that no true unit is matched with, and units that hold two.
fn strangers(spikes: &Sorting, sorting: &Sorting) -> Fallible<()> {
    let comparison = compare_to_truth(spikes, sorting, &CompareParams::default())?;
    let parts = Clustered::of_sortings(spikes, sorting);
    println!(
        "\naccuracy {:.3}, {} of {} well detected, {} false, {} redundant, {} overmerged",
        comparison.accuracy,
        comparison.well_detected,
        comparison.num_gt,
        comparison.false_positive,
        comparison.redundant,
        comparison.overmerged
    );
    for (kind, units) in [
        ("false", &comparison.false_positive_units),
        ("redundant", &comparison.redundant_units),
        ("overmerged", &comparison.overmerged_units),
    ] {
        for unit in units {
            let Some(index) = sorting.unit_ids.iter().position(|id| id == unit) else { continue };
            println!("{kind:>10} unit {unit}: {}", parts.description(index, &spikes.unit_ids));
        }
    }
    Ok(())
}
