//! Progress bars on a terminal; elsewhere only what failed or needs attention, or, in the log of a job, all that is said.

use crate::{
    data::text::took,
    pipeline::{Event, EventKind, Remaining, TaskId},
};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{collections::BTreeMap, io::IsTerminal, time::Duration};

/// Shows the events of a run on standard error.
pub struct Progress {
    bars: Option<MultiProgress>,
    tasks: BTreeMap<TaskId, ProgressBar>,
    /// The last line: how much of the whole is done, where there are several tasks.
    whole: Option<ProgressBar>,
    remaining: Remaining,
    /// The stage that was told last, where all that is said is shown.
    log: Option<String>,
}

impl Progress {
    /// Bars where standard error is a terminal.
    pub fn new() -> Self {
        let bars = std::io::stderr()
            .is_terminal()
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        Self { bars, tasks: BTreeMap::new(), whole: None, remaining: Remaining::default(), log: None }
    }

    /// Every line and stage of the tasks, for the log of a job.
    pub fn log() -> Self {
        Self { bars: None, log: Some(String::new()), ..Self::new() }
    }

    /// Shows one event.
    pub fn show(&mut self, event: &Event) {
        self.remaining.hear(event);
        self.show_whole(&event.kind);
        match &event.kind {
            EventKind::Started { task } => self.started(task),
            EventKind::Progress { stage, .. } if self.log.as_ref().is_some_and(|told| told != stage) => {
                self.line(&format!("{:8.1} {stage}", event.at_s));
                self.log = Some(stage.clone());
            }
            EventKind::Log { warning: false, line, .. } if self.log.is_some() => {
                self.line(&format!("{:8.1} {line}", event.at_s));
            }
            EventKind::Progress { task, stage, done, total, share, remaining_s } => {
                if let Some(bar) = self.tasks.get(task) {
                    match far(*share, *done, *total) {
                        Some((done, total)) => {
                            bar.set_style(measured());
                            bar.set_length(total);
                            bar.set_position(done);
                        }
                        // A program says nothing of it.
                        None => bar.set_style(unmeasured()),
                    }
                    let left = remaining_s.map(|s| format!(" {} left", took(s))).unwrap_or_default();
                    bar.set_message(format!("{stage}{left}"));
                }
            }
            EventKind::Log { task, warning: true, line } => self.line(&format!("warning: {task}: {line}")),
            EventKind::Finished { task, wall_s, .. } => {
                self.remove(task);
                if self.bars.is_some() || self.log.is_some() {
                    self.line(&format!("  done    {task} in {}", took(*wall_s)));
                }
            }
            EventKind::Cached { task, .. } if self.bars.is_some() => self.line(&format!("  cached  {task}")),
            EventKind::Failed { task, message } => {
                self.remove(task);
                self.line(&format!("error: {task}: {message}"));
            }
            EventKind::Cancelled { task, .. } => self.remove(task),
            EventKind::RunFinished { .. } => {
                let left: Vec<TaskId> = self.tasks.keys().cloned().collect();
                left.iter().for_each(|task| self.remove(task));
            }
            _ => {}
        }
    }

    fn show_whole(&mut self, kind: &EventKind) {
        if let (EventKind::RunStarted { tasks: tasks @ 2.. }, Some(bars)) = (kind, &self.bars) {
            self.whole = Some(bars.add(ProgressBar::new(*tasks as u64).with_style(of_all())));
        }
        let Some(whole) = &self.whole else { return };
        match kind {
            EventKind::Cached { .. } | EventKind::Finished { .. } | EventKind::Failed { .. } => whole.inc(1),
            EventKind::Cancelled { .. } => whole.dec_length(1),
            EventKind::Started { .. } | EventKind::Progress { .. } => {}
            EventKind::RunFinished { .. } => return whole.finish_and_clear(),
            _ => return,
        }
        let left = self.remaining.seconds().map(|s| format!(", {} left", took(s)));
        whole.set_message(left.unwrap_or_default());
    }

    fn started(&mut self, task: &TaskId) {
        if let Some(bars) = &self.bars {
            let bar = ProgressBar::new_spinner().with_style(unmeasured()).with_prefix(task.to_string());
            let bar = match &self.whole {
                Some(whole) => bars.insert_before(whole, bar),
                None => bars.add(bar),
            };
            bar.enable_steady_tick(Duration::from_millis(200));
            self.tasks.insert(task.clone(), bar);
        }
    }

    fn remove(&mut self, task: &TaskId) {
        if let Some(bar) = self.tasks.remove(task) {
            bar.finish_and_clear();
        }
    }

    fn line(&self, line: &str) {
        match &self.bars {
            // A terminal that went away has nobody to tell.
            Some(bars) => drop(bars.println(line)),
            None => eprintln!("{line}"),
        }
    }
}

/// How far a task is, of how much: all its stages where that is known, else the stage it is in.
fn far(share: Option<f32>, done: u64, total: u64) -> Option<(u64, u64)> {
    let whole = share.map(|share| ((f64::from(share) * 1000.0).round() as u64, 1000));
    whole.or((total > 0).then_some((done, total)))
}

fn measured() -> ProgressStyle {
    ProgressStyle::with_template("  {prefix:<20} {bar:30} {percent:>3} %  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn of_all() -> ProgressStyle {
    ProgressStyle::with_template("  {pos} of {len} tasks{msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn unmeasured() -> ProgressStyle {
    ProgressStyle::with_template("  {prefix:<20} {spinner}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_tells_of_the_whole_task_and_of_nothing_that_is_not_known() {
        assert_eq!(far(Some(0.25), 9, 10), Some((250, 1000)));
        assert_eq!(far(None, 9, 10), Some((9, 10)));
        // A program that runs: no bar that is full from the beginning.
        assert_eq!(far(None, 0, 0), None);
    }
}
