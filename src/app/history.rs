//! The runs that were: listed with how they went, opened again, compared two by two.

use super::{
    App,
    command::Command,
    compare::{Comparison, Line, settings},
    editor::Editor,
    text, texts, theme,
};
use crate::pipeline::{Executor, KeptRun, Pipeline, PortType, RunResult, RunStatus};
use egui::{Grid, RichText, Role, ScrollArea, Ui, WidgetInfo, Window};
use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Of the columns of a comparison: what is compared, and the values.
const WHAT_WIDTH: f32 = 280.0;
const VALUE_WIDTH: f32 = 190.0;
/// Of a row of the list: what came out.
const RESULTS_WIDTH: f32 = 300.0;

/// What is known of runs that were, between two frames.
#[derive(Default)]
pub struct History {
    /// Newest first; `None` until they are asked for.
    runs: Option<Vec<Listed>>,
    /// They were asked for.
    asked: bool,
    /// Those that are ticked to be compared, at most two.
    ticked: Vec<PathBuf>,
    comparison: Option<Comparison>,
    /// Only lines that differ are shown.
    differing: bool,
}

/// A run that was, and how it differs from the one before it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The run.
    pub run: KeptRun,
    /// What was set otherwise than in the run before of the same pipeline; empty where that is not known.
    pub changes: Vec<Line>,
}

/// Runs whose pipelines are read to say what was set otherwise.
const EXPLAINED: usize = 60;

/// The runs of a store, newest first, the newest of them with what was set otherwise.
pub fn list(executor: &Executor) -> Vec<Listed> {
    let registry = executor.registry();
    let runs = executor.store().runs();
    let read = |run: &KeptRun| run.pipeline(registry).ok().map(|opened| opened.pipeline);
    let mut pipelines: Vec<Option<Pipeline>> = runs.iter().take(EXPLAINED).map(read).collect();
    pipelines.resize_with(runs.len(), || None);
    let is_same =
        |a: &KeptRun, b: &KeptRun| (&a.record.title, &a.record.path) == (&b.record.title, &b.record.path);
    let changes = |index: usize| {
        let before = (index + 1..runs.len()).find(|&other| is_same(&runs[index], &runs[other]))?;
        let pair = [pipelines[before].clone()?, pipelines[index].clone()?];
        Some(settings(registry, &pair))
    };
    let changes: Vec<_> = (0..runs.len()).map(|index| changes(index).unwrap_or_default()).collect();
    runs.into_iter().zip(changes).map(|(run, changes)| Listed { run, changes }).collect()
}

impl History {
    /// What is known is out of date.
    pub fn forget(&mut self) {
        self.asked = false;
    }

    /// Takes in the list.
    pub fn listed(&mut self, runs: Vec<Listed>) {
        self.ticked.retain(|folder| runs.iter().any(|listed| listed.run.folder == *folder));
        self.runs = Some(runs);
    }

    /// Shows two runs side by side.
    pub fn compared(&mut self, comparison: Comparison) {
        self.comparison = Some(comparison);
    }

    /// Escape closes the comparison before it means anything to the canvas.
    pub fn close_on_escape(&mut self, ctx: &egui::Context) {
        let open = self.comparison.is_some();
        if open && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
            self.comparison = None;
        }
    }

    fn run(&self, folder: &Path) -> Option<&KeptRun> {
        self.runs.as_ref()?.iter().map(|listed| &listed.run).find(|run| run.folder == folder)
    }

    fn tick(&mut self, folder: &Path) {
        match self.ticked.iter().position(|ticked| ticked == folder) {
            Some(at) => drop(self.ticked.remove(at)),
            None => {
                self.ticked.push(folder.to_owned());
                // A third one takes the place of the first.
                if self.ticked.len() > 2 {
                    self.ticked.remove(0);
                }
            }
        }
    }
}

impl App {
    /// Lists the runs that were.
    pub(super) fn history_ui(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if let Some(executor) = self.executor.clone().filter(|_| !self.history.asked) {
            self.history.asked = true;
            self.backend.list_runs(&executor);
        }
        let Some(runs) = &self.history.runs else {
            ui.weak(self.no_store.as_deref().unwrap_or(texts::runs::looking()));
            return;
        };
        if runs.is_empty() {
            ui.weak(texts::runs::history_is_empty());
            return;
        }
        let mut ticked = None;
        ui.horizontal(|ui| {
            let two = <[PathBuf; 2]>::try_from(self.history.ticked.clone());
            let compare = ui.add_enabled(two.is_ok(), egui::Button::new(texts::runs::compare()));
            let hint = texts::runs::compare_hint();
            if compare.on_hover_text(hint).on_disabled_hover_text(hint).clicked()
                && let Ok(two) = two
            {
                commands.push(Command::CompareRuns(two));
            }
            ui.weak(texts::runs::runs_kept(&texts::counts::runs(runs.len())));
        });
        let live = self.running.is_some();
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, theme::ROW, runs.len(), |ui, rows| {
            for Listed { run, changes } in &runs[rows] {
                ui.horizontal(|ui| {
                    ui.set_min_height(theme::ROW);
                    let mut on = self.history.ticked.contains(&run.folder);
                    let name = texts::runs::tick_run_of(&words_of(run));
                    if ui.checkbox(&mut on, "").accessible_name(name).changed() {
                        ticked = Some(run.folder.clone());
                    }
                    if row(ui, run, changes, live) {
                        commands.push(Command::OpenRun(run.folder.clone()));
                    }
                });
            }
        });
        if let Some(folder) = ticked {
            self.history.tick(&folder);
        }
    }

    /// Opens the pipeline of a run that was, in a tab of its own.
    pub(super) fn open_run(&mut self, folder: &Path) {
        let Some(run) = self.history.run(folder) else { return };
        match run.pipeline(&self.registry) {
            Ok(opened) => {
                let title = format!("{} ({})", run.record.title, text::ago(age_s(run)));
                let base = run.record.base_folder.clone();
                let mut editor = Editor::new(opened.pipeline, title, None);
                editor.folder = Some(base);
                self.show(editor);
            }
            Err(error) => self.toasts.error(texts::runs::run_not_opened(&error)),
        }
    }

    pub(super) fn compare_runs(&mut self, folders: &[PathBuf; 2]) {
        let found = [&folders[0], &folders[1]].map(|folder| self.history.run(folder).cloned());
        if let ([Some(first), Some(second)], Some(executor)) = (found, &self.executor) {
            // The earlier one stands at the left.
            let earlier_first = first.record.started_s <= second.record.started_s;
            let pair = if earlier_first { [first, second] } else { [second, first] };
            self.backend.compare(executor, pair);
        }
    }

    /// Shows two runs side by side.
    pub(super) fn comparison_ui(&mut self) {
        let Some(comparison) = &self.history.comparison else { return };
        let mut open = true;
        let differing = &mut self.history.differing;
        let window = Window::new(texts::runs::two_runs())
            .open(&mut open)
            .collapsible(false)
            .default_size([760.0, 460.0]);
        window.default_pos([320.0, 120.0]).show(&self.ctx, |ui| {
            ui.checkbox(differing, texts::runs::only_what_differs());
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                let titles = [0, 1].map(|index| {
                    let run = &comparison.runs[index];
                    format!("{} · {}", run.record.title, text::ago(age_s(run)))
                });
                let took = [0, 1].map(|index| {
                    comparison.runs[index].record.duration_s.map_or_else(|| "?".to_owned(), text::took)
                });
                section(ui, texts::runs::parameters(), &titles, &comparison.settings, true);
                if comparison.settings.is_empty() {
                    ui.weak(texts::runs::same_pipeline());
                }
                ui.add_space(10.0);
                let mut figures = vec![Line { what: texts::runs::time().to_owned(), values: took }];
                figures.extend(comparison.figures.iter().cloned());
                section(ui, texts::runs::results(), &titles, &figures, *differing);
            });
        });
        if !open {
            self.history.comparison = None;
        }
    }
}

fn section(ui: &mut Ui, title: &str, titles: &[String; 2], lines: &[Line], differing: bool) {
    ui.strong(title);
    Grid::new(title).num_columns(3).striped(true).spacing([18.0, 4.0]).show(ui, |ui| {
        ui.label("");
        for title in titles {
            cell_ui(ui, VALUE_WIDTH, RichText::new(title).weak());
        }
        ui.end_row();
        for line in lines.iter().filter(|line| !differing || !line.is_same()) {
            cell_ui(ui, WHAT_WIDTH, RichText::new(&line.what));
            for value in &line.values {
                let shown = if value.is_empty() { "–" } else { value };
                let words = RichText::new(shown);
                cell_ui(ui, VALUE_WIDTH, if line.is_same() { words.weak() } else { words.strong() });
            }
            ui.end_row();
        }
    });
}

/// Words in a column of a fixed width; long ones are shown whole on hover.
fn cell_ui(ui: &mut Ui, width: f32, words: RichText) {
    ui.scope(|ui| {
        ui.set_width(width);
        ui.add(egui::Label::new(words).truncate());
    });
}

fn age_s(run: &KeptRun) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_secs_f64() - run.record.started_s
}

/// `mine.ron to sort`
fn words_of(run: &KeptRun) -> String {
    match &run.record.until {
        Some(node) => texts::runs::until_node(&run.record.title, &node),
        None => run.record.title.clone(),
    }
}

/// What a run was for, in one line: the units it found, then what its last nodes made.
fn results_in_short(results: &[RunResult]) -> String {
    let is_figure = |result: &&RunResult| matches!(result.port_type, PortType::Figure | PortType::Files);
    let found = results.iter().filter(|result| result.port_type == PortType::Sorting);
    let last = results.iter().filter(|result| result.last && result.port_type != PortType::Sorting);
    let (sums, rest): (Vec<&RunResult>, Vec<_>) =
        last.filter(|result| !is_figure(result)).partition(|result| result.sums_up);
    let shown: Vec<&str> = found.chain(sums).chain(rest).map(|result| result.words.as_str()).collect();
    if !shown.is_empty() {
        return shown.join(", ");
    }
    results.iter().rfind(|result| result.last).map(|result| result.words.clone()).unwrap_or_default()
}

/// `sort · Detect threshold: 15 σ (was 5 σ)`
fn change_words(line: &Line) -> String {
    let [before, now] = line.values.each_ref().map(|value| if value.is_empty() { "–" } else { value });
    texts::runs::setting_was(&line.what, &now, &before)
}

/// One run on one line; true where its pipeline is asked for.
fn row(ui: &mut Ui, run: &KeptRun, changes: &[Line], live: bool) -> bool {
    let p = theme::palette(ui.visuals());
    let own = run.record.process == std::process::id() && live;
    let (state, color) = match run.record.status {
        Some(RunStatus::Ok) => (texts::runs::done(), p.good),
        Some(RunStatus::Failed) => (texts::runs::failed(), p.bad),
        Some(RunStatus::Cancelled) => (texts::runs::stopped(), p.text_weak),
        None if own => (texts::runs::runs(), p.accent),
        None => (texts::runs::did_not_end(), p.warn),
    };
    let cell = |ui: &mut Ui, width: f32, words: RichText| {
        let size = egui::vec2(width, theme::ROW);
        ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_width(width);
            ui.add(egui::Label::new(words).truncate())
        })
        .inner
    };
    cell(ui, 90.0, RichText::new(text::ago(age_s(run))).weak());
    let place = run
        .record
        .path
        .as_ref()
        .map_or_else(|| texts::runs::never_saved().to_owned(), |p| p.display().to_string());
    cell(ui, 200.0, RichText::new(words_of(run))).on_hover_text(place);
    cell(ui, 80.0, RichText::new(state).color(color));
    cell(ui, 70.0, RichText::new(run.record.duration_s.map_or_else(String::new, text::took)).weak());
    let tasks = match run.record.cached {
        0 => texts::counts::tasks(run.record.tasks),
        cached => texts::runs::done_before(&texts::counts::tasks(run.record.tasks), &cached),
    };
    cell(ui, 150.0, RichText::new(tasks).weak());
    let came_out = results_in_short(&run.record.results);
    let all: Vec<String> =
        run.record.results.iter().map(|result| format!("{}: {}", result.end, result.words)).collect();
    let words = cell(ui, RESULTS_WIDTH, RichText::new(came_out));
    if !all.is_empty() {
        words.on_hover_text(all.join("\n"));
    }
    let open = ui.small_button(texts::runs::open_run());
    open.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::runs::open_run_of(&words_of(run))));
    let asked = open.on_hover_text(texts::runs::open_run_hint()).clicked();
    if let Some((node, message)) = run.record.failures.first_key_value() {
        let words = format!("{node}: {}", message.lines().next().unwrap_or_default());
        ui.add(egui::Label::new(RichText::new(words).color(p.bad)).truncate()).on_hover_text(message);
    } else if !changes.is_empty() {
        let said: Vec<String> = changes.iter().map(change_words).collect();
        ui.add(egui::Label::new(RichText::new(said.join(", ")).weak()).truncate())
            .on_hover_text(said.join("\n"));
    }
    asked
}
