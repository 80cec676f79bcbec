//! What became of jobs: by Slurm's word, and of those it no longer knows by what is in the store.

use super::{Element, Elements, JobState, NodeJobs, Submission, settle::Cells};
use crate::pipeline::{CellState, Executor, Matrix, Pipeline, TaskId};
use std::path::Path;

/// What became of an element of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It waits, runs or ended.
    Known(JobState),
    /// Somebody ended it, or Slurm did as what it waits for can never end well.
    Cancelled,
    /// Slurm no longer knows it, and it left no result: it failed, or was lost with its computer or the controller.
    Lost,
}

/// Looks up what became of jobs.
pub struct Fates<'e> {
    executor: &'e Executor,
    elements: &'e Elements,
    /// What the store has of each pipeline that was submitted.
    known: Vec<(Pipeline, Matrix)>,
}

impl<'e> Fates<'e> {
    /// By what Slurm says now.
    pub fn new(executor: &'e Executor, elements: &'e Elements) -> Self {
        Self { executor, elements, known: Vec::new() }
    }

    /// Those of all elements of each array of a submission.
    pub fn of(&mut self, submission: &Submission) -> Vec<Vec<Fate>> {
        let is_known = |jobs: &NodeJobs| {
            (0..jobs.elements.len()).all(|index| self.elements.get(&jobs.job, index).is_some())
        };
        let all_known = submission.jobs.iter().all(is_known);
        let matrix = if all_known { None } else { self.matrix(submission) };
        let mut cells = matrix.map(|at| Cells::of(&self.known[at].1));
        let mut fate = |job: &str, index: usize, tasks: &[TaskId]| {
            match (self.elements.get(job, index), &mut cells) {
                (Some(element), _) if Element::was_cancelled(element) => Fate::Cancelled,
                (Some(element), _) => Fate::Known(element.state),
                // What was submitted cannot be read any more: nobody knows.
                (None, None) => Fate::Lost,
                (None, Some(cells)) => {
                    let mut states = tasks.iter().map(|task| cells.get(task).map(|cell| cell.state));
                    match states.all(|state| state == Some(CellState::Done)) {
                        true => Fate::Known(JobState::Completed),
                        false => Fate::Lost,
                    }
                }
            }
        };
        let of_array = |jobs: &NodeJobs| {
            let tasks = jobs.elements.iter().enumerate();
            tasks.map(|(index, tasks)| fate(&jobs.job, index, tasks)).collect()
        };
        submission.jobs.iter().map(of_array).collect()
    }

    /// Where what the store has of a submission is known.
    fn matrix(&mut self, submission: &Submission) -> Option<usize> {
        let pipeline = submission.read_pipeline(self.executor.registry()).ok()?;
        let at = self.known.iter().position(|(known, _)| known.does_as(&pipeline));
        Some(at.unwrap_or_else(|| {
            let base = submission.pipeline.parent().unwrap_or(Path::new("/"));
            let matrix = self.executor.matrix(&pipeline, base);
            self.known.push((pipeline, matrix));
            self.known.len() - 1
        }))
    }
}
