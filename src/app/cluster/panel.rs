//! Tasks on Slurm among the jobs: how many are how, all of them cancelled, what failed submitted again, the log of one.

use super::{Ask, Cluster};
use crate::{
    app::{App, command::Command, jobs::job_label, runs::Runs, text, texts, theme},
    pipeline::{NodeState, TaskId},
};
use egui::{RichText, ScrollArea, Ui};

impl Cluster {
    /// Asks for the log of a task, once.
    fn look_at_log(&mut self, task: Option<&TaskId>) {
        if self.log.0.as_ref() != task {
            self.log = (task.cloned(), String::new());
            // Where the thread ended, nothing more is said.
            let _ = self.asks.send(Ask::Log(task.cloned()));
        }
    }

    /// How many tasks are how.
    fn counts(&self) -> String {
        let tasks = self.runs.tasks();
        let count = |is_so: fn(&NodeState) -> bool| tasks.iter().filter(|task| is_so(&task.state)).count();
        let done = count(|state| matches!(state, NodeState::Done { .. } | NodeState::Cached));
        let stopped = self.runs.stopped().len();
        let left_out = count(|state| *state == NodeState::Cancelled).saturating_sub(stopped);
        let mut parts = vec![texts::cluster::counts_done(&done, &tasks.len())];
        let others = [
            (
                count(|state| matches!(state, NodeState::Running { .. })),
                texts::cluster::counts_running as fn(&dyn std::fmt::Display) -> String,
            ),
            (count(|state| *state == NodeState::Queued), texts::cluster::counts_queued),
            (count(|state| matches!(state, NodeState::Failed(_))), texts::cluster::counts_failed),
            (stopped, texts::cluster::counts_cancelled),
            (left_out, texts::cluster::counts_not_run),
        ];
        parts.extend(others.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| words(&count)));
        parts.join(" · ")
    }
}

impl App {
    /// The runs that the jobs are those of, and whether they are on Slurm.
    pub(in crate::app) fn shown_runs(&self) -> (&Runs, bool) {
        match self.sheet.cluster.as_ref().filter(|cluster| self.bottom.elsewhere && cluster.is_known()) {
            Some(cluster) => (&cluster.runs, true),
            None => (&self.sheet.runs, false),
        }
    }

    /// Draws the choice between this computer and Slurm, where something was submitted, and what can be done there.
    pub(in crate::app) fn where_ui(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let is_shown = self.shown_runs().1;
        let shown = self.bottom.job.clone().filter(|_| is_shown);
        let Some(cluster) = &mut self.sheet.cluster else { return };
        cluster.look_at_log(shown.as_ref());
        let p = theme::palette(ui.visuals());
        if let Some(reason) = &cluster.trouble {
            ui.colored_label(p.bad, texts::cluster::no_answer(reason));
        }
        if !cluster.is_known() {
            return;
        }
        ui.horizontal(|ui| {
            let elsewhere = &mut self.bottom.elsewhere;
            ui.selectable_value(elsewhere, false, texts::cluster::this_computer());
            ui.selectable_value(elsewhere, true, texts::cluster::slurm());
            if !is_shown {
                return;
            }
            ui.add_space(8.0);
            ui.label(cluster.counts());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let goes_on = cluster.runs.is_running() && !cluster.runs.is_stopping();
                let cancel = ui.add_enabled(goes_on, egui::Button::new(texts::cluster::cancel_all()));
                if cancel.on_hover_text(texts::cluster::cancel_all_hint()).clicked() {
                    commands.push(Command::CancelOnSlurm);
                }
                let retry = egui::Button::new(texts::cluster::retry_failed());
                let can_retry = !cluster.submitting && cluster.left().next().is_some();
                let retry = ui.add_enabled(can_retry, retry);
                if retry.on_hover_text(texts::cluster::retry_failed_hint()).clicked() {
                    commands.push(Command::RetryOnSlurm);
                }
            });
        });
        ui.add_space(4.0);
    }

    /// All that is known of one task on Slurm, with what its job says while it says it.
    pub(in crate::app) fn place_ui(&self, ui: &mut Ui, id: &TaskId, commands: &mut Vec<Command>) {
        let Some(cluster) = &self.sheet.cluster else { return };
        let Some(task) = cluster.runs.get(id) else { return };
        let p = theme::palette(ui.visuals());
        let place = cluster.places.get(id);
        ui.horizontal(|ui| {
            ui.strong(job_label(task));
            if let Some(place) = place {
                ui.weak(texts::cluster::job_name(&place.name()))
                    .on_hover_text(place.log.display().to_string());
            }
            if let NodeState::Running { .. } = task.state {
                ui.label(text::sentence(&task.stage));
            }
            if let Some((wall, _)) = task.cost_s {
                ui.weak(text::took(wall));
            }
            if task.is_at_work() && ui.small_button(texts::runs::stop_this()).clicked() {
                commands.push(Command::StopTasks([id.clone()].into()));
            }
            if let Some(folder) = task.folder.as_ref().filter(|folder| !folder.as_os_str().is_empty()) {
                let folder = folder.display().to_string();
                if ui.small_button(texts::runs::copy_path()).on_hover_text(&folder).clicked() {
                    ui.ctx().copy_text(folder);
                }
            }
            if ui.small_button(texts::runs::copy_log()).clicked() {
                ui.ctx().copy_text(cluster.log.1.clone());
            }
        });
        if let Some(shared) = place.map(|place| place.shared).filter(|shared| *shared > 1) {
            ui.weak(texts::cluster::shared_job(&shared));
        }
        if !task.message.is_empty() {
            let color = if matches!(task.state, NodeState::Failed(_)) { p.bad } else { p.text_weak };
            ui.colored_label(color, text::sentence_of(&task.message));
        }
        let lines: Vec<&str> = cluster.log.1.lines().collect();
        if lines.is_empty() {
            ui.weak(texts::cluster::no_log_yet());
            return;
        }
        ScrollArea::both().auto_shrink(false).stick_to_bottom(true).show_rows(
            ui,
            15.0,
            lines.len(),
            |ui, rows| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for line in &lines[rows] {
                    ui.add(egui::Label::new(RichText::new(*line).monospace().size(11.5)).extend());
                }
            },
        );
    }
}
