//! How far units move along the probe.

use super::{MetricParams, amplitudes::median};
use crate::data::Sorting;

/// Peak-to-peak, standard deviation and median absolute deviation of each unit's median depth over intervals, in µm;
/// `None` where the locations of the spikes are unknown. NaN with too few intervals or spikes.
pub(super) fn drift(sorting: &Sorting, num_frames: &[usize], params: &MetricParams) -> Option<[Vec<f64>; 3]> {
    let interval = (params.interval_s * sorting.sampling_frequency) as usize;
    // depths[segment][unit]: frame and depth of each spike.
    let mut depths: Vec<Vec<Vec<(i64, f64)>>> = Vec::new();
    for segment in &sorting.segments {
        let locations = segment.location_um.as_ref()?;
        let mut of_units = vec![Vec::new(); sorting.num_units()];
        let columns = segment.sample_index.iter().zip(segment.unit_index.iter()).zip(locations.iter());
        for ((&sample, &unit), location) in columns {
            if let Some(list) = of_units.get_mut(unit as usize) {
                list.push((sample, f64::from(location[1])));
            }
        }
        depths.push(of_units);
    }
    let mut result = [Vec::new(), Vec::new(), Vec::new()];
    for unit in 0..sorting.num_units() {
        let values = of_unit(&depths, unit, num_frames, interval, params);
        for (column, value) in result.iter_mut().zip(values) {
            column.push(value);
        }
    }
    Some(result)
}

fn of_unit(
    depths: &[Vec<Vec<(i64, f64)>>],
    unit: usize,
    num_frames: &[usize],
    interval: usize,
    params: &MetricParams,
) -> [f64; 3] {
    const LARGEST_SHARE_WITHOUT: f64 = 0.5;
    let missing = [f64::NAN; 3];
    let all: Vec<f64> = depths.iter().flat_map(|units| &units[unit]).map(|&(_, y)| y).collect();
    let reference = median(&all);
    let mut intervals = 0;
    let mut moved = Vec::new();
    for (segment, (units, &frames)) in depths.iter().zip(num_frames).enumerate() {
        let count = match interval {
            0 => 0,
            // A segment that is not the last has an edge at its end only where an interval does not fill it.
            _ if segment + 1 < num_frames.len() => frames.div_ceil(interval).saturating_sub(1),
            _ => frames / interval,
        };
        if count < params.min_num_bins {
            return missing;
        }
        let spikes = &units[unit];
        for i in 0..count {
            let bound = |i: usize| spikes.partition_point(|&(t, _)| t < (i * interval) as i64);
            let inside: Vec<f64> = spikes[bound(i)..bound(i + 1)].iter().map(|&(_, y)| y).collect();
            intervals += 1;
            if inside.len() >= params.min_spikes_per_interval {
                moved.push(median(&inside) - reference);
            }
        }
    }
    if (intervals - moved.len()) as f64 > LARGEST_SHARE_WITHOUT * intervals as f64 || moved.is_empty() {
        return missing;
    }
    let (low, high) =
        moved.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let mean = moved.iter().sum::<f64>() / moved.len() as f64;
    let variance = moved.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / moved.len() as f64;
    let middle = median(&moved);
    let deviations: Vec<f64> = moved.iter().map(|v| (v - middle).abs()).collect();
    [high - low, variance.sqrt(), median(&deviations)]
}
