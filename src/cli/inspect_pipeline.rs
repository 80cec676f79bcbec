//! `check` and `plan`: what is wrong with a pipeline, and what a run would do.

use super::{
    CliError,
    arguments::PlanArguments,
    document::{Loaded, executor},
    output,
};
use crate::{
    data::text::{counted, took},
    pipeline::{Problem, Severity},
};
use serde_json::json;
use std::{collections::HashMap, path::Path};

/// Lists everything wrong with a pipeline.
///
/// # Errors
/// Where there is at least one error; warnings alone are none.
pub fn check(path: &Path, settings: &[String]) -> Result<(), CliError> {
    let loaded = Loaded::read(path, settings)?.checked()?;
    // Its files may be elsewhere today: that is said, but it is no fault of the pipeline.
    let executor = executor(loaded.registry.clone(), None)?;
    let (plan, advice) = executor.plan_with_advice(&loaded.pipeline, &loaded.base_folder);
    let known = |problem: &Problem| loaded.problems.iter().any(|p| p.message == problem.message);
    let found: Vec<&Problem> = plan.problems.iter().filter(|problem| !known(problem)).collect();
    // What is advised of a field says what to choose as well.
    let advised = |problem: &&Problem| {
        let of_field = |other: &Problem| other.field.as_ref().is_some_and(|f| problem.message.starts_with(f));
        advice.iter().any(|other| other.node == problem.node && of_field(other))
    };
    let (mut times, mut place_of) = (Vec::<(String, usize)>::new(), HashMap::new());
    for problem in loaded.problems.iter().chain(found.iter().copied().filter(|p| !advised(p))) {
        let words = problem.to_string();
        // Many recordings have the same.
        let place = *place_of.entry(words.clone()).or_insert(times.len());
        match times.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => times.push((words, 1)),
        }
    }
    for (words, count) in times {
        let more = if count > 1 { format!(" (and {} more times)", count - 1) } else { String::new() };
        eprintln!("warning: {words}{more}");
    }
    for problem in &advice {
        let word = if problem.severity == Severity::Note { "note" } else { "warning" };
        eprintln!("{word}: {problem}");
    }
    let verdict = match found.iter().filter(|p| p.severity == Severity::Error).count() {
        0 => match advice.iter().filter(|p| p.severity == Severity::Warning).count() {
            0 => "nothing wrong".to_owned(),
            count => format!("nothing wrong, and {} of advice", counted(count, "piece")),
        },
        // Some recordings are broken or elsewhere.
        _ if !plan.tasks.is_empty() => format!(
            "nothing wrong with the pipeline itself; what is named above does not run here, the rest does ({})",
            counted(plan.tasks.len(), "task")
        ),
        _ => "nothing wrong with the pipeline itself, but it does not run here: see above".to_owned(),
    };
    output::text(&format!(
        "{}: {} nodes, {} wires, {verdict}\n",
        path.display(),
        loaded.pipeline.nodes().count(),
        loaded.pipeline.wires().len()
    ))
}

/// Shows the tasks a run would do, in order.
///
/// # Errors
/// Where the pipeline cannot run.
pub fn plan(arguments: &PlanArguments) -> Result<(), CliError> {
    let loaded = Loaded::read(&arguments.pipeline, &arguments.set)?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let executor = executor(loaded.registry.clone(), None)?;
    let plan = executor.plan(&loaded.pipeline, &loaded.base_folder, arguments.until.as_deref());
    if arguments.json {
        let stale = plan.stale().count();
        output::json(&json!({
            "tasks": plan.tasks,
            "num_tasks": plan.tasks.len(),
            "num_cached": plan.num_cached(),
            "num_stale": stale,
            "problems": plan.problems,
        }))?;
    } else {
        let mut rows = vec![vec!["task".to_owned(), "kind".into(), "state".into(), "estimate".into()]];
        for task in &plan.tasks {
            let state = match (task.cached, task.provisional) {
                (true, _) => "done",
                (false, true) => "runs (items known later)",
                (false, false) => "runs",
            };
            let estimate = task.estimate_s.filter(|_| !task.cached).map(took).unwrap_or_default();
            let kind = if task.fit { format!("{} (fit)", task.kind) } else { task.kind.clone() };
            rows.push(vec![task.task.to_string(), kind, state.into(), estimate]);
        }
        let text = format!(
            "{}{}, {} done already\n",
            output::columns(&rows),
            counted(plan.tasks.len(), "task"),
            plan.num_cached()
        );
        output::text(&text)?;
    }
    let errors: Vec<String> =
        plan.problems.iter().filter(|p| p.severity == Severity::Error).map(ToString::to_string).collect();
    if errors.is_empty() { Ok(()) } else { Err(CliError::Input(errors.join("\n"))) }
}
