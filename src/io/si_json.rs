//! Extractors of SpikeInterface written as JSON: a file to open, and the steps that were applied to it.

use super::{Error, OpenOptions, binary_folder, json, open};
use crate::data::{Recording, STEPS, Sorting};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Deeper chains are no recipe, and would take long to walk.
const MAX_STEPS: usize = 256;

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
    let mut found = Vec::new();
    let mut open: Vec<Value> = json::read(path).into_iter().collect();
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
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut steps: Vec<&Value> = Vec::new();
    let mut leaf = &value;
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
    steps.reverse();
    let recording = open_leaf(leaf, folder, path, options)?;
    if steps.is_empty() {
        return Ok(recording);
    }
    let mut info = recording.info().clone();
    info.annotations.insert(STEPS.to_owned(), steps.into_iter().map(described).collect());
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
