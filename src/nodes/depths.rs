//! What drift maps are drawn from.

use crate::{
    figures::{self, DriftMapPoint},
    pipeline::{Inputs, NodeError},
};

/// Places of the peaks, else of the spikes, that are connected; `None` where neither is.
pub(super) fn points(inputs: &Inputs) -> Result<Option<Vec<DriftMapPoint>>, NodeError> {
    let (points, remedy) = match (inputs.optional_peaks("peaks")?, inputs.optional_sorting("sorting")?) {
        (Some(peaks), _) => {
            (figures::peaks_of(peaks), "the peaks have no locations: put Localize peaks before this node")
        }
        (None, Some(sorting)) => (
            figures::spikes_of(sorting),
            "the spikes have no locations: put Spike locations before this node",
        ),
        (None, None) => return Ok(None),
    };
    points.map(Some).ok_or_else(|| NodeError::Input(remedy.into()))
}
