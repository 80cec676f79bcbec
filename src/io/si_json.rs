//! Extractors of SpikeInterface written as JSON: a file to open, and the steps that were applied to it.

use super::{Error, OpenOptions, binary_folder, joined, json, open};
use crate::data::{Recording, STEPS, Sorting};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Deeper chains are no recipe, and would take long to walk.
const MAX_STEPS: usize = 256;
/// Nor are recordings that are joined again and again.
const MAX_DEPTH: usize = 16;

/// True where a file is JSON of an extractor.
pub(super) fn is_one(path: &Path) -> bool {
    let json = path.extension().is_some_and(|e| e == "json");
    json && path.is_file() && json::read(path).is_ok_and(|v| class(&v).is_some() && v.get("kwargs").is_some())
}

/// True where the JSON is of a sorting.
pub(super) fn holds_spikes(path: &Path) -> bool {
    json::read(path).is_ok_and(|v| class(&v).is_some_and(|c| c.contains("Sorting")))
}

fn class(value: &Value) -> Option<&str> {
    let path = value.get("class")?.as_str()?;
    Some(path.rsplit('.').next().unwrap_or(path))
}

fn kwargs(value: &Value) -> Option<&Map<String, Value>> {
    value.get("kwargs")?.as_object()
}

/// Files and folders that a JSON names, wherever in it.
pub(super) fn files(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    json::read(path).map_or_else(|_| Vec::new(), |value| files_of(value, folder))
}

/// The same for a JSON that stands elsewhere; relative paths start at `folder`.
pub(super) fn files_of(value: Value, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        found.extend(target(&value, folder).filter(|file| file.exists()));
        match value {
            Value::Object(map) => open.extend(map.into_iter().map(|(_, value)| value)),
            Value::Array(list) if list.first().is_some_and(Value::is_object) => open.extend(list),
            _ => {}
        }
    }
    found
}

/// Opens the recording a chain begins with; its steps are listed in the annotations ([`STEPS`]).
pub(super) fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let value = json::read(path)?;
    open_value(&value, path.parent().unwrap_or(Path::new(".")), path, options)
}

/// The same for JSON that stands in another file, `path`; relative paths start at `folder`.
///
/// # Errors
/// Where the recording is not there, names no file, or joins recordings that do not fit each other.
pub(super) fn open_value(
    value: &Value,
    folder: &Path,
    path: &Path,
    options: &OpenOptions,
) -> Result<Recording, Error> {
    opened(value, folder, path, options, 0)
}

fn opened(
    value: &Value,
    folder: &Path,
    path: &Path,
    options: &OpenOptions,
    depth: usize,
) -> Result<Recording, Error> {
    let mut steps: Vec<&Value> = Vec::new();
    let mut leaf = value;
    loop {
        let inner = kwargs(leaf).and_then(|k| {
            ["recording", "parent_recording", "parent_recording_or_snippets"]
                .iter()
                .find_map(|key| k.get(*key))
        });
        match inner {
            Some(inner) if steps.len() < MAX_STEPS => {
                steps.push(leaf);
                leaf = inner;
            }
            Some(_) => return Err(Error::format(path, format!("more than {MAX_STEPS} steps"))),
            None => break,
        }
    }
    let parts = kwargs(leaf).and_then(|k| k.get("recording_list")?.as_array());
    let recording = match parts {
        Some(_) if depth > MAX_DEPTH => return Err(Error::format(path, "recordings joined too many times")),
        Some(parts) => {
            let parts: Result<Vec<Recording>, Error> =
                parts.iter().map(|part| opened(part, folder, path, options, depth + 1)).collect();
            if class(leaf).is_some_and(|class| class.starts_with("Concatenate")) {
                steps.push(leaf);
            }
            appended(parts?, path)?
        }
        None => open_leaf(leaf, folder, path, options)?,
    };
    if steps.is_empty() {
        return Ok(recording);
    }
    let mut info = recording.info().clone();
    let all = info.annotations.entry(STEPS.to_owned()).or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.extend(steps.into_iter().rev().map(described));
    }
    recording.with_info(info).map_err(|e| Error::format(path, e.to_string()))
}

/// The class of the step that joins recordings as segments.
const APPENDED: &str = "AppendSegmentRecording";

/// The segments of several recordings, one after the other. Steps that were applied to each of them alike are the
/// steps of all; others are listed for each part, by the number of its segments, in one step of that class.
fn appended(parts: Vec<Recording>, path: &Path) -> Result<Recording, Error> {
    let first = parts.first().ok_or_else(|| Error::format(path, "recording_list is empty"))?.info();
    for part in &parts {
        let info = part.info();
        let what = if info.channel_ids != first.channel_ids {
            "channels"
        } else if info.sampling_frequency != first.sampling_frequency {
            "sampling frequencies"
        } else {
            continue;
        };
        return Err(Error::format(
            path,
            format!(
                "it joins recordings of different {what}, which are joined here only where these are the same: \
                 save the recording as a binary folder in SpikeInterface and open that"
            ),
        ));
    }
    let steps = |part: &Recording| part.info().annotations.get(STEPS).cloned().unwrap_or(json!([]));
    let each: Vec<Value> = parts
        .iter()
        .map(|part| json!({ "num_segments": part.info().segments.len(), "steps": steps(part) }))
        .collect();
    let alike = parts.iter().all(|part| steps(part) == steps(&parts[0]));
    let recording = joined::appended(parts);
    if alike {
        return Ok(recording);
    }
    let mut info = recording.info().clone();
    let step = json!([{ "class": APPENDED, "kwargs": { "parts": each } }]);
    info.annotations.insert(STEPS.to_owned(), step);
    recording.with_info(info).map_err(|e| Error::format(path, e.to_string()))
}

/// Class and settings of a step, without the recording inside.
fn described(step: &Value) -> Value {
    let settings: Map<String, Value> = kwargs(step)
        .into_iter()
        .flatten()
        .filter(|(key, _)| !key.contains("recording"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    json!({ "class": class(step), "kwargs": settings })
}

fn open_leaf(leaf: &Value, folder: &Path, path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let name = class(leaf).unwrap_or("an unnamed class");
    if name == "BinaryRecordingExtractor" {
        return binary_folder::open_binary_json(leaf, folder, path, options);
    }
    match target(leaf, folder) {
        Some(target) => {
            found(&target, path, name)?;
            open::open_recording(&target, options)
        }
        None => Err(Error::format(
            path,
            format!(
                "its innermost recording is a {name}, which names no single file. \
                 Save the recording as a binary folder and open that."
            ),
        )),
    }
}

/// Opens the sorting a JSON names.
pub(super) fn open_sorting(path: &Path, sampling_frequency: Option<f64>) -> Result<Sorting, Error> {
    let value = json::read(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = class(&value).unwrap_or("an unnamed class");
    let target = target(&value, folder).ok_or_else(|| {
        Error::format(
            path,
            format!("a {name} names no file. Save the sorting as a NumpyFolder and open that."),
        )
    })?;
    found(&target, path, name)?;
    open::open_sorting(&target, sampling_frequency)
}

/// Where the samples or spikes are: as written, or beside the JSON where both were moved.
fn target(leaf: &Value, folder: &Path) -> Option<PathBuf> {
    let settings = kwargs(leaf)?;
    let given = ["folder_path", "file_path"].iter().find_map(|key| settings.get(*key)?.as_str());
    let given = given.or_else(|| settings.get("file_paths")?.as_array()?.first()?.as_str())?;
    let whole = folder.join(given);
    if whole.exists() {
        return Some(whole);
    }
    let name = given.rsplit(['/', '\\']).next().unwrap_or(given);
    let beside = folder.join(name);
    Some(if beside.exists() { beside } else { whole })
}

fn found(target: &Path, path: &Path, name: &str) -> Result<(), Error> {
    // A JSON that names itself would be opened for ever.
    let same = |a: &Path| a.canonicalize().ok();
    if target.exists() && same(target) != same(path) {
        return Ok(());
    }
    Err(Error::format(
        path,
        format!("the {name} lies at {}, which is not there. Put it beside this file.", target.display()),
    ))
}
