//! Filters that remember for longer than a warm-up can bridge: low corners and narrow notches.
//!
//! The state with which a filter enters a span is a sum over the spans before it: what each of them leaves
//! behind from a state of zero, carried over the spans in between by a power of the state matrix. Those
//! remainders are small, kept, and counted from a fixed number of spans back, so that any span has the same
//! samples however it is reached. Backward the same holds with the spans after it.

use super::{SPAN_FRAMES, filtering::mirrored, run::span_range};
use crate::engine::{
    EngineError,
    block::Block,
    filter::{Direction, ExactState, FilterPlan, run_exact, steady_state},
    tile::{self, LANES, Row, SUB, num_tiles},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// A filter whose memory spans spans.
#[derive(Debug)]
pub(super) struct LongFilter {
    plan: FilterPlan,
    /// Spans that are looked at on each side.
    reach: usize,
    /// `column[j]`: the state a span later for a state of 1 in component `j`.
    transition: OnceLock<Vec<Vec<f64>>>,
    remainders: Mutex<Remainders>,
}

/// What spans leave behind, by segment and span.
#[derive(Debug, Default)]
struct Remainders {
    spans: BTreeMap<(usize, usize), Remainder>,
    used: u64,
}

#[derive(Clone, Debug, Default)]
struct Remainder {
    forward: Option<Arc<Vec<ExactState>>>,
    backward: Option<Arc<Vec<ExactState>>>,
    used: u64,
}

/// Buffers, used again and again.
#[derive(Default)]
pub(super) struct LongScratch {
    staging: Vec<f32>,
    /// `[tile][frame]`.
    rows: Vec<Row>,
    copy: Vec<Row>,
    sub: Vec<Row>,
}

/// Reads frame-major samples from a frame on.
pub(super) type Read<'a> = dyn FnMut(usize, &mut [f32]) -> Result<(), EngineError> + 'a;

/// One request: the filter on one segment.
struct Walk<'a, 'b> {
    filter: &'a LongFilter,
    num_channels: usize,
    length: usize,
    segment: usize,
    read: &'a mut Read<'b>,
}

impl LongFilter {
    pub fn new(plan: FilterPlan) -> Self {
        let reach = plan.margin.div_ceil(SPAN_FRAMES);
        Self { plan, reach, transition: OnceLock::new(), remainders: Mutex::default() }
    }

    /// The filter itself.
    pub fn plan(&self) -> &FilterPlan {
        &self.plan
    }

    /// Computes the span that `out` was shaped for.
    pub fn compute(
        &self,
        num_channels: usize,
        length: usize,
        segment: usize,
        scratch: &mut LongScratch,
        read: &mut Read<'_>,
        out: &mut Block,
    ) -> Result<(), EngineError> {
        let span = out.first_frame() / SPAN_FRAMES;
        let mut walk = Walk { filter: self, num_channels, length, segment, read };
        let mut forward = walk.forward_state(span, scratch)?;
        let backward = walk.backward_state(span, scratch)?;
        walk.load(span, scratch)?;
        let mut states = walk.run_forward(span, &mut forward, scratch);
        if let Some(backward) = backward {
            states = backward;
        }
        let frames = out.num_frames();
        for (index, state) in states.iter_mut().enumerate() {
            run_exact(&self.plan, state, &mut scratch.rows[index * frames..][..frames], Direction::Backward);
        }
        let tiles = num_tiles(num_channels);
        scratch.sub.resize(tiles * SUB, Row::ZERO);
        for first in (0..frames).step_by(SUB) {
            let count = SUB.min(frames - first);
            for index in 0..tiles {
                tile::tile_mut(&mut scratch.sub, index, count)
                    .copy_from_slice(&scratch.rows[index * frames + first..][..count]);
            }
            let (data, stride) = out.raw_mut();
            tile::store(&scratch.sub, 0..count, num_channels, data, stride, first);
        }
        Ok(())
    }

    /// The state one span later, without input.
    fn carry(&self, states: &mut [ExactState]) {
        let size = 2 * self.plan.sections.len();
        let columns = self.transition.get_or_init(|| {
            (0..size)
                .map(|j| {
                    let mut state = vec![[[0.0; LANES]; 2]; size / 2];
                    state[j / 2][j % 2][0] = 1.0;
                    let mut rows = [Row::ZERO; SUB];
                    for _ in 0..SPAN_FRAMES / SUB {
                        rows.fill(Row::ZERO);
                        run_exact(&self.plan, &mut state, &mut rows, Direction::Forward);
                    }
                    state.iter().flatten().map(|lanes| lanes[0]).collect()
                })
                .collect()
        });
        for state in states {
            let before = std::mem::replace(state, vec![[[0.0; LANES]; 2]; size / 2]);
            for (j, column) in columns.iter().enumerate() {
                for (i, weight) in column.iter().enumerate() {
                    for l in 0..LANES {
                        state[i / 2][i % 2][l] += weight * before[j / 2][j % 2][l];
                    }
                }
            }
        }
    }

    fn known(&self, key: (usize, usize)) -> Remainder {
        let mut remainders = self.remainders.lock().unwrap_or_else(PoisonError::into_inner);
        remainders.used += 1;
        let used = remainders.used;
        match remainders.spans.get_mut(&key) {
            Some(remainder) => {
                remainder.used = used;
                remainder.clone()
            }
            None => Remainder::default(),
        }
    }

    fn keep(&self, key: (usize, usize), remainder: Remainder) {
        let mut remainders = self.remainders.lock().unwrap_or_else(PoisonError::into_inner);
        remainders.used += 1;
        let used = remainders.used;
        let slot = remainders.spans.entry(key).or_default();
        slot.forward = remainder.forward.or(slot.forward.take());
        slot.backward = remainder.backward.or(slot.backward.take());
        slot.used = used;
        // Enough for a few threads that walk at different places.
        if remainders.spans.len() > 16 * (self.reach + 2) {
            let oldest = remainders.spans.iter().min_by_key(|(_, r)| r.used).map(|(&key, _)| key);
            if let Some(oldest) = oldest {
                remainders.spans.remove(&oldest);
            }
        }
    }
}

impl Walk<'_, '_> {
    fn num_spans(&self) -> usize {
        self.length.div_ceil(SPAN_FRAMES)
    }

    fn zero(&self) -> Vec<ExactState> {
        vec![vec![[[0.0; LANES]; 2]; self.filter.plan.sections.len()]; num_tiles(self.num_channels)]
    }

    /// Fills `scratch.rows` with a span as it is before the filter.
    fn load(&mut self, span: usize, scratch: &mut LongScratch) -> Result<(), EngineError> {
        let range = span_range(self.length, span, 1);
        let frames = range.len();
        self.load_frames(range.start, frames, scratch)
    }

    fn load_frames(
        &mut self,
        start: usize,
        frames: usize,
        scratch: &mut LongScratch,
    ) -> Result<(), EngineError> {
        let tiles = num_tiles(self.num_channels);
        scratch.rows.resize(tiles * frames, Row::ZERO);
        scratch.sub.resize(tiles * SUB, Row::ZERO);
        for first in (0..frames).step_by(8 * SUB) {
            let count = (8 * SUB).min(frames - first);
            scratch.staging.resize(count * self.num_channels, 0.0);
            (self.read)(start + first, &mut scratch.staging)?;
            for (step, samples) in scratch.staging.chunks(SUB * self.num_channels).enumerate() {
                let count = samples.len() / self.num_channels;
                tile::load(samples, self.num_channels, None, &mut scratch.sub);
                for index in 0..tiles {
                    scratch.rows[index * frames + first + step * SUB..][..count].copy_from_slice(tile::tile(
                        &scratch.sub,
                        index,
                        count,
                    ));
                }
            }
        }
        Ok(())
    }

    /// Runs the loaded span forward in place; the states to run it backward with, where the segment ends with it.
    fn run_forward(
        &self,
        span: usize,
        states: &mut [ExactState],
        scratch: &mut LongScratch,
    ) -> Vec<ExactState> {
        let plan = &self.filter.plan;
        let range = span_range(self.length, span, 1);
        let frames = range.len();
        let at_end = range.end == self.length;
        // Shorter only where the last span holds fewer frames than the extension needs.
        let edge = plan.edge.min(frames - 1);
        let mut back = Vec::new();
        for (index, state) in states.iter_mut().enumerate() {
            let rows = &mut scratch.rows[index * frames..][..frames];
            let mut extension: Vec<Row> = Vec::new();
            if at_end {
                extension.extend((1..=edge).map(|i| mirrored(&rows[frames - 1], &rows[frames - 1 - i])));
            }
            run_exact(plan, state, rows, Direction::Forward);
            if at_end {
                run_exact(plan, state, &mut extension, Direction::Forward);
                let mut state = steady_state(plan, extension.last().unwrap_or(&rows[frames - 1]));
                run_exact(plan, &mut state, &mut extension, Direction::Backward);
                back.push(state);
            }
        }
        back
    }

    /// The states with which the filter enters a span going forward.
    fn forward_state(
        &mut self,
        span: usize,
        scratch: &mut LongScratch,
    ) -> Result<Vec<ExactState>, EngineError> {
        let first = span.saturating_sub(self.filter.reach);
        let mut states = if first == 0 { self.start_state(scratch)? } else { self.zero() };
        for earlier in first..span {
            let key = (self.segment, earlier);
            let known = self.filter.known(key).forward;
            let left = match known {
                Some(left) => left,
                None => {
                    self.load(earlier, scratch)?;
                    self.forward_remainder(key, scratch)
                }
            };
            self.filter.carry(&mut states);
            add(&mut states, &left);
        }
        Ok(states)
    }

    /// What the loaded span leaves behind going forward.
    fn forward_remainder(&self, key: (usize, usize), scratch: &mut LongScratch) -> Arc<Vec<ExactState>> {
        let mut left = self.zero();
        let frames = scratch.rows.len() / left.len();
        for (index, state) in left.iter_mut().enumerate() {
            scratch.copy.clear();
            scratch.copy.extend_from_slice(&scratch.rows[index * frames..][..frames]);
            run_exact(&self.filter.plan, state, &mut scratch.copy, Direction::Forward);
        }
        let left = Arc::new(left);
        self.filter.keep(key, Remainder { forward: Some(left.clone()), ..Remainder::default() });
        left
    }

    /// The states at frame 0: the odd extension, entered in its steady state.
    fn start_state(&mut self, scratch: &mut LongScratch) -> Result<Vec<ExactState>, EngineError> {
        let plan = &self.filter.plan;
        let edge = plan.edge.min(self.length - 1);
        self.load_frames(0, edge + 1, scratch)?;
        Ok(scratch
            .rows
            .chunks_exact(edge + 1)
            .map(|rows| {
                let mut extension: Vec<Row> =
                    (1..=edge).rev().map(|i| mirrored(&rows[0], &rows[i])).collect();
                let mut state = steady_state(plan, extension.first().unwrap_or(&rows[0]));
                run_exact(plan, &mut state, &mut extension, Direction::Forward);
                state
            })
            .collect())
    }

    /// The states with which the filter enters a span going backward; `None` for the last span, which begins itself.
    fn backward_state(
        &mut self,
        span: usize,
        scratch: &mut LongScratch,
    ) -> Result<Option<Vec<ExactState>>, EngineError> {
        let last = self.num_spans() - 1;
        if span == last {
            return Ok(None);
        }
        let farthest = (span + self.filter.reach).min(last);
        let mut states = self.zero();
        // Near to far first: going on with the next span then finds all but one of them known.
        for later in span + 1..=farthest {
            self.ensure_backward(later, scratch)?;
        }
        for later in (span + 1..=farthest).rev() {
            let left = self.ensure_backward(later, scratch)?;
            if later == last {
                states = left.to_vec();
            } else {
                self.filter.carry(&mut states);
                add(&mut states, &left);
            }
        }
        Ok(Some(states))
    }

    /// What a span leaves behind going backward.
    fn ensure_backward(
        &mut self,
        span: usize,
        scratch: &mut LongScratch,
    ) -> Result<Arc<Vec<ExactState>>, EngineError> {
        let key = (self.segment, span);
        if let Some(left) = self.filter.known(key).backward {
            return Ok(left);
        }
        let mut forward = self.forward_state(span, scratch)?;
        self.load(span, scratch)?;
        if self.filter.known(key).forward.is_none() {
            self.forward_remainder(key, scratch);
        }
        let mut left = self.run_forward(span, &mut forward, scratch);
        if left.is_empty() {
            left = self.zero();
        }
        let frames = scratch.rows.len() / left.len();
        for (index, state) in left.iter_mut().enumerate() {
            run_exact(
                &self.filter.plan,
                state,
                &mut scratch.rows[index * frames..][..frames],
                Direction::Backward,
            );
        }
        let left = Arc::new(left);
        self.filter.keep(key, Remainder { backward: Some(left.clone()), ..Remainder::default() });
        Ok(left)
    }
}

fn add(states: &mut [ExactState], others: &[ExactState]) {
    for (state, other) in states.iter_mut().zip(others) {
        for (a, b) in state.iter_mut().flatten().zip(other.iter().flatten()) {
            for l in 0..LANES {
                a[l] += b[l];
            }
        }
    }
}
