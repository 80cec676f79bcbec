//! Mean and single waveforms of units.

use super::Id;
use ndarray::{Array2, Array3};
use std::collections::BTreeMap;

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

    /// The templates of these units, in this order; a unit without one gets an empty one. `None` where more than
    /// half of them have none: they belong to other units.
    #[must_use]
    pub fn of_units(&self, unit_ids: &[Id]) -> Option<Self> {
        let rows: BTreeMap<&Id, usize> =
            self.unit_ids.iter().enumerate().map(|(row, id)| (id, row)).collect();
        let rows: Vec<Option<usize>> = unit_ids.iter().map(|id| rows.get(id).copied()).collect();
        if 2 * rows.iter().flatten().count() < rows.len() {
            return None;
        }
        let pick = |all: &[Array2<f32>]| -> Vec<Array2<f32>> {
            let empty = || Array2::zeros((self.num_samples, 0));
            rows.iter().map(|row| row.and_then(|row| all.get(row).cloned()).unwrap_or_else(empty)).collect()
        };
        let channels = |row: &Option<usize>| row.and_then(|row| self.channel_indices.get(row).cloned());
        Some(Self {
            unit_ids: unit_ids.to_vec(),
            channel_indices: rows.iter().map(|row| channels(row).unwrap_or_default()).collect(),
            waveforms: pick(&self.waveforms),
            deviations: if self.deviations.is_empty() { Vec::new() } else { pick(&self.deviations) },
            channel_ids: self.channel_ids.clone(),
            locations_um: self.locations_um.clone(),
            ..*self
        })
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn templates_follow_the_units_they_are_asked_for() {
        let templates = Templates {
            sampling_frequency: 30_000.0,
            unit_ids: Id::range(3),
            channel_ids: Id::range(2),
            locations_um: Vec::new(),
            num_before: 1,
            num_samples: 2,
            channel_indices: vec![vec![0], vec![1], vec![0, 1]],
            waveforms: vec![
                Array2::from_elem((2, 1), 1.0),
                Array2::from_elem((2, 1), 2.0),
                Array2::from_elem((2, 2), 3.0),
            ],
            deviations: Vec::new(),
            in_uv: true,
        };
        let mut ids = Id::range(5);
        let wanted = [ids.remove(2), ids.remove(1), ids.pop().unwrap()];
        let found = templates.of_units(&wanted).unwrap();
        assert_eq!(found.unit_ids, wanted);
        assert_eq!(found.channel_indices, [vec![0, 1], vec![1], vec![]]);
        assert_eq!((found.extremum(0).map(|e| e.2), found.extremum(2)), (Some(3.0), None));
        assert!(templates.of_units(&wanted[2..]).is_none());
    }
}
