//! Draws in what files and examples hold: nodes that read a file, and the steps that follow a recording.

use super::{
    App,
    editor::Editor,
    examples,
    files::Fitting,
    runs::Level,
    settings::RecentList,
    texts,
    wizard::{READER, STUDY},
};
use crate::pipeline::{Document, Edit, NodeInstance, ParamKind, Params};
use std::path::Path;

/// From one node that reads a file to the next below it, in canvas units.
const READER_STEP: f32 = 140.0;

impl App {
    pub(super) fn continue_with(&mut self, end: &str, example: usize) {
        let Some(example) = examples::EXAMPLES.get(example) else { return };
        let Ok(opened) = Document::parse(example.text, (example.name)(), &self.registry) else { return };
        if let Some((edit, names)) = self.sheet.editor.continue_edit(&self.registry, &opened.pipeline, end) {
            self.edit(edit, &texts::canvas::add_example(&(example.name)()), None);
            self.sheet.editor.select(names);
            self.sheet.canvas.fit(false);
        }
    }

    /// Lets the steps that fit a recording follow it, and says why these.
    pub(super) fn continue_fitting(&mut self, end: &str, fitting: Fitting) {
        let words = match fitting.example {
            Ok(example) => {
                let selected = self.sheet.editor.selection.clone();
                self.continue_with(end, example);
                self.sheet.editor.select(selected);
                let name = examples::EXAMPLES.get(example).map_or("", |example| (example.name)());
                texts::canvas::template_follows(&fitting.words, &name)
            }
            Err(reason) => texts::canvas::no_steps_were_drawn(&fitting.words, &reason),
        };
        self.sheet.runs.say(Level::Info, words.clone());
        self.toasts.info(words);
    }

    /// Puts a pipeline first in the list of recent ones.
    pub(super) fn remember_file(&mut self, path: &Path) {
        self.remember(RecentList::Pipelines, path, true);
        self.start.look_again();
    }

    /// Puts a recording, sorting or study first in the list of recent ones.
    pub(super) fn remember_data(&mut self, path: &Path) {
        self.remember(RecentList::Data, path, true);
    }

    /// Puts a file first in a list of recent ones, or takes it off where it is not open.
    pub(super) fn remember(&mut self, list: RecentList, path: &Path, is_open: bool) {
        self.settings.remember_file(list, path, is_open);
        self.keeper.recent(list, path.to_owned(), is_open);
    }

    pub(super) fn open_example(&mut self, index: usize) {
        let Some(example) = examples::EXAMPLES.get(index) else { return };
        match Document::parse(example.text, (example.name)(), &self.registry) {
            Ok(opened) => self.show(Editor::new(opened.pipeline, (example.name)(), None)),
            Err(error) => self.toasts.error(error.to_string()),
        }
    }

    /// A recording or sorting makes a node that reads it; a folder that holds more makes several, one below the
    /// other.
    pub(super) fn show_readers(&mut self, kinds: &[&'static str], path: &Path, fitting: Option<Fitting>) {
        let path = std::path::absolute(path).unwrap_or_else(|_unknown| path.to_owned());
        let told = |kind: &&'static str| {
            let mut params = Params::new();
            let specs = self.registry.get(kind).map(|node| node.specs()).unwrap_or_default();
            if let Some(spec) = specs.iter().find(|s| matches!(s.kind, ParamKind::Path { .. })) {
                params.insert(spec.name.clone(), path.to_string_lossy().into_owned().into());
            }
            (*kind, params)
        };
        let nodes: Vec<(&str, Params)> = kinds.iter().map(told).collect();
        self.show_reading(&nodes, &path, fitting);
    }

    /// Nodes that read something, one below the other, of kinds and with what they are told.
    pub(super) fn show_reading(
        &mut self,
        nodes: &[(&'static str, Params)],
        path: &Path,
        fitting: Option<Fitting>,
    ) {
        self.remember_data(path);
        let is_first = self.sheet.editor.pipeline().nodes().next().is_none();
        let before = self.only_reader(&[READER, STUDY]).filter(|_| matches!(nodes, [(READER | STUDY, _)]));
        let mut position = self.landing();
        self.sheet.canvas.reveal(position);
        let (mut edits, mut names, mut ends, mut tasks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (kind, params) in nodes {
            let Some(node) = self.registry.get(kind) else { continue };
            let params = params.clone();
            let name = self.sheet.editor.free_name(kind);
            ends.extend(node.outputs(&params).first().map(|port| format!("{name}.{}", port.name)));
            if node.info().work.is_task() {
                tasks.push(name.clone());
            }
            edits.push(Edit::AddNode(NodeInstance::new(&name, kind, params, position)));
            names.push(name);
            position[1] += READER_STEP;
        }
        if is_first && self.sheet.editor.path.is_none() && self.sheet.editor.name.is_empty() {
            self.sheet.editor.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        }
        self.edit(Edit::Batch(edits), texts::canvas::open_file(), None);
        if names.len() > 1 {
            self.sheet.canvas.fit(false);
        }
        if let (Some(reader), Some(added)) = (before, names.first()) {
            self.offer_exchange(reader, added.clone(), path);
        }
        self.sheet.editor.select(names.into_iter().take(1));
        if let Some(end) = ends.into_iter().next() {
            if let Some(fitting) = fitting.filter(|_| is_first) {
                self.continue_fitting(&end, fitting);
            }
            self.look(end);
            self.sheet.follows = true;
        }
        // What was opened is to be seen.
        if let Some(task) = tasks.into_iter().next() {
            self.run((!is_first).then_some(task));
        }
    }
}
