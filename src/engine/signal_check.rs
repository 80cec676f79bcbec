//! A look at the samples as they were stored: channels without a signal, and channels driven to their rail.
//!
//! Filters and references hide both: a constant channel comes out of a reference as the noise of the others, and a
//! clipped spike comes out of a filter as a smooth one.

use super::{EngineError, Monitor};
use crate::data::{DType, Id, Notice, Recording, Remedy};

/// Stretches looked at in each segment, and their length in seconds.
const STRETCHES: usize = 10;
const STRETCH_S: f64 = 0.1;
/// So many equal samples one after the other at an extreme are a rail: noise hardly does that twice.
const RAIL_RUN: usize = 4;
/// A channel that spends this part of its time on a rail is saturated.
const RAIL_PART: f64 = 1e-3;
/// What samples can be, in whatever unit; bytes of integers read as floats are far outside.
const PLAUSIBLE: std::ops::Range<f32> = 1e-15..1e15;

/// Channels that should not take part in a sort, as indices of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignalCheck {
    /// Channels that hold one value only.
    pub constant: Vec<usize>,
    /// Channels that stay at their lowest or highest value for several samples, again and again.
    pub saturated: Vec<usize>,
}

/// Looks at about a second of each segment of the files of a recording; generated ones are as they should be.
///
/// # Errors
/// Where the samples cannot be read, or are so small or large that they were stored as another number type.
pub fn check_signal(recording: &Recording) -> Result<SignalCheck, EngineError> {
    let source = recording.source();
    let info = source.info();
    let channels = info.num_channels();
    if source.files().is_empty() {
        return Ok(SignalCheck::default());
    }
    let is_float = matches!(info.dtype, DType::Float32 | DType::Float64);
    let mut largest = 0.0_f32;
    let mut seen = vec![Vec::new(); channels];
    let mut buffer = Vec::new();
    for (index, segment) in info.segments.iter().enumerate() {
        let frames = ((STRETCH_S * info.sampling_frequency) as usize).clamp(1, segment.num_frames.max(1));
        for stretch in 0..STRETCHES {
            let start = (segment.num_frames.saturating_sub(frames)) * stretch / (STRETCHES - 1);
            buffer.resize(frames.min(segment.num_frames) * channels, 0.0_f32);
            source.read(index, start, &mut buffer)?;
            for (channel, seen) in seen.iter_mut().enumerate() {
                seen.extend(buffer.iter().skip(channel).step_by(channels));
            }
        }
    }
    let mut found = SignalCheck::default();
    for (channel, samples) in seen.iter().enumerate() {
        let (low, high) = samples.iter().fold((f32::MAX, f32::MIN), |(l, h), &x| (l.min(x), h.max(x)));
        largest = largest.max(high.abs()).max(low.abs());
        if low >= high {
            found.constant.push(channel);
        } else if !is_float && on_rail(samples, low, high) as f64 > RAIL_PART * samples.len() as f64 {
            found.saturated.push(channel);
        }
    }
    if is_float && (!PLAUSIBLE.contains(&largest) && largest > 0.0) {
        return Err(EngineError::Data(format!(
            "the largest sample read as {} is {largest:e}, which is no voltage: the file was written as another number \
             type, such as int16. Correct the dtype",
            info.dtype
        )));
    }
    Ok(found)
}

/// Samples that are part of a run at the lowest or highest value.
fn on_rail(samples: &[f32], low: f32, high: f32) -> usize {
    samples
        .chunk_by(|a, b| a == b)
        .filter(|run| run.len() >= RAIL_RUN && (run[0] == low || run[0] == high))
        .map(<[f32]>::len)
        .sum()
}

/// Warns of what [`check_signal`] finds, by the names of the channels and with what to do.
///
/// # Errors
/// As [`check_signal`].
pub fn warn_of_bad_signal(recording: &Recording, monitor: &dyn Monitor) -> Result<(), EngineError> {
    let found = check_signal(recording)?;
    let ids = &recording.source().info().channel_ids;
    // Channels that were taken out already need no warning.
    let listed = |channels: &[usize]| -> Option<String> {
        let names: Vec<String> = channels
            .iter()
            .filter_map(|&c| ids.get(c))
            .filter(|id| recording.info().channel_ids.contains(id))
            .map(Id::to_string)
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(names) = listed(&found.constant) {
        let words = format!(
            "channels that hold one value only: {names}. Were they connected, and is the dtype right? Take them out with select_channels, or \
             put detect_bad_channels before the reference"
        );
        monitor.warn(&Notice::from(words).mended_by(Remedy::FindBadChannels));
    }
    if let Some(names) = listed(&found.saturated) {
        let words = format!(
            "channels that are saturated (they stay at the end of their range): {names}. Spikes are cut off there: \
             take them out with select_channels, or leave the time out with select_time or silence_periods"
        );
        monitor.warn(&words.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_runs_at_an_extreme_are_a_rail() {
        let noise: Vec<f32> = (0..1000_i32).map(|i| ((i * 7919) % 41) as f32 - 20.0).collect();
        assert_eq!(on_rail(&noise, -20.0, 20.0), 0);
        let clipped: Vec<f32> =
            (0..1000).map(|i| (f64::from(i) * 0.05).sin().clamp(-0.8, 0.8) as f32).collect();
        assert!(on_rail(&clipped, -0.8, 0.8) > 300);
        let flat_in_the_middle: Vec<f32> =
            (0..100).map(|i| if i == 7 { 9.0 } else { -f32::from(u8::from(i == 70)) }).collect();
        assert_eq!(on_rail(&flat_in_the_middle, -1.0, 9.0), 0);
    }
}
