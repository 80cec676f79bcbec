//! One streaming pass over a recording: spans in parallel, results in order.

use super::{
    EngineError, Monitor,
    block::Block,
    chain::{Chain, Job, map_spans_with},
};
use std::ops::Range;

/// A span of the recording's grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Its place among the spans of the pass.
    pub index: usize,
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
    let wanted = (duration_s * chain.info().sampling_frequency / (chain.step() * chain.span_frames()) as f64)
        .ceil()
        .max(1.0);
    if (all.len() as f64) <= wanted {
        return all;
    }
    let wanted = wanted as usize;
    // The middle of each of `wanted` equal parts.
    (0..wanted).filter_map(|i| all.get((2 * i + 1) * all.len() / (2 * wanted)).copied()).collect()
}

/// The middle of each span, this many frames at most.
pub fn middles(chain: &Chain, spans: &[SpanRef], frames: usize) -> Vec<Job> {
    spans
        .iter()
        .map(|span| {
            let whole = chain.span_range(span.segment, span.span);
            let count = frames.min(whole.len());
            let start = whole.start + (whole.len() - count) / 2;
            Job { segment: span.segment, frames: start..start + count }
        })
        .collect()
}

/// Runs `work` on each span, in parallel, with `pad` frames of context; results are in the order of `spans`,
/// which are in order of time.
///
/// `S` is scratch that a worker keeps between spans; results must not depend on what it holds.
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
    let jobs: Vec<Job> = spans
        .iter()
        .map(|span| Job { segment: span.segment, frames: chain.span_range(span.segment, span.span) })
        .collect();
    map_spans_with(chain, &jobs, pad, monitor, |block, job, own: &mut S| {
        let span = SpanRef { segment: job.segment, span: job.frames.start / chain.span_frames() };
        let index = spans.partition_point(|other| *other < span);
        let segment_frames = chain.num_frames(job.segment);
        work(&SpanData { block, span, index, frames: job.frames.clone(), segment_frames }, own)
    })
}
