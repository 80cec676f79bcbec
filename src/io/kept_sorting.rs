//! A sorting as the store keeps it, also where its folder was copied out of the store.

use super::{Error, npy};
use crate::data::{Id, Sorting, SpikeTrains, Table};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file that says what lies beside it.
pub const FORM: &str = "sorting.json";

/// All but the spikes.
#[derive(Serialize, Deserialize)]
pub struct Form {
    /// Frames per second.
    pub sampling_frequency: f64,
    /// Names of the units.
    pub unit_ids: Vec<Id>,
    /// True where amplitudes are in µV.
    pub amplitudes_in_uv: bool,
    /// Length in frames, whether amplitudes and whether locations are there, a segment each.
    pub segments: Vec<(Option<usize>, bool, bool)>,
    /// What is known of the units.
    pub properties: Table,
}

/// True where a folder is such a sorting.
pub fn is_one(folder: &Path) -> bool {
    folder.join(FORM).is_file() && (folder.join("segment_0").is_dir() || form(folder).is_ok())
}

fn form(folder: &Path) -> Result<Form, Error> {
    let path = folder.join(FORM);
    let text = std::fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
    serde_json::from_str(&text).map_err(|error| Error::format(&path, error.to_string()))
}

/// Reads a sorting of the store.
///
/// # Errors
/// Where a file is missing or damaged.
pub fn read(folder: &Path) -> Result<Sorting, Error> {
    let form = form(folder)?;
    let mut segments = Vec::with_capacity(form.segments.len());
    for (index, (num_frames, amplitude, location)) in form.segments.into_iter().enumerate() {
        let inner = folder.join(format!("segment_{index}"));
        segments.push(SpikeTrains {
            sample_index: npy::column_of(&inner.join("sample_index.npy"))?,
            unit_index: npy::column_of(&inner.join("unit_index.npy"))?,
            amplitude: amplitude.then(|| npy::column_of(&inner.join("amplitude.npy"))).transpose()?,
            location_um: location.then(|| npy::column_of(&inner.join("location_um.npy"))).transpose()?,
            num_frames,
        });
    }
    Ok(Sorting {
        sampling_frequency: form.sampling_frequency,
        unit_ids: form.unit_ids,
        segments,
        properties: form.properties,
        amplitudes_in_uv: form.amplitudes_in_uv,
    })
}
