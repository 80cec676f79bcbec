//! SpikeInterface's NumpyFolder sorting, and the `.npz` it used before.

use super::{
    Error, atomic, json,
    npy::{self, Field, Records},
    properties,
    spikes::{SpikeColumns, Spikes},
};
use crate::data::{Id, Sorting};
use serde_json::{Value, json};
use std::path::Path;

const INFO: &str = "numpysorting_info.json";
/// The version of SpikeInterface whose layout is written.
pub(super) const SPIKEINTERFACE: &str = "0.105.0";

/// True where a folder is such a sorting.
pub fn is_one(folder: &Path) -> bool {
    folder.join(INFO).is_file()
}

/// Reads a NumpyFolder, with the properties of its units, and amplitudes and locations where we wrote them.
///
/// # Errors
/// Where a file is missing, damaged, or does not fit the others.
pub fn read(folder: &Path) -> Result<Sorting, Error> {
    let mut columns = SpikeColumns::default();
    let amplitudes = folder.join("spike_amplitudes.npy");
    if amplitudes.is_file() {
        columns.amplitude = npy::read_vec(&amplitudes)?;
    }
    let locations = folder.join("spike_locations.npy");
    if locations.is_file() {
        columns.location_um = npy::read_column(&locations)?.to_vec();
    }
    read_with(folder, columns)
}

/// Reads a NumpyFolder whose amplitudes and locations, in the order of `spikes.npy`, are stored elsewhere.
///
/// # Errors
/// As [`read`].
pub(super) fn read_with(folder: &Path, columns: SpikeColumns) -> Result<Sorting, Error> {
    let info_path = folder.join(INFO);
    let info = json::read(&info_path)?;
    let wrong = |what: &str| Error::format(&info_path, what.to_owned());
    let sampling_frequency = info
        .get("sampling_frequency")
        .and_then(Value::as_f64)
        .ok_or_else(|| wrong("sampling_frequency is missing or no number"))?;
    let unit_ids = ids(&info, "unit_ids").ok_or_else(|| wrong("unit_ids is missing or no list of names"))?;
    let num_segments = info.get("num_segments").and_then(Value::as_u64).unwrap_or(1) as usize;
    let spikes_path = folder.join("spikes.npy");
    let records = Records::open(&spikes_path)?;
    let spikes = Spikes {
        sample_index: records.field("sample_index")?,
        unit_index: records.field("unit_index")?,
        segment_index: records.field("segment_index")?,
        columns,
    };
    drop(records);
    let mut sorting = spikes.into_sorting(&spikes_path, sampling_frequency, unit_ids, num_segments)?;
    let ours = info.get("spikeloom");
    sorting.amplitudes_in_uv =
        ours.and_then(|o| o.get("amplitudes_in_uv")).and_then(Value::as_bool).unwrap_or(false);
    if let Some(lengths) = ours.and_then(|o| o.get("num_frames")).and_then(Value::as_array) {
        for (segment, frames) in sorting.segments.iter_mut().zip(lengths) {
            segment.num_frames = frames.as_u64().map(|n| n as usize);
        }
    }
    sorting.properties = properties::read(&folder.join("properties"), sorting.num_units())?.0;
    Ok(sorting)
}

/// Writes a NumpyFolder; an older NumpyFolder there is replaced once the new one is whole, any other folder is not.
///
/// SpikeInterface reads it (`load`, `NumpyFolderSorting`). What it has no place for lies beside: `spike_amplitudes.npy`
/// and `spike_locations.npy` in the order of `spikes.npy`.
///
/// # Errors
/// Where the folder holds something else, or the disk refuses.
pub fn write(sorting: &Sorting, folder: &Path) -> Result<(), Error> {
    if is_one(folder) {
        return atomic::replace_folder(folder, |folder| fill(sorting, folder));
    }
    atomic::folder(folder, |folder| fill(sorting, folder))
}

fn fill(sorting: &Sorting, folder: &Path) -> Result<(), Error> {
    let Sorting { sampling_frequency, unit_ids, segments, properties, amplitudes_in_uv } = sorting;
    let num_frames: Vec<_> = segments.iter().map(|s| s.num_frames).collect();
    let ours = json!({ "amplitudes_in_uv": amplitudes_in_uv, "num_frames": num_frames });
    let info = json!({
        "sampling_frequency": sampling_frequency,
        "unit_ids": same_kind(unit_ids),
        "num_segments": segments.len(),
        "spikeloom": ours,
    });
    json::write(&folder.join(INFO), &info)?;
    let spikes = sorting.num_spikes();
    let (mut samples, mut units, mut places) =
        (Vec::with_capacity(spikes), Vec::with_capacity(spikes), Vec::with_capacity(spikes));
    for (index, segment) in segments.iter().enumerate() {
        samples.extend_from_slice(&segment.sample_index);
        units.extend(segment.unit_index.iter().map(|&u| i64::from(u)));
        places.resize(samples.len(), index as i64);
    }
    npy::write_records(
        &folder.join("spikes.npy"),
        &[
            ("sample_index", Field::I64(&samples)),
            ("unit_index", Field::I64(&units)),
            ("segment_index", Field::I64(&places)),
        ],
    )?;
    if let Some(all) = segments.iter().map(|s| s.amplitude.as_deref()).collect::<Option<Vec<_>>>()
        && !segments.is_empty()
    {
        npy::write_vec(&folder.join("spike_amplitudes.npy"), &all.concat())?;
    }
    if let Some(all) = segments.iter().map(|s| s.location_um.as_deref()).collect::<Option<Vec<_>>>()
        && !segments.is_empty()
    {
        let all = all.concat();
        npy::write_array(&folder.join("spike_locations.npy"), &[all.len(), 2], all.as_flattened())?;
    }
    properties::write(&folder.join("properties"), properties)?;
    json::write(&folder.join("annotations.json"), &json!({}))?;
    let class = json!({
        "class": "spikeinterface.core.sortingfolder.NumpyFolderSorting",
        "module": "spikeinterface",
        "version": SPIKEINTERFACE,
        "kwargs": { "folder_path": ".", "mmap_mode": null },
        "annotations": {},
        "properties": {},
        "relative_paths": true,
    });
    json::write(&folder.join("si_folder.json"), &class)
}

/// Reads a `sorting_cached.npz` (SpikeInterface up to 0.98, and its `NpzSortingExtractor`).
///
/// # Errors
/// Where an array is missing or damaged.
pub fn read_npz(path: &Path) -> Result<Sorting, Error> {
    let mut npz = npy::Npz::open(path)?;
    let raw = npz.raw("unit_ids")?;
    let text = raw.is_text();
    let names = raw.strings(path)?;
    let labels_are = |labels: Vec<String>| -> Vec<Id> {
        labels.into_iter().map(|l| if text { Id::Text(l) } else { id_of(&l) }).collect()
    };
    let num_segments = npz.vec::<i64>("num_segment")?.first().copied().unwrap_or(1).max(0) as usize;
    let rate = npz.vec::<f64>("sampling_frequency")?.first().copied().unwrap_or(0.0);
    let mut spikes = Spikes::default();
    for segment in 0..num_segments {
        let samples = npz.vec::<i64>(&format!("spike_indexes_seg{segment}"))?;
        let labels = npz.raw(&format!("spike_labels_seg{segment}"))?.strings(path)?;
        let position: std::collections::HashMap<&str, i64> =
            names.iter().enumerate().map(|(i, name)| (name.as_str(), i as i64)).collect();
        spikes.unit_index.extend(labels.iter().map(|l| position.get(l.as_str()).copied().unwrap_or(-1)));
        spikes.sample_index.extend(samples);
        spikes.segment_index.resize(spikes.sample_index.len(), segment as i64);
    }
    spikes.into_sorting(path, rate, labels_are(names), num_segments)
}

/// A list of names in JSON; `None` where it is missing or holds something else.
pub(super) fn ids(value: &Value, key: &str) -> Option<Vec<Id>> {
    value.get(key)?.as_array()?.iter().map(id).collect()
}

/// A name in JSON.
pub(super) fn id(value: &Value) -> Option<Id> {
    match value {
        Value::String(text) => Some(Id::Text(text.clone())),
        Value::Number(number) => Some(number.as_i64().map_or_else(|| Id::Text(number.to_string()), Id::Int)),
        _ => None,
    }
}

/// A name written out: a number where it is one.
pub(super) fn id_of(text: &str) -> Id {
    text.parse().map_or_else(|_word| Id::Text(text.to_owned()), Id::Int)
}

/// Names as numpy takes them: all numbers, or all text.
pub(super) fn same_kind(ids: &[Id]) -> Value {
    if ids.iter().all(|id| matches!(id, Id::Int(_))) {
        json!(ids)
    } else {
        json!(ids.iter().map(ToString::to_string).collect::<Vec<_>>())
    }
}
