//! One line for each unit of a sorting: counts, rates, violations, amplitude, place.

use super::spans::median;
use crate::data::{Sorting, SpikeTrains};
use std::sync::Arc;

/// Intervals shorter than this count as violations of the refractory period.
pub const VIOLATION_MS: f64 = 1.5;

/// Values of a unit that a median is taken of.
const MEDIAN_VALUES: usize = 20_000;

/// What is known of a unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitRow {
    /// Spikes in all segments.
    pub num_spikes: usize,
    /// Spikes per second.
    pub rate_hz: f64,
    /// Share of intervals under `VIOLATION_MS`, in percent; `None` until computed or with one spike.
    pub violations_percent: Option<f64>,
    /// Median amplitude, in µV where the sorting's amplitudes are.
    pub amplitude: Option<f32>,
    /// Median location `[x, y]` in µm.
    pub location_um: Option<[f32; 2]>,
}

/// All units of a sorting, and their spikes in order of the units.
#[derive(Clone, Debug)]
pub struct UnitSummary {
    /// The sorting.
    pub sorting: Arc<Sorting>,
    /// A row a unit.
    pub rows: Vec<UnitRow>,
    /// Length of all segments in seconds.
    pub duration_s: f64,
    /// Positions in each segment's columns, ordered by unit; empty until computed.
    order: Vec<ByUnit>,
}

#[derive(Clone, Debug)]
struct ByUnit {
    positions: Vec<u32>,
    offsets: Vec<usize>,
}

impl UnitSummary {
    /// True once everything is computed.
    pub fn is_complete(&self) -> bool {
        self.order.len() == self.sorting.segments.len()
    }

    /// Positions in a segment's columns of the spikes of a unit, ascending; empty until computed.
    pub fn positions(&self, segment: usize, unit: usize) -> &[u32] {
        let Some(by_unit) = self.order.get(segment) else {
            return &[];
        };
        match (by_unit.offsets.get(unit), by_unit.offsets.get(unit + 1)) {
            (Some(&start), Some(&end)) => by_unit.positions.get(start..end).unwrap_or(&[]),
            _ => &[],
        }
    }
}

/// Summarises a sorting: counts are sent at once, the rest when it is there.
///
/// `num_frames` are the lengths of the segments where the sorting does not know them; the last spike counts
/// where nobody does. Ends early where `superseded` says so.
pub fn summarise(
    sorting: &Arc<Sorting>,
    num_frames: &[usize],
    superseded: &dyn Fn() -> bool,
    send: &dyn Fn(UnitSummary),
) {
    let length = |(segment, spikes): (usize, &SpikeTrains)| {
        let last = spikes.sample_index.last().map_or(0, |&s| s.max(0) as usize + 1);
        spikes.num_frames.or_else(|| num_frames.get(segment).copied()).unwrap_or(last)
    };
    let frames: usize = sorting.segments.iter().enumerate().map(length).sum();
    let duration_s = frames as f64 / sorting.sampling_frequency;
    let counts = sorting.spike_counts();
    let rows = counts
        .iter()
        .map(|&num_spikes| UnitRow {
            num_spikes,
            rate_hz: if duration_s > 0.0 { num_spikes as f64 / duration_s } else { 0.0 },
            ..UnitRow::default()
        })
        .collect();
    let mut summary = UnitSummary { sorting: sorting.clone(), rows, duration_s, order: Vec::new() };
    send(summary.clone());

    let mut order = Vec::new();
    for spikes in &sorting.segments {
        if superseded() {
            return;
        }
        order.push(by_unit(spikes, sorting.num_units()));
    }
    summary.order = order;
    let refractory = VIOLATION_MS * 1e-3 * sorting.sampling_frequency;
    for unit in 0..sorting.num_units() {
        if superseded() {
            return;
        }
        let (mut short, mut intervals) = (0usize, 0usize);
        let mut amplitudes = Vec::new();
        let mut places: [Vec<f32>; 2] = [Vec::new(), Vec::new()];
        for (segment, spikes) in sorting.segments.iter().enumerate() {
            let positions = summary.positions(segment, unit);
            for pair in positions.windows(2) {
                let interval = spikes.sample_index[pair[1] as usize] - spikes.sample_index[pair[0] as usize];
                short += usize::from((interval as f64) < refractory);
                intervals += 1;
            }
            let step = positions.len().div_ceil(MEDIAN_VALUES).max(1);
            let thinned = || positions.iter().step_by(step).map(|&p| p as usize);
            if let Some(column) = &spikes.amplitude {
                amplitudes.extend(thinned().filter_map(|p| column.get(p)));
            }
            if let Some(column) = &spikes.location_um {
                for place in thinned().filter_map(|p| column.get(p)).filter(|p| p[0].is_finite()) {
                    places[0].push(place[0]);
                    places[1].push(place[1]);
                }
            }
        }
        let [mut x, mut y] = places;
        let row = &mut summary.rows[unit];
        row.violations_percent = (intervals > 0).then(|| 100.0 * short as f64 / intervals as f64);
        row.amplitude = (!amplitudes.is_empty()).then(|| median(&mut amplitudes));
        row.location_um = (!x.is_empty()).then(|| [median(&mut x), median(&mut y)]);
    }
    send(summary);
}

/// Positions of the spikes ordered by unit (a counting sort: order within a unit stays).
fn by_unit(spikes: &SpikeTrains, num_units: usize) -> ByUnit {
    let mut offsets = vec![0usize; num_units + 1];
    for &unit in spikes.unit_index.iter().filter(|&&u| (u as usize) < num_units) {
        offsets[unit as usize + 1] += 1;
    }
    for unit in 0..num_units {
        offsets[unit + 1] += offsets[unit];
    }
    let mut next = offsets.clone();
    let mut positions = vec![0u32; offsets[num_units]];
    for (position, &unit) in spikes.unit_index.iter().enumerate() {
        if let Some(slot) = next.get_mut(unit as usize).filter(|_| (unit as usize) < num_units) {
            positions[*slot] = position as u32;
            *slot += 1;
        }
    }
    ByUnit { positions, offsets }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::data::{Column, Id};
    use std::cell::RefCell;

    #[test]
    fn a_small_sorting_is_summarised() {
        let mut sorting =
            Sorting::from_spikes(1000.0, Id::range(3), &[0, 1, 500, 700, 999], &[0, 0, 0, 1, 1]);
        sorting.segments[0].num_frames = Some(2000);
        sorting.segments[0].amplitude = Some(Column::from(vec![-1.0, -2.0, -3.0, -7.0, -9.0]));
        let sent = RefCell::new(Vec::new());
        summarise(&Arc::new(sorting), &[], &|| false, &|s| sent.borrow_mut().push(s));
        let sent = sent.into_inner();
        assert!(!sent[0].is_complete());
        let summary = sent.last().unwrap();
        assert!(summary.is_complete());
        assert_eq!(summary.rows[0].num_spikes, 3);
        assert_eq!(summary.rows[0].rate_hz, 1.5);
        assert_eq!(summary.rows[0].violations_percent, Some(50.0));
        assert_eq!(summary.rows[0].amplitude, Some(-2.0));
        assert_eq!(summary.rows[1].violations_percent, Some(0.0));
        assert_eq!(summary.rows[2].violations_percent, None);
        assert_eq!(summary.positions(0, 1), [3, 4]);
    }
}
