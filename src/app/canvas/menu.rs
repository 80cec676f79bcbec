//! Context menus and tooltips of the canvas.

use super::{Alignment, Scene, SeenPort, face::Face, icons};
use crate::{
    app::{command::Command, keymap, text, theme},
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
        let is_group = scene.whole.group(&node.name).is_some();
        if is_group {
            entry(ui, "Go in", "Go into group, or rename", true, Command::Enter(node.name.clone()), commands);
            entry(ui, "Ungroup", "Ungroup", true, Command::Ungroup, commands);
        }
        let entries = [
            ("Run to here", "Run to here", true, Command::Run { until: Some(node.name.clone()) }),
            ("Look at output", "Look at output", has_output, Command::LookAtSelection),
            ("Rename", "Rename", true, Command::Rename),
            ("Replace with…", "Replace with…", !is_group, Command::FindSwap),
            (if node.muted { "Unmute" } else { "Mute" }, "Mute", true, Command::ToggleMuted),
            (if node.bypassed { "Do not bypass" } else { "Bypass" }, "Bypass", true, Command::ToggleBypassed),
            ("Preview", "Preview", has_output, Command::TogglePreviews),
            (if node.collapsed { "Expand" } else { "Collapse" }, "Collapse", true, Command::ToggleCollapsed),
            ("Unpack", "", unpacks, Command::Unpack),
            ("Frame", "Frame", true, Command::Frame),
            ("Group into a node", "Group into a node", true, Command::Group),
            ("Save to my library", "", true, Command::KeepGroup),
            ("Duplicate", "Duplicate", true, Command::Duplicate),
            ("Copy", "Ctrl+C", true, Command::Copy),
            ("Help", "Help on the selected node", !is_group, Command::Help(Some(node.kind.clone()))),
            ("Delete", "Delete", true, Command::Delete),
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
    (Alignment::Left, "Left edges", "Align left edges"),
    (Alignment::Right, "Right edges", "Align right edges"),
    (Alignment::Top, "Top edges", "Align top edges"),
    (Alignment::Bottom, "Bottom edges", "Align bottom edges"),
    (Alignment::Columns, "Distribute horizontally", "Distribute horizontally"),
    (Alignment::Rows, "Distribute vertically", "Distribute vertically"),
];

/// The menu of a frame or comment; it is selected by the same click.
pub fn mark(response: &Response, number: u32, mark: &Mark, commands: &mut Vec<Command>) {
    response.context_menu(|ui| {
        ui.set_min_width(180.0);
        let is_frame = mark.kind == MarkKind::Frame;
        let edit = if is_frame { "Rename" } else { "Edit text" };
        entry(ui, edit, "Go into group, or rename", true, Command::EditMark(number), commands);
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
        entry(ui, "Duplicate", "Duplicate", true, Command::Duplicate, commands);
        entry(ui, delete, "Delete", true, Command::Delete, commands);
    });
}

/// The menu of a wire; true where a node is to be put into it.
pub fn wire(response: &Response, wire: &(String, String), commands: &mut Vec<Command>) -> bool {
    let mut inserts = false;
    response.context_menu(|ui| {
        let (from, to) = wire;
        ui.set_min_width(170.0);
        inserts = ui
            .add(Button::new("Insert node…").shortcut_text(keymap::keys_of(ui.ctx(), "Add node…")))
            .clicked();
        entry(ui, "Look at what flows", "Look at output", true, Command::Look(from.clone()), commands);
        let remove = Command::edit(Edit::Disconnect(from.clone(), to.clone()), "remove wire");
        entry(ui, "Delete", "Delete", true, remove, commands);
    });
    inserts
}

/// The menu of empty canvas; true where a node is to be added.
pub fn background(response: &Response, commands: &mut Vec<Command>) -> bool {
    let mut adds = false;
    response.context_menu(|ui| {
        ui.set_min_width(170.0);
        adds =
            ui.add(Button::new("Add node…").shortcut_text(keymap::keys_of(ui.ctx(), "Add node…"))).clicked();
        entry(ui, "Add comment", "Add comment", true, Command::AddComment, commands);
        entry(ui, "Select all", "Select all", true, Command::SelectAll, commands);
        entry(ui, "Fit all", "Fit all", true, Command::Fit { selection: false }, commands);
        entry(ui, "100 %", "100 %", true, Command::ActualSize, commands);
    });
    adds
}

/// An entry with the key of the action of this name, where there is one.
fn entry(
    ui: &mut Ui,
    label: &str,
    action: &str,
    enabled: bool,
    command: Command,
    commands: &mut Vec<Command>,
) {
    // The clipboard has its keys from the system.
    let keys = if label == "Copy" { action.to_owned() } else { keymap::keys_of(ui.ctx(), action) };
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
    let advice = advice.chain(scene.known.inner.get(&node.name).into_iter().flatten());
    for warning in advice.chain(scene.known.warnings.get(&node.name).into_iter().flatten()) {
        ui.colored_label(ui.visuals().warn_fg_color, text::sentence_of(warning));
    }
    if let Some(reason) = scene.known.off.get(&node.name).filter(|_| !node.muted) {
        ui.weak(format!("Does not run: {reason}."));
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
