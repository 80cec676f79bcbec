//! How the tissue moves: estimated from spikes, undone on traces.
//!
//! What a sort loses to motion, measured on 128 channels of Neuropixels spacing, 80 units for 120 s, a 30 µm zigzag that is
//! three times weaker at one end (SpikeInterface's generator): mean accuracy, units at 0.8 or better, units too many
//! (false, redundant, overmerged).
//!
//! | traces | accuracy | units | too many |
//! |---|---:|---:|---:|
//! | as they are | 0.840 | 59 | 19 |
//! | corrected with the true motion, kriging of SpikeInterface (σ 20 µm, exponent 1) | 0.898 | 63 | 21 |
//! | … of Kilosort (20, 2) | 0.928 | 66 | 8 |
//! | … wider (30, 2), what [`sort_correction`] takes | 0.943 | 71 | 6 |
//! | … (40, 2) | 0.946 | 72 | 5 |
//! | corrected with the motion estimated here, (30, 2) | 0.939 | 71 | 5 |
//! | … and templates that take turns merged at a similarity of 0.85 | 0.946 | 73 | 3 |
//!
//! The last two rows are of motion by DREDge, the last one of a later state of the clustering than the others. Registration
//! is what a sort takes by now ([`sort_motion`]). With bursts and distant units in the background
//! (70 units, 180 s): 0.820 uncorrected, 0.930 with the true motion before templates that take turns were merged, 0.935
//! with the estimated one since.
//!
//! Templates that move, instead of traces that are interpolated, were not tried.

mod correct;
mod correlate;
mod dredge;
mod estimate;
mod events;
mod kernel;
mod plan;
mod raster;
mod register;
mod resemblance;
mod solve;

pub use correct::{BorderMode, CorrectParams, correction_stages};
pub use dredge::{DredgeParams, Extent, Pairs, dredge};
pub use estimate::{
    MotionParams, blocks_for, in_words, motion_of_events, motion_of_features, sort_correction, sort_motion,
};
pub use events::{EventParams, events_of_features, events_of_peaks, extent_of};
pub use kernel::Interpolator;
pub(super) use plan::{MotionPlan, MotionScratch, SubBlock};
pub use raster::Event;
pub use register::{RegisterParams, register};
pub use resemblance::Resemblance;
