//! Samples that a format hands out in whole rows, such as the chunks of zarr and HDF5.

use super::{Error, OpenOptions, binary::Asked, raw_source::is_float};
use crate::data::{Recording, RecordingInfo, Source, SourceError};
use std::{
    collections::VecDeque,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes of decoded chunks that are kept: several threads read within the same few.
const CACHE_BYTES: usize = 128 << 20;

/// A format's own way to read rows.
pub(super) trait Rows: Send + Sync + fmt::Debug {
    /// Numbers in a row.
    fn num_columns(&self) -> usize;

    /// Fills `out` with whole rows from `start` on, row after row.
    ///
    /// # Errors
    /// Where the file fails or is damaged.
    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError>;

    /// Where it is, for messages.
    fn path(&self) -> PathBuf;
}

/// A recording whose columns are all or some of those that [`Rows`] has.
#[derive(Debug)]
struct RowSource {
    info: RecordingInfo,
    /// Columns that are channels, in order; `None` for all of them.
    columns: Option<Vec<usize>>,
    rows: Box<dyn Rows>,
}

/// Makes the recording, once gain and probe of the options are applied.
///
/// # Errors
/// Where a probe the user named does not fit.
pub(super) fn recording(
    mut info: RecordingInfo,
    rows: Box<dyn Rows>,
    probe: Asked,
    keep_groups: bool,
    options: &OpenOptions,
) -> Result<Recording, Error> {
    let columns = probe.apply(&mut info, keep_groups, options)?;
    Ok(Recording::new(Arc::new(RowSource { info, columns, rows })))
}

impl Source for RowSource {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let channels = self.info.num_channels().max(1);
        let frames = out.len() / channels;
        let known = self.info.segments.get(segment).map_or(0, |s| s.num_frames);
        if start.checked_add(frames).is_none_or(|end| end > known) || frames * channels != out.len() {
            return Err(SourceError::Other(format!(
                "frames {start} to {} of segment {segment}, which has {known} frames",
                start.saturating_add(frames)
            )));
        }
        match &self.columns {
            None => self.rows.read(segment, start, out)?,
            Some(columns) => {
                let width = self.rows.num_columns();
                let mut all = vec![0.0; frames * width];
                self.rows.read(segment, start, &mut all)?;
                for (out, row) in out.chunks_exact_mut(channels).zip(all.chunks_exact(width)) {
                    for (out, &column) in out.iter_mut().zip(columns) {
                        *out = row[column];
                    }
                }
            }
        }
        if is_float(self.info.dtype)
            && let Some(at) = out.iter().position(|x| !x.is_finite())
        {
            let place = self.rows.path().display().to_string();
            let (frame, channel) = (start + at / channels, at % channels);
            return Err(SourceError::NotANumber { place, segment, frame, channel });
        }
        Ok(())
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.rows.path()]
    }
}

/// Segment, and the place of a chunk along both axes.
pub(super) type ChunkKey = (usize, usize, usize);
type Slot = Arc<Mutex<Option<Arc<Vec<u8>>>>>;

/// The chunks that were decoded last; one that several threads want is decoded once.
pub(super) struct ChunkCache {
    slots: Mutex<VecDeque<(ChunkKey, Slot)>>,
    capacity: usize,
}

impl fmt::Debug for ChunkCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkCache of {} chunks", self.capacity)
    }
}

impl ChunkCache {
    /// A cache for chunks of so many bytes.
    pub fn new(chunk_bytes: usize) -> Self {
        Self { slots: Mutex::default(), capacity: (CACHE_BYTES / chunk_bytes.max(1)).clamp(3, 4096) }
    }

    /// The chunk, made where it is not there.
    pub fn get<E>(
        &self,
        key: ChunkKey,
        make: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Arc<Vec<u8>>, E> {
        let slot = {
            let mut slots = locked(&self.slots);
            let known = slots.iter().position(|(k, _)| *k == key).and_then(|at| slots.remove(at));
            let (_, slot) = known.unwrap_or_else(|| (key, Slot::default()));
            slots.push_front((key, slot.clone()));
            slots.truncate(self.capacity);
            slot
        };
        let mut held = locked(&slot);
        if let Some(chunk) = &*held {
            return Ok(chunk.clone());
        }
        let chunk = Arc::new(make()?);
        *held = Some(chunk.clone());
        Ok(chunk)
    }
}

/// A panic while a chunk was made left nothing half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
