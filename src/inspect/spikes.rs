//! Finds the spikes of a window, the next spike of a unit, and how active each stretch is.

use crate::data::Sorting;
use std::{collections::BTreeSet, ops::Range};

/// A spike in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Frame in the segment.
    pub frame: i64,
    /// Unit, an index into the sorting's units.
    pub unit: u32,
    /// Position in the columns of the segment.
    pub position: usize,
}

/// Looks things up in the sorted columns of a sorting.
#[derive(Clone, Copy, Debug)]
pub struct SpikeIndex<'a>(pub &'a Sorting);

impl SpikeIndex<'_> {
    /// Positions of the spikes of a window.
    pub fn range(&self, segment: usize, frames: Range<i64>) -> Range<usize> {
        let Some(spikes) = self.0.segments.get(segment) else {
            return 0..0;
        };
        let at = |frame: i64| spikes.sample_index.partition_point(|&s| s < frame);
        at(frames.start)..at(frames.end).max(at(frames.start))
    }

    /// The spikes of a window, thinned evenly to at most `max`; those of `keep` all stay while they fit.
    pub fn window(
        &self,
        segment: usize,
        frames: Range<i64>,
        keep: &BTreeSet<usize>,
        max: usize,
    ) -> Vec<Spot> {
        let Some(spikes) = self.0.segments.get(segment) else {
            return Vec::new();
        };
        let range = self.range(segment, frames);
        let step = range.len().div_ceil(max.max(1)).max(1);
        // Only so many are looked at, however many there are: this is called while drawing.
        let kept_step = range.len().div_ceil(max.max(1) * 16).max(1);
        range
            .clone()
            .step_by(kept_step)
            .filter_map(|position| {
                let unit = *spikes.unit_index.get(position)?;
                let wanted = (position - range.start).is_multiple_of(step) || keep.contains(&(unit as usize));
                wanted.then_some(Spot { frame: *spikes.sample_index.get(position)?, unit, position })
            })
            .take(max * 2)
            .collect()
    }

    /// The next spike after `frame` (or the last before it) of any of `units`, of all units where empty.
    pub fn neighbor(
        &self,
        segment: usize,
        frame: i64,
        units: &BTreeSet<usize>,
        forward: bool,
    ) -> Option<i64> {
        let spikes = self.0.segments.get(segment)?;
        let wanted = |position: &usize| {
            units.is_empty()
                || spikes.unit_index.get(*position).is_some_and(|&u| units.contains(&(u as usize)))
        };
        let found = if forward {
            let first = spikes.sample_index.partition_point(|&s| s <= frame);
            (first..spikes.sample_index.len()).find(wanted)
        } else {
            let end = spikes.sample_index.partition_point(|&s| s < frame);
            (0..end).rev().find(wanted)
        };
        spikes.sample_index.get(found?).copied()
    }

    /// Spikes in each of `bins` equal parts of `num_frames` frames.
    pub fn activity(&self, segment: usize, num_frames: usize, bins: usize) -> Vec<u32> {
        let edge = |bin: usize| (num_frames as f64 * bin as f64 / bins as f64) as i64;
        let Some(spikes) = self.0.segments.get(segment) else {
            return vec![0; bins];
        };
        let at = |frame: i64| spikes.sample_index.partition_point(|&s| s < frame);
        let mut before = at(0);
        (0..bins)
            .map(|bin| {
                let after = at(edge(bin + 1));
                let count = after.saturating_sub(before);
                before = after;
                count as u32
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Id;

    fn sorting() -> Sorting {
        Sorting::from_spikes(1000.0, Id::range(2), &[10, 20, 20, 30, 90], &[0, 0, 1, 1, 0])
    }

    #[test]
    fn windows_hold_their_first_frame_and_not_their_end() {
        let sorting = sorting();
        let index = SpikeIndex(&sorting);
        assert_eq!(index.range(0, 20..90), 1..4);
        assert_eq!(index.window(0, 20..90, &BTreeSet::new(), 100).len(), 3);
        assert_eq!(index.range(1, 0..100), 0..0);
    }

    #[test]
    fn neighbours_belong_to_the_units_asked_for() {
        let sorting = sorting();
        let index = SpikeIndex(&sorting);
        let zero = BTreeSet::from([0]);
        assert_eq!(index.neighbor(0, 20, &zero, true), Some(90));
        assert_eq!(index.neighbor(0, 20, &BTreeSet::new(), true), Some(30));
        assert_eq!(index.neighbor(0, 20, &zero, false), Some(10));
        assert_eq!(index.neighbor(0, 90, &zero, true), None);
    }

    #[test]
    fn activity_counts_every_spike_once() {
        let sorting = sorting();
        assert_eq!(SpikeIndex(&sorting).activity(0, 100, 4), [3, 1, 0, 1]);
    }
}
