//! Motion by registration: batches of spikes are moved along the probe until they look alike.
//!
//! A batch is a picture of depth and size: how many spikes of twenty sizes each 5 µm of the probe held in 2 s. All
//! batches are moved by whole bins towards their running mean, nine times; then parts of the probe (blocks that overlap
//! by half) are moved a little further, between bins, towards the mean of what was moved.
//!
//! # Source
//! Kilosort 4.1 `datashift.bin_spikes` and `align_block2` (Pachitariu et al. 2024, doi 10.1038/s41592-024-02232-7), whose
//! numbers these are: the test against them is exact. What differs, and why:
//!
//! - Batches are kept as lists of the bins that are not empty, and products are summed over those alone: the same sums
//!   (a picture without its mean over depth, times one without, needs only one of them without), a tenth of the work.
//! - A batch without spikes stays where it is and takes on the motion between its neighbours; there every shift of it is
//!   as good, and the lowest, -75 µm, is taken nine times.
//! - Where fewer bins are there than shifts, only shifts that differ are tried.
//! - A last batch of less than half the length counts to the one before.
//! - Sizes go from that of the smallest spike to eleven times it instead of from 9 to 100 noise levels, the same span,
//!   so that they may be in µV.
//! - The depth of a block is the mean of the centres of its bins; there the centres are one bin (5 µm) too low.
//! - Displacements are those of the tissue: what has to be subtracted from depths, not added to them.
//!
//! Against DREDge it needs no comparison of all times with each other, but a motion by more than 75 µm between a
//! batch and the mean, or units that come and go, mislead it, and its steps of time are twice as long.

use super::{
    dredge::Extent,
    raster::{Event, gaussian},
};
use crate::{
    data::{Axis, Motion, MotionSegment},
    engine::{EngineError, Monitor},
};
use ndarray::{Array2, Array3, Axis as Dimension};
use rayon::prelude::*;
use std::ops::Range;

#[cfg(test)]
mod tests;

/// Sizes that are told apart.
const NUM_SIZES: usize = 20;
/// Sizes from the smallest spike to this many times it.
const SIZE_SPAN: f64 = 100.0 / 9.0;
/// Keeps sizes at an edge in the upper bin.
const EDGE: f64 = 1e-5;
/// Times all batches are moved by whole bins.
const NUM_ROUNDS: usize = 9;
/// Bins a batch is moved by at most in a round, and a block in the end.
const COARSE: usize = 15;
const FINE: usize = 5;
/// Places between bins that are tried.
const UPSAMPLE: usize = 10;
/// The batch that is the first target, where there are as many.
const FIRST_TARGET: usize = 300;
/// Where the first bin begins, below the first contact, in µm.
const BELOW_UM: f64 = 1.0;

/// Settings of [`register`].
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterParams {
    /// The direction of the motion.
    pub axis: Axis,
    /// Width of a depth bin, in µm.
    pub bin_um: f64,
    /// Length of a batch, in seconds.
    pub bin_s: f64,
    /// Parts of the probe that move by themselves; between them lie as many less one that overlap with two. One: rigid.
    pub num_blocks: usize,
    /// Least and greatest size that are told apart, in the units of the events; from the events where `None`.
    pub sizes: Option<Range<f64>>,
    /// Smoothing of the products along shifts, batches and blocks (standard deviations in bins of each).
    pub smoothing: [f64; 3],
}

impl Default for RegisterParams {
    fn default() -> Self {
        Self { axis: Axis::Y, bin_um: 5.0, bin_s: 2.0, num_blocks: 1, sizes: None, smoothing: [0.5; 3] }
    }
}

/// The motion of the tissue from spikes, their depths and sizes; `segments[i]` are those of segment `i`.
///
/// A displacement a batch and block, in µm against the mean over time.
///
/// # Errors
/// Where it is cancelled, or the settings leave nothing to look at.
pub fn register(
    segments: &[Vec<Event>],
    extent: &Extent,
    params: &RegisterParams,
    monitor: &dyn Monitor,
) -> Result<Motion, EngineError> {
    let batches = Batches::new(segments, extent, params);
    let Some(first) = batches.first_target() else {
        return Err(EngineError::Data(
            "motion cannot be estimated: there are no spikes along the probe, or no time bin".into(),
        ));
    };
    let mut shifts = vec![0i64; batches.list.len()];
    let mut target = batches.mean(first..first + 1, &shifts);
    for round in 0..NUM_ROUNDS {
        if monitor.cancelled() {
            return Err(EngineError::Cancelled);
        }
        monitor.progress(round as u64, NUM_ROUNDS as u64 + 1);
        let steps: Vec<i64> = batches
            .list
            .par_iter()
            .zip(&shifts)
            .map(|(batch, &shift)| batches.best_step(batch, shift, &target))
            .collect();
        for (shift, step) in shifts.iter_mut().zip(steps) {
            *shift += step;
        }
        target = batches.mean(0..batches.list.len(), &shifts);
    }
    let blocks = blocks(batches.num_depths, params.num_blocks);
    let mut products = batches.block_products(&blocks, &shifts, &target);
    smooth(&mut products, &batches.lengths, params.smoothing);
    let mut displacement = finest(&products);
    for (mut row, shift) in displacement.rows_mut().into_iter().zip(&shifts) {
        row.mapv_inplace(|fine| -(fine + *shift as f64) * params.bin_um);
    }
    batches.fill_gaps(&mut displacement);
    monitor.progress(NUM_ROUNDS as u64 + 1, NUM_ROUNDS as u64 + 1);
    let lowest_um = extent.contacts_um.start - BELOW_UM;
    let center = |bins: &Range<usize>| lowest_um + 0.5 * (bins.start + bins.end) as f64 * params.bin_um;
    let mut start = 0;
    let segments = (batches.lengths.iter().zip(&extent.starts_s))
        .map(|(&length, start_s)| {
            let rows = start..start + length;
            start += length;
            MotionSegment {
                temporal_bins_s: (0..length).map(|t| start_s + (t as f64 + 0.5) * params.bin_s).collect(),
                displacement_um: displacement.slice(ndarray::s![rows, ..]).to_owned(),
                confidence: None,
            }
        })
        .collect();
    Ok(Motion { axis: params.axis, spatial_bins_um: blocks.iter().map(center).collect(), segments })
}

/// A bin of a batch that holds spikes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    depth: u32,
    size: u32,
    /// Logarithm (base 2) of one more than their number.
    value: f32,
}

/// The batches of all segments, one after the other.
struct Batches {
    list: Vec<Vec<Entry>>,
    /// Batches of each segment.
    lengths: Vec<usize>,
    num_depths: usize,
}

impl Batches {
    fn new(segments: &[Vec<Event>], extent: &Extent, params: &RegisterParams) -> Self {
        let lowest_um = extent.contacts_um.start - BELOW_UM;
        let num_depths = ((extent.contacts_um.end - lowest_um) / params.bin_um).ceil() as usize + 1;
        let sizes = params.sizes.clone().unwrap_or_else(|| {
            let all = segments.iter().flatten().map(|event| event.amplitude.abs());
            let least = all.fold(f64::INFINITY, f64::min).max(f64::MIN_POSITIVE);
            least..SIZE_SPAN * least
        });
        let (least, span) = (sizes.start.log10(), sizes.end.log10() - sizes.start.log10());
        let lengths: Vec<usize> =
            extent.durations_s.iter().map(|d| ((d / params.bin_s).round() as usize).max(1)).collect();
        let mut list = Vec::new();
        for (segment, &length) in lengths.iter().enumerate() {
            let mut bins = vec![Vec::new(); length];
            for event in segments.get(segment).map_or(&[][..], Vec::as_slice) {
                let depth = (event.depth_um - lowest_um) / params.bin_um;
                if !(depth >= 0.0 && depth < num_depths as f64) {
                    continue;
                }
                let share = (event.amplitude.abs().log10() - least) / span;
                let size = ((EDGE + share * NUM_SIZES as f64) as usize).min(NUM_SIZES - 1);
                let batch = ((event.time_s / params.bin_s) as usize).min(length - 1);
                bins[batch].push((depth as u32, size as u32));
            }
            list.extend(bins.into_iter().map(|mut places| {
                places.sort_unstable();
                let same = places.chunk_by(|a, b| a == b);
                same.map(|s| Entry { depth: s[0].0, size: s[0].1, value: (1.0 + s.len() as f32).log2() })
                    .collect()
            }));
        }
        Self { list, lengths, num_depths }
    }

    /// The batch the others are moved to first: one in the middle, or the nearest to it that holds spikes.
    fn first_target(&self) -> Option<usize> {
        let usual = FIRST_TARGET.min(self.list.len() / 2);
        (0..self.list.len()).filter(|&i| !self.list[i].is_empty()).min_by_key(|i| i.abs_diff(usual))
    }

    /// The mean of some batches after they were moved, less its own mean over depth: `[depth][size]`.
    fn mean(&self, batches: Range<usize>, shifts: &[i64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.num_depths * NUM_SIZES];
        let count = batches.len() as f64;
        for (batch, &shift) in self.list[batches.clone()].iter().zip(&shifts[batches]) {
            for entry in batch {
                let depth = self.moved(entry, shift);
                sums[depth * NUM_SIZES + entry.size as usize] += f64::from(entry.value) / count;
            }
        }
        for size in 0..NUM_SIZES {
            let column = || sums[size..].iter().step_by(NUM_SIZES);
            let mean = column().sum::<f64>() / self.num_depths as f64;
            for value in sums[size..].iter_mut().step_by(NUM_SIZES) {
                *value -= mean;
            }
        }
        sums
    }

    /// Where a bin comes to lie; what leaves the probe at one end enters it at the other.
    fn moved(&self, entry: &Entry, shift: i64) -> usize {
        (i64::from(entry.depth) + shift).rem_euclid(self.num_depths as i64) as usize
    }

    /// By how many more bins a batch fits the target best.
    fn best_step(&self, batch: &[Entry], shift: i64, target: &[f64]) -> i64 {
        let reach = reach(COARSE, self.num_depths);
        let product = |step: i64| -> f64 {
            batch
                .iter()
                .map(|entry| {
                    let place = self.moved(entry, shift + step) * NUM_SIZES + entry.size as usize;
                    f64::from(entry.value) * target[place]
                })
                .sum()
        };
        if batch.is_empty() {
            return 0;
        }
        first_largest((-reach..=reach).map(|step| (step, product(step))))
    }

    /// How well each block of each batch fits the target at each further shift: `(shift, batch, block)`.
    fn block_products(&self, blocks: &[Range<usize>], shifts: &[i64], target: &[f64]) -> Array3<f64> {
        let length = blocks.first().map_or(1, Range::len);
        let reach = reach(FINE, length);
        let num_steps = 2 * reach as usize + 1;
        let per_block: Vec<Vec<f64>> = blocks
            .iter()
            .map(|bins| {
                (0..NUM_SIZES)
                    .map(|size| bins.clone().map(|depth| target[depth * NUM_SIZES + size]).sum())
                    .collect()
            })
            .collect();
        let rows: Vec<Vec<f64>> = self
            .list
            .par_iter()
            .zip(shifts)
            .map(|(batch, &shift)| {
                let mut out = vec![0.0; blocks.len() * num_steps];
                for (block, bins) in blocks.iter().enumerate() {
                    let own = &mut out[block * num_steps..][..num_steps];
                    for entry in batch {
                        // Its mean over the whole probe is no part of it.
                        let value = f64::from(entry.value);
                        let mean = value / self.num_depths as f64 * per_block[block][entry.size as usize];
                        let depth = self.moved(entry, shift);
                        for (slot, out) in own.iter_mut().enumerate() {
                            *out -= mean;
                            if bins.contains(&depth) {
                                let local = (depth - bins.start) as i64 + slot as i64 - reach;
                                let place = bins.start + local.rem_euclid(length as i64) as usize;
                                *out += value * target[place * NUM_SIZES + entry.size as usize];
                            }
                        }
                    }
                    own.iter_mut().for_each(|value| *value /= (length * NUM_SIZES) as f64);
                }
                out
            })
            .collect();
        Array3::from_shape_fn((num_steps, rows.len(), blocks.len()), |(step, batch, block)| {
            rows[batch][block * num_steps + step]
        })
    }

    /// Gives batches without spikes what lies between those beside them.
    fn fill_gaps(&self, displacement: &mut Array2<f64>) {
        let mut first = 0;
        for &length in &self.lengths {
            let known: Vec<usize> = (first..first + length).filter(|&i| !self.list[i].is_empty()).collect();
            for batch in (first..first + length).filter(|&i| self.list[i].is_empty()) {
                let place = known.partition_point(|&i| i < batch);
                let before = place.checked_sub(1).map(|p| known[p]);
                let row = match (before, known.get(place).copied()) {
                    (Some(a), Some(b)) => {
                        let share = (batch - a) as f64 / (b - a) as f64;
                        &displacement.row(a) * (1.0 - share) + &displacement.row(b) * share
                    }
                    (Some(a), None) | (None, Some(a)) => displacement.row(a).to_owned(),
                    (None, None) => continue,
                };
                displacement.row_mut(batch).assign(&row);
            }
            first += length;
        }
    }
}

/// Shifts to either side that differ on a circle of so many bins.
fn reach(most: usize, num_bins: usize) -> i64 {
    most.min(num_bins.saturating_sub(1) / 2) as i64
}

/// Parts of the probe of one length, and those that lie half on two of them.
fn blocks(num_depths: usize, num_blocks: usize) -> Vec<Range<usize>> {
    let num_blocks = num_blocks.clamp(1, (num_depths / (2 * FINE + 1)).max(1));
    let (length, count) = (num_depths / num_blocks, 2 * num_blocks - 1);
    let step = (num_depths - length) as f64 / (count - 1).max(1) as f64;
    (0..count)
        .map(|i| (i as f64 * step).round_ties_even() as usize)
        .map(|start| start..start + length)
        .collect()
}

/// The place of the first of the largest values.
fn first_largest<T: Copy + Default>(values: impl Iterator<Item = (T, f64)>) -> T {
    let mut best = (T::default(), f64::NEG_INFINITY);
    for (place, value) in values {
        if value > best.1 {
            best = (place, value);
        }
    }
    best.0
}

/// Gaussian smoothing along shifts, along the batches of each segment and along blocks, mirrored at the ends.
fn smooth(products: &mut Array3<f64>, lengths: &[usize], sigmas: [f64; 3]) {
    for (axis, sigma) in sigmas.into_iter().enumerate() {
        let weights = gaussian(sigma);
        for mut lane in products.lanes_mut(Dimension(axis)) {
            let values = lane.to_vec();
            let whole = [values.len()];
            let mut first = 0;
            for &length in if axis == 1 { lengths } else { &whole } {
                let own = &values[first..first + length];
                for (i, out) in lane.iter_mut().skip(first).take(length).enumerate() {
                    *out = mirrored_sum(own, &weights, i);
                }
                first += length;
            }
        }
    }
}

/// The weighted sum around a place, the values mirrored at their ends.
fn mirrored_sum(values: &[f64], weights: &[f64], place: usize) -> f64 {
    let (n, radius) = (values.len() as i64, weights.len() as i64 / 2);
    let at = |i: i64| {
        let i = i.rem_euclid(2 * n);
        values[i.min(2 * n - 1 - i) as usize]
    };
    (weights.iter().zip(-radius..)).map(|(w, offset)| w * at(place as i64 + offset)).sum()
}

/// The best shift of each `(batch, block)` in bins, between bins too.
fn finest(products: &Array3<f64>) -> Array2<f64> {
    let (num_steps, num_batches, num_blocks) = products.dim();
    let reach = (num_steps / 2) as f64;
    let places: Vec<f64> =
        (0..=(num_steps - 1) * UPSAMPLE).map(|u| u as f64 / UPSAMPLE as f64 - reach).collect();
    // A Gaussian one bin wide about each place.
    let kernel: Vec<Vec<f64>> = places
        .iter()
        .map(|p| (0..num_steps).map(|s| (-0.5 * (s as f64 - reach - p).powi(2)).exp()).collect())
        .collect();
    Array2::from_shape_fn((num_batches, num_blocks), |(batch, block)| {
        let own = products.slice(ndarray::s![.., batch, block]);
        let value = |weights: &Vec<f64>| own.iter().zip(weights).map(|(p, w)| p * w).sum();
        first_largest(places.iter().zip(&kernel).map(|(&place, weights)| (place, value(weights))))
    })
}
