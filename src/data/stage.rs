//! One step of preprocessing, as plain numbers: what `engine::chain` compiles.

use super::{DType, MotionCorrection, RecordingError, RecordingInfo};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How the channels of a reference are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// The exact median (mean of the two central values for an even count).
    Median,
    /// The mean.
    Average,
}

/// Which channels are the reference of which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ReferenceSet {
    /// One reference for all channels of a set, computed from that set (one set: global; several: groups).
    Sets(Vec<Vec<usize>>),
    /// One reference for all channels, computed from these channels only.
    Channels(Vec<usize>),
    /// A reference for each channel, computed from its own neighbours (local).
    Neighbors(Vec<Vec<usize>>),
}

/// One preprocessing step with everything it needs resolved to numbers.
///
/// Channel indices count the columns as they are before the stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// Keep these channels, in this order.
    SelectChannels {
        /// Columns to keep.
        indices: Vec<usize>,
    },
    /// Keep frames `start..end` of each segment; a segment with an empty range is dropped.
    SelectFrames {
        /// A range a segment.
        ranges: Vec<(usize, usize)>,
    },
    /// Second-order sections run forward and backward (zero phase), as `scipy.signal.sosfiltfilt`.
    Filter {
        /// `[b0, b1, b2, a0 = 1, a1, a2]` a section.
        sections: Vec<[f64; 6]>,
        /// True where it makes the recording a filtered one (band-pass and high-pass).
        marks_filtered: bool,
    },
    /// Subtract a reference.
    CommonReference {
        /// How channels are combined.
        operator: Operator,
        /// Which channels.
        reference: ReferenceSet,
    },
    /// Undo the sampling delay of multiplexed converters: channel `c` is moved by `-shifts[c]` samples.
    PhaseShift {
        /// Delay of each channel in samples.
        shifts: Vec<f64>,
    },
    /// Each output channel is a weighted sum of channels: whitening, interpolation of bad channels.
    LinearMap {
        /// Weights, `(output channels, input channels)`; as many outputs as inputs.
        weights: Arc<Array2<f64>>,
        /// True where the result is in units of the noise (whitening): gains no longer apply.
        whitens: bool,
    },
    /// Undo the motion of the tissue by interpolation between channels.
    CorrectMotion {
        /// What moves where, and how it is interpolated.
        correction: Arc<MotionCorrection>,
    },
    /// Set these stretches to zero.
    SilencePeriods {
        /// `(segment, start_frame, end_frame)`, sorted.
        periods: Vec<(usize, usize, usize)>,
    },
    /// `x * gain + offset` for each channel; gains and offsets to µV are adjusted to match.
    Scale {
        /// Factor of each channel.
        gain: Vec<f64>,
        /// Added to each channel after the factor.
        offset: Vec<f64>,
        /// True where the values are meant to change in µV as well (a change of amplitude, not of units).
        changes_uv: bool,
    },
    /// Round to multiples of a step, clipped to what many of them 16 bits can count: what is read again and again can be
    /// held in two bytes a sample.
    Round {
        /// The step.
        step: f32,
    },
    /// Round and clip to the range of an integer type, or do nothing for floats.
    Convert {
        /// The type.
        dtype: DType,
    },
}

impl Stage {
    /// What is known of a recording after this stage.
    ///
    /// # Errors
    /// Where the stage does not fit it.
    pub fn apply_to_info(&self, info: &RecordingInfo) -> Result<RecordingInfo, RecordingError> {
        let n = info.num_channels();
        let wrong = |what: &str, found: usize| {
            Err(RecordingError(format!("{what} for {found} channels on a recording of {n} channels")))
        };
        let mut out = info.clone();
        match self {
            Stage::SelectChannels { indices } => {
                if let Some(bad) = indices.iter().find(|&&i| i >= n) {
                    return Err(RecordingError(format!(
                        "channel index {bad} on a recording of {n} channels"
                    )));
                }
                if indices.is_empty() {
                    return Err(RecordingError("no channels are left".into()));
                }
                return Ok(info.slice_channels(indices));
            }
            Stage::SelectFrames { ranges } => {
                if ranges.len() != info.segments.len() {
                    return Err(RecordingError(format!(
                        "time ranges for {} segments on a recording of {}",
                        ranges.len(),
                        info.segments.len()
                    )));
                }
                out.segments = Vec::new();
                for (segment, &(start, end)) in info.segments.iter().zip(ranges) {
                    if end > segment.num_frames {
                        return Err(RecordingError(format!(
                            "frames {start} to {end} of a segment of {} frames",
                            segment.num_frames
                        )));
                    }
                    if start < end {
                        out.segments.push(super::Segment {
                            num_frames: end - start,
                            t_start_s: Some(
                                segment.t_start_s.unwrap_or(0.0) + start as f64 / info.sampling_frequency,
                            ),
                        });
                    }
                }
                if out.segments.is_empty() {
                    return Err(RecordingError("no frames are left".into()));
                }
            }
            Stage::Filter { marks_filtered, .. } => {
                out.is_filtered |= marks_filtered;
                out.dtype = DType::Float32;
                if *marks_filtered {
                    out.offset_to_uv = info.offset_to_uv.as_ref().map(|o| vec![0.0; o.len()]);
                }
            }
            Stage::CommonReference { reference, .. } => {
                if let ReferenceSet::Neighbors(sets) = reference
                    && sets.len() != n
                {
                    return wrong("a local reference", sets.len());
                }
                out.dtype = DType::Float32;
            }
            Stage::PhaseShift { shifts } => {
                if shifts.len() != n {
                    return wrong("sampling delays", shifts.len());
                }
                out.dtype = DType::Float32;
                out.inter_sample_shift = vec![0.0; n];
            }
            Stage::LinearMap { weights, whitens } => {
                if weights.dim() != (n, n) {
                    return wrong("weights", weights.ncols());
                }
                out.dtype = DType::Float32;
                if *whitens {
                    out.gain_to_uv = None;
                    out.offset_to_uv = None;
                }
            }
            Stage::CorrectMotion { correction } => {
                if correction.positions_um.len() != n {
                    return wrong("a motion correction", correction.positions_um.len());
                }
                if correction.segments.len() != info.segments.len() {
                    return Err(RecordingError(format!(
                        "a motion of {} segments on a recording of {}",
                        correction.segments.len(),
                        info.segments.len()
                    )));
                }
                out.dtype = DType::Float32;
            }
            Stage::SilencePeriods { .. } | Stage::Round { .. } => {}
            Stage::Scale { gain, offset, changes_uv } => {
                if gain.len() != n || offset.len() != n {
                    return wrong("factors", gain.len());
                }
                out.dtype = DType::Float32;
                if !changes_uv && let (Some(g), Some(o)) = (&mut out.gain_to_uv, &mut out.offset_to_uv) {
                    for c in 0..n {
                        // raw = (x - offset) / gain, so µV = x * (g / gain) + o - offset * g / gain.
                        g[c] /= gain[c];
                        o[c] -= offset[c] * g[c];
                    }
                }
            }
            Stage::Convert { dtype } => out.dtype = *dtype,
        }
        Ok(out)
    }
}
