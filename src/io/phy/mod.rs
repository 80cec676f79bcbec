//! phy's folder (`params.py`, `spike_times.npy`, …), which Kilosort and others write.

mod clusters;
mod params;
mod read;
mod templates;
mod write;

pub use params::Params;
pub use read::read_sorting;
pub use templates::read_templates;
pub use write::{Export, PcFeatures, Traces, write};

pub(super) use read::{has_traces, is_one, open_recording, raw_files};
