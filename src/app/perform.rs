//! Carries commands out: the one place where the document changes.

use super::{
    App,
    backend::Purpose,
    browser::Mode,
    canvas::Canvas,
    clip::Place,
    command::{Command, Joint, MergeKey},
    command_list::CommandList,
    editor::Editor,
    examples, panels, text,
};
use crate::pipeline::{Document, Edit, Mark, NodeInstance, ParamKind, Params, Pipeline, RunOptions};
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
            Command::Add { kind, position, joint } => self.add(&kind, position, joint),
            Command::AddInView(kind) => {
                let place = self.canvas.free_place(self.editor.pipeline());
                self.add(&kind, place, Joint::None);
                self.canvas.reveal(place);
            }
            Command::ContinueWith { end, example } => self.continue_with(&end, example),
            Command::Connect { from, to } => {
                match self.editor.pipeline().connect_edits(&self.registry, &from, &to) {
                    Ok(edit) => self.edit(edit, "draw wire", None),
                    Err(error) => self.toasts.error(text::sentence_of(&error.0)),
                }
            }
            Command::Reconnect { old, from, to } => self.reconnect(&old, &from, &to),
            Command::Splice { node, wire, merge } => self.splice(&node, &wire, merge),
            Command::Swap { node, kind } => self.swap(&node, &kind),
            Command::FindSwap => {
                if let Some(name) = self.editor.single_selection().map(|node| node.name.clone()) {
                    self.canvas.find_swap(self.editor.pipeline(), &self.registry, &name);
                }
            }
            Command::Align(alignment) => self.align(alignment),
            Command::SelectAlso(names, marks) => self.editor.select_all(names, marks),
            Command::Frame => self.frame_selection(),
            Command::AddComment => self.add_comment(),
            Command::EditMark(number) => self.edit_mark(number),
            Command::PaintMarks(color) => self.paint_marks(color),
            Command::FitFrame(number) => self.fit_frame(number),
            Command::SelectInFrame(number) => {
                let (names, marks) = self.canvas.within(self.editor.pipeline(), &self.states, number);
                self.editor.select_all(names, marks);
            }
            Command::ToggleCollapsed => {
                self.toggle(|n| n.collapsed, Edit::SetCollapsed, ["collapse", "expand"]);
            }
            Command::Select(names) => self.editor.select(names),
            Command::SelectWire(from, to) => {
                self.editor.select([]);
                self.editor.selected_wire = Some((from, to));
            }
            Command::SelectAll => {
                let pipeline = self.editor.pipeline();
                let names: Vec<_> = pipeline.nodes().map(|n| n.name.clone()).collect();
                let marks: Vec<_> = pipeline.marks().map(|(number, _)| number).collect();
                self.editor.select_all(names, marks);
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
                self.toggle(|n| n.muted, Edit::SetMuted, ["mute", "unmute"]);
            }
            Command::ToggleBypassed => {
                self.toggle(|n| n.bypassed, Edit::SetBypassed, ["bypass", "do not bypass"]);
            }
            Command::Rename => {
                if let Some(node) = self.editor.single_selection() {
                    self.canvas.rename(&node.name);
                } else if let Some(number) = self.editor.selected_marks.first().copied() {
                    self.edit_mark(number);
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
            Command::TakeBack(key) => {
                if self.editor.take_back(&key) {
                    self.stepped();
                }
            }
            Command::Step(count) => {
                let step = if count > 0 { Editor::undo } else { Editor::redo };
                if (0..count.unsigned_abs()).take_while(|_| step(&mut self.editor).is_some()).count() > 0 {
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
            Command::FindNode => match self.editor.selected_wire.clone() {
                Some(wire) => self.canvas.find_on_wire(self.editor.pipeline(), &self.registry, &wire),
                None => self.canvas.open_finder(&self.ctx),
            },
            Command::FindInput(end) => {
                self.canvas.find_input(self.editor.pipeline(), &self.registry, &end);
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
            Command::FindOnCanvas => self.canvas.open_find(),
            Command::ToggleMinimap => self.settings.minimap = !self.settings.minimap,
        }
    }

    /// Saves to this file from now on.
    pub fn save(&mut self, path: PathBuf) {
        self.backend.save(self.editor.pipeline(), self.editor.revision(), path);
    }

    pub(super) fn edit(&mut self, edit: Edit, label: &str, merge: Option<MergeKey>) {
        let is_placing = edit.is_placing();
        let mut touched = BTreeSet::new();
        collect_touched(&edit, &mut touched);
        match self.editor.apply(edit, label, merge) {
            Ok(()) if is_placing => {}
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

    fn add(&mut self, kind: &str, position: [f32; 2], joint: Joint) {
        let label = self.registry.get(kind).map_or(kind, |n| n.info().label).to_lowercase();
        if let Joint::Wire { from, to } = &joint
            && let Ok((edit, name)) =
                self.editor.pipeline().insert_edit(&self.registry, kind, position, from, to)
        {
            let wire = (from.clone(), to.clone());
            self.insert_edit(edit, &format!("insert {label}"), None, &name, &wire);
            self.editor.select([name]);
            return;
        }
        let name = self.editor.pipeline().free_name(kind);
        let mut edits = vec![Edit::AddNode(NodeInstance::new(&name, kind, Params::new(), position))];
        if let (Joint::End { end, is_output }, Some(node)) = (joint, self.registry.get(kind)) {
            // The pipeline with the node in it knows which of its ports fits.
            let mut scratch = self.editor.pipeline().clone();
            let _ = scratch.apply(edits[0].clone());
            let info = node.info();
            let wired = if is_output { info.inputs } else { info.outputs }.iter().find_map(|port| {
                let other = format!("{name}.{}", port.name);
                let (from, to) = if is_output { (&end, &other) } else { (&other, &end) };
                scratch.connect_edits(&self.registry, from, to).ok()
            });
            edits.extend(wired);
        }
        self.edit(Edit::Batch(edits), &format!("add {label}"), None);
        self.editor.select([name]);
    }

    fn delete(&mut self) {
        if let Some((from, to)) = self.editor.selected_wire.clone() {
            self.edit(Edit::Disconnect(from, to), "remove wire", None);
            return;
        }
        let nodes = self.editor.selection.iter().cloned().map(Edit::RemoveNode);
        let marks = self.editor.selected_marks.iter().map(|number| Edit::SetMark(*number, None));
        let edits: Vec<_> = nodes.chain(marks).collect();
        if !edits.is_empty() {
            let label = format!("delete {}", self.editor.selection_words());
            self.edit(Edit::Batch(edits), &label, None);
        }
    }

    fn nudge(&mut self, by: [f32; 2]) {
        let nodes = self.editor.pipeline().nodes().filter(|n| self.editor.selection.contains(&n.name));
        let moves: Vec<_> =
            nodes.map(|n| (n.name.clone(), [n.position[0] + by[0], n.position[1] + by[1]])).collect();
        let marks = self.editor.selected_marks.iter().filter_map(|number| {
            let mark = self.editor.pipeline().mark(*number)?.clone();
            let position = [mark.position[0] + by[0], mark.position[1] + by[1]];
            Some(Edit::SetMark(*number, Some(Mark { position, ..mark })))
        });
        let edits: Vec<Edit> = marks.chain((!moves.is_empty()).then_some(Edit::Move(moves))).collect();
        if !edits.is_empty() {
            let label = format!("nudge {}", self.editor.selection_words());
            self.edit(Edit::Batch(edits), &label, Some(MergeKey("nudge".into())));
        }
    }

    /// Turns something of the selected nodes on, or off where all have it; `words` say the one and the other.
    fn toggle(&mut self, is_on: fn(&NodeInstance) -> bool, edit: fn(String, bool) -> Edit, words: [&str; 2]) {
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
            let label = format!("{} {}", words[usize::from(!on)], self.editor.selection_words());
            self.edit(Edit::Batch(edits), &label, None);
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
            edits.push(Edit::AddNode(NodeInstance::new(&name, kind, params, position)));
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
        Edit::SetKind(name, ..) => drop(touched.insert(name.clone())),
        Edit::Move(_) | Edit::SetSeed(_) | Edit::SetCollapsed(..) | Edit::SetMark(..) => {}
        Edit::Batch(edits) => edits.iter().for_each(|edit| collect_touched(edit, touched)),
    }
}
