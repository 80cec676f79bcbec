//! The end of an import: a reader with all it was told, the steps that were asked for after it, and the template.

use super::{READER, Source, Wizard};
use crate::{
    app::{App, files::Fitting, texts},
    pipeline::{Edit, NodeInstance, Params},
};
use serde_json::json;

/// From a node to the next one on its right.
const STEP: f32 = 260.0;

impl Wizard {
    /// Kinds and parameters of the nodes after the reader.
    fn steps(&self) -> Vec<(&'static str, Params)> {
        let mut steps = Vec::new();
        if let (false, Some(Ok(tried))) = (self.left_out.is_empty(), &self.tried) {
            let ids = &tried.recording.info().channel_ids;
            let names: Vec<String> =
                self.left_out.iter().filter_map(|&c| ids.get(c)).map(ToString::to_string).collect();
            let mut params = Params::new();
            params.insert("remove_channel_ids".to_owned(), json!(names));
            steps.push(("select_channels", params));
        }
        if self.remove_dc {
            steps.push(("remove_dc", Params::new()));
        }
        steps
    }

    fn fitting(&self) -> Option<Fitting> {
        self.tried.as_ref()?.as_ref().ok().map(|tried| tried.fitting.clone())
    }
}

impl App {
    /// Draws what an import came to: a reader of its own, or another file for one that is there.
    pub(super) fn finish_import(&mut self, wizard: &Wizard, instead_of: Option<&str>) {
        let mut params = wizard.params.clone();
        if let Source::File(_) = &wizard.source {
            self.remember_data(&wizard.path);
            params.shift_insert(0, "path".to_owned(), json!(wizard.path.to_string_lossy()));
        }
        if let Some(name) = instead_of {
            // What held for the file before was there to begin with, and what does not fit was said.
            let edit = Edit::SetParams(name.to_owned(), params);
            let label = texts::import::read_another_file_in(&name);
            let end = self.add_steps(edit, &format!("{name}.recording"), wizard.steps(), &label);
            self.sheet.editor.select([name.to_owned()]);
            return self.look(end);
        }
        match &wizard.source {
            Source::Node(name) => {
                let edit = Edit::SetParams(name.clone(), params);
                let label = texts::import::set_the_layout_of(&name);
                let end = self.add_steps(edit, &format!("{name}.recording"), wizard.steps(), &label);
                self.look(end);
            }
            Source::Study(name, _) => {
                // What tells its recordings stays as it is.
                let Some(node) = self.pipeline().node(name) else { return };
                let specs = wizard.reader.specs();
                let is_layout =
                    |field: &String| field != "path" && specs.iter().any(|spec| spec.name == *field);
                let mut all = node.params.clone();
                all.retain(|field, _| !is_layout(field));
                all.extend(params);
                let is_alone = self.pipeline().nodes().count() == 1;
                let edit = Edit::SetParams(name.clone(), all);
                let label = texts::import::set_the_layout_of(&name);
                let end = self.add_steps(edit, &format!("{name}.recording"), wizard.steps(), &label);
                if let Some(fitting) = wizard.fitting().filter(|_| is_alone) {
                    self.continue_fitting(&end, fitting);
                }
                self.look(end);
            }
            Source::File(_) => {
                let is_first = self.sheet.is_empty();
                if is_first && self.sheet.editor.path.is_none() && self.sheet.editor.name.is_empty() {
                    let stem = wizard.path.file_stem().unwrap_or_default();
                    self.sheet.editor.name = stem.to_string_lossy().into_owned();
                }
                let position = wizard.place;
                self.sheet.canvas.reveal(position);
                let name = self.sheet.editor.pipeline().free_name(READER);
                let node = NodeInstance::new(&name, READER, params, position);
                let end = format!("{name}.recording");
                let end =
                    self.add_steps(Edit::AddNode(node), &end, wizard.steps(), texts::import::import_file());
                self.sheet.editor.select([name]);
                if let Some(fitting) = wizard.fitting().filter(|_| is_first) {
                    self.continue_fitting(&end, fitting);
                }
                self.look(end);
                self.sheet.follows = true;
            }
        }
    }

    /// One edit that lets steps follow an end, which `first` may bring about; the end that comes out.
    pub(in crate::app) fn add_steps(
        &mut self,
        first: Edit,
        end: &str,
        steps: Vec<(&str, Params)>,
        label: &str,
    ) -> String {
        let mut scratch = self.sheet.editor.pipeline().clone();
        let mut edits = vec![first.clone()];
        let _ = scratch.apply(first);
        let mut from = end.to_owned();
        let node_of = |end: &str| end.split_once('.').map_or(end, |(node, _)| node).to_owned();
        let mut position = scratch.node(&node_of(end)).map_or([0.0, 0.0], |node| node.position);
        // What followed the end follows the last step.
        let old: Vec<(String, String)> = scratch
            .wires()
            .iter()
            .map(|w| (format!("{}.{}", w.0, w.1), format!("{}.{}", w.2, w.3)))
            .filter(|(output, _)| output == end)
            .collect();
        let has_steps = !steps.is_empty();
        // Room for the steps: what stands on the right moves on.
        let room = STEP * steps.len() as f32;
        let moved =
            scratch.nodes().filter(|n| has_steps && !old.is_empty() && n.position[0] > position[0] + 1.0);
        let moved: Vec<_> = moved.map(|n| (n.name.clone(), [n.position[0] + room, n.position[1]])).collect();
        if !moved.is_empty() {
            edits.push(Edit::Move(moved));
        }
        for (kind, params) in steps {
            position[0] += STEP;
            let name = scratch.free_name(kind);
            let node = Edit::AddNode(NodeInstance::new(&name, kind, params, position));
            let wire = Edit::Connect(from, format!("{name}.recording"));
            for edit in [node, wire] {
                let _ = scratch.apply(edit.clone());
                edits.push(edit);
            }
            from = format!("{name}.recording");
        }
        if has_steps {
            for (output, input) in old {
                edits.push(Edit::Disconnect(output, input.clone()));
                edits.push(Edit::Connect(from.clone(), input));
            }
        }
        self.edit(Edit::Batch(edits), label, None);
        from
    }
}
