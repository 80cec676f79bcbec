//! SpikeForest's JSON: study sets, studies and recordings that point at files by their content.

use super::{Entry, Place};
use crate::{
    data::{Probe, Recording},
    io::{Error, OpenOptions, content::Content, json, mda, noted::opened_when_read},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Keys, and the fields that hold them.
const KEYS: [(&str, &str); 3] =
    [("study_set", "studySetName"), ("study", "studyName"), ("recording", "name")];

/// The field of a recording in a SpikeForest study that holds a key.
pub fn spikeforest_field(key: &str) -> &str {
    KEYS.iter().find(|(own, _)| *own == key).map_or(key, |(_, field)| field)
}

/// A file of samples whose description lies in a JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointer {
    /// The samples, an MDA array.
    pub file: PathBuf,
    /// What the file has to hold, where it is named by its content.
    pub content: Option<Content>,
    /// The JSON that describes it.
    pub described_by: PathBuf,
    /// Samples per second, in Hz.
    pub sampling_frequency: Option<f64>,
    /// µV per raw unit.
    pub scale_factor: Option<f64>,
    /// Places of the channels in µm.
    pub geometry_um: Vec<[f64; 2]>,
}

impl Pointer {
    /// Samples that are named by their content are compared with their name when they are read first.
    pub(super) fn open(&self, options: &OpenOptions, notes: Option<&Path>) -> Result<Recording, Error> {
        let options = OpenOptions {
            sampling_frequency: options.sampling_frequency.or(self.sampling_frequency),
            gain_to_uv: options.gain_to_uv.or(self.scale_factor),
            ..options.clone()
        };
        let recording = mda::open_recording(&self.file, &options)?;
        let recording = match self.content.clone() {
            None => recording,
            Some(content) => {
                let (samples, file) = (recording.clone(), self.file.clone());
                let notes = notes.map(Path::to_owned);
                opened_when_read(&recording, move || {
                    content.verify(&file, notes.as_deref())?;
                    Ok(samples.clone())
                })
            }
        };
        let mut info = recording.info().clone();
        if options.probe.is_some() || self.geometry_um.is_empty() {
            return Ok(recording);
        }
        if self.geometry_um.len() != info.num_channels() {
            let (places, channels) = (self.geometry_um.len(), info.num_channels());
            return Err(Error::format(
                &self.described_by,
                format!("geom has {places} places for the {channels} channels of {}", self.file.display()),
            ));
        }
        info.probe = Some(Arc::new(Probe::from_positions(&self.geometry_um)));
        recording.with_info(info).map_err(|e| Error::format(&self.file, e.to_string()))
    }
}

/// The recordings of a study set, a study or a single recording; `None` where a JSON is something else.
pub(super) fn entries(path: &Path, value: &Json) -> Option<Vec<Entry>> {
    let is_pointer = |recording: &Json| recording.get("recordingUri").is_some();
    let recordings_of = |study: &Json| study.get("recordings").and_then(Json::as_array).cloned();
    if let Some(studies) = value.get("studies").and_then(Json::as_array) {
        let all: Vec<Json> = studies.iter().filter_map(recordings_of).flatten().collect();
        return all.iter().all(is_pointer).then(|| all.iter().map(|one| pointed(path, one)).collect());
    }
    if let Some(all) = recordings_of(value) {
        let is_one = !all.is_empty() && all.iter().all(is_pointer);
        return is_one.then(|| all.iter().map(|one| pointed(path, one)).collect());
    }
    let name = path.file_stem()?.to_string_lossy().into_owned();
    value.get("raw")?.as_str()?;
    let truth = path.with_file_name(format!("{name}.firings_true.json"));
    let keys = BTreeMap::from([("recording".to_owned(), Json::from(name))]);
    let truth = truth.is_file().then(|| truth_at(&truth));
    Some(vec![Entry { keys, truth, ..Entry::of(described(path, value)) }])
}

/// A recording of a study: its keys, and where its pointers lead.
fn pointed(study: &Path, recording: &Json) -> Entry {
    let text = |name: &str| recording.get(name).and_then(Json::as_str);
    let keys = KEYS.iter().filter_map(|(key, field)| Some(((*key).to_owned(), Json::from(text(field)?))));
    let uri = text("recordingUri").unwrap_or_default();
    let place = match whole(uri, study) {
        Ok(file) => match json::read(&file) {
            Ok(value) => described(&file, &value),
            Err(error) => Place::Nowhere(uri.to_owned(), error.to_string()),
        },
        Err(reason) => Place::Nowhere(uri.to_owned(), reason),
    };
    let truth = text("sortingTrueUri").map(|uri| truth_at(&whole(uri, study)?));
    Entry { keys: keys.collect(), truth, ..Entry::of(place) }
}

/// The firings a truth points at.
fn truth_at(path: &Path) -> Result<PathBuf, String> {
    let value = json::read(path).map_err(|e| e.to_string())?;
    let uri = value.get("firings").and_then(Json::as_str).ok_or("it names no firings")?;
    whole(uri, path)
}

/// The samples a recording's JSON points at.
fn described(path: &Path, value: &Json) -> Place {
    let Some(uri) = value.get("raw").and_then(Json::as_str) else {
        return Place::Nowhere(path.display().to_string(), "it names no samples (raw)".into());
    };
    let (file, content) = match resolve(uri, path) {
        Ok(found) => found,
        Err(reason) => return Place::Nowhere(uri.to_owned(), reason),
    };
    let param = |name: &str| value.get("params").and_then(|p| p.get(name)).and_then(Json::as_f64);
    let place = |place: &Json| match place.as_array().map(Vec::as_slice) {
        Some([x, y, ..]) => Some([x.as_f64()?, y.as_f64()?]),
        _ => None,
    };
    let geometry = value.get("geom").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    Place::Pointed(Pointer {
        file,
        content,
        described_by: path.to_owned(),
        sampling_frequency: param("samplerate"),
        scale_factor: param("scale_factor"),
        geometry_um: geometry.iter().filter_map(place).collect(),
    })
}

/// The file a pointer leads to, which is small, and has the content its name says.
fn whole(uri: &str, beside: &Path) -> Result<PathBuf, String> {
    let (file, content) = resolve(uri, beside)?;
    if let Some(content) = content {
        content.verify(&file, None).map_err(|error| error.to_string())?;
    }
    Ok(file)
}

/// The file a pointer leads to: a path beside the JSON, or [`Content`].
fn resolve(uri: &str, beside: &Path) -> Result<(PathBuf, Option<Content>), String> {
    let folder = beside.parent().unwrap_or(Path::new(""));
    match Content::parse(uri) {
        Some(content) => {
            let content = content?;
            Ok((content.find(folder)?, Some(content)))
        }
        None if uri.is_empty() || uri.contains("://") => {
            Err(format!("\"{uri}\" is no pointer that can be followed: sha1:// or a path expected"))
        }
        None => {
            let path = folder.join(uri);
            match path.exists() {
                true => Ok((path, None)),
                false => Err(format!("{} is not there", path.display())),
            }
        }
    }
}
