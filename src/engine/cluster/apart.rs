//! Two neurons that are one hump: their spikes differ by more than noise makes them differ.
//!
//! The dip test asks of one axis whether it shows two humps, and knows nothing of noise. How much noise the features hold
//! is known, though: it is what is left in all clusters when their means are taken out, the same on every channel after
//! whitening. Once a cluster is scaled to it, and the two ways in which the spikes of one neuron differ are taken out (their
//! size, and their place between samples), what is left of one neuron is round and of variance one. Of two neurons it is
//! two such balls, which a mixture finds where their middles are two noise levels apart; a dip needs about three.
//!
//! Of 216 units of 16 generated recordings that stay where they are none has an evidence above 15, where the smaller side has
//! a twentieth of the spikes; of 41 pairs of their units with a cosine of 0.85 or more whose middles are 2.3 noise levels apart
//! or more, 40 exceed [`LEAST_EVIDENCE`].

use super::{
    blocks::{Blocks, expect, total_of},
    gather,
    points::{Points, dot},
    refractory::Evidence,
    time, times,
};
use crate::{
    data::Features,
    engine::{basis::Basis, eigen::symmetric_eigen},
};
use ndarray::Array2;

/// By how much likelier (natural logarithm) two balls of noise explain the spikes than one Gaussian that is as wide as it
/// likes along the line between them.
const LEAST_EVIDENCE: f64 = 30.0;
/// Share of the spikes of the smaller neuron, at least: what is stranger than that may be collisions.
const LEAST_SHARE: f64 = 0.05;
/// The largest variance, in that of noise, of what is looked at: below, two balls are too near to be told apart. Of few
/// spikes noise alone reaches `(1 + √(axes / spikes))²` (Marchenko and Pastur 1967), and a little more.
const LEAST_VARIANCE: f64 = 1.5;
const BEYOND_NOISE: f64 = 1.1;
/// Axes whose variance is below this are noise.
const NOISE_VARIANCE: f64 = 1.2;
/// Axes on which the mixture is fitted, at most.
const MOST_AXES: usize = 8;
/// Axes it starts from, and shares of the spikes that begin on the one side.
const STARTS: usize = 3;
const SHARES: [f64; 3] = [0.5, 0.25, 0.75];
/// Spikes the mixture is fitted to, at most.
const MOST_POINTS: usize = 2_000;
/// Rounds of expectation and maximisation, and the change of the mean log likelihood at which they end.
const ROUNDS: usize = 40;
const SETTLED: f64 = 1e-6;
/// Share of the spikes that is looked at: what is farther out are collisions.
const USUAL: f64 = 0.97;

/// What the times say for one neuron counts so much more than what the shapes say for two: no neuron's spikes are quite
/// the balls they are taken for. It does not decide, since of two spikes within a refractory period one is often lost.
const WEIGHT_OF_TIMES: f64 = 5.0;
/// Stretches of equally many spikes, and the most by which the shares of the two may vary from one to the next (of what they
/// would if only one fired at a time): where tissue moves, the spikes of one neuron change with it.
const STRETCHES: usize = 20;
const MOST_TURNS: f64 = 0.1;

/// Clusters the noise is taken from have at least as many spikes; of more, so many are looked at.
const LEAST_SPIKES: usize = 100;
const SPIKES_OF_NOISE: usize = 300;
/// Of these, the share that lies nearest to the mean, and what the variance grows by where the rest is taken in.
const NEAREST: f64 = 0.9;
const BEYOND: f64 = 1.15;

/// What the features hold beside spikes.
pub(super) struct Noise {
    /// Turns the features of a channel into ones whose noise has variance one in every direction, `(k, k)`.
    scaling: Array2<f64>,
    /// Turns the features of a waveform into those of its slope, `(k, k)`.
    slope: Array2<f64>,
}

impl Noise {
    /// The noise of these features by what varies within clusters; each is given with the channels its spikes are compared
    /// on. `None` where there is no cluster to take it from.
    pub(super) fn of<'a>(
        features: &Features,
        clusters: impl Iterator<Item = (&'a [u32], &'a [u32])>,
    ) -> Option<Self> {
        let k = features.basis.nrows();
        let (mut sums, mut count) = (Array2::<f64>::zeros((k, k)), 0.0);
        for (members, channels) in clusters.filter(|(members, _)| members.len() >= LEAST_SPIKES) {
            let step = members.len().div_ceil(SPIKES_OF_NOISE);
            let mut points = gather(features, members.iter().copied().step_by(step), channels);
            let mean = middle(&points);
            take_out(&mut points, &mean);
            let lengths: Vec<f32> = points.rows().map(|row| dot(row, row)).collect();
            let far = quantile(&lengths, NEAREST);
            for (row, _) in points.rows().zip(&lengths).filter(|(_, length)| **length <= far) {
                for values in row.chunks_exact(k) {
                    for (i, &a) in values.iter().enumerate() {
                        for (j, &b) in values.iter().enumerate() {
                            sums[[i, j]] += f64::from(a) * f64::from(b);
                        }
                    }
                    count += 1.0;
                }
            }
        }
        if count == 0.0 {
            return None;
        }
        let (values, vectors) = symmetric_eigen(&(sums * (BEYOND / count)));
        // What hardly varies tells nothing.
        let least = 1e-2 * values.first().copied().filter(|most| *most > 0.0)?;
        let scaling = Array2::from_shape_fn((k, k), |(i, j)| vectors[[i, j]] / values[i].max(least).sqrt());
        let basis = Basis { components: features.basis.clone(), num_before: features.num_before };
        Some(Self { scaling, slope: basis.overlap(1.0) - basis.overlap(-1.0) })
    }

    /// For each member the neuron it is of, where they are two.
    pub(super) fn sides(
        &self,
        features: &Features,
        members: &[u32],
        channels: &[u32],
        least: usize,
    ) -> Option<Vec<bool>> {
        let points = self.points_of(features, members, channels, 2 * least)?;
        let blocks = Blocks::of(&points.used);
        let mut best: Option<Mixture> = None;
        for axis in 0..points.used.dim.min(STARTS) {
            let places: Vec<f32> = points.used.rows().map(|row| row[axis]).collect();
            for share in SHARES {
                let middle = quantile(&places, share);
                let start: Vec<u32> = places.iter().map(|place| u32::from(*place > middle)).collect();
                let Some(mixture) = Mixture::fit(&blocks, &start) else { continue };
                if best.as_ref().is_none_or(|b| mixture.likelihood > b.likelihood) {
                    best = Some(mixture);
                }
            }
        }
        points.sides(features, members, &best?, least)
    }

    /// True where the members that were told apart before are two neurons.
    pub(super) fn parts(
        &self,
        features: &Features,
        (one, other): (&[u32], &[u32]),
        channels: &[u32],
        least: usize,
    ) -> bool {
        let members: Vec<u32> = one.iter().chain(other).copied().collect();
        let parted = || {
            let points = self.points_of(features, &members, channels, 2 * least)?;
            let start: Vec<u32> = points.places.iter().map(|&place| u32::from(place >= one.len())).collect();
            let mixture = Mixture::fit(&Blocks::of(&points.used), &start)?;
            points.sides(features, &members, &mixture, least)
        };
        parted().is_some()
    }

    /// What is left of the members beside the mean's size and slope, in noise levels, on the axes on which it varies most;
    /// `None` where it varies no more than noise does.
    fn points_of(
        &self,
        features: &Features,
        members: &[u32],
        channels: &[u32],
        least: usize,
    ) -> Option<Scaled> {
        if members.len() < least.max(1) || channels.is_empty() {
            return None;
        }
        let mut points = gather(features, members.iter().copied(), channels);
        let mut ways = middle(&points);
        let mut slope = ways.clone();
        slope.turn(&self.slope);
        ways.data.extend(slope.data);
        ways.turn(&self.scaling);
        points.turn(&self.scaling);
        take_out(&mut points, &ways);
        let lengths: Vec<f32> = points.rows().map(|row| dot(row, row)).collect();
        let far = quantile(&lengths, USUAL);
        let step = members.len().div_ceil(MOST_POINTS);
        let places: Vec<usize> =
            (0..points.len()).step_by(step).filter(|&place| lengths[place] <= far).collect();
        let axes = points.axes(places.iter().copied(), NOISE_VARIANCE, MOST_AXES);
        let edge = (1.0 + (points.dim as f64 / places.len().max(1) as f64).sqrt()).powi(2);
        if *axes.variances.first()? < LEAST_VARIANCE.max(BEYOND_NOISE * edge) {
            return None;
        }
        let all = points.on(&axes);
        let row = |&place: &usize| all.row(place).iter().copied();
        let used = Points { dim: all.dim, data: places.iter().flat_map(row).collect() };
        Some(Scaled { all, used, places })
    }
}

/// Members in noise levels.
struct Scaled {
    /// All of them.
    all: Points,
    /// Those that are looked at, and which of all they are.
    used: Points,
    places: Vec<usize>,
}

impl Scaled {
    /// The ball of the mixture that each member is of, where the two are two neurons.
    fn sides(
        &self,
        features: &Features,
        members: &[u32],
        mixture: &Mixture,
        least: usize,
    ) -> Option<Vec<bool>> {
        let sides: Vec<bool> = self.all.rows().map(|row| mixture.odds(row) > 0.0).collect();
        are_two(features, members, &sides, least, mixture.evidence(&self.used)).then_some(sides)
    }
}

/// Two balls of variance one.
struct Mixture {
    /// Share of the second.
    weight: f64,
    means: [Vec<f64>; 2],
    /// The log likelihood of the points it was fitted to, but for what depends on their distances from zero.
    likelihood: f64,
}

impl Mixture {
    /// Rounds of expectation and maximisation from the balls that the labels 0 and 1 tell. `None` where one of the two dies
    /// out.
    fn fit(points: &Blocks, labels: &[u32]) -> Option<Self> {
        let n = points.len as f64;
        let mut sums = points.sums_of(labels, 2);
        let mut last: Option<Self> = None;
        for _ in 0..ROUNDS {
            let (first, second) = sums.split_at(1 + points.dim);
            let totals = [total_of(first), total_of(second)];
            let weight = totals[1][0] / n;
            if !(0.5 * LEAST_SHARE..=1.0 - 0.5 * LEAST_SHARE).contains(&weight) {
                return None;
            }
            let means = totals.map(|total| total[1..].iter().map(|sum| sum / total[0]).collect::<Vec<f64>>());
            let planes: Vec<f32> = means.iter().flatten().map(|&m| m as f32).collect();
            let offset =
                |share: f64, mean: &[f64]| share.ln() - 0.5 * mean.iter().map(|m| m * m).sum::<f64>();
            let offsets = [offset(1.0 - weight, &means[0]) as f32, offset(weight, &means[1]) as f32];
            let likelihood = expect(points, &planes, &offsets, &mut sums);
            let settled = last.as_ref().is_some_and(|before| likelihood - before.likelihood < SETTLED * n);
            last = Some(Self { weight, means, likelihood });
            if settled {
                break;
            }
        }
        last
    }

    /// Logarithm of how much likelier a point is of the second.
    fn odds(&self, point: &[f32]) -> f64 {
        let [a, b] = &self.means;
        let along = (0..point.len().min(a.len()).min(b.len()))
            .map(|i| (b[i] - a[i]) * (f64::from(point[i]) - 0.5 * (a[i] + b[i])));
        along.sum::<f64>() + (self.weight / (1.0 - self.weight)).ln()
    }

    /// By how much likelier the points it was fitted to are than under one Gaussian, which has any variance between the two
    /// middles and that of noise across.
    fn evidence(&self, points: &Points) -> f64 {
        if !(LEAST_SHARE..=1.0 - LEAST_SHARE).contains(&self.weight) {
            return 0.0;
        }
        let between: Vec<f64> = self.means[0].iter().zip(&self.means[1]).map(|(a, b)| b - a).collect();
        let length = between.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let mean = points.mean(0..points.len());
        let (mut from_zero, mut all, mut along) = (0.0, 0.0, 0.0);
        for row in points.rows() {
            let (mut square, mut place) = (0.0, 0.0);
            for ((&x, m), b) in row.iter().zip(&mean).zip(&between) {
                let x = f64::from(x);
                from_zero += x * x;
                square += (x - m).powi(2);
                place += (x - m) * b / length;
            }
            all += square;
            along += place * place;
        }
        let n = points.len() as f64;
        let variance = (along / n).max(f64::MIN_POSITIVE);
        let one = -0.5 * (all - along) - 0.5 * n * (1.0 + variance.ln());
        self.likelihood - 0.5 * from_zero - one
    }
}

/// True where what shapes and times tell is enough for two neurons, neither of which fires while the other is silent.
fn are_two(features: &Features, members: &[u32], sides: &[bool], least: usize, evidence: f64) -> bool {
    let of = |side: bool| -> Vec<u32> {
        members.iter().zip(sides).filter(|(_, s)| **s == side).map(|(&member, _)| member).collect()
    };
    let (one, other) = (of(false), of(true));
    if evidence < LEAST_EVIDENCE || one.len().min(other.len()) < least {
        return false;
    }
    let rate = features.peaks.sampling_frequency;
    let times = Evidence::of(&times(features, &one), &times(features, &other), rate).two_neurons;
    if evidence + WEIGHT_OF_TIMES * times.min(0.0) < LEAST_EVIDENCE {
        return false;
    }
    let mut order: Vec<(i64, bool)> =
        members.iter().zip(sides).map(|(&member, &side)| (time(features, member), side)).collect();
    order.sort_unstable();
    let share =
        |some: &[(i64, bool)]| some.iter().filter(|(_, side)| *side).count() as f64 / some.len() as f64;
    let (overall, length) = (share(&order), order.len().div_ceil(STRETCHES));
    let alone = overall * (1.0 - overall);
    let varies: f64 =
        order.chunks(length).map(|some| some.len() as f64 * (share(some) - overall).powi(2)).sum();
    varies / order.len() as f64 - alone / length as f64 <= MOST_TURNS * alone
}

/// The mean point.
fn middle(points: &Points) -> Points {
    Points { dim: points.dim, data: points.mean(0..points.len()).into_iter().map(|m| m as f32).collect() }
}

/// The value that this share of the values does not exceed.
fn quantile(values: &[f32], share: f64) -> f32 {
    let mut values = values.to_vec();
    let rank = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(rank, f32::total_cmp).1 }
}

/// Subtracts the first of `ways`, the mean, and then what lies along each of them.
fn take_out(points: &mut Points, ways: &Points) {
    let mut axes: Vec<Vec<f32>> = Vec::new();
    for way in ways.rows() {
        let mut own = way.to_vec();
        axes.iter().for_each(|axis| take_along(axis, &mut own));
        let length = dot(&own, &own).sqrt();
        if length > f32::MIN_POSITIVE {
            own.iter_mut().for_each(|x| *x /= length);
            axes.push(own);
        }
    }
    for row in points.data.chunks_exact_mut(points.dim.max(1)) {
        for (x, m) in row.iter_mut().zip(&ways.data) {
            *x -= m;
        }
        axes.iter().for_each(|axis| take_along(axis, row));
    }
}

/// Subtracts what lies along an axis of length one.
fn take_along(axis: &[f32], row: &mut [f32]) {
    let along = dot(axis, row);
    for (x, a) in row.iter_mut().zip(axis) {
        *x -= along * a;
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::data::Peaks;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, StandardNormal};

    const CHANNELS: [u32; 4] = [0, 1, 2, 3];
    const NOISE: f32 = 1.7;
    const SPIKES: usize = 1_200;

    /// A known neuron, and after it two that are so many noise levels apart; the second of the two fires when `fires` says so
    /// of the time (0 to 1), and the first when not.
    fn recorded(apart: f32, fires: impl Fn(f64) -> f64) -> (Features, Vec<u32>, Vec<bool>) {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let mut values: Vec<f32> = Vec::new();
        let mut samples: Vec<i64> = Vec::new();
        let mut truth = Vec::new();
        let mut time = 0.0;
        for index in 0..2 * SPIKES {
            let pair = index >= SPIKES;
            // Two neurons know of no refractory period between them.
            time += if pair { 0.0 } else { 0.004 } - (1.0 - rng.random::<f64>()).ln() / 15.0;
            samples.push((time * 30_000.0) as i64);
            let second = pair && rng.random::<f64>() < fires((index - SPIKES) as f64 / SPIKES as f64);
            if pair {
                truth.push(second);
            }
            // Spikes of a neuron differ in size.
            let noise: f32 = StandardNormal.sample(&mut rng);
            let size = 1.0 + 0.2 * noise;
            for place in 0..12 {
                let mean = [0.0, 9.0, 14.0, -8.0, 5.0, 0.0, 3.0, -2.0, 11.0, 0.0, 6.0, 4.0][place];
                let noise: f32 = StandardNormal.sample(&mut rng);
                let other = if second && place == 5 { apart * NOISE } else { 0.0 };
                let mean = if pair { mean } else { -mean };
                values.push(size * (mean + other) + NOISE * noise);
            }
        }
        let n = samples.len();
        let basis = Array2::from_shape_fn((3, 40), |(k, t)| f32::from(u8::from(t / 10 == k)) / 10f32.sqrt());
        let features = Features {
            peaks: Peaks {
                sampling_frequency: 30_000.0,
                num_channels: 4,
                segment_index: vec![0; n].into(),
                sample_index: samples.into(),
                channel_index: vec![0; n].into(),
                amplitude: vec![1.0; n].into(),
                location_um: None,
            },
            basis,
            num_before: 12,
            neighbors: vec![CHANNELS.to_vec(); 4],
            max_channels: 4,
            values: values.into(),
            units: None,
        };
        (features, (SPIKES as u32..2 * SPIKES as u32).collect(), truth)
    }

    fn noise(features: &Features) -> Noise {
        let known: Vec<u32> = (0..SPIKES as u32).collect();
        Noise::of(features, [(known.as_slice(), CHANNELS.as_slice())].into_iter()).unwrap()
    }

    #[test]
    fn noise_is_what_varies_within_a_cluster() {
        let (features, ..) = recorded(0.0, |_| 0.5);
        let noise = noise(&features);
        for row in noise.scaling.rows() {
            let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            assert!((length * f64::from(NOISE) - 1.0).abs() < 0.1, "{length}");
        }
    }

    #[test]
    fn two_neurons_of_one_hump_are_told_apart_and_one_is_not() {
        for (share, apart) in [(0.5, 2.8), (0.15, 3.5)] {
            let (features, members, truth) = recorded(apart, |_| share);
            let sides = noise(&features).sides(&features, &members, &CHANNELS, 20).unwrap();
            let right = sides.iter().zip(&truth).filter(|(a, b)| a == b).count() as f64 / SPIKES as f64;
            assert!(right.max(1.0 - right) > 0.9, "{share} {apart}: {right}");
            let of = |side: bool| -> Vec<u32> {
                members.iter().zip(&truth).filter(|(_, t)| **t == side).map(|(&m, _)| m).collect()
            };
            let (one, other) = (of(false), of(true));
            assert!(noise(&features).parts(&features, (&one, &other), &CHANNELS, 20));
        }
        let (features, members, _) = recorded(0.0, |_| 0.5);
        assert_eq!(noise(&features).sides(&features, &members, &CHANNELS, 20), None);
        let (one, other) = members.split_at(SPIKES / 2);
        assert!(!noise(&features).parts(&features, (one, other), &CHANNELS, 20));
    }

    #[test]
    fn a_neuron_that_changes_with_time_stays_whole() {
        let (features, members, _) = recorded(3.5, |time| f64::from(u8::from((time * 4.0) as u32 % 2 == 1)));
        assert_eq!(noise(&features).sides(&features, &members, &CHANNELS, 20), None);
    }
}
