//! Recordings whose description was noted when they were opened first: they are opened again when samples are read.
//!
//! A study of ten thousand NWB files is planned without opening one of them.

use super::{Error, OpenOptions, absolute, atomic, open::opens_slowly, stamp};
use crate::data::{Recording, RecordingInfo, Source, SourceError};
use serde::{Deserialize, Serialize};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// What is noted of a recording.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Of the file or folder as it was.
    stamp: String,
    files: Vec<PathBuf>,
    info: RecordingInfo,
}

/// Opens what is at a path with `open`, or goes by what was noted in the folder `notes` when that was done before and nothing
/// has changed since.
///
/// # Errors
/// As `open`.
pub fn open_noted(
    path: &Path,
    options: &OpenOptions,
    notes: Option<&Path>,
    open: impl Fn(&Path, &OpenOptions) -> Result<Recording, Error> + Clone + Send + Sync + 'static,
) -> Result<Recording, Error> {
    let Some(notes) = notes.filter(|_| opens_slowly(path)) else { return open(path, options) };
    // A probe that is a file may change without the recording.
    let probe = options.probe.as_deref().map(Path::new).filter(|probe| probe.exists()).map(stamp::of);
    let stamp = format!("{} {}", stamp::of(path), probe.unwrap_or_default());
    let asked = serde_json::to_string(options).unwrap_or_default();
    let place = absolute(path);
    let name = blake3::hash(format!("{}\n{asked}", place.display()).as_bytes()).to_hex();
    let file = notes.join(&name[..32]);
    let noted = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok());
    if let Some(Note { files, info, .. }) = noted.filter(|note| note.stamp == stamp) {
        let (path, options) = (path.to_owned(), options.clone());
        let open: Box<Open> = Box::new(move || open(&path, &options).map_err(|error| error.to_string()));
        return Ok(Recording::new(Arc::new(Noted { info, files, open, opened: OnceLock::new() })));
    }
    let recording = open(path, options)?;
    if recording.stages().is_empty() {
        let note = Note { stamp, files: recording.source().files(), info: recording.info().clone() };
        let bytes = serde_json::to_vec(&note).unwrap_or_default();
        // Where it cannot be noted, it is opened again next time.
        let _ = fs::create_dir_all(notes).map(|()| atomic::write_file(&file, &bytes));
    }
    Ok(recording)
}

/// A recording that is known and opened by `open` when its samples are read.
pub fn opened_when_read(
    recording: &Recording,
    open: impl Fn() -> Result<Recording, Error> + Send + Sync + 'static,
) -> Recording {
    let (info, files) = (recording.info().clone(), recording.source().files());
    let open: Box<Open> = Box::new(move || open().map_err(|error| error.to_string()));
    Recording::new(Arc::new(Noted { info, files, open, opened: OnceLock::new() }))
}

type Open = dyn Fn() -> Result<Recording, String> + Send + Sync;

/// A source that is opened when samples are read.
struct Noted {
    info: RecordingInfo,
    files: Vec<PathBuf>,
    open: Box<Open>,
    opened: OnceLock<Result<Recording, String>>,
}

impl fmt::Debug for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Noted").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Source for Noted {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        match self.opened.get_or_init(|| (self.open)()) {
            Ok(recording) => recording.source().read(segment, start, out),
            Err(message) => {
                let path = self.files.first().map_or_else(String::new, |file| file.display().to_string());
                Err(SourceError::Io { path, source: std::io::Error::other(message.clone()) })
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::io::open_recording;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_recording_that_was_opened_before_is_opened_when_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (path, notes) = (folder.path().join("x.nwb"), folder.path().join("notes"));
        let samples: Vec<u8> = (0..400_u32).map(|i| (i % 251) as u8).collect();
        fs::write(&path, &samples).unwrap();
        let raw = folder.path().join("x.raw");
        fs::write(&raw, &samples).unwrap();
        let options = OpenOptions {
            dtype: crate::data::DType::parse("uint8"),
            num_channels: Some(4),
            sampling_frequency: Some(1000.0),
            ..OpenOptions::default()
        };
        // What is noted does not depend on the format.
        let count = Arc::new(AtomicUsize::new(0));
        let opened = |options: &OpenOptions| {
            let (raw, count) = (raw.clone(), count.clone());
            open_noted(&path, options, Some(&notes), move |_, options| {
                count.fetch_add(1, Ordering::Relaxed);
                open_recording(&raw, options)
            })
            .unwrap()
        };
        let first = opened(&options);
        let second = opened(&options);
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert_eq!(first.info(), second.info());
        let (mut a, mut b) = (vec![0.0; 40], vec![0.0; 40]);
        first.source().read(0, 3, &mut a).unwrap();
        second.source().read(0, 3, &mut b).unwrap();
        assert_eq!(a, b);
        assert_eq!(count.load(Ordering::Relaxed), 2, "reading opens it");
        // Other options, or another file, are another recording.
        opened(&OpenOptions { num_channels: Some(2), ..options.clone() });
        assert_eq!(count.load(Ordering::Relaxed), 3);
        fs::write(&path, &samples[..396]).unwrap();
        opened(&options);
        assert_eq!(count.load(Ordering::Relaxed), 4);
    }
}
