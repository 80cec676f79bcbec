//! One streaming pass over a recording: spans in parallel, results in order.

use super::{
    EngineError, Monitor,
    block::Block,
    chain::{Chain, Job, map_in_pieces, map_spans_with},
    checkpoint::{Checkpoint, Piece},
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
    map_spans_with(chain, &jobs_of(chain, spans), pad, monitor, |block, job, own: &mut S| {
        work(&span_data(chain, spans, block, job), own)
    })
}

/// As [`over_spans`], a span in pieces of so many frames: `work` adds what it finds in one to what was found in those
/// before it in the span. What an earlier try kept is taken from there, and what is computed is kept for the next.
///
/// # Errors
/// As [`over_spans`].
pub(super) fn over_pieces_kept<S: Default + Send, T: Piece + Default + Send>(
    chain: &Chain,
    spans: &[SpanRef],
    (pad, piece): (usize, usize),
    monitor: &dyn Monitor,
    checkpoint: Option<Checkpoint>,
    work: impl Fn(&SpanData, &mut S, &mut T) -> Result<(), EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    kept_or_computed(spans, monitor, checkpoint, |missing, keep| {
        let jobs = jobs_of(chain, missing);
        map_in_pieces(chain, &jobs, (pad, piece), monitor, |block, job, own: &mut S, part: &mut T| {
            let data = span_data(chain, spans, block, job);
            work(&data, own, part)?;
            if job.frames.end == chain.span_range(job.segment, data.span.span).end {
                keep(data.index, part);
            }
            Ok(())
        })
    })
}

/// The values of all parts of a pass, each given up as soon as it is copied: they may be most of the memory there is.
pub(super) fn joined(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    parts.into_iter().for_each(|part| all.extend_from_slice(&part));
    all
}

/// What an earlier try kept of the spans, and of the others what `compute` makes, which tells of each as it is done.
fn kept_or_computed<T: Piece>(
    spans: &[SpanRef],
    monitor: &dyn Monitor,
    checkpoint: Option<Checkpoint>,
    compute: impl FnOnce(&[SpanRef], &(dyn Fn(usize, &T) + Sync)) -> Result<Vec<T>, EngineError>,
) -> Result<Vec<T>, EngineError> {
    let Some(checkpoint) = checkpoint else { return compute(spans, &|_, _| ()) };
    let mut parts: Vec<Option<T>> = checkpoint.parts(spans.len(), monitor);
    let missing: Vec<SpanRef> =
        spans.iter().zip(&parts).filter(|(_, part)| part.is_none()).map(|(span, _)| *span).collect();
    let computed = compute(&missing, &|index, part| checkpoint.keep(index, part))?;
    parts.iter_mut().filter(|part| part.is_none()).zip(computed).for_each(|(part, new)| *part = Some(new));
    Ok(parts.into_iter().flatten().collect())
}

fn jobs_of(chain: &Chain, spans: &[SpanRef]) -> Vec<Job> {
    spans
        .iter()
        .map(|span| Job { segment: span.segment, frames: chain.span_range(span.segment, span.span) })
        .collect()
}

/// A job, or a piece of one, as part of its span.
fn span_data<'a>(chain: &Chain, spans: &[SpanRef], block: &'a Block, job: &Job) -> SpanData<'a> {
    let span = SpanRef { segment: job.segment, span: job.frames.start / chain.span_frames() };
    let index = spans.partition_point(|other| *other < span);
    let segment_frames = chain.num_frames(job.segment);
    SpanData { block, span, index, frames: job.frames.clone(), segment_frames }
}
