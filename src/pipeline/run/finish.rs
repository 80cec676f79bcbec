//! The end of a run: its status, the links to its results, what is kept of it.

use super::{Run, tell::Told};
use crate::pipeline::{
    Coordinate, EventKind, LeftOut, RunStatus, TaskId, Value,
    evaluate::{EvalState, Evaluator},
    history::RunResult,
    memo::Memo,
    store::Store,
    survey::{made, words},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

impl Run {
    /// Ends a run that names what is not there.
    pub(super) fn refuse(&mut self, node: &str, message: String) -> RunStatus {
        if let Some(kept) = self.kept.take() {
            let failures = BTreeMap::from([(node.to_owned(), message.clone())]);
            kept.end(RunStatus::Failed, 0, 0, failures, Vec::new());
        }
        let task = TaskId { node: node.to_owned(), coordinate: Coordinate::default() };
        let (status, results) = (RunStatus::Failed, BTreeMap::new());
        self.feed.tell(EventKind::RunStarted { tasks: 0 });
        self.feed.tell(EventKind::Failed { task, message: message.into() });
        self.feed.tell(EventKind::RunFinished { status, tasks: 0, cached: 0, results });
        status
    }

    pub(super) fn finish(mut self, walk: &Evaluator) -> RunStatus {
        let cancelled = self.cancel.load(Ordering::Relaxed);
        let queued = self.told.iter().filter(|(_, state)| **state == Told::Queued);
        let mut queued: Vec<TaskId> = queued.map(|(task, _)| task.clone()).collect();
        queued.sort();
        let cause = if self.stopped.is_some() { LeftOut::Full } else { LeftOut::Turn };
        for task in queued {
            let reason = self.stopped.clone().unwrap_or_else(|| "the run was stopped before its turn".into());
            self.tell(task, Told::Cancelled, |task| EventKind::Cancelled { task, reason, cause });
        }
        let has = |state: Told| self.told.values().any(|s| *s == state);
        let status = if cancelled && has(Told::Cancelled) {
            RunStatus::Cancelled
        } else if has(Told::Failed) {
            RunStatus::Failed
        } else if has(Told::Cancelled) {
            RunStatus::Cancelled
        } else {
            RunStatus::Ok
        };
        let tasks = self.tasks(walk).count();
        let cached = self.tasks(walk).filter(|task| self.told.get(task) == Some(&Told::Cached)).count();
        let results = self.link(walk);
        let failed = self.told.values().filter(|state| **state == Told::Failed).count();
        self.options.hooks.call(status, self.options.pipeline_path.as_deref(), tasks, failed);
        if let Some(kept) = self.kept.take() {
            let came_out = came_out(walk, &self.site.memo, &self.site.store);
            kept.end(status, tasks, cached, failures(walk), came_out);
        }
        self.feed.tell(EventKind::RunFinished { status, tasks, cached, results });
        status
    }

    /// Whether an item of a node is of those that were asked for.
    fn is_of(&self, node: &str, coordinate: &Coordinate) -> bool {
        self.wanted.holds(&TaskId { node: node.to_owned(), coordinate: coordinate.clone() })
    }

    /// Links a result as soon as it is there: whoever cleans the store, or kills this run, leaves it.
    pub(super) fn link_one(&self, task: &TaskId, folder: &Path) {
        let item = (task.coordinate.clone(), folder.to_owned());
        // Where it cannot be linked, the end of the run says so.
        let _ = self.site.store.link_results(&self.results, &task.node, &[item], false);
    }

    /// Links results below the pipeline's name and returns where each node's lie.
    fn link(&self, walk: &Evaluator) -> BTreeMap<String, PathBuf> {
        let mut results = BTreeMap::new();
        let all = self.options.only.is_none();
        for (instance, eval) in walk.iter() {
            let items: Vec<(Coordinate, PathBuf)> = eval
                .items
                .iter()
                .filter_map(|item| match &item.state {
                    EvalState::Done(stored) => Some((item.coordinate.clone(), stored.folder.clone())),
                    _ => None,
                })
                .filter(|(coordinate, _)| self.is_of(&instance.name, coordinate))
                .collect();
            if items.is_empty() {
                continue;
            }
            self.executor.note_ran(&self.document, &instance.name);
            match self.site.store.link_results(&self.results, &instance.name, &items, all) {
                Ok(place) => {
                    results.insert(instance.name.clone(), place);
                }
                Err(error) => {
                    let task = TaskId { node: instance.name.clone(), coordinate: Coordinate::default() };
                    self.feed.tell(EventKind::Log { task, warning: true, line: error.to_string() });
                    results.extend(items.into_iter().next().map(|(_, f)| (instance.name.clone(), f)));
                }
            }
        }
        results
    }
}

/// Nodes that failed, and why.
fn failures(walk: &Evaluator) -> BTreeMap<String, String> {
    let of_node = walk.iter().filter_map(|(instance, eval)| {
        let of_item = eval.items.iter().find_map(|item| match &item.state {
            EvalState::Failed(message) => Some(&message.words),
            _ => None,
        });
        Some((instance.name.clone(), eval.invalid.as_ref().or(of_item)?.clone()))
    });
    of_node.collect()
}

/// What came out of tasks, for the history.
fn came_out(walk: &Evaluator, memo: &Memo, store: &Store) -> Vec<RunResult> {
    let wires = walk.pipeline.wires();
    let mut found = Vec::new();
    for (instance, eval) in walk.iter() {
        // A recipe has no result of its own.
        if !walk.registry.get(&instance.kind).is_some_and(|node| node.info().work.is_task()) {
            continue;
        }
        // What a source brings was there before the run.
        if !wires.iter().any(|wire| wire.2 == instance.name) {
            continue;
        }
        let last = !wires.iter().any(|wire| wire.0 == instance.name);
        for (port, items) in &eval.outputs {
            if let Some((count, first)) = made(items, memo, store) {
                let (end, port_type) = (format!("{}.{port}", instance.name), first.port_type());
                let sums_up = matches!(&first, Value::Table(table) if table.num_rows() == 1);
                found.push(RunResult {
                    end,
                    port_type,
                    last,
                    sums_up,
                    words: words(count, items, memo, store),
                });
            }
        }
    }
    found
}
