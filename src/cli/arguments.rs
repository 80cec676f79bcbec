//! Subcommands and their options.

pub use super::reading::InputArguments;
use crate::{data::text, engine::sort::SortPreset};
use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PathBufValueParser, TypedValueParser},
};
use std::path::PathBuf;

/// Draw a spike-sorting pipeline, run it on the spot, look at every wire and every unit.
#[derive(Debug, Parser)]
#[command(
    name = "spikeloom",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Without a subcommand the window opens, with FILE where one is given.\n\
                  SPIKELOOM_STORE names the folder results are kept in.\n\
                  Exit codes: 0 done, 1 a run failed, 2 bad input or use, 130 cancelled."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A pipeline (.ron) to open, or a recording to make a pipeline for.
    pub file: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the window with a pipeline or a recording.
    Open {
        /// A pipeline (.ron) to open, or a recording to make a pipeline for.
        file: PathBuf,
    },
    /// Run a pipeline; only what is stale runs.
    Run(RunArguments),
    /// List everything that is wrong with a pipeline.
    Check {
        /// The pipeline (.ron).
        pipeline: PathBuf,
        /// Set a parameter, as node.param=value. May be repeated.
        #[arg(long, value_name = "NODE.PARAM=VALUE")]
        set: Vec<String>,
    },
    /// Show what a run would do.
    Plan(PlanArguments),
    /// Hand a pipeline to Slurm or Airflow: an array of jobs for each node; only what is not done is submitted.
    Submit(SubmitArguments),
    /// Show, follow or cancel what was submitted.
    Jobs(JobsArguments),
    /// Do the tasks of one element of an array, as a job does.
    #[command(hide = true)]
    Task(TaskArguments),
    /// Show every recording at every node: what is done, what failed and why.
    Status(StatusArguments),
    /// Say why a node would run, or why it ran: which parameter, file or version changed.
    Why(WhyArguments),
    /// Write the results of a pipeline, and all they were made of, as an RO-Crate for others.
    Archive {
        /// The pipeline (.ron).
        pipeline: PathBuf,
        /// Folder to write; must not exist yet.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Name the results where they lie, and copy none.
        #[arg(long)]
        metadata_only: bool,
    },
    /// Write a pipeline as a script for other programs.
    Export(ExportArguments),
    /// Say in words what a pipeline does, for the methods of a paper.
    Methods {
        /// The pipeline (.ron).
        pipeline: PathBuf,
    },
    /// Check the files of every stored result against their hashes; what is damaged is removed, and made again by the next
    /// run.
    Verify,
    /// Remove stored results that no pipeline refers to, those beyond limits of size and age, and folders of cluster jobs
    /// that ended.
    Clean(CleanArguments),
    /// Keep the results of a pipeline, as they are now, whatever is cleaned.
    Pin {
        /// The pipeline (.ron).
        pipeline: PathBuf,
        /// Keep them no longer.
        #[arg(long)]
        remove: bool,
    },
    /// List the nodes there are.
    Nodes {
        /// As JSON, with all parameters.
        #[arg(long)]
        json: bool,
    },
    /// Show one node: ports, parameters, units, ranges and defaults.
    Node {
        /// Its kind, such as bandpass_filter, or a word that finds one.
        name: String,
        /// Sets a parameter that others depend on, such as --set sorter=spykingcircus2.
        #[arg(long, value_name = "PARAMETER=VALUE")]
        set: Vec<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the sorters SpikeInterface has in your Python, or the parameters of one.
    Sorters {
        /// A sorter, such as mountainsort5.
        name: Option<String>,
        /// The Python, or the folder of its environment; found where left out.
        #[arg(long, value_name = "PATH", default_value = "")]
        python: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Sort a small recording with a known truth here, and say how well and how fast.
    Selfcheck {
        /// Threads that compute; as many as the computer has where left out.
        #[arg(long)]
        threads: Option<usize>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say what is in a recording or sorting.
    Info(InfoArguments),
    /// Sort a recording into units.
    Sort(SortArguments),
    /// Make a recording from model neurons and noise, and write it with its true spikes.
    Generate(GenerateArguments),
    /// Write a recording or sorting in another format.
    Convert(ConvertArguments),
    /// Compare a sorting with the truth, or with another sorting.
    Compare(CompareArguments),
    /// Write completions for a shell to standard output.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Options of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The pipeline (.ron).
    pub pipeline: PathBuf,
    /// Set a parameter for this run, as node.param=value; the file stays as it is. May be repeated.
    #[arg(long = "set", value_name = "NODE.PARAM=VALUE")]
    pub set: Vec<String>,
    /// Run up to this node and no further.
    #[arg(long, value_name = "NODE")]
    pub until: Option<String>,
    /// Threads that compute. All cores where left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// One JSON event a line on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// The pipeline (.ron).
    pub pipeline: PathBuf,
    /// Set a parameter, as node.param=value. May be repeated.
    #[arg(long = "set", value_name = "NODE.PARAM=VALUE")]
    pub set: Vec<String>,
    /// Only recordings whose keys meet a condition, such as 'session == "a" && index % 2 == 0'.
    #[arg(long = "where", value_name = "CONDITION")]
    pub condition: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// A scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// Slurm, by its commands sbatch, squeue and scancel.
    Slurm,
    /// Airflow, by a DAG in its folder.
    Airflow,
}

/// Options of `submit`.
#[derive(Debug, Args)]
pub struct SubmitArguments {
    /// The pipeline (.ron). It and the store must lie where the cluster sees them.
    pub pipeline: PathBuf,
    /// The scheduler.
    #[arg(long, value_name = "NAME", default_value = "slurm")]
    pub engine: Scheduler,
    /// Set a parameter, as node.param=value. May be repeated.
    #[arg(long = "set", value_name = "NODE.PARAM=VALUE")]
    pub set: Vec<String>,
    /// Submit up to this node and no further.
    #[arg(long, value_name = "NODE")]
    pub until: Option<String>,
    /// Cores of each job. As its node says where left out: 4 for a sort, 1 or 2 for most others.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub cores: Option<u32>,
    /// Memory of each job, such as 8G. As its node says where left out, with room to spare.
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<String>,
    /// Time limit of each job, such as 2:00:00. As its node says where left out, for a command with a time limit.
    #[arg(long, value_name = "TIME")]
    pub time: Option<String>,
    /// Partition, or the queue of Airflow.
    #[arg(long, value_name = "NAME")]
    pub partition: Option<String>,
    /// Any other option of sbatch, such as --option=--account=lab. May be repeated.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub option: Vec<String>,
    /// An option of sbatch for the jobs of one node alone, such as --for sort=--partition=gpu. May be repeated.
    #[arg(long = "for", value_name = "NODE=OPTION", allow_hyphen_values = true)]
    pub only_for: Vec<String>,
    /// Jobs in an array at most; more items than that share jobs. 200 where left out.
    #[arg(long, value_name = "N")]
    pub max_jobs: Option<usize>,
    /// Do not wait for the end.
    #[arg(long)]
    pub detach: bool,
    /// Airflow: the file its DAG is written to. In $AIRFLOW_HOME/dags, or ~/airflow/dags, where left out.
    #[arg(long, value_name = "FILE")]
    pub dag: Option<PathBuf>,
    /// Airflow: how often a task that failed is tried again.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub retries: u32,
}

/// Options of `task`.
#[derive(Debug, Args)]
pub struct TaskArguments {
    /// Folder of the submission.
    pub submission: PathBuf,
    /// Place of the array in it.
    pub array: usize,
    /// The element.
    pub element: usize,
    /// Threads that compute. Those Slurm gave, or all cores, where left out.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Fail where any of its tasks failed; otherwise only where all did.
    #[arg(long)]
    pub all: bool,
}

/// Options of `jobs`.
#[derive(Debug, Args)]
pub struct JobsArguments {
    /// The pipeline (.ron).
    pub pipeline: PathBuf,
    /// Tell what happens until the end.
    #[arg(long)]
    pub follow: bool,
    /// Cancel all jobs that wait or run.
    #[arg(long, conflicts_with = "follow")]
    pub cancel: bool,
    /// Print the logs of a node's jobs.
    #[arg(long, value_name = "NODE", conflicts_with_all = ["follow", "cancel"])]
    pub log: Option<String>,
}

/// What a pipeline can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScriptFormat {
    /// A Python script that does the same with SpikeInterface, as far as that has the steps.
    Spikeinterface,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The pipeline (.ron).
    pub pipeline: PathBuf,
    /// What to write.
    #[arg(long, value_name = "FORMAT", default_value = "spikeinterface")]
    pub to: ScriptFormat,
    /// The file to write. Standard output where left out.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Set a parameter, as node.param=value. May be repeated.
    #[arg(long = "set", value_name = "NODE.PARAM=VALUE")]
    pub set: Vec<String>,
}

/// Options of `why`.
#[derive(Debug, Args)]
pub struct WhyArguments {
    /// The pipeline (.ron).
    pub pipeline: PathBuf,
    /// Name of the node.
    pub node: String,
    /// Set a parameter, as node.param=value. May be repeated.
    #[arg(long = "set", value_name = "NODE.PARAM=VALUE")]
    pub set: Vec<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `clean`.
#[derive(Debug, Args)]
pub struct CleanArguments {
    /// Say what would be removed, and remove nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Remove the results used longest ago too, until so much is left, such as 50GB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_size: Option<u64>,
    /// Remove results too that were not used for so long, and what is left of jobs that ended so long ago, such as 30d or 12h.
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub older_than: Option<std::time::Duration>,
}

fn parse_size(size: &str) -> Result<u64, String> {
    text::bytes_of(size).ok_or_else(|| "a size with B, kB, MB, GB or TB expected, such as 50GB".to_owned())
}

fn parse_age(text: &str) -> Result<std::time::Duration, String> {
    let expected = "a number with s, min, h or d expected, such as 30d";
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(expected)?;
    let (number, unit) = text.split_at(at);
    let factor = match unit.trim() {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(expected.into()),
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * factor);
    let age = seconds.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    age.ok_or_else(|| expected.to_owned())
}

/// Options of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The pipeline (.ron).
    pub pipeline: PathBuf,
    /// Set a parameter, as node.param=value. May be repeated.
    #[arg(long = "set", value_name = "NODE.PARAM=VALUE")]
    pub set: Vec<String>,
    /// Plan up to this node and no further.
    #[arg(long, value_name = "NODE")]
    pub until: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// A file that is named by its content is the one that holds it.
fn input_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(super::input::named_by_content)
}

/// Options of `info`.
#[derive(Debug, Args)]
pub struct InfoArguments {
    /// A file or folder; sha1://HASH/raw.mda is a file by its content, in the folder SHA1_CACHE_DIR.
    #[arg(value_parser = input_path())]
    pub input: PathBuf,
    /// What the file does not say.
    #[command(flatten)]
    pub reading: InputArguments,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `sort`.
#[derive(Debug, Args)]
pub struct SortArguments {
    /// The recording: a file or folder.
    #[arg(value_parser = input_path())]
    pub input: PathBuf,
    /// Folder for the results: sorting/, metrics.csv, pipeline.ron, run.json.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Settings made for a kind of probe: single_wire, tetrode, linear, neuropixels1, neuropixels2 or hd_mea.
    /// Chosen from the contacts where left out, which is said.
    #[arg(long, value_name = "NAME", value_parser = super::presets::parse)]
    pub preset: Option<SortPreset>,
    /// Sets a parameter of the node Sort, such as detect_threshold=6; `spikeloom node sort` lists them.
    #[arg(long, value_name = "PARAMETER=VALUE")]
    pub set: Vec<String>,
    /// Take the samples as they are: no filter, no reference, no sampling delays undone.
    #[arg(long)]
    pub no_preprocessing: bool,
    /// What the file does not say.
    #[command(flatten)]
    pub reading: InputArguments,
    /// Threads that compute. All cores where left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Seed of all random choices.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// Options of `generate`.
#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// Folder to write: recording/, truth/ and generated.json; replaced where `generate` wrote it.
    pub out: PathBuf,
    /// Sets a parameter of the node Generate recording, such as num_units=20; `spikeloom node generate_recording` lists them.
    #[arg(long, value_name = "PARAMETER=VALUE")]
    pub set: Vec<String>,
    /// Seed of the pipeline, which counts beside the parameter seed.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// A format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Recording: SpikeInterface binary folder.
    #[value(name = "binary_folder", alias = "binary-folder")]
    BinaryFolder,
    /// Sorting: SpikeInterface NumpyFolder.
    #[value(name = "numpy_folder", alias = "numpy-folder")]
    NumpyFolder,
    /// Recording: MDA folder (raw.mda, geom.csv, params.json), with firings_true.mda where there are spikes.
    /// Sorting: a firings.mda.
    Mda,
    /// Sorting and its recording: a folder that phy opens, with traces and templates.
    Phy,
    /// Sorting: a table of spikes.
    Csv,
}

/// Options of `convert`.
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// A recording or sorting: a file or folder.
    #[arg(value_parser = input_path())]
    pub input: PathBuf,
    /// What to write.
    #[arg(long, value_name = "FORMAT")]
    pub format: Format,
    /// Where to write it; must not exist yet.
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// The recording a sorting was made of, for phy. The input itself where it holds both.
    #[arg(long, value_name = "PATH")]
    pub recording: Option<PathBuf>,
    /// What the file does not say.
    #[command(flatten)]
    pub reading: InputArguments,
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// The true sorting.
    #[arg(value_parser = input_path())]
    pub truth: PathBuf,
    /// The sorting to judge.
    #[arg(value_parser = input_path())]
    pub sorting: PathBuf,
    /// Samples per second in Hz, where the files do not say it.
    #[arg(long, value_name = "HZ")]
    pub sampling_frequency: Option<f64>,
    /// Spikes at most this far apart match, in ms.
    #[arg(long, value_name = "MS", default_value_t = 0.4)]
    pub delta_time: f64,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}
