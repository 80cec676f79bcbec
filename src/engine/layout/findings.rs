//! What is remarkable about the samples of a file, before anything is done to them.

use crate::{
    data::{DType, Recording},
    engine::{EngineError, signal_check::check_signal},
};

use std::ops::Range;

/// A channel of at most so many different values carries no voltage.
const FEW_LEVELS: usize = 4;
/// Stretches that are looked at in the first segment, and their frames.
const STRETCHES: usize = 8;
const STRETCH_FRAMES: usize = 4096;
/// Values that are looked at for single samples at the end of their range, in pieces of so many frames.
const LOOKED_AT: usize = 1 << 25;
const PIECE: usize = 16_384;
/// So many equal values in a row at the least or greatest are the end of a range, where there are so many levels.
const RAIL_RUN: usize = 4;
const LEAST_RANGE: f32 = 200.0;
/// A middle so many times as far from zero as the values of a channel spread takes room and starts filters with a
/// step; nearer ones are lost in what the channel does anyway.
const FAR: f64 = 1.0;

/// Something remarkable; channels are indices.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// All values are the same.
    Constant {
        /// The channels.
        channels: Vec<usize>,
    },
    /// A few levels with sudden changes: a digital or synchronisation channel.
    Digital {
        /// The channels.
        channels: Vec<usize>,
    },
    /// The values stay at their least or greatest again and again.
    Saturated {
        /// The channels.
        channels: Vec<usize>,
    },
    /// Some samples alone lie at the end of what the numbers can be, or stay at the least or greatest value: artefacts.
    Clipped {
        /// The channels.
        channels: Vec<usize>,
        /// So many samples, of those that were looked at.
        count: usize,
        /// The first of them, in seconds from the beginning.
        first_s: f64,
        /// Not all samples were looked at.
        is_part: bool,
    },
    /// The middle of the values lies far from zero.
    Offset {
        /// The least, the typical and the greatest middle, as stored.
        middles: [f64; 3],
        /// Channels of which that is so.
        channels: Vec<usize>,
    },
}

/// Looks at the samples of a recording as they are stored; channels that carry no voltage are told apart first.
///
/// # Errors
/// Where they cannot be read, or cannot be what their number type says.
pub fn findings(recording: &Recording) -> Result<Vec<Finding>, EngineError> {
    let check = check_signal(recording)?;
    let num_channels = recording.source().info().num_channels();
    let samples = stretches(recording)?;
    let (mut digital, mut offset, mut centers) = (Vec::new(), Vec::new(), Vec::new());
    let mut sorted = Vec::new();
    for channel in (0..num_channels).filter(|channel| !check.constant.contains(channel)) {
        let values = || samples.iter().skip(channel).step_by(num_channels);
        sorted.clear();
        sorted.extend(values());
        sorted.sort_by(f32::total_cmp);
        let levels = sorted.chunk_by(|a, b| a == b).take(FEW_LEVELS + 1).count();
        let changes = values().zip(values().skip(1)).filter(|(a, b)| a != b).count();
        if levels <= FEW_LEVELS && changes * 10 < sorted.len() {
            digital.push(channel);
            continue;
        }
        let at = |share: usize| f64::from(sorted.get(sorted.len() * share / 10).copied().unwrap_or(0.0));
        if at(5).abs() > FAR * (at(9) - at(1)).max(1e-12) {
            offset.push(channel);
            centers.push(at(5));
        }
    }
    let saturated: Vec<usize> = check.saturated.into_iter().filter(|c| !digital.contains(c)).collect();
    let told: Vec<usize> = digital.iter().chain(&check.constant).chain(&saturated).copied().collect();
    let clipped = clipped(recording, &told)?;
    centers.sort_by(f64::total_cmp);
    let middle = |index: usize| centers.get(index).copied().unwrap_or(0.0);
    let middles = [middle(0), middle(centers.len() / 2), middle(centers.len().saturating_sub(1))];
    let found = [
        Finding::Digital { channels: digital },
        Finding::Constant { channels: check.constant },
        Finding::Saturated { channels: saturated },
        Finding::Offset { middles, channels: offset },
    ];
    let found = found.into_iter().chain(clipped);
    Ok(found.filter(|finding| !finding.channels().is_empty()).collect())
}

/// Samples at the end of the range of a channel, as [`Finding::Clipped`]; of channels that were told already none are.
fn clipped(recording: &Recording, told: &[usize]) -> Result<Option<Finding>, EngineError> {
    let source = recording.source();
    let info = source.info();
    let channels = info.num_channels();
    let Some(end) = range_of(info.dtype) else { return Ok(None) };
    let frames = info.segments.first().map_or(0, |segment| segment.num_frames);
    let pieces = pieces(frames, channels);
    // A least or greatest value of some width alone: small numbers stay at theirs by chance.
    let mut lows = vec![(f32::MAX, Runs::default()); channels];
    let mut highs = vec![(f32::MIN, Runs::default()); channels];
    let mut block = Vec::new();
    for piece in &pieces {
        block.resize(piece.len() * channels, 0.0);
        source.read(0, piece.start, &mut block)?;
        for channel in (0..channels).filter(|channel| !told.contains(channel)) {
            let values = block.iter().skip(channel).step_by(channels).copied();
            let (low, high) = (&mut lows[channel], &mut highs[channel]);
            let (mut run, mut last) = (0, f32::NAN);
            for (frame, value) in values.enumerate() {
                run = if value == last { run + 1 } else { 1 };
                last = value;
                if value <= low.0 {
                    if value < low.0 {
                        *low = (value, Runs::default());
                    }
                    low.1.add(piece.start + frame, run, value <= end[0]);
                }
                if value >= high.0 {
                    if value > high.0 {
                        *high = (value, Runs::default());
                    }
                    high.1.add(piece.start + frame, run, value >= end[1]);
                }
            }
        }
    }
    let mut found = (Vec::new(), 0, usize::MAX);
    for (channel, (low, high)) in lows.iter().zip(&highs).enumerate() {
        if told.contains(&channel) || high.0 - low.0 < LEAST_RANGE {
            continue;
        }
        let samples = low.1.samples + high.1.samples;
        if samples > 0 {
            found.0.push(channel);
            found.1 += samples;
            found.2 = found.2.min(low.1.first).min(high.1.first);
        }
    }
    let (channels, count, first) = found;
    let first_s = first as f64 / info.sampling_frequency;
    let is_part = pieces.iter().map(Range::len).sum::<usize>() < frames;
    Ok(Some(Finding::Clipped { channels, count, first_s, is_part }))
}

/// Samples at an end.
#[derive(Clone)]
struct Runs {
    samples: usize,
    first: usize,
}

impl Default for Runs {
    fn default() -> Self {
        Self { samples: 0, first: usize::MAX }
    }
}

impl Runs {
    /// A sample that is the last one so far of so many of its value, at the end of what numbers can be or not.
    fn add(&mut self, frame: usize, run: usize, is_end: bool) {
        let counted = match (is_end, run) {
            (true, _) => 1,
            (false, RAIL_RUN) => RAIL_RUN,
            (false, run) => usize::from(run > RAIL_RUN),
        };
        self.samples += counted;
        if counted > 0 {
            self.first = self.first.min((frame + 1).saturating_sub(counted));
        }
    }
}

/// The least and greatest whole number of a type; `None` where it has fractions.
fn range_of(dtype: DType) -> Option<[f32; 2]> {
    Some(match dtype {
        DType::Int8 => [f32::from(i8::MIN), f32::from(i8::MAX)],
        DType::Uint8 => [0.0, f32::from(u8::MAX)],
        DType::Int16 => [f32::from(i16::MIN + 1), f32::from(i16::MAX)],
        DType::Uint16 => [0.0, f32::from(u16::MAX)],
        DType::Int32 | DType::Uint32 | DType::Int64 => [f32::NEG_INFINITY, f32::INFINITY],
        DType::Float32 | DType::Float64 => return None,
    })
}

/// Pieces of a recording that are looked at for single samples: all of a short one.
fn pieces(frames: usize, channels: usize) -> Vec<Range<usize>> {
    let all = frames.div_ceil(PIECE);
    let count = (LOOKED_AT / channels.max(1)).div_ceil(PIECE).min(all);
    let starts = (0..count).map(|piece| piece * (all - 1) / (count - 1).max(1) * PIECE);
    starts.map(|start| start..(start + PIECE).min(frames)).collect()
}

impl Finding {
    /// The channels it is about.
    pub fn channels(&self) -> &[usize] {
        match self {
            Finding::Constant { channels }
            | Finding::Digital { channels }
            | Finding::Saturated { channels }
            | Finding::Clipped { channels, .. }
            | Finding::Offset { channels, .. } => channels,
        }
    }
}

/// Frames spread over the first segment, all columns of each together.
fn stretches(recording: &Recording) -> Result<Vec<f32>, EngineError> {
    let source = recording.source();
    let num_channels = source.info().num_channels();
    let num_frames = source.info().segments.first().map_or(0, |segment| segment.num_frames);
    let frames = STRETCH_FRAMES.min(num_frames);
    let mut samples = Vec::new();
    for stretch in 0..STRETCHES {
        let start = (num_frames - frames) * stretch / (STRETCHES - 1);
        let mut block = vec![0.0; frames * num_channels];
        source.read(0, start, &mut block)?;
        samples.append(&mut block);
    }
    Ok(samples)
}
