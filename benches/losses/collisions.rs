//! How well spikes are found that overlap with those of other units.

use super::Fallible;
use spikeloom::{
    data::Sorting,
    engine::{
        compare::{CompareParams, compare_to_truth},
        geometry::Geometry,
    },
};

/// Distances in time to the nearest spike of another unit near by that are told apart, in ms.
pub const LAGS_MS: [f64; 3] = [0.25, 0.5, 1.0];
/// Units this close to each other overlap, in µm.
const NEAR_UM: f64 = 75.0;
/// A found spike and a true one at most this far apart are the same, in ms.
const DELTA_MS: f64 = 0.4;

/// Spikes counted by the distance to the nearest one of another unit: within each of [`LAGS_MS`], and further away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Collisions {
    /// True spikes of units that were found, and those of them that were.
    pub truth: [(f64, f64); LAGS_MS.len() + 1],
    /// Found spikes of true units, and those of them that are true.
    pub found: [(f64, f64); LAGS_MS.len() + 1],
}

impl Collisions {
    /// `main` are the main channels of the true units.
    pub fn new(truth: &Sorting, sorting: &Sorting, main: &[usize], geometry: &Geometry) -> Fallible<Self> {
        let comparison = compare_to_truth(truth, sorting, &CompareParams::default())?;
        let partner = &comparison.matching;
        let mut counts = Self::default();
        let places = Places::new(truth.sampling_frequency, main, geometry);
        let delta = (DELTA_MS * 1e-3 * truth.sampling_frequency) as i64;
        for (own, found) in truth.segments.iter().zip(&sorting.segments) {
            let true_spikes: Vec<(i64, u32)> =
                own.sample_index.iter().copied().zip(own.unit_index.iter().copied()).collect();
            // Found spikes by the true unit they stand for.
            let mut found_spikes: Vec<(i64, u32)> = Vec::new();
            for (&sample, &unit) in found.sample_index.iter().zip(found.unit_index.iter()) {
                if let Some(real) = partner.iter().position(|p| *p == Some(unit as usize)) {
                    found_spikes.push((sample, real as u32));
                }
            }
            for (list, other, sums) in [
                (&true_spikes, &found_spikes, &mut counts.truth),
                (&found_spikes, &true_spikes, &mut counts.found),
            ] {
                for &(sample, unit) in list.iter().filter(|s| partner[s.1 as usize].is_some()) {
                    let bin = places.bin(list, sample, unit);
                    let first = other.partition_point(|s| s.0 < sample - delta);
                    let is_there =
                        other[first..].iter().take_while(|s| s.0 <= sample + delta).any(|s| s.1 == unit);
                    sums[bin].0 += 1.0;
                    sums[bin].1 += f64::from(u8::from(is_there));
                }
            }
        }
        Ok(counts)
    }

    /// Shares of true spikes that are found and of found spikes that are true, by distance.
    pub fn shares(&self) -> [[f64; LAGS_MS.len() + 1]; 2] {
        [self.truth, self.found]
            .map(|sums| sums.map(|(all, hit)| if all > 0.0 { hit / all } else { f64::NAN }))
    }
}

/// Which true units lie near each other.
struct Places {
    near: Vec<Vec<bool>>,
    reach: [i64; LAGS_MS.len()],
}

impl Places {
    fn new(rate: f64, main: &[usize], geometry: &Geometry) -> Self {
        let channels = geometry.neighbors(NEAR_UM, usize::MAX);
        let is_near = |a: usize, b: usize| channels[a].contains(&(b as u32));
        Self {
            near: main.iter().map(|&a| main.iter().map(|&b| is_near(a, b)).collect()).collect(),
            reach: LAGS_MS.map(|ms| (ms * 1e-3 * rate) as i64),
        }
    }

    /// How near the nearest spike of another unit near by is.
    fn bin(&self, spikes: &[(i64, u32)], sample: i64, unit: u32) -> usize {
        let most = self.reach[LAGS_MS.len() - 1];
        let first = spikes.partition_point(|s| s.0 < sample - most);
        let nearest = spikes[first..]
            .iter()
            .take_while(|s| s.0 <= sample + most)
            .filter(|s| s.1 != unit && self.near[unit as usize][s.1 as usize])
            .map(|s| (s.0 - sample).abs())
            .min();
        let within = |distance: i64| self.reach.iter().position(|&reach| distance <= reach);
        nearest.and_then(within).unwrap_or(LAGS_MS.len())
    }
}
