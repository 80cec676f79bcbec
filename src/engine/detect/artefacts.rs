//! Moments at which nearly all channels cross the threshold at once: stimuli, movements, switches; no neuron is that large.

use super::Crossing;
use crate::engine::{block::Block, geometry::Geometry};
use std::ops::Range;

/// With fewer channels a single neuron may be seen on all of them.
const LEAST_CHANNELS: usize = 16;
/// Channels that cross together in an artefact, as a share of all.
const SHARE: f64 = 0.75;
/// Height of the median channel in an artefact, as a part of the highest: that of a neuron falls off over the contacts.
const EVENNESS: f32 = 0.35;
/// Height of the median channel in an artefact at least, in noise levels; where it is that high, less even will do.
const LEAST_HEIGHT: f32 = 10.0;
const VERY_HIGH: f32 = 20.0;
const LESS_EVEN: f32 = 0.2;
/// On a smaller probe a single neuron may be seen everywhere, in µm.
const LEAST_EXTENT_UM: f64 = 300.0;

/// Height from which a sample of a whitened trace may be part of an artefact, and how many are looked at together.
const CROSSING: f32 = 5.0;
const TOGETHER: usize = 64;

/// The stretches of artefacts in whitened traces, in samples that are there, in order and apart; `window` is the time within
/// which all channels cross.
pub fn artefacts_in(block: &Block, geometry: &Geometry, window: usize) -> Vec<Range<u32>> {
    if !may_have_artefacts(geometry) {
        return Vec::new();
    }
    let crossings_of = |channel: usize| {
        let mut own = Vec::new();
        for (place, samples) in block.channel(channel).chunks(TOGETHER).enumerate() {
            let count: u32 = samples.iter().map(|x| u32::from(x.abs() >= CROSSING)).sum();
            if count > 0 {
                own.extend(samples.iter().enumerate().filter(|(_, x)| x.abs() >= CROSSING).map(|(i, x)| {
                    let sample = (place * TOGETHER + i) as u32;
                    Crossing { sample, channel: channel as u32, height: x.abs() }
                }));
            }
        }
        own
    };
    let mut crossings: Vec<Vec<Crossing>> = (0..block.num_channels()).map(crossings_of).collect();
    leave_out_artefacts(&mut crossings, geometry, window)
}

/// False of a small probe.
fn may_have_artefacts(geometry: &Geometry) -> bool {
    let [width, height] = geometry.whole_extent_um();
    geometry.num_channels() >= LEAST_CHANNELS && width.hypot(height) >= LEAST_EXTENT_UM
}

/// Takes the crossings of artefacts out, and gives the stretches they were in, in order and apart.
///
/// Nothing is taken out on a small probe. An artefact has crossings of three quarters of all channels within `window` samples, of similar height. What lies
/// within half a window of it is taken for a part of it.
pub(super) fn leave_out_artefacts(
    crossings: &mut [Vec<Crossing>],
    geometry: &Geometry,
    window: usize,
) -> Vec<Range<u32>> {
    let channels = crossings.len();
    let least = ((SHARE * channels as f64).ceil() as usize).max(1);
    if !may_have_artefacts(geometry) || crossings.iter().filter(|own| !own.is_empty()).count() < least {
        return Vec::new();
    }
    let mut all: Vec<&Crossing> = crossings.iter().flatten().collect();
    all.sort_by_key(|c| (c.sample, c.channel));
    let window = window as u32;
    let mut counts = vec![0u32; channels];
    let (mut distinct, mut first) = (0, 0);
    let mut found: Vec<Range<u32>> = Vec::new();
    for (last, crossing) in all.iter().enumerate() {
        while all[first].sample + window <= crossing.sample {
            let count = &mut counts[all[first].channel as usize];
            *count -= 1;
            distinct -= usize::from(*count == 0);
            first += 1;
        }
        let count = &mut counts[crossing.channel as usize];
        distinct += usize::from(*count == 0);
        *count += 1;
        if distinct < least || !is_common(&all[first..=last], channels) {
            continue;
        }
        let stretch = all[first].sample.saturating_sub(window / 2)..crossing.sample + window / 2 + 1;
        match found.last_mut() {
            Some(before) if before.end >= stretch.start => before.end = before.end.max(stretch.end),
            _ => found.push(stretch),
        }
    }
    if !found.is_empty() {
        let inside = |sample: u32| {
            let next = found.partition_point(|stretch| stretch.end <= sample);
            found.get(next).is_some_and(|stretch| stretch.contains(&sample))
        };
        crossings.iter_mut().for_each(|own| own.retain(|c| !inside(c.sample)));
    }
    found
}

/// True where the heights of the channels are of one size, more loosely where all are very large.
fn is_common(crossings: &[&Crossing], channels: usize) -> bool {
    let mut heights = vec![0.0f32; channels];
    for crossing in crossings {
        let height = &mut heights[crossing.channel as usize];
        *height = height.max(crossing.height);
    }
    heights.sort_unstable_by(f32::total_cmp);
    let (middle, largest) = (heights[channels / 2], heights[channels - 1]);
    middle >= LEAST_HEIGHT.max(EVENNESS * largest) || middle >= VERY_HIGH.max(LESS_EVEN * largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Crossings around `sample`, of a height for each channel; none below 5.
    fn event(crossings: &mut [Vec<Crossing>], sample: u32, height: impl Fn(usize) -> f32) {
        for (channel, own) in crossings.iter_mut().enumerate() {
            let height = height(channel);
            if height >= 5.0 {
                own.push(Crossing { sample: sample + channel as u32 % 5, channel: channel as u32, height });
            }
        }
    }

    #[test]
    fn what_all_channels_see_alike_is_left_out_and_a_large_spike_is_not() {
        let mut crossings = vec![Vec::new(); 32];
        let spike = |channel: usize| 120.0 * (-(channel as f32 - 9.0).abs() / 3.0).exp();
        event(&mut crossings, 1_000, spike);
        event(&mut crossings, 2_000, |channel| 40.0 + channel as f32);
        event(&mut crossings, 2_020, spike);
        // As large as a spike can be: nearly all channels, but not alike.
        event(&mut crossings, 3_000, |channel| 400.0 * (-(channel as f32 - 16.0).abs() / 4.0).exp() + 4.0);
        let column = |channels: usize, pitch: f64| Geometry {
            positions_um: Some((0..channels).map(|c| [0.0, pitch * c as f64]).collect()),
            groups: vec![0; channels],
        };
        assert!(leave_out_artefacts(&mut crossings.clone(), &column(32, 5.0), 30).is_empty());
        let before: usize = crossings.iter().map(Vec::len).sum();
        let found = leave_out_artefacts(&mut crossings, &column(32, 20.0), 30);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains(&2_000) && found[0].contains(&2_019) && !found[0].contains(&2_040));
        let after: usize = crossings.iter().map(Vec::len).sum();
        assert!(after < before && crossings.iter().flatten().all(|c| !found[0].contains(&c.sample)));
        assert!(crossings[9].iter().any(|c| c.sample / 10 == 100));
        assert!(crossings[16].iter().any(|c| c.sample / 10 == 300));
        let mut tetrode = vec![Vec::new(); 4];
        event(&mut tetrode, 100, |_| 20.0);
        assert!(leave_out_artefacts(&mut tetrode, &column(4, 200.0), 30).is_empty());
    }
}
