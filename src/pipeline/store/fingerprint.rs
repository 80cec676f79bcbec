//! Whether a file outside the store is still the same, told without reading 100 GB.

use super::{lock, place};
use crate::io::{absolute, stamp};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Files up to this size are hashed whole, and may then be touched or copied and stay the same.
const WHOLE_BYTES: u64 = 16 << 20;
/// Up to this size they are read at once.
const SMALL_BYTES: u64 = 1 << 14;
/// Larger ones are known by size, time, inode and so many blocks of so many bytes.
const NUM_BLOCKS: u64 = 16;
const BLOCK_BYTES: u64 = 4096;

/// Fingerprints of files from this size on are kept in the store, so that the next process need not read them again.
const KEPT_BYTES: u64 = 1 << 20;

/// A fingerprint and the stamp of the file or folder it was taken of.
#[derive(Debug)]
pub struct Known {
    stamp: String,
    digest: String,
}

/// The fingerprint of a file, or of all files below a folder; `missing` where there is none.
///
/// `kept` is the folder of those that other processes took.
pub fn of(path: &Path, known: &Mutex<HashMap<PathBuf, Known>>, kept: &Path) -> String {
    known_or_taken(path, known, kept).unwrap_or_else(|e| format!("missing: {}", e.kind()))
}

fn known_or_taken(
    path: &Path,
    known: &Mutex<HashMap<PathBuf, Known>>,
    kept: &Path,
) -> std::io::Result<String> {
    let metadata = fs::metadata(path)?;
    let is_folder = metadata.is_dir();
    let stamp = if is_folder { stamp::of(path) } else { stamp::of_metadata(&metadata) };
    if let Some(found) = lock(known).get(path)
        && found.stamp == stamp
    {
        return Ok(found.digest.clone());
    }
    let take = || if is_folder { take_folder(path) } else { take(path, &metadata) };
    let is_kept = is_folder || metadata.len() >= KEPT_BYTES;
    let digest = if is_kept { kept_or_taken(path, &stamp, kept, take)? } else { take()? };
    lock(known).insert(path.to_owned(), Known { stamp, digest: digest.clone() });
    Ok(digest)
}

/// The fingerprint another process took of what is there now, or a new one, which is kept.
fn kept_or_taken(
    path: &Path,
    stamp: &str,
    kept: &Path,
    take: impl FnOnce() -> std::io::Result<String>,
) -> std::io::Result<String> {
    let name = absolute(path);
    let name = blake3::hash(name.as_os_str().as_encoded_bytes()).to_hex();
    let note = kept.join(&name[..32]);
    let head = format!("{stamp} ");
    let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let text = fs::read_to_string(&note).unwrap_or_default();
    if let Some(digest) = text.strip_prefix(&head).filter(is_digest) {
        return Ok(digest.to_owned());
    }
    let digest = take()?;
    // Where it is not kept whole, it is taken again.
    let _ = place::make_folder(kept).and_then(|()| place::write(&note, (head + &digest).as_bytes()));
    Ok(digest)
}

/// Names and contents of all files below a folder; of the chunks of a large array some contents.
fn take_folder(folder: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let names = place::files_below(folder).unwrap_or_default();
    for of_folder in names.chunk_by(|a, b| a.parent() == b.parent()) {
        let parent = of_folder.first().and_then(|name| name.parent()).unwrap_or(Path::new(""));
        let is_many = of_folder.len() as u64 > NUM_BLOCKS && stamp::holds_chunks(&folder.join(parent));
        let step = if is_many { of_folder.len() / NUM_BLOCKS as usize } else { 1 };
        for (index, inner) in of_folder.iter().enumerate() {
            hasher.update(inner.to_string_lossy().as_bytes()).update(b"\0");
            if index % step == 0 {
                let path = folder.join(inner);
                let digest = fs::metadata(&path).and_then(|metadata| take(&path, &metadata));
                hasher.update(digest.unwrap_or_default().as_bytes());
            }
            hasher.update(b"\0");
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn take(path: &Path, metadata: &fs::Metadata) -> std::io::Result<String> {
    let size = metadata.len();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&size.to_le_bytes());
    if size <= SMALL_BYTES {
        hasher.update(&fs::read(path)?);
        return Ok(hasher.finalize().to_hex().to_string());
    }
    let mut file = File::open(path)?;
    if size <= WHOLE_BYTES {
        hasher.update_reader(file)?;
    } else {
        hasher.update(stamp::of_metadata(metadata).as_bytes());
        let mut block = vec![0; BLOCK_BYTES as usize];
        for i in 0..NUM_BLOCKS {
            file.seek(SeekFrom::Start((size - BLOCK_BYTES) / (NUM_BLOCKS - 1) * i))?;
            file.read_exact(&mut block)?;
            hasher.update(&block);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}
