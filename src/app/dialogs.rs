//! The few windows that come up: unsaved changes, shortcuts, about.

use super::{App, browser::Browser, command::Command, command_list::CommandList, shortcuts};
use egui::{Align2, Id, Key, Modal, ViewportCommand, Window, vec2};

/// Which of them are up.
#[derive(Default)]
pub struct Dialogs {
    /// What waits for the user to decide about unsaved changes.
    pub waiting: Option<Command>,
    /// What follows once the file is saved.
    pub after_save: Option<Command>,
    /// A path is being chosen.
    pub browser: Option<Browser>,
    /// The list of all commands is shown.
    pub commands: Option<CommandList>,
    /// The sheet of shortcuts is shown.
    pub shortcuts: bool,
    /// "About" is shown.
    pub about: bool,
    /// Unsaved changes are settled: the window may close.
    pub may_close: bool,
}

impl Dialogs {
    /// True while one of them takes the keys.
    pub fn is_modal(&self) -> bool {
        self.waiting.is_some() || self.browser.is_some() || self.commands.is_some()
    }

    /// Escape closes what only informs, before it means anything to the canvas.
    pub fn close_on_escape(&mut self, ctx: &egui::Context) {
        let open = self.shortcuts || self.about;
        if open && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape)) {
            self.shortcuts = false;
            self.about = false;
        }
    }
}

enum Decision {
    Save,
    Discard,
    Cancel,
}

impl App {
    pub(super) fn dialogs_ui(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        let closing = self.ctx.input(|i| i.viewport().close_requested());
        if closing && self.editor.is_dirty() && !self.dialogs.may_close {
            self.ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.dialogs.waiting = Some(Command::Quit);
        }
        if let Some(waiting) = self.dialogs.waiting.clone() {
            match self.ask_about_changes() {
                Some(Decision::Save) => {
                    self.dialogs.waiting = None;
                    self.dialogs.after_save = Some(waiting);
                    commands.push(Command::Save);
                }
                Some(Decision::Discard) => {
                    self.dialogs.waiting = None;
                    self.perform_at_once(waiting);
                }
                Some(Decision::Cancel) => self.dialogs.waiting = None,
                None => {}
            }
        }
        self.browser_ui();
        commands.extend(self.command_list_ui());
        self.sheet_ui();
        self.about_ui();
        commands
    }

    fn ask_about_changes(&self) -> Option<Decision> {
        let mut decision = None;
        let modal = Modal::new(Id::unique("unsaved changes")).show(&self.ctx, |ui| {
            ui.set_width(340.0);
            ui.heading(format!("Save changes to {}?", self.editor.title()));
            ui.add_space(4.0);
            ui.label("They are lost otherwise.");
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                for (label, what) in
                    [("Save", Decision::Save), ("Discard", Decision::Discard), ("Cancel", Decision::Cancel)]
                {
                    if ui.button(label).clicked() {
                        decision = Some(what);
                    }
                }
            });
        });
        if decision.is_none() && modal.should_close() {
            decision = Some(Decision::Cancel);
        }
        decision
    }

    fn sheet_ui(&mut self) {
        Window::new("Shortcuts")
            .open(&mut self.dialogs.shortcuts)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                ui.columns(2, |columns| {
                    for (index, group) in shortcuts::GROUPS.into_iter().enumerate() {
                        let ui = &mut columns[index % 2];
                        ui.strong(group);
                        egui::Grid::new(group).num_columns(2).spacing([16.0, 4.0]).show(ui, |ui| {
                            let gestures = shortcuts::GESTURES.iter().filter(|g| g.0 == group);
                            let actions = shortcuts::ACTIONS.iter().filter(|a| a.group == group);
                            let actions = actions.map(|a| (a.keys(ui.ctx()), a.label));
                            let lines = actions.chain(gestures.map(|g| (g.1.to_owned(), g.2)));
                            for (keys, what) in lines.collect::<Vec<_>>() {
                                ui.weak(keys);
                                ui.label(what);
                                ui.end_row();
                            }
                        });
                        ui.add_space(10.0);
                    }
                });
            });
    }

    fn about_ui(&mut self) {
        Window::new("About Spikeloom")
            .open(&mut self.dialogs.about)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                ui.set_width(360.0);
                ui.heading(format!("Spikeloom {}", env!("CARGO_PKG_VERSION")));
                ui.label(env!("CARGO_PKG_DESCRIPTION"));
                ui.weak(format!("Licence {}", env!("CARGO_PKG_LICENSE")));
            });
    }
}
