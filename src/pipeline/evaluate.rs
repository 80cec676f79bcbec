//! Walks the graph as far as results reach: recipes are evaluated, stored results found, the rest is pending.
//!
//! The same walk makes the plan, the states on the canvas, what is looked at, and, repeated after each task,
//! the run itself; so they cannot disagree.

use super::{
    Coordinate, Inputs, Key, NodeInstance, Pipeline, Registry, Severity, Store, Swept, TaskClass, TaskId,
    TaskNeeds, Value,
    evaluate_item::Arrived,
    join::{Item, Payload},
    memo::Memo,
    node::DynNode,
    prepared::Prepared,
    provenance::Origin,
    store::Stored,
    validate::validate,
};
use crate::data::Notice;
use petgraph::{Direction, stable_graph::NodeIndex, visit::EdgeRef};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// What is known of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeEval {
    /// Muted, or behind a muted node.
    pub off: bool,
    /// Why it cannot run.
    pub invalid: Option<String>,
    /// Its items: tasks, or recipes.
    pub items: Vec<ItemEval>,
    /// What leaves it.
    pub outputs: BTreeMap<String, Vec<Item>>,
    /// What the user should know.
    pub warnings: Vec<Notice>,
}

impl NodeEval {
    /// Its tasks that could start now.
    pub(super) fn runnable(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.items.iter().filter_map(|item| match &item.state {
            EvalState::Runnable(job) => Some(job),
            _ => None,
        })
    }
}

/// A node at a coordinate.
#[derive(Clone, Debug)]
pub(super) struct ItemEval {
    pub coordinate: Coordinate,
    /// True where it is a task (a fit included), false for a recipe.
    pub is_task: bool,
    pub state: EvalState,
}

#[derive(Clone, Debug)]
pub(super) enum EvalState {
    /// A recipe that was evaluated.
    Lazy,
    /// A task with its result.
    Done(Stored),
    /// A task that can run now.
    Runnable(Arc<Job>),
    /// Something before it has no result yet.
    Waiting,
    /// It failed.
    Failed(Notice),
    /// It does not run, for this reason.
    Cancelled(String),
}

/// Everything a task needs.
pub(super) struct Job {
    pub task: TaskId,
    pub node: Arc<dyn DynNode>,
    /// True where `fit` is called rather than `run`.
    pub fit: bool,
    pub key: Key,
    /// Parameters with defaults, automatic values resolved where that needed no loading, and their files.
    pub prepared: Arc<Prepared>,
    /// Key and payload of each input item.
    pub inputs: Vec<Arrived>,
    /// Files it writes for the user.
    pub writes: Vec<PathBuf>,
    pub seed: u64,
    /// What it needs, asked of its node once.
    pub needs: OnceLock<TaskNeeds>,
}

impl Job {
    pub(super) fn class(&self) -> TaskClass {
        self.node.info().work.class()
    }

    /// What it needs while it runs.
    pub(super) fn needs(&self) -> TaskNeeds {
        *self.needs.get_or_init(|| {
            let mut known = Inputs::default();
            for (port, coordinate, _, payload) in &self.inputs {
                if let Payload::Here(value @ Value::Recording(_)) = payload {
                    known.ports.entry(port.clone()).or_default().push((coordinate.clone(), value.clone()));
                }
            }
            self.node.needs(&self.prepared.params, &known)
        })
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job({} {:?})", self.task.node, self.key)
    }
}

/// What is said of a task that somebody stopped.
pub(super) const STOPPED: &str = "stopped";

/// How a task of this run ended without a result.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Failed(Notice),
    Cancelled(String),
}

/// A walk over a pipeline, kept for as long as a run lasts.
pub(super) struct Evaluator<'a> {
    pub registry: &'a Registry,
    pub store: &'a Store,
    pub memo: &'a Memo,
    pub pipeline: &'a Pipeline,
    pub base_folder: &'a Path,
    /// Nodes in scope, in topological order.
    pub order: Vec<NodeIndex>,
    pub nodes: HashMap<NodeIndex, NodeEval>,
    /// Tasks of this run that ended without a result.
    pub outcomes: HashMap<Key, Outcome>,
    /// Tasks of this run that somebody stopped.
    pub stopped: BTreeSet<TaskId>,
    pub(super) invalid: HashMap<String, String>,
    /// Fingerprints as first seen: a file that changes while a run goes on belongs to the next run.
    pub(super) fingerprints: HashMap<PathBuf, String>,
    /// Parameters as items use them, by node and by what is special about them.
    pub(super) prepared: HashMap<String, HashMap<String, Arc<Prepared>>>,
    /// Parameters that take their values from keys.
    pub(super) swept: Vec<Swept>,
    /// Results known to be there or known to be missing.
    pub(super) found: HashMap<Key, Option<Stored>>,
    /// What items of lazy nodes were made of.
    pub(super) origins: HashMap<Key, Origin>,
    /// Only some items of each node are looked at.
    pub(super) scouts: bool,
}

impl<'a> Evaluator<'a> {
    /// A walk over what `until` needs, or over everything; nothing is evaluated yet.
    pub(super) fn new(
        registry: &'a Registry,
        store: &'a Store,
        memo: &'a Memo,
        pipeline: &'a Pipeline,
        base_folder: &'a Path,
        until: Option<&str>,
    ) -> Self {
        let graph = pipeline.graph();
        let mut order = petgraph::algo::toposort(graph, None).unwrap_or_default();
        if let Some(last) = until {
            let reversed = petgraph::visit::Reversed(graph);
            let mut wanted = BTreeSet::new();
            for last in pipeline.nodes_of(last).into_iter().filter_map(|name| pipeline.index(name)) {
                let mut walk = petgraph::visit::Dfs::new(reversed, last);
                while let Some(index) = walk.next(reversed) {
                    wanted.insert(index);
                }
            }
            order.retain(|index| wanted.contains(index));
        }
        let mut invalid = HashMap::new();
        for problem in validate(pipeline, registry) {
            if let (Severity::Error, Some(node)) = (problem.severity, problem.node) {
                let message = match problem.field {
                    Some(field) => format!("{field}: {}", problem.message),
                    None => problem.message,
                };
                invalid.entry(node).or_insert(message);
            }
        }
        let running = pipeline.nodes().filter(|instance| !instance.muted && !instance.bypassed);
        let swept: Vec<Swept> = running
            .filter_map(|instance| Some(registry.get(&instance.kind)?.sweeps(&instance.params)))
            .flatten()
            .collect();
        Self {
            registry,
            store,
            memo,
            pipeline,
            base_folder,
            order,
            nodes: HashMap::new(),
            outcomes: HashMap::new(),
            stopped: BTreeSet::new(),
            invalid,
            fingerprints: HashMap::new(),
            prepared: HashMap::new(),
            swept,
            found: HashMap::new(),
            origins: HashMap::new(),
            scouts: false,
        }
    }

    /// Evaluates some items of each node, as far as nothing gathers them, and shows each node; nothing of it is kept but what
    /// need not be looked up again.
    pub(super) fn scout(&mut self, known: impl FnMut(&Self, &NodeEval)) {
        self.scouts = true;
        self.evaluate_with(known);
        self.scouts = false;
        self.nodes.clear();
    }

    /// Evaluates all nodes in scope.
    pub(super) fn evaluate(&mut self) {
        self.evaluate_with(|_, _| {});
    }

    /// Evaluates all nodes in scope, and shows each once it is known.
    pub(super) fn evaluate_with(&mut self, mut known: impl FnMut(&Self, &NodeEval)) {
        for index in self.order.clone() {
            let eval = self.node(index);
            known(self, &eval);
            self.nodes.insert(index, eval);
        }
    }

    /// Evaluates nodes again, and all that depends on them.
    pub(super) fn evaluate_from(&mut self, names: &BTreeSet<String>) {
        let mut changed: BTreeSet<NodeIndex> =
            names.iter().filter_map(|name| self.pipeline.index(name)).collect();
        for index in self.order.clone() {
            let graph = self.pipeline.graph();
            let before = graph.neighbors_directed(index, Direction::Incoming);
            if changed.contains(&index) || before.into_iter().any(|b| changed.contains(&b)) {
                changed.insert(index);
                let eval = self.node(index);
                self.nodes.insert(index, eval);
            }
        }
    }

    /// Takes tasks that failed the last time for failed, so that what goes on without them is known; those that `retried`
    /// says are tried again.
    pub(super) fn take_failures(&mut self, retried: impl Fn(&Job) -> bool) {
        loop {
            let open = self.nodes.values().flat_map(NodeEval::runnable).filter(|job| !retried(job));
            let failed: Vec<(TaskId, Key, String)> = open
                .filter_map(|job| Some((job.task.clone(), job.key, self.store.failure(&job.key)?)))
                .collect();
            if failed.is_empty() {
                return;
            }
            let nodes = failed.iter().map(|(task, ..)| task.node.clone()).collect();
            let outcome = |(_, key, message): (TaskId, Key, String)| (key, Outcome::Failed(message.into()));
            self.outcomes.extend(failed.into_iter().map(outcome));
            self.evaluate_from(&nodes);
        }
    }

    /// True where somebody stopped this task, or what it was before its items were known.
    pub(super) fn is_stopped(&self, task: &TaskId) -> bool {
        !self.stopped.is_empty() && self.stopped.iter().any(|stopped| stopped.holds(task))
    }

    /// A task of this run has its result.
    pub(super) fn set_done(&mut self, stored: Stored) {
        self.found.insert(stored.key, Some(stored));
    }

    /// The nodes in order, with what is known of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeInstance, &NodeEval)> {
        self.order.iter().filter_map(|&i| Some((&self.pipeline.graph()[i], self.nodes.get(&i)?)))
    }

    /// Why a node does not run: it is muted, or the first node before it that is, or that passes nothing on.
    pub(super) fn why_off(&self, name: &str) -> Option<String> {
        let graph = self.pipeline.graph();
        let mut at = self.pipeline.index(name)?;
        if !self.nodes.get(&at)?.off {
            return None;
        }
        loop {
            let instance = &graph[at];
            if instance.muted {
                return Some(format!("{} is muted", instance.name));
            }
            let mut before = graph.edges_directed(at, Direction::Incoming).collect::<Vec<_>>();
            before.sort_by_key(|edge| &graph[edge.source()].name);
            let silent = before.iter().find(|edge| {
                let eval = self.nodes.get(&edge.source());
                graph[edge.source()].bypassed
                    && eval.is_some_and(|e| !e.off && !e.outputs.contains_key(&edge.weight().from_port))
            });
            if let Some(edge) = silent {
                let (source, port) = (&graph[edge.source()].name, &edge.weight().from_port);
                return Some(format!(
                    "{source} is bypassed, and nothing of the type of its {port} enters it"
                ));
            }
            at = before.iter().find(|e| self.nodes.get(&e.source()).is_some_and(|eval| eval.off))?.source();
        }
    }
}
