//! Many nodes and many items: looking and running stay quick.

use super::super::{Executor, Limits, RunOptions, RunStatus, Store, toys};
use super::pipeline;
use serde_json::json;
use std::time::Instant;

#[test]
fn many_items_do_not_make_a_run_slow() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = [
        ("source", "numbers", json!({"file_path": "in.txt"})),
        ("split", "split", json!({})),
        ("a", "add", json!({})),
        ("b", "add", json!({})),
        ("gather", "gather", json!({})),
    ];
    let wires = [
        ("source.table", "split.table"),
        ("split.table", "a.table"),
        ("a.table", "b.table"),
        ("b.table", "gather.table"),
    ];
    let pipeline = pipeline(&nodes, &wires);
    let numbers: Vec<String> = (0..300).map(|i| i.to_string()).collect();
    std::fs::write(folder.path().join("in.txt"), numbers.join(" ")).unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let executor = Executor::new(toys::registry(), store, Limits { threads: 2, ..Limits::default() });
    let run = || {
        let began = Instant::now();
        let base_folder = folder.path().to_owned();
        let handle = executor.start(&pipeline, RunOptions { base_folder, ..RunOptions::default() });
        assert_eq!(handle.wait(), RunStatus::Ok);
        began.elapsed().as_secs_f64()
    };
    let (cold, cached) = (run(), run());
    println!("601 tasks: {cold:.2} s, cached {cached:.2} s");
    assert!(cold < 30.0 && cached < 5.0, "cold {cold} s, cached {cached} s");
}

#[test]
fn the_states_of_300_nodes_are_known_in_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..300).map(|i| format!("n{i}")).collect();
    let mut nodes = vec![("source", "numbers", json!({}))];
    nodes.extend(names.iter().map(|n| (n.as_str(), "add", json!({"add": 0.5}))));
    let ends: Vec<(String, String)> = names
        .windows(2)
        .map(|w| (format!("{}.table", w[0]), format!("{}.table", w[1])))
        .chain([("source.table".to_owned(), "n0.table".to_owned())])
        .collect();
    let wires: Vec<(&str, &str)> = ends.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let pipeline = pipeline(&nodes, &wires);
    let store = Store::open(&folder.path().join("store")).unwrap();
    let executor = Executor::new(toys::registry(), store, Limits { threads: 2, ..Limits::default() });
    let states = || {
        let began = Instant::now();
        assert_eq!(executor.states(&pipeline, folder.path()).len(), 301);
        began.elapsed().as_secs_f64()
    };
    let fresh = states();
    let base_folder = folder.path().to_owned();
    let began = Instant::now();
    let handle = executor.start(&pipeline, RunOptions { base_folder, ..RunOptions::default() });
    assert_eq!(handle.wait(), RunStatus::Ok);
    let run = began.elapsed().as_secs_f64();
    let cached = states();
    println!("300 nodes: states {fresh:.3} s fresh, {cached:.3} s cached; run {run:.2} s");
    assert!(fresh < 0.5 && cached < 0.5, "{fresh} s, {cached} s");
}
