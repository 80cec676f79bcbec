//! The bottom of the window: jobs, problems and log, folded to one line while there is nothing to tell.

use super::{
    App,
    canvas::{icons, node::one_line},
    command::Command,
    history::change_words,
    runs::{Level, Task},
    text, texts, theme,
};
use crate::pipeline::{NodeState, Problem, Severity, TaskId};
use egui::{Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

/// The tabs at the bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Tasks of the last run.
    #[default]
    Jobs,
    /// The runs that were.
    Runs,
    /// Every recording at every node.
    Study,
    /// What is wrong with the pipeline.
    Problems,
    /// What was said.
    Log,
}

/// The bottom between two frames.
#[derive(Default)]
pub struct Bottom {
    /// Unfolded.
    pub open: bool,
    /// The tab in front.
    pub tab: Tab,
    /// The task whose log is shown.
    pub job: Option<TaskId>,
    /// Jobs on Slurm are shown, not those of this computer.
    pub elsewhere: bool,
}

impl Bottom {
    /// Unfolds it with a tab in front, or folds it where that was there.
    pub fn toggle(&mut self, tab: Tab) {
        self.open = !(self.open && self.tab == tab);
        self.tab = tab;
    }

    /// Another pipeline is in front: what was shown of a task is not its own.
    pub fn forget(&mut self) {
        self.job = None;
        self.elsewhere = false;
    }
}

impl App {
    /// Draws the line, and the panel above it where unfolded.
    pub(super) fn bottom_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let mut commands = Vec::new();
        let p = theme::palette(ui.visuals());
        let frame = egui::Frame::NONE.fill(p.bar).inner_margin(egui::Margin::symmetric(8, 2));
        let size = 26.0;
        egui::Panel::bottom("bottom_line").exact_size(size).frame(frame).show_separator_line(false).show(
            ui,
            |ui| {
                ui.horizontal_centered(|ui| self.line_ui(ui));
            },
        );
        if !self.bottom.open {
            return commands;
        }
        let frame = egui::Frame::NONE.fill(p.panel).inner_margin(8);
        egui::Panel::bottom("bottom_panel")
            .resizable(true)
            .default_size(170.0)
            .size_range(80.0..=500.0)
            .frame(frame)
            .show(ui, |ui| {
                ui.take_available_height();
                match self.bottom.tab {
                    Tab::Jobs => self.jobs_ui(ui, &mut commands),
                    Tab::Runs => self.history_ui(ui, &mut commands),
                    Tab::Study => self.study_ui(ui, &mut commands),
                    Tab::Problems => self.problems_ui(ui, &mut commands),
                    Tab::Log => self.log_ui(ui),
                }
            });
        commands
    }

    fn line_ui(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.x = 4.0;
        let p = theme::palette(ui.visuals());
        let told = self.told();
        let errors = told.iter().filter(|o| o.severity == Severity::Error).count();
        let problems = match told.iter().filter(|o| o.severity > Severity::Note).count() {
            0 => texts::runs::problems().to_owned(),
            count => texts::runs::problems_count(&count),
        };
        for (tab, label) in [
            (Tab::Jobs, texts::runs::jobs().to_owned()),
            (Tab::Runs, texts::runs::runs().to_owned()),
            (Tab::Problems, problems),
            (Tab::Log, texts::runs::log().to_owned()),
            // Last, as it is not always there: none of the others moves.
            (Tab::Study, texts::runs::study().to_owned()),
        ] {
            let active = self.bottom.open && self.bottom.tab == tab;
            // One recording is no study; the View menu shows it all the same.
            if tab == Tab::Study && self.sheet.known.counts.is_empty() && !active {
                continue;
            }
            let mut words = egui::RichText::new(&label).size(12.0);
            if tab == Tab::Problems && errors > 0 {
                words = words.color(p.bad);
            } else if !active {
                words = words.color(p.text_weak);
            }
            // A count that comes and goes moves nothing either.
            let width = if tab == Tab::Problems { PROBLEMS } else { 0.0 };
            let response = ui.add(egui::Button::selectable(active, words).min_size(vec2(width, 0.0)));
            if response.clicked() {
                self.bottom.toggle(tab);
            }
        }
        ui.add_space(8.0);
        if let Some(share) = self.sheet.runs.share() {
            let (bar, _) = ui.allocate_exact_size(vec2(120.0, 6.0), Sense::hover());
            ui.painter().rect_filled(bar, 3.0, p.line);
            let done = egui::Rect::from_min_size(bar.min, vec2(bar.width() * share, 6.0));
            ui.painter().rect_filled(done, 3.0, p.accent);
            ui.label(egui::RichText::new(self.sheet.runs.status()).size(12.0));
            return;
        }
        let cluster = self.sheet.cluster.as_ref().filter(|cluster| cluster.runs.is_running());
        if let Some(cluster) = cluster {
            let words = texts::cluster::on_slurm(&cluster.runs.status());
            ui.add(egui::Label::new(egui::RichText::new(words).size(12.0)).truncate());
            return;
        }
        if let Some((last, left)) = self.sheet.runs.news() {
            ui.ctx().request_repaint_after(left);
            let color = if last.level == Level::Error { p.bad } else { p.text_weak };
            let words = if last.node.is_empty() {
                text::sentence(&last.line)
            } else {
                format!("{}: {}", text::sentence(&last.node), last.line)
            };
            let words = egui::RichText::new(words.replace('\n', " ")).size(12.0).color(color);
            ui.add(egui::Label::new(words).truncate());
        }
    }

    /// One line of how things are.
    pub(super) fn status_line(&self) -> String {
        let run = self.sheet.runs.status();
        if self.sheet.runs.is_running() {
            return run;
        }
        if self.sheet.runs.is_busy() {
            return texts::runs::starting().to_owned();
        }
        if self.is_running() {
            let before =
                self.running.as_ref().map_or_else(String::new, |run| texts::runs::for_run(&run.words()));
            return texts::runs::waits(&before);
        }
        if let Some(reason) = &self.no_store {
            return reason.clone();
        }
        let cluster = self.sheet.cluster.as_ref().filter(|cluster| cluster.runs.is_running());
        if let Some(cluster) = cluster {
            return texts::cluster::on_slurm(&cluster.runs.status());
        }
        let is_task = |name: &str| {
            let node = self.sheet.editor.pipeline().node(name).and_then(|n| self.registry.get(&n.kind));
            node.is_some_and(|n| n.info().work.is_task())
        };
        let waits = |(name, state): &(&String, &NodeState)| {
            let waits = matches!(state, NodeState::Stale | NodeState::Ready);
            waits && is_task(name) && !self.sheet.known.off.contains_key(*name)
        };
        match self.sheet.states.iter().filter(waits).count() {
            // There may be something by now.
            0 if run == texts::runs::nothing_to_run_yet() => {
                let mut tasks = self.sheet.states.keys().filter(|name| is_task(name)).peekable();
                match tasks.peek().is_some() {
                    false => run,
                    true if tasks.any(|name| self.sheet.known.off.contains_key(name)) => {
                        texts::runs::all_is_muted().to_owned()
                    }
                    true => String::new(),
                }
            }
            0 => run,
            1 => texts::runs::one_node_to_run().to_owned(),
            count => texts::runs::nodes_to_run(&count),
        }
    }

    /// Shows what a task said.
    pub(super) fn show_job(&mut self, task: TaskId) {
        self.bottom.open = true;
        self.bottom.tab = Tab::Jobs;
        let of_cluster = self.sheet.cluster.as_ref().and_then(|cluster| cluster.runs.get(&task));
        let here = self.sheet.runs.get(&task);
        self.bottom.elsewhere = of_cluster.is_some_and(|task| here.is_none() || task.is_at_work());
        self.bottom.job = Some(task);
    }

    fn jobs_ui(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        for waiting in &self.queue {
            ui.horizontal(|ui| {
                ui.label(texts::runs::queued(&waiting.words()));
                let changes: Vec<String> = waiting.changes().iter().map(change_words).collect();
                let room = ui.available_width() - 80.0;
                if !changes.is_empty() && room > 0.0 {
                    ui.scope(|ui| {
                        ui.set_max_width(room);
                        ui.add(egui::Label::new(egui::RichText::new(changes.join(", ")).weak()).truncate())
                            .on_hover_text(changes.join("\n"));
                    });
                }
                let remove = ui.small_button(texts::runs::remove());
                let name = texts::runs::remove_from_the_queue(&waiting.words());
                remove.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                if remove.clicked() {
                    commands.push(Command::Unqueue(waiting.number));
                }
            });
        }
        self.where_ui(ui, commands);
        let (runs, elsewhere) = self.shown_runs();
        if runs.tasks().is_empty() {
            ui.weak(texts::runs::jobs_are_empty());
            return;
        }
        let shown = self.bottom.job.clone().filter(|id| runs.get(id).is_some());
        if let Some(id) = &shown {
            let frame = egui::Frame::NONE.inner_margin(egui::Margin { left: 10, ..Default::default() });
            let panel = egui::Panel::right("job").resizable(true).default_size(430.0).frame(frame);
            panel.show(ui, |ui| match elsewhere {
                true => self.place_ui(ui, id, commands),
                false => self.job_ui(ui, id, commands),
            });
        }
        let time = ui.input(|i| i.time);
        let tasks = runs.tasks();
        let mut clicked = None;
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, theme::ROW, tasks.len(), |ui, rows| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for task in &tasks[rows] {
                let is_shown = shown.as_ref() == Some(&task.id);
                let row = job_row(ui, task, runs.elapsed_s(task), is_shown, time);
                row.context_menu(|ui| {
                    let stop = egui::Button::new(texts::runs::stop_this());
                    if ui.add_enabled(task.is_at_work(), stop).clicked() {
                        commands.push(Command::StopTasks([task.id.clone()].into()));
                        ui.close();
                    }
                });
                if row.on_hover_text(texts::runs::log_hint()).clicked() {
                    clicked = Some(task.id.clone());
                }
            }
        });
        if let Some(id) = clicked {
            commands.push(Command::Select(vec![id.node.clone()]));
            self.bottom.job = (shown.as_ref() != Some(&id)).then_some(id);
        }
    }

    /// All that is known of one task: what it said, where its result is.
    fn job_ui(&self, ui: &mut Ui, id: &TaskId, commands: &mut Vec<Command>) {
        let Some(task) = self.sheet.runs.tasks().iter().find(|t| t.id == *id) else { return };
        let p = theme::palette(ui.visuals());
        ui.horizontal(|ui| {
            ui.strong(job_label(task));
            if let Some((wall, cpu)) = task.cost_s {
                ui.weak(texts::runs::of_cpu(&text::took(wall), &text::took(cpu)));
            }
            if let Some(folder) = &task.folder
                && ui
                    .small_button(texts::runs::copy_path())
                    .on_hover_text(folder.display().to_string())
                    .clicked()
            {
                ui.ctx().copy_text(folder.display().to_string());
            }
            if task.is_at_work() && ui.small_button(texts::runs::stop_this()).clicked() {
                commands.push(Command::StopTasks([id.clone()].into()));
            }
            if ui.small_button(texts::runs::copy_log()).clicked() {
                ui.ctx().copy_text(self.log_of(id));
            }
        });
        ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            let mut silent = true;
            for line in self.sheet.runs.log_of_task(id) {
                silent = false;
                let words = format!("{:>6}  {}", text::clock(line.at_s), line.line);
                let words =
                    egui::RichText::new(words).monospace().size(11.5).color(level_color(line.level, p));
                ui.add(egui::Label::new(words).wrap());
            }
            if silent {
                ui.weak(if task.message.is_empty() { texts::runs::it_said_nothing() } else { &task.message });
            }
            if let NodeState::Failed(notice) = &task.state {
                ui.add_space(4.0);
                ui.horizontal_wrapped(|ui| {
                    self.fix_ui(ui, &Problem::of_notice(&id.node, notice), commands);
                });
            }
        });
    }

    /// What a task said, as text.
    fn log_of(&self, id: &TaskId) -> String {
        let lines = self.sheet.runs.log_of_task(id).map(|l| {
            let mark = if l.level == Level::Warning { texts::runs::warning() } else { "" };
            format!("{:>6}  {mark}{}\n", text::clock(l.at_s), l.line)
        });
        lines.collect()
    }

    fn log_ui(&self, ui: &mut Ui) {
        let log = self.sheet.runs.log();
        if log.is_empty() {
            ui.weak(texts::runs::nothing_was_said_yet());
            return;
        }
        let p = theme::palette(ui.visuals());
        let mut area = ScrollArea::both().auto_shrink(false).stick_to_bottom(true);
        // The newest line is seen when it is opened.
        let (pass, id) = (ui.ctx().cumulative_pass_nr(), egui::Id::unique("log_shown"));
        let before = ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or_default::<u64>(id), pass));
        if before + 1 < pass {
            area = area.vertical_scroll_offset(LOG_ROW * log.len() as f32);
        }
        area.show_rows(ui, LOG_ROW, log.len(), |ui, rows| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for line in log.range(rows) {
                let color = level_color(line.level, p);
                let words = format!("{:>8}  {:<20} {}", text::clock(line.at_s), line.node, line.line);
                ui.add(
                    egui::Label::new(egui::RichText::new(words).monospace().size(11.5).color(color)).extend(),
                );
            }
        });
    }
}

/// Width of the button of the problems, with room for their number.
const PROBLEMS: f32 = 88.0;
/// Height of a line of the log.
const LOG_ROW: f32 = 16.0;

fn level_color(level: Level, p: &theme::Palette) -> egui::Color32 {
    match level {
        Level::Info => p.text,
        Level::Warning => p.warn,
        Level::Error => p.bad,
    }
}

pub(super) fn job_label(task: &Task) -> String {
    let name = text::sentence(&task.id.node);
    let coordinate = task.id.coordinate.to_string();
    if coordinate.is_empty() { name } else { format!("{name} · {coordinate}") }
}

/// One task on one line.
fn job_row(ui: &mut Ui, task: &Task, elapsed_s: Option<f64>, shown: bool, time: f64) -> egui::Response {
    let p = theme::palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::click());
    let label = job_label(task);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, texts::runs::job(&label)));
    if shown || response.hovered() {
        let fill = if shown { ui.visuals().selection.bg_fill } else { p.control };
        ui.painter().rect_filled(rect, 3.0, fill);
    }
    icons::state(ui.painter(), &task.state, rect.left_center() + vec2(10.0, 0.0), 5.5, p, time);
    let cell = |x: f32, width: f32, words: &str, color| {
        let words = one_line(ui.painter(), words, egui::FontId::proportional(12.0), color, width - 6.0);
        let place = rect.left_center() + vec2(x, -words.size().y / 2.0);
        ui.painter().galley(place, words, color);
    };
    cell(24.0, 186.0, &label, p.text);
    let (state, share, left) = match &task.state {
        NodeState::Running { share, remaining_s } => {
            let stage = if task.stage.is_empty() {
                texts::runs::running().to_owned()
            } else {
                text::sentence(&task.stage)
            };
            (stage, *share, remaining_s.map(|s| texts::runs::time_left(&text::clock(s))))
        }
        NodeState::Cancelled if task.left_out => (texts::runs::not_run().to_owned(), None, None),
        other => (text::sentence(icons::state_name(other)), None, None),
    };
    cell(214.0, 110.0, &state, p.text_weak);
    cell(328.0, 72.0, &elapsed_s.map_or_else(String::new, text::took), p.text_weak);
    if let Some(share) = share {
        let bar = egui::Rect::from_min_size(rect.min + vec2(404.0, 8.0), vec2(110.0, 6.0));
        ui.painter().rect_filled(bar, 3.0, p.line);
        let done = egui::Rect::from_min_size(bar.min, vec2(bar.width() * share.clamp(0.0, 1.0), 6.0));
        ui.painter().rect_filled(done, 3.0, p.accent);
    }
    cell(522.0, 80.0, &left.unwrap_or_default(), p.text_weak);
    let bad = matches!(task.state, NodeState::Failed(_));
    let line = text::short_path(task.message.lines().next().unwrap_or_default());
    let room = rect.width() - 610.0;
    if room > 40.0 {
        let color = if bad {
            p.bad
        } else if task.warned {
            p.warn
        } else {
            p.text_weak
        };
        cell(606.0, room, &line, color);
    }
    response
}
