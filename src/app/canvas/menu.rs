//! Context menus and tooltips of the canvas.

use super::{Alignment, Scene, SeenPort, face::Face, icons};
use crate::{
    app::{command::Command, text, theme},
    pipeline::{Edit, Mark, MarkColor, MarkKind, NodeInstance, NodeState},
};
use egui::{Button, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

/// The menu of a node; commands that need a selection find it selected by the same click.
pub fn node(response: &Response, scene: &Scene<'_>, node: &NodeInstance, commands: &mut Vec<Command>) {
    response.context_menu(|ui| {
        ui.set_min_width(170.0);
        let has_output = scene.registry.get(&node.kind).is_some_and(|n| !n.outputs(&node.params).is_empty());
        let unpacks = scene
            .registry
            .get(&node.kind)
            .is_some_and(|n| n.expand(&node.params).is_ok_and(|parts| parts.is_some()));
        let entries = [
            ("Run to here", "F6", true, Command::Run { until: Some(node.name.clone()) }),
            ("Look at output", "V", has_output, Command::LookAtSelection),
            ("Rename", "Enter", true, Command::Rename),
            ("Replace with…", "R", true, Command::FindSwap),
            (if node.muted { "Unmute" } else { "Mute" }, "M", true, Command::ToggleMuted),
            (if node.bypassed { "Do not bypass" } else { "Bypass" }, "B", true, Command::ToggleBypassed),
            (if node.collapsed { "Expand" } else { "Collapse" }, "H", true, Command::ToggleCollapsed),
            ("Unpack", "", unpacks, Command::Unpack),
            ("Frame", "Ctrl+G", true, Command::Frame),
            ("Duplicate", "Ctrl+D", true, Command::Duplicate),
            ("Copy", "Ctrl+C", true, Command::Copy),
            ("Delete", "Del", true, Command::Delete),
        ];
        for (label, keys, enabled, command) in entries {
            entry(ui, label, keys, enabled, command, commands);
        }
        if scene.selection.len() > 1 && scene.selection.contains(&node.name) {
            ui.menu_button("Align", |ui| {
                for (alignment, label, keys) in ALIGNMENTS {
                    let enabled = scene.selection.len() >= alignment.least();
                    entry(ui, label, keys, enabled, Command::Align(alignment), commands);
                }
            });
        }
    });
}

/// Alignments as menus show them.
const ALIGNMENTS: [(Alignment, &str, &str); 6] = [
    (Alignment::Left, "Left edges", "Ctrl+Left"),
    (Alignment::Right, "Right edges", "Ctrl+Right"),
    (Alignment::Top, "Top edges", "Ctrl+Up"),
    (Alignment::Bottom, "Bottom edges", "Ctrl+Down"),
    (Alignment::Columns, "Distribute horizontally", "Ctrl+Shift+Right"),
    (Alignment::Rows, "Distribute vertically", "Ctrl+Shift+Down"),
];

/// The menu of a frame or comment; it is selected by the same click.
pub fn mark(response: &Response, number: u32, mark: &Mark, commands: &mut Vec<Command>) {
    response.context_menu(|ui| {
        ui.set_min_width(180.0);
        let is_frame = mark.kind == MarkKind::Frame;
        let edit = if is_frame { "Rename" } else { "Edit text" };
        entry(ui, edit, "Enter", true, Command::EditMark(number), commands);
        if is_frame {
            entry(ui, "Select what is inside", "", true, Command::SelectInFrame(number), commands);
            entry(ui, "Fit to what is inside", "", true, Command::FitFrame(number), commands);
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            for color in MarkColor::ALL {
                let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::click());
                response.widget_info(|| {
                    let name = format!("Colour {}", color.name());
                    WidgetInfo::selected(Role::RadioButton, true, color == mark.color, name)
                });
                let fill = theme::mark_color(color, ui.visuals());
                ui.painter().rect_filled(rect.shrink(2.0), 4.0, fill);
                if color == mark.color || response.hovered() {
                    let edge = Stroke::new(1.5, theme::palette(ui.visuals()).text_strong);
                    ui.painter().rect_stroke(rect, 5.0, edge, StrokeKind::Inside);
                }
                if response.on_hover_text(color.name()).clicked() {
                    commands.push(Command::PaintMarks(color));
                    ui.close();
                }
            }
        });
        let delete = if is_frame { "Delete frame, keep its nodes" } else { "Delete" };
        entry(ui, "Duplicate", "Ctrl+D", true, Command::Duplicate, commands);
        entry(ui, delete, "Del", true, Command::Delete, commands);
    });
}

/// The menu of a wire; true where a node is to be put into it.
pub fn wire(response: &Response, wire: &(String, String), commands: &mut Vec<Command>) -> bool {
    let mut inserts = false;
    response.context_menu(|ui| {
        let (from, to) = wire;
        ui.set_min_width(170.0);
        inserts = ui.add(Button::new("Insert node…").shortcut_text("Tab")).clicked();
        entry(ui, "Look at what flows", "V", true, Command::Look(from.clone()), commands);
        let remove = Command::edit(Edit::Disconnect(from.clone(), to.clone()), "remove wire");
        entry(ui, "Delete", "Del", true, remove, commands);
    });
    inserts
}

/// The menu of empty canvas; true where a node is to be added.
pub fn background(response: &Response, commands: &mut Vec<Command>) -> bool {
    let mut adds = false;
    response.context_menu(|ui| {
        ui.set_min_width(170.0);
        adds = ui.add(Button::new("Add node…").shortcut_text("Tab")).clicked();
        entry(ui, "Add comment", "C", true, Command::AddComment, commands);
        entry(ui, "Select all", "Ctrl+A", true, Command::SelectAll, commands);
        entry(ui, "Fit all", "Home", true, Command::Fit { selection: false }, commands);
        entry(ui, "100 %", "1", true, Command::ActualSize, commands);
    });
    adds
}

fn entry(ui: &mut Ui, label: &str, keys: &str, enabled: bool, command: Command, commands: &mut Vec<Command>) {
    if ui.add_enabled(enabled, Button::new(label).shortcut_text(keys)).clicked() {
        commands.push(command);
        ui.close();
    }
}

/// What a node is and how it is.
pub fn node_tooltip(ui: &mut Ui, scene: &Scene<'_>, node: &NodeInstance, face: &Face) {
    ui.set_max_width(320.0);
    ui.strong(&face.title);
    ui.label(&face.summary);
    if let Some(state) = scene.states.get(&node.name) {
        match state {
            NodeState::Invalid(reason) | NodeState::Failed(reason) => {
                ui.separator();
                ui.colored_label(ui.visuals().error_fg_color, reason);
            }
            NodeState::Done { wall_s } => {
                ui.weak(format!("Done in {}.", text::took(*wall_s)));
            }
            other => {
                ui.weak(format!("{}.", text::sentence(icons::state_name(other))));
            }
        }
    }
    let advice = scene.known.advice.get(&node.name).into_iter().flatten();
    for warning in advice.chain(scene.known.warnings.get(&node.name).into_iter().flatten()) {
        ui.colored_label(ui.visuals().warn_fg_color, text::sentence_of(warning));
    }
    if node.muted {
        ui.weak("Muted: neither it nor what depends on it runs.");
    }
    if node.bypassed {
        ui.weak("Bypassed: its input passes through unchanged.");
    }
}

/// What a port carries.
pub fn port_tooltip(ui: &mut Ui, port: &SeenPort) {
    match port.port_type {
        Some(port_type) if text::sentence(&port.name) != port_type.name() => {
            ui.strong(format!("{} · {port_type}", text::sentence(&port.name)));
        }
        Some(port_type) => {
            ui.strong(port_type.name());
        }
        None => {
            ui.strong(format!("There is no port \"{}\" here", port.name));
        }
    }
    ui.weak(if port.is_output {
        "Click to look at it, drag to wire it."
    } else {
        "Drag to wire it, click to look at what arrives."
    });
}
