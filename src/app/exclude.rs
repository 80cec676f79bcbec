//! Channels that are left out by a click: the step that leaves some out already, or a new one.

use super::{App, texts};
use crate::{
    data::Id,
    pipeline::{Act, Edit, NodeInstance, Params},
};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

/// The step that is added where none leaves channels out, and its parameter.
const STEP: (&str, &str) = ("select_channels", "remove_channel_ids");

impl App {
    /// Leaves a channel out of what comes after an end, or takes it in again; one step to undo.
    pub(super) fn exclude_channel(&mut self, end: &str, channel: &Id) {
        let word = json!(channel.to_string());
        let Some((name, field)) = self.leaving_out(end) else {
            let mut params = Params::new();
            params.insert(STEP.1.to_owned(), json!([word]));
            let label = texts::canvas::leave_out_channel(&channel);
            self.add_steps(Edit::Batch(Vec::new()), end, vec![(STEP.0, params)], &label);
            return;
        };
        let Some(instance) = self.sheet.editor.pipeline().node(&name) else { return };
        let mut params = instance.params.clone();
        let mut ids: Vec<Json> = params.get(&field).and_then(Json::as_array).cloned().unwrap_or_default();
        let said = |id: &Json| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let verb = match ids.iter().position(|id| said(id) == channel.to_string()) {
            Some(at) => {
                ids.remove(at);
                texts::canvas::take_in()
            }
            None => {
                ids.push(word);
                texts::canvas::leave_out()
            }
        };
        if ids.is_empty() {
            params.shift_remove(&field);
        } else {
            params.insert(field, Json::Array(ids));
        }
        self.edit(Edit::SetParams(name, params), &texts::canvas::channel(&verb, &channel), None);
    }

    /// Names of channels that steps of the pipeline leave out.
    pub(super) fn left_out(&mut self) -> Arc<BTreeSet<String>> {
        if self.left_out.0 != self.sheet.meaning {
            let pipeline = self.sheet.editor.pipeline();
            let lists = pipeline.nodes().filter_map(|node| node.params.get(&self.field_of(node)?));
            let said = |id: &Json| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            let ids = lists.filter_map(Json::as_array).flatten().map(said).collect();
            self.left_out = (self.sheet.meaning, Arc::new(ids));
        }
        self.left_out.1.clone()
    }

    /// The parameter by which a node leaves channels out.
    fn field_of(&self, node: &NodeInstance) -> Option<String> {
        let acts = self.registry.get(&node.kind)?.acts(&node.params);
        acts.into_iter().find_map(|act| match act {
            Act::LeavesOut { field } => Some(field.to_owned()),
            _ => None,
        })
    }

    /// The nearest step that leaves channels out: of the end itself, after it, or before it.
    fn leaving_out(&self, end: &str) -> Option<(String, String)> {
        let pipeline = self.sheet.editor.pipeline();
        let wires = pipeline.wires();
        let start = end.split_once('.').map_or(end, |(node, _)| node);
        for forward in [true, false] {
            let mut open = VecDeque::from([start]);
            let mut seen = BTreeSet::new();
            while let Some(name) = open.pop_front() {
                if !seen.insert(name) {
                    continue;
                }
                let Some(node) = pipeline.node(name) else { continue };
                if let Some(field) = self.field_of(node) {
                    return Some((name.to_owned(), field));
                }
                let ends = wires.iter().filter(|w| if forward { w.0 == name } else { w.2 == name });
                open.extend(
                    ends.filter(|w| w.3.starts_with("recording")).map(|w| if forward { w.2 } else { w.0 }),
                );
            }
        }
        None
    }
}
