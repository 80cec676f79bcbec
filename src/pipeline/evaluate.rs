//! Walks the graph as far as results reach: recipes are evaluated, stored results found, the rest is pending.
//!
//! The same walk makes the plan, the states on the canvas, what is looked at, and, repeated after each task,
//! the run itself; so they cannot disagree.

use super::{
    Coordinate, Inputs, Key, NodeError, NodeInstance, Output, Params, Pipeline, Port, Registry, Severity,
    Store, TaskId, Value, Work,
    join::{Item, ItemState, Payload, join},
    key::{KeyBuilder, coordinate_text},
    memo::Memo,
    node::DynNode,
    store::Stored,
    validate::validate,
};
use petgraph::{Direction, stable_graph::NodeIndex, visit::EdgeRef};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
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
    pub warnings: Vec<String>,
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
    Failed(String),
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
    /// Parameters with defaults, automatic values resolved where that needed no loading.
    pub params: Params,
    /// Key and payload of each input item.
    pub inputs: Vec<(String, Coordinate, Key, Payload)>,
    /// Files it depends on, with their fingerprints.
    pub files: Vec<(PathBuf, String)>,
    /// Files it writes for the user.
    pub writes: Vec<PathBuf>,
    pub seed: u64,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job({} {:?})", self.task.node, self.key)
    }
}

/// How a task of this run ended without a result.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Failed(String),
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
    invalid: HashMap<String, String>,
    /// Fingerprints as first seen: a file that changes while a run goes on belongs to the next run.
    fingerprints: HashMap<PathBuf, String>,
    /// Results known to be there or known to be missing.
    found: HashMap<Key, Option<Stored>>,
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
            if let Some(last) = pipeline.index(last) {
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
        Self {
            registry,
            store,
            memo,
            pipeline,
            base_folder,
            order,
            nodes: HashMap::new(),
            outcomes: HashMap::new(),
            invalid,
            fingerprints: HashMap::new(),
            found: HashMap::new(),
        }
    }

    /// Evaluates all nodes in scope.
    pub(super) fn evaluate(&mut self) {
        for index in self.order.clone() {
            let eval = self.node(index);
            self.nodes.insert(index, eval);
        }
    }

    /// Evaluates a node again, and all that depends on it.
    pub(super) fn evaluate_from(&mut self, name: &str) {
        let mut changed: BTreeSet<NodeIndex> = self.pipeline.index(name).into_iter().collect();
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

    /// A task of this run has its result.
    pub(super) fn set_done(&mut self, stored: Stored) {
        self.found.insert(stored.key, Some(stored));
    }

    /// The nodes in order, with what is known of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeInstance, &NodeEval)> {
        self.order.iter().filter_map(|&i| Some((&self.pipeline.graph()[i], self.nodes.get(&i)?)))
    }

    fn node(&mut self, index: NodeIndex) -> NodeEval {
        let pipeline = self.pipeline;
        let instance = &pipeline.graph()[index];
        let Some(node) = self.registry.get(&instance.kind).cloned() else {
            let message = self.invalid.get(&instance.name).cloned();
            return NodeEval {
                invalid: message.or(Some("is of an unknown kind".into())),
                ..NodeEval::default()
            };
        };
        let off = |collections: &BTreeMap<&str, Option<Vec<Item>>>| collections.values().any(Option::is_none);
        let collections = self.collections(index);
        if instance.muted || off(&collections) {
            return NodeEval { off: true, ..NodeEval::default() };
        }
        let collections: BTreeMap<&str, Vec<Item>> =
            collections.into_iter().filter_map(|(port, items)| Some((port, items?))).collect();
        let inputs = node.inputs(&instance.params);
        let outputs = node.outputs(&instance.params);
        if instance.bypassed {
            return bypass(&inputs, &outputs, &collections);
        }
        if let Some(message) = self.invalid.get(&instance.name) {
            return NodeEval { invalid: Some(message.clone()), ..NodeEval::default() };
        }
        self.items(instance, &node, &inputs, &outputs, &collections)
    }

    /// What arrives at each connected input; `None` where it comes from a node that is off.
    fn collections(&self, index: NodeIndex) -> BTreeMap<&'a str, Option<Vec<Item>>> {
        let graph = self.pipeline.graph();
        let mut edges: Vec<_> = graph.edges_directed(index, Direction::Incoming).collect();
        edges.sort_by_key(|e| (&graph[e.source()].name, &e.weight().from_port));
        let mut collections: BTreeMap<&str, Option<Vec<Item>>> = BTreeMap::new();
        for edge in edges {
            let wire = edge.weight();
            let from = self.nodes.get(&edge.source());
            let items = match from {
                Some(eval) if eval.off => None,
                Some(eval) if eval.invalid.is_some() => {
                    let reason = format!("{} before it cannot run", graph[edge.source()].name);
                    Some(vec![Item { coordinate: Coordinate::default(), state: ItemState::Broken(reason) }])
                }
                Some(eval) if graph[edge.source()].bypassed => eval.outputs.get(&wire.from_port).cloned(),
                Some(eval) => Some(eval.outputs.get(&wire.from_port).cloned().unwrap_or_else(|| {
                    let reason =
                        format!("{} has no output \"{}\"", graph[edge.source()].name, wire.from_port);
                    vec![Item { coordinate: Coordinate::default(), state: ItemState::Broken(reason) }]
                })),
                None => None,
            };
            let all = collections.entry(wire.to_port.as_str()).or_insert_with(|| Some(Vec::new()));
            match (all.as_mut(), items) {
                (Some(all), Some(items)) => all.extend(items),
                _ => *all = None,
            }
        }
        collections
    }

    fn items(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        inputs: &[Port],
        outputs: &[Port],
        collections: &BTreeMap<&str, Vec<Item>>,
    ) -> NodeEval {
        let is_many = |port: &str| inputs.iter().any(|p| p.name == port && p.many);
        let single: Vec<(&str, &[Item])> = collections
            .iter()
            .filter(|(p, _)| !is_many(p))
            .map(|(p, items)| (*p, items.as_slice()))
            .collect();
        let (rows, unmatched) = join(&single);
        let settled = !collections.values().flatten().any(|i| matches!(i.state, ItemState::Pending));
        let mut eval = NodeEval {
            warnings: if settled { unmatched } else { Vec::new() },
            outputs: outputs.iter().map(|p| (p.name.to_owned(), Vec::new())).collect(),
            ..NodeEval::default()
        };
        for (coordinate, row) in rows {
            let mut own: Vec<(&str, &Item)> = single
                .iter()
                .zip(&row)
                .filter_map(|((port, items), &index)| Some((*port, items.get(index)?)))
                .collect();
            for (port, items) in collections.iter().filter(|(p, _)| is_many(p)) {
                own.extend(items.iter().map(|item| (*port, item)));
            }
            self.item(instance, node, coordinate, &own, &mut eval);
        }
        eval
    }

    fn item(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        coordinate: Coordinate,
        own: &[(&str, &Item)],
        eval: &mut NodeEval,
    ) {
        let is_task = node.info().work != Work::Lazy;
        let mut ready = Vec::with_capacity(own.len());
        let mut pending = false;
        let mut broken = None;
        for (port, item) in own {
            match &item.state {
                ItemState::Ready { key, payload } => {
                    ready.push(((*port).to_owned(), item.coordinate.clone(), *key, payload.clone()));
                }
                ItemState::Pending => pending = true,
                ItemState::Broken(reason) => broken = Some(reason.clone()),
            }
        }
        let state = match broken {
            Some(reason) => EvalState::Cancelled(reason),
            None if pending => EvalState::Waiting,
            None => {
                let base = coordinate.clone();
                self.ready_item(instance, node, base, ready, eval)
                    .unwrap_or_else(|error| EvalState::Failed(error.to_string()))
            }
        };
        let left = match &state {
            EvalState::Waiting | EvalState::Runnable(_) => Some(ItemState::Pending),
            EvalState::Cancelled(reason) => Some(ItemState::Broken(reason.clone())),
            EvalState::Failed(_) => Some(ItemState::Broken(format!("{} failed before it", instance.name))),
            EvalState::Lazy | EvalState::Done(_) => None,
        };
        if let Some(state) = left {
            for items in eval.outputs.values_mut() {
                items.push(Item { coordinate: coordinate.clone(), state: state.clone() });
            }
        }
        eval.items.push(ItemEval { coordinate, is_task, state });
    }

    /// An item whose inputs are all there.
    fn ready_item(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        coordinate: Coordinate,
        inputs: Vec<(String, Coordinate, Key, Payload)>,
        eval: &mut NodeEval,
    ) -> Result<EvalState, NodeError> {
        let params = self.key_params(instance, node, &inputs)?;
        let files: Vec<(PathBuf, String)> =
            node.files(&params).into_iter().map(|path| self.fingerprint(path)).collect();
        let key = self.key("result", node, &params, &inputs, &files);
        let work = node.info().work;
        if work != Work::Lazy {
            let fit = matches!(work, Work::FitThenLazy(_));
            let key = if fit { self.key("fit", node, &params, &inputs, &files) } else { key };
            let writes: Vec<PathBuf> =
                node.writes(&params).into_iter().map(|path| self.base_folder.join(path)).collect();
            let job = Job {
                task: TaskId { node: instance.name.clone(), coordinate: coordinate.clone() },
                node: node.clone(),
                fit,
                key,
                params: params.clone(),
                inputs: inputs.clone(),
                files,
                writes,
                seed: self.pipeline.seed(),
            };
            let Some(stored) = self.find(&job) else {
                return Ok(match self.outcomes.get(&key) {
                    Some(Outcome::Failed(message)) => EvalState::Failed(message.clone()),
                    Some(Outcome::Cancelled(reason)) => EvalState::Cancelled(reason.clone()),
                    None => EvalState::Runnable(Arc::new(job)),
                });
            };
            if !fit {
                stored_outputs(&stored, key, &coordinate, eval);
                return Ok(EvalState::Done(stored));
            }
            let fits = self.memo.values(self.store, &stored).map_err(failed)?;
            self.lazy(node, &params, coordinate, inputs, fits, key_of_applied(key), eval)?;
            return Ok(EvalState::Done(stored));
        }
        self.lazy(node, &params, coordinate, inputs, BTreeMap::new(), key, eval)?;
        Ok(EvalState::Lazy)
    }

    #[expect(clippy::too_many_arguments, reason = "all of it makes up one recipe")]
    fn lazy(
        &self,
        node: &Arc<dyn DynNode>,
        params: &Params,
        coordinate: Coordinate,
        inputs: Vec<(String, Coordinate, Key, Payload)>,
        fits: BTreeMap<String, Value>,
        key: Key,
        eval: &mut NodeEval,
    ) -> Result<(), NodeError> {
        let load = || Ok(Inputs { fits, ..load_inputs(self.store, self.memo, &inputs)? });
        let folders = (self.store, self.base_folder);
        let recipe = self.memo.recipe(key, &**node, params, load, self.pipeline.seed(), folders)?;
        eval.warnings.extend(recipe.warnings.iter().cloned());
        for (port, output) in &recipe.outputs.0 {
            let empty = Coordinate::default();
            let items: Vec<(&Coordinate, &Value)> = match output {
                Output::One(value) => vec![(&empty, value)],
                Output::Many(items) => items.iter().map(|(c, v)| (c, v)).collect(),
            };
            let collected = eval.outputs.entry(port.clone()).or_default();
            for (added, value) in items {
                let state =
                    ItemState::Ready { key: key.output(port, added), payload: Payload::Here(value.clone()) };
                collected.push(Item { coordinate: with(&coordinate, added), state });
            }
        }
        Ok(())
    }

    /// Parameters for the key: defaults filled in, automatic ones resolved from the inputs.
    fn key_params(
        &self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        inputs: &[(String, Coordinate, Key, Payload)],
    ) -> Result<Params, NodeError> {
        let wrong = |p: super::ParamProblem| NodeError::Input(format!("{}: {}", p.field, p.message));
        let params = node.complete(&instance.params).map_err(wrong)?;
        let is_open = |spec: &super::ParamSpec| spec.auto && params.get(&spec.name).is_none_or(Json::is_null);
        // Without an automatic value nothing has to be loaded to know the key; `resolve` comes at the run.
        if !node.specs().iter().any(is_open) {
            return Ok(params);
        }
        let key = self.key("resolve", node, &params, inputs, &[]);
        self.memo.resolved(key, || node.resolve(&params, &load_inputs(self.store, self.memo, inputs)?))
    }

    fn key(
        &self,
        what: &str,
        node: &Arc<dyn DynNode>,
        params: &Params,
        inputs: &[(String, Coordinate, Key, Payload)],
        files: &[(PathBuf, String)],
    ) -> Key {
        let info = node.info();
        let mut builder = KeyBuilder::new(what)
            .text(info.kind)
            .text(&info.version.to_string())
            .json(&Json::Object(params.clone()))
            .text(&self.pipeline.seed().to_string());
        for (port, coordinate, key, _) in inputs {
            builder = builder.text(port).text(&coordinate_text(coordinate)).key(*key);
        }
        for (_, fingerprint) in files {
            builder = builder.text("file").text(fingerprint);
        }
        builder.finish()
    }

    fn fingerprint(&mut self, path: PathBuf) -> (PathBuf, String) {
        let path = self.base_folder.join(path);
        let fingerprint =
            self.fingerprints.entry(path.clone()).or_insert_with(|| self.store.fingerprint(&path)).clone();
        (path, fingerprint)
    }

    /// The result of a job, where it is there and what it wrote for the user still is.
    fn find(&mut self, job: &Job) -> Option<Stored> {
        let found = self.found.entry(job.key).or_insert_with(|| find(self.store, job));
        found.clone()
    }
}

/// The result of a job in the store, where what it wrote for the user is there as well.
pub(super) fn find(store: &Store, job: &Job) -> Option<Stored> {
    let stored = store.find(&job.key)?;
    let written = &stored.manifest.writes;
    let intact = written.len() == job.writes.len()
        && written.iter().zip(&job.writes).all(|(entry, path)| {
            entry.path == *path && path.exists() && store.fingerprint(path) == entry.fingerprint
        });
    intact.then_some(stored)
}

/// A fit is applied by another call than the one that made it.
fn key_of_applied(fit: Key) -> Key {
    KeyBuilder::new("apply").key(fit).finish()
}

/// The inputs of a call, loaded.
pub(super) fn load_inputs(
    store: &Store,
    memo: &Memo,
    inputs: &[(String, Coordinate, Key, Payload)],
) -> Result<Inputs, NodeError> {
    let mut loaded = Inputs::default();
    for (port, coordinate, _, payload) in inputs {
        let value = memo.value(store, payload).map_err(failed)?;
        loaded.ports.entry(port.clone()).or_default().push((coordinate.clone(), value));
    }
    Ok(loaded)
}

fn failed(error: super::StoreError) -> NodeError {
    NodeError::Failed(error.to_string())
}

/// Both coordinates; where a node gives a key another value, its own counts.
fn with(base: &Coordinate, added: &Coordinate) -> Coordinate {
    let mut all = base.clone();
    all.0.extend(added.0.clone());
    all
}

fn stored_outputs(stored: &Stored, key: Key, coordinate: &Coordinate, eval: &mut NodeEval) {
    for (port, entry) in &stored.manifest.outputs {
        let collected = eval.outputs.entry(port.clone()).or_default();
        for (added, _) in &entry.items {
            let payload = Payload::Stored(stored.clone(), port.clone(), added.clone());
            let state = ItemState::Ready { key: key.output(port, added), payload };
            collected.push(Item { coordinate: with(coordinate, added), state });
        }
    }
}

/// The first input of the same type passes through; other outputs carry nothing.
fn bypass(inputs: &[Port], outputs: &[Port], collections: &BTreeMap<&str, Vec<Item>>) -> NodeEval {
    let through = |output: &Port| {
        let input = inputs.iter().find(|input| input.port_type == output.port_type)?;
        collections.get(input.name).cloned()
    };
    let found: BTreeMap<String, Vec<Item>> =
        outputs.iter().filter_map(|p| Some((p.name.to_owned(), through(p)?))).collect();
    NodeEval { outputs: found, ..NodeEval::default() }
}
