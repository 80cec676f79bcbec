//! Units that were told apart before and are one hump now.
//!
//! The second clustering looks at the spikes that the templates of the first one matched. Where two units lie close, one
//! look shows the dip between them and the next does not, by nothing but the noise. What the first look parted is only
//! put together again if the times of the spikes do not speak against it: neurons that meet within each other's
//! refractory period as often as by chance stay two.

use super::{
    points::Points,
    refractory::{self, Verdict},
    times,
};
use crate::data::Features;
use std::collections::BTreeMap;

/// Units with a smaller share of the members are no part of their own.
const LEAST_SHARE: f64 = 0.05;

/// The parts of some members by the units they were matched to; `None` where those are not independent neurons. `raw`
/// are the members' features.
pub(super) fn known_parts(
    features: &Features,
    members: &[u32],
    raw: &Points,
    least: usize,
) -> Option<Vec<Vec<u32>>> {
    let units = features.units.as_ref()?;
    let mut of_unit: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, &member) in members.iter().enumerate() {
        of_unit.entry(units[member as usize]).or_default().push(place);
    }
    let least = least.max((LEAST_SHARE * members.len() as f64) as usize);
    let mut groups: Vec<Vec<usize>> = of_unit.into_values().filter(|places| places.len() >= least).collect();
    if groups.len() < 2 {
        return None;
    }
    groups.sort_by_key(|places| std::cmp::Reverse(places.len()));
    let rate = features.peaks.sampling_frequency;
    let times_of =
        |places: &[usize]| times(features, &places.iter().map(|&place| members[place]).collect::<Vec<u32>>());
    let mut parts: Vec<Vec<usize>> = Vec::new();
    for group in groups {
        let own = times_of(&group);
        let is_new =
            |part: &Vec<usize>| refractory::compare(&times_of(part), &own, rate) == Verdict::Independent;
        if parts.iter().all(is_new) {
            parts.push(group);
        }
    }
    if parts.len() < 2 {
        return None;
    }
    // All others go where they are nearest.
    let means: Vec<Vec<f64>> = parts.iter().map(|part| raw.mean(part.iter().copied())).collect();
    let mut label = vec![None; members.len()];
    for (index, part) in parts.iter().enumerate() {
        part.iter().for_each(|&place| label[place] = Some(index));
    }
    let nearest = |place: usize| {
        let distance = |mean: &Vec<f64>| -> f64 {
            raw.row(place).iter().zip(mean).map(|(&x, m)| (f64::from(x) - m).powi(2)).sum()
        };
        let distances: Vec<f64> = means.iter().map(distance).collect();
        (0..distances.len()).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).unwrap_or(0)
    };
    let mut out = vec![Vec::new(); parts.len()];
    for (place, &member) in members.iter().enumerate() {
        out[label[place].unwrap_or_else(|| nearest(place))].push(member);
    }
    Some(out)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{data::Peaks, engine::cluster::gather};
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};

    /// Spikes of the units at the given samples, one feature each.
    fn features(spikes: &[(i64, u32)]) -> Features {
        let n = spikes.len();
        Features {
            peaks: Peaks {
                sampling_frequency: 30_000.0,
                num_channels: 1,
                segment_index: vec![0; n].into(),
                sample_index: spikes.iter().map(|s| s.0).collect(),
                channel_index: vec![0; n].into(),
                amplitude: vec![1.0; n].into(),
                location_um: None,
            },
            basis: Array2::eye(1),
            num_before: 0,
            neighbors: vec![vec![0]],
            max_channels: 1,
            values: spikes.iter().map(|s| s.1 as f32).collect(),
            units: Some(spikes.iter().map(|s| s.1).collect()),
        }
    }

    #[test]
    fn what_was_parted_stays_parted_where_the_times_say_two() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let mut train = || -> Vec<i64> {
            let mut time = 0.0;
            let step = |time: &mut f64, x: f64| {
                *time += 0.003 - (1.0 - x).ln() / 15.0;
                (*time * 30_000.0) as i64
            };
            (0..1_500).map(|_| step(&mut time, rng.random::<f64>())).collect()
        };
        let (one, other) = (train(), train());
        let parts = |mut spikes: Vec<(i64, u32)>| {
            spikes.sort_unstable();
            let features = features(&spikes);
            let members: Vec<u32> = (0..spikes.len() as u32).collect();
            let raw = gather(&features, members.iter().copied(), &[0]);
            known_parts(&features, &members, &raw, 20).map(|parts| (parts, spikes))
        };
        let of = |train: &[i64], unit: u32| train.iter().map(|&t| (t, unit)).collect::<Vec<_>>();
        // A few spikes of a third unit go to the nearer of the two.
        let stray: Vec<(i64, u32)> = (0..10).map(|i| (40_000_000 + i * 9_000, 2)).collect();
        let (two, spikes) = parts([of(&one, 0), of(&other, 1), stray].concat()).unwrap();
        assert_eq!(two.iter().map(Vec::len).sum::<usize>(), spikes.len());
        assert_eq!(two.len(), 2);
        for part in &two {
            let first = spikes[part[0] as usize].1.min(1);
            assert!(part.iter().all(|&m| spikes[m as usize].1.min(1) == first));
        }
        let halves = one.iter().enumerate().map(|(i, &t)| (t, (i % 2) as u32)).collect();
        assert_eq!(parts(halves), None);
        assert_eq!(parts(of(&one, 0)), None);
    }
}
