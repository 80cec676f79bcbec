//! Every shipped pipeline opens, is written back as it is, runs, and does nothing the second time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use spikeloom::{
    nodes::registry,
    pipeline::{Document, Executor, Limits, Look, Pipeline, RunOptions, RunStatus, Store, Value, validate},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines")
}

fn shipped() -> BTreeMap<String, PathBuf> {
    fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "ron"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .collect()
}

fn open(name: &str) -> Pipeline {
    Document::read(&folder().join(format!("{name}.ron")), &registry()).unwrap().pipeline
}

fn executor(folder: &Path) -> Arc<Executor> {
    Executor::new(registry(), Store::open(&folder.join("store")).unwrap(), Limits::default())
}

/// Runs to the end; gives tasks and those found done.
fn run(executor: &Arc<Executor>, pipeline: &Pipeline, base: &Path) -> (usize, usize) {
    let options = RunOptions { base_folder: base.to_owned(), ..RunOptions::default() };
    let handle = executor.start(pipeline, options);
    let mut failures = Vec::new();
    let mut counts = (0, 0);
    for event in &handle.events {
        match event.kind {
            spikeloom::pipeline::EventKind::Failed { task, message } => {
                failures.push(format!("{}: {message}", task.node));
            }
            spikeloom::pipeline::EventKind::RunFinished { tasks, cached, .. } => counts = (tasks, cached),
            _ => {}
        }
    }
    assert_eq!(handle.wait(), RunStatus::Ok, "{}", failures.join("\n"));
    counts
}

/// Runs a shipped pipeline twice in a place of its own.
fn runs_twice(name: &str) -> (Arc<Executor>, Pipeline, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let executor = executor(place.path());
    let pipeline = open(name);
    let (tasks, cached) = run(&executor, &pipeline, place.path());
    assert!(tasks > 0 && cached == 0, "{name}: {cached} of {tasks} tasks in an empty store");
    let (again, cached) = run(&executor, &pipeline, place.path());
    assert_eq!((again, cached), (tasks, tasks), "{name}: something ran again");
    (executor, pipeline, place)
}

fn table(executor: &Arc<Executor>, pipeline: &Pipeline, base: &Path, end: &str) -> spikeloom::data::Table {
    match executor.look(pipeline, base, end).unwrap() {
        Look::Ready(items) => match &items[0].1 {
            Value::Table(table) => table.as_ref().clone(),
            other => panic!("{end} is {}", other.port_type()),
        },
        other => panic!("{end}: {other:?}"),
    }
}

#[test]
fn all_that_are_promised_are_shipped() {
    let found: Vec<String> = shipped().into_keys().collect();
    assert_eq!(
        found,
        ["compare_sorters", "linear_probe", "neuropixels", "quickstart", "spikes_only", "tetrode"]
    );
}

#[test]
fn all_open_without_a_problem_and_are_written_as_they_are() {
    let registry = registry();
    for (name, path) in shipped() {
        let text = fs::read_to_string(&path).unwrap();
        let opened = Document::parse(&text, &name, &registry).unwrap();
        assert!(opened.problems.is_empty(), "{name}: {:?}", opened.problems);
        let problems = validate(&opened.pipeline, &registry);
        assert!(problems.is_empty(), "{name}: {problems:?}");
        assert_eq!(
            Document::to_text(&opened.pipeline, &registry),
            text,
            "{name}: not in the form it is saved in"
        );
        let mut places: Vec<_> = opened.pipeline.nodes().map(|n| n.position.map(|x| x as i64)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), opened.pipeline.nodes().count(), "{name}: nodes lie on each other");
    }
}

#[test]
fn quickstart_finds_the_true_units() {
    let (executor, pipeline, place) = runs_twice("quickstart");
    let comparison = table(&executor, &pipeline, place.path(), "compare.table");
    let accuracy = comparison.column("accuracy").unwrap();
    let values: Vec<f64> = (0..accuracy.len()).filter_map(|row| accuracy.number(row)).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!(mean >= 0.9, "mean accuracy {mean}");
}

#[test]
fn tetrode_runs() {
    runs_twice("tetrode");
}

#[test]
fn linear_probe_runs() {
    runs_twice("linear_probe");
}

#[test]
fn neuropixels_runs() {
    runs_twice("neuropixels");
}

#[test]
fn spikes_only_runs() {
    runs_twice("spikes_only");
}

#[test]
fn compare_sorters_runs() {
    runs_twice("compare_sorters");
}
