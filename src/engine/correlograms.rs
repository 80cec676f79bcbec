//! Auto- and cross-correlograms.
//!
//! A count at lag `t` of `(a, b)` is a spike of `a` that comes `t` after one of `b`.
//!
//! # Source
//! SpikeInterface 0.105 `compute_correlograms`: the same counts.

use super::EngineError;
use crate::data::{Sorting, Table, TableColumn};
use ndarray::Array3;
use rayon::prelude::*;
use std::ops::Range;

/// Lags that are counted, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorrelogramBins {
    /// Width of a bin in samples, at least 1.
    pub bin_size: i64,
    /// Bins on each side of zero, at least 1.
    pub num_half_bins: i64,
}

impl CorrelogramBins {
    /// Bins of `bin_ms` over a window of `window_ms` around zero, which is cut down to whole bins.
    pub fn new(sampling_frequency: f64, window_ms: f64, bin_ms: f64) -> Self {
        let half = (sampling_frequency * window_ms / 2.0 * 1e-3).round_ties_even() as i64;
        let bin_size = ((sampling_frequency * bin_ms * 1e-3).round_ties_even() as i64).max(1);
        Self { bin_size, num_half_bins: (half / bin_size).max(1) }
    }

    /// How many bins there are.
    pub fn count(&self) -> usize {
        2 * self.num_half_bins as usize
    }

    /// Start of each bin in ms.
    pub fn starts_ms(&self, sampling_frequency: f64) -> Vec<f64> {
        (-self.num_half_bins..self.num_half_bins)
            .map(|bin| (bin * self.bin_size) as f64 * 1e3 / sampling_frequency)
            .collect()
    }

    /// The bin of a lag in samples.
    fn of(&self, lag: i64) -> Option<usize> {
        let bin = lag.div_euclid(self.bin_size) + self.num_half_bins;
        (0..2 * self.num_half_bins).contains(&bin).then_some(bin as usize)
    }

    /// The largest lag that can be in a bin.
    fn reach(&self) -> i64 {
        self.bin_size * self.num_half_bins
    }
}

/// Counts of `a` after `b`; both trains ascending, in samples.
pub fn correlogram(a: &[i64], b: &[i64], bins: &CorrelogramBins) -> Vec<u32> {
    let mut counts = vec![0; bins.count()];
    let reach = bins.reach();
    let mut first = 0;
    for &time in a {
        while b.get(first).is_some_and(|&t| t < time - reach) {
            first += 1;
        }
        for &other in b[first..].iter().take_while(|&&t| t <= time + reach) {
            if let Some(bin) = bins.of(time - other) {
                counts[bin] += 1;
            }
        }
    }
    counts
}

/// Counts of a train after itself, each spike's coincidence with itself left out.
pub fn autocorrelogram(train: &[i64], bins: &CorrelogramBins) -> Vec<u32> {
    let mut counts = vec![0; bins.count()];
    let reach = bins.reach();
    for (i, &time) in train.iter().enumerate() {
        for &later in train[i + 1..].iter().take_while(|&&t| t <= time + reach) {
            for lag in [later - time, time - later] {
                if let Some(bin) = bins.of(lag) {
                    counts[bin] += 1;
                }
            }
        }
    }
    counts
}

/// Correlograms of several trains with each other, `(trains, trains, bins)`.
pub fn correlograms_of(trains: &[&[i64]], bins: &CorrelogramBins) -> Array3<u32> {
    let n = trains.len();
    let rows: Vec<u32> = (0..n * n)
        .into_par_iter()
        .flat_map_iter(|pair| {
            let (a, b) = (pair / n, pair % n);
            if a == b { autocorrelogram(trains[a], bins) } else { correlogram(trains[a], trains[b], bins) }
        })
        .collect();
    Array3::from_shape_vec((n, n, bins.count()), rows).unwrap_or_else(|_| Array3::zeros((n, n, bins.count())))
}

/// Correlograms of all units, `(units, units, bins)`, segments added up.
///
/// # Errors
/// Where they would not fit into memory.
pub fn correlograms(sorting: &Sorting, bins: &CorrelogramBins) -> Result<Array3<u32>, EngineError> {
    /// 1 GB for each thread that counts.
    const LARGEST: usize = 256 << 20;
    let (units, count) = (sorting.num_units(), bins.count());
    let size = units * units * count;
    if size > LARGEST {
        return Err(EngineError::Data(format!(
            "correlograms of {units} units with each other in {count} bins do not fit into memory: use wider bins, a \
             shorter window, fewer units, or autocorrelograms alone"
        )));
    }
    let mut total = vec![0u32; size];
    for segment in &sorting.segments {
        let (samples, labels) = (segment.sample_index.as_slice(), segment.unit_index.as_slice());
        let count_range = |range: Range<usize>, mut counts: Vec<u32>| {
            for i in range {
                let (time, unit) = (samples[i], labels[i] as usize);
                let end = time + bins.reach();
                for j in i + 1..samples.len() {
                    if samples[j] > end {
                        break;
                    }
                    let (lag, other) = (samples[j] - time, labels[j] as usize);
                    for (a, b, lag) in [(other, unit, lag), (unit, other, -lag)] {
                        if let Some(bin) = bins.of(lag) {
                            counts[(a * units + b) * count + bin] += 1;
                        }
                    }
                }
            }
            counts
        };
        // As many pieces as threads: each has counts of its own, and whole numbers add up the same in any order.
        let piece = samples.len().div_ceil(rayon::current_num_threads().min(8)).max(10_000);
        let pieces: Vec<Range<usize>> =
            (0..samples.len()).step_by(piece).map(|s| s..(s + piece).min(samples.len())).collect();
        let counted =
            pieces.into_par_iter().map(|range| count_range(range, vec![0; size])).reduce_with(|mut a, b| {
                a.iter_mut().zip(&b).for_each(|(x, y)| *x += y);
                a
            });
        if let Some(counted) = counted {
            total.iter_mut().zip(&counted).for_each(|(x, y)| *x += y);
        }
    }
    Array3::from_shape_vec((units, units, count), total).map_err(|e| EngineError::Data(e.to_string()))
}

/// Autocorrelograms of all units, segments added up: `counts[unit][bin]`.
pub fn autocorrelograms(sorting: &Sorting, bins: &CorrelogramBins) -> Vec<Vec<u32>> {
    let mut total = vec![vec![0; bins.count()]; sorting.num_units()];
    for segment in 0..sorting.segments.len() {
        let trains = sorting.trains(segment);
        let counted: Vec<Vec<u32>> = trains.par_iter().map(|train| autocorrelogram(train, bins)).collect();
        for (sum, counts) in total.iter_mut().zip(counted) {
            sum.iter_mut().zip(counts).for_each(|(x, y)| *x += y);
        }
    }
    total
}

/// Counts as a table: `unit_a`, `unit_b`, `bin_start_ms`, `count`; each pair once (`a` not after `b`).
pub fn correlograms_table(
    sorting: &Sorting,
    bins: &CorrelogramBins,
    cross: bool,
) -> Result<Table, EngineError> {
    let starts = bins.starts_ms(sorting.sampling_frequency);
    let n = sorting.num_units();
    let mut rows: Vec<(usize, usize, Vec<u32>)> = Vec::new();
    if cross {
        let counts = correlograms(sorting, bins)?;
        for a in 0..n {
            rows.extend((a..n).map(|b| (a, b, counts.slice(ndarray::s![a, b, ..]).to_vec())));
        }
    } else {
        let counts = autocorrelograms(sorting, bins);
        rows.extend(counts.into_iter().enumerate().map(|(unit, counts)| (unit, unit, counts)));
    }
    let repeated = |pick: &dyn Fn(&(usize, usize, Vec<u32>)) -> usize| {
        let ids: Vec<_> = rows
            .iter()
            .flat_map(|row| std::iter::repeat_n(&sorting.unit_ids[pick(row)], starts.len()))
            .collect();
        super::compare::id_column(ids.into_iter())
    };
    let mut table = Table::default();
    table.set("unit_a", repeated(&|row| row.0));
    table.set("unit_b", repeated(&|row| row.1));
    table.set("bin_start_ms", TableColumn::Float(rows.iter().flat_map(|_| starts.iter().copied()).collect()));
    let counts = rows.iter().flat_map(|row| row.2.iter().map(|&c| i64::from(c)));
    table.set("count", TableColumn::Int(counts.collect()));
    Ok(table)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::data::Id;

    #[test]
    fn lags_fall_into_their_bins() {
        // 1 kHz: a sample is 1 ms.
        let bins = CorrelogramBins::new(1_000.0, 10.0, 1.0);
        assert_eq!((bins.bin_size, bins.num_half_bins, bins.count()), (1, 5, 10));
        assert_eq!(bins.starts_ms(1_000.0)[0], -5.0);
        let counts = correlogram(&[102], &[100, 105, 107, 108, 97, 96], &bins);
        let expected = [1, 0, 1, 0, 0, 0, 0, 1, 0, 0];
        assert_eq!(counts, expected, "b at +5 (lag -5 counts), +3, -2; +6 and -5 are outside");
    }

    #[test]
    fn all_ways_of_counting_agree() {
        let trains: [Vec<i64>; 3] = [
            (0..400).map(|i| i * 37).collect(),
            (0..300).map(|i| i * 53 + 5).collect(),
            (0..500).map(|i| i * i % 15_000).collect::<std::collections::BTreeSet<_>>().into_iter().collect(),
        ];
        let spikes: Vec<(i64, u32)> =
            trains.iter().enumerate().flat_map(|(u, t)| t.iter().map(move |&s| (s, u as u32))).collect();
        let (samples, units): (Vec<i64>, Vec<u32>) = spikes.into_iter().unzip();
        let sorting = Sorting::from_spikes(1_000.0, Id::range(3), &samples, &units);
        let bins = CorrelogramBins::new(1_000.0, 100.0, 2.0);
        let all = correlograms(&sorting, &bins).unwrap();
        let views: Vec<&[i64]> = trains.iter().map(Vec::as_slice).collect();
        assert_eq!(all, correlograms_of(&views, &bins));
        let autos = autocorrelograms(&sorting, &bins);
        for unit in 0..3 {
            assert_eq!(all.slice(ndarray::s![unit, unit, ..]).to_vec(), autos[unit]);
        }
        let table = correlograms_table(&sorting, &bins, true).unwrap();
        assert_eq!(table.num_rows(), 6 * bins.count());
    }
}
