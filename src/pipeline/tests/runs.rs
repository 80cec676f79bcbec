//! Runs on a store: what is done again, what fails alone, what flows.

use super::super::{
    CleanOptions, Coordinate, CoordinateValue, Document, Edit, Event, EventKind, Executor, Limits, Look,
    NodeState, Pipeline, RunHandle, RunOptions, RunStatus, Store, TaskId, Value, toys,
};
use super::{params, pipeline};
use serde_json::json;
use std::{collections::BTreeMap, path::Path, sync::Arc};

pub struct Bench {
    pub folder: tempfile::TempDir,
    pub executor: Arc<Executor>,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let executor = executor(folder.path());
        Self { folder, executor }
    }

    pub fn start(&self, pipeline: &Pipeline, options: RunOptions) -> RunHandle {
        let base_folder = self.folder.path().to_owned();
        self.executor.start(pipeline, RunOptions { base_folder, ..options })
    }

    pub fn run(&self, pipeline: &Pipeline) -> Told {
        told(&self.start(pipeline, RunOptions::default()))
    }

    pub fn look(&self, pipeline: &Pipeline, end: &str) -> Look {
        self.executor.look(pipeline, self.folder.path(), end).unwrap()
    }

    /// The numbers at an end, item after item.
    pub fn numbers(&self, pipeline: &Pipeline, end: &str) -> Vec<f64> {
        let Look::Ready(items) = self.look(pipeline, end) else { panic!("{end} is not ready") };
        let table = |value: &Value| match value {
            Value::Table(table) => toys::numbers(table),
            other => panic!("{other:?}"),
        };
        items.iter().flat_map(|(_, value)| table(value)).collect()
    }

    pub fn states(&self, pipeline: &Pipeline) -> BTreeMap<String, NodeState> {
        self.executor.states(pipeline, self.folder.path())
    }
}

pub fn executor(folder: &Path) -> Arc<Executor> {
    let store = Store::open(&folder.join("store")).unwrap();
    Executor::new(toys::registry(), store, Limits { threads: 2, ..Limits::default() })
}

/// A run as its events tell it: nodes by what became of them.
#[derive(Debug, Default)]
pub struct Told {
    pub status: Option<RunStatus>,
    pub counts: (usize, usize),
    pub cached: Vec<String>,
    pub finished: Vec<String>,
    pub failed: BTreeMap<String, String>,
    pub cancelled: BTreeMap<String, String>,
    pub results: BTreeMap<String, std::path::PathBuf>,
    pub events: Vec<Event>,
}

fn name(task: &TaskId) -> String {
    if task.coordinate.is_empty() { task.node.clone() } else { format!("{}[{}]", task.node, task.coordinate) }
}

pub fn told(handle: &RunHandle) -> Told {
    let mut told = Told::default();
    for event in &handle.events {
        match &event.kind {
            EventKind::Cached { task, .. } => told.cached.push(name(task)),
            EventKind::Finished { task, .. } => told.finished.push(name(task)),
            EventKind::Failed { task, message } => drop(told.failed.insert(name(task), message.to_string())),
            EventKind::Cancelled { task, reason, .. } => {
                drop(told.cancelled.insert(name(task), reason.clone()));
            }
            EventKind::RunFinished { status, tasks, cached, results } => {
                told.status = Some(*status);
                told.counts = (*tasks, *cached);
                told.results = results.clone();
            }
            _ => {}
        }
        told.events.push(event);
    }
    told.cached.sort();
    told.finished.sort();
    assert_eq!(told.status, Some(handle.wait()));
    told
}

/// source → first → second, and source → other.
pub fn chain() -> Pipeline {
    pipeline(
        &[
            ("source", "numbers", json!({"freq_min": 10.0})),
            ("first", "add", json!({"add": 1.0})),
            ("second", "add", json!({"add": 2.0})),
            ("other", "add", json!({"add": 3.0})),
        ],
        &[("source.table", "first.table"), ("first.table", "second.table"), ("source.table", "other.table")],
    )
}

#[test]
fn what_is_done_is_not_done_again() {
    let bench = Bench::new();
    let mut chain = chain();
    assert_eq!(bench.states(&chain)["first"], NodeState::Ready);
    assert_eq!(bench.executor.plan(&chain, bench.folder.path(), None).stale().count(), 3);
    let told = bench.run(&chain);
    assert_eq!((told.status, told.counts), (Some(RunStatus::Ok), (3, 0)), "{told:#?}");
    assert_eq!(told.finished, ["first", "other", "second"]);
    assert_eq!(bench.numbers(&chain, "second.table"), [13.0, 23.0, 33.0]);
    assert_eq!(bench.states(&chain)["second"], NodeState::Cached);
    let folder = &told.results["second"];
    for file in ["table/table.csv", "manifest.json", "provenance.json", "pipeline.ron", "log.txt"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    assert!(std::fs::read_to_string(folder.join("log.txt")).unwrap().contains("adding"));
    assert!(
        bench
            .executor
            .store()
            .results_folder(&bench.folder.path().join("unsaved"))
            .join("second/result/table")
            .is_dir()
    );

    let told = bench.run(&chain);
    assert_eq!((told.status, told.counts), (Some(RunStatus::Ok), (3, 3)), "{told:#?}");

    chain.apply(Edit::SetParams("first".into(), params(json!({"add": 5.0})))).unwrap();
    assert_eq!(bench.states(&chain)["second"], NodeState::Stale);
    assert_eq!(bench.states(&chain)["other"], NodeState::Cached);
    let plan = bench.executor.plan(&chain, bench.folder.path(), None);
    let second = plan.tasks.iter().find(|t| t.task.node == "second").unwrap();
    assert_eq!(second.after.iter().map(name).collect::<Vec<_>>(), ["first"]);
    assert!(second.estimate_s.is_some());
    let told = bench.run(&chain);
    assert_eq!((told.finished, told.cached), (vec!["first".into(), "second".into()], vec!["other".into()]));

    // Another process finds it all.
    let again = Bench { executor: executor(bench.folder.path()), folder: bench.folder };
    assert_eq!(again.run(&chain).counts, (3, 3));
    chain.apply(Edit::SetSeed(1)).unwrap();
    assert_eq!(again.run(&chain).counts, (3, 0));
}

#[test]
fn a_task_starts_before_all_of_the_pipeline_was_looked_through() {
    let bench = Bench::new();
    let handle = bench.start(&chain(), RunOptions::default());
    let events: Vec<Event> = handle.events.iter().collect();
    let at = |wanted: fn(&EventKind) -> bool| {
        let (place, event) = events.iter().enumerate().find(|(_, event)| wanted(&event.kind)).unwrap();
        (place, event.at_s)
    };
    let (first, counted_s) = at(|kind| matches!(kind, EventKind::RunStarted { .. }));
    let (_, started_s) = at(|kind| matches!(kind, EventKind::Started { .. }));
    assert_eq!(first, 0, "the run is told of first");
    assert!(started_s <= counted_s, "a task waited until all were counted: {started_s} s, {counted_s} s");
    assert_eq!(handle.wait(), RunStatus::Ok);
}

#[test]
fn what_was_run_alone_lies_in_plain_sight_and_is_not_cleaned_away() {
    let bench = Bench::new();
    let only = |nodes: &[&str]| {
        let task = |node: &&str| TaskId { node: (*node).to_owned(), coordinate: Coordinate::default() };
        Some(nodes.iter().map(task).collect())
    };
    for nodes in [&["source", "first"][..], &["source", "other"]] {
        let told = told(&bench.start(&chain(), RunOptions { only: only(nodes), ..RunOptions::default() }));
        assert_eq!(told.status, Some(RunStatus::Ok));
        assert!(told.results.contains_key(nodes[1]), "{:?}", told.results);
    }
    let store = bench.executor.store();
    let results = store.results_folder(&bench.folder.path().join("unsaved"));
    let has = |node: &str| store.has_results(&results, node);
    assert!(has("first") && has("other") && !has("second"));
    let unreferenced = CleanOptions { unreferenced: true, ..CleanOptions::default() };
    assert_eq!(store.clean(&unreferenced).unwrap().removed, []);
    assert_eq!(bench.run(&chain()).finished, ["second"]);
}

#[test]
fn names_and_positions_are_no_reason_to_run_again() {
    let bench = Bench::new();
    let mut chain = chain();
    bench.run(&chain);
    chain.apply(Edit::Rename("first".into(), "renamed".into())).unwrap();
    chain.apply(Edit::Move(vec![("other".into(), [5.0, 5.0])])).unwrap();
    assert_eq!(bench.run(&chain).counts, (3, 3));
}

#[test]
fn a_failing_node_fails_alone() {
    for mode in ["fail", "panic"] {
        let bench = Bench::new();
        let mut chain = chain();
        chain.apply(Edit::SetParams("first".into(), params(json!({"mode": mode})))).unwrap();
        let told = bench.run(&chain);
        assert_eq!(told.status, Some(RunStatus::Failed));
        assert!(told.failed["first"].contains(&format!("it was told to {mode}")), "{told:#?}");
        assert_eq!(told.cancelled["second"], "first failed before it");
        assert_eq!(told.finished, ["other"]);
        assert!(matches!(
            bench.executor.look(&chain, bench.folder.path(), "second.table"),
            Ok(Look::NeedsRun(_))
        ));
    }
}

#[test]
fn a_file_that_is_missing_is_named() {
    let bench = Bench::new();
    let mut chain = chain();
    chain.apply(Edit::SetParams("source".into(), params(json!({"file_path": "in.txt"})))).unwrap();
    let told = bench.run(&chain);
    assert!(told.failed["source"].contains("in.txt"), "{told:#?}");
    assert!(matches!(&bench.states(&chain)["source"], NodeState::Failed(m) if m.contains("in.txt")));
    let error = bench.executor.look(&chain, bench.folder.path(), "first.table").unwrap_err();
    assert!(error.0.starts_with("source: ") && error.0.contains("in.txt"), "{error}");

    let path = bench.folder.path().join("in.txt");
    std::fs::write(&path, "1 2").unwrap();
    assert_eq!(bench.run(&chain).counts, (3, 0));
    assert_eq!(bench.run(&chain).counts, (3, 3));
    std::fs::write(&path, "1 3").unwrap();
    assert_eq!(bench.run(&chain).counts, (3, 0));
    assert_eq!(bench.numbers(&chain, "other.table"), [4.0, 6.0]);
}

#[test]
fn a_file_for_the_user_that_is_gone_or_changed_is_written_again() {
    let bench = Bench::new();
    let mut chain = chain();
    chain.apply(Edit::SetParams("other".into(), params(json!({"out": "out.txt"})))).unwrap();
    let path = bench.folder.path().join("out.txt");
    assert_eq!(bench.run(&chain).counts, (3, 0));
    assert_eq!(bench.run(&chain).counts, (3, 3));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(bench.run(&chain).finished, ["other"]);
    assert!(path.is_file());
    std::fs::write(&path, "mine").unwrap();
    assert_eq!(bench.run(&chain).finished, ["other"]);
    assert_eq!(bench.run(&chain).counts, (3, 3));
}

#[test]
fn a_collection_is_worked_on_item_by_item() {
    let bench = Bench::new();
    let nodes = [
        ("source", "numbers", json!({"freq_min": 10.0, "count": 4})),
        ("split", "split", json!({})),
        ("add", "add", json!({})),
        ("plus", "plus", json!({})),
        ("gather", "gather", json!({})),
        ("last", "add", json!({"add": 0.5})),
    ];
    let wires = [
        ("source.table", "split.table"),
        ("split.table", "add.table"),
        ("add.table", "plus.a"),
        ("split.table", "plus.b"),
        ("plus.table", "gather.table"),
        ("gather.table", "last.table"),
    ];
    let pipeline = pipeline(&nodes, &wires);
    let plan = bench.executor.plan(&pipeline, bench.folder.path(), None);
    assert_eq!(plan.tasks.len(), 4, "one of each until the items are known");
    assert!(!plan.tasks[0].provisional && plan.tasks[1].provisional);
    let told = bench.run(&pipeline);
    assert_eq!((told.status, told.counts), (Some(RunStatus::Ok), (10, 0)), "{told:#?}");
    assert!(told.finished.contains(&"add[index=2]".to_owned()));
    assert_eq!(bench.numbers(&pipeline, "last.table"), [21.5, 41.5, 61.5, 81.5]);
    assert_eq!(bench.run(&pipeline).counts, (10, 10));
    let Look::Ready(items) = bench.look(&pipeline, "plus.table") else { panic!() };
    assert_eq!(items[3].0, Coordinate::single("index", CoordinateValue::Int(3)));
    assert!(told.results["add"].join("index=3/table/table.csv").is_file());
}

#[test]
fn a_fit_is_a_task_and_what_applies_it_is_not() {
    let bench = Bench::new();
    let nodes = [
        ("source", "numbers", json!({"freq_min": 10.0})),
        ("centre", "centre", json!({})),
        ("again", "centre", json!({})),
        ("add", "add", json!({})),
        ("after", "centre", json!({})),
    ];
    let wires = [
        ("source.table", "centre.table"),
        ("centre.table", "again.table"),
        ("again.table", "add.table"),
        ("add.table", "after.table"),
    ];
    let pipeline = pipeline(&nodes, &wires);
    let Look::NeedsFit(tasks) = bench.look(&pipeline, "again.table") else { panic!() };
    assert_eq!(tasks.iter().map(name).collect::<Vec<_>>(), ["centre", "again"]);
    assert!(matches!(bench.look(&pipeline, "after.table"), Look::NeedsRun(_)));
    let fit_only = |end: &str| {
        told(&bench.start(&pipeline, RunOptions { fit_only: Some(end.into()), ..RunOptions::default() }))
    };
    let fits = fit_only("add.table");
    assert_eq!(fits.finished, ["again", "centre"]);
    assert_eq!(fits.cancelled.keys().collect::<Vec<_>>(), ["add"]);
    assert_eq!(fit_only("again.table").status, Some(RunStatus::Ok));
    assert_eq!(bench.numbers(&pipeline, "again.table"), [-10.0, 0.0, 10.0]);
    assert_eq!(bench.run(&pipeline).counts, (4, 2));
    assert_eq!(bench.numbers(&pipeline, "after.table"), [-10.0, 0.0, 10.0]);
}

#[test]
fn until_muted_and_bypassed() {
    let bench = Bench::new();
    let mut chain = chain();
    let options = RunOptions { until: Some("first".into()), ..RunOptions::default() };
    assert_eq!(told(&bench.start(&chain, options)).finished, ["first"]);
    chain.apply(Edit::SetBypassed("first".into(), true)).unwrap();
    chain.apply(Edit::SetMuted("other".into(), true)).unwrap();
    let told = bench.run(&chain);
    assert_eq!((told.status, told.finished), (Some(RunStatus::Ok), vec!["second".to_owned()]));
    assert_eq!(bench.numbers(&chain, "second.table"), [12.0, 22.0, 32.0]);
    assert!(bench.executor.look(&chain, bench.folder.path(), "other.table").is_err());
}

#[test]
fn what_cannot_run_says_why_and_the_rest_runs() {
    let bench = Bench::new();
    let mut chain = chain();
    chain.apply(Edit::Disconnect("source.table".into(), "first.table".into())).unwrap();
    let told = bench.run(&chain);
    assert_eq!(told.status, Some(RunStatus::Failed));
    assert!(told.failed["first"].contains("not connected"), "{told:#?}");
    assert_eq!(told.cancelled["second"], "first before it cannot run");
    assert_eq!(told.finished, ["other"]);
    assert!(matches!(&bench.states(&chain)["first"], NodeState::Invalid(m) if m.contains("not connected")));
}

#[test]
fn leftovers_of_a_killed_process_do_no_harm() {
    let bench = Bench::new();
    let chain = chain();
    let told = bench.run(&chain);
    let store = bench.folder.path().join("store");
    // Half a result in tmp, half a result with a final name, one with a changed file, one without manifest.
    std::fs::create_dir_all(store.join("tmp/dead")).unwrap();
    std::fs::write(store.join("tmp/dead/table.json"), "{").unwrap();
    // Files of a process that was killed while it looked at a lease, or took one away.
    for left in ["tmp/.tmpA1b2C3", "tmp/4f.dead-0-0", "scratch/.tmpA1b2C3", "scratch/4f.dead-0-0"] {
        std::fs::write(store.join(left), "").unwrap();
    }
    std::fs::write(told.results["first"].join("table/table.json"), "{\"columns\":[]}").unwrap();
    std::fs::remove_file(told.results["second"].join("table/table.csv")).unwrap();
    std::fs::remove_file(told.results["other"].join("manifest.json")).unwrap();
    let again = Bench { executor: executor(bench.folder.path()), folder: bench.folder };
    assert!(!store.join("tmp/dead").exists());
    let told = again.run(&chain);
    assert_eq!((told.status, told.counts), (Some(RunStatus::Ok), (3, 0)), "{told:#?}");
    assert_eq!(again.numbers(&chain, "second.table"), [13.0, 23.0, 33.0]);
    assert_eq!(again.run(&chain).counts, (3, 3));
    assert_eq!(again.executor.store().verify(false).unwrap().damaged, []);
    assert_eq!(std::fs::read_dir(store.join("tmp")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(store.join("scratch")).unwrap().count(), 0);
}

#[test]
fn two_processes_work_on_one_store() {
    let bench = Bench::new();
    let nodes = [
        ("source", "numbers", json!({"count": 9})),
        ("split", "split", json!({})),
        ("add", "add", json!({})),
    ];
    let pipeline = pipeline(&nodes, &[("source.table", "split.table"), ("split.table", "add.table")]);
    let runs: Vec<RunHandle> = (0..4)
        .map(|_| {
            let base_folder = bench.folder.path().to_owned();
            executor(bench.folder.path())
                .start(&pipeline, RunOptions { base_folder, ..RunOptions::default() })
        })
        .collect();
    for run in &runs {
        assert_eq!(told(run).status, Some(RunStatus::Ok));
    }
    assert_eq!(bench.run(&pipeline).counts, (10, 10));
    assert_eq!(bench.executor.store().verify(false).unwrap().damaged, []);
}

#[test]
fn a_run_keeps_its_pipeline_and_how_it_went() {
    let bench = Bench::new();
    let pipeline = chain();
    bench.run(&pipeline);
    let kept = bench.executor.store().runs();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].record.status, Some(RunStatus::Ok));
    assert!(kept[0].record.duration_s.is_some() && kept[0].record.tasks > 0 && kept[0].record.cached == 0);
    let text = |pipeline: &Pipeline| Document::to_text(pipeline, &toys::registry());
    assert_eq!(text(&kept[0].pipeline(&toys::registry()).unwrap().pipeline), text(&pipeline));
    // Asked for what is not there, a run is kept with the reason.
    let options = RunOptions { until: Some("nowhere".to_owned()), ..RunOptions::default() };
    told(&bench.start(&pipeline, options));
    let kept = bench.executor.store().runs();
    assert_eq!((kept.len(), kept[0].record.status), (2, Some(RunStatus::Failed)));
    assert!(kept[0].record.failures["nowhere"].contains("no node"));
}

#[test]
fn what_does_not_run_says_which_node_before_it_is_the_reason() {
    let bench = Bench::new();
    let mut pipeline = toys::open(
        r#""n": (kind: "numbers"), "a": (kind: "add"), "b": (kind: "add"), "c": (kind: "add")"#,
        r#"("n.table", "a.table"), ("a.table", "b.table"), ("b.table", "c.table")"#,
    );
    let off = |pipeline: &Pipeline, node: &str| {
        bench.executor.survey(pipeline, bench.folder.path(), None, 0)[node].off.clone()
    };
    assert_eq!(off(&pipeline, "c"), None);
    pipeline.apply(Edit::SetMuted("a".into(), true)).unwrap();
    for (node, reason) in
        [("n", None), ("a", Some("a is muted")), ("b", Some("a is muted")), ("c", Some("a is muted"))]
    {
        assert_eq!(off(&pipeline, node).as_deref(), reason, "{node}");
    }
    let error = bench.executor.look(&pipeline, bench.folder.path(), "c.table").unwrap_err();
    assert!(error.to_string().contains("a is muted"), "{error}");
    pipeline.apply(Edit::SetMuted("a".into(), false)).unwrap();
    pipeline.apply(Edit::SetBypassed("a".into(), true)).unwrap();
    assert_eq!(off(&pipeline, "c"), None, "what enters passes through");
    pipeline.apply(Edit::SetBypassed("n".into(), true)).unwrap();
    let reason = off(&pipeline, "c").unwrap();
    assert!(reason.starts_with("n is bypassed"), "{reason}");
}
