//! Results while they are written, and room for long tasks.

use super::{
    Manifest, Store, StoreError, Stored,
    lease::{self, Asked, Lease},
    place,
};
use crate::{
    io::{
        Error,
        atomic::{remove, this_process},
    },
    pipeline::Key,
};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Tasks longer than this are synced to disk: what takes long to make again should survive a power cut.
const SYNCED_AFTER_S: f64 = 10.0;

fn unique(key: &Key) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{}-{count}", &key.to_string()[..12], this_process())
}

fn lock_path(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    folder.with_file_name(name)
}

/// A result that is being written; removed where it is not committed.
pub struct Draft {
    store: Store,
    key: Key,
    folder: PathBuf,
    /// Tells others that it is being written.
    _lease: Lease,
}

impl Draft {
    pub(super) fn begin(store: &Store, key: &Key) -> Result<Self, StoreError> {
        loop {
            let folder = store.folder.join("tmp").join(unique(key));
            // The same number on another machine.
            let Asked::Ours(lease) = Lease::ask(&lock_path(&folder))? else { continue };
            let draft = Self { store: store.clone(), key: *key, folder, _lease: lease };
            place::make_folder(&draft.folder)?;
            return Ok(draft);
        }
    }

    /// Where to write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the manifest and gives the result its place. Where another process was faster, its result
    /// stays: it was made from the same. `replace` puts this one in the place of one that is there.
    ///
    /// # Errors
    /// Where the disk refuses; nothing is left then.
    pub fn commit(self, mut manifest: Manifest, wall_s: f64, replace: bool) -> Result<Stored, StoreError> {
        manifest.key = self.key.to_string();
        manifest.write(&self.folder)?;
        if wall_s > SYNCED_AFTER_S {
            sync(&self.folder)?;
        }
        let place = self.store.object_folder(&self.key);
        if let Some(parent) = place.parent() {
            place::make_folder(parent)?;
        }
        if replace {
            self.set_aside(&place)?;
        }
        if let Err(e) = fs::rename(&self.folder, &place) {
            if !place.is_dir() {
                return Err(Error::io("write", &place, e).into());
            }
            self.store.forget(&self.key);
            if self.store.find(&self.key).is_none() {
                self.set_aside(&place)?;
                fs::rename(&self.folder, &place).map_err(|e| Error::io("write", &place, e))?;
            }
        }
        let manifest = Manifest::read(&place)?;
        super::lock(&self.store.shared.checked).insert(self.key);
        Ok(Stored { key: self.key, folder: place, manifest: Arc::new(manifest) })
    }

    /// Moves a result away in one step and then removes it; maps of its files stay readable.
    fn set_aside(&self, place: &Path) -> Result<(), StoreError> {
        if place.exists() {
            let aside = self.folder.with_extension("old");
            fs::rename(place, &aside).map_err(|e| Error::io("replace", place, e))?;
            place::remove_folder(&aside)?;
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a commit there is nothing left; a folder that cannot be removed is swept at the next start.
        let _ = place::remove_folder(&self.folder);
    }
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    for inner in place::files_below(folder)? {
        let path = folder.join(inner);
        File::open(&path).and_then(|file| file.sync_all()).map_err(|e| Error::io("write", &path, e))?;
    }
    Ok(())
}

/// What a long task has done so far, for the one process that is at work on it.
#[derive(Debug)]
pub struct ScratchFolder {
    folder: PathBuf,
    _lease: Lease,
}

/// What came of asking for the work on a task.
#[derive(Debug)]
pub enum Work {
    /// It is ours: with what was done before.
    Ours(ScratchFolder),
    /// A living process is at it: who, in words.
    Taken(String),
}

impl ScratchFolder {
    pub(super) fn take(store: &Store, key: &Key) -> Result<Work, StoreError> {
        let folder = store.folder.join("scratch").join(key.to_string());
        let lease = match Lease::ask(&lock_path(&folder))? {
            Asked::Ours(lease) => lease,
            Asked::Taken(owner) => return Ok(Work::Taken(owner)),
        };
        place::make_folder(&folder)?;
        Ok(Work::Ours(Self { folder, _lease: lease }))
    }

    /// Where to write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes it: the task has its result, or what it did is of no use.
    pub fn remove(self) {
        let _ = place::remove_folder(&self.folder);
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // An empty folder is nothing to go on from.
        let _ = fs::remove_dir(&self.folder);
    }
}

impl Store {
    /// Removes what killed processes left in `tmp`; what a living one writes is locked. Another process may sweep at the same
    /// time, and what stays is swept the next time.
    pub(super) fn sweep(&self) -> Result<(), StoreError> {
        for path in place::list(&self.folder.join("tmp"))? {
            let lock = if is_lock(&path) { path.clone() } else { lock_path(&path) };
            if lease::owner(&lock).is_none() {
                remove(&lock.with_extension(""));
                remove(&lock);
            }
        }
        self.sweep_scratch()
    }

    /// Removes what a task had done so far where its process was killed once the result had its place, and files that
    /// belong to no task: those with which a lease was looked at or taken away, which nobody misses.
    fn sweep_scratch(&self) -> Result<(), StoreError> {
        for path in place::list(&self.folder.join("scratch"))? {
            if !is_lock(&path) && !path.is_dir() {
                remove(&path);
                continue;
            }
            let folder = path.with_extension("");
            let key = folder.file_name().and_then(|name| Key::parse(&name.to_string_lossy()));
            let is_done = key.is_some_and(|key| self.object_folder(&key).is_dir());
            if is_done && lease::owner(&lock_path(&folder)).is_none() {
                remove(&folder);
                remove(&lock_path(&folder));
            }
        }
        Ok(())
    }
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "lock")
}

pub(super) fn lock_of(folder: &Path) -> PathBuf {
    lock_path(folder)
}
