//! How the tissue moves: estimated from spikes, undone on traces.

mod correct;
mod correlate;
mod dredge;
mod estimate;
mod events;
mod kernel;
mod plan;
mod raster;
mod solve;

pub use correct::{BorderMode, CorrectParams, correction_stages};
pub use dredge::{DredgeParams, Extent, Pairs, dredge};
pub use estimate::{in_words, motion_of_events, motion_of_features, sort_correction};
pub use events::{EventParams, events_of_features, events_of_peaks, extent_of};
pub use kernel::Interpolator;
pub(super) use plan::{MotionPlan, MotionScratch, SubBlock};
pub use raster::Event;
