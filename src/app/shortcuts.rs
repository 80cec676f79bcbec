//! What can be done, in one table: keys listen to it, the sheet and the list of commands show it.

use super::{
    App,
    canvas::{Alignment, Canvas},
    command::Command,
    keymap::{self, Keymap},
    texts::{Words, actions},
};
use egui::{Context, Event, Key, KeyboardShortcut, Modifiers};

const NONE: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const ALT: Modifiers = Modifiers::ALT;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// Where the sheet shows an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What is seen of the canvas and lies on it.
    Canvas,
    /// What is done to nodes.
    Nodes,
    /// Edits of any kind.
    Edit,
    /// Runs and files.
    Files,
    /// Menus and the list of commands alone.
    None,
}

impl Group {
    /// The groups of the sheet, in its order.
    pub const ALL: [Self; 4] = [Self::Canvas, Self::Nodes, Self::Edit, Self::Files];

    /// What the sheet calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Canvas => actions::group_canvas(),
            Self::Nodes => actions::group_nodes(),
            Self::Edit => actions::group_edit(),
            Self::Files => actions::group_files(),
            Self::None => "",
        }
    }
}

/// Something that can be done.
pub struct Action {
    /// What it is called in files, in any language.
    pub id: &'static str,
    /// The group it is shown in.
    pub group: Group,
    /// What it does, for people.
    label: Words,
    /// Keys, the one to show first.
    keys: &'static [(Modifiers, Key)],
    /// Keys work while a text is edited, too.
    anywhere: bool,
    /// The command.
    pub make: fn() -> Command,
}

/// An action by the name of its text, which is its name in files as well.
macro_rules! action {
    ($group:ident, $name:ident, $keys:expr, $make:expr) => {
        Action {
            id: stringify!($name),
            group: Group::$group,
            label: actions::$name,
            keys: $keys,
            anywhere: false,
            make: $make,
        }
    };
}

impl Action {
    const fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }

    /// What it does, for people.
    pub fn label(&self) -> &'static str {
        (self.label)()
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
    action!(Files, run, &[(NONE, Key::F5)], || Command::Run { until: None }).anywhere(),
    action!(Files, stop, &[(SHIFT, Key::F5)], || Command::Stop).anywhere(),
    action!(Files, run_to_here, &[(NONE, Key::F6)], || Command::RunToSelection).anywhere(),
    action!(Files, submit_to_slurm, &[(CTRL, Key::F5)], || Command::SubmitToSlurm).anywhere(),
    action!(Files, why_does_it_run, &[(SHIFT, Key::F6)], || Command::Why).anywhere(),
    action!(Files, run_history, &[(CTRL, Key::H)], || Command::ShowHistory).anywhere(),
    action!(Files, open, &[(CTRL, Key::O)], || Command::OpenDialog).anywhere(),
    action!(Files, save, &[(CTRL, Key::S)], || Command::Save).anywhere(),
    action!(Files, save_as, &[(CTRL_SHIFT, Key::S)], || Command::SaveAs).anywhere(),
    action!(Files, new, &[(CTRL, Key::N)], || Command::New).anywhere(),
    action!(Files, revert_to_saved, &[], || Command::Revert),
    action!(None, new_tab, &[], || Command::NewTab),
    action!(None, export_script, &[], || Command::ExportScript),
    action!(None, copy_methods, &[], || Command::CopyMethods),
    action!(None, archive_results, &[], || Command::Archive),
    action!(Files, next_tab, &[(CTRL, Key::Tab), (CTRL, Key::PageDown)], || { Command::SwitchTab(1) })
        .anywhere(),
    action!(Files, previous_tab, &[(CTRL_SHIFT, Key::Tab), (CTRL, Key::PageUp)], || {
        Command::SwitchTab(-1)
    })
    .anywhere(),
    action!(Files, close_tab, &[(CTRL, Key::W)], || Command::CloseTab(None)).anywhere(),
    action!(Files, reopen_closed_tab, &[(CTRL_SHIFT, Key::T)], || Command::ReopenTab).anywhere(),
    action!(Files, recover_unsaved_pipelines, &[], || Command::ShowUnsaved),
    action!(Files, quit, &[(CTRL, Key::Q)], || Command::Quit).anywhere(),
    action!(Files, all_commands, &[(CTRL_SHIFT, Key::P)], || Command::ShowCommands).anywhere(),
    action!(Canvas, add_node, &[(NONE, Key::Tab)], || Command::FindNode),
    action!(Canvas, find_on_the_canvas, &[(CTRL, Key::F)], || Command::FindOnCanvas),
    action!(Canvas, minimap, &[(NONE, Key::N)], || Command::ToggleMinimap),
    action!(Canvas, fit_all, &[(NONE, Key::Home)], || Command::Fit { selection: false }),
    action!(Canvas, fit_selection, &[(NONE, Key::F)], || Command::Fit { selection: true }),
    action!(Canvas, actual_size, &[(NONE, Key::Num1)], || Command::ActualSize),
    action!(Canvas, arrange_nodes, &[(NONE, Key::L)], || Command::Arrange),
    action!(Canvas, align_left_edges, &[(CTRL, Key::ArrowLeft)], || Command::Align(Alignment::Left)),
    action!(Canvas, align_right_edges, &[(CTRL, Key::ArrowRight)], || { Command::Align(Alignment::Right) }),
    action!(Canvas, align_top_edges, &[(CTRL, Key::ArrowUp)], || Command::Align(Alignment::Top)),
    action!(Canvas, align_bottom_edges, &[(CTRL, Key::ArrowDown)], || { Command::Align(Alignment::Bottom) }),
    action!(Canvas, distribute_horizontally, &[(CTRL_SHIFT, Key::ArrowRight)], || {
        Command::Align(Alignment::Columns)
    }),
    action!(Canvas, distribute_vertically, &[(CTRL_SHIFT, Key::ArrowDown)], || {
        Command::Align(Alignment::Rows)
    }),
    action!(Canvas, frame, &[(CTRL, Key::G)], || Command::Frame),
    action!(Canvas, add_comment, &[(NONE, Key::C)], || Command::AddComment),
    action!(Nodes, look_at_output, &[(NONE, Key::V)], || Command::LookAtSelection),
    action!(Nodes, rename, &[(NONE, Key::F2)], || Command::Rename),
    action!(Nodes, go_into_group_or_rename, &[(NONE, Key::Enter)], || Command::Activate),
    action!(Nodes, leave_group, &[(ALT, Key::ArrowUp)], || Command::Leave),
    action!(Nodes, group_into_a_node, &[(CTRL_SHIFT, Key::G)], || Command::Group),
    action!(Nodes, ungroup, &[(CTRL_SHIFT, Key::U)], || Command::Ungroup),
    action!(Nodes, save_to_my_library, &[], || Command::KeepGroup),
    action!(Nodes, mute, &[(NONE, Key::M)], || Command::ToggleMuted),
    action!(Nodes, bypass, &[(NONE, Key::B)], || Command::ToggleBypassed),
    action!(Nodes, preview, &[(NONE, Key::P)], || Command::TogglePreviews),
    action!(Nodes, preview_on_all_nodes, &[(SHIFT, Key::P)], || Command::ToggleAllPreviews),
    action!(Nodes, collapse, &[(NONE, Key::H)], || Command::ToggleCollapsed),
    action!(Nodes, replace_with, &[(NONE, Key::R)], || Command::FindSwap),
    action!(Nodes, find_parameter, &[(CTRL_SHIFT, Key::F)], || Command::FindParam),
    action!(Nodes, reset_all_parameters, &[], || Command::ResetParams),
    action!(Nodes, save_parameters_as_preset, &[], || Command::NamePreset),
    action!(Nodes, unpack, &[], || Command::Unpack),
    action!(Nodes, delete, &[(NONE, Key::Delete), (NONE, Key::Backspace)], || Command::Delete),
    // Shift before none, as egui takes a key with shift for one without.
    action!(Edit, redo, &[(CTRL_SHIFT, Key::Z), (CTRL, Key::Y)], || Command::Redo),
    action!(Edit, undo, &[(CTRL, Key::Z)], || Command::Undo),
    action!(Edit, duplicate, &[(CTRL, Key::D)], || Command::Duplicate),
    action!(Edit, select_all, &[(CTRL, Key::A)], || Command::SelectAll),
    action!(Edit, select_nothing, &[(NONE, Key::Escape)], || Command::Select(Vec::new())),
    action!(Files, help_on_the_selected_node, &[(NONE, Key::F1)], || Command::Help(None)).anywhere(),
    action!(None, self_check, &[], || Command::SelfCheck),
    action!(None, settings_of_runs, &[], || Command::ShowRunSettings),
    action!(None, study, &[], || Command::ShowStudy),
    action!(None, jobs, &[], || Command::ShowJobs),
    action!(None, retry_on_slurm, &[], || Command::RetryOnSlurm),
    action!(None, cancel_on_slurm, &[], || Command::CancelOnSlurm),
    action!(None, make_room, &[], || Command::MakeRoom),
    action!(None, shortcuts, &[], || Command::ToggleShortcuts),
    action!(Files, larger, &[(CTRL, Key::Plus), (CTRL, Key::Equals)], || Command::Resize(Some(1))).anywhere(),
    action!(Files, smaller, &[(CTRL, Key::Minus)], || Command::Resize(Some(-1))).anywhere(),
    action!(Files, usual_size, &[(CTRL, Key::Num0)], || Command::Resize(None)).anywhere(),
    action!(None, reset_layout, &[], || Command::ResetLayout),
    action!(None, room_to_inspect, &[], || Command::InspectLayout),
    action!(None, about_spikeloom, &[], || Command::ShowAbout),
];

/// What the sheet says besides: group, keys, and what they do.
pub const GESTURES: [(Group, Words, Words); 12] = [
    (Group::Canvas, actions::keys_double_click, actions::does_add_a_node),
    (Group::Canvas, actions::keys_drag_a_wire_to, actions::does_add_what_fits),
    (Group::Canvas, actions::keys_drag_an_end_of, actions::does_move_it_to),
    (Group::Canvas, actions::keys_drop_a_node_on, actions::does_insert_it_there),
    (Group::Canvas, actions::keys_drag_a_frame_with, actions::does_move_it_with),
    (Group::Canvas, actions::keys_middle_drag_space_drag, actions::does_pan),
    (Group::Canvas, actions::keys_wheel_pinch, actions::does_zoom_at_the),
    (Group::Nodes, actions::keys_arrows_with_shift, actions::does_nudge_by_more),
    (Group::Edit, actions::keys_ctrl_c_x_v, actions::does_copy_cut_paste),
    (Group::Edit, actions::keys_shift_click_drag_a, actions::does_select_several),
    (Group::Files, actions::keys_drop_a_file_or, actions::does_open_it),
    (Group::Files, || "?", actions::does_this_sheet),
];

const NUDGES: [(Key, [f32; 2]); 4] = [
    (Key::ArrowLeft, [-1.0, 0.0]),
    (Key::ArrowRight, [1.0, 0.0]),
    (Key::ArrowUp, [0.0, -1.0]),
    (Key::ArrowDown, [0.0, 1.0]),
];

/// The action of a label, for menus.
pub fn action(label: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.label() == label)
}

/// Where it is noted that Escape has something small to end.
fn small() -> egui::Id {
    egui::Id::unique("escape_ends_something_small")
}

/// Notes at the end of a frame whether a list is open or a field is typed into.
pub fn note_what_escape_ends(ctx: &Context) {
    let is_small = egui::Popup::is_any_open(ctx) || ctx.text_edit_focused();
    ctx.data_mut(|data| data.insert_temp(small(), is_small));
}

/// True where Escape closes a list or gives up a field in this frame: both are gone before anything else asks for the
/// key, so it is the frame before that tells.
pub fn escape_is_taken(ctx: &Context) -> bool {
    ctx.data(|data| data.get_temp(small())).unwrap_or(false)
}

/// What the keys of this frame ask for; while the start screen `greets`, there is no canvas they could mean.
pub fn commands(ctx: &Context, canvas: &Canvas, greets: bool) -> Vec<Command> {
    let typing = ctx.text_edit_focused() || canvas.is_searching();
    let place = canvas.pointer_place(ctx);
    let on_canvas = canvas.has_pointer(ctx);
    // Escape closes a menu, gives up a field or ends a drag before it means anything else.
    let small = escape_is_taken(ctx) || egui::Popup::is_any_open(ctx) || canvas.is_dragging();
    let mut commands = Vec::new();
    let keymap = Keymap::of(ctx);
    // Keys with more modifiers first: egui lets Ctrl+S take Ctrl+Shift+S.
    let mut keys: Vec<_> = ACTIONS
        .iter()
        .filter(|action| action.anywhere || (!typing && (!greets || action.group == Group::Edit)))
        .flat_map(|action| {
            let keys = keymap.keys(action).into_iter();
            keys.map(move |key| (key.modifiers, key.logical_key, action))
        })
        .collect();
    keys.sort_by_key(|(modifiers, ..)| !modifiers.shift);
    ctx.input_mut(|input| {
        for (modifiers, key, action) in keys {
            let here = (on_canvas || key != Key::Home) && !(small && key == Key::Escape);
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
            Command::RetryOnSlurm | Command::CancelOnSlurm => self.sheet.cluster.is_some(),
            Command::Run { .. } | Command::Arrange | Command::MakeRoom => !self.sheet.is_empty(),
            Command::SubmitToSlurm | Command::ExportScript | Command::CopyMethods | Command::Archive => {
                !self.sheet.is_empty()
            }
            Command::RunToSelection => selected,
            Command::Why => {
                let mut chosen = self.sheet.editor.selection.iter();
                chosen.next().is_some_and(|name| self.pipeline().node(name).is_some())
            }
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
