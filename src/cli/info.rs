//! `info`: what a file or folder holds.

use super::{CliError, arguments::InfoArguments, input::open_recording, output};
use crate::{
    data::{DType, Id, Recording, Sorting, text::counted},
    inspect::described,
    io::{self, Description, study::Entry},
};
use serde_json::{Map, Value as Json, json};
use std::{collections::BTreeSet, path::Path};

/// Says what a recording, a sorting or a study of them holds, without reading samples.
///
/// # Errors
/// Where it cannot be opened, or needs options that were not given.
pub fn info(arguments: &InfoArguments) -> Result<(), CliError> {
    let mut options = arguments.reading.options();
    let inner = io::samples_of_meta(&arguments.input).or_else(|| io::only_one_inside(&arguments.input));
    let input = inner.as_ref().unwrap_or(&arguments.input);
    if options.dtype.is_none() && options.num_channels.is_none() {
        told_beside(input, &mut options);
    }
    let description = match io::describe(input, &options) {
        Ok(description) => description,
        Err(_) if let Some((_, entries)) = io::study::at(input) => {
            return study(&entries, &options, arguments.json);
        }
        // What it lists is elsewhere: why, is said of each.
        Err(_) if let Some(entries) = io::study::listed_in(input) => {
            return study(&entries, &options, arguments.json);
        }
        Err(error) => return Err(error.into()),
    };
    let recording = description.is_recording.then(|| open_recording(input, &options)).transpose();
    let sorting = description
        .is_sorting
        .then(|| io::open_sorting(input, arguments.reading.sampling_frequency))
        .transpose()
        .map_err(CliError::from);
    // What holds both may lack one of them, such as a phy folder without its traces.
    let (recording, sorting) = match (recording, sorting) {
        (Err(error), Ok(None)) | (Ok(None), Err(error)) | (Err(error), Err(_)) => return Err(error),
        (recording, sorting) => (recording.ok().flatten(), sorting.ok().flatten()),
    };
    if arguments.json {
        let mut out = Map::new();
        out.insert("format".into(), description.format.into());
        out.insert("streams".into(), json!(description.streams));
        if let Some(recording) = &recording {
            recording_fields(&mut out, recording);
        }
        if let Some(sorting) = &sorting {
            sorting_fields(&mut out, sorting, recording.is_some());
        }
        return output::json(&Json::Object(out));
    }
    output::text(&text(&description, recording.as_ref(), sorting.as_ref()))
}

/// What the file of an acquisition program says of the raw samples beside it.
fn told_beside(input: &Path, options: &mut io::OpenOptions) {
    let Some(told) = described(input) else { return };
    options.dtype = Some(DType::Int16);
    options.num_channels = Some(told.num_channels);
    options.sampling_frequency = options.sampling_frequency.or(Some(told.rate));
    if options.gain_to_uv.is_none()
        && let Some(gain) = told.gain_to_uv
    {
        options.gain_to_uv = Some(gain);
        options.offset_to_uv = options.offset_to_uv.or(Some(0.0));
    }
    let meta = input.with_extension("meta").to_string_lossy().into_owned();
    if options.probe.is_none() && io::probe::read_probe(&meta).is_ok() {
        options.probe = Some(meta);
    }
}

/// Rows of a study that are told one by one.
const TOLD: usize = 40;

/// The recordings of a study with their keys, and what is wrong with those that cannot be opened.
fn study(entries: &[Entry], options: &io::OpenOptions, as_json: bool) -> Result<(), CliError> {
    let opened = |entry: &Entry| entry.open(options, None).map(|found| found.info().clone());
    if as_json {
        let recordings: Vec<Json> = entries
            .iter()
            .map(|entry| {
                let truth = entry.truth.as_ref().and_then(|truth| truth.as_ref().ok());
                let error = opened(entry).err().map(|error| error.to_string());
                json!({"keys": entry.keys, "path": entry.name(), "truth": truth, "error": error})
            })
            .collect();
        return output::json(&json!({"format": "study", "recordings": recordings}));
    }
    let names: BTreeSet<&String> = entries.iter().flat_map(|entry| entry.keys.keys()).collect();
    let mut rows = vec![names.iter().map(|name| (*name).clone()).collect::<Vec<_>>()];
    rows[0].extend(["recording".into(), "channels".into(), "length".into()]);
    for entry in entries.iter().take(TOLD) {
        let cell = |name: &&String| match entry.keys.get(*name) {
            Some(Json::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let mut row: Vec<String> = names.iter().map(cell).collect();
        row.push(entry.name());
        match opened(entry) {
            Ok(info) => row.extend([info.num_channels().to_string(), format!("{:.3} s", info.duration_s())]),
            Err(error) => row.extend(["–".into(), error.to_string()]),
        }
        rows.push(row);
    }
    let more = entries.len().saturating_sub(TOLD);
    let rest = if more > 0 { format!("and {more} more; --json tells all\n") } else { String::new() };
    let head = format!("a study of {} (node read_study)\n", counted(entries.len(), "recording"));
    output::text(&format!("{head}{}{rest}", output::columns(&rows)))
}

fn recording_fields(out: &mut Map<String, Json>, recording: &Recording) {
    let info = recording.info();
    let segments: Vec<Json> =
        info.segments.iter().map(|s| json!({"num_frames": s.num_frames, "t_start_s": s.t_start_s})).collect();
    let probe = info.probe.as_ref().map(|probe| {
        let positions: Vec<[f64; 2]> = probe.contacts.iter().map(|c| c.position_um).collect();
        let indices: Vec<i64> =
            probe.contacts.iter().map(|c| c.device_channel_index.map_or(-1, |i| i as i64)).collect();
        json!({
            "name": probe.name,
            "manufacturer": probe.manufacturer,
            "num_shanks": probe.shank_ids.len(),
            "contact_positions": positions,
            "device_channel_indices": indices,
        })
    });
    out.insert("segments".into(), Json::Array(segments));
    out.insert("num_channels".into(), info.num_channels().into());
    out.insert("sampling_frequency".into(), json!(info.sampling_frequency));
    out.insert("duration_s".into(), json!(info.duration_s()));
    out.insert("dtype".into(), info.dtype.name().into());
    out.insert("gain_to_uV".into(), json!(info.gain_to_uv));
    out.insert("offset_to_uV".into(), json!(info.offset_to_uv));
    out.insert("channel_ids".into(), json!(info.channel_ids));
    out.insert("groups".into(), json!(info.groups));
    out.insert("is_filtered".into(), info.is_filtered.into());
    out.insert("probe".into(), json!(probe));
    out.insert("annotations".into(), json!(info.annotations));
}

fn sorting_fields(out: &mut Map<String, Json>, sorting: &Sorting, beside_recording: bool) {
    let segments: Vec<Json> = sorting
        .segments
        .iter()
        .map(|s| json!({"num_spikes": s.sample_index.len(), "num_frames": s.num_frames}))
        .collect();
    if !beside_recording {
        out.insert("segments".into(), Json::Array(segments));
        out.insert("sampling_frequency".into(), json!(sorting.sampling_frequency));
    }
    out.insert("num_units".into(), sorting.num_units().into());
    out.insert("num_spikes".into(), sorting.num_spikes().into());
    out.insert("unit_ids".into(), json!(sorting.unit_ids));
    out.insert("spike_counts".into(), json!(sorting.spike_counts()));
    let properties: Vec<&str> = sorting.properties.columns.iter().map(|(name, _)| name.as_str()).collect();
    out.insert("unit_properties".into(), json!(properties));
}

fn text(description: &Description, recording: Option<&Recording>, sorting: Option<&Sorting>) -> String {
    let mut rows = vec![row("format", description.label.into())];
    let streams: Vec<&str> =
        description.streams.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    if !streams.is_empty() {
        rows.push(row("streams", streams.join(", ")));
    }
    if let Some(recording) = recording {
        let info = recording.info();
        let frames: Vec<String> = info.segments.iter().map(|s| s.num_frames.to_string()).collect();
        rows.push(row("channels", format!("{} ({})", info.num_channels(), shown(&info.channel_ids))));
        rows.push(row("rate", format!("{} Hz", info.sampling_frequency)));
        rows.push(row("length", format!("{:.3} s ({} frames)", info.duration_s(), frames.join(" + "))));
        rows.push(row("number type", info.dtype.to_string()));
        rows.push(row("gain", range(info.gain_to_uv.as_deref(), "µV")));
        rows.push(row("offset", range(info.offset_to_uv.as_deref(), "µV")));
        rows.push(row(
            "probe",
            match &info.probe {
                Some(probe) if probe.name.is_empty() => format!("{} contacts", probe.contacts.len()),
                Some(probe) => format!("{} ({} contacts)", probe.name, probe.contacts.len()),
                None => "unknown; name one with --probe".into(),
            },
        ));
        let warnings = info.annotations.get(io::WARNINGS).and_then(Json::as_array);
        for warning in warnings.into_iter().flatten().filter_map(Json::as_str) {
            rows.push(row("warning", warning.into()));
        }
    }
    if let Some(sorting) = sorting {
        rows.push(row("units", format!("{} ({})", sorting.num_units(), shown(&sorting.unit_ids))));
        rows.push(row("spikes", sorting.num_spikes().to_string()));
        rows.push(row("rate", format!("{} Hz", sorting.sampling_frequency)));
    }
    output::columns(&rows)
}

fn row(name: &str, value: String) -> Vec<String> {
    vec![name.into(), value]
}

fn shown(ids: &[Id]) -> String {
    let names: Vec<String> = ids.iter().map(Id::to_string).collect();
    match names.as_slice() {
        [] => "none".into(),
        [first, .., last] if names.len() > 8 => format!("{first} … {last}"),
        names => names.join(", "),
    }
}

fn range(values: Option<&[f64]>, unit: &str) -> String {
    let Some(values) = values else { return "unknown".into() };
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if min == max { format!("{min} {unit}") } else { format!("{min} to {max} {unit}") }
}
