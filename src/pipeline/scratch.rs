//! What a long task has come to so far, in a folder that outlives a kill.

use super::{
    node::RunContext,
    port::{PortType, Value},
    store::{StoreError, load_value, make_folder, remove_folder, save_value},
};
use crate::{
    data::{Motion, Templates},
    engine::{Monitor, Scratch},
};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::Arc,
};

/// Bytes of the hash before each part.
const HASH: usize = 32;

impl RunContext {
    /// Written beside and renamed: what has its name is whole.
    fn keep(&self, name: &str, value: &Value) {
        let Some(folder) = &self.scratch_folder else { return };
        let (part, whole) = (folder.join(format!("{name}.part")), folder.join(name));
        let written = || -> Result<(), StoreError> {
            remove_folder(&part)?;
            remove_folder(&whole)?;
            make_folder(&part)?;
            save_value(&part, value)?;
            fs::rename(&part, &whole).map_err(|e| crate::io::Error::io("rename", &part, e))?;
            Ok(())
        };
        if let Err(error) = written() {
            self.log(&format!("the {name} cannot be kept for a later try: {error}"));
        }
    }

    /// The file of the parts of a pass: one after the other, each as its number, its length, its hash and its bytes.
    fn parts_file(&self, pass: &str) -> Option<PathBuf> {
        Some(self.scratch_folder.as_ref()?.join(format!("{pass}.parts")))
    }

    fn kept(&self, name: &str, port_type: PortType) -> Option<Value> {
        let folder = self.scratch_folder.as_ref()?.join(name);
        let value = folder.is_dir().then(|| load_value(&folder, port_type))?;
        match value {
            Ok(value) => {
                self.log(&format!("goes on from the {name} of an earlier try"));
                Some(value)
            }
            Err(error) => {
                self.log(&format!("the {name} of an earlier try cannot be read: {error}"));
                None
            }
        }
    }
}

impl Scratch for RunContext {
    fn templates(&self, name: &str) -> Option<Templates> {
        match self.kept(name, PortType::Templates)? {
            Value::Templates(templates) => Some(Arc::unwrap_or_clone(templates)),
            _ => None,
        }
    }

    fn keep_templates(&self, name: &str, templates: &Templates) {
        self.keep(name, &templates.clone().into());
    }

    fn motion(&self) -> Option<Motion> {
        match self.kept("motion", PortType::Motion)? {
            Value::Motion(motion) => Some(Arc::unwrap_or_clone(motion)),
            _ => None,
        }
    }

    fn keep_motion(&self, motion: &Motion) {
        self.keep("motion", &motion.clone().into());
    }

    fn parts(&self, pass: &str) -> Vec<(u64, Vec<u8>)> {
        let Some(path) = self.parts_file(pass).filter(|path| path.is_file()) else { return Vec::new() };
        let read = fs::read(&path).map(|bytes| {
            let (parts, whole) = whole_parts(&bytes);
            // What was being written when the earlier try ended is cut off, so that more can follow.
            (parts, File::options().write(true).open(&path).and_then(|file| file.set_len(whole as u64)))
        });
        match read {
            Ok((parts, Ok(()))) => parts,
            Ok((_, Err(error))) | Err(error) => {
                self.log(&format!("what an earlier try kept of the pass cannot be read: {error}"));
                self.forget_parts(pass);
                Vec::new()
            }
        }
    }

    fn keep_part(&self, pass: &str, part: u64, bytes: &[u8]) {
        let Some(path) = self.parts_file(pass) else { return };
        let mut record = Vec::with_capacity(16 + HASH + bytes.len());
        record.extend_from_slice(&part.to_le_bytes());
        record.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        record.extend_from_slice(blake3::hash(bytes).as_bytes());
        record.extend_from_slice(bytes);
        // In one piece: what several threads append at once does not mix. A part that cannot be kept is computed again.
        let append = |path| OpenOptions::new().create(true).append(true).open(path)?.write_all(&record);
        if let Err(error) = append(&path) {
            self.log(&format!("part {part} of the pass cannot be kept for a later try: {error}"));
        }
    }

    fn forget_parts(&self, pass: &str) {
        if let Some(path) = self.parts_file(pass).filter(|path| path.exists())
            && let Err(error) = fs::remove_file(&path)
        {
            self.log(&format!("{} cannot be removed: {error}", path.display()));
        }
    }
}

/// The parts that are whole, and how many bytes they take up.
fn whole_parts(bytes: &[u8]) -> (Vec<(u64, Vec<u8>)>, usize) {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    let next = |rest: &[u8]| -> Option<(u64, Vec<u8>, usize)> {
        let (part, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (hash, rest) = rest.split_first_chunk::<HASH>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let own = rest.get(..length).filter(|own| blake3::hash(own).as_bytes() == hash)?;
        Some((u64::from_le_bytes(*part), own.to_vec(), 16 + HASH + length))
    };
    while let Some((part, own, size)) = next(rest) {
        parts.push((part, own));
        rest = &rest[size..];
    }
    (parts, bytes.len() - rest.len())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_whole_are_found_again_and_more_can_follow_a_torn_one() {
        let folder = tempfile::tempdir().unwrap();
        let context = RunContext { scratch_folder: Some(folder.path().to_owned()), ..RunContext::silent(0) };
        assert!(context.parts("match").is_empty());
        context.keep_part("match", 3, b"three");
        context.keep_part("match", 0, b"");
        let path = context.parts_file("match").unwrap();
        let whole = fs::read(&path).unwrap();
        context.keep_part("match", 1, b"one");
        let torn = fs::read(&path).unwrap();
        fs::write(&path, &torn[..torn.len() - 1]).unwrap();
        let two = vec![(3, b"three".to_vec()), (0, Vec::new())];
        assert_eq!(context.parts("match"), two);
        assert_eq!(fs::read(&path).unwrap(), whole);
        context.keep_part("match", 2, b"two");
        assert_eq!(context.parts("match"), [two, vec![(2, b"two".to_vec())]].concat());
        assert!(context.parts("survey").is_empty());
        context.forget_parts("match");
        assert!(context.parts("match").is_empty() && !path.exists());
    }
}
