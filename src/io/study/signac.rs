//! State points of signac: what tells the recordings of a project apart lies beside them.

use super::Entry;
use crate::io::json;
use serde_json::{Map, Value as Json};
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

/// The file in the folder of a job.
const NAME: &str = "signac_statepoint.json";

/// A state point, or that there is none.
type Found = Option<(PathBuf, BTreeMap<String, Json>)>;

/// Recordings in the folder of a signac job get its state point as keys, beside those of a pattern. Where the folders told
/// the keys (`by_folders`), which are but numbers of jobs there, they give way.
pub(super) fn take_state_points(study: &Path, entries: &mut [Entry], by_folders: bool) {
    let mut known: HashMap<PathBuf, Found> = HashMap::new();
    let mut of_job: HashMap<PathBuf, usize> = HashMap::new();
    let found: Vec<Found> = entries.iter().map(|entry| near(study, entry, &mut known)).collect();
    for (file, _) in found.iter().flatten() {
        *of_job.entry(file.clone()).or_default() += 1;
    }
    for (entry, found) in entries.iter_mut().zip(found) {
        let Some((file, point)) = found else { continue };
        let is_alone = of_job.get(&file) == Some(&1);
        if by_folders {
            entry.keys.retain(|key, _| key == "recording" && !is_alone);
        }
        for (key, value) in point {
            entry.keys.entry(key).or_insert(value);
        }
        entry.state_point = Some(file);
    }
}

/// The state point of the nearest folder around a recording, up to that of the study.
fn near(study: &Path, entry: &Entry, known: &mut HashMap<PathBuf, Found>) -> Found {
    let place = entry.folder()?;
    for folder in place.ancestors().take_while(|folder| folder.starts_with(study)) {
        let found = known.entry(folder.to_owned()).or_insert_with(|| read(&folder.join(NAME)));
        if found.is_some() {
            return found.clone();
        }
    }
    None
}

fn read(file: &Path) -> Found {
    if !file.is_file() {
        return None;
    }
    let Ok(Json::Object(point)) = json::read(file) else { return None };
    let mut keys = BTreeMap::new();
    flatten("", point, &mut keys);
    Some((file.to_owned(), keys))
}

/// A name of a key has letters, digits and `_`: `a.b` of a nested state point is `a_b`. A list is known by its text.
pub(super) fn flatten(before: &str, point: Map<String, Json>, keys: &mut BTreeMap<String, Json>) {
    let plain = |name: &str| -> String {
        name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
    };
    for (name, value) in point {
        let name = match before {
            "" => plain(&name),
            before => format!("{before}_{}", plain(&name)),
        };
        match value {
            Json::Object(inner) => flatten(&name, inner, keys),
            Json::Array(_) => drop(keys.insert(name, value.to_string().into())),
            Json::Null => {}
            value => drop(keys.insert(name, value)),
        }
    }
}
