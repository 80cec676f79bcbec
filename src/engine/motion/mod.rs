//! How the tissue moves: estimated from spikes, undone on traces.

mod correct;
mod kernel;
mod plan;

pub use correct::{BorderMode, CorrectParams, correction_stages};
pub use kernel::Interpolator;
pub(super) use plan::{MotionPlan, MotionScratch, SubBlock};
