//! A recording of a study: `raw.mda`, `params.json`, `geom.csv`, and `firings_true.mda` where truth is known.

use super::array::{Mda, header, write_array};
use crate::{
    data::{DType, Id, Probe, Recording, RecordingInfo, Sorting, Source},
    io::{
        Error, OpenOptions, atomic,
        binary::{Asked, Raw, Rest, warn},
        binary_folder::write_samples,
        json,
        raw_source::Layout,
        spikes::{Spikes, units_of_labels},
    },
};
use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

const RAW: &str = "raw.mda";
/// The file of a study folder that holds its true spikes.
pub const FIRINGS_TRUTH: &str = "firings_true.mda";

/// True where a path is a `.mda` file, a file without an ending that is one by its content, as caches of files by their hash
/// have it, or a folder with `raw.mda` or firings.
pub(in crate::io) fn is_study(path: &Path) -> bool {
    if path.is_file() {
        return path.extension().map_or_else(|| Mda::is_one(path), |e| e.eq_ignore_ascii_case("mda"));
    }
    [RAW, FIRINGS_TRUTH, "firings.mda"].iter().any(|name| path.join(name).is_file())
}

/// Spikes looked at to tell firings from traces.
const SPIKES_LOOKED_AT: usize = 256;

/// True where a `.mda` file holds firings rather than traces: at least three rows, of which the second is times that
/// never fall and the third whole numbers from 0 on. A file that cannot be read holds what its name says.
pub(in crate::io) fn is_firings(path: &Path) -> bool {
    let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("firings"));
    let Ok((mda, _)) = Mda::open(path) else { return named };
    let &[rows, spikes] = mda.dims.as_slice() else { return named };
    if rows < 3 || spikes == 0 {
        return named && rows >= 3;
    }
    let Ok((_, values)) = Mda::read_first(path, rows * SPIKES_LOOKED_AT.min(spikes)) else { return named };
    let mut last = 0.0;
    let rising = values.chunks_exact(rows).all(|spike| {
        let rises = spike[1] >= last;
        last = spike[1];
        rises && spike[2] >= 0.0 && spike[2].fract() == 0.0
    });
    // Silence is a recording.
    rising && (last > 0.0 || named)
}

/// The file itself, or the first of these that a folder holds.
fn find(path: &Path, names: &[&str]) -> Result<PathBuf, Error> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    names
        .iter()
        .map(|name| path.join(name))
        .find(|p| p.is_file())
        .ok_or_else(|| Error::format(path, format!("the folder has no {}", names.join(" or "))))
}

/// `params.json` beside a file; `None` where there is none.
fn params(file: &Path) -> Result<Option<Value>, Error> {
    let path = file.with_file_name("params.json");
    if path.is_file() { json::read(&path).map(Some) } else { Ok(None) }
}

fn samplerate(file: &Path, given: Option<f64>) -> Result<f64, Error> {
    if let Some(rate) = given {
        return Ok(rate);
    }
    let params = params(file)?;
    params.as_ref().and_then(|p| p.get("samplerate")).and_then(Value::as_f64).ok_or_else(|| {
        Error::format(
            file,
            "its sampling frequency is not known: no params.json with samplerate lies beside it. \
             Give --sampling-frequency, or connect its recording where a node reads it.",
        )
    })
}

/// Opens the samples of a study folder or a `.mda` file.
pub(in crate::io) fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let file = find(path, &[RAW])?;
    let (mda, _) = Mda::open(&file)?;
    let &[num_columns, num_frames] = mda.dims.as_slice() else {
        return Err(Error::format(&file, format!("channels × frames expected, its axes are {:?}", mda.dims)));
    };
    let layout = Layout {
        dtype: mda.dtype,
        big_endian: false,
        num_columns,
        file_offset: mda.data_offset,
        time_axis: 0,
    };
    let sampling_frequency = samplerate(&file, options.sampling_frequency)?;
    let raw =
        Raw { paths: vec![file.clone()], layout, sampling_frequency, rest: Rest::Floor, keep_groups: false };
    let (mut info, files) = raw.prepare()?;
    for segment in &mut info.segments {
        if segment.num_frames < num_frames {
            let found = segment.num_frames;
            let message = format!(
                "{}: its header tells {num_frames} frames, {found} are there; it was probably cut off",
                file.display()
            );
            segment.num_frames = found;
            warn(&mut info, message);
            break;
        }
        segment.num_frames = num_frames;
    }
    let scale = params(&file)?.and_then(|p| p.get("scale_factor").and_then(Value::as_f64));
    if let Some(scale) = scale {
        info.gain_to_uv = Some(vec![scale; num_columns]);
        info.offset_to_uv = Some(vec![0.0; num_columns]);
    }
    let probe = match Asked::of(options)? {
        Some(asked) => asked,
        None => geometry(&file.with_file_name("geom.csv"))?.map_or(Asked::No, |p| Asked::Found(p.into())),
    };
    raw.finish(info, files, probe, options)
}

/// `geom.csv`: a place a channel in µm, no header.
fn geometry(path: &Path) -> Result<Option<Probe>, Error> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))?;
    let mut places = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Option<Vec<f64>> = line.split(',').map(|cell| cell.trim().parse().ok()).collect();
        match cells.as_deref() {
            Some([x, y, ..]) => places.push([*x, *y]),
            _ => return Err(Error::format(path, format!("line {}: x,y expected, found {line}", number + 1))),
        }
    }
    Ok(Some(Probe::from_positions(&places)))
}

/// Reads firings: rows are channel, time in samples (0-based, as SpikeInterface takes them) and label.
pub(in crate::io) fn read_sorting(path: &Path, sampling_frequency: Option<f64>) -> Result<Sorting, Error> {
    let file = find(path, &[FIRINGS_TRUTH, "firings.mda"])?;
    let (mda, values) = Mda::read(&file)?;
    let &[rows, spikes] = mda.dims.as_slice() else {
        return Err(Error::format(&file, format!("rows × spikes expected, its axes are {:?}", mda.dims)));
    };
    if rows < 3 {
        return Err(Error::format(
            &file,
            format!("at least 3 rows (channel, time, label) expected, it has {rows}: is it a recording?"),
        ));
    }
    let mut samples = Vec::with_capacity(spikes);
    let mut labels = Vec::with_capacity(spikes);
    for (index, spike) in values.chunks_exact(rows).enumerate() {
        let (time, label) = (spike[1], spike[2]);
        if !time.is_finite() || label.fract() != 0.0 {
            return Err(Error::format(
                &file,
                format!(
                    "spike {index} has time {time} and label {label}: a number and a whole number expected"
                ),
            ));
        }
        // Times of some sorters lie between samples.
        samples.push(time.round() as i64);
        labels.push(label as i64);
    }
    let rate = samplerate(&file, sampling_frequency)?;
    let (unit_index, unit_ids) = units_of_labels(&labels);
    Spikes { sample_index: samples, unit_index, ..Spikes::default() }.into_sorting(&file, rate, unit_ids, 1)
}

/// Writes samples as a study folder that SpikeInterface and MountainSort open.
///
/// `progress` is told how many of all frames are done and answers whether to go on.
///
/// # Errors
/// Where there are several segments, gains differ between channels, there is no probe (`geom.csv` needs one),
/// samples cannot be read, the disk refuses, or `progress` said stop; nothing is left behind then.
pub fn write_recording(
    source: &dyn Source,
    info: &RecordingInfo,
    folder: &Path,
    dtype: DType,
    progress: &dyn Fn(u64, u64) -> bool,
) -> Result<(), Error> {
    let [segment] = info.segments.as_slice() else {
        let count = info.segments.len();
        return Err(Error::format(
            folder,
            format!(
                "MDA holds one segment, the recording has {count}: concatenate them first, or choose a binary folder"
            ),
        ));
    };
    if info.gain_to_uv.is_some() && scale_factor(info).is_none() {
        return Err(Error::format(
            folder,
            "MDA holds one gain for all channels and no offset, this recording has others: \
             scale it to µV first, or choose a binary folder",
        ));
    }
    let places = info.locations_um().ok_or_else(|| {
        Error::format(folder, "a study folder needs the places of the channels: give a probe first")
    })?;
    let header = header(folder, dtype, &[info.num_channels(), segment.num_frames])?;
    atomic::folder(folder, |folder| {
        let path = folder.join(RAW);
        let mut done = 0;
        atomic::file(&path, |out| {
            out.write_all(&header).map_err(|source| Error::io("write", &path, source))?;
            write_samples(source, 0, dtype, out, &path, &mut |frames| {
                done += frames;
                progress(done, info.total_frames() as u64)
            })
        })?;
        let mut params = json!({ "samplerate": info.sampling_frequency, "spike_sign": -1 });
        if let Some(scale) = scale_factor(info) {
            params["scale_factor"] = json!(scale);
        }
        json::write(&folder.join("params.json"), &params)?;
        let geometry: String = places.iter().map(|[x, y]| format!("{x},{y}\n")).collect();
        atomic::write_file(&folder.join("geom.csv"), geometry.as_bytes())
    })
}

/// The one gain of all channels.
fn scale_factor(info: &RecordingInfo) -> Option<f64> {
    let gains = info.gain_to_uv.as_ref()?;
    let offsets = info.offset_to_uv.as_deref().unwrap_or(&[]);
    let first = *gains.first()?;
    (gains.iter().all(|&g| g == first) && offsets.iter().all(|&o| o == 0.0)).then_some(first)
}

/// Writes a sorting as firings; labels are the unit ids, or 1, 2 … in their order where those are not positive numbers.
///
/// # Errors
/// Where there are several segments or the disk refuses.
pub fn write_firings(sorting: &Sorting, path: &Path) -> Result<(), Error> {
    let [segment] = sorting.segments.as_slice() else {
        let count = sorting.segments.len();
        return Err(Error::format(
            path,
            format!("firings hold one segment, the sorting has {count}: choose a NumpyFolder"),
        ));
    };
    let own: Option<Vec<f64>> = sorting
        .unit_ids
        .iter()
        .map(|id| match id {
            Id::Int(label) if *label > 0 => Some(*label as f64),
            _ => None,
        })
        .collect();
    let labels = own.unwrap_or_else(|| (1..=sorting.num_units()).map(|n| n as f64).collect());
    let mut values = Vec::with_capacity(3 * segment.sample_index.len());
    for (&sample, &unit) in segment.sample_index.iter().zip(segment.unit_index.iter()) {
        let label = labels.get(unit as usize).copied().unwrap_or(0.0);
        values.extend([0.0, sample as f64, label]);
    }
    write_array(path, &[3, segment.sample_index.len()], &values)
}
