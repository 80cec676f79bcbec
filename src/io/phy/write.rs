//! Writing a folder that phy opens.

use crate::{
    data::{DType, Id, RecordingInfo, Sorting, Source, Table, TableColumn, Templates},
    io::{Error, atomic, binary_folder::write_samples, csv, npy},
};
use ndarray::{Array1, Array2, Array3, ArrayView3};
use std::path::Path;

/// Everything that goes into the folder.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// The spikes; their units become clusters 0, 1 … in the order of `unit_ids`.
    pub sorting: &'a Sorting,
    /// The mean waveforms; found by unit id, and on the channels of `info`.
    pub templates: &'a Templates,
    /// The recording the spikes were found in.
    pub info: &'a RecordingInfo,
    /// Samples to write as `recording.dat`; without them phy shows no traces.
    pub traces: Option<Traces<'a>>,
    /// Features of the spikes for phy's feature view.
    pub pc_features: Option<PcFeatures<'a>>,
    /// A table with a row a unit whose columns become `cluster_<name>.tsv`, such as quality metrics.
    pub metrics: Option<&'a Table>,
}

/// The samples that are written beside.
#[derive(Clone, Copy, Debug)]
pub struct Traces<'a> {
    /// Where they come from; the channels and frames of [`Export::info`].
    pub source: &'a dyn Source,
    /// How they are stored.
    pub dtype: DType,
}

/// Principal components of each spike on the channels of its template.
#[derive(Clone, Copy, Debug)]
pub struct PcFeatures<'a> {
    /// `(spikes, components, channels)`, spikes in the order of the sorting, segment after segment.
    pub values: ArrayView3<'a, f32>,
    /// Channels of each unit, as many as the last axis at most.
    pub channel_indices: &'a [Vec<u32>],
}

/// Writes the folder; it must not exist yet. Segments follow each other in time.
///
/// `progress` is told how many of all frames of the traces are done and answers whether to go on.
///
/// # Errors
/// Where the parts do not fit each other, samples cannot be read, the disk refuses, or `progress` said stop;
/// nothing is left behind then.
pub fn write(folder: &Path, export: &Export<'_>, progress: &dyn Fn(u64, u64) -> bool) -> Result<(), Error> {
    let order = check(folder, export)?;
    atomic::folder(folder, |folder| {
        write_spikes(folder, export)?;
        write_templates(folder, export, &order)?;
        write_channels(folder, export.info)?;
        write_features(folder, export)?;
        write_clusters(folder, export, &order)?;
        write_raw(folder, export, progress)
    })
}

/// The template of each unit.
fn check(folder: &Path, export: &Export<'_>) -> Result<Vec<usize>, Error> {
    let Export { sorting, templates, info, traces, pc_features, .. } = export;
    let wrong = |what: String| Error::format(folder, what);
    if templates.channel_ids.len() != info.num_channels() {
        return Err(wrong(format!(
            "the templates have {} channels, the recording {}: compute them on this recording",
            templates.channel_ids.len(),
            info.num_channels()
        )));
    }
    if sorting.num_units() == 0 {
        return Err(wrong("the sorting has no units: there is nothing for phy to show".into()));
    }
    if let Some(traces) = traces {
        let found = traces.source.info();
        if found.num_channels() != info.num_channels() || found.total_frames() != info.total_frames() {
            return Err(wrong(
                "the samples to write have other channels or frames than the recording".into(),
            ));
        }
    }
    if sorting.segments.len() > info.segments.len().max(1) {
        return Err(wrong(format!(
            "the sorting has {} segments, the recording {}",
            sorting.segments.len(),
            info.segments.len()
        )));
    }
    if let Some(features) = pc_features {
        let (spikes, _, width) = features.values.dim();
        let fits = spikes == sorting.num_spikes()
            && features.channel_indices.len() == sorting.num_units()
            && features.channel_indices.iter().all(|c| c.len() <= width);
        if !fits {
            return Err(wrong("the features have other spikes, units or channels than the sorting".into()));
        }
    }
    let find = |id: &Id| templates.unit_ids.iter().position(|other| other == id);
    let order: Result<Vec<usize>, &Id> = sorting.unit_ids.iter().map(|id| find(id).ok_or(id)).collect();
    order.map_err(|id| wrong(format!("unit {id} has no template: compute templates of this sorting")))
}

fn write_spikes(folder: &Path, export: &Export<'_>) -> Result<(), Error> {
    let Export { sorting, info, .. } = export;
    let (mut times, mut units) = (Vec::new(), Vec::new());
    let (mut amplitudes, mut places) = (Vec::new(), Vec::new());
    let mut offset = 0i64;
    for (index, segment) in sorting.segments.iter().enumerate() {
        times.extend(segment.sample_index.iter().map(|&s| s + offset));
        units.extend(segment.unit_index.iter().map(|&u| u as i32));
        amplitudes.extend(segment.amplitude.iter().flat_map(|a| a.iter().copied()));
        places.extend(segment.location_um.iter().flat_map(|l| l.iter().copied()));
        offset += info.segments.get(index).map_or(0, |s| s.num_frames) as i64;
    }
    if amplitudes.len() != times.len() {
        // Each spike is its template as it is.
        amplitudes = vec![1.0f32; times.len()];
    }
    npy::write_vec(&folder.join("spike_times.npy"), &times)?;
    npy::write_vec(&folder.join("spike_clusters.npy"), &units)?;
    npy::write_vec(&folder.join("spike_templates.npy"), &units)?;
    npy::write_vec(&folder.join("amplitudes.npy"), &amplitudes)?;
    if places.len() == times.len() && !places.is_empty() {
        npy::write_array(&folder.join("spike_positions.npy"), &[places.len(), 2], places.as_flattened())?;
    }
    Ok(())
}

fn write_templates(folder: &Path, export: &Export<'_>, order: &[usize]) -> Result<(), Error> {
    let templates = export.templates;
    let channels_of = |unit: usize| templates.channel_indices.get(unit).map_or(&[][..], Vec::as_slice);
    let width = order.iter().map(|&unit| channels_of(unit).len()).max().unwrap_or(0).max(1);
    let mut values = Array3::<f32>::zeros((order.len(), templates.num_samples, width));
    let mut ind = Array2::<i64>::from_elem((order.len(), width), -1);
    for (row, &unit) in order.iter().enumerate() {
        let Some(waveform) = templates.waveforms.get(unit) else { continue };
        for (column, &channel) in channels_of(unit).iter().enumerate().take(waveform.ncols()) {
            ind[(row, column)] = i64::from(channel);
            values.slice_mut(ndarray::s![row, .., column]).assign(&waveform.column(column));
        }
    }
    npy::write(&folder.join("templates.npy"), &values)?;
    npy::write(&folder.join("template_ind.npy"), &ind)?;
    npy::write(&folder.join("similar_templates.npy"), &similarity(templates, order))
}

/// Cosine of the angle between templates, zero between those that share no channel.
fn similarity(templates: &Templates, order: &[usize]) -> Array2<f32> {
    let norm = |unit: usize| {
        templates.waveforms.get(unit).map_or(0.0, |w| w.iter().map(|x| x * x).sum::<f32>().sqrt())
    };
    let norms: Vec<f32> = order.iter().map(|&unit| norm(unit)).collect();
    let mut result = Array2::zeros((order.len(), order.len()));
    for (i, &a) in order.iter().enumerate() {
        for (j, &b) in order.iter().enumerate().take(i + 1) {
            let product = if i == j { norms[i] * norms[i] } else { dot(templates, a, b) };
            let scale = norms[i] * norms[j];
            let cosine = if scale > 0.0 { product / scale } else { 0.0 };
            result[(i, j)] = cosine;
            result[(j, i)] = cosine;
        }
    }
    result
}

fn dot(templates: &Templates, a: usize, b: usize) -> f32 {
    let parts = |unit: usize| Some((templates.channel_indices.get(unit)?, templates.waveforms.get(unit)?));
    let (Some((channels_a, wave_a)), Some((channels_b, wave_b))) = (parts(a), parts(b)) else { return 0.0 };
    let mut sum = 0.0;
    for (i, channel) in channels_a.iter().enumerate().take(wave_a.ncols()) {
        if let Some(j) = channels_b.iter().position(|c| c == channel).filter(|&j| j < wave_b.ncols()) {
            sum += wave_a.column(i).dot(&wave_b.column(j));
        }
    }
    sum
}

fn write_channels(folder: &Path, info: &RecordingInfo) -> Result<(), Error> {
    let channels = info.num_channels();
    // phy draws channels by place: without a probe they stand in a column.
    let places =
        info.locations_um().unwrap_or_else(|| (0..channels).map(|c| [0.0, 20.0 * c as f64]).collect());
    let ids: Vec<String> = info.channel_ids.iter().map(ToString::to_string).collect();
    let shank = |c: usize| info.probe.as_ref().and_then(|p| p.contacts.get(c)).map_or(0, |c| c.shank_index);
    let shanks: Vec<i32> = (0..channels).map(|c| shank(c) as i32).collect();
    let map: Vec<i32> = (0..channels as i32).collect();
    npy::write_vec(&folder.join("channel_map.npy"), &map)?;
    npy::write_strings(&folder.join("channel_map_si.npy"), &ids)?;
    npy::write_array(&folder.join("channel_positions.npy"), &[channels, 2], places.as_flattened())?;
    npy::write_vec(&folder.join("channel_groups.npy"), &info.groups)?;
    npy::write_vec(&folder.join("channel_shanks.npy"), &shanks)?;
    // Templates are written as they are in the recording.
    let identity = Array2::<f64>::from_diag(&Array1::ones(channels));
    npy::write(&folder.join("whitening_mat.npy"), &identity)?;
    npy::write(&folder.join("whitening_mat_inv.npy"), &identity)
}

fn write_features(folder: &Path, export: &Export<'_>) -> Result<(), Error> {
    let Some(PcFeatures { values, channel_indices }) = export.pc_features else { return Ok(()) };
    let mut ind = Array2::<i64>::from_elem((channel_indices.len(), values.dim().2), -1);
    for (mut row, channels) in ind.rows_mut().into_iter().zip(channel_indices) {
        for (to, &channel) in row.iter_mut().zip(channels) {
            *to = i64::from(channel);
        }
    }
    npy::write(&folder.join("pc_features.npy"), &values)?;
    npy::write(&folder.join("pc_feature_ind.npy"), &ind)
}

fn write_clusters(folder: &Path, export: &Export<'_>, order: &[usize]) -> Result<(), Error> {
    let Export { sorting, templates, info, metrics, .. } = export;
    let units = sorting.num_units();
    let clusters = TableColumn::Int((0..units as i64).collect());
    let save_as = |file: &str, name: &str, column: TableColumn| {
        let file: String =
            file.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect();
        let columns = vec![("cluster_id".to_owned(), clusters.clone()), (name.to_owned(), column)];
        csv::write_table(&folder.join(format!("cluster_{file}.tsv")), &Table::new(columns))
    };
    let save = |name: &str, column: TableColumn| save_as(name, name, column);
    let known = ["good", "mua", "noise", "unsorted"];
    let label = |unit: usize| {
        ["group", "quality"]
            .iter()
            .filter_map(|name| Some(sorting.properties.column(name)?.cell(unit)))
            .find(|cell| known.contains(&cell.as_str()))
            .unwrap_or_else(|| "unsorted".to_owned())
    };
    save("group", TableColumn::Text((0..units).map(label).collect()))?;
    let group = |unit: &usize| {
        let channel = templates.extremum(*unit).map_or(0, |(channel, ..)| channel);
        info.groups.get(channel).copied().unwrap_or(0)
    };
    save("channel_group", TableColumn::Int(order.iter().map(group).collect()))?;
    // SpikeInterface takes the ids from here where they are numbers.
    let numbers: Option<Vec<i64>> = sorting.unit_ids.iter().map(|id| id.to_string().parse().ok()).collect();
    match numbers {
        Some(numbers) => save_as("si_unit_ids", "si_unit_id", TableColumn::Int(numbers))?,
        None => {
            save("unit_name", TableColumn::Text(sorting.unit_ids.iter().map(ToString::to_string).collect()))?
        }
    }
    let own = sorting.properties.columns.iter();
    let taken = ["group", "quality", "cluster_id", "channel_group", "si_unit_id", "unit_id", "template"];
    for (name, column) in own.chain(metrics.iter().flat_map(|m| &m.columns)) {
        if column.len() == units && !taken.contains(&name.as_str()) {
            save(name, column.clone())?;
        }
    }
    Ok(())
}

fn write_raw(folder: &Path, export: &Export<'_>, progress: &dyn Fn(u64, u64) -> bool) -> Result<(), Error> {
    let Export { info, traces, .. } = export;
    let (dat_path, dtype) = match traces {
        None => ("[]", DType::Int16),
        Some(Traces { source, dtype }) => {
            let path = folder.join("recording.dat");
            let mut done = 0;
            atomic::file(&path, |out| {
                for segment in 0..info.segments.len() {
                    write_samples(*source, segment, *dtype, out, &path, &mut |frames| {
                        done += frames;
                        progress(done, info.total_frames() as u64)
                    })?;
                }
                Ok::<(), Error>(())
            })?;
            ("'recording.dat'", *dtype)
        }
    };
    let text = format!(
        "dat_path = {dat_path}\nn_channels_dat = {}\ndtype = '{dtype}'\noffset = 0\nsample_rate = {:?}\nhp_filtered = {}\n",
        info.num_channels(),
        info.sampling_frequency,
        if info.is_filtered { "True" } else { "False" },
    );
    atomic::write_file(&folder.join("params.py"), text.as_bytes())
}
