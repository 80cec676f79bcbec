//! What is wrong with the pipeline, what failed and what results warned of, each with a button for what mends it.

use super::{App, command::Command, text, texts, theme};
use crate::{
    data::Remedy,
    pipeline::{Act, NodeState, ParamKind, Problem, Severity},
};
use egui::{Rect, ScrollArea, Sense, Ui, UiBuilder, vec2};
use std::collections::BTreeMap;

impl App {
    /// Draws the list.
    pub(super) fn problems_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let told = self.told();
        if told.is_empty() {
            ui.weak(texts::inspector::no_problems());
            return;
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for problem in &told {
                self.line(ui, problem, commands);
            }
        });
    }

    /// All that is to be told: what failed, what is wrong, and what results warned of.
    pub(super) fn told(&self) -> Vec<Problem> {
        // A group fails where one of its nodes does.
        let nodes = self.sheet.states.keys().filter(|name| self.pipeline().group(name).is_none());
        let failed = nodes.filter_map(|node| self.failure_of(node));
        let warned = self.sheet.known.warnings.keys().flat_map(|node| self.warnings_of(node));
        failed.chain(self.sheet.problems.iter().cloned()).chain(warned).collect()
    }

    /// Buttons for what mends a problem in one step.
    pub(super) fn fix_ui(&self, ui: &mut Ui, problem: &Problem, commands: &mut Vec<Command>) {
        for (label, command) in self.fixes(problem) {
            if ui.small_button(label).clicked() {
                commands.push(command);
            }
        }
    }

    fn fixes(&self, problem: &Problem) -> Vec<(String, Command)> {
        let Some(name) = &problem.node else { return Vec::new() };
        let mends = self.sheet.editor.pipeline().mends(&self.registry, problem).into_iter();
        let mut fixes: Vec<_> = mends
            .map(|(label, edit)| {
                let step = format!("{} ({name})", label.to_lowercase());
                (label, Command::edit(edit, step))
            })
            .collect();
        fixes.extend(problem.remedies.iter().filter_map(|remedy| self.beyond_edits(name, remedy)));
        let Some(field) = &problem.field else { return fixes };
        let instance = self.sheet.editor.pipeline().node(name);
        let Some((instance, node)) = instance.and_then(|i| Some((i, self.registry.get(&i.kind)?))) else {
            return fixes;
        };
        let takes = |act: &Act| matches!(act, Act::TakesProbe { field: own } if own == field);
        if node.acts(&instance.params).iter().any(takes) {
            fixes.push((texts::inspector::choose_a_probe().to_owned(), Command::EditProbe(name.clone())));
            return fixes;
        }
        let end = format!("{name}.{field}");
        if let Some(spec) = node.specs().iter().find(|spec| spec.name == *field)
            && let ParamKind::Path { mode } = &spec.kind
        {
            let (node, field, mode) = (name.clone(), field.clone(), mode.clone());
            fixes.push((texts::inspector::choose().to_owned(), Command::Browse { node, field, mode }));
        } else if node.inputs(&instance.params).iter().any(|p| p.name == *field)
            && self.sheet.editor.wire_into(&end).is_none()
        {
            fixes.push((texts::inspector::find_what_fits().to_owned(), Command::FindInput(end)));
        }
        fixes
    }

    /// A remedy that is no edit.
    fn beyond_edits(&self, node: &str, remedy: &Remedy) -> Option<(String, Command)> {
        match remedy {
            Remedy::SeeHeights => {
                Some((texts::inspector::peak_heights().to_owned(), Command::ShowHeights(node.to_owned())))
            }
            Remedy::GiveProbe => {
                let source = self.pipeline().probe_source(&self.registry, node)?.name.clone();
                Some((texts::inspector::choose_a_probe().to_owned(), Command::EditProbe(source)))
            }
            Remedy::WireProbe => {
                let label = texts::probe::set_the_wiring().to_owned();
                Some((label, Command::WireProbe(node.to_owned())))
            }
            Remedy::OrderChannels => {
                let label = texts::probe::wire_by_correlation().to_owned();
                Some((label, Command::ProposeOrder(node.to_owned())))
            }
            Remedy::FindLayout => {
                let label = texts::inspector::find_out_the_layout().to_owned();
                Some((label, Command::Import(node.to_owned())))
            }
            _ => None,
        }
    }

    /// Below the words that there is nothing to see: what mends it, by a click.
    pub(super) fn nothing_seen_ui(&self, ui: &mut Ui, viewer: Rect) -> Option<Command> {
        let (node, _) = self.looked_at()?.split_once('.')?;
        let failure = self.failure_of(node);
        // A failure may need several lines.
        let room = if failure.is_some() { 56.0 } else { 12.0 };
        let told = failure.into_iter().chain(self.warnings_of(node));
        // Several may lead to the same.
        let fixes: BTreeMap<String, Command> = told.flat_map(|problem| self.fixes(&problem)).collect();
        let below = viewer.with_min_y((viewer.center().y + room).min(viewer.bottom()));
        let mut asked = None;
        // A child of its own, as the words fill the panel.
        ui.new_child(UiBuilder::new().max_rect(below)).vertical_centered(|ui| {
            for (label, command) in fixes {
                if ui.button(label).clicked() {
                    asked = Some(command);
                }
            }
        });
        asked
    }

    /// Why a node failed, unless a problem of one of its fields says so already.
    pub(super) fn failure_of(&self, node: &str) -> Option<Problem> {
        let Some(NodeState::Failed(notice)) = self.sheet.states.get(node) else { return None };
        let mut own = self.sheet.problems.iter().filter(|problem| problem.node.as_deref() == Some(node));
        let is_told = own.any(|problem| problem.field.is_some() && problem.severity == Severity::Error);
        (!is_told).then(|| Problem::of_notice(node, notice))
    }

    /// What the results of a node warned of, apart from what the advice on the pipeline mends already.
    pub(super) fn warnings_of(&self, node: &str) -> impl Iterator<Item = Problem> {
        let own = self.sheet.problems.iter().filter(move |problem| problem.node.as_deref() == Some(node));
        let remedies: Vec<&Remedy> = own.flat_map(|problem| &problem.remedies).collect();
        let warnings = self.sheet.known.warnings.get(node).into_iter().flatten();
        warnings
            .filter(move |warning| !warning.remedies.iter().any(|remedy| remedies.contains(&remedy)))
            .map(move |warning| Problem::of_notice(node, warning).warning())
    }

    /// What a problem says, with parameters of its node as the labels of their fields.
    fn in_labels(&self, problem: &Problem) -> String {
        let instance = problem.node.as_ref().and_then(|name| self.pipeline().node(name));
        let known = instance.and_then(|instance| self.registry.get(&instance.kind));
        known
            .map_or_else(|| problem.message.clone(), |node| text::with_labels(&problem.message, node.specs()))
    }

    /// One problem on one line, with what mends it.
    fn line(&self, ui: &mut Ui, problem: &Problem, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        let color = severity_color(problem.severity, p);
        let place = match (&problem.node, &problem.field) {
            (Some(node), Some(field)) => format!("{node}.{field}"),
            (Some(node), None) => node.clone(),
            _ => String::new(),
        };
        ui.horizontal_wrapped(|ui| {
            let (dot, _) = ui.allocate_exact_size(vec2(8.0, 16.0), Sense::hover());
            ui.painter().circle_filled(dot.center(), 3.5, color);
            if let Some(node) = &problem.node
                && ui.link(&place).clicked()
            {
                commands.push(Command::Select(vec![node.clone()]));
                commands.push(Command::Fit { selection: true });
            }
            ui.label(text::sentence_of(&self.in_labels(problem)));
            if let Some((line, column)) = problem.line {
                ui.weak(texts::inspector::line_column(&line, &column));
            }
            self.fix_ui(ui, problem, commands);
        });
    }
}

/// The colour of the dot before a problem, and of its words beside a field.
pub fn severity_color(severity: Severity, p: &theme::Palette) -> egui::Color32 {
    match severity {
        Severity::Error => p.bad,
        Severity::Warning => p.warn,
        Severity::Note => p.text_weak,
    }
}
