//! What can be wrong with files, said so that the user knows what to do.

use crate::data::SourceError;
use std::path::{Path, PathBuf};

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("cannot {action} {}: {}{}", path.display(), plain(source), advice(action, source))]
    Io {
        /// `read`, `write`, `create`, `list` …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what its format says; names the field and the remedy.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The field, what was expected and found, what to do.
        message: String,
    },
    /// A raw file was opened without all that it does not tell itself.
    #[error("{}: {message}", path.display())]
    Untold {
        /// The file.
        path: PathBuf,
        /// What to tell.
        message: String,
    },
    /// Nothing known fits.
    #[error("{}: not a recording or sorting that can be read: {message}", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        message: String,
    },
    /// The samples that were to be written could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The one who asked for it told it to stop; nothing was left behind.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// An error of the system, with the file it happened to.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// A file that is not what its format says.
    pub fn format(path: &Path, message: impl Into<String>) -> Self {
        Self::Format { path: path.to_owned(), message: message.into() }
    }

    /// True where a disk is full or a quota used up.
    pub fn is_full_disk(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded))
    }
}

/// What the system said, without its number: that tells users nothing.
fn plain(source: &std::io::Error) -> String {
    let words = source.to_string();
    words.split(" (os error").next().unwrap_or_default().to_owned()
}

fn advice(action: &str, source: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match source.kind() {
        ErrorKind::StorageFull => ". The disk is full: make room, then run again; what is done is kept.",
        ErrorKind::QuotaExceeded => {
            ". Your quota is used up: make room, then run again; what is done is kept."
        }
        ErrorKind::PermissionDenied => ". Choose a folder you may write to, or change its permissions.",
        ErrorKind::NotFound if action == "create" => {
            ". The folder it would lie in cannot be made: choose another."
        }
        ErrorKind::NotFound => ". Was it moved or renamed? Choose it again.",
        ErrorKind::ReadOnlyFilesystem => ". The folder is read-only: choose another one.",
        _ => "",
    }
}
