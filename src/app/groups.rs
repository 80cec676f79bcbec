//! Groups in the window: made and taken apart, gone into and out of, kept in the user's library.

use super::{
    App,
    clip::Place,
    command::{Command, Joint},
    text, texts, theme,
};
use crate::pipeline::{
    Document, Edit, NodeState, ParamSpec, Pipeline, PortType, Registry, leaf_of, level_of, renamed,
};
use egui::{Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Something kept in the library, to be added again.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its file: an ordinary pipeline.
    pub file: PathBuf,
    /// What it is called: the name of the file.
    pub name: String,
    /// What it is made of.
    pub words: String,
    /// What inputs that nothing inside feeds take.
    takes: Vec<PortType>,
    /// What its nodes give.
    gives: Vec<PortType>,
}

impl Kept {
    /// True where its name or what it is made of has all of some words.
    pub fn answers(&self, query: &str) -> bool {
        let all = format!("{} {}", self.name, self.words).to_lowercase();
        query.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }

    /// True where it takes, or gives, what an end carries.
    pub fn fits(&self, port_type: PortType, takes: bool) -> bool {
        if takes { &self.takes } else { &self.gives }.contains(&port_type)
    }
}

/// Ends that a wire from outside could be drawn to, the likeliest first: inputs that nothing inside feeds from the
/// first node on, outputs from the last node on and those that nothing inside takes before all others.
fn free_ends(part: &Pipeline, registry: &Registry, inputs: bool) -> Vec<(String, PortType)> {
    let wires = part.wires();
    let (mut free, mut wired) = (Vec::new(), Vec::new());
    for node in part.nodes() {
        let Some(known) = registry.get(&node.kind) else { continue };
        let ports = if inputs { known.inputs(&node.params) } else { known.outputs(&node.params) };
        for port in ports {
            let ends = wires.iter().map(|w| if inputs { (w.2, w.3) } else { (w.0, w.1) });
            let is_wired = ends.into_iter().any(|end| end == (node.name.as_str(), port.name));
            let end = (format!("{}.{}", node.name, port.name), port.port_type);
            if is_wired { &mut wired } else { &mut free }.push(end);
        }
    }
    if inputs {
        return free;
    }
    free.into_iter().rev().chain(wired.into_iter().rev()).collect()
}

/// What a library holds besides presets, by name. Files that cannot be read are left out.
pub fn kept(library: &Path, registry: &Registry) -> Vec<Kept> {
    let entries = fs::read_dir(library.join(FOLDER)).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "ron"));
    let read = |file: PathBuf| {
        let pipeline = Document::read(&file, registry).ok()?.pipeline;
        let label = |kind: &str| registry.get(kind).map_or(kind.to_owned(), |n| n.info().label.to_owned());
        let labels: Vec<String> = pipeline.nodes().map(|node| label(&node.kind)).collect();
        let name = file.file_stem()?.to_string_lossy().into_owned();
        let types = |inputs| free_ends(&pipeline, registry, inputs).into_iter().map(|end| end.1).collect();
        let (takes, gives) = (types(true), types(false));
        (!labels.is_empty()).then(|| Kept { name, words: labels.join(", "), file, takes, gives })
    };
    let mut found: Vec<Kept> = files.filter_map(read).collect();
    found.sort_by_cached_key(|kept| kept.name.to_lowercase());
    found
}

/// Writes something into a library, under a name that is free, and says where.
///
/// # Errors
/// Where it cannot be written.
pub fn keep(library: &Path, name: &str, part: &Pipeline, registry: &Registry) -> Result<PathBuf, String> {
    let folder = library.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let name = super::presets::plain(name);
    let mut file = folder.join(format!("{name}.ron"));
    let mut number = 1;
    while file.exists() {
        number += 1;
        file = folder.join([&name, " ", &number.to_string(), ".ron"].concat());
    }
    Document::write(part, &file, registry).map_err(|error| error.to_string())?;
    Ok(file)
}

/// Where nodes are kept in a library.
const FOLDER: &str = "nodes";

impl App {
    /// The kinds of what is drawn, groups among them.
    pub(super) fn kinds(&self) -> Arc<Registry> {
        self.sheet.editor.kinds().unwrap_or(&self.registry).clone()
    }

    /// The one selected group.
    pub(super) fn selected_group(&self) -> Option<String> {
        let node = self.sheet.editor.single_selection()?;
        self.pipeline().group(&node.name).map(|_| node.name.clone())
    }

    /// Draws what lies in a group, or the whole where empty; each level is looked at as it was last.
    pub(super) fn enter(&mut self, level: &str) {
        let before = self.sheet.editor.level().to_owned();
        self.sheet.editor.enter(level);
        self.follow_level(&before);
    }

    pub(super) fn leave(&mut self) {
        let level = self.sheet.editor.level().to_owned();
        if !level.is_empty() {
            self.enter(level_of(&level));
            self.sheet.editor.select([level]);
        }
    }

    /// Selects; what lies elsewhere is gone to.
    pub(super) fn select_all(&mut self, names: Vec<String>, marks: Vec<u32>) {
        let level = self.sheet.editor.level().to_owned();
        self.sheet.editor.select_all(names, marks);
        self.follow_level(&level);
    }

    /// Another level than before is drawn: the canvas looks where it looked there last.
    pub(super) fn follow_level(&mut self, before: &str) {
        let level = self.sheet.editor.level().to_owned();
        if level == before {
            return;
        }
        if let Some(place) = self.sheet.canvas.place() {
            self.sheet.places.insert(before.to_owned(), place);
        }
        match self.sheet.places.get(&level) {
            Some(place) => self.sheet.canvas.look_at(*place),
            None => self.sheet.canvas.fit(false),
        }
        self.changed();
        self.sheet.join_states();
    }

    /// Makes the selection a group, and asks for its name.
    pub(super) fn group_selection(&mut self) {
        let editor = &self.sheet.editor;
        let made = editor.pipeline().group_edit(&self.registry, &editor.selection, &editor.selected_marks);
        match made {
            Ok((edit, name)) => {
                let label = texts::inspector::group(&editor.selection_words());
                self.edit(edit, &label, None);
                self.sheet.editor.select([name.clone()]);
                self.sheet.canvas.rename(&name);
            }
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// Takes the selected groups apart.
    pub(super) fn ungroup(&mut self) {
        let (mut scratch, mut edits, mut names) = (self.pipeline().clone(), Vec::new(), Vec::new());
        let groups: BTreeSet<String> = self.sheet.editor.selection.clone();
        for name in groups.iter().filter(|name| self.pipeline().group(name).is_some()) {
            let apart = scratch.ungroup_edit(name).and_then(|(edit, freed)| {
                scratch.apply(edit.clone())?;
                Ok((edit, freed))
            });
            match apart {
                Ok((edit, freed)) => {
                    edits.push(edit);
                    names.extend(freed);
                }
                Err(error) => return self.toasts.error(text::sentence_of(&error.0)),
            }
        }
        if edits.is_empty() {
            self.toasts.info(texts::inspector::select_a_group_to_take());
            return;
        }
        let label = texts::inspector::ungroup_nodes(&self.sheet.editor.selection_words());
        self.edit(Edit::Batch(edits), &label, None);
        self.sheet.editor.select(names);
    }

    pub(super) fn show_param(&mut self, node: &str, field: &str) {
        match self.pipeline().show_param_edit(node, field) {
            Ok(edit) => self.edit(edit, &texts::inspector::show_field_on_the_outside(&field), None),
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    pub(super) fn show_port(&mut self, end: &str, is_input: bool) {
        match self.pipeline().show_port_edit(end, is_input) {
            Ok(edit) => self.edit(edit, &texts::inspector::show_port_on_the_outside(&end), None),
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// Keeps the selected group, or the selected nodes as they are, in the library.
    pub(super) fn keep_group(&mut self) {
        let editor = &self.sheet.editor;
        let Some(first) = editor.selection.first() else { return };
        let part = editor.selected_part();
        match keep(&self.library_folder, leaf_of(first), &part, &self.registry) {
            Ok(file) => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                self.toasts.success(texts::inspector::is_in_your_library(&name, &file.display()));
                self.backend.list_kept(self.library_folder.clone());
            }
            Err(reason) => self.toasts.error(texts::inspector::not_saved_to_the_library(&reason)),
        }
    }

    pub(super) fn add_kept(&mut self, file: &Path, position: Option<[f32; 2]>, joint: Joint) {
        let place = position.unwrap_or_else(|| self.free_place());
        self.backend.read_kept(self.sheet.number, file.to_owned(), place, joint);
    }

    pub(super) fn remove_kept(&mut self, file: &Path) {
        if let Err(error) = super::keep::remove(file) {
            self.toasts.error(texts::inspector::not_removed_from_the_library(&file.display(), &error));
        }
        self.backend.list_kept(self.library_folder.clone());
    }

    /// Adds what a file of the library holds, now that it was read.
    pub(super) fn kept_read(
        &mut self,
        number: u64,
        place: [f32; 2],
        joint: &Joint,
        result: Result<Pipeline, String>,
    ) {
        match result {
            Ok(part) if self.sheet.number == number => {
                let (edit, names, marks) = self.sheet.editor.paste_edit(&part, Place::Middle(place));
                let edit = self.joined(edit, &part, &names, joint);
                self.inserted(edit, names, marks, texts::inspector::add());
                self.sheet.canvas.reveal(place);
            }
            Ok(_) => {}
            Err(reason) => self.toasts.error(reason),
        }
    }

    /// An edit that adds a part under new names, with the wires from it to the end it was added for.
    fn joined(&self, edit: Edit, part: &Pipeline, names: &[String], joint: &Joint) -> Edit {
        let Joint::End { end, is_output } = joint else { return edit };
        let mut scratch = self.pipeline().clone();
        if scratch.apply(edit.clone()).is_err() {
            return edit;
        }
        let called = |node: &str| {
            part.names_at("").into_iter().zip(names).find_map(|(old, new)| renamed(node, old, new))
        };
        let outer = self.pipeline().flat_ends(end, !is_output);
        let wires = free_ends(part, &self.registry, *is_output).into_iter().find_map(|(inner, _)| {
            let (node, port) = inner.split_once('.')?;
            let inner = format!("{}.{port}", called(node)?);
            let wires = outer.iter().filter_map(|outer| {
                let (from, to) = if *is_output { (outer, &inner) } else { (&inner, outer) };
                scratch.connect_edits(&self.registry, from, to).ok()
            });
            Some(wires.collect::<Vec<_>>()).filter(|wires| !wires.is_empty())
        });
        Edit::Batch(std::iter::once(edit).chain(wires.into_iter().flatten()).collect())
    }

    /// What the inspector shows of a group: what lies in it, each with its state, and what can be done.
    pub(super) fn group_form(&self, ui: &mut Ui, name: &str, commands: &mut Vec<Command>) {
        ui.horizontal_wrapped(|ui| {
            for (label, command) in [
                (texts::inspector::go_in(), Command::Enter(name.to_owned())),
                (texts::inspector::ungroup(), Command::Ungroup),
                (texts::inspector::save_to_my_library(), Command::KeepGroup),
            ] {
                if ui.button(label).clicked() {
                    commands.push(command);
                }
            }
        });
        self.inner_params_form(ui, name, commands);
        super::inspector::section(ui, texts::inspector::inside());
        let p = theme::palette(ui.visuals());
        for inner in self.pipeline().names_at(name) {
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(14.0, 18.0), Sense::hover());
                if let Some(state) = self.sheet.states.get(inner) {
                    let time = ui.input(|i| i.time);
                    super::canvas::icons::state(ui.painter(), state, rect.center(), 5.0, p, time);
                }
                let link = ui.link(text::sentence(leaf_of(inner)));
                link.widget_info(|| WidgetInfo::labeled(Role::Link, true, texts::inspector::go_to(&inner)));
                if link.clicked() {
                    commands.push(Command::Select(vec![inner.to_owned()]));
                }
            });
            if let Some(reason) = self.sheet.states.get(inner).and_then(NodeState::trouble) {
                let first = reason.lines().next().unwrap_or_default();
                ui.add(egui::Label::new(egui::RichText::new(first).small().color(p.bad)).wrap());
            }
        }
    }

    /// Parameters of what lies in a group, to be shown on its outside.
    fn inner_params_form(&self, ui: &mut Ui, name: &str, commands: &mut Vec<Command>) {
        let title = egui::RichText::new(texts::inspector::parameters_of_the_inside()).weak();
        egui::CollapsingHeader::new(title).id_salt("inner_params").show_unindented(ui, |ui| {
            for inner in self.pipeline().names_at(name) {
                let kind = self.pipeline().node(inner).map(|node| node.kind.as_str());
                let Some(node) = kind.and_then(|kind| self.registry.get(kind)) else { continue };
                if !node.specs().is_empty() {
                    ui.weak(text::sentence(leaf_of(inner)));
                }
                self.shown_params_ui(ui, inner, node.specs(), commands);
            }
        });
    }

    /// Parameters of a node with a tick where they are shown on the outside of its group.
    fn shown_params_ui(&self, ui: &mut Ui, name: &str, specs: &[ParamSpec], commands: &mut Vec<Command>) {
        for spec in specs {
            let mut shown = self.pipeline().shown_param(name, &spec.name).is_some();
            // The first tick adds a field above.
            let row = UiBuilder::new().scope_id(egui::Id::unique(("shown parameter", name, &spec.name)));
            let check = ui.scope_builder(row, |ui| ui.checkbox(&mut shown, &spec.label)).inner;
            let check = check.accessible_name(texts::inspector::show(&spec.label));
            if check.on_hover_text(&spec.doc).changed() {
                let (node, field) = (name.to_owned(), spec.name.clone());
                commands.push(Command::ShowParam { node, field });
            }
        }
    }

    /// Which parameters and ends of a node are shown on the outside of its group.
    pub(super) fn outside_form(&self, ui: &mut Ui, name: &str, commands: &mut Vec<Command>) {
        let group = level_of(name);
        let kinds = self.kinds();
        let Some(instance) = self.sheet.editor.drawn().node(name).filter(|_| !group.is_empty()) else {
            return;
        };
        let Some(node) = kinds.get(&instance.kind) else { return };
        let title = egui::RichText::new(texts::inspector::shown_on_the_outside(&leaf_of(group))).weak();
        egui::CollapsingHeader::new(title).id_salt("outside").show_unindented(ui, |ui| {
            self.shown_params_ui(ui, name, node.specs(), commands);
            let (inputs, outputs) = (node.inputs(&instance.params), node.outputs(&instance.params));
            for (port, is_input) in inputs.iter().map(|p| (p, true)).chain(outputs.iter().map(|p| (p, false)))
            {
                let end = format!("{name}.{}", port.name);
                let mut shown = self.pipeline().shown_port(&end, is_input).is_some();
                let word = if is_input { texts::inspector::input() } else { texts::inspector::output() };
                let words = format!("{word} {}", text::sentence(port.name).to_lowercase());
                if ui.checkbox(&mut shown, words).changed() {
                    commands.push(Command::ShowPort { end, is_input });
                }
            }
        });
    }
}

/// The state of a group from those of its nodes: what needs the eye most, with the name of the node where it is
/// something to read.
pub fn joined<'a>(nodes: impl Iterator<Item = (&'a str, &'a NodeState)>) -> Option<NodeState> {
    let all: Vec<(&str, &NodeState)> = nodes.collect();
    let find = |wanted: fn(&NodeState) -> bool| all.iter().find(|(_, state)| wanted(state)).copied();
    let told = |name: &str, reason: &str| format!("{}: {reason}", leaf_of(name));
    if let Some((name, NodeState::Failed(reason))) = find(|s| matches!(s, NodeState::Failed(_))) {
        let words = told(name, reason);
        return Some(NodeState::Failed(words.into()));
    }
    if let Some((_, NodeState::Running { remaining_s, .. })) =
        find(|s| matches!(s, NodeState::Running { .. }))
    {
        let share = |state: &NodeState| match state {
            NodeState::Running { share, .. } => share.unwrap_or(0.0),
            NodeState::Done { .. } | NodeState::Cached => 1.0,
            _ => 0.0,
        };
        let share = all.iter().map(|(_, state)| share(state)).sum::<f32>() / all.len() as f32;
        let remaining_s = remaining_s.filter(|_| all.len() == 1);
        return Some(NodeState::Running { share: Some(share), remaining_s });
    }
    if let Some((name, NodeState::Invalid(reason))) = find(|s| matches!(s, NodeState::Invalid(_))) {
        return Some(NodeState::Invalid(told(name, reason)));
    }
    let first: [fn(&NodeState) -> bool; 4] = [
        |s| matches!(s, NodeState::Cancelled),
        |s| matches!(s, NodeState::Queued),
        |s| matches!(s, NodeState::Stale),
        |s| matches!(s, NodeState::Ready),
    ];
    if let Some((_, state)) = first.into_iter().find_map(find) {
        return Some(state.clone());
    }
    let spent = |state: &NodeState| if let NodeState::Done { wall_s } = state { Some(*wall_s) } else { None };
    let spent: Vec<f64> = all.iter().filter_map(|(_, state)| spent(state)).collect();
    match (all.is_empty(), spent.is_empty()) {
        (true, _) => None,
        (_, true) => Some(NodeState::Cached),
        _ => Some(NodeState::Done { wall_s: spent.iter().sum() }),
    }
}
