//! The few windows that come up: unsaved changes, a run that would be stopped, shortcuts, about.

use super::{
    App, browser::Browser, command::Command, command_list::CommandList, heights::Heights, key_sheet::Capture,
    self_check::Checking, sheet::Sheet, shortcuts::escape_is_taken, texts, theme,
};
use egui::{Align2, Id, Key, Modal, ViewportCommand, Window, vec2};

/// Which of them are up.
#[derive(Default)]
pub struct Dialogs {
    /// What waits for the user to decide about unsaved changes.
    pub waiting: Option<Command>,
    /// What waits for the user to decide about the run that goes on.
    pub stops: Option<Command>,
    /// What follows once the run has stopped.
    pub after_stop: Option<Command>,
    /// What follows once the file is saved.
    pub after_save: Option<Command>,
    /// A path is being chosen.
    pub browser: Option<Browser>,
    /// The list of all commands is shown.
    pub commands: Option<CommandList>,
    /// The sheet of shortcuts is shown.
    pub shortcuts: bool,
    /// One of them waits for its key.
    pub capture: Option<Capture>,
    /// The kind of node whose help is shown.
    pub help: Option<String>,
    /// Peak heights before a node are shown.
    pub heights: Option<Heights>,
    /// The self-check is shown.
    pub check: Option<Checking>,
    /// Settings of runs are shown.
    pub run_settings: Option<super::run_settings::Form>,
    /// A submission to Slurm is filled in.
    pub submit: Option<super::cluster::Form>,
    /// "About" is shown.
    pub about: bool,
    /// What earlier sessions left unsaved is shown.
    pub unsaved: bool,
    /// The one of them that is about to be removed.
    pub discards: Option<usize>,
    /// Unsaved changes and runs are settled: the window may close.
    pub may_close: bool,
}

impl Dialogs {
    /// True while one of them takes the keys.
    pub fn is_modal(&self) -> bool {
        let asks = self.waiting.is_some() || self.stops.is_some() || self.after_stop.is_some();
        asks || self.browser.is_some() || self.commands.is_some() || self.capture.is_some()
    }

    /// Escape closes what only informs, before it means anything to the canvas.
    pub fn close_on_escape(&mut self, ctx: &egui::Context) {
        let open = (self.shortcuts && self.capture.is_none())
            || self.about
            || self.unsaved
            || self.help.is_some()
            || self.heights.is_some()
            || self.check.is_some()
            || self.run_settings.is_some()
            || self.submit.is_some();
        // A form is not thrown away by what gives up one of its fields.
        let keeps = (self.run_settings.is_some() || self.submit.is_some()) && escape_is_taken(ctx);
        if open && !keeps && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, Key::Escape)) {
            self.shortcuts = false;
            self.about = false;
            self.help = None;
            self.heights = None;
            self.check = None;
            self.run_settings = None;
            self.submit = None;
            self.unsaved = false;
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
        let asks = !self.comes_back();
        let unsettled = |sheet: &Sheet| (asks && sheet.editor.is_dirty()) || self.is_busy(sheet.number);
        if closing && !self.dialogs.may_close && self.sheets().any(unsettled) {
            self.ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            if !self.dialogs.is_modal() {
                self.perform(Command::Quit);
            }
        }
        self.stop_ui();
        if let Some(waiting) = self.dialogs.waiting.clone() {
            match self.ask_about_changes() {
                Some(Decision::Save) => {
                    self.dialogs.waiting = None;
                    self.dialogs.after_save = Some(waiting);
                    commands.push(Command::Save);
                }
                Some(Decision::Discard) => {
                    self.dialogs.waiting = None;
                    let asked = self.sheet.number;
                    self.close_sheet(asked);
                    if matches!(waiting, Command::Quit) {
                        // Others may have changes, too.
                        self.perform(Command::Quit);
                    }
                }
                Some(Decision::Cancel) => self.dialogs.waiting = None,
                None => {}
            }
        }
        commands.extend(self.unsaved_ui());
        self.comparison_ui();
        self.browser_ui();
        commands.extend(self.command_list_ui());
        commands.extend(self.help_ui());
        commands.extend(self.self_check_ui());
        commands.extend(self.heights_ui());
        self.key_sheet_ui();
        self.run_settings_ui();
        commands.extend(self.submission_ui());
        self.about_ui();
        commands
    }

    /// Asks before a run is stopped, and goes on once it has.
    fn stop_ui(&mut self) {
        if let Some(next) = self.dialogs.stops.clone() {
            if !self.stops_run(&next) {
                self.dialogs.stops = None;
                self.perform(next);
                return;
            }
            let verb = match self.left_by(&next).find(|sheet| self.is_busy(sheet.number)) {
                Some(tab) if !matches!(next, Command::Quit) => texts::files::close_tab(&tab.editor.title()),
                _ => texts::files::close_spikeloom().to_owned(),
            };
            let words = texts::files::stopping_loses_nothing();
            // Enter loses nothing.
            let answers = [texts::files::keep_running(), texts::files::stop_the_run()];
            match question(&self.ctx, &texts::files::while_running(&verb), words, &answers) {
                Some(1) => {
                    self.dialogs.stops = None;
                    let left: Vec<u64> = self.left_by(&next).map(|sheet| sheet.number).collect();
                    self.unqueue(|waiting| left.contains(&waiting.sheet));
                    for number in left {
                        if let Some(sheet) = self.sheet_mut(number) {
                            sheet.runs.stop();
                        }
                    }
                    self.dialogs.after_stop = Some(next);
                }
                Some(_) => self.dialogs.stops = None,
                None => {}
            }
        } else if let Some(next) = self.dialogs.after_stop.clone() {
            if !self.stops_run(&next) {
                self.dialogs.after_stop = None;
                self.perform(next);
            } else if question(
                &self.ctx,
                texts::files::stopping_the_run(),
                "",
                &[texts::files::do_not_wait()],
            ) == Some(0)
            {
                self.dialogs.after_stop = None;
                self.perform_or_save(next);
            }
        }
    }

    fn ask_about_changes(&self) -> Option<Decision> {
        let title = texts::files::save_changes_to(&self.sheet.editor.title());
        let chosen = question(
            &self.ctx,
            &title,
            texts::files::changes_are_lost(),
            &[texts::files::save(), texts::files::discard(), texts::files::cancel()],
        )?;
        Some(match chosen {
            0 => Decision::Save,
            1 => Decision::Discard,
            _ => Decision::Cancel,
        })
    }

    fn about_ui(&mut self) {
        Window::new(texts::files::about_spikeloom())
            .open(&mut self.dialogs.about)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                ui.set_width(360.0);
                ui.heading(texts::files::spikeloom_version(&env!("CARGO_PKG_VERSION")));
                ui.label(env!("CARGO_PKG_DESCRIPTION"));
                ui.weak(texts::files::licence(&env!("CARGO_PKG_LICENSE")));
            });
    }
}

/// Asks with a button for each answer; the index of the one chosen, one more than the last where it was closed.
fn question(ctx: &egui::Context, title: &str, words: &str, answers: &[&str]) -> Option<usize> {
    let mut chosen = None;
    let modal = Modal::new(Id::unique("question")).show(ctx, |ui| {
        ui.set_width(340.0);
        ui.heading(title);
        if !words.is_empty() {
            ui.add_space(4.0);
            ui.label(words);
        }
        ui.add_space(8.0);
        let key = Id::unique("answers");
        let known = ui.data(|data| data.get_temp::<Vec<Id>>(key)).unwrap_or_default();
        let focused = ui.memory(|memory| memory.focused());
        let mut ids = Vec::new();
        ui.horizontal(|ui| {
            for (index, label) in answers.iter().enumerate() {
                let button = ui.button(*label);
                // Enter is the first answer, Tab leads on, Escape is none of them.
                if index == 0 && focused.is_none_or(|id| !known.contains(&id)) {
                    button.request_focus();
                }
                ids.push(button.id);
                if button.clicked() {
                    chosen = Some(index);
                }
            }
        });
        ui.data_mut(|data| data.insert_temp(key, ids));
    });
    chosen.or_else(|| modal.should_close().then_some(answers.len()))
}

/// Says that files over the window can be let go.
pub fn drop_hint(ctx: &egui::Context) {
    let p = theme::palette(&ctx.global_style().visuals);
    let painter = ctx.layer_painter(egui::LayerId::new(egui::Order::Foreground, Id::unique("drop")));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, p.canvas.gamma_multiply(0.7));
    let edge = egui::Stroke::new(2.0, p.accent);
    painter.rect_stroke(rect.shrink(6.0), 6.0, edge, egui::StrokeKind::Inside);
    let words = texts::files::drop_to_open();
    let font = egui::FontId::proportional(18.0);
    painter.text(rect.center(), Align2::CENTER_CENTER, words, font, p.text_strong);
}
