//! Noise levels and offsets of channels, from random chunks of the data.

use super::{
    EngineError, Monitor,
    block::Block,
    chain::{Chain, Job, map_pieces},
    random::NumpyRng,
    select::{median, median_of},
};
use crate::data::{NoiseLevels, RecordingInfo};

/// How many chunks of data are drawn, how long, and with which seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunks {
    /// Chunks from each segment.
    pub num_chunks_per_segment: usize,
    /// Length of a chunk in frames.
    pub chunk_size: usize,
    /// The seed: the same as in SpikeInterface means the same chunks.
    pub seed: u64,
}

impl Chunks {
    /// 20 chunks of 500 ms, as SpikeInterface draws them.
    pub fn standard(info: &RecordingInfo, seed: u64) -> Self {
        Self { num_chunks_per_segment: 20, chunk_size: (0.5 * info.sampling_frequency) as usize, seed }
    }
}

/// Where chunks begin and end, in order of time within each segment; they may overlap.
///
/// # Errors
/// Where the recording is empty.
///
/// # Source
/// `spikeinterface.core.get_random_sample_slices`: the same numbers for the same seed.
pub fn random_chunks(info: &RecordingInfo, chunks: &Chunks) -> Result<Vec<Job>, EngineError> {
    let mut size = chunks.chunk_size;
    for segment in &info.segments {
        if size > segment.num_frames {
            size = segment.num_frames.saturating_sub(1);
        }
    }
    if size == 0 {
        let shortest = info.segments.iter().map(|s| s.num_frames).min().unwrap_or(0);
        return Err(EngineError::Data(format!(
            "there is too little to estimate from: the shortest segment has {shortest} frames, and chunks of {} were \
             asked for. Take a longer recording, or leave that segment out with select_time",
            chunks.chunk_size
        )));
    }
    let mut rng = NumpyRng::new(chunks.seed);
    let mut jobs = Vec::new();
    for (segment, found) in info.segments.iter().enumerate() {
        let last = (found.num_frames - size) as u64;
        let mut starts = rng.integers(0, last, chunks.num_chunks_per_segment);
        starts.sort_unstable();
        jobs.extend(
            starts.into_iter().map(|start| Job { segment, frames: start as usize..start as usize + size }),
        );
    }
    Ok(jobs)
}

/// What is taken for the noise level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseMethod {
    /// Median absolute deviation from the median, over 0.6745: not moved by spikes.
    Mad,
    /// Standard deviation.
    Std,
    /// Root of the mean square.
    Rms,
}

/// The noise level of each channel: the mean over chunks of each chunk's level, of the frames that the chain reads.
///
/// # Errors
/// Where it is cancelled or the data cannot be read.
///
/// # Source
/// `spikeinterface.core.get_noise_levels`.
pub fn noise_levels(
    chain: &Chain,
    method: NoiseMethod,
    chunks: &Chunks,
    monitor: &dyn Monitor,
) -> Result<NoiseLevels, EngineError> {
    let step = chain.step();
    let there = |job: Job| Job { frames: job.frames.start / step..job.frames.end / step, ..job };
    let jobs: Vec<Job> = random_chunks(chain.info(), chunks)?.into_iter().map(there).collect();
    let levels = map_pieces(chain, &jobs, monitor, |block, _, _: &mut ()| Ok(levels_of(block, method)))?;
    let levels = mean_over_chunks(&levels);
    let levels_uv = match &chain.info().gain_to_uv {
        Some(gains) => levels.iter().zip(gains).map(|(level, gain)| level * gain.abs()).collect(),
        None => Vec::new(),
    };
    Ok(NoiseLevels { levels, levels_uv })
}

/// The level of each channel of a block.
pub fn levels_of(block: &Block, method: NoiseMethod) -> Vec<f64> {
    let mut sorted = Vec::with_capacity(block.num_frames());
    (0..block.num_channels())
        .map(|channel| {
            let samples = block.channel(channel);
            let n = samples.len() as f64;
            match method {
                NoiseMethod::Mad => f64::from(mad(samples, &mut sorted)) / 0.674_489_750_196_081_7,
                NoiseMethod::Std => {
                    let mean = samples.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
                    (samples.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt()
                }
                NoiseMethod::Rms => (samples.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / n).sqrt(),
            }
        })
        .collect()
}

/// Median absolute deviation from the median, not scaled.
pub(super) fn mad(samples: &[f32], buffer: &mut Vec<f32>) -> f32 {
    median_and_mad(samples.iter().copied(), buffer).1
}

/// The median, and the median absolute deviation from it.
pub(super) fn median_and_mad(
    samples: impl Iterator<Item = f32> + Clone,
    buffer: &mut Vec<f32>,
) -> (f32, f32) {
    let center = median_of(samples.clone(), buffer);
    (center, median_of(samples.map(|v| (v - center).abs()), buffer))
}

/// How the offset of a channel is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Center {
    /// The median of all chunks together.
    Median,
    /// The mean.
    Mean,
}

/// The offset of each channel, to be subtracted: the median or mean of all chunks together.
///
/// # Errors
/// Where it is cancelled or the data cannot be read.
///
/// # Source
/// `spikeinterface.preprocessing.center`, whose offset this is but for the sign.
pub fn channel_offsets(
    chain: &Chain,
    center: Center,
    chunks: &Chunks,
    monitor: &dyn Monitor,
) -> Result<Vec<f64>, EngineError> {
    let jobs = random_chunks(chain.info(), chunks)?;
    if center == Center::Mean {
        let means = map_pieces(chain, &jobs, monitor, |block, _, _: &mut ()| {
            Ok((0..block.num_channels())
                .map(|c| {
                    block.channel(c).iter().map(|&v| f64::from(v)).sum::<f64>() / block.num_frames() as f64
                })
                .collect::<Vec<f64>>())
        })?;
        return Ok(mean_over_chunks(&means));
    }
    let data = read_chunks(chain, &jobs, monitor)?;
    Ok((0..chain.num_channels())
        .map(|channel| {
            let mut samples: Vec<f32> = data.iter().flat_map(|b| b.channel(channel)).copied().collect();
            f64::from(median(&mut samples))
        })
        .collect())
}

/// The chunks themselves, as blocks.
///
/// # Errors
/// Where it is cancelled or the data cannot be read.
pub fn read_chunks(chain: &Chain, jobs: &[Job], monitor: &dyn Monitor) -> Result<Vec<Block>, EngineError> {
    map_pieces(chain, jobs, monitor, |block, _, _: &mut ()| Ok(block.clone()))
}

fn mean_over_chunks(chunks: &[Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; chunks.first().map_or(0, Vec::len)];
    for chunk in chunks {
        for (sum, value) in mean.iter_mut().zip(chunk) {
            *sum += value;
        }
    }
    for v in &mut mean {
        *v /= chunks.len() as f64;
    }
    mean
}
