//! Files named by their content: `sha1://HASH/LABEL`, as SpikeForest and kachery write them.

use super::{Error, absolute, atomic, stamp};
use sha1::{Digest, Sha1};
use std::{
    collections::HashSet,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

/// How such a name begins.
const SCHEME: &str = "sha1://";
/// Bytes that are read at a time.
const BLOCK: usize = 1 << 20;

/// A file by the SHA-1 of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Forty hexadecimal digits in lower case.
    pub hash: String,
    /// What the file is called, such as `raw.mda`; may be empty.
    pub label: String,
}

impl Content {
    /// Reads `sha1://HASH/LABEL`; `None` where it is something else.
    ///
    /// # Errors
    /// Where the hash is none.
    pub fn parse(uri: &str) -> Option<Result<Self, String>> {
        // A path that was joined or cleaned has lost a slash.
        let rest = uri.strip_prefix(SCHEME).or_else(|| uri.strip_prefix("sha1:/"))?;
        let rest = rest.split('?').next().unwrap_or(rest);
        let (hash, label) = rest.split_once('/').unwrap_or((rest, ""));
        if hash.len() != 40 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Some(Err(format!("\"{uri}\" holds no SHA-1 of 40 hexadecimal digits")));
        }
        Some(Ok(Self { hash: hash.to_ascii_lowercase(), label: label.to_owned() }))
    }

    /// As [`Self::parse`], of a parameter that is a path.
    pub fn of_path(path: &Path) -> Option<Result<Self, String>> {
        Self::parse(path.to_str()?)
    }

    /// The file of this content: in the folder `SHA1_CACHE_DIR` (`ab/cd/ef/abcdef…`, or right in it), or of its label in
    /// `folder`.
    ///
    /// # Errors
    /// Where there is none; says where it was looked for.
    pub fn find(&self, folder: &Path) -> Result<PathBuf, String> {
        let hash = self.hash.as_str();
        let cache = std::env::var_os("SHA1_CACHE_DIR").filter(|v| !v.is_empty()).map(PathBuf::from);
        let cached = cache.iter().flat_map(|cache| {
            [cache.join(&hash[..2]).join(&hash[2..4]).join(&hash[4..6]).join(hash), cache.join(hash)]
        });
        let is_inside = !self.label.is_empty() && !self.label.contains("..") && !self.label.starts_with('/');
        let labelled = is_inside.then(|| folder.join(&self.label));
        let places: Vec<PathBuf> = cached.chain(labelled).collect();
        if let Some(found) = places.iter().find(|path| path.is_file()) {
            return Ok(found.clone());
        }
        let looked: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
        Err(match (&cache, looked.is_empty()) {
            (Some(_), _) => format!(
                "the content {hash} is not here; it was looked for at {}: fetch it, and put it into the folder that \
                 SHA1_CACHE_DIR names under its hash",
                looked.join(", ")
            ),
            (None, true) => format!(
                "the content {hash} is not here: name the folder that holds it under its hash in SHA1_CACHE_DIR"
            ),
            (None, false) => format!(
                "the content {hash} is not here; it was looked for at {}: name the folder that holds it under its hash in \
                 SHA1_CACHE_DIR",
                looked.join(", ")
            ),
        })
    }

    /// Makes sure that a file has this content. What was found is noted in `notes`, so that it is read once as long as it does
    /// not change.
    ///
    /// # Errors
    /// Where it has other content or cannot be read.
    pub fn verify(&self, path: &Path, notes: Option<&Path>) -> Result<(), Error> {
        let io = |source| Error::io("read", path, source);
        let data = path.metadata().map_err(io)?;
        let place = absolute(path);
        let stamp = format!("{} {}", stamp::of_metadata(&data), place.display());
        let known = format!("{} {stamp}", self.hash);
        if verified().contains(&known) {
            return Ok(());
        }
        let note = notes.map(|folder| folder.join(&self.hash));
        if note.as_ref().is_some_and(|note| std::fs::read_to_string(note).is_ok_and(|text| text == stamp)) {
            verified().insert(known);
            return Ok(());
        }
        let found = sha1_of(path).map_err(io)?;
        if found != self.hash {
            return Err(Error::format(
                path,
                format!(
                    "its content is not what its name says (SHA-1 {found}, not {}): fetch it again",
                    self.hash
                ),
            ));
        }
        verified().insert(known);
        if let Some(note) = note {
            // Where it cannot be noted, the file is read again next time.
            let _ = std::fs::create_dir_all(note.parent().unwrap_or(Path::new("")))
                .map(|()| atomic::write_file(&note, stamp.as_bytes()));
        }
        Ok(())
    }
}

/// What this process found to be as its name says: hash, stamp and place.
fn verified() -> MutexGuard<'static, HashSet<String>> {
    static VERIFIED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    VERIFIED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The SHA-1 of a file, in hexadecimal digits.
fn sha1_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha1::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => break,
            count => hasher.update(&block[..count]),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Of the three letters abc (FIPS 180-1).
    const ABC: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";

    #[test]
    fn content_is_found_by_its_label_and_verified() {
        let folder = tempfile::tempdir().unwrap();
        let notes = folder.path().join("notes");
        let content = Content::parse(&format!("sha1://{ABC}/raw.mda?x=1")).unwrap().unwrap();
        assert_eq!(content.label, "raw.mda");
        let said = content.find(folder.path()).unwrap_err();
        assert!(said.contains("raw.mda") && said.contains("SHA1_CACHE_DIR"), "{said}");
        std::fs::write(folder.path().join("raw.mda"), "abc").unwrap();
        let path = content.find(folder.path()).unwrap();
        content.verify(&path, Some(&notes)).unwrap();
        assert!(notes.join(ABC).is_file());
        content.verify(&path, Some(&notes)).unwrap();
        std::fs::write(&path, "abcd").unwrap();
        let said = content.verify(&path, Some(&notes)).unwrap_err().to_string();
        assert!(said.contains("fetch it again"), "{said}");
    }

    #[test]
    fn what_is_no_hash_is_said() {
        assert_eq!(Content::parse("data/raw.mda"), None);
        assert!(Content::parse("sha1://abc/raw.mda").unwrap().unwrap_err().contains("40 hexadecimal"));
    }
}
