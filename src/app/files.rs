//! What files are: pipelines, recordings, sortings, folders of them.

use super::{
    browser::Entry,
    examples,
    results::{self, Given},
    text, texts,
    views::{PATHS_START, SHOWS},
};
use crate::{
    data::RecordingInfo,
    engine::{geometry::Geometry, sort::SortPreset},
    inspect::streams_in,
    io::{self, study::Study},
    pipeline::{Document, Opened, Params, Registry},
};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Channels that are one group without a probe; more need one.
const MAX_WITHOUT_PROBE: usize = 8;

/// What files of samples without a header are called among the formats.
const RAW: &str = "binary";

/// One of these lies in a folder of results, beside its pipeline.
const RESULT_FILES: [&str; 3] = ["manifest.json", "run.json", "provenance.json"];
/// How many folders a figure lies below its pipeline at most.
const RESULT_DEPTH: usize = 3;

/// What a file turned out to be.
#[derive(Debug)]
pub enum OpenedFile {
    /// A pipeline and what is wrong with it.
    Pipeline(Opened),
    /// A recording, a sorting or both: these nodes read it.
    Readers {
        /// Kinds of the nodes, the one to look at first.
        kinds: Vec<&'static str>,
        /// Of a recording: what it is, and the example whose steps fit its probe.
        fitting: Option<Fitting>,
    },
    /// Many recordings: this node reads them.
    Study {
        /// What it is told.
        params: Params,
        /// What they are, and the example whose steps fit the first of them.
        fitting: Option<Fitting>,
    },
    /// A file of raw samples that says nothing of itself.
    Raw,
    /// The contacts of a recording, nothing by themselves.
    Probe,
    /// Raw files of a folder of an acquisition program, the one with spikes first.
    Streams(Vec<PathBuf>),
    /// The pipeline that made results or a picture: shown as a copy, so that nothing is saved over it.
    Copy {
        /// The pipeline and what is wrong with it.
        opened: Opened,
        /// What it made: a picture, a folder of results or those of a node.
        name: String,
        /// Where its relative paths start, where that is known and there.
        folder: Option<PathBuf>,
        /// The end that the picture shows, or whose results they are.
        shown: Option<String>,
        /// What lies in the folder.
        given: Given,
    },
    /// A folder that is nothing by itself: there may be something in it.
    Folder {
        /// What was found, for people.
        words: String,
    },
}

/// What fits a recording.
#[derive(Clone, Debug)]
pub struct Fitting {
    /// What it is: `32 channels · 30 kHz · 2 min, contacts as of a linear probe`.
    pub words: String,
    /// Index of the example whose steps fit, or why none is chosen.
    pub example: Result<usize, &'static str>,
}

/// Reads a file: a pipeline, what was made by one, or what reads it.
pub fn read_file(path: &Path, registry: &Registry) -> Result<OpenedFile, String> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if ending == "ron" {
        return Document::read(path, registry).map(OpenedFile::Pipeline).map_err(|error| error.to_string());
    }
    if !path.exists() {
        return Err(texts::files::file_is_gone(&path.display()));
    }
    if ["svg", "png"].contains(&ending.as_str()) {
        return pipeline_of_picture(path, registry);
    }
    match document_for(path) {
        Some(document) => copy_of(path, &document, registry),
        None => readers_of(path),
    }
}

/// The pipeline that travels inside a picture, or lies beside it in a folder of results.
fn pipeline_of_picture(path: &Path, registry: &Registry) -> Result<OpenedFile, String> {
    let travelling = io::travel::attached(path).map_err(|error| error.to_string())?;
    let Some(text) = travelling else {
        return match path.ancestors().skip(1).take(RESULT_DEPTH).find_map(document_of) {
            Some(document) => copy_of(path, &document, registry),
            None => Err(texts::files::holds_no_pipeline(&path.display())),
        };
    };
    let opened = Document::parse(&text, &path.display().to_string(), registry).map_err(|e| e.to_string())?;
    let first = text.lines().next().unwrap_or_default();
    let folder = first.split_once(PATHS_START).map(|(_, folder)| PathBuf::from(folder));
    let folder = folder.filter(|folder| folder.is_dir());
    let shown = first.strip_prefix(SHOWS).and_then(|rest| Some(rest.split_once(". ")?.0.to_owned()));
    Ok(OpenedFile::Copy { opened, name: name_of(path), folder, shown, given: Given::new() })
}

/// What a path that is opened stands for: of a folder that is nothing by itself, the one thing it holds.
pub fn meant(path: PathBuf) -> PathBuf {
    // What SpikeGLX wrote of its samples stands for them.
    if let Some(samples) = io::samples_of_meta(&path) {
        return samples;
    }
    if document_for(&path).is_some() {
        return path;
    }
    let only = io::only_entry(&path).filter(|only| document_of(only).is_some());
    only.or_else(|| io::only_one_inside(&path)).unwrap_or(path)
}

/// The pipeline in a folder of results.
fn document_of(folder: &Path) -> Option<PathBuf> {
    let is_result = RESULT_FILES.iter().any(|name| folder.join(name).is_file());
    Some(folder.join("pipeline.ron")).filter(|document| is_result && document.is_file())
}

/// The pipeline of a folder: in it, or in the result that it is a part of and says nothing without.
fn document_for(path: &Path) -> Option<PathBuf> {
    let is_own = |found: io::Description| found.format == io::KEPT_SORTING;
    let is_part = || path.is_dir() && io::describe(path, &io::OpenOptions::default()).map_or(true, is_own);
    let above = || path.ancestors().skip(1).take(RESULT_DEPTH).find_map(document_of);
    document_of(path).or_else(|| above().filter(|_| is_part()))
}

/// The pipeline of results; those of a node, whose name their folders have, are what is looked at.
fn copy_of(path: &Path, document: &Path, registry: &Registry) -> Result<OpenedFile, String> {
    let opened = Document::read(document, registry).map_err(|error| error.to_string())?;
    let mut names = path.ancestors().take(RESULT_DEPTH).filter_map(|folder| folder.file_name()?.to_str());
    let node = names.find_map(|name| opened.pipeline.node(name));
    let shown = node.and_then(|node| {
        let outputs = registry.get(&node.kind)?.outputs(&node.params);
        Some(format!("{}.{}", node.name, outputs.first()?.name))
    });
    let node = node.map(|node| node.name.clone());
    let folder = document.parent().unwrap_or(path);
    let found = results::read(folder, &opened.pipeline, registry);
    // The part of a result that was opened has the name of the port it left.
    let part = path.strip_prefix(folder).ok().and_then(|part| part.iter().next()?.to_str());
    let of_part = found.node.as_ref().zip(part).map(|(node, port)| format!("{node}.{port}"));
    let of_part = of_part.filter(|end| found.given.contains_key(end));
    // Folders of the store are called by their hash.
    let name = node.or(found.node).unwrap_or_else(|| name_of(path));
    let (folder, shown) = (found.folder, shown.or(of_part).or(found.shown));
    Ok(OpenedFile::Copy { opened, name, folder, shown, given: found.given })
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Folders first, then files, by name; what is hidden is left out.
pub fn list_folder(folder: &Path) -> std::io::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = std::fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Through links: a link to a folder is a folder.
            let data = std::fs::metadata(entry.path()).ok()?;
            (!name.starts_with('.')).then(|| Entry { name, is_folder: data.is_dir(), size: data.len() })
        })
        .collect();
    entries.sort_by_cached_key(|e| (!e.is_folder, e.name.to_lowercase()));
    Ok(entries)
}

/// What a path is, in words, and whether it can be opened as it is.
pub fn recognise(path: &Path) -> (String, bool) {
    let only = io::only_entry(path);
    if document_for(path).is_some() || only.is_some_and(|only| document_of(&only).is_some()) {
        return (texts::files::results_with_their_pipeline().to_owned(), true);
    }
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("ron")) {
        return (texts::files::pipeline().to_owned(), true);
    }
    let Ok(found) = io::describe(path, &io::OpenOptions::default()) else {
        if let Some(streams) = streams_at(path) {
            return (texts::files::streams(streams.len()), true);
        }
        let words = if path.is_dir() { texts::files::unknown_folder() } else { texts::files::unknown_file() };
        return (words.to_owned(), path.is_file());
    };
    let words = match (found.is_recording, found.is_sorting) {
        (true, true) => texts::files::recording_and_sorting(),
        (false, true) => texts::files::sorting(),
        _ => texts::files::recording(),
    };
    let opened = found.is_recording.then(|| io::open_recording(path, &io::OpenOptions::default()).ok());
    let words = match opened.flatten() {
        Some(recording) => format!("{} · {}", found.label, in_words(recording.info())),
        None => format!("{} · {words}", found.label),
    };
    (words, true)
}

/// The nodes that read all that a file holds; one that is not recognised is raw samples until told more.
fn readers_of(path: &Path) -> Result<OpenedFile, String> {
    let options = io::OpenOptions::default();
    let recording = |fitting| Ok(OpenedFile::Readers { kinds: vec!["read_recording"], fitting });
    match io::describe(path, &options) {
        Ok(found) if found.is_sorting => {
            // The traces of a phy folder or an analyzer lie elsewhere and may be gone.
            let traces = found.is_recording && io::open_recording(path, &options).is_ok();
            let kinds =
                [(traces, "read_recording"), (true, "read_sorting"), (found.has_templates, "read_templates")];
            Ok(OpenedFile::Readers {
                kinds: kinds.iter().filter(|(is, _)| *is).map(|(_, kind)| *kind).collect(),
                fitting: None,
            })
        }
        Ok(found) => match io::open_recording(path, &options) {
            Ok(opened) => recording(Some(fitting(opened.info()))),
            Err(_) if found.format == RAW => Ok(OpenedFile::Raw),
            // The node says on the canvas what is wrong.
            Err(_) => recording(None),
        },
        Err(error @ io::Error::Io { .. }) => Err(error.to_string()),
        Err(_) if let Some(streams) = streams_at(path) => Ok(OpenedFile::Streams(streams)),
        Err(error) if path.is_dir() && io::is_known_but_not_read(path) => Err(error.to_string()),
        Err(_) if let Some(study) = study_at(path) => Ok(study),
        Err(error) if path.is_dir() => Ok(OpenedFile::Folder { words: error.to_string() }),
        Err(_) if path.is_file() && io::probe::read_probe(&path.to_string_lossy()).is_ok() => {
            Ok(OpenedFile::Probe)
        }
        Err(_) if is_text(path) => Err(texts::files::text_is_no_recording(&path.display())),
        Err(_) => Ok(OpenedFile::Raw),
    }
}

/// The raw files of a folder that an acquisition program wrote.
fn streams_at(path: &Path) -> Option<Vec<PathBuf>> {
    Some(streams_in(path)).filter(|streams| path.is_dir() && !streams.is_empty())
}

/// The study that a folder of recordings, a table of them or a SpikeForest JSON is.
fn study_at(path: &Path) -> Option<OpenedFile> {
    let (of, entries) = io::study::at(path)?;
    Some(study(&of, &entries))
}

fn study(study: &Study, entries: &[io::study::Entry]) -> OpenedFile {
    let first = entries.iter().find_map(|entry| entry.open(&io::OpenOptions::default(), None).ok());
    let fitting = first.map(|recording| {
        let fitting = fitting(recording.info());
        Fitting { words: texts::files::recordings_such_as(&entries.len(), &fitting.words), ..fitting }
    });
    let mut params = Params::new();
    if study.files.is_empty() {
        params.insert("path".into(), study.path.to_string_lossy().into_owned().into());
    } else {
        let files: Vec<_> = study.files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        params.insert("files".into(), files.into());
    }
    OpenedFile::Study { params, fitting }
}

/// Files that are recordings and nothing else, as one study, and the folder of the first.
pub fn study_of(paths: &[PathBuf]) -> Option<(PathBuf, OpenedFile)> {
    let is_recording = |path: &PathBuf| {
        let found = io::describe(path, &io::OpenOptions::default());
        document_of(path).is_none() && found.is_ok_and(|found| found.is_recording && !found.is_sorting)
    };
    let folder = paths.first()?.parent()?.to_owned();
    if !paths.iter().all(is_recording) {
        return None;
    }
    let (of, entries) = io::study::several(Study { files: paths.to_vec(), ..Study::default() })?;
    Some((folder, study(&of, &entries)))
}

/// True where a file begins as texts do and samples do not: with nothing but letters, digits and the like.
fn is_text(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut start));
    let is_printed = |byte: &u8| byte.is_ascii_graphic() || b" \t\r\n".contains(byte);
    read.is_ok() && !start.is_empty() && start.iter().all(is_printed)
}

/// What a recording is, and the example for its contacts.
pub fn fitting(info: &RecordingInfo) -> Fitting {
    let geometry = Geometry::known_of(info);
    let words = in_words(info);
    let most = geometry.members().iter().map(Vec::len).max().unwrap_or(0);
    if info.probe.is_none() && most > MAX_WITHOUT_PROBE {
        let reason = texts::files::no_probe_for_a_template();
        return Fitting { words, example: Err(reason) };
    }
    let preset = SortPreset::fitting(&geometry);
    let contacts = match preset {
        SortPreset::SingleWire => texts::files::contacts_far_apart(),
        SortPreset::Tetrode => texts::files::contacts_as_of_a_tetrode(),
        SortPreset::Linear => texts::files::contacts_as_of_a_linear(),
        SortPreset::Neuropixels1 => texts::files::contacts_as_of_neuropixels_1(),
        SortPreset::Neuropixels2 => texts::files::contacts_as_of_neuropixels_2(),
        SortPreset::HdMea => texts::files::contacts_in_a_plane(),
    };
    Fitting { words: format!("{words}, {contacts}"), example: Ok(examples::fitting(preset)) }
}

fn in_words(info: &RecordingInfo) -> String {
    let rate = text::number(info.sampling_frequency / 1e3);
    let channels = texts::counts::channels(info.num_channels());
    format!("{channels} · {rate} kHz · {}", text::took(info.duration_s()))
}
