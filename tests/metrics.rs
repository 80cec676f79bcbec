//! Metrics, correlograms, locations and comparisons against SpikeInterface on the same recording.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use serde_json::{Value, json};
use spikeloom::{
    data::{Id, Recording, Sorting, Table},
    engine::{
        Silent,
        amplitudes::{spike_amplitudes, with_amplitudes},
        chain,
        compare::{CompareParams, compare_sortings, compare_to_truth},
        correlograms::{CorrelogramBins, correlograms},
        locations::{
            LocationMethod, SpikeLocationParams, UnitLocationParams, spike_locations, unit_locations,
            with_locations,
        },
        metrics::{MetricInputs, MetricParams, quality_metrics},
        noise::{Chunks, NoiseMethod, noise_levels},
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
        waveforms::{WaveformParams, estimate_templates, main_channels, select_spikes},
    },
};
use std::{fs, path::Path, sync::Arc};

const SCRIPT: &str = include_str!("python/metrics_reference.py");

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn near(name: &str, found: &[f64], told: &[f64], relative: f64, absolute: f64) {
    assert_eq!(found.len(), told.len(), "{name}");
    for (i, (a, b)) in found.iter().zip(told).enumerate() {
        let same = (a.is_nan() && b.is_nan()) || (a - b).abs() <= absolute + relative * b.abs();
        assert!(same, "{name}[{i}]: {a}, SpikeInterface has {b}");
    }
}

fn column(table: &Table, name: &str) -> Vec<f64> {
    let column = table.column(name).unwrap_or_else(|| panic!("no column {name}"));
    (0..column.len()).map(|row| column.number(row).unwrap_or(f64::NAN)).collect()
}

/// What a sorter could make of the truth: shifted, missing, doubled, merged and invented spikes.
fn tested(truth: &Sorting) -> Sorting {
    let trains = truth.trains(0);
    let mut spikes: Vec<(i64, u32)> = Vec::new();
    for (unit, train) in trains.iter().enumerate() {
        for (i, &sample) in train.iter().enumerate() {
            let i = i as i64;
            match unit {
                0 if i % 10 == 0 => {}
                0 => spikes.push((sample + i % 7 - 3, 0)),
                1 => spikes.push((sample + i % 31 - 15, 1)),
                2 if i % 5 < 3 => spikes.push((sample, 2)),
                2 => spikes.push((sample, 6)),
                3 | 4 => spikes.push((sample + 2, 3)),
                _ => spikes.push((sample - 5, 4)),
            }
        }
    }
    spikes.extend((0..900).map(|i| (i * 3_301 + 17, 5)));
    let (samples, units): (Vec<i64>, Vec<u32>) = spikes.into_iter().unzip();
    Sorting::from_spikes(truth.sampling_frequency, Id::range(7), &samples, &units)
}

fn write_sorting(path: &Path, sorting: &Sorting) {
    let spikes = &sorting.segments[0];
    let value = json!({
        "num_units": sorting.num_units(),
        "sample_index": spikes.sample_index.as_slice(),
        "unit_index": spikes.unit_index.as_slice(),
    });
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn all_numbers_are_those_of_spikeinterface() {
    let params = GenerateParams {
        probe: ProbeLayout::Linear16,
        duration_s: 125.0,
        num_units: 6,
        median_firing_rate_hz: 9.0,
        firing_rate_spread: 0.4,
        refractory_period_ms: 0.8,
        burst_fraction: 0.5,
        field_potential_uv: 0.0,
        ..GenerateParams::default()
    };
    let mut known = truth(&params, 1);
    let source = SyntheticSource::new(&params, 1, Arc::new(known.clone())).unwrap();
    let recording = Recording::new(Arc::new(source));
    let chain = chain::compile(&recording).unwrap();
    // The columns of the truth are exact; here they are measured.
    known.segments[0].amplitude = None;
    known.segments[0].location_um = None;
    let tested = tested(&known);

    let frames = [chain.num_frames(0)];
    let waveform_params = WaveformParams { radius_um: 1e4, ..WaveformParams::default() };
    let selected = select_spikes(&known, &frames, 30, 90, usize::MAX, 0);
    let templates = estimate_templates(&chain, &known, &selected, &waveform_params, &Silent).unwrap();
    let main = main_channels(&templates);

    let folder = tempfile::tempdir().unwrap();
    let raw: Vec<u8> = (0..frames[0])
        .step_by(30_000)
        .flat_map(|start| {
            let traces = chain.read(0, start..(start + 30_000).min(frames[0]), None).unwrap();
            traces.iter().flat_map(|&v| (v as i16).to_le_bytes()).collect::<Vec<u8>>()
        })
        .collect();
    fs::write(folder.path().join("traces.raw"), raw).unwrap();
    let about = json!({
        "sampling_frequency": params.sampling_frequency,
        "num_channels": 16,
        "gain_to_uv": 0.195,
        "positions": recording.info().locations_um().unwrap(),
        "main_channels": main.iter().map(|m| m.unwrap().0).collect::<Vec<_>>(),
    });
    fs::write(folder.path().join("about.json"), about.to_string()).unwrap();
    write_sorting(&folder.path().join("spikes.json"), &known);
    write_sorting(&folder.path().join("tested.json"), &tested);
    let told: Value = serde_json::from_str(&common::run_python(SCRIPT, &[folder.path()])).unwrap();

    for (unit, template) in told["templates"].as_array().unwrap().iter().enumerate() {
        let told: Vec<f64> = template.as_array().unwrap().iter().flat_map(numbers).collect();
        let found: Vec<f64> = templates.waveforms[unit].iter().map(|&v| f64::from(v)).collect();
        near("template", &found, &told, 1e-5, 2e-4);
    }

    let amplitudes = spike_amplitudes(&chain, &known, &main, &Silent).unwrap();
    let found: Vec<f64> = amplitudes[0].iter().map(|&v| f64::from(v)).collect();
    near("amplitude", &found, &numbers(&told["amplitudes"]), 1e-6, 1e-4);
    let locations = spike_locations(&chain, &known, &main, &SpikeLocationParams::default(), &Silent).unwrap();
    let flat = |value: &Value| value.as_array().unwrap().iter().flat_map(numbers).collect::<Vec<f64>>();
    let found: Vec<f64> = locations[0].iter().flatten().map(|&v| f64::from(v)).collect();
    near("spike location", &found, &flat(&told["spike_locations"]), 0.0, 1e-3);
    let center = UnitLocationParams { method: LocationMethod::CenterOfMass, ..UnitLocationParams::default() };
    let found: Vec<f64> = unit_locations(&templates, &center)
        .unwrap()
        .into_iter()
        .flat_map(|place| place.unwrap().into_iter().take(2))
        .collect();
    near("unit location", &found, &flat(&told["unit_locations"]), 0.0, 1e-3);

    let noise =
        noise_levels(&chain, NoiseMethod::Mad, &Chunks::standard(recording.info(), 0), &Silent).unwrap();
    let complete = with_locations(&with_amplitudes(&known, amplitudes, true), locations);
    let inputs = MetricInputs {
        sorting: &complete,
        num_frames: &frames,
        templates: Some(&templates),
        noise: Some(&noise),
    };
    let table = quality_metrics(&inputs, &MetricParams::default());
    let metrics = told["metrics"].as_object().unwrap();
    assert_eq!(metrics.len() + 1, table.columns.len(), "{:?}", metrics.keys().collect::<Vec<_>>());
    for (name, values) in metrics {
        // Locations are 32-bit numbers.
        let absolute = if name.starts_with("drift") { 1e-4 } else { 1e-6 };
        // SpikeInterface sums the spikes of a template in 32 bits; the SNR has the template's tolerance.
        let relative = if name == "snr" { 1e-5 } else { 1e-6 };
        near(name, &column(&table, name), &numbers(values), relative, absolute);
    }

    let bins = CorrelogramBins::new(params.sampling_frequency, 50.0, 1.0);
    let counts = correlograms(&known, &bins).unwrap();
    let told_counts: Vec<f64> = told["correlograms"].as_array().unwrap().iter().flat_map(&flat).collect();
    near("correlograms", &counts.iter().map(|&c| f64::from(c)).collect::<Vec<_>>(), &told_counts, 0.0, 0.0);
    let starts = numbers(&told["bins"]);
    near("bins", &bins.starts_ms(params.sampling_frequency), &starts[..starts.len() - 1], 0.0, 1e-9);

    let found = compare_to_truth(&known, &tested, &CompareParams::default()).unwrap();
    let units = found.units_table();
    for (name, values) in told["performance"].as_object().unwrap() {
        near(name, &column(&units, name), &numbers(values), 1e-12, 0.0);
    }
    let ids = |ids: &[Id]| ids.iter().map(|id| id.to_string().parse::<f64>().unwrap()).collect::<Vec<_>>();
    let matched: Vec<f64> =
        found.units.iter().map(|u| u.tested_id.clone().map_or(-1.0, |id| ids(&[id])[0])).collect();
    near("matching", &matched, &numbers(&told["tested_ids"]), 0.0, 0.0);
    near("well detected", &ids(&found.well_detected_units), &numbers(&told["well_detected"]), 0.0, 0.0);
    near("false positive", &ids(&found.false_positive_units), &numbers(&told["false_positive"]), 0.0, 0.0);
    near("redundant", &ids(&found.redundant_units), &numbers(&told["redundant"]), 0.0, 0.0);
    near("overmerged", &ids(&found.overmerged_units), &numbers(&told["overmerged"]), 0.0, 0.0);
    assert!(found.redundant + found.overmerged + found.false_positive >= 3, "each kind occurs");
    let confusion = found.confusion_table();
    let rows: Vec<f64> = (0..confusion.num_rows())
        .flat_map(|row| confusion.columns[1..].iter().map(move |(_, c)| c.number(row).unwrap()))
        .collect();
    near("confusion", &rows, &flat(&told["confusion"]), 0.0, 0.0);

    let two = compare_sortings(&known, &tested, &CompareParams::default()).unwrap();
    near(
        "agreement",
        &two.agreement.iter().copied().collect::<Vec<_>>(),
        &flat(&told["agreement"]),
        1e-12,
        0.0,
    );
    let matched: Vec<f64> =
        two.matches.iter().map(|m| m.other_id.clone().map_or(-1.0, |id| ids(&[id])[0])).collect();
    near("matches of two", &matched, &numbers(&told["matches"]), 0.0, 0.0);
}
