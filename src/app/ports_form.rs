//! The part of the inspector that lists a node's ports: what flows there, and where it comes from.

use super::{App, command::Command, examples::EXAMPLES, inspector::section, text, texts, theme};
use crate::pipeline::{DynNode, NodeInstance, Port, PortType, is_way, leaf_of, level_of};
use egui::{Role, Sense, Ui, WidgetInfo, vec2};
use std::sync::Arc;

/// The ports of a node.
pub(super) fn ports(
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
                (Some(end), false) => (from_words(end), p.text_weak),
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

/// Where what arrives comes from, as it is called at the level that is shown.
fn from_words(end: &str) -> String {
    match end.split_once('.') {
        Some((node, port)) if is_way(node) => texts::inspector::from_outside(&port, &leaf_of(level_of(node))),
        _ => texts::inspector::from(&leaf_of(end)),
    }
}
