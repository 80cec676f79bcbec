//! Single samples of a stretch of time.

use super::SpanReader;
use crate::engine::{EngineError, chain::SPAN_FRAMES};
use std::ops::Range;

/// The samples of some channels, a list a channel, in µV where the recording knows its gains.
///
/// # Errors
/// Where they cannot be read.
pub fn samples(
    reader: &SpanReader,
    segment: usize,
    frames: Range<usize>,
    channels: &[usize],
) -> Result<Vec<Vec<f32>>, EngineError> {
    let mut values = vec![Vec::with_capacity(frames.len()); channels.len()];
    // Span by span, as all other readers do: what a filter gives does not depend on where one starts.
    let mut start = frames.start;
    while start < frames.end {
        let end = ((start / SPAN_FRAMES + 1) * SPAN_FRAMES).min(frames.end);
        reader.with_block(segment, start..end, |block| {
            for (out, &channel) in values.iter_mut().zip(channels) {
                out.extend_from_slice(block.channel(channel));
            }
        })?;
        start = end;
    }
    let info = reader.info();
    if let Some(gains) = &info.gain_to_uv {
        for (values, &channel) in values.iter_mut().zip(channels) {
            let gain = gains.get(channel).map_or(1.0, |&gain| gain as f32);
            let offset = info.offset_to_uv.as_ref().and_then(|o| o.get(channel)).map_or(0.0, |&o| o as f32);
            values.iter_mut().for_each(|value| *value = *value * gain + offset);
        }
    }
    Ok(values)
}
