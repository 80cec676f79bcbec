//! Do channels that lie near each other correlate? If not, the wiring is wrong, and the traces say which it may be.
//!
//! What two contacts share, spikes and field, falls with their distance. An order of the channels is judged by
//! the correlation of those it puts next to each other, and a better one is found from the correlations alone:
//! by the second eigenvector of their Laplacian (Atkins, Boman and Hendrickson 1998), then by swaps and turns.

use super::{
    EngineError, Monitor,
    block::Block,
    chain::compile,
    design::{Band, Family, design},
    eigen::symmetric_eigen,
    noise::{Chunks, random_chunks, read_chunks},
    random::NumpyRng,
};
use crate::data::{Recording, Stage};
use ndarray::Array2;

/// Chunks that are looked at, and their length in seconds.
const CHUNKS: usize = 20;
const CHUNK_S: f64 = 0.25;
/// Random orders that the order is compared with.
const SHUFFLES: usize = 200;
/// Deviations of random orders by which an order must be better than they are.
const BEYOND_CHANCE: f64 = 4.0;
/// Part of what the best order gains over chance that a right one has at least.
const RIGHT: f64 = 0.7;
/// Passes of swaps at most.
const PASSES: usize = 40;
/// The high-pass in Hz where a recording is not filtered: the field far away is the same everywhere.
const HIGHPASS_HZ: f64 = 300.0;

/// What the traces say of the order of the channels.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderCheck {
    /// Whether the order can be right.
    pub verdict: Verdict,
    /// Mean correlation of neighbours: as they are, in random order, and in the proposed order.
    pub neighbors: [f64; 3],
    /// Pairs of channels: distance in µm as they are wired now, and correlation.
    pub pairs: Vec<[f32; 2]>,
    /// For each channel the one whose place it should have: `order[place] = channel`.
    pub order: Vec<usize>,
}

/// Whether an order of channels can be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Neighbours correlate about as well as they can.
    Fits,
    /// Another order puts channels that correlate much nearer to each other.
    Shuffled,
    /// Channels share too little to tell.
    Unclear,
}

/// Compares the correlations of channels with their distances.
///
/// # Errors
/// Where there is no probe, there are fewer than four channels, or samples cannot be read.
pub fn check_order(recording: &Recording, monitor: &dyn Monitor) -> Result<OrderCheck, EngineError> {
    let places = recording.info().locations_um().ok_or_else(|| {
        EngineError::Data("to compare with distances needs a probe: choose one first".to_owned())
    })?;
    if places.len() < 4 {
        return Err(EngineError::Data("fewer than four channels have no order to check".to_owned()));
    }
    let correlations = correlations(recording, monitor)?;
    Ok(judge(&correlations, &places))
}

fn correlations(recording: &Recording, monitor: &dyn Monitor) -> Result<Array2<f64>, EngineError> {
    let info = recording.info();
    let filtered = if info.is_filtered {
        recording.clone()
    } else {
        let band = Band::Highpass(HIGHPASS_HZ.min(info.sampling_frequency / 8.0));
        let sections = design(Family::Butterworth, 3, band, info.sampling_frequency)?;
        let stage = Stage::Filter { sections, marks_filtered: true };
        recording.with_stage(stage).map_err(|error| EngineError::Data(error.0))?
    };
    let chain = compile(&filtered)?;
    let chunk_size = (CHUNK_S * info.sampling_frequency) as usize;
    let jobs = random_chunks(chain.info(), &Chunks { num_chunks_per_segment: CHUNKS, chunk_size, seed: 0 })?;
    let blocks = read_chunks(&chain, &jobs, monitor)?;
    Ok(of_blocks(&blocks, chain.num_channels()))
}

fn of_blocks(blocks: &[Block], n: usize) -> Array2<f64> {
    let traces: Vec<Vec<f32>> = (0..n)
        .map(|channel| {
            let mut trace: Vec<f32> = blocks.iter().flat_map(|b| b.channel(channel)).copied().collect();
            let count = trace.len().max(1) as f64;
            let mean = trace.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
            let square = trace.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>();
            let scale = if square > 0.0 { square.sqrt().recip() } else { 0.0 };
            trace.iter_mut().for_each(|v| *v = ((f64::from(*v) - mean) * scale) as f32);
            trace
        })
        .collect();
    let mut matrix = Array2::eye(n);
    for a in 0..n {
        for b in 0..a {
            let sum: f32 = traces[a]
                .chunks(4096)
                .zip(traces[b].chunks(4096))
                .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>())
                .sum();
            matrix[[a, b]] = f64::from(sum);
            matrix[[b, a]] = f64::from(sum);
        }
    }
    matrix
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Weights of pairs of places: nearest neighbours count.
struct Near {
    /// Of each place the places near it and their weights.
    of: Vec<Vec<(usize, f64)>>,
    total: f64,
}

impl Near {
    fn new(places: &[[f64; 2]]) -> Self {
        let n = places.len();
        let mut nearest: Vec<f64> = (0..n)
            .map(|a| {
                let others = (0..n).filter(|&b| b != a).map(|b| distance(places[a], places[b]));
                others.fold(f64::INFINITY, f64::min)
            })
            .collect();
        nearest.sort_by(f64::total_cmp);
        let pitch = nearest[n / 2].max(1e-3);
        let weight = |a: usize, b: usize| (-(distance(places[a], places[b]) / (1.5 * pitch)).powi(2)).exp();
        let of: Vec<Vec<(usize, f64)>> = (0..n)
            .map(|a| {
                (0..n).filter(|&b| b != a).map(|b| (b, weight(a, b))).filter(|(_, w)| *w > 0.01).collect()
            })
            .collect();
        let total = of.iter().flatten().map(|(_, w)| w).sum::<f64>().max(1e-12);
        Self { of, total }
    }

    /// Mean correlation of neighbours where `order[place]` is the channel there.
    fn score(&self, r: &Array2<f64>, order: &[usize]) -> f64 {
        let at = |place: usize| -> f64 {
            self.of[place].iter().map(|&(other, w)| w * r[[order[place], order[other]]]).sum()
        };
        (0..order.len()).map(at).sum::<f64>() / self.total
    }

    /// What a swap of the channels at two places changes, not normalised.
    fn gain(&self, r: &Array2<f64>, order: &[usize], a: usize, b: usize) -> f64 {
        let (x, y) = (order[a], order[b]);
        let part = |place: usize, other_place: usize, old: usize, new: usize| -> f64 {
            let near = self.of[place].iter().filter(|&&(o, _)| o != other_place);
            near.map(|&(o, w)| w * (r[[new, order[o]]] - r[[old, order[o]]])).sum()
        };
        part(a, b, x, y) + part(b, a, y, x)
    }
}

fn judge(r: &Array2<f64>, places: &[[f64; 2]]) -> OrderCheck {
    let n = places.len();
    let near = Near::new(places);
    let identity: Vec<usize> = (0..n).collect();
    let now = near.score(r, &identity);
    let mut random = NumpyRng::new(0);
    let shuffled: Vec<f64> = (0..SHUFFLES)
        .map(|_| {
            let mut order = identity.clone();
            for i in (1..n).rev() {
                let j = random.next_u64() % (i as u64 + 1);
                order.swap(i, j as usize);
            }
            near.score(r, &order)
        })
        .collect();
    let chance = shuffled.iter().sum::<f64>() / SHUFFLES as f64;
    let spread =
        (shuffled.iter().map(|s| (s - chance).powi(2)).sum::<f64>() / SHUFFLES as f64).sqrt().max(1e-9);
    let (order, best) = best_order(r, places, &near, now);
    // Few channels have few orders: the best of all of them must be beyond chance, too.
    let tells = best - chance > BEYOND_CHANCE.min((n as f64).sqrt()) * spread && best - chance > 0.02;
    let is_right = now - chance > RIGHT * (best - chance);
    let verdict = match (tells, is_right) {
        (false, _) => Verdict::Unclear,
        (true, true) => Verdict::Fits,
        (true, false) => Verdict::Shuffled,
    };
    let pairs = (0..n).flat_map(|a| (0..a).map(move |b| (a, b)));
    let pairs = pairs.map(|(a, b)| [distance(places[a], places[b]) as f32, r[[a, b]] as f32]).collect();
    OrderCheck { verdict, neighbors: [now, chance, best], pairs, order }
}

/// The best order found, and its score. Of an order and its mirror image, which the traces cannot tell apart,
/// the one that moves fewer channels.
fn best_order(r: &Array2<f64>, places: &[[f64; 2]], near: &Near, now: f64) -> (Vec<usize>, f64) {
    let n = places.len();
    let mut by_depth: Vec<usize> = (0..n).collect();
    by_depth
        .sort_by(|&a, &b| places[a][1].total_cmp(&places[b][1]).then(places[a][0].total_cmp(&places[b][0])));
    let mut along: Vec<usize> = (0..n).collect();
    let course = fiedler(r);
    along.sort_by(|&a, &b| course[a].total_cmp(&course[b]));
    let mut best: (Vec<usize>, f64) = ((0..n).collect(), now);
    let from_course = |along: &mut dyn Iterator<Item = &usize>| {
        let mut order = vec![0; n];
        by_depth.iter().zip(along).for_each(|(&place, &channel)| order[place] = channel);
        order
    };
    let starts = [(0..n).collect(), from_course(&mut along.iter()), from_course(&mut along.iter().rev())];
    for mut order in starts {
        improve(r, near, &by_depth, &mut order);
        let score = near.score(r, &order);
        let moved =
            |order: &[usize]| order.iter().enumerate().filter(|(place, channel)| place != *channel).count();
        let better = score > best.1 + 1e-6;
        let as_good = (score - best.1).abs() <= 1e-6 && moved(&order) < moved(&best.0);
        if better || as_good {
            best = (order, score);
        }
    }
    best
}

/// Swaps of two channels, and turns of stretches along the probe, as long as they help.
fn improve(r: &Array2<f64>, near: &Near, by_depth: &[usize], order: &mut [usize]) {
    let n = order.len();
    for _ in 0..PASSES {
        let mut changed = false;
        for a in 0..n {
            for b in a + 1..n {
                if near.gain(r, order, a, b) > 1e-9 {
                    order.swap(a, b);
                    changed = true;
                }
            }
        }
        if n <= 128 {
            let mut score = near.score(r, order);
            for from in 0..n - 2 {
                for to in from + 2..n {
                    turn(order, &by_depth[from..=to]);
                    let turned = near.score(r, order);
                    if turned > score + 1e-9 {
                        score = turned;
                        changed = true;
                    } else {
                        turn(order, &by_depth[from..=to]);
                    }
                }
            }
        }
        changed |= cut(r, near, by_depth, order);
        if !changed {
            return;
        }
    }
}

/// Cuts the course along the probe in two and puts the parts together the other way round, each as it is or turned,
/// where that helps: swaps and turns alone do not get from the middle of a probe to its ends. True where it did.
fn cut(r: &Array2<f64>, near: &Near, by_depth: &[usize], order: &mut [usize]) -> bool {
    let course: Vec<usize> = by_depth.iter().map(|&place| order[place]).collect();
    let mut best = (near.score(r, order) + 1e-9, None);
    let mut tried = order.to_vec();
    for at in 1..course.len() {
        for (turns_first, turns_last) in [(false, false), (true, false), (false, true)] {
            let (first, last) = course.split_at(at);
            let part = |part: &[usize], turns: bool| -> Vec<usize> {
                if turns { part.iter().rev().copied().collect() } else { part.to_vec() }
            };
            let joined = part(last, turns_last).into_iter().chain(part(first, turns_first));
            by_depth.iter().zip(joined).for_each(|(&place, channel)| tried[place] = channel);
            let score = near.score(r, &tried);
            if score > best.0 {
                best = (score, Some(tried.clone()));
            }
        }
    }
    best.1.inspect(|found| order.copy_from_slice(found)).is_some()
}

fn turn(order: &mut [usize], places: &[usize]) {
    for i in 0..places.len() / 2 {
        order.swap(places[i], places[places.len() - 1 - i]);
    }
}

/// The second eigenvector of the Laplacian of the correlations: channels in their course along the probe.
fn fiedler(r: &Array2<f64>) -> Vec<f64> {
    let n = r.nrows();
    let mut laplacian = Array2::zeros((n, n));
    for a in 0..n {
        for b in 0..n {
            if a != b {
                let likeness = r[[a, b]].max(0.0).powi(2);
                laplacian[[a, b]] = -likeness;
                laplacian[[a, a]] += likeness;
            }
        }
    }
    let (values, vectors) = symmetric_eigen(&laplacian);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    vectors.column(order[1.min(n - 1)]).to_vec()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::engine::{
        Silent,
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    };
    use std::sync::Arc;

    fn recording(probe: ProbeLayout) -> Recording {
        let params = GenerateParams { duration_s: 10.0, num_units: 25, probe, ..GenerateParams::default() };
        Recording::new(Arc::new(SyntheticSource::new(&params, 0, Arc::new(truth(&params, 0))).unwrap()))
    }

    /// Channels in another order on a probe that stays.
    fn shuffled(recording: &Recording, order: &[usize]) -> Recording {
        let moved = recording.with_stage(Stage::SelectChannels { indices: order.to_vec() }).unwrap();
        let mut info = moved.info().clone();
        info.probe.clone_from(&recording.info().probe);
        moved.with_info(info).unwrap()
    }

    fn scramble(n: usize) -> Vec<usize> {
        (0..n).map(|i| i * 13 % n).collect()
    }

    #[test]
    fn a_right_order_fits_and_a_shuffled_one_is_put_right() {
        let right = recording(ProbeLayout::Linear32);
        let check = check_order(&right, &Silent).unwrap();
        assert_eq!(check.verdict, Verdict::Fits, "{:?}", check.neighbors);
        let scrambled = scramble(32);
        let wrong = shuffled(&right, &scrambled);
        let check = check_order(&wrong, &Silent).unwrap();
        assert_eq!(check.verdict, Verdict::Shuffled, "{:?}", check.neighbors);
        // The channel that is proposed for a place is, in the true order, the one of that place, or the probe is
        // upside down.
        let mut restored: Vec<usize> = check.order.iter().map(|&channel| scrambled[channel]).collect();
        if restored[0] > restored[31] {
            restored.reverse();
        }
        let wrong =
            restored.iter().enumerate().filter(|(place, channel)| place.abs_diff(**channel) > 1).count();
        assert!(wrong <= 2, "{restored:?}");
    }

    /// What channels share falls with their distance, and all share something.
    fn fading(n: usize) -> (Array2<f64>, Vec<[f64; 2]>) {
        let places: Vec<[f64; 2]> = (0..n).map(|c| [0.0, 25.0 * c as f64]).collect();
        let r = Array2::from_shape_fn((n, n), |(a, b)| 0.3 + 0.7 * (-(a.abs_diff(b) as f64) / 1.2).exp());
        (r, places)
    }

    #[test]
    fn a_course_that_begins_in_the_middle_is_cut_there() {
        let (r, places) = fading(32);
        let (near, by_depth) = (Near::new(&places), (0..32).collect::<Vec<_>>());
        let right = near.score(&r, &by_depth);
        // From the middle down, then from the other end to the middle.
        let mut order: Vec<usize> = (0..16).rev().chain((16..32).rev()).collect();
        improve(&r, &near, &by_depth, &mut order);
        assert!(near.score(&r, &order) > right - 1e-9, "{order:?}");
    }

    #[test]
    fn channels_that_share_nothing_are_unclear() {
        let n = 16;
        let places: Vec<[f64; 2]> = (0..n).map(|c| [0.0, 25.0 * c as f64]).collect();
        let mut r = Array2::eye(n);
        let mut random = NumpyRng::new(3);
        for a in 0..n {
            for b in 0..a {
                let value = (random.next_u64() % 1000) as f64 / 1e5;
                r[[a, b]] = value;
                r[[b, a]] = value;
            }
        }
        assert_eq!(judge(&r, &places).verdict, Verdict::Unclear);
    }

    #[test]
    fn without_a_probe_it_says_what_is_missing() {
        let right = recording(ProbeLayout::Linear32);
        let mut info = right.info().clone();
        info.probe = None;
        let error = check_order(&right.with_info(info).unwrap(), &Silent).unwrap_err();
        assert!(error.to_string().contains("choose one first"));
    }
}
