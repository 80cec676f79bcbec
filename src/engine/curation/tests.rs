#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    data::Id,
    engine::{
        Silent,
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    },
};
use rand::{RngExt, SeedableRng};
use std::sync::Arc;

/// A minute of eight units on sixteen contacts, filtered as the generator leaves it, and its truth.
fn generated(seed: u64) -> (Recording, Sorting) {
    let params = GenerateParams {
        probe: ProbeLayout::Linear16,
        duration_s: 90.0,
        num_units: 8,
        median_firing_rate_hz: 12.0,
        firing_rate_spread: 0.2,
        field_potential_uv: 0.0,
        ..GenerateParams::default()
    };
    let known = truth(&params, seed);
    let source = SyntheticSource::new(&params, seed, Arc::new(known.clone())).unwrap();
    (Recording::new(Arc::new(source)), known)
}

/// The truth with each spike's unit changed by `to`, of its position, sample, amplitude and unit.
fn changed(truth: &Sorting, units: usize, to: impl Fn(usize, i64, f32, u32) -> u32) -> Sorting {
    let spikes = &truth.segments[0];
    let amplitudes = spikes.amplitude.as_ref().unwrap();
    let labels: Vec<u32> = (0..spikes.sample_index.len())
        .map(|i| to(i, spikes.sample_index[i], amplitudes[i], spikes.unit_index[i]))
        .collect();
    let fs = truth.sampling_frequency;
    let ids = (0..units as i64).map(|i| Id::Int(100 + i)).collect();
    Sorting::from_spikes(fs, ids, spikes.sample_index.as_slice(), &labels)
}

/// `(kind, unit, other)` of the merges and splits, units as indices.
fn suggested(recording: &Recording, sorting: &Sorting) -> (Vec<(String, i64, i64)>, Table) {
    let curation = suggest_curation(recording, sorting, &CurationParams::default(), 3, &Silent).unwrap();
    assert_eq!(curation.labels.num_rows(), sorting.num_units());
    let table = curation.suggestions;
    let cell = |name: &str, row: usize| table.column(name).unwrap().cell(row);
    let rows = (0..table.num_rows())
        .filter(|&row| cell("kind", row) != "label")
        .map(|row| {
            let id = |name| cell(name, row).parse::<i64>().map_or(-1, |id| id - 100);
            (cell("kind", row), id("unit_id"), id("other_unit_id"))
        })
        .collect();
    (rows, table)
}

/// The unit with most spikes, the one a test has most to tell of.
fn busiest(truth: &Sorting) -> u32 {
    let counts = truth.spike_counts();
    (0..counts.len()).max_by_key(|&u| counts[u]).unwrap() as u32
}

#[test]
fn halves_of_a_unit_are_suggested_for_a_merge_and_nothing_else() {
    let (recording, truth) = generated(5);
    let unit = busiest(&truth);
    let spikes = &truth.segments[0];
    let mut sizes: Vec<f32> = (0..spikes.sample_index.len())
        .filter(|&i| spikes.unit_index[i] == unit)
        .map(|i| spikes.amplitude.as_ref().unwrap()[i].abs())
        .collect();
    sizes.sort_by(f32::total_cmp);
    let middle = sizes[sizes.len() / 2];
    let half = (45.0 * truth.sampling_frequency) as i64;
    let cuts: [(&str, &dyn Fn(usize, i64, f32) -> bool); 3] = [
        ("by amplitude", &|_, _, amplitude| amplitude.abs() < middle),
        ("at random", &|position, _, _| (position as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63 == 0),
        ("by time", &|_, sample, _| sample < half),
    ];
    for (name, takes) in cuts {
        let sorting =
            changed(
                &truth,
                9,
                |position, sample, amplitude, own| {
                    if own == unit && takes(position, sample, amplitude) { 8 } else { own }
                },
            );
        let (found, table) = suggested(&recording, &sorting);
        assert_eq!(found, [("merge".to_owned(), i64::from(unit), 8)], "{name}: {table:?}");
    }
    let whole = changed(&truth, 8, |_, _, _, own| own);
    assert_eq!(suggested(&recording, &whole).0, [], "the truth");
}

#[test]
fn two_units_in_one_are_suggested_for_a_split_and_noise_is_noise() {
    let (recording, truth) = generated(6);
    let main = {
        let found = suggest_curation(&recording, &truth, &CurationParams::default(), 3, &Silent).unwrap();
        let label = found.labels.column("label").unwrap();
        let labels: Vec<String> = (0..8).map(|row| label.cell(row)).collect();
        assert!(labels.iter().filter(|l| *l == "good").count() >= 6, "{labels:?}");
        busiest(&truth)
    };
    let other = (0..8).find(|&u| u != main).unwrap();
    let joined = changed(&truth, 8, |_, _, _, own| if own == other { main } else { own });
    let (found, table) = suggested(&recording, &joined);
    assert_eq!(found, [("split".to_owned(), i64::from(main), -1)], "{table:?}");

    // Where no unit fires, as often as one.
    let spikes = &truth.segments[0];
    let mut samples: Vec<i64> = spikes.sample_index.to_vec();
    let mut units: Vec<u32> = spikes.unit_index.to_vec();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(9);
    for _ in 0..900 {
        samples.push((rng.random::<f64>() * 89.0 * truth.sampling_frequency) as i64 + 3_000);
        units.push(8);
    }
    let ids = (0..9).map(|i| Id::Int(100 + i)).collect();
    let sorting = Sorting::from_spikes(truth.sampling_frequency, ids, &samples, &units);
    let (found, table) = suggested(&recording, &sorting);
    assert_eq!(found, []);
    let row = table.num_rows() - 1;
    assert_eq!(table.column("label").unwrap().cell(row), "noise");
    assert!(table.column("reason").unwrap().cell(row).contains("noise levels high"));
}

#[test]
fn a_sorting_without_spikes_has_no_suggestions() {
    let (recording, truth) = generated(7);
    let none = Sorting::from_spikes(truth.sampling_frequency, vec![Id::Int(100)], &[], &[]);
    let (found, table) = suggested(&recording, &none);
    assert_eq!((found.len(), table.num_rows()), (0, 1));
    assert_eq!(table.column("label").unwrap().cell(0), "noise");
    let nobody = Sorting::from_spikes(truth.sampling_frequency, vec![], &[], &[]);
    assert_eq!(suggested(&recording, &nobody).1.num_rows(), 0);
}
