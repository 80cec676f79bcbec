//! One file per format: reads into `data`, writes from it. Knows no node and no graph.
//!
//! [`open_recording`] and [`open_sorting`] recognise the format; [`describe`] says what a path holds.
//! Writers put everything beside its place and rename it.

mod analyzer;
mod array_file;
pub mod atomic;
mod binary;
pub mod binary_folder;
mod channel_properties;
mod codec;
pub mod content;
pub mod csv;
mod error;
pub mod events;
pub mod figure;
mod joined;
pub mod json;
pub mod kept_sorting;
pub mod mda;
pub mod motion;
mod noted;
pub mod npy;
pub mod numpy_folder;
mod nwb;
mod open;
mod open_files;
pub mod phy;
pub mod probe;
mod properties;
pub mod python_literal;
mod raw_source;
mod row_source;
mod si_json;
pub mod spikeglx;
mod spikes;
pub mod stamp;
pub mod study;
pub mod travel;
pub mod written;
mod zarr;

pub use crate::data::{STEPS, WARNINGS};
pub use error::Error;
pub use noted::open_noted;
pub use open::{
    Description, KEPT_SORTING, OpenOptions, describe, files_behind, is_known_but_not_read, only_entry,
    only_one_inside, open_recording, open_recording_called, open_sorting, open_sorting_called,
    open_templates, samples_of_meta,
};
pub use raw_source::{Layout, RawSource};

/// A path as every folder sees it; as it is where the current folder is gone.
pub fn absolute(path: &std::path::Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_unknown| path.to_owned())
}
