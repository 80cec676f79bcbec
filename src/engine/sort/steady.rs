//! What a sort makes of the motion of the tissue.
//!
//! The motion is estimated from the features of the peaks, which costs no pass over the traces. Below a few µm nothing
//! is done: interpolation costs more than it brings, and the bytes of a still recording are the same with and without
//! this stage. Beyond, the traces are interpolated before they are whitened ([`sort_correction`]), and peaks are detected
//! anew, since on the moving traces they lie on other channels.

use crate::{
    data::{Features, Motion, Recording},
    engine::{
        EngineError, Monitor,
        motion::{
            EventParams, correction_stages, in_words, motion_of_features, sort_correction, sort_motion,
        },
    },
};

/// The motion by the features of the peaks of the whitened recording.
pub(super) fn motion_of(
    features: &Features,
    white: &Recording,
    monitor: &dyn Monitor,
) -> Result<Motion, EngineError> {
    let params = sort_motion(white.info());
    motion_of_features(features, white, &EventParams::default(), &params, monitor)
}

/// The recording without its motion, where that is worth it.
pub(super) fn steady(
    recording: &Recording,
    motion: &Motion,
    min_drift_um: f64,
    monitor: &dyn Monitor,
) -> Result<Option<Recording>, EngineError> {
    let range = motion.range_um();
    if range <= min_drift_um {
        monitor.log(&format!("the tissue moves by {range:.1} µm: left alone"));
        return Ok(None);
    }
    let words = format!(
        "the tissue moves along the probe by {}: traces are interpolated to undo it. Locations of spikes are those on \
         the probe.",
        in_words(motion)
    );
    monitor.warn(&words.into());
    let mut steady = recording.clone();
    for stage in correction_stages(recording.info(), motion, &sort_correction())? {
        steady = steady.with_stage(stage).map_err(|e| EngineError::Data(e.0))?;
    }
    Ok(Some(steady))
}
