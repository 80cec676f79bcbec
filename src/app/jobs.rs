//! The bottom of the window: jobs, problems and log, folded to one line while there is nothing to tell.

use super::{App, canvas::icons, command::Command, runs::Level, text, theme};
use crate::pipeline::{NodeState, Severity, Work};
use egui::{Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

/// The tabs at the bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Tasks of the last run.
    #[default]
    Jobs,
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
}

impl App {
    /// Draws the line, and the panel above it where unfolded.
    pub(super) fn bottom_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let mut commands = Vec::new();
        let p = theme::palette(ui.visuals());
        let frame = egui::Frame::NONE.fill(p.bar).inner_margin(egui::Margin::symmetric(8, 2));
        let size = 26.0;
        egui::Panel::bottom("bottom line").exact_size(size).frame(frame).show_separator_line(false).show(
            ui,
            |ui| {
                ui.horizontal_centered(|ui| self.line_ui(ui));
            },
        );
        if !self.bottom.open {
            return commands;
        }
        let frame = egui::Frame::NONE.fill(p.panel).inner_margin(8);
        egui::Panel::bottom("bottom panel")
            .resizable(true)
            .default_size(170.0)
            .size_range(80.0..=500.0)
            .frame(frame)
            .show(ui, |ui| {
                ui.take_available_height();
                match self.bottom.tab {
                    Tab::Jobs => self.jobs_ui(ui, &mut commands),
                    Tab::Problems => self.problems_ui(ui, &mut commands),
                    Tab::Log => self.log_ui(ui),
                }
            });
        commands
    }

    fn line_ui(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.x = 4.0;
        let p = theme::palette(ui.visuals());
        let errors = self.problems.iter().filter(|o| o.severity == Severity::Error).count();
        let problems = match self.problems.len() {
            0 => "Problems".to_owned(),
            count => format!("Problems {count}"),
        };
        for (tab, label) in
            [(Tab::Jobs, "Jobs".to_owned()), (Tab::Problems, problems), (Tab::Log, "Log".to_owned())]
        {
            let active = self.bottom.open && self.bottom.tab == tab;
            let mut words = egui::RichText::new(&label).size(12.0);
            if tab == Tab::Problems && errors > 0 {
                words = words.color(p.bad);
            } else if !active {
                words = words.color(p.text_weak);
            }
            let response = ui.add(egui::Button::selectable(active, words));
            if response.clicked() {
                if active {
                    self.bottom.open = false;
                } else {
                    self.bottom.open = true;
                    self.bottom.tab = tab;
                }
            }
        }
        ui.add_space(8.0);
        if let Some(last) = self.runs.log().back() {
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
        let run = self.runs.status();
        if !run.is_empty() {
            return run;
        }
        if let Some(reason) = &self.no_store {
            return reason.clone();
        }
        let is_task = |name: &str| {
            let node = self.editor.pipeline().node(name).and_then(|n| self.registry.get(&n.kind));
            node.is_some_and(|n| n.info().work != Work::Lazy)
        };
        let waits = |(name, state): &(&String, &NodeState)| {
            matches!(state, NodeState::Stale | NodeState::Ready) && is_task(name)
        };
        let stale = self.states.iter().filter(waits).count();
        match stale {
            0 => String::new(),
            1 => "1 node to run".to_owned(),
            count => format!("{count} nodes to run"),
        }
    }

    fn jobs_ui(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if self.runs.tasks().is_empty() {
            ui.weak("No run yet. Press F5 to run the pipeline, or F6 to run to the selected node.");
            return;
        }
        let p = theme::palette(ui.visuals());
        let time = ui.input(|i| i.time);
        if self.runs.is_running() && ui.button("Stop the run").clicked() {
            commands.push(Command::Stop);
        }
        let tasks = self.runs.tasks();
        ScrollArea::both().auto_shrink(false).show_rows(ui, theme::ROW, tasks.len(), |ui, rows| {
            for task in &tasks[rows] {
                let (rect, response) =
                    ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::click());
                let name = text::sentence(&task.id.node);
                let coordinate = task.id.coordinate.to_string();
                let label = if coordinate.is_empty() { name } else { format!("{name} · {coordinate}") };
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Job {label}")));
                if response.hovered() {
                    ui.painter().rect_filled(rect, 3.0, p.control);
                }
                if response.clicked() {
                    commands.push(Command::Select(vec![task.id.node.clone()]));
                }
                icons::state(ui.painter(), &task.state, rect.left_center() + vec2(10.0, 0.0), 5.5, p, time);
                let cell = |x: f32, width: f32, words: &str, color| {
                    let cell = egui::Rect::from_min_size(rect.min + vec2(x, 0.0), vec2(width, rect.height()));
                    let painter = ui.painter().with_clip_rect(cell.intersect(ui.clip_rect()));
                    let font = egui::FontId::proportional(12.0);
                    painter.text(cell.left_center(), egui::Align2::LEFT_CENTER, words, font, color);
                };
                cell(24.0, 210.0, &label, p.text);
                cell(240.0, 80.0, icons::state_name(&task.state), p.text_weak);
                let (progress, note) = match &task.state {
                    NodeState::Running { share, remaining_s } => (
                        *share,
                        remaining_s.map_or_else(
                            || task.stage.clone(),
                            |s| format!("{} {} left", task.stage, text::clock(s)),
                        ),
                    ),
                    _ => (None, task.cost_s.map_or_else(String::new, |(wall, _)| text::took(wall))),
                };
                cell(325.0, 150.0, note.trim(), p.text_weak);
                if let Some(share) = progress {
                    let bar = egui::Rect::from_min_size(rect.min + vec2(485.0, 8.0), vec2(120.0, 6.0));
                    ui.painter().rect_filled(bar, 3.0, p.control);
                    let done =
                        egui::Rect::from_min_size(bar.min, vec2(bar.width() * share.clamp(0.0, 1.0), 6.0));
                    ui.painter().rect_filled(done, 3.0, p.accent);
                }
                let bad = matches!(task.state, NodeState::Failed(_));
                let line = task.message.lines().next().unwrap_or_default();
                cell(620.0, (rect.width() - 625.0).max(0.0), line, if bad { p.bad } else { p.text_weak });
                if !task.message.is_empty() {
                    response.on_hover_text(&task.message);
                }
            }
        });
    }

    fn problems_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        if self.problems.is_empty() {
            ui.weak("Nothing is wrong with this pipeline.");
            return;
        }
        let p = theme::palette(ui.visuals());
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for problem in &self.problems {
                let color = if problem.severity == Severity::Error { p.bad } else { p.warn };
                let place = match (&problem.node, &problem.field) {
                    (Some(node), Some(field)) => format!("{node}.{field}"),
                    (Some(node), None) => node.clone(),
                    _ => String::new(),
                };
                ui.horizontal_wrapped(|ui| {
                    let (dot, _) = ui.allocate_exact_size(vec2(8.0, 16.0), Sense::hover());
                    ui.painter().circle_filled(dot.center(), 3.5, color);
                    if let Some(node) = &problem.node
                        && ui.link(&place).clicked()
                    {
                        commands.push(Command::Select(vec![node.clone()]));
                        commands.push(Command::Fit { selection: true });
                    }
                    ui.label(&problem.message);
                    if let Some((line, column)) = problem.line {
                        ui.weak(format!("line {line}, column {column}"));
                    }
                });
            }
        });
    }

    fn log_ui(&self, ui: &mut Ui) {
        let log = self.runs.log();
        if log.is_empty() {
            ui.weak("Nothing was said yet.");
            return;
        }
        let p = theme::palette(ui.visuals());
        ScrollArea::both().auto_shrink(false).stick_to_bottom(true).show_rows(
            ui,
            16.0,
            log.len(),
            |ui, rows| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for line in log.range(rows) {
                    let color = match line.level {
                        Level::Info => p.text,
                        Level::Warning => p.warn,
                        Level::Error => p.bad,
                    };
                    let words = format!("{:>8}  {:<20} {}", text::clock(line.at_s), line.node, line.line);
                    ui.add(
                        egui::Label::new(egui::RichText::new(words).monospace().size(11.5).color(color))
                            .extend(),
                    );
                }
            },
        );
    }
}
