//! `run`: a pipeline without a window.

use super::{
    CliError,
    arguments::RunArguments,
    document::{Loaded, executor},
    events, output,
    progress::Progress,
};
use crate::{
    data::text::{counted, took},
    pipeline::{EventKind, Executor, LeftOut, Pipeline, RunOptions, RunSettings, RunStatus},
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a run may take to stop after Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(120);

/// How a run ended.
pub struct Ended {
    /// How.
    pub status: RunStatus,
    /// All tasks, those found done included.
    pub tasks: usize,
    /// Tasks found done.
    pub cached: usize,
    /// Where each node's results lie.
    pub results: BTreeMap<String, PathBuf>,
    /// The tasks that failed, and why.
    pub failures: Vec<(String, String)>,
    /// Tasks that did not run because of it.
    pub left_out: usize,
    /// Tasks that were not begun, as the disk was full.
    pub not_begun: usize,
}

/// Runs a pipeline and shows its events.
///
/// # Errors
/// Where the pipeline cannot run, a task fails, or it is cancelled.
pub fn run(arguments: &RunArguments) -> Result<(), CliError> {
    let start = Instant::now();
    let (loaded, executor) = match prepared(arguments) {
        Err(error) if arguments.json => {
            // Whoever reads the lines waits for the last one, however early it ends.
            output::json_line(&events::not_started(&error.in_one_text()))?;
            return Err(error);
        }
        prepared => prepared?,
    };
    let options = RunOptions {
        until: arguments.until.clone(),
        threads: arguments.threads.map(usize::from),
        base_folder: loaded.base_folder.clone(),
        pipeline_path: Some(loaded.path.clone()),
        hooks: RunSettings::load()?.hooks,
        ..RunOptions::default()
    };
    let ended = follow(&executor, &loaded.pipeline, options, Show::of(arguments.json))?;
    match ended.status {
        RunStatus::Ok if arguments.json => Ok(()),
        RunStatus::Ok => {
            let made = executor.made(&loaded.pipeline, &loaded.base_folder);
            let rows: Vec<Vec<String>> =
                ended.results.keys().flat_map(|node| made_by(&made, &loaded, node)).collect();
            output::text(&format!(
                "{}, {} of them done before, in {}\n{}results are kept in {}; --json tells the folder of each\n",
                counted(ended.tasks, "task"),
                ended.cached,
                took(start.elapsed().as_secs_f64()),
                output::columns(&rows),
                executor.store().folder().display()
            ))
        }
        RunStatus::Failed if arguments.json => Err(CliError::Shown { code: 1 }),
        RunStatus::Failed => Err(CliError::Failed(failed_text(&ended))),
        RunStatus::Cancelled => Err(CliError::Cancelled),
    }
}

/// A row for each output of a node: the node, the output, what it holds.
fn made_by(made: &BTreeMap<String, String>, loaded: &Loaded, node: &str) -> Vec<Vec<String>> {
    let Some(instance) = loaded.pipeline.node(node) else { return Vec::new() };
    let ports = loaded.registry.get(&instance.kind).map(|kind| kind.outputs(&instance.params));
    let mut rows = Vec::new();
    for port in ports.unwrap_or_default() {
        let Some(holds) = made.get(&format!("{node}.{}", port.name)) else { continue };
        let name = if rows.is_empty() { format!("  {node}") } else { String::new() };
        rows.push(vec![name, port.name.to_string(), holds.clone()]);
    }
    rows
}

/// A pipeline without errors, and an executor on the store.
fn prepared(arguments: &RunArguments) -> Result<(Loaded, Arc<Executor>), CliError> {
    let loaded = Loaded::read(&arguments.pipeline, &arguments.set)?.checked()?;
    if let Some(name) = &arguments.until
        && !loaded.pipeline.has(name)
    {
        let names: Vec<&str> = loaded.pipeline.nodes().map(|node| node.name.as_str()).collect();
        return Err(CliError::advised(
            format!("--until {name}: there is no node \"{name}\""),
            format!("The nodes are {}.", names.join(", ")),
        ));
    }
    for problem in &loaded.problems {
        eprintln!("warning: {problem}");
    }
    let executor = executor(loaded.registry.clone(), arguments.threads)?;
    Ok((loaded, executor))
}

/// Failures that are told one by one.
const TOLD: usize = 40;

/// Which tasks failed, and why; what else was done.
pub fn failed_text(ended: &Ended) -> String {
    let head = match ended.failures.as_slice() {
        [] => return "the run failed".into(),
        // Why was said when it happened.
        // Where the run had to stop, that is told with it.
        [(one, _)] if ended.tasks <= 1 && ended.not_begun == 0 => return format!("1 task failed: {one}"),
        failures => format!("{} failed", counted(failures.len(), "task")),
    };
    let rest = match ended.left_out {
        0 => String::new(),
        left_out => format!(", {} that needed what failed did not run", counted(left_out, "task")),
    };
    let others = match ended.not_begun {
        0 => "what else there was to do is done".to_owned(),
        count => format!("the disk is full, so that {} did not begin", counted(count, "task")),
    };
    let mut text = format!("{head}{rest}; {others}. Failed:");
    for (name, message) in ended.failures.iter().take(TOLD) {
        text.push_str(&format!("\n  {name}: {}", message.lines().next().unwrap_or_default()));
    }
    if ended.failures.len() > TOLD {
        text.push_str(&format!("\n  and {} more: see spikeloom status", ended.failures.len() - TOLD));
    }
    text
}

/// How what happens is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Bars on a terminal, elsewhere what failed.
    Progress,
    /// All that is said, line by line.
    Log,
    /// Events as JSON.
    Json,
}

impl Show {
    /// Events where they are asked for, else progress.
    pub fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Progress }
    }
}

/// Starts a run, shows what happens until it ends, and cancels it on Ctrl-C.
///
/// # Errors
/// Where nothing can be printed.
pub fn follow(
    executor: &Arc<Executor>,
    pipeline: &Pipeline,
    options: RunOptions,
    show: Show,
) -> Result<Ended, CliError> {
    let interrupted = interrupted();
    let handle = executor.start(pipeline, options);
    let mut progress = match show {
        Show::Progress => Some(Progress::new()),
        Show::Log => Some(Progress::log()),
        Show::Json => None,
    };
    let mut ended = Ended {
        status: RunStatus::Failed,
        tasks: 0,
        cached: 0,
        results: BTreeMap::new(),
        failures: Vec::new(),
        left_out: 0,
        not_begun: 0,
    };
    let mut cancelled: Option<Instant> = None;
    loop {
        match cancelled {
            None if interrupted.load(Ordering::SeqCst) => {
                cancelled = Some(Instant::now());
                handle.cancel();
            }
            // What a task still computes is lost anyway, and whoever pressed Ctrl-C does not wait for it.
            Some(since) if since.elapsed() > PATIENCE => {
                ended.status = RunStatus::Cancelled;
                if show == Show::Json {
                    output::json_line(&events::cut_short(ended.tasks, ended.cached))?;
                }
                return Ok(ended);
            }
            _ => {}
        }
        let event = match handle.events.recv_timeout(Duration::from_millis(20)) {
            Ok(event) => event,
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => continue,
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => break,
        };
        match &mut progress {
            Some(progress) => progress.show(&event),
            None => output::json_line(&events::to_json(&event))?,
        }
        match event.kind {
            EventKind::RunStarted { tasks } => ended.tasks = tasks,
            EventKind::Cached { .. } => ended.cached += 1,
            EventKind::Failed { task, message } => {
                ended.failures.push((task.to_string(), message.words));
            }
            EventKind::Cancelled { cause: LeftOut::Full, .. } => ended.not_begun += 1,
            EventKind::Cancelled { .. } => ended.left_out += 1,
            EventKind::RunFinished { status, tasks, cached, results } => {
                ended = Ended { status, tasks, cached, results, ..ended };
                break;
            }
            _ => {}
        }
    }
    ended.status = handle.wait();
    Ok(ended)
}

/// Set by Ctrl-C and by a request to terminate; a second Ctrl-C ends the process at once.
pub fn interrupted() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = flag.clone();
        let handler = move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            eprintln!("warning: Ctrl-C ends the process at once instead of cancelling: {error}");
        }
        flag
    })
    .clone()
}
