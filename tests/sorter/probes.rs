//! Every kind of probe with the defaults: its units are found, and shanks and tetrodes are sorted apart.

use super::{Nowhere, accuracies, filtered, generated_source, held::trains};
use spikeloom::{
    data::{Recording, Sorting, Source, TableColumn},
    engine::{
        Silent,
        geometry::Geometry,
        sort::{SortOutput, SortParams, SortPreset, sort},
        synthetic::{GenerateParams, ProbeLayout},
    },
};
use std::sync::Arc;

fn sorted(recording: &Recording, preset: Option<SortPreset>) -> SortOutput {
    let geometry = Geometry::known_of(recording.info());
    let params = match preset {
        Some(preset) => SortParams::made_for(preset, &geometry),
        None => SortParams::fitting(&geometry),
    };
    sort(recording, &params, 0, &Silent, &Nowhere).unwrap()
}

fn generated(probe: ProbeLayout, num_units: usize, duration_s: f64) -> (Recording, Arc<Sorting>) {
    let params = GenerateParams {
        probe,
        num_units,
        duration_s,
        amplitude_range_uv: [100.0, 300.0],
        num_background_units: 2 * num_units,
        burst_fraction: 0.0,
        median_firing_rate_hz: 8.0,
        firing_rate_spread: 0.3,
        ..GenerateParams::default()
    };
    let (source, truth) = generated_source(&params);
    (filtered(&Recording::new(Arc::new(source))), truth)
}

fn column(sorting: &Sorting, name: &str) -> Vec<i64> {
    match sorting.properties.column(name) {
        Some(TableColumn::Int(values)) => values.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

/// The groups of units, held to be apart: templates stay within them, and spikes within their tissue.
fn apart(recording: &Recording, output: &SortOutput) -> Vec<i64> {
    let info = recording.info();
    let groups = column(&output.sorting, "group");
    let channels = column(&output.sorting, "channel_index");
    for (unit, (&group, &channel)) in groups.iter().zip(&channels).enumerate() {
        assert_eq!(info.groups[channel as usize], group);
        let own = &output.templates.channel_indices[unit];
        assert!(
            own.iter().all(|&c| info.groups[c as usize] == group),
            "unit {unit} of group {group}: {own:?}"
        );
    }
    groups
}

#[test]
fn wires_from_one_to_four_are_sorted() {
    for (probe, units) in
        [(ProbeLayout::SingleWire, 2), (ProbeLayout::Stereotrode, 3), (ProbeLayout::Tetrode, 5)]
    {
        let (recording, truth) = generated(probe, units, 20.0);
        let output = sorted(&recording, None);
        let found = accuracies(&truth, &output.sorting, 12);
        let well = found.iter().filter(|&&a| a >= 0.8).count();
        assert!(well + 1 >= units && well >= 2, "{probe:?}: {found:.2?}");
        assert!(output.sorting.num_units() <= units + 1, "{probe:?}: {} units", output.sorting.num_units());
    }
}

#[test]
fn tetrodes_of_a_drive_and_shanks_are_sorted_apart_in_one_run() {
    for (probe, groups, units) in
        [(ProbeLayout::Tetrodes16, 16, 32), (ProbeLayout::Neuropixels2FourShanks, 4, 24)]
    {
        let (recording, truth) = generated(probe, units, 12.0);
        let output = sorted(&recording, None);
        let mut found = apart(&recording, &output);
        found.dedup();
        found.sort_unstable();
        found.dedup();
        assert!(found.len() + 1 >= groups, "{probe:?}: units in {} groups", found.len());
        let accuracies = accuracies(&truth, &output.sorting, 12);
        let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
        assert!(mean >= 0.9, "{probe:?}: {mean:.3} {accuracies:.2?}");
    }
}

#[test]
fn groups_without_places_are_sorted_apart_too() {
    // The probe of many a drive: no one knows where its tetrodes are.
    let (recording, truth) = generated(ProbeLayout::Tetrodes16, 32, 12.0);
    let first: Vec<usize> = (0..16).collect();
    let mut info = recording.info().slice_channels(&first);
    info.probe = None;
    let stage = spikeloom::data::Stage::SelectChannels { indices: first };
    let recording = recording.with_stage(stage).unwrap().with_info(info).unwrap();
    let output = sorted(&recording, None);
    apart(&recording, &output);
    // Units take turns through the groups: two are on each of the first four.
    let found = accuracies(&truth, &output.sorting, 12);
    let here = (0..32).filter(|unit| unit % 16 < 4).filter(|&unit| found[unit] >= 0.8).count();
    assert!(here >= 7, "{here} of 8: {found:.2?}");
    assert!(output.sorting.num_units() <= 9);
}

#[test]
fn electrodes_far_from_each_other_are_single_wires() {
    let (recording, truth) = generated(ProbeLayout::Utah96, 48, 10.0);
    let geometry = Geometry::known_of(recording.info());
    assert_eq!(SortPreset::fitting(&geometry), SortPreset::SingleWire);
    let output = sorted(&recording, None);
    assert!(output.templates.channel_indices.iter().all(|channels| channels.len() == 1));
    let accuracies = accuracies(&truth, &output.sorting, 12);
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    assert!(mean >= 0.9, "{mean:.3} {accuracies:.2?}");
    // Said by name it is the same.
    let named = sorted(&recording, Some(SortPreset::SingleWire));
    assert_eq!(trains(&named.sorting), trains(&output.sorting));
}

#[test]
fn unknown_gains_change_nothing_but_the_unit_of_amplitudes() {
    let (recording, _) = generated(ProbeLayout::Tetrode, 4, 10.0);
    let with = sorted(&recording, None).sorting;
    let mut held = super::held::Held::of(recording.source().as_ref());
    held.info.gain_to_uv = None;
    held.info.offset_to_uv = None;
    assert!(held.info().gain_to_uv.is_none());
    let without = sorted(&held.filtered(), None).sorting;
    assert!(with.amplitudes_in_uv && !without.amplitudes_in_uv);
    assert_eq!(trains(&with), trains(&without));
}

#[test]
fn many_wires_without_a_probe_are_sorted_each_by_itself() {
    let place = super::common::place::Place::new();
    let mut normal = super::difficult::Normal::new(3);
    let mut bytes = Vec::new();
    for frame in 0..200_000_i64 {
        for channel in 0..12_i64 {
            // Channels 3 and 7 see neurons of their own.
            let since = match channel {
                3 => frame % 3_001,
                7 => (frame + 911) % 2_503,
                _ => i64::MAX,
            };
            let spike =
                if since < 24 { -400.0 * (-0.5 * ((since as f32 - 12.0) / 2.5).powi(2)).exp() } else { 0.0 };
            bytes.extend_from_slice(&((30.0 * normal.next() + spike) as i16).to_le_bytes());
        }
    }
    std::fs::write(place.path("x.raw"), bytes).unwrap();
    let mut arguments = vec![
        "sort",
        "x.raw",
        "--out",
        "o",
        "--dtype",
        "int16",
        "--num-channels",
        "12",
        "--sampling-frequency",
        "20000",
    ];
    place.refuses(&arguments, &["--probe", "single_wire"]);
    arguments.extend(["--preset", "single-wire"]);
    let said = super::common::stdout(&place.ends(0, &arguments));
    assert!(said.contains("preset single_wire") && said.contains("2 units"), "{said}");
    arguments[11] = "tetrode";
    place.refuses(&arguments, &["--probe"]);
}
