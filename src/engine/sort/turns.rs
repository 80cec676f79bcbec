//! Whether two units take turns as the tissue moves.

use crate::data::{MotionCorrection, Sorting};

/// Displacements are told apart in this many classes, which last equally long.
const CLASSES: usize = 10;
/// Displacements that differ by less than this all in all tell nothing, in µm.
const LEAST_RANGE_UM: f64 = 5.0;
/// The same for parts of a few spikes.
const FRAGMENT_SIMILARITY: f64 = 0.9;
/// Where firing is unrelated to the displacement, the share of one unit among the spikes of two is the same in every class
/// up to chance: χ² of as many degrees of freedom as classes less one exceeds this once in a million times.
const CHI_SQUARED: f64 = 45.0;
/// Together two parts vary less with the displacement than this times either of them.
const STEADIER: f64 = 0.7;
/// What varies by less than this many standard errors does not vary with the displacement.
const ERRORS: f64 = 4.0;

/// The stretches of constant displacement of all segments.
pub(super) struct Stretches<'a> {
    correction: &'a MotionCorrection,
    /// `(segment, stretch, frames)`.
    all: Vec<(usize, usize, f64)>,
    /// First frames, by segment.
    first: Vec<Vec<usize>>,
}

impl<'a> Stretches<'a> {
    /// Those of segments of so many frames.
    pub(super) fn of(correction: &'a MotionCorrection, frames: &[usize]) -> Self {
        let (mut all, mut first) = (Vec::new(), Vec::new());
        for (segment, stretches) in correction.segments.iter().enumerate() {
            let end = frames.get(segment).copied().unwrap_or(0);
            let mut starts: Vec<usize> = stretches.iter().map(|s| s.first_frame.min(end)).collect();
            if let Some(start) = starts.first_mut() {
                *start = 0;
            }
            for (index, &start) in starts.iter().enumerate() {
                let next = starts.get(index + 1).copied().unwrap_or(end);
                all.push((segment, index, next.saturating_sub(start) as f64));
            }
            first.push(starts);
        }
        Self { correction, all, first }
    }

    /// Spikes of each unit in each stretch.
    pub(super) fn counts(&self, sorting: &Sorting) -> Vec<Vec<f64>> {
        let mut counts = vec![vec![0.0; self.all.len()]; sorting.num_units()];
        let mut before = 0;
        for (starts, spikes) in self.first.iter().zip(&sorting.segments) {
            if !starts.is_empty() {
                for (&unit, &sample) in spikes.unit_index.iter().zip(spikes.sample_index.iter()) {
                    let stretch = starts.partition_point(|&s| s as i64 <= sample).max(1) - 1;
                    counts[unit as usize][before + stretch] += 1.0;
                }
            }
            before += starts.len();
        }
        counts
    }

    /// The class of each stretch by the displacement at a place; `None` where that hardly changes.
    pub(super) fn classes(&self, place: [f64; 2]) -> Option<Classes> {
        let positions = &self.correction.positions_um;
        let distance =
            |channel: usize| (positions[channel][0] - place[0]).hypot(positions[channel][1] - place[1]);
        let channel =
            (0..positions.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)))?;
        let moved = |&(segment, stretch, _): &(usize, usize, f64)| {
            let stretch = &self.correction.segments[segment][stretch];
            stretch.displacement_um.get(channel).copied().unwrap_or(0.0)
        };
        let displacement: Vec<f64> = self.all.iter().map(moved).collect();
        let (low, high) =
            displacement.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &d| (l.min(d), h.max(d)));
        if high - low < LEAST_RANGE_UM {
            return None;
        }
        let mut order: Vec<usize> = (0..displacement.len()).collect();
        order.sort_by(|&a, &b| displacement[a].total_cmp(&displacement[b]).then(a.cmp(&b)));
        let total: f64 = self.all.iter().map(|s| s.2).sum();
        let mut classes = Classes { of_stretch: vec![0; displacement.len()], share: vec![0.0; CLASSES] };
        let mut before = 0.0;
        for index in order {
            let own = self.all[index].2 / total.max(1.0);
            let class = (((before + 0.5 * own) * CLASSES as f64) as usize).min(CLASSES - 1);
            classes.of_stretch[index] = class;
            classes.share[class] += own;
            before += own;
        }
        Some(classes)
    }
}

/// Displacements in classes.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    of_stretch: Vec<usize>,
    /// Share of the time.
    share: Vec<f64>,
}

/// How the firing of two units depends on the displacement.
pub(super) struct Turns {
    /// That the share of the one among the spikes of both depends on it.
    chi_squared: f64,
    /// Variance of the relative rate over the classes beyond chance and its error by chance: of the larger one, of the
    /// smaller one, of both together.
    whole: (f64, f64),
    part: (f64, f64),
    both: (f64, f64),
}

impl Turns {
    /// Of spikes by stretch, of the larger unit first.
    pub(super) fn of(classes: &Classes, whole: &[f64], part: &[f64]) -> Self {
        let by_class = |counts: &[f64]| {
            let mut sums = vec![0.0; classes.share.len()];
            for (&class, count) in classes.of_stretch.iter().zip(counts) {
                sums[class] += count;
            }
            sums
        };
        let (a, b) = (by_class(whole), by_class(part));
        let (all_a, all_b) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
        let pairs = a.iter().zip(&b).filter(|(a, b)| *a + *b > 0.0);
        let chi_squared =
            pairs.map(|(a, b)| (a * all_b - b * all_a).powi(2) / (all_a * all_b * (a + b))).sum();
        let freedom = (classes.share.iter().filter(|s| **s > 0.0).count().max(2) - 1) as f64;
        let variation = |counts: &[f64]| {
            let all: f64 = counts.iter().sum();
            let squares = counts.iter().zip(&classes.share).filter(|(_, share)| **share > 0.0);
            let sum: f64 = squares.map(|(n, share)| share * (n / (share * all) - 1.0).powi(2)).sum();
            (sum - freedom / all, (2.0 * freedom).sqrt() / all)
        };
        let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        Self { chi_squared, whole: variation(&a), part: variation(&b), both: variation(&sum) }
    }

    /// Both depend on the displacement, and together less. What is too small for its absence to show in the larger one
    /// needs to look much like it.
    pub(super) fn are_taken(&self, cosine: f64) -> bool {
        let varies = |(variation, error): (f64, f64)| variation > ERRORS * error;
        let steadier = varies(self.whole) && self.both.0 < STEADIER * self.whole.0.min(self.part.0);
        let fragment = cosine >= FRAGMENT_SIMILARITY && self.both.0 <= self.whole.0;
        self.chi_squared > CHI_SQUARED && varies(self.part) && (steadier || fragment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Axis, Id, Interpolation, MotionStretch};
    use rand::{RngExt, SeedableRng};

    const RATE: f64 = 10_000.0;
    const STRETCH: i64 = 10_000;

    /// Tissue that goes to and fro by 20 µm in 100 stretches of a second.
    fn correction() -> MotionCorrection {
        let um = |i: usize| 0.8 * ((i % 50) as f64 - 25.0).abs();
        MotionCorrection {
            positions_um: vec![[0.0, 0.0], [0.0, 20.0]],
            groups: vec![0; 2],
            axis: Axis::Y,
            interpolation: Interpolation::Kriging,
            sigma_um: 20.0,
            power: 2.0,
            num_closest: 3,
            extrapolate: true,
            segments: vec![
                (0..100)
                    .map(|i| MotionStretch {
                        first_frame: i * STRETCH as usize,
                        displacement_um: vec![um(i); 2],
                    })
                    .collect(),
            ],
        }
    }

    /// Spikes at random that `keep` keeps, by the displacement.
    fn counts(stretches: &Stretches, seed: u64, rate_hz: f64, keep: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut samples: Vec<i64> =
            (0..(100.0 * rate_hz) as usize).map(|_| rng.random_range(0..100 * STRETCH)).collect();
        samples.retain(|t| {
            let stretch = &stretches.correction.segments[0][(t / STRETCH) as usize];
            rng.random::<f64>() < keep(stretch.displacement_um[0])
        });
        samples.sort_unstable();
        let units = vec![0; samples.len()];
        stretches.counts(&Sorting::from_spikes(RATE, Id::range(1), &samples, &units)).remove(0)
    }

    #[test]
    fn parts_take_turns_and_neurons_do_not() {
        let correction = correction();
        let stretches = Stretches::of(&correction, &[100 * STRETCH as usize]);
        let classes = stretches.classes([0.0, 10.0]);
        let Some(classes) = classes else { panic!("the tissue moves") };
        assert!(classes.share.iter().all(|share| (share - 0.1).abs() < 0.05), "{:?}", classes.share);
        let up = |um: f64| f64::from(u8::from(um > 12.0));
        let low = counts(&stretches, 1, 8.0, |um| 1.0 - up(um));
        let high = counts(&stretches, 1, 8.0, up);
        let (steady, strong) = (counts(&stretches, 2, 8.0, |_| 1.0), counts(&stretches, 3, 40.0, |_| 1.0));
        let few = counts(&stretches, 4, 3.0, |um| f64::from(u8::from(um > 18.5)));
        let taken = |a: &[f64], b: &[f64], cosine: f64| Turns::of(&classes, a, b).are_taken(cosine);
        assert!(taken(&low, &high, 0.8));
        assert!(!taken(&steady, &strong, 0.99));
        // A unit seen at some displacements only is no part of one that fires all the time.
        assert!(!taken(&steady, &high, 0.99));
        assert!(!taken(&low, &low, 0.99));
        // A few spikes need to look much like what they are part of.
        let rest: Vec<f64> = steady.iter().zip(&few).map(|(all, few)| (all - few).max(0.0)).collect();
        assert!((10.0..40.0).contains(&few.iter().sum()), "{few:?}");
        assert!(taken(&rest, &few, 0.95) && !taken(&rest, &few, 0.8));
    }

    #[test]
    fn still_tissue_has_no_classes() {
        let mut correction = correction();
        correction.segments[0].iter_mut().for_each(|s| s.displacement_um.fill(3.0));
        let stretches = Stretches::of(&correction, &[100 * STRETCH as usize]);
        assert!(stretches.classes([0.0, 0.0]).is_none());
    }
}
