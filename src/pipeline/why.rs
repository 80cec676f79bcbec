//! Why a result is stale, or why a task ran: what changed against the item's last result.

use super::{
    Coordinate, Executor, Params, Pipeline, PlannedTask, TaskId,
    evaluate::{EvalState, Evaluator, Job},
    provenance::{self, FileOf, InputOf, Provenance, Step},
};
use serde::Serialize;
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    path::Path,
};

/// How an item stands at a node, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// The item.
    pub task: TaskId,
    /// True where its result is there.
    pub done: bool,
    /// Reasons in words: of a result that is there, why it was made; of one that is not, why it would be made.
    pub reasons: Vec<String>,
    /// Tasks it waits for, where their results decide whether it runs.
    pub waits_for: Vec<TaskId>,
    /// When its result was made, and where.
    pub made: Option<(String, String)>,
}

/// Tasks that are named of those it waits for.
const NAMED: usize = 5;

impl fmt::Display for Why {
    /// Some lines, the last one ended too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.task;
        match (&self.made, self.done) {
            (Some((started, host)), _) if self.reasons.is_empty() => {
                return writeln!(f, "{name}: up to date, made {started} on {host}");
            }
            (Some((started, host)), _) => {
                writeln!(f, "{name}: up to date, made {started} on {host} because")?;
            }
            (None, true) => writeln!(f, "{name}: up to date")?,
            (None, false) => writeln!(f, "{name}: would run, because")?,
        }
        for reason in &self.reasons {
            writeln!(f, "  {reason}")?;
        }
        let waits: BTreeSet<&TaskId> = self.waits_for.iter().collect();
        if waits.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = waits.iter().take(NAMED).map(ToString::to_string).collect();
        writeln!(f, "  after {}{}", named.join(", "), if waits.len() > NAMED { " and others" } else { "" })
    }
}

impl Executor {
    /// Why the items of a node would run or ran, each with what it waits for first.
    ///
    /// # Errors
    /// Where the node is not there or has no results of its own.
    pub fn why(
        &self,
        pipeline: &Pipeline,
        base_folder: &Path,
        document: &Path,
        node: &str,
    ) -> Result<Vec<Why>, String> {
        let mut walk = self.evaluator(pipeline, base_folder, Some(node));
        if pipeline.index(node).is_none() {
            let names: Vec<&str> = pipeline.nodes().map(|instance| instance.name.as_str()).collect();
            return Err(format!("there is no node \"{node}\"; there are {}", names.join(", ")));
        }
        walk.evaluate();
        let tasks = self.plan_of(&walk, Some(node)).tasks;
        let by_name: HashMap<&TaskId, &PlannedTask> = tasks.iter().map(|task| (&task.task, task)).collect();
        let mut wanted: BTreeSet<TaskId> =
            tasks.iter().filter(|t| t.task.node == node).map(|t| t.task.clone()).collect();
        if wanted.is_empty() {
            let invalid = walk.iter().find_map(|(instance, eval)| {
                let message = eval.invalid.as_ref()?;
                Some(format!("{}: {message}", instance.name))
            });
            return Err(invalid.unwrap_or_else(|| {
                format!(
                    "{node} has no results of its own: it is a recipe that is worked out where it is needed"
                )
            }));
        }
        // What a stale task waits for explains it.
        for task in tasks.iter().rev() {
            if wanted.contains(&task.task) && !task.cached {
                let stale = |id: &&TaskId| by_name.get(id).is_some_and(|task| !task.cached);
                wanted.extend(task.after.iter().filter(stale).cloned());
            }
        }
        let results = self.store().results_folder(document);
        let mut found = Vec::new();
        for (instance, eval) in walk.iter() {
            for item in eval.items.iter().filter(|item| item.is_task) {
                let task = TaskId { node: instance.name.clone(), coordinate: item.coordinate.clone() };
                if !wanted.contains(&task) {
                    continue;
                }
                let waits_for = by_name.get(&task).map(|task| task.after.clone()).unwrap_or_default();
                let waits_for = waits_for.into_iter().filter(|id| wanted.contains(id)).collect();
                found.push(self.explained(&walk, task, &item.state, &results, waits_for));
            }
        }
        Ok(found)
    }

    fn explained(
        &self,
        walk: &Evaluator,
        task: TaskId,
        state: &EvalState,
        results: &Path,
        waits_for: Vec<TaskId>,
    ) -> Why {
        let (done, reasons, made) = match state {
            EvalState::Done(stored) => {
                let made = stored.provenance().unwrap_or_default();
                (true, made.because, Some((made.started, made.host)))
            }
            EvalState::Runnable(job) => (false, self.reasons(walk, job, results), None),
            EvalState::Waiting => (false, vec!["what it takes is not there yet".to_owned()], None),
            EvalState::Failed(message) => (false, vec![format!("it failed: {message}")], None),
            EvalState::Cancelled(reason) => (false, vec![reason.clone()], None),
            EvalState::Lazy => (false, Vec::new(), None),
        };
        Why { task, done, reasons, waits_for, made }
    }

    /// Why a job has no result that fits, by where those of its pipeline lie.
    pub(super) fn reasons(&self, walk: &Evaluator, job: &Job, results: &Path) -> Vec<String> {
        let TaskId { node, coordinate } = &job.task;
        let own = self.store().object_folder(&job.key);
        match self.store().linked_result(results, node, coordinate) {
            None if own.is_dir() => vec![format!("its result {} is damaged", own.display())],
            None => vec!["it has not run before".into()],
            Some(folder) if folder.file_name() == own.file_name() => match provenance::read(&folder) {
                None => vec!["its result was removed from the store".into()],
                Some(_) if job.writes.iter().any(|path| !path.exists()) => {
                    vec!["what it wrote is not there any more".into()]
                }
                Some(_) if !job.writes.is_empty() => vec!["what it wrote was changed since".into()],
                Some(_) => vec!["its result is damaged".into()],
            },
            Some(folder) => match provenance::read(&folder) {
                Some(before) => self.changes(&before, &walk.ingredients(job)),
                None => vec!["its last result was removed from the store".into()],
            },
        }
    }

    /// What differs between what two results are made of.
    fn changes(&self, before: &Provenance, now: &Provenance) -> Vec<String> {
        let node = &now.node;
        let mut found = Vec::new();
        if before.kind != now.kind {
            return vec![format!("{node} was {} and is {}", before.kind, now.kind)];
        }
        if before.node_version != now.node_version {
            found.push(version(node, &now.kind, before.node_version, now.node_version));
        }
        if before.seed != now.seed {
            found.push(format!("the seed of the pipeline was {} and is {}", before.seed, now.seed));
        }
        found.extend(of_params(node, &before.params, &now.params));
        found.extend(of_files(node, &before.files, &now.files));
        found.extend(of_inputs(before, now));
        if found.is_empty() {
            let places = |made: &Provenance| -> Vec<(String, Coordinate)> {
                made.inputs.iter().map(|input| (input.port.clone(), input.coordinate.clone())).collect()
            };
            found.push(match places(before) == places(now) {
                true => "what it takes was made anew and is not the same".into(),
                false => "the items it takes have other keys, or come in another order".into(),
            });
        }
        let mut seen = BTreeSet::new();
        found.retain(|reason| seen.insert(reason.clone()));
        found
    }
}

fn version(node: &str, kind: &str, before: u32, now: u32) -> String {
    format!("{node}: {kind} is of version {now}, which gives other results than version {before}")
}

fn of_params(node: &str, before: &Params, now: &Params) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let told = |value: Option<&serde_json::Value>| value.map_or("not set".into(), ToString::to_string);
    names
        .into_iter()
        .filter(|name| before.get(*name) != now.get(*name))
        .map(|name| format!("{node}.{name} was {} and is {}", told(before.get(name)), told(now.get(name))))
        .collect()
}

fn of_files(node: &str, before: &[FileOf], now: &[FileOf]) -> Vec<String> {
    let mut found = Vec::new();
    for file in now {
        match before.iter().find(|other| other.path == file.path) {
            Some(other) if other.fingerprint == file.fingerprint => {}
            Some(_) => found.push(format!("{node}: {} was changed", file.path.display())),
            None => found.push(format!("{node}: {} is new to it", file.path.display())),
        }
    }
    let gone = before.iter().filter(|file| !now.iter().any(|other| other.path == file.path));
    found.extend(gone.map(|file| format!("{node}: {} is no longer read", file.path.display())));
    found
}

fn of_inputs(before: &Provenance, now: &Provenance) -> Vec<String> {
    let place = |input: &InputOf| (input.port.clone(), input.coordinate.clone());
    let named = |place: &(String, Coordinate)| match place.1.is_empty() {
        true => place.0.clone(),
        false => format!("{} [{}]", place.0, place.1),
    };
    // Inputs are told apart by port and item; where the names of items changed, by their order.
    let same_places = before.inputs.len() == now.inputs.len();
    let mut found = Vec::new();
    for (index, input) in now.inputs.iter().enumerate() {
        let known = before.inputs.iter().find(|other| place(other) == place(input));
        let by_order = same_places.then(|| before.inputs.get(index)).flatten();
        match known.or(by_order) {
            Some(other) if other.key == input.key => {}
            Some(other) if other.steps.is_empty() && input.steps.is_empty() => {
                found.push(format!("the result it takes at {} is another one", named(&place(input))));
            }
            Some(other) => found.extend(of_steps(&named(&place(input)), &other.steps, &input.steps)),
            None => found.push(format!("{} is new to it", named(&place(input)))),
        }
    }
    let gone =
        before.inputs.iter().filter(|input| !now.inputs.iter().any(|other| place(other) == place(input)));
    if !same_places {
        found.extend(gone.map(|input| format!("{} is no longer there", named(&place(input)))));
    }
    found
}

fn of_steps(port: &str, before: &[Step], now: &[Step]) -> Vec<String> {
    let mut found = Vec::new();
    for step in now {
        let node = &step.node;
        let twins = |steps: &[Step]| steps.iter().filter(|other| other.node == *node).count();
        match before.iter().find(|other| other.node == *node) {
            None => found.push(format!("{node} ({}) is new before its {port}", step.kind)),
            Some(other) if other == step => {}
            // Of many recordings behind one input, the files tell which changed.
            Some(_) if twins(now) > 1 || twins(before) > 1 => {}
            Some(other) => {
                if (other.kind.as_str(), other.version) != (step.kind.as_str(), step.version) {
                    found.push(version(node, &step.kind, other.version, step.version));
                }
                let files = of_files(node, &other.files, &step.files);
                // What finds an item is no part of it: its files are.
                if !(step.by_files && other.by_files) || files.is_empty() {
                    found.extend(of_params(node, &other.params, &step.params));
                }
                found.extend(files);
                if other.results != step.results {
                    found.push(format!("the result that {node} takes is another one"));
                }
            }
        }
    }
    let gone = before.iter().filter(|step| !now.iter().any(|other| other.node == step.node));
    found.extend(gone.map(|step| format!("{} ({}) is no longer before its {port}", step.node, step.kind)));
    if found.is_empty() {
        let files = |steps: &[Step]| steps.iter().flat_map(|s| s.files.clone()).collect::<Vec<_>>();
        found.extend(of_files(port, &files(before), &files(now)));
    }
    if found.is_empty() {
        found.push(format!("what it takes at {port} is in another order or is wired otherwise"));
    }
    found
}
