//! Context menus and tooltips of the canvas.

use super::{Scene, SeenPort, face::Face, icons};
use crate::{
    app::{command::Command, text},
    pipeline::{Edit, NodeInstance, NodeState},
};
use egui::{Button, Response, Ui};

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
            (if node.muted { "Unmute" } else { "Mute" }, "M", true, Command::ToggleMuted),
            (if node.bypassed { "Do not bypass" } else { "Bypass" }, "B", true, Command::ToggleBypassed),
            ("Unpack", "", unpacks, Command::Unpack),
            ("Duplicate", "Ctrl+D", true, Command::Duplicate),
            ("Copy", "Ctrl+C", true, Command::Copy),
            ("Delete", "Del", true, Command::Delete),
        ];
        for (label, keys, enabled, command) in entries {
            entry(ui, label, keys, enabled, command, commands);
        }
    });
}

/// The menu of a wire.
pub fn wire(response: &Response, from: &str, to: &str, commands: &mut Vec<Command>) {
    response.context_menu(|ui| {
        entry(ui, "Look at what flows", "V", true, Command::Look(from.to_owned()), commands);
        let remove = Command::edit(Edit::Disconnect(from.to_owned(), to.to_owned()), "remove wire");
        entry(ui, "Delete", "Del", true, remove, commands);
    });
}

/// The menu of empty canvas; true where a node is to be added.
pub fn background(response: &Response, commands: &mut Vec<Command>) -> bool {
    let mut adds = false;
    response.context_menu(|ui| {
        ui.set_min_width(170.0);
        adds = ui.add(Button::new("Add node…").shortcut_text("Tab")).clicked();
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
    for warning in scene.known.warnings.get(&node.name).into_iter().flatten() {
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
