//! What is remarkable about the samples of a file, before anything is done to them.

use crate::{
    data::Recording,
    engine::{EngineError, signal_check::check_signal},
};

/// A channel of at most so many different values carries no voltage.
const FEW_LEVELS: usize = 4;
/// Stretches that are looked at in the first segment, and their frames.
const STRETCHES: usize = 8;
const STRETCH_FRAMES: usize = 4096;

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
    /// The middle of the values lies far from zero.
    Offset {
        /// Typical middle, as stored.
        center: f64,
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
        if at(5).abs() > 3.0 * (at(9) - at(1)).max(1e-12) {
            offset.push(channel);
            centers.push(at(5));
        }
    }
    let saturated: Vec<usize> = check.saturated.into_iter().filter(|c| !digital.contains(c)).collect();
    centers.sort_by(f64::total_cmp);
    let center = centers.get(centers.len() / 2).copied().unwrap_or(0.0);
    let found = [
        Finding::Digital { channels: digital },
        Finding::Constant { channels: check.constant },
        Finding::Saturated { channels: saturated },
        Finding::Offset { center, channels: offset },
    ];
    Ok(found.into_iter().filter(|finding| !finding.channels().is_empty()).collect())
}

impl Finding {
    /// The channels it is about.
    pub fn channels(&self) -> &[usize] {
        match self {
            Finding::Constant { channels }
            | Finding::Digital { channels }
            | Finding::Saturated { channels }
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
