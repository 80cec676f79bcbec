//! `jobs`: what became of a pipeline that was handed to a scheduler.

use super::{
    CliError, airflow_jobs,
    arguments::JobsArguments,
    document::Loaded,
    output::{self, path_word},
    run,
    submit::{failed, read_submitted},
};
use crate::{
    batch::{Elements, Engine, Fate, Fates, JobState, Place, Slurm, Submission, Watch, active},
    data::text::counted,
    io::absolute,
    pipeline::{CellState, EventKind, Executor, Store},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// How often the scheduler is asked.
const POLL: Duration = Duration::from_secs(2);

/// Tells what happens until nothing waits or runs any more.
pub(super) fn follow(loaded: &Loaded, executor: &Arc<Executor>, slurm: &Slurm) -> Result<(), CliError> {
    let mut watch = Watch::new(executor.clone(), slurm.clone(), &loaded.path);
    let interrupted = run::interrupted();
    let mut trouble = None;
    loop {
        match watch.poll() {
            Ok(events) => {
                trouble = None;
                for event in &events {
                    output::text(&line(event, &watch))?;
                }
                if !watch.goes_on() {
                    break;
                }
            }
            // A controller that is busy is no reason to give up after hours.
            Err(error) if watch.goes_on() => {
                let words = error.to_string();
                if trouble.as_ref() != Some(&words) {
                    eprintln!("warning: {words}; it is asked again");
                }
                trouble = Some(words);
            }
            Err(error) => return Err(failed(error)),
        }
        wait(&interrupted).inspect_err(|_| {
            let path = path_word(&loaded.path);
            eprintln!("the jobs go on: `spikeloom jobs {path}` tells how, with --cancel it ends them");
        })?;
    }
    let submissions = Submission::of(executor.store().folder(), &loaded.path);
    verdict(loaded, executor, &submissions, 0)
}

/// What is said of an event; nothing of what only waits for its turn.
fn line(event: &EventKind, watch: &Watch) -> String {
    let (task, words) = match event {
        EventKind::Progress { task, stage, .. } => (task, stage.clone()),
        EventKind::Log { task, line, .. } => (task, line.clone()),
        EventKind::Finished { task, .. } => (task, "done".to_owned()),
        EventKind::Failed { task, message } => (task, format!("failed: {}", message.words)),
        EventKind::Cancelled { task, reason, .. } => (task, reason.clone()),
        _ => return String::new(),
    };
    let job = watch.places().get(task).map(Place::name).unwrap_or_default();
    format!("{job}  {task}: {words}\n")
}

/// Waits until it is time to ask again.
///
/// # Errors
/// Where the user has had enough.
pub(super) fn wait(interrupted: &AtomicBool) -> Result<(), CliError> {
    let began = Instant::now();
    while began.elapsed() < POLL {
        if interrupted.load(Ordering::SeqCst) {
            return Err(CliError::Cancelled);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// What became of a pipeline on the cluster: each node's items, what failed and where its log is. `open` tasks wait or run.
pub(super) fn verdict(
    loaded: &Loaded,
    executor: &Executor,
    submissions: &[Submission],
    open: usize,
) -> Result<(), CliError> {
    let matrix = executor.matrix(&loaded.pipeline, &loaded.base_folder);
    let counts = matrix.counts();
    let total: usize = counts.values().sum();
    let done = counts.get(&CellState::Done).copied().unwrap_or(0);
    let mut text = format!("{done} of {} done\n", counted(total, "task"));
    let mut logs = BTreeSet::new();
    for (node, cells) in &matrix.nodes {
        for (item, cell) in cells.iter().filter(|(_, cell)| cell.state == CellState::Failed) {
            let shown = if item.is_empty() { String::new() } else { format!(" [{item}]") };
            let why = cell.message.as_deref().and_then(|m| m.lines().next()).unwrap_or_default();
            text.push_str(&format!("  {node}{shown} failed: {why}\n"));
        }
        let left = cells.values().any(|cell| cell.state != CellState::Done);
        let of_node = submissions.iter().find_map(|submission| {
            let place = submission.jobs.iter().position(|jobs| jobs.node == *node)?;
            Some(submission.log(place, "*"))
        });
        logs.extend(of_node.filter(|_| left));
    }
    if done < total {
        for log in logs {
            text.push_str(&format!("  log: {}\n", log.display()));
        }
        let path = path_word(&loaded.path);
        // What something broken stands before is not submitted.
        let can_run = matrix.nodes.iter().filter(|(node, _)| loaded.is_task(node)).any(|(_, cells)| {
            cells.values().any(|cell| !matches!(cell.state, CellState::Done | CellState::Blocked))
        });
        text.push_str(&match open {
            0 if !can_run => "what is left cannot run: mend what is named above first\n".to_owned(),
            0 => format!("`spikeloom submit {path}` submits what is not done, and nothing else\n"),
            _ => format!(
                "{} waiting or running: `spikeloom jobs {path} --follow` follows\n",
                counted(open, "task")
            ),
        });
    }
    output::text(&text)?;
    if done == total || open > 0 { Ok(()) } else { Err(CliError::Shown { code: 1 }) }
}

/// Shows, follows or cancels the jobs of a pipeline.
///
/// # Errors
/// Where it was never submitted, or the scheduler does not answer.
pub fn jobs(arguments: &JobsArguments) -> Result<(), CliError> {
    let path = absolute(&arguments.pipeline);
    let submissions = Submission::of(&Store::default_folder(), &path);
    let Some(latest) = submissions.first() else {
        return Err(CliError::advised(
            format!("{} was not submitted from this store", arguments.pipeline.display()),
            "`spikeloom submit` hands it to the scheduler; SPIKELOOM_STORE names the store.",
        ));
    };
    if latest.engine == Engine::Airflow {
        return airflow_jobs::jobs(arguments, &submissions);
    }
    let slurm = Slurm::default();
    let elements = slurm.elements().map_err(failed)?;
    if arguments.cancel {
        let active: BTreeSet<String> = active(&submissions, &elements).into_values().collect();
        let active: Vec<String> = active.into_iter().collect();
        if active.is_empty() {
            return output::text("nothing to cancel: no job waits or runs\n");
        }
        slurm.cancel(&active).map_err(failed)?;
        return output::text(&format!("{} cancelled\n", counted(active.len(), "array")));
    }
    if let Some(node) = &arguments.log {
        return logs(&submissions, node);
    }
    let (loaded, executor) = read_submitted(latest)?;
    if arguments.follow {
        return follow(&loaded, &executor, &slurm);
    }
    output::text(&output::columns(&rows(&submissions, &elements, &executor)))?;
    verdict(&loaded, &executor, &submissions, active(&submissions, &elements).len())
}

/// How many jobs of each array are in which state.
fn rows(submissions: &[Submission], elements: &Elements, executor: &Executor) -> Vec<Vec<String>> {
    let head = ["node", "array", "waits", "runs", "ended", "failed", "cancelled", "lost"];
    let states = [JobState::Pending, JobState::Running, JobState::Completed, JobState::Failed];
    let columns: Vec<Fate> =
        states.map(Fate::Known).into_iter().chain([Fate::Cancelled, Fate::Lost]).collect();
    let mut fates = Fates::new(executor, elements);
    let mut rows = Vec::new();
    for submission in submissions.iter().rev() {
        for (jobs, of_jobs) in submission.jobs.iter().zip(fates.of(submission)) {
            let count = |fate: &Fate| of_jobs.iter().filter(|other| *other == fate).count().to_string();
            let counts = columns.iter().map(count);
            rows.push([jobs.node.clone(), jobs.job.clone()].into_iter().chain(counts).collect::<Vec<_>>());
        }
    }
    rows.insert(0, head.map(str::to_owned).to_vec());
    // Mostly nothing is.
    if rows.iter().skip(1).all(|row| row.last().is_some_and(|count| count == "0")) {
        rows.iter_mut().for_each(|row| drop(row.pop()));
    }
    rows
}

pub(super) fn logs(submissions: &[Submission], node: &str) -> Result<(), CliError> {
    let mut text = String::new();
    for submission in submissions.iter().rev() {
        for (place, jobs) in submission.jobs.iter().enumerate().filter(|(_, jobs)| jobs.node == node) {
            for (index, tasks) in jobs.elements.iter().enumerate() {
                let Ok(log) = std::fs::read_to_string(submission.log(place, &index.to_string())) else {
                    continue;
                };
                let first = tasks.first().map(ToString::to_string).unwrap_or_default();
                text.push_str(&format!("== {}_{index}  {first}\n{log}", jobs.job));
            }
        }
    }
    match text.is_empty() {
        true if submissions.iter().flat_map(|s| &s.jobs).any(|jobs| jobs.node == node) => {
            Err(CliError::Input(format!("there is no log of \"{node}\": no job of it has begun")))
        }
        true => {
            let nodes: BTreeSet<&str> =
                submissions.iter().flat_map(|s| &s.jobs).map(|jobs| jobs.node.as_str()).collect();
            let nodes: Vec<&str> = nodes.into_iter().collect();
            Err(CliError::Input(format!(
                "no jobs of \"{node}\" were submitted; there are {}",
                nodes.join(", ")
            )))
        }
        false => output::text(&text),
    }
}
