//! Processed recordings as sources, and several recordings in a row.

use super::{Chain, compile};
use crate::{
    data::{DType, Recording, RecordingInfo, Source, SourceError},
    engine::EngineError,
};
use std::{path::PathBuf, sync::Arc};

/// A compiled chain as a source: for saving, for concatenation, for stages on top of a result.
#[derive(Clone, Debug)]
pub struct ChainSource(Chain);

impl ChainSource {
    /// Reads through the chain.
    pub fn new(chain: Chain) -> Self {
        Self(chain)
    }

    /// The chain it reads through.
    pub fn chain(&self) -> &Chain {
        &self.0
    }
}

impl Source for ChainSource {
    fn info(&self) -> &RecordingInfo {
        self.0.info()
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        self.0.read_frames(segment, start, out).map_err(into_source_error)
    }

    fn files(&self) -> Vec<PathBuf> {
        self.0.inner.source.files()
    }
}

fn into_source_error(error: EngineError) -> SourceError {
    match error {
        EngineError::Source(error) => error,
        other => SourceError::Other(other.to_string()),
    }
}

/// Single segments one after the other, without a gap.
#[derive(Debug)]
struct Concatenated {
    info: RecordingInfo,
    /// First frame, chain and segment of each part.
    parts: Vec<(usize, Chain, usize)>,
}

/// All segments of recordings that fit each other, described by the first.
fn gathered(recordings: &[Recording]) -> Result<(RecordingInfo, Vec<(Chain, usize)>), EngineError> {
    let Some(first) = recordings.first() else {
        return Err(EngineError::Data("there is no recording to concatenate. Wire at least one.".into()));
    };
    let mut info = first.info().clone();
    let mut parts = Vec::new();
    info.segments.clear();
    for (index, recording) in recordings.iter().enumerate() {
        let other = recording.info();
        if other.num_channels() != info.num_channels() {
            return Err(EngineError::Data(format!(
                "recording {index} has {} channels, the first has {}. Select the same channels of each.",
                other.num_channels(),
                info.num_channels()
            )));
        }
        if (other.sampling_frequency - info.sampling_frequency).abs() > 1e-6 * info.sampling_frequency {
            return Err(EngineError::Data(format!(
                "recording {index} is sampled at {} Hz, the first at {} Hz. Recordings of one rate can be concatenated.",
                other.sampling_frequency, info.sampling_frequency
            )));
        }
        if other.channel_ids != info.channel_ids {
            return Err(EngineError::Data(format!(
                "recording {index} has other channel ids than the first. Bring their channels into the same order."
            )));
        }
        if other.gain_to_uv != info.gain_to_uv || other.offset_to_uv != info.offset_to_uv {
            return Err(EngineError::Data(format!(
                "recording {index} has other gains than the first. Scale both to µV before."
            )));
        }
        info.is_filtered &= other.is_filtered;
        if other.dtype != info.dtype {
            info.dtype = DType::Float32;
        }
        let chain = compile(recording)?;
        info.segments.extend(other.segments.iter().cloned());
        parts.extend((0..chain.num_segments()).map(|segment| (chain.clone(), segment)));
    }
    Ok((info, parts))
}

/// The segments of recordings one after the other, as segments of one.
///
/// # Errors
/// Where there is none, or their channels or sampling frequencies differ.
pub fn append(recordings: &[Recording]) -> Result<Recording, EngineError> {
    let (info, parts) = gathered(recordings)?;
    Ok(Recording::new(Arc::new(Appended { info, parts })))
}

/// Segments, each of a chain of its own.
#[derive(Debug)]
struct Appended {
    info: RecordingInfo,
    /// Chain and segment of each segment.
    parts: Vec<(Chain, usize)>,
}

impl Source for Appended {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let (chain, inner) = self.parts.get(segment).ok_or_else(|| {
            SourceError::Other(format!("segment {segment} of a recording of {} segments", self.parts.len()))
        })?;
        chain.read_frames(*inner, start, out).map_err(into_source_error)
    }

    fn files(&self) -> Vec<PathBuf> {
        self.parts.iter().flat_map(|(chain, _)| chain.inner.source.files()).collect()
    }
}

/// Joins recordings in time into one of a single segment; segments of each come one after the other.
///
/// A filter put on top runs across the joints, one that came before does not.
///
/// # Errors
/// Where there is none, or their channels or sampling frequencies differ.
pub fn concatenate(recordings: &[Recording]) -> Result<Recording, EngineError> {
    let (mut info, segments) = gathered(recordings)?;
    let mut parts = Vec::with_capacity(segments.len());
    let mut total = 0;
    for (chain, segment) in segments {
        let frames = chain.num_frames(segment);
        parts.push((total, chain, segment));
        total += frames;
    }
    info.segments.truncate(1);
    if let Some(segment) = info.segments.first_mut() {
        segment.num_frames = total;
    }
    Ok(Recording::new(Arc::new(Concatenated { info, parts })))
}

impl Source for Concatenated {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let n = self.info.num_channels();
        let end = start + out.len() / n;
        for (first, chain, segment) in &self.parts {
            let last = first + chain.num_frames(*segment);
            let (from, to) = (start.max(*first), end.min(last));
            if from < to {
                let out = &mut out[(from - start) * n..(to - start) * n];
                chain.read_frames(*segment, from - first, out).map_err(into_source_error)?;
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            self.parts.iter().flat_map(|(_, chain, _)| chain.inner.source.files()).collect();
        files.sort();
        files.dedup();
        files
    }
}
