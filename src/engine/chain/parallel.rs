//! Spans over threads: the same results in the same order, however many there are.

use super::{Chain, ChainScratch, SPAN_FRAMES, borders::Borders};
use crate::engine::{EngineError, Monitor, block::Block};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

/// A range of frames to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Segment index.
    pub segment: usize,
    /// The frames it owns: what is found in the context beside them belongs to a neighbour.
    pub frames: Range<usize>,
}

/// Jobs a worker takes at once, at most: neighbours share the spans at their border.
const RUN: usize = 32;
/// Memory for all workers on a recording, beyond which there are fewer workers than threads.
const WORKING_BYTES: usize = 1280 << 20;
/// Copies of a span that a worker holds: the stretch being computed, the last two spans, the block, and what is made
/// of it.
const COPIES: usize = 5;

impl Chain {
    /// One job for each span of the grid, in order of time.
    pub fn spans(&self) -> Vec<Job> {
        (0..self.num_segments())
            .flat_map(|segment| {
                (0..self.num_spans(segment))
                    .map(move |span| Job { segment, frames: self.span_range(segment, span) })
            })
            .collect()
    }

    /// How many spans are worked on at once: the threads there are, fewer where many channels would need too much
    /// memory.
    pub fn num_workers(&self) -> usize {
        let bytes = 4 * COPIES * SPAN_FRAMES * self.num_channels();
        rayon::current_num_threads().min(WORKING_BYTES / bytes.max(1)).max(1)
    }
}

/// Calls `work` for each job with a block that holds its frames and up to `pad` more on both sides, and
/// collects the results in the order of the jobs.
///
/// Jobs are worked on in parallel; those of one stretch should follow one another in time. Progress counts
/// frames.
///
/// # Errors
/// [`EngineError::Cancelled`] where the monitor says so, else the first error in the order of the jobs that
/// was met.
pub fn map_spans<T: Send>(
    chain: &Chain,
    jobs: &[Job],
    pad: usize,
    monitor: &dyn Monitor,
    work: impl Fn(&Block, &Job) -> Result<T, EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    map_spans_with(chain, jobs, pad, monitor, |block, job, _: &mut ()| work(block, job))
}

/// As [`map_spans`], with scratch that a worker keeps between jobs; results must not depend on what it holds.
///
/// # Errors
/// As [`map_spans`].
pub fn map_spans_with<S: Default + Send, T: Send>(
    chain: &Chain,
    jobs: &[Job],
    pad: usize,
    monitor: &dyn Monitor,
    work: impl Fn(&Block, &Job, &mut S) -> Result<T, EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    map(chain, jobs, Reading::OnGrid { pad, piece: usize::MAX }, monitor, whole(work))
}

/// As [`map_spans_with`], a job in pieces of so many frames one after the other: all channels of a piece stay near the
/// processor. `work` adds what it finds in a piece to what was found in those before.
///
/// # Errors
/// As [`map_spans`].
pub fn map_in_pieces<S: Default + Send, T: Default + Send>(
    chain: &Chain,
    jobs: &[Job],
    (pad, piece): (usize, usize),
    monitor: &dyn Monitor,
    work: impl Fn(&Block, &Job, &mut S, &mut T) -> Result<(), EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    let add = |block: &Block, job: &Job, own: &mut S, found: &mut Option<T>| {
        work(block, job, own, found.get_or_insert_default())
    };
    map(chain, jobs, Reading::OnGrid { pad, piece }, monitor, add)
}

/// As [`map_spans_with`], for short pieces from which something is estimated: computed from a warm-up of their own, they
/// cost little more than their frames and differ from the same frames of a span by rounding.
///
/// # Errors
/// As [`map_spans`].
pub fn map_pieces<S: Default + Send, T: Send>(
    chain: &Chain,
    jobs: &[Job],
    monitor: &dyn Monitor,
    work: impl Fn(&Block, &Job, &mut S) -> Result<T, EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    map(chain, jobs, Reading::Alone, monitor, whole(work))
}

/// Work on a whole job as work on its only piece.
fn whole<S, T>(
    work: impl Fn(&Block, &Job, &mut S) -> Result<T, EngineError> + Sync,
) -> impl Fn(&Block, &Job, &mut S, &mut Option<T>) -> Result<(), EngineError> + Sync {
    move |block, job, own, found| {
        *found = Some(work(block, job, own)?);
        Ok(())
    }
}

/// How the frames of a job are computed.
#[derive(Clone, Copy)]
enum Reading {
    /// As part of the grid, with context, in pieces.
    OnGrid { pad: usize, piece: usize },
    /// For themselves.
    Alone,
}

fn map<S: Default + Send, T: Send>(
    chain: &Chain,
    jobs: &[Job],
    reading: Reading,
    monitor: &dyn Monitor,
    work: impl Fn(&Block, &Job, &mut S, &mut Option<T>) -> Result<(), EngineError> + Sync,
) -> Result<Vec<T>, EngineError> {
    let (pad, piece) = match reading {
        Reading::OnGrid { pad, piece } => (pad, piece.max(1)),
        Reading::Alone => (0, usize::MAX),
    };
    let total: u64 = jobs.iter().map(|job| job.frames.len() as u64).sum();
    let (done, next, failed) = (AtomicU64::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    monitor.progress(0, total);
    let workers = chain.num_workers().min(jobs.len());
    // Runs share what lies at the borders of spans; short ones where there are few jobs, so that all workers have some.
    let run = if pad == 0 { 1 } else { jobs.len().div_ceil(4 * workers.max(1)).clamp(1, RUN) };
    let share = || Arc::new(Borders::of(jobs, run, chain.span_frames(), workers));
    let borders = (pad > 0 && workers > 1).then(share);
    let work_through = |scratch: &mut ChainScratch, block: &mut Block| {
        let mut own = S::default();
        let mut found: Vec<(usize, Result<Option<T>, EngineError>)> = Vec::new();
        let mut piecewise = |job: &Job| {
            let (mut result, end) = (None, job.frames.end);
            for first in job.frames.clone().step_by(piece) {
                if monitor.cancelled() {
                    return Err(EngineError::Cancelled);
                }
                let frames = first..first.saturating_add(piece).min(end);
                let with_context =
                    frames.start.saturating_sub(pad)..(frames.end + pad).min(chain.num_frames(job.segment));
                match reading {
                    Reading::OnGrid { .. } => chain.read_block(job.segment, with_context, scratch, block)?,
                    Reading::Alone => chain.read_piece(job.segment, with_context, scratch, block)?,
                }
                work(block, &Job { segment: job.segment, frames }, &mut own, &mut result)?;
            }
            Ok(result)
        };
        loop {
            let first = next.fetch_add(run, Ordering::Relaxed);
            if first >= jobs.len() {
                return found;
            }
            for (index, job) in jobs.iter().enumerate().skip(first).take(run) {
                if failed.load(Ordering::Relaxed) {
                    return found;
                }
                let result = piecewise(job);
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                found.push((index, result));
                let frames = job.frames.len() as u64;
                monitor.progress(done.fetch_add(frames, Ordering::Relaxed) + frames, total);
            }
        }
    };
    let worker = |_: usize| {
        chain.with_scratch(|scratch| {
            let mut block = std::mem::take(&mut scratch.block);
            scratch.share(chain, borders.clone(), chain.kept.clone());
            let found = work_through(scratch, &mut block);
            scratch.share(chain, None, None);
            scratch.block = block;
            found
        })
    };
    let mut found: Vec<(usize, Result<Option<T>, EngineError>)> =
        (0..workers).into_par_iter().with_max_len(1).map(worker).flatten_iter().collect();
    found.sort_by_key(|(index, _)| *index);
    // Jobs of no frames find nothing.
    found.into_iter().filter_map(|(_, result)| result.transpose()).collect()
}
