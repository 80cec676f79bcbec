//! Several files in a row as one segment, for formats that count spikes from the beginning of the first.

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
