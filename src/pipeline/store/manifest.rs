//! What a result holds, with the hash of each of its files.

use super::place;
use crate::{
    data::Notice,
    io::Error,
    pipeline::{Coordinate, PortType},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::Path,
    time::{Duration, SystemTime},
};

const NAME: &str = "manifest.json";

/// That a result is used again within this time is not noted.
const USED_ANEW: Duration = Duration::from_secs(60);

/// The table of contents of a result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub version: u32,
    /// Name of the result.
    pub key: String,
    /// Kind of the node.
    pub kind: String,
    /// What left the node, by port.
    pub outputs: BTreeMap<String, OutputEntry>,
    /// Files or folders that were written for the user, outside the store.
    pub writes: Vec<WrittenEntry>,
    /// Files of the result by their path from its folder.
    pub files: BTreeMap<String, FileEntry>,
    /// What the task warned of; where not even an empty list is there, its log tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<Notice>>,
    /// Seconds the task took; where it is not there, the provenance tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_s: Option<f64>,
}

/// What left by one port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputEntry {
    /// What it is.
    #[serde(rename = "type")]
    pub port_type: PortType,
    /// True where the node made several items of one.
    pub many: bool,
    /// Added keys and folder of each item, from the folder of the result.
    pub items: Vec<(Coordinate, String)>,
}

/// One file of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 hash of its content, hexadecimal.
    pub blake3: String,
}

/// Something written for the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrittenEntry {
    /// Where.
    pub path: std::path::PathBuf,
    /// Its fingerprint when it was written.
    pub fingerprint: String,
}

impl Manifest {
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        place::read_json(&folder.join(NAME))
    }

    /// Hashes the files of a folder and writes the manifest beside them.
    pub(super) fn write(&mut self, folder: &Path) -> Result<(), Error> {
        self.version = 1;
        self.files.clear();
        for inner in place::files_below(folder)? {
            let path = folder.join(&inner);
            let (bytes, blake3) = hash_file(&path)?;
            self.files.insert(slashes(&inner), FileEntry { bytes, blake3 });
        }
        place::write_json(&folder.join(NAME), self)
    }

    /// Bytes of all files.
    pub fn total_bytes(&self) -> u64 {
        self.files.values().map(|f| f.bytes).sum()
    }

    /// Bytes of the files of one port.
    pub fn port_bytes(&self, port: &str) -> u64 {
        let folder = format!("{}/", place::file_name(port));
        self.files.iter().filter(|(name, _)| name.starts_with(&folder)).map(|(_, f)| f.bytes).sum()
    }

    /// What is wrong with the files of a result, as far as their sizes tell.
    pub(super) fn check_sizes(&self, folder: &Path) -> Result<(), String> {
        for (name, entry) in &self.files {
            match fs::metadata(folder.join(name)) {
                Err(e) => return Err(format!("{name}: {e}")),
                Ok(found) if found.len() != entry.bytes => {
                    return Err(format!("{name} has {} bytes instead of {}", found.len(), entry.bytes));
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// What is wrong with the files of a result, as their hashes tell.
    pub(super) fn check_files(&self, folder: &Path) -> Result<(), String> {
        for (name, entry) in &self.files {
            let (bytes, hash) = hash_file(&folder.join(name)).map_err(|e| format!("{name}: {e}"))?;
            if bytes != entry.bytes {
                return Err(format!("{name} has {bytes} bytes instead of {}", entry.bytes));
            }
            if hash != entry.blake3 {
                return Err(format!("{name} was changed since it was written"));
            }
        }
        Ok(())
    }
}

fn slashes(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Files up to this size are read at once.
const SMALL_BYTES: u64 = 1 << 20;

/// Bytes of a file and their BLAKE3 hash.
fn hash_file(path: &Path) -> Result<(u64, String), Error> {
    let failed = |e| Error::io("read", path, e);
    let mut file = fs::File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut hasher = blake3::Hasher::new();
    match length <= SMALL_BYTES {
        // Most are so small that clearing a block for them would take longer than they do.
        true => {
            let mut bytes = Vec::with_capacity(length as usize + 1);
            file.read_to_end(&mut bytes).map_err(failed)?;
            hasher.update(&bytes);
        }
        false => drop(hasher.update_reader(file).map_err(failed)?),
    }
    Ok((hasher.count(), hasher.finalize().to_hex().to_string()))
}

/// Results used last are kept longest; where the time cannot be set, only that order suffers.
pub(super) fn mark_used(folder: &Path) {
    let now = SystemTime::now();
    let is_news = |time: SystemTime| now.duration_since(time).map_or(true, |since| since > USED_ANEW);
    if let Ok(file) = fs::File::options().append(true).open(folder.join(NAME))
        && file.metadata().and_then(|data| data.modified()).map_or(true, is_news)
    {
        let _ = file.set_modified(now);
    }
}

pub(super) fn last_used(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder.join(NAME)).and_then(|m| m.modified()).ok()
}
