//! What is known of runs: events folded into tasks, states of nodes, and a log.

mod task;
mod words;

use super::text;
use crate::{
    app::texts,
    pipeline::{Event, EventKind, LeftOut, NodeState, Pipeline, Remaining, RunId, RunStatus, TaskId},
};
use crossbeam_channel::Sender;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};
pub use task::{Level, LogLine, Stop, Task};
use words::{joined, share_of, stage_words};

/// For so long the last line of the log is news.
const NEWS: Duration = Duration::from_secs(60);

/// Lines of the log that are kept.
const MAX_LOG: usize = 2000;

/// The last run, and what is left of those before.
#[derive(Default)]
pub struct Runs {
    current: Option<(RunId, Sender<Stop>)>,
    /// A run was asked for and is not heard of yet.
    starting: bool,
    stopping: bool,
    tasks: Vec<Task>,
    index: BTreeMap<TaskId, usize>,
    planned: usize,
    cached: usize,
    /// Seconds of the run at the last event.
    now_s: f64,
    /// When that was heard.
    heard_at: Option<Instant>,
    /// How the last run ended.
    pub last: Option<RunStatus>,
    /// How long the run will take, and how far it was: tasks that come in addition do not take it back.
    remaining: Remaining,
    furthest: f32,
    live: BTreeMap<String, NodeState>,
    /// Nodes whose tasks say nothing any more: they changed since.
    forgotten: BTreeSet<String>,
    /// Nodes that are not any more as they were when the run was asked for.
    outdated: BTreeSet<String>,
    stages: BTreeMap<String, String>,
    /// Tasks that were stopped and did not run since.
    stopped: BTreeSet<TaskId>,
    log: VecDeque<LogLine>,
    /// When the last of them was said.
    said_at: Option<Instant>,
    /// Runs that began in this session.
    number: u64,
}

impl Runs {
    /// A run was asked for.
    pub fn asked(&mut self) {
        self.starting = true;
    }

    /// Says which nodes changed since the run that goes on was asked for: what it does is not what they show.
    pub fn set_outdated(&mut self, nodes: BTreeSet<String>) {
        self.outdated = nodes;
    }

    /// A run began.
    pub fn started(&mut self, run: RunId, stop: Sender<Stop>) {
        self.starting = false;
        self.current = Some((run, stop));
        if self.stopping {
            self.stop();
        }
    }

    /// True from the moment a run is asked for to its end.
    pub fn is_busy(&self) -> bool {
        self.starting || self.is_running()
    }

    /// True from the start of a run to its end.
    pub fn is_running(&self) -> bool {
        self.current.is_some()
    }

    /// True after it was asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// Asks the run to stop.
    pub fn stop(&mut self) {
        self.stopping = self.is_busy();
        if let Some((_, stop)) = &self.current {
            // It is over where nobody listens.
            let _ = stop.send(Stop::All);
        }
    }

    /// It was asked to stop, and does not.
    pub fn goes_on_after_all(&mut self) {
        self.stopping = false;
    }

    /// Asks the run to stop those of these tasks that run or wait in it; all else goes on. How many it was asked for.
    pub fn stop_tasks(&self, tasks: &BTreeSet<TaskId>) -> usize {
        let at_work = |task: &&TaskId| self.get(task).is_some_and(Task::is_at_work);
        let tasks: BTreeSet<TaskId> = tasks.iter().filter(at_work).cloned().collect();
        let count = tasks.len();
        if let Some((_, stop)) = self.current.as_ref().filter(|_| count > 0) {
            let _ = stop.send(Stop::Tasks(tasks));
        }
        count
    }

    /// Tasks that were stopped and did not run since.
    pub fn stopped(&self) -> &BTreeSet<TaskId> {
        &self.stopped
    }

    /// A task of the last run.
    pub fn get(&self, id: &TaskId) -> Option<&Task> {
        self.index.get(id).and_then(|&at| self.tasks.get(at))
    }

    /// The tasks of the last run, in the order they were heard of.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The log, oldest first.
    pub fn log(&self) -> &VecDeque<LogLine> {
        &self.log
    }

    /// The last line of the log, and for how long it is worth a look still.
    pub fn news(&self) -> Option<(&LogLine, Duration)> {
        let left = NEWS.checked_sub(self.said_at?.elapsed())?;
        Some((self.log.back()?, left))
    }

    /// States of nodes as runs left them.
    pub fn live(&self) -> &BTreeMap<String, NodeState> {
        &self.live
    }

    /// The stage of each node that runs.
    pub fn stages(&self) -> &BTreeMap<String, String> {
        &self.stages
    }

    /// Seconds a task took, or has taken so far.
    pub fn elapsed_s(&self, task: &Task) -> Option<f64> {
        let so_far = || match task.state {
            NodeState::Running { .. } => task.started_s.map(|start| self.now_s + self.silent_s() - start),
            _ => None,
        };
        task.cost_s.map(|(wall, _)| wall).or_else(so_far)
    }

    /// Whole seconds since the last event of a run that goes on: on Slurm, or in a program, nothing is heard for long.
    fn silent_s(&self) -> f64 {
        let heard = self.heard_at.filter(|_| self.current.is_some());
        heard.map_or(0.0, |heard| heard.elapsed().as_secs() as f64)
    }

    /// Seconds the last run took, or has taken so far.
    pub fn lasted_s(&self) -> f64 {
        self.now_s
    }

    /// Share of the run that is done, while it goes on.
    pub fn share(&self) -> Option<f32> {
        self.current.as_ref()?;
        Some(self.furthest)
    }

    /// Tasks of the run, but those that do not run because something before them failed.
    fn to_do(&self) -> usize {
        let left_out = self.tasks.iter().filter(|task| task.state == NodeState::Cancelled).count();
        self.planned.max(self.tasks.len()) - left_out
    }

    /// The last task of a node.
    pub fn task_of(&self, node: &str) -> Option<&Task> {
        self.tasks.iter().rev().find(|t| t.id.node == node)
    }

    /// Adds a line of our own to the log.
    pub fn say(&mut self, level: Level, line: impl Into<String>) {
        self.push(LogLine { run: self.number, at_s: 0.0, level, line: line.into(), ..LogLine::of_run() });
    }

    /// What a task said in the last run, oldest first.
    pub fn log_of_task<'a>(&'a self, task: &'a TaskId) -> impl Iterator<Item = &'a LogLine> {
        self.log_of(&task.node).filter(|line| line.item == task.coordinate)
    }

    /// What a node said in the last run, oldest first.
    pub fn log_of(&self, node: &str) -> impl DoubleEndedIterator<Item = &LogLine> {
        self.log.iter().filter(move |line| line.run == self.number && line.node == node)
    }

    fn push(&mut self, line: LogLine) {
        if self.log.len() == MAX_LOG {
            self.log.pop_front();
        }
        self.log.push_back(line);
        self.said_at = Some(Instant::now());
    }

    /// Drops what was known of nodes that changed and of all that depends on them.
    pub fn forget(&mut self, pipeline: &Pipeline, changed: &BTreeSet<String>) {
        let reached = pipeline.with_followers(changed.clone());
        self.fold();
        let is_over = |state: &NodeState| !matches!(state, NodeState::Running { .. } | NodeState::Queued);
        let over = self.live.iter().filter(|(name, state)| reached.contains(*name) && is_over(state));
        self.forgotten.extend(over.map(|(name, _)| name.clone()).collect::<Vec<_>>());
        self.stopped.retain(|task| !reached.contains(&task.node));
        self.fold();
    }

    /// Drops what was known of all nodes: another document is shown.
    pub fn forget_all(&mut self) {
        self.forgotten.extend(self.tasks.iter().map(|task| task.id.node.clone()));
        self.stopped.clear();
        self.fold();
    }

    /// The task, which has something to say.
    fn task(&mut self, id: &TaskId) -> &mut Task {
        self.forgotten.remove(&id.node);
        let index = *self.index.entry(id.clone()).or_insert_with(|| {
            self.tasks.push(Task {
                id: id.clone(),
                state: NodeState::Queued,
                stage: String::new(),
                started_s: None,
                cost_s: None,
                folder: None,
                message: String::new(),
                warned: false,
                left_out: false,
            });
            self.tasks.len() - 1
        });
        &mut self.tasks[index]
    }

    /// Hears an event.
    pub fn hear(&mut self, event: &Event) {
        let line = |runs: &mut Self, task: &TaskId, level: Level, line: String| {
            let run = runs.number;
            let TaskId { node, coordinate: item } = task.clone();
            runs.push(LogLine { run, at_s: event.at_s, node, item, level, line });
        };
        self.now_s = event.at_s;
        self.heard_at = Some(Instant::now());
        self.remaining.hear(event);
        match &event.kind {
            EventKind::RunStarted { tasks } => {
                self.number += 1;
                self.tasks.clear();
                self.index.clear();
                self.forgotten.clear();
                self.live.clear();
                self.stages.clear();
                self.planned = *tasks;
                self.cached = 0;
                self.furthest = 0.0;
                self.last = None;
                self.stopping = false;
            }
            EventKind::Queued { task } => {
                self.stopped.remove(task);
                self.task(task).state = NodeState::Queued;
            }
            EventKind::Cached { task, folder } => {
                self.stopped.remove(task);
                self.cached += 1;
                let row = self.task(task);
                row.state = NodeState::Cached;
                row.folder = Some(folder.clone());
            }
            EventKind::Started { task } => {
                self.stopped.remove(task);
                let row = self.task(task);
                row.state = NodeState::Running { share: None, remaining_s: None };
                row.started_s = Some(event.at_s);
                line(self, task, Level::Info, texts::runs::started().into());
            }
            EventKind::Progress { task, stage, done, total, share, remaining_s } => {
                let row = self.task(task);
                row.state = NodeState::Running { share: *share, remaining_s: *remaining_s };
                row.stage = stage_words(stage, *done, *total, share.is_some());
            }
            EventKind::Log { task, warning, line: text } => {
                // A recipe may warn, and is no task.
                let row = self.index.get(task).and_then(|&at| self.tasks.get_mut(at));
                if let Some(row) = row.filter(|row| *warning || !row.warned) {
                    row.message.clone_from(text);
                    row.warned = *warning;
                }
                line(self, task, if *warning { Level::Warning } else { Level::Info }, text.clone());
            }
            EventKind::Preview { .. } => {}
            EventKind::Finished { task, folder, wall_s, cpu_s } => {
                let row = self.task(task);
                row.state = NodeState::Done { wall_s: *wall_s };
                row.cost_s = Some((*wall_s, *cpu_s));
                row.folder = Some(folder.clone());
                line(self, task, Level::Info, texts::runs::done_in(&text::took(*wall_s)));
            }
            EventKind::Failed { task, message } => {
                let row = self.task(task);
                row.state = NodeState::Failed(message.clone());
                row.message.clone_from(&message.words);
                line(self, task, Level::Error, message.words.clone());
            }
            EventKind::Cancelled { task, reason, cause } => {
                let row = self.task(task);
                row.state = NodeState::Cancelled;
                row.left_out = *cause != LeftOut::Stopped;
                row.message.clone_from(reason);
                if *cause == LeftOut::Stopped {
                    self.stopped.insert(task.clone());
                    line(self, task, Level::Info, reason.clone());
                }
            }
            EventKind::RunFinished { status, tasks, cached, .. } => {
                self.current = None;
                self.stopping = false;
                self.last = Some(*status);
                self.planned = *tasks;
                let words = match status {
                    RunStatus::Ok => texts::runs::finished(),
                    RunStatus::Failed => texts::runs::run_failed(),
                    RunStatus::Cancelled => texts::runs::run_stopped(),
                };
                let is_done = |task: &&Task| matches!(task.state, NodeState::Done { .. } | NodeState::Cached);
                let done = self.tasks.iter().filter(is_done).count();
                let tasks = texts::counts::tasks(*tasks);
                let (tasks, before) = match (status, cached) {
                    (RunStatus::Ok, 0) => (tasks, String::new()),
                    (RunStatus::Ok, _) => (tasks, texts::runs::and_done_before(&cached)),
                    (_, 0) => (texts::runs::done_of_tasks(&done, &tasks), String::new()),
                    _ => (texts::runs::done_of_tasks(&done, &tasks), texts::runs::of_them_before(&cached)),
                };
                let line = texts::runs::run_ended(&words, &text::took(event.at_s), &tasks, &before);
                let (run, at_s) = (self.number, event.at_s);
                self.push(LogLine { run, at_s, line, ..LogLine::of_run() });
            }
        }
    }

    /// The run's channel closed: it is over even if its last event was lost.
    pub fn ended(&mut self, status: RunStatus) {
        self.starting = false;
        self.current = None;
        self.stopping = false;
        self.last = Some(status);
    }

    /// States of nodes from those of their tasks; once a frame, however much was heard.
    pub fn fold(&mut self) {
        let done: f32 = self.tasks.iter().map(|t| share_of(&t.state)).sum();
        let share = (done / self.to_do().max(1) as f32).clamp(0.0, 1.0);
        self.furthest = self.furthest.max(share);
        let mut of_node: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
        let is_told = |node: &String| !self.forgotten.contains(node) && !self.outdated.contains(node);
        for task in self.tasks.iter().filter(|task| is_told(&task.id.node)) {
            of_node.entry(&task.id.node).or_default().push(task);
        }
        let mut live = BTreeMap::new();
        let mut stages = BTreeMap::new();
        for (node, tasks) in of_node {
            live.insert(node.to_owned(), joined(&tasks));
            if let Some(task) = tasks.iter().find(|t| matches!(t.state, NodeState::Running { .. })) {
                stages.insert(node.to_owned(), task.stage.clone());
            }
        }
        self.live = live;
        self.stages = stages;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Coordinate, CoordinateValue};

    #[test]
    fn events_become_states_and_a_status_line() {
        let mut runs = Runs::default();
        let (stop, _stopped) = crossbeam_channel::unbounded();
        runs.started(RunId(1), stop);
        let task = |node: &str| TaskId { node: node.into(), coordinate: Coordinate::default() };
        let mut hear = |kind| runs.hear(&Event { run: RunId(1), at_s: 1.0, kind });
        hear(EventKind::RunStarted { tasks: 2 });
        hear(EventKind::Queued { task: task("sort") });
        hear(EventKind::Cached { task: task("generate"), folder: "a".into() });
        hear(EventKind::Started { task: task("sort") });
        hear(EventKind::Progress {
            task: task("sort"),
            stage: "detect".into(),
            done: 41,
            total: 50,
            share: Some(0.41),
            remaining_s: Some(32.0),
        });
        runs.fold();
        assert_eq!(runs.status(), "1 of 2 · Sort 41 % · 0:32 left");
        assert_eq!(runs.stages()["sort"], "detect");
        // Tasks that are found on the way take nothing back from the bar.
        let share = runs.share();
        (0..6).for_each(|i| {
            let task = task(&format!("metrics_{i}"));
            runs.hear(&Event { run: RunId(1), at_s: 1.5, kind: EventKind::Queued { task } });
        });
        runs.fold();
        assert_eq!(runs.share(), share);
        // Nobody knows how long they take: what is told is of the task alone.
        assert_eq!(runs.status(), "1 of 8 · Sort 41 % (0:32 left)");
        // Of a task that never ran before only its stage is known.
        let kind = EventKind::Progress {
            task: task("sort"),
            stage: "detect".into(),
            done: 1,
            total: 4,
            share: None,
            remaining_s: None,
        };
        runs.hear(&Event { run: RunId(1), at_s: 1.6, kind });
        runs.fold();
        assert_eq!(runs.status(), "1 of 8 · Sort: detect 25 %");
        assert_eq!(runs.stages()["sort"], "detect 25 %");
        assert_eq!(runs.share(), share);
        // What says nothing for long runs on.
        let elapsed = |runs: &Runs| runs.elapsed_s(runs.get(&task("sort"))?);
        let so_far = elapsed(&runs);
        runs.heard_at = Instant::now().checked_sub(Duration::from_secs(90));
        assert_eq!(elapsed(&runs), so_far.map(|s| s + 90.0));
        assert!(so_far.is_some());
        runs.hear(&Event {
            run: RunId(1),
            at_s: 2.0,
            kind: EventKind::Failed { task: task("sort"), message: "no spikes".into() },
        });
        runs.fold();
        assert_eq!(runs.live()["sort"], NodeState::Failed("no spikes".into()));
        // What changed since is not what ran.
        runs.forget(&Pipeline::default(), &BTreeSet::from(["sort".to_owned()]));
        runs.fold();
        assert!(!runs.live().contains_key("sort") && runs.live().contains_key("generate"));
        // What a recipe warns of is in the log; it is no task that waits.
        let line = "its probe says no order".to_owned();
        let kind = EventKind::Log { task: task("read"), warning: true, line };
        runs.hear(&Event { run: RunId(1), at_s: 2.0, kind });
        runs.fold();
        assert!(!runs.live().contains_key("read"));
        assert!(runs.log_of("read").any(|line| line.level == Level::Warning));
    }

    #[test]
    fn a_study_says_when_all_is_done_and_what_each_of_its_items_said() {
        let mut runs = Runs::default();
        let (stop, _stopped) = crossbeam_channel::unbounded();
        runs.started(RunId(1), stop);
        let item = |i: usize| TaskId {
            node: "sort".into(),
            coordinate: Coordinate::single("index", CoordinateValue::of_text(&i.to_string())),
        };
        let mut hear = |at_s, kind| runs.hear(&Event { run: RunId(1), at_s, kind });
        hear(0.0, EventKind::RunStarted { tasks: 5 });
        (0..5).for_each(|i| hear(0.0, EventKind::Queued { task: item(i) }));
        hear(0.0, EventKind::Started { task: item(0) });
        hear(0.0, EventKind::Started { task: item(1) });
        hear(1.0, EventKind::Log { task: item(0), warning: false, line: "of 0".into() });
        hear(1.0, EventKind::Log { task: item(1), warning: true, line: "of 1".into() });
        hear(30.0, EventKind::Finished { task: item(0), folder: "a".into(), wall_s: 30.0, cpu_s: 30.0 });
        hear(30.0, EventKind::Started { task: item(2) });
        // Four times half a minute on two threads, of which one is just done.
        assert_eq!(runs.status(), "1 of 5 · Sort · 0:45 left");
        let said = |i: usize| runs.log_of_task(&item(i)).map(|l| l.line.clone()).collect::<Vec<_>>();
        assert!(
            said(0).contains(&"of 0".to_owned()) && !said(0).contains(&"of 1".to_owned()),
            "{:?}",
            said(0)
        );
        assert!(said(1).contains(&"of 1".to_owned()), "{:?}", said(1));
    }
}
