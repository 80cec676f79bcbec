//! What was written for the user before, so that a rerun may replace its own files and never anybody else's.
//!
//! Each folder that holds such files has a `.spikeloom-written.json` beside them: names and fingerprints.

use super::{Error, atomic};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const LEDGER: &str = ".spikeloom-written.json";

/// Whether `path` may be written: nothing is there, or what was written there before is unchanged.
///
/// # Errors
/// Where something else is there; says what to do.
pub fn check(path: &Path) -> Result<(), Error> {
    let Some(found) = fingerprint(path)? else { return Ok(()) };
    let (ledger, name) = place(path)?;
    match read(&ledger).get(&name) {
        Some(noted) if *noted == found => Ok(()),
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

/// Notes that `path` was written just now.
///
/// # Errors
/// Where the note cannot be written.
pub fn note(path: &Path) -> Result<(), Error> {
    let Some(found) = fingerprint(path)? else { return Ok(()) };
    let (ledger, name) = place(path)?;
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

    #[test]
    fn only_what_was_written_before_and_left_alone_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        check(&path).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(check(&path).unwrap_err().to_string().contains("exists already"));
        note(&path).unwrap();
        check(&path).unwrap();
        fs::write(&path, "mine, edited").unwrap();
        assert!(check(&path).unwrap_err().to_string().contains("changed"));
    }

    #[test]
    fn a_folder_with_a_new_file_in_it_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("phy");
        fs::create_dir(&path).unwrap();
        check(&path).unwrap();
        fs::write(path.join("params.py"), "x").unwrap();
        note(&path).unwrap();
        check(&path).unwrap();
        fs::write(path.join("cluster_group.tsv"), "good").unwrap();
        assert!(check(&path).is_err());
    }
}
