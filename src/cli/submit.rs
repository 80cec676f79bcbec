//! `submit` and `task`: a pipeline handed to a scheduler, and the part of it that one job does.

use super::{
    CliError,
    arguments::{Scheduler, SubmitArguments, TaskArguments},
    document::{Loaded, executor},
    jobs::{active, follow},
    output, run,
};
use crate::{
    batch::{Airflow, Batch, Needs, Slurm, Submission, dag_id, split},
    data::text::counted,
    pipeline::{Executor, Plan, RunOptions, RunStatus, Severity, TaskId},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) fn read(path: &Path, settings: &[String]) -> Result<(Loaded, Arc<Executor>), CliError> {
    let loaded = Loaded::read(path, settings)?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let executor = executor(loaded.registry.clone(), None)?;
    Ok((loaded, executor))
}

pub(super) fn failed(error: impl ToString) -> CliError {
    CliError::Failed(error.to_string())
}

/// Hands what is to do to the scheduler, and follows it.
///
/// # Errors
/// Where the pipeline is wrong, the scheduler refuses, or, when followed, something failed.
pub fn submit(arguments: &SubmitArguments) -> Result<(), CliError> {
    let (loaded, executor) = read(&arguments.pipeline, &arguments.set)?;
    let loaded = loaded.checked()?;
    check_options(arguments, &loaded)?;
    let plan = executor.plan(&loaded.pipeline, &loaded.base_folder, arguments.until.as_deref());
    // Recordings that are missing are no tasks; what stands in the way of the pipeline itself is said by now.
    for problem in plan.problems.iter().filter(|p| p.severity != Severity::Note) {
        eprintln!("warning: {problem}");
    }
    match arguments.engine {
        Scheduler::Slurm => to_slurm(arguments, &loaded, &executor, &plan),
        Scheduler::Airflow => to_airflow(arguments, &loaded, &executor, &plan),
    }
}

/// Elements of an array where nothing else is said.
const MAX_JOBS: usize = 200;

fn absolute_store(executor: &Executor) -> PathBuf {
    let folder = executor.store().folder();
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// What the jobs of a batch need: as asked for, else as their nodes say.
fn needs_of(arguments: &SubmitArguments, batch: &Batch) -> Needs {
    let of_node = |text: &String| {
        let (node, option) = text.split_once('=')?;
        (node == batch.node).then(|| option.to_owned())
    };
    let asked = Needs {
        cores: arguments.cores,
        memory: arguments.memory.clone(),
        time: arguments.time.clone(),
        partition: arguments.partition.clone(),
        // Of an option that is given twice sbatch takes the last.
        options: arguments
            .option
            .iter()
            .cloned()
            .chain(arguments.only_for.iter().filter_map(of_node))
            .collect(),
    };
    // Tasks of one job follow each other.
    let most = batch.elements.iter().map(Vec::len).max().unwrap_or(1) as u64;
    let minutes = batch.needs.time_s.map(|limit| (most * limit).div_ceil(60) + START_MINUTES);
    let by_node = Needs { time: minutes.map(|minutes| minutes.to_string()), ..Needs::from(batch.needs) };
    asked.or(&by_node)
}

/// What a job takes besides its tasks' time limits: to start, to read and to write.
const START_MINUTES: u64 = 10;

/// Options for nodes that are not there, or that are none.
fn check_options(arguments: &SubmitArguments, loaded: &Loaded) -> Result<(), CliError> {
    for text in &arguments.only_for {
        let wrong = |message: String| Err(CliError::Input(format!("--for {text}: {message}")));
        match text.split_once('=') {
            Some((node, option)) if option.starts_with('-') => {
                if loaded.pipeline.node(node).is_none() {
                    let names: Vec<&str> = loaded.pipeline.nodes().map(|node| node.name.as_str()).collect();
                    return wrong(format!("there is no node \"{node}\"; there are {}", names.join(", ")));
                }
            }
            _ => {
                return wrong("a node and an option of sbatch expected, such as sort=--partition=gpu".into());
            }
        }
    }
    Ok(())
}

/// A line on what was submitted of a node.
fn submitted_line(name: &str, batch: &Batch) -> String {
    let tasks = batch.elements.iter().map(Vec::len).sum();
    let jobs = counted(batch.elements.len(), "job");
    format!("  {name}  {}: {} in {jobs}\n", batch.node, counted(tasks, "task"))
}

fn to_slurm(
    arguments: &SubmitArguments,
    loaded: &Loaded,
    executor: &Executor,
    plan: &Plan,
) -> Result<(), CliError> {
    let slurm = Slurm;
    let elements = slurm.elements().map_err(failed)?;
    let store = absolute_store(executor);
    let earlier = Submission::of(&store, &loaded.path);
    let active = active(&earlier, &elements);
    let submitted: BTreeSet<TaskId> = active.keys().cloned().collect();
    let max = arguments.max_jobs.unwrap_or(MAX_JOBS).min(slurm.max_elements());
    let batches = split(plan, max, &submitted);
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
        let needs = needs_of(arguments, batch);
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
        let job = submission.jobs.last().map_or("", |jobs| jobs.job.as_str());
        text.push_str(&submitted_line(job, batch));
    }
    output::text(&format!("submitted, logs in {}\n{text}", submission.folder.display()))?;
    match arguments.detach {
        true => {
            output::text(&format!("`spikeloom jobs {}` tells how it goes\n", arguments.pipeline.display()))
        }
        false => follow(loaded, executor, &slurm),
    }
}

fn to_airflow(
    arguments: &SubmitArguments,
    loaded: &Loaded,
    executor: &Executor,
    plan: &Plan,
) -> Result<(), CliError> {
    if let Some(option) = arguments.only_for.first() {
        return Err(CliError::Input(format!("--for {option}: Airflow has no sbatch to hand it to")));
    }
    if let Some(option) = arguments.option.first() {
        return Err(CliError::Input(format!("--option {option}: Airflow has no sbatch to hand it to")));
    }
    let dag = arguments.dag.clone().or_else(|| Airflow::default_dag(&loaded.path));
    let dag =
        dag.ok_or_else(|| CliError::Input("there is no home folder: name the file with --dag".into()))?;
    let airflow = Airflow { dag, retries: arguments.retries };
    let batches = split(plan, arguments.max_jobs.unwrap_or(MAX_JOBS), &BTreeSet::new());
    if batches.is_empty() {
        return output::text("nothing to submit: all is done already\n");
    }
    let program = std::env::current_exe().map_err(failed)?;
    let store = absolute_store(executor);
    let mut submission = Submission::begin(&store, &loaded.path, &arguments.set)?;
    let mut text = String::new();
    let mut needed = Vec::with_capacity(batches.len());
    for batch in batches {
        text.push_str(&submitted_line("", &batch));
        let needs = needs_of(arguments, &batch);
        needed.push((batch, needs));
    }
    if let Err(error) = airflow.submit(&mut submission, &needed, &program, &store) {
        // Nothing was handed over: nothing is left of it.
        let _ = std::fs::remove_dir_all(&submission.folder);
        return Err(CliError::Input(error.to_string()));
    }
    let id = dag_id(&loaded.path);
    output::text(&format!(
        "{}\n{text}It is the DAG {id}: `airflow dags unpause {id}` and `airflow dags trigger {id}` start it once the scheduler \
         has read it; `spikeloom jobs {}` tells what is done\n",
        airflow.dag.display(),
        arguments.pipeline.display()
    ))
}

/// Does the tasks of one element of an array.
///
/// # Errors
/// Where all of them failed or could not run.
pub fn task(arguments: &TaskArguments) -> Result<(), CliError> {
    let TaskArguments { submission: folder, array: place, element: index, threads, all } = arguments;
    let submission = Submission::read(folder)?;
    let tasks = submission.jobs.get(*place).and_then(|jobs| jobs.elements.get(*index)).ok_or_else(|| {
        CliError::Input(format!("{}: it has no element {index} of array {place}", folder.display()))
    })?;
    let (loaded, executor) = read(&submission.pipeline, &submission.settings)?;
    let of_slurm = || std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok();
    let threads = threads.or_else(of_slurm);
    let node = tasks.first().map(|task| task.node.clone());
    for task in tasks {
        eprintln!("{task}");
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
        RunStatus::Failed if !all && some_done(&executor, &loaded, tasks) => {
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
