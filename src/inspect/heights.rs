//! How high the peaks of a recording are, in noise levels of their channel: what a threshold would let through.

use super::spans::{SpanReader, median};
use crate::{data::Recording, engine::EngineError};

/// Noise levels a bin spans.
pub const BIN: f64 = 0.25;
/// Bins; what is higher falls into the last one.
const NUM_BINS: usize = 80;
/// Pieces of the recording that are looked at, and their length.
const PIECES: usize = 8;
const PIECE_S: f64 = 0.5;
/// From the median of absolute deviations to the standard deviation of normal noise.
const FROM_MAD: f32 = 1.4826;

/// Local extremes by their height.
#[derive(Clone, Debug, PartialEq)]
pub struct PeakHeights {
    /// Troughs in each bin of [`BIN`] noise levels from 0, and crests.
    pub counts: [Vec<u64>; 2],
    /// Median of the channels' noise, in µV where `in_uv`, else raw units.
    pub noise: f64,
    /// True where the gain is known.
    pub in_uv: bool,
    /// Seconds that were looked at, in pieces spread over the recording.
    pub seconds: f64,
    /// Channels.
    pub num_channels: usize,
}

impl PeakHeights {
    /// Troughs (or, with `crests`, these as well) a second that reach a height.
    pub fn rate_above(&self, height: f64, crests: bool) -> f64 {
        let first = (height.max(0.0) / BIN).ceil() as usize;
        let above = |counts: &Vec<u64>| counts.iter().skip(first).sum::<u64>();
        let sum = above(&self.counts[0]) + if crests { above(&self.counts[1]) } else { 0 };
        sum as f64 / self.seconds.max(1e-9)
    }
}

/// Reads pieces of a recording and sorts their local extremes by height.
///
/// # Errors
/// Where the samples cannot be read.
pub fn peak_heights(recording: &Recording) -> Result<PeakHeights, EngineError> {
    let reader = SpanReader::new(recording)?;
    let info = reader.info();
    let num_channels = info.num_channels();
    let length = ((info.sampling_frequency * PIECE_S) as usize).max(64);
    let total: usize = info.segments.iter().map(|segment| segment.num_frames).sum();
    let pieces = PIECES.min(total.div_ceil(length)).max(1);
    let mut counts = [vec![0u64; NUM_BINS], vec![0u64; NUM_BINS]];
    let (mut levels, mut seconds) = (Vec::new(), 0.0);
    for piece in 0..pieces {
        // The middle of each part, in whichever segment it falls.
        let mut at = (2 * piece + 1) * total / (2 * pieces);
        let Some(segment) = info.segments.iter().position(|segment| {
            let here = at < segment.num_frames;
            at -= if here { 0 } else { segment.num_frames };
            here
        }) else {
            continue;
        };
        let frames = info.segments[segment].num_frames;
        let start = at.min(frames.saturating_sub(length));
        let end = (start + length).min(frames);
        seconds += (end - start) as f64 / info.sampling_frequency;
        reader.with_block(segment, start..end, |block| {
            let mut values: Vec<f32> = Vec::new();
            for channel in 0..num_channels {
                let trace = block.channel(channel);
                values.clear();
                values.extend(trace.iter().copied().filter(|x| x.is_finite()));
                let center = median(&mut values);
                values.iter_mut().for_each(|x| *x = (*x - center).abs());
                let noise = FROM_MAD * median(&mut values);
                if noise <= 0.0 {
                    continue;
                }
                let gain = info.gain_to_uv.as_ref().and_then(|gains| gains.get(channel)).copied();
                levels.push(noise * gain.unwrap_or(1.0).abs() as f32);
                for three in trace.windows(3) {
                    let (before, here, after) = (three[0] - center, three[1] - center, three[2] - center);
                    let side = match here {
                        _ if here < 0.0 && here < before && here <= after => 0,
                        _ if here > 0.0 && here > before && here >= after => 1,
                        _ => continue,
                    };
                    let bin = (f64::from(here.abs() / noise) / BIN) as usize;
                    counts[side][bin.min(NUM_BINS - 1)] += 1;
                }
            }
        })?;
    }
    let in_uv = info.gain_to_uv.is_some();
    Ok(PeakHeights { counts, noise: f64::from(median(&mut levels)), in_uv, seconds, num_channels })
}
