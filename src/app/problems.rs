//! What is wrong with the pipeline and what its results warned of, each with a button for what mends it.

use super::{App, command::Command, text, texts, theme};
use crate::pipeline::{Act, Edit, ParamKind, Problem, Severity};
use egui::{Rect, ScrollArea, Sense, Ui, UiBuilder, vec2};
use std::collections::BTreeMap;

/// By how much a threshold is lowered in one step.
const LOWER: f64 = 0.8;

impl App {
    /// Draws the list.
    pub(super) fn problems_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if self.sheet.problems.is_empty() && self.sheet.known.warnings.is_empty() {
            ui.weak(texts::inspector::no_problems());
            return;
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for problem in &self.sheet.problems {
                line(ui, problem, commands, |ui, commands| self.fix_ui(ui, problem, commands));
            }
            for node in self.sheet.known.warnings.keys() {
                for warning in self.warnings_of(node) {
                    line(ui, &Problem::of_node(node, warning).warning(), commands, |ui, commands| {
                        for (label, command) in self.warning_fixes(node, warning) {
                            if ui.small_button(label).clicked() {
                                commands.push(command);
                            }
                        }
                    });
                }
            }
        });
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

    /// What mends what a result warned of: a parameter it says to lower, and how high its peaks are.
    pub(super) fn warning_fixes(&self, name: &str, warning: &str) -> Vec<(String, Command)> {
        let Some(instance) = self.pipeline().node(name) else { return Vec::new() };
        let Some(node) = self.registry.get(&instance.kind) else { return Vec::new() };
        let Some((_, rest)) = warning.split_once("lower ") else { return Vec::new() };
        let field: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(spec) = node.specs().iter().find(|spec| spec.name == field) else { return Vec::new() };
        let mut fixes = Vec::new();
        let value = instance.params.get(&field).unwrap_or(&spec.default).as_f64();
        if let Some(value) = value.filter(|value| *value > 0.0) {
            let least = spec.hard_range.0.unwrap_or(0.0);
            let lower = ((value * LOWER * 4.0).round() / 4.0).max(least);
            if lower < value {
                let mut params = instance.params.clone();
                params.insert(field.clone(), lower.into());
                let edit = Edit::SetParams(name.to_owned(), params);
                let label = texts::inspector::lower_to(&spec.label, &text::number(lower));
                fixes.push((
                    label,
                    Command::edit(edit, texts::inspector::lower_field(&spec.label.to_lowercase())),
                ));
            }
        }
        if field == super::heights::THRESHOLD {
            fixes.push((texts::inspector::peak_heights().to_owned(), Command::ShowHeights(name.to_owned())));
        }
        fixes
    }

    /// Below the words that no units were found: what mends it, by a click.
    pub(super) fn no_units_ui(&self, ui: &mut Ui, viewer: Rect) -> Option<Command> {
        let (node, _) = self.looked_at()?.split_once('.')?;
        let fixes = self.warnings_of(node).flat_map(|warning| self.warning_fixes(node, warning));
        // Several warnings may lead to the same.
        let fixes: BTreeMap<String, Command> = fixes.collect();
        let below = viewer.with_min_y((viewer.center().y + 12.0).min(viewer.bottom()));
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

    /// What the results of a node warned of, apart from what the advice on the pipeline says already.
    pub(super) fn warnings_of(&self, node: &str) -> impl Iterator<Item = &String> {
        let own = self.sheet.problems.iter().filter(move |problem| problem.node.as_deref() == Some(node));
        let remedies: Vec<&str> = own.filter_map(|problem| remedy(&problem.message)).collect();
        let warnings = self.sheet.known.warnings.get(node).into_iter().flatten();
        warnings.filter(move |warning| remedy(warning).is_none_or(|remedy| !remedies.contains(&remedy)))
    }
}

/// `put a band-pass filter`: what a sentence says to put before a node.
fn remedy(message: &str) -> Option<&str> {
    let start = message.find("put a ")?;
    message[start..].split_once(" before").map(|(remedy, _)| remedy)
}

/// The colour of the dot before a problem, and of its words beside a field.
pub fn severity_color(severity: Severity, p: &theme::Palette) -> egui::Color32 {
    match severity {
        Severity::Error => p.bad,
        Severity::Warning => p.warn,
        Severity::Note => p.text_weak,
    }
}

/// One problem on one line, with what comes after it.
fn line(
    ui: &mut Ui,
    problem: &Problem,
    commands: &mut Vec<Command>,
    after: impl FnOnce(&mut Ui, &mut Vec<Command>),
) {
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
        ui.label(text::sentence_of(&problem.message));
        if let Some((line, column)) = problem.line {
            ui.weak(texts::inspector::line_column(&line, &column));
        }
        after(ui, commands);
    });
}
