//! Units made of what larger units leave behind: side lobes, and what a template does not explain.

use crate::{
    data::{Sorting, Templates},
    engine::refractory::place,
};
use rayon::prelude::*;

/// Spikes that come this close to a fixed lag are locked, in ms.
const JITTER_MS: f64 = 0.13;
/// Lags that are looked at, in ms: as long as a template lasts.
const REACH_MS: f64 = 2.0;
/// A neuron is seen this far along its dendrite at most, in µm.
const FARTHEST_UM: f64 = 200.0;
/// A neighbour that fewer of the spikes are locked to explains none of them.
const LEAST_SHARE: f64 = 0.1;

/// What a unit is the echo of.
#[derive(Clone, Debug, PartialEq)]
pub struct Echo {
    /// The larger units its spikes are locked to.
    pub of: Vec<usize>,
    /// Share of its spikes that are.
    pub share: f64,
}

/// For each unit the larger units near it that its spikes follow, or lead, by a fixed lag; `None` where less than `share`
/// of its spikes do. `sizes` are those of the units before whitening, which makes more of what is steep in space;
/// `groups` are those of the channels.
///
/// Two neurons do not fire within a tenth of a millisecond of a fixed lag again and again. What is left of a large spike
/// after its template was subtracted does, and so does the part of it that runs along the dendrite, on contacts beyond
/// those of its template.
pub fn echoes(
    sorting: &Sorting,
    templates: &Templates,
    sizes: &[f32],
    groups: &[i64],
    share: f64,
) -> Vec<Option<Echo>> {
    let mut trains: Vec<Vec<i64>> = vec![Vec::new(); sorting.num_units()];
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        for (&sample, &unit) in spikes.sample_index.iter().zip(spikes.unit_index.iter()) {
            trains[unit as usize].push(place(segment as u32, sample));
        }
    }
    let samples = |ms: f64| (ms * 1e-3 * sorting.sampling_frequency).round().max(1.0) as i64;
    let (reach, jitter) = (samples(REACH_MS), samples(JITTER_MS));
    let main: Vec<Option<usize>> =
        (0..trains.len()).map(|unit| templates.extremum(unit).map(|(channel, _, _)| channel)).collect();
    let near = |a: usize, b: usize| {
        let (Some(a), Some(b)) = (main[a], main[b]) else { return false };
        if groups.get(a) != groups.get(b) {
            return false;
        }
        match (templates.locations_um.get(a), templates.locations_um.get(b)) {
            (Some(p), Some(q)) => (p[0] - q[0]).hypot(p[1] - q[1]) <= FARTHEST_UM,
            // Without a probe nobody knows.
            _ => true,
        }
    };
    (0..trains.len())
        .into_par_iter()
        .map(|unit| {
            let own = &trains[unit];
            let mut echo = Echo { of: Vec::new(), share: 0.0 };
            for other in 0..trains.len() {
                let larger = sizes[other] > sizes[unit] || (sizes[other] == sizes[unit] && other < unit);
                if other == unit || own.is_empty() || !larger || !near(unit, other) {
                    continue;
                }
                let (locked, chance) = locked(own, &trains[other], reach, jitter);
                let part = (locked - chance) / own.len() as f64;
                if part >= LEAST_SHARE && locked >= 3.0 * chance {
                    echo.of.push(other);
                    echo.share += part;
                }
            }
            (echo.share >= share).then_some(echo)
        })
        .collect()
}

/// Most coincidences within `jitter` of one lag, and how many there are at a lag on average.
fn locked(own: &[i64], other: &[i64], reach: i64, jitter: i64) -> (f64, f64) {
    let mut counts = vec![0u32; (2 * reach + 1) as usize];
    let mut first = 0;
    for &time in own {
        while other.get(first).is_some_and(|&t| t < time - reach) {
            first += 1;
        }
        for &t in other[first..].iter().take_while(|&&t| t <= time + reach) {
            counts[(t - time + reach) as usize] += 1;
        }
    }
    let width = (2 * jitter + 1) as usize;
    let sums = counts.windows(width).map(|w| w.iter().sum::<u32>());
    let most = sums.max().unwrap_or(0);
    let others = counts.iter().sum::<u32>() - most;
    (f64::from(most), f64::from(others) * width as f64 / counts.len().saturating_sub(width).max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Id;
    use ndarray::Array2;

    #[test]
    fn what_follows_a_larger_unit_by_a_fixed_lag_is_its_echo() {
        let large: Vec<i64> = (0..200).map(|i| 900 * i + i * i % 331).collect();
        let echo: Vec<i64> =
            large.iter().step_by(2).enumerate().map(|(i, t)| t + 17 + i as i64 % 3).collect();
        let free: Vec<i64> = (0..150).map(|i| 1201 * i + i * i * 7 % 523).collect();
        let (mut samples, mut units) = (Vec::new(), Vec::new());
        for (unit, train) in [&large, &echo, &free].into_iter().enumerate() {
            samples.extend(train);
            units.extend(train.iter().map(|_| unit as u32));
        }
        let sorting = Sorting::from_spikes(30_000.0, Id::range(3), &samples, &units);
        let templates = Templates {
            sampling_frequency: 30_000.0,
            unit_ids: Id::range(3),
            channel_ids: Id::range(2),
            locations_um: Vec::new(),
            num_before: 1,
            num_samples: 3,
            channel_indices: vec![vec![0, 1]; 3],
            waveforms: [30.0, 8.0, 8.0].iter().map(|&x| Array2::from_elem((3, 2), x)).collect(),
            deviations: Vec::new(),
            in_uv: false,
        };
        let found = echoes(&sorting, &templates, &[30.0, 8.0, 8.0], &[0, 0], 0.6);
        assert_eq!(found[1].as_ref().map(|e| e.of.clone()), Some(vec![0]));
        assert!(found[0].is_none() && found[2].is_none(), "{found:?}");
        // Beyond the contacts of the larger one's template too, but not at any distance, nor on another shank.
        let beyond = |um: f64, groups: &[i64]| {
            let mut templates = templates.clone();
            templates.locations_um = vec![[0.0, 0.0], [0.0, um]];
            templates.channel_indices = vec![vec![0], vec![1], vec![1]];
            templates.waveforms = [30.0, 8.0, 8.0].iter().map(|&x| Array2::from_elem((3, 1), x)).collect();
            echoes(&sorting, &templates, &[30.0, 8.0, 8.0], groups, 0.6)[1].is_some()
        };
        assert!(beyond(110.0, &[0, 0]));
        assert!(!beyond(900.0, &[0, 0]) && !beyond(110.0, &[0, 1]));
    }
}
