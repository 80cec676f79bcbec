//! The inspector: everything about the selected node, made from its declaration.

use super::{
    App,
    canvas::icons,
    command::{Command, MergeKey},
    examples::EXAMPLES,
    fields, heights, keymap,
    offered::{is_changed, specs_of},
    problems::severity_color,
    text, texts, theme,
};
use crate::pipeline::{
    Act, DynNode, Edit, NodeInstance, NodeState, ParamKind, ParamSpec, Port, PortType, Severity, leaf_of,
    value_at,
};
use egui::{Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use std::sync::Arc;

/// What the inspector keeps between two frames.
#[derive(Default)]
pub struct Inspector {
    /// Node whose name is being edited, and the text so far.
    name: Option<(String, String)>,
    /// Words that parameters are searched for.
    search: String,
    /// The search takes the keyboard at the next frame.
    searches: bool,
    /// Only parameters that are not at their defaults are shown.
    changed_only: bool,
}

impl Inspector {
    /// Lets the search of parameters take the keyboard.
    pub fn find(&mut self) {
        self.searches = true;
    }
}

/// Parameters from which on a search is worth its room.
const MANY: usize = 6;

impl App {
    /// Draws the inspector.
    pub(super) fn inspector_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let mut commands = Vec::new();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 5.0;
            // The scroll bar covers nothing.
            ui.set_max_width(ui.available_width() - 8.0);
            match (self.sheet.editor.selection.len(), self.sheet.editor.single_selection().cloned()) {
                (_, Some(instance)) => self.node_form(ui, &instance, &mut commands),
                (0, None) => self.pipeline_form(ui, &mut commands),
                (count, None) => several(ui, count, &mut commands),
            }
        });
        commands
    }

    fn pipeline_form(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.label(egui::RichText::new(self.sheet.editor.title()).heading());
        ui.weak(texts::inspector::nothing_selected());
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            ui.label(texts::inspector::seed()).on_hover_text(texts::inspector::seed_hint());
            let mut seed = self.sheet.editor.pipeline().seed();
            let drag = egui::DragValue::new(&mut seed).speed(0.1);
            if ui.add(drag).accessible_name(texts::inspector::seed()).changed() {
                commands.push(Command::Edit {
                    edit: Edit::SetSeed(seed),
                    label: texts::inspector::change_seed().into(),
                    merge: Some(MergeKey("seed".into())),
                });
            }
        });
        let (nodes, wires) =
            (self.sheet.editor.pipeline().nodes().count(), self.sheet.editor.pipeline().wires().len());
        ui.weak(format!("{}, {}", texts::counts::nodes(nodes), texts::counts::wires(wires)));
    }

    fn node_form(&mut self, ui: &mut Ui, instance: &NodeInstance, commands: &mut Vec<Command>) {
        let registry = self.kinds();
        let node = registry.get(&instance.kind);
        let is_group = self.pipeline().group(&instance.name).is_some();
        self.name_field(ui, instance, commands);
        match node {
            Some(node) => {
                if about(ui, node, !is_group) {
                    commands.push(Command::Help(Some(instance.kind.clone())));
                }
            }
            None => {
                let p = theme::palette(ui.visuals());
                ui.colored_label(p.bad, texts::inspector::unknown_node(&instance.kind));
                ui.weak(texts::inspector::unknown_node_is_kept());
            }
        }
        if let Some(raw) = &instance.raw_params {
            ui.weak(texts::inspector::unread_parameters());
            ui.monospace(raw);
        }
        if let Some(node) = node {
            ui.add_space(4.0);
            ui.horizontal_wrapped(|ui| {
                self.import_ui(ui, node, instance, commands);
                let takes = |act: &Act| matches!(act, Act::TakesProbe { .. });
                if node.acts(&instance.params).iter().any(takes)
                    && ui
                        .button(texts::inspector::probe())
                        .on_hover_text(texts::inspector::probe_hint())
                        .clicked()
                {
                    commands.push(Command::EditProbe(instance.name.clone()));
                }
            });
            self.params_form(ui, node, instance, commands);
            // Below the fields: they keep their places while they are filled in.
            // What is wrong with a field is said there.
            let mut own = self.sheet.problems.iter().filter(|p| p.node.as_ref() == Some(&instance.name));
            let is_told = own.any(|p| p.field.is_some() && p.severity == Severity::Error);
            if let Some(message) = self.failure(&instance.name).filter(|_| !is_told) {
                failure_box(ui, &text::with_labels(message, node.specs()));
            }
            ui.add_space(4.0);
            ports(ui, self, node, instance, commands);
        }
        if is_group {
            self.group_form(ui, &instance.name, commands);
        }
        self.outside_form(ui, &instance.name, commands);
        self.problems_of(ui, &instance.name, commands);
        self.last_run_of(ui, &instance.name, commands);
    }

    /// Where a raw file is read, the way to find out how its samples lie.
    fn import_ui(
        &self,
        ui: &mut Ui,
        node: &Arc<dyn DynNode>,
        instance: &NodeInstance,
        commands: &mut Vec<Command>,
    ) {
        let path = node.acts(&instance.params).into_iter().find_map(|act| match act {
            Act::ReadsRaw { path } => instance.params.get(path)?.as_str().map(str::to_owned),
            _ => None,
        });
        let is_raw = instance.params.contains_key("dtype") || self.failure(&instance.name).is_some();
        if path.is_some_and(|path| !path.is_empty()) && is_raw {
            let hint = texts::inspector::layout_hint();
            if ui.button(texts::inspector::find_out_the_layout()).on_hover_text(hint).clicked() {
                commands.push(Command::Import(instance.name.clone()));
            }
        }
    }

    fn name_field(&mut self, ui: &mut Ui, instance: &NodeInstance, commands: &mut Vec<Command>) {
        let mut text = match &self.inspector.name {
            Some((node, text)) if *node == instance.name => text.clone(),
            _ => leaf_of(&instance.name).to_owned(),
        };
        let edit = egui::TextEdit::singleline(&mut text).font(egui::TextStyle::Heading);
        let response = ui
            .add_sized(vec2(ui.available_width(), 26.0), edit)
            .accessible_name(texts::inspector::node_name());
        if response.changed() {
            self.inspector.name = Some((instance.name.clone(), text.clone()));
        }
        if response.lost_focus() {
            let given_up = ui.input(|i| i.key_pressed(egui::Key::Escape));
            if !given_up && self.inspector.name.is_some() {
                commands.extend(Command::rename(&instance.name, &text));
            }
            self.inspector.name = None;
        }
    }

    fn params_form(
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
        ui.horizontal(|ui| {
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
                if !matches!(spec.kind, ParamKind::Path { .. }) {
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

    /// Why a node failed.
    fn failure(&self, name: &str) -> Option<&str> {
        match self.sheet.states.get(name) {
            Some(NodeState::Failed(message)) => Some(message),
            _ => None,
        }
    }

    fn problems_of(&self, ui: &mut Ui, name: &str, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        let own = self.sheet.problems.iter().filter(|problem| problem.node.as_deref() == Some(name));
        let known = |field: &str| {
            let instance = self.sheet.editor.drawn().node(name)?;
            let node = self.registry.get(&instance.kind)?;
            let offered = self.sheet.offers.get(name).map_or(&[][..], |offered| offered.specs());
            node.specs().iter().chain(offered).any(|spec| spec.name == field).then_some(())
        };
        // Problems of a field stand below it.
        let rest: Vec<_> = own.filter(|o| o.field.as_deref().and_then(known).is_none()).collect();
        if rest.is_empty() {
            return;
        }
        section(ui, texts::inspector::problems());
        for problem in rest {
            let color = severity_color(problem.severity, p);
            ui.colored_label(color, text::sentence_of(&problem.message));
            self.fix_ui(ui, problem, commands);
        }
    }

    fn last_run_of(&self, ui: &mut Ui, name: &str, commands: &mut Vec<Command>) {
        let Some(state) = self.sheet.states.get(name) else { return };
        let p = theme::palette(ui.visuals());
        section(ui, texts::inspector::state());
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(14.0, 18.0), Sense::hover());
            icons::state(ui.painter(), state, rect.center(), 5.5, p, ui.input(|i| i.time));
            match self.sheet.known.off.get(name) {
                Some(reason) => ui.label(texts::inspector::does_not_run(&reason)),
                None => ui.label(text::sentence(icons::state_name(state))),
            };
            if let Some((wall, cpu)) = self.sheet.runs.task_of(name).and_then(|t| t.cost_s) {
                ui.weak(texts::inspector::of_cpu(&text::took(wall), &text::took(cpu)));
            }
        });
        for warning in self.warnings_of(name) {
            ui.add(egui::Label::new(egui::RichText::new(text::sentence_of(warning)).color(p.warn)).wrap());
            for (label, command) in self.warning_fixes(name, warning) {
                if ui.small_button(label).clicked() {
                    commands.push(command);
                }
            }
        }
        let lines: Vec<_> = self.sheet.runs.log_of(name).collect();
        if !lines.is_empty() {
            egui::CollapsingHeader::new(egui::RichText::new(texts::inspector::log()).weak()).show_unindented(
                ui,
                |ui| {
                    for line in lines.iter().rev().take(50).rev() {
                        ui.label(egui::RichText::new(&line.line).small());
                    }
                },
            );
        }
    }
}

/// True where every word is in the name, the label, the unit or the words of a parameter; `search` is in lower case.
fn is_found(spec: &ParamSpec, search: &str) -> bool {
    let all = format!("{} {} {} {}", spec.name, spec.label, spec.unit, spec.doc).to_lowercase();
    search.split_whitespace().all(|word| all.contains(word))
}

/// What a node is; true where more is asked for.
fn about(ui: &mut Ui, node: &Arc<dyn DynNode>, has_help: bool) -> bool {
    let info = node.info();
    let asked = ui.horizontal(|ui| {
        let color = theme::category_color(info.category, ui.visuals());
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), Sense::hover());
        icons::category(ui.painter(), Some(info.category), rect.center(), 12.0, color);
        ui.weak(format!("{} · {}", info.label, theme::category_name(info.category)));
        if !has_help {
            return false;
        }
        let help = ui.small_button("?");
        help.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::inspector::help_on_this_node()));
        let keys = keymap::after(ui.ctx(), texts::actions::help_on_the_selected_node());
        help.on_hover_text(texts::inspector::help_hint(&keys)).clicked()
    });
    ui.label(info.summary);
    if !info.source.is_empty() {
        ui.label(egui::RichText::new(info.source).small().weak());
    }
    asked.inner
}

/// What went wrong, before everything else: it says what to do.
fn failure_box(ui: &mut Ui, message: &str) {
    let p = theme::palette(ui.visuals());
    let frame = egui::Frame::NONE.fill(p.bad.gamma_multiply(0.12)).corner_radius(4).inner_margin(6);
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.add(egui::Label::new(egui::RichText::new(message).color(p.bad)).wrap());
    });
}

fn several(ui: &mut Ui, count: usize, commands: &mut Vec<Command>) {
    ui.label(egui::RichText::new(texts::inspector::nodes(&count)).heading());
    ui.horizontal_wrapped(|ui| {
        for (label, command) in [
            (texts::actions::mute(), Command::ToggleMuted),
            (texts::actions::bypass(), Command::ToggleBypassed),
            (texts::actions::group_into_a_node(), Command::Group),
            (texts::actions::duplicate(), Command::Duplicate),
            (texts::actions::reset_all_parameters(), Command::ResetParams),
            (texts::actions::delete(), Command::Delete),
        ] {
            if ui.button(label).clicked() {
                commands.push(command);
            }
        }
    });
}

fn ports(
    ui: &mut Ui,
    app: &App,
    node: &Arc<dyn DynNode>,
    instance: &NodeInstance,
    commands: &mut Vec<Command>,
) {
    let (inputs, outputs) = (node.inputs(&instance.params), node.outputs(&instance.params));
    for (title, ports, is_output) in
        [(texts::inspector::inputs(), inputs, false), (texts::inspector::outputs(), outputs, true)]
    {
        if ports.is_empty() {
            continue;
        }
        section(ui, title);
        for port in ports {
            let end = format!("{}.{}", instance.name, port.name);
            let look = if is_output { Some(end.clone()) } else { app.sheet.editor.wire_into(&end) };
            let flow = look.as_ref().and_then(|end| app.sheet.editor.flat_end(end));
            let flow = flow.and_then(|end| app.sheet.flows.get(&end)).cloned().unwrap_or_default();
            port_row(ui, &port, look, &flow, is_output, commands);
            if is_output && port.port_type == PortType::Recording && !app.sheet.editor.has_wire_from(&end) {
                continue_ui(ui, &end, commands);
            }
        }
    }
}

/// What to do with a recording that goes nowhere yet.
fn continue_ui(ui: &mut Ui, end: &str, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.add_space(18.0);
        ui.menu_button(texts::inspector::continue_with(), |ui| {
            for (example, known) in EXAMPLES.iter().enumerate() {
                if ui.button((known.name)()).clicked() {
                    commands.push(Command::ContinueWith { end: end.to_owned(), example });
                    ui.close();
                }
            }
        });
    });
}

fn port_row(
    ui: &mut Ui,
    port: &Port,
    look: Option<String>,
    flow: &str,
    is_output: bool,
    commands: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        let p = theme::palette(ui.visuals());
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 18.0), Sense::hover());
        ui.painter().circle_filled(rect.center(), 6.0, theme::port_color(port.port_type, ui.visuals()));
        ui.painter().text(
            rect.center(),
            egui::Align2::CENTER_CENTER,
            theme::port_letter(port.port_type),
            egui::FontId::proportional(9.0),
            p.panel,
        );
        ui.label(text::sentence(port.name));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if let Some(end) = &look {
                let button = ui.small_button(texts::inspector::look());
                button
                    .widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::inspector::look_at(&end)));
                if button.clicked() {
                    commands.push(Command::Look(end.clone()));
                }
            }
            let (words, color) = match (&look, is_output) {
                (Some(end), false) => (texts::inspector::from(&end), p.text_weak),
                (None, _) if port.optional => (texts::inspector::optional().to_owned(), p.text_weak),
                (None, _) => (texts::inspector::not_connected().to_owned(), p.warn),
                _ => return,
            };
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(egui::RichText::new(words).color(color)).truncate());
            });
        });
    });
    if !flow.is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(18.0);
            ui.label(egui::RichText::new(flow).small().weak());
        });
    }
}

pub fn section(ui: &mut Ui, title: &str) {
    ui.add_space(4.0);
    ui.label(egui::RichText::new(title).size(12.0).weak());
}
