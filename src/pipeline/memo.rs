//! What was computed once in this process and need not be again: recipes, loaded results, automatic values.

use super::{
    Coordinate, Inputs, Key, NodeError, Output, Outputs, Params, RunContext, Store, StoreError, Value,
    join::Payload,
    node::DynNode,
    store::{Stored, lock},
};
use crate::{data::Notice, engine::Monitor};
use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex},
};

/// Loaded results that are kept, in bytes of their files; mapped columns count as well.
const LOADED_BYTES: u64 = 1 << 30;
/// Recipes that are kept.
const NUM_RECIPES: usize = 1 << 18;

/// What a lazy node gave.
#[derive(Debug)]
pub(super) struct Recipe {
    pub outputs: Outputs,
    /// What it warned of.
    pub warnings: Vec<Notice>,
}

#[derive(Default)]
pub(super) struct Memo {
    recipes: Mutex<HashMap<Key, Arc<Recipe>>>,
    resolved: Mutex<HashMap<Key, Params>>,
    loaded: Mutex<Loaded>,
}

#[derive(Default)]
struct Loaded {
    outputs: HashMap<(Key, String), Arc<Output>>,
    order: VecDeque<((Key, String), u64)>,
    bytes: u64,
}

/// Hears warnings of recipes.
#[derive(Default)]
struct Warnings(Mutex<Vec<Notice>>);

impl Monitor for Warnings {
    fn warn(&self, notice: &Notice) {
        lock(&self.0).push(notice.clone());
    }
}

impl Memo {
    /// The outputs of a lazy node, evaluated where they are not known yet. A panic becomes an error.
    pub(super) fn recipe(
        &self,
        key: Key,
        node: &dyn DynNode,
        params: &Params,
        inputs: impl FnOnce() -> Result<Inputs, NodeError>,
        seed: u64,
        folders: (&Store, &Path),
    ) -> Result<Arc<Recipe>, NodeError> {
        if let Some(found) = lock(&self.recipes).get(&key) {
            return Ok(found.clone());
        }
        let inputs = inputs()?;
        let warnings = Arc::new(Warnings::default());
        let context = RunContext {
            seed,
            monitor: warnings.clone(),
            scratch_folder: None,
            notes_folder: Some(folders.0.notes_folder()),
            base_folder: folders.1.to_owned(),
            coordinate: Coordinate::default(),
        };
        let outputs = caught(|| {
            let params = node.resolve(params, &inputs)?;
            node.run(&params, &inputs, &context)
        })?;
        let warnings = std::mem::take(&mut *lock(&warnings.0));
        let recipe = Arc::new(Recipe { outputs, warnings });
        let mut recipes = lock(&self.recipes);
        if recipes.len() >= NUM_RECIPES {
            recipes.clear();
        }
        recipes.insert(key, recipe.clone());
        Ok(recipe)
    }

    /// Automatic values turned into numbers, the same for the same inputs.
    pub(super) fn resolved(
        &self,
        key: Key,
        resolve: impl FnOnce() -> Result<Params, NodeError>,
    ) -> Result<Params, NodeError> {
        if let Some(found) = lock(&self.resolved).get(&key) {
            return Ok(found.clone());
        }
        let params = caught(resolve)?;
        let mut resolved = lock(&self.resolved);
        if resolved.len() >= NUM_RECIPES {
            resolved.clear();
        }
        resolved.insert(key, params.clone());
        Ok(params)
    }

    /// The value of an item.
    pub(super) fn value(&self, store: &Store, payload: &Payload) -> Result<Value, StoreError> {
        let (stored, port, added) = match payload {
            Payload::Here(value) => return Ok(value.clone()),
            Payload::Stored(stored, port, added) => (stored, port, added),
        };
        let output = self.output(store, stored, port)?;
        let found = match &*output {
            Output::One(value) => Some(value),
            Output::Many(items) => items.iter().find(|(c, _)| c == added).map(|(_, value)| value),
            Output::Written(_) => None,
            Output::Own(items) => {
                items.iter().find(|item| item.coordinate == *added).and_then(|item| item.value.as_ref().ok())
            }
        };
        found.cloned().ok_or_else(|| StoreError::Damaged {
            folder: stored.folder.clone(),
            message: format!("it holds no item {added} of \"{port}\""),
        })
    }

    fn output(&self, store: &Store, stored: &Stored, port: &str) -> Result<Arc<Output>, StoreError> {
        let name = (stored.key, port.to_owned());
        if let Some(found) = lock(&self.loaded).outputs.get(&name) {
            return Ok(found.clone());
        }
        let output = Arc::new(store.load_port(stored, port)?);
        let bytes = stored.manifest.port_bytes(port);
        let mut loaded = lock(&self.loaded);
        if loaded.outputs.insert(name.clone(), output.clone()).is_none() {
            loaded.bytes += bytes;
            loaded.order.push_back((name, bytes));
        }
        while loaded.bytes > LOADED_BYTES && loaded.order.len() > 1 {
            if let Some((oldest, bytes)) = loaded.order.pop_front() {
                loaded.outputs.remove(&oldest);
                loaded.bytes -= bytes;
            }
        }
        Ok(output)
    }

    /// All values a result holds, by port.
    pub(super) fn values(
        &self,
        store: &Store,
        stored: &Stored,
    ) -> Result<std::collections::BTreeMap<String, Value>, StoreError> {
        let ports = stored.manifest.outputs.keys();
        ports
            .map(|port| {
                let payload = Payload::Stored(stored.clone(), port.clone(), Coordinate::default());
                Ok((port.clone(), self.value(store, &payload)?))
            })
            .collect()
    }
}

/// Calls a node; a panic becomes an error that tells what happened.
pub(super) fn caught<T>(call: impl FnOnce() -> Result<T, NodeError>) -> Result<T, NodeError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Err(NodeError::Failed(format!(
            "stopped by a fault in the program: {message}. Other nodes go on; please report this with the pipeline."
        )))
    })
}
