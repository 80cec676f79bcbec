//! How much a study costs beside its work: planning, tasks found done, new small tasks.
//!
//! `cargo bench --bench studies [-- RECORDINGS]` (10 000 where left out). Prints one line each.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use spikeloom::{
    nodes::registry,
    pipeline::{Document, EventKind, Executor, Limits, Pipeline, RunOptions, RunStatus, Store},
};
use std::{fs, path::Path, sync::Arc, time::Instant};

const PIPELINE: &str = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "data", pattern: "{session}/rec_{index}.bin", dtype: uint8, num_channels: 1, sampling_frequency: 1000.0)),
    "cut": (kind: "select_time", params: (start_time: 0.01)),
    "statistics": (kind: "channel_statistics"),
    "edges": (kind: "detect_edges", params: (level: 100.0)),
    "all": (kind: "collect_tables"),
}, wires: [
    ("study.recording", "cut.recording"), ("cut.recording", "statistics.recording"), ("cut.recording", "edges.recording"),
    ("statistics.table", "all.table"),
])"#;

fn executor(place: &Path) -> Arc<Executor> {
    Executor::new(registry(), Store::open(&place.join("store")).unwrap(), Limits::default())
}

/// Seconds of a run, its tasks, those found done.
fn run(executor: &Arc<Executor>, pipeline: &Pipeline, place: &Path) -> (f64, usize, usize) {
    let began = Instant::now();
    let options = RunOptions { base_folder: place.to_owned(), ..RunOptions::default() };
    let handle = executor.start(pipeline, options);
    let mut counts = (0, 0);
    for event in &handle.events {
        if let EventKind::RunFinished { tasks, cached, .. } = event.kind {
            counts = (tasks, cached);
        }
    }
    assert_eq!(handle.wait(), RunStatus::Ok);
    (began.elapsed().as_secs_f64(), counts.0, counts.1)
}

fn main() {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(10_000_usize);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    for index in 0..count {
        let session = place.join(format!("data/s{}", index / 100));
        fs::create_dir_all(&session).unwrap();
        let bytes: Vec<u8> = (0..200_usize).map(|i| (i * 31 + index * 7 + index / 256) as u8).collect();
        let tail = (index as u32).to_le_bytes();
        fs::write(session.join(format!("rec_{}.bin", index % 100)), [bytes.as_slice(), &tail].concat())
            .unwrap();
    }
    let pipeline = Document::parse(PIPELINE, "bench", &registry()).unwrap().pipeline;

    let planned = |executor: &Arc<Executor>, what: &str| {
        let began = Instant::now();
        let plan = executor.plan(&pipeline, place, None);
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "plan, {what}: {} tasks of {count} recordings x 5 nodes in {seconds:.3} s",
            plan.tasks.len()
        );
    };
    let first = executor(place);
    planned(&first, "nothing known");
    planned(&first, "again in the same process");
    let (seconds, tasks, cached) = run(&first, &pipeline, place);
    assert_eq!(cached, 0);
    println!("run, all new: {tasks} tasks in {seconds:.2} s, {:.3} ms a task", seconds / tasks as f64 * 1e3);
    let (seconds, tasks, cached) = run(&first, &pipeline, place);
    assert_eq!(cached, tasks);
    println!("run, all done: {tasks} tasks in {seconds:.2} s, {:.3} ms a task", seconds / tasks as f64 * 1e3);
    let second = executor(place);
    let (seconds, tasks, _) = run(&second, &pipeline, place);
    println!("run, all done, new process: {seconds:.2} s, {:.3} ms a task", seconds / tasks as f64 * 1e3);
    planned(&second, "all done");
    // A run that was stopped half-way: every other result is gone.
    for (index, shard) in fs::read_dir(place.join("store/objects")).unwrap().flatten().enumerate() {
        if index % 2 == 0 {
            fs::remove_dir_all(shard.path()).unwrap();
        }
    }
    let began = Instant::now();
    let third = executor(place);
    let options = RunOptions { base_folder: place.to_owned(), ..RunOptions::default() };
    let handle = third.start(&pipeline, options);
    let is_start = |kind: &EventKind| matches!(kind, EventKind::Started { .. });
    let first = handle.events.iter().find(|event| is_start(&event.kind)).unwrap();
    println!(
        "resume of a half-done run, new process: first new task after {:.3} s, told after {:.3} s",
        first.at_s,
        began.elapsed().as_secs_f64()
    );
    handle.cancel();
    handle.wait();
}
