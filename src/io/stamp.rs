//! What tells at a glance that a file or folder changed: sizes and times, no content.

use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// The file that says that the others in its folder are chunks of an array.
const ARRAY: &str = ".zarray";

/// Size, time of change in ns and inode of a file; of a folder a hash over those of all below it.
pub fn of(path: &Path) -> String {
    match path.metadata() {
        Err(error) => format!("missing: {}", error.kind()),
        Ok(data) if data.is_file() => of_metadata(&data),
        Ok(_) => {
            let mut hasher = blake3::Hasher::new();
            for file in files_below(path) {
                let name = file.strip_prefix(path).unwrap_or(&file).as_os_str().as_encoded_bytes();
                let stamp = file.symlink_metadata().map_or_else(|e| e.to_string(), |data| of_metadata(&data));
                hasher.update(name).update(b"\0").update(stamp.as_bytes()).update(b"\0");
            }
            hasher.finalize().to_hex()[..32].to_owned()
        }
    }
}

/// Size, time of change in ns and inode.
pub fn of_metadata(data: &Metadata) -> String {
    let modified = data.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(data);
    #[cfg(not(unix))]
    let inode = 0;
    format!("{} {} {inode}", data.len(), modified.map_or(0, |t| t.as_nanos()))
}

/// Files below a folder, in order; of chunks of an array their folder stands for all, whose time changes when one is written
/// beside and renamed, as zarr does it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        let array = current.join(ARRAY);
        let is_array = array.is_file();
        if is_array {
            found.push(array);
            found.push(current.clone());
        }
        for entry in fs::read_dir(&current).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                _ if is_array => {}
                _ => found.push(entry.path()),
            }
        }
    }
    found.sort();
    found
}

/// True where the files of a folder are chunks of an array.
pub fn holds_chunks(folder: &Path) -> bool {
    folder.join(ARRAY).is_file()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_changes_with_what_lies_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let array = folder.path().join("traces");
        fs::create_dir(&array).unwrap();
        fs::write(folder.path().join("about.json"), "1").unwrap();
        fs::write(array.join(ARRAY), "{}").unwrap();
        fs::write(array.join("0.0"), "a").unwrap();
        let mut seen = vec![of(folder.path())];
        assert_eq!(seen[0], of(folder.path()));
        let mut changed = |what: &str| {
            let now = of(folder.path());
            assert!(!seen.contains(&now), "{what}");
            seen.push(now);
        };
        fs::write(folder.path().join("about.json"), "22").unwrap();
        changed("a file");
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(array.join("0.1"), "b").unwrap();
        changed("a chunk more");
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(array.join("new"), "c").unwrap();
        fs::rename(array.join("new"), array.join("0.0")).unwrap();
        changed("another chunk");
    }
}
