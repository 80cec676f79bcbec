#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    data::{Recording, Sorting},
    engine::{
        Silent, chain,
        synthetic::{GenerateParams, SyntheticSource, truth},
    },
};
use std::sync::Arc;

fn recording() -> (chain::Chain, Sorting) {
    recording_of(5.0)
}

fn recording_of(duration_s: f64) -> (chain::Chain, Sorting) {
    let params = GenerateParams { duration_s, num_units: 4, ..GenerateParams::default() };
    let truth = truth(&params, 0);
    let source = SyntheticSource::new(&params, 0, Arc::new(truth.clone())).unwrap();
    (chain::compile(&Recording::new(Arc::new(source))).unwrap(), truth)
}

#[test]
fn means_are_those_of_the_single_waveforms() {
    let (chain, sorting) = recording();
    let params = WaveformParams { max_spikes_per_unit: 20, ..WaveformParams::default() };
    let (before, samples) = params.samples(sorting.sampling_frequency);
    assert_eq!((before, samples), (30, 90));
    let selected = select_spikes(&sorting, &[chain.num_frames(0)], before, samples, 20, 7);
    assert!(selected.iter().all(|s| s.len() <= 20 && !s.is_empty() && s.is_sorted()));
    let waveforms = extract(&chain, &sorting, selected, &params, &Silent).unwrap();
    for unit in 0..4 {
        let mean = waveforms.values[unit].mean_axis(ndarray::Axis(0)).unwrap();
        for (a, b) in mean.iter().zip(&waveforms.templates.waveforms[unit]) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        let deviation = waveforms.values[unit].std_axis(ndarray::Axis(0), 0.0);
        for (a, b) in deviation.iter().zip(&waveforms.templates.deviations[unit]) {
            assert!((a - b).abs() < 2e-2, "{a} {b}");
        }
        // A waveform is the traces around its spike, in µV.
        let (segment, position) = waveforms.spikes[unit][3];
        let start = sorting.segments[segment as usize].sample_index[position as usize] as usize - before;
        let channel = waveforms.templates.channel_indices[unit][0] as usize;
        let traces = chain.read(0, start..start + samples, Some(&[channel])).unwrap();
        assert!((waveforms.values[unit][[3, 40, 0]] - traces[[40, 0]] * 0.195).abs() < 1e-4);
    }
    assert!(waveforms.templates.in_uv);
}

#[test]
fn channels_that_are_dropped_early_change_no_mean() {
    let (chain, sorting) = recording_of(20.0);
    let params = WaveformParams { radius_um: 40.0, max_spikes_per_unit: 200, ..WaveformParams::default() };
    let selected = select_spikes(&sorting, &[chain.num_frames(0)], 30, 90, 200, 7);
    assert!(selected.iter().any(|s| s.len() > 60));
    let waveforms = extract(&chain, &sorting, selected, &params, &Silent).unwrap();
    for unit in 0..4 {
        assert!(waveforms.templates.channel_indices[unit].len() > 1);
        let mean = waveforms.values[unit].mean_axis(ndarray::Axis(0)).unwrap();
        assert_eq!(mean.shape(), waveforms.templates.waveforms[unit].shape());
        for (a, b) in mean.iter().zip(&waveforms.templates.waveforms[unit]) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
    }
}

#[test]
fn main_channels_and_amplitudes_are_those_of_the_truth() {
    let (chain, sorting) = recording();
    let params = WaveformParams::default();
    let selected = select_spikes(&sorting, &[chain.num_frames(0)], 30, 90, 500, 0);
    let templates = estimate_templates(&chain, &sorting, &selected, &params, &Silent).unwrap();
    for (unit, main) in main_channels(&templates).into_iter().enumerate() {
        let (channel, shift) = main.unwrap();
        let told = sorting.properties.column("peak_channel").unwrap().number(unit).unwrap();
        assert!((channel as f64 - told).abs() <= 1.0);
        assert!(shift.abs() <= 1, "{shift}");
    }
}

#[test]
fn the_choice_depends_on_the_seed_alone() {
    let (chain, sorting) = recording();
    let select = |seed| select_spikes(&sorting, &[chain.num_frames(0)], 30, 90, 5, seed);
    assert_eq!(select(1), select(1));
    assert_ne!(select(1), select(2));
}

#[test]
fn a_sorting_of_another_recording_is_refused() {
    let (chain, sorting) = recording();
    let mut other = sorting.clone();
    other.sampling_frequency = 20_000.0;
    let selected = vec![Vec::new(); 4];
    let error =
        estimate_templates(&chain, &other, &selected, &WaveformParams::default(), &Silent).unwrap_err();
    assert!(error.to_string().contains("connect the recording that was sorted"), "{error}");
}
