//! Runs pipelines: threads drive tasks, one rayon pool computes, events tell what happens.

use super::{
    Coordinate, Event, Hooks, Inputs, NodeInstance, Pipeline, Plan, PlannedTask, Problem, Registry, RunId,
    RunStatus, Store, TaskClass, TaskId, TaskNeeds, Value, Work,
    evaluate::{EvalState, Evaluator, ItemEval},
    graph::split,
    join::ItemState,
    memo::Memo,
    needs::default_memory,
    plan,
    resources::CpuMeter,
    run::{Run, Stops},
    store::lock,
    validate::validate,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// How much may happen at once.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Threads that compute.
    pub threads: usize,
    /// Tasks of a class that run at once; a class that is not listed may run as many as there are threads.
    pub per_class: BTreeMap<TaskClass, usize>,
    /// Memory that tasks which run at once may need together, in bytes; one that needs more runs alone.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // Two sorts at once would need twice the memory and be no faster.
        let per_class = BTreeMap::from([(TaskClass::Sort, 1), (TaskClass::Waveforms, 2)]);
        Self { threads, per_class, memory_bytes: default_memory() }
    }
}

/// What to run, and where.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Run this node and what it needs only.
    pub until: Option<String>,
    /// Run only the fits that must be there to look at this end (`"whiten.recording"`).
    pub fit_only: Option<String>,
    /// Run these tasks only: what they need must be there.
    pub only: Option<BTreeSet<TaskId>>,
    /// What to do at its end.
    pub hooks: Hooks,
    /// Threads that compute, where not those of the executor.
    pub threads: Option<usize>,
    /// Where relative paths start: the folder of the document.
    pub base_folder: PathBuf,
    /// The document, which names the folder of results.
    pub pipeline_path: Option<PathBuf>,
    /// Tells pipelines without a file apart where several are open.
    pub owner: u64,
    /// What a pipeline without a file is called.
    pub title: String,
}

/// What names the folder of results: the file of a pipeline, or a place of its own where it has none.
pub fn document_of(base_folder: &Path, pipeline_path: Option<&Path>, owner: u64) -> PathBuf {
    match (pipeline_path, owner) {
        (Some(path), _) => path.to_owned(),
        (None, 0) => base_folder.join("unsaved"),
        (None, owner) => base_folder.join(format!("unsaved_{owner}")),
    }
}

/// What flows at an end of a wire.
#[derive(Clone, Debug)]
pub enum Look {
    /// The items, in order of their coordinates.
    Ready(Vec<(Coordinate, Value)>),
    /// Some of the items; these tasks have to run before the others are there.
    Partly(Vec<(Coordinate, Value)>, Vec<TaskId>),
    /// These tasks have to run before.
    NeedsRun(Vec<TaskId>),
    /// Only these estimates are missing; [`RunOptions::fit_only`] makes them.
    NeedsFit(Vec<TaskId>),
}

/// Why nothing can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LookError(pub String);

/// Runs pipelines on one store.
pub struct Executor {
    registry: Registry,
    store: Store,
    limits: Limits,
    pub(super) memo: Arc<Memo>,
    pub(super) meter: Arc<CpuMeter>,
    pools: Mutex<HashMap<usize, Arc<rayon::ThreadPool>>>,
    runs: AtomicU64,
    /// Nodes that had results in this session, by their document.
    pub(super) ran: Mutex<BTreeSet<(PathBuf, String)>>,
}

impl Executor {
    /// An executor for these nodes, this store and these limits.
    pub fn new(registry: Registry, store: Store, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            registry,
            store,
            limits,
            memo: Arc::default(),
            meter: Arc::default(),
            pools: Mutex::default(),
            runs: AtomicU64::new(0),
            ran: Mutex::default(),
        })
    }

    /// The nodes it knows.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Where results lie.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How much may happen at once.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Starts a run; it goes on in threads of its own.
    pub fn start(self: &Arc<Self>, pipeline: &Pipeline, options: RunOptions) -> RunHandle {
        let id = RunId(self.runs.fetch_add(1, Ordering::Relaxed) + 1);
        let cancel = Arc::new(AtomicBool::new(false));
        let end = Arc::new((Mutex::new(None), Condvar::new()));
        let stops = Stops::default();
        let ways = (cancel.clone(), stops.clone());
        let events = Run::start(self.clone(), pipeline.clone(), options, id, ways, end.clone());
        RunHandle { id, events, cancel, stops, end }
    }

    pub(super) fn evaluator<'a>(
        &'a self,
        pipeline: &'a Pipeline,
        base_folder: &'a Path,
        until: Option<&str>,
    ) -> Evaluator<'a> {
        Evaluator::new(&self.registry, &self.store, &self.memo, pipeline, base_folder, until)
    }

    /// The pool of so many threads, made once; `None` where the system has no threads left.
    pub(super) fn pool(&self, threads: usize) -> Option<Arc<rayon::ThreadPool>> {
        let mut pools = lock(&self.pools);
        if let Some(pool) = pools.get(&threads) {
            return Some(pool.clone());
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(8 << 20)
            .thread_name(|index| format!("compute {index}"))
            .build()
            .ok()
            .map(Arc::new)?;
        pools.insert(threads, pool.clone());
        Some(pool)
    }

    pub(super) fn note_ran(&self, document: &Path, node: &str) {
        lock(&self.ran).insert((document.to_owned(), node.to_owned()));
    }

    /// What a run would do. Evaluates recipes, runs no task.
    pub fn plan(&self, pipeline: &Pipeline, base_folder: &Path, until: Option<&str>) -> Plan {
        let mut walk = self.evaluator(pipeline, base_folder, until);
        walk.evaluate();
        self.plan_of(&walk, until)
    }

    /// What a run would do, and what is advised besides; the pipeline is evaluated once for both.
    pub fn plan_with_advice(&self, pipeline: &Pipeline, base_folder: &Path) -> (Plan, Vec<Problem>) {
        let mut walk = self.evaluator(pipeline, base_folder, None);
        walk.evaluate();
        (self.plan_of(&walk, None), self.advice_of(&walk, base_folder))
    }

    pub(super) fn plan_of(&self, walk: &Evaluator, until: Option<&str>) -> Plan {
        let pipeline = walk.pipeline;
        let mut tasks = Vec::new();
        let mut problems: Vec<Problem> = validate(pipeline, &self.registry);
        if let Some(node) = until.filter(|node| pipeline.index(node).is_none()) {
            problems.push(Problem::of_document(format!("there is no node \"{node}\" to run to")));
        }
        for (instance, eval) in walk.iter() {
            let estimate_s = self.store.last_duration_s(&instance.kind);
            problems.extend(eval.warnings.iter().map(|w| Problem::of_notice(&instance.name, w).warning()));
            for item in &eval.items {
                if let EvalState::Failed(message) = &item.state {
                    problems.push(Problem::of_notice(&instance.name, message));
                }
                if item.is_task && !matches!(item.state, EvalState::Failed(_) | EvalState::Cancelled(_)) {
                    tasks.push(PlannedTask { estimate_s, ..self.planned(instance, item) });
                }
            }
        }
        plan::set_order(&mut tasks, pipeline);
        Plan { tasks, problems }
    }

    fn planned(&self, instance: &NodeInstance, item: &ItemEval) -> PlannedTask {
        let NodeInstance { name: node, kind, params, .. } = instance;
        let known = self.registry.get(kind);
        let work = known.map_or(Work::Lazy, |node| node.info().work);
        let needs = match (&item.state, known) {
            (EvalState::Runnable(job), _) => job.needs(),
            // Its inputs are not known yet.
            (EvalState::Waiting, Some(node)) => node.needs(params, &Inputs::default()),
            _ => TaskNeeds::of(work.class()),
        };
        let folder = match &item.state {
            EvalState::Done(stored) => Some(stored.folder.clone()),
            _ => None,
        };
        PlannedTask {
            task: TaskId { node: node.to_owned(), coordinate: item.coordinate.clone() },
            kind: kind.to_owned(),
            fit: matches!(work, Work::FitThenLazy(_)),
            cached: folder.is_some(),
            folder,
            provisional: matches!(item.state, EvalState::Waiting),
            after: Vec::new(),
            estimate_s: None,
            needs,
        }
    }

    /// What flows at `node.port` now: an output, or what arrives at an input. Evaluates recipes and loads
    /// results, runs no task.
    ///
    /// # Errors
    /// Where the end does not exist or a node before it cannot be evaluated.
    pub fn look(&self, pipeline: &Pipeline, base_folder: &Path, end: &str) -> Result<Look, LookError> {
        let (from, port) = source_of(pipeline, &self.registry, end)?;
        let mut walk = self.evaluator(pipeline, base_folder, Some(&from));
        walk.evaluate();
        let eval = pipeline.index(&from).and_then(|index| walk.nodes.get(&index));
        let Some(eval) = eval else {
            return Err(LookError(format!("{from} is part of a loop: remove one of its wires")));
        };
        if eval.off {
            return Err(LookError(walk.why_off(&from).unwrap_or_else(|| format!("{from} does not run"))));
        }
        if let Some(message) = &eval.invalid {
            return Err(LookError(format!("{from}: {message}")));
        }
        let items = eval.outputs.get(&port).ok_or_else(|| LookError(format!("nothing leaves at {end}")))?;
        let mut found = Vec::with_capacity(items.len());
        let (mut broken, mut pending) = (None, false);
        for item in items {
            match &item.state {
                ItemState::Pending => pending = true,
                ItemState::Broken(reason) => broken = broken.or(Some(reason)),
                ItemState::Ready { payload, .. } => {
                    let value =
                        self.memo.value(&self.store, payload).map_err(|e| LookError(e.to_string()))?;
                    found.push((item.coordinate.clone(), value));
                }
            }
        }
        // What is there can be looked at, though other items are missing; estimates are made for all of them.
        if pending {
            return Ok(match missing(&walk) {
                Look::NeedsRun(tasks) if !found.is_empty() => Look::Partly(found, tasks),
                missing => missing,
            });
        }
        if let (true, Some(reason)) = (found.is_empty(), broken) {
            let own = eval.items.iter().find_map(|i| match &i.state {
                EvalState::Failed(message) => Some(format!("{from}: {message}")),
                _ => None,
            });
            return Err(LookError(own.or_else(|| first_failure(&walk)).unwrap_or_else(|| reason.clone())));
        }
        Ok(Look::Ready(found))
    }
}

/// The tasks that have to run before something can be looked at.
fn missing(walk: &Evaluator) -> Look {
    let mut tasks = Vec::new();
    let mut only_fits = true;
    for (instance, eval) in walk.iter() {
        let work = walk.registry.get(&instance.kind).map(|node| node.info().work);
        for item in &eval.items {
            if item.is_task && matches!(item.state, EvalState::Runnable(_) | EvalState::Waiting) {
                only_fits &= matches!(work, Some(Work::FitThenLazy(_)));
                let coordinate = item.coordinate.clone();
                tasks.push(TaskId { node: instance.name.clone(), coordinate });
            }
        }
    }
    if only_fits { Look::NeedsFit(tasks) } else { Look::NeedsRun(tasks) }
}

/// The root of what is broken, in words.
fn first_failure(walk: &Evaluator) -> Option<String> {
    walk.iter().find_map(|(instance, eval)| {
        let failed = eval.items.iter().find_map(|item| match &item.state {
            EvalState::Failed(message) => Some(&message.words),
            _ => None,
        });
        eval.invalid.as_ref().or(failed).map(|message| format!("{}: {message}", instance.name))
    })
}

/// The node and output that an end stands for; an input stands for what is connected to it.
pub(super) fn source_of(
    pipeline: &Pipeline,
    registry: &Registry,
    end: &str,
) -> Result<(String, String), LookError> {
    let (name, port) =
        split(end).ok_or_else(|| LookError(format!("\"{end}\" is not of the form node.port")))?;
    let instance = pipeline.node(name).ok_or_else(|| LookError(format!("there is no node \"{name}\"")))?;
    let node = registry
        .get(&instance.kind)
        .ok_or_else(|| LookError(format!("the kind \"{}\" of {name} is not known", instance.kind)))?;
    if node.outputs(&instance.params).iter().any(|p| p.name == port) {
        return Ok((name.to_owned(), port.to_owned()));
    }
    let wires = pipeline.wires();
    let wire = wires.iter().find(|w| w.2 == name && w.3 == port);
    wire.map(|w| (w.0.to_owned(), w.1.to_owned()))
        .ok_or_else(|| LookError(format!("{name} has no output \"{port}\", and nothing is connected there")))
}

/// A run that goes on.
pub struct RunHandle {
    /// Its number.
    pub id: RunId,
    /// What happens; ends after `RunFinished`.
    pub events: crossbeam_channel::Receiver<Event>,
    cancel: Arc<AtomicBool>,
    stops: Stops,
    end: Arc<(Mutex<Option<RunStatus>>, Condvar)>,
}

impl RunHandle {
    /// Asks it to stop; tasks end within 200 ms as far as their nodes look.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    /// Asks it to stop these tasks, whether they run or wait; what depends on them does not run, all else goes on.
    pub fn stop_tasks(&self, tasks: BTreeSet<TaskId>) {
        lock(&self.stops).extend(tasks);
    }

    /// Something that can ask it to stop from elsewhere, such as a signal handler.
    pub fn canceller(&self) -> impl Fn() + Send + Sync + 'static {
        let cancel = self.cancel.clone();
        move || cancel.store(true, Ordering::Relaxed)
    }

    /// Waits for the end, whether or not events are read.
    pub fn wait(&self) -> RunStatus {
        let (status, ended) = &*self.end;
        let mut status = lock(status);
        loop {
            if let Some(status) = *status {
                return status;
            }
            status = ended.wait(status).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// How it ended, where it did.
    pub fn status(&self) -> Option<RunStatus> {
        *lock(&self.end.0)
    }
}
