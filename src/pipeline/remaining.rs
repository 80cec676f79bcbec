//! How long a run will still take, from what its tasks took so far.

use super::{Event, EventKind, TaskId, countdown::Countdown};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the tasks of a node.
#[derive(Debug, Default)]
struct OfNode {
    queued: BTreeSet<TaskId>,
    finished: usize,
    wall_s: f64,
}

/// A task that runs: since when, and what it says is left, with when it said so.
#[derive(Debug)]
struct Running {
    began_s: f64,
    left: Option<(f64, f64)>,
}

/// Hears the events of a run and tells how long it will take.
#[derive(Debug, Default)]
pub struct Remaining {
    nodes: BTreeMap<String, OfNode>,
    running: BTreeMap<TaskId, Running>,
    /// Seconds that tasks took together, and when the first began.
    spent_s: f64,
    first_s: Option<f64>,
    now_s: f64,
    countdown: Countdown,
    left_s: Option<f64>,
}

impl Remaining {
    /// Hears an event.
    pub fn hear(&mut self, event: &Event) {
        self.now_s = event.at_s;
        match &event.kind {
            EventKind::RunStarted { .. } => *self = Self::default(),
            EventKind::Queued { task } => {
                self.node(task).queued.insert(task.clone());
            }
            EventKind::Started { task } => {
                self.node(task).queued.remove(task);
                self.first_s.get_or_insert(event.at_s);
                self.running.insert(task.clone(), Running { began_s: event.at_s, left: None });
            }
            EventKind::Progress { task, remaining_s, .. } => {
                if let Some(running) = self.running.get_mut(task) {
                    running.left = remaining_s.map(|left_s| (left_s, event.at_s));
                }
            }
            EventKind::Finished { task, wall_s, .. } => {
                self.over(task);
                let node = self.node(task);
                node.finished += 1;
                node.wall_s += wall_s;
                self.spent_s += wall_s;
            }
            EventKind::Cached { task, .. }
            | EventKind::Failed { task, .. }
            | EventKind::Cancelled { task, .. } => {
                self.over(task);
            }
            _ => {}
        }
        let left_s = self.estimate();
        if left_s.is_none() {
            // What is new may take any time.
            self.countdown = Countdown::default();
        }
        self.left_s = left_s.and_then(|left_s| self.countdown.say(left_s));
    }

    fn node(&mut self, task: &TaskId) -> &mut OfNode {
        self.nodes.entry(task.node.clone()).or_default()
    }

    fn over(&mut self, task: &TaskId) {
        self.node(task).queued.remove(task);
        self.running.remove(task);
    }

    /// Seconds until all is done, which never rise; none where tasks of a node wait of which none was seen to the end.
    pub fn seconds(&self) -> Option<f64> {
        self.left_s
    }

    fn estimate(&self) -> Option<f64> {
        let mut work_s = 0.0;
        let mut longest_s: f64 = 0.0;
        let mean = |node: &OfNode| (node.finished > 0).then(|| node.wall_s / node.finished as f64);
        for node in self.nodes.values().filter(|node| !node.queued.is_empty()) {
            work_s += mean(node)? * node.queued.len() as f64;
        }
        let mut spent_s = self.spent_s;
        for (task, running) in &self.running {
            let elapsed_s = self.now_s - running.began_s;
            let left_s = match running.left {
                Some((left_s, told_s)) => left_s - (self.now_s - told_s),
                None => mean(self.nodes.get(&task.node)?)? - elapsed_s,
            };
            work_s += left_s.max(0.0);
            longest_s = longest_s.max(left_s);
            spent_s += elapsed_s;
        }
        // As many at once as there were on average so far.
        let at_once = (spent_s / (self.now_s - self.first_s?)).max(1.0);
        let left_s = (work_s / at_once).max(longest_s);
        left_s.is_finite().then_some(left_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Coordinate, CoordinateValue, RunId};

    fn task(node: &str, index: usize) -> TaskId {
        let coordinate = Coordinate::single("index", CoordinateValue::of_text(&index.to_string()));
        TaskId { node: node.to_owned(), coordinate }
    }

    #[test]
    fn what_is_left_follows_from_what_others_took() {
        let mut remaining = Remaining::default();
        let mut hear = |at_s: f64, kind| remaining_of(&mut remaining, at_s, kind);
        hear(0.0, EventKind::RunStarted { tasks: 8 });
        (0..8).for_each(|i| assert_eq!(hear(0.0, EventKind::Queued { task: task("sort", i) }), None));
        // Two at once, ten seconds each.
        hear(0.0, EventKind::Started { task: task("sort", 0) });
        assert_eq!(hear(0.0, EventKind::Started { task: task("sort", 1) }), None);
        let done =
            |i| EventKind::Finished { task: task("sort", i), folder: "a".into(), wall_s: 10.0, cpu_s: 1.0 };
        hear(10.0, done(0));
        assert_eq!(hear(10.0, done(1)), Some(30.0));
        hear(10.0, EventKind::Started { task: task("sort", 2) });
        hear(10.0, EventKind::Started { task: task("sort", 3) });
        hear(20.0, done(2));
        assert_eq!(hear(20.0, done(3)), Some(20.0));
        // What fails or was done before is no work any more; of what is new nothing is known yet.
        hear(20.0, EventKind::Failed { task: task("sort", 4), message: "broken".into() });
        assert_eq!(hear(20.0, EventKind::Cached { task: task("sort", 5), folder: "a".into() }), Some(10.0));
        assert_eq!(hear(20.0, EventKind::Queued { task: task("metrics", 0) }), None);
    }

    #[test]
    fn a_task_alone_says_itself_what_is_left() {
        let mut remaining = Remaining::default();
        let mut hear = |at_s: f64, kind| remaining_of(&mut remaining, at_s, kind);
        hear(0.0, EventKind::Started { task: task("sort", 0) });
        let stage = "detect".to_owned();
        let told = |remaining_s| EventKind::Progress {
            task: task("sort", 0),
            stage: stage.clone(),
            done: 1,
            total: 4,
            share: Some(0.25),
            remaining_s,
        };
        assert_eq!(hear(10.0, told(Some(30.0))), Some(30.0));
        assert_eq!(hear(11.0, told(Some(31.0))), Some(30.0), "it never rises");
        // It takes longer than it said: that is not the end.
        assert_eq!(hear(41.9, EventKind::Cached { task: task("x", 0), folder: "a".into() }), None);
        assert_eq!(hear(42.0, told(None)), None);
        assert_eq!(hear(43.0, told(Some(20.0))), Some(20.0));
        assert_eq!(hear(44.0, EventKind::Started { task: task("sort", 1) }), None);
    }

    fn remaining_of(remaining: &mut Remaining, at_s: f64, kind: EventKind) -> Option<f64> {
        remaining.hear(&Event { run: RunId(1), at_s, kind });
        remaining.seconds()
    }
}
