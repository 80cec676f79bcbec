//! Whether a motion makes the spikes of different times alike.
//!
//! An estimate always finds the shift under which two times resemble each other most, also where what differs is not the
//! place of the tissue: where units fall silent and others begin to fire, or grow smaller. Then its motion makes a still
//! recording worse than it was. A true motion gives back the resemblance that times far apart have lost against times that
//! follow each other; the density of the spikes over depth, without their sizes, tells whether it does.

use super::{dredge::Extent, raster::Event};
use crate::data::Motion;

/// Width of a bin along the probe, and of what it is smoothed by, in µm.
const BIN_UM: f64 = 5.0;
const SMOOTH_UM: f64 = 7.5;
/// Length of a time, in seconds, and times in all at most: long recordings are looked at in longer times.
const TIME_S: f64 = 2.0;
const MOST_TIMES: usize = 600;
/// Events that a time must have to be compared.
const LEAST_EVENTS: usize = 5;
/// Lags that are far, in times, evenly spread up to half the recording; as many are looked at.
const FAR_LAGS: usize = 40;
/// What is no loss.
const LEAST_LOSS: f64 = 0.005;

/// How alike the spikes of different times are: mean correlation of their density over depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resemblance {
    /// Of times that follow each other.
    pub near: f64,
    /// Of times far apart, as they are.
    pub before: f64,
    /// Of times far apart, with the motion undone.
    pub after: f64,
}

impl Resemblance {
    /// Of the spikes of each segment.
    pub fn of(segments: &[Vec<Event>], extent: &Extent, motion: &Motion) -> Self {
        let (still, moved) =
            (Densities::new(segments, extent, None), Densities::new(segments, extent, Some(motion)));
        let count = still.list.len();
        let lags: Vec<usize> =
            (1..=FAR_LAGS).map(|i| 1 + i * (count / 2) / FAR_LAGS).filter(|&l| l > 1).collect();
        Self { near: moved.at(&[1]), before: still.at(&lags), after: moved.at(&lags) }
    }

    /// Share of the lost resemblance that undoing the motion gives back; negative where it takes more.
    pub fn share_regained(&self) -> f64 {
        (self.after - self.before) / (self.near - self.before).max(LEAST_LOSS)
    }
}

/// The density of spikes over depth, a row a time, of mean zero and norm one; `None` where there are too few.
struct Densities {
    list: Vec<Option<Vec<f64>>>,
}

impl Densities {
    fn new(segments: &[Vec<Event>], extent: &Extent, motion: Option<&Motion>) -> Self {
        let total: f64 = extent.durations_s.iter().sum();
        let time_s = TIME_S.max(total / MOST_TIMES as f64);
        let low = extent.contacts_um.start;
        let bins = (((extent.contacts_um.end - low) / BIN_UM).ceil() as usize).max(1);
        let kernel: Vec<f64> = {
            let reach = (3.0 * SMOOTH_UM / BIN_UM).ceil() as i64;
            (-reach..=reach).map(|i| (-0.5 * (i as f64 * BIN_UM / SMOOTH_UM).powi(2)).exp()).collect()
        };
        let mut list = Vec::new();
        for (segment, events) in segments.iter().enumerate() {
            let duration = extent.durations_s.get(segment).copied().unwrap_or(0.0);
            let start = extent.starts_s.get(segment).copied().unwrap_or(0.0);
            let count = ((duration / time_s) as usize).max(1);
            let mut rows = vec![(0usize, vec![0.0; bins]); count];
            for event in events {
                let moved =
                    motion.map_or(0.0, |m| m.displacement_um(segment, start + event.time_s, event.depth_um));
                let row = &mut rows[((event.time_s / time_s) as usize).min(count - 1)];
                let place = (event.depth_um - moved - low) / BIN_UM;
                if place >= 0.0 && (place as usize) < bins {
                    row.0 += 1;
                    row.1[place as usize] += 1.0;
                }
            }
            list.extend(
                rows.into_iter()
                    .map(|(events, row)| (events >= LEAST_EVENTS).then(|| standard(&row, &kernel))),
            );
            // Segments are not neighbours in time.
            list.push(None);
        }
        Self { list }
    }

    /// Mean correlation at some lags.
    fn at(&self, lags: &[usize]) -> f64 {
        let pairs = lags.iter().flat_map(|&lag| {
            self.list
                .iter()
                .zip(self.list.iter().skip(lag))
                .filter_map(|(a, b)| Some((a.as_ref()?, b.as_ref()?)))
        });
        let (sum, count) = pairs.fold((0.0, 0usize), |(sum, count), (a, b)| {
            (sum + a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>(), count + 1)
        });
        sum / count.max(1) as f64
    }
}

/// The roots of counts, which chance varies alike, smoothed, of mean zero and norm one.
fn standard(counts: &[f64], kernel: &[f64]) -> Vec<f64> {
    let reach = kernel.len() / 2;
    let smooth: Vec<f64> = (0..counts.len())
        .map(|i| {
            let sum = |(k, w): (usize, &f64)| {
                (i + k).checked_sub(reach).and_then(|j| counts.get(j)).map_or(0.0, |c| w * c)
            };
            kernel.iter().enumerate().map(sum).sum::<f64>().sqrt()
        })
        .collect();
    let mean = smooth.iter().sum::<f64>() / smooth.len() as f64;
    let norm = smooth.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    smooth.iter().map(|x| (x - mean) / norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Axis, MotionSegment};
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};

    /// Spikes of units at depths, five a second each while `fires` and moved by `um`.
    fn events(seed: u64, fires: impl Fn(usize, f64) -> bool, um: impl Fn(f64) -> f64) -> Vec<Event> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let depths: Vec<f64> = (0..12).map(|_| 40.0 + 320.0 * rng.random::<f64>()).collect();
        let mut all = Vec::new();
        for (unit, depth) in depths.iter().enumerate() {
            for _ in 0..600 {
                let time_s = 120.0 * rng.random::<f64>();
                if fires(unit, time_s) {
                    let depth_um = depth + um(time_s) + 4.0 * (rng.random::<f64>() - 0.5);
                    all.push(Event { time_s, depth_um, amplitude: 10.0 });
                }
            }
        }
        all
    }

    fn motion(um: impl Fn(f64) -> f64) -> Motion {
        let times: Vec<f64> = (0..60).map(|i| 2.0 * f64::from(i) + 1.0).collect();
        let displacement_um = Array2::from_shape_fn((times.len(), 1), |(t, _)| um(times[t]));
        Motion {
            axis: Axis::Y,
            spatial_bins_um: vec![200.0],
            segments: vec![MotionSegment { temporal_bins_s: times, displacement_um, confidence: None }],
        }
    }

    #[test]
    fn a_true_motion_gives_back_what_was_lost_and_a_false_one_does_not() {
        let extent = Extent { contacts_um: 0.0..400.0, durations_s: vec![120.0], starts_s: vec![0.0] };
        let zigzag = |t: f64| 15.0 * (t / 13.0).sin();
        let jump = |t: f64| if t < 60.0 { -25.0 } else { 25.0 };
        let told = |events: Vec<Event>, motion: &Motion| Resemblance::of(&[events], &extent, motion);
        for seed in 0..4 {
            for um in [zigzag as fn(f64) -> f64, jump] {
                let found = told(events(seed, |_, _| true, um), &motion(um));
                assert!(found.share_regained() > 0.6, "{found:?}");
                let found = told(events(seed, |_, _| true, |_| 0.0), &motion(um));
                assert!(found.share_regained() < 0.6, "{found:?}");
            }
            // One half of the units fires first, then the other.
            let halves = |unit: usize, t: f64| (unit < 6) == (t < 60.0);
            let found = told(events(seed, halves, |_| 0.0), &motion(jump));
            assert!(found.share_regained() < 0.6, "{found:?}");
        }
    }
}
