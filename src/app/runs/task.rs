//! A task of a run, what of it is to stop, and lines of the log.

use crate::pipeline::{Coordinate, NodeState, TaskId};
use std::{collections::BTreeSet, path::PathBuf};

/// One task of the last run.
#[derive(Clone, Debug)]
pub struct Task {
    /// Node and item.
    pub id: TaskId,
    /// How it is.
    pub state: NodeState,
    /// The stage it is in.
    pub stage: String,
    /// When it began, in seconds of the run.
    pub(super) started_s: Option<f64>,
    /// Wall-clock and CPU seconds, once it is finished.
    pub cost_s: Option<(f64, f64)>,
    /// Its result folder.
    pub folder: Option<PathBuf>,
    /// What it said last; a warning stays.
    pub message: String,
    /// What it said was a warning.
    pub warned: bool,
    /// It does not run, because of others.
    pub left_out: bool,
}

impl Task {
    /// True where it can be stopped.
    pub fn is_at_work(&self) -> bool {
        matches!(self.state, NodeState::Queued | NodeState::Running { .. })
    }
}

/// What of a run is to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The whole of it.
    All,
    /// These tasks; the others go on.
    Tasks(BTreeSet<TaskId>),
}

/// One line of the log.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Which run of this session it belongs to, from 1.
    pub run: u64,
    /// Seconds since the run began.
    pub at_s: f64,
    /// The node that says it, empty for the run.
    pub node: String,
    /// Its item.
    pub item: Coordinate,
    /// How bad it is.
    pub level: Level,
    /// What it says.
    pub line: String,
}

impl LogLine {
    /// An empty line that is said of the run, none of its tasks.
    pub(super) fn of_run() -> Self {
        Self {
            run: 0,
            at_s: 0.0,
            node: String::new(),
            item: Coordinate::default(),
            level: Level::Info,
            line: String::new(),
        }
    }
}

/// How bad a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing to worry about.
    Info,
    /// The user should know.
    Warning,
    /// Something failed.
    Error,
}
