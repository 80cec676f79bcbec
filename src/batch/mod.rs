//! Handing a plan to a scheduler: which tasks become which jobs, what each job needs, and what became of them.
//!
//! Every node is an array of jobs, an element for each item or for several. Results pass through the store, which all
//! computers share; a job runs its tasks as any run does, so that what is there already is not done again.

mod airflow;
mod order;
mod slurm;
mod split;
mod submission;
mod watch;

pub use airflow::{Airflow, AirflowRun, dag_id, last_run};
pub use order::{Array, MAX_JOBS, Order, Proposal, active};
pub use slurm::{Element, Elements, JobState, Slurm};
pub use split::{Batch, Wait, split};
pub use submission::{NodeJobs, Submission};
pub use watch::{Place, Watch};

use crate::pipeline::TaskNeeds;
use serde::{Deserialize, Serialize};

/// A scheduler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// By its commands sbatch, squeue and scancel.
    #[default]
    Slurm,
    /// By a DAG in its folder.
    Airflow,
}

/// A word as a shell takes it, whatever is in it.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

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

impl From<TaskNeeds> for Needs {
    /// A scheduler ends what takes more than was asked for: twice the estimate, and room for the program itself.
    fn from(needs: TaskNeeds) -> Self {
        let memory = format!("{}M", needs.memory_bytes.div_ceil(500_000) + 500);
        Self { cores: u32::try_from(needs.cores).ok(), memory: Some(memory), ..Self::default() }
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
