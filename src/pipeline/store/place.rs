//! Files and folders that are there whole or not at all.

use crate::io::{Error, atomic::this_process};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Writes a file beside its place and renames it.
pub fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.part", this_process()));
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|e| {
        // Nothing half-written stays; where it cannot be removed either, that is no other problem.
        let _ = fs::remove_file(&beside);
        Error::io("write", path, e)
    })
}

pub fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|e| Error::io("create", path, e))
}

pub fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, e)),
        _ => Ok(()),
    }
}

/// Writes a file of a folder that is not in its place yet.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|e| Error::io("write", path, e))
}

pub fn write_json<T: serde::Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::format(path, e.to_string()))?;
    write(path, text.as_bytes())
}

pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
    serde_json::from_str(&text).map_err(|e| Error::format(path, e.to_string()))
}

/// What lies in a folder, sorted by name; nothing where it does not exist.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|e| Error::io("list", folder, e))?,
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(|e| Error::io("list", folder, e))?;
    paths.sort();
    Ok(paths)
}

/// All files below a folder with their path from there, sorted.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for path in list(&current)? {
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if let Ok(inner) = path.strip_prefix(folder) {
                found.push(inner.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The folder of a node: what lies in a group has the name of both, as `clean~filter`.
pub fn node_name(name: &str) -> String {
    name.split('/').map(file_name).collect::<Vec<_>>().join("~")
}

/// A name for a file made of any words: unlike words give unlike names.
pub fn file_name(words: &str) -> String {
    let plain: String = words
        .chars()
        .take(100)
        .map(|c| if c.is_alphanumeric() || "=,-_+".contains(c) { c } else { '_' })
        .collect();
    if plain == words && !plain.is_empty() {
        return plain;
    }
    format!("{plain}-{}", &blake3::hash(words.as_bytes()).to_hex()[..8])
}
