//! Metrics of spike times alone.

use super::MetricParams;
use crate::data::Sorting;

/// The spike trains of all units.
pub(super) struct Units {
    /// `trains[segment][unit]`, in frames.
    trains: Vec<Vec<Vec<i64>>>,
    /// Spikes of each unit.
    pub(super) counts: Vec<usize>,
    num_frames: Vec<usize>,
    sampling_frequency: f64,
}

impl Units {
    pub(super) fn new(sorting: &Sorting, num_frames: &[usize]) -> Self {
        Self {
            trains: (0..sorting.segments.len()).map(|segment| sorting.trains(segment)).collect(),
            counts: sorting.spike_counts(),
            num_frames: num_frames.to_vec(),
            sampling_frequency: sorting.sampling_frequency,
        }
    }

    fn total_frames(&self) -> f64 {
        self.num_frames.iter().sum::<usize>() as f64
    }

    fn segments(&self, unit: usize) -> impl Iterator<Item = &[i64]> {
        self.trains.iter().map(move |trains| trains[unit].as_slice())
    }

    /// Spikes per second; NaN without spikes.
    pub(super) fn firing_rates(&self) -> Vec<f64> {
        let duration = self.total_frames() / self.sampling_frequency;
        self.counts.iter().map(|&n| if n == 0 { f64::NAN } else { n as f64 / duration }).collect()
    }

    /// Share of bins with enough spikes, segments one after the other.
    pub(super) fn presence_ratios(&self, params: &MetricParams) -> Vec<f64> {
        let bin = (params.bin_duration_s * self.sampling_frequency) as usize;
        let total = self.num_frames.iter().sum::<usize>();
        if bin == 0 || total < bin {
            return vec![f64::NAN; self.counts.len()];
        }
        let edges = bin_edges(&self.num_frames, bin);
        let duration = total as f64 / self.sampling_frequency;
        (0..self.counts.len())
            .map(|unit| {
                if self.counts[unit] == 0 {
                    return f64::NAN;
                }
                if edges.len() < 2 {
                    return 0.0;
                }
                let mut start = 0;
                let mut train = Vec::with_capacity(self.counts[unit]);
                for (spikes, frames) in self.segments(unit).zip(&self.num_frames) {
                    train.extend(spikes.iter().map(|s| s + start));
                    start += *frames as i64;
                }
                let rate = self.counts[unit] as f64 / duration;
                let least = (rate * params.bin_duration_s * params.mean_fr_ratio_thresh).floor();
                let bounds: Vec<usize> =
                    edges.iter().map(|&edge| train.partition_point(|&t| t < edge)).collect();
                let present = bounds
                    .windows(2)
                    .enumerate()
                    .filter(|(i, w)| {
                        // The last bin holds its right edge as well, as numpy's histogram has it.
                        let end = if i + 2 == edges.len() {
                            train.partition_point(|&t| t <= edges[i + 1])
                        } else {
                            w[1]
                        };
                        (end - w[0]) as f64 > least
                    })
                    .count();
                present as f64 / (edges.len() - 1) as f64
            })
            .collect()
    }

    /// Ratio after Hill et al. 2011 and the number of short intervals; NaN and -1 without spikes.
    pub(super) fn isi_violations(&self, params: &MetricParams) -> (Vec<f64>, Vec<i64>) {
        let fs = self.sampling_frequency;
        let (threshold, least) = (params.isi_threshold_ms / 1000.0, params.min_isi_ms / 1000.0);
        let duration = self.total_frames() / fs;
        (0..self.counts.len())
            .map(|unit| {
                let n = self.counts[unit] as f64;
                if n == 0.0 {
                    return (f64::NAN, -1);
                }
                // In seconds, as the reference has it: an interval of exactly the threshold depends on rounding.
                let short = |w: &[i64]| w[1] as f64 / fs - w[0] as f64 / fs < threshold;
                let violations: usize =
                    self.segments(unit).map(|t| t.windows(2).filter(|w| short(w)).count()).sum();
                let violation_rate = violations as f64 / (2.0 * n * (threshold - least));
                (violation_rate / (n / duration), violations as i64)
            })
            .unzip()
    }

    /// Contamination after Llobet & Wyngaard 2022 and the number of pairs that are too close.
    pub(super) fn rp_violations(&self, params: &MetricParams) -> (Vec<f64>, Vec<i64>) {
        let samples = |ms: f64| (ms * self.sampling_frequency * 1e-3).round_ties_even();
        let (censored, refractory) =
            (samples(params.censored_period_ms), samples(params.refractory_period_ms));
        (0..self.counts.len())
            .map(|unit| {
                let n = self.counts[unit] as f64;
                if n == 0.0 {
                    return (f64::NAN, -1);
                }
                let pairs: usize = self.segments(unit).map(|t| close_pairs(t, refractory as i64)).sum();
                if n <= 1.0 {
                    return (f64::NAN, pairs as i64);
                }
                let square = 1.0
                    - pairs as f64 * (self.total_frames() - 2.0 * n * censored)
                        / (n * n * (refractory - censored));
                (if square < 0.0 { 1.0 } else { 1.0 - square.sqrt() }, pairs as i64)
            })
            .unzip()
    }
}

/// Pairs of spikes at most `reach` frames apart.
fn close_pairs(train: &[i64], reach: i64) -> usize {
    let mut end = 0;
    train
        .iter()
        .enumerate()
        .map(|(i, &time)| {
            end = end.max(i);
            while train.get(end).is_some_and(|&t| t - time <= reach) {
                end += 1;
            }
            end - i - 1
        })
        .sum()
}

/// Edges of bins over all segments one after the other; each segment starts a new one.
fn bin_edges(num_frames: &[usize], bin: usize) -> Vec<i64> {
    let mut edges = Vec::new();
    let mut start = 0;
    for (segment, &frames) in num_frames.iter().enumerate() {
        let mut end = start + frames;
        if segment + 1 == num_frames.len() {
            end = end / bin * bin + 1;
        }
        edges.extend((start..end).step_by(bin).map(|edge| edge as i64));
        start += frames;
    }
    edges
}
