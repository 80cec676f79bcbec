//! What can be done, in one table: keys listen to it, the sheet and the list of commands show it.

use super::{
    App,
    canvas::{Alignment, Canvas},
    command::Command,
    keymap::{self, Keymap},
};
use egui::{Context, Event, Key, KeyboardShortcut, Modifiers};

const NONE: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const ALT: Modifiers = Modifiers::ALT;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// The groups of the sheet, in its order.
pub const GROUPS: [&str; 4] = ["Canvas", "Nodes", "Edit", "Run and files"];

/// Something that can be done.
pub struct Action {
    /// The group it is shown in.
    pub group: &'static str,
    /// What it does, for people.
    pub label: &'static str,
    /// Keys, the one to show first.
    keys: &'static [(Modifiers, Key)],
    /// Keys work while a text is edited, too.
    anywhere: bool,
    /// The command.
    pub make: fn() -> Command,
}

impl Action {
    const fn new(
        group: &'static str,
        label: &'static str,
        keys: &'static [(Modifiers, Key)],
        make: fn() -> Command,
    ) -> Self {
        Self { group, label, keys, anywhere: false, make }
    }

    const fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }

    /// Its keys where nobody chose others.
    pub fn own_keys(&self) -> Vec<KeyboardShortcut> {
        self.keys.iter().map(|&(modifiers, key)| KeyboardShortcut::new(modifiers, key)).collect()
    }

    /// Its key as people read it.
    pub fn keys(&self, ctx: &Context) -> String {
        let keys = Keymap::of(ctx).keys(self);
        keys.first().map_or_else(String::new, |key| keymap::words(ctx, *key))
    }
}

/// Everything that has a key or a line in the list of commands.
pub const ACTIONS: &[Action] = &[
    Action::new("Run and files", "Run", &[(NONE, Key::F5)], || Command::Run { until: None }).anywhere(),
    Action::new("Run and files", "Stop", &[(SHIFT, Key::F5)], || Command::Stop).anywhere(),
    Action::new("Run and files", "Run to here", &[(NONE, Key::F6)], || Command::RunToSelection).anywhere(),
    Action::new("Run and files", "Run history", &[(CTRL, Key::H)], || Command::ShowHistory).anywhere(),
    Action::new("Run and files", "Open…", &[(CTRL, Key::O)], || Command::OpenDialog).anywhere(),
    Action::new("Run and files", "Save", &[(CTRL, Key::S)], || Command::Save).anywhere(),
    Action::new("Run and files", "Save as…", &[(CTRL_SHIFT, Key::S)], || Command::SaveAs).anywhere(),
    Action::new("Run and files", "New", &[(CTRL, Key::N)], || Command::New).anywhere(),
    Action::new("Run and files", "Revert to saved", &[], || Command::Revert),
    Action::new("Run and files", "Next tab", &[(CTRL, Key::Tab), (CTRL, Key::PageDown)], || {
        Command::SwitchTab(1)
    })
    .anywhere(),
    Action::new("Run and files", "Previous tab", &[(CTRL_SHIFT, Key::Tab), (CTRL, Key::PageUp)], || {
        Command::SwitchTab(-1)
    })
    .anywhere(),
    Action::new("Run and files", "Close tab", &[(CTRL, Key::W)], || Command::CloseTab(None)).anywhere(),
    Action::new("Run and files", "Reopen closed tab", &[(CTRL_SHIFT, Key::T)], || Command::ReopenTab)
        .anywhere(),
    Action::new("Run and files", "Recover unsaved pipelines…", &[], || Command::ShowUnsaved),
    Action::new("Run and files", "Quit", &[(CTRL, Key::Q)], || Command::Quit).anywhere(),
    Action::new("Run and files", "All commands", &[(CTRL_SHIFT, Key::P)], || Command::ShowCommands)
        .anywhere(),
    Action::new("Canvas", "Add node…", &[(NONE, Key::Tab)], || Command::FindNode),
    Action::new("Canvas", "Find on the canvas…", &[(CTRL, Key::F)], || Command::FindOnCanvas),
    Action::new("Canvas", "Minimap", &[(NONE, Key::N)], || Command::ToggleMinimap),
    Action::new("Canvas", "Fit all", &[(NONE, Key::Home)], || Command::Fit { selection: false }),
    Action::new("Canvas", "Fit selection", &[(NONE, Key::F)], || Command::Fit { selection: true }),
    Action::new("Canvas", "100 %", &[(NONE, Key::Num1)], || Command::ActualSize),
    Action::new("Canvas", "Arrange nodes", &[(NONE, Key::L)], || Command::Arrange),
    Action::new("Canvas", "Align left edges", &[(CTRL, Key::ArrowLeft)], || Command::Align(Alignment::Left)),
    Action::new("Canvas", "Align right edges", &[(CTRL, Key::ArrowRight)], || {
        Command::Align(Alignment::Right)
    }),
    Action::new("Canvas", "Align top edges", &[(CTRL, Key::ArrowUp)], || Command::Align(Alignment::Top)),
    Action::new("Canvas", "Align bottom edges", &[(CTRL, Key::ArrowDown)], || {
        Command::Align(Alignment::Bottom)
    }),
    Action::new("Canvas", "Distribute horizontally", &[(CTRL_SHIFT, Key::ArrowRight)], || {
        Command::Align(Alignment::Columns)
    }),
    Action::new("Canvas", "Distribute vertically", &[(CTRL_SHIFT, Key::ArrowDown)], || {
        Command::Align(Alignment::Rows)
    }),
    Action::new("Canvas", "Frame", &[(CTRL, Key::G)], || Command::Frame),
    Action::new("Canvas", "Add comment", &[(NONE, Key::C)], || Command::AddComment),
    Action::new("Nodes", "Look at output", &[(NONE, Key::V)], || Command::LookAtSelection),
    Action::new("Nodes", "Rename", &[(NONE, Key::F2)], || Command::Rename),
    Action::new("Nodes", "Go into group, or rename", &[(NONE, Key::Enter)], || Command::Activate),
    Action::new("Nodes", "Leave group", &[(ALT, Key::ArrowUp)], || Command::Leave),
    Action::new("Nodes", "Group into a node", &[(CTRL_SHIFT, Key::G)], || Command::Group),
    Action::new("Nodes", "Ungroup", &[(CTRL_SHIFT, Key::U)], || Command::Ungroup),
    Action::new("Nodes", "Save to my library", &[], || Command::KeepGroup),
    Action::new("Nodes", "Mute", &[(NONE, Key::M)], || Command::ToggleMuted),
    Action::new("Nodes", "Bypass", &[(NONE, Key::B)], || Command::ToggleBypassed),
    Action::new("Nodes", "Preview", &[(NONE, Key::P)], || Command::TogglePreviews),
    Action::new("Nodes", "Preview on all nodes", &[(SHIFT, Key::P)], || Command::ToggleAllPreviews),
    Action::new("Nodes", "Collapse", &[(NONE, Key::H)], || Command::ToggleCollapsed),
    Action::new("Nodes", "Replace with…", &[(NONE, Key::R)], || Command::FindSwap),
    Action::new("Nodes", "Find parameter…", &[(CTRL_SHIFT, Key::F)], || Command::FindParam),
    Action::new("Nodes", "Reset all parameters", &[], || Command::ResetParams),
    Action::new("Nodes", "Save parameters as preset…", &[], || Command::NamePreset),
    Action::new("Nodes", "Unpack", &[], || Command::Unpack),
    Action::new("Nodes", "Delete", &[(NONE, Key::Delete), (NONE, Key::Backspace)], || Command::Delete),
    // Shift before none, as egui takes a key with shift for one without.
    Action::new("Edit", "Redo", &[(CTRL_SHIFT, Key::Z), (CTRL, Key::Y)], || Command::Redo),
    Action::new("Edit", "Undo", &[(CTRL, Key::Z)], || Command::Undo),
    Action::new("Edit", "Duplicate", &[(CTRL, Key::D)], || Command::Duplicate),
    Action::new("Edit", "Select all", &[(CTRL, Key::A)], || Command::SelectAll),
    Action::new("Edit", "Select nothing", &[(NONE, Key::Escape)], || Command::Select(Vec::new())),
    Action::new("Run and files", "Help on the selected node", &[(NONE, Key::F1)], || Command::Help(None))
        .anywhere(),
    Action::new("", "Self-check…", &[], || Command::SelfCheck),
    Action::new("", "Settings of runs…", &[], || Command::ShowRunSettings),
    Action::new("", "Study", &[], || Command::ShowStudy),
    Action::new("", "Shortcuts", &[], || Command::ToggleShortcuts),
    Action::new("", "Reset layout", &[], || Command::ResetLayout),
    Action::new("", "Room to inspect", &[], || Command::InspectLayout),
    Action::new("", "About Spikeloom", &[], || Command::ShowAbout),
];

/// What the sheet says besides: group, keys, and what they do.
pub const GESTURES: [(&str, &str, &str); 12] = [
    ("Canvas", "Double-click", "Add a node"),
    ("Canvas", "Drag a wire to empty space", "Add what fits"),
    ("Canvas", "Drag an end of a wire", "Move it to another port, or cut it"),
    ("Canvas", "Drop a node on a wire", "Insert it there"),
    ("Canvas", "Drag a frame, with Alt", "Move it with its nodes, alone"),
    ("Canvas", "Middle drag, Space + drag", "Pan"),
    ("Canvas", "Wheel, pinch", "Zoom at the pointer"),
    ("Nodes", "Arrows, with Shift", "Nudge, by more"),
    ("Edit", "Ctrl+C, X, V", "Copy, cut, paste with inner wires"),
    ("Edit", "Shift + click, drag a band", "Select several"),
    ("Run and files", "Drop a file or a folder", "Open it"),
    ("Run and files", "?", "This sheet"),
];

const NUDGES: [(Key, [f32; 2]); 4] = [
    (Key::ArrowLeft, [-1.0, 0.0]),
    (Key::ArrowRight, [1.0, 0.0]),
    (Key::ArrowUp, [0.0, -1.0]),
    (Key::ArrowDown, [0.0, 1.0]),
];

/// The action of a label, for menus.
pub fn action(label: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.label == label)
}

/// What the keys of this frame ask for; while the start screen `greets`, there is no canvas they could mean.
pub fn commands(ctx: &Context, canvas: &Canvas, greets: bool) -> Vec<Command> {
    let typing = ctx.text_edit_focused() || canvas.is_searching();
    let place = canvas.pointer_place(ctx);
    let on_canvas = canvas.has_pointer(ctx);
    // Escape closes a menu, or ends a drag, before it means anything else.
    let menu = egui::Popup::is_any_open(ctx) || canvas.is_dragging();
    let mut commands = Vec::new();
    let keymap = Keymap::of(ctx);
    // Keys with more modifiers first: egui lets Ctrl+S take Ctrl+Shift+S.
    let mut keys: Vec<_> = ACTIONS
        .iter()
        .filter(|action| action.anywhere || (!typing && (!greets || action.group == "Edit")))
        .flat_map(|action| {
            let keys = keymap.keys(action).into_iter();
            keys.map(move |key| (key.modifiers, key.logical_key, action))
        })
        .collect();
    keys.sort_by_key(|(modifiers, ..)| !modifiers.shift);
    ctx.input_mut(|input| {
        for (modifiers, key, action) in keys {
            let here = (on_canvas || key != Key::Home) && !(menu && key == Key::Escape);
            if here && input.consume_key(modifiers, key) {
                commands.push((action.make)());
            }
        }
        if typing {
            return;
        }
        for (key, [x, y]) in NUDGES.into_iter().filter(|_| on_canvas) {
            for (modifiers, step) in [(SHIFT, 32.0), (NONE, 4.0)] {
                if input.consume_key(modifiers, key) {
                    commands.push(Command::Nudge([x * step, y * step]));
                }
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
    });
    commands
}

impl App {
    /// True where a command has something to act on.
    pub(super) fn can(&self, command: &Command) -> bool {
        let selected = !self.sheet.editor.selection.is_empty();
        let any = self.has_selection();
        let (undo, redo) = self.sheet.editor.undo_labels();
        match command {
            Command::Undo => undo.is_some(),
            Command::Redo => redo.is_some(),
            Command::FindParam | Command::NamePreset => self.sheet.editor.selection.len() == 1,
            Command::ResetParams => selected,
            Command::Revert => self.sheet.editor.path.is_some() && self.sheet.editor.is_dirty(),
            Command::SwitchTab(_) => !self.behind.is_empty(),
            Command::ReopenTab => !self.closed.is_empty(),
            Command::ShowUnsaved => !self.unsaved.is_empty(),
            Command::Stop => self.is_running(),
            Command::RunToSelection => selected,
            Command::Copy | Command::Cut | Command::Duplicate | Command::Frame => any,
            Command::TogglePreviews => selected,
            Command::ToggleMuted | Command::ToggleBypassed | Command::ToggleCollapsed => selected,
            Command::Delete => any || self.sheet.editor.selected_wire.is_some(),
            Command::LookAtSelection => selected || self.sheet.editor.selected_wire.is_some(),
            Command::Group | Command::KeepGroup => selected,
            Command::Ungroup => {
                self.sheet.editor.selection.iter().any(|name| self.pipeline().group(name).is_some())
            }
            Command::Leave => !self.sheet.editor.level().is_empty(),
            Command::Rename | Command::Activate => {
                self.sheet.editor.selection.len() + self.sheet.editor.selected_marks.len() == 1
            }
            Command::Unpack | Command::FindSwap => self.sheet.editor.selection.len() == 1,
            Command::Align(alignment) => self.sheet.editor.selection.len() >= alignment.least(),
            _ => true,
        }
    }
}
