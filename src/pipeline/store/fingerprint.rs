//! Whether a file outside the store is still the same, told without reading 100 GB.

use super::{lock, place};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Mutex,
    time::UNIX_EPOCH,
};

/// Files up to this size are hashed whole, and may then be touched or copied and stay the same.
const WHOLE_BYTES: u64 = 16 << 20;
/// Larger ones are known by size, time, inode and so many blocks of so many bytes.
const NUM_BLOCKS: u64 = 16;
const BLOCK_BYTES: u64 = 4096;

/// Fingerprints of files from this size on are kept in the store, so that the next process need not read them again.
const KEPT_BYTES: u64 = 1 << 20;

/// Size, time of change in ns and inode.
type Stamp = (u64, u128, u64);

/// A fingerprint and the stamp of the file it was taken of.
#[derive(Debug)]
pub struct Known {
    stamp: Stamp,
    digest: String,
}

/// The fingerprint of a file, or of all files below a folder; `missing` where there is none.
///
/// `kept` is the folder of those that other processes took.
pub fn of(path: &Path, known: &Mutex<HashMap<PathBuf, Known>>, kept: &Path) -> String {
    if !path.is_dir() {
        return of_file(path, known, kept).unwrap_or_else(|e| format!("missing: {}", e.kind()));
    }
    let mut hasher = blake3::Hasher::new();
    for inner in place::files_below(path).unwrap_or_default() {
        let digest = of_file(&path.join(&inner), known, kept).unwrap_or_default();
        hasher
            .update(inner.to_string_lossy().as_bytes())
            .update(b"\0")
            .update(digest.as_bytes())
            .update(b"\0");
    }
    hasher.finalize().to_hex().to_string()
}

fn of_file(path: &Path, known: &Mutex<HashMap<PathBuf, Known>>, kept: &Path) -> std::io::Result<String> {
    let stamp = stamp(&fs::metadata(path)?);
    if let Some(found) = lock(known).get(path)
        && found.stamp == stamp
    {
        return Ok(found.digest.clone());
    }
    let digest = if stamp.0 < KEPT_BYTES { take(path, stamp)? } else { kept_or_taken(path, stamp, kept)? };
    lock(known).insert(path.to_owned(), Known { stamp, digest: digest.clone() });
    Ok(digest)
}

/// The fingerprint another process took of the file as it is now, or a new one, which is kept.
fn kept_or_taken(path: &Path, stamp: Stamp, kept: &Path) -> std::io::Result<String> {
    let name = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = blake3::hash(name.as_os_str().as_encoded_bytes()).to_hex();
    let note = kept.join(&name[..32]);
    let (size, modified, inode) = stamp;
    let head = format!("{size} {modified} {inode} ");
    let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let text = fs::read_to_string(&note).unwrap_or_default();
    if let Some(digest) = text.strip_prefix(&head).filter(is_digest) {
        return Ok(digest.to_owned());
    }
    let digest = take(path, stamp)?;
    // Where it is not kept whole, it is taken again.
    let _ = place::make_folder(kept).and_then(|()| place::write(&note, (head + &digest).as_bytes()));
    Ok(digest)
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    let modified = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let inode = 0;
    (metadata.len(), modified.map_or(0, |t| t.as_nanos()), inode)
}

fn take(path: &Path, (size, modified, inode): Stamp) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&size.to_le_bytes());
    if size <= WHOLE_BYTES {
        hasher.update_reader(file)?;
    } else {
        hasher.update(&modified.to_le_bytes()).update(&inode.to_le_bytes());
        let mut block = vec![0; BLOCK_BYTES as usize];
        for i in 0..NUM_BLOCKS {
            file.seek(SeekFrom::Start((size - BLOCK_BYTES) / (NUM_BLOCKS - 1) * i))?;
            file.read_exact(&mut block)?;
            hasher.update(&block);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}
