//! Which unit fired when.

use super::{Column, Id, Table};

/// The spikes of one segment, sorted by `(sample_index, unit_index)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpikeTrains {
    /// Frame of each spike within the segment.
    pub sample_index: Column<i64>,
    /// Unit of each spike, an index into [`Sorting::unit_ids`].
    pub unit_index: Column<u32>,
    /// Amplitude of each spike, in µV where [`Sorting::amplitudes_in_uv`], else raw units.
    pub amplitude: Option<Column<f32>>,
    /// Estimated position `[x, y]` of each spike in µm.
    pub location_um: Option<Column<[f32; 2]>>,
    /// Length of the segment in frames, where known.
    pub num_frames: Option<usize>,
}

/// Spikes of all segments and the units they belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorting {
    /// Samples per second, in Hz.
    pub sampling_frequency: f64,
    /// Names of the units.
    pub unit_ids: Vec<Id>,
    /// The spikes, a segment each.
    pub segments: Vec<SpikeTrains>,
    /// Properties of the units: a table with one row a unit, in the order of `unit_ids`.
    pub properties: Table,
    /// True where amplitudes are in µV, false where the gain is unknown and they are raw units.
    pub amplitudes_in_uv: bool,
}

impl Sorting {
    /// A sorting of one segment from spikes in any order; amplitudes and locations are unknown.
    pub fn from_spikes(
        sampling_frequency: f64,
        unit_ids: Vec<Id>,
        sample_index: &[i64],
        unit_index: &[u32],
    ) -> Self {
        let mut order: Vec<usize> = (0..sample_index.len().min(unit_index.len())).collect();
        order.sort_by_key(|&i| (sample_index[i], unit_index[i]));
        let spikes = SpikeTrains {
            sample_index: order.iter().map(|&i| sample_index[i]).collect(),
            unit_index: order.iter().map(|&i| unit_index[i]).collect(),
            ..SpikeTrains::default()
        };
        Self {
            sampling_frequency,
            unit_ids,
            segments: vec![spikes],
            properties: Table::default(),
            amplitudes_in_uv: false,
        }
    }

    /// How many units there are.
    pub fn num_units(&self) -> usize {
        self.unit_ids.len()
    }

    /// Spikes of all units and segments.
    pub fn num_spikes(&self) -> usize {
        self.segments.iter().map(|s| s.sample_index.len()).sum()
    }

    /// Spikes of each unit, in the order of `unit_ids`.
    pub fn spike_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.num_units()];
        for segment in &self.segments {
            for &unit in segment.unit_index.iter() {
                if let Some(count) = counts.get_mut(unit as usize) {
                    *count += 1;
                }
            }
        }
        counts
    }

    /// Frames at which each unit fires in a segment: `trains[unit_index]`, ascending.
    pub fn trains(&self, segment: usize) -> Vec<Vec<i64>> {
        let mut trains = vec![Vec::new(); self.num_units()];
        if let Some(spikes) = self.segments.get(segment) {
            for (&sample, &unit) in spikes.sample_index.iter().zip(spikes.unit_index.iter()) {
                if let Some(train) = trains.get_mut(unit as usize) {
                    train.push(sample);
                }
            }
        }
        trains
    }

    /// Positions in the segment's columns of each unit's spikes: `positions[unit_index]`, ascending.
    pub fn positions(&self, segment: usize) -> Vec<Vec<u32>> {
        let mut positions = vec![Vec::new(); self.num_units()];
        if let Some(spikes) = self.segments.get(segment) {
            for (position, &unit) in spikes.unit_index.iter().enumerate() {
                if let Some(list) = positions.get_mut(unit as usize) {
                    list.push(position as u32);
                }
            }
        }
        positions
    }
}
