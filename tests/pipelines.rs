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
        [
            "compare_sorters",
            "ground_truth_study",
            "linear_probe",
            "neuropixels",
            "quickstart",
            "signac_native",
            "signac_octave",
            "spikes_only",
            "tetrode"
        ]
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
        let saved = Document::to_text(&opened.pipeline, &registry);
        if std::env::var_os("SPIKELOOM_UPDATE").is_some() {
            fs::write(&path, &saved).unwrap();
            continue;
        }
        assert_eq!(saved, text, "{name}: not in the form it is saved in");
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

/// The rows of a table as words, without the columns that are not named.
fn cells(table: &spikeloom::data::Table, columns: &[&str]) -> Vec<Vec<String>> {
    let row = |row: usize| columns.iter().map(|name| table.column(name).unwrap().cell(row)).collect();
    (0..table.num_rows()).map(row).collect()
}

#[test]
fn a_study_of_sorters_ends_in_accuracy_by_recording_and_snr() {
    let (executor, pipeline, place) = runs_twice("ground_truth_study");
    let by_recording = table(&executor, &pipeline, place.path(), "by_recording.table");
    let names = cells(&by_recording, &["sorter", "recording"]);
    let expected =
        [("default", "linear"), ("default", "tetrode"), ("strict", "linear"), ("strict", "tetrode")];
    assert_eq!(names, expected.map(|(a, b)| vec![a.to_owned(), b.to_owned()]));
    let accuracy = by_recording.column("accuracy").unwrap();
    assert!((0..2).all(|row| accuracy.number(row).unwrap() > 0.5), "{accuracy:?}");
    let by_snr = table(&executor, &pipeline, place.path(), "by_snr.table");
    assert!(by_snr.num_rows() >= 4, "{by_snr:?}");
    let units = table(&executor, &pipeline, place.path(), "all_units.table");
    assert_eq!(units.num_rows(), 2 * 21);
    // Sorters beside each other, as SpikeForest shows them.
    let report = table(&executor, &pipeline, place.path(), "report.table");
    assert_eq!(cells(&report, &["recording"]), [["linear"], ["tetrode"]]);
    for (row, sorter, same) in [(0, "default", 0), (1, "strict", 3)] {
        assert_eq!(report.column(sorter).unwrap().number(row), accuracy.number(same));
    }
    for end in ["plot_recordings.figure", "plot_snr.figure", "plot_units.figure", "grid.figure"] {
        assert!(
            matches!(executor.look(&pipeline, place.path(), end), Ok(Look::Ready(items)) if items.len() == 1)
        );
    }
}

#[test]
fn the_signac_demonstration_gives_the_same_by_octave_and_by_itself() {
    let place = tempfile::tempdir().unwrap();
    let executor = executor(place.path());
    let of = |name: &str| {
        let pipeline = open(name);
        let (tasks, cached) = run(&executor, &pipeline, &folder());
        assert_eq!((tasks, cached), (12, 0), "{name}: 4 groups, two steps each, two tables, two figures");
        let (again, cached) = run(&executor, &pipeline, &folder());
        assert_eq!((again, cached), (tasks, tasks), "{name}: something ran again");
        let table = |end: &str| table(&executor, &pipeline, &folder(), end);
        let events = match executor.look(&pipeline, &folder(), "edges.events").unwrap() {
            Look::Ready(items) => items,
            other => panic!("{other:?}"),
        };
        let times: Vec<Vec<i64>> = events
            .iter()
            .map(|(_, value)| match value {
                Value::Events(events) => {
                    events.events.iter().map(|e| (e.time_s * 1e3).round() as i64).collect()
                }
                other => panic!("{}", other.port_type()),
            })
            .collect();
        (table("all_statistics.table"), table("all_edges.table"), times)
    };
    let (statistics, edges, times) = of("signac_native");
    // What the groups are made of is known here as well.
    let bytes: Vec<u8> = [1, 3]
        .iter()
        .flat_map(|i| fs::read(folder().join(format!("signac/a/rec_{i}.bin"))).unwrap())
        .collect();
    let mean = bytes.iter().map(|&b| f64::from(b)).sum::<f64>() / bytes.len() as f64;
    assert!((statistics.column("mean").unwrap().number(0).unwrap() - mean).abs() < 1e-9);
    let rising = (1..bytes.len()).filter(|&i| bytes[i - 1] < 128 && bytes[i] >= 128).count();
    assert_eq!(edges.column("num_edges").unwrap().number(0), Some(rising as f64));
    assert_eq!(times[0].len(), rising);

    if std::process::Command::new("octave-cli").arg("--version").output().is_err() {
        panic!("octave-cli is not here: tests/run installs it (Debian: apt-get install octave)");
    }
    let (octave_statistics, octave_edges, octave_times) = of("signac_octave");
    let exact = ["session", "parity", "num_samples", "min", "max"];
    assert_eq!(cells(&statistics, &exact), cells(&octave_statistics, &exact));
    for column in ["mean", "std"] {
        let (own, other) = (statistics.column(column).unwrap(), octave_statistics.column(column).unwrap());
        for row in 0..4 {
            let (own, other) = (own.number(row).unwrap(), other.number(row).unwrap());
            assert!((own / other - 1.0).abs() < 1e-12, "{column}: {own} and {other}");
        }
    }
    let exact = ["session", "parity", "num_edges"];
    assert_eq!(cells(&edges, &exact), cells(&octave_edges, &exact));
    assert_eq!(times, octave_times);
}
