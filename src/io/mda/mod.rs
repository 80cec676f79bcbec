//! MountainSort's MDA arrays and study folders (`raw.mda`, `params.json`, `geom.csv`, `firings_true.mda`).

mod array;
mod study;

pub use array::{Mda, write_array};
pub use study::{FIRINGS_TRUTH, write_firings, write_recording};

pub(super) use study::{is_firings, is_study, open_recording, read_sorting};
