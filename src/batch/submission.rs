//! What is remembered of a submission: in the store, so that every computer finds it.

use super::{BatchError, Engine, Needs};
use crate::{
    io::{Error, atomic},
    pipeline::{Document, Pipeline, Registry, TaskId, now_utc},
};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

const NAME: &str = "submission.json";
/// The pipeline as it was submitted.
const DOCUMENT: &str = "pipeline.ron";

/// A pipeline that was handed to a scheduler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// The scheduler.
    #[serde(default)]
    pub engine: Engine,
    /// The cluster that was asked, where it has a name.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Its folder in the store, with the logs of its jobs.
    pub folder: PathBuf,
    /// The pipeline, absolute.
    pub pipeline: PathBuf,
    /// When it was, `2026-03-01T12:00:00Z`.
    #[serde(default)]
    pub submitted: String,
    /// Settings of the form `node.param=value`.
    pub settings: Vec<String>,
    /// Its jobs by node, in the order they were submitted.
    pub jobs: Vec<NodeJobs>,
}

/// The jobs of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeJobs {
    /// The node.
    pub node: String,
    /// The scheduler's number of the array.
    pub job: String,
    /// The tasks of each element.
    pub elements: Vec<Vec<TaskId>>,
    /// What an element was given.
    pub needs: Needs,
}

impl Submission {
    /// A new one in a store, with the pipeline as it is now: what becomes of its file while jobs wait does not change them.
    ///
    /// # Errors
    /// Where its folder cannot be made, or the pipeline cannot be read.
    pub fn begin(store: &Path, pipeline: &Path, settings: &[String]) -> Result<Self, Error> {
        let document = fs::read(pipeline).map_err(|e| Error::io("read", pipeline, e))?;
        let jobs = store.join("jobs");
        fs::create_dir_all(&jobs).map_err(|e| Error::io("create", &jobs, e))?;
        // After all others, whichever of them were cleaned away.
        let numbers = Self::folders(store)
            .into_iter()
            .filter_map(|folder| folder.file_name().and_then(|name| name.to_str()?.parse::<usize>().ok()));
        let mut number = numbers.max().map_or(0, |last| last + 1);
        loop {
            let folder = jobs.join(format!("{number:06}"));
            match fs::create_dir(&folder) {
                Ok(()) => {
                    atomic::write_file(&folder.join(DOCUMENT), &document)?;
                    let (pipeline, settings) = (pipeline.to_owned(), settings.to_vec());
                    return Ok(Self { folder, pipeline, submitted: now_utc(), settings, ..Self::default() });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(e) => return Err(Error::io("create", &folder, e)),
            }
        }
    }

    /// Writes what is known of it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self) -> Result<(), Error> {
        let path = self.folder.join(NAME);
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::format(&path, e.to_string()))?;
        atomic::write_file(&path, &text)
    }

    /// Reads one.
    ///
    /// # Errors
    /// Where it is not there or is none.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let text = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        let read: Self = serde_json::from_slice(&text).map_err(|e| Error::format(&path, e.to_string()))?;
        // The store may lie at another place on this computer.
        Ok(Self { folder: folder.to_owned(), ..read })
    }

    /// All of a pipeline, the latest first.
    pub fn of(store: &Path, pipeline: &Path) -> Vec<Self> {
        let mut folders = Self::folders(store);
        folders.sort();
        let read = folders.iter().rev().filter_map(|folder| Self::read(folder).ok());
        // By whatever way it was named.
        let file = |path: &Path| path.canonicalize().unwrap_or_else(|_gone| path.to_owned());
        let wanted = file(pipeline);
        let is_of = |path: &Path| path == pipeline || file(path) == wanted;
        read.filter(|submission| is_of(&submission.pipeline)).collect()
    }

    /// How many there are in a store, of whatever pipeline, and when the newest was written: whether something was
    /// submitted since, at no cost.
    pub fn stamp(store: &Path) -> (usize, Option<SystemTime>) {
        let folders = Self::folders(store);
        let newest = folders.iter().max().and_then(|folder| folder.join(NAME).metadata().ok());
        (folders.len(), newest.and_then(|data| data.modified().ok()))
    }

    /// The pipeline as it was submitted; its relative paths start where its file lies.
    pub fn document(&self) -> PathBuf {
        let own = self.folder.join(DOCUMENT);
        if own.is_file() { own } else { self.pipeline.clone() }
    }

    /// The same as it was read, with its settings.
    ///
    /// # Errors
    /// Where it cannot be read, or a setting does not fit any more.
    pub fn read_pipeline(&self, registry: &Registry) -> Result<Pipeline, BatchError> {
        let path = self.document();
        let wrong = |error: &dyn std::fmt::Display| {
            BatchError::Document(format!("what was submitted cannot be read: {}: {error}", path.display()))
        };
        let mut pipeline = Document::read(&path, registry).map_err(|error| wrong(&error))?.pipeline;
        pipeline.set_all(registry, &self.settings).map_err(|error| wrong(&error))?;
        Ok(pipeline)
    }

    /// Removes it: nothing of it was handed over.
    pub(super) fn forget(&self) {
        // What is left is not looked at: it has no jobs.
        let _ = fs::remove_dir_all(&self.folder);
    }

    pub(super) fn folders(store: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(store.join("jobs")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    }

    /// The log of an element; `%a` stands for its number where the scheduler fills it in.
    pub fn log(&self, place: usize, element: &str) -> PathBuf {
        self.folder.join(format!("{place:03}_{element}.log"))
    }
}
