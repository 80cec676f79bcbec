//! `jobs` of a pipeline that was handed to Airflow: the store knows what is done, Airflow whether it goes on.

use super::{
    CliError,
    arguments::JobsArguments,
    document::Loaded,
    jobs::{logs, verdict, wait},
    output::{self, path_word},
    run,
    submit::read_submitted,
};
use crate::{
    batch::{Submission, dag_id, last_run},
    data::text::took,
    pipeline::{CellState, Executor},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How often Airflow is asked: its command takes seconds to answer.
const ASKED: Duration = Duration::from_secs(15);

/// Shows or follows what Airflow runs.
///
/// # Errors
/// Where it is to be cancelled, which Airflow does, or tasks failed.
pub fn jobs(arguments: &JobsArguments, submissions: &[Submission]) -> Result<(), CliError> {
    let Some(latest) = submissions.first() else { return Ok(()) };
    let dag = dag_id(&latest.pipeline);
    if arguments.cancel {
        let path = path_word(&arguments.pipeline);
        return Err(CliError::advised(
            format!("{path} was handed to Airflow, which starts and stops its tasks itself"),
            format!("Its DAG is {dag}; `spikeloom jobs {path}` tells what is done."),
        ));
    }
    if let Some(node) = &arguments.log {
        return logs(submissions, node);
    }
    let (loaded, executor) = read_submitted(latest)?;
    if arguments.follow {
        follow(&loaded, &executor, latest, &dag)?;
        return verdict(&loaded, &executor, submissions, 0);
    }
    let mut rows = vec![["node", "DAG", "tasks"].map(str::to_owned).to_vec()];
    for jobs in &latest.jobs {
        rows.push(vec![jobs.node.clone(), dag.clone(), jobs.elements.len().to_string()]);
    }
    output::text(&output::columns(&rows))?;
    verdict(&loaded, &executor, submissions, 0)
}

/// Tells what changes until all is done or Airflow is done with it.
fn follow(loaded: &Loaded, executor: &Executor, latest: &Submission, dag: &str) -> Result<(), CliError> {
    let interrupted = run::interrupted();
    let mut told: BTreeMap<(String, String), CellState> = BTreeMap::new();
    let (mut asked, mut known) = (None::<Instant>, None::<String>);
    loop {
        let matrix = executor.matrix(&loaded.pipeline, &loaded.base_folder);
        let is_first = told.is_empty();
        for (node, cells) in &matrix.nodes {
            for (item, cell) in cells {
                let before = told.insert((node.clone(), item.clone()), cell.state);
                let words = match (cell.state, cell.wall_s) {
                    _ if before == Some(cell.state) => continue,
                    // What was done before is no news.
                    (CellState::Done, _) if is_first => continue,
                    (CellState::Done, Some(wall_s)) => format!("done in {}", took(wall_s)),
                    (CellState::Failed, _) => {
                        let why = cell.message.as_deref().and_then(|message| message.lines().next());
                        format!("failed: {}", why.unwrap_or_default())
                    }
                    (CellState::Done | CellState::Running, _) => cell.state.word().into(),
                    (_, _) => continue,
                };
                let item = if item.is_empty() { String::new() } else { format!(" [{item}]") };
                output::text(&format!("{node}{item}: {words}\n"))?;
            }
        }
        let counts = matrix.counts();
        if counts.keys().all(|state| *state == CellState::Done) {
            return Ok(());
        }
        if asked.is_none_or(|at| at.elapsed() > ASKED) {
            let state = match last_run(dag) {
                None => "Airflow does not tell how it goes (`airflow` on the path would)".to_owned(),
                Some(run) if !run.is_since(latest) => format!("{dag} has not been started"),
                Some(run) if run.has_ended() => {
                    return output::text(&format!("{dag}: its run has ended ({})\n", run.state));
                }
                Some(run) => format!("{dag} is {}", run.state),
            };
            if known.as_ref() != Some(&state) {
                output::text(&format!("{state}\n"))?;
                known = Some(state);
            }
            asked = Some(Instant::now());
        }
        wait(&interrupted).inspect_err(|_| {
            eprintln!("Airflow goes on: `spikeloom jobs {}` tells how", path_word(&loaded.path));
        })?;
    }
}
