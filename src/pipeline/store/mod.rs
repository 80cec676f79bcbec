//! The content-addressed store: a folder a result, found by what it was made from.
//!
//! ```text
//! objects/ab/cdef…/    a result: its outputs, manifest.json, provenance.json, pipeline.ron, log.txt
//! results/NAME-8hex/   links from a pipeline's nodes and items to their results
//! pins/NAME-8hex/      links to results that are kept whatever is cleaned
//! runs/TIME-NN/        a run that was: its pipeline.ron and how it went
//! scratch/KEY/         what a long task has done so far
//! tmp/                 results that are being written
//! ```
//! A result is written in `tmp` and renamed, so that it is there whole or not at all. Leases tell the
//! leftovers of a killed process from the work of a living one, here or on another computer.

mod draft;
mod fingerprint;
mod lease;
mod links;
mod manifest;
pub(super) mod place;
mod spikes;
mod upkeep;
mod values;

pub(super) use draft::{Draft, ScratchFolder, Work as Claim};
pub use manifest::{FileEntry, Manifest, OutputEntry, WrittenEntry};
pub(super) use place::{file_name, make_folder, remove_folder, write, write_beside, write_json};
pub use upkeep::{CleanOptions, CleanReport, VerifyReport};
pub(super) use values::{load as load_value, save as save_value, save_outputs};

use super::{Coordinate, Key, Output, Outputs, Value, course::UsualStages};
use crate::data::Notice;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// Results up to this size are hashed when a process first uses them; larger ones were synced when written.
const CHECKED_BYTES: u64 = 64 << 20;

/// The store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file of the store failed.
    #[error("the store of results: {0}")]
    File(#[from] crate::io::Error),
    /// A result is not what was written.
    #[error(
        "the result {} is damaged: {message}. Run again, and it is made again.", folder.display()
    )]
    Damaged {
        /// Folder of the result.
        folder: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A value that is never stored.
    #[error("{0}")]
    Value(String),
}

/// Results of tasks on disk, shared by all pipelines and processes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Results whose files were found whole by this process.
    checked: Mutex<HashSet<Key>>,
    /// Fingerprints of files by path, with the size, time and inode they belong to.
    fingerprints: Mutex<HashMap<PathBuf, fingerprint::Known>>,
    /// Seconds that tasks took, as last noted, by kind.
    durations: Mutex<HashMap<String, f64>>,
    /// Stages that tasks of a kind went through, and what each took.
    stages: Mutex<HashMap<String, UsualStages>>,
}

/// A result in the store.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its name.
    pub key: Key,
    /// Where it lies.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Arc<Manifest>,
}

impl Stored {
    /// Seconds the task took when it was made, where its provenance tells.
    pub fn wall_s(&self) -> Option<f64> {
        #[derive(serde::Deserialize)]
        struct Took {
            wall_s: f64,
        }
        let told = || {
            let text = std::fs::read(self.folder.join("provenance.json")).ok()?;
            Some(serde_json::from_slice::<Took>(&text).ok()?.wall_s)
        };
        self.manifest.wall_s.or_else(told)
    }

    /// What the task warned of when it was made; nothing where its log cannot be read.
    pub fn warnings(&self) -> Vec<Notice> {
        if let Some(warnings) = &self.manifest.warnings {
            return warnings.clone();
        }
        let log = std::fs::read_to_string(self.folder.join("log.txt"));
        let lines = log.map_or_else(|_| Vec::new(), |log| super::feed::warnings_in(&log));
        lines.into_iter().map(Notice::from).collect()
    }
}

impl Store {
    /// Opens a store, made where it does not exist. Leftovers of killed processes are removed.
    ///
    /// # Errors
    /// Where the folder cannot be made or written.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let store = Self { folder: folder.to_owned(), shared: Arc::default() };
        store.make_folders()?;
        store.sweep()?;
        Ok(store)
    }

    /// Makes what is not there: the store may have been removed while the program was open.
    fn make_folders(&self) -> Result<(), StoreError> {
        for name in ["objects", "results", "scratch", "tmp"] {
            place::make_folder(&self.folder.join(name))?;
        }
        Ok(())
    }

    /// `SPIKELOOM_STORE`, or the platform's data folder.
    pub fn default_folder() -> PathBuf {
        if let Some(folder) = std::env::var_os("SPIKELOOM_STORE").filter(|v| !v.is_empty()) {
            return PathBuf::from(folder);
        }
        directories::ProjectDirs::from("", "", "spikeloom")
            .map_or_else(|| std::env::temp_dir().join("spikeloom"), |dirs| dirs.data_dir().join("store"))
    }

    /// Where the store lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where nodes note what they found out about files of others.
    pub fn notes_folder(&self) -> PathBuf {
        self.folder.join("notes")
    }

    /// Where the result of a key lies, whether or not it is there.
    pub fn object_folder(&self, key: &Key) -> PathBuf {
        let text = key.to_string();
        let (start, rest) = text.split_at(2);
        self.folder.join("objects").join(start).join(rest)
    }

    /// A result, where it is there and whole. Its files are hashed when a process first asks for it.
    pub fn find(&self, key: &Key) -> Option<Stored> {
        let folder = self.object_folder(key);
        let manifest = Manifest::read(&folder).ok()?;
        let known = lock(&self.shared.checked).contains(key);
        if !known {
            let whole = match manifest.total_bytes() <= CHECKED_BYTES {
                true => manifest.check_files(&folder),
                false => manifest.check_sizes(&folder),
            };
            if whole.is_err() {
                return None;
            }
            lock(&self.shared.checked).insert(*key);
            manifest::mark_used(&folder);
        }
        Some(Stored { key: *key, folder, manifest: Arc::new(manifest) })
    }

    /// The result in a folder, wherever that was copied to; `None` where it holds none.
    pub fn result_at(folder: &Path) -> Option<Stored> {
        let manifest = Manifest::read(folder).ok()?;
        let key = Key::parse(&manifest.key)?;
        Some(Stored { key, folder: folder.to_owned(), manifest: Arc::new(manifest) })
    }

    /// The outputs of a result; large columns are maps of its files.
    ///
    /// # Errors
    /// Where its files cannot be read or are not what was written.
    pub fn load(&self, stored: &Stored) -> Result<Outputs, StoreError> {
        values::load_outputs(stored)
    }

    /// The items of each output of a result.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn items(stored: &Stored) -> Result<BTreeMap<String, Vec<(Coordinate, Value)>>, StoreError> {
        let of_output = |output| match output {
            Output::One(value) => vec![(Coordinate::default(), value)],
            Output::Many(items) => items,
            // Kept where what is told of them is kept.
            Output::Own(_) | Output::Written(_) => Vec::new(),
        };
        let outputs = values::load_outputs(stored)?.0.into_iter();
        Ok(outputs.map(|(port, output)| (port, of_output(output))).collect())
    }

    /// What left by one port.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_port(&self, stored: &Stored, port: &str) -> Result<Output, StoreError> {
        values::load_port(stored, port)
    }

    /// Begins to write the result of a key.
    ///
    /// # Errors
    /// Where no folder can be made.
    pub(super) fn begin(&self, key: &Key) -> Result<Draft, StoreError> {
        self.make_folders()?;
        Draft::begin(self, key)
    }

    /// Claims the task of this key, with a folder for what it has done so far.
    ///
    /// # Errors
    /// Where no folder can be made.
    pub(super) fn claim(&self, key: &Key) -> Result<Claim, StoreError> {
        self.make_folders()?;
        ScratchFolder::take(self, key)
    }

    /// The fingerprint of a file or folder outside the store: equal as long as it did not change.
    pub fn fingerprint(&self, path: &Path) -> String {
        fingerprint::of(path, &self.shared.fingerprints, &self.folder.join("fingerprints"))
    }

    /// Remembers how long a task of a kind took, for plans.
    pub(super) fn note_duration(&self, kind: &str, wall_s: f64) {
        // Of many small tasks about as long as the one before, that is no news.
        let mut told = lock(&self.shared.durations);
        let before = told.get(kind).copied().unwrap_or(0.0);
        if wall_s > before / 1.5 && wall_s < before * 1.5 {
            return;
        }
        told.insert(kind.to_owned(), wall_s);
        let folder = self.folder.join("durations");
        // An estimate is not worth an error.
        let _ = place::make_folder(&folder);
        let _ = place::write(&folder.join(place::file_name(kind)), format!("{wall_s}").as_bytes());
    }

    /// Remembers what the stages of a task of a kind took, for those that come after it.
    pub(super) fn note_stages(&self, kind: &str, is_fit: bool, stages: UsualStages) {
        // Of what took no time, or went to and fro, nothing follows.
        let took_s = stages.iter().map(|(_, wall_s)| wall_s).sum::<f64>();
        if took_s < LEAST_NOTED_S || stages.len() > MOST_STAGES {
            return;
        }
        let name = stages_name(kind, is_fit);
        let text = serde_json::to_vec(&stages).unwrap_or_default();
        lock(&self.shared.stages).insert(name.clone(), stages);
        let folder = self.folder.join("stages");
        // An estimate is not worth an error.
        let _ = place::make_folder(&folder);
        let _ = place::write(&folder.join(place::file_name(&name)), &text);
    }

    /// The stages of the last task of a kind, where there was one that had any.
    pub(super) fn last_stages(&self, kind: &str, is_fit: bool) -> Option<UsualStages> {
        let name = stages_name(kind, is_fit);
        let read = || {
            let text = std::fs::read(self.folder.join("stages").join(place::file_name(&name))).ok()?;
            serde_json::from_slice(&text).ok()
        };
        let mut known = lock(&self.shared.stages);
        let stages = known.entry(name.clone()).or_insert_with(|| read().unwrap_or_default());
        (!stages.is_empty()).then(|| stages.clone())
    }

    /// Remembers why a task failed, for those who ask later.
    pub(super) fn note_failure(&self, key: &Key, message: &str) {
        let folder = self.folder.join("failed");
        // What is told of a failure is not worth another one.
        let _ = place::make_folder(&folder);
        let _ = place::write(&folder.join(key.to_string()), message.as_bytes());
    }

    /// A task has its result after all.
    pub(super) fn forget_failure(&self, key: &Key) {
        let _ = std::fs::remove_file(self.folder.join("failed").join(key.to_string()));
    }

    /// Why a task failed the last time, where it did.
    pub(super) fn failure(&self, key: &Key) -> Option<String> {
        std::fs::read_to_string(self.folder.join("failed").join(key.to_string())).ok()
    }

    /// True where a living process is at work on a task.
    pub(super) fn is_at_work(&self, key: &Key) -> bool {
        let lock = draft::lock_of(&self.folder.join("scratch").join(key.to_string()));
        lease::owner(&lock).is_some()
    }

    /// Seconds the last task of a kind took.
    pub(super) fn last_duration_s(&self, kind: &str) -> Option<f64> {
        let path = self.folder.join("durations").join(place::file_name(kind));
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    }

    fn forget(&self, key: &Key) {
        lock(&self.shared.checked).remove(key);
    }
}

/// Stages of a task are remembered from this long on, up to so many.
const LEAST_NOTED_S: f64 = 0.2;
const MOST_STAGES: usize = 32;

/// The estimate of a node is a task of its own kind.
fn stages_name(kind: &str, is_fit: bool) -> String {
    if is_fit { format!("{kind} fit") } else { kind.to_owned() }
}

/// A lock whose data is whole even where a holder panicked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
