//! Mean and single waveforms of units.

use super::Id;
use ndarray::{Array2, Array3};

/// The mean waveform of each unit on the channels where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Templates {
    /// Samples per second, in Hz.
    pub sampling_frequency: f64,
    /// Names of the units.
    pub unit_ids: Vec<Id>,
    /// Names of the channels of the recording.
    pub channel_ids: Vec<Id>,
    /// Positions of the channels in µm; empty without a probe.
    pub locations_um: Vec<[f64; 2]>,
    /// Samples before the spike's own sample.
    pub num_before: usize,
    /// Samples of a waveform.
    pub num_samples: usize,
    /// Channels of each unit, ascending indices.
    pub channel_indices: Vec<Vec<u32>>,
    /// `(num_samples, channel_indices[unit].len())` for each unit.
    pub waveforms: Vec<Array2<f32>>,
    /// Standard deviation of the waveforms, same shapes; empty where not computed.
    pub deviations: Vec<Array2<f32>>,
    /// True where the values are µV, false for the recording's own units.
    pub in_uv: bool,
}

impl Templates {
    /// How many units there are.
    pub fn num_units(&self) -> usize {
        self.unit_ids.len()
    }

    /// Channel index and sample of the largest absolute value of a unit; `None` for an empty template.
    pub fn extremum(&self, unit_index: usize) -> Option<(usize, usize, f32)> {
        let waveform = self.waveforms.get(unit_index)?;
        let channels = self.channel_indices.get(unit_index)?;
        let ((sample, column), &value) =
            waveform.indexed_iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
        Some((*channels.get(column)? as usize, sample, value))
    }

    /// All units on all channels, `(num_units, num_samples, num_channels)`, zero outside the sparsity.
    pub fn to_dense(&self) -> Array3<f32> {
        let mut dense = Array3::zeros((self.num_units(), self.num_samples, self.channel_ids.len()));
        for (unit, (waveform, channels)) in self.waveforms.iter().zip(&self.channel_indices).enumerate() {
            for (column, &channel) in channels.iter().enumerate() {
                dense.slice_mut(ndarray::s![unit, .., channel as usize]).assign(&waveform.column(column));
            }
        }
        dense
    }
}

/// Single spikes cut out of the traces, a sample of each unit's spikes.
#[derive(Clone, Debug, PartialEq)]
pub struct Waveforms {
    /// What the waveforms were averaged to.
    pub templates: Templates,
    /// Segment and position in that segment's spike columns of each waveform, by unit.
    pub spikes: Vec<Vec<(u32, u32)>>,
    /// `(spikes[unit].len(), num_samples, channel_indices[unit].len())` for each unit.
    pub values: Vec<Array3<f32>>,
}
