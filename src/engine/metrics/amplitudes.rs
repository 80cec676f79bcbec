//! Metrics of spike amplitudes.

use super::MetricParams;
use crate::data::Sorting;

/// Amplitudes of each unit, segments one after the other; `None` where they are unknown.
pub(in crate::engine) fn by_unit(sorting: &Sorting) -> Option<Vec<Vec<f64>>> {
    let mut by_unit = vec![Vec::new(); sorting.num_units()];
    for segment in &sorting.segments {
        let amplitudes = segment.amplitude.as_ref()?;
        for (&unit, &amplitude) in segment.unit_index.iter().zip(amplitudes.iter()) {
            if let Some(list) = by_unit.get_mut(unit as usize) {
                list.push(f64::from(amplitude));
            }
        }
    }
    Some(by_unit)
}

/// The median; NaN without values.
pub(super) fn median(values: &[f64]) -> f64 {
    if values.is_empty() || values.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) }
}

/// Share of the spikes that are missing below the detection threshold, from a histogram of amplitudes taken for
/// symmetric (Hill et al. 2011); NaN with too few spikes.
pub(in crate::engine) fn cutoff(amplitudes: &[f64], params: &MetricParams) -> f64 {
    let bins = params.num_histogram_bins;
    if amplitudes.is_empty() || (amplitudes.len() as f64 / bins as f64) < params.amplitudes_bins_min_ratio {
        return f64::NAN;
    }
    let middle = median(amplitudes);
    if middle.is_nan() {
        return f64::NAN;
    }
    let sign = if middle < 0.0 { -1.0 } else { 1.0 };
    let counts = histogram(amplitudes.iter().map(|a| sign * a), bins);
    let smooth = smooth(&counts, params.histogram_smoothing_value);
    let last = smooth.iter().rposition(|&v| v >= smooth[0]).unwrap_or(0);
    // The sum of nothing is -0.
    let missed = smooth[last + 1..].iter().fold(0.0, |sum, v| sum + v);
    (missed / (amplitudes.len() as f64 + missed)).min(0.5)
}

/// `numpy.histogram` over the range of the values.
fn histogram(values: impl Iterator<Item = f64> + Clone, bins: usize) -> Vec<f64> {
    let (low, high) =
        values.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
    let step = (high - low) / bins as f64;
    let edge = |i: usize| if i == bins { high } else { low + i as f64 * step };
    let mut counts = vec![0.0; bins];
    for value in values {
        let mut bin = (((value - low) / (high - low) * bins as f64) as usize).min(bins - 1);
        // Against rounding: numpy compares with the edges as well.
        if value < edge(bin) && bin > 0 {
            bin -= 1;
        } else if bin + 1 < bins && value >= edge(bin + 1) {
            bin += 1;
        }
        counts[bin] += 1.0;
    }
    counts
}

/// `scipy.ndimage.gaussian_filter1d(counts, sigma, mode="nearest")` on whole numbers, whose result is whole numbers,
/// cut off.
fn smooth(counts: &[f64], sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as i64;
    let weights: Vec<f64> =
        (-radius..=radius).map(|x| (-0.5 / (sigma * sigma) * (x * x) as f64).exp()).collect();
    let total: f64 = weights.iter().sum();
    let last = counts.len() as i64 - 1;
    let at = |i: i64| counts[i.clamp(0, last) as usize];
    (0..=last)
        .map(|i| {
            // The order of the sum is scipy's for symmetric filters, so that cutting off gives the same.
            let middle = radius as usize;
            let mut sum = at(i) * (weights[middle] / total);
            for k in (1..=radius).rev() {
                sum += (at(i - k) + at(i + k)) * (weights[middle - k as usize] / total);
            }
            sum.trunc()
        })
        .collect()
}
