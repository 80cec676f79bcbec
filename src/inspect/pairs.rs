//! What the chosen units look like beside each other: correlograms, amplitudes and places over time.

use super::units::UnitSummary;
use crate::engine::correlograms::{CorrelogramBins, autocorrelogram, correlogram};
use std::sync::Arc;

/// Points of a unit in the plots over time.
const POINTS: usize = 6_000;

/// What is wanted of some units.
#[derive(Clone, Debug)]
pub struct PairsRequest {
    /// The sorting and its spikes by unit.
    pub summary: Arc<UnitSummary>,
    /// Unit indices, first one first.
    pub units: Vec<usize>,
    /// Length of a correlogram on either side, in ms.
    pub window_ms: f64,
    /// Length of a bin, in ms.
    pub bin_ms: f64,
}

/// The answer, in the order of the units asked for.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// The units.
    pub units: Vec<usize>,
    /// Length of a correlogram on either side, in ms.
    pub window_ms: f64,
    /// Length of a bin, in ms.
    pub bin_ms: f64,
    /// `correlograms[a][b]`: spikes of `b` at each lag after a spike of `a`, an even number of bins
    /// around 0, left closed; a unit with itself leaves out each spike's own lag of 0.
    pub correlograms: Vec<Vec<Vec<u32>>>,
    /// `[time in s, amplitude]` of a sample of each unit's spikes; times run on over the segments.
    pub amplitudes: Vec<Vec<[f32; 2]>>,
    /// `[time in s, depth in µm]` of the same.
    pub depths: Vec<Vec<[f32; 2]>>,
    /// Times in s of the same.
    pub times: Vec<Vec<f32>>,
    /// `[x, y]` in µm of the same.
    pub places: Vec<Vec<[f32; 2]>>,
}

/// Computes correlograms and plots over time; `None` where `superseded` says so on the way.
pub fn pairs(request: &PairsRequest, superseded: &dyn Fn() -> bool) -> Option<Pairs> {
    let PairsRequest { summary, units, window_ms, bin_ms } = request;
    let sorting = &summary.sorting;
    let rate = sorting.sampling_frequency;
    let bins = CorrelogramBins::new(rate, 2.0 * window_ms, *bin_ms);
    let mut correlograms = vec![vec![vec![0u32; bins.count()]; units.len()]; units.len()];
    let mut answer = Pairs {
        units: units.clone(),
        window_ms: *window_ms,
        bin_ms: *bin_ms,
        amplitudes: vec![Vec::new(); units.len()],
        depths: vec![Vec::new(); units.len()],
        times: vec![Vec::new(); units.len()],
        places: vec![Vec::new(); units.len()],
        ..Pairs::default()
    };
    let mut segment_start = 0.0;
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        let trains: Vec<Vec<i64>> = units
            .iter()
            .map(|&u| {
                summary.positions(segment, u).iter().map(|&p| spikes.sample_index[p as usize]).collect()
            })
            .collect();
        for a in 0..units.len() {
            for b in 0..units.len() {
                if superseded() {
                    return None;
                }
                let counts = match a == b {
                    true => autocorrelogram(&trains[a], &bins),
                    false => correlogram(&trains[b], &trains[a], &bins),
                };
                for (sum, count) in correlograms[a][b].iter_mut().zip(counts) {
                    *sum += count;
                }
            }
        }
        for (index, &unit) in units.iter().enumerate() {
            let total = summary.rows.get(unit).map_or(0, |r| r.num_spikes);
            let step = total.div_ceil(POINTS).max(1);
            for &position in summary.positions(segment, unit).iter().step_by(step) {
                let at = position as usize;
                let time = (segment_start + spikes.sample_index[at] as f64 / rate) as f32;
                answer.times[index].push(time);
                if let Some(&value) = spikes.amplitude.as_ref().and_then(|c| c.get(at)) {
                    answer.amplitudes[index].push([time, value]);
                }
                if let Some(place) = spikes.location_um.as_ref().and_then(|c| c.get(at)) {
                    answer.depths[index].push([time, place[1]]);
                    answer.places[index].push(*place);
                }
            }
        }
        let last = spikes.sample_index.last().map_or(0, |&s| s.max(0) as usize);
        segment_start += spikes.num_frames.unwrap_or(last) as f64 / rate;
    }
    answer.correlograms = correlograms;
    Some(answer)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{
        data::{Id, Sorting},
        inspect::summarise,
    };
    use std::cell::RefCell;

    #[test]
    fn correlograms_equal_all_pairs() {
        let frames: Vec<i64> = (0..400).map(|i| (i * i * 37) % 20_000).collect();
        let labels: Vec<u32> = (0..400).map(|i| (i * 7 % 3) as u32).collect();
        let sorting = Arc::new(Sorting::from_spikes(10_000.0, Id::range(3), &frames, &labels));
        let sent = RefCell::new(None);
        summarise(&sorting, &[], &|| false, &|s| *sent.borrow_mut() = Some(s));
        let summary = Arc::new(sent.into_inner().unwrap());
        let request = PairsRequest { summary, units: vec![2, 0], window_ms: 20.0, bin_ms: 1.0 };
        let answer = pairs(&request, &|| false).unwrap();
        let trains = sorting.trains(0);
        for (i, a) in [2, 0].into_iter().enumerate() {
            for (j, b) in [2, 0].into_iter().enumerate() {
                let mut expected = vec![0u32; 40];
                for (p, &x) in trains[a].iter().enumerate() {
                    for (q, &y) in trains[b].iter().enumerate() {
                        let lag = y - x;
                        if (a != b || p != q) && (-200..200).contains(&lag) {
                            expected[((lag + 200) / 10) as usize] += 1;
                        }
                    }
                }
                assert_eq!(answer.correlograms[i][j], expected);
            }
        }
        assert_eq!(answer.times[0].len(), trains[2].len());
    }
}
