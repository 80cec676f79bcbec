//! The ready sorter on generated recordings: what it finds, that it repeats itself, and that it survives nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod difficult;
mod held;
mod probes;
mod properties;

use spikeloom::{
    data::{
        DType, Motion, Operator, Recording, RecordingInfo, ReferenceSet, Sorting, Source, SourceError, Stage,
        Templates,
    },
    engine::{
        EngineError, Monitor, Scratch, Silent,
        design::{Band, Family, design},
        sort::{SortOutput, SortParams, sort},
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    },
    nodes::registry,
    pipeline::{
        Document, Edit, EventKind, Executor, Limits, Look, Pipeline, RunOptions, RunStatus, Store, Value,
        validate,
    },
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

struct Nowhere;
impl Scratch for Nowhere {
    fn templates(&self, _: &str) -> Option<Templates> {
        None
    }
    fn keep_templates(&self, _: &str, _: &Templates) {}
    fn motion(&self) -> Option<Motion> {
        None
    }
    fn keep_motion(&self, _: &Motion) {}
    fn parts(&self, _: &str) -> Vec<(u64, Vec<u8>)> {
        Vec::new()
    }
    fn keep_part(&self, _: &str, _: u64, _: &[u8]) {}
    fn forget_parts(&self, _: &str) {}
}

/// Keeps what a sort has come to.
#[derive(Default)]
struct Kept {
    templates: Mutex<BTreeMap<String, Templates>>,
    motion: Mutex<Option<Motion>>,
    parts: Mutex<BTreeMap<String, Vec<(u64, Vec<u8>)>>>,
}
impl Scratch for Kept {
    fn templates(&self, name: &str) -> Option<Templates> {
        self.templates.lock().unwrap().get(name).cloned()
    }
    fn keep_templates(&self, name: &str, templates: &Templates) {
        self.templates.lock().unwrap().insert(name.into(), templates.clone());
    }
    fn motion(&self) -> Option<Motion> {
        self.motion.lock().unwrap().clone()
    }
    fn keep_motion(&self, motion: &Motion) {
        *self.motion.lock().unwrap() = Some(motion.clone());
    }
    fn parts(&self, pass: &str) -> Vec<(u64, Vec<u8>)> {
        self.parts.lock().unwrap().get(pass).cloned().unwrap_or_default()
    }
    fn keep_part(&self, pass: &str, part: u64, bytes: &[u8]) {
        self.parts.lock().unwrap().entry(pass.into()).or_default().push((part, bytes.to_vec()));
    }
    fn forget_parts(&self, pass: &str) {
        self.parts.lock().unwrap().remove(pass);
    }
}

/// Cancels in a stage, when a part of it was done; and counts what is done of all stages.
struct StopWithin {
    stage: &'static str,
    here: AtomicBool,
    over: AtomicBool,
    lines: Mutex<Vec<String>>,
}
impl Monitor for StopWithin {
    fn stage(&self, name: &str) {
        self.here.store(name == self.stage, Ordering::Relaxed);
    }
    fn progress(&self, done: u64, total: u64) {
        // What comes before a pass over all the recording, to measure noise, is shorter.
        let within = self.here.load(Ordering::Relaxed) && total > 100 * 30_000 && 2 * done > total;
        self.over.fetch_or(within, Ordering::Relaxed);
    }
    fn cancelled(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
    fn log(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }
}

/// Cancels when a stage begins.
struct StopAt(&'static str, AtomicBool);
impl Monitor for StopAt {
    fn stage(&self, name: &str) {
        self.1.fetch_or(name == self.0, Ordering::Relaxed);
    }
    fn cancelled(&self) -> bool {
        self.1.load(Ordering::Relaxed)
    }
}

/// Keeps the warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);
impl Monitor for Warnings {
    fn warn(&self, notice: &spikeloom::data::Notice) {
        self.0.lock().unwrap().push(notice.words.clone());
    }
}

struct Cancelled;
impl Monitor for Cancelled {
    fn cancelled(&self) -> bool {
        true
    }
}

fn filtered(recording: &Recording) -> Recording {
    let info = recording.info();
    let sections =
        design(Family::Butterworth, 5, Band::Bandpass(300.0, 6000.0), info.sampling_frequency).unwrap();
    let filtered = recording.with_stage(Stage::Filter { sections, marks_filtered: true }).unwrap();
    if info.num_channels() < 16 {
        return filtered;
    }
    let reference = ReferenceSet::Sets(vec![(0..info.num_channels()).collect()]);
    filtered.with_stage(Stage::CommonReference { operator: Operator::Median, reference }).unwrap()
}

fn generated_source(params: &GenerateParams) -> (SyntheticSource, Arc<Sorting>) {
    let truth = Arc::new(truth(params, 0));
    (SyntheticSource::new(params, 0, truth.clone()).unwrap(), truth)
}

fn generated(params: &GenerateParams) -> (Recording, Arc<Sorting>) {
    let (source, truth) = generated_source(params);
    (filtered(&Recording::new(Arc::new(source))), truth)
}

fn run(recording: &Recording) -> SortOutput {
    sort(recording, &SortParams::default(), 0, &Silent, &Nowhere).unwrap()
}

/// Share of the true spikes' and the found spikes' union that is both, for the best unit of each true one.
fn accuracies(truth: &Sorting, sorting: &Sorting, delta: i64) -> Vec<f64> {
    let found = sorting.trains(0);
    truth
        .trains(0)
        .iter()
        .map(|train| {
            let shared = |other: &Vec<i64>| {
                train
                    .iter()
                    .filter(|&&t| {
                        let i = other.partition_point(|&s| s < t - delta);
                        other.get(i).is_some_and(|&s| s <= t + delta)
                    })
                    .count()
            };
            found
                .iter()
                .map(|other| {
                    let both = shared(other);
                    both as f64 / (train.len() + other.len() - both).max(1) as f64
                })
                .fold(0.0, f64::max)
        })
        .collect()
}

#[test]
fn units_of_a_linear_probe_are_found() {
    let params = GenerateParams { duration_s: 40.0, ..GenerateParams::default() };
    let (recording, truth) = generated(&params);
    let output = run(&recording);
    let accuracies = accuracies(&truth, &output.sorting, 12);
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    assert!(mean >= 0.85, "mean accuracy {mean:.3}: {accuracies:.2?}");
    assert!(output.sorting.amplitudes_in_uv);
    assert_eq!(output.sorting.num_units(), output.templates.num_units());
    let spikes = &output.sorting.segments[0];
    assert_eq!(spikes.amplitude.as_ref().unwrap().len(), spikes.sample_index.len());
    let locations = spikes.location_um.as_ref().unwrap();
    assert_eq!(locations.len(), spikes.sample_index.len());
    let near = |&(place, &unit): &(&[f32; 2], &u32)| {
        let (main, _, _) = output.templates.extremum(unit as usize).unwrap();
        let [x, y] = output.templates.locations_um[main];
        (f64::from(place[0]) - x).hypot(f64::from(place[1]) - y) < 30.0
    };
    let num_near = locations.as_slice().iter().zip(spikes.unit_index.iter()).filter(near).count();
    assert!(num_near as f64 > 0.95 * locations.len() as f64, "{num_near} of {}", locations.len());
    assert!(output.stages.iter().all(|s| s.wall_s >= 0.0) && output.stages.len() >= 6);
}

#[test]
fn one_thread_and_four_give_the_same_bytes() {
    let params = GenerateParams { duration_s: 8.0, num_units: 6, ..GenerateParams::default() };
    let (recording, _) = generated(&params);
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(&recording))
    };
    let (one, four) = (with_threads(1), with_threads(4));
    assert!(one.sorting.num_spikes() > 0);
    assert_eq!(one.sorting, four.sorting);
    assert_eq!(one.templates, four.templates);
}

#[test]
fn pure_noise_gives_an_empty_sorting_and_a_warning() {
    let params = GenerateParams {
        duration_s: 5.0,
        num_units: 0,
        num_background_units: 0,
        ..GenerateParams::default()
    };
    let (recording, _) = generated(&params);
    let warnings = Warnings::default();
    let output = sort(&recording, &SortParams::default(), 0, &warnings, &Nowhere).unwrap();
    assert_eq!(output.sorting.num_units(), 0);
    assert!(!warnings.0.lock().unwrap().is_empty());
}

#[test]
fn a_sort_goes_on_with_the_pass_where_it_was_stopped() {
    let params = GenerateParams { duration_s: 20.0, num_units: 6, ..GenerateParams::default() };
    let (recording, _) = generated(&params);
    let whole = sort(&recording, &SortParams::default(), 0, &Silent, &Nowhere).unwrap();
    let kept = Kept::default();
    let names = |output: &SortOutput| output.stages.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    for (stop, again) in [("survey", "cluster"), ("match", "recluster")] {
        let monitor = StopAt(stop, AtomicBool::new(false));
        let stopped = sort(&recording, &SortParams::default(), 0, &monitor, &kept);
        assert!(matches!(stopped, Err(EngineError::Cancelled)));
        let resumed = sort(
            &recording,
            &SortParams::default(),
            0,
            &Silent,
            &Kept {
                templates: Mutex::new(kept.templates.lock().unwrap().clone()),
                motion: Mutex::new(kept.motion()),
                parts: Mutex::default(),
            },
        )
        .unwrap();
        assert!(resumed.sorting == whole.sorting && resumed.templates == whole.templates);
        assert!(names(&whole).contains(&again.to_owned()) && !names(&resumed).contains(&again.to_owned()));
        assert!(!names(&resumed).contains(&"detect".to_owned()));
    }
}

#[test]
fn a_long_sort_goes_on_within_the_pass_where_it_was_stopped() {
    let params = GenerateParams {
        duration_s: 660.0,
        num_units: 3,
        num_background_units: 0,
        probe: ProbeLayout::Tetrode,
        ..GenerateParams::default()
    };
    let (recording, _) = generated(&params);
    let whole = sort(&recording, &SortParams::default(), 0, &Silent, &Nowhere).unwrap();
    assert!(whole.sorting.num_units() > 0);
    let kept = Kept::default();
    let monitor = |stage| StopWithin {
        stage,
        here: AtomicBool::new(false),
        over: AtomicBool::new(false),
        lines: Mutex::default(),
    };
    for stage in ["detect", "survey", "match"] {
        let stopped = sort(&recording, &SortParams::default(), 0, &monitor(stage), &kept);
        assert!(matches!(stopped, Err(EngineError::Cancelled)), "{stage}");
        assert_eq!(kept.parts.lock().unwrap().len(), 1, "{stage}");
    }
    let monitor = monitor("");
    let resumed = sort(&recording, &SortParams::default(), 0, &monitor, &kept).unwrap();
    let lines = monitor.lines.into_inner().unwrap();
    assert!(lines.iter().any(|line| line.contains("from an earlier try")), "{lines:?}");
    assert!(resumed.sorting == whole.sorting && resumed.templates == whole.templates);
}

#[test]
fn a_cancelled_sort_says_so() {
    let params = GenerateParams { duration_s: 2.0, ..GenerateParams::default() };
    let (recording, _) = generated(&params);
    let result = sort(&recording, &SortParams::default(), 0, &Cancelled, &Nowhere);
    assert!(matches!(result, Err(EngineError::Cancelled)));
}

/// Channels given as functions of the frame.
#[derive(Debug)]
struct Made {
    info: RecordingInfo,
    constant: bool,
}

impl Source for Made {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }
    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let n = self.info.num_channels();
        for (i, x) in out.iter_mut().enumerate() {
            let (frame, channel) = (start + i / n, i % n);
            let mut hash = (frame * n + channel) as u64;
            hash = (hash ^ (hash >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            hash = (hash ^ (hash >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let noise = ((hash >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 20.0;
            *x = if self.constant && channel == 1 { 3.0 } else { noise };
        }
        Ok(())
    }
}

fn made(num_channels: usize, num_frames: usize, constant: bool) -> Recording {
    let info = RecordingInfo::new(30_000.0, num_channels, num_frames, DType::Float32);
    filtered(&Recording::new(Arc::new(Made { info, constant })))
}

#[test]
fn one_channel_a_short_recording_and_a_constant_channel_are_no_accidents() {
    assert_eq!(run(&made(1, 90_000, false)).sorting.num_units(), 0);
    assert_eq!(run(&made(4, 300, false)).sorting.num_units(), 0);
    assert_eq!(run(&made(4, 90_000, true)).sorting.num_units(), 0);
}

#[test]
fn many_channels_without_a_probe_are_refused_with_the_remedy() {
    let error =
        sort(&made(9, 30_000, false), &SortParams::default(), 0, &Silent, &Nowhere).unwrap_err().to_string();
    assert!(error.contains("--probe"), "{error}");
}

#[test]
fn a_tetrode_without_a_probe_is_one_group() {
    let params = GenerateParams {
        probe: ProbeLayout::Tetrode,
        num_units: 3,
        duration_s: 20.0,
        num_background_units: 0,
        ..GenerateParams::default()
    };
    let (recording, truth) = generated(&params);
    let mut info = recording.info().clone();
    info.probe = None;
    let output = run(&recording.with_info(info).unwrap());
    let accuracies = accuracies(&truth, &output.sorting, 12);
    assert!(accuracies.iter().filter(|&&a| a > 0.8).count() >= 2, "{accuracies:.2?}");
    assert!(output.sorting.segments[0].location_um.is_none());
}

/// Runs a pipeline and gives what leaves by an end.
fn result(executor: &Arc<Executor>, pipeline: &Pipeline, base: &Path, end: &str) -> Value {
    let handle =
        executor.start(pipeline, RunOptions { base_folder: base.to_owned(), ..RunOptions::default() });
    for event in &handle.events {
        if let EventKind::Failed { task, message } = event.kind {
            panic!("{}: {message}", task.node);
        }
    }
    assert_eq!(handle.wait(), RunStatus::Ok);
    match executor.look(pipeline, base, end).unwrap() {
        Look::Ready(items) => items[0].1.clone(),
        other => panic!("{end}: {other:?}"),
    }
}

#[test]
fn the_drawn_graph_of_stages_equals_sort() {
    let registry = registry();
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/quickstart.ron");
    let mut pipeline = Document::read(&quickstart, &registry).unwrap().pipeline;
    for (parameter, value) in [
        ("demo.duration_s", "12"),
        ("sort.detect_threshold", "5.5"),
        ("sort.cluster_radius_um", "70"),
        ("sort.survey_s", "6"),
    ] {
        let edit = pipeline.set_param_from_text(&registry, parameter, value).unwrap();
        pipeline.apply(edit).unwrap();
    }
    for name in ["compare", "correlograms", "locations", "metrics", "raster", "waveforms"] {
        pipeline.apply(Edit::RemoveNode(name.into())).unwrap();
    }
    let place = tempfile::tempdir().unwrap();
    let executor =
        Executor::new(registry.clone(), Store::open(&place.path().join("store")).unwrap(), Limits::default());
    let whole = |port: &str| result(&executor, &pipeline, place.path(), &format!("sort.{port}"));
    let (Value::Sorting(sorting), Value::Templates(templates)) = (whole("sorting"), whole("templates"))
    else {
        panic!("a sort gives a sorting and templates");
    };
    assert!(sorting.num_units() > 5 && sorting.segments[0].location_um.is_some());

    let mut unpacked = pipeline.clone();
    let (edit, parts) = unpacked.unpack_edit(&registry, "sort").unwrap();
    let back = unpacked.apply(edit).unwrap();
    assert!(unpacked.node("sort").is_none() && parts.len() > 6);
    let problems = validate(&unpacked, &registry);
    assert!(problems.is_empty(), "{problems:?}");
    let parted = |port: &str| result(&executor, &unpacked, place.path(), &format!("sort_finish.{port}"));
    let (Value::Sorting(by_parts), Value::Templates(their_templates)) =
        (parted("sorting"), parted("templates"))
    else {
        panic!("the parts give a sorting and templates");
    };
    assert_eq!(by_parts, sorting);
    assert_eq!(their_templates, templates);

    unpacked.apply(back).unwrap();
    assert_eq!(Document::to_text(&unpacked, &registry), Document::to_text(&pipeline, &registry));
    assert!(pipeline.unpack_edit(&registry, "bandpass").is_err());
}

#[test]
fn parts_of_an_unpacked_node_cover_no_other() {
    let registry = registry();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/quickstart.ron");
    let mut pipeline = Document::read(&path, &registry).unwrap().pipeline;
    let (edit, _) = pipeline.unpack_edit(&registry, "sort").unwrap();
    pipeline.apply(edit).unwrap();
    let places: Vec<(&str, [f32; 2])> = pipeline.nodes().map(|n| (n.name.as_str(), n.position)).collect();
    for (i, (a, at)) in places.iter().enumerate() {
        for (b, other) in &places[..i] {
            let apart = (at[0] - other[0]).abs() >= 200.0 || (at[1] - other[1]).abs() >= 100.0;
            assert!(apart, "{a} at {at:?} and {b} at {other:?}");
        }
    }
}
