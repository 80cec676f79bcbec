//! Presets: parameters of a node under a name, kept in the user's library as small pipelines of one node.

use super::{App, command::Command, texts};
use crate::pipeline::{Document, Edit, NodeInstance, ParamKind, Params, Pipeline, Registry};
use egui::{Key, Role, Ui, WidgetInfo};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A preset of a kind of node.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// What it is called.
    pub name: String,
    /// Its parameters; paths are none of them, unless it came with the program.
    pub params: Params,
    /// True where it came with the program and cannot be removed.
    pub is_bundled: bool,
}

/// What is known of the presets of each kind, between two frames.
#[derive(Default)]
pub struct Presets {
    known: BTreeMap<String, Vec<Preset>>,
    /// The kind that was asked about last.
    asked: String,
    /// The name of a preset that is about to be saved, and its node.
    naming: Option<(String, String)>,
}

impl Presets {
    /// Takes in the presets of a kind.
    pub fn listed(&mut self, kind: String, presets: Vec<Preset>) {
        self.known.insert(kind, presets);
    }

    fn of(&self, kind: &str) -> &[Preset] {
        self.known.get(kind).map_or(&[], Vec::as_slice)
    }
}

/// The presets of a kind in a library, by name. Files that hold no node of that kind are left out.
pub fn list(library: &Path, kind: &str, registry: &Registry) -> Vec<Preset> {
    let entries = fs::read_dir(folder(library, kind)).into_iter().flatten().flatten();
    let read = |path: PathBuf| {
        let opened = Document::read(&path, registry).ok()?;
        let node = opened.pipeline.nodes().find(|node| node.kind == kind && node.raw_params.is_none())?;
        Some(Preset { name: node.name.clone(), params: node.params.clone(), is_bundled: false })
    };
    let mut found: Vec<Preset> = entries.filter_map(|entry| read(entry.path())).collect();
    found.sort_by_cached_key(|preset| preset.name.to_lowercase());
    let bundled = registry.get(kind).map(|node| node.presets()).unwrap_or_default();
    let bundled = bundled.into_iter().filter(|(name, _)| found.iter().all(|own| own.name != *name));
    let bundled = bundled.map(|(name, params)| Preset { name: name.to_owned(), params, is_bundled: true });
    bundled.chain(found.iter().cloned()).collect()
}

/// Writes a preset; one of that name is replaced.
///
/// # Errors
/// Where the name or the folder does not serve; says why.
pub fn save(library: &Path, kind: &str, preset: &Preset, registry: &Registry) -> Result<(), String> {
    let mut pipeline = Pipeline::default();
    let node = NodeInstance::new(&preset.name, kind, preset.params.clone(), [0.0, 0.0]);
    pipeline.apply(Edit::AddNode(node)).map_err(|error| error.to_string())?;
    let file = file(library, kind, &preset.name);
    fs::create_dir_all(folder(library, kind)).map_err(|e| format!("{}: {e}", file.display()))?;
    Document::write(&pipeline, &file, registry).map_err(|error| error.to_string())
}

/// Removes a preset.
///
/// # Errors
/// Where its file cannot be removed.
pub fn remove(library: &Path, kind: &str, name: &str) -> Result<(), String> {
    let file = file(library, kind, name);
    super::keep::remove(&file).map_err(|error| format!("{}: {error}", file.display()))
}

fn folder(library: &Path, kind: &str) -> PathBuf {
    library.join("presets").join(kind)
}

fn file(library: &Path, kind: &str, name: &str) -> PathBuf {
    folder(library, kind).join(format!("{}.ron", plain(name)))
}

/// A name that serves as that of a file.
pub fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_ ".contains(c) { c } else { '_' };
    name.chars().map(plain).collect()
}

impl App {
    /// The parameters of a node that a preset keeps: all but paths.
    fn worth_keeping(&self, node: &NodeInstance) -> Params {
        let kinds = self.kinds();
        let known = kinds.get(&node.kind);
        let is_path = |name: &str| {
            let spec = known.and_then(|known| known.specs().iter().find(|spec| spec.name == name));
            spec.is_some_and(|spec| matches!(spec.kind, ParamKind::Path { .. }))
        };
        node.params.iter().filter(|(name, _)| !is_path(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    /// Asks for the name of a preset of the selected node.
    pub(super) fn name_preset(&mut self) {
        if let Some(node) = self.sheet.editor.single_selection() {
            self.presets.naming = Some((node.name.clone(), String::new()));
        }
    }

    /// Saves the parameters of a node under a name.
    pub(super) fn save_preset(&mut self, node: &str, name: &str) {
        let Some(instance) = self.sheet.editor.pipeline().node(node).cloned() else { return };
        let preset =
            Preset { name: name.to_owned(), params: self.worth_keeping(&instance), is_bundled: false };
        match save(&self.library_folder, &instance.kind, &preset, &self.registry) {
            Ok(()) => {
                self.toasts.success(texts::inspector::saved_the_preset(&name));
                self.presets.asked.clear();
            }
            Err(reason) => self.toasts.error(texts::inspector::the_preset_was_not_saved(&reason)),
        }
    }

    /// Gives a node the parameters of a preset; its paths stay.
    pub(super) fn apply_preset(&mut self, node: &str, name: &str) {
        let Some(instance) = self.sheet.editor.pipeline().node(node).cloned() else { return };
        let Some(preset) = self.presets.of(&instance.kind).iter().find(|preset| preset.name == name) else {
            return;
        };
        let kept = self.worth_keeping(&instance);
        let paths = instance.params.iter().filter(|(name, _)| !kept.contains_key(*name));
        let params = paths.chain(&preset.params).map(|(n, v)| (n.clone(), v.clone())).collect();
        self.edit(Edit::SetParams(node.to_owned(), params), &texts::inspector::apply_preset(&name), None);
    }

    pub(super) fn remove_preset(&mut self, kind: &str, name: &str) {
        if let Err(reason) = remove(&self.library_folder, kind, name) {
            self.toasts.error(texts::inspector::the_preset_was_not_removed(&reason));
        }
        self.presets.asked.clear();
    }

    /// All parameters of the selected nodes back to their defaults; paths stay.
    pub(super) fn reset_params(&mut self) {
        let nodes = self.sheet.editor.drawn().nodes();
        let chosen = nodes.filter(|node| self.sheet.editor.selection.contains(&node.name));
        let edits: Vec<Edit> = chosen
            .filter_map(|node| {
                let kept = self.worth_keeping(node);
                let paths = node.params.iter().filter(|(name, _)| !kept.contains_key(*name));
                let params = paths.map(|(n, v)| (n.clone(), v.clone())).collect();
                (!kept.is_empty()).then(|| Edit::SetParams(node.name.clone(), params))
            })
            .collect();
        if !edits.is_empty() {
            let label = texts::inspector::reset_nodes(&self.sheet.editor.selection_words());
            self.edit(Edit::Batch(edits), &label, None);
        }
    }

    /// The menu of presets of a node, and the name of one that is saved.
    pub(super) fn presets_ui(&mut self, ui: &mut Ui, node: &NodeInstance, commands: &mut Vec<Command>) {
        if self.presets.asked != node.kind {
            self.presets.asked.clone_from(&node.kind);
            self.backend.list_presets(self.library_folder.clone(), node.kind.clone());
        }
        let presets = self.presets.of(&node.kind);
        let own = self.worth_keeping(node);
        let current = presets.iter().find(|preset| preset.params == own);
        let title = current.map_or(texts::inspector::presets(), |preset| preset.name.as_str());
        let mut naming = false;
        ui.menu_button(title, |ui| {
            ui.set_min_width(180.0);
            if presets.is_empty() {
                ui.weak(texts::inspector::no_presets());
            }
            for preset in presets {
                ui.horizontal(|ui| {
                    let set = texts::counts::parameters(preset.params.len());
                    let apply = ui.selectable_label(current == Some(preset), &preset.name);
                    apply.widget_info(|| {
                        WidgetInfo::labeled(
                            Role::Button,
                            true,
                            texts::inspector::apply_preset_named(&preset.name),
                        )
                    });
                    if apply.on_hover_text(texts::inspector::preset_hint(&set)).clicked() {
                        commands.push(Command::ApplyPreset(node.name.clone(), preset.name.clone()));
                        ui.close();
                    }
                    if preset.is_bundled {
                        return;
                    }
                    let remove = ui.small_button("×");
                    remove.widget_info(|| {
                        WidgetInfo::labeled(Role::Button, true, texts::inspector::remove_preset(&preset.name))
                    });
                    if remove.on_hover_text(texts::inspector::remove_it_from_the_library()).clicked() {
                        commands.push(Command::RemovePreset(node.kind.clone(), preset.name.clone()));
                        ui.close();
                    }
                });
            }
            ui.separator();
            naming = ui.button(texts::inspector::save_as_preset()).clicked();
        });
        if naming {
            self.presets.naming = Some((node.name.clone(), String::new()));
        }
    }

    /// The field for the name of a preset of a node, while one is saved.
    pub(super) fn preset_name_ui(&mut self, ui: &mut Ui, node: &NodeInstance, commands: &mut Vec<Command>) {
        let Some((of, name)) = self.presets.naming.as_mut().filter(|(of, _)| *of == node.name) else {
            return;
        };
        let mut over = false;
        // What it cannot hold goes below: a wider row would push the fields out of sight.
        ui.horizontal_wrapped(|ui| {
            let edit = egui::TextEdit::singleline(name)
                .hint_text(texts::inspector::name_of_the_preset())
                .desired_width(150.0);
            let response = ui.add(edit).accessible_name(texts::inspector::preset_name());
            let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            if !response.has_focus() && !response.lost_focus() {
                response.request_focus();
            }
            let save =
                ui.add_enabled(!name.trim().is_empty(), egui::Button::new(texts::inspector::save_preset()));
            if (save.clicked() || enter) && !name.trim().is_empty() {
                commands.push(Command::SavePreset(of.clone(), name.trim().to_owned()));
                over = true;
            }
            over |= ui.input(|i| i.key_pressed(Key::Escape))
                || ui.small_button(texts::inspector::cancel()).clicked();
        });
        if over {
            self.presets.naming = None;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn presets_are_saved_listed_and_removed() {
        let registry = crate::nodes::registry();
        let library = tempfile::tempdir().unwrap();
        assert!(list(library.path(), "bandpass_filter", &registry).is_empty());
        let params: Params = [("freq_min".to_owned(), json!(400.0))].into_iter().collect();
        let preset = Preset { name: "Our lab / rats".into(), params, is_bundled: false };
        save(library.path(), "bandpass_filter", &preset, &registry).unwrap();
        assert_eq!(list(library.path(), "bandpass_filter", &registry), std::slice::from_ref(&preset));
        assert!(list(library.path(), "sort", &registry).is_empty());
        let bundled = list(library.path(), "command", &registry);
        assert!(bundled.iter().any(|preset| preset.name == "MATLAB" && preset.is_bundled), "{bundled:?}");
        let dotted = Preset { name: "a.b".into(), ..preset.clone() };
        assert!(save(library.path(), "bandpass_filter", &dotted, &registry).unwrap_err().contains("no dot"));
        remove(library.path(), "bandpass_filter", &preset.name).unwrap();
        assert!(list(library.path(), "bandpass_filter", &registry).is_empty());
    }
}
