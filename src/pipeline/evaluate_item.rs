//! One node at one coordinate: its key, its recipe or its task.

use super::{
    Coordinate, Inputs, Key, NodeError, NodeInstance, Store, TaskId, Work,
    evaluate::{EvalState, Evaluator, ItemEval, Job, NodeEval, Outcome, STOPPED},
    join::{Grouped, Item, ItemState, Payload},
    key::{KeyBuilder, coordinate_text},
    memo::Memo,
    node::DynNode,
    prepared::{MANY, Prepared},
    store::Stored,
};
use crate::data::Notice;
use rayon::prelude::*;
use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// What arrives at the ports of one call: port, coordinate, key and value.
pub(super) type Arrived = (String, Coordinate, Key, Payload);

/// A node at one coordinate, before its state is known.
pub(super) struct Open<'i> {
    pub coordinate: Coordinate,
    /// What arrives: port and item.
    pub own: Vec<(&'i str, &'i Item)>,
    pub grouped: Grouped,
}

/// What becomes of the inputs of an item.
enum Call {
    /// One of them will not come, for this reason.
    Broken(String),
    /// One of them is not there yet.
    Pending,
    /// They are there, for a recipe.
    Recipe(Arc<Prepared>, Vec<Arrived>),
    /// They are there, for a task.
    Task(Job),
    /// The parameters do not fit them.
    Wrong(NodeError),
}

/// Where several items would write one file, only the last one's would be left: none of them runs.
fn refuse_same_places(calls: Vec<Call>) -> Vec<Call> {
    let mut items_of: HashMap<&PathBuf, Vec<&Coordinate>> = HashMap::new();
    for call in &calls {
        if let Call::Task(job) = call {
            job.writes.iter().for_each(|path| items_of.entry(path).or_default().push(&job.task.coordinate));
        }
    }
    items_of.retain(|_, items| items.len() > 1);
    if items_of.is_empty() {
        return calls;
    }
    let refusal = |call: &Call| {
        let Call::Task(job) = call else { return None };
        let (path, items) = job.writes.iter().find_map(|path| Some((path, items_of.get(path)?)))?;
        let names: Vec<String> = items.iter().take(3).map(|item| format!("\"{item}\"")).collect();
        Some(NodeError::Input(format!(
            "{} items would write {}: {}. Give them keys that differ in letters and digits (Set keys), or name more of their \
             keys in the path",
            items.len(),
            path.display(),
            names.join(", ")
        )))
    };
    let refusals: Vec<Option<NodeError>> = calls.iter().map(refusal).collect();
    calls.into_iter().zip(refusals).map(|(call, wrong)| wrong.map_or(call, Call::Wrong)).collect()
}

/// A name in braces that none of an item's keys fills: it would be part of the file's name.
fn unfilled(calls: &[Call]) -> Option<Notice> {
    calls.iter().find_map(|call| {
        let Call::Task(job) = call else { return None };
        let item = &job.task.coordinate;
        let name = job.prepared.writes.iter().find_map(|path| braced(&item.place(path).to_string_lossy()))?;
        let keys: Vec<&str> = item.keys().keys().map(String::as_str).collect();
        let keys = match keys.is_empty() {
            true => "the item has no keys".to_owned(),
            false => format!("the keys are {}", keys.join(", ")),
        };
        Some(Notice::from(format!("path: there is no {{{name}}}, it stays as it stands; {keys}")))
    })
}

/// The first name in braces.
fn braced(text: &str) -> Option<String> {
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let inner = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    inner.into_iter().find(is_name).map(str::to_owned)
}

impl Evaluator<'_> {
    /// Evaluates the node at these coordinates and adds them to what is known of the node.
    pub(super) fn evaluate_items(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        open: Vec<Open>,
        eval: &mut NodeEval,
    ) {
        let groups = node.groups(&instance.params).map(|keys| Arc::new(keys.into_iter().collect()));
        let arranges = node.info().work == Work::Arrange;
        let calls: Vec<Call> = match arranges {
            true => Vec::new(),
            false => open.iter().map(|item| self.call(instance, node, item)).collect(),
        };
        let calls = refuse_same_places(calls);
        eval.warnings.extend(unfilled(&calls));
        self.find_all(&calls);
        let mut calls = calls.into_iter();
        for Open { coordinate, own, grouped } in open {
            let grouped = groups.clone().or(grouped);
            let before: Vec<usize> = match &grouped {
                Some(_) => eval.outputs.values().map(Vec::len).collect(),
                None => Vec::new(),
            };
            match calls.next() {
                Some(call) => self.item(instance, node, coordinate, call, eval),
                None => self.arrange(instance, node, coordinate, &own, eval),
            }
            let Some(grouped) = grouped else { continue };
            for (items, before) in eval.outputs.values_mut().zip(before) {
                for item in items.iter_mut().skip(before) {
                    item.grouped = Some(grouped.clone());
                }
            }
        }
    }

    fn call(&mut self, instance: &NodeInstance, node: &Arc<dyn DynNode>, open: &Open) -> Call {
        let mut inputs = Vec::with_capacity(open.own.len());
        let mut pending = false;
        let mut broken = None;
        for (port, item) in &open.own {
            match &item.state {
                ItemState::Ready { key, payload } => {
                    inputs.push(((*port).to_owned(), item.coordinate.clone(), *key, payload.clone()));
                }
                ItemState::Pending => pending = true,
                ItemState::Broken(reason) => broken = Some(reason.clone()),
            }
        }
        match broken {
            Some(reason) => return Call::Broken(reason),
            None if pending => return Call::Pending,
            None => {}
        }
        let coordinate = &open.coordinate;
        let prepared = match self.prepared(instance, node, coordinate, &inputs) {
            Ok(prepared) => prepared,
            Err(error) => return Call::Wrong(error),
        };
        let work = node.info().work;
        if !work.is_task() {
            return Call::Recipe(prepared, inputs);
        }
        if let Some(message) = prepared.needed.lacking(coordinate) {
            return Call::Wrong(NodeError::Input(message));
        }
        let fit = matches!(work, Work::FitThenLazy(_));
        let what = if fit { "fit" } else { "result" };
        let writes = prepared.writes.iter().map(|path| self.base_folder.join(coordinate.place(path)));
        Call::Task(Job {
            task: TaskId { node: instance.name.clone(), coordinate: coordinate.clone() },
            node: node.clone(),
            fit,
            key: self.key(what, node, &prepared, coordinate, &inputs),
            writes: writes.collect(),
            inputs,
            prepared,
            seed: self.pipeline.seed(),
            needs: OnceLock::new(),
        })
    }

    /// Looks for the results of tasks in the store, side by side where there are many.
    fn find_all(&mut self, calls: &[Call]) {
        let mut asked = HashSet::new();
        let tasks = calls.iter().filter_map(|call| match call {
            Call::Task(job) => Some(job),
            _ => None,
        });
        let new: Vec<&Job> =
            tasks.filter(|job| !self.found.contains_key(&job.key) && asked.insert(job.key)).collect();
        let store = self.store;
        let look = |job: &&Job| (job.key, find(store, job));
        let found: Vec<(Key, Option<Stored>)> = match new.len() < MANY {
            true => new.iter().map(look).collect(),
            false => new.par_iter().with_min_len(MANY / 4).map(look).collect(),
        };
        self.found.extend(found);
    }

    fn item(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        coordinate: Coordinate,
        call: Call,
        eval: &mut NodeEval,
    ) {
        let state = match call {
            Call::Broken(reason) => Ok(EvalState::Cancelled(reason)),
            Call::Pending => Ok(EvalState::Waiting),
            Call::Wrong(error) => Err(error),
            Call::Task(job) => self.task(instance, job, eval),
            Call::Recipe(prepared, inputs) => {
                let key = self.key("result", node, &prepared, &coordinate, &inputs);
                self.lazy(instance, node, &prepared, &coordinate, &inputs, BTreeMap::new(), key, eval)
                    .map(|()| EvalState::Lazy)
            }
        };
        let mut state = state.unwrap_or_else(|error| EvalState::Failed(error.into()));
        let mut stopped = None;
        if matches!(state, EvalState::Waiting | EvalState::Runnable(_)) && !self.stopped.is_empty() {
            let task = TaskId { node: instance.name.clone(), coordinate: coordinate.clone() };
            if self.is_stopped(&task) {
                state = EvalState::Cancelled(STOPPED.to_owned());
                stopped = Some(ItemState::Broken(format!("not run: {task} was stopped")));
            }
        }
        let left = match &state {
            EvalState::Waiting | EvalState::Runnable(_) => Some(ItemState::Pending),
            EvalState::Cancelled(_) if stopped.is_some() => stopped,
            EvalState::Cancelled(reason) => Some(ItemState::Broken(reason.clone())),
            EvalState::Failed(_) => Some(ItemState::Broken(format!("{} failed before it", instance.name))),
            EvalState::Lazy | EvalState::Done(_) => None,
        };
        if let Some(state) = left {
            for items in eval.outputs.values_mut() {
                items.push(Item::new(coordinate.clone(), state.clone()));
            }
        }
        eval.items.push(ItemEval { coordinate, is_task: node.info().work.is_task(), state });
    }

    /// Items of a node that only says where they go: that is known before their values are.
    fn arrange(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        coordinate: Coordinate,
        own: &[(&str, &Item)],
        eval: &mut NodeEval,
    ) {
        let missing = Cell::new(None);
        let value = |port: &str| {
            let Some((_, item)) = own.iter().find(|(name, _)| *name == port) else { return Ok(None) };
            match &item.state {
                ItemState::Ready { payload, .. } => {
                    self.memo.value(self.store, payload).map(Some).map_err(failed)
                }
                other => {
                    missing.set(Some(other.clone()));
                    Err(NodeError::Input(format!("\"{port}\" is not there yet")))
                }
            }
        };
        let passed = node.arrange(&instance.params, &coordinate, &value);
        let is_pending = own.iter().any(|(_, item)| matches!(item.state, ItemState::Pending));
        let broken = own.iter().find_map(|(_, item)| match &item.state {
            ItemState::Broken(reason) => Some(reason.clone()),
            _ => None,
        });
        let state = match (passed, missing.take()) {
            (_, Some(ItemState::Broken(reason))) => EvalState::Cancelled(reason),
            (Err(_), Some(_)) => EvalState::Waiting,
            // The keys it asks for may come with the values, and are not there where an item is broken.
            (Err(_), None) if is_pending => EvalState::Waiting,
            (Err(error), None) => {
                broken.map_or_else(|| EvalState::Failed(error.into()), EvalState::Cancelled)
            }
            (Ok(passed), _) => {
                for passed in passed {
                    let Some((_, item)) = own.iter().find(|(port, _)| *port == passed.from) else { continue };
                    let left = Item { coordinate: passed.coordinate, ..(*item).clone() };
                    eval.outputs.entry(passed.to.to_owned()).or_default().push(left);
                }
                EvalState::Lazy
            }
        };
        let left = match &state {
            EvalState::Waiting => Some(ItemState::Pending),
            EvalState::Cancelled(reason) => Some(ItemState::Broken(reason.clone())),
            EvalState::Failed(_) => Some(ItemState::Broken(format!("{} failed before it", instance.name))),
            _ => None,
        };
        if let Some(state) = left {
            for items in eval.outputs.values_mut() {
                items.push(Item::new(coordinate.clone(), state.clone()));
            }
        }
        eval.items.push(ItemEval { coordinate, is_task: false, state });
    }

    /// A task whose inputs are all there.
    fn task(
        &mut self,
        instance: &NodeInstance,
        job: Job,
        eval: &mut NodeEval,
    ) -> Result<EvalState, NodeError> {
        let Some(stored) = self.found.get(&job.key).cloned().flatten() else {
            return Ok(match self.outcomes.get(&job.key) {
                Some(Outcome::Failed(message)) => EvalState::Failed(message.clone()),
                Some(Outcome::Cancelled(reason)) => EvalState::Cancelled(reason.clone()),
                None => EvalState::Runnable(Arc::new(job)),
            });
        };
        let Job { task: TaskId { coordinate, .. }, node, fit, key, inputs, prepared, .. } = job;
        if !fit {
            stored_outputs(&stored, key, &coordinate, eval);
            return Ok(EvalState::Done(stored));
        }
        let fits = self.memo.values(self.store, &stored).map_err(failed)?;
        let applied = key_of_applied(key);
        self.lazy(instance, &node, &prepared, &coordinate, &inputs, fits, applied, eval)?;
        Ok(EvalState::Done(stored))
    }

    /// The name of what a node makes of these inputs.
    pub(super) fn key(
        &self,
        what: &str,
        node: &Arc<dyn DynNode>,
        prepared: &Prepared,
        coordinate: &Coordinate,
        inputs: &[Arrived],
    ) -> Key {
        let info = node.info();
        let mut builder = KeyBuilder::new(what)
            .text(info.kind)
            .text(&info.version.to_string())
            .text(&prepared.text)
            .text(&self.pipeline.seed().to_string());
        // Where an item stands does not change what is made of it, unless the node says so.
        if prepared.uses_coordinates {
            builder = builder.text(&coordinate_text(coordinate));
        }
        for (port, coordinate, key, _) in inputs {
            builder = builder.text(port);
            if prepared.uses_coordinates {
                builder = builder.text(&coordinate_text(coordinate));
            }
            builder = builder.key(*key);
        }
        for (_, fingerprint) in &prepared.files {
            builder = builder.text("file").text(fingerprint);
        }
        builder.finish()
    }

    pub(super) fn fingerprint(&mut self, path: PathBuf) -> (PathBuf, String) {
        let path = self.base_folder.join(path);
        let fingerprint =
            self.fingerprints.entry(path.clone()).or_insert_with(|| self.store.fingerprint(&path)).clone();
        (path, fingerprint)
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

fn stored_outputs(stored: &Stored, key: Key, coordinate: &Coordinate, eval: &mut NodeEval) {
    for (port, entry) in &stored.manifest.outputs {
        let collected = eval.outputs.entry(port.clone()).or_default();
        for (added, _) in &entry.items {
            let payload = Payload::Stored(stored.clone(), port.clone(), added.clone());
            let state = ItemState::Ready { key: key.output(port, added), payload };
            collected.push(Item::new(coordinate.with(added), state));
        }
    }
}
