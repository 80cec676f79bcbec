//! Coincident spikes of all pairs of units, and what follows from them.

use crate::{
    data::{Sorting, SpikeTrains},
    engine::EngineError,
};
use ndarray::Array2;

/// Spikes of two sortings that coincide.
pub(super) struct Agreement {
    /// Spikes of each unit of the first and of the second sorting.
    pub(super) num_spikes: [Vec<u64>; 2],
    /// Coincident spikes, `(units of the first, units of the second)`.
    pub(super) matches: Array2<u64>,
    /// Coincident spikes over all spikes of both units, of the same shape.
    pub(super) scores: Array2<f64>,
}

impl Agreement {
    /// Counts coincidences within `delta_ms`; both ways round where `symmetric`.
    pub(super) fn new(a: &Sorting, b: &Sorting, delta_ms: f64, symmetric: bool) -> Result<Self, EngineError> {
        if a.segments.len() != b.segments.len() {
            return Err(EngineError::Data(format!(
                "the sortings have {} and {} segments: compare sortings of the same recording",
                a.segments.len(),
                b.segments.len()
            )));
        }
        if (a.sampling_frequency - b.sampling_frequency).abs() > 1e-3 * a.sampling_frequency.abs() {
            return Err(EngineError::Data(format!(
                "the sortings have sampling frequencies of {} and {} Hz: compare sortings of the same recording",
                a.sampling_frequency, b.sampling_frequency
            )));
        }
        let delta = (delta_ms / 1000.0 * a.sampling_frequency) as i64;
        let (n, m) = (a.num_units(), b.num_units());
        let mut matches = Array2::<u64>::zeros((n, m));
        for (x, y) in a.segments.iter().zip(&b.segments) {
            let mut counted = count(x, y, (n, m), delta);
            if symmetric {
                let reverse = count(y, x, (m, n), delta);
                counted.zip_mut_with(&reverse.t(), |c, r| *c = (*c).max(*r));
            }
            matches += &counted;
        }
        let num_spikes = [a, b].map(|s| s.spike_counts().into_iter().map(|c| c as u64).collect::<Vec<_>>());
        for (mut column, &limit) in matches.columns_mut().into_iter().zip(&num_spikes[1]) {
            // Bursts within the window can be counted twice.
            column.mapv_inplace(|c| c.min(limit));
        }
        let scores = Array2::from_shape_fn((n, m), |(i, j)| {
            let all = num_spikes[0][i] as f64 + num_spikes[1][j] as f64 - matches[[i, j]] as f64;
            if all == 0.0 { 0.0 } else { matches[[i, j]] as f64 / all }
        });
        Ok(Self { num_spikes, matches, scores })
    }

    /// The best partner of each unit of the first sorting, and of each of the second, at `least` or better.
    pub(super) fn best(&self, least: f64) -> [Vec<Option<usize>>; 2] {
        let best = |scores: ndarray::ArrayView1<f64>| {
            let mut best: Option<(usize, f64)> = None;
            for (index, &score) in scores.iter().enumerate() {
                if best.is_none_or(|(_, s)| score > s) {
                    best = Some((index, score));
                }
            }
            best.filter(|&(_, score)| score >= least).map(|(index, _)| index)
        };
        [
            self.scores.rows().into_iter().map(best).collect(),
            self.scores.columns().into_iter().map(best).collect(),
        ]
    }

    /// One-to-one partners with the largest sum of scores, those below `least` left out.
    pub(super) fn assigned(&self, least: f64) -> [Vec<Option<usize>>; 2] {
        let kept = self.scores.mapv(|s| if s < least { 0.0 } else { s });
        let (n, m) = kept.dim();
        let mut forward = vec![None; n];
        let mut backward = vec![None; m];
        for (i, j) in super::assignment::maximize(&kept) {
            if self.scores[[i, j]] >= least {
                forward[i] = Some(j);
                backward[j] = Some(i);
            }
        }
        [forward, backward]
    }
}

/// For each pair of units the spikes of the first that have a partner in the second, each spike used once.
fn count(a: &SpikeTrains, b: &SpikeTrains, shape: (usize, usize), delta: i64) -> Array2<u64> {
    let mut counts = Array2::zeros(shape);
    let mut last_used = [Array2::from_elem(shape, usize::MAX), Array2::from_elem(shape, usize::MAX)];
    let mut first = 0;
    for (i, (&time, &unit)) in a.sample_index.iter().zip(a.unit_index.iter()).enumerate() {
        while b.sample_index.get(first).is_some_and(|&t| t < time - delta) {
            first += 1;
        }
        let candidates = b.sample_index[first..].iter().zip(&b.unit_index[first..]);
        for (j, (_, &other)) in candidates.take_while(|&(&t, _)| t <= time + delta).enumerate() {
            let (j, pair) = (first + j, [unit as usize, other as usize]);
            let (Some(x), Some(y)) = (last_used[0].get(pair), last_used[1].get(pair)) else { continue };
            if *x != i && *y != j {
                last_used[0][pair] = i;
                last_used[1][pair] = j;
                counts[pair] += 1;
            }
        }
    }
    counts
}
