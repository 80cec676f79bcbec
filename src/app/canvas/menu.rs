//! Context menus and tooltips of the canvas.

use super::{Alignment, Scene, SeenPort, face::Face, icons};
use crate::{
    app::{
        command::Command,
        keymap, text,
        texts::{Words, actions, menus},
        theme,
    },
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
            entry(
                ui,
                menus::go_in(),
                actions::go_into_group_or_rename(),
                true,
                Command::Enter(node.name.clone()),
                commands,
            );
            entry(ui, actions::ungroup(), actions::ungroup(), true, Command::Ungroup, commands);
        }
        let entries = [
            (
                actions::run_to_here(),
                actions::run_to_here(),
                true,
                Command::Run { until: Some(node.name.clone()) },
            ),
            (actions::why_does_it_run(), actions::why_does_it_run(), true, Command::Why),
            (actions::look_at_output(), actions::look_at_output(), has_output, Command::LookAtSelection),
            (actions::rename(), actions::rename(), true, Command::Rename),
            (actions::replace_with(), actions::replace_with(), !is_group, Command::FindSwap),
            (
                if node.muted { menus::unmute() } else { actions::mute() },
                actions::mute(),
                true,
                Command::ToggleMuted,
            ),
            (
                if node.bypassed { menus::do_not_bypass() } else { actions::bypass() },
                actions::bypass(),
                true,
                Command::ToggleBypassed,
            ),
            (actions::preview(), actions::preview(), has_output, Command::TogglePreviews),
            (
                if node.collapsed { menus::expand() } else { actions::collapse() },
                actions::collapse(),
                true,
                Command::ToggleCollapsed,
            ),
            (actions::unpack(), "", unpacks, Command::Unpack),
            (actions::frame(), actions::frame(), true, Command::Frame),
            (actions::group_into_a_node(), actions::group_into_a_node(), true, Command::Group),
            (actions::save_to_my_library(), "", true, Command::KeepGroup),
            (actions::duplicate(), actions::duplicate(), true, Command::Duplicate),
            (menus::copy(), "Ctrl+C", true, Command::Copy),
            (
                menus::help(),
                actions::help_on_the_selected_node(),
                !is_group,
                Command::Help(Some(node.kind.clone())),
            ),
            (actions::delete(), actions::delete(), true, Command::Delete),
        ];
        for (label, keys, enabled, command) in entries {
            entry(ui, label, keys, enabled, command, commands);
        }
        if scene.selection.len() > 1 && scene.selection.contains(&node.name) {
            ui.menu_button(menus::align(), |ui| {
                for (alignment, label, keys) in ALIGNMENTS {
                    let enabled = scene.selection.len() >= alignment.least();
                    entry(ui, label(), keys(), enabled, Command::Align(alignment), commands);
                }
            });
        }
    });
}

/// Alignments as menus show them.
const ALIGNMENTS: [(Alignment, Words, Words); 6] = [
    (Alignment::Left, menus::left_edges, actions::align_left_edges),
    (Alignment::Right, menus::right_edges, actions::align_right_edges),
    (Alignment::Top, menus::top_edges, actions::align_top_edges),
    (Alignment::Bottom, menus::bottom_edges, actions::align_bottom_edges),
    (Alignment::Columns, actions::distribute_horizontally, actions::distribute_horizontally),
    (Alignment::Rows, actions::distribute_vertically, actions::distribute_vertically),
];

/// The menu of a frame or comment; it is selected by the same click.
pub fn mark(response: &Response, number: u32, mark: &Mark, commands: &mut Vec<Command>) {
    response.context_menu(|ui| {
        ui.set_min_width(180.0);
        let is_frame = mark.kind == MarkKind::Frame;
        let edit = if is_frame { actions::rename() } else { menus::edit_text() };
        entry(ui, edit, actions::go_into_group_or_rename(), true, Command::EditMark(number), commands);
        if is_frame {
            entry(ui, menus::select_what_is_inside(), "", true, Command::SelectInFrame(number), commands);
            entry(ui, menus::fit_to_what_is_inside(), "", true, Command::FitFrame(number), commands);
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            for color in MarkColor::ALL {
                let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::click());
                response.widget_info(|| {
                    let name = menus::colour(&color.name());
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
        let delete = if is_frame { menus::delete_frame() } else { actions::delete() };
        entry(ui, actions::duplicate(), actions::duplicate(), true, Command::Duplicate, commands);
        entry(ui, delete, actions::delete(), true, Command::Delete, commands);
    });
}

/// The menu of a wire; true where a node is to be put into it.
pub fn wire(response: &Response, wire: &(String, String), commands: &mut Vec<Command>) -> bool {
    let mut inserts = false;
    response.context_menu(|ui| {
        let (from, to) = wire;
        ui.set_min_width(170.0);
        inserts = ui
            .add(
                Button::new(menus::insert_node())
                    .shortcut_text(keymap::keys_of(ui.ctx(), actions::add_node())),
            )
            .clicked();
        entry(
            ui,
            menus::look_at_what_flows(),
            actions::look_at_output(),
            true,
            Command::Look(from.clone()),
            commands,
        );
        let remove = Command::edit(Edit::Disconnect(from.clone(), to.clone()), menus::remove_wire());
        entry(ui, actions::delete(), actions::delete(), true, remove, commands);
    });
    inserts
}

/// The menu of empty canvas; true where a node is to be added.
pub fn background(response: &Response, commands: &mut Vec<Command>) -> bool {
    let mut adds = false;
    response.context_menu(|ui| {
        ui.set_min_width(170.0);
        adds = ui
            .add(
                Button::new(actions::add_node())
                    .shortcut_text(keymap::keys_of(ui.ctx(), actions::add_node())),
            )
            .clicked();
        entry(ui, actions::add_comment(), actions::add_comment(), true, Command::AddComment, commands);
        entry(ui, actions::select_all(), actions::select_all(), true, Command::SelectAll, commands);
        entry(ui, actions::fit_all(), actions::fit_all(), true, Command::Fit { selection: false }, commands);
        entry(ui, actions::actual_size(), actions::actual_size(), true, Command::ActualSize, commands);
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
    let keys = if label == menus::copy() { action.to_owned() } else { keymap::keys_of(ui.ctx(), action) };
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
    let specs = scene.registry.get(&node.kind).map(|known| known.specs()).unwrap_or_default();
    let in_labels = |words: &str| text::sentence_of(&text::with_labels(words, specs));
    if let Some(state) = scene.states.get(&node.name) {
        match state {
            state if state.trouble().is_some() => {
                ui.separator();
                let words = in_labels(state.trouble().unwrap_or_default());
                ui.colored_label(ui.visuals().error_fg_color, words);
            }
            NodeState::Done { wall_s } => {
                ui.weak(menus::done_in(&text::took(*wall_s)));
            }
            other => {
                ui.weak(format!("{}.", text::sentence(icons::state_name(other))));
            }
        }
    }
    let inner = scene.known.inner.get(&node.name).into_iter().flatten().map(String::as_str);
    for warning in scene.known.words_of(&node.name).chain(inner) {
        ui.colored_label(ui.visuals().warn_fg_color, in_labels(warning));
    }
    if let Some(reason) = scene.known.off.get(&node.name).filter(|_| !node.muted) {
        ui.weak(menus::does_not_run(&reason));
    }
    if node.muted {
        ui.weak(menus::muted_explained());
    }
    if node.bypassed {
        ui.weak(menus::bypassed_explained());
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
            ui.strong(menus::there_is_no_port(&port.name));
        }
    }
    ui.weak(if port.is_output { menus::output_hint() } else { menus::input_hint() });
}
