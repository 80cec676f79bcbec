//! Spikes as a picture of time and depth, and the depth windows motion is looked at through.
//!
//! # Source
//! SpikeInterface `make_2d_motion_histogram` and `get_spatial_windows`, bin by bin the same.

use std::ops::Range;

/// One spike that tells of the motion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Time from the start of its segment, in seconds.
    pub time_s: f64,
    /// Depth along the axis of the motion, in µm.
    pub depth_um: f64,
    /// Size, of any sign and unit.
    pub amplitude: f64,
}

/// Sums of sizes in bins of time and depth, smoothed a little; a row a time bin, the segments one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Depth bins of a row.
    pub num_depths: usize,
    /// Edge of the first depth bin in µm.
    pub first_um: f64,
    /// Width of a depth bin in µm.
    pub bin_um: f64,
    /// Length of a time bin in seconds.
    pub bin_s: f64,
    /// Time bins of each segment.
    pub lengths: Vec<usize>,
    /// The values.
    pub values: Vec<f32>,
}

/// What a raster is made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RasterParams {
    /// Width of a depth bin in µm.
    pub bin_um: f64,
    /// Length of a time bin in seconds.
    pub bin_s: f64,
    /// Width of the smoothing along depth (standard deviation), in µm.
    pub depth_smooth_um: f64,
    /// Width of the smoothing along time (standard deviation), in seconds.
    pub time_smooth_s: f64,
}

impl Raster {
    /// The picture of the events of each segment; `durations_s` are times of the last frames.
    pub fn new(
        segments: &[Vec<Event>],
        durations_s: &[f64],
        depths_um: Range<f64>,
        params: &RasterParams,
    ) -> Self {
        let &RasterParams { bin_um, bin_s, .. } = params;
        let num_depths = num_bins(depths_um.end - depths_um.start, bin_um);
        let lengths: Vec<usize> = durations_s.iter().map(|&d| num_bins(d, bin_s)).collect();
        let mut raster =
            Self { num_depths, first_um: depths_um.start, bin_um, bin_s, lengths, values: Vec::new() };
        for (events, &length) in segments.iter().zip(&raster.lengths) {
            let mut values = vec![0.0f64; length * num_depths];
            for event in events {
                let row = bin_of(event.time_s, 0.0, bin_s, length);
                let column = bin_of(event.depth_um, depths_um.start, bin_um, num_depths);
                if let (Some(row), Some(column)) = (row, column) {
                    values[row * num_depths + column] += event.amplitude.abs();
                }
            }
            let depth = gaussian(params.depth_smooth_um / bin_um);
            for row in values.chunks_exact_mut(num_depths.max(1)) {
                let smooth = convolve(row, &depth);
                row.copy_from_slice(&smooth);
            }
            let time = gaussian(params.time_smooth_s / bin_s);
            for column in 0..num_depths {
                let along: Vec<f64> = (0..length).map(|row| values[row * num_depths + column]).collect();
                for (row, value) in convolve(&along, &time).into_iter().enumerate() {
                    values[row * num_depths + column] = value;
                }
            }
            raster.values.extend(values.iter().map(|&v| v as f32));
        }
        raster
    }

    /// Time bins of all segments.
    pub fn num_times(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// The depth bins of a time.
    pub fn row(&self, time: usize) -> &[f32] {
        &self.values[time * self.num_depths..][..self.num_depths]
    }

    /// Centres of the depth bins in µm.
    pub fn depths_um(&self) -> Vec<f64> {
        (0..self.num_depths).map(|i| self.first_um + (i as f64 + 0.5) * self.bin_um).collect()
    }
}

/// Bins between edges at 0, `step`, … up to the first edge at or beyond `length`.
fn num_bins(length: f64, step: f64) -> usize {
    (((length + step) / step).ceil() as usize).saturating_sub(1)
}

/// The bin of a value; the last one holds its upper edge too.
fn bin_of(value: f64, start: f64, step: f64, count: usize) -> Option<usize> {
    let place = ((value - start) / step).floor();
    let end = start + step * count as f64;
    if !(value >= start && value <= end) || count == 0 {
        return None;
    }
    Some((place as usize).min(count - 1))
}

/// Weights of a Gaussian of this width in bins, cut at four widths; one alone where it has no width.
pub(super) fn gaussian(sigma: f64) -> Vec<f64> {
    if sigma <= 0.0 || sigma.is_nan() {
        return vec![1.0];
    }
    let radius = (4.0 * sigma + 0.5) as i64;
    let weights: Vec<f64> = (-radius..=radius).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / total).collect()
}

/// Weighted sums of neighbours; there is nothing beyond the ends.
fn convolve(values: &[f64], weights: &[f64]) -> Vec<f64> {
    let radius = weights.len() / 2;
    (0..values.len())
        .map(|i| {
            let first = i.saturating_sub(radius);
            let last = (i + radius + 1).min(values.len());
            (first..last).map(|j| values[j] * weights[j + radius - i]).sum()
        })
        .collect()
}

/// Weights of the depth bins through which a part of the probe is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its centre in µm.
    pub center_um: f64,
    /// The depth bins it looks at.
    pub bins: Range<usize>,
    /// Weights of those bins.
    pub weights: Vec<f64>,
}

/// Weights below this are none.
const LEAST_WEIGHT: f64 = 1e-5;

/// Gaussian windows along the probe, or one flat one.
pub fn windows(
    depths_um: &[f64],
    contacts_um: Range<f64>,
    rigid: bool,
    step_um: f64,
    scale_um: f64,
    margin_um: Option<f64>,
) -> Vec<Window> {
    let n = depths_um.len();
    let (Some(first), Some(last)) = (depths_um.first(), depths_um.last()) else { return Vec::new() };
    if rigid {
        return vec![Window {
            center_um: 0.5 * (first + last),
            bins: 0..n,
            weights: vec![1.0 / n as f64; n],
        }];
    }
    let margin = margin_um.unwrap_or(-scale_um / 2.0);
    let (low, high) = (contacts_um.start - margin, contacts_um.end + margin);
    let count = ((high - low) / step_um).floor().max(1.0) as usize;
    let border = (high - low).rem_euclid(step_um) / 2.0;
    (0..=count)
        .filter_map(|i| {
            let center_um = i as f64 * step_um + low + border;
            let weight = |d: &f64| {
                let w = (-0.5 * ((d - center_um) / scale_um).powi(2)).exp();
                if w < LEAST_WEIGHT { 0.0 } else { w }
            };
            let all: Vec<f64> = depths_um.iter().map(weight).collect();
            let start = all.iter().position(|w| *w > 0.0)?;
            let end = all.iter().rposition(|w| *w > 0.0)? + 1;
            let total: f64 = all.iter().sum();
            let weights = all[start..end].iter().map(|w| w / total).collect();
            Some(Window { center_um, bins: start..end, weights })
        })
        .collect()
}
