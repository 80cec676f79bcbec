//! Tasks that say what they need start where it is free.

use super::super::{EventKind, Executor, Limits, Pipeline, RunOptions, RunStatus, Store, toys};
use super::pipeline;
use serde_json::json;
use std::collections::BTreeMap;

const LIMIT_MB: u64 = 1000;

/// Independent tasks that take a while and say they need so many megabytes.
fn tasks(needs: &[(String, u64)]) -> Pipeline {
    let mut nodes = vec![("source", "numbers", json!({}))];
    let task = |(i, (name, mb)): (usize, &'_ (String, u64))| {
        // Not the same work twice.
        (name.clone(), json!({"mode": "nap", "memory_mb": mb, "add": i}))
    };
    let own: Vec<_> = needs.iter().enumerate().map(task).collect();
    nodes.extend(own.iter().map(|(name, params)| (name.as_str(), "add", params.clone())));
    let ends: Vec<String> = own.iter().map(|(name, _)| format!("{name}.table")).collect();
    // The graph follows the wire that was drawn last first.
    let wires: Vec<(&str, &str)> = ends.iter().rev().map(|end| ("source.table", end.as_str())).collect();
    pipeline(&nodes, &wires)
}

/// What happened in order: a name as it began, `-name` as it ended. No more than fits ran at any time.
fn order(needs: &[(String, u64)]) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    let limits = Limits { threads: 6, memory_bytes: LIMIT_MB * 1_000_000, ..Limits::default() };
    let executor = Executor::new(toys::registry(), store, limits);
    let options = RunOptions { base_folder: folder.path().to_owned(), ..RunOptions::default() };
    let handle = executor.start(&tasks(needs), options);
    let of: BTreeMap<&str, u64> = needs.iter().map(|(name, mb)| (name.as_str(), *mb)).collect();
    let (mut order, mut logged) = (Vec::new(), Vec::new());
    let mut running: Vec<String> = Vec::new();
    for event in &handle.events {
        match event.kind {
            EventKind::Started { task } => {
                running.push(task.node.clone());
                order.push(task.node);
                let together: u64 = running.iter().map(|name| of[name.as_str()]).sum();
                assert!(together <= LIMIT_MB || running.len() == 1, "{running:?} at once");
            }
            EventKind::Finished { task, .. } => {
                running.retain(|name| *name != task.node);
                order.push(format!("-{}", task.node));
            }
            EventKind::Log { line, .. } => logged.push(line),
            _ => {}
        }
    }
    assert_eq!(handle.wait(), RunStatus::Ok);
    (order, logged)
}

fn named(needs: &[(&str, u64)]) -> Vec<(String, u64)> {
    needs.iter().map(|(name, mb)| ((*name).to_owned(), *mb)).collect()
}

#[test]
fn what_does_not_fit_waits_while_others_go_on() {
    let (order, logged) = order(&named(&[
        ("a_large", 700),
        ("b_large", 800),
        ("c_small", 100),
        ("d_small", 100),
        ("e_huge", 4000),
    ]));
    let at = |what: &str| order.iter().position(|name| name == what).unwrap();
    assert!(at("-a_large") < at("b_large"), "{order:?}");
    assert!(at("c_small") < at("-a_large") && at("d_small") < at("-a_large"), "{order:?}");
    assert!(
        logged.iter().any(|l| l.contains("waits for memory: it needs about 800 MB, 300 MB are free")),
        "{logged:?}"
    );
    assert!(logged.iter().any(|l| l.contains("4.0 GB") && l.contains("until it is alone")), "{logged:?}");
}

#[test]
fn small_tasks_do_not_keep_a_large_one_waiting_for_ever() {
    let mut needs = named(&[("a_first", 300), ("b_large", 900)]);
    needs.extend((0..40).map(|i| (format!("small_{i:02}"), 300)));
    let (order, _) = order(&needs);
    let began: Vec<&String> = order.iter().filter(|name| !name.starts_with('-')).collect();
    let place = began.iter().position(|name| *name == "b_large").unwrap();
    assert!((2..=20).contains(&place), "the large one was number {place} of {}: {order:?}", began.len());
}
