//! A pipeline on Slurm: submitted from a sheet, followed by a thread, shown among the jobs and in the study.

mod form;
mod panel;
mod thread;

use super::{
    App,
    answer::Answer,
    backend::spawn,
    command::Command,
    jobs::Tab,
    runs::{Runs, Stop},
    sheet::Sheet,
    texts,
};
use crate::{
    batch::{BatchError, Needs, Order, Place, Proposal, Slurm, Watch},
    pipeline::{Event, EventKind, NodeState, Pipeline, RunStatus, TaskId},
};
use crossbeam_channel::Sender;
pub use form::Form;
use form::Shown;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// How Slurm is reached, and what its jobs start.
#[derive(Clone, Debug)]
pub struct Access {
    /// The scheduler.
    pub slurm: Slurm,
    /// The program that does a task.
    pub program: PathBuf,
}

impl Access {
    /// By the commands on the path; the jobs start this program.
    pub fn usual() -> Self {
        Self {
            slurm: Slurm::default(),
            program: std::env::current_exe().unwrap_or_else(|_| "spikeloom".into()),
        }
    }
}

/// What the thread that follows is asked.
pub enum Ask {
    /// Something was submitted.
    Look,
    /// The log of this task is looked at, or none.
    Log(Option<TaskId>),
}

/// What the thread that follows tells.
pub enum Told {
    /// Something happened.
    Event(Event),
    /// What was submitted.
    Places {
        /// Where tasks were put.
        places: Arc<BTreeMap<TaskId, Place>>,
        /// What the jobs of each node were given.
        given: BTreeMap<String, Needs>,
        /// Parameters that were set besides, as `node.param=value`.
        settings: Vec<String>,
    },
    /// What the job of a task said so far.
    Log(TaskId, String),
    /// Why Slurm does not answer; `None` once it does.
    Trouble(Option<String>),
    /// Why what was to be cancelled was not.
    Refused(String),
}

/// What is known of a pipeline on Slurm.
pub struct Cluster {
    /// The file that is followed.
    path: PathBuf,
    /// The thread that follows it.
    follower: u64,
    /// The tasks that were submitted, as those of a run.
    pub runs: Runs,
    asks: Sender<Ask>,
    stop: Sender<Stop>,
    places: Arc<BTreeMap<TaskId, Place>>,
    given: BTreeMap<String, Needs>,
    settings: Vec<String>,
    /// Jobs are being handed over.
    submitting: bool,
    /// The task whose log is looked at, and what it says.
    log: (Option<TaskId>, String),
    trouble: Option<String>,
}

impl Cluster {
    /// True where something was submitted that there is something to say of.
    pub fn is_known(&self) -> bool {
        !self.runs.tasks().is_empty()
    }

    /// Tasks that failed, were cancelled, or did not run for that.
    fn left(&self) -> impl Iterator<Item = &TaskId> {
        let is_left = |state: &NodeState| matches!(state, NodeState::Failed(_) | NodeState::Cancelled);
        self.runs.tasks().iter().filter(move |task| is_left(&task.state)).map(|task| &task.id)
    }
}

impl App {
    /// Follows the pipeline in front where it has a file; what was submitted in an earlier session is taken up.
    pub(super) fn follow_cluster(&mut self) {
        let (Some(executor), Some(path)) = (&self.executor, &self.sheet.editor.path) else { return };
        let path = std::path::absolute(path).unwrap_or_else(|_unknown| path.clone());
        if self.sheet.cluster.as_ref().is_some_and(|cluster| cluster.path == path) {
            return;
        }
        let ((asks, asked), (stop, stops)) = (crossbeam_channel::unbounded(), crossbeam_channel::unbounded());
        static FOLLOWERS: AtomicU64 = AtomicU64::new(0);
        let follower = FOLLOWERS.fetch_add(1, Ordering::Relaxed);
        let (number, send) = (self.sheet.number, self.backend.sender());
        let watch = Watch::new(executor.clone(), self.access.slurm.clone(), &path);
        spawn("slurm", move || {
            thread::follow(watch, &asked, &stops, |told| send(Answer::Cluster(number, follower, told)));
        });
        self.sheet.cluster = Some(Cluster {
            path,
            follower,
            runs: Runs::default(),
            asks,
            stop,
            places: Arc::default(),
            given: BTreeMap::new(),
            settings: Vec::new(),
            submitting: false,
            log: (None, String::new()),
            trouble: None,
        });
    }

    /// Hears from the thread that follows.
    pub(super) fn hear_cluster(&mut self, number: u64, follower: u64, told: Told) {
        let is_front = self.sheet.number == number;
        let Some(sheet) = self.sheet_mut(number) else { return };
        // What a thread tells that followed another file is of no concern.
        let Some(cluster) = sheet.cluster.as_mut().filter(|cluster| cluster.follower == follower) else {
            return;
        };
        match told {
            Told::Places { places, given, settings } => {
                (cluster.places, cluster.given, cluster.settings) = (places, given, settings);
            }
            Told::Log(task, text) => {
                if cluster.log.0.as_ref() == Some(&task) {
                    cluster.log.1 = text;
                }
            }
            Told::Trouble(trouble) => cluster.trouble = trouble,
            Told::Refused(reason) => {
                cluster.runs.goes_on_after_all();
                self.toasts.error(texts::cluster::not_cancelled(&reason));
            }
            Told::Event(event) => self.hear_of_cluster(number, is_front, &event),
        }
    }

    fn hear_of_cluster(&mut self, number: u64, is_front: bool, event: &Event) {
        let Some(sheet) = self.sheet_mut(number) else { return };
        let Some(cluster) = &mut sheet.cluster else { return };
        if matches!(event.kind, EventKind::RunStarted { .. }) {
            cluster.runs.started(event.run, cluster.stop.clone());
        }
        cluster.runs.hear(event);
        sheet.unjoined = true;
        match &event.kind {
            // The store has more than it had.
            EventKind::Finished { .. } => sheet.checked = None,
            EventKind::RunFinished { .. } => {
                sheet.checked = None;
                sheet.flows_of = None;
            }
            _ => {}
        }
        let (title, began) = (sheet.editor.title(), matches!(event.kind, EventKind::RunStarted { .. }));
        if is_front {
            self.study.hear_elsewhere(event);
            if began {
                self.bottom.elsewhere = true;
                self.study.forget();
            }
        }
        if let EventKind::RunFinished { status, .. } = &event.kind {
            self.study.forget();
            let is_shown = is_front && self.bottom.open && self.ctx.input(|i| i.focused);
            let words = match status {
                RunStatus::Ok => texts::cluster::is_done(&title),
                RunStatus::Failed => texts::cluster::has_failed(&title),
                RunStatus::Cancelled => texts::cluster::was_cancelled(&title),
            };
            if !self.ctx.input(|i| i.focused) {
                self.backend.notify(words.clone());
            }
            match status {
                _ if is_shown => {}
                RunStatus::Failed => self.toasts.error(words),
                _ => self.toasts.success(words),
            }
        }
    }

    /// Stops tasks wherever they run; how many it was asked for.
    pub(super) fn stop_on_cluster(&mut self, tasks: &BTreeSet<TaskId>) -> usize {
        self.sheet.cluster.as_ref().map_or(0, |cluster| cluster.runs.stop_tasks(tasks))
    }

    /// Ends all jobs of the pipeline in front.
    pub(super) fn cancel_on_cluster(&mut self) {
        if let Some(cluster) = &mut self.sheet.cluster {
            cluster.runs.stop();
        }
    }

    /// Submits again what failed or was cancelled, as it was submitted before.
    pub(super) fn retry_on_cluster(&mut self) {
        let Some(cluster) = self.sheet.cluster.as_ref().filter(|cluster| !cluster.submitting) else { return };
        let only: BTreeSet<TaskId> = cluster.left().cloned().collect();
        let (before, settings) = (cluster.given.clone(), cluster.settings.clone());
        if only.is_empty() {
            self.toasts.info(texts::cluster::nothing_failed());
            return;
        }
        if self.sheet.editor.is_dirty() {
            self.dialogs.after_save = Some(Command::RetryOnSlurm);
            self.perform_at_once(Command::Save);
            return;
        }
        let order = Order { only: Some(only), before, ..Order::default() };
        self.submit(What::Order(Box::new(order), settings));
    }

    /// Submits the arrays that the sheet shows.
    pub(super) fn submit_form(&mut self) {
        let Some(arrays) = self.dialogs.submit.as_ref().and_then(|form| form.arrays.clone()) else { return };
        if self.sheet.editor.path.is_none() {
            self.perform_at_once(Command::SaveAs);
            return;
        }
        if self.sheet.editor.is_dirty() {
            self.dialogs.after_save = Some(Command::SubmitNow);
            self.perform_at_once(Command::Save);
            return;
        }
        self.submit(What::Arrays(arrays));
    }

    fn submit(&mut self, what: What) {
        let (Some(executor), Some(path)) = (self.executor.clone(), self.sheet.editor.path.clone()) else {
            return;
        };
        let path = std::path::absolute(&path).unwrap_or(path);
        if let Some(form) = &mut self.dialogs.submit {
            form.submitting = true;
        }
        if let Some(cluster) = &mut self.sheet.cluster {
            cluster.submitting = true;
        }
        let (access, pipeline) = (self.access.clone(), self.sheet.editor.pipeline().clone());
        let (number, send) = (self.sheet.number, self.backend.sender());
        spawn("submit", move || {
            let result = hand_in(&access, &executor, &pipeline, &path, what);
            send(Answer::Submitted(number, result.map_err(|error| error.to_string())));
        });
    }

    /// Hears what came of a submission: how many arrays there are now.
    pub(super) fn submitted(&mut self, number: u64, result: Result<usize, String>) {
        if let Some(form) = &mut self.dialogs.submit {
            form.submitting = false;
        }
        if let Some(cluster) = self.sheet_mut(number).and_then(|sheet| sheet.cluster.as_mut()) {
            cluster.submitting = false;
        }
        match result {
            Ok(0) => self.toasts.info(texts::cluster::nothing_left()),
            Ok(count) => {
                self.dialogs.submit = None;
                let words = texts::cluster::submitted(&texts::cluster::arrays_counted(count));
                self.toasts.success(words);
                self.bottom.elsewhere = true;
                if !(self.bottom.open && self.bottom.tab == Tab::Study) {
                    self.bottom.open = true;
                    self.bottom.tab = Tab::Jobs;
                }
                if let Some(cluster) = self.sheet_mut(number).and_then(|sheet| sheet.cluster.as_mut()) {
                    // Where it ended it begins anew with the next file.
                    let _ = cluster.asks.send(Ask::Look);
                    // What was handed over while all was being cancelled is cancelled with it.
                    if cluster.runs.is_stopping() {
                        cluster.runs.stop();
                    }
                }
            }
            Err(reason) => {
                self.toasts.error(texts::cluster::not_submitted(&reason));
                if let Some(form) = &mut self.dialogs.submit {
                    form.refused = Some(reason);
                }
            }
        }
    }
}

/// What is to be submitted.
enum What {
    /// These arrays, as they were shown.
    Arrays(Arc<Shown>),
    /// What is found to be left, with these settings.
    Order(Box<Order>, Vec<String>),
}

/// Hands jobs to Slurm; how many arrays.
fn hand_in(
    access: &Access,
    executor: &crate::pipeline::Executor,
    pipeline: &Pipeline,
    path: &Path,
    what: What,
) -> Result<usize, BatchError> {
    let (shown, settings) = match what {
        What::Arrays(shown) => (shown, Vec::new()),
        What::Order(order, settings) => {
            let base = path.parent().unwrap_or(Path::new("/"));
            let mut pipeline = pipeline.clone();
            let wrong = |error: crate::pipeline::PipelineError| BatchError::Document(error.to_string());
            pipeline.set_all(executor.registry(), &settings).map_err(wrong)?;
            let plan = executor.plan(&pipeline, base, None);
            let proposal = Proposal::new(&access.slurm, executor, (&pipeline, plan), Some(path))?;
            let arrays = proposal.arrays(&order);
            (Arc::new(Shown { proposal: Arc::new(proposal), arrays }), settings)
        }
    };
    let Shown { proposal, arrays } = &*shown;
    if arrays.is_empty() {
        return Ok(0);
    }
    proposal.hand_over(&access.slurm, arrays, (path, &settings), &access.program)?;
    Ok(arrays.len())
}

impl Sheet {
    /// Tasks of the pipeline that wait or run on Slurm, folded into states of nodes over those that are shown.
    pub(super) fn join_cluster(&mut self) {
        let Some(cluster) = &mut self.cluster else { return };
        cluster.runs.fold();
        for (name, live) in cluster.runs.live() {
            let waits = matches!(live, NodeState::Queued | NodeState::Running { .. } | NodeState::Failed(_));
            let here = self.states.get(name);
            let done =
                matches!(here, Some(NodeState::Done { .. } | NodeState::Cached | NodeState::Running { .. }));
            if waits && !done && self.editor.pipeline().index(name).is_some() {
                self.states.insert(name.clone(), live.clone());
            }
        }
    }
}
