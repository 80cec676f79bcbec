//! The inspector: everything about the selected node, made from its declaration.

use super::{
    App,
    canvas::icons,
    command::{Command, MergeKey},
    keymap, ports_form,
    problems::severity_color,
    text, texts, theme,
};
use crate::{
    data::Remedy,
    pipeline::{Act, DynNode, Edit, NodeInstance, NodeState, Problem, Severity, leaf_of},
};
use egui::{Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use std::sync::Arc;

/// What the inspector keeps between two frames.
#[derive(Default)]
pub struct Inspector {
    /// Node whose name is being edited, and the text so far.
    name: Option<(String, String)>,
    /// Words that parameters are searched for.
    pub(super) search: String,
    /// The search takes the keyboard at the next frame.
    pub(super) searches: bool,
    /// Only parameters that are not at their defaults are shown.
    pub(super) changed_only: bool,
}

impl Inspector {
    /// Lets the search of parameters take the keyboard.
    pub fn find(&mut self) {
        self.searches = true;
    }
}

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
            if let Some(problem) = self.failure_of(&instance.name) {
                failure_box(ui, &text::sentence_of(&text::with_labels(&problem.message, node.specs())));
                self.fix_ui(ui, &problem, commands);
            }
            let own = |problem: &&Problem| problem.node.as_deref() == Some(&instance.name);
            for problem in self.sheet.problems.iter().filter(own).filter(|problem| offers_probes(problem)) {
                ui.add(
                    egui::Label::new(egui::RichText::new(text::sentence_of(&problem.message)).weak()).wrap(),
                );
                ui.horizontal_wrapped(|ui| self.fix_ui(ui, problem, commands));
            }
            ui.add_space(4.0);
            ports_form::ports(ui, self, node, instance, commands);
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
            Act::ReadsRaw { path } => instance.params.get(path),
            _ => None,
        });
        let is_named = path
            .is_some_and(|path| path.as_str() != Some("") && path.as_array().is_none_or(|l| !l.is_empty()));
        // Where it is not told yet, what failed says so.
        let is_told = instance.params.contains_key("dtype");
        if is_named && is_told {
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

    /// Why a node failed.
    pub(super) fn failure(&self, name: &str) -> Option<&str> {
        match self.sheet.states.get(name) {
            Some(NodeState::Failed(message)) => Some(message),
            _ => None,
        }
    }

    fn problems_of(&self, ui: &mut Ui, name: &str, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        let own = self.sheet.problems.iter().filter(|problem| problem.node.as_deref() == Some(name));
        let own = own.filter(|problem| !offers_probes(problem));
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
            let words = egui::RichText::new(text::sentence_of(&warning.message)).color(p.warn);
            ui.add(egui::Label::new(words).wrap());
            self.fix_ui(ui, &warning, commands);
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

/// True for what stands right below the fields: probes that fit a recording without one.
fn offers_probes(problem: &Problem) -> bool {
    problem.severity == Severity::Note && problem.remedies.contains(&Remedy::GiveProbe)
}

/// What a node is; true where more is asked for.
fn about(ui: &mut Ui, node: &Arc<dyn DynNode>, has_help: bool) -> bool {
    let info = node.info();
    let asked = ui.horizontal(|ui| {
        let color = theme::category_color(info.category, ui.visuals());
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), Sense::hover());
        icons::category(ui.painter(), Some(info.category), rect.center(), 12.0, color);
        // The button keeps its place where there is little room.
        let room = ui.available_width() - if has_help { 28.0 } else { 0.0 };
        let words = format!("{} · {}", info.label, theme::category_name(info.category));
        ui.scope(|ui| {
            ui.set_max_width(room.max(40.0));
            ui.add(egui::Label::new(egui::RichText::new(words).weak()).truncate());
        });
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

pub fn section(ui: &mut Ui, title: &str) {
    ui.add_space(4.0);
    ui.label(egui::RichText::new(title).size(12.0).weak());
}
