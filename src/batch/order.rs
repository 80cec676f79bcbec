//! What is to be submitted, and how: asked for by the user, else as the nodes say.

use super::{Batch, BatchError, Element, Elements, Needs, Slurm, Submission, split};
use crate::{
    io::absolute,
    pipeline::{Executor, Pipeline, Plan, TaskId},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Elements of an array where nothing else is said.
pub const MAX_JOBS: usize = 200;

/// What a job takes besides its tasks' time limits: to start, to read and to write.
const START_MINUTES: u64 = 10;

/// What the user asks for; what is not said is as the nodes say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    /// What each job is given.
    pub needs: Needs,
    /// Further options for the jobs of one node: the node and the option.
    pub only_for: Vec<(String, String)>,
    /// Jobs in an array at most, [`MAX_JOBS`] where not said.
    pub max_jobs: Option<usize>,
    /// These tasks alone, where not all that is not done.
    pub only: Option<BTreeSet<TaskId>>,
    /// What the jobs of each node were given the last time: they are given it again where nothing else is asked for.
    pub before: BTreeMap<String, Needs>,
}

/// The word for an element whose program has ended and whose node is being tidied up.
const COMPLETING: &str = "COMPLETING";

/// Jobs of a node as they would be submitted.
pub type Array = (Batch, Needs);

impl Order {
    /// The arrays that do what is not done, each of at most `largest` jobs. What is in `submitted` is at work already.
    pub fn arrays(&self, plan: &Plan, largest: usize, submitted: &BTreeSet<TaskId>) -> Vec<Array> {
        let most = self.max_jobs.unwrap_or(MAX_JOBS).min(largest);
        let batches = split(plan, most, submitted, self.only.as_ref());
        let array = |batch: Batch| {
            let needs = self.needs_of(&batch);
            (batch, needs)
        };
        batches.into_iter().map(array).collect()
    }

    /// What the jobs of a batch need: as asked for, else as the last time, else as their node says.
    fn needs_of(&self, batch: &Batch) -> Needs {
        let own =
            self.only_for.iter().filter(|(node, _)| *node == batch.node).map(|(_, option)| option.clone());
        // Of an option that is given twice sbatch takes the last.
        let options = self.needs.options.iter().cloned().chain(own).collect();
        let asked = Needs { options, ..self.needs.clone() };
        let asked = self.before.get(&batch.node).map_or(asked.clone(), |before| asked.or(before));
        // Tasks of one job follow each other.
        let most = batch.elements.iter().map(Vec::len).max().unwrap_or(1) as u64;
        let minutes = batch.needs.time_s.map(|limit| (most * limit).div_ceil(60) + START_MINUTES);
        let by_node = Needs { time: minutes.map(|minutes| minutes.to_string()), ..Needs::from(batch.needs) };
        asked.or(&by_node)
    }
}

/// Tasks of elements that wait or run, with their array. One that is completing has done what it will do.
pub fn active<'s>(
    submissions: impl IntoIterator<Item = &'s Submission>,
    elements: &Elements,
) -> BTreeMap<TaskId, String> {
    let mut found = BTreeMap::new();
    for jobs in submissions.into_iter().flat_map(|submission| &submission.jobs) {
        for (index, tasks) in jobs.elements.iter().enumerate() {
            let is_open = |element: &Element| element.state.is_open() && element.word != COMPLETING;
            if elements.get(&jobs.job, index).is_some_and(is_open) {
                found.extend(tasks.iter().map(|task| (task.clone(), jobs.job.clone())));
            }
        }
    }
    found
}

/// A plan beside what is at work of it already: what could be submitted now.
#[derive(Clone, Debug)]
pub struct Proposal {
    plan: Plan,
    active: BTreeMap<TaskId, String>,
    submitted: BTreeSet<TaskId>,
    num_other: usize,
    largest: usize,
    store: PathBuf,
}

impl Proposal {
    /// Asks Slurm what is at work of a pipeline, by its file where it has one, and how large arrays may be.
    ///
    /// # Errors
    /// Where Slurm does not answer.
    pub fn new(
        slurm: &Slurm,
        executor: &Executor,
        (pipeline, plan): (&Pipeline, Plan),
        path: Option<&Path>,
    ) -> Result<Self, BatchError> {
        let elements = slurm.elements()?;
        let store = executor.store().folder();
        let store = absolute(store);
        let mut earlier = path.map(|path| Submission::of(&store, path)).unwrap_or_default();
        earlier.retain(|submission| !active([submission], &elements).is_empty());
        // What works with other parameters does not do what is asked for now.
        let does_so = |submission: &&Submission| {
            let then = submission.read_pipeline(executor.registry());
            then.is_ok_and(|then| then.does_as(pipeline))
        };
        let (same, other): (Vec<&Submission>, Vec<&Submission>) = earlier.iter().partition(does_so);
        let (active, num_other) = (active(same, &elements), active(other, &elements).len());
        let submitted = active.keys().cloned().collect();
        Ok(Self { plan, active, submitted, num_other, largest: slurm.max_elements(), store })
    }

    /// Tasks that wait or run already.
    pub fn num_active(&self) -> usize {
        self.active.len()
    }

    /// Tasks that wait or run with other parameters, or other nodes before them: as the pipeline was.
    pub fn num_other(&self) -> usize {
        self.num_other
    }

    /// The arrays of what is not done and not at work.
    pub fn arrays(&self, order: &Order) -> Vec<Array> {
        order.arrays(&self.plan, self.largest, &self.submitted)
    }

    /// Hands arrays to Slurm, all of them or none; the jobs start `program`.
    ///
    /// # Errors
    /// Where Slurm refuses one of them, or the submission cannot be written down.
    pub fn hand_over(
        &self,
        slurm: &Slurm,
        arrays: &[Array],
        (pipeline, settings): (&Path, &[String]),
        program: &Path,
    ) -> Result<Submission, BatchError> {
        let mut submission = Submission::begin(&self.store, pipeline, settings)?;
        submission.cluster = slurm.cluster();
        for (batch, needs) in arrays {
            let before: BTreeSet<&String> =
                batch.waits_for_earlier.iter().filter_map(|task| self.active.get(task)).collect();
            let before: Vec<String> = before.into_iter().cloned().collect();
            if let Err(error) = slurm.submit(&mut submission, batch, needs, program, &self.store, &before) {
                // Half a pipeline would fail for what is missing.
                let jobs = submission.jobs.iter().map(|jobs| jobs.job.clone()).filter(|job| !job.is_empty());
                let jobs: Vec<String> = jobs.collect();
                if jobs.is_empty() {
                    submission.forget();
                } else if let Err(left) = slurm.cancel(&jobs) {
                    let jobs = jobs.join(" ");
                    return Err(BatchError::Scheduler(format!(
                        "{error}; what was handed over before goes on ({left}): end it with `scancel {jobs}`"
                    )));
                }
                return Err(error);
            }
        }
        Ok(submission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::TaskNeeds;

    #[test]
    fn what_is_asked_for_goes_before_the_last_time_and_that_before_the_node() {
        let mut batch = Batch {
            node: "sort".into(),
            needs: TaskNeeds { time_s: Some(120), ..TaskNeeds::new(4, 1000) },
            elements: Vec::new(),
            waits: Vec::new(),
            waits_for_earlier: BTreeSet::new(),
        };
        let mut order = Order::default();
        let found = order.needs_of(&batch);
        assert_eq!((found.cores, found.time.as_deref()), (Some(4), Some("12")));
        order
            .before
            .insert("sort".into(), Needs { cores: Some(8), time: Some("7".into()), ..Needs::default() });
        order.needs.time = Some("9".into());
        order.only_for = vec![("sort".into(), "--qos=a".into()), ("other".into(), "--qos=b".into())];
        let found = order.needs_of(&batch);
        assert_eq!((found.cores, found.time.as_deref()), (Some(8), Some("9")));
        assert_eq!(found.options, ["--qos=a"]);
        // Of an option that is given twice sbatch takes the last.
        order.before.insert("sort".into(), Needs { options: vec!["--qos=z".into()], ..Needs::default() });
        assert_eq!(order.needs_of(&batch).options, ["--qos=z", "--qos=a"]);
        batch.node = "none".into();
        assert_eq!(order.needs_of(&batch).cores, Some(4));
    }
}
