//! Results in plain sight: links from a pipeline's nodes and items to the folders of their results.

use super::{Store, StoreError, place};
use crate::{
    io::{Error, absolute, atomic::this_process},
    pipeline::Coordinate,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Links to results that stay whatever is cleaned.
pub(super) const PINS: &str = "pins";

impl Store {
    /// The folder of a pipeline's results: its file name and 8 digits of its path.
    pub fn results_folder(&self, pipeline_path: &Path) -> PathBuf {
        let whole = absolute(pipeline_path);
        let whole = whole.canonicalize().unwrap_or(whole);
        let stem = whole.file_stem().map_or_else(|| "pipeline".into(), |s| s.to_string_lossy());
        let hash = blake3::hash(whole.as_os_str().as_encoded_bytes()).to_hex();
        self.folder.join("results").join(format!("{}-{}", place::file_name(&stem), &hash[..8]))
    }

    /// Links the items of a node to their results and returns where a user finds them: the folder of
    /// links, or the result itself where there is one item without keys. Where these are `all` items, links of others go.
    ///
    /// # Errors
    /// Where links cannot be made.
    pub fn link_results(
        &self,
        results: &Path,
        node: &str,
        items: &[(Coordinate, PathBuf)],
        all: bool,
    ) -> Result<PathBuf, StoreError> {
        let folder = results.join(place::node_name(node));
        place::make_folder(&folder)?;
        let mut wanted = BTreeSet::new();
        for (coordinate, target) in items {
            let name = link_name(coordinate);
            link(target, &folder.join(&name))?;
            wanted.insert(name);
        }
        let others = if all { place::list(&folder)? } else { Vec::new() };
        for path in others {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !wanted.contains(&name) {
                fs::remove_file(&path).map_err(|e| Error::io("remove", &path, e))?;
            }
        }
        match items {
            [(coordinate, target)] if coordinate.is_empty() => Ok(target.clone()),
            _ => Ok(folder),
        }
    }

    /// The result that an item of a node had after the last run, whether or not it is still there.
    pub(in crate::pipeline) fn linked_result(
        &self,
        results: &Path,
        node: &str,
        coordinate: &Coordinate,
    ) -> Option<PathBuf> {
        let folder = results.join(place::node_name(node));
        let link = folder.join(link_name(coordinate));
        match fs::read_link(&link) {
            Ok(inner) => Some(folder.join(inner)),
            Err(_) => fs::read_to_string(&link).ok().map(|text| PathBuf::from(text.trim())),
        }
    }

    /// Whether a node of a pipeline had results before.
    pub fn has_results(&self, results: &Path, node: &str) -> bool {
        place::list(&results.join(place::node_name(node))).is_ok_and(|links| !links.is_empty())
    }

    /// Keeps the results of a pipeline whatever is cleaned, and says how many there are.
    ///
    /// # Errors
    /// Where links cannot be made.
    pub fn pin(&self, pipeline_path: &Path) -> Result<usize, StoreError> {
        let (results, pins) = self.pins_of(pipeline_path);
        let mut count = 0;
        for node in place::list(&results)?.iter().filter(|p| p.is_dir()) {
            let folder = pins.join(node.file_name().unwrap_or_default());
            for found in place::list(node)? {
                let Some(object) = target(&found) else { continue };
                place::make_folder(&folder)?;
                // Of other parameters both are kept: the name of the result tells them apart.
                let key = object.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned());
                let key: String = key.collect::<Vec<_>>().into_iter().rev().collect();
                link(&object, &folder.join(key))?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Undoes [`Self::pin`] and says how many were kept.
    ///
    /// # Errors
    /// Where links cannot be removed.
    pub fn unpin(&self, pipeline_path: &Path) -> Result<usize, StoreError> {
        let (_, pins) = self.pins_of(pipeline_path);
        let count = place::files_below(&pins)?.len();
        place::remove_folder(&pins)?;
        Ok(count)
    }

    fn pins_of(&self, pipeline_path: &Path) -> (PathBuf, PathBuf) {
        let results = self.results_folder(pipeline_path);
        let pins = self.folder.join(PINS).join(results.file_name().unwrap_or_default());
        (results, pins)
    }

    /// Results that a link below a folder of pipelines leads to.
    pub(super) fn linked(&self, folder: &str) -> Result<BTreeSet<PathBuf>, StoreError> {
        let mut found = BTreeSet::new();
        for pipeline in place::list(&self.folder.join(folder))? {
            for node in place::list(&pipeline)?.iter().filter(|p| p.is_dir()) {
                found.extend(place::list(node)?.iter().filter_map(|link| target(link)));
            }
        }
        Ok(found)
    }

    /// Removes links that lead nowhere.
    pub(super) fn remove_dead_links(&self) -> Result<(), StoreError> {
        for pipeline in place::list(&self.folder.join("results"))? {
            for node in place::list(&pipeline)?.iter().filter(|p| p.is_dir()) {
                for link in place::list(node)? {
                    if target(&link).is_none() {
                        fs::remove_file(&link).map_err(|e| Error::io("remove", &link, e))?;
                    }
                }
                // Goes only where nothing is left in it.
                let _ = fs::remove_dir(node);
            }
            let _ = fs::remove_dir(&pipeline);
        }
        Ok(())
    }
}

fn link_name(coordinate: &Coordinate) -> String {
    let text = coordinate.to_string();
    if text.is_empty() { "result".to_owned() } else { place::file_name(&text) }
}

/// The folder a link leads to, where it is there.
fn target(link: &Path) -> Option<PathBuf> {
    if link.is_symlink() {
        return link.canonicalize().ok();
    }
    fs::read_to_string(link).ok().and_then(|text| Path::new(text.trim()).canonicalize().ok())
}

/// Makes or replaces a link in one step.
fn link(target: &Path, path: &Path) -> Result<(), Error> {
    let target = absolute(target);
    // Of many links most are there already.
    #[cfg(unix)]
    if fs::read_link(path).is_ok_and(|found| found == relative(&target, path)) {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.part", this_process()));
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(relative(&target, path), &beside);
    // Links need special rights there: a file with the path of the folder is as good.
    #[cfg(not(unix))]
    let made = fs::write(&beside, target.to_string_lossy().as_bytes());
    made.and_then(|()| fs::rename(&beside, path)).map_err(|e| {
        let _ = fs::remove_file(&beside);
        Error::io("link", path, e)
    })
}

/// The target as seen from the folder of the link, so that a store can be moved as a whole.
#[cfg(unix)]
fn relative(target: &Path, link: &Path) -> PathBuf {
    let link = absolute(link);
    let shared = target.iter().zip(link.iter()).take_while(|(a, b)| a == b).count();
    let up = link.iter().count().saturating_sub(shared + 1);
    std::iter::repeat_n(Path::new(".."), up).map(Path::as_os_str).chain(target.iter().skip(shared)).collect()
}
