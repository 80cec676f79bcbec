//! Pure algorithms on arrays: no files, no graph, no threads but rayon's, the same bytes on every run.
//!
//! What an algorithm needs from outside comes through two small traits: [`Monitor`] to report and be
//! cancelled, [`Scratch`] for what is gone on from.

pub mod amplitudes;
pub mod bad_channels;
mod bad_chunk;
pub mod basis;
pub mod block;
pub mod chain;
pub mod channel_order;
mod checkpoint;
pub mod cluster;
pub mod compare;
pub mod correlograms;
pub mod curation;
pub mod design;
pub mod detect;
pub mod eigen;
pub mod features;
pub mod filter;
mod gaussian_filter;
pub mod geometry;
pub mod health;
mod lanes;
pub mod layout;
mod linear_map;
pub mod localize;
pub mod locations;
pub mod matching;
pub mod metrics;
pub mod motion;
pub mod noise;
pub mod passes;
mod phase_shift;
pub mod random;
pub mod reference;
pub mod reference_set;
pub mod refractory;
mod select;
pub mod signal_check;
pub mod sort;
mod spans;
pub mod spikeinterface_chain;
pub mod synthetic;
pub mod taps;
pub mod templates;
mod tile;
pub mod waveforms;
pub mod whiten;

use crate::data::{Motion, Notice, Peaks, RecordingInfo, SourceError, Templates};

/// Receives what a long computation has to say, and tells it to stop.
///
/// Called from any thread, often: implementations coalesce.
pub trait Monitor: Sync {
    /// A new named stage begins, such as `detect`.
    fn stage(&self, _name: &str) {}
    /// So many of all pieces of the current stage are finished.
    fn progress(&self, _done: u64, _total: u64) {}
    /// True where the work should end soon; checked at least every 100 ms of work.
    fn cancelled(&self) -> bool {
        false
    }
    /// Something to look at while it runs.
    fn preview(&self, _preview: Preview) {}
    /// A line for the log.
    fn log(&self, _line: &str) {}
    /// Something the user should know about the result, with what mends it.
    fn warn(&self, _notice: &Notice) {}
    /// Another program that took part, and its version as it told it.
    fn tool(&self, _name: &str, _version: &str) {}
    /// Memory that other programs hold at this moment, in bytes.
    fn program_memory(&self, _bytes: u64) {}
}

/// What can be looked at while a sort runs.
#[derive(Clone, Debug)]
pub enum Preview {
    /// Peaks found since the last preview: time (s), depth (µm, or channel index without a probe), amplitude.
    Peaks(Vec<[f32; 3]>),
    /// Spikes and units so far.
    Counts {
        /// Spikes found.
        num_spikes: u64,
        /// Units found.
        num_units: u64,
    },
    /// Templates as they are now.
    Templates(std::sync::Arc<Templates>),
}

/// What a long computation has come to so far. The next try at the very same computation finds it, whatever ended the
/// first.
pub trait Scratch: Sync {
    /// The templates that were kept under a name.
    fn templates(&self, name: &str) -> Option<Templates>;
    /// Keeps templates under a name. That they cannot be kept is no reason to stop.
    fn keep_templates(&self, name: &str, templates: &Templates);
    /// The motion that was kept.
    fn motion(&self) -> Option<Motion>;
    /// Keeps the motion.
    fn keep_motion(&self, motion: &Motion);
    /// The parts of a pass that were kept, each with its number.
    fn parts(&self, pass: &str) -> Vec<(u64, Vec<u8>)>;
    /// Keeps a part of a pass; from several threads at once.
    fn keep_part(&self, pass: &str, part: u64, bytes: &[u8]);
    /// The parts of a pass are of no use any more: what came of it is kept.
    fn forget_parts(&self, pass: &str);
}

/// A monitor that hears nothing and never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {}

/// Refuses peaks that were found on a recording with another number of channels.
fn same_channels(peaks: &Peaks, info: &RecordingInfo) -> Result<(), EngineError> {
    if peaks.num_channels == info.num_channels() {
        return Ok(());
    }
    Err(EngineError::Data(format!(
        "the peaks were found on {} channels, the recording has {}: detect them on this recording",
        peaks.num_channels,
        info.num_channels()
    )))
}

/// Why a computation ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
    /// The samples could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The data defeats the method; says what to do.
    #[error("{0}")]
    Data(String),
    /// The same, where what to do is known as a value.
    #[error("{0}")]
    Mendable(Notice),
}
