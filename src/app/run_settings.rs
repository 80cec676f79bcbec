//! The settings of runs, in a window of their own: threads, limits, commands at the end of a run.

use super::{
    App,
    texts::{self, Words},
    theme,
};
use crate::pipeline::{RunSettings, TaskClass};
use egui::{Align2, DragValue, Grid, TextEdit, Ui, vec2};
use std::{collections::BTreeMap, path::PathBuf};

/// Classes of tasks that can be limited, with what they are called.
const CLASSES: [(TaskClass, Words); 8] = [
    (TaskClass::Sort, texts::runs::sorts),
    (TaskClass::Metrics, texts::runs::metrics),
    (TaskClass::Waveforms, texts::runs::waveforms),
    (TaskClass::Correlograms, texts::runs::correlograms),
    (TaskClass::Traces, texts::runs::traces),
    (TaskClass::Files, texts::runs::files),
    (TaskClass::Command, texts::runs::other_programs),
    (TaskClass::Other, texts::runs::all_else),
];
/// Tasks of a class that can be asked for at once.
const MOST: usize = 256;

/// The window while it is open.
pub struct Form {
    settings: RunSettings,
    /// What is typed for the memory that tasks may need.
    memory: String,
    /// What is typed for the job handler file.
    handlers: String,
    /// Why they could not be kept.
    refused: Option<String>,
}

impl App {
    /// Opens the window of the settings of runs.
    pub(super) fn open_run_settings(&mut self) {
        let settings = self.run_settings.clone();
        let handlers =
            settings.job_handlers.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let memory = settings.memory.clone().unwrap_or_default();
        self.dialogs.run_settings = Some(Form { settings, memory, handlers, refused: None });
    }

    pub(super) fn run_settings_ui(&mut self) {
        let Some(mut form) = self.dialogs.run_settings.take() else { return };
        let (mut open, mut keep, mut closed) = (true, false, false);
        let place = self.settings_file.clone();
        egui::Window::new(texts::runs::settings_of_runs())
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .open(&mut open)
            .show(&self.ctx, |ui| {
                ui.set_width(440.0);
                form.fields_ui(ui);
                let p = theme::palette(ui.visuals());
                if let Some(reason) = self.settings_error.as_ref().or(form.refused.as_ref()) {
                    ui.colored_label(p.bad, reason);
                }
                if let Some(place) = &place {
                    let name = place.file_name().unwrap_or_default().to_string_lossy();
                    ui.weak(texts::runs::settings_file(&name)).on_hover_text(place.display().to_string());
                }
                ui.add_space(8.0);
                ui.horizontal(|ui| {
                    let words = egui::RichText::new(texts::runs::keep()).color(p.on_accent);
                    let button = egui::Button::new(words).fill(p.accent);
                    keep = ui.add_enabled(place.is_some(), button).clicked();
                    closed = ui.button(texts::runs::cancel()).clicked();
                });
            });
        if let (true, Some(place)) = (keep, place) {
            let typed = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
            form.settings.memory = typed(&form.memory);
            form.settings.job_handlers = typed(&form.handlers).map(PathBuf::from);
            // A small file of the user's own: written beside and renamed.
            match form.settings.limits().and_then(|_| form.settings.save(&place)) {
                Ok(()) => {
                    self.run_settings = form.settings;
                    self.settings_error = None;
                    self.toasts.success(texts::runs::settings_kept());
                    return;
                }
                Err(error) => form.refused = Some(error.to_string()),
            }
        }
        if open && !closed {
            self.dialogs.run_settings = Some(form);
        }
    }
}

impl Form {
    fn fields_ui(&mut self, ui: &mut Ui) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        ui.horizontal(|ui| {
            ui.label(texts::runs::threads_that_compute());
            let mut all = self.settings.threads.is_none();
            if ui.checkbox(&mut all, texts::runs::all_cores(&cores)).changed() {
                self.settings.threads = (!all).then_some(cores);
            }
            if let Some(threads) = &mut self.settings.threads {
                ui.add(DragValue::new(threads).range(1..=MOST).speed(0.05))
                    .accessible_name(texts::runs::threads());
            }
        });
        ui.horizontal(|ui| {
            ui.label(texts::runs::memory_at_once());
            let edit = TextEdit::singleline(&mut self.memory).hint_text("16GB").desired_width(80.0);
            ui.add(edit).accessible_name(texts::runs::memory());
            ui.weak(texts::runs::memory_hint());
        });
        ui.add_space(6.0);
        ui.strong(texts::runs::tasks_that_run_at_once());
        Grid::new("limits").num_columns(4).spacing(vec2(16.0, 4.0)).show(ui, |ui| {
            for (index, (class, name)) in CLASSES.into_iter().enumerate() {
                limit_ui(ui, &mut self.settings.limits, class, name());
                if index % 2 == 1 {
                    ui.end_row();
                }
            }
        });
        ui.add_space(6.0);
        let field = |ui: &mut Ui, label: &str, text: &mut String, hint: &str| {
            ui.label(label);
            ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(430.0)).accessible_name(label);
        };
        field(ui, texts::runs::job_handler_file_of_sortingview(), &mut self.handlers, texts::runs::none());
        ui.add_space(6.0);
        ui.strong(texts::runs::at_the_end_of_a_run());
        let hooks = &mut self.settings.hooks;
        field(ui, texts::runs::command_where_all_went(), &mut hooks.on_finish, texts::runs::notify_example());
        field(ui, texts::runs::command_where_something_failed(), &mut hooks.on_failure, texts::runs::none());
        ui.weak(texts::runs::hooks_hint());
    }
}

fn limit_ui(ui: &mut Ui, limits: &mut BTreeMap<TaskClass, usize>, class: TaskClass, name: &str) {
    ui.label(name);
    // 0 stands for no limit of one's own.
    let mut limit = limits.get(&class).copied().unwrap_or(0);
    let field = DragValue::new(&mut limit).range(0..=MOST).speed(0.05).custom_formatter(|value, _| {
        if value < 1.0 { texts::runs::usual().to_owned() } else { format!("{value:.0}") }
    });
    if ui.add_sized(vec2(64.0, 20.0), field).accessible_name(texts::runs::limit_of(&name)).changed() {
        match limit {
            0 => drop(limits.remove(&class)),
            limit => drop(limits.insert(class, limit)),
        }
    }
}
