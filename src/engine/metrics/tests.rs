#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    data::Id,
    engine::{
        Silent,
        synthetic::{GenerateParams, SyntheticSource, truth},
        waveforms::select_spikes,
    },
};
use std::sync::Arc;

fn sorting(trains: &[&[i64]]) -> Sorting {
    let spikes: Vec<(i64, u32)> =
        trains.iter().enumerate().flat_map(|(u, t)| t.iter().map(move |&s| (s, u as u32))).collect();
    let (samples, units): (Vec<i64>, Vec<u32>) = spikes.into_iter().unzip();
    Sorting::from_spikes(1_000.0, Id::range(trains.len()), &samples, &units)
}

fn metrics(sorting: &Sorting, frames: usize, params: &MetricParams) -> Table {
    let inputs = MetricInputs { sorting, num_frames: &[frames], templates: None, noise: None };
    quality_metrics(&inputs, params)
}

#[test]
fn counts_rates_and_violations() {
    // 1 kHz, 120 s. Unit 1 has an interval of 1 ms and one of exactly the refractory period.
    let sorting = sorting(&[&[1_000, 2_000, 70_000], &[10, 11, 500, 501], &[]]);
    let table = metrics(&sorting, 120_000, &MetricParams::default());
    let column = |name: &str| (0..3).map(|u| table.column(name).unwrap().number(u)).collect::<Vec<_>>();
    assert_eq!(column("num_spikes"), [Some(3.0), Some(4.0), Some(0.0)]);
    assert_eq!(column("firing_rate"), [Some(3.0 / 120.0), Some(4.0 / 120.0), None]);
    assert_eq!(column("presence_ratio"), [Some(1.0), Some(0.5), None]);
    assert_eq!(column("isi_violations_count"), [Some(0.0), Some(2.0), Some(-1.0)]);
    assert_eq!(column("rp_violations"), [Some(0.0), Some(2.0), Some(-1.0)]);
    assert!(table.column("snr").is_none() && table.column("amplitude_median").is_none());
}

#[test]
fn too_short_a_recording_has_no_presence_ratio() {
    let table = metrics(&sorting(&[&[5]]), 1_000, &MetricParams::default());
    assert_eq!(table.column("presence_ratio").unwrap().number(0), None);
}

#[test]
fn drift_is_that_of_the_locations() {
    let times: Vec<i64> = (0..3_000).map(|i| i * 100).collect();
    let mut sorting = sorting(&[&times]);
    // 300 s: one micrometre further in each of five minutes.
    sorting.segments[0].location_um = Some(times.iter().map(|&t| [0.0, (t / 60_000) as f32]).collect());
    let table = metrics(&sorting, 300_000, &MetricParams::default());
    assert_eq!(table.column("drift_ptp").unwrap().number(0), Some(4.0));
    assert_eq!(table.column("drift_mad").unwrap().number(0), Some(1.0));
}

#[test]
fn a_cut_distribution_has_a_cutoff() {
    // A bell from quantiles; the second one is cut at its middle.
    let bell: Vec<f64> = (1..4_000)
        .map(|i| {
            let p = f64::from(i) / 4_000.0;
            100.0 + 10.0 * (p / (1.0 - p)).ln()
        })
        .collect();
    let whole = amplitudes::cutoff(&bell, &MetricParams::default());
    let cut: Vec<f64> = bell.iter().copied().filter(|&a| a > 98.0).collect();
    let cut = amplitudes::cutoff(&cut, &MetricParams::default());
    assert!(whole < 0.02, "{whole}");
    assert!(cut > 0.3, "{cut}");
}

#[test]
fn the_snr_of_units_that_fire_rarely_is_nearly_that_of_all_their_spikes() {
    let params = GenerateParams { duration_s: 20.0, num_units: 4, ..GenerateParams::default() };
    let known = truth(&params, 0);
    let source = SyntheticSource::new(&params, 0, Arc::new(known.clone())).unwrap();
    let recording = Recording::new(Arc::new(source));
    let few: Vec<(i64, u32)> = (0..4)
        .flat_map(|unit| {
            known.trains(0)[unit]
                .iter()
                .step_by(4)
                .take(40)
                .map(move |&s| (s, unit as u32))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut few = few;
    few.sort_unstable();
    let (samples, units): (Vec<i64>, Vec<u32>) = few.into_iter().unzip();
    let few = Sorting::from_spikes(known.sampling_frequency, Id::range(4), &samples, &units);
    let table = compute_quality_metrics(&recording, &few, &MetricParams::default(), 0, &Silent).unwrap();

    let chain = chain::compile(&recording).unwrap();
    let waveform_params = WaveformParams::default();
    let (before, samples) = waveform_params.samples(known.sampling_frequency);
    let all = select_spikes(&few, &[chain.num_frames(0)], before, samples, 500, 0);
    // Fewer than are enough whatever a unit has, so that half of them are taken.
    assert!(all.iter().all(|spikes| spikes.len() <= 50) && all.iter().any(|spikes| spikes.len() > 20));
    let templates = estimate_templates(&chain, &few, &all, &waveform_params, &Silent).unwrap();
    let noise =
        noise_levels(&chain, NoiseMethod::Mad, &Chunks::standard(recording.info(), 0), &Silent).unwrap();
    let inputs = MetricInputs {
        sorting: &few,
        num_frames: &[chain.num_frames(0)],
        templates: Some(&templates),
        noise: Some(&noise),
    };
    let of_all = quality_metrics(&inputs, &MetricParams::default());
    for unit in 0..4 {
        let snr = |table: &Table| table.column("snr").unwrap().number(unit).unwrap();
        assert!((snr(&table) / snr(&of_all) - 1.0).abs() < 0.05, "{} {}", snr(&table), snr(&of_all));
    }
}
