//! Handing a plan to a scheduler: which tasks become which jobs, what each job needs, and what became of them.
//!
//! Every node is an array of jobs, an element for each item or for several. Results pass through the store, which all
//! computers share; a job runs its tasks as any run does, so that what is there already is not done again.

mod airflow;
mod clean;
mod fate;
mod order;
mod place;
mod settle;
mod slurm;
mod split;
mod submission;
mod watch;

pub use airflow::{Airflow, AirflowRun, dag_id, last_run};
pub use clean::{Leftover, leftovers, remove};
pub use fate::{Fate, Fates};
pub use order::{Array, MAX_JOBS, Order, Proposal, active};
pub use place::{News, Place};
pub use slurm::{Element, Elements, JobState, Slurm};
pub use split::{Batch, Wait, split};
pub use submission::{NodeJobs, Submission};
pub use watch::Watch;

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

/// Options of sbatch from a line, as a shell takes them apart.
///
/// # Errors
/// Where a quote is not closed, or something is no option: sbatch would take it for the script.
pub fn options_of(line: &str) -> Result<Vec<String>, String> {
    let words = shlex::split(line).ok_or_else(|| format!("`{line}`: a quote is not closed"))?;
    let mut options: Vec<String> = Vec::new();
    for word in words {
        match options.last_mut() {
            _ if word.starts_with('-') => options.push(word),
            // `-p long` and `--qos long`.
            Some(option) if option.starts_with("--") && !option.contains('=') => {
                option.push('=');
                option.push_str(&word);
            }
            Some(option) if option.len() == 2 => option.push_str(&word),
            _ => {
                return Err(format!(
                    "`{word}` is no option: write --NAME=VALUE, in quotes where it has spaces"
                ));
            }
        }
    }
    options.iter().try_for_each(|option| check_option(option))?;
    Ok(options)
}

/// Whether an option of sbatch can be handed over.
///
/// # Errors
/// Says why not.
pub fn check_option(option: &str) -> Result<(), String> {
    match option {
        _ if !option.starts_with('-') => {
            Err(format!("`{option}` is no option of sbatch: write --NAME=VALUE"))
        }
        _ if option.starts_with("--clusters") || option.starts_with("-M") => Err(format!(
            "`{option}`: jobs of other clusters are not followed; submit from a computer of that one"
        )),
        _ => Ok(()),
    }
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
            // Of an option that is given twice sbatch takes the last.
            options: other.options.iter().chain(&self.options).cloned().collect(),
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
    /// A pipeline as it was submitted is no pipeline any more.
    #[error("{0}")]
    Document(String),
    /// What is kept of a submission cannot be read or written.
    #[error(transparent)]
    Files(#[from] crate::io::Error),
}
