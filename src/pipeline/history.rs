//! Runs that were: each keeps its pipeline and how it went, in a folder of the store.

use super::{Opened, PortType, Registry, RunOptions, RunStatus, Store, document::Document, store::place};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

/// Runs that are kept; the oldest go first.
const MAX_RUNS: usize = 500;

/// Of so many of the last runs it is looked whether they were killed while they wrote.
const LOOKED_AT: usize = 10;
/// What was not written to its end for so long never will be.
const HALF_WRITTEN_FOR: Duration = Duration::from_secs(60);

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRecord {
    /// What the pipeline was called.
    pub title: String,
    /// Its file, where it had one.
    pub path: Option<PathBuf>,
    /// Where its relative paths start.
    pub base_folder: PathBuf,
    /// The node it ran to, where not to all ends.
    pub until: Option<String>,
    /// The process that ran it.
    pub process: u32,
    /// When it began, in seconds since 1970.
    pub started_s: f64,
    /// How long it took; `None` where its end was not seen.
    pub duration_s: Option<f64>,
    /// How it ended; `None` where its end was not seen.
    pub status: Option<RunStatus>,
    /// All tasks, those found done included.
    pub tasks: usize,
    /// Tasks found done.
    pub cached: usize,
    /// Nodes that failed, and why.
    pub failures: BTreeMap<String, String>,
    /// What came out, in the order of the nodes.
    pub results: Vec<RunResult>,
}

/// What left a node by one output in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The output, `node.port`.
    pub end: String,
    /// What it is.
    #[serde(rename = "type")]
    pub port_type: PortType,
    /// True where nothing takes what leaves the node: it is what the pipeline is for.
    pub last: bool,
    /// True where it is a table of a single row, which sums something up.
    pub sums_up: bool,
    /// How much of what it is, in a few words.
    pub words: String,
}

/// A run that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRun {
    /// Its folder.
    pub folder: PathBuf,
    /// How it went.
    pub record: RunRecord,
}

impl KeptRun {
    /// The pipeline as it was.
    ///
    /// # Errors
    /// Where the file is gone or cannot be read.
    pub fn pipeline(&self, registry: &Registry) -> Result<Opened, super::DocumentError> {
        Document::read(&self.folder.join("pipeline.ron"), registry)
    }
}

impl Store {
    /// The runs that are kept, newest first. What cannot be read is left out.
    pub fn runs(&self) -> Vec<KeptRun> {
        let folders = place::list(&self.folder().join("runs")).unwrap_or_default();
        let read = |folder: &PathBuf| {
            let record = place::read_json(&folder.join("run.json")).ok()?;
            Some(KeptRun { folder: folder.clone(), record })
        };
        folders.iter().rev().filter_map(read).collect()
    }
}

/// The record of a run that goes on.
pub(super) struct Keeping {
    folder: PathBuf,
    record: RunRecord,
    began: Instant,
}

impl Keeping {
    /// Keeps a pipeline that begins to run; `None` where nothing can be written: the run itself will say so.
    pub(super) fn begin(store: &Store, options: &RunOptions, document: &str) -> Option<Self> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let runs = store.folder().join("runs");
        let stem = options.pipeline_path.as_deref().and_then(Path::file_name);
        let title = stem.map_or_else(|| options.title.clone(), |stem| stem.to_string_lossy().into_owned());
        let record = RunRecord {
            title,
            path: options.pipeline_path.clone(),
            base_folder: options.base_folder.clone(),
            until: options.until.clone(),
            process: std::process::id(),
            started_s: since.as_secs_f64(),
            ..RunRecord::default()
        };
        // Sorted by name they are sorted by time.
        let folder = (0..100).map(|n| runs.join(format!("{:014}-{:02}", since.as_millis(), n)));
        let folder = folder.into_iter().find(|folder| !folder.exists())?;
        place::make_folder(&folder).ok()?;
        place::write(&folder.join("pipeline.ron"), document.as_bytes()).ok()?;
        let keeping = Self { folder, record, began: Instant::now() };
        keeping.write();
        let kept = place::list(&runs).unwrap_or_default();
        for old in kept.iter().take(kept.len().saturating_sub(MAX_RUNS)) {
            // It goes with the next run where it cannot go now.
            let _ = place::remove_folder(old);
        }
        kept.iter().rev().take(LOOKED_AT).for_each(|folder| remove_half_written(folder));
        Some(keeping)
    }

    /// The run is over.
    pub(super) fn end(
        mut self,
        status: RunStatus,
        tasks: usize,
        cached: usize,
        failures: BTreeMap<String, String>,
        results: Vec<RunResult>,
    ) {
        self.record.status = Some(status);
        self.record.duration_s = Some(self.began.elapsed().as_secs_f64());
        (self.record.tasks, self.record.cached) = (tasks, cached);
        (self.record.failures, self.record.results) = (failures, results);
        self.write();
    }

    fn write(&self) {
        let text = serde_json::to_string_pretty(&self.record).unwrap_or_default();
        let file = self.folder.join("run.json");
        // A record that cannot be written is no reason for a run to fail, and its folder may have been removed.
        if fs::exists(&self.folder).unwrap_or(false) {
            let _ = place::write_beside(&file, text.as_bytes());
        }
    }
}

/// Removes what a run that was killed had begun to write.
fn remove_half_written(run: &Path) {
    for path in place::list(run).unwrap_or_default() {
        let modified = fs::metadata(&path).and_then(|about| about.modified()).ok();
        let age = modified.and_then(|then| then.elapsed().ok()).unwrap_or_default();
        if path.extension().is_some_and(|ending| ending == "part") && age > HALF_WRITTEN_FOR {
            let _ = fs::remove_file(path);
        }
    }
}
