//! Carries commands out: the one place where the document changes.

use super::{
    App,
    backend::Purpose,
    browser::Mode,
    canvas::Canvas,
    command::{Command, MergeKey},
    command_list::CommandList,
    editor::{Editor, Place, instance},
    examples, panels, text,
};
use crate::pipeline::{Document, Edit, NodeInstance, ParamKind, Params, Pipeline, RunOptions};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// From one node that reads a file to the next below it, in canvas units.
const READER_STEP: f32 = 140.0;

impl App {
    /// Carries a command out; one that would stop a run or lose changes asks first.
    pub fn perform(&mut self, command: Command) {
        if self.is_running() && leaves(&command) {
            self.dialogs.stops = Some(command);
        } else {
            self.perform_or_save(command);
        }
    }

    /// As [`Self::perform`], with a run that goes on settled.
    pub(super) fn perform_or_save(&mut self, command: Command) {
        if leaves(&command) && self.editor.is_dirty() {
            self.dialogs.waiting = Some(command);
        } else {
            self.perform_at_once(command);
        }
    }

    pub(super) fn perform_at_once(&mut self, command: Command) {
        match command {
            Command::Edit { edit, label, merge } => self.edit(edit, &label, merge),
            Command::Add { kind, position, from } => self.add(&kind, position, from),
            Command::AddInView(kind) => {
                let place = self.canvas.free_place(self.editor.pipeline());
                self.add(&kind, place, None);
                self.canvas.reveal(place);
            }
            Command::InsertBefore { node, kind } => {
                if let Some((edit, name)) = self.editor.insert_edit(&self.registry, &node, &kind) {
                    self.edit(edit, "insert node", None);
                    self.editor.select([name]);
                }
            }
            Command::ContinueWith { end, example } => self.continue_with(&end, example),
            Command::Connect { from, to } => {
                let edit = self.editor.connect_edit(&self.registry, &from, &to);
                self.edit(edit, "draw wire", None);
            }
            Command::Select(names) => self.editor.select(names),
            Command::SelectWire(from, to) => {
                self.editor.select([]);
                self.editor.selected_wire = Some((from, to));
            }
            Command::SelectAll => {
                let names: Vec<_> = self.editor.pipeline().nodes().map(|n| n.name.clone()).collect();
                self.editor.select(names);
            }
            Command::Delete => self.delete(),
            Command::Copy => self.copy(),
            Command::Cut => {
                self.copy();
                self.delete();
            }
            Command::Paste { text, position } => self.paste(&text, position),
            Command::Duplicate => {
                let part = self.editor.selected_part();
                self.insert(&part, Place::Offset([32.0, 32.0]), "duplicate");
            }
            Command::Nudge(by) => self.nudge(by),
            Command::ToggleMuted => {
                self.toggle(|n| n.muted, Edit::SetMuted, "mute");
            }
            Command::ToggleBypassed => {
                self.toggle(|n| n.bypassed, Edit::SetBypassed, "bypass");
            }
            Command::Rename => {
                if let Some(node) = self.editor.single_selection() {
                    self.canvas.rename(&node.name);
                }
            }
            Command::Arrange => self.arrange(),
            Command::Unpack => self.unpack(),
            Command::Undo => {
                if self.editor.undo().is_some() {
                    self.stepped();
                }
            }
            Command::Redo => {
                if self.editor.redo().is_some() {
                    self.stepped();
                }
            }
            Command::Look(end) => {
                self.follows = false;
                self.look(end);
            }
            Command::LookAtSelection => self.look_at_selection(),
            Command::Run { until } => self.run(until),
            Command::RunToSelection => {
                if let Some(name) = self.editor.selection.first().cloned() {
                    self.run(Some(name));
                }
            }
            Command::Stop => self.runs.stop(),
            Command::New => self.show(Editor::new(Pipeline::default(), "", None)),
            Command::OpenDialog => {
                self.browse(Purpose::Open, Mode::Open, String::new());
            }
            Command::Open(path) => self.backend.open(path),
            Command::OpenExample(index) => self.open_example(index),
            Command::Save => match self.editor.path.clone() {
                Some(path) => self.save(path),
                None => self.perform_at_once(Command::SaveAs),
            },
            Command::SaveAs => {
                let stem = self.editor.title().to_lowercase().replace(' ', "_");
                let name = if stem.ends_with(".ron") { stem } else { format!("{stem}.ron") };
                self.browse(Purpose::Save, Mode::Save, name);
            }
            Command::Browse { node, field, mode } => {
                self.browse(Purpose::Param { node, field }, Mode::of_param(&mode), String::new());
            }
            Command::Quit => {
                self.dialogs.may_close = true;
                self.ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            }
            Command::FindNode => self.canvas.open_finder(&self.ctx),
            Command::FindInput(end) => {
                self.canvas.find_input(self.editor.pipeline(), &end);
            }
            Command::ShowCommands => self.dialogs.commands = Some(CommandList::default()),
            Command::ToggleShortcuts => self.dialogs.shortcuts = !self.dialogs.shortcuts,
            Command::ShowAbout => self.dialogs.about = true,
            Command::ResetLayout => {
                self.layout = Some(panels::default_layout());
                self.maximised = None;
            }
            Command::InspectLayout => {
                self.layout = Some(panels::inspect_layout());
                self.maximised = None;
            }
            Command::Fit { selection } => self.canvas.fit(selection),
            Command::ActualSize => self.canvas.actual_size(),
        }
    }

    /// Saves to this file from now on.
    pub fn save(&mut self, path: PathBuf) {
        self.backend.save(self.editor.pipeline(), self.editor.revision(), path);
    }

    pub(super) fn edit(&mut self, edit: Edit, label: &str, merge: Option<MergeKey>) {
        let moves_only = matches!(edit, Edit::Move(_));
        let mut touched = BTreeSet::new();
        collect_touched(&edit, &mut touched);
        match self.editor.apply(edit, label, merge) {
            Ok(()) if moves_only => {}
            Ok(()) => {
                self.meaning += 1;
                self.runs.forget(self.editor.pipeline(), &touched);
                self.join_states();
            }
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// The pipeline went back or forth: only the store knows now what is done.
    fn stepped(&mut self) {
        self.meaning += 1;
        if !self.is_running() {
            self.runs.forget_all();
        }
        self.join_states();
    }

    fn add(&mut self, kind: &str, position: [f32; 2], from: Option<(String, bool)>) {
        let name = self.editor.pipeline().free_name(kind);
        let mut edits = vec![Edit::AddNode(instance(&name, kind, Params::new(), position))];
        if let (Some((end, is_output)), Some(node)) = (from, self.registry.get(kind)) {
            // The pipeline with the node in it knows which of its ports fits.
            let mut scratch = self.editor.pipeline().clone();
            let _ = scratch.apply(edits[0].clone());
            let info = node.info();
            for port in if is_output { info.inputs } else { info.outputs } {
                let other = format!("{name}.{}", port.name);
                let (from, to) = if is_output { (&end, &other) } else { (&other, &end) };
                if scratch.can_connect(&self.registry, from, to).is_ok() {
                    edits.push(self.editor.connect_edit(&self.registry, from, to));
                    break;
                }
            }
        }
        let label = self.registry.get(kind).map_or(kind, |n| n.info().label);
        self.edit(Edit::Batch(edits), &format!("add {label}"), None);
        self.editor.select([name]);
    }

    fn delete(&mut self) {
        if let Some((from, to)) = self.editor.selected_wire.clone() {
            self.edit(Edit::Disconnect(from, to), "remove wire", None);
            return;
        }
        let edits: Vec<_> = self.editor.selection.iter().cloned().map(Edit::RemoveNode).collect();
        if !edits.is_empty() {
            self.edit(Edit::Batch(edits), "delete", None);
        }
    }

    fn copy(&mut self) {
        if !self.editor.selection.is_empty() {
            let text = Document::to_text(&self.editor.selected_part(), &self.registry);
            self.ctx.copy_text(text);
        }
    }

    fn paste(&mut self, text: &str, position: [f32; 2]) {
        match Document::parse(text, "the clipboard", &self.registry) {
            Ok(opened) => self.insert(&opened.pipeline, Place::Middle(position), "paste"),
            Err(_) => self.toasts.info("What is on the clipboard is no part of a pipeline."),
        }
    }

    fn insert(&mut self, part: &Pipeline, place: Place, label: &str) {
        let (edit, names) = self.editor.paste_edit(part, place);
        if !names.is_empty() {
            self.edit(edit, label, None);
            self.editor.select(names);
        }
    }

    fn nudge(&mut self, by: [f32; 2]) {
        let nodes = self.editor.pipeline().nodes().filter(|n| self.editor.selection.contains(&n.name));
        let moves: Vec<_> =
            nodes.map(|n| (n.name.clone(), [n.position[0] + by[0], n.position[1] + by[1]])).collect();
        if !moves.is_empty() {
            self.edit(Edit::Move(moves), "nudge", Some(MergeKey("nudge".into())));
        }
    }

    /// Lays the selection out, or everything; what was at the top left stays there.
    fn arrange(&mut self) {
        let pipeline = self.editor.pipeline();
        let mut names = self.editor.selection.clone();
        if names.len() < 2 {
            names = pipeline.nodes().map(|node| node.name.clone()).collect();
        }
        let least = |axis: usize| {
            let places = pipeline.nodes().filter(|n| names.contains(&n.name)).map(|n| n.position[axis]);
            places.reduce(f32::min).unwrap_or(0.0)
        };
        let moves = pipeline.arrange(&names, [least(0), least(1)]);
        if !moves.is_empty() {
            self.edit(Edit::Move(moves), "arrange nodes", None);
            self.canvas.fit(false);
        }
    }

    /// Replaces the selected node by the nodes it stands for, and selects those.
    fn unpack(&mut self) {
        let Some(name) = self.editor.single_selection().map(|node| node.name.clone()) else { return };
        match self.editor.pipeline().unpack_edit(&self.registry, &name) {
            Ok((edit, parts)) => {
                self.edit(edit, "unpack", None);
                self.editor.select(parts);
                self.canvas.fit(false);
            }
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    fn toggle(&mut self, is_on: fn(&NodeInstance) -> bool, edit: fn(String, bool) -> Edit, label: &str) {
        let chosen: Vec<_> = self
            .editor
            .pipeline()
            .nodes()
            .filter(|n| self.editor.selection.contains(&n.name))
            .map(|n| (n.name.clone(), is_on(n)))
            .collect();
        let on = !chosen.iter().all(|(_, on)| *on);
        let edits: Vec<_> = chosen.into_iter().map(|(name, _)| edit(name, on)).collect();
        if !edits.is_empty() {
            self.edit(Edit::Batch(edits), label, None);
        }
    }

    fn run(&mut self, until: Option<String>) {
        if self.is_running() {
            return;
        }
        let options = RunOptions {
            until,
            base_folder: self.editor.base_folder(),
            pipeline_path: self.editor.path.clone(),
            ..RunOptions::default()
        };
        self.starting = true;
        match &self.executor {
            Some(executor) => self.backend.run(executor, self.editor.pipeline(), options),
            None => self.pending_run = Some(options),
        }
    }

    fn continue_with(&mut self, end: &str, example: usize) {
        let Some(example) = examples::EXAMPLES.get(example) else { return };
        let Ok(opened) = Document::parse(example.text, example.name, &self.registry) else { return };
        if let Some((edit, names)) = self.editor.continue_edit(&self.registry, &opened.pipeline, end) {
            self.edit(edit, &format!("add {}", example.name), None);
            self.editor.select(names);
            self.canvas.fit(false);
        }
    }

    fn open_example(&mut self, index: usize) {
        let Some(example) = examples::EXAMPLES.get(index) else { return };
        match Document::parse(example.text, example.name, &self.registry) {
            Ok(opened) => self.show(Editor::new(opened.pipeline, example.name, None)),
            Err(error) => self.toasts.error(error.to_string()),
        }
    }

    /// Shows another document.
    pub(super) fn show(&mut self, editor: Editor) {
        self.runs.stop();
        self.editor = editor;
        self.meaning += 1;
        self.runs.forget_all();
        self.stored.clear();
        self.problems.clear();
        self.join_states();
        if let Some(viewer) = &mut self.viewer {
            viewer.clear();
        }
        self.canvas = Canvas::default();
        self.canvas.fit(false);
        self.look_at_source();
    }

    /// A recording or sorting makes a node that reads it; a folder that holds more makes several, one below the
    /// other.
    pub(super) fn show_readers(&mut self, kinds: &[&str], path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_unknown| path.to_owned());
        let is_first = self.editor.pipeline().nodes().next().is_none();
        let mut position = self.canvas.free_place(self.editor.pipeline());
        self.canvas.reveal(position);
        let (mut edits, mut names, mut ends, mut tasks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for kind in kinds {
            let Some(node) = self.registry.get(kind) else { continue };
            let mut params = Params::new();
            if let Some(spec) = node.specs().iter().find(|s| matches!(s.kind, ParamKind::Path { .. })) {
                params.insert(spec.name.clone(), path.to_string_lossy().into_owned().into());
            }
            let name = self.editor.pipeline().free_name(kind);
            ends.extend(node.outputs(&params).first().map(|port| format!("{name}.{}", port.name)));
            if node.info().work.is_task() {
                tasks.push(name.clone());
            }
            edits.push(Edit::AddNode(instance(&name, kind, params, position)));
            names.push(name);
            position[1] += READER_STEP;
        }
        self.edit(Edit::Batch(edits), "open file", None);
        if names.len() > 1 {
            self.canvas.fit(false);
        }
        self.editor.select(names.into_iter().take(1));
        if let Some(end) = ends.into_iter().next() {
            self.look(end);
            self.follows = true;
        }
        // What was opened is to be seen.
        if let Some(task) = tasks.into_iter().next() {
            self.run((!is_first).then_some(task));
        }
    }
}

/// True where a command leaves the pipeline that is drawn.
fn leaves(command: &Command) -> bool {
    match command {
        Command::New | Command::OpenExample(_) | Command::Quit => true,
        // A recording adds a node to what is there.
        Command::Open(path) => path.extension().is_some_and(|e| e.eq_ignore_ascii_case("ron")),
        _ => false,
    }
}

/// The nodes an edit changes the results of.
fn collect_touched(edit: &Edit, touched: &mut BTreeSet<String>) {
    let mut node_of = |end: &str| {
        touched.extend(end.split_once('.').map(|(node, _)| node.to_owned()));
    };
    match edit {
        Edit::Connect(_, to) | Edit::Disconnect(_, to) => node_of(to),
        Edit::AddNode(node) => drop(touched.insert(node.name.clone())),
        Edit::RemoveNode(name)
        | Edit::SetParams(name, _)
        | Edit::RestoreParams(name, _, _)
        | Edit::SetMuted(name, _)
        | Edit::SetBypassed(name, _) => drop(touched.insert(name.clone())),
        Edit::Rename(_, new) => drop(touched.insert(new.clone())),
        Edit::Move(_) | Edit::SetSeed(_) => {}
        Edit::Batch(edits) => edits.iter().for_each(|edit| collect_touched(edit, touched)),
    }
}
