//! Probes to choose from: those that come with the program, and files in a folder of the user's.

use super::{bundled, from_its_name, read};
use crate::data::Probe;
use std::path::{Path, PathBuf};

/// Files of a folder that are looked at, and folders below it.
const MOST_FILES: usize = 3000;
const DEPTH: usize = 3;
/// Contacts of a small picture.
const MOST_DOTS: usize = 128;

/// A probe to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct OnShelf {
    /// The name or path it is read by.
    pub source: String,
    /// Its model.
    pub model: String,
    /// Who makes it, empty where unknown.
    pub maker: String,
    /// What it is, where that is told.
    pub about: String,
    /// Contacts.
    pub num_contacts: usize,
    /// Shanks.
    pub num_shanks: usize,
    /// True where it is a file of the user's.
    pub is_file: bool,
    /// Contacts of a small picture, from 0 to 1 to the right and up; not all of a large probe.
    pub picture: Vec<[f32; 2]>,
    /// What a search looks at.
    words: String,
}

impl OnShelf {
    fn new(source: String, model: String, about: String, probe: &Probe, is_file: bool) -> Self {
        let words = [model.as_str(), &probe.manufacturer, &about, &source, &probe.contacts.len().to_string()];
        let words =
            format!("{} {}", words.map(str::to_lowercase).join(" "), if is_file { "yours" } else { "" });
        // A name is also found without its hyphens.
        let words = format!("{words} {}", plain(&words));
        Self {
            source,
            model,
            maker: probe.manufacturer.clone(),
            about,
            num_contacts: probe.contacts.len(),
            num_shanks: probe.shank_ids.len(),
            is_file,
            picture: picture(probe),
            words,
        }
    }

    /// True where all words of a search fit.
    pub fn is_found_by(&self, search: &str) -> bool {
        search.to_lowercase().split_whitespace().all(|word| self.words.contains(word))
    }
}

fn plain(words: &str) -> String {
    words.chars().filter(|c| !"-_/".contains(*c)).collect()
}

/// The contacts in a square of side 1, a narrow probe a little wider than it is.
fn picture(probe: &Probe) -> Vec<[f32; 2]> {
    let places = || probe.contacts.iter().map(|contact| contact.position_um);
    let least = |axis: usize| places().map(|place| place[axis]).fold(f64::INFINITY, f64::min);
    let most = |axis: usize| places().map(|place| place[axis]).fold(f64::NEG_INFINITY, f64::max);
    let (low, size) = ([least(0), least(1)], [most(0) - least(0), most(1) - least(1)]);
    let longest = size[0].max(size[1]).max(1e-9);
    let share = |axis: usize| if size[axis] > 0.0 { (size[axis] / longest).max(0.15) } else { 0.0 };
    let at = |place: [f64; 2], axis: usize| {
        let along = if size[axis] > 0.0 { (place[axis] - low[axis]) / size[axis] - 0.5 } else { 0.0 };
        (0.5 + along * share(axis)) as f32
    };
    let step = probe.contacts.len().div_ceil(MOST_DOTS).max(1);
    places().step_by(step).map(|place| [at(place, 0), at(place, 1)]).collect()
}

/// All probes there are to choose from, by maker and model. Files that are no probes are left out.
pub fn shelf(folder: &Path) -> Vec<OnShelf> {
    let mut found: Vec<OnShelf> = bundled()
        .iter()
        .filter_map(|known| {
            let probe = read(&known.name).ok()?.probe;
            Some(OnShelf::new(
                known.name.clone(),
                known.name.clone(),
                known.description.clone(),
                &probe,
                false,
            ))
        })
        .collect();
    found.extend(own_probes(folder));
    found.sort_by_cached_key(|probe| {
        (probe.maker.to_lowercase(), probe.num_contacts, probe.model.to_lowercase())
    });
    found
}

/// The user's own probes in a folder and those in it, in order of their files. Files that are no probes are left out.
pub fn own_probes(folder: &Path) -> Vec<OnShelf> {
    let mut files = Vec::new();
    probe_files(folder, DEPTH, &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let source = path.to_string_lossy().into_owned();
        let probe = read(&source).ok()?.probe;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let model = if probe.name.is_empty() { stem } else { probe.name.clone() };
        Some(OnShelf::new(source, model, String::new(), &probe, true))
    };
    files.into_iter().filter_map(read).collect()
}

/// A probe that is not on the shelf but can be made from the name that was typed.
pub fn on_demand(name: &str) -> Option<OnShelf> {
    let known = from_its_name(name)?;
    let probe = read(&known.name).ok()?.probe;
    Some(OnShelf::new(known.name.clone(), known.name, known.description, &probe, false))
}

/// The file of a probe in a folder by its model or the name of its file.
pub fn file_of(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut files = Vec::new();
    probe_files(folder, DEPTH, &mut files);
    files.sort();
    let is_named = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case(name));
    let is_model = |path: &PathBuf| {
        read(&path.to_string_lossy()).is_ok_and(|read| read.probe.name.eq_ignore_ascii_case(name))
    };
    files.iter().find(|path| is_named(path)).or_else(|| files.iter().find(|path| is_model(path))).cloned()
}

fn probe_files(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if found.len() >= MOST_FILES {
            return;
        }
        if path.is_dir() && depth > 0 {
            probe_files(&path, depth - 1, found);
        } else if path.extension().is_some_and(|e| e == "json" || e == "prb") {
            found.push(path);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_shelf_is_searched_by_maker_model_and_contacts() {
        let folder = tempfile::tempdir().unwrap();
        let mine = Probe { name: "My wires".into(), ..Probe::from_positions(&[[0.0, 0.0], [0.0, 20.0]]) };
        super::super::write_probeinterface(&folder.path().join("a.json"), &mine).unwrap();
        std::fs::write(folder.path().join("b.json"), "{}").unwrap();
        let shelf = shelf(folder.path());
        let found = |search: &str| -> Vec<&str> {
            shelf.iter().filter(|probe| probe.is_found_by(search)).map(|probe| probe.model.as_str()).collect()
        };
        assert_eq!(found("cambridge assy236h3"), ["ASSY-236-H3"]);
        assert_eq!(found("NeuroNexus 32 poly3 25s"), ["A1x32-Poly3-5mm-25s-177"]);
        assert_eq!(found("my wires"), ["My wires"]);
        assert!(found("neuropixels ultra").len() >= 5 && found("plexon 1024").len() == 2);
        assert!(shelf.iter().flat_map(|probe| &probe.picture).flatten().all(|x| (0.0..=1.0).contains(x)));
        assert_eq!(file_of(folder.path(), "my wires"), Some(folder.path().join("a.json")));
        assert_eq!(file_of(folder.path(), "A"), Some(folder.path().join("a.json")));
        assert_eq!(file_of(folder.path(), "b.json"), None);
        assert_eq!(on_demand("a4x8-5mm-75-150-413").unwrap().num_shanks, 4);
        assert!(on_demand("H3").is_none() && on_demand("").is_none());
    }
}
