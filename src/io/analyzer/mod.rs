//! SpikeInterface's SortingAnalyzer, as a folder or as a zarr store: its spikes, what its extensions say of spikes and
//! units, its templates, and the recording it was computed on.
//!
//! Waveforms, principal components and correlograms are not read: they follow from recording and spikes.

mod place;

use super::{
    Error, OpenOptions, channel_properties::in_order, numpy_folder, probe, si_json, spikes::SpikeColumns,
    zarr,
};
use crate::data::{Id, Recording, Sorting, Table, TableColumn, Templates};
use ndarray::{Array2, Array3, Ix3};
use place::Place;
use serde_json::Value;
use std::path::Path;

/// True where a folder is such an analyzer.
pub(super) fn is_one(folder: &Path) -> bool {
    Place::of(folder).is_some()
}

/// True where the recording is known that it was computed on.
pub(super) fn names_recording(folder: &Path) -> bool {
    Place::of(folder).is_some_and(|place| place.recording().is_ok_and(|recording| recording.is_some()))
}

fn place(folder: &Path) -> Result<Place, Error> {
    Place::of(folder).ok_or_else(|| Error::format(folder, "not a sorting analyzer of SpikeInterface"))
}

/// Opens the recording it was computed on, with the chain of its preprocessing.
///
/// # Errors
/// Where that is not known or not there.
pub(super) fn open_recording(folder: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let place = place(folder)?;
    match place.recording()? {
        Some(recording) => si_json::open_value(&recording, folder, folder, options),
        None => Err(Error::format(
            folder,
            "the analyzer does not name its recording, or names it as a Python pickle, which is not opened: \
             open the recording itself",
        )),
    }
}

/// The files its recording is in.
pub(super) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let recording = Place::of(folder).and_then(|place| place.recording().ok().flatten());
    recording.map(|recording| si_json::files_of(recording, folder)).unwrap_or_default()
}

/// Reads the spikes with the amplitudes, locations and metrics that were computed.
///
/// # Errors
/// Where a file is missing, damaged, or does not fit the others.
pub(super) fn read_sorting(folder: &Path) -> Result<Sorting, Error> {
    let place = place(folder)?;
    let mut columns = SpikeColumns::default();
    if let Some((raw, path)) = place.array("spike_amplitudes", "amplitudes")? {
        columns.amplitude = raw.numbers(&path)?;
    }
    if let Some((raw, path)) = place.array("spike_locations", "spike_locations")? {
        let fields = raw.fields(&path)?;
        let axis = |axis: &str| -> Result<Vec<f32>, Error> {
            let found = fields.iter().find(|(name, _)| name == axis);
            found.ok_or_else(|| Error::format(&path, format!("no field {axis}")))?.1.numbers(&path)
        };
        let (x, y) = (axis("x")?, axis("y")?);
        columns.location_um = x.into_iter().zip(y).map(|(x, y)| [x, y]).collect();
    }
    let spikes = folder.join("sorting");
    let mut sorting = match place.is_zarr() {
        true => zarr::read_sorting_with(&spikes, columns)?,
        false => numpy_folder::read_with(&spikes, columns)?,
    };
    sorting.amplitudes_in_uv = in_uv(&place)?;
    let about = place.recording_attributes()?;
    let lengths = about["num_samples"].as_array().into_iter().flatten();
    for (segment, frames) in sorting.segments.iter_mut().zip(lengths) {
        segment.num_frames = frames.as_u64().map(|n| n as usize);
    }
    if let Some((raw, path)) = place.array("unit_locations", "unit_locations")? {
        super::properties::add(
            &mut sorting.properties,
            "unit_location",
            &raw,
            sorting.unit_ids.len(),
            &path,
        )?;
    }
    for extension in ["quality_metrics", "template_metrics"] {
        let Some((index, metrics)) = place.table(extension, "metrics")? else { continue };
        for (name, column) in in_order_of(&sorting.unit_ids, &index, &metrics).columns {
            if name == "amplitude_median" {
                sorting.properties.set_volts(&name, sorting.amplitudes_in_uv);
            }
            sorting.properties.set(&name, column);
        }
    }
    Ok(sorting)
}

/// The rows of a table in the order of the units; what a unit lacks is missing.
fn in_order_of(units: &[Id], index: &[String], table: &Table) -> Table {
    let row = |unit: &Id| index.iter().position(|name| *name == unit.to_string());
    let rows: Vec<Option<usize>> = units.iter().map(row).collect();
    if let Some(rows) = rows.iter().copied().collect::<Option<Vec<usize>>>() {
        return table.select_rows(&rows);
    }
    let number = |column: &TableColumn| {
        TableColumn::Float(
            rows.iter().map(|r| r.and_then(|r| column.number(r)).unwrap_or(f64::NAN)).collect(),
        )
    };
    Table::new(table.columns.iter().map(|(name, column)| (name.clone(), number(column))).collect())
}

/// True where waveforms and amplitudes are in µV.
fn in_uv(place: &Place) -> Result<bool, Error> {
    let settings = place.settings()?;
    let said = ["return_in_uV", "return_scaled"].iter().find_map(|key| settings.get(*key)?.as_bool());
    Ok(said.unwrap_or(true))
}

/// Reads the mean waveforms of the units and, where they were computed, their deviations.
///
/// # Errors
/// Where the analyzer has none, or its arrays do not fit each other.
pub(super) fn read_templates(folder: &Path) -> Result<Templates, Error> {
    let place = place(folder)?;
    let Some((average, path)) = place.array("templates", "average")? else {
        return Err(Error::format(
            folder,
            "the analyzer has no average templates: compute them in SpikeInterface \
             (analyzer.compute(\"templates\")), or from recording and sorting here",
        ));
    };
    let three = |raw: super::npy::Raw, path: &Path| -> Result<Array3<f32>, Error> {
        let shape = raw.header.shape.clone();
        raw.array(path)?.into_dimensionality::<Ix3>().map_err(|_axes| {
            Error::format(path, format!("units × samples × channels expected, its shape is {shape:?}"))
        })
    };
    let average = three(average, &path)?;
    let deviation = match place.array("templates", "std")? {
        Some((raw, path)) => Some(three(raw, &path)?).filter(|std| std.dim() == average.dim()),
        None => None,
    };
    let sorting = read_sorting(folder)?;
    let about = place.recording_attributes()?;
    let (units, num_samples, channels) = average.dim();
    if units != sorting.num_units() {
        let message = format!("templates of {units} units, the sorting has {}", sorting.num_units());
        return Err(Error::format(&path, message));
    }
    let mask: Option<Array2<u8>> = match place.sparsity()? {
        Some((raw, path)) => Some(
            raw.array::<u8>(&path)?
                .into_dimensionality()
                .ok()
                .filter(|mask: &Array2<u8>| mask.dim() == (units, channels))
                .ok_or_else(|| {
                    Error::format(&path, format!("a mask of {units} units × {channels} channels expected"))
                })?,
        ),
        None => None,
    };
    let used = |unit: usize| -> Vec<u32> {
        (0..channels).filter(|&c| mask.as_ref().is_none_or(|m| m[(unit, c)] != 0)).map(|c| c as u32).collect()
    };
    let channel_indices: Vec<Vec<u32>> = (0..units).map(used).collect();
    let pick = |all: &Array3<f32>| -> Vec<Array2<f32>> {
        let columns = |channels: &[u32]| channels.iter().map(|&c| c as usize).collect::<Vec<_>>();
        let one = |(unit, channels): (usize, &Vec<u32>)| {
            all.index_axis(ndarray::Axis(0), unit).select(ndarray::Axis(1), &columns(channels))
        };
        channel_indices.iter().enumerate().map(one).collect()
    };
    let params = place.params("templates")?;
    let before_ms = params.get("ms_before").and_then(Value::as_f64).unwrap_or(0.0);
    let ids = numpy_folder::ids(&about, "channel_ids").filter(|ids| ids.len() == channels);
    Ok(Templates {
        sampling_frequency: sorting.sampling_frequency,
        unit_ids: sorting.unit_ids,
        channel_ids: ids.unwrap_or_else(|| Id::range(channels)),
        locations_um: locations(&place, channels)?,
        num_before: ((before_ms * sorting.sampling_frequency / 1000.0) as usize).min(num_samples),
        num_samples,
        waveforms: pick(&average),
        deviations: deviation.as_ref().map(pick).unwrap_or_default(),
        channel_indices,
        in_uv: in_uv(&place)?,
    })
}

/// Where the channels are; empty without a probe.
fn locations(place: &Place, channels: usize) -> Result<Vec<[f64; 2]>, Error> {
    let Some((group, path)) = place.probegroup()? else { return Ok(Vec::new()) };
    let probe = in_order(probe::from_json(&group, &path)?).probe;
    let places: Vec<[f64; 2]> = probe.contacts.iter().map(|contact| contact.position_um).collect();
    Ok(if places.len() == channels { places } else { Vec::new() })
}
