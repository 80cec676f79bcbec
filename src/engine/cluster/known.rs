//! Units whose times say that they are several neurons, though they are one hump.
//!
//! Components of a mixture are units where their cross-correlogram says so, and so are those that were told apart before.
//!
//! The second clustering looks at the spikes that the templates of the first one matched. Where two units lie close, one
//! look shows the dip between them and the next does not, by nothing but the noise. What the first look parted is only
//! put together again if the times of the spikes do not speak against it: neurons that meet within each other's
//! refractory period as often as by chance stay two.

use super::{
    isocut::dip_between,
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

/// The parts of some members by their labels, put together until all fire independently of each other; of those that do
/// not, first what is one neuron by its times, then what shows the least dip. `points` are the members' features.
pub(super) fn independent_parts(
    features: &Features,
    members: &[u32],
    points: &Points,
    labels: &[u32],
    least: usize,
) -> Vec<Vec<u32>> {
    let count = labels.iter().max().map_or(0, |&l| l as usize + 1);
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (place, &label) in labels.iter().enumerate() {
        parts[label as usize].push(place);
    }
    parts.retain(|part| !part.is_empty());
    let rate = features.peaks.sampling_frequency;
    let of = |part: &[usize]| part.iter().map(|&place| members[place]).collect::<Vec<u32>>();
    // How far two parts are from being one; `None` where they are two neurons.
    let distance = |a: &[usize], b: &[usize]| match refractory::compare(
        &times(features, &of(a)),
        &times(features, &of(b)),
        rate,
    ) {
        Verdict::Independent if a.len().min(b.len()) >= least => None,
        Verdict::OneNeuron => Some(-1.0),
        _ => Some(dip_between(points, a.iter().copied(), b.iter().copied())),
    };
    loop {
        let pairs = (0..parts.len()).flat_map(|a| (a + 1..parts.len()).map(move |b| (a, b)));
        let nearest = pairs
            .filter_map(|(a, b)| Some((distance(&parts[a], &parts[b])?, a, b)))
            .min_by(|x, y| x.0.total_cmp(&y.0));
        let Some((_, a, b)) = nearest else { break };
        let other = parts.swap_remove(b);
        parts[a].extend(other);
        parts[a].sort_unstable();
    }
    parts.iter().map(|part| of(part)).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(super) mod tests {
    use super::*;
    use crate::{data::Peaks, engine::cluster::gather};
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};

    /// Spikes of the units at the given samples, one feature each.
    pub(in super::super) fn features(spikes: &[(i64, u32)]) -> Features {
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
    fn components_are_put_together_until_they_are_neurons() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let mut spikes: Vec<(i64, u32)> = Vec::new();
        for unit in [0, 2] {
            let mut time = 0.0;
            for index in 0..1_500u32 {
                time += 0.003 - (1.0 - rng.random::<f64>()).ln() / 15.0;
                // The second unit is two components.
                spikes.push(((time * 30_000.0) as i64, unit + if unit == 2 { index % 2 } else { 0 }));
            }
        }
        spikes.sort_unstable();
        let features = features(&spikes);
        let members: Vec<u32> = (0..spikes.len() as u32).collect();
        let raw = gather(&features, members.iter().copied(), &[0]);
        let labels: Vec<u32> = spikes.iter().map(|s| s.1).collect();
        let parts = independent_parts(&features, &members, &raw, &labels, 20);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [1_500, 1_500]);
        for part in &parts {
            let first = spikes[part[0] as usize].1.min(2);
            assert!(part.iter().all(|&m| spikes[m as usize].1.min(2) == first));
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
