//! The settings of runs, in a window of their own: threads, limits, commands at the end of a run.

use super::{App, theme};
use crate::pipeline::{RunSettings, TaskClass};
use egui::{Align2, DragValue, Grid, TextEdit, Ui, vec2};
use std::{collections::BTreeMap, path::PathBuf};

/// Classes of tasks that can be limited, with what they are called.
const CLASSES: [(TaskClass, &str); 8] = [
    (TaskClass::Sort, "Sorts"),
    (TaskClass::Metrics, "Metrics"),
    (TaskClass::Waveforms, "Waveforms"),
    (TaskClass::Correlograms, "Correlograms"),
    (TaskClass::Traces, "Traces"),
    (TaskClass::Files, "Files"),
    (TaskClass::Command, "Other programs"),
    (TaskClass::Other, "All else"),
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
        egui::Window::new("Settings of runs")
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
                    ui.weak(format!("Kept in {name}, which the command line reads, too."))
                        .on_hover_text(place.display().to_string());
                }
                ui.add_space(8.0);
                ui.horizontal(|ui| {
                    let words = egui::RichText::new("Keep").color(p.on_accent);
                    let button = egui::Button::new(words).fill(p.accent);
                    keep = ui.add_enabled(place.is_some(), button).clicked();
                    closed = ui.button("Cancel").clicked();
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
                    self.toasts
                        .success("Kept. Limits of tasks hold from the next start on, all else from now on.");
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
            ui.label("Threads that compute");
            let mut all = self.settings.threads.is_none();
            if ui.checkbox(&mut all, format!("all {cores}")).changed() {
                self.settings.threads = (!all).then_some(cores);
            }
            if let Some(threads) = &mut self.settings.threads {
                ui.add(DragValue::new(threads).range(1..=MOST).speed(0.05)).accessible_name("Threads");
            }
        });
        ui.horizontal(|ui| {
            ui.label("Memory that tasks may need at once");
            let edit = TextEdit::singleline(&mut self.memory).hint_text("16GB").desired_width(80.0);
            ui.add(edit).accessible_name("Memory");
            ui.weak("empty: four fifths of the machine's");
        });
        ui.add_space(6.0);
        ui.strong("Tasks that run at once");
        Grid::new("limits").num_columns(4).spacing(vec2(16.0, 4.0)).show(ui, |ui| {
            for (index, (class, name)) in CLASSES.into_iter().enumerate() {
                limit_ui(ui, &mut self.settings.limits, class, name);
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
        field(ui, "Job handler file of sortingview", &mut self.handlers, "none");
        ui.add_space(6.0);
        ui.strong("At the end of a run");
        let hooks = &mut self.settings.hooks;
        field(ui, "Command where all went well", &mut hooks.on_finish, "notify-send \"The sort is done\"");
        field(ui, "Command where something failed", &mut hooks.on_failure, "none");
        ui.weak(
            "The shell finds SPIKELOOM_STATUS, SPIKELOOM_PIPELINE, SPIKELOOM_TASKS and SPIKELOOM_FAILED.",
        );
    }
}

fn limit_ui(ui: &mut Ui, limits: &mut BTreeMap<TaskClass, usize>, class: TaskClass, name: &str) {
    ui.label(name);
    // 0 stands for no limit of one's own.
    let mut limit = limits.get(&class).copied().unwrap_or(0);
    let field = DragValue::new(&mut limit)
        .range(0..=MOST)
        .speed(0.05)
        .custom_formatter(|value, _| if value < 1.0 { "usual".to_owned() } else { format!("{value:.0}") });
    if ui.add_sized(vec2(64.0, 20.0), field).accessible_name(format!("Limit of {name}")).changed() {
        match limit {
            0 => drop(limits.remove(&class)),
            limit => drop(limits.insert(class, limit)),
        }
    }
}
