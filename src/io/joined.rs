//! Several files or recordings in a row, as segments or as one.

use crate::data::{Recording, RecordingInfo, Segment, Source, SourceError};
use std::{path::PathBuf, sync::Arc};

/// The recording with its segments joined into one; as it is where there is only one.
pub(super) fn joined(recording: Recording) -> Recording {
    let source = recording.source();
    if source.info().segments.len() < 2 {
        return recording;
    }
    let mut info = source.info().clone();
    let num_frames = info.segments.iter().map(|s| s.num_frames).sum();
    let t_start_s = info.segments.first().and_then(|s| s.t_start_s);
    info.segments = vec![Segment { num_frames, t_start_s }];
    Recording::new(Arc::new(Joined { info, parts: source.clone() }))
}

/// The segments of all recordings, one after the other, described by the first; there is at least one.
pub(super) fn appended(recordings: Vec<Recording>) -> Recording {
    let mut places = Vec::new();
    let mut info = recordings[0].info().clone();
    info.segments.clear();
    for (part, recording) in recordings.iter().enumerate() {
        places.extend((0..recording.info().segments.len()).map(|segment| (part, segment)));
        info.segments.extend(recording.info().segments.iter().cloned());
        let gains = |info: &RecordingInfo| (info.gain_to_uv.clone(), info.offset_to_uv.clone());
        if gains(recording.info()) != gains(&info) {
            info.warn(format!("Recording {part} of those joined has other gains, which are not applied."));
        }
    }
    let parts = recordings.iter().map(|recording| recording.source().clone()).collect();
    Recording::new(Arc::new(Appended { info, parts, places }))
}

/// The segments of several sources in a row.
#[derive(Debug)]
struct Appended {
    info: RecordingInfo,
    parts: Vec<Arc<dyn Source>>,
    /// Source and segment within it of each segment.
    places: Vec<(usize, usize)>,
}

impl Source for Appended {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let place = self.places.get(segment).and_then(|&(part, inner)| Some((self.parts.get(part)?, inner)));
        let (part, inner) = place.ok_or_else(|| {
            SourceError::Other(format!("segment {segment} of a recording of {} segments", self.places.len()))
        })?;
        part.read(inner, start, out)
    }

    fn files(&self) -> Vec<PathBuf> {
        self.parts.iter().flat_map(|part| part.files()).collect()
    }
}

/// A source of several segments, read as one.
#[derive(Debug)]
struct Joined {
    info: RecordingInfo,
    parts: Arc<dyn Source>,
}

impl Source for Joined {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let channels = self.info.num_channels().max(1);
        let end = start.saturating_add(out.len() / channels);
        let length = self.info.total_frames();
        if segment > 0 || end > length {
            return Err(SourceError::Other(format!(
                "frames {start} to {end} of segment {segment} of one segment of {length} frames"
            )));
        }
        let (mut begins, mut rest) = (0, out);
        for (part, found) in self.parts.info().segments.iter().enumerate() {
            let ends = begins + found.num_frames;
            let (from, to) = (start.max(begins), end.min(ends));
            if from < to {
                let (now, later) = rest.split_at_mut((to - from) * channels);
                self.parts.read(part, from - begins, now)?;
                rest = later;
            }
            begins = ends;
        }
        Ok(())
    }

    fn files(&self) -> Vec<PathBuf> {
        self.parts.files()
    }
}
