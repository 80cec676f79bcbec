//! Opening a phy folder as spikes, and as traces where its raw file is there.

use super::{clusters, params::Params};
use crate::{
    data::{Contact, ContactShape, Probe, Recording, Sorting, TableColumn},
    io::{
        Error, OpenOptions,
        binary::{Asked, Raw, Rest, warn},
        joined::joined,
        npy,
        probe::ReadProbe,
        raw_source::Layout,
        spikes::{Spikes, units_of_labels},
    },
};
use std::path::{Path, PathBuf};

/// True where a folder, or the `params.py` in it, is phy's.
pub(in crate::io) fn is_one(path: &Path) -> bool {
    let folder = folder_of(path);
    folder.join("params.py").is_file() && folder.join("spike_times.npy").is_file()
}

/// True where the raw file that a folder names is there.
pub(in crate::io) fn has_traces(path: &Path) -> bool {
    Params::read(&folder_of(path)).is_ok_and(|params| !params.existing().is_empty())
}

/// The raw files a folder names that are there.
pub(in crate::io) fn raw_files(path: &Path) -> Vec<PathBuf> {
    Params::read(&folder_of(path)).map(|params| params.existing()).unwrap_or_default()
}

/// The folder itself, that of a `params.py`, or the `sorter_output` of a folder SpikeInterface ran a sorter in.
fn folder_of(path: &Path) -> PathBuf {
    if path.file_name().is_some_and(|n| n == "params.py") {
        return path.parent().unwrap_or(path).to_owned();
    }
    let output = path.join("sorter_output");
    if output.join("params.py").is_file() { output } else { path.to_owned() }
}

/// Reads the spikes: every cluster that has some is a unit, labelled or not.
///
/// Amplitudes are those of the file (scales of the template or norms, not µV). Properties are the columns of all
/// `cluster_*.tsv`, and `template`, the template most spikes of a cluster were found with.
///
/// # Errors
/// Where a file is missing, damaged, or does not fit the others.
pub fn read_sorting(path: &Path) -> Result<Sorting, Error> {
    let folder = &folder_of(path);
    let params = Params::read(folder)?;
    let times_path = folder.join("spike_times.npy");
    let templates_path = folder.join("spike_templates.npy");
    let clusters_path = folder.join("spike_clusters.npy");
    let sample_index: Vec<i64> = npy::read_vec(&times_path)?;
    let templates: Option<Vec<i64>> =
        if templates_path.is_file() { Some(npy::read_vec(&templates_path)?) } else { None };
    let labels: Vec<i64> = match &templates {
        Some(templates) if !clusters_path.is_file() => templates.clone(),
        _ => npy::read_vec(&clusters_path)?,
    };
    let (unit_index, unit_ids) = units_of_labels(&labels);
    let template = templates
        .filter(|t| t.len() == labels.len())
        .map(|templates| majority(&unit_index, &templates, unit_ids.len()));
    let mut clusters: Vec<i64> = labels;
    clusters.sort_unstable();
    clusters.dedup();
    let mut spikes = Spikes { sample_index, unit_index, ..Spikes::default() };
    let amplitudes = folder.join("amplitudes.npy");
    if amplitudes.is_file() {
        spikes.columns.amplitude = npy::read_vec(&amplitudes)?;
    }
    let positions = folder.join("spike_positions.npy");
    if positions.is_file() {
        spikes.columns.location_um = npy::read_column(&positions)?.to_vec();
    }
    let mut sorting = spikes.into_sorting(&times_path, params.sample_rate, unit_ids, 1)?;
    sorting.properties = clusters::read(folder, &clusters)?;
    if let Some(template) = template {
        sorting.properties.set("template", TableColumn::Int(template));
    }
    Ok(sorting)
}

/// The most frequent template of each unit, the smallest of equals.
fn majority(unit_index: &[i64], templates: &[i64], units: usize) -> Vec<i64> {
    let mut pairs: Vec<(i64, i64)> = unit_index.iter().copied().zip(templates.iter().copied()).collect();
    pairs.sort_unstable();
    let mut best = vec![(0usize, -1i64); units];
    for run in pairs.chunk_by(|a, b| a == b) {
        if let Some(slot) = run.first().and_then(|&(unit, _)| best.get_mut(unit as usize))
            && run.len() > slot.0
        {
            *slot = (run.len(), run[0].1);
        }
    }
    best.into_iter().map(|(_, template)| template).collect()
}

/// Opens the raw file of a folder, the sorted channels alone, with their places.
///
/// # Errors
/// Where the raw file is not there, or `params.py` does not tell how to read it.
pub(in crate::io) fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let folder = &folder_of(path);
    let params_path = folder.join("params.py");
    let params = Params::read(folder)?;
    if params.dat_path.is_empty() {
        return Err(Error::format(
            &params_path,
            "the folder has no traces (dat_path names no raw file). Open it as a sorting, \
             and choose the recording by itself.",
        ));
    }
    if let Some(file) = params.dat_path.iter().find(|file| !file.is_file()) {
        return Err(Error::format(
            &params_path,
            format!(
                "the raw file {} that dat_path names is not there. Put it beside params.py, or open the folder \
                 as a sorting alone.",
                file.display()
            ),
        ));
    }
    let missing = |what: &str, option: &str| {
        Error::format(&params_path, format!("{what} is missing or not known: add it, or give {option}"))
    };
    let layout = Layout {
        dtype: options.dtype.or(params.dtype).ok_or_else(|| missing("dtype", "--dtype"))?,
        big_endian: params.big_endian,
        num_columns: options
            .num_channels
            .or(params.n_channels_dat)
            .ok_or_else(|| missing("n_channels_dat", "--num-channels"))?,
        file_offset: params.offset,
        time_axis: 0,
    };
    let raw = Raw {
        paths: params.dat_path.clone(),
        layout,
        sampling_frequency: params.sample_rate,
        rest: Rest::Floor,
        keep_groups: false,
    };
    let (mut info, files) = raw.prepare()?;
    info.is_filtered = params.hp_filtered;
    let probe = match Asked::of(options)? {
        Some(asked) => asked,
        None => match places(folder) {
            Ok(probe) => probe.map_or(Asked::No, Asked::Found),
            Err(e) => {
                warn(&mut info, format!("{e} The recording was opened without a probe."));
                Asked::No
            }
        },
    };
    // Spikes are counted from the beginning of the first file on.
    Ok(joined(raw.finish(info, files, probe, options)?))
}

/// The sorted channels: column of the file, place and shank.
fn places(folder: &Path) -> Result<Option<ReadProbe>, Error> {
    let file = |name: &str| -> Option<PathBuf> { Some(folder.join(name)).filter(|p| p.is_file()) };
    let (Some(positions), Some(map)) = (file("channel_positions.npy"), file("channel_map.npy")) else {
        return Ok(None);
    };
    let places = npy::read_matrix::<f64>(&positions)?;
    let columns: Vec<i64> = npy::read_vec(&map)?;
    if places.nrows() != columns.len() || places.ncols() < 2 {
        return Err(Error::format(
            &positions,
            format!(
                "shape {:?} does not fit the {} channels of channel_map.npy",
                places.shape(),
                columns.len()
            ),
        ));
    }
    let shanks: Vec<i64> = match file("channel_shanks.npy").or_else(|| file("channel_groups.npy")) {
        Some(path) => npy::read_vec(&path)?,
        None => Vec::new(),
    };
    let mut probe = Probe::default();
    for (i, (place, &column)) in places.rows().into_iter().zip(&columns).enumerate() {
        let shank = shanks.get(i).copied().unwrap_or(0).to_string();
        let shank_index = probe.shank_ids.iter().position(|s| *s == shank).unwrap_or_else(|| {
            probe.shank_ids.push(shank);
            probe.shank_ids.len() - 1
        });
        probe.contacts.push(Contact {
            contact_id: i.to_string(),
            position_um: [place[0], place[1]],
            z_um: None,
            shape: ContactShape::Circle { radius_um: 6.0 },
            shank_index,
            device_channel_index: usize::try_from(column).ok(),
        });
    }
    Ok(Some(probe.into()))
}
