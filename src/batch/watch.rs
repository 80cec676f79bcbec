//! What becomes of a pipeline that was handed to Slurm, told as the events of a run.

use super::{BatchError, Element, Elements, Engine, JobState, Needs, Place, Slurm, Submission, settle::Told};
use crate::pipeline::{EventKind, Executor, Pipeline, RunStatus, TaskId};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// Looking through the store takes at most one part in so many of the time.
const LOOK_SHARE: u32 = 10;

/// Follows all that was submitted of a pipeline from a store and still goes on.
pub struct Watch {
    pub(super) executor: Arc<Executor>,
    slurm: Slurm,
    pub(super) path: PathBuf,
    /// The pipelines that were submitted, as they were, each once.
    pub(super) pipelines: Vec<Pipeline>,
    submissions: Vec<Submission>,
    /// What was in the store when submissions were read.
    known: Option<(usize, Option<SystemTime>)>,
    pub(super) places: BTreeMap<TaskId, Place>,
    /// The same tasks in the order they were submitted.
    order: Vec<TaskId>,
    pub(super) told: HashMap<TaskId, Told>,
    /// Where jobs run, as it was told last.
    words: HashMap<TaskId, String>,
    /// What was told of why arrays wait.
    waits: BTreeSet<(String, String)>,
    /// Since when tasks are done by what Slurm says, and have no result.
    pub(super) late: HashMap<TaskId, Instant>,
    /// Arrays of which something waits or runs.
    open: BTreeSet<String>,
    goes_on: bool,
    /// When the store was looked through last, and how long that took.
    looked: Option<(Instant, Duration)>,
}

impl Watch {
    /// Looks for what was submitted of a pipeline.
    pub fn new(executor: Arc<Executor>, slurm: Slurm, path: &Path) -> Self {
        Self {
            executor,
            slurm,
            path: path.to_owned(),
            pipelines: Vec::new(),
            submissions: Vec::new(),
            known: None,
            places: BTreeMap::new(),
            order: Vec::new(),
            told: HashMap::new(),
            words: HashMap::new(),
            waits: BTreeSet::new(),
            late: HashMap::new(),
            open: BTreeSet::new(),
            goes_on: false,
            looked: None,
        }
    }

    /// True while something waits or runs.
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Where each task was put.
    pub fn places(&self) -> &BTreeMap<TaskId, Place> {
        &self.places
    }

    /// What the jobs of each node were given the last time.
    pub fn given(&self) -> BTreeMap<String, Needs> {
        let jobs = self.submissions.iter().rev().flat_map(|submission| &submission.jobs);
        jobs.map(|jobs| (jobs.node.clone(), jobs.needs.clone())).collect()
    }

    /// Settings of the form `node.param=value` that were submitted the last time.
    pub fn settings(&self) -> Vec<String> {
        self.submissions.first().map(|latest| latest.settings.clone()).unwrap_or_default()
    }

    /// True where something was submitted since it was read last, by whomever.
    pub fn has_more(&self) -> bool {
        self.known != Some(Submission::stamp(self.executor.store().folder()))
    }

    /// True where the pipeline was ever submitted; where not, Slurm need not be asked.
    fn was_submitted(&mut self) -> bool {
        let store = self.executor.store().folder();
        let stamp = Submission::stamp(store);
        let any =
            Submission::of(store, &self.path).iter().any(|submission| submission.engine == Engine::Slurm);
        if !any {
            self.known = Some(stamp);
        }
        any
    }

    /// Reads what was submitted; where nothing of it waits or runs any more there is nothing to follow.
    fn read(&mut self, elements: &Elements) -> Result<(), BatchError> {
        let store = self.executor.store().folder().to_owned();
        let stamp = Submission::stamp(&store);
        let mut submissions = Submission::of(&store, &self.path);
        // What ended long ago is a matter of the store alone.
        submissions.retain(|submission| {
            submission.engine == Engine::Slurm && submission.jobs.iter().any(|jobs| elements.knows(&jobs.job))
        });
        let mut pipelines: Vec<Pipeline> = Vec::new();
        let (mut places, mut order) = (BTreeMap::new(), Vec::new());
        for submission in submissions.iter().rev() {
            let pipeline = submission.read_pipeline(self.executor.registry())?;
            let of = pipelines.iter().position(|known| known.does_as(&pipeline)).unwrap_or(pipelines.len());
            if of == pipelines.len() {
                pipelines.push(pipeline);
            }
            for (place, jobs) in submission.jobs.iter().enumerate() {
                // One that is about to be submitted has no number yet.
                if jobs.job.is_empty() {
                    continue;
                }
                for (index, tasks) in jobs.elements.iter().enumerate() {
                    let log = submission.log(place, &index.to_string());
                    let place = Place { job: jobs.job.clone(), index, log, shared: tasks.len(), of };
                    for task in tasks {
                        if places.insert(task.clone(), place.clone()).is_none() {
                            order.push(task.clone());
                        }
                    }
                }
            }
        }
        // What was submitted again is told anew.
        let is_same = |a: &Place, b: &Place| (&a.job, a.index) == (&b.job, b.index);
        self.told.retain(|task, _| match (self.places.get(task), places.get(task)) {
            (Some(before), Some(now)) => is_same(before, now),
            _ => false,
        });
        (self.places, self.order, self.pipelines) = (places, order, pipelines);
        self.submissions = submissions;
        // Only now: what could not be read is read again.
        self.known = Some(stamp);
        Ok(())
    }

    /// What happened since the last time; the first event of several is the start of a run, the last one its end once
    /// nothing waits or runs any more.
    ///
    /// # Errors
    /// Where Slurm does not answer, or what was submitted cannot be read.
    pub fn poll(&mut self) -> Result<Vec<EventKind>, BatchError> {
        let begins = self.goes_on || (self.has_more() && self.was_submitted());
        if !begins {
            return Ok(Vec::new());
        }
        let elements = self.slurm.elements()?;
        self.hear(&elements)
    }

    /// What happened by what Slurm says now.
    ///
    /// # Errors
    /// Where what was submitted cannot be read.
    pub fn hear(&mut self, elements: &Elements) -> Result<Vec<EventKind>, BatchError> {
        if self.has_more() {
            self.read(elements)?;
        }
        let is_open = |job: &str, index| elements.get(job, index).is_some_and(|e| e.state.is_open());
        let jobs = self.submissions.iter().flat_map(|submission| &submission.jobs);
        let open = jobs.filter(|jobs| (0..jobs.elements.len()).any(|index| is_open(&jobs.job, index)));
        self.open = open.map(|jobs| jobs.job.clone()).collect();
        let at_work = self.places.values().any(|place| is_open(&place.job, place.index));
        let mut events = Vec::new();
        if at_work && !self.goes_on {
            self.told.clear();
            self.words.clear();
            self.waits.clear();
            self.late.clear();
            events.push(EventKind::RunStarted { tasks: self.places.len() });
            // In the order of the pipeline, whatever became of them meanwhile.
            for task in &self.order {
                self.told.insert(task.clone(), Told::Queued);
                events.push(EventKind::Queued { task: task.clone() });
            }
            self.goes_on = true;
        }
        if !self.goes_on {
            return Ok(events);
        }
        let mut over = Vec::new();
        let mut shares = false;
        let order = std::mem::take(&mut self.order);
        for task in &order {
            let Some(place) = self.places.get(task) else { continue };
            let element = elements.get(&place.job, place.index);
            let was = self.told.get(task).copied();
            match element.map(|element| (element, element.state)) {
                Some((element, JobState::Pending)) => self.waits(task, element, was, &mut events),
                Some((element, JobState::Running)) => {
                    // Of several tasks in one job some may be done.
                    shares |= place.shared > 1;
                    if place.shared == 1 || !was.is_some_and(Told::is_over) {
                        self.runs(task, element, was, &mut events);
                    }
                }
                _ if was.is_some_and(Told::is_over) => {}
                _ => over.push((task.clone(), element.cloned())),
            }
        }
        self.order = order;
        // What is late only is looked at in its time.
        let is_news = !at_work && over.iter().any(|(task, _)| !self.late.contains_key(task));
        if (!over.is_empty() || shares) && (is_news || self.is_time_to_look()) {
            let began = Instant::now();
            self.settle(&over, shares, &mut events);
            self.looked = Some((Instant::now(), began.elapsed()));
        }
        let is_open = |task: &TaskId| !self.told.get(task).is_some_and(|told| told.is_over());
        if !at_work && !over.iter().any(|(task, _)| is_open(task)) {
            self.goes_on = false;
            events.push(self.end());
        }
        Ok(events)
    }

    fn waits(&mut self, task: &TaskId, element: &Element, was: Option<Told>, events: &mut Vec<EventKind>) {
        if was != Some(Told::Queued) {
            self.told.insert(task.clone(), Told::Queued);
            self.words.remove(task);
            events.push(EventKind::Queued { task: task.clone() });
        }
        let Some(place) = self.places.get(task).filter(|_| !element.waits_as_usual()) else { return };
        // Of an array once.
        if self.waits.insert((place.job.clone(), element.reason.clone())) {
            events.push(EventKind::Log { task: task.clone(), warning: true, line: element.words() });
        }
    }

    fn runs(&mut self, task: &TaskId, element: &Element, was: Option<Told>, events: &mut Vec<EventKind>) {
        if was != Some(Told::Started) {
            self.told.insert(task.clone(), Told::Started);
            events.push(EventKind::Started { task: task.clone() });
        }
        let words = element.words();
        if self.words.insert(task.clone(), words.clone()).as_ref() != Some(&words) {
            let task = task.clone();
            events.push(EventKind::Progress {
                task,
                stage: words,
                done: 0,
                total: 0,
                share: None,
                remaining_s: None,
            });
        }
    }

    fn is_time_to_look(&self) -> bool {
        self.looked.is_none_or(|(at, took)| at.elapsed() > took * LOOK_SHARE)
    }

    fn end(&self) -> EventKind {
        let has = |wanted: &[Told]| self.told.values().any(|told| wanted.contains(told));
        let status = match () {
            () if has(&[Told::Failed]) => RunStatus::Failed,
            () if has(&[Told::Stopped, Told::NotRun]) => RunStatus::Cancelled,
            () => RunStatus::Ok,
        };
        EventKind::RunFinished { status, tasks: self.places.len(), cached: 0, results: BTreeMap::new() }
    }

    /// Cancels the jobs of these tasks, or all that wait or run.
    ///
    /// # Errors
    /// Where Slurm refuses.
    pub fn cancel(&self, tasks: Option<&BTreeSet<TaskId>>) -> Result<(), BatchError> {
        let is_open = |task: &TaskId| self.told.get(task).is_some_and(|told| !told.is_over());
        let jobs: BTreeSet<String> = match tasks {
            None => self.open.clone(),
            Some(tasks) => {
                let open = tasks.iter().filter(|task| is_open(task));
                open.filter_map(|task| Some(self.places.get(task)?.name())).collect()
            }
        };
        let jobs: Vec<String> = jobs.into_iter().collect();
        jobs.chunks(MOST_NAMED).try_for_each(|jobs| self.slurm.cancel(jobs))
    }
}

/// Jobs that one call names at most: the line of a command has its limits.
const MOST_NAMED: usize = 500;
