//! Spans over threads: the same results in the same order, however many there are.

use super::{Chain, ChainScratch};
use crate::engine::{EngineError, Monitor, block::Block};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

/// A range of frames to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Segment index.
    pub segment: usize,
    /// The frames it owns: what is found in the context beside them belongs to a neighbour.
    pub frames: Range<usize>,
}

/// Jobs a thread takes at once: neighbours share the spans at their border.
const RUN: usize = 32;

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
    let total: u64 = jobs.iter().map(|job| job.frames.len() as u64).sum();
    let done = AtomicU64::new(0);
    monitor.progress(0, total);
    // Short runs where there are few jobs, so that all threads have some.
    let run = jobs.len().div_ceil(2 * rayon::current_num_threads()).clamp(1, RUN);
    let runs: Vec<Result<Vec<T>, EngineError>> = jobs
        .par_chunks(run)
        .map_init(
            || (ChainScratch::new(), Block::new()),
            |(scratch, block), jobs| {
                jobs.iter()
                    .map(|job| {
                        if monitor.cancelled() {
                            return Err(EngineError::Cancelled);
                        }
                        let start = job.frames.start.saturating_sub(pad);
                        let end = (job.frames.end + pad).min(chain.num_frames(job.segment));
                        chain.read_block(job.segment, start..end, scratch, block)?;
                        let result = work(block, job)?;
                        let frames = job.frames.len() as u64;
                        monitor.progress(done.fetch_add(frames, Ordering::Relaxed) + frames, total);
                        Ok(result)
                    })
                    .collect()
            },
        )
        .collect();
    let mut results = Vec::with_capacity(jobs.len());
    for run in runs {
        results.extend(run?);
    }
    Ok(results)
}
