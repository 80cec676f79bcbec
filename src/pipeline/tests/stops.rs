//! Runs and single tasks that somebody stops.

use super::super::{Coordinate, CoordinateValue, Edit, EventKind, LeftOut, RunOptions, RunStatus, TaskId};
use super::{
    params, pipeline,
    runs::{Bench, chain, told},
};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn cancel_is_prompt_and_a_silent_reader_blocks_nothing() {
    let bench = Bench::new();
    let mut chain = chain();
    chain.apply(Edit::SetParams("first".into(), params(json!({"mode": "sleep"})))).unwrap();
    let handle = bench.start(&chain, RunOptions::default());
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    handle.cancel();
    assert_eq!(handle.wait(), RunStatus::Cancelled);
    assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
    let told = told(&handle);
    assert_eq!(told.finished, ["other"]);
    assert_eq!(told.cancelled.keys().collect::<Vec<_>>(), ["first", "second"]);
    let progress = told.events.iter().filter(|e| matches!(e.kind, EventKind::Progress { .. })).count();
    assert!((1..=8).contains(&progress), "{progress} reports in 0.3 s");
    assert!(matches!(told.events[0].kind, EventKind::RunStarted { tasks: 3 }));
}

#[test]
fn one_task_is_stopped_and_the_others_go_on() {
    let bench = Bench::new();
    let mut chain = chain();
    chain.apply(Edit::SetParams("first".into(), params(json!({"mode": "sleep"})))).unwrap();
    let task = |node: &str| TaskId { node: node.into(), coordinate: Coordinate::default() };
    let handle = bench.start(&chain, RunOptions::default());
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    handle.stop_tasks([task("first")].into());
    assert_eq!(handle.wait(), RunStatus::Cancelled);
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
    let told = told(&handle);
    assert_eq!(told.finished, ["other"]);
    assert_eq!(told.cancelled["first"], "stopped");
    assert_eq!(told.cancelled["second"], "not run: first was stopped");
    let cause = |node: &str| {
        told.events.iter().find_map(|event| match &event.kind {
            EventKind::Cancelled { task, cause, .. } if task.node == node => Some(*cause),
            _ => None,
        })
    };
    assert_eq!((cause("first"), cause("second")), (Some(LeftOut::Stopped), Some(LeftOut::Before)));

    // One that waits is stopped before it begins; what is before it is done, and it runs the next time.
    chain.apply(Edit::SetParams("first".into(), params(json!({"mode": "nap"})))).unwrap();
    let handle = bench.start(&chain, RunOptions::default());
    handle.stop_tasks([task("second")].into());
    assert_eq!(handle.wait(), RunStatus::Cancelled);
    let told = super::runs::told(&handle);
    assert_eq!((told.finished, told.cancelled["second"].as_str()), (vec!["first".into()], "stopped"));
    let told = bench.run(&chain);
    assert_eq!((told.status, told.finished), (Some(RunStatus::Ok), vec!["second".into()]));
}

#[test]
fn of_a_collection_one_item_is_stopped() {
    let bench = Bench::new();
    let nodes = [
        ("source", "numbers", json!({"freq_min": 10.0, "count": 3})),
        ("split", "split", json!({})),
        ("add", "add", json!({"mode": "nap"})),
        ("last", "add", json!({"add": 0.5})),
        ("gather", "gather", json!({})),
    ];
    let wires = [
        ("source.table", "split.table"),
        ("split.table", "add.table"),
        ("add.table", "last.table"),
        ("last.table", "gather.table"),
    ];
    let pipeline = pipeline(&nodes, &wires);
    let handle = bench.start(&pipeline, RunOptions::default());
    let coordinate = Coordinate::single("index", CoordinateValue::Int(1));
    handle.stop_tasks([TaskId { node: "add".into(), coordinate }].into());
    let told = told(&handle);
    assert_eq!(told.status, Some(RunStatus::Cancelled), "{told:#?}");
    assert_eq!(told.cancelled["add[index=1]"], "stopped");
    assert_eq!(told.cancelled["last[index=1]"], "not run: add [index=1] was stopped");
    assert!(told.finished.contains(&"last[index=0]".to_owned()), "{told:#?}");
    assert!(told.finished.contains(&"last[index=2]".to_owned()), "{told:#?}");
    assert_eq!(bench.run(&pipeline).status, Some(RunStatus::Ok));
}
