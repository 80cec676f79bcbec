//! `submit`, `jobs` and `task`: a pipeline on a cluster.

use super::{
    CliError,
    arguments::{JobsArguments, Scheduler, SubmitArguments},
    document::{Loaded, executor},
    output,
    progress::name,
    run,
};
use crate::{
    batch::{Element, JobState, Needs, Slurm, Submission, split},
    data::text::counted,
    pipeline::{CellState, Executor, Plan, RunOptions, RunStatus, Severity, Store, TaskClass, TaskId, Work},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// How often the scheduler is asked.
const POLL: Duration = Duration::from_secs(2);

type Elements = BTreeMap<(String, usize), Element>;

fn read(path: &Path, settings: &[String]) -> Result<(Loaded, Arc<Executor>), CliError> {
    let loaded = Loaded::read(path, settings)?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let executor = executor(loaded.registry.clone(), None)?;
    Ok((loaded, executor))
}

fn failed(error: impl ToString) -> CliError {
    CliError::Failed(error.to_string())
}

/// Hands what is to do to the scheduler, and follows it.
///
/// # Errors
/// Where the pipeline is wrong, the scheduler refuses, or, when followed, something failed.
pub fn submit(arguments: &SubmitArguments) -> Result<(), CliError> {
    let (loaded, executor) = read(&arguments.pipeline, &arguments.set)?;
    let plan = executor.plan(&loaded.pipeline, &loaded.base_folder, arguments.until.as_deref());
    // Recordings that are missing are no tasks; what stands in the way of the pipeline itself is said by now.
    for problem in plan.problems.iter().filter(|p| p.severity != Severity::Note) {
        eprintln!("warning: {problem}");
    }
    let Scheduler::Slurm = arguments.engine;
    let slurm = Slurm;
    let elements = slurm.elements().map_err(failed)?;
    let store =
        std::path::absolute(executor.store().folder()).unwrap_or(executor.store().folder().to_owned());
    let earlier = Submission::of(&store, &loaded.path);
    let active = active(&earlier, &elements);
    let submitted: BTreeSet<TaskId> = active.keys().cloned().collect();
    let asked = Needs {
        cores: arguments.cores,
        memory: arguments.memory.clone(),
        time: arguments.time.clone(),
        partition: arguments.partition.clone(),
        options: arguments.option.clone(),
    };
    let max = arguments.max_jobs.unwrap_or(200).min(slurm.max_elements());
    let batches = split(&plan, max, &submitted);
    if batches.is_empty() {
        let what = if submitted.is_empty() {
            "all is done already"
        } else {
            "all that is left is submitted already"
        };
        return output::text(&format!("nothing to submit: {what}\n"));
    }
    let program = std::env::current_exe().map_err(failed)?;
    let mut submission = Submission::begin(&store, &loaded.path, &arguments.set)?;
    let mut text = String::new();
    for batch in &batches {
        let class =
            loaded.registry.get(&batch.kind).map_or(TaskClass::Other, |node| match node.info().work {
                Work::Task(class) | Work::FitThenLazy(class) => class,
                Work::Lazy | Work::Arrange => TaskClass::Other,
            });
        let needs = asked.or(&Needs::of(class));
        let before: BTreeSet<&String> =
            batch.waits_for_earlier.iter().filter_map(|task| active.get(task)).collect();
        let before: Vec<String> = before.into_iter().cloned().collect();
        if let Err(error) = slurm.submit(&mut submission, batch, &needs, &program, &store, &before) {
            // Half a pipeline would fail for what is missing.
            let jobs: Vec<String> = submission.jobs.iter().map(|jobs| jobs.job.clone()).collect();
            if !jobs.is_empty() {
                slurm.cancel(&jobs).map_err(failed)?;
            }
            return Err(failed(error));
        }
        let tasks = batch.elements.iter().map(Vec::len).sum();
        let job = submission.jobs.last().map_or("", |jobs| jobs.job.as_str());
        let jobs = counted(batch.elements.len(), "job");
        text.push_str(&format!("  {job}  {}: {} in {jobs}\n", batch.node, counted(tasks, "task")));
    }
    output::text(&format!("submitted, logs in {}\n{text}", submission.folder.display()))?;
    match arguments.detach {
        true => {
            output::text(&format!("`spikeloom jobs {}` tells how it goes\n", arguments.pipeline.display()))
        }
        false => follow(&loaded, &executor, &slurm),
    }
}

/// Tasks of elements that wait or run, with their array.
fn active(submissions: &[Submission], elements: &Elements) -> BTreeMap<TaskId, String> {
    let mut found = BTreeMap::new();
    for jobs in submissions.iter().flat_map(|submission| &submission.jobs) {
        for (index, tasks) in jobs.elements.iter().enumerate() {
            let state = elements.get(&(jobs.job.clone(), index)).map(|element| element.state);
            if matches!(state, Some(JobState::Pending | JobState::Running)) {
                found.extend(tasks.iter().map(|task| (task.clone(), jobs.job.clone())));
            }
        }
    }
    found
}

/// Tells what changes until nothing waits or runs any more.
fn follow(loaded: &Loaded, executor: &Executor, slurm: &Slurm) -> Result<(), CliError> {
    let submissions = Submission::of(executor.store().folder(), &loaded.path);
    let interrupted = run::interrupted();
    let mut told: BTreeMap<(String, usize), String> = BTreeMap::new();
    loop {
        let elements = slurm.elements().map_err(failed)?;
        for jobs in submissions.iter().flat_map(|submission| &submission.jobs) {
            for (index, tasks) in jobs.elements.iter().enumerate() {
                let id = (jobs.job.clone(), index);
                let Some(element) = elements.get(&id) else { continue };
                let words = match element.state {
                    JobState::Pending => continue,
                    JobState::Running => format!("running on {}", element.host),
                    JobState::Completed => "ended".into(),
                    JobState::Failed => format!("{} ({})", element.word.to_lowercase(), element.reason),
                };
                if told.get(&id) != Some(&words) {
                    let first = tasks.first().map(name).unwrap_or_default();
                    let more = if tasks.len() > 1 {
                        format!(" and {} more", tasks.len() - 1)
                    } else {
                        String::new()
                    };
                    output::text(&format!("{}_{index}  {first}{more}: {words}\n", jobs.job))?;
                    told.insert(id, words);
                }
            }
        }
        if active(&submissions, &elements).is_empty() {
            break;
        }
        let began = Instant::now();
        while began.elapsed() < POLL {
            if interrupted.load(Ordering::SeqCst) {
                let path = loaded.path.display();
                eprintln!("the jobs go on: `spikeloom jobs {path}` tells how, with --cancel it ends them");
                return Err(CliError::Cancelled);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    verdict(loaded, executor, &submissions)
}

/// What became of a pipeline on the cluster: each node's items, what failed and where its log is.
fn verdict(loaded: &Loaded, executor: &Executor, submissions: &[Submission]) -> Result<(), CliError> {
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
        let path = loaded.path.display();
        text.push_str(&format!("`spikeloom submit {path}` submits what is not done, and nothing else\n"));
    }
    output::text(&text)?;
    if done == total { Ok(()) } else { Err(CliError::Shown { code: 1 }) }
}

/// Shows, follows or cancels the jobs of a pipeline.
///
/// # Errors
/// Where it was never submitted, or the scheduler does not answer.
pub fn jobs(arguments: &JobsArguments) -> Result<(), CliError> {
    let path = std::path::absolute(&arguments.pipeline).unwrap_or_else(|_| arguments.pipeline.clone());
    let submissions = Submission::of(&Store::default_folder(), &path);
    let Some(latest) = submissions.first() else {
        return Err(CliError::advised(
            format!("{} was not submitted from this store", arguments.pipeline.display()),
            "`spikeloom submit` hands it to the scheduler; SPIKELOOM_STORE names the store.",
        ));
    };
    let slurm = Slurm;
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
    let (loaded, executor) = read(&arguments.pipeline, &latest.settings)?;
    if arguments.follow {
        return follow(&loaded, &executor, &slurm);
    }
    let mut rows = vec![["node", "array", "waits", "runs", "ended", "failed"].map(str::to_owned).to_vec()];
    for jobs in submissions.iter().rev().flat_map(|submission| &submission.jobs) {
        let mut counts: BTreeMap<JobState, usize> = BTreeMap::new();
        for index in 0..jobs.elements.len() {
            // What the scheduler forgot has ended.
            let state = elements.get(&(jobs.job.clone(), index)).map_or(JobState::Completed, |e| e.state);
            *counts.entry(state).or_default() += 1;
        }
        let of = |state| counts.get(&state).copied().unwrap_or(0).to_string();
        let states = [JobState::Pending, JobState::Running, JobState::Completed, JobState::Failed].map(of);
        rows.push([vec![jobs.node.clone(), jobs.job.clone()], states.to_vec()].concat());
    }
    output::text(&output::columns(&rows))?;
    verdict(&loaded, &executor, &submissions)
}

fn logs(submissions: &[Submission], node: &str) -> Result<(), CliError> {
    let mut text = String::new();
    for submission in submissions.iter().rev() {
        for (place, jobs) in submission.jobs.iter().enumerate().filter(|(_, jobs)| jobs.node == node) {
            for (index, tasks) in jobs.elements.iter().enumerate() {
                let Ok(log) = std::fs::read_to_string(submission.log(place, &index.to_string())) else {
                    continue;
                };
                let first = tasks.first().map(name).unwrap_or_default();
                text.push_str(&format!("== {}_{index}  {first}\n{log}", jobs.job));
            }
        }
    }
    match text.is_empty() {
        true => Err(CliError::Input(format!("there is no log of \"{node}\": no job of it has begun"))),
        false => output::text(&text),
    }
}

/// Does the tasks of one element of an array.
///
/// # Errors
/// Where all of them failed or could not run.
pub fn task(folder: &Path, place: usize, index: usize) -> Result<(), CliError> {
    let submission = Submission::read(folder)?;
    let tasks = submission.jobs.get(place).and_then(|jobs| jobs.elements.get(index)).ok_or_else(|| {
        CliError::Input(format!("{}: it has no element {index} of array {place}", folder.display()))
    })?;
    let (loaded, executor) = read(&submission.pipeline, &submission.settings)?;
    let threads = std::env::var("SLURM_CPUS_PER_TASK").ok().and_then(|n| n.parse().ok());
    let node = tasks.first().map(|task| task.node.clone());
    for task in tasks {
        eprintln!("{}", name(task));
    }
    let options = RunOptions {
        until: node,
        only: Some(tasks.iter().cloned().collect()),
        threads,
        base_folder: loaded.base_folder.clone(),
        pipeline_path: Some(loaded.path.clone()),
        ..RunOptions::default()
    };
    let ended = run::follow(&executor, &loaded.pipeline, options, false)?;
    match ended.status {
        RunStatus::Ok => output::text("done\n"),
        RunStatus::Cancelled => Err(CliError::Cancelled),
        // What follows goes on with those that succeeded.
        RunStatus::Failed if some_done(&executor, &loaded, tasks) => {
            eprintln!("{}", run::failed_text(&ended));
            Ok(())
        }
        RunStatus::Failed => Err(CliError::Failed(run::failed_text(&ended))),
    }
}

fn some_done(executor: &Executor, loaded: &Loaded, tasks: &[TaskId]) -> bool {
    let until = tasks.first().map(|task| task.node.as_str());
    let plan: Plan = executor.plan(&loaded.pipeline, &loaded.base_folder, until);
    plan.tasks.iter().any(|planned| planned.cached && tasks.iter().any(|task| task.holds(&planned.task)))
}
