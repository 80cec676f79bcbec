//! Spikes of a sorting by the span of the recording they fall into.

use super::{
    EngineError, Monitor,
    block::Block,
    chain::{Chain, ChainScratch, Job},
};
use crate::data::Sorting;
use rayon::prelude::*;
use std::ops::Range;

/// Memory for the blocks that are held at once.
const HELD_BYTES: usize = 384 << 20;

/// Checks that a sorting can belong to a recording.
///
/// # Errors
/// Where segments, rates or lengths do not fit.
pub(super) fn check(chain: &Chain, sorting: &Sorting) -> Result<(), EngineError> {
    let info = chain.info();
    if info.segments.len() != sorting.segments.len() {
        return Err(EngineError::Data(format!(
            "the sorting has {} segments and the recording {}: connect the recording that was sorted",
            sorting.segments.len(),
            info.segments.len()
        )));
    }
    if (info.sampling_frequency - sorting.sampling_frequency).abs() > 1e-3 * info.sampling_frequency {
        return Err(EngineError::Data(format!(
            "the sorting has {} samples a second and the recording {}: connect the recording that was sorted",
            sorting.sampling_frequency, info.sampling_frequency
        )));
    }
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        if let Some(&last) = spikes.sample_index.last()
            && last >= info.segments[segment].num_frames as i64
        {
            return Err(EngineError::Data(format!(
                "the sorting has a spike at frame {last} of segment {segment}, whose last frame is {}: connect the \
                 recording that was sorted",
                info.segments[segment].num_frames as i64 - 1
            )));
        }
    }
    Ok(())
}

/// Positions in a segment's columns of the spikes that fall into a range of frames.
pub(super) fn spikes_in(sorting: &Sorting, job: &Job) -> Range<usize> {
    let Some(spikes) = sorting.segments.get(job.segment) else { return 0..0 };
    let samples = spikes.sample_index.as_slice();
    let from = samples.partition_point(|&s| s < job.frames.start as i64);
    from..samples.partition_point(|&s| s < job.frames.end as i64)
}

/// Reads jobs a few at a time, each with `pad` frames on both sides, and calls `work` with them in order.
///
/// # Errors
/// Where it is cancelled or the data cannot be read.
pub(super) fn for_blocks(
    chain: &Chain,
    jobs: &[Job],
    pad: usize,
    monitor: &dyn Monitor,
    mut work: impl FnMut(&[(Job, Block)]),
) -> Result<(), EngineError> {
    let longest = jobs.iter().map(|job| job.frames.len() + 2 * pad).max().unwrap_or(1);
    let bytes = 4 * longest * chain.num_channels();
    let held = (HELD_BYTES / bytes.max(1)).clamp(1, 2 * rayon::current_num_threads());
    monitor.progress(0, jobs.len() as u64);
    // Each worker has its buffers, and the blocks it filled before.
    let mut scratches: Vec<(ChainScratch, Vec<Block>)> = Vec::new();
    scratches.resize_with(chain.num_workers().min(held), Default::default);
    for (done, batch) in jobs.chunks(held).enumerate() {
        // Neighbours share the spans at their border: each worker reads a stretch of them.
        let parts: Vec<Vec<(Job, Block)>> = batch
            .par_chunks(batch.len().div_ceil(scratches.len()))
            .zip(&mut scratches)
            .map(|(jobs, (scratch, spare))| {
                jobs.iter()
                    .map(|job| {
                        if monitor.cancelled() {
                            return Err(EngineError::Cancelled);
                        }
                        let start = job.frames.start.saturating_sub(pad);
                        let end = (job.frames.end + pad).min(chain.num_frames(job.segment));
                        let mut block = spare.pop().unwrap_or_default();
                        chain.read_block(job.segment, start..end, scratch, &mut block)?;
                        Ok((job.clone(), block))
                    })
                    .collect()
            })
            .collect::<Result<_, EngineError>>()?;
        // Who read the end of this batch goes on with the start of the next.
        scratches.rotate_right(1);
        let blocks: Vec<(Job, Block)> = parts.into_iter().flatten().collect();
        work(&blocks);
        let workers = scratches.len();
        for (index, (_, block)) in blocks.into_iter().enumerate() {
            scratches[index % workers].1.push(block);
        }
        monitor.progress((done * held + batch.len()) as u64, jobs.len() as u64);
    }
    if monitor.cancelled() { Err(EngineError::Cancelled) } else { Ok(()) }
}
