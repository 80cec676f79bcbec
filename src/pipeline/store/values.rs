//! Values as folders that Python can read: npy for numbers, json for the rest, csv and svg for people.

use super::{OutputEntry, StoreError, Stored, place, spikes};
use crate::{
    data::{Event, Events, Figure, Fit, NoiseLevels, Table},
    io::{self, Error, kept_sorting, npy},
    pipeline::{Coordinate, Output, Outputs, PortType, Value, WrittenRecording},
};
use ndarray::{ArrayBase, Data, Dimension};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Writes all outputs of a task, a folder a port, and says where each lies.
///
/// Files that lie in the task's own `scratch` folder become part of the result.
pub fn save_outputs(
    folder: &Path,
    outputs: &Outputs,
    scratch: &Path,
) -> Result<BTreeMap<String, OutputEntry>, StoreError> {
    let mut entries = BTreeMap::new();
    for (port, output) in &outputs.0 {
        let name = place::file_name(port);
        let (many, items) = match output {
            Output::Written(recording) => {
                let target = folder.join(&name);
                place::make_folder(&target)?;
                save_recording(&target, recording, scratch)?;
                let items = vec![(Coordinate::default(), name)];
                entries
                    .insert(port.clone(), OutputEntry { port_type: PortType::Recording, many: false, items });
                continue;
            }
            Output::One(value) => (false, vec![(Coordinate::default(), value, name)]),
            Output::Many(items) => {
                let inner = |c: &Coordinate| format!("{name}/{}", place::file_name(&c.to_string()));
                (true, items.iter().map(|(c, value)| (c.clone(), value, inner(c))).collect())
            }
            Output::Own(_) => {
                let message = format!("output \"{port}\" names its items itself: its node must be lazy");
                return Err(StoreError::Value(message));
            }
        };
        let port_type = items.first().map_or(PortType::Files, |(_, value, _)| value.port_type());
        let mut listed = Vec::with_capacity(items.len());
        for (coordinate, value, inner) in items {
            let target = folder.join(&inner);
            place::make_folder(&target)?;
            match value {
                Value::Files(files) => save_files(&target, files, scratch)?,
                value => save(&target, value)?,
            }
            listed.push((coordinate, inner));
        }
        entries.insert(port.clone(), OutputEntry { port_type, many, items: listed });
    }
    Ok(entries)
}

/// Reads back what [`save_outputs`] wrote.
pub fn load_outputs(stored: &Stored) -> Result<Outputs, StoreError> {
    let ports = stored.manifest.outputs.keys();
    ports.map(|port| Ok((port.clone(), load_port(stored, port)?))).collect::<Result<_, _>>().map(Outputs)
}

/// Reads back one port of it.
pub fn load_port(stored: &Stored, port: &str) -> Result<Output, StoreError> {
    let damaged = |message: &str| StoreError::Damaged {
        folder: stored.folder.clone(),
        message: format!("{message} \"{port}\""),
    };
    let entry = stored.manifest.outputs.get(port).ok_or_else(|| damaged("it holds no output"))?;
    let mut items = Vec::with_capacity(entry.items.len());
    for (coordinate, inner) in &entry.items {
        items.push((coordinate.clone(), load(&stored.folder.join(inner), entry.port_type)?));
    }
    if entry.many {
        return Ok(Output::Many(items));
    }
    items.pop().map(|(_, value)| Output::One(value)).ok_or_else(|| damaged("it holds no item of"))
}

/// Names files; those of the task itself are moved into the result and named from its folder.
fn save_files(folder: &Path, files: &[PathBuf], scratch: &Path) -> Result<(), StoreError> {
    place::write_json(&folder.join("files.json"), &moved(folder, files, scratch)?)?;
    Ok(())
}

/// Moves a recording that a task wrote into the result, with how it is opened.
fn save_recording(folder: &Path, recording: &WrittenRecording, scratch: &Path) -> Result<(), StoreError> {
    let files: Vec<PathBuf> = std::iter::once(&recording.path).chain(&recording.probe).cloned().collect();
    let mut moved = moved(folder, &files, scratch)?.into_iter();
    let path = moved.next().unwrap_or_default();
    let form = WrittenRecording { path, probe: moved.next(), options: recording.options.clone() };
    place::write_json(&folder.join("recording.json"), &form)?;
    Ok(())
}

/// Opens a recording that a task wrote.
fn load_recording(folder: &Path) -> Result<Value, StoreError> {
    let form: WrittenRecording = place::read_json(&folder.join("recording.json"))?;
    let probe = form.probe.map(|file| folder.join(file).to_string_lossy().into_owned());
    let options = io::OpenOptions { probe: probe.or(form.options.probe.clone()), ..form.options };
    Ok(io::open_recording(&folder.join(form.path), &options)?.into())
}

fn moved(folder: &Path, files: &[PathBuf], scratch: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut listed = Vec::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        if !file.starts_with(scratch) {
            listed.push(file.clone());
            continue;
        }
        let name = file.file_name().map_or_else(|| index.to_string(), |n| n.to_string_lossy().into_owned());
        // Two files of one name from different folders.
        let own = match listed.iter().any(|other| other.ends_with(&name)) {
            true => Path::new("files").join(index.to_string()).join(name),
            false => Path::new("files").join(name),
        };
        let target = folder.join(&own);
        if let Some(parent) = target.parent() {
            place::make_folder(parent)?;
        }
        std::fs::rename(file, &target).map_err(|e| Error::io("move", file, e))?;
        listed.push(own);
    }
    Ok(listed)
}

#[derive(Serialize, Deserialize)]
struct EventForm {
    segment_index: usize,
    time_s: f64,
    duration_s: f64,
    label: String,
}

#[derive(Serialize, Deserialize)]
struct FigureForm {
    title: String,
    width: u32,
    height: u32,
}

#[derive(Serialize, Deserialize)]
struct FitForm {
    /// Name and file of each array.
    arrays: BTreeMap<String, String>,
    facts: Map<String, Json>,
}

/// Writes one value into a folder of its own.
pub fn save(folder: &Path, value: &Value) -> Result<(), StoreError> {
    match value {
        Value::Recording(_) => {
            return Err(StoreError::Value(
                "recordings are recipes and are never stored: a node whose result is a recording must be lazy"
                    .into(),
            ));
        }
        Value::Sorting(sorting) => spikes::save_sorting(folder, sorting)?,
        Value::Peaks(peaks) => spikes::save_peaks(folder, peaks)?,
        Value::Features(features) => spikes::save_features(folder, features)?,
        Value::Waveforms(waveforms) => spikes::save_waveforms(folder, waveforms)?,
        Value::Templates(templates) => spikes::save_templates(folder, templates)?,
        Value::Noise(noise) => {
            save_array(&folder.join("levels.npy"), &ndarray::aview1(&noise.levels))?;
            save_array(&folder.join("levels_uv.npy"), &ndarray::aview1(&noise.levels_uv))?;
        }
        Value::Motion(motion) => io::motion::fill(motion, folder)?,
        Value::Table(table) => {
            place::write_json(&folder.join("table.json"), &**table)?;
            place::write(&folder.join("table.csv"), csv_text(table)?.as_bytes())?;
        }
        Value::Events(events) => {
            let form = |e: &Event| EventForm {
                segment_index: e.segment_index,
                time_s: e.time_s,
                duration_s: e.duration_s,
                label: e.label.clone(),
            };
            let events: Vec<EventForm> = events.events.iter().map(form).collect();
            place::write_json(&folder.join("events.json"), &events)?;
        }
        Value::Figure(figure) => {
            place::write(&folder.join("figure.svg"), figure.svg.as_bytes())?;
            let form = FigureForm { title: figure.title.clone(), width: figure.width, height: figure.height };
            place::write_json(&folder.join("figure.json"), &form)?;
        }
        Value::Files(files) => place::write_json(&folder.join("files.json"), &**files)?,
        Value::Fit(fit) => {
            let mut arrays = BTreeMap::new();
            for (name, array) in &fit.arrays {
                let file = format!("{}.npy", place::file_name(name));
                save_array(&folder.join(&file), array)?;
                arrays.insert(name.clone(), file);
            }
            place::write_json(&folder.join("fit.json"), &FitForm { arrays, facts: fit.facts.clone() })?;
        }
    }
    Ok(())
}

/// Reads one value of a type from its folder.
pub fn load(folder: &Path, port_type: PortType) -> Result<Value, StoreError> {
    Ok(match port_type {
        PortType::Recording => load_recording(folder)?,
        PortType::Sorting => kept_sorting::read(folder)?.into(),
        PortType::Peaks => spikes::load_peaks(folder)?.into(),
        PortType::Features => spikes::load_features(folder)?.into(),
        PortType::Waveforms => spikes::load_waveforms(folder)?.into(),
        PortType::Templates => spikes::load_templates(folder)?.into(),
        PortType::Noise => NoiseLevels {
            levels: npy::read_vec(&folder.join("levels.npy"))?,
            levels_uv: npy::read_vec(&folder.join("levels_uv.npy"))?,
        }
        .into(),
        PortType::Motion => io::motion::read(folder)?.into(),
        PortType::Table => place::read_json::<Table>(&folder.join("table.json"))?.into(),
        PortType::Events => {
            let forms: Vec<EventForm> = place::read_json(&folder.join("events.json"))?;
            let event = |f: EventForm| Event {
                segment_index: f.segment_index,
                time_s: f.time_s,
                duration_s: f.duration_s,
                label: f.label,
            };
            Events { events: forms.into_iter().map(event).collect() }.into()
        }
        PortType::Figure => {
            let path = folder.join("figure.svg");
            let svg = std::fs::read_to_string(&path).map_err(|e| Error::io("read", &path, e))?;
            let form: FigureForm = place::read_json(&folder.join("figure.json"))?;
            Figure { title: form.title, svg, width: form.width, height: form.height }.into()
        }
        PortType::Files => {
            let files: Vec<PathBuf> = place::read_json(&folder.join("files.json"))?;
            // Those that are part of the result are named from its folder.
            Value::Files(Arc::new(files.into_iter().map(|file| folder.join(file)).collect()))
        }
        PortType::Fit => {
            let form: FitForm = place::read_json(&folder.join("fit.json"))?;
            let mut arrays = BTreeMap::new();
            for (name, file) in form.arrays {
                arrays.insert(name, npy::read::<f64>(&folder.join(file))?);
            }
            Fit { arrays, facts: form.facts }.into()
        }
    })
}

/// An array of any layout, in C order.
pub fn save_array<T: npy::Number, S: Data<Elem = T>, D: Dimension>(
    path: &Path,
    array: &ArrayBase<S, D>,
) -> Result<(), Error> {
    // Not synced file by file: the result as a whole is renamed into place.
    place::write(path, &npy::to_bytes(array.shape(), array.iter().copied()))
}

fn csv_text(table: &Table) -> Result<String, StoreError> {
    let wrong = |e: String| StoreError::Value(format!("a table cannot be written as CSV: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|(name, _)| name)).map_err(|e| wrong(e.to_string()))?;
    for row in 0..table.num_rows() {
        let cells = table.columns.iter().map(|(_, column)| column.cell(row));
        writer.write_record(cells).map_err(|e| wrong(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| wrong(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
