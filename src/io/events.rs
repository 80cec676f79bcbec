//! Events: tables of times, numpy arrays of them, and the TTL folders of Open Ephys.

use super::{
    Error, csv,
    npy::{Npz, Raw},
};
use crate::data::{Event, Events, Table, TableColumn};
use npyz::TypeChar;
use std::path::Path;

/// Names a column of times in seconds goes by.
const TIMES: [&str; 8] =
    ["time", "times", "time_s", "timestamp", "timestamps", "start_time", "onset", "time_seconds"];
/// Names a column of samples goes by.
const SAMPLES: [&str; 6] =
    ["sample", "samples", "sample_index", "sample_number", "sample_numbers", "start_sample_index"];
const DURATIONS: [&str; 3] = ["duration", "durations", "duration_s"];
const STOPS: [&str; 3] = ["stop_time", "end_time", "offset_time"];
const LABELS: [&str; 8] =
    ["label", "labels", "name", "event", "type", "trial_type", "description", "condition"];
const SEGMENTS: [&str; 2] = ["segment_index", "segment"];

/// Reads events, in order of time.
///
/// - `.csv`, `.tsv`, `.txt`: a table with a column of times in seconds (`time`, `onset`, …) or of samples
///   (`sample_index`, …) and, where they are there, `duration` or `stop_time`, `label` and `segment_index`; or one
///   column of times without a name.
/// - `.npy`: times in seconds, or structures with such fields. `.npz`: the same, an array a label, as SpikeInterface's
///   `NumpyEvent` takes them.
/// - a folder with `states.npy`: a TTL folder of Open Ephys; an event lasts while its line is on.
///
/// `sampling_frequency` in Hz turns samples into seconds.
///
/// # Errors
/// Where a file is missing or damaged, holds no times, or gives samples and the sampling frequency is not known.
pub fn read(path: &Path, sampling_frequency: Option<f64>) -> Result<Events, Error> {
    path.metadata().map_err(|source| Error::io("read", path, source))?;
    let rate = sampling_frequency.filter(|rate| rate.is_finite() && *rate > 0.0);
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mut events = match extension.as_str() {
        _ if path.is_dir() => open_ephys(path, rate)?,
        "csv" | "tsv" | "txt" => of_table(with_names(csv::read_table(path)?), "", path, rate)?,
        "npy" => of_array(&Raw::read(path)?, "", path, rate)?,
        "npz" => {
            let mut npz = Npz::open(path)?;
            let mut all = Vec::new();
            for name in npz.names() {
                all.extend(of_array(&npz.raw(&name)?, &name, &path.join(&name), rate)?);
            }
            all
        }
        _ => {
            return Err(Error::format(
                path,
                "events are read from .csv, .tsv, .npy and .npz files and from the TTL folders of Open Ephys",
            ));
        }
    };
    if let Some(bad) = events.iter().find(|e| !e.time_s.is_finite() || !e.duration_s.is_finite()) {
        return Err(Error::format(
            path,
            format!("an event at {} s that lasts {} s", bad.time_s, bad.duration_s),
        ));
    }
    events.sort_by(|a, b| a.segment_index.cmp(&b.segment_index).then(a.time_s.total_cmp(&b.time_s)));
    Ok(Events { events })
}

/// The columns of a table of events, by what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventColumns {
    /// Times in seconds, or in samples where there is none.
    pub time: Option<String>,
    /// Times in samples.
    pub sample: Option<String>,
    /// Lengths in seconds.
    pub duration: Option<String>,
    /// Ends in seconds.
    pub stop: Option<String>,
    /// Names.
    pub label: Option<String>,
    /// Segments.
    pub segment: Option<String>,
}

/// The columns of the `.csv`, `.tsv` or `.txt` table at `path`; `None` where it is none, or has no line of names.
pub fn columns(path: &Path) -> Option<EventColumns> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    let is_table = ["csv", "tsv", "txt"].contains(&ending.as_str());
    let table = is_table.then(|| csv::read_table(path).ok()).flatten()?;
    let column = |names: &[&str]| find(&table, names).map(|(name, _)| name.clone());
    let found = EventColumns {
        time: column(&TIMES),
        sample: column(&SAMPLES),
        duration: column(&DURATIONS),
        stop: column(&STOPS),
        label: column(&LABELS),
        segment: column(&SEGMENTS),
    };
    (found.time.is_some() || found.sample.is_some()).then_some(found)
}

/// The first column that goes by one of these names.
fn find<'t>(table: &'t Table, names: &[&str]) -> Option<&'t (String, TableColumn)> {
    names.iter().find_map(|name| table.columns.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)))
}

/// A table without a header line: its first times were taken for names.
fn with_names(table: Table) -> Table {
    match table.columns.as_slice() {
        [(name, column)] if name.parse::<f64>().is_ok() => {
            let first = name.parse().ok();
            let rest = (0..column.len()).map(|row| column.number(row).unwrap_or(f64::NAN));
            let times = TableColumn::Float(first.into_iter().chain(rest).collect());
            Table::new(vec![("time".into(), times)])
        }
        _ => table,
    }
}

/// An array of times, or of structures with such a field.
fn of_array(raw: &Raw, label: &str, path: &Path, rate: Option<f64>) -> Result<Vec<Event>, Error> {
    if raw.header.scalar().is_some() {
        let times = TableColumn::Float(raw.numbers(path)?);
        return of_table(Table::new(vec![("time".into(), times)]), label, path, rate);
    }
    let mut table = Table::default();
    for (name, field) in raw.fields(path)? {
        let column = match field.header.scalar().map(npyz::TypeStr::type_char) {
            Some(TypeChar::UnicodeStr | TypeChar::ByteStr) => TableColumn::Text(field.strings(path)?),
            Some(TypeChar::Int | TypeChar::Uint) => TableColumn::Int(field.numbers(path)?),
            Some(TypeChar::Float) => TableColumn::Float(field.numbers(path)?),
            _ => continue,
        };
        table.set(&name, column);
    }
    of_table(table, label, path, rate)
}

/// The rows of a table; `label` names those that have none of their own.
fn of_table(table: Table, label: &str, path: &Path, rate: Option<f64>) -> Result<Vec<Event>, Error> {
    let find = |names: &[&str]| find(&table, names).map(|(_, column)| column);
    let (times, scale) = match (find(&TIMES), find(&SAMPLES), rate) {
        (Some(times), ..) => (times, 1.0),
        (None, Some(samples), Some(rate)) => (samples, rate),
        (None, Some(_), None) => return Err(samples_without_rate(path)),
        (None, None, _) => {
            let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Error::format(
                path,
                format!(
                    "no column of times ({}) or of samples ({}); it has {}",
                    TIMES.join(", "),
                    SAMPLES.join(", "),
                    names.join(", ")
                ),
            ));
        }
    };
    let (durations, stops, labels, segments) =
        (find(&DURATIONS), find(&STOPS), find(&LABELS), find(&SEGMENTS));
    let mut events = Vec::with_capacity(times.len());
    for row in 0..times.len() {
        let time_s = times.number(row).ok_or_else(|| {
            Error::format(path, format!("the time of event {row} is no number: \"{}\"", times.cell(row)))
        })? / scale;
        let duration = durations.and_then(|d| d.number(row));
        let duration_s = duration.or_else(|| Some(stops?.number(row)? - time_s)).unwrap_or(0.0).max(0.0);
        let segment = segments.and_then(|s| s.number(row)).unwrap_or(0.0);
        let label = labels.map_or_else(|| label.to_owned(), |labels| labels.cell(row));
        events.push(Event { segment_index: segment.max(0.0) as usize, time_s, duration_s, label });
    }
    Ok(events)
}

fn samples_without_rate(path: &Path) -> Error {
    Error::format(path, "its events are given as samples: give the sampling frequency of the recording")
}

/// The lines of a TTL folder: on at `+line`, off at `-line`.
fn open_ephys(folder: &Path, rate: Option<f64>) -> Result<Vec<Event>, Error> {
    let find = |names: &[&str]| names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let states_path = find(&["states.npy", "channel_states.npy"]).ok_or_else(|| {
        Error::format(folder, "no states.npy: choose a TTL folder of Open Ephys, such as events/…/TTL")
    })?;
    let states = Raw::read(&states_path)?.numbers::<i64>(&states_path)?;
    let times_path = find(&["timestamps.npy", "sample_numbers.npy"])
        .ok_or_else(|| Error::format(folder, "neither timestamps.npy nor sample_numbers.npy is there"))?;
    let times = Raw::read(&times_path)?;
    // Until version 0.6 timestamps are whole numbers of samples.
    let in_samples = times.header.scalar().is_some_and(|t| t.type_char() != TypeChar::Float);
    let scale = match (in_samples, rate) {
        (false, _) => 1.0,
        (true, Some(rate)) => rate,
        (true, None) => return Err(samples_without_rate(&times_path)),
    };
    let times: Vec<f64> = times.numbers(&times_path)?;
    if times.len() != states.len() {
        let message =
            format!("{} times for {} states: the files do not belong together", times.len(), states.len());
        return Err(Error::format(&times_path, message));
    }
    let mut events: Vec<Event> = Vec::new();
    let mut on: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
    for (&state, time) in states.iter().zip(times) {
        let time_s = time / scale;
        if state > 0 {
            on.insert(state, events.len());
            events.push(Event { segment_index: 0, time_s, duration_s: 0.0, label: format!("TTL {state}") });
        } else if let Some(event) = on.remove(&-state).and_then(|at| events.get_mut(at)) {
            event.duration_s = (time_s - event.time_s).max(0.0);
        }
    }
    Ok(events)
}
