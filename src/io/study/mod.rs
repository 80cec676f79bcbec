//! Studies: many recordings, told apart by keys.
//!
//! A study is a folder (with a pattern such as `{session}/rec_{index}.bin`, or as it lies; of a signac project
//! the state points tell the keys), a table of recordings
//! (CSV, TSV or JSON), a SpikeForest study or study set, or a list of files.

mod folder;
mod pattern;
mod signac;
mod spikeforest;
mod table;

use super::{Error, OpenOptions, open_noted, open_recording};
use crate::data::Recording;
pub use pattern::Pattern;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};
use spikeforest::Pointer;
pub use spikeforest::spikeforest_field;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Where a study is and how it is read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Study {
    /// A folder, a table or a SpikeForest JSON; empty where only `files` are given.
    pub path: PathBuf,
    /// How paths below the folder tell keys, such as `{session}/rec_{index}.bin`; empty where the folder does.
    pub pattern: String,
    /// Recordings named one by one.
    pub files: Vec<PathBuf>,
    /// The column of a table that holds paths.
    pub path_column: String,
    /// The columns of a table that are keys; empty where all are, but for paths and settings of the reader.
    pub keys: Vec<String>,
}

/// A recording of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What tells it from the others: numbers, words or truths.
    pub keys: BTreeMap<String, Json>,
    /// Where it is.
    pub place: Place,
    /// Its true spikes, where the study has them, or why they cannot be had.
    pub truth: Option<Result<PathBuf, String>>,
    /// What the study says of a raw file: fields of [`OpenOptions`] by name.
    pub settings: Map<String, Json>,
    /// The state point that gave keys, in a project of signac.
    pub state_point: Option<PathBuf>,
}

/// Where a recording of a study is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A file or folder.
    Path(PathBuf),
    /// A file that is described elsewhere, as SpikeForest does.
    Pointed(Pointer),
    /// Nowhere, for this reason; what names it comes first.
    Nowhere(String, String),
}

/// Columns of a table that say how a raw file is read.
pub const SETTINGS: [&str; 7] =
    ["dtype", "num_channels", "sampling_frequency", "gain_to_uv", "offset_to_uv", "probe", "stream"];

impl Entry {
    fn at(path: PathBuf) -> Self {
        Self::of(Place::Path(path))
    }

    fn of(place: Place) -> Self {
        Self { keys: BTreeMap::new(), place, truth: None, settings: Map::new(), state_point: None }
    }

    /// The file or folder it is, or is named by.
    fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Path(path) => Some(path),
            Place::Nowhere(name, _) => Some(Path::new(name)),
            Place::Pointed(_) => None,
        }
    }

    /// What names it, for people.
    pub fn name(&self) -> String {
        match &self.place {
            Place::Path(path) => path.display().to_string(),
            Place::Pointed(pointer) => pointer.file.display().to_string(),
            Place::Nowhere(name, _) => name.clone(),
        }
    }

    /// The files it is made of.
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.place {
            // A file that is no JSON refers to no others.
            Place::Path(path)
                if path.extension().is_some_and(|ending| ending != "json") && path.is_file() =>
            {
                vec![path.clone()]
            }
            Place::Path(path) => super::files_behind(path),
            Place::Pointed(pointer) => vec![pointer.file.clone()],
            Place::Nowhere(..) => Vec::new(),
        }
    }

    /// Opens it; what the study says of it comes before `options`.
    ///
    /// # Errors
    /// Where it is missing or broken, or a setting is none that a reader knows.
    pub fn open(&self, options: &OpenOptions, notes: Option<&Path>) -> Result<Recording, Error> {
        let options = self.told(options)?;
        match &self.place {
            Place::Path(path) => open_noted(path, &options, notes, open_recording),
            Place::Pointed(pointer) => pointer.open(&options, notes),
            Place::Nowhere(name, reason) => Err(Error::format(Path::new(name), reason.clone())),
        }
    }

    /// Options or parameters of a reader, where what the study says of this recording comes before what is usual.
    ///
    /// # Errors
    /// Where it is none that a reader knows.
    pub fn told<T: Clone + Serialize + DeserializeOwned>(&self, usual: &T) -> Result<T, Error> {
        if self.settings.is_empty() {
            return Ok(usual.clone());
        }
        let wrong = |error: serde_json::Error| {
            let names: Vec<&str> = self.settings.keys().map(String::as_str).collect();
            Error::format(Path::new(&self.name()), format!("{} of the study: {error}", names.join(", ")))
        };
        let mut all = serde_json::to_value(usual).map_err(wrong)?;
        if let Some(all) = all.as_object_mut() {
            all.extend(self.settings.clone());
        }
        serde_json::from_value(all).map_err(wrong)
    }
}

/// The recordings of a study, whether or not they can be opened: those of folders in order of their keys, the first one of
/// the pattern, or the outermost folder, first; those of a table or a list as they stand there. What is joined follows it.
///
/// # Errors
/// Where the folder or table cannot be read, is none, or lacks the column of paths.
pub fn entries(study: &Study) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    let path = &study.path;
    let mut ordered: Vec<String> = Vec::new();
    if !study.pattern.is_empty() {
        let pattern = Pattern::parse(&study.pattern).map_err(|e| Error::format(path, e))?;
        entries.extend(pattern.find(path)?);
        signac::take_state_points(path, &mut entries, false);
        ordered.extend(pattern.keys().into_iter().map(str::to_owned));
    } else if path.is_dir() {
        entries.extend(folder::find(path)?);
        signac::take_state_points(path, &mut entries, true);
        // Keys of state points in the order of their names: those of jobs have none.
        let of_points = entries.iter().filter(|entry| entry.state_point.is_some());
        let names: BTreeSet<&String> = of_points.flat_map(|entry| entry.keys.keys()).collect();
        ordered.extend(names.into_iter().filter(|name| *name != "recording").cloned());
        ordered.extend(folder::LEVELS.map(str::to_owned));
    } else if !path.as_os_str().is_empty() {
        entries.extend(table::read(study)?);
    }
    let found = entries.len();
    entries.extend(folder::named(&study.files));
    type_keys(&mut entries);
    if !ordered.is_empty() {
        let order_of =
            |entry: &Entry| ordered.iter().map(|key| entry.keys.get(key).map(order)).collect::<Vec<_>>();
        entries[..found].sort_by_cached_key(order_of);
    }
    Ok(entries)
}

/// Recordings that are shown together, at least.
const LEAST: usize = 2;

/// The study that a folder of recordings, a table of them or a SpikeForest JSON is, with its recordings.
pub fn at(path: &Path) -> Option<(Study, Vec<Entry>)> {
    let is_table = ["csv", "tsv", "json"].iter().any(|e| path.extension().is_some_and(|own| own == *e));
    (path.is_dir() || is_table).then(|| several(Study { path: path.to_owned(), ..Study::default() }))?
}

/// The recordings that a table or a SpikeForest JSON lists, though it is one alone, or none of them is there.
pub fn listed_in(path: &Path) -> Option<Vec<Entry>> {
    let study = Study { path: path.to_owned(), ..Study::default() };
    let entries = path.is_file().then(|| entries(&study).ok())??;
    (!entries.is_empty()).then_some(entries)
}

/// A study with its recordings, where there are several and one of them is there.
pub fn several(study: Study) -> Option<(Study, Vec<Entry>)> {
    let entries = entries(&study).ok()?;
    let is_there = |entry: &Entry| entry.files().iter().any(|file| file.exists());
    (entries.len() >= LEAST && entries.iter().any(is_there)).then_some((study, entries))
}

/// The first recording of a study that is a file of its own.
///
/// # Errors
/// As [`entries`], and where none is there.
pub fn first_file(study: &Study) -> Result<PathBuf, Error> {
    let is_there = |entry: Entry| match entry.place {
        Place::Path(path) => path.is_file().then_some(path),
        _ => None,
    };
    let none = || Error::format(&study.path, "none of its recordings is a file that is there");
    entries(study)?.into_iter().find_map(is_there).ok_or_else(none)
}

/// Numbers first, in their order, then words, in which whole numbers have theirs: `b2` comes before `b10`.
fn order(value: &Json) -> Vec<(u8, i128, String)> {
    let text = match value {
        // Finer than any key that is told apart by people.
        Json::Number(number) => {
            return vec![(0, (number.as_f64().unwrap_or(0.0) * 1e9) as i128, String::new())];
        }
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut parts = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let part = &rest[..end];
        let number = if is_digit { part.parse().unwrap_or(i128::MAX) } else { 0 };
        parts.push((if is_digit { 1 } else { 2 }, number, part.to_owned()));
        rest = &rest[end..];
    }
    parts
}

/// Words that are whole numbers, or numbers, in all recordings become such, where nothing of them is lost: `08` and `2024.10`
/// stay words, or no path that is made of them would lead back.
fn type_keys(entries: &mut [Entry]) {
    let names: BTreeSet<String> = entries.iter().flat_map(|entry| entry.keys.keys().cloned()).collect();
    for name in names {
        let words: Option<BTreeSet<&str>> =
            entries.iter().filter_map(|entry| entry.keys.get(&name)).map(Json::as_str).collect();
        let Some(words) = words else { continue };
        let is_whole = words.iter().all(|word| word.parse::<i64>().is_ok_and(|x| x.to_string() == **word));
        let is_real = words
            .iter()
            .all(|word| word.parse::<f64>().is_ok_and(|x| x.is_finite() && x.to_string() == **word));
        for entry in entries.iter_mut() {
            let Some(Json::String(word)) = entry.keys.get(&name) else { continue };
            let typed = match (is_whole, is_real) {
                (true, _) => word.parse::<i64>().ok().map(Json::from),
                (false, true) => word.parse::<f64>().ok().map(Json::from),
                _ => None,
            };
            if let Some(typed) = typed {
                entry.keys.insert(name.clone(), typed);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
