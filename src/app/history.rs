//! The runs that were: listed with how they went, opened again, compared two by two.

use super::{
    App,
    canvas::node::one_line,
    command::Command,
    compare::{Comparison, Line, settings},
    editor::Editor,
    text, texts, theme,
};
use crate::pipeline::{Executor, KeptRun, Pipeline, PortType, RunResult, RunStatus, utc};
use egui::{Color32, FontId, Response, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Rows that columns are made as wide as, besides those in sight, and the steps they grow by.
const MEASURED: usize = 200;
const STEP: f32 = 12.0;
/// Between two columns of the list.
const GAP: f32 = 14.0;
/// Narrowest that a column of the list gets where there is no room for all of it.
const NARROWEST: f32 = 70.0;

/// What is known of runs that were, between two frames.
#[derive(Default)]
pub struct History {
    /// Newest first; `None` until they are asked for.
    runs: Option<Vec<Listed>>,
    /// They were asked for.
    asked: bool,
    /// Those that are ticked to be compared, at most two.
    ticked: Vec<PathBuf>,
    pub(super) comparison: Option<Comparison>,
    /// Only lines that differ are shown.
    pub(super) differing: bool,
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
            let shown: Vec<Row> = runs[rows.clone()].iter().map(|listed| row(ui, listed, live)).collect();
            // Columns stay where they are while one scrolls: those out of sight count as well.
            let others: Vec<Row> = runs.iter().take(MEASURED).map(|listed| row(ui, listed, live)).collect();
            // The tick, the button that opens, and what is between columns.
            let widths = widths(ui, others.iter().chain(&shown), ui.available_width() - 110.0);
            for (Listed { run, .. }, row) in runs[rows].iter().zip(&shown) {
                ui.horizontal(|ui| {
                    ui.set_min_height(theme::ROW);
                    ui.spacing_mut().item_spacing.x = GAP;
                    let mut on = self.history.ticked.contains(&run.folder);
                    let name = texts::runs::tick_run_of(&words_of(run));
                    if ui.checkbox(&mut on, "").accessible_name(name).changed() {
                        ticked = Some(run.folder.clone());
                    }
                    row.cells.iter().zip(widths).for_each(|(cell, width)| cell.ui(ui, width));
                    let open = ui.small_button(texts::runs::open_run());
                    let name = texts::runs::open_run_of(&words_of(run));
                    open.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                    if open.on_hover_text(texts::runs::open_run_hint()).clicked() {
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
                let title = format!("{} ({})", run.record.title, began(run));
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
}

/// When a run began, which stays what it is: `2026-03-01 12:00:00 UTC`.
pub fn began(run: &KeptRun) -> String {
    let stamp = utc(run.record.started_s.max(0.0) as u64);
    let (date, time) = stamp.split_once('T').unwrap_or((&stamp, ""));
    texts::runs::began_at(&date, &time.trim_end_matches('Z'))
}

/// Seconds since a run began.
pub fn age_s(run: &KeptRun) -> f64 {
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
pub fn change_words(line: &Line) -> String {
    let [before, now] = line.values.each_ref().map(|value| if value.is_empty() { "–" } else { value });
    texts::runs::setting_was(&line.what, &now, &before)
}

/// Words of a row of the list, and what is said beside the pointer.
struct Cell {
    words: String,
    color: Color32,
    hover: String,
}

impl Cell {
    fn new(words: impl Into<String>, color: Color32) -> Self {
        Self { words: words.into(), color, hover: String::new() }
    }

    fn hover(self, hover: impl Into<String>) -> Self {
        Self { hover: hover.into(), ..self }
    }

    fn ui(&self, ui: &mut Ui, width: f32) {
        let (rect, response) = ui.allocate_exact_size(vec2(width, theme::ROW), Sense::hover());
        let response: Response = match self.hover.is_empty() {
            true => response,
            false => response.on_hover_text(&self.hover),
        };
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &self.words));
        let words = one_line(ui.painter(), &self.words, font(), self.color, width);
        let at = rect.left_center() - vec2(0.0, words.size().y / 2.0);
        ui.painter().galley(at, words, self.color);
    }
}

fn font() -> FontId {
    FontId::proportional(12.5)
}

/// One run on one line: when, what, how it went, how long, how much, what came out, what was set otherwise.
struct Row {
    cells: [Cell; 7],
}

fn row(ui: &Ui, listed: &Listed, live: bool) -> Row {
    let Listed { run, changes } = listed;
    let p = theme::palette(ui.visuals());
    let own = run.record.process == std::process::id() && live;
    let (state, color) = match run.record.status {
        Some(RunStatus::Ok) => (texts::runs::done(), p.good),
        Some(RunStatus::Failed) => (texts::runs::failed(), p.bad),
        Some(RunStatus::Cancelled) => (texts::runs::stopped(), p.text_weak),
        None if own => (texts::runs::runs(), p.accent),
        None => (texts::runs::did_not_end(), p.warn),
    };
    let place = run.record.path.as_ref();
    let place = place.map_or_else(|| texts::runs::never_saved().to_owned(), |p| p.display().to_string());
    let tasks = match run.record.cached {
        0 => texts::counts::tasks(run.record.tasks),
        cached => texts::runs::done_before(&texts::counts::tasks(run.record.tasks), &cached),
    };
    let all: Vec<String> =
        run.record.results.iter().map(|result| format!("{}: {}", result.end, result.words)).collect();
    let said: Vec<String> = changes.iter().map(change_words).collect();
    let last = match run.record.failures.first_key_value() {
        Some((node, message)) => {
            let words = format!("{node}: {}", message.lines().next().unwrap_or_default());
            Cell::new(words, p.bad).hover(message)
        }
        None => Cell::new(said.join(", "), p.text_weak).hover(said.join("\n")),
    };
    let took = run.record.duration_s.map_or_else(String::new, text::took);
    Row {
        cells: [
            Cell::new(text::ago(age_s(run)), p.text_weak),
            Cell::new(words_of(run), p.text).hover(place),
            Cell::new(state, color),
            Cell::new(took, p.text_weak),
            Cell::new(tasks, p.text_weak),
            Cell::new(results_in_short(&run.record.results), p.text).hover(all.join("\n")),
            last,
        ],
    }
}

/// As wide as what is in the columns; where there is no room for all of it, the widest give way.
fn widths<'a>(ui: &Ui, rows: impl Iterator<Item = &'a Row>, room: f32) -> [f32; 7] {
    let mut widths = [0_f32; 7];
    for row in rows {
        for (cell, width) in row.cells.iter().zip(&mut widths) {
            let words = ui.painter().layout_no_wrap(cell.words.clone(), font(), cell.color);
            // In steps, so that a minute more moves nothing.
            *width = width.max((words.size().x / STEP).ceil() * STEP);
        }
    }
    let room = room - GAP * widths.len() as f32;
    // What is left over after each column had a fair share goes to those that need more.
    let mut limit = f32::INFINITY;
    let taken = |limit: f32| widths.iter().map(|width| width.min(limit)).sum::<f32>();
    if taken(limit) > room {
        let (mut low, mut high) = (NARROWEST, room.max(NARROWEST));
        for _ in 0..24 {
            limit = (low + high) / 2.0;
            if taken(limit) > room { high = limit } else { low = limit }
        }
        limit = low;
    }
    widths.map(|width| width.min(limit))
}
