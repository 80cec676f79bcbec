//! From the work to the reader of events: states and logs in order, progress and previews only the latest.
//!
//! The work never waits: it leaves what it has to say in memory, and a small thread hands it on.

use super::{
    Event, EventKind, RunId, TaskId,
    course::{Course, UsualStages},
    log::{Flood, TaskLog},
    resources::process_cpu_s,
    store::lock,
};
use crate::{
    data::Notice,
    engine::{Monitor, Preview},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Events that wait in the channel for the reader.
const CHANNEL: usize = 1024;
/// Progress and previews of a task go out at most once in this time.
const COALESCED: Duration = Duration::from_millis(50);
/// Peaks of a preview that wait at most; a slow reader gets a thinned cloud.
const MAX_PEAKS: usize = 100_000;

#[derive(Clone)]
pub(super) struct Feed {
    shared: Arc<Shared>,
    run: RunId,
    began: Instant,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    slots: BTreeMap<TaskId, Slot>,
    /// Nothing is handed on before the start of the run is told.
    held: bool,
    /// No more events come.
    closed: bool,
    /// Nobody reads any more.
    deserted: bool,
}

/// The latest of what a task reported.
#[derive(Default)]
struct Slot {
    progress: Option<EventKind>,
    peaks: Vec<[f32; 3]>,
    counts: Option<Preview>,
    templates: Option<Preview>,
}

impl Slot {
    fn take(&mut self, task: &TaskId) -> Vec<EventKind> {
        let slot = std::mem::take(self);
        let peaks = (!slot.peaks.is_empty()).then_some(Preview::Peaks(slot.peaks));
        let previews = [peaks, slot.counts, slot.templates].into_iter().flatten();
        let previews = previews.map(|preview| EventKind::Preview { task: task.clone(), preview });
        slot.progress.into_iter().chain(previews).collect()
    }
}

impl Feed {
    /// A feed of a run and the end to read from.
    pub(super) fn open(run: RunId) -> (Self, crossbeam_channel::Receiver<Event>) {
        let (sender, receiver) = crossbeam_channel::bounded(CHANNEL);
        let feed = Self { shared: Arc::default(), run, began: Instant::now() };
        let pump = feed.clone();
        // Without the thread nothing is told; the run itself goes on.
        let _ = std::thread::Builder::new().name("events".into()).spawn(move || pump.pump(&sender));
        (feed, receiver)
    }

    fn event(&self, kind: EventKind) -> Event {
        Event { run: self.run, at_s: self.began.elapsed().as_secs_f64(), kind }
    }

    /// Keeps what is told until the start of the run is, which goes first: tasks may start while it is still found out how
    /// many there are.
    pub(super) fn hold(&self) {
        lock(&self.shared.waiting).held = true;
    }

    /// Tells a state or a line of a log; what the task reported before goes first.
    pub(super) fn tell(&self, kind: EventKind) {
        let mut waiting = lock(&self.shared.waiting);
        if waiting.deserted {
            return;
        }
        if let Some(task) = task_of(&kind)
            && let Some(mut slot) = waiting.slots.remove(task)
        {
            for earlier in slot.take(task) {
                let event = self.event(earlier);
                waiting.events.push_back(event);
            }
        }
        let event = self.event(kind);
        if matches!(event.kind, EventKind::RunStarted { .. }) {
            waiting.held = false;
            waiting.events.push_front(event);
        } else {
            waiting.events.push_back(event);
        }
        self.shared.wake.notify_one();
    }

    /// Changes the latest report of a task.
    fn report(&self, task: &TaskId, change: impl FnOnce(&mut Slot)) {
        let mut waiting = lock(&self.shared.waiting);
        if waiting.deserted {
            return;
        }
        match waiting.slots.get_mut(task) {
            Some(slot) => change(slot),
            None => change(waiting.slots.entry(task.clone()).or_default()),
        }
        self.shared.wake.notify_one();
    }

    /// Ends the feed once everything was handed on.
    pub(super) fn close(&self) {
        lock(&self.shared.waiting).closed = true;
        self.shared.wake.notify_one();
    }

    fn pump(&self, sender: &crossbeam_channel::Sender<Event>) {
        let mut last_reports = Instant::now();
        loop {
            let mut waiting = lock(&self.shared.waiting);
            let batch = loop {
                let held = waiting.held && !waiting.closed;
                let due = last_reports.elapsed() >= COALESCED || waiting.closed;
                if !waiting.slots.is_empty() && due && !held {
                    last_reports = Instant::now();
                    for (task, mut slot) in std::mem::take(&mut waiting.slots) {
                        for kind in slot.take(&task) {
                            let event = self.event(kind);
                            waiting.events.push_back(event);
                        }
                    }
                }
                if !waiting.events.is_empty() && !held {
                    break std::mem::take(&mut waiting.events);
                }
                if waiting.closed {
                    return;
                }
                let pause = if waiting.slots.is_empty() { Duration::from_secs(60) } else { COALESCED };
                waiting = match self.shared.wake.wait_timeout(waiting, pause) {
                    Ok((guard, _)) => guard,
                    Err(poisoned) => poisoned.into_inner().0,
                };
            };
            drop(waiting);
            for event in batch {
                if sender.send(event).is_err() {
                    let mut waiting = lock(&self.shared.waiting);
                    waiting.deserted = true;
                    waiting.events.clear();
                    waiting.slots.clear();
                    return;
                }
            }
        }
    }
}

fn task_of(kind: &EventKind) -> Option<&TaskId> {
    match kind {
        EventKind::Queued { task }
        | EventKind::Cached { task, .. }
        | EventKind::Started { task }
        | EventKind::Progress { task, .. }
        | EventKind::Log { task, .. }
        | EventKind::Preview { task, .. }
        | EventKind::Finished { task, .. }
        | EventKind::Failed { task, .. }
        | EventKind::Cancelled { task, .. } => Some(task),
        EventKind::RunStarted { .. } | EventKind::RunFinished { .. } => None,
    }
}

/// What a task reports to: the feed, its log, and the wish to cancel.
pub(super) struct TaskMonitor {
    task: TaskId,
    feed: Feed,
    /// Set where the whole run is to stop, or this task alone.
    cancel: [Arc<AtomicBool>; 2],
    /// The stage it is in.
    stage: Mutex<String>,
    stages: Mutex<Stages>,
    began: Instant,
    course: Mutex<Course>,
    log: Mutex<TaskLog>,
    warnings: Mutex<Vec<Notice>>,
    flood: Mutex<Flood>,
    tools: Mutex<BTreeMap<String, String>>,
    /// The most memory that other programs held, in bytes.
    memory_of_programs: AtomicU64,
}

/// Marks a warning in the log of a result.
const WARNING: &str = "warning: ";

/// The warnings in the log of a result.
pub(super) fn warnings_in(log: &str) -> Vec<String> {
    let line = |line: &str| {
        let (at_s, words) = line.trim_start().split_once(' ')?;
        at_s.parse::<f64>().ok()?;
        words.strip_prefix(WARNING).map(str::to_owned)
    };
    log.lines().filter_map(line).collect()
}

/// Time of one stage of a task, as its provenance has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTime {
    /// Its name.
    pub name: String,
    /// Seconds that passed.
    pub wall_s: f64,
    /// Of the whole process meanwhile; the time that passed where the system does not tell.
    pub cpu_s: f64,
}

/// Stages that ended, and the one that goes on with its beginnings.
#[derive(Default)]
struct Stages {
    ended: Vec<StageTime>,
    /// Each time a stage was gone through.
    visits: UsualStages,
    current: Option<(String, Instant, Option<f64>)>,
}

impl Stages {
    fn end_current(&mut self) {
        let Some((name, began, cpu)) = self.current.take() else { return };
        let wall_s = began.elapsed().as_secs_f64();
        let cpu_s = cpu.and_then(|before| Some(process_cpu_s()? - before)).unwrap_or(wall_s);
        self.visits.push((name.clone(), wall_s));
        // A stage that is entered again goes on.
        match self.ended.iter_mut().find(|stage| stage.name == name) {
            Some(stage) => {
                stage.wall_s += wall_s;
                stage.cpu_s += cpu_s;
            }
            None => self.ended.push(StageTime { name, wall_s, cpu_s }),
        }
    }
}

impl TaskMonitor {
    /// Of a task whose stages are `usual`ly these.
    pub(super) fn new(task: TaskId, feed: Feed, cancel: [Arc<AtomicBool>; 2], usual: UsualStages) -> Self {
        Self {
            task,
            feed,
            cancel,
            stage: Mutex::default(),
            stages: Mutex::default(),
            began: Instant::now(),
            course: Mutex::new(Course::new(usual)),
            log: Mutex::default(),
            warnings: Mutex::default(),
            flood: Mutex::default(),
            tools: Mutex::default(),
            memory_of_programs: AtomicU64::new(0),
        }
    }

    /// The most memory that other programs held, in bytes; `None` where there was none.
    pub(super) fn memory_of_programs(&self) -> Option<u64> {
        Some(self.memory_of_programs.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)
    }

    /// Time of each stage the node announced, in the order they began.
    pub(super) fn take_stages(&self) -> Vec<StageTime> {
        let mut stages = lock(&self.stages);
        stages.end_current();
        std::mem::take(&mut stages.ended)
    }

    /// The stages as they followed each other, some of them several times, once they are taken.
    pub(super) fn take_visits(&self) -> UsualStages {
        std::mem::take(&mut lock(&self.stages).visits)
    }

    /// Versions of other programs that took part.
    pub(super) fn take_tools(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut lock(&self.tools))
    }

    /// What was logged, a line each.
    pub(super) fn take_log(&self) -> String {
        lock(&self.log).take()
    }

    /// What was warned of.
    pub(super) fn take_warnings(&self) -> Vec<Notice> {
        std::mem::take(&mut lock(&self.warnings))
    }

    /// Tells what was held back of many lines.
    pub(super) fn tell_rest(&self) {
        let mut flood = lock(&self.flood);
        flood.rest().into_iter().for_each(|line| self.tell(line, false));
    }

    fn tell(&self, line: String, warning: bool) {
        self.feed.tell(EventKind::Log { task: self.task.clone(), warning, line });
    }

    fn keep(&self, words: &str) {
        let at_s = self.feed.began.elapsed().as_secs_f64();
        let is_warning = |line: &str| !warnings_in(line).is_empty();
        lock(&self.log).push(format!("{at_s:10.3} {words}\n"), is_warning);
    }

    fn line(&self, line: &str) {
        self.keep(line);
        // Told while nobody else tells, so that lines keep their order.
        let mut flood = lock(&self.flood);
        flood.pass(line).into_iter().for_each(|line| self.tell(line, false));
    }

    fn report_progress(&self, done: u64, total: u64) {
        let stage = lock(&self.stage).clone();
        let (share, remaining_s) = lock(&self.course).at(done, total, self.began.elapsed().as_secs_f64());
        let task = self.task.clone();
        let kind = EventKind::Progress { task, stage, done, total, share, remaining_s };
        self.feed.report(&self.task, |slot| slot.progress = Some(kind));
    }
}

impl Monitor for TaskMonitor {
    fn stage(&self, name: &str) {
        *lock(&self.stage) = name.to_owned();
        lock(&self.course).enter(name);
        let mut stages = lock(&self.stages);
        stages.end_current();
        stages.current = Some((name.to_owned(), Instant::now(), process_cpu_s()));
        drop(stages);
        self.keep(name);
        self.report_progress(0, 0);
    }

    fn progress(&self, done: u64, total: u64) {
        self.report_progress(done, total);
    }

    fn cancelled(&self) -> bool {
        self.cancel.iter().any(|cancel| cancel.load(Ordering::Relaxed))
    }

    fn preview(&self, preview: Preview) {
        self.feed.report(&self.task, |slot| match preview {
            Preview::Peaks(peaks) => {
                slot.peaks.extend(peaks);
                if slot.peaks.len() > MAX_PEAKS {
                    let mut index = 0;
                    slot.peaks.retain(|_| {
                        index += 1;
                        index % 2 == 0
                    });
                }
            }
            counts @ Preview::Counts { .. } => slot.counts = Some(counts),
            templates @ Preview::Templates(_) => slot.templates = Some(templates),
        });
    }

    fn log(&self, line: &str) {
        self.line(line);
    }

    fn warn(&self, notice: &Notice) {
        self.keep(&format!("{WARNING}{notice}"));
        lock(&self.warnings).push(notice.clone());
        self.tell(notice.words.clone(), true);
    }

    fn tool(&self, name: &str, version: &str) {
        lock(&self.tools).insert(name.to_owned(), version.to_owned());
    }

    fn program_memory(&self, bytes: u64) {
        self.memory_of_programs.fetch_max(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> TaskId {
        TaskId { node: "n".into(), coordinate: Default::default() }
    }

    #[test]
    fn the_start_of_a_run_is_told_before_tasks_that_started_earlier() {
        let (feed, events) = Feed::open(RunId(1));
        feed.hold();
        feed.tell(EventKind::Started { task: task() });
        TaskMonitor::new(task(), feed.clone(), Default::default(), Vec::new()).warn(&"early".into());
        assert!(events.recv_timeout(Duration::from_millis(150)).is_err(), "it is kept back");
        feed.tell(EventKind::RunStarted { tasks: 1 });
        feed.close();
        let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
        assert!(
            matches!(
                kinds[..],
                [EventKind::RunStarted { .. }, EventKind::Started { .. }, EventKind::Log { .. }]
            ),
            "{kinds:?}"
        );
    }

    #[test]
    fn nothing_but_repeated_progress_is_lost_on_a_slow_reader() {
        let (feed, events) = Feed::open(RunId(1));
        let monitor = TaskMonitor::new(task(), feed.clone(), Default::default(), Vec::new());
        let began = Instant::now();
        for i in 0..20_000 {
            monitor.progress(i, 20_000);
            if i % 4 == 0 {
                monitor.warn(&i.to_string().into());
            }
            monitor.preview(Preview::Peaks(vec![[0.0; 3]]));
        }
        feed.tell(EventKind::Cancelled {
            task: task(),
            reason: String::new(),
            cause: super::super::LeftOut::Turn,
        });
        feed.close();
        assert!(began.elapsed() < Duration::from_secs(2), "the work waited for the reader");
        let events: Vec<EventKind> = events.iter().map(|e| e.kind).collect();
        let logs = events.iter().filter(|e| matches!(e, EventKind::Log { .. })).count();
        assert_eq!(logs, 5000);
        assert!(
            matches!(events.last(), Some(EventKind::Cancelled { .. })),
            "states come after what was before"
        );
        let last = events.iter().rev().find_map(|e| match e {
            EventKind::Progress { done, .. } => Some(*done),
            _ => None,
        });
        assert_eq!(last, Some(19_999));
        let peaks: usize = events
            .iter()
            .map(|e| match e {
                EventKind::Preview { preview: Preview::Peaks(peaks), .. } => peaks.len(),
                _ => 0,
            })
            .sum();
        assert_eq!(peaks, 20_000, "peaks add up");
    }

    #[test]
    fn a_reader_that_left_ends_the_feed() {
        let (feed, events) = Feed::open(RunId(1));
        drop(events);
        for _ in 0..10 {
            feed.tell(EventKind::Queued { task: task() });
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(lock(&feed.shared.waiting).deserted);
    }
}
