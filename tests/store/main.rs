//! The store from outside: what is written comes back, here and in Python; full disks and kills do no harm.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod nodes;

use nodes::{Everything, Steps, everything};
use spikeloom::pipeline::{
    CleanOptions, Edit, EventKind, Executor, Limits, Look, NodeInstance, Params, Pipeline, Registry,
    RunHandle, RunOptions, RunStatus, Store, Value,
};
use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

fn pipeline(kind: &str, size: usize) -> Pipeline {
    let mut pipeline = Pipeline::default();
    let params = Params::from_iter([("size".to_owned(), size.into())]);
    let node = NodeInstance::new("node", kind, params, [0.0; 2]);
    pipeline.apply(Edit::AddNode(node)).unwrap();
    pipeline
}

fn executor(folder: &Path) -> Arc<Executor> {
    let registry = Registry::default().with(Everything).with(Steps);
    Executor::new(registry, Store::open(folder).unwrap(), Limits { threads: 2, ..Limits::default() })
}

fn start(executor: &Arc<Executor>, pipeline: &Pipeline) -> RunHandle {
    executor.start(pipeline, RunOptions { base_folder: "/".into(), ..RunOptions::default() })
}

fn look(executor: &Executor, pipeline: &Pipeline, port: &str) -> Value {
    match executor.look(pipeline, Path::new("/"), &format!("node.{port}")).unwrap() {
        Look::Ready(mut items) => items.remove(0).1,
        other => panic!("{other:?}"),
    }
}

/// Equal, NaN equal to NaN.
fn assert_same(found: &Value, expected: &Value) {
    match (found, expected) {
        (Value::Sorting(a), Value::Sorting(b)) => {
            assert_eq!(a.segments, b.segments);
            assert_eq!((&a.unit_ids, a.amplitudes_in_uv), (&b.unit_ids, b.amplitudes_in_uv));
            assert_eq!(a.sampling_frequency, b.sampling_frequency);
            assert_eq!(format!("{:?}", a.properties), format!("{:?}", b.properties));
        }
        (Value::Peaks(a), Value::Peaks(b)) => assert_eq!(a, b),
        (Value::Features(a), Value::Features(b)) => assert_eq!(a, b),
        (Value::Waveforms(a), Value::Waveforms(b)) => assert_eq!(a, b),
        (Value::Templates(a), Value::Templates(b)) => assert_eq!(a, b),
        (Value::Fit(a), Value::Fit(b)) => assert_eq!(a, b),
        (a, b) => assert_eq!(format!("{a:?}"), format!("{b:?}")),
    }
}

#[test]
fn every_type_comes_back_as_it_was() {
    // The large size is mapped, the small one read.
    for size in [0, 3, 300_000] {
        let folder = tempfile::tempdir().unwrap();
        let pipeline = pipeline("everything", size);
        let first = executor(folder.path());
        assert_eq!(start(&first, &pipeline).wait(), RunStatus::Ok);
        let again = executor(folder.path());
        for (port, expected) in everything(size) {
            assert_same(&look(&again, &pipeline, port), &expected);
        }
    }
}

#[test]
fn python_reads_results_without_our_help() {
    let folder = tempfile::tempdir().unwrap();
    let executor = executor(folder.path());
    let handle = start(&executor, &pipeline("everything", 5));
    handle.wait();
    let result = handle
        .events
        .iter()
        .find_map(|e| match e.kind {
            EventKind::Finished { folder, .. } => Some(folder),
            _ => None,
        })
        .unwrap();
    let script = r#"
import csv, json, sys, pathlib, numpy as np
f = pathlib.Path(sys.argv[1])
s = np.load(f / "sorting/segment_0/sample_index.npy"); assert s.dtype == np.int64 and list(s) == [0, 30, 60, 90, 120]
assert np.load(f / "sorting/segment_0/location_um.npy").shape == (5, 2)
assert json.load(open(f / "sorting/sorting.json"))["unit_ids"] == [7, "a/b", -1]
assert np.load(f / "motion/displacement_seg0.npy").shape == (2, 1)
rows = list(csv.reader(open(f / "table/table.csv", newline="")))
assert rows[0] == ["unit_id", "name, quoted", "rate", "ok"] and rows[2] == ["2", "ü\n", "", "false"], rows
p = json.load(open(f / "provenance.json"))
assert p["kind"] == "everything" and p["params"] == {"size": 5} and p["wall_s"] >= 0 and p["peak_rss_bytes"] > 0, p
m = json.load(open(f / "manifest.json"))
assert m["files"]["pipeline.ron"]["bytes"] == (f / "pipeline.ron").stat().st_size
print("read")
"#;
    assert_eq!(common::run_python(script, &[&result]).trim(), "read");
}

/// Runs this test again in a namespace of its own where `folder` is a disk of `size`; true there.
fn on_a_small_disk(test: &str, folder: &Path, options: &str) -> bool {
    if std::env::var_os("SPIKELOOM_SMALL_DISK").is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let script =
        format!("mount -t tmpfs -o {options} tmpfs \"$1\" && exec \"$2\" --exact {test} --nocapture");
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    let user: &[&str] = if root { &[] } else { &["--user", "--map-root-user"] };
    let output = Command::new("unshare")
        .args(user)
        .args(["--mount", "sh", "-c", &script, "sh"])
        .arg(folder)
        .arg(program)
        .env("SPIKELOOM_SMALL_DISK", folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "on a small disk (needs `unshare` and `mount`):\n{text}");
    assert!(text.contains("1 passed"), "{text}");
    false
}

fn failure(handle: &RunHandle) -> String {
    handle
        .events
        .iter()
        .find_map(|e| match e.kind {
            EventKind::Failed { message, .. } => Some(message.words),
            _ => None,
        })
        .unwrap_or_default()
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    if !on_a_small_disk("a_full_disk_is_said_and_leaves_nothing_half_written", folder.path(), "size=1M") {
        return;
    }
    let disk = std::path::PathBuf::from(std::env::var_os("SPIKELOOM_SMALL_DISK").unwrap());
    let executor = executor(&disk.join("store"));
    let (small, large) = (pipeline("everything", 3), pipeline("everything", 100_000));
    assert_eq!(start(&executor, &small).wait(), RunStatus::Ok);
    let handle = start(&executor, &large);
    assert_eq!(handle.wait(), RunStatus::Failed);
    let message = failure(&handle);
    assert!(message.contains("The disk is full: make room, then run again"), "{message}");
    for inner in ["tmp", "scratch"] {
        assert_eq!(std::fs::read_dir(disk.join("store").join(inner)).unwrap().count(), 0, "{inner}");
    }
    assert_eq!(start(&executor, &small).wait(), RunStatus::Ok);
    assert_eq!(executor.store().verify(false).unwrap().damaged, []);
}

#[test]
fn a_run_stops_at_a_full_disk_and_goes_on_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let name = "a_run_stops_at_a_full_disk_and_goes_on_once_there_is_room";
    if !on_a_small_disk(name, folder.path(), "size=1M") {
        return;
    }
    let disk = std::path::PathBuf::from(std::env::var_os("SPIKELOOM_SMALL_DISK").unwrap());
    let executor = executor(&disk.join("store"));
    let mut many = pipeline("everything", 3);
    for i in 0..12_usize {
        let params = Params::from_iter([("size".to_owned(), (100_000 + i).into())]);
        let node = NodeInstance::new(&format!("large{i:02}"), "everything", params, [0.0; 2]);
        many.apply(Edit::AddNode(node)).unwrap();
    }
    assert_eq!(start(&executor, &pipeline("everything", 3)).wait(), RunStatus::Ok);
    let handle = start(&executor, &many);
    assert_eq!(handle.wait(), RunStatus::Failed);
    let (mut failed, mut left_out) = (0, 0);
    for event in handle.events.iter() {
        match event.kind {
            EventKind::Failed { message, .. } => {
                assert!(message.contains("make room, then run again"), "{message}");
                failed += 1;
            }
            EventKind::Cancelled { reason, .. } => {
                assert!(reason.contains("the disk is full"), "{reason}");
                left_out += 1;
            }
            _ => {}
        }
    }
    // Those that ran when it was noticed, and no more.
    assert!((1..=3).contains(&failed) && failed + left_out >= 11, "{failed} failed, {left_out} left out");
    let options = ["-o", "remount,size=256M"];
    assert!(Command::new("mount").args(options).arg(&disk).status().unwrap().success());
    let handle = start(&executor, &many);
    assert_eq!(handle.wait(), RunStatus::Ok);
    assert!(
        handle.events.iter().any(|e| matches!(e.kind, EventKind::Cached { .. })),
        "the small one is kept"
    );
    assert_eq!(executor.store().verify(false).unwrap().damaged, []);
}

#[test]
fn a_read_only_store_is_said() {
    let folder = tempfile::tempdir().unwrap();
    if !on_a_small_disk("a_read_only_store_is_said", folder.path(), "ro") {
        return;
    }
    let disk = std::path::PathBuf::from(std::env::var_os("SPIKELOOM_SMALL_DISK").unwrap());
    let message = Store::open(&disk.join("store")).unwrap_err().to_string();
    assert!(message.contains("read-only: choose another one"), "{message}");
}

#[test]
fn a_killed_run_goes_on_where_it_stopped() {
    let steps = pipeline("steps", 60);
    if let Some(folder) = std::env::var_os("SPIKELOOM_KILLED") {
        start(&executor(Path::new(&folder)), &steps).wait();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_run_goes_on_where_it_stopped"])
        .env("SPIKELOOM_KILLED", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let scratch = folder.path().join("scratch");
    let began = Instant::now();
    let steps_done = || -> usize {
        let folders = std::fs::read_dir(&scratch).into_iter().flatten().flatten();
        folders.filter_map(|f| std::fs::read_dir(f.path()).ok()).map(Iterator::count).sum()
    };
    while steps_done() < 10 && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    // SIGKILL on Unix.
    child.kill().unwrap();
    child.wait().unwrap();
    let left = steps_done();
    assert!((10..60).contains(&left), "{left} steps were done");

    let executor = executor(folder.path());
    let handle = start(&executor, &steps);
    assert_eq!(handle.wait(), RunStatus::Ok);
    let logged = handle
        .events
        .iter()
        .any(|e| matches!(&e.kind, EventKind::Log { line, .. } if *line == format!("goes on at {left}")));
    assert!(logged, "it began anew");
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
    let Value::Table(table) = look(&executor, &steps, "table") else { panic!() };
    assert_eq!(table.num_rows(), 60);
}

#[test]
fn damage_is_found_and_room_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let executor = executor(folder.path());
    let (a, b) = (pipeline("everything", 10), pipeline("everything", 20_000));
    for pipeline in [&a, &b] {
        assert_eq!(start(&executor, pipeline).wait(), RunStatus::Ok);
    }
    let store = executor.store();
    let report = store.verify(false).unwrap();
    assert_eq!((report.checked, report.damaged.len()), (2, 0));

    // One pipeline: its link leads to the second result, nothing to the first.
    let unreferenced = CleanOptions { dry_run: true, unreferenced: true, ..CleanOptions::default() };
    let dry = store.clean(&unreferenced).unwrap();
    assert_eq!(dry.removed.len(), 1);
    assert_eq!(store.verify(false).unwrap().checked, 2, "a dry run removes nothing");
    let done = store.clean(&CleanOptions { dry_run: false, ..unreferenced }).unwrap();
    assert_eq!((&done.removed, done.freed_bytes), (&dry.removed, dry.freed_bytes));
    assert_eq!(store.verify(false).unwrap().checked, 1);
    look(&executor, &b, "table");

    let object =
        store.clean(&CleanOptions { dry_run: true, max_bytes: Some(0), ..CleanOptions::default() }).unwrap();
    let damaged = object.removed[0].0.join("log.txt");
    std::fs::write(&damaged, "x").unwrap();
    let report = store.verify(true).unwrap();
    assert!(report.damaged[0].1.contains("log.txt"), "{report:?}");
    assert_eq!(store.verify(false).unwrap().checked, 0);
    assert_eq!(std::fs::read_dir(folder.path().join("results")).unwrap().count(), 0, "no dead links");
    assert_eq!(start(&executor, &b).wait(), RunStatus::Ok, "what was removed is made again");
}
