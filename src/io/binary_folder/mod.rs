//! SpikeInterface's binary folder: raw samples with all that is known of them beside.

mod read;
mod write;

pub use write::write;

pub(super) use write::write_samples;

pub(super) use read::{open, open_binary_json};

use std::path::Path;

/// True where a folder is such a recording.
pub fn is_one(folder: &Path) -> bool {
    folder.join("binary.json").is_file()
}
