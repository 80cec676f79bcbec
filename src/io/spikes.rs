//! Spikes as files list them, checked and put into order.

use super::Error;
use crate::data::{Id, Sorting, SpikeTrains, Table};
use std::path::Path;

/// Spikes of all segments in any order; columns are equally long or empty.
#[derive(Default)]
pub(super) struct Spikes {
    pub sample_index: Vec<i64>,
    /// Index into the unit ids.
    pub unit_index: Vec<i64>,
    /// Empty for a single segment.
    pub segment_index: Vec<i64>,
    pub columns: SpikeColumns,
}

/// What some formats say of each spike, in the order of the file; empty where unknown.
#[derive(Default)]
pub(super) struct SpikeColumns {
    pub amplitude: Vec<f32>,
    pub location_um: Vec<[f32; 2]>,
}

impl Spikes {
    /// Checks the columns and makes a sorting of `num_segments` segments.
    ///
    /// # Errors
    /// Where columns differ in length or name units or segments that do not exist.
    pub(super) fn into_sorting(
        self,
        path: &Path,
        sampling_frequency: f64,
        unit_ids: Vec<Id>,
        num_segments: usize,
    ) -> Result<Sorting, Error> {
        let Self { sample_index, unit_index, segment_index, columns } = &self;
        let SpikeColumns { amplitude, location_um } = columns;
        let spikes = sample_index.len();
        check_rate(path, sampling_frequency)?;
        for (what, length, optional) in [
            ("units", unit_index.len(), false),
            ("segments", segment_index.len(), true),
            ("amplitudes", amplitude.len(), true),
            ("locations", location_um.len(), true),
        ] {
            if length != spikes && !(optional && length == 0) {
                return Err(Error::format(
                    path,
                    format!(
                        "{spikes} spike times but {length} {what}: the files do not belong together, or one was cut off"
                    ),
                ));
            }
        }
        let units = unit_ids.len();
        if let Some(bad) = unit_index.iter().find(|&&u| u < 0 || u as usize >= units) {
            return Err(Error::format(path, format!("a spike of unit index {bad}, there are {units} units")));
        }
        if let Some(bad) = segment_index.iter().find(|&&s| s < 0 || s as usize >= num_segments) {
            return Err(Error::format(
                path,
                format!("a spike in segment {bad}, there are {num_segments} segments"),
            ));
        }
        if u32::try_from(spikes).is_err() {
            return Err(Error::format(path, format!("{spikes} spikes are more than can be opened")));
        }
        let key = |i: usize| (segment_index.get(i).copied().unwrap_or(0), sample_index[i], unit_index[i]);
        let mut order: Vec<u32> = (0..spikes as u32).collect();
        if !order.is_sorted_by_key(|&i| key(i as usize)) {
            order.sort_by_key(|&i| key(i as usize));
        }
        let mut segments = Vec::with_capacity(num_segments);
        let mut rest = order.as_slice();
        for segment in 0..num_segments as i64 {
            let end = rest.partition_point(|&i| key(i as usize).0 <= segment);
            let (here, later) = rest.split_at(end);
            rest = later;
            let at = |i: &u32| *i as usize;
            segments.push(SpikeTrains {
                sample_index: here.iter().map(|i| sample_index[at(i)]).collect(),
                unit_index: here.iter().map(|i| unit_index[at(i)] as u32).collect(),
                amplitude: (!amplitude.is_empty()).then(|| here.iter().map(|i| amplitude[at(i)]).collect()),
                location_um: (!location_um.is_empty())
                    .then(|| here.iter().map(|i| location_um[at(i)]).collect()),
                num_frames: None,
            });
        }
        Ok(Sorting {
            sampling_frequency,
            unit_ids,
            segments,
            properties: Table::default(),
            amplitudes_in_uv: false,
        })
    }
}

/// Unit indices of labels, and the labels in ascending order.
pub(super) fn units_of_labels(labels: &[i64]) -> (Vec<i64>, Vec<Id>) {
    let mut distinct = labels.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let index = indices_of(labels, &distinct);
    (index, distinct.into_iter().map(Id::Int).collect())
}

/// Position of each label in an ascending list, -1 where it is not there.
pub(super) fn indices_of(labels: &[i64], ascending: &[i64]) -> Vec<i64> {
    labels.iter().map(|label| ascending.binary_search(label).map_or(-1, |i| i as i64)).collect()
}

pub(super) fn check_rate(path: &Path, sampling_frequency: f64) -> Result<(), Error> {
    if sampling_frequency.is_finite() && sampling_frequency > 0.0 {
        return Ok(());
    }
    Err(Error::format(
        path,
        format!("a sampling frequency of {sampling_frequency} Hz; give --sampling-frequency"),
    ))
}
