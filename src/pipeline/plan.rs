//! What a run would do: the tasks in order, which of them are done already, and what stands in the way.

use super::{Problem, TaskId};
use serde::Serialize;
use std::path::PathBuf;

/// One task of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedTask {
    /// Node and item. Where `provisional`, the items are known only once the tasks before ran.
    pub task: TaskId,
    /// Kind of the node.
    pub kind: String,
    /// True for the estimate of a node that is applied lazily afterwards.
    pub fit: bool,
    /// True where the result is in the store.
    pub cached: bool,
    /// Its result folder, where cached.
    pub folder: Option<PathBuf>,
    /// True where a task before it decides which items there are, or its automatic parameters.
    pub provisional: bool,
    /// The tasks whose results it waits for.
    pub after: Vec<TaskId>,
    /// Seconds the last run of this kind took, where known.
    pub estimate_s: Option<f64>,
}

/// The tasks of a pipeline in the order they would run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// All tasks, those found done included.
    pub tasks: Vec<PlannedTask>,
    /// What stands in the way, warnings included.
    pub problems: Vec<Problem>,
}

impl Plan {
    /// How many tasks have their result already.
    pub fn num_cached(&self) -> usize {
        self.tasks.iter().filter(|t| t.cached).count()
    }

    /// The tasks that would run.
    pub fn stale(&self) -> impl Iterator<Item = &PlannedTask> {
        self.tasks.iter().filter(|t| !t.cached)
    }
}
