//! One node at one coordinate: its key, its recipe or its task.

use super::{
    Coordinate, Inputs, Key, NodeError, NodeInstance, Output, Params, Store, TaskId, Value, Work,
    evaluate::{EvalState, Evaluator, ItemEval, Job, NodeEval, Outcome},
    join::{Item, ItemState, Payload},
    key::{KeyBuilder, coordinate_text},
    memo::Memo,
    node::DynNode,
    store::Stored,
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// What arrives at the ports of one call: port, coordinate, key and value.
pub(super) type Arrived = (String, Coordinate, Key, Payload);

impl Evaluator<'_> {
    /// Evaluates the node at one coordinate and adds it to what is known of the node.
    pub(super) fn item(
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
        inputs: Vec<Arrived>,
        eval: &mut NodeEval,
    ) -> Result<EvalState, NodeError> {
        let params = self.key_params(instance, node, &inputs)?;
        let files: Vec<(PathBuf, String)> =
            node.files(&params, self.base_folder).into_iter().map(|path| self.fingerprint(path)).collect();
        let key = self.key("result", node, &params, &inputs, &files);
        let work = node.info().work;
        if work != Work::Lazy {
            let fit = matches!(work, Work::FitThenLazy(_));
            let key = if fit { self.key("fit", node, &params, &inputs, &files) } else { key };
            let writes: Vec<PathBuf> = node
                .writes(&params)
                .iter()
                .map(|path| self.base_folder.join(coordinate.place(path)))
                .collect();
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
        inputs: Vec<Arrived>,
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
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        inputs: &[Arrived],
    ) -> Result<Params, NodeError> {
        let params = match self.completed.get(&instance.name) {
            Some(params) => params.clone(),
            None => {
                let wrong = |p: super::ParamProblem| NodeError::Input(format!("{}: {}", p.field, p.message));
                let params = node.complete(&instance.params).map_err(wrong)?;
                self.completed.insert(instance.name.clone(), params.clone());
                params
            }
        };
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
        inputs: &[Arrived],
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
pub(super) fn load_inputs(store: &Store, memo: &Memo, inputs: &[Arrived]) -> Result<Inputs, NodeError> {
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
