//! From a motion to the stages that undo it on traces.

use crate::{
    data::{Interpolation, Motion, MotionCorrection, MotionStretch, RecordingInfo, Stage},
    engine::EngineError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What becomes of channels that would need traces from beyond the probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BorderMode {
    /// They are left out of the recording.
    #[default]
    RemoveChannels,
    /// They are guessed from the contacts there are.
    ForceExtrapolate,
    /// They are zero as long as they lie beyond.
    ForceZeros,
}

/// Settings of [`correction_stages`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CorrectParams {
    /// How places between contacts are filled.
    pub interpolation: Interpolation,
    /// What becomes of the ends of the probe.
    pub border_mode: BorderMode,
    /// Kriging: how far signals resemble each other, in µm.
    pub sigma_um: f64,
    /// Kriging: exponent of the distance.
    pub power: f64,
    /// Inverse distance: how many contacts take part.
    pub num_closest: usize,
}

impl Default for CorrectParams {
    fn default() -> Self {
        Self {
            interpolation: Interpolation::Kriging,
            border_mode: BorderMode::RemoveChannels,
            sigma_um: 20.0,
            power: 1.0,
            num_closest: 3,
        }
    }
}

/// The stages that undo a motion: each frame is interpolated by the displacement of its time bin.
///
/// # Errors
/// Where the recording has no probe, or the motion is of other segments or not sound.
///
/// # Source
/// SpikeInterface `interpolate_motion`.
pub fn correction_stages(
    info: &RecordingInfo,
    motion: &Motion,
    params: &CorrectParams,
) -> Result<Vec<Stage>, EngineError> {
    let positions_um = info.locations_um().ok_or_else(|| {
        EngineError::Data("motion cannot be corrected without a probe: attach one to the recording".into())
    })?;
    if let Some(problem) = motion.problem() {
        return Err(EngineError::Data(format!("this is no sound motion: {problem}")));
    }
    if motion.segments.len() != info.segments.len() {
        return Err(EngineError::Data(format!(
            "the motion has {} segments, the recording {}: estimate it on this recording",
            motion.segments.len(),
            info.segments.len()
        )));
    }
    let axis = motion.axis.index();
    let mut stays = vec![true; positions_um.len()];
    let mut segments = Vec::new();
    let along = || positions_um.iter().map(|p| p[axis]);
    // The ends of each channel's group.
    let ends: Vec<(f64, f64)> = (info.groups.iter())
        .map(|group| {
            let own =
                || along().zip(&info.groups).filter(|(_, other)| *other == group).map(|(depth, _)| depth);
            (own().fold(f64::INFINITY, f64::min), own().fold(f64::NEG_INFINITY, f64::max))
        })
        .collect();
    for (index, (own, about)) in motion.segments.iter().zip(&info.segments).enumerate() {
        let t_start = about.t_start_s.unwrap_or(0.0);
        let mut stretches: Vec<MotionStretch> = Vec::new();
        let bins = &own.temporal_bins_s;
        // As SpikeInterface has it, the first bin begins and the last one ends at its centre, and the displacement is
        // that at the middle of what is left.
        let edge = |bin: usize| match (bin.checked_sub(1).map(|before| bins[before]), bins.get(bin)) {
            (Some(before), Some(after)) => 0.5 * (before + after),
            (before, after) => before.or(after.copied()).unwrap_or(0.0),
        };
        for bin in 0..bins.len() {
            let first_frame =
                if bin == 0 { 0 } else { first_frame_at(edge(bin) - t_start, info.sampling_frequency) };
            let time = 0.5 * (edge(bin) + edge(bin + 1));
            let displacement_um: Vec<f64> =
                along().map(|depth| motion.displacement_um(index, time, depth)).collect();
            for (((stays, depth), moved), (low, high)) in
                stays.iter_mut().zip(along()).zip(&displacement_um).zip(&ends)
            {
                *stays &= (*low..=*high).contains(&(depth + moved));
            }
            let same = stretches.last().is_some_and(|last| last.displacement_um == displacement_um);
            if !same {
                stretches.push(MotionStretch { first_frame, displacement_um });
            }
        }
        segments.push(stretches);
    }
    let correction = MotionCorrection {
        positions_um,
        groups: info.groups.clone(),
        axis: motion.axis,
        interpolation: params.interpolation,
        sigma_um: params.sigma_um,
        power: params.power,
        num_closest: params.num_closest,
        extrapolate: params.border_mode == BorderMode::ForceExtrapolate,
        segments,
    };
    let mut stages = vec![Stage::CorrectMotion { correction: Arc::new(correction) }];
    if params.border_mode == BorderMode::RemoveChannels && stays.iter().any(|stays| !stays) {
        let indices: Vec<usize> = (0..stays.len()).filter(|&c| stays[c]).collect();
        if indices.is_empty() {
            return Err(EngineError::Data(
                "the tissue moves so far that no channel stays within the probe: choose border_mode force_zeros or \
                 force_extrapolate"
                    .into(),
            ));
        }
        stages.push(Stage::SelectChannels { indices });
    }
    Ok(stages)
}

/// The first frame at or after a time.
fn first_frame_at(time_s: f64, sampling_frequency: f64) -> usize {
    let frame = (time_s * sampling_frequency).floor().max(0.0) as usize;
    if (frame as f64) / sampling_frequency >= time_s { frame } else { frame + 1 }
}
