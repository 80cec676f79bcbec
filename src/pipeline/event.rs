//! What a run says while it goes; the window, the command line and the log file are readers of one stream.

use super::port::Coordinate;
use crate::{data::Notice, engine::Preview};
use serde::{Deserialize, Serialize};

/// One run of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RunId(pub u64);

/// One task of a run: a node at a coordinate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskId {
    /// Name of the node.
    pub node: String,
    /// Which item.
    pub coordinate: Coordinate,
}

impl std::fmt::Display for TaskId {
    /// The node, and which item where there are several: `sort [session=a]`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { node, coordinate } = self;
        if coordinate.is_empty() { f.write_str(node) } else { write!(f, "{node} [{coordinate}]") }
    }
}

impl TaskId {
    /// Whether the other is this one, or one of several that this one became once its items were known.
    pub fn holds(&self, other: &Self) -> bool {
        let keys = other.coordinate.keys();
        self.node == other.node
            && self.coordinate.keys().iter().all(|(key, value)| keys.get(key) == Some(value))
    }
}

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub struct Event {
    /// The run.
    pub run: RunId,
    /// Seconds since the run began.
    pub at_s: f64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// The run began; `tasks` are known so far.
    RunStarted {
        /// Tasks planned.
        tasks: usize,
    },
    /// A task waits for its turn.
    Queued {
        /// The task.
        task: TaskId,
    },
    /// A task's result was there already.
    Cached {
        /// The task.
        task: TaskId,
        /// Its result folder.
        folder: std::path::PathBuf,
    },
    /// A task began.
    Started {
        /// The task.
        task: TaskId,
    },
    /// A task went on; coalesced.
    Progress {
        /// The task.
        task: TaskId,
        /// The stage it is in, empty where it has none.
        stage: String,
        /// Pieces of the stage that are done.
        done: u64,
        /// Pieces of the stage in all.
        total: u64,
        /// Share of the whole task that is done, from 0 to 1, where that is known.
        share: Option<f32>,
        /// Estimated seconds to the end of the task, where that is known.
        remaining_s: Option<f64>,
    },
    /// A line of a task's log.
    Log {
        /// The task.
        task: TaskId,
        /// True where it is a warning.
        warning: bool,
        /// The line.
        line: String,
    },
    /// Something to look at; coalesced.
    Preview {
        /// The task.
        task: TaskId,
        /// What to show.
        preview: Preview,
    },
    /// A task has its result.
    Finished {
        /// The task.
        task: TaskId,
        /// Its result folder.
        folder: std::path::PathBuf,
        /// Wall-clock seconds.
        wall_s: f64,
        /// CPU seconds.
        cpu_s: f64,
    },
    /// A task failed.
    Failed {
        /// The task.
        task: TaskId,
        /// What failed and what to do.
        message: Notice,
    },
    /// A task was cancelled, or could not start because one before it failed or was stopped.
    Cancelled {
        /// The task.
        task: TaskId,
        /// Why, for people.
        reason: String,
        /// The same in kind.
        cause: LeftOut,
    },
    /// The run is over.
    RunFinished {
        /// How it ended.
        status: RunStatus,
        /// All tasks, those found done included.
        tasks: usize,
        /// Tasks found done.
        cached: usize,
        /// Where each node's results lie.
        results: std::collections::BTreeMap<String, std::path::PathBuf>,
    },
}

/// Why a task has no result though nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It was stopped itself.
    Stopped,
    /// Something before it failed, or was stopped.
    Before,
    /// The run ended before its turn, or its items are other ones.
    Turn,
    /// The run ended before its turn, as the disk was full.
    Full,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Every task has its result.
    Ok,
    /// At least one task failed.
    Failed,
    /// It was stopped.
    Cancelled,
}

/// The state of a node on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeState {
    /// Cannot run: inputs missing or parameters wrong; the first problem.
    Invalid(String),
    /// Complete, never run.
    Ready,
    /// Ran before with other parameters or inputs.
    Stale,
    /// Its result is in the store.
    Cached,
    /// Waiting.
    Queued,
    /// Working; share done from 0 to 1 and seconds left, where known.
    Running {
        /// Share done, 0 to 1.
        share: Option<f32>,
        /// Seconds left.
        remaining_s: Option<f64>,
    },
    /// Finished in this session after that many seconds.
    Done {
        /// Wall-clock seconds.
        wall_s: f64,
    },
    /// Failed with this message.
    Failed(Notice),
    /// Stopped.
    Cancelled,
}

impl NodeState {
    /// What keeps it from having a result, where something does.
    pub fn trouble(&self) -> Option<&str> {
        match self {
            NodeState::Invalid(reason) => Some(reason),
            NodeState::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}
