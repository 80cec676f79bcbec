//! A recipe: what a node that is no task makes of its inputs, and what that is made of.

use super::{
    Coordinate, Inputs, Key, NodeError, NodeInstance, Output, OwnItem, Value,
    evaluate::{EvalState, Evaluator, ItemEval, NodeEval},
    evaluate_item::{Arrived, load_inputs},
    join::{Item, ItemState, Payload},
    key::{KeyBuilder, canonical},
    node::DynNode,
    prepared::Prepared,
    provenance::{FileOf, Origin, result_of},
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

impl Evaluator<'_> {
    /// Evaluates a recipe and adds what leaves it to what is known of the node.
    #[expect(clippy::too_many_arguments, reason = "all of it makes up one recipe")]
    pub(super) fn lazy(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        prepared: &Arc<Prepared>,
        coordinate: &Coordinate,
        inputs: &[Arrived],
        fits: BTreeMap<String, Value>,
        key: Key,
        eval: &mut NodeEval,
    ) -> Result<(), NodeError> {
        let load = || Ok(Inputs { fits, ..load_inputs(self.store, self.memo, inputs)? });
        let folders = (self.store, self.base_folder);
        let recipe = self.memo.recipe(key, &**node, &prepared.params, load, self.pipeline.seed(), folders)?;
        eval.warnings.extend(recipe.warnings.iter().cloned());
        let mut origins: Vec<(Key, Vec<PathBuf>)> = Vec::new();
        for (port, output) in &recipe.outputs.0 {
            let collected = eval.outputs.entry(port.clone()).or_default();
            let mut ready = |key, value: &Value, files: &[PathBuf]| {
                origins.push((key, files.to_owned()));
                ItemState::Ready { key, payload: Payload::Here(value.clone()) }
            };
            match output {
                Output::One(value) => {
                    let state = ready(key.output(port, &Coordinate::default()), value, &[]);
                    collected.push(Item::new(coordinate.clone(), state));
                }
                Output::Many(items) => collected.extend(items.iter().map(|(added, value)| {
                    Item::new(coordinate.with(added), ready(key.output(port, added), value, &[]))
                })),
                // Tasks write; recipes do not.
                Output::Written(_) => {}
                Output::Own(items) => {
                    let mut facts: Option<(&Json, String)> = None;
                    for item in items {
                        // Most items of a study have the same.
                        let text = match facts.take() {
                            Some((of, text)) if *of == item.facts => text,
                            _ => canonical(&item.facts),
                        };
                        let text = &facts.insert((&item.facts, text)).1;
                        let place = coordinate.with(&item.coordinate);
                        let state = match &item.value {
                            Ok(value) => {
                                ready(self.key_of_own(node, port, (item, text), inputs), value, &item.files)
                            }
                            Err(reason) => {
                                let state = EvalState::Failed(reason.as_str().into());
                                // An item with several outputs fails once.
                                if !eval.items.iter().any(|i| i.coordinate == place) {
                                    let coordinate = place.clone();
                                    eval.items.push(ItemEval { coordinate, is_task: false, state });
                                }
                                ItemState::Broken(reason.clone())
                            }
                        };
                        collected.push(Item::new(place, state));
                    }
                }
            }
        }
        self.note_origins(instance, prepared, inputs, origins);
        Ok(())
    }

    fn note_origins(
        &mut self,
        instance: &NodeInstance,
        prepared: &Arc<Prepared>,
        inputs: &[Arrived],
        made: Vec<(Key, Vec<PathBuf>)>,
    ) {
        let Some(node) = self.pipeline.index(&instance.name) else { return };
        let inputs: Vec<_> = inputs.iter().map(|(_, _, key, payload)| (*key, result_of(payload))).collect();
        for (key, files) in made {
            let named = files.into_iter().map(|path| {
                let (path, fingerprint) = self.fingerprint(path);
                FileOf { path, fingerprint }
            });
            let files = named.collect();
            let origin = Origin { node, prepared: prepared.clone(), files, inputs: inputs.clone() };
            self.origins.insert(key, origin);
        }
    }

    /// The key of an item that tells what it is made of.
    fn key_of_own(
        &mut self,
        node: &Arc<dyn DynNode>,
        port: &str,
        (item, facts): (&OwnItem, &str),
        inputs: &[Arrived],
    ) -> Key {
        let info = node.info();
        let mut builder =
            KeyBuilder::new("item").text(info.kind).text(&info.version.to_string()).text(port).text(facts);
        for path in &item.files {
            builder = builder.text("file").text(&self.fingerprint(path.clone()).1);
        }
        for (port, _, key, _) in inputs.iter().filter(|_| item.of_inputs) {
            builder = builder.text(port).key(*key);
        }
        builder.finish()
    }
}
