//! Automatic values that follow from the probe.

use crate::{
    engine::geometry::Geometry,
    pipeline::{Inputs, NodeError, literal},
};

/// The radius that was set, or the one that fits the contacts of the recording at the port `recording`.
pub(super) fn radius_um(set: Option<f64>, usual_um: f64, inputs: &Inputs) -> Result<f64, NodeError> {
    Ok(match set {
        Some(radius_um) => radius_um,
        None => Geometry::known_of(inputs.recording("recording")?.info()).fitting_radius_um(usual_um),
    })
}

/// The same in Python, for the recording of that name.
pub(super) fn radius_in_python(set: Option<f64>, usual_um: f64, recording: &str) -> String {
    match set {
        Some(radius_um) => literal(radius_um),
        None => format!("fitting_radius({recording}, {})", literal(usual_um)),
    }
}
