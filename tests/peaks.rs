//! Peaks and their positions against SpikeInterface.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use serde_json::{Value, json};
use spikeloom::{
    data::{Operator, Peaks, Recording, ReferenceSet, Stage},
    engine::{
        Silent,
        chain::compile,
        design::{Band, Family, design},
        detect::{DetectMethod, DetectParams, PeakSign, detect_peaks, survey},
        geometry::Geometry,
        localize::{LocalizeMethod, LocalizeParams, localize_peaks},
        synthetic::{GenerateParams, SyntheticSource, truth},
    },
};
use std::{collections::BTreeSet, fs, sync::Arc};

const SCRIPT: &str = include_str!("python/peaks_reference.py");

fn recording() -> Recording {
    let params = GenerateParams { duration_s: 6.0, num_units: 14, ..GenerateParams::default() };
    let truth = Arc::new(truth(&params, 3));
    let raw = Recording::new(Arc::new(SyntheticSource::new(&params, 3, truth).unwrap()));
    let sections =
        design(Family::Butterworth, 5, Band::Bandpass(300.0, 6000.0), params.sampling_frequency).unwrap();
    let filtered = raw.with_stage(Stage::Filter { sections, marks_filtered: true }).unwrap();
    let reference = ReferenceSet::Sets(vec![(0..raw.info().num_channels()).collect()]);
    filtered.with_stage(Stage::CommonReference { operator: Operator::Median, reference }).unwrap()
}

fn pairs(value: &Value) -> Vec<[f64; 2]> {
    let pair = |p: &Value| [p[0].as_f64().unwrap(), p[1].as_f64().unwrap()];
    value.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn peaks_and_positions_are_those_of_spikeinterface() {
    let recording = recording();
    let info = recording.info().clone();
    let chain = compile(&recording).unwrap();
    let base = DetectParams { method: DetectMethod::LocallyExclusive, ..DetectParams::default() };
    let noise = survey(&chain, &Geometry::of(&info).unwrap(), base.peak_sign, &Silent).unwrap().noise;
    let detect = |peak_sign| detect_peaks(&chain, &DetectParams { peak_sign, ..base }, &Silent).unwrap();
    let found: Vec<(&str, Peaks)> =
        [("neg", PeakSign::Neg), ("pos", PeakSign::Pos), ("both", PeakSign::Both)]
            .map(|(name, sign)| (name, detect(sign)))
            .into();
    let peaks = &found[0].1;
    assert!(peaks.len() > 200, "{} peaks", peaks.len());

    let located = [
        ("center_of_mass", LocalizeMethod::CenterOfMass),
        ("monopolar_triangulation", LocalizeMethod::MonopolarTriangulation),
        ("grid_convolution", LocalizeMethod::GridConvolution),
    ]
    .map(|(name, method)| {
        let radius_um = method.usual_radius_um();
        let params = LocalizeParams { method, radius_um, ms_before: 0.5, ms_after: 0.5 };
        let places = localize_peaks(&chain, peaks, &params, &Silent).unwrap().location_um.unwrap();
        (name, places.iter().map(|p| p.map(f64::from)).collect::<Vec<_>>())
    });

    let folder = tempfile::tempdir().unwrap();
    let traces = chain.read(0, 0..info.segments[0].num_frames, None).unwrap();
    let bytes: Vec<u8> = traces.iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(folder.path().join("traces.raw"), bytes).unwrap();
    let about = json!({
        "positions": info.locations_um().unwrap(),
        "sampling_frequency": info.sampling_frequency,
        "noise": noise,
        "detect_threshold": base.detect_threshold,
        "exclude_sweep_ms": base.exclude_sweep_ms,
        "radius_um": base.radius_um,
    });
    fs::write(folder.path().join("about.json"), about.to_string()).unwrap();
    let ours = json!({
        "sample": peaks.sample_index.as_slice(),
        "channel": peaks.channel_index.as_slice(),
        "amplitude": peaks.amplitude.as_slice(),
        "monopolar_triangulation": located[1].1,
    });
    fs::write(folder.path().join("peaks.json"), ours.to_string()).unwrap();
    let told: Value = serde_json::from_str(&common::run_python(SCRIPT, &[folder.path()])).unwrap();

    for (sign, peaks) in &found {
        let own: BTreeSet<(i64, i64)> = peaks
            .sample_index
            .iter()
            .zip(peaks.channel_index.iter())
            .map(|(&sample, &channel)| (sample, i64::from(channel)))
            .collect();
        let theirs: BTreeSet<(i64, i64)> =
            pairs(&told["peaks"][sign]).into_iter().map(|[s, c]| (s as i64, c as i64)).collect();
        let extra: Vec<_> = own.difference(&theirs).collect();
        let missing: Vec<_> = theirs.difference(&own).collect();
        assert!(extra.is_empty() && missing.is_empty(), "{sign}: extra {extra:?}, missing {missing:?}");
    }

    let distances = |index: usize| -> Vec<f64> {
        let (name, own) = &located[index];
        let theirs = pairs(&told["places"][name]);
        let mut all: Vec<f64> =
            own.iter().zip(&theirs).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (center, monopolar, grid) = (distances(0), distances(1), distances(2));
    assert!(center[center.len() - 1] < 1e-3, "centre of mass: {} µm off", center[center.len() - 1]);
    assert!(monopolar[monopolar.len() / 2] < 0.5, "monopolar: {} µm off", monopolar[monopolar.len() / 2]);
    let excess = told["excess"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap());
    let worst = excess.fold(f64::NEG_INFINITY, f64::max);
    assert!(worst <= 1e-6, "monopolar: the fit is worse by {worst}");
    // A product that lies on the threshold itself may fall on either side.
    let most = grid[grid.len() * 99 / 100];
    assert!(most < 0.05, "grid: {most} µm off");
}
