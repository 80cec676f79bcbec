//! Units that are one neuron seen from different places.
//!
//! Traces cannot be interpolated without error: the waveform of a neuron that the tissue carries past the contacts keeps
//! changing a little, for a large neuron by many noise levels, at the ends of the probe for any. Clustering then rightly
//! sees several shapes, and matching needs them all: one template a place is what finds every spike. So such units are
//! matched apart and joined afterwards, when their firing tells that they are one: each fires while the tissue is
//! somewhere, and together they fire wherever it is. No two neurons divide the displacements between them.

use super::{
    finish::{UnitShape, correction_of},
    turns::{Classes, Stretches, Turns},
};
use crate::{
    data::{Recording, Sorting, SpikeTrains, Templates},
    engine::refractory::{self, Verdict, place},
};
use ndarray::Array2;
use rayon::prelude::*;
use std::{cell::OnceCell, collections::BTreeSet};

/// Parts of one neuron lie this close together, in µm, once the motion is undone.
const NEAR_UM: f64 = 60.0;
/// Least similarity of the templates: cosine at the best lag.
const SIMILARITY: f64 = 0.7;
/// Lags that are tried, in ms.
const MAX_LAG_MS: f64 = 0.5;
/// Spikes of one neuron are further apart than this, in ms.
const TWICE_MS: f64 = 0.33;

/// What [`join_parts`] makes of units.
pub(super) struct Joined {
    /// The units as they were; those that were joined to another have no spikes left.
    pub sorting: Sorting,
    /// `(unit, the unit it is part of)`.
    pub parts: Vec<(usize, usize)>,
}

/// Joins units that take turns as the tissue moves; `None` where it does not or nothing is joined.
///
/// Amplitudes of `matched` are factors of the templates; those of joined spikes become factors of the template of the
/// unit they joined, by the sizes in `shapes`.
pub(super) fn join_parts(
    recording: &Recording,
    templates: &Templates,
    matched: &Sorting,
    shapes: &[UnitShape],
) -> Option<Joined> {
    let correction = correction_of(recording)?;
    let info = recording.info();
    let rate = info.sampling_frequency;
    let frames: Vec<usize> = info.segments.iter().map(|s| s.num_frames).collect();
    let stretches = Stretches::of(correction, &frames);
    let classes: Vec<OnceCell<Option<Classes>>> = vec![OnceCell::new(); info.num_channels()];
    let counts = stretches.counts(matched);
    let mut units: Vec<Option<Unit>> = times_of(matched)
        .into_iter()
        .zip(counts)
        .map(|(times, counts)| (!times.is_empty()).then_some(Unit { times, counts }))
        .collect();
    let position = |unit: usize| templates.locations_um.get(shapes[unit].channel).copied();
    let group = |unit: usize| info.groups.get(shapes[unit].channel).copied();
    let is_near = |a: usize, b: usize| match (position(a), position(b)) {
        (Some(p), Some(q)) => group(a) == group(b) && (p[0] - q[0]).hypot(p[1] - q[1]) <= NEAR_UM,
        _ => false,
    };
    let max_lag = (MAX_LAG_MS * 1e-3 * rate).round() as i64;
    let mut pairs: Vec<(f64, usize, usize)> = (0..units.len())
        .into_par_iter()
        .flat_map_iter(|a| (a + 1..templates.num_units()).map(move |b| (a, b)))
        .filter(|&(a, b)| is_near(a, b))
        .map(|(a, b)| (similarity(templates, a, b, max_lag), a, b))
        .filter(|pair| pair.0 >= SIMILARITY)
        .collect();
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let mut home: Vec<usize> = (0..units.len()).collect();
    // Pairs of units that are known to be two, until one of them grows.
    let mut apart = BTreeSet::new();
    // The most alike first; who has grown is looked at again.
    while let Some((whole, part)) = pairs.iter().find_map(|&(cosine, a, b)| {
        let (a, b) = (home[a], home[b]);
        let (x, y) = (units[a].as_ref()?, units[b].as_ref()?);
        if a == b || apart.contains(&(a, b)) {
            return None;
        }
        let (whole, part) = if x.times.len() >= y.times.len() { (a, b) } else { (b, a) };
        let classes = classes[shapes[whole].channel].get_or_init(|| stretches.classes(position(whole)?));
        let (x, y) = (units[whole].as_ref()?, units[part].as_ref()?);
        let take_turns =
            classes.as_ref().is_some_and(|c| Turns::of(c, &x.counts, &y.counts).are_taken(cosine));
        if take_turns && refractory::compare(&x.times, &y.times, rate) != Verdict::Independent {
            return Some((whole, part));
        }
        apart.extend([(a, b), (b, a)]);
        None
    }) {
        let Some(taken) = units[part].take() else { break };
        home.iter_mut().filter(|home| **home == part).for_each(|home| *home = whole);
        if let Some(unit) = &mut units[whole] {
            unit.take(taken);
        }
        apart.retain(|&(a, b)| a != whole && b != whole);
    }
    let parts: Vec<(usize, usize)> =
        (0..home.len()).filter(|&u| home[u] != u).map(|u| (u, home[u])).collect();
    if parts.is_empty() {
        return None;
    }
    let twice = (TWICE_MS * 1e-3 * rate).round() as i64;
    let segments = matched.segments.iter().map(|spikes| relabelled(spikes, &home, shapes, twice)).collect();
    Some(Joined { sorting: Sorting { segments, ..matched.clone() }, parts })
}

/// A unit in the making.
struct Unit {
    /// Ascending, see [`place`].
    times: Vec<i64>,
    /// Spikes by stretch.
    counts: Vec<f64>,
}

impl Unit {
    fn take(&mut self, part: Self) {
        self.times.extend(part.times);
        self.times.sort_unstable();
        for (sum, count) in self.counts.iter_mut().zip(part.counts) {
            *sum += count;
        }
    }
}

/// The spikes of each unit, see [`place`].
fn times_of(sorting: &Sorting) -> Vec<Vec<i64>> {
    let mut times = vec![Vec::new(); sorting.num_units()];
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        for (&unit, &sample) in spikes.unit_index.iter().zip(spikes.sample_index.iter()) {
            times[unit as usize].push(place(segment as u32, sample));
        }
    }
    times.iter_mut().for_each(|own| own.sort_unstable());
    times
}

/// Cosine of two templates at the best lag.
fn similarity(templates: &Templates, a: usize, b: usize, max_lag: i64) -> f64 {
    let (one, other) = (&templates.waveforms[a], &templates.waveforms[b]);
    let columns: Vec<(usize, usize)> = templates.channel_indices[a]
        .iter()
        .enumerate()
        .filter_map(|(i, c)| templates.channel_indices[b].iter().position(|d| c == d).map(|j| (i, j)))
        .collect();
    if columns.is_empty() {
        return 0.0;
    }
    let energy = |w: &Array2<f32>| w.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
    let norm = (energy(one) * energy(other)).sqrt().max(f64::MIN_POSITIVE);
    let nt = one.nrows() as i64;
    let product = |lag: i64| -> f64 {
        let range = 0.max(-lag)..nt.min(nt - lag);
        let of = |&(i, j): &(usize, usize)| {
            let rows = range.clone();
            rows.map(|t| f64::from(one[[t as usize, i]]) * f64::from(other[[(t + lag) as usize, j]]))
                .sum::<f64>()
        };
        columns.iter().map(of).sum()
    };
    (-max_lag..=max_lag).map(product).fold(0.0, f64::max) / norm
}

/// The spikes of a segment by the units they were joined to; of two of a unit at once the larger one stays.
fn relabelled(spikes: &SpikeTrains, home: &[usize], shapes: &[UnitShape], twice: i64) -> SpikeTrains {
    let size = |i: usize| {
        let factor = spikes.amplitude.as_ref().map_or(1.0, |a| a[i]);
        factor * shapes[spikes.unit_index[i] as usize].amplitude
    };
    // The last kept spike of each unit that others joined.
    let mut last: Vec<Option<usize>> = vec![None; home.len()];
    let mut dropped = vec![false; spikes.sample_index.len()];
    for i in 0..spikes.sample_index.len() {
        let unit = home[spikes.unit_index[i] as usize];
        if let Some(before) = last[unit]
            && spikes.unit_index[before] != spikes.unit_index[i]
            && spikes.sample_index[i] - spikes.sample_index[before] <= twice
        {
            if size(i).abs() <= size(before).abs() {
                dropped[i] = true;
                continue;
            }
            dropped[before] = true;
        }
        last[unit] = Some(i);
    }
    let kept: Vec<usize> = (0..dropped.len()).filter(|&i| !dropped[i]).collect();
    let unit = |&i: &usize| home[spikes.unit_index[i] as usize] as u32;
    let factor = |&i: &usize| {
        let whole = shapes[home[spikes.unit_index[i] as usize]].amplitude;
        if whole == 0.0 { 1.0 } else { size(i) / whole }
    };
    SpikeTrains {
        sample_index: kept.iter().map(|&i| spikes.sample_index[i]).collect(),
        unit_index: kept.iter().map(unit).collect(),
        amplitude: spikes.amplitude.as_ref().map(|_| kept.iter().map(factor).collect()),
        location_um: spikes.location_um.as_ref().map(|l| kept.iter().map(|&i| l[i]).collect()),
        num_frames: spikes.num_frames,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Id;

    #[test]
    fn of_two_spikes_at_once_the_larger_stays() {
        let shape =
            |amplitude: f32| UnitShape { channel: 0, amplitude, at_spikes: amplitude, snr: None, norm: 0.0 };
        let shapes = [shape(-100.0), shape(-50.0), shape(-80.0)];
        let mut sorting =
            Sorting::from_spikes(10_000.0, Id::range(3), &[100, 102, 200, 201, 300], &[0, 1, 2, 0, 1]);
        sorting.segments[0].amplitude = Some(vec![1.0; 5].into());
        let joined = relabelled(&sorting.segments[0], &[0, 0, 2], &shapes, 3);
        assert_eq!(joined.sample_index.to_vec(), [100, 200, 201, 300]);
        assert_eq!(joined.unit_index.to_vec(), [0, 2, 0, 0]);
        assert_eq!(joined.amplitude.as_ref().map(|a| a.to_vec()), Some(vec![1.0, 1.0, 1.0, 0.5]));
    }
}
