//! Runs pipelines: threads drive tasks, one rayon pool computes, events tell what happens.

use super::{
    Coordinate, Event, NodeState, Pipeline, Plan, Registry, RunId, RunStatus, Store, TaskClass, TaskId, Value,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How much may happen at once.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Threads that compute.
    pub threads: usize,
    /// Tasks of a class that run at once; a class that is not listed may run as many as there are threads.
    pub per_class: BTreeMap<TaskClass, usize>,
}

impl Default for Limits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, per_class: BTreeMap::from([(TaskClass::Sort, 1)]) }
    }
}

/// What to run, and where.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Run this node and what it needs only.
    pub until: Option<String>,
    /// Run only the fits that must be there to look at this end (`"whiten.recording"`).
    pub fit_only: Option<String>,
    /// Threads that compute, where not those of the executor.
    pub threads: Option<usize>,
    /// Where relative paths start: the folder of the document.
    pub base_folder: PathBuf,
    /// The document, which names the folder of results.
    pub pipeline_path: Option<PathBuf>,
}

/// What flows at an end of a wire.
#[derive(Clone, Debug)]
pub enum Look {
    /// The items, in order of their coordinates.
    Ready(Vec<(Coordinate, Value)>),
    /// These tasks have to run before.
    NeedsRun(Vec<TaskId>),
    /// Only these estimates are missing; [`RunOptions::fit_only`] makes them.
    NeedsFit(Vec<TaskId>),
}

/// Why nothing can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LookError(pub String);

/// Runs pipelines on one store.
pub struct Executor {
    registry: Registry,
    store: Store,
    limits: Limits,
}

impl Executor {
    /// An executor for these nodes, this store and these limits.
    pub fn new(registry: Registry, store: Store, limits: Limits) -> Arc<Self> {
        Arc::new(Self { registry, store, limits })
    }

    /// The nodes it knows.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Where results lie.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How much may happen at once.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Starts a run; it goes on in threads of its own.
    pub fn start(self: &Arc<Self>, _pipeline: &Pipeline, _options: RunOptions) -> RunHandle {
        let (_, events) = crossbeam_channel::bounded(1);
        RunHandle { id: RunId(0), events }
    }

    /// What a run would do. Evaluates recipes, runs no task.
    pub fn plan(&self, _pipeline: &Pipeline, _base_folder: &Path, _until: Option<&str>) -> Plan {
        Plan::default()
    }

    /// The state of each node as the store has it; what runs right now is told by events.
    pub fn states(&self, _pipeline: &Pipeline, _base_folder: &Path) -> BTreeMap<String, NodeState> {
        BTreeMap::new()
    }

    /// What flows at `node.port` now. Evaluates recipes and loads results, runs no task.
    ///
    /// # Errors
    /// Where the end does not exist or a node before it cannot be evaluated.
    pub fn look(&self, _pipeline: &Pipeline, _base_folder: &Path, _end: &str) -> Result<Look, LookError> {
        Ok(Look::Ready(Vec::new()))
    }
}

/// A run that goes on.
pub struct RunHandle {
    /// Its number.
    pub id: RunId,
    /// What happens; ends after `RunFinished`.
    pub events: crossbeam_channel::Receiver<Event>,
}

impl RunHandle {
    /// Asks it to stop; tasks end within 200 ms as far as their nodes look.
    pub fn cancel(&self) {}

    /// Waits for the end, whether or not events are read.
    pub fn wait(&self) -> RunStatus {
        RunStatus::Ok
    }
}
