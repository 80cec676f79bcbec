//! Recordings as they lie in folders, and files named one by one.

use super::{Entry, Place};
use crate::io::{Error, OpenOptions, describe, mda::FIRINGS_TRUTH};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Folders are searched this deep: study set, study, recording.
const DEPTH: usize = 3;
/// Names of the keys of the innermost folders, outermost first.
pub(super) const LEVELS: [&str; DEPTH] = ["study_set", "study", "recording"];

/// Recordings in a folder and the folders within, with the names of the folders as keys.
pub(super) fn find(folder: &Path) -> Result<Vec<Entry>, Error> {
    let mut found = Vec::new();
    walk(folder, &mut Vec::new(), &mut found)?;
    if found.is_empty() {
        return Err(Error::format(
            folder,
            "no recording lies in it or in the folders within: say by a pattern which files are recordings, such as \
             {session}/rec_{index}.bin",
        ));
    }
    Ok(found)
}

fn walk(folder: &Path, names: &mut Vec<String>, found: &mut Vec<Entry>) -> Result<(), Error> {
    let listed = fs::read_dir(folder).map_err(|e| Error::io("list", folder, e))?;
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let is_recording = describe(&path, &OpenOptions::default()).is_ok_and(|found| found.is_recording);
        let stem = path.file_stem().filter(|_| path.is_file()).map(|s| s.to_string_lossy().into_owned());
        names.push(if is_recording { stem.unwrap_or(name) } else { name });
        if is_recording {
            let truth = path.join(FIRINGS_TRUTH);
            let truth = truth.is_file().then_some(Ok(truth));
            found.push(Entry { keys: keys(names), truth, ..Entry::at(path) });
        } else if path.join(FIRINGS_TRUTH).is_file() {
            let reason = format!("it has true spikes ({FIRINGS_TRUTH}), but no samples (raw.mda)");
            let place = Place::Nowhere(path.display().to_string(), reason);
            found.push(Entry { keys: keys(names), place, ..Entry::at(path) });
        } else if path.is_dir() && names.len() < DEPTH {
            walk(&path, names, found)?;
        }
        names.pop();
    }
    Ok(())
}

/// What the names of folders, the innermost last, say of a recording.
fn keys(names: &[String]) -> BTreeMap<String, Json> {
    let levels = LEVELS.iter().skip(DEPTH - names.len());
    levels.zip(names).map(|(level, name)| ((*level).to_owned(), name.as_str().into())).collect()
}

/// Files named one by one: their names are the keys, with as much of the folders as tells them apart.
pub(super) fn named(files: &[PathBuf]) -> Vec<Entry> {
    let tail = |path: &Path, parts: usize| {
        let stem = path.with_extension("");
        let parts: Vec<String> = stem
            .components()
            .rev()
            .take(parts)
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        parts.into_iter().rev().collect::<Vec<_>>().join("/")
    };
    let mut parts = 1;
    while parts < 8 {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        files.iter().for_each(|path| *count.entry(tail(path, parts)).or_default() += 1);
        if count.values().all(|&count| count == 1) {
            break;
        }
        parts += 1;
    }
    let entry = |path: &PathBuf| {
        let name = Json::from(tail(path, parts));
        let truth = path.join(FIRINGS_TRUTH);
        let truth = truth.is_file().then_some(Ok(truth));
        Entry { keys: BTreeMap::from([("recording".to_owned(), name)]), truth, ..Entry::at(path.clone()) }
    };
    files.iter().map(entry).collect()
}
