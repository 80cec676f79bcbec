//! The parameters of a node as its items use them, worked out once however many items there are.

use super::{
    Coordinate, NeededKeys, NodeError, NodeInstance, ParamProblem, Params, evaluate::Evaluator,
    evaluate_item::Arrived, evaluate_item::load_inputs, key::canonical, node::DynNode, offer::set_at,
};
use rayon::prelude::*;
use serde_json::Value as Json;
use std::{path::PathBuf, sync::Arc};

/// From this number on files and results are looked at side by side.
pub(super) const MANY: usize = 32;

/// Parameters and what follows from them alone.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Defaults filled in.
    pub params: Params,
    /// The same as text, whatever the order of the fields.
    pub text: String,
    /// Files it depends on, with their fingerprints.
    pub files: Vec<(PathBuf, String)>,
    /// Files it writes for the user.
    pub writes: Vec<PathBuf>,
    /// Names in them that keys of the item have to fill.
    pub needed: NeededKeys,
    /// True where the coordinates of the inputs are part of the key.
    pub uses_coordinates: bool,
    /// True where an automatic value is yet to be turned into a number.
    is_open: bool,
}

fn wrong(problem: ParamProblem) -> NodeError {
    let ParamProblem { field, message } = problem;
    NodeError::Input(if field.is_empty() { message } else { format!("{field}: {message}") })
}

impl Evaluator<'_> {
    /// Parameters for the key: defaults filled in, swept ones set, automatic ones resolved from the inputs.
    pub(super) fn prepared(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        coordinate: &Coordinate,
        inputs: &[Arrived],
    ) -> Result<Arc<Prepared>, NodeError> {
        let swept = self.swept(&instance.name, coordinate);
        let tag = swept.iter().map(|(field, value)| format!("{field}={value};")).collect::<String>();
        let found = self.prepared.get(&instance.name).and_then(|known| known.get(&tag));
        let prepared = match found {
            Some(found) => found.clone(),
            None => {
                let mut params = instance.params.clone();
                let is_swept = !swept.is_empty();
                for (field, value) in swept {
                    set_at(&mut params, &field, Some(value));
                }
                if is_swept && let Some(problem) = node.check(&params).into_iter().next() {
                    return Err(wrong(problem));
                }
                let params = node.complete(&params).map_err(wrong)?;
                self.prepare(instance, node, params, tag)
            }
        };
        if !prepared.is_open {
            return Ok(prepared);
        }
        let key = self.key("resolve", node, &prepared, coordinate, inputs);
        let resolve = || node.resolve(&prepared.params, &load_inputs(self.store, self.memo, inputs)?);
        let params = self.memo.resolved(key, resolve)?;
        let tag = format!("resolved {}", canonical(&Json::Object(params.clone())));
        match self.prepared.get(&instance.name).and_then(|known| known.get(&tag)) {
            Some(found) => Ok(found.clone()),
            None => Ok(self.prepare(instance, node, params, tag)),
        }
    }

    fn prepare(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        params: Params,
        tag: String,
    ) -> Arc<Prepared> {
        // Without an automatic value nothing has to be loaded to know the key; `resolve` comes at the run.
        let is_open = |spec: &super::ParamSpec| spec.auto && params.get(&spec.name).is_none_or(Json::is_null);
        let is_open = node.specs().iter().any(is_open);
        let writes = node.writes(&params);
        let paths = node.files(&params, self.base_folder);
        self.take_fingerprints(&paths);
        let files = paths.into_iter().map(|path| self.fingerprint(path));
        let prepared = Arc::new(Prepared {
            text: canonical(&Json::Object(params.clone())),
            files: files.collect(),
            // Items that write files write different ones.
            uses_coordinates: !writes.is_empty() || node.uses_coordinates(&params),
            needed: node.needed_keys(&params),
            writes,
            is_open,
            params,
        });
        self.prepared.entry(instance.name.clone()).or_default().insert(tag, prepared.clone());
        prepared
    }

    /// Takes the fingerprints of many files at once.
    fn take_fingerprints(&mut self, paths: &[PathBuf]) {
        if paths.len() < MANY {
            return;
        }
        let paths = paths.iter().map(|path| self.base_folder.join(path));
        let new: Vec<PathBuf> = paths.filter(|path| !self.fingerprints.contains_key(path)).collect();
        let store = self.store;
        let taken: Vec<(PathBuf, String)> = new
            .into_par_iter()
            .map(|path| {
                let fingerprint = store.fingerprint(&path);
                (path, fingerprint)
            })
            .collect();
        self.fingerprints.extend(taken);
    }

    /// Parameters of a node that the keys of an item set.
    fn swept(&self, node: &str, coordinate: &Coordinate) -> Vec<(String, Json)> {
        let own = self.swept.iter().filter(|swept| swept.node == node);
        own.filter_map(|swept| {
            let value = coordinate.keys().get(&swept.key)?;
            let (_, json) = swept.values.iter().find(|(of_key, _)| of_key == value)?;
            Some((swept.field.clone(), json.clone()))
        })
        .collect()
    }
}
