//! Handing a plan to a scheduler: which tasks become which jobs, what each job needs, and what became of them.
//!
//! Every node is an array of jobs, an element for each item or for several. Results pass through the store, which all
//! computers share; a job runs its tasks as any run does, so that what is there already is not done again.

mod slurm;
mod split;
mod submission;

pub use slurm::{Element, JobState, Slurm};
pub use split::{Batch, Wait, split};
pub use submission::{NodeJobs, Submission};

use crate::pipeline::TaskClass;
use serde::{Deserialize, Serialize};

/// What a job asks of the scheduler. What is not said is left to the class of the task or to the scheduler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// Processor cores.
    pub cores: Option<u32>,
    /// Memory as the scheduler writes it, such as `8G`.
    pub memory: Option<String>,
    /// Time limit as the scheduler writes it, such as `2:00:00`.
    pub time: Option<String>,
    /// Partition or queue.
    pub partition: Option<String>,
    /// Further options, as the scheduler's own command takes them.
    pub options: Vec<String>,
}

impl Needs {
    /// What a task of a class needs where nothing else is said.
    pub fn of(class: TaskClass) -> Self {
        let (cores, memory) = match class {
            TaskClass::Sort => (4, "4G"),
            TaskClass::Waveforms | TaskClass::Metrics => (2, "4G"),
            TaskClass::Command => (2, "4G"),
            _ => (1, "2G"),
        };
        Self { cores: Some(cores), memory: Some(memory.into()), ..Self::default() }
    }

    /// These, and of the other what is not said here.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            cores: self.cores.or(other.cores),
            memory: self.memory.clone().or_else(|| other.memory.clone()),
            time: self.time.clone().or_else(|| other.time.clone()),
            partition: self.partition.clone().or_else(|| other.partition.clone()),
            options: self.options.iter().chain(&other.options).cloned().collect(),
        }
    }
}

/// A scheduler could not be used.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Its command is missing or failed.
    #[error("{0}")]
    Scheduler(String),
    /// What is kept of a submission cannot be read or written.
    #[error(transparent)]
    Files(#[from] crate::io::Error),
}
