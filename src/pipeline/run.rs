//! Drives one run: hands out tasks as their inputs arrive, and tells what happens.

use super::{
    Coordinate, Document, Event, EventKind, Executor, Key, NodeError, Pipeline, RunId, RunOptions, RunStatus,
    TaskId, Value,
    evaluate::{EvalState, Evaluator, Job, Outcome},
    executor::source_of,
    feed::{Feed, TaskMonitor},
    history::{Keeping, RunResult},
    memo::Memo,
    needs::Room,
    ready::Ready,
    store::{Claim, ScratchFolder, Store, lock},
    survey::made,
    task::{self, Finished, Site},
};
use crate::data::{Notice, text::size};
use crossbeam_channel::{Receiver, Sender};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A wish to cancel is seen within this time.
const TICK: Duration = Duration::from_millis(20);

/// While tasks run, walks over the pipeline take at most one part in so many of the time, however many items there are.
const WALK_SHARE: u32 = 20;

/// How often it is asked whether another process is done with a task.
const ELSEWHERE: Duration = Duration::from_millis(100);

/// So many tasks go before one that does not fit; then the room it needs is kept free.
const PATIENCE: usize = 16;

type Ended = (Arc<Job>, Result<Finished, NodeError>);

pub(super) struct Run {
    executor: Arc<Executor>,
    options: RunOptions,
    cancel: Arc<AtomicBool>,
    feed: Feed,
    site: Arc<Site>,
    ended: (Sender<Ended>, Receiver<Ended>),
    running: Vec<Arc<Job>>,
    /// The last state that was told of each task.
    told: HashMap<TaskId, Told>,
    /// Warnings that were told.
    warned: BTreeSet<(String, Notice)>,
    /// Tasks that can start, as the last walk found them.
    ready: Ready,
    /// Tasks that other processes are at, and when they are asked for again.
    elsewhere: Vec<(Arc<Job>, Instant)>,
    /// Why no more tasks are started: the disk is full.
    stopped: Option<String>,
    /// What is kept of the run.
    kept: Option<Keeping>,
    /// The first task that does not fit beside those that run, and how many went before it since.
    held: Option<(Key, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Queued,
    Started,
    Cached,
    Finished,
    Failed,
    Cancelled,
}

impl Run {
    /// Starts the thread of a run and returns the events it tells.
    pub(super) fn start(
        executor: Arc<Executor>,
        pipeline: Pipeline,
        options: RunOptions,
        id: RunId,
        cancel: Arc<AtomicBool>,
        end: Arc<(Mutex<Option<RunStatus>>, Condvar)>,
    ) -> Receiver<Event> {
        let (feed, events) = Feed::open(id);
        let last = feed.clone();
        let ending = end.clone();
        let finish = move |status| {
            last.close();
            *lock(&ending.0) = Some(status);
            ending.1.notify_all();
        };
        let failed = finish.clone();
        let body = move || {
            let threads = options.threads.unwrap_or(executor.limits().threads).max(1);
            let site = Site {
                store: executor.store().clone(),
                memo: executor.memo.clone(),
                pool: executor.pool(threads),
                meter: executor.meter.clone(),
                base_folder: options.base_folder.clone(),
                document: Document::to_text(&pipeline, executor.registry()),
                threads,
            };
            // Estimates that a view asks for, and the parts of a run that a scheduler has spread, are no runs of the
            // user's.
            let is_whole = options.fit_only.is_none() && options.only.is_none();
            let kept = is_whole.then(|| Keeping::begin(&site.store, &options, &site.document)).flatten();
            let run = Run {
                kept,
                executor,
                options,
                cancel,
                feed,
                site: Arc::new(site),
                ended: crossbeam_channel::unbounded(),
                running: Vec::new(),
                told: HashMap::new(),
                warned: BTreeSet::new(),
                ready: Ready::default(),
                elsewhere: Vec::new(),
                stopped: None,
                held: None,
            };
            finish(run.drive(&pipeline));
        };
        if std::thread::Builder::new().name("run".into()).spawn(body).is_err() {
            failed(RunStatus::Failed);
        }
        events
    }

    fn drive(mut self, pipeline: &Pipeline) -> RunStatus {
        let executor = self.executor.clone();
        let base_folder = self.options.base_folder.clone();
        let fit_end = self.options.fit_only.clone();
        let until = match (&fit_end, self.options.until.clone()) {
            (Some(end), _) => match source_of(pipeline, executor.registry(), end) {
                Ok((node, _)) => Some(node),
                Err(error) => return self.refuse(end, error.0),
            },
            (None, Some(node)) if !pipeline.has(&node) => {
                return self.refuse(&node, format!("there is no node \"{node}\" to run to"));
            }
            (None, until) => until,
        };
        let mut walk = executor.evaluator(pipeline, &base_folder, until.as_deref());
        let began = Instant::now();
        walk.evaluate();
        self.feed.tell(EventKind::RunStarted { tasks: self.tasks(&walk).count() });
        self.look_around(&mut walk);
        let mut pause = began.elapsed() * WALK_SHARE;
        let mut walked = Instant::now();
        // Tasks that ended since the last walk, and their keys.
        let (mut nodes, mut keys) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let idle = self.ready.is_empty() && self.running.len() < self.site.threads;
            if !keys.is_empty() && (idle || walked.elapsed() > pause) {
                let began = Instant::now();
                // Other nodes may have waited for the same work.
                let twins = runnable(&walk).filter(|job| keys.contains(&job.key));
                nodes.extend(twins.map(|job| job.task.node.clone()));
                walk.evaluate_from(&nodes);
                self.look_around(&mut walk);
                (nodes, keys) = (BTreeSet::new(), BTreeSet::new());
                pause = began.elapsed() * WALK_SHARE;
                walked = Instant::now();
            }
            self.start_what_can(&walk);
            if self.running.is_empty() {
                if !keys.is_empty() {
                    self.ready = Ready::default();
                    continue;
                }
                if self.elsewhere.is_empty() || !self.goes_on() {
                    break;
                }
            }
            if let Ok(first) = self.ended.1.recv_timeout(TICK) {
                let ended: Vec<Ended> = std::iter::once(first).chain(self.ended.1.try_iter()).collect();
                for (job, result) in ended {
                    keys.insert(job.key);
                    nodes.insert(job.task.node.clone());
                    self.end(&job, result, &mut walk);
                }
            }
        }
        self.finish(&walk)
    }

    fn goes_on(&self) -> bool {
        !self.cancel.load(Ordering::Relaxed) && self.stopped.is_none()
    }

    fn start_what_can(&mut self, walk: &Evaluator) {
        if self.goes_on() {
            self.ask_again();
            self.dispatch(walk);
        }
    }

    /// Starts what can start by what a walk found, and tells of the rest.
    fn look_around(&mut self, walk: &mut Evaluator) {
        if self.options.fit_only.is_some() {
            self.leave_out_all_but_fits(walk);
        }
        // The same work twice in one pipeline is done once.
        let at_work = self.running.iter().chain(self.elsewhere.iter().map(|(job, _)| job));
        let mut seen: BTreeSet<Key> = at_work.map(|job| job.key).collect();
        let wanted = runnable(walk).filter(|job| self.is_wanted(&job.task));
        self.ready = Ready::of(wanted.filter(|job| seen.insert(job.key)).cloned());
        // New work does not wait until ten thousand results are told of.
        self.start_what_can(walk);
        self.tell_states(walk);
    }

    /// Whether a task is one of those that were asked for.
    fn is_wanted(&self, task: &TaskId) -> bool {
        self.options.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted.holds(task)))
    }

    /// The tasks that were asked for, as far as they are known.
    fn tasks<'w>(&'w self, walk: &'w Evaluator) -> impl Iterator<Item = TaskId> + 'w {
        let all = walk.iter().flat_map(|(instance, eval)| {
            let items = eval.items.iter().filter(|item| item.is_task);
            items.map(|item| TaskId { node: instance.name.clone(), coordinate: item.coordinate.clone() })
        });
        all.filter(|task| self.is_wanted(task))
    }

    /// Ends a run that names what is not there.
    fn refuse(&mut self, node: &str, message: String) -> RunStatus {
        if let Some(kept) = self.kept.take() {
            let failures = BTreeMap::from([(node.to_owned(), message.clone())]);
            kept.end(RunStatus::Failed, 0, 0, failures, Vec::new());
        }
        let task = TaskId { node: node.to_owned(), coordinate: Coordinate::default() };
        let (status, results) = (RunStatus::Failed, BTreeMap::new());
        self.feed.tell(EventKind::RunStarted { tasks: 0 });
        self.feed.tell(EventKind::Failed { task, message: message.into() });
        self.feed.tell(EventKind::RunFinished { status, tasks: 0, cached: 0, results });
        status
    }

    /// Only estimates are wanted: other tasks are not started.
    fn leave_out_all_but_fits(&self, walk: &mut Evaluator) {
        loop {
            let left_out: Vec<Arc<Job>> = runnable(walk).filter(|job| !job.fit).cloned().collect();
            if left_out.is_empty() {
                return;
            }
            for job in left_out {
                let reason = "only estimates were asked for; run the pipeline".to_owned();
                walk.outcomes.insert(job.key, Outcome::Cancelled(reason));
                walk.evaluate_from(&BTreeSet::from([job.task.node.clone()]));
            }
        }
    }

    /// Tells what became of tasks since the last time.
    fn tell_states(&mut self, walk: &Evaluator) {
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
                if !self.is_wanted(&task) {
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
                        self.tell(task, Told::Cancelled, |task| EventKind::Cancelled { task, reason });
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
                self.feed.tell(EventKind::Cancelled { task, reason });
            }
        }
    }

    fn tell(&mut self, task: TaskId, state: Told, kind: impl FnOnce(TaskId) -> EventKind) {
        if self.told.get(&task) != Some(&state) {
            self.feed.tell(kind(task.clone()));
            self.told.insert(task, state);
        }
    }

    /// Tasks that another process was at are ready again once it is done with them, or dead.
    fn ask_again(&mut self) {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.elsewhere).into_iter().partition(|(_, at)| *at <= now);
        self.elsewhere = later;
        for (job, _) in due {
            match self.site.store.is_at_work(&job.key) {
                true => self.elsewhere.push((job, now + ELSEWHERE)),
                false => self.ready.push_front(job),
            }
        }
    }

    /// A task for this process alone; none where another one is at it.
    fn claim(&mut self, job: &Arc<Job>) -> Option<ScratchFolder> {
        match self.site.store.claim(&job.key) {
            Ok(Claim::Ours(folder)) => Some(folder),
            Ok(Claim::Taken(owner)) => {
                let line = format!("waits for {owner}, which is computing it");
                self.feed.tell(EventKind::Log { task: job.task.clone(), warning: false, line });
                self.elsewhere.push((job.clone(), Instant::now() + ELSEWHERE));
                None
            }
            Err(error) => {
                self.running.push(job.clone());
                let _ = self.ended.0.send((job.clone(), Err(error.into())));
                None
            }
        }
    }

    /// Starts what can run, within the limits.
    fn dispatch(&mut self, walk: &Evaluator) {
        let executor = self.executor.clone();
        let running = self.running.iter().map(|job| (job.class(), job.needs()));
        let mut room = Room::new(executor.limits(), self.site.threads, running);
        // What was held back may be gone.
        if self.held.is_some_and(|(key, _)| !self.ready.iter().any(|job| job.key == key)) {
            self.held = None;
        }
        let mut waiting = Vec::new();
        while !room.is_full()
            && let Some(job) = self.ready.take(|class| !room.is_full_of(class))
        {
            if !room.fits(job.class(), job.needs()) {
                let goes_on = self.held_back(&job, &room);
                waiting.push(job);
                if goes_on {
                    continue;
                }
                break;
            }
            let Some(scratch) = self.claim(&job) else { continue };
            let mut ingredients = walk.ingredients(&job);
            ingredients.because = self.executor.reasons(walk, &job, &self.document());
            self.tell(job.task.clone(), Told::Started, |task| EventKind::Started { task });
            room.take(job.class(), job.needs());
            self.passed(&job);
            self.running.push(job.clone());
            let (site, sender) = (self.site.clone(), self.ended.0.clone());
            let monitor =
                Arc::new(TaskMonitor::new(job.task.clone(), self.feed.clone(), self.cancel.clone()));
            let own = job.clone();
            let body = move || {
                let result = super::memo::caught(|| task::run(&own, &site, &monitor, scratch, ingredients));
                monitor.tell_rest();
                // The run waits for every task, so somebody listens.
                let _ = sender.send((own, result));
            };
            if let Err(e) = std::thread::Builder::new().name(job.task.node.clone()).spawn(body) {
                let error = NodeError::Failed(format!("no thread could be started: {e}"));
                let _ = self.ended.0.send((job, Err(error)));
            }
        }
        waiting.into_iter().rev().for_each(|job| self.ready.push_front(job));
    }

    /// A task does not fit beside those that run; true where others may go before it.
    fn held_back(&mut self, job: &Arc<Job>, room: &Room) -> bool {
        let needs = job.needs();
        let (_, passed) = *self.held.get_or_insert_with(|| {
            let (wanted, free) = (size(needs.memory_bytes), size(room.free_memory()));
            let line = if needs.memory_bytes > self.executor.limits().memory_bytes {
                format!(
                    "needs about {wanted} of memory, more than may be used at once: waits until it is alone"
                )
            } else if needs.memory_bytes > room.free_memory() {
                format!("waits for memory: it needs about {wanted}, {free} are free")
            } else {
                format!("waits for {} free cores", needs.cores)
            };
            self.feed.tell(EventKind::Log { task: job.task.clone(), warning: false, line });
            (job.key, 0)
        });
        passed < PATIENCE
    }

    /// A task starts, ahead of one that is held back or as the one that was.
    fn passed(&mut self, job: &Job) {
        match &mut self.held {
            Some((key, _)) if *key == job.key => self.held = None,
            Some((_, passed)) => *passed += 1,
            None => {}
        }
    }

    fn end(&mut self, job: &Arc<Job>, result: Result<Finished, NodeError>, walk: &mut Evaluator) {
        self.running.retain(|r| !Arc::ptr_eq(r, job));
        let task = job.task.clone();
        match result {
            Ok(Finished { stored, found, wall_s, cpu_s }) => {
                let folder = stored.folder.clone();
                self.site.store.forget_failure(&job.key);
                match found {
                    true => self.tell(task, Told::Cached, |task| EventKind::Cached { task, folder }),
                    false => self.tell(task, Told::Finished, |task| EventKind::Finished {
                        task,
                        folder,
                        wall_s,
                        cpu_s,
                    }),
                }
                walk.set_done(stored);
            }
            Err(NodeError::Cancelled) if self.cancel.load(Ordering::Relaxed) => {
                let reason = "stopped".to_owned();
                walk.outcomes.insert(job.key, Outcome::Cancelled(reason.clone()));
                self.tell(task, Told::Cancelled, |task| EventKind::Cancelled { task, reason });
            }
            Err(error) => {
                if error.is_full_disk() {
                    self.stopped = Some("the run was stopped before its turn: the disk is full".into());
                }
                let message = Notice::from(error);
                self.site.store.note_failure(&job.key, &message);
                walk.outcomes.insert(job.key, Outcome::Failed(message.clone()));
                self.tell(task, Told::Failed, |task| EventKind::Failed { task, message });
            }
        }
    }

    fn finish(mut self, walk: &Evaluator) -> RunStatus {
        let cancelled = self.cancel.load(Ordering::Relaxed);
        let queued = self.told.iter().filter(|(_, state)| **state == Told::Queued);
        let mut queued: Vec<TaskId> = queued.map(|(task, _)| task.clone()).collect();
        queued.sort();
        for task in queued {
            let reason = self.stopped.clone().unwrap_or_else(|| "the run was stopped before its turn".into());
            self.tell(task, Told::Cancelled, |task| EventKind::Cancelled { task, reason });
        }
        let has = |state: Told| self.told.values().any(|s| *s == state);
        let status = if cancelled && has(Told::Cancelled) {
            RunStatus::Cancelled
        } else if has(Told::Failed) {
            RunStatus::Failed
        } else if has(Told::Cancelled) {
            RunStatus::Cancelled
        } else {
            RunStatus::Ok
        };
        let tasks = self.tasks(walk).count();
        let cached = self.tasks(walk).filter(|task| self.told.get(task) == Some(&Told::Cached)).count();
        let results = self.link(walk);
        let failed = self.told.values().filter(|state| **state == Told::Failed).count();
        self.options.hooks.call(status, self.options.pipeline_path.as_deref(), tasks, failed);
        if let Some(kept) = self.kept.take() {
            let came_out = came_out(walk, &self.site.memo, &self.site.store);
            kept.end(status, tasks, cached, failures(walk), came_out);
        }
        self.feed.tell(EventKind::RunFinished { status, tasks, cached, results });
        status
    }

    /// The document that names the folder of results.
    fn document(&self) -> PathBuf {
        self.options.pipeline_path.clone().unwrap_or_else(|| self.options.base_folder.join("unsaved"))
    }

    /// Links results below the pipeline's name and returns where each node's lie.
    fn link(&self, walk: &Evaluator) -> BTreeMap<String, PathBuf> {
        let folder = self.site.store.results_folder(&self.document());
        let mut results = BTreeMap::new();
        // Of some items alone the links of the others would go.
        let walked = walk.iter().filter(|_| self.options.only.is_none());
        for (instance, eval) in walked {
            let items: Vec<(Coordinate, PathBuf)> = eval
                .items
                .iter()
                .filter_map(|item| match &item.state {
                    EvalState::Done(stored) => Some((item.coordinate.clone(), stored.folder.clone())),
                    _ => None,
                })
                .collect();
            if items.is_empty() {
                continue;
            }
            self.executor.note_ran(&self.options.base_folder, &instance.name);
            match self.site.store.link_results(&folder, &instance.name, &items) {
                Ok(place) => {
                    results.insert(instance.name.clone(), place);
                }
                Err(error) => {
                    let task = TaskId { node: instance.name.clone(), coordinate: Coordinate::default() };
                    self.feed.tell(EventKind::Log { task, warning: true, line: error.to_string() });
                    results.extend(items.into_iter().next().map(|(_, f)| (instance.name.clone(), f)));
                }
            }
        }
        results
    }
}

/// Nodes that failed, and why.
fn failures(walk: &Evaluator) -> BTreeMap<String, String> {
    let of_node = walk.iter().filter_map(|(instance, eval)| {
        let of_item = eval.items.iter().find_map(|item| match &item.state {
            EvalState::Failed(message) => Some(&message.words),
            _ => None,
        });
        Some((instance.name.clone(), eval.invalid.as_ref().or(of_item)?.clone()))
    });
    of_node.collect()
}

/// What came out of tasks, for the history.
fn came_out(walk: &Evaluator, memo: &Memo, store: &Store) -> Vec<RunResult> {
    let wires = walk.pipeline.wires();
    let mut found = Vec::new();
    for (instance, eval) in walk.iter() {
        // A recipe has no result of its own.
        if !walk.registry.get(&instance.kind).is_some_and(|node| node.info().work.is_task()) {
            continue;
        }
        // What a source brings was there before the run.
        if !wires.iter().any(|wire| wire.2 == instance.name) {
            continue;
        }
        let last = !wires.iter().any(|wire| wire.0 == instance.name);
        for (port, items) in &eval.outputs {
            if let Some((count, first)) = made(items, memo, store) {
                let (end, port_type) = (format!("{}.{port}", instance.name), first.port_type());
                let sums_up = matches!(&first, Value::Table(table) if table.num_rows() == 1);
                found.push(RunResult { end, port_type, last, sums_up, words: first.summary_of(count) });
            }
        }
    }
    found
}

/// Tasks that could start now, in topological order.
fn runnable<'w>(walk: &'w Evaluator) -> impl Iterator<Item = &'w Arc<Job>> {
    walk.iter().flat_map(|(_, eval)| &eval.items).filter_map(|item| match &item.state {
        EvalState::Runnable(job) => Some(job),
        _ => None,
    })
}
