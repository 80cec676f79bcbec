//! What the threads answer.

use super::{
    browser::{Entry, Found},
    cluster,
    command::Joint,
    compare::Comparison,
    files::OpenedFile,
    groups, hand_on,
    history::Listed,
    left::Left,
    presets::Preset,
    previews,
    runs::Stop,
    settings::RecentList,
    sketch::Sketch,
    wiring,
};
use crate::inspect::{heights::PeakHeights, selfcheck::SelfCheck};
use crate::pipeline::{
    Event, Executor, NodeReport, Offered, Opened, Pipeline, Problem, RunId, RunStatus, Why,
};
use crossbeam_channel::Sender;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// What is known of a file that was open before.
#[derive(Clone, Debug)]
pub struct Recent {
    /// The file.
    pub path: PathBuf,
    /// It is there.
    pub is_there: bool,
    /// Seconds since it was written, where it is there.
    pub age_s: Option<f64>,
    /// Its picture, where it is a pipeline.
    pub sketch: Option<Sketch>,
}

/// An answer from the threads.
pub enum Answer {
    /// The store is open.
    Ready(Arc<Executor>),
    /// The store cannot be opened; says why.
    NoStore(String),
    /// What was found out about a state of the pipeline.
    Checked {
        /// The state it was asked for.
        revision: u64,
        /// All problems.
        problems: Vec<Problem>,
        /// How each node is; `None` while the store is not open.
        nodes: Option<BTreeMap<String, NodeReport>>,
    },
    /// Parameters that nodes offer beyond those they declare.
    Offers {
        /// The state it was asked for.
        revision: u64,
        /// By node.
        offers: BTreeMap<String, Offered>,
    },
    /// More is known of such parameters than before.
    Asked,
    /// A run began; `stop` ends it.
    RunStarted {
        /// The sheet it belongs to.
        sheet: u64,
        /// Its number.
        run: RunId,
        /// Ask here for it to stop.
        stop: Sender<Stop>,
    },
    /// How a pipeline goes on Slurm.
    Cluster(u64, u64, cluster::Told),
    /// A pipeline was submitted in so many arrays, or why it was not.
    Submitted(u64, Result<usize, String>),
    /// What flows at some ends, in words.
    Flows {
        /// The state it was asked for.
        revision: u64,
        /// Words by end.
        words: BTreeMap<String, String>,
    },
    /// Something happened in a run of a sheet.
    Event(u64, Event),
    /// Nothing more comes of the run of a sheet.
    RunEnded(u64, RunStatus),
    /// A file was read, or could not be.
    Opened {
        /// The file.
        path: PathBuf,
        /// What it holds, or why it cannot be read.
        result: Result<OpenedFile, String>,
    },
    /// A file was written, or could not be.
    Saved {
        /// The file.
        path: PathBuf,
        /// The sheet it is of.
        sheet: u64,
        /// The state that was written.
        revision: u64,
        /// Why it could not be.
        result: Result<(), String>,
    },
    /// The file of a sheet was read again, or could not be.
    Reread {
        /// The sheet.
        sheet: u64,
        /// What the file holds.
        result: Result<Opened, String>,
    },
    /// What is known of files that were open before.
    Recent(u64, Vec<Recent>),
    /// The presets of a kind of node.
    Presets(String, Vec<Preset>),
    /// What flows at a node was drawn.
    Preview(previews::Made),
    /// What came of handing something on.
    HandedOn(Result<hand_on::HandedOn, String>),
    /// What the traces say of the wiring of a probe, asked for with this question.
    Wiring(wiring::Question, wiring::Told),
    /// How high the peaks are that enter a node.
    Heights(String, Result<PeakHeights, String>),
    /// The step a self-check is at, and the share that is done.
    SelfCheckAt(String, f32),
    /// What came of a self-check.
    SelfChecked(Result<SelfCheck, String>),
    /// What the library holds besides presets.
    Kept(Vec<groups::Kept>),
    /// A file of the library was read to be added to a sheet, or could not be.
    KeptRead {
        /// The sheet.
        sheet: u64,
        /// Where on its canvas.
        place: [f32; 2],
        /// What it is wired to.
        joint: Joint,
        /// What it holds.
        result: Result<Pipeline, String>,
    },
    /// Why a node of a sheet would run or ran, or why that cannot be said.
    Why(u64, Result<Vec<Why>, String>),
    /// The runs that were, newest first.
    Runs(Vec<Listed>),
    /// Two runs side by side, or why they cannot be compared.
    Compared(Box<Result<Comparison, String>>),
    /// The file by which a node that reads a study is told how its files lie.
    FirstOfStudy(String, Result<PathBuf, String>),
    /// Files that were open in earlier sessions, newest first.
    RecentFiles(RecentList, Vec<PathBuf>),
    /// What earlier sessions left unsaved.
    Left(Left),
    /// A copy of what is not saved could not be written; says why.
    NotKept(String),
    /// Copies of what is not saved are written again.
    KeptAgain,
    /// The list of recent files cannot be written, and why.
    RecentNotKept(String),
    /// What a folder holds, or why it cannot be read.
    Listed {
        /// The folder.
        folder: PathBuf,
        /// Its entries, folders first.
        entries: Result<Vec<Entry>, String>,
    },
    /// What a file is, in words.
    Recognised {
        /// The file.
        path: PathBuf,
        /// Its format.
        words: String,
        /// It can be opened as it is.
        opens: bool,
    },
    /// What is at a path that the user chose.
    Found {
        /// The path.
        path: PathBuf,
        /// What is there.
        found: Found,
        /// A folder is to be entered, not taken.
        enters: bool,
    },
}

/// What a path is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open.
    Open,
    /// To save the pipeline there.
    Save,
    /// To save what the viewer shows.
    Export,
    /// To take a probe from it.
    Probe,
    /// To write the pipeline there as a script.
    Script,
    /// To write the results there as an archive.
    Archive,
    /// For a parameter of a node.
    Param {
        /// The node.
        node: String,
        /// The parameter.
        field: String,
    },
}
