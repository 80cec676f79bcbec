//! What is wrong with the pipeline and what its results warned of, each with a button for what mends it.

use super::{App, command::Command, text, theme};
use crate::pipeline::{NodeInstance, ParamKind, Problem, Severity};
use egui::{ScrollArea, Sense, Ui, vec2};

impl App {
    /// Draws the list.
    pub(super) fn problems_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if self.problems.is_empty() && self.known.warnings.is_empty() {
            ui.weak("Nothing is wrong with this pipeline.");
            return;
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for problem in &self.problems {
                line(ui, problem, commands, |ui, commands| self.fix_ui(ui, problem, commands));
            }
            for (node, warnings) in &self.known.warnings {
                for warning in warnings {
                    let problem = Problem::of_node(node, warning).warning();
                    line(ui, &problem, commands, |ui, commands| self.remedy_ui(ui, node, warning, commands));
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
        let (Some(name), Some(field)) = (&problem.node, &problem.field) else { return Vec::new() };
        let mends = self.editor.pipeline().mends(&self.registry, problem).into_iter();
        let mut fixes: Vec<_> =
            mends.map(|(label, edit)| (label, Command::edit(edit, format!("mend {name}")))).collect();
        let instance = self.editor.pipeline().node(name);
        let Some((instance, node)) = instance.and_then(|i| Some((i, self.registry.get(&i.kind)?))) else {
            return fixes;
        };
        let end = format!("{name}.{field}");
        if let Some(spec) = node.specs().iter().find(|spec| spec.name == *field)
            && let ParamKind::Path { mode } = &spec.kind
        {
            let (node, field, mode) = (name.clone(), field.clone(), mode.clone());
            fixes.push(("Choose…".to_owned(), Command::Browse { node, field, mode }));
        } else if node.inputs(&instance.params).iter().any(|p| p.name == *field)
            && self.editor.wire_into(&end).is_none()
        {
            fixes.push(("Find what fits…".to_owned(), Command::FindInput(end)));
        }
        fixes
    }

    /// A button for the node that a warning says to put before this one.
    pub(super) fn remedy_ui(&self, ui: &mut Ui, node: &str, warning: &str, commands: &mut Vec<Command>) {
        let Some(instance) = self.editor.pipeline().node(node) else { return };
        if let Some((label, kind)) = self.remedy(instance, warning)
            && ui.small_button(format!("Insert {label}")).clicked()
        {
            commands.push(Command::InsertBefore { node: node.to_owned(), kind });
        }
    }

    /// Label and kind of the node that a warning says to put before this one.
    fn remedy(&self, instance: &NodeInstance, warning: &str) -> Option<(String, String)> {
        let warning = warning.to_lowercase();
        let infos = self.registry.iter().map(|known| known.info());
        let named =
            infos.filter(|info| warning.contains(&format!("put a {} before", info.label.to_lowercase())));
        let mut fitting =
            named.filter(|info| self.editor.insert_edit(&self.registry, &instance.name, info.kind).is_some());
        fitting.next().map(|info| (info.label.to_owned(), info.kind.to_owned()))
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
    let color = if problem.severity == Severity::Error { p.bad } else { p.warn };
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
            ui.weak(format!("line {line}, column {column}"));
        }
        after(ui, commands);
    });
}
