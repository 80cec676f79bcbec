//! How much a study costs beside its work: planning, tasks found done, new small tasks; and how busy it keeps the cores.
//!
//! `cargo bench --bench studies [-- RECORDINGS]` (10 000 where left out). Prints one line each.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use spikeloom::{
    nodes::registry,
    pipeline::{
        Document, EventKind, Executor, Limits, Pipeline, RunOptions, RunStatus, Store, process_cpu_s,
    },
};
use std::{fs, path::Path, sync::Arc, time::Instant};

const PIPELINE: &str = include_str!("study.ron");

/// Recordings of two seconds on 16 channels whose peaks are found: 20 to 40 ms each.
const WORK: &str = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "small", pattern: "rec_{index}.raw", dtype: int16, num_channels: 16, sampling_frequency: 30000.0)),
    "filter": (kind: "bandpass_filter"),
    "statistics": (kind: "channel_statistics"),
    "noise": (kind: "noise_levels"),
    "all": (kind: "collect_tables"),
}, wires: [
    ("study.recording", "filter.recording"), ("filter.recording", "statistics.recording"),
    ("filter.recording", "noise.recording"), ("statistics.table", "all.table"),
])"#;
const SMALL: usize = 500;

/// Seconds of all cores in which the machine had nothing to do, since it was started; none where the system does not tell.
fn idle_s() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<f64> =
        text.lines().next()?.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
    // What is left idle, and what waits for the disk; a hundred ticks a second.
    Some((ticks.get(3)? + ticks.get(4)?) / 100.0)
}

/// Runs a study of many small recordings and tells which part of the cores' time was used, and which part nobody used:
/// where other programs run, the first is less than the scheduling could do, and the second is too.
fn busy(place: &Path) {
    fs::create_dir_all(place.join("small")).unwrap();
    for index in 0..SMALL {
        let mut state = index as u32 + 1;
        let samples = (0..60_000 * 16).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 22) as i16) - 512
        });
        let bytes: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
        fs::write(place.join(format!("small/rec_{index}.raw")), bytes).unwrap();
    }
    let pipeline = Document::parse(WORK, "bench", &registry()).unwrap().pipeline;
    let executor = executor(place);
    let (before, idle_before) = (process_cpu_s().unwrap(), idle_s());
    let (seconds, tasks, _) = run(&executor, &pipeline, place);
    let cores = executor.limits().threads;
    let used = process_cpu_s().unwrap() - before;
    let share = |part_s: f64| 100.0 * part_s / seconds / cores as f64;
    let idle = idle_s().zip(idle_before).map(|(now, before)| format!(", {:.1} % idle", share(now - before)));
    println!(
        "{SMALL} recordings of 2 s: {tasks} tasks in {seconds:.2} s, {:.0} % of {cores} cores busy with it{}",
        share(used),
        idle.unwrap_or_default()
    );
}

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
    busy(place);
}
