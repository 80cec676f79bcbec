//! Finds out what flows at an end, and what of the pipeline belongs to it; off the UI thread.

use crate::{
    data::{Recording, Sorting, Table, Templates},
    inspect::Ticket,
    pipeline::{
        Coordinate, EventKind, Executor, Look, Pipeline, PortType, RunOptions, RunStatus, TaskId, Value,
    },
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Target {
    /// The pipeline as it was.
    pub pipeline: Pipeline,
    /// Where relative paths start.
    pub base_folder: PathBuf,
    /// `node.port`.
    pub end: String,
}

/// What was found at an end.
#[derive(Clone, Debug)]
pub enum Seen {
    /// These items.
    Items(Vec<(Coordinate, Value)>),
    /// A task before it has no result yet.
    NeedsRun(Vec<TaskId>),
    /// What is estimated from the data right now, and its share.
    Estimating(String, Option<f32>),
    /// It cannot be looked at; says why.
    Failed(String),
}

/// Looks, and makes estimates that are missing on the way.
pub fn look(executor: &Arc<Executor>, target: &Target, ticket: &Ticket<Seen>) {
    let mut estimated = false;
    loop {
        match executor.look(&target.pipeline, &target.base_folder, &target.end) {
            Err(error) => return ticket.send(Seen::Failed(error.to_string())),
            Ok(Look::Ready(items)) => return ticket.send(Seen::Items(items)),
            Ok(Look::NeedsRun(tasks)) => return ticket.send(Seen::NeedsRun(tasks)),
            Ok(Look::NeedsFit(tasks)) => {
                let nodes: Vec<&str> = tasks.iter().map(|t| t.node.as_str()).collect();
                let name = nodes.join(", ");
                if estimated {
                    return ticket.send(Seen::Failed(format!("{name} could not be estimated.")));
                }
                ticket.send(Seen::Estimating(name.clone(), None));
                if let Err(message) = estimate(executor, target, &name, ticket) {
                    return ticket.send(Seen::Failed(message));
                }
                estimated = true;
            }
        }
        if ticket.superseded() {
            return;
        }
    }
}

/// Runs only the estimates that the end needs.
fn estimate(
    executor: &Arc<Executor>,
    target: &Target,
    name: &str,
    ticket: &Ticket<Seen>,
) -> Result<(), String> {
    let run = executor.start(
        &target.pipeline,
        RunOptions {
            fit_only: Some(target.end.clone()),
            base_folder: target.base_folder.clone(),
            ..RunOptions::default()
        },
    );
    let mut failure = None;
    loop {
        if ticket.superseded() {
            run.cancel();
            return Ok(());
        }
        match run.events.recv_timeout(Duration::from_millis(100)) {
            Ok(event) => match event.kind {
                EventKind::Progress { done, total, .. } if total > 0 => {
                    let share = done as f32 / total as f32;
                    ticket.send(Seen::Estimating(name.to_owned(), Some(share)));
                }
                EventKind::Failed { task, message } => failure = Some(format!("{}: {message}", task.node)),
                EventKind::RunFinished { status, .. } => {
                    return match (status, failure) {
                        (RunStatus::Ok, _) => Ok(()),
                        (_, Some(message)) => Err(message),
                        (_, None) => Err(format!("{name} could not be estimated.")),
                    };
                }
                _ => {}
            },
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
                return failure.map_or(Ok(()), Err);
            }
        }
    }
}

/// What of the same pipeline helps to understand an end, as far as it is there already.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// Sortings, those that come from this end first.
    pub sortings: Vec<(String, Arc<Sorting>)>,
    /// The recording a sorting belongs to.
    pub recording: Option<(String, Recording)>,
    /// Templates of the same units.
    pub templates: Option<Arc<Templates>>,
    /// Tables with a row for each unit.
    pub tables: Vec<(String, Arc<Table>)>,
}

/// Looks for what belongs to an end of this type; `at` is the item in sight.
pub fn related(
    executor: &Arc<Executor>,
    target: &Target,
    port_type: PortType,
    at: &Coordinate,
    superseded: &dyn Fn() -> bool,
) -> Related {
    let mut found = Related::default();
    let value = |end: &str| -> Option<Value> {
        if superseded() {
            return None;
        }
        match executor.look(&target.pipeline, &target.base_folder, end) {
            Ok(Look::Ready(items)) => {
                let exact = items.iter().position(|(c, _)| c == at);
                items.into_iter().nth(exact.unwrap_or(0)).map(|(_, value)| value)
            }
            _ => None,
        }
    };
    match port_type {
        PortType::Recording => {
            for end in sorting_ends(executor, &target.pipeline, &target.end) {
                if let Some(Value::Sorting(sorting)) = value(&end) {
                    found.sortings.push((end, sorting));
                }
            }
        }
        PortType::Sorting => {
            for end in recording_ends(&target.pipeline, &target.end) {
                if let Some(Value::Recording(recording)) = value(&end) {
                    found.recording = Some((end, recording));
                    break;
                }
            }
            let node = target.end.split('.').next().unwrap_or_default();
            let own = format!("{node}.templates");
            if let Some(Value::Templates(templates)) = value(&own) {
                found.templates = Some(templates);
            }
            for end in table_ends(executor, &target.pipeline, &target.end) {
                if let Some(Value::Table(table)) = value(&end)
                    && table.columns.first().is_some_and(|(name, _)| name == "unit_id")
                {
                    found.tables.push((end, table));
                }
            }
        }
        _ => {}
    }
    found
}

fn outputs(executor: &Executor, pipeline: &Pipeline, name: &str, port_type: PortType) -> Vec<String> {
    let Some(instance) = pipeline.node(name) else {
        return Vec::new();
    };
    let Some(node) = executor.registry().get(&instance.kind) else {
        return Vec::new();
    };
    let ports = node.outputs(&instance.params);
    ports.iter().filter(|p| p.port_type == port_type).map(|p| format!("{name}.{}", p.name)).collect()
}

/// Ends of sortings: of nodes after `end` first, then all others.
fn sorting_ends(executor: &Executor, pipeline: &Pipeline, end: &str) -> Vec<String> {
    let start = end.split('.').next().unwrap_or_default();
    let mut order = after(pipeline, start);
    let rest: Vec<&str> = pipeline.nodes().map(|n| n.name.as_str()).filter(|n| !order.contains(n)).collect();
    order.extend(rest);
    order.iter().flat_map(|name| outputs(executor, pipeline, name, PortType::Sorting)).collect()
}

/// Ends of tables of nodes that a sorting goes into.
fn table_ends(executor: &Executor, pipeline: &Pipeline, end: &str) -> Vec<String> {
    pipeline
        .wires()
        .into_iter()
        .filter(|w| is_end(end, w.0, w.1))
        .flat_map(|w| outputs(executor, pipeline, w.2, PortType::Table))
        .collect()
}

/// Ends of recordings a sorting may belong to: inputs of the nodes it comes from, nearest first, then those
/// that meet it at a later node.
fn recording_ends(pipeline: &Pipeline, end: &str) -> Vec<String> {
    let wires = pipeline.wires();
    let mut ends = Vec::new();
    let mut push = |end: String| {
        if !ends.contains(&end) {
            ends.push(end);
        }
    };
    let mut seen = vec![end.split('.').next().unwrap_or_default()];
    let mut next = 0;
    while let Some(&node) = seen.get(next) {
        next += 1;
        for w in wires.iter().filter(|w| w.2 == node) {
            if w.1.starts_with("recording") {
                push(format!("{}.{}", w.0, w.1));
            } else if !seen.contains(&w.0) {
                seen.push(w.0);
            }
        }
    }
    // A generator gives its recording beside the truth.
    let own = end.split('.').next().unwrap_or_default();
    for w in wires.iter().filter(|w| w.0 == own && w.1.starts_with("recording")) {
        push(format!("{}.{}", w.0, w.1));
    }
    for after in wires.iter().filter(|w| is_end(end, w.0, w.1)) {
        for w in wires.iter().filter(|w| w.2 == after.2 && w.1.starts_with("recording")) {
            push(format!("{}.{}", w.0, w.1));
        }
    }
    ends
}

fn is_end(end: &str, node: &str, port: &str) -> bool {
    end.split_once('.') == Some((node, port))
}

/// Nodes after `start`, nearest first.
fn after<'a>(pipeline: &'a Pipeline, start: &str) -> Vec<&'a str> {
    let wires = pipeline.wires();
    let mut found: Vec<&str> = wires.iter().filter(|w| w.0 == start).map(|w| w.2).collect();
    found.dedup();
    let mut next = 0;
    while let Some(&node) = found.get(next) {
        next += 1;
        for w in wires.iter().filter(|w| w.0 == node) {
            if !found.contains(&w.2) {
                found.push(w.2);
            }
        }
    }
    found
}
