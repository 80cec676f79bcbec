//! The part of the inspector that holds a node's parameters: searched, compared with defaults, each a field.

use super::{
    App,
    command::Command,
    fields, heights,
    offered::{is_changed, specs_of},
    problems::severity_color,
    text, texts, theme,
};
use crate::pipeline::{DynNode, NodeInstance, ParamKind, ParamSpec, value_at};
use egui::Ui;
use std::sync::Arc;

/// Parameters from which on a search is worth its room.
const MANY: usize = 6;

impl App {
    pub(super) fn params_form(
        &mut self,
        ui: &mut Ui,
        node: &Arc<dyn DynNode>,
        instance: &NodeInstance,
        commands: &mut Vec<Command>,
    ) {
        if node.specs().is_empty() {
            return;
        }
        let offered = self.offered(&instance.name);
        let specs = specs_of(&**node, &offered);
        self.params_head(ui, &specs, instance, commands);
        let search = self.inspector.search.to_lowercase();
        let changed_only = self.inspector.changed_only;
        let differs = |spec: &ParamSpec| is_changed(spec, instance);
        if !search.is_empty() || changed_only {
            // What is searched for is shown wherever it belongs.
            let fits = |spec: &&ParamSpec| (!changed_only || differs(spec)) && is_found(spec, &search);
            let found: Vec<&ParamSpec> = specs.iter().copied().filter(fits).collect();
            if found.is_empty() {
                let words = if search.is_empty() {
                    texts::inspector::all_at_defaults()
                } else {
                    texts::inspector::none_of_that_name()
                };
                ui.weak(words);
            }
            for spec in found {
                self.param(ui, spec, instance, commands);
            }
            return;
        }
        let (advanced, main): (Vec<&ParamSpec>, Vec<_>) = specs.iter().copied().partition(|s| s.advanced);
        self.params_tree(ui, &main, 0, instance, commands);
        if !advanced.is_empty() {
            let set = advanced.iter().filter(|spec| differs(spec)).count();
            let title = if set > 0 {
                texts::inspector::advanced_changed(&set)
            } else {
                texts::inspector::advanced().to_owned()
            };
            let title = egui::RichText::new(title).weak();
            egui::CollapsingHeader::new(title).id_salt("advanced").show_unindented(ui, |ui| {
                self.params_tree(ui, &advanced, 0, instance, commands);
            });
        }
    }

    /// The line above parameters: search, what differs from the defaults, presets.
    fn params_head(
        &mut self,
        ui: &mut Ui,
        specs: &[&ParamSpec],
        instance: &NodeInstance,
        commands: &mut Vec<Command>,
    ) {
        let many = specs.len() >= MANY;
        let asked = std::mem::take(&mut self.inspector.searches);
        if many || asked || !self.inspector.search.is_empty() {
            let edit = egui::TextEdit::singleline(&mut self.inspector.search)
                .hint_text(texts::inspector::search_parameters())
                .desired_width(ui.available_width());
            let response = ui.add(edit).accessible_name(texts::inspector::search_parameters());
            if asked {
                response.request_focus();
            }
            if response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Escape)) {
                self.inspector.search.clear();
            }
        }
        let changed = specs.iter().filter(|spec| is_changed(spec, instance)).count();
        ui.horizontal_wrapped(|ui| {
            if changed > 0 || self.inspector.changed_only {
                let words = texts::inspector::changed(&changed);
                let toggle = ui.selectable_label(self.inspector.changed_only, words);
                if toggle.on_hover_text(texts::inspector::changed_hint()).clicked() {
                    self.inspector.changed_only = !self.inspector.changed_only;
                }
            }
            if changed > 0
                && ui
                    .small_button(texts::inspector::reset_all())
                    .on_hover_text(texts::inspector::reset_all_hint())
                    .clicked()
            {
                commands.push(Command::ResetParams);
            }
            if self.pipeline().group(&instance.name).is_none() {
                self.presets_ui(ui, instance, commands);
            }
        });
        self.preset_name_ui(ui, instance, commands);
    }

    pub(super) fn param(
        &self,
        ui: &mut Ui,
        spec: &ParamSpec,
        instance: &NodeInstance,
        commands: &mut Vec<Command>,
    ) {
        let set = value_at(&instance.params, &spec.name);
        let needed = set.is_none() && self.failure(&instance.name).is_some_and(|m| text::asks_for(m, spec));
        let change = fields::field(ui, &instance.name, spec, set, needed);
        let p = theme::palette(ui.visuals());
        for problem in &self.sheet.problems {
            if problem.node.as_deref() == Some(&instance.name) && problem.field.as_deref() == Some(&spec.name)
            {
                ui.colored_label(severity_color(problem.severity, p), text::sentence_of(&problem.message));
                // A path has a button to choose another one already.
                let is_mended = !problem.mends.is_empty() || !problem.remedies.is_empty();
                if is_mended || !matches!(spec.kind, ParamKind::Path { .. }) {
                    self.fix_ui(ui, problem, commands);
                }
            }
        }
        if spec.name == heights::THRESHOLD {
            ui.horizontal(|ui| {
                ui.add_space(18.0);
                let button = ui.small_button(texts::inspector::peak_heights());
                if button.on_hover_text(texts::inspector::peak_heights_hint()).clicked() {
                    commands.push(Command::ShowHeights(instance.name.clone()));
                }
            });
        }
        commands.extend(change.map(|change| change.command(instance, spec, self.gesture_number)));
    }
}

/// True where every word is in the name, the label, the unit or the words of a parameter; `search` is in lower case.
fn is_found(spec: &ParamSpec, search: &str) -> bool {
    let all = format!("{} {} {} {}", spec.name, spec.label, spec.unit, spec.doc).to_lowercase();
    search.split_whitespace().all(|word| all.contains(word))
}
