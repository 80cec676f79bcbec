//! One streaming pass over a recording: spans in parallel, results in order.

use super::{
    EngineError, Monitor,
    block::Block,
    chain::{Chain, ChainScratch},
};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// A span of the recording's grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanRef {
    /// Segment.
    pub segment: usize,
    /// Span within the segment.
    pub span: usize,
}

/// What a pass hands to the work on one span.
#[derive(Debug)]
pub struct SpanData<'a> {
    /// Traces of the span with the context that was asked for, clipped at the ends of the segment.
    pub block: &'a Block,
    /// Which span.
    pub span: SpanRef,
    /// Frames of the segment that belong to the span; the rest of the block is context.
    pub frames: Range<usize>,
    /// Frames of the segment.
    pub segment_frames: usize,
}

/// All spans of a recording, in order.
pub fn all_spans(chain: &Chain) -> Vec<SpanRef> {
    (0..chain.info().segments.len())
        .flat_map(|segment| (0..chain.num_spans(segment)).map(move |span| SpanRef { segment, span }))
        .collect()
}

/// Spans spread evenly over the recording that together hold about `duration_s`; all of them where it is shorter.
pub fn survey_spans(chain: &Chain, duration_s: f64) -> Vec<SpanRef> {
    let all = all_spans(chain);
    let wanted =
        (duration_s * chain.info().sampling_frequency / super::chain::SPAN_FRAMES as f64).ceil().max(1.0);
    if (all.len() as f64) <= wanted {
        return all;
    }
    let wanted = wanted as usize;
    // The middle of each of `wanted` equal parts.
    (0..wanted).filter_map(|i| all.get((2 * i + 1) * all.len() / (2 * wanted)).copied()).collect()
}

/// Runs `work` on each span, in parallel, with `pad` frames of context; results are in the order of `spans`.
///
/// `S` is scratch that a thread keeps between spans; results must not depend on what it holds.
///
/// # Errors
/// Where samples cannot be read, `work` fails, or the monitor cancels.
pub fn over_spans<S: Default + Send, T: Send>(
    chain: &Chain,
    spans: &[SpanRef],
    pad: usize,
    monitor: &dyn Monitor,
    work: impl Fn(&SpanData, &mut S) -> Result<T, EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    let pool: Mutex<Vec<(ChainScratch, Block, S)>> = Mutex::new(Vec::new());
    let done = AtomicU64::new(0);
    let total = spans.len() as u64;
    monitor.progress(0, total);
    spans
        .par_iter()
        .with_max_len(1)
        .map(|&span| {
            if monitor.cancelled() {
                return Err(EngineError::Cancelled);
            }
            let kept = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let (mut scratch, mut block, mut own) = kept.unwrap_or_default();
            let frames = chain.span_range(span.segment, span.span);
            let segment_frames = chain.info().segments.get(span.segment).map_or(0, |s| s.num_frames);
            let padded = frames.start.saturating_sub(pad)..(frames.end + pad).min(segment_frames);
            chain.read_block(span.segment, padded, &mut scratch, &mut block)?;
            let result = work(&SpanData { block: &block, span, frames, segment_frames }, &mut own)?;
            pool.lock().unwrap_or_else(PoisonError::into_inner).push((scratch, block, own));
            monitor.progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok(result)
        })
        .collect()
}
