//! Checking the store and making room in it.

use super::{Manifest, Store, StoreError, draft, lease, manifest, place};
use std::{collections::BTreeSet, path::PathBuf, time::Duration};

/// What [`Store::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct VerifyReport {
    /// Results looked at.
    pub checked: usize,
    /// Bytes they hold.
    pub bytes: u64,
    /// Damaged results with what is wrong; removed where asked, and made again at the next run.
    pub damaged: Vec<(PathBuf, String)>,
}

/// What [`Store::clean`] should do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CleanOptions {
    /// Only say what would be removed.
    pub dry_run: bool,
    /// Remove the results used longest ago until at most so many bytes are left.
    pub max_bytes: Option<u64>,
    /// Remove results that no pipeline links to any more.
    pub unreferenced: bool,
    /// Remove results that were not used for so long.
    pub max_age: Option<Duration>,
}

/// What [`Store::clean`] did, or would do.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct CleanReport {
    /// Folders removed, with their bytes.
    pub removed: Vec<(PathBuf, u64)>,
    /// Bytes removed.
    pub freed_bytes: u64,
    /// Bytes of results that stay.
    pub kept_bytes: u64,
}

impl Store {
    /// Hashes every file of every result again.
    ///
    /// # Errors
    /// Where the store cannot be listed, or a damaged result cannot be removed.
    pub fn verify(&self, remove_damaged: bool) -> Result<VerifyReport, StoreError> {
        let mut report = VerifyReport::default();
        for folder in self.objects()? {
            report.checked += 1;
            let found = Manifest::read(&folder).map_err(|e| e.to_string()).and_then(|manifest| {
                report.bytes += manifest.total_bytes();
                if self.folder.join("objects").join(split_key(&manifest.key)) != folder {
                    return Err("it lies under another name than its own".to_owned());
                }
                manifest.check_files(&folder)
            });
            if let Err(message) = found {
                if remove_damaged {
                    place::remove_folder(&folder)?;
                }
                report.damaged.push((folder, message));
            }
        }
        super::lock(&self.shared.checked).clear();
        if remove_damaged {
            self.remove_dead_links()?;
        }
        Ok(report)
    }

    /// Removes what is not needed: leftovers of killed runs always, results as asked.
    ///
    /// # Errors
    /// Where the store cannot be listed or a folder cannot be removed.
    pub fn clean(&self, options: &CleanOptions) -> Result<CleanReport, StoreError> {
        let mut report = CleanReport::default();
        for folder in place::list(&self.folder.join("scratch"))? {
            if folder.is_dir() && lease::owner(&draft::lock_of(&folder)).is_none() {
                let bytes = bytes_below(&folder);
                self.remove(folder, bytes, options, &mut report)?;
            }
        }
        let linked = self.linked("results")?;
        let pinned = self.linked(super::links::PINS)?;
        let (mut kept, mut pinned_bytes) = (Vec::new(), 0);
        for folder in self.objects()? {
            let bytes = bytes_below(&folder);
            let manifest = Manifest::read(&folder);
            let is_in = |links: &BTreeSet<PathBuf>| folder.canonicalize().is_ok_and(|f| links.contains(&f));
            let is_linked = is_in(&linked);
            if is_in(&pinned) && manifest.is_ok() {
                pinned_bytes += bytes;
                continue;
            }
            let used = manifest::last_used(&folder);
            let age = used.and_then(|time| time.elapsed().ok());
            let is_old = options.max_age.is_some_and(|max| age.is_some_and(|age| age > max));
            if manifest.is_err() || is_old || (options.unreferenced && !is_linked) {
                self.remove(folder, bytes, options, &mut report)?;
            } else {
                kept.push((is_linked, used, folder, bytes));
            }
        }
        // What no pipeline links to goes first, then what was used longest ago.
        kept.sort();
        let mut left: u64 = pinned_bytes + kept.iter().map(|(.., bytes)| bytes).sum::<u64>();
        for (.., folder, bytes) in kept {
            if options.max_bytes.is_some_and(|max| left > max) {
                left -= bytes;
                self.remove(folder, bytes, options, &mut report)?;
            }
        }
        report.kept_bytes = left;
        if !options.dry_run {
            self.sweep()?;
            place::remove_folder(&self.folder.join("failed"))?;
            super::lock(&self.shared.checked).clear();
            self.remove_dead_links()?;
        }
        Ok(report)
    }

    fn remove(
        &self,
        folder: PathBuf,
        bytes: u64,
        options: &CleanOptions,
        report: &mut CleanReport,
    ) -> Result<(), StoreError> {
        if !options.dry_run {
            place::remove_folder(&folder)?;
        }
        report.freed_bytes += bytes;
        report.removed.push((folder, bytes));
        Ok(())
    }

    fn objects(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut found = Vec::new();
        for start in place::list(&self.folder.join("objects"))?.into_iter().filter(|p| p.is_dir()) {
            found.extend(place::list(&start)?.into_iter().filter(|p| p.is_dir()));
        }
        Ok(found)
    }
}

fn split_key(key: &str) -> PathBuf {
    match key.split_at_checked(2) {
        Some((start, rest)) => PathBuf::from(start).join(rest),
        None => PathBuf::from(key),
    }
}

fn bytes_below(folder: &std::path::Path) -> u64 {
    let files = place::files_below(folder).unwrap_or_default();
    files.iter().filter_map(|f| std::fs::metadata(folder.join(f)).ok()).map(|m| m.len()).sum()
}
