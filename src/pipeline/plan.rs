//! What a run would do: the tasks in order, which of them are done already, and what stands in the way.

use super::{Coordinate, Partners, Pipeline, Problem, TaskId, TaskNeeds};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
};

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
    /// What it needs while it runs.
    pub needs: TaskNeeds,
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

/// Sets which tasks each one waits for: the nearest tasks before it, through recipes.
pub(super) fn set_order(tasks: &mut [PlannedTask], pipeline: &Pipeline) {
    let mut by_node: BTreeMap<String, Vec<Coordinate>> = BTreeMap::new();
    for task in tasks.iter() {
        by_node.entry(task.task.node.clone()).or_default().push(task.task.coordinate.clone());
    }
    let mut before: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut indices: HashMap<(String, Vec<String>), Partners> = HashMap::new();
    for task in tasks {
        let TaskId { node, coordinate } = &task.task;
        // The nodes with tasks before it, through recipes.
        let nodes = before
            .entry(node.clone())
            .or_insert_with_key(|node| pipeline.nearest_before(node, |name| by_node.contains_key(name)));
        for node in nodes.iter().copied() {
            let Some(found) = by_node.get(node) else { continue };
            let keys: Vec<String> = coordinate.keys().keys().cloned().collect();
            let index = indices
                .entry((node.to_owned(), keys))
                .or_insert_with_key(|(_, keys)| Partners::of(found, keys));
            let partners = index.find(coordinate).filter_map(|i| found.get(i));
            task.after.extend(
                partners.map(|coordinate| TaskId { node: node.to_owned(), coordinate: coordinate.clone() }),
            );
        }
    }
}
