//! What flows on wires: recordings, sortings and what is derived from them.
//!
//! No files, no algorithms and no threads live here; every other room builds on these types.

mod column;
mod events;
mod figure;
mod fit;
mod id;
mod motion;
mod noise;
mod notice;
mod peaks;
mod probe;
mod recording;
mod sorting;
mod stage;
mod table;
mod templates;
pub mod text;
pub mod units;

pub use column::{Column, Element};
pub use events::{Event, Events};
pub use figure::Figure;
pub use fit::Fit;
pub use id::Id;
pub use motion::{Axis, Interpolation, Motion, MotionCorrection, MotionSegment, MotionStretch};
pub use noise::NoiseLevels;
pub use notice::{Notice, Remedy};
pub use peaks::{Features, PeakSign, Peaks};
pub use probe::{Contact, ContactShape, Probe};
pub use recording::{
    DType, Recording, RecordingError, RecordingInfo, STEPS, Segment, Source, SourceError, WARNINGS,
};
pub use sorting::{Sorting, SpikeTrains};
pub use stage::{Operator, ReferenceSet, Stage};
pub use table::{RAW_UNITS, Table, TableColumn};
pub use templates::{Templates, Waveforms};
