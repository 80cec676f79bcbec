//! Keys: one table that is listened to and shown.

use super::{canvas::Canvas, command::Command};
use egui::{Context, Event, Key, Modifiers};

const NONE: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// What each key does, in groups, for people.
pub const SHEET: [(&str, &[(&str, &str)]); 4] = [
    (
        "Canvas",
        &[
            ("Tab, double-click", "Add a node"),
            ("Drag a wire to empty space", "Add what fits"),
            ("Middle drag, Space + drag", "Pan"),
            ("Wheel", "Zoom at the pointer"),
            ("F", "Fit the selection"),
            ("Home", "Fit everything"),
            ("1", "100 %"),
        ],
    ),
    (
        "Nodes",
        &[
            ("Enter", "Rename"),
            ("M", "Mute"),
            ("B", "Bypass"),
            ("V", "Look at the output"),
            ("Arrows", "Nudge"),
            ("Del", "Delete"),
        ],
    ),
    (
        "Edit",
        &[
            ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo"),
            ("Ctrl+C, X, V", "Copy, cut, paste with inner wires"),
            ("Ctrl+D", "Duplicate"),
            ("Ctrl+A", "Select all"),
        ],
    ),
    (
        "Run and files",
        &[
            ("F5", "Run"),
            ("Shift+F5", "Stop"),
            ("F6", "Run to the selected node"),
            ("Ctrl+S, Ctrl+Shift+S", "Save, save as"),
            ("Ctrl+O, Ctrl+N", "Open, new"),
            ("?", "This sheet"),
        ],
    ),
];

/// What the keys of this frame ask for.
pub fn commands(ctx: &Context, canvas: &mut Canvas) -> Vec<Command> {
    let mut commands = everywhere(ctx);
    if ctx.text_edit_focused() || canvas.is_searching() {
        return commands;
    }
    let place = canvas.pointer_place(ctx);
    let mut finds = false;
    ctx.input_mut(|input| {
        for (modifiers, key, command) in [
            (CTRL_SHIFT, Key::Z, Command::Redo),
            (CTRL, Key::Y, Command::Redo),
            (CTRL, Key::Z, Command::Undo),
            (CTRL, Key::A, Command::SelectAll),
            (CTRL, Key::D, Command::Duplicate),
            (NONE, Key::Delete, Command::Delete),
            (NONE, Key::Backspace, Command::Delete),
            (NONE, Key::F, Command::Fit { selection: true }),
            (NONE, Key::Home, Command::Fit { selection: false }),
            (NONE, Key::Num1, Command::ActualSize),
            (NONE, Key::M, Command::ToggleMuted),
            (NONE, Key::B, Command::ToggleBypassed),
            (NONE, Key::V, Command::LookAtSelection),
            (NONE, Key::Enter, Command::Rename),
            (NONE, Key::Escape, Command::Select(Vec::new())),
            (NONE, Key::ArrowLeft, Command::Nudge([-4.0, 0.0])),
            (NONE, Key::ArrowRight, Command::Nudge([4.0, 0.0])),
            (NONE, Key::ArrowUp, Command::Nudge([0.0, -4.0])),
            (NONE, Key::ArrowDown, Command::Nudge([0.0, 4.0])),
            (SHIFT, Key::ArrowLeft, Command::Nudge([-32.0, 0.0])),
            (SHIFT, Key::ArrowRight, Command::Nudge([32.0, 0.0])),
            (SHIFT, Key::ArrowUp, Command::Nudge([0.0, -32.0])),
            (SHIFT, Key::ArrowDown, Command::Nudge([0.0, 32.0])),
        ] {
            if input.consume_key(modifiers, key) {
                commands.push(command);
            }
        }
        for event in &input.events {
            match event {
                Event::Copy => commands.push(Command::Copy),
                Event::Cut => commands.push(Command::Cut),
                Event::Paste(text) => {
                    commands.push(Command::Paste { text: text.clone(), position: place });
                }
                Event::Text(text) if text == "?" => commands.push(Command::ToggleShortcuts),
                _ => {}
            }
        }
        finds = input.consume_key(NONE, Key::Tab);
    });
    if finds {
        canvas.open_finder(ctx);
    }
    commands
}

/// Keys that work while a text is edited, too.
fn everywhere(ctx: &Context) -> Vec<Command> {
    let mut commands = Vec::new();
    ctx.input_mut(|input| {
        for (modifiers, key, command) in [
            (SHIFT, Key::F5, Command::Stop),
            (NONE, Key::F5, Command::Run { until: None }),
            (NONE, Key::F6, Command::RunToSelection),
            (CTRL_SHIFT, Key::S, Command::SaveAs),
            (CTRL, Key::S, Command::Save),
            (CTRL, Key::O, Command::OpenDialog),
            (CTRL, Key::N, Command::New),
            (CTRL, Key::Q, Command::Quit),
        ] {
            if input.consume_key(modifiers, key) {
                commands.push(command);
            }
        }
    });
    commands
}
