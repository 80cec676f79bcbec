//! Units made of what larger units leave behind: side lobes, and what a template does not explain.

use crate::{
    data::{Sorting, Templates},
    engine::refractory::place,
};
use rayon::prelude::*;
use std::{cmp::Reverse, ops::RangeInclusive};

/// Spikes that come this close to a fixed lag are locked, in ms.
const JITTER_MS: f64 = 0.13;
/// Lags that are looked at, in ms: as long as a template lasts.
const REACH_MS: f64 = 2.0;
/// A neuron is seen this far along its dendrite at most, in µm.
const FARTHEST_UM: f64 = 200.0;
/// A neighbour that fewer of the spikes are locked to explains none of them.
const LEAST_SHARE: f64 = 0.1;

/// Lags to one neighbour that are looked for, at most.
const MOST_LAGS: usize = 4;

/// What of a unit is an echo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Echo {
    /// The larger units its spikes are locked to.
    pub of: Vec<usize>,
    /// Share of its spikes that are, more than by chance.
    pub share: f64,
    /// Which of its spikes, in order of time, are locked.
    pub spikes: Vec<bool>,
    /// Mean size of the other spikes over that of those that are locked.
    pub rest: f32,
}

/// Spikes that are locked are echoes where they are smaller or larger than the others by this factor.
const OTHER_SIZE: f32 = 1.1;

impl Echo {
    /// Of a unit that is no echo as a whole: leaves it its spikes where those that are locked are as large as the others. A
    /// neuron that another one makes fire has such spikes; what a template leaves of another has its own size.
    pub fn spare_driven(&mut self) {
        if (1.0 / OTHER_SIZE..OTHER_SIZE).contains(&self.rest) {
            self.spikes.fill(false);
            self.of.clear();
        }
    }
}

/// The spikes of a unit.
struct Train {
    /// In order.
    times: Vec<i64>,
    /// Factors of the template; empty where they are not known.
    factors: Vec<f32>,
    /// Mean size of the spikes.
    size: f32,
}

impl Train {
    /// Mean factor of the spikes that are marked, or of those that are not.
    fn factor(&self, marks: &[bool], marked: bool) -> f32 {
        mean(self.factors.iter().zip(marks).filter(|(_, mark)| **mark == marked).map(|(factor, _)| *factor))
    }
}

/// For each unit the larger units near it that its spikes follow, or lead, by a fixed lag, and the spikes that do. `sizes`
/// are those of the templates at the time of their spikes and before whitening, which makes more of what is steep in space;
/// `groups` are those of the channels. Spikes are in order of time.
///
/// Two neurons do not fire within a tenth of a millisecond of a fixed lag again and again. What is left of a large spike
/// after its template was subtracted does, and so does the part of it that runs along the dendrite, on contacts beyond
/// those of its template. Such a part may be the larger of the two where it was found for some of the spikes only.
pub fn echoes(sorting: &Sorting, templates: &Templates, sizes: &[f32], groups: &[i64]) -> Vec<Echo> {
    let trains = trains(sorting, sizes);
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
    // Unit, what it is an echo of, how they are locked.
    let found: Vec<(usize, usize, Lock)> = (0..trains.len())
        .into_par_iter()
        .flat_map_iter(|a| {
            let (trains, near) = (&trains, &near);
            (a + 1..trains.len()).filter_map(move |b| {
                if trains[a].times.is_empty() || trains[b].times.is_empty() || !near(a, b) {
                    return None;
                }
                let (unit, other) = if trains[b].size > trains[a].size { (a, b) } else { (b, a) };
                let (own, larger) = (&trains[unit], &trains[other]);
                let lock = locked(&own.times, &larger.times, reach, jitter);
                lock.holds(own.times.len()).then(|| match is_part(larger, own, &lock) {
                    true => (other, unit, lock.reversed()),
                    false => (unit, other, lock),
                })
            })
        })
        .collect();
    let mut echoes: Vec<Echo> =
        trains.iter().map(|own| Echo { spikes: vec![false; own.times.len()], ..Echo::default() }).collect();
    let mut by_chance = vec![0.0; trains.len()];
    for (unit, other, lock) in found {
        let (own, larger, echo) = (&trains[unit].times, &trains[other].times, &mut echoes[unit]);
        echo.of.push(other);
        let mut lock = Some(lock);
        // Locked at several lags: the rest is looked at again.
        for _ in 0..MOST_LAGS {
            let Some(found) = lock else { break };
            by_chance[unit] += found.chance;
            found.mark(own, larger, &mut echo.spikes);
            let rest = own.iter().zip(&echo.spikes).filter(|(_, marked)| !**marked).map(|(&time, _)| time);
            let next = locked(&rest.collect::<Vec<i64>>(), larger, reach, jitter);
            lock = next.holds(own.len()).then_some(next);
        }
    }
    for ((echo, by_chance), own) in echoes.iter_mut().zip(by_chance).zip(&trains) {
        let marked = echo.spikes.iter().filter(|locked| **locked).count() as f64;
        echo.share = (marked - by_chance).max(0.0) / echo.spikes.len().max(1) as f64;
        echo.rest = own.factor(&echo.spikes, false) / own.factor(&echo.spikes, true);
    }
    echoes
}

fn trains(sorting: &Sorting, sizes: &[f32]) -> Vec<Train> {
    let train = |&size: &f32| Train { times: Vec::new(), factors: Vec::new(), size };
    let mut trains: Vec<Train> = sizes.iter().map(train).collect();
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        for (i, (&sample, &unit)) in spikes.sample_index.iter().zip(spikes.unit_index.iter()).enumerate() {
            let train = &mut trains[unit as usize];
            train.times.push(place(segment as u32, sample));
            train.factors.extend(spikes.amplitude.as_ref().map(|factors| factors[i]));
        }
    }
    for train in trains.iter_mut().filter(|train| !train.factors.is_empty()) {
        // A large template that explains what another left of its spikes does so with small factors.
        train.size *= mean(train.factors.iter().copied());
    }
    trains
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0f64, 0u32), |(sum, count), x| (sum + f64::from(x), count + 1));
    (sum / f64::from(count.max(1))) as f32
}

/// Of the spikes of a part, this share is also found as spikes of the whole.
const PART: f64 = 0.9;
/// A part is at most so many times as large as the whole.
const LARGEST_PART: f32 = 1.5;
/// Factors of the spikes that have the part and of those that do not differ by less, both ways.
const SAME_FACTOR: f32 = 1.15;

/// True where a unit is a part of another one that is somewhat smaller: nearly all its spikes are also spikes of that one,
/// which has more of them, and they are no larger or smaller there than the rest.
fn is_part(part: &Train, whole: &Train, lock: &Lock) -> bool {
    if lock.spikes < PART * part.times.len() as f64 || part.size > LARGEST_PART * whole.size {
        return false;
    }
    let mut marks = vec![false; whole.times.len()];
    lock.mark(&whole.times, &part.times, &mut marks);
    let marked = marks.iter().filter(|mark| **mark).count();
    if marked as f64 > PART * marks.len() as f64 || whole.factors.is_empty() {
        return false;
    }
    let ratio = whole.factor(&marks, true) / whole.factor(&marks, false);
    ratio < SAME_FACTOR && ratio > 1.0 / SAME_FACTOR
}

/// How one train is locked to another.
struct Lock {
    /// From a spike to one of the other train.
    lags: RangeInclusive<i64>,
    /// Coincidences at these lags.
    spikes: f64,
    /// As many as there are at other lags.
    chance: f64,
}

/// The lags within `jitter` of one at which the most spikes coincide.
fn locked(own: &[i64], other: &[i64], reach: i64, jitter: i64) -> Lock {
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
    let (at, most) = sums.enumerate().max_by_key(|&(at, sum)| (sum, Reverse(at))).unwrap_or((0, 0));
    let others = counts.iter().sum::<u32>() - most;
    let lag = at as i64 - reach;
    Lock {
        lags: lag..=lag + 2 * jitter,
        spikes: f64::from(most),
        chance: f64::from(others) * width as f64 / counts.len().saturating_sub(width).max(1) as f64,
    }
}

impl Lock {
    /// True where a train of so many spikes is locked.
    fn holds(&self, num_spikes: usize) -> bool {
        self.spikes - self.chance >= LEAST_SHARE * num_spikes as f64 && self.spikes >= 3.0 * self.chance
    }

    /// The same seen from the other train.
    fn reversed(self) -> Self {
        Self { lags: -self.lags.end()..=-self.lags.start(), ..self }
    }

    /// Marks the spikes that have one of the other train at these lags.
    fn mark(&self, own: &[i64], other: &[i64], marks: &mut [bool]) {
        for (&time, mark) in own.iter().zip(marks) {
            let next = other.partition_point(|&t| t < time + self.lags.start());
            *mark |= other.get(next).is_some_and(|&t| t <= time + self.lags.end());
        }
    }
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
        let found = echoes(&sorting, &templates, &[30.0, 8.0, 8.0], &[0, 0]);
        assert_eq!(found[1].of, [0]);
        assert!(found[1].share > 0.9 && found[1].spikes.iter().all(|locked| *locked));
        assert!(found[0].of.is_empty() && found[2].of.is_empty(), "{found:?}");
        // A unit that is an echo half the time: those spikes are named.
        let both = Sorting::from_spikes(
            30_000.0,
            Id::range(2),
            &samples,
            &units.iter().map(|&u| u.min(1)).collect::<Vec<u32>>(),
        );
        let part = &echoes(&both, &templates, &[30.0, 8.0], &[0, 0])[1];
        let marked = part.spikes.iter().filter(|locked| **locked).count();
        // Some others are there by chance.
        assert!((echo.len()..echo.len() + 8).contains(&marked), "{marked}");
        assert!((0.3..0.5).contains(&part.share), "{}", part.share);
        // At two lags, too.
        let twice: Vec<i64> =
            large.iter().enumerate().map(|(i, t)| t + if i % 2 == 0 { 9 } else { 41 }).collect();
        let sorting_of = |trains: &[(&Vec<i64>, f32)]| {
            let spikes = trains.iter().enumerate().flat_map(|(unit, (train, factor))| {
                train.iter().map(move |&time| (time, unit as u32, *factor))
            });
            let mut spikes: Vec<(i64, u32, f32)> = spikes.collect();
            spikes.sort_by_key(|&(time, unit, _)| (time, unit));
            let (samples, units): (Vec<i64>, Vec<u32>) = spikes.iter().map(|&(t, unit, _)| (t, unit)).unzip();
            let mut sorting = Sorting::from_spikes(30_000.0, Id::range(trains.len()), &samples, &units);
            sorting.segments[0].amplitude = Some(spikes.iter().map(|&(_, _, factor)| factor).collect());
            sorting
        };
        let found = echoes(&sorting_of(&[(&large, 1.0), (&twice, 1.0)]), &templates, &[30.0, 8.0], &[0, 0]);
        assert!(found[1].share > 0.9, "{}", found[1].share);
        // A part of the spikes that was found a second time is no unit, though its template is a little larger.
        let part: Vec<i64> = large.iter().step_by(3).map(|t| t - 12).collect();
        let found = echoes(&sorting_of(&[(&large, 1.0), (&part, 1.0)]), &templates, &[30.0, 33.0], &[0, 0]);
        assert!(found[0].of.is_empty() && found[1].share > 0.9);
        // One that is much larger is a neuron, and what follows it is not the other's.
        let found = echoes(&sorting_of(&[(&large, 1.0), (&part, 1.0)]), &templates, &[30.0, 90.0], &[0, 0]);
        assert!(found[1].of.is_empty() && found[0].of == [1]);
        // Spikes that follow another neuron's are its own where they are as large as the others.
        let mut echo = Echo { of: vec![0], share: 0.3, spikes: vec![true, false], rest: 1.02 };
        echo.spare_driven();
        assert!(echo.of.is_empty() && echo.spikes == [false, false]);
        let mut echo = Echo { of: vec![0], share: 0.3, spikes: vec![true, false], rest: 1.3 };
        echo.spare_driven();
        assert!(echo.of == [0] && echo.spikes == [true, false]);
        // Beyond the contacts of the larger one's template too, but not at any distance, nor on another shank.
        let beyond = |um: f64, groups: &[i64]| {
            let mut templates = templates.clone();
            templates.locations_um = vec![[0.0, 0.0], [0.0, um]];
            templates.channel_indices = vec![vec![0], vec![1], vec![1]];
            templates.waveforms = [30.0, 8.0, 8.0].iter().map(|&x| Array2::from_elem((3, 1), x)).collect();
            !echoes(&sorting, &templates, &[30.0, 8.0, 8.0], groups)[1].of.is_empty()
        };
        assert!(beyond(110.0, &[0, 0]));
        assert!(!beyond(900.0, &[0, 0]) && !beyond(110.0, &[0, 1]));
    }
}
