//! Drives one run: hands out tasks as their inputs arrive, and tells what happens.

mod dispatch;
mod finish;
mod tell;

use super::{
    Document, Event, EventKind, Executor, Key, LeftOut, NodeError, Pipeline, RunId, RunOptions, RunStatus,
    TaskId, Wanted,
    evaluate::{Evaluator, Job, NodeEval, Outcome, STOPPED},
    executor::{document_of, source_of},
    feed::Feed,
    history::Keeping,
    ready::Ready,
    store::lock,
    task::{Finished, Site},
};
use crate::data::Notice;
use crossbeam_channel::{Receiver, Sender};
use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tell::Told;

/// A wish to cancel is seen within this time.
const TICK: Duration = Duration::from_millis(20);

/// While tasks run, walks over the pipeline take at most one part in so many of the time, however many items there are.
const WALK_SHARE: u32 = 20;

/// Tasks to stop, from whoever holds the run.
pub(super) type Stops = Arc<Mutex<BTreeSet<TaskId>>>;

type Ended = (Arc<Job>, Result<Finished, NodeError>);

pub(super) struct Run {
    executor: Arc<Executor>,
    options: RunOptions,
    wanted: Wanted,
    cancel: Arc<AtomicBool>,
    feed: Feed,
    site: Arc<Site>,
    /// The document that names the folder of results, and where links to them lie.
    document: PathBuf,
    results: PathBuf,
    ended: (Sender<Ended>, Receiver<Ended>),
    running: Vec<Arc<Job>>,
    /// Single tasks that somebody wants stopped and that were not looked at yet.
    stops: Stops,
    /// Set where a task that runs is to stop.
    stop_of: HashMap<Key, Arc<AtomicBool>>,
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

impl Run {
    /// Starts the thread of a run and returns the events it tells.
    pub(super) fn start(
        executor: Arc<Executor>,
        pipeline: Pipeline,
        options: RunOptions,
        id: RunId,
        (cancel, stops): (Arc<AtomicBool>, Stops),
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
            let document = document_of(&options.base_folder, options.pipeline_path.as_deref(), options.owner);
            let run = Run {
                kept,
                wanted: Wanted::of(options.only.as_ref()),
                results: site.store.results_folder(&document),
                document,
                executor,
                options,
                cancel,
                feed,
                site: Arc::new(site),
                ended: crossbeam_channel::unbounded(),
                running: Vec::new(),
                stops,
                stop_of: HashMap::new(),
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
        self.feed.hold();
        walk.scout(|walk, eval| self.begin(walk, eval));
        walk.evaluate_with(|walk, eval| self.begin(walk, eval));
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
            self.hear_stops(&mut walk);
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

    /// Stops single tasks that somebody wants stopped; all others go on.
    fn hear_stops(&mut self, walk: &mut Evaluator) {
        let asked = std::mem::take(&mut *lock(&self.stops));
        if asked.is_empty() {
            return;
        }
        let nodes = asked.iter().map(|task| task.node.clone()).collect();
        walk.stopped.extend(asked);
        for job in self.running.iter().filter(|job| walk.is_stopped(&job.task)) {
            if let Some(stop) = self.stop_of.get(&job.key) {
                stop.store(true, Ordering::Relaxed);
            }
        }
        self.elsewhere.retain(|(job, _)| !walk.is_stopped(&job.task));
        walk.evaluate_from(&nodes);
        self.look_around(walk);
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

    /// New work does not wait until a study of thousands was looked through: what can start at a node fills the threads
    /// that are free.
    fn begin(&mut self, walk: &Evaluator, eval: &NodeEval) {
        let free = self.site.threads.saturating_sub(self.running.len());
        if free == 0 || self.options.fit_only.is_some() || !self.goes_on() {
            return;
        }
        let at_work = self.running.iter().chain(self.elsewhere.iter().map(|(job, _)| job));
        let mut seen: BTreeSet<Key> = at_work.map(|job| job.key).collect();
        let wanted = eval.runnable().filter(|job| self.wanted.holds(&job.task) && seen.insert(job.key));
        let first: Vec<Arc<Job>> = wanted.take(free).cloned().collect();
        self.ready = Ready::of(first.into_iter());
        self.dispatch(walk);
        self.ready = Ready::default();
    }

    /// Starts what can start by what a walk found, and tells of the rest.
    fn look_around(&mut self, walk: &mut Evaluator) {
        if self.options.fit_only.is_some() {
            self.leave_out_all_but_fits(walk);
        }
        if self.options.only.is_some() {
            // What others were to do is not done here: what gathers goes on without what they failed at.
            walk.take_failures(|job| self.wanted.holds(&job.task));
        }
        // The same work twice in one pipeline is done once.
        let at_work = self.running.iter().chain(self.elsewhere.iter().map(|(job, _)| job));
        let mut seen: BTreeSet<Key> = at_work.map(|job| job.key).collect();
        let wanted = runnable(walk).filter(|job| self.wanted.holds(&job.task));
        self.ready = Ready::of(wanted.filter(|job| seen.insert(job.key)).cloned());
        // New work does not wait until ten thousand results are told of.
        self.start_what_can(walk);
        self.tell_states(walk);
    }

    /// The tasks that were asked for, as far as they are known.
    fn tasks<'w>(&'w self, walk: &'w Evaluator) -> impl Iterator<Item = TaskId> + 'w {
        let all = walk.iter().flat_map(|(instance, eval)| {
            let items = eval.items.iter().filter(|item| item.is_task);
            items.map(|item| TaskId { node: instance.name.clone(), coordinate: item.coordinate.clone() })
        });
        all.filter(|task| self.wanted.holds(task))
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

    fn end(&mut self, job: &Arc<Job>, result: Result<Finished, NodeError>, walk: &mut Evaluator) {
        self.running.retain(|r| !Arc::ptr_eq(r, job));
        self.stop_of.remove(&job.key);
        let task = job.task.clone();
        match result {
            Ok(Finished { stored, found, wall_s, cpu_s }) => {
                let folder = stored.folder.clone();
                self.site.store.forget_failure(&job.key);
                self.link_one(&task, &folder);
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
            // The same work may be wanted elsewhere: only its own name says that it was stopped.
            Err(NodeError::Cancelled) if walk.is_stopped(&task) => {
                let (reason, cause) = (STOPPED.to_owned(), LeftOut::Stopped);
                self.tell(task, Told::Cancelled, |task| EventKind::Cancelled { task, reason, cause });
            }
            Err(NodeError::Cancelled) if self.cancel.load(Ordering::Relaxed) => {
                let (reason, cause) = (STOPPED.to_owned(), LeftOut::Stopped);
                walk.outcomes.insert(job.key, Outcome::Cancelled(reason.clone()));
                self.tell(task, Told::Cancelled, |task| EventKind::Cancelled { task, reason, cause });
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
}

/// Tasks that could start now, in topological order.
fn runnable<'w>(walk: &'w Evaluator) -> impl Iterator<Item = &'w Arc<Job>> {
    walk.iter().flat_map(|(_, eval)| eval.runnable())
}
