//! Spikes, peaks and waveforms as files: long columns as npy that is mapped when it is read.

use super::{place, values::save_array};
use crate::{
    data::{Column, Features, Id, Peaks, Sorting, Templates, Waveforms},
    io::{Error, kept_sorting, npy},
};
use ndarray::{Array2, Array3};
use serde::{Deserialize, Serialize};
use std::path::Path;

fn save_column<T: npy::Item>(path: &Path, column: &Column<T>) -> Result<(), Error> {
    let mut writer = npy::ColumnWriter::create(path)?;
    for rows in column.chunks(1 << 16) {
        writer.push(rows)?;
    }
    writer.finish().map(drop)
}

pub fn save_sorting(folder: &Path, sorting: &Sorting) -> Result<(), Error> {
    let form = kept_sorting::Form {
        sampling_frequency: sorting.sampling_frequency,
        unit_ids: sorting.unit_ids.clone(),
        amplitudes_in_uv: sorting.amplitudes_in_uv,
        segments: sorting
            .segments
            .iter()
            .map(|s| (s.num_frames, s.amplitude.is_some(), s.location_um.is_some()))
            .collect(),
        properties: sorting.properties.clone(),
    };
    place::write_json(&folder.join(kept_sorting::FORM), &form)?;
    for (index, segment) in sorting.segments.iter().enumerate() {
        let inner = folder.join(format!("segment_{index}"));
        place::make_folder(&inner)?;
        save_column(&inner.join("sample_index.npy"), &segment.sample_index)?;
        save_column(&inner.join("unit_index.npy"), &segment.unit_index)?;
        if let Some(amplitude) = &segment.amplitude {
            save_column(&inner.join("amplitude.npy"), amplitude)?;
        }
        if let Some(location) = &segment.location_um {
            save_column(&inner.join("location_um.npy"), location)?;
        }
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct PeaksForm {
    sampling_frequency: f64,
    num_channels: usize,
    located: bool,
}

pub fn save_peaks(folder: &Path, peaks: &Peaks) -> Result<(), Error> {
    let form = PeaksForm {
        sampling_frequency: peaks.sampling_frequency,
        num_channels: peaks.num_channels,
        located: peaks.location_um.is_some(),
    };
    place::write_json(&folder.join("peaks.json"), &form)?;
    save_column(&folder.join("segment_index.npy"), &peaks.segment_index)?;
    save_column(&folder.join("sample_index.npy"), &peaks.sample_index)?;
    save_column(&folder.join("channel_index.npy"), &peaks.channel_index)?;
    save_column(&folder.join("amplitude.npy"), &peaks.amplitude)?;
    if let Some(location) = &peaks.location_um {
        save_column(&folder.join("location_um.npy"), location)?;
    }
    Ok(())
}

pub fn load_peaks(folder: &Path) -> Result<Peaks, Error> {
    let form: PeaksForm = place::read_json(&folder.join("peaks.json"))?;
    Ok(Peaks {
        sampling_frequency: form.sampling_frequency,
        num_channels: form.num_channels,
        segment_index: npy::column_of(&folder.join("segment_index.npy"))?,
        sample_index: npy::column_of(&folder.join("sample_index.npy"))?,
        channel_index: npy::column_of(&folder.join("channel_index.npy"))?,
        amplitude: npy::column_of(&folder.join("amplitude.npy"))?,
        location_um: form.located.then(|| npy::column_of(&folder.join("location_um.npy"))).transpose()?,
    })
}

#[derive(Serialize, Deserialize)]
struct FeaturesForm {
    num_before: usize,
    max_channels: usize,
    neighbors: Vec<Vec<u32>>,
    /// `values.npy` holds rows of this shape one after another, a peak each.
    row_shape: [usize; 2],
    /// True where `units.npy` says which unit each was matched to.
    #[serde(default)]
    matched: bool,
}

pub fn save_features(folder: &Path, features: &Features) -> Result<(), Error> {
    let form = FeaturesForm {
        num_before: features.num_before,
        max_channels: features.max_channels,
        neighbors: features.neighbors.clone(),
        row_shape: [features.max_channels, features.basis.nrows()],
        matched: features.units.is_some(),
    };
    place::write_json(&folder.join("features.json"), &form)?;
    place::make_folder(&folder.join("peaks"))?;
    save_peaks(&folder.join("peaks"), &features.peaks)?;
    save_array(&folder.join("basis.npy"), &features.basis)?;
    if let Some(units) = &features.units {
        save_column(&folder.join("units.npy"), units)?;
    }
    save_column(&folder.join("values.npy"), &features.values)
}

pub fn load_features(folder: &Path) -> Result<Features, Error> {
    let form: FeaturesForm = place::read_json(&folder.join("features.json"))?;
    Ok(Features {
        peaks: load_peaks(&folder.join("peaks"))?,
        basis: npy::read_matrix(&folder.join("basis.npy"))?,
        num_before: form.num_before,
        neighbors: form.neighbors,
        max_channels: form.max_channels,
        values: npy::column_of(&folder.join("values.npy"))?,
        units: form.matched.then(|| npy::column_of(&folder.join("units.npy"))).transpose()?,
    })
}

#[derive(Serialize, Deserialize)]
struct TemplatesForm {
    sampling_frequency: f64,
    unit_ids: Vec<Id>,
    channel_ids: Vec<Id>,
    locations_um: Vec<[f64; 2]>,
    num_before: usize,
    num_samples: usize,
    /// `waveforms.npy` holds `(num_samples, channel_indices[unit].len())` of each unit one after another.
    channel_indices: Vec<Vec<u32>>,
    has_deviations: bool,
    in_uv: bool,
}

pub fn save_templates(folder: &Path, templates: &Templates) -> Result<(), Error> {
    let form = TemplatesForm {
        sampling_frequency: templates.sampling_frequency,
        unit_ids: templates.unit_ids.clone(),
        channel_ids: templates.channel_ids.clone(),
        locations_um: templates.locations_um.clone(),
        num_before: templates.num_before,
        num_samples: templates.num_samples,
        channel_indices: templates.channel_indices.clone(),
        has_deviations: !templates.deviations.is_empty(),
        in_uv: templates.in_uv,
    };
    place::write_json(&folder.join("templates.json"), &form)?;
    let flat = |arrays: &[Array2<f32>]| arrays.iter().flat_map(|a| a.iter().copied()).collect::<Vec<f32>>();
    save_array(&folder.join("waveforms.npy"), &ndarray::aview1(&flat(&templates.waveforms)))?;
    if form.has_deviations {
        save_array(&folder.join("deviations.npy"), &ndarray::aview1(&flat(&templates.deviations)))?;
    }
    Ok(())
}

pub fn load_templates(folder: &Path) -> Result<Templates, Error> {
    let form: TemplatesForm = place::read_json(&folder.join("templates.json"))?;
    let read = |name: &str| -> Result<Vec<Array2<f32>>, Error> {
        let path = folder.join(name);
        let values: Vec<f32> = npy::read_vec(&path)?;
        let mut rest = values.as_slice();
        form.channel_indices
            .iter()
            .map(|channels| {
                let shape = (form.num_samples, channels.len());
                let own = take(&mut rest, shape.0 * shape.1, &path)?;
                Array2::from_shape_vec(shape, own.to_vec()).map_err(|e| Error::format(&path, e.to_string()))
            })
            .collect()
    };
    Ok(Templates {
        waveforms: read("waveforms.npy")?,
        deviations: if form.has_deviations { read("deviations.npy")? } else { Vec::new() },
        sampling_frequency: form.sampling_frequency,
        unit_ids: form.unit_ids,
        channel_ids: form.channel_ids,
        locations_um: form.locations_um,
        num_before: form.num_before,
        num_samples: form.num_samples,
        channel_indices: form.channel_indices,
        in_uv: form.in_uv,
    })
}

/// The next `count` values, where there are so many.
fn take<'a, T>(rest: &mut &'a [T], count: usize, path: &Path) -> Result<&'a [T], Error> {
    let (own, after) = rest
        .split_at_checked(count)
        .ok_or_else(|| Error::format(path, "it holds fewer values than it should"))?;
    *rest = after;
    Ok(own)
}

pub fn save_waveforms(folder: &Path, waveforms: &Waveforms) -> Result<(), Error> {
    place::make_folder(&folder.join("templates"))?;
    save_templates(&folder.join("templates"), &waveforms.templates)?;
    // Number of waveforms of each unit; values and spikes of the units lie one after another.
    let counts: Vec<usize> = waveforms.spikes.iter().map(Vec::len).collect();
    place::write_json(&folder.join("counts.json"), &counts)?;
    let spikes: Column<[u32; 2]> = waveforms.spikes.iter().flatten().map(|&(a, b)| [a, b]).collect();
    let flat: Vec<u32> = spikes.iter().flatten().copied().collect();
    let spikes = ndarray::ArrayView2::from_shape((spikes.len(), 2), &flat)
        .map_err(|e| Error::format(folder, e.to_string()))?;
    save_array(&folder.join("spikes.npy"), &spikes)?;
    let mut writer = npy::ColumnWriter::<f32>::create(&folder.join("values.npy"))?;
    for unit in &waveforms.values {
        match unit.as_slice() {
            Some(values) => writer.push(values)?,
            None => writer.push(&unit.iter().copied().collect::<Vec<f32>>())?,
        }
    }
    writer.finish().map(drop)
}

pub fn load_waveforms(folder: &Path) -> Result<Waveforms, Error> {
    let templates = load_templates(&folder.join("templates"))?;
    let counts: Vec<usize> = place::read_json(&folder.join("counts.json"))?;
    let spikes_path = folder.join("spikes.npy");
    let pairs: Array2<u32> = npy::read_matrix(&spikes_path)?;
    let pairs: Vec<(u32, u32)> =
        pairs.rows().into_iter().filter_map(|row| Some((*row.first()?, *row.get(1)?))).collect();
    let values_path = folder.join("values.npy");
    let column: Column<f32> = npy::column_of(&values_path)?;
    let (mut rest, mut rest_pairs) = (column.as_slice(), pairs.as_slice());
    let (mut spikes, mut values) = (Vec::new(), Vec::new());
    for (count, channels) in counts.into_iter().zip(&templates.channel_indices) {
        let shape = (count, templates.num_samples, channels.len());
        let own = take(&mut rest, shape.0 * shape.1 * shape.2, &values_path)?;
        let own = Array3::from_shape_vec(shape, own.to_vec())
            .map_err(|e| Error::format(&values_path, e.to_string()))?;
        values.push(own);
        spikes.push(take(&mut rest_pairs, count, &spikes_path)?.to_vec());
    }
    Ok(Waveforms { templates, spikes, values })
}
