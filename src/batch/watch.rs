//! What becomes of a pipeline that was handed to Slurm, told as the events of a run.

use super::{BatchError, Element, Elements, Engine, JobState, Needs, Slurm, Submission};
use crate::pipeline::{
    Cell, CellState, Document, EventKind, Executor, LeftOut, Matrix, Pipeline, RunStatus, TaskId,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// Looking through the store takes at most one part in so many of the time.
const LOOK_SHARE: u32 = 10;

/// Where a task was put.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The scheduler's number of the array.
    pub job: String,
    /// The element of it.
    pub index: usize,
    /// What its job says.
    pub log: PathBuf,
    /// Tasks of the same job, this one included.
    pub shared: usize,
}

impl Place {
    /// As Slurm names the job: `12_3`.
    pub fn name(&self) -> String {
        format!("{}_{}", self.job, self.index)
    }

    /// The end of what its job said, from a whole line on; nothing where it has not begun.
    pub fn tail(&self) -> String {
        tail(&self.log).unwrap_or_default()
    }

    fn last_words(&self) -> Option<String> {
        let said = self.tail();
        let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
        Some(last.chars().take(MOST_SAID).collect())
    }
}

/// Of a long log the end, in bytes.
const TAIL: u64 = 128 * 1024;
/// Letters of a log that are said as a reason.
const MOST_SAID: usize = 300;

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // The first line of a part is none.
    let whole = if from > 0 { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
    Ok(whole.to_owned())
}

/// What was told of a task last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Queued,
    Started,
    Done,
    Failed,
    Stopped,
    NotRun,
}

impl Told {
    fn is_over(self) -> bool {
        !matches!(self, Told::Queued | Told::Started)
    }
}

/// Follows all that was submitted of a pipeline from a store and still goes on.
pub struct Watch {
    executor: Arc<Executor>,
    slurm: Slurm,
    path: PathBuf,
    pipeline: Pipeline,
    submissions: Vec<Submission>,
    /// What was in the store when submissions were read.
    known: Option<(usize, Option<SystemTime>)>,
    places: BTreeMap<TaskId, Place>,
    /// The same tasks in the order they were submitted.
    order: Vec<TaskId>,
    told: HashMap<TaskId, Told>,
    /// Why jobs wait, and where they run, as it was told last.
    words: HashMap<TaskId, String>,
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
            pipeline: Pipeline::default(),
            submissions: Vec::new(),
            known: None,
            places: BTreeMap::new(),
            order: Vec::new(),
            told: HashMap::new(),
            words: HashMap::new(),
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
        self.known = Some(Submission::stamp(&store));
        let of_slurm = |submission: &Submission| submission.engine == Engine::Slurm;
        let submissions: Vec<Submission> =
            Submission::of(&store, &self.path).into_iter().filter(of_slurm).collect();
        // What ended long ago is a matter of the store alone.
        let is_known = |submission: &Submission| {
            submission.jobs.iter().any(|jobs| {
                (0..jobs.elements.len()).any(|index| elements.contains_key(&(jobs.job.clone(), index)))
            })
        };
        self.submissions = submissions.into_iter().filter(is_known).collect();
        let Some(latest) = self.submissions.first() else { return Ok(()) };
        let (document, settings) = (latest.document(), latest.settings.clone());
        let wrong = |error: &dyn std::fmt::Display| BatchError::Scheduler(error.to_string());
        let registry = self.executor.registry();
        let mut pipeline = Document::read(&document, registry).map_err(|e| wrong(&e))?.pipeline;
        for (target, value) in settings.iter().filter_map(|setting| setting.split_once('=')) {
            let edit = pipeline.set_param_from_text(registry, target.trim(), value).map_err(|e| wrong(&e))?;
            pipeline.apply(edit).map_err(|e| wrong(&e))?;
        }
        self.pipeline = pipeline;
        let (mut places, mut order) = (BTreeMap::new(), Vec::new());
        for submission in self.submissions.iter().rev() {
            for (place, jobs) in submission.jobs.iter().enumerate() {
                // One that is about to be submitted has no number yet.
                if jobs.job.is_empty() {
                    continue;
                }
                for (index, tasks) in jobs.elements.iter().enumerate() {
                    let log = submission.log(place, &index.to_string());
                    let place = Place { job: jobs.job.clone(), index, log, shared: tasks.len() };
                    for task in tasks {
                        if places.insert(task.clone(), place.clone()).is_none() {
                            order.push(task.clone());
                        }
                    }
                }
            }
        }
        // What was submitted again is told anew.
        self.told.retain(|task, _| self.places.get(task) == places.get(task));
        (self.places, self.order) = (places, order);
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
        let mut events = Vec::new();
        if self.has_more() {
            self.read(&elements)?;
        }
        let at_work = self.places.values().any(|place| {
            let element = elements.get(&(place.job.clone(), place.index));
            element.is_some_and(|element| matches!(element.state, JobState::Pending | JobState::Running))
        });
        if at_work && !self.goes_on {
            self.told.clear();
            self.words.clear();
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
        for (task, place) in self.order.iter().filter_map(|task| Some((task, self.places.get(task)?))) {
            let element = elements.get(&(place.job.clone(), place.index));
            match element.map(|element| (element, element.state)) {
                Some((element, JobState::Pending)) => {
                    if self.told.insert(task.clone(), Told::Queued) != Some(Told::Queued) {
                        self.words.remove(task);
                        events.push(EventKind::Queued { task: task.clone() });
                    }
                    // Others before it, and its turn, are what everything waits for.
                    let usual = matches!(
                        element.reason.as_str(),
                        "" | "None" | "Priority" | "Dependency" | "Resources" | "BeginTime"
                    );
                    if !usual
                        && self.words.insert(task.clone(), element.reason.clone()).as_ref()
                            != Some(&element.reason)
                    {
                        let line = element.words();
                        events.push(EventKind::Log { task: task.clone(), warning: true, line });
                    }
                }
                Some((element, JobState::Running)) => {
                    // Of several tasks in one job some may be done.
                    shares |= place.shared > 1;
                    if place.shared > 1 && self.told.get(task).is_some_and(|told| told.is_over()) {
                        continue;
                    }
                    if self.told.insert(task.clone(), Told::Started) != Some(Told::Started) {
                        events.push(EventKind::Started { task: task.clone() });
                    }
                    let words = element.words();
                    if self.words.insert(task.clone(), words.clone()).as_ref() != Some(&words) {
                        let (task, stage) = (task.clone(), words);
                        events.push(EventKind::Progress {
                            task,
                            stage,
                            done: 0,
                            total: 0,
                            remaining_s: None,
                        });
                    }
                }
                _ if self.told.get(task).is_some_and(|told| told.is_over()) => {}
                _ => over.push((task.clone(), element.cloned())),
            }
        }
        if (!over.is_empty() || shares) && (self.is_time_to_look() || !at_work) {
            let began = Instant::now();
            let base = self.path.parent().unwrap_or(Path::new("/"));
            let matrix = self.executor.matrix(&self.pipeline, base);
            self.looked = Some((Instant::now(), began.elapsed()));
            self.settle(&over, &matrix, &mut events);
            if shares {
                self.settle_shared(&matrix, &mut events);
            }
        }
        if !at_work {
            self.goes_on = false;
            events.push(self.end());
        }
        Ok(events)
    }

    fn is_time_to_look(&self) -> bool {
        self.looked.is_none_or(|(at, took)| at.elapsed() > took * LOOK_SHARE)
    }

    /// What became of tasks whose jobs ended.
    fn settle(&mut self, over: &[(TaskId, Option<Element>)], matrix: &Matrix, events: &mut Vec<EventKind>) {
        let order: HashMap<&str, usize> =
            matrix.nodes.iter().enumerate().map(|(place, (node, _))| (node.as_str(), place)).collect();
        let mut over: Vec<&(TaskId, Option<Element>)> = over.iter().collect();
        // What stands in the way of others is known before them.
        over.sort_by_key(|(task, _)| order.get(task.node.as_str()).copied().unwrap_or(usize::MAX));
        for (task, element) in over {
            let cell = cell_of(matrix, task);
            let (told, event) = self.verdict(task, element.as_ref(), cell.as_ref());
            self.told.insert(task.clone(), told);
            events.push(event);
        }
    }

    /// Of jobs with several tasks those that are done.
    fn settle_shared(&mut self, matrix: &Matrix, events: &mut Vec<EventKind>) {
        let running = self
            .places
            .iter()
            .filter(|(task, place)| place.shared > 1 && self.told.get(*task) == Some(&Told::Started));
        let done: Vec<(TaskId, Cell)> = running
            .filter_map(|(task, _)| Some((task.clone(), cell_of(matrix, task)?)))
            .filter(|(_, cell)| cell.state == CellState::Done)
            .collect();
        for (task, cell) in done {
            self.told.insert(task.clone(), Told::Done);
            events.push(finished(task, &cell));
        }
    }

    fn verdict(&self, task: &TaskId, element: Option<&Element>, cell: Option<&Cell>) -> (Told, EventKind) {
        let state = cell.map(|cell| cell.state);
        if let (Some(cell), Some(CellState::Done)) = (cell, state) {
            return (Told::Done, finished(task.clone(), cell));
        }
        let cancelled =
            |told, reason: String, cause| (told, EventKind::Cancelled { task: task.clone(), reason, cause });
        let failed = |message: String| {
            (Told::Failed, EventKind::Failed { task: task.clone(), message: message.as_str().into() })
        };
        let before = || {
            let (other, told) = self.in_the_way(task)?;
            let became = if told == Told::Failed { "failed" } else { "was stopped" };
            Some(format!("not run: {other} {became}"))
        };
        let word = element.map_or("", |element| element.word.as_str());
        if word == "CANCELLED" {
            let never = element.is_some_and(|element| element.reason == "DependencyNeverSatisfied");
            return match (never, before()) {
                (_, Some(reason)) => cancelled(Told::NotRun, reason, LeftOut::Before),
                (true, None) => {
                    cancelled(Told::NotRun, "not run: something before it failed".into(), LeftOut::Before)
                }
                (false, None) => cancelled(Told::Stopped, "cancelled".into(), LeftOut::Stopped),
            };
        }
        let by_slurm = element.filter(|_| !matches!(word, "COMPLETED" | "FAILED" | "")).map(Element::failure);
        let by_task = cell.filter(|_| state == Some(CellState::Failed)).and_then(|cell| cell.message.clone());
        match (by_slurm, by_task, before()) {
            (Some(message), ..) | (None, Some(message), _) => failed(message),
            (None, None, Some(reason)) => cancelled(Told::NotRun, reason, LeftOut::Before),
            (None, None, None) => failed(match self.places.get(task).and_then(Place::last_words) {
                Some(words) => format!("its job ended without a result: {words}"),
                None => "its job ended without a result, and said nothing".into(),
            }),
        }
    }

    /// A task before this one that failed or was stopped.
    fn in_the_way(&self, task: &TaskId) -> Option<(&TaskId, Told)> {
        let wires = self.pipeline.wires();
        let mut open = vec![task.node.as_str()];
        let mut seen = BTreeSet::new();
        while let Some(node) = open.pop() {
            for wire in wires.iter().filter(|wire| wire.2 == node) {
                if seen.insert(wire.0) {
                    open.push(wire.0);
                }
            }
        }
        let mut told = self.told.iter().filter(|(_, told)| matches!(told, Told::Failed | Told::Stopped));
        let before = |(other, _): &(&TaskId, &Told)| {
            seen.contains(other.node.as_str()) && task.coordinate.join(&other.coordinate).is_some()
        };
        let mut found: Vec<_> = told.by_ref().filter(before).collect();
        found.sort_by_key(|(other, _)| *other);
        found.first().map(|(other, told)| (*other, **told))
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
        let open = |task: &TaskId| self.told.get(task).is_some_and(|told| !told.is_over());
        let mut jobs: BTreeSet<String> = BTreeSet::new();
        for (task, place) in self.places.iter().filter(|(task, _)| open(task)) {
            match tasks {
                None => drop(jobs.insert(place.job.clone())),
                Some(tasks) if tasks.contains(task) => drop(jobs.insert(place.name())),
                Some(_) => {}
            }
        }
        let jobs: Vec<String> = jobs.into_iter().collect();
        jobs.chunks(MOST_NAMED).try_for_each(|jobs| self.slurm.cancel(jobs))
    }
}

/// Jobs that one call names at most: the line of a command has its limits.
const MOST_NAMED: usize = 500;

fn finished(task: TaskId, cell: &Cell) -> EventKind {
    let folder = cell.folder.clone().unwrap_or_default();
    EventKind::Finished {
        task,
        folder,
        wall_s: cell.wall_s.unwrap_or(0.0),
        cpu_s: cell.wall_s.unwrap_or(0.0),
    }
}

/// What the store knows of a task, or of the several that it became: the worst of them, or all of them done.
fn cell_of(matrix: &Matrix, task: &TaskId) -> Option<Cell> {
    let (node, cells) = matrix.nodes.iter().find(|(node, _)| *node == task.node)?;
    if let Some(cell) = cells.get(&task.coordinate.to_string()) {
        return Some(cell.clone());
    }
    let held = |coordinate| task.holds(&TaskId { node: node.clone(), coordinate });
    let parts = matrix.rows.iter().filter(|(_, coordinate)| held(coordinate.clone()));
    let parts: Vec<&Cell> = parts.filter_map(|(name, _)| cells.get(name)).collect();
    let worst = parts.iter().find(|cell| cell.state == CellState::Failed);
    let open = worst.or_else(|| parts.iter().find(|cell| cell.state != CellState::Done));
    let whole = || {
        let wall_s = parts.iter().filter_map(|cell| cell.wall_s).sum();
        Some(Cell { wall_s: Some(wall_s), ..(*parts.first()?).clone() })
    };
    open.map(|cell| (*cell).clone()).or_else(whole)
}
