//! Finds out what flows at an end; off the UI thread.

use super::related::{self, node_of};
use crate::{
    app::{text::with_labels, texts},
    inspect::Ticket,
    pipeline::{Coordinate, EventKind, Executor, Look, Pipeline, RunOptions, RunStatus, TaskId, Value},
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
    /// These items; others have no result yet.
    Partly(Vec<(Coordinate, Value)>),
    /// A task before it has no result yet.
    NeedsRun(Vec<TaskId>),
    /// The same, and what the last run made is still at hand.
    Old,
    /// The node has no result yet, but shows at once what it finds in what goes into it: this recording.
    Instead {
        /// Where it comes from, `node.port`.
        end: String,
        /// Its items.
        items: Vec<(Coordinate, Value)>,
    },
    /// What is estimated from the data right now, and its share.
    Estimating(String, Option<f32>),
    /// The node that is looked at is not in the pipeline any more.
    Gone,
    /// It cannot be looked at; says why.
    Failed(String),
}

/// Looks, and makes estimates that are missing on the way.
pub fn look(executor: &Arc<Executor>, target: &Target, ticket: &Ticket<Seen>) {
    let Some(seen) = find(executor, target, ticket) else { return };
    let seen = match seen {
        Seen::NeedsRun(tasks) => instead(executor, target, ticket).unwrap_or(Seen::NeedsRun(tasks)),
        seen => seen,
    };
    ticket.send(seen);
}

/// What flows at an end; `None` where nobody waits for it any more.
fn find(executor: &Arc<Executor>, target: &Target, ticket: &Ticket<Seen>) -> Option<Seen> {
    if target.pipeline.node(node_of(&target.end)).is_none() {
        return Some(Seen::Gone);
    }
    let mut estimated = false;
    loop {
        match executor.look(&target.pipeline, &target.base_folder, &target.end) {
            Err(error) => return Some(Seen::Failed(in_words(executor, target, &error.to_string()))),
            Ok(Look::Ready(items)) => return Some(Seen::Items(items)),
            Ok(Look::Partly(items, _)) => return Some(Seen::Partly(items)),
            Ok(Look::NeedsRun(tasks)) => return Some(Seen::NeedsRun(tasks)),
            Ok(Look::NeedsFit(tasks)) => {
                let nodes: Vec<&str> = tasks.iter().map(|t| t.node.as_str()).collect();
                let name = nodes.join(", ");
                if estimated {
                    return Some(Seen::Failed(texts::views::could_not_be_estimated(&name)));
                }
                ticket.send(Seen::Estimating(name.clone(), None));
                if let Err(message) = estimate(executor, target, &name, ticket) {
                    return Some(Seen::Failed(message));
                }
                estimated = true;
            }
        }
        if ticket.superseded() {
            return None;
        }
    }
}

/// What goes into a node that shows at once what it finds there.
fn instead(executor: &Arc<Executor>, target: &Target, ticket: &Ticket<Seen>) -> Option<Seen> {
    let end = related::input_of_glimpse(executor, &target.pipeline, node_of(&target.end), false)?;
    let before = Target { end, ..target.clone() };
    match find(executor, &before, ticket)? {
        Seen::Items(items) | Seen::Partly(items) => Some(Seen::Instead { end: before.end, items }),
        _ => None,
    }
}

/// A message with options of the command line as the labels of the fields that the nodes have here.
fn in_words(executor: &Executor, target: &Target, message: &str) -> String {
    let kinds = target.pipeline.nodes().filter_map(|node| executor.registry().get(&node.kind));
    kinds.fold(message.to_owned(), |text, kind| with_labels(&text, kind.specs()))
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
                        (_, None) => Err(texts::views::could_not_be_estimated(&name)),
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
