//! What is known of nodes without running them, after restarts and losses too.

use super::super::{Edit, EventKind, NodeState, RunStatus};
use super::{
    params, pipeline,
    runs::{Bench, Told, chain, executor},
};
use serde_json::json;

fn warnings(told: &Told) -> Vec<String> {
    let line = |kind: &EventKind| match kind {
        EventKind::Log { task, warning: true, line } => Some(format!("{}: {line}", task.node)),
        _ => None,
    };
    told.events.iter().filter_map(|event| line(&event.kind)).collect()
}

#[test]
fn a_result_that_is_found_again_warns_again() {
    let bench = Bench::new();
    let mut chain = chain();
    chain.apply(Edit::SetParams("first".into(), params(json!({"add": 1.0, "mode": "warn"})))).unwrap();
    let told = bench.run(&chain);
    assert_eq!(warnings(&told), ["first: it was told to warn"]);
    let told = bench.run(&chain);
    assert_eq!(told.counts, (3, 3));
    assert_eq!(warnings(&told), ["first: it was told to warn"]);
    let survey = bench.executor.survey(&chain, bench.folder.path(), None, 0);
    assert_eq!(survey["first"].warnings, ["it was told to warn".into()]);
    assert!(survey["second"].warnings.is_empty());
}

#[test]
fn a_node_that_changed_since_its_result_is_stale_after_a_restart_too() {
    let bench = Bench::new();
    let mut chain = chain();
    let file = bench.folder.path().join("chain.ron");
    let options = super::super::RunOptions {
        base_folder: bench.folder.path().to_owned(),
        pipeline_path: Some(file.clone()),
        ..Default::default()
    };
    assert_eq!(bench.executor.start(&chain, options).wait(), RunStatus::Ok);
    chain.apply(Edit::SetParams("first".into(), params(json!({"add": 5.0})))).unwrap();
    let later = executor(bench.folder.path());
    let survey = later.survey(&chain, bench.folder.path(), Some(&file), 0);
    assert_eq!(survey["first"].state, NodeState::Stale);
    assert_eq!(survey["second"].state, NodeState::Stale);
    assert_eq!(survey["other"].state, NodeState::Cached);
}

#[test]
fn pipelines_without_a_file_do_not_take_each_other_for_what_ran_before() {
    let bench = Bench::new();
    let mut chain = chain();
    let run = |owner| super::super::RunOptions {
        base_folder: bench.folder.path().to_owned(),
        owner,
        ..Default::default()
    };
    assert_eq!(bench.executor.start(&chain, run(1)).wait(), RunStatus::Ok);
    chain.apply(Edit::SetParams("first".into(), params(json!({"add": 5.0})))).unwrap();
    let state =
        |owner| bench.executor.survey(&chain, bench.folder.path(), None, owner)["first"].state.clone();
    assert_eq!(state(1), NodeState::Stale);
    assert_eq!(state(2), NodeState::Ready, "nothing of this one ran");
}

#[test]
fn the_items_of_a_collection_are_counted_once_they_are_known() {
    let bench = Bench::new();
    let nodes = [("source", "numbers", json!({})), ("split", "split", json!({})), ("add", "add", json!({}))];
    let pipeline = pipeline(&nodes, &[("source.table", "split.table"), ("split.table", "add.table")]);
    let told = bench.run(&pipeline);
    assert_eq!(told.status, Some(RunStatus::Ok));
    let survey = bench.executor.survey(&pipeline, bench.folder.path(), None, 0);
    assert_eq!(survey["source"].items["table"], 1);
    assert_eq!(survey["split"].items["table"], 3);
    assert_eq!(survey["add"].items["table"], 3);
}

#[test]
fn a_store_that_was_removed_is_made_again() {
    let bench = Bench::new();
    let chain = chain();
    assert_eq!(bench.run(&chain).status, Some(RunStatus::Ok));
    std::fs::remove_dir_all(bench.folder.path().join("store")).unwrap();
    assert_ne!(bench.executor.survey(&chain, bench.folder.path(), None, 0)["first"].state, NodeState::Cached);
    let told = bench.run(&chain);
    assert_eq!((told.status, told.counts), (Some(RunStatus::Ok), (3, 0)), "{told:#?}");
    assert!(told.results["second"].join("manifest.json").is_file());
}
