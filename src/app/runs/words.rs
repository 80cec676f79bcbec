//! Many tasks in a few words: the line of status, and one state for a node with several items.

use super::{Runs, Task};
use crate::{
    app::{text, texts},
    pipeline::{NodeState, RunStatus},
};

impl Runs {
    /// The last run ended well, but one of its tasks warned.
    pub fn has_warned(&self) -> bool {
        self.current.is_none()
            && self.last == Some(RunStatus::Ok)
            && self.tasks.iter().any(|task| task.warned)
    }

    /// `3 of 7 · Sort 41 % · 0:32 left`, or how the last run ended.
    pub fn status(&self) -> String {
        if self.current.is_none() {
            return match self.last {
                None => String::new(),
                Some(RunStatus::Ok) => {
                    let cached = self.cached;
                    if self.planned == 0 {
                        texts::runs::nothing_to_run_yet().to_owned()
                    } else if cached == self.planned {
                        texts::runs::done_nothing_had_changed().to_owned()
                    } else {
                        let tasks = texts::counts::tasks(self.planned);
                        let done = texts::runs::done_cached(&tasks, &cached, &text::took(self.now_s));
                        match self.tasks.iter().filter(|task| task.warned).count() {
                            0 => done,
                            count => texts::runs::with_warnings(&done, &texts::counts::warnings(count)),
                        }
                    }
                }
                Some(RunStatus::Failed) => {
                    let failed =
                        self.tasks.iter().filter(|t| matches!(t.state, NodeState::Failed(_))).count();
                    texts::runs::tasks_failed(&failed)
                }
                Some(RunStatus::Cancelled) => texts::runs::stopped().to_owned(),
            };
        }
        if self.stopping {
            return texts::runs::stopping().to_owned();
        }
        let over =
            |t: &&Task| matches!(t.state, NodeState::Done { .. } | NodeState::Cached | NodeState::Failed(_));
        let done = self.tasks.iter().filter(over).count();
        let mut parts = vec![texts::runs::done_of(&done, &self.to_do())];
        let running = self.tasks.iter().find_map(|t| match t.state {
            NodeState::Running { share, remaining_s } => Some((t, share, remaining_s)),
            _ => None,
        });
        if let Some((task, share, remaining_s)) = running {
            let name = text::sentence(&task.id.node);
            let mut words = match share {
                Some(share) => format!("{name} {:.0} %", share * 100.0),
                None if task.stage.is_empty() => name,
                // How far it is in this stage is all that is known.
                None => format!("{name}: {}", task.stage),
            };
            let left = |s: f64| texts::runs::time_left(&text::clock(s));
            let whole = self.remaining.seconds();
            // What is left of one task is not what is left of the run.
            if let (None, Some(own_s)) = (whole, remaining_s) {
                words = format!("{words} ({})", left(own_s));
            }
            parts.push(words);
            parts.extend(whole.map(left));
        }
        parts.join(" · ")
    }
}

/// The stage a task is in; how far it is in it where nothing is known of the whole.
pub(super) fn stage_words(stage: &str, done: u64, total: u64, knows_whole: bool) -> String {
    match (stage.is_empty(), total) {
        (false, 1..) if !knows_whole => format!("{stage} {:.0} %", done as f64 * 100.0 / total as f64),
        _ => stage.to_owned(),
    }
}

/// How much of a task is done, from 0 to 1; what does not run because something before it failed is none of the work.
pub(super) fn share_of(state: &NodeState) -> f32 {
    match state {
        NodeState::Running { share, .. } => share.unwrap_or(0.0),
        NodeState::Done { .. } | NodeState::Cached | NodeState::Failed(_) => 1.0,
        _ => 0.0,
    }
}

/// The state of a node from those of its tasks: the one that needs the eye most.
pub(super) fn joined(tasks: &[&Task]) -> NodeState {
    let find = |wanted: fn(&NodeState) -> bool| tasks.iter().map(|t| &t.state).find(|s| wanted(s)).cloned();
    if let Some(failed) = find(|s| matches!(s, NodeState::Failed(_))) {
        return failed;
    }
    if let Some(running) = find(|s| matches!(s, NodeState::Running { .. })) {
        if tasks.len() == 1 {
            return running;
        }
        let counted = tasks.iter().filter(|task| task.state != NodeState::Cancelled).count();
        let share = tasks.iter().map(|t| share_of(&t.state)).sum::<f32>() / counted as f32;
        return NodeState::Running { share: Some(share), remaining_s: None };
    }
    let cancelled = || find(|s| *s == NodeState::Cancelled);
    if let Some(waiting) = find(|s| *s == NodeState::Queued).or_else(cancelled) {
        return waiting;
    }
    let wall_s: f64 = tasks.iter().filter_map(|t| t.cost_s).map(|(wall, _)| wall).sum();
    if tasks.iter().any(|t| matches!(t.state, NodeState::Done { .. })) {
        NodeState::Done { wall_s }
    } else {
        NodeState::Cached
    }
}
