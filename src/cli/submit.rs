//! `submit` and `task`: a pipeline handed to a scheduler, and the part of it that one job does.

use super::{
    CliError,
    arguments::{Scheduler, SubmitArguments, TaskArguments},
    document::{Loaded, executor},
    jobs::follow,
    output::{self, path_word},
    run,
};
use crate::{
    batch::{Airflow, Batch, Needs, Order, Proposal, Slurm, Submission, check_option, dag_id},
    data::text::counted,
    io::absolute,
    pipeline::{Executor, Plan, RunOptions, RunStatus, Severity, TaskId},
};
use std::{collections::BTreeSet, path::Path, sync::Arc};

pub(super) fn read(path: &Path, settings: &[String]) -> Result<(Loaded, Arc<Executor>), CliError> {
    let loaded = Loaded::read(path, settings)?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let executor = executor(loaded.registry.clone(), None)?;
    Ok((loaded, executor))
}

/// A pipeline as it was submitted.
pub(super) fn read_submitted(submission: &Submission) -> Result<(Loaded, Arc<Executor>), CliError> {
    let (mut loaded, executor) = read(&submission.document(), &submission.settings)?;
    loaded.path.clone_from(&submission.pipeline);
    loaded.base_folder = submission.pipeline.parent().map(Path::to_owned).unwrap_or_default();
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

/// What the arguments ask for.
fn order(arguments: &SubmitArguments) -> Order {
    let only_for = arguments.only_for.iter().filter_map(|text| text.split_once('='));
    Order {
        needs: Needs {
            cores: arguments.cores,
            memory: arguments.memory.clone(),
            time: arguments.time.clone(),
            partition: arguments.partition.clone(),
            options: arguments.option.clone(),
        },
        only_for: only_for.map(|(node, option)| (node.to_owned(), option.to_owned())).collect(),
        max_jobs: arguments.max_jobs,
        ..Order::default()
    }
}

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

/// What is said where no task is left to run.
fn done_already(plan: &Plan) -> &'static str {
    match plan.problems.iter().any(|problem| problem.severity == Severity::Error) {
        true => "all that can run is done already; what cannot is named above",
        false => "all is done already",
    }
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
    executor: &Arc<Executor>,
    plan: &Plan,
) -> Result<(), CliError> {
    let slurm = Slurm::default();
    for option in &arguments.option {
        check_option(option).map_err(CliError::Input)?;
    }
    let of = (&loaded.pipeline, plan.clone());
    let proposal = Proposal::new(&slurm, executor, of, Some(&loaded.path)).map_err(failed)?;
    if proposal.num_other() > 0 {
        let tasks = counted(proposal.num_other(), "task");
        let path = path_word(&arguments.pipeline);
        eprintln!(
            "warning: {tasks} of the pipeline as it was before wait or run and go on: `spikeloom jobs {path} --cancel` ends them"
        );
    }
    let arrays = proposal.arrays(&order(arguments));
    if arrays.is_empty() {
        let what = match proposal.num_active() {
            0 => done_already(plan),
            _ => "all that is left is submitted already",
        };
        return output::text(&format!("nothing to submit: {what}\n"));
    }
    let program = std::env::current_exe().map_err(failed)?;
    let pipeline = (loaded.path.as_path(), arguments.set.as_slice());
    let submission = proposal.hand_over(&slurm, &arrays, pipeline, &program).map_err(failed)?;
    let lines = arrays.iter().zip(&submission.jobs);
    let text: String = lines.map(|((batch, _), jobs)| submitted_line(&jobs.job, batch)).collect();
    output::text(&format!("submitted, logs in {}\n{text}", submission.folder.display()))?;
    match arguments.detach {
        true => {
            output::text(&format!("`spikeloom jobs {}` tells how it goes\n", path_word(&arguments.pipeline)))
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
        return Err(CliError::Input(format!(
            "--for {option}: Airflow has no sbatch to hand it to: leave it out"
        )));
    }
    if let Some(option) = arguments.option.first() {
        return Err(CliError::Input(format!(
            "--option {option}: Airflow has no sbatch to hand it to: leave it out"
        )));
    }
    if let Some(memory) = &arguments.memory {
        return Err(CliError::Input(format!(
            "--memory {memory}: Airflow's tasks are given none: leave it out, or set it where its workers are"
        )));
    }
    let dag = arguments.dag.clone().or_else(|| Airflow::default_dag(&loaded.path));
    let dag =
        dag.ok_or_else(|| CliError::Input("there is no home folder: name the file with --dag".into()))?;
    let airflow = Airflow { dag, retries: arguments.retries };
    let arrays = order(arguments).arrays(plan, usize::MAX, &BTreeSet::new());
    if arrays.is_empty() {
        return output::text(&format!("nothing to submit: {}\n", done_already(plan)));
    }
    let program = std::env::current_exe().map_err(failed)?;
    let store = absolute(executor.store().folder());
    let mut submission = Submission::begin(&store, &loaded.path, &arguments.set)?;
    let text: String = arrays.iter().map(|(batch, _)| submitted_line("", batch)).collect();
    if let Err(error) = airflow.submit(&mut submission, &arrays, &program, &store) {
        // Nothing was handed over: nothing is left of it.
        let _ = std::fs::remove_dir_all(&submission.folder);
        return Err(CliError::Input(error.to_string()));
    }
    let id = dag_id(&loaded.path);
    output::text(&format!(
        "{}\n{text}It is the DAG {id}: `airflow dags unpause {id}` and `airflow dags trigger {id}` start it once the scheduler \
         has read it; `spikeloom jobs {}` tells what is done\n",
        airflow.dag.display(),
        path_word(&arguments.pipeline)
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
    let (loaded, executor) = read_submitted(&submission)?;
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
    let ended = run::follow(&executor, &loaded.pipeline, options, run::Show::Log)?;
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
