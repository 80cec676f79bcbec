//! Matches as the spikes of a sorting.

use super::Spike;
use crate::data::{Id, RecordingInfo, Sorting, SpikeTrains, Table};

/// Matches in order of `(segment, sample, unit)` as a sorting; the amplitude of a spike is its factor of the template.
pub fn to_sorting(spikes: &[Spike], unit_ids: &[Id], info: &RecordingInfo) -> Sorting {
    let mut rest = spikes;
    let located = !spikes.is_empty() && spikes.iter().all(|s| s.location_um.is_some());
    let segments = info
        .segments
        .iter()
        .enumerate()
        .map(|(segment, about)| {
            let (own, later) = rest.split_at(rest.partition_point(|s| s.segment as usize <= segment));
            rest = later;
            SpikeTrains {
                sample_index: own.iter().map(|s| s.sample).collect(),
                unit_index: own.iter().map(|s| s.unit).collect(),
                amplitude: Some(own.iter().map(|s| s.scale).collect()),
                location_um: located.then(|| own.iter().filter_map(|s| s.location_um).collect()),
                num_frames: Some(about.num_frames),
            }
        })
        .collect();
    Sorting {
        sampling_frequency: info.sampling_frequency,
        unit_ids: unit_ids.to_vec(),
        segments,
        properties: Table::default(),
        amplitudes_in_uv: false,
    }
}

/// Of two spikes of a unit within `gate` samples the one with the larger gain is kept.
pub(super) fn remove_duplicates(spikes: &mut Vec<Spike>, num_units: usize, gate: i64) {
    let mut last: Vec<Option<usize>> = vec![None; num_units];
    let mut keep = vec![true; spikes.len()];
    for (index, spike) in spikes.iter().enumerate() {
        let place = &mut last[spike.unit as usize];
        if let Some(before) = *place
            && spikes[before].segment == spike.segment
            && spike.sample - spikes[before].sample <= gate
        {
            if spike.gain > spikes[before].gain {
                keep[before] = false;
                *place = Some(index);
            } else {
                keep[index] = false;
            }
            continue;
        }
        *place = Some(index);
    }
    let mut keep = keep.into_iter();
    spikes.retain(|_| keep.next().unwrap_or(true));
}
