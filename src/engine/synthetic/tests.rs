#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::data::Source;
use std::sync::Arc;

fn params() -> GenerateParams {
    GenerateParams { duration_s: 4.0, ..GenerateParams::default() }
}

fn source(params: &GenerateParams, seed: u64) -> SyntheticSource {
    SyntheticSource::new(params, seed, Arc::new(truth(params, seed))).unwrap()
}

fn read(source: &SyntheticSource, start: usize, frames: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; frames * source.info().num_channels()];
    source.read(0, start, &mut out).unwrap();
    out
}

/// Peak-to-peak traces of the truth alone, no noise.
fn quiet() -> GenerateParams {
    GenerateParams {
        noise_uv: 0.0,
        common_noise_uv: 0.0,
        field_potential_uv: 0.0,
        num_background_units: 0,
        ..params()
    }
}

#[test]
fn any_range_read_any_way_has_the_same_samples() {
    for drift in [DriftMode::None, DriftMode::Zigzag, DriftMode::Bumps, DriftMode::Slow] {
        let params = GenerateParams { drift, drift_period_s: 1.0, non_rigid: 0.4, ..params() };
        let source = source(&params, 3);
        let n = source.info().num_channels();
        let whole = read(&source, 0, 9_000);
        assert!(whole.iter().all(|x| x.is_finite() && *x == x.round()));
        for (start, frames) in [(0, 1), (1_023, 2), (1_000, 3_000), (5_555, 777), (8_999, 1)] {
            assert_eq!(
                read(&source, start, frames),
                whole[start * n..(start + frames) * n],
                "{drift:?} {start}"
            );
        }
    }
}

#[test]
fn same_seeds_same_recording_other_seeds_another() {
    let a = read(&source(&params(), 3), 0, 2_000);
    assert_eq!(a, read(&source(&params(), 3), 0, 2_000));
    assert_ne!(a, read(&source(&params(), 4), 0, 2_000));
    let other = GenerateParams { seed: 1, ..params() };
    assert_ne!(a, read(&source(&other, 3), 0, 2_000));
}

#[test]
fn spikes_are_at_their_negative_peak_with_their_amplitude() {
    let params = GenerateParams { num_units: 1, burst_fraction: 1.0, ..quiet() };
    let source = source(&params, 0);
    let truth = truth(&params, 0);
    let channel = truth.properties.column("peak_channel").unwrap().number(0).unwrap() as usize;
    let spikes = &truth.segments[0];
    assert!(spikes.sample_index.len() > 10);
    for (i, &sample) in spikes.sample_index.iter().enumerate() {
        let traces = read(&source, sample as usize - 15, 31);
        let trace: Vec<f32> = traces.chunks_exact(32).map(|row| row[channel]).collect();
        let lowest = (0..31).min_by(|&a, &b| trace[a].total_cmp(&trace[b])).unwrap();
        // Two samples around the true peak can be equal after rounding.
        assert!(trace[15] <= trace[lowest] + 2.0, "{lowest}: {trace:?}");
        let found = f64::from(trace[15]) * GAIN_UV;
        let told = f64::from(spikes.amplitude.as_ref().unwrap()[i]);
        assert!((found - told).abs() < 0.03 * told.abs() + 1.0, "{found} {told}");
    }
}

#[test]
fn trains_keep_their_refractory_period_and_rates() {
    let params = GenerateParams { duration_s: 300.0, num_units: 40, ..params() };
    let truth = truth(&params, 1);
    let least = (params.refractory_period_ms * 1e-3 * params.sampling_frequency) as i64;
    let mut rates: Vec<f64> = truth.spike_counts().iter().map(|&n| n as f64 / 300.0).collect();
    for train in truth.trains(0) {
        assert!(train.windows(2).all(|w| w[1] - w[0] >= least - 1));
    }
    rates.sort_by(f64::total_cmp);
    let median = rates[rates.len() / 2];
    assert!((4.0..9.0).contains(&median), "median rate {median}");
    let bursting = truth.properties.column("bursts").unwrap();
    let count = (0..40).filter(|&u| bursting.number(u) == Some(1.0)).count();
    assert!((2..=16).contains(&count), "{count} bursting units");
}

#[test]
fn noise_has_its_size_and_is_shared_by_neighbours() {
    let params = GenerateParams {
        num_units: 0,
        num_background_units: 0,
        common_noise_uv: 0.0,
        field_potential_uv: 0.0,
        ..params()
    };
    let traces = read(&source(&params, 0), 0, 60_000);
    let channel = |c: usize| traces.chunks_exact(32).map(move |row| f64::from(row[c]) * GAIN_UV);
    let product = |a: usize, b: usize| channel(a).zip(channel(b)).map(|(x, y)| x * y).sum::<f64>() / 60_000.0;
    let rms = product(5, 5).sqrt();
    assert!((0.88 * 8.0..1.12 * 8.0).contains(&rms), "{rms}");
    let correlation = |a, b| product(a, b) / (product(a, a) * product(b, b)).sqrt();
    assert!(correlation(5, 6) > 0.3, "{}", correlation(5, 6));
    assert!(correlation(5, 25).abs() < 0.05, "{}", correlation(5, 25));
}

#[test]
fn units_move_with_the_drift() {
    let params = GenerateParams {
        num_units: 4,
        drift: DriftMode::Slow,
        drift_range_um: 60.0,
        amplitude_range_uv: [200.0, 300.0],
        duration_s: 20.0,
        ..quiet()
    };
    let truth = truth(&params, 0);
    let locations = truth.segments[0].location_um.as_ref().unwrap();
    let of_unit: Vec<f32> =
        truth.positions(0)[0].iter().map(|&position| locations[position as usize][1]).collect();
    let moved = of_unit.last().unwrap() - of_unit.first().unwrap();
    assert!((40.0..=60.0).contains(&moved), "{moved}");
    // The depth of the largest deflection follows.
    let source = source(&params, 0);
    let deepest = |sample: i64| {
        let row = read(&source, sample as usize, 1);
        (0..32).min_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as f64 * 25.0
    };
    let train = &truth.trains(0)[0];
    let shift = deepest(train[train.len() - 1]) - deepest(train[0]);
    assert!((25.0..=75.0).contains(&shift), "{shift}");
}

#[test]
fn every_probe_has_its_channels_and_a_truth() {
    for (probe, channels) in [
        (ProbeLayout::Tetrode, 4),
        (ProbeLayout::Linear16, 16),
        (ProbeLayout::Linear32, 32),
        (ProbeLayout::Polytrode32, 32),
        (ProbeLayout::Neuropixels64, 64),
        (ProbeLayout::Neuropixels128, 128),
        (ProbeLayout::Neuropixels384, 384),
    ] {
        let params = GenerateParams { probe, duration_s: 1.0, ..params() };
        let source = source(&params, 0);
        assert_eq!(source.info().num_channels(), channels);
        assert!(source.info().probe.as_ref().unwrap().is_wired());
        assert!(read(&source, 0, 3_000).iter().any(|&x| x != 0.0));
    }
}
