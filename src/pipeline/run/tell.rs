//! What a run tells of its tasks: each state once.

use super::Run;
use crate::pipeline::{
    Coordinate, EventKind, LeftOut, TaskId,
    evaluate::{EvalState, Evaluator},
};
use std::collections::HashSet;

/// The last state that was told of a task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Queued,
    Started,
    Cached,
    Finished,
    Failed,
    Cancelled,
}

impl Run {
    /// Tells what became of tasks since the last time.
    pub(super) fn tell_states(&mut self, walk: &Evaluator) {
        let mut present = HashSet::new();
        for (instance, eval) in walk.iter() {
            for warning in &eval.warnings {
                if self.warned.insert((instance.name.clone(), warning.clone())) {
                    let task = TaskId { node: instance.name.clone(), coordinate: Coordinate::default() };
                    self.feed.tell(EventKind::Log { task, warning: true, line: warning.words.clone() });
                }
            }
            if let Some(message) = &eval.invalid {
                let task = TaskId { node: instance.name.clone(), coordinate: Coordinate::default() };
                present.insert(task.clone());
                self.tell(task, Told::Failed, |task| EventKind::Failed {
                    task,
                    message: message.as_str().into(),
                });
            }
            for item in &eval.items {
                let task = TaskId { node: instance.name.clone(), coordinate: item.coordinate.clone() };
                if !self.wanted.holds(&task) {
                    continue;
                }
                present.insert(task.clone());
                match &item.state {
                    EvalState::Failed(message) => {
                        self.tell(task, Told::Failed, |task| EventKind::Failed {
                            task,
                            message: message.clone(),
                        });
                    }
                    _ if !item.is_task => {}
                    EvalState::Lazy => {}
                    EvalState::Done(stored)
                        if !matches!(self.told.get(&task), Some(Told::Finished | Told::Cached)) =>
                    {
                        let folder = stored.folder.clone();
                        self.link_one(&task, &folder);
                        self.tell(task.clone(), Told::Cached, |task| EventKind::Cached { task, folder });
                        // What is wrong with a result is as wrong the second time.
                        for notice in stored.warnings() {
                            if self.warned.insert((task.node.clone(), notice.clone())) {
                                let (task, line) = (task.clone(), notice.words);
                                self.feed.tell(EventKind::Log { task, warning: true, line });
                            }
                        }
                    }
                    EvalState::Done(_) => {}
                    EvalState::Runnable(_) | EvalState::Waiting => {
                        if !self.told.contains_key(&task) {
                            self.tell(task, Told::Queued, |task| EventKind::Queued { task });
                        }
                    }
                    EvalState::Cancelled(reason) => {
                        let reason = reason.clone();
                        let cause = if walk.is_stopped(&task) { LeftOut::Stopped } else { LeftOut::Before };
                        self.tell(task, Told::Cancelled, |task| EventKind::Cancelled { task, reason, cause });
                    }
                }
            }
        }
        // A task that was expected at one item and became several.
        let mut gone: Vec<TaskId> =
            self.told.keys().filter(|task| !present.contains(*task)).cloned().collect();
        gone.sort();
        for task in gone {
            if self.told.remove(&task) == Some(Told::Queued) {
                let reason = "its items are other ones, known only now".to_owned();
                let cause = LeftOut::Turn;
                self.feed.tell(EventKind::Cancelled { task, reason, cause });
            }
        }
    }

    pub(super) fn tell(&mut self, task: TaskId, state: Told, kind: impl FnOnce(TaskId) -> EventKind) {
        if self.told.get(&task) != Some(&state) {
            self.feed.tell(kind(task.clone()));
            self.told.insert(task, state);
        }
    }
}
