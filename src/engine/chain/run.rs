//! Walks a section's passes through a stretch of frames.

use super::{
    Inner, SPAN_FRAMES,
    borders::Borders,
    filtering::FilterScratch,
    kept::Kept,
    long::LongScratch,
    section::{Input, Kind, Op, Pass, Section},
    span::{Sink, Span, copy_frame_major},
    turns::{Role, Turn, turns},
};
use crate::engine::{
    EngineError,
    block::Block,
    filter::Direction,
    motion::{MotionScratch, SubBlock},
    phase_shift::{Ends, PhaseScratch},
    reference::ReferenceScratch,
    tile::{self, LANES, Row, SUB, num_tiles, tile_mut},
};
use std::{ops::Range, sync::Arc};

/// Buffers of one section, used again and again.
#[derive(Default)]
pub(super) struct SectionScratch {
    work: Vec<Row>,
    spare: Vec<Row>,
    staging: Vec<f32>,
    filters: Vec<FilterScratch>,
    reference: ReferenceScratch,
    motion: MotionScratch,
    phase: PhaseScratch,
    pub(super) long: LongScratch,
    spans: [CachedSpan; 2],
    used: u64,
    /// What other workers of the same pass computed, or will need.
    pub(super) borders: Option<Arc<Borders>>,
    /// What stays from pass to pass.
    pub(super) kept: Option<Arc<Kept>>,
    /// What a pointwise section computed last, on its way to frame-major samples.
    block: Block,
}

/// A span that was computed lately: neighbours ask for its ends.
#[derive(Default)]
struct CachedSpan {
    key: Option<SpanKey>,
    used: u64,
    held: Arc<Span>,
}

/// Chain, segment, span and step.
pub(super) type SpanKey = (u64, usize, usize, usize);

/// A stretch being computed.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub frames: usize,
    pub at_start: bool,
    pub at_end: bool,
    segment: usize,
}

/// Fills a block with a section's output: [`read_block`] or [`read_piece`].
pub(super) type Read =
    fn(&Inner, usize, &mut [SectionScratch], usize, usize, &mut Block) -> Result<(), EngineError>;

/// Frame-major samples of a section's output.
pub(super) fn read_frames(
    inner: &Inner,
    index: usize,
    scratch: &mut [SectionScratch],
    segment: usize,
    start: usize,
    out: &mut [f32],
) -> Result<(), EngineError> {
    let section = &inner.sections[index];
    let (below, here) = scratch.split_at_mut(index);
    let here = &mut here[0];
    let num_channels = section.num_channels;
    let frames = start..start + out.len() / num_channels;
    if section.is_plain() && section.columns.is_none() {
        return read_input(inner, section, index, below, segment, start, out);
    }
    if section.is_pointwise() {
        let mut block = std::mem::take(&mut here.block);
        block.reset(num_channels, frames.clone());
        let done = compute(inner, index, below, here, segment, 1, &mut block);
        copy_frame_major(&block, frames, out, num_channels);
        here.block = block;
        return done;
    }
    for span in spans_of(&frames, 1) {
        let span = cached(inner, index, below, here, (inner.id, segment, span, 1))?;
        span.copy_frame_major(frames.clone(), out, num_channels);
    }
    Ok(())
}

/// The block of a section's output that `out` was shaped for, in every `step`th frame.
pub(super) fn read_block(
    inner: &Inner,
    index: usize,
    scratch: &mut [SectionScratch],
    segment: usize,
    step: usize,
    out: &mut Block,
) -> Result<(), EngineError> {
    let section = &inner.sections[index];
    let (below, here) = scratch.split_at_mut(index);
    let here = &mut here[0];
    let frames = out.frames();
    if section.is_pointwise() && here.kept.is_none() {
        return compute(inner, index, below, here, segment, step, out);
    }
    let length = section.segments[segment].num_frames.div_ceil(step);
    let mut spans = spans_of(&frames, step);
    let is_whole = spans.len() == 1 && frames == span_range(length, spans.start, step);
    let key = |span| (inner.id, segment, span, step);
    if is_whole && here.kept.is_none() && here.held(key(spans.start)).is_none() {
        // Without a detour.
        return compute_span(inner, index, below, here, segment, step, out);
    }
    spans.try_for_each(|span| {
        cached(inner, index, below, here, key(span))?.copy_to(out);
        Ok(())
    })
}

/// As [`read_block`], the section computed for these frames alone where its warm-up allows it.
pub(super) fn read_piece(
    inner: &Inner,
    index: usize,
    scratch: &mut [SectionScratch],
    segment: usize,
    step: usize,
    out: &mut Block,
) -> Result<(), EngineError> {
    if let Kind::Long(_) = inner.sections[index].kind {
        return read_block(inner, index, scratch, segment, step, out);
    }
    let (below, here) = scratch.split_at_mut(index);
    compute(inner, index, below, &mut here[0], segment, step, out)
}

impl SectionScratch {
    /// Place of a span that was computed lately.
    fn held(&self, key: SpanKey) -> Option<usize> {
        self.spans.iter().position(|span| span.key == Some(key))
    }

    /// Place of the span that was asked for longer ago, to be replaced.
    fn older(&self) -> usize {
        usize::from(self.spans[1].used < self.spans[0].used)
    }
}

/// The spans that hold some of the frames, every `step`th.
fn spans_of(frames: &Range<usize>, step: usize) -> Range<usize> {
    if frames.is_empty() {
        return 0..0;
    }
    let length = SPAN_FRAMES / step;
    frames.start / length..frames.end.div_ceil(length)
}

pub(super) fn span_range(num_frames: usize, span: usize, step: usize) -> Range<usize> {
    let length = SPAN_FRAMES / step;
    let start = (span * length).min(num_frames);
    start..(start + length).min(num_frames)
}

fn cached<'a>(
    inner: &Inner,
    index: usize,
    below: &mut [SectionScratch],
    here: &'a mut SectionScratch,
    key: SpanKey,
) -> Result<&'a Span, EngineError> {
    here.used += 1;
    let used = here.used;
    let slot = match here.held(key) {
        Some(slot) => slot,
        None => {
            let slot = here.older();
            let old = std::mem::take(&mut here.spans[slot]).held;
            let known = here.kept.as_ref().and_then(|kept| kept.get(key));
            let known = known.or_else(|| here.borders.as_ref().and_then(|borders| borders.take(key)));
            let held = match known {
                Some(span) => span,
                None => compute_shared(inner, index, below, here, key, old)?,
            };
            here.spans[slot] = CachedSpan { key: Some(key), used, held };
            slot
        }
    };
    here.spans[slot].used = used;
    Ok(&here.spans[slot].held)
}

/// Computes a span, in the memory of an old one where nobody else holds that, for all who will ask for it.
fn compute_shared(
    inner: &Inner,
    index: usize,
    below: &mut [SectionScratch],
    here: &mut SectionScratch,
    key: SpanKey,
    old: Arc<Span>,
) -> Result<Arc<Span>, EngineError> {
    let section = &inner.sections[index];
    let (_, segment, span, step) = key;
    let frames = span_range(section.segments[segment].num_frames.div_ceil(step), span, step);
    let old = Arc::try_unwrap(old).unwrap_or_default();
    let mut computed = old.shaped(section.num_channels, frames, section.step());
    match &mut computed {
        Span::Exact(block) => compute_span(inner, index, below, here, segment, step, block)?,
        Span::Counted(counts) => compute(inner, index, below, here, segment, step, counts)?,
    }
    let computed = Arc::new(computed);
    if let Some(kept) = &here.kept {
        kept.keep(key, &computed);
    }
    if let Some(borders) = &here.borders {
        borders.leave(key, &computed);
    }
    Ok(computed)
}

fn compute_span(
    inner: &Inner,
    index: usize,
    below: &mut [SectionScratch],
    here: &mut SectionScratch,
    segment: usize,
    step: usize,
    out: &mut Block,
) -> Result<(), EngineError> {
    let section = &inner.sections[index];
    match &section.kind {
        Kind::Long(filter) => {
            let length = section.segments[segment].num_frames;
            let mut read =
                |start: usize, out: &mut [f32]| read_input(inner, section, index, below, segment, start, out);
            filter.compute(section.num_channels, length, segment, &mut here.long, &mut read, out)
        }
        _ => compute(inner, index, below, here, segment, step, out),
    }
}

/// Frame-major samples of what a section reads from, in the section's own frames.
fn read_input(
    inner: &Inner,
    section: &Section,
    index: usize,
    below: &mut [SectionScratch],
    segment: usize,
    start: usize,
    out: &mut [f32],
) -> Result<(), EngineError> {
    let map = section.segments[segment];
    let start = map.input_start + start;
    match section.input {
        Input::Source => Ok(inner.source.read(map.input_segment, start, out)?),
        Input::Previous => read_frames(inner, index - 1, below, map.input_segment, start, out),
    }
}

/// Computes the frames `out` was shaped for, every `step`th, from the input and as much context as the section needs.
fn compute(
    inner: &Inner,
    index: usize,
    below: &mut [SectionScratch],
    here: &mut SectionScratch,
    segment: usize,
    step: usize,
    out: &mut dyn Sink,
) -> Result<(), EngineError> {
    let section = &inner.sections[index];
    let length = section.segments[segment].num_frames;
    let asked = out.frames();
    let wanted = asked.start * step..(asked.end * step).min(length);
    let margin = if let Kind::Spans { margin } = section.kind { margin } else { 0 };
    let start = wanted.start.saturating_sub(margin);
    let end = (wanted.end + margin).min(length);
    let stretch = Stretch { frames: end - start, at_start: start == 0, at_end: end == length, segment };
    let stride = section.tiles * SUB;
    let subs = (wanted.start - start) / SUB..(wanted.end - start).div_ceil(SUB);
    let (turns, kept) = turns(section, stretch.frames.div_ceil(SUB), stride, subs);
    if here.work.capacity() < kept * stride {
        // What it holds is not worth a copy.
        here.work = Vec::new();
    }
    here.work.resize(kept * stride, Row::ZERO);
    here.spare.resize(stride, Row::ZERO);
    here.filters.resize_with(section.filters.len(), FilterScratch::default);
    let last = section.passes.len() - 1;
    for Turn { pass: number, sub: k, role } in turns {
        let (channels, ops) = match &section.passes[number] {
            Pass::Phase(plan) => {
                let Stretch { frames, at_start, at_end, .. } = stretch;
                plan.run(&mut here.work, stride, Ends { frames, at_start, at_end }, &mut here.phase);
                continue;
            }
            Pass::Walk { num_channels, ops, .. } => (*num_channels, ops),
        };
        let first = k * SUB;
        let frames = SUB.min(stretch.frames - first);
        let sub = &mut here.work[k % kept * stride..][..stride];
        if role != Role::Whole {
            // A pass back begins with its filter.
            if let Some(Op::Filter(index, _)) = ops.first() {
                let (plan, state) = (&section.filters[*index], &mut here.filters[*index]);
                let tiles = num_tiles(channels);
                here.spare.copy_from_slice(sub);
                if role == Role::Begin {
                    state.begin_back(plan, &mut here.spare, tiles, frames);
                }
                state.run_back(plan, &mut here.spare, tiles, frames);
            }
            continue;
        }
        if number == 0 {
            here.staging.resize(frames * section.input_channels, 0.0);
            read_input(inner, section, index, below, segment, start + first, &mut here.staging)?;
            tile::load(&here.staging, section.input_channels, section.columns.as_deref(), sub);
        }
        let mut num_channels = match &section.columns {
            Some(columns) if number == 0 => columns.len(),
            _ => channels,
        };
        // What is not wanted is dropped as soon as nothing needs it any more.
        let thin_at = if number == last && step > 1 { section.thin_at } else { usize::MAX };
        let mut frames = frames;
        for (place, op) in ops.iter().enumerate() {
            if place == thin_at {
                frames = thin(sub, frames, step, num_tiles(num_channels));
            }
            match op {
                Op::Select(indices) => {
                    select(sub, indices, frames, &mut here.spare);
                    num_channels = indices.len();
                }
                Op::Reference(plan) => plan.run(sub, frames, &mut here.reference),
                Op::Map(plan) => {
                    plan.run(sub, frames, &mut here.spare);
                    for index in 0..num_tiles(num_channels) {
                        tile_mut(sub, index, frames).copy_from_slice(tile::tile(&here.spare, index, frames));
                    }
                }
                Op::Motion(plan) => {
                    let from = start + first;
                    let whole = SubBlock { first_frame: from, frames, segment: stretch.segment };
                    plan.run(sub, whole, &mut here.spare, &mut here.motion);
                }
                Op::Scale { gain, offset } => {
                    for (index, (gain, offset)) in gain.iter().zip(offset).enumerate() {
                        for row in tile_mut(sub, index, frames) {
                            for l in 0..LANES {
                                row.0[l] = row.0[l] * gain.0[l] + offset.0[l];
                            }
                        }
                    }
                }
                Op::Silence(periods) => {
                    silence(sub, &periods[stretch.segment], start + first, frames, num_tiles(num_channels));
                }
                Op::Round { step, low, high } => {
                    for index in 0..num_tiles(num_channels) {
                        round(tile_mut(sub, index, frames), *step, (*low, *high));
                    }
                }
                Op::Filter(index, direction) => {
                    let plan = &section.filters[*index];
                    let state = &mut here.filters[*index];
                    let tiles = num_tiles(num_channels);
                    match direction {
                        Direction::Forward => {
                            state.run_forward(plan, sub, tiles, first, frames, stretch, length)
                        }
                        Direction::Backward => state.run_back(plan, sub, tiles, frames),
                    }
                }
            }
        }
        if number == last {
            if thin_at == ops.len() {
                frames = thin(sub, frames, step, num_tiles(num_channels));
            }
            let begin = (start + first) / step;
            let (from, to) = (asked.start.max(begin), asked.end.min(begin + frames));
            if from < to {
                out.store(sub, from - begin..to - begin, from - asked.start);
            }
        }
    }
    Ok(())
}

/// Rounds to multiples of a step, of which there are so many.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn round(rows: &mut [Row], step: f32, (low, high): (f32, f32)) {
    let per_step = 1.0 / step;
    for row in rows {
        for l in 0..LANES {
            row.0[l] = (row.0[l] * per_step).round_ties_even().clamp(low, high) * step;
        }
    }
}

/// Keeps every `step`th frame of a sub-block, and says how many those are.
fn thin(sub: &mut [Row], frames: usize, step: usize, tiles: usize) -> usize {
    let kept = frames.div_ceil(step);
    for index in 0..tiles {
        let rows = tile_mut(sub, index, frames);
        for frame in 1..kept {
            rows[frame] = rows[frame * step];
        }
    }
    kept
}

fn select(sub: &mut [Row], indices: &[usize], frames: usize, spare: &mut [Row]) {
    for (place, &channel) in indices.iter().enumerate() {
        let rows = tile::tile(sub, channel / LANES, frames);
        let out = tile_mut(spare, place / LANES, frames);
        for (to, from) in out.iter_mut().zip(rows) {
            to.0[place % LANES] = from.0[channel % LANES];
        }
    }
    for index in 0..num_tiles(indices.len()) {
        tile_mut(sub, index, frames).copy_from_slice(tile::tile(spare, index, frames));
    }
}

fn silence(sub: &mut [Row], periods: &[(usize, usize)], start: usize, frames: usize, tiles: usize) {
    for &(from, to) in periods {
        let (from, to) = (from.max(start), to.min(start + frames));
        if from < to {
            for index in 0..tiles {
                tile_mut(sub, index, frames)[from - start..to - start].fill(Row::ZERO);
            }
        }
    }
}
