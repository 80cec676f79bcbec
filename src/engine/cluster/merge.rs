//! Merges clusters of different cells that are one unit.

use super::{ClusterParams, apart::Noise, gather, isocut, points::Points, times};
use crate::{
    data::{Features, units::ms_to_samples},
    engine::{
        EngineError, Monitor,
        basis::Basis,
        geometry::Geometry,
        refractory::{self, Evidence, Verdict},
    },
};
use ndarray::Array2;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Members of a cluster that a test looks at.
const TEST_MEMBERS: usize = 1_500;
/// Lags that are tried, in steps of half a sample up to this, in ms.
const MAX_LAG_MS: f64 = 0.27;
/// Channels count where at least this share of the members has features.
const LEAST_COVERAGE: f64 = 0.5;

/// Share of the dip's threshold below which parts of one cell are put together again.
const PARTED_BEFORE: f64 = 0.5;

/// Clusters whose means differ by less than this share of their size are one whatever the dip, unless their times say that
/// they are two neurons: of a spike of a hundred noise levels, its place between samples and what its neighbours leave of it
/// make clusters that are well apart.
const NEARLY_ALIKE: f64 = 0.11;
/// No two neurons are as alike as this: a few meetings within the refractory period are errors of detection.
const ALIKE: f64 = 0.06;
/// Clusters at least this alike (cosine) are one neuron in bursts, where this share of the spikes of the smaller one, more
/// than by chance, follow one of the larger as those of a burst do.
const IN_BURSTS: (f64, f64) = (0.9, 0.5);

/// Parts whose times say with this evidence that they are one neuron were parted by how its spikes vary, in bursts for one:
/// twice as likely as not.
const RATHER_ONE_NEURON: f64 = std::f64::consts::LN_2;

/// A cluster and its mean features.
struct Group {
    members: Vec<u32>,
    /// Cells it comes from, ascending.
    cells: Vec<u32>,
    /// Mean features by channel.
    mean: BTreeMap<u32, Vec<f64>>,
    /// Channel of the largest mean.
    main: u32,
}

impl Group {
    fn new(features: &Features, mut members: Vec<u32>, cells: Vec<u32>) -> Self {
        members.sort_unstable();
        let k = features.basis.nrows();
        let row = features.max_channels * k;
        let mut sums: BTreeMap<u32, (f64, Vec<f64>)> = BTreeMap::new();
        for &peak in &members {
            let stored = &features.neighbors[features.peaks.channel_index[peak as usize] as usize];
            let values = &features.values[peak as usize * row..][..row];
            for (&channel, values) in stored.iter().zip(values.chunks_exact(k)) {
                let entry = sums.entry(channel).or_insert_with(|| (0.0, vec![0.0; k]));
                entry.0 += 1.0;
                for (s, &x) in entry.1.iter_mut().zip(values) {
                    *s += f64::from(x);
                }
            }
        }
        let least = LEAST_COVERAGE * members.len() as f64;
        let mean: BTreeMap<u32, Vec<f64>> = sums
            .into_iter()
            .filter(|(_, (count, _))| *count >= least)
            .map(|(channel, (count, sum))| (channel, sum.into_iter().map(|s| s / count).collect()))
            .collect();
        let energy = |v: &Vec<f64>| v.iter().map(|x| x * x).sum::<f64>();
        let main = mean
            .iter()
            .max_by(|a, b| energy(a.1).total_cmp(&energy(b.1)).then(b.0.cmp(a.0)))
            .map_or(0, |(&channel, _)| channel);
        Self { members, cells, mean, main }
    }

    /// True where parts of both were told apart in one cell.
    fn shares_cell(&self, other: &Self) -> bool {
        self.cells.iter().any(|cell| other.cells.contains(cell))
    }

    /// Root of the energy of the mean.
    fn size(&self) -> f64 {
        self.mean.values().flatten().map(|x| x * x).sum::<f64>().sqrt()
    }

    fn common(&self, other: &Self) -> Vec<u32> {
        self.mean.keys().copied().filter(|c| other.mean.contains_key(c)).collect()
    }

    /// Evenly chosen members.
    fn sample(&self) -> Vec<u32> {
        let step = self.members.len().div_ceil(TEST_MEMBERS).max(1);
        self.members.iter().copied().step_by(step).collect()
    }
}

/// How alike two clusters are at the best lag.
struct Likeness {
    cosine: f64,
    /// Size of the difference, as a share of the (geometric) mean size.
    difference: f64,
    /// Index of the lag.
    lag: usize,
}

/// Compares the means over lags on the common channels.
fn similarity(a: &Group, b: &Group, overlaps: &[Array2<f64>]) -> Likeness {
    let channels = a.common(b);
    let k = overlaps[0].nrows();
    // Cross products of the two, to be weighted by the overlap of the components at each lag.
    let mut cross = Array2::<f64>::zeros((k, k));
    let (mut norm_a, mut norm_b) = (0.0, 0.0);
    for channel in &channels {
        let (x, y) = (&a.mean[channel], &b.mean[channel]);
        for i in 0..k {
            norm_a += x[i] * x[i];
            norm_b += y[i] * y[i];
            for j in 0..k {
                cross[[i, j]] += x[i] * y[j];
            }
        }
    }
    let norm = (norm_a * norm_b).sqrt();
    if norm <= 0.0 {
        return Likeness { cosine: 0.0, difference: f64::INFINITY, lag: 0 };
    }
    let (mut cosine, mut lag) = (f64::NEG_INFINITY, 0);
    for (index, overlap) in overlaps.iter().enumerate() {
        let product = cross.iter().zip(overlap).map(|(c, s)| c * s).sum::<f64>() / norm;
        if product > cosine {
            (cosine, lag) = (product, index);
        }
    }
    Likeness { cosine, difference: ((norm_a + norm_b) / norm - 2.0 * cosine).max(0.0).sqrt(), lag }
}

/// Dip score of both clusters together along the direction that parts them best.
fn dip_between(
    features: &Features,
    a: &Group,
    b: &Group,
    overlap: &Array2<f64>,
    dimensions: usize,
    near: &[Vec<u32>],
) -> f64 {
    let channels: Vec<u32> = a
        .common(b)
        .into_iter()
        .filter(|c| near[a.main as usize].contains(c) || near[b.main as usize].contains(c))
        .collect();
    let (sample_a, sample_b) = (a.sample(), b.sample());
    let mut points = gather(features, sample_a.iter().copied(), &channels);
    let mut moved = gather(features, sample_b.iter().copied(), &channels);
    moved.turn(overlap);
    points.data.extend_from_slice(&moved.data);
    let points: Points = points.principal(super::LEAST_VARIANCE, dimensions);
    isocut::dip_between(&points, 0..sample_a.len(), sample_a.len()..points.len())
}

/// What two clusters are compared with.
struct Test<'a> {
    features: &'a Features,
    params: &'a ClusterParams,
    noise: Option<&'a Noise>,
    /// Products of the components with themselves, by lag.
    overlaps: &'a [Array2<f64>],
    near: &'a [Vec<u32>],
}

impl Test<'_> {
    /// How alike two clusters are that are one unit; `None` of those that are not.
    fn is_one(&self, one: &Group, other: &Group) -> Option<f64> {
        let Self { features, params, noise, overlaps, near } = *self;
        let Likeness { cosine, difference, lag } = similarity(one, other, overlaps);
        if cosine < params.merge_similarity {
            return None;
        }
        if difference < ALIKE {
            return Some(cosine);
        }
        let rate = features.peaks.sampling_frequency;
        let (small, large) = if one.size() < other.size() { (one, other) } else { (other, one) };
        let (small, large) = (times(features, &small.members), times(features, &large.members));
        let evidence = Evidence::of(&small, &large, rate);
        if evidence.verdict() == Verdict::Independent {
            return None;
        }
        if difference < NEARLY_ALIKE {
            return Some(cosine);
        }
        let score = dip_between(features, one, other, &overlaps[lag], params.max_dimensions, near);
        let threshold = params.isosplit.isocut_threshold;
        let stay_apart = one.shares_cell(other) && evidence.two_neurons > -RATHER_ONE_NEURON;
        let is_one_hump = score < PARTED_BEFORE * threshold || score < threshold && !stay_apart;
        let in_bursts = || {
            let (likeness, share) = IN_BURSTS;
            cosine >= likeness && refractory::share_in_bursts_after(&small, &large, rate) >= share
        };
        // Parts of a cell that are two neurons by the noise there is need no dip.
        let are_two = || {
            noise.filter(|_| one.shares_cell(other)).is_some_and(|noise| {
                let channels = &near[one.main as usize];
                noise.parts(features, (&one.members, &other.members), channels, params.min_cluster_size)
            })
        };
        (is_one_hump && !are_two() || in_bursts()).then_some(cosine)
    }
}

/// The parts of each cell merged as long as two that look alike are one hump; in order of their main channels.
///
/// Parts of one cell were told apart there already. That the same test sees less of a dip when it is asked again, on other
/// channels, is no reason to put them together: only where hardly any is left they are, or where their times say that they
/// are one neuron.
///
/// # Errors
/// Where it is cancelled.
pub(super) fn merge_across(
    features: &Features,
    basis: &Basis,
    geometry: &Geometry,
    parts: Vec<Vec<Vec<u32>>>,
    (params, noise): (&ClusterParams, Option<&Noise>),
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<u32>>, EngineError> {
    let max_lag = ms_to_samples(MAX_LAG_MS, features.peaks.sampling_frequency) as i32;
    let lags = -2 * max_lag..=2 * max_lag;
    let overlaps: Vec<Array2<f64>> = lags.map(|lag| basis.overlap(f64::from(lag) / 2.0)).collect();
    let near = geometry.neighbors(params.radius_um, usize::MAX);
    let mut groups: Vec<Option<Group>> = parts
        .into_par_iter()
        .enumerate()
        .flat_map_iter(|(cell, parts)| parts.into_iter().map(move |members| (cell as u32, members)))
        .map(|(cell, members)| Some(Group::new(features, members, vec![cell])))
        .collect();
    let test = Test { features, params, noise, overlaps: &overlaps, near: &near };
    // What each pair was found to be, until one of the two changes.
    let mut known: BTreeMap<(usize, usize), Option<f64>> = BTreeMap::new();
    loop {
        if monitor.cancelled() {
            return Err(EngineError::Cancelled);
        }
        let pairs: Vec<(usize, usize)> = (0..groups.len())
            .flat_map(|a| (a + 1..groups.len()).map(move |b| (a, b)))
            .filter(|&(a, b)| match (&groups[a], &groups[b]) {
                (Some(a), Some(b)) => near[a.main as usize].contains(&b.main),
                _ => false,
            })
            .collect();
        let fresh: Vec<((usize, usize), Option<f64>)> = pairs
            .par_iter()
            .filter(|pair| !known.contains_key(pair) && !monitor.cancelled())
            .filter_map(|&(a, b)| Some(((a, b), test.is_one(groups[a].as_ref()?, groups[b].as_ref()?))))
            .collect();
        known.extend(fresh);
        let mut merges: Vec<((usize, usize), f64)> =
            pairs.iter().filter_map(|pair| Some((*pair, (*known.get(pair)?)?))).collect();
        if merges.is_empty() {
            break;
        }
        merges.sort_by(|x, y| y.1.total_cmp(&x.1).then(x.0.cmp(&y.0)));
        let mut touched = vec![false; groups.len()];
        for ((a, b), _) in merges {
            if touched[a] || touched[b] {
                continue;
            }
            touched[a] = true;
            touched[b] = true;
            if let (Some(one), Some(other)) = (groups[a].take(), groups[b].take()) {
                let members = one.members.into_iter().chain(other.members).collect();
                let mut cells = [one.cells, other.cells].concat();
                cells.sort_unstable();
                cells.dedup();
                groups[a] = Some(Group::new(features, members, cells));
            }
        }
        known.retain(|&(a, b), _| !touched[a] && !touched[b]);
    }
    let mut groups: Vec<Group> = groups.into_iter().flatten().collect();
    groups.sort_by_key(|g| (g.main, g.members.first().copied()));
    Ok(groups.into_iter().map(|g| g.members).collect())
}

#[cfg(test)]
mod tests {
    use super::{super::known::tests::features, *};
    use rand::{RngExt, SeedableRng};

    #[test]
    fn parts_of_a_cell_stay_apart_unless_their_times_say_one_neuron() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut train = |unit: u32| -> Vec<(i64, u32)> {
            let mut time = 0.0;
            let mut step = || {
                time += 0.003 - (1.0 - rng.random::<f64>()).ln() / 15.0;
                (time * 30_000.0) as i64
            };
            (0..400).map(|_| (step(), unit)).collect()
        };
        let stays_apart = |mut spikes: Vec<(i64, u32)>, cells: [u32; 2]| {
            spikes.sort_unstable();
            let features = features(&spikes);
            let of = |unit: u32| {
                let members = (0..spikes.len() as u32).filter(|&m| spikes[m as usize].1 == unit).collect();
                Group::new(&features, members, vec![cells[unit as usize]])
            };
            let (one, other) = (of(0), of(1));
            let evidence =
                Evidence::of(&times(&features, &one.members), &times(&features, &other.members), 3e4);
            one.shares_cell(&other) && evidence.two_neurons > -RATHER_ONE_NEURON
        };
        let two = [train(0), train(1)].concat();
        assert!(stays_apart(two.clone(), [0, 0]));
        assert!(!stays_apart(two, [0, 1]));
        let halves = train(0).into_iter().enumerate().map(|(i, (t, _))| (t, (i % 2) as u32)).collect();
        assert!(!stays_apart(halves, [0, 0]));
    }
}
