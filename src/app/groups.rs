//! Groups in the window: made and taken apart, gone into and out of, kept in the user's library.

use super::{App, clip::Place, command::Command, text, theme};
use crate::pipeline::{Document, Edit, NodeState, Pipeline, Registry, leaf_of, level_of};
use egui::{Role, Sense, Ui, WidgetInfo, vec2};
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
}

impl Kept {
    /// True where its name or what it is made of has all of some words.
    pub fn answers(&self, query: &str) -> bool {
        let all = format!("{} {}", self.name, self.words).to_lowercase();
        query.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }
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
        (!labels.is_empty()).then(|| Kept { name, words: labels.join(", "), file })
    };
    let mut found: Vec<Kept> = files.filter_map(read).collect();
    found.sort_by_cached_key(|kept| kept.name.to_lowercase());
    found
}

/// Writes something into a library and says where; what is there under that name is replaced.
///
/// # Errors
/// Where it cannot be written.
pub fn keep(library: &Path, name: &str, part: &Pipeline, registry: &Registry) -> Result<PathBuf, String> {
    let folder = library.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let file = folder.join(format!("{}.ron", super::presets::plain(name)));
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
                let label = format!("group {}", editor.selection_words());
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
            self.toasts.info("Select a group to take apart.");
            return;
        }
        let label = format!("ungroup {}", self.sheet.editor.selection_words());
        self.edit(Edit::Batch(edits), &label, None);
        self.sheet.editor.select(names);
    }

    pub(super) fn show_param(&mut self, node: &str, field: &str) {
        match self.pipeline().show_param_edit(node, field) {
            Ok(edit) => self.edit(edit, &format!("show {field} on the outside"), None),
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    pub(super) fn show_port(&mut self, end: &str, is_input: bool) {
        match self.pipeline().show_port_edit(end, is_input) {
            Ok(edit) => self.edit(edit, &format!("show {end} on the outside"), None),
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// Keeps the selected group, or the selected nodes as they are, in the library.
    pub(super) fn keep_group(&mut self) {
        let editor = &self.sheet.editor;
        let Some(first) = editor.selection.first() else { return };
        let name = leaf_of(first).to_owned();
        let part = editor.selected_part();
        match keep(&self.library_folder, &name, &part, &self.registry) {
            Ok(file) => {
                self.toasts.success(format!("“{name}” is in your library: {}", file.display()));
                self.backend.list_kept(self.library_folder.clone());
            }
            Err(reason) => self.toasts.error(format!("It was not saved to the library: {reason}")),
        }
    }

    pub(super) fn add_kept(&mut self, file: &Path, position: Option<[f32; 2]>) {
        let place = position.unwrap_or_else(|| self.sheet.canvas.free_place(self.sheet.editor.drawn()));
        self.backend.read_kept(self.sheet.number, file.to_owned(), place);
    }

    pub(super) fn remove_kept(&mut self, file: &Path) {
        if let Err(error) = super::keep::remove(file) {
            self.toasts.error(format!("It was not removed: {}: {error}", file.display()));
        }
        self.backend.list_kept(self.library_folder.clone());
    }

    /// Adds what a file of the library holds, now that it was read.
    pub(super) fn kept_read(&mut self, number: u64, place: [f32; 2], result: Result<Pipeline, String>) {
        match result {
            Ok(part) if self.sheet.number == number => {
                self.insert(&part, Place::Middle(place), "add");
                self.sheet.canvas.reveal(place);
            }
            Ok(_) => {}
            Err(reason) => self.toasts.error(reason),
        }
    }

    /// What the inspector shows of a group: what lies in it, each with its state, and what can be done.
    pub(super) fn group_form(&self, ui: &mut Ui, name: &str, commands: &mut Vec<Command>) {
        ui.horizontal_wrapped(|ui| {
            for (label, command) in [
                ("Go in", Command::Enter(name.to_owned())),
                ("Ungroup", Command::Ungroup),
                ("Save to my library", Command::KeepGroup),
            ] {
                if ui.button(label).clicked() {
                    commands.push(command);
                }
            }
        });
        super::inspector::section(ui, "Inside");
        let p = theme::palette(ui.visuals());
        for inner in self.pipeline().names_at(name) {
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(14.0, 18.0), Sense::hover());
                if let Some(state) = self.sheet.states.get(inner) {
                    let time = ui.input(|i| i.time);
                    super::canvas::icons::state(ui.painter(), state, rect.center(), 5.0, p, time);
                }
                let link = ui.link(text::sentence(leaf_of(inner)));
                link.widget_info(|| WidgetInfo::labeled(Role::Link, true, format!("Go to {inner}")));
                if link.clicked() {
                    commands.push(Command::Select(vec![inner.to_owned()]));
                }
            });
            if let Some(NodeState::Failed(reason) | NodeState::Invalid(reason)) = self.sheet.states.get(inner)
            {
                let first = reason.lines().next().unwrap_or_default();
                ui.add(egui::Label::new(egui::RichText::new(first).small().color(p.bad)).wrap());
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
        let title = egui::RichText::new(format!("Shown on the outside of {}", leaf_of(group))).weak();
        egui::CollapsingHeader::new(title).id_salt("outside").show_unindented(ui, |ui| {
            for spec in node.specs() {
                let mut shown = self.pipeline().shown_param(name, &spec.name).is_some();
                let check =
                    ui.checkbox(&mut shown, &spec.label).accessible_name(format!("Show {}", spec.label));
                if check.changed() {
                    let (node, field) = (name.to_owned(), spec.name.clone());
                    commands.push(Command::ShowParam { node, field });
                }
            }
            let (inputs, outputs) = (node.inputs(&instance.params), node.outputs(&instance.params));
            for (port, is_input) in inputs.iter().map(|p| (p, true)).chain(outputs.iter().map(|p| (p, false)))
            {
                let end = format!("{name}.{}", port.name);
                let mut shown = self.pipeline().shown_port(&end, is_input).is_some();
                let word = if is_input { "Input" } else { "Output" };
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
        return Some(NodeState::Failed(told(name, reason)));
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
