//! Probes to choose from: those that come with the program, and files in a folder of the user's.

use super::{bundled, read};
use std::path::{Path, PathBuf};

/// Files of a folder that are looked at, and folders below it.
const MOST_FILES: usize = 3000;
const DEPTH: usize = 3;

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
}

/// All probes there are to choose from, by maker and model. Files that are no probes are left out.
pub fn shelf(folder: &Path) -> Vec<OnShelf> {
    let mut found: Vec<OnShelf> = bundled()
        .iter()
        .filter_map(|known| {
            let probe = read(known.name).ok()?.probe;
            Some(OnShelf {
                source: known.name.to_owned(),
                model: known.name.to_owned(),
                maker: probe.manufacturer,
                about: known.description.to_owned(),
                num_contacts: probe.contacts.len(),
                num_shanks: probe.shank_ids.len(),
                is_file: false,
            })
        })
        .collect();
    let mut files = Vec::new();
    probe_files(folder, DEPTH, &mut files);
    files.sort();
    found.extend(files.into_iter().filter_map(|path| {
        let source = path.to_string_lossy().into_owned();
        let probe = read(&source).ok()?.probe;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Some(OnShelf {
            source,
            model: if probe.name.is_empty() { stem } else { probe.name },
            maker: probe.manufacturer,
            about: String::new(),
            num_contacts: probe.contacts.len(),
            num_shanks: probe.shank_ids.len(),
            is_file: true,
        })
    }));
    found.sort_by_cached_key(|probe| {
        (probe.maker.to_lowercase(), probe.num_contacts, probe.model.to_lowercase())
    });
    found
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
