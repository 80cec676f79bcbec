//! What was written for the user before, so that a rerun may replace its own files and never anybody else's.
//!
//! Each folder that holds such files has a `.spikeloom-written.json` beside them: names and fingerprints.

use super::{Error, atomic};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

const LEDGER: &str = ".spikeloom-written.json";

/// Writes `path` with `fill`, which replaces what lies there: only what was written there before and left alone since,
/// or, where `overwrite` says so, anything but the files in `reads`, which `fill` reads from.
///
/// # Errors
/// Those of `fill`, and where something else is there; says what to do.
pub fn replace(
    path: &Path,
    overwrite: bool,
    reads: &[PathBuf],
    fill: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let target = whole(path);
    if let Some(read) = reads.iter().find(|read| whole(read).starts_with(&target)) {
        return Err(Error::format(
            path,
            format!(
                "what is written here is read from {}, which is in it and would be lost. Choose another name.",
                read.display()
            ),
        ));
    }
    if !overwrite {
        check(path)?;
    }
    let before = fingerprint(path)?;
    WATCHED.set(Some((path.to_owned(), before)));
    let filled = fill();
    WATCHED.set(None);
    filled?;
    match fingerprint(path)? {
        Some(found) => note(path, found),
        None => Ok(()),
    }
}

thread_local! {
    /// What this thread replaces, and the fingerprint of what lay there before.
    static WATCHED: RefCell<Option<(PathBuf, Option<String>)>> = const { RefCell::new(None) };
}

/// `part` is about to get the name `path`: where that is being replaced, both are noted as ours before, so that neither is
/// taken for another one's after a kill in between.
///
/// # Errors
/// Where the note cannot be written.
pub(super) fn about_to_place(part: &Path, path: &Path) -> Result<(), Error> {
    let before = WATCHED.with_borrow(|watched| match watched {
        Some((watched, before)) if watched == path => Some(before.clone()),
        _ => None,
    });
    let (Some(before), Some(found)) = (before, fingerprint(part)?) else { return Ok(()) };
    note(path, before.map_or_else(|| found.clone(), |before| format!("{found} {before}")))
}

/// Whether `path` may be written: nothing is there, or what was written there before is unchanged.
///
/// # Errors
/// Where something else is there; says what to do.
fn check(path: &Path) -> Result<(), Error> {
    let Some(found) = fingerprint(path)? else { return Ok(()) };
    let (ledger, name) = place(path)?;
    match read(&ledger).get(&name) {
        Some(noted) if noted.split(' ').any(|noted| noted == found) => Ok(()),
        Some(_) => Err(Error::format(
            path,
            "it was changed since it was written and is not overwritten. Choose another name, move it away, or set \
             overwrite.",
        )),
        None => Err(Error::format(
            path,
            "it exists already and is not overwritten. Choose another name, move it away, or set overwrite.",
        )),
    }
}

/// Notes what was written at `path`.
///
/// # Errors
/// Where the note cannot be written.
fn note(path: &Path, found: String) -> Result<(), Error> {
    static WRITING: Mutex<()> = Mutex::new(());
    let (ledger, name) = place(path)?;
    // Several tasks write into one folder at once, and no note may be lost.
    let _one_at_a_time = WRITING.lock();
    // Other processes too; where a folder cannot be locked, they have to write elsewhere.
    let folder = ledger.parent().and_then(|folder| fs::File::open(folder).ok());
    let _locked = folder.filter(|folder| folder.lock().is_ok());
    let mut notes = read(&ledger);
    notes.insert(name, found);
    let text =
        serde_json::to_string_pretty(&notes).map_err(|error| Error::format(&ledger, error.to_string()))?;
    atomic::write_file(&ledger, text.as_bytes())
}

fn place(path: &Path) -> Result<(PathBuf, String), Error> {
    let name =
        path.file_name().ok_or_else(|| Error::format(path, "this names no file or folder to write"))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent.join(LEDGER), name.to_string_lossy().into_owned()))
}

/// A note that cannot be read counts as none: nothing is overwritten then.
fn read(ledger: &Path) -> BTreeMap<String, String> {
    fs::read(ledger).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Of a file its content, of a folder the names and sizes of all files in it; `None` where nothing is there.
fn fingerprint(path: &Path) -> Result<Option<String>, Error> {
    let failed = |source| Error::io("read", path, source);
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(None) };
    let mut hasher = blake3::Hasher::new();
    if metadata.is_dir() {
        let mut files = Vec::new();
        list(path, path, &mut files).map_err(failed)?;
        if files.is_empty() {
            return Ok(None);
        }
        files.sort();
        for (name, size) in files {
            hasher.update(name.as_bytes());
            hasher.update(&size.to_le_bytes());
        }
    } else {
        hasher.update_reader(fs::File::open(path).map_err(failed)?).map_err(failed)?;
    }
    Ok(Some(hasher.finalize().to_hex().to_string()))
}

fn list(top: &Path, folder: &Path, files: &mut Vec<(String, u64)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(top, &entry.path(), files)?;
        } else if entry.file_name() != LEDGER {
            let path = entry.path();
            let name = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().into_owned();
            files.push((name, entry.metadata()?.len()));
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn written(path: &Path) {
        note(path, fingerprint(path).unwrap().unwrap()).unwrap();
    }

    #[test]
    fn what_a_kill_leaves_between_placing_and_noting_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        // As far as a process comes that is killed once the file has its place: the first time, and over an older one.
        for text in ["one", "two"] {
            let killed = std::panic::catch_unwind(|| {
                replace(&path, false, &[], || {
                    atomic::write_file(&path, text.as_bytes())?;
                    panic!("killed");
                })
            });
            assert!(killed.is_err());
            WATCHED.set(None);
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            check(&path).unwrap();
        }
        fs::write(&path, "the user's").unwrap();
        assert!(check(&path).unwrap_err().to_string().contains("changed since"));
    }

    #[test]
    fn only_what_was_written_before_and_left_alone_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        check(&path).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(check(&path).unwrap_err().to_string().contains("exists already"));
        written(&path);
        check(&path).unwrap();
        fs::write(&path, "mine, edited").unwrap();
        assert!(check(&path).unwrap_err().to_string().contains("changed"));
    }

    #[test]
    fn an_input_is_never_overwritten_by_what_is_made_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("recording/traces.raw");
        fs::create_dir(folder.path().join("recording")).unwrap();
        fs::write(&input, "samples").unwrap();
        let clear = |path: &Path| {
            let path = path.to_owned();
            move || fs::remove_dir_all(&path).map_err(|source| Error::io("replace", &path, source))
        };
        for path in [folder.path().join("recording"), folder.path().join("recording/../recording")] {
            let error = replace(&path, true, std::slice::from_ref(&input), clear(&path)).unwrap_err();
            assert!(error.to_string().contains("traces.raw"), "{error}");
        }
        assert_eq!(fs::read(&input).unwrap(), b"samples");
        // Beside it anything goes, and again.
        let beside = folder.path().join("recording2");
        for text in ["1", "2"] {
            let write = || fs::write(&beside, text).map_err(|source| Error::io("write", &beside, source));
            replace(&beside, false, std::slice::from_ref(&input), write).unwrap();
        }
        assert_eq!(fs::read(&beside).unwrap(), b"2");
    }

    #[test]
    fn of_many_that_are_written_at_once_each_is_known_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..16).map(|i| folder.path().join(format!("{i}.csv"))).collect();
        let write = |path: &PathBuf| {
            replace(path, false, &[], || {
                fs::write(path, "rows").map_err(|source| Error::io("write", path, source))
            })
            .unwrap();
        };
        for _ in 0..2 {
            std::thread::scope(|scope| paths.iter().for_each(|path| drop(scope.spawn(|| write(path)))));
        }
    }

    #[test]
    fn what_is_there_is_replaced_only_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        fs::write(&path, "mine").unwrap();
        let write = || fs::write(&path, "ours").map_err(|source| Error::io("write", &path, source));
        assert!(replace(&path, false, &[], write).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        replace(&path, true, &[], write).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ours");
    }

    #[test]
    fn a_folder_with_a_new_file_in_it_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("phy");
        fs::create_dir(&path).unwrap();
        check(&path).unwrap();
        fs::write(path.join("params.py"), "x").unwrap();
        written(&path);
        check(&path).unwrap();
        fs::write(path.join("cluster_group.tsv"), "good").unwrap();
        assert!(check(&path).is_err());
    }
}
