//! Motion against SpikeInterface: estimated, corrected, saved and read.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use ndarray::Array2;
use serde_json::{Value, json};
use spikeloom::{
    data::{
        Axis, DType, Interpolation, Motion, MotionSegment, Probe, Recording, RecordingInfo, Source,
        SourceError,
    },
    engine::{
        Silent,
        chain::compile,
        motion::{BorderMode, CorrectParams, DredgeParams, Event, Extent, Pairs, correction_stages, dredge},
    },
    io,
};
use std::{fs, path::Path, sync::Arc};

const SCRIPT: &str = include_str!("python/motion_reference.py");
const RATE: f64 = 1000.0;

/// Four staggered columns, a row each 20 µm.
fn positions() -> Vec<[f64; 2]> {
    (0..64).map(|i| [[43.0, 11.0, 59.0, 27.0][i % 4], 20.0 * (i / 2) as f64]).collect()
}

/// Numbers between 0 and 1, the same on every run.
fn uniform(count: usize, seed: u64) -> Vec<f64> {
    // SplitMix64 of the place.
    let number = |i: u64| {
        let mut z = (seed << 32).wrapping_add(i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count as u64).map(number).collect()
}

/// Spikes of 40 units that move by 24 µm at the tip and a third of it at the other end.
fn events(seconds: f64) -> Vec<Event> {
    let (times, others) = (uniform(20_000, 1), uniform(20_000, 2));
    let units: Vec<(f64, f64)> =
        uniform(40, 3).into_iter().zip(uniform(40, 4)).map(|(y, a)| (620.0 * y, 40.0 + 200.0 * a)).collect();
    let mut events: Vec<Event> = times
        .iter()
        .zip(&others)
        .enumerate()
        .map(|(i, (time, other))| {
            let (depth, amplitude) = units[i % units.len()];
            let time_s = (time * seconds * RATE).floor() / RATE;
            let depth_um = depth + moved(time_s, depth) + 6.0 * (other - 0.5);
            Event { time_s, depth_um, amplitude: -amplitude * (0.9 + 0.2 * other) }
        })
        .collect();
    events.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    events
}

fn moved(time_s: f64, depth_um: f64) -> f64 {
    12.0 * (time_s / 12.0).sin() * (1.0 - 0.67 * depth_um / 620.0)
}

/// Frames of noise in memory.
#[derive(Debug)]
struct Noise(RecordingInfo, Vec<f32>);

impl Source for Noise {
    fn info(&self) -> &RecordingInfo {
        &self.0
    }
    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let first = start * self.0.num_channels();
        out.copy_from_slice(&self.1[first..first + out.len()]);
        Ok(())
    }
    fn files(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }
}

fn noise(frames: usize) -> Recording {
    let mut info = RecordingInfo::new(RATE, positions().len(), frames, DType::Float32);
    info.probe = Some(Arc::new(Probe::from_positions(&positions())));
    let values = uniform(frames * positions().len(), 9).into_iter().map(|x| x as f32 - 0.5).collect();
    Recording::new(Arc::new(Noise(info, values)))
}

fn some_motion() -> Motion {
    let temporal_bins_s: Vec<f64> = (0..9).map(|i| 0.25 + 0.5 * f64::from(i)).collect();
    let spatial_bins_um = vec![100.0, 300.0, 500.0];
    let displacement_um =
        Array2::from_shape_fn((9, 3), |(t, d)| 18.0 * (t as f64 / 2.0).sin() - 3.0 * d as f64);
    let confidence = Some(Array2::from_elem((9, 3), 2.5));
    let segments = vec![MotionSegment { temporal_bins_s, displacement_um, confidence }];
    Motion { axis: Axis::Y, spatial_bins_um, segments }
}

fn compare_estimate(name: &str, told: &Value, ours: &Motion) {
    let theirs = &told["estimates"][name];
    let depths: Vec<f64> = serde_json::from_value(theirs["depths"].clone()).unwrap();
    assert_eq!(depths, ours.spatial_bins_um, "{name}: windows");
    let rows: Vec<Vec<f64>> = serde_json::from_value(theirs["displacement"].clone()).unwrap();
    let found = &ours.segments[0].displacement_um;
    assert_eq!(found.dim(), (rows.len(), depths.len()), "{name}");
    let differences: Vec<f64> = found
        .rows()
        .into_iter()
        .zip(&rows)
        .flat_map(|(a, b)| a.iter().zip(b).map(|(x, y)| x - y).collect::<Vec<_>>())
        .collect();
    let most = differences.iter().fold(0.0f64, |m, d| m.max(d.abs()));
    let rms = (differences.iter().map(|d| d * d).sum::<f64>() / differences.len() as f64).sqrt();
    println!("{name}: largest difference {most:.4} µm, rms {rms:.5} µm");
    assert!(most <= 1.0 && rms <= 0.2, "{name}: {most} µm at most, rms {rms} µm");
    let range = ours.range_um();
    assert!((8.0..40.0).contains(&range), "{name}: the tissue moves by 24 µm, found {range}");
}

#[test]
fn motion_is_that_of_spikeinterface() {
    let seconds = 90.0;
    let events = events(seconds);
    let extent =
        Extent { contacts_um: 0.0..620.0, durations_s: vec![seconds - 1.0 / RATE], starts_s: vec![0.0] };
    let like_theirs = DredgeParams {
        win_step_um: 150.0,
        win_scale_um: 200.0,
        bin_um: 1.0,
        pairs: Pairs::All,
        sub_bin: false,
        ..DredgeParams::default()
    };
    let segments = vec![events.clone()];
    let estimate = |params: &DredgeParams| dredge(&segments, &extent, params, &Silent).unwrap();
    let nonrigid = estimate(&like_theirs);
    let rigid = estimate(&DredgeParams { rigid: true, ..like_theirs });

    let folder = tempfile::tempdir().unwrap();
    let motion = some_motion();
    io::motion::write(&motion, &folder.path().join("ours")).unwrap();
    let recording = noise(4500);
    let chain = compile(&recording).unwrap();
    let bytes: Vec<u8> = chain.read(0, 0..4500, None).unwrap().iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(folder.path().join("traces.raw"), bytes).unwrap();
    let base = CorrectParams::default();
    let corrections = [
        (json!({"border_mode": "force_extrapolate", "p": 1}), BorderMode::ForceExtrapolate, base),
        (
            json!({"border_mode": "force_zeros", "p": 2}),
            BorderMode::ForceZeros,
            CorrectParams { power: 2.0, ..base },
        ),
        (json!({"border_mode": "remove_channels"}), BorderMode::RemoveChannels, base),
        (
            json!({"border_mode": "force_zeros", "spatial_interpolation_method": "idw"}),
            BorderMode::ForceZeros,
            CorrectParams { interpolation: Interpolation::Idw, ..base },
        ),
        (
            json!({"border_mode": "force_zeros", "spatial_interpolation_method": "nearest"}),
            BorderMode::ForceZeros,
            CorrectParams { interpolation: Interpolation::Nearest, ..base },
        ),
    ];
    let windows = json!({"win_step_um": 150.0, "win_scale_um": 200.0});
    let mut flat = windows.clone();
    flat["rigid"] = json!(true);
    let about = json!({
        "positions": positions(),
        "sampling_frequency": RATE,
        "num_frames": (seconds * RATE) as usize,
        "sample": events.iter().map(|e| (e.time_s * RATE).round() as i64).collect::<Vec<_>>(),
        "depth": events.iter().map(|e| e.depth_um).collect::<Vec<_>>(),
        "amplitude": events.iter().map(|e| e.amplitude).collect::<Vec<_>>(),
        "estimates": {"nonrigid": windows, "rigid": flat},
        "traces_rate": RATE,
        "corrections": corrections.iter().map(|c| &c.0).collect::<Vec<_>>(),
    });
    fs::write(folder.path().join("about.json"), about.to_string()).unwrap();
    let told: Value = serde_json::from_str(&common::run_python(SCRIPT, &[folder.path()])).unwrap();
    compare_estimate("nonrigid", &told, &nonrigid);
    compare_estimate("rigid", &told, &rigid);

    // What they saved is what we read.
    let theirs = io::motion::read(&folder.path().join("theirs")).unwrap();
    assert_eq!(theirs.spatial_bins_um, nonrigid.spatial_bins_um);
    assert_eq!(theirs.segments[0].temporal_bins_s, nonrigid.segments[0].temporal_bins_s);

    for (index, (name, border_mode, params)) in corrections.iter().enumerate() {
        let settings = CorrectParams { border_mode: *border_mode, ..*params };
        let mut corrected = recording.clone();
        for stage in correction_stages(recording.info(), &motion, &settings).unwrap() {
            corrected = corrected.with_stage(stage).unwrap();
        }
        compare_traces(&name.to_string(), &corrected, &folder.path().join(format!("corrected_{index}.raw")));
        let channels: Vec<usize> =
            serde_json::from_value(told["channels"][index.to_string()].clone()).unwrap();
        assert_eq!(channels.len(), corrected.info().num_channels(), "{name}");
    }
}

fn compare_traces(name: &str, corrected: &Recording, path: &Path) {
    let bytes = fs::read(path).unwrap();
    let theirs: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let chain = compile(corrected).unwrap();
    let ours = chain.read(0, 0..chain.num_frames(0), None).unwrap();
    assert_eq!(ours.len(), theirs.len(), "{name}");
    let size = theirs.iter().map(|x| x * x).sum::<f32>().sqrt();
    let off = ours.iter().zip(&theirs).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt() / size;
    println!("{name}: relative difference {off:.2e}");
    assert!(off < 1e-4, "{name}: {off}");
    // In pieces, across the borders of time bins, it is the same to the bit.
    for range in [0..1, 700..1300, 4000..4500] {
        let piece = chain.read(0, range.clone(), None).unwrap();
        assert_eq!(piece, ours.slice(ndarray::s![range, ..]), "{name}");
    }
}

#[test]
fn sparse_pairs_find_the_motion_of_long_recordings() {
    let seconds = 300.0;
    let segments = vec![events(seconds)];
    let extent = Extent { contacts_um: 0.0..620.0, durations_s: vec![seconds], starts_s: vec![0.0] };
    let params = DredgeParams { win_step_um: 150.0, win_scale_um: 150.0, ..DredgeParams::default() };
    let motion = dredge(&segments, &extent, &params, &Silent).unwrap();
    for (depth, range) in motion.spatial_bins_um.iter().zip(motion.ranges_um()) {
        let truth = 24.0 * (1.0 - 0.67 * depth / 620.0);
        assert!((range - truth).abs() < 0.25 * truth, "at {depth} µm: {range} µm, truly {truth}");
    }
    let own = &motion.segments[0];
    let mut errors: Vec<f64> = Vec::new();
    for (w, &depth) in motion.spatial_bins_um.iter().enumerate() {
        let difference: Vec<f64> = own
            .temporal_bins_s
            .iter()
            .enumerate()
            .map(|(t, &time)| own.displacement_um[[t, w]] - moved(time, depth))
            .collect();
        let mean = difference.iter().sum::<f64>() / difference.len() as f64;
        errors.extend(difference.iter().map(|d| d - mean));
    }
    let rms = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    assert!(rms < 1.5, "rms error {rms} µm");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| dredge(&segments, &extent, &params, &Silent).unwrap());
    assert_eq!(alone, motion, "the same bytes for any number of threads");
}

#[test]
fn motion_survives_files_and_damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let motion = some_motion();
    for name in ["motion", "motion.npz"] {
        let path = folder.path().join(name);
        io::motion::write(&motion, &path).unwrap();
        assert_eq!(io::motion::read(&path).unwrap(), motion, "{name}");
    }
    fs::remove_file(folder.path().join("motion/temporal_bins_s_seg0.npy")).unwrap();
    let told = io::motion::read(&folder.path().join("motion")).unwrap_err().to_string();
    assert!(told.contains("temporal_bins_s_seg0.npy"), "{told}");
    fs::write(folder.path().join("motion/spikeinterface_info.json"), "{\"object\": \"Sorting\"}").unwrap();
    let told = io::motion::read(&folder.path().join("motion")).unwrap_err().to_string();
    assert!(told.contains("Motion"), "{told}");
}
