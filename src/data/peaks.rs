//! Threshold crossings and their features, before any unit is known.

use super::Column;
use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Peaks sorted by `(segment, sample_index, channel_index)`; all columns have the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peaks {
    /// Samples per second, in Hz.
    pub sampling_frequency: f64,
    /// Channels of the recording they were found on.
    pub num_channels: usize,
    /// Segment of each peak.
    pub segment_index: Column<u32>,
    /// Frame within the segment.
    pub sample_index: Column<i64>,
    /// Channel where the peak is largest.
    pub channel_index: Column<u32>,
    /// Signed height in the units of the recording.
    pub amplitude: Column<f32>,
    /// Estimated position `[x, y]` in µm, once localised.
    pub location_um: Option<Column<[f32; 2]>>,
}

impl Peaks {
    /// How many peaks there are.
    pub fn len(&self) -> usize {
        self.sample_index.len()
    }

    /// True where nothing was found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Projections of each peak on a shared temporal basis, on the channels near its main channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The peaks, in the same order.
    pub peaks: Peaks,
    /// Temporal components, `(num_components, num_samples)`, orthonormal rows.
    pub basis: Array2<f32>,
    /// Samples before the peak in a row of `basis`.
    pub num_before: usize,
    /// Channels of the features of a peak, by its main channel, nearest first; `max_channels` at most.
    pub neighbors: Vec<Vec<u32>>,
    /// Channels a peak has room for.
    pub max_channels: usize,
    /// `(num_peaks, max_channels, num_components)`, C order; zero where a channel has fewer neighbours.
    pub values: Column<f32>,
    /// The unit each was matched to, where they are no mere peaks; an index into the templates.
    pub units: Option<Column<u32>>,
}

/// Direction of the spikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeakSign {
    /// Troughs, as most extracellular spikes.
    #[default]
    Neg,
    /// Positive peaks.
    Pos,
    /// Either.
    Both,
}
