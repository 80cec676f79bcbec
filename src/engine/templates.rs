//! Mean waveforms of clusters, cleaned of what is no unit.

use super::{
    basis::Basis,
    cluster::NO_CLUSTER,
    eigen::solve_positive,
    geometry::Geometry,
    refractory::{self, Verdict},
};
use crate::data::{Features, Id, RecordingInfo, Templates, units::ms_to_samples};
use ndarray::Array2;
use rayon::prelude::*;

/// Settings of [`estimate_templates`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TemplateParams {
    /// Share of the peaks left out at each end before averaging.
    pub trim: f64,
    /// Peaks averaged per unit at most, evenly in time.
    pub max_spikes_per_unit: usize,
    /// Channels whose waveform spans less than this are left out, in the recording's units (noise levels).
    pub sparsify_threshold: f64,
    /// Channels of a template at most.
    pub max_channels: usize,
    /// Units whose waveform is smaller than this (root of its energy, in noise levels) are rejected.
    pub min_norm: f64,
    /// Units whose largest sample is further than this from where it should be are rejected, in ms, where another unit is
    /// alike there.
    pub max_jitter_ms: f64,
    /// Units that look more alike than this (cosine at the best lag) are merged.
    pub duplicate_similarity: f64,
    /// Units of which two others together leave less than this share of the energy are rejected as their sum.
    pub mixture_residual: f64,
}

impl Default for TemplateParams {
    fn default() -> Self {
        Self {
            trim: 0.2,
            max_spikes_per_unit: 1_000,
            sparsify_threshold: 0.7,
            max_channels: 20,
            min_norm: 7.0,
            max_jitter_ms: 0.3,
            duplicate_similarity: 0.92,
            mixture_residual: 0.15,
        }
    }
}

/// A cluster that did not become a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Label of the cluster.
    pub cluster: u32,
    /// Peaks in it.
    pub num_peaks: usize,
    /// Why, for people.
    pub reason: String,
}

/// Templates of the clusters that are units, and what was rejected.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateSet {
    /// Templates with ids `0..n`.
    pub templates: Templates,
    /// Peaks behind each template.
    pub num_peaks: Vec<usize>,
    /// Clusters that did not become units of their own.
    pub rejected: Vec<Rejected>,
}

/// A template in the making: its waveform by channel.
#[derive(Clone, Debug)]
struct Draft {
    cluster: u32,
    num_peaks: usize,
    channels: Vec<u32>,
    /// `(num_samples, channels)`.
    waveform: Array2<f32>,
}

/// Templates whose sizes differ by less are of the same size.
const SAME_SIZE: f64 = 0.2;
/// Templates of which no more than this differs in shape, in noise levels, cannot be told apart spike by spike.
const SAME_SHAPE: f64 = 4.0;
/// A neuron's spikes in a burst are smaller by this share at most.
const SHRUNK: f64 = 0.5;
/// Least similarity of two templates that take turns to be one unit whose footprint drift changed.
const TURNS_SIMILARITY: f64 = 0.85;
/// Spikes of two units this close together can make one peak of a shape of its own, in ms.
const MEETING_MS: f64 = 1.0;
/// Units meet this many times as often as by chance at most, where they fire together.
const SYNCHRONY: f64 = 10.0;
/// Meetings that are always taken for possible.
const FEW_MEETINGS: f64 = 30.0;
/// A unit whose largest sample is elsewhere is another one where at least this share of its energy is like the other's.
const LEAST_SHARED: f64 = 0.3;
const BESIDE_SIMILARITY: f64 = 0.5;
/// A peak's own sample and those this near tell its sign, in ms.
const AT_PEAK_MS: f64 = 0.1;
/// Lags tried when templates are compared, in ms.
const MAX_LAG_MS: f64 = 0.5;

/// Trimmed mean of the features of each cluster, as waveforms aligned at their largest sample where it is near.
///
/// `labels[i]` is the cluster of peak `i`, or [`NO_CLUSTER`]. Waveforms are in the units of the features (noise
/// levels of the whitened recording). Noise, duplicates and sums of two others are rejected, with the reason.
///
/// # Source
/// The cleaning rules follow SpikeInterface's lupin; trimmed means and sums are ours.
pub fn estimate_templates(
    features: &Features,
    labels: &[u32],
    info: &RecordingInfo,
    geometry: &Geometry,
    params: &TemplateParams,
) -> TemplateSet {
    let basis = Basis { components: features.basis.clone(), num_before: features.num_before };
    let count = labels.iter().filter(|&&l| l != NO_CLUSTER).max().map_or(0, |&l| l as usize + 1);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (peak, &label) in labels.iter().enumerate() {
        if label != NO_CLUSTER {
            members[label as usize].push(peak as u32);
        }
    }
    let rate = info.sampling_frequency;
    let max_jitter = ms_to_samples(params.max_jitter_ms, rate) as i64;
    let at_peak = ms_to_samples(AT_PEAK_MS, rate);
    let averaged: Vec<(Draft, i64)> = members
        .par_iter()
        .enumerate()
        .map(|(cluster, members)| average(features, &basis, cluster as u32, members, params, at_peak))
        .collect();
    let (mut drafts, mut rejected) = placed(averaged, params, max_jitter);
    let seen_s = seen_s(features, info);
    let max_lag = ms_to_samples(MAX_LAG_MS, rate);
    let times = |cluster: u32| -> Vec<i64> {
        let peaks = &features.peaks;
        let place =
            |&i: &u32| refractory::place(peaks.segment_index[i as usize], peaks.sample_index[i as usize]);
        let mut times: Vec<i64> = members[cluster as usize].iter().map(place).collect();
        times.sort_unstable();
        times
    };
    let verdict = |a: u32, b: u32| {
        let (a, b) = (times(a), times(b));
        match refractory::compare(&a, &b, rate) {
            Verdict::Independent => Verdict::Independent,
            _ if refractory::take_turns(&a, &b, rate, seen_s) => Verdict::TakeTurns,
            verdict => verdict,
        }
    };
    merge_duplicates(&mut drafts, &mut rejected, params, max_lag, &verdict);
    reject_mixtures(&mut drafts, &mut rejected, params, max_lag, seen_s);
    drafts.sort_by_key(|d| d.cluster);
    let templates = Templates {
        sampling_frequency: rate,
        unit_ids: Id::range(drafts.len()),
        channel_ids: info.channel_ids.clone(),
        locations_um: geometry.positions_um.clone().unwrap_or_default(),
        num_before: basis.num_before,
        num_samples: basis.num_samples(),
        channel_indices: drafts.iter().map(|d| d.channels.clone()).collect(),
        waveforms: drafts.iter().map(|d| d.waveform.clone()).collect(),
        deviations: Vec::new(),
        in_uv: false,
    };
    TemplateSet { templates, num_peaks: drafts.iter().map(|d| d.num_peaks).collect(), rejected }
}

/// The values but for the `cut` smallest and the `cut` largest, in any order.
fn without_ends(values: &mut [f32], cut: usize) -> &[f32] {
    if cut == 0 || values.len() <= 2 * cut {
        return values;
    }
    let (_, _, above) = values.select_nth_unstable_by(cut - 1, f32::total_cmp);
    let middle = above.len() - cut;
    above.select_nth_unstable_by(middle, f32::total_cmp);
    &above[..middle]
}

/// Of a recording that is longer than this only a part is looked at, in seconds: the times in which there are peaks.
const LONG_S: f64 = 600.0;

/// How much of the recording the peaks are of, in seconds.
fn seen_s(features: &Features, info: &RecordingInfo) -> f64 {
    if info.duration_s() <= LONG_S {
        return info.duration_s();
    }
    let peaks = &features.peaks;
    let second =
        |(&segment, &sample): (&u32, &i64)| (segment, (sample as f64 / info.sampling_frequency) as i64);
    let seconds: std::collections::BTreeSet<(u32, i64)> =
        peaks.segment_index.iter().zip(peaks.sample_index.iter()).map(second).collect();
    (seconds.len() as f64).min(info.duration_s())
}

/// The mean waveform of a cluster and by how many samples its largest sample is off.
fn average(
    features: &Features,
    basis: &Basis,
    cluster: u32,
    members: &[u32],
    params: &TemplateParams,
    at_peak: usize,
) -> (Draft, i64) {
    let k = basis.num_components();
    let nt = basis.num_samples();
    let row = features.max_channels * k;
    let step = members.len().div_ceil(params.max_spikes_per_unit.max(1)).max(1);
    let mut by_channel: std::collections::BTreeMap<u32, Vec<&[f32]>> = std::collections::BTreeMap::new();
    let mut used = 0;
    for &peak in members.iter().step_by(step) {
        used += 1;
        let stored = &features.neighbors[features.peaks.channel_index[peak as usize] as usize];
        let values = &features.values[peak as usize * row..][..row];
        for (&channel, values) in stored.iter().zip(values.chunks_exact(k)) {
            by_channel.entry(channel).or_default().push(values);
        }
    }
    let mut columns: Vec<(u32, Vec<f32>, f32)> = Vec::new();
    let mut sorted = Vec::new();
    for (channel, rows) in by_channel {
        if 2 * rows.len() < used {
            continue;
        }
        let mean: Vec<f32> = (0..k)
            .map(|component| {
                sorted.clear();
                sorted.extend(rows.iter().map(|values| values[component]));
                let cut = (params.trim * sorted.len() as f64) as usize;
                let middle = without_ends(&mut sorted, cut);
                (middle.iter().map(|&x| f64::from(x)).sum::<f64>() / middle.len().max(1) as f64) as f32
            })
            .collect();
        let mut waveform = vec![0.0f32; nt];
        basis.reconstruct(&mean, &mut waveform);
        let span = waveform.iter().copied().fold(f32::MIN, f32::max)
            - waveform.iter().copied().fold(f32::MAX, f32::min);
        columns.push((channel, waveform, span));
    }
    columns.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
    columns.retain(|c| f64::from(c.2) >= params.sparsify_threshold);
    columns.truncate(params.max_channels);
    columns.sort_by_key(|c| c.0);
    let channels: Vec<u32> = columns.iter().map(|c| c.0).collect();
    let waveform = Array2::from_shape_fn((nt, columns.len()), |(t, c)| columns[c].1[t]);
    // Of the sign the peaks have on their own channel: once whitened, what comes before or after a spike can be larger
    // than it, there or on another channel.
    let own = main_channel(features, members).and_then(|channel| channels.iter().position(|&c| c == channel));
    let sign = own.map_or(-1.0, |column| {
        let around = basis.num_before.saturating_sub(at_peak)..(basis.num_before + at_peak + 1).min(nt);
        let values = around.map(|t| waveform[[t, column]]);
        values.max_by(|a, b| a.abs().total_cmp(&b.abs())).map_or(-1.0, f32::signum)
    });
    let peak = waveform
        .indexed_iter()
        .max_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)))
        .map_or(basis.num_before, |((t, _), _)| t);
    let shift = peak as i64 - basis.num_before as i64;
    (Draft { cluster, num_peaks: members.len(), channels, waveform }, shift)
}

/// The units among drafts that come with how far their largest sample is off, and what is rejected: where it is near they are
/// aligned by it, of the others those stay that are no other unit at another time.
fn placed(
    averaged: Vec<(Draft, i64)>,
    params: &TemplateParams,
    max_jitter: i64,
) -> (Vec<Draft>, Vec<Rejected>) {
    let (mut drafts, mut rejected) = (Vec::new(), Vec::new());
    let mut beside = Vec::new();
    for (draft, shift) in averaged {
        let norm = norm2(&draft).sqrt();
        if draft.channels.is_empty() || norm < params.min_norm {
            rejected.push(reject(&draft, format!("its waveform is small: norm {norm:.1} noise levels")));
        } else if shift.abs() > max_jitter {
            beside.push((draft, shift));
        } else {
            drafts.push(Draft { waveform: shifted(&draft.waveform, shift), ..draft });
        }
    }
    // Some neurons are larger elsewhere at another time than where they are found; most that are so are found there, too.
    let is_known =
        |(draft, shift): &(Draft, i64)| drafts.iter().any(|d| is_beside(draft, *shift, d, max_jitter));
    let (known, alone): (Vec<_>, Vec<_>) = beside.into_iter().partition(is_known);
    let reason = |shift: i64| format!("its largest sample is {shift} samples off");
    rejected.extend(known.iter().map(|(draft, shift)| reject(draft, reason(*shift))));
    drafts.extend(alone.into_iter().map(|(draft, _)| draft));
    (drafts, rejected)
}

fn reject(draft: &Draft, reason: String) -> Rejected {
    Rejected { cluster: draft.cluster, num_peaks: draft.num_peaks, reason }
}

/// True where the waveform of a unit whose largest sample is so many samples off is that of another unit, at another time:
/// both a little alike on channels that hold a good part of it.
fn is_beside(draft: &Draft, shift: i64, other: &Draft, max_jitter: i64) -> bool {
    let nt = draft.waveform.nrows() as i64;
    let mut all = 0.0;
    let mut columns = Vec::new();
    for (i, channel) in draft.channels.iter().enumerate() {
        all += draft.waveform.column(i).iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        if let Ok(j) = other.channels.binary_search(channel) {
            columns.push((i, j));
        }
    }
    (shift - max_jitter..=shift + max_jitter).any(|lag| {
        let (mut product, mut own, mut others) = (0.0, 0.0, 0.0);
        for t in 0.max(lag)..nt.min(nt + lag) {
            for &(i, j) in &columns {
                let a = f64::from(draft.waveform[[t as usize, i]]);
                let b = f64::from(other.waveform[[(t - lag) as usize, j]]);
                product += a * b;
                own += a * a;
                others += b * b;
            }
        }
        own >= LEAST_SHARED * all && product >= BESIDE_SIMILARITY * (own * others).sqrt()
    })
}

/// The channel most of the peaks are on, the first of several.
fn main_channel(features: &Features, members: &[u32]) -> Option<u32> {
    let mut channels: Vec<u32> = members.iter().map(|&m| features.peaks.channel_index[m as usize]).collect();
    channels.sort_unstable();
    channels.chunk_by(|a, b| a == b).rev().max_by_key(|same| same.len()).map(|same| same[0])
}

/// Row `t` of the result is row `t + shift`; silent beyond the ends.
fn shifted(waveform: &Array2<f32>, shift: i64) -> Array2<f32> {
    let nt = waveform.nrows() as i64;
    Array2::from_shape_fn(waveform.dim(), |(t, c)| {
        let from = t as i64 + shift;
        if (0..nt).contains(&from) { waveform[[from as usize, c]] } else { 0.0 }
    })
}

fn norm2(draft: &Draft) -> f64 {
    draft.waveform.iter().map(|&x| f64::from(x) * f64::from(x)).sum()
}

/// Product of `a` with `b` moved by `lag`: `Σ a[t, c] · b[t + lag, c]` on common channels.
fn product(a: &Draft, b: &Draft, lag: i64) -> f64 {
    let nt = a.waveform.nrows() as i64;
    let range = 0.max(-lag)..nt.min(nt - lag);
    let mut sum = 0.0;
    for (i, channel) in a.channels.iter().enumerate() {
        if let Ok(j) = b.channels.binary_search(channel) {
            for t in range.clone() {
                sum +=
                    f64::from(a.waveform[[t as usize, i]]) * f64::from(b.waveform[[(t + lag) as usize, j]]);
            }
        }
    }
    sum
}

/// The largest product over lags, and its lag.
fn best_product(a: &Draft, b: &Draft, max_lag: usize) -> (f64, i64) {
    if !a.channels.iter().any(|c| b.channels.binary_search(c).is_ok()) {
        return (0.0, 0);
    }
    let max_lag = max_lag as i64;
    (-max_lag..=max_lag)
        .map(|lag| (product(a, b, lag), lag))
        .max_by(|x, y| x.0.total_cmp(&y.0).then(y.1.abs().cmp(&x.1.abs())))
        .unwrap_or((0.0, 0))
}

fn merge_duplicates(
    drafts: &mut Vec<Draft>,
    rejected: &mut Vec<Rejected>,
    params: &TemplateParams,
    max_lag: usize,
    verdict: &dyn Fn(u32, u32) -> Verdict,
) {
    // Most peaks first: the better mean stays.
    drafts.sort_by(|a, b| b.num_peaks.cmp(&a.num_peaks).then(a.cluster.cmp(&b.cluster)));
    let mut kept: Vec<Draft> = Vec::new();
    for draft in drafts.drain(..) {
        let norm = norm2(&draft).sqrt();
        let twin = kept.iter_mut().find(|other| {
            let other_norm = norm2(other).sqrt();
            let smaller = 1.0 - norm.min(other_norm) / norm.max(other_norm);
            if smaller >= SHRUNK {
                return false;
            }
            let product = best_product(other, &draft, max_lag).0;
            let similarity = product / (norm * other_norm);
            let alike = similarity > params.duplicate_similarity;
            (alike || similarity > TURNS_SIMILARITY)
                && match verdict(other.cluster, draft.cluster) {
                    Verdict::Independent => false,
                    // Spikes shrink within a burst.
                    Verdict::OneNeuron => alike,
                    // Parts of a unit that drift left apart are never there together.
                    Verdict::TakeTurns => true,
                    Verdict::Unknown => {
                        let beside = (norm * norm - (product / other_norm).powi(2)).max(0.0).sqrt();
                        alike && smaller < SAME_SIZE && beside < SAME_SHAPE
                    }
                }
        });
        match twin {
            Some(twin) => {
                rejected.push(Rejected {
                    cluster: draft.cluster,
                    num_peaks: draft.num_peaks,
                    reason: format!("same waveform as cluster {}", twin.cluster),
                });
                twin.num_peaks += draft.num_peaks;
            }
            None => kept.push(draft),
        }
    }
    *drafts = kept;
}

/// Rejects templates that are two spikes at once: two others that have more peaks explain nearly all of them, and meet
/// often enough.
///
/// The second half matters on a probe of one column, where the footprint of a neuron is often nearly the sum of two
/// others: without it, units of a thousand spikes were taken for coincidences of which chance makes ten.
fn reject_mixtures(
    drafts: &mut Vec<Draft>,
    rejected: &mut Vec<Rejected>,
    params: &TemplateParams,
    max_lag: usize,
    duration_s: f64,
) {
    let chance = |a: &Draft, b: &Draft| {
        a.num_peaks as f64 * b.num_peaks as f64 * MEETING_MS * 1e-3 / duration_s.max(f64::MIN_POSITIVE)
    };
    let reach = 2 * max_lag;
    let verdicts: Vec<Option<(u32, u32)>> = (0..drafts.len())
        .into_par_iter()
        .map(|index| {
            let draft = &drafts[index];
            let energy = norm2(draft);
            let near: Vec<(&Draft, f64, f64, i64)> = drafts
                .iter()
                .enumerate()
                .filter(|&(other, d)| other != index && d.num_peaks > draft.num_peaks)
                .filter_map(|(_, other)| {
                    let (product, lag) = best_product(draft, other, reach);
                    let own = norm2(other);
                    (product > 0.2 * own && product > 0.2 * energy).then_some((other, product, own, lag))
                })
                .collect();
            for (i, &(a, product_a, own_a, lag_a)) in near.iter().enumerate() {
                for &(b, product_b, own_b, lag_b) in &near[i + 1..] {
                    if draft.num_peaks as f64 > FEW_MEETINGS + SYNCHRONY * chance(a, b) {
                        continue;
                    }
                    let cross = product(a, b, lag_b - lag_a);
                    let gram = ndarray::arr2(&[[own_a, cross], [cross, own_b]]);
                    let Some(x) = solve_positive(&gram, &[product_a, product_b]) else { continue };
                    let explained = x[0] * product_a + x[1] * product_b;
                    let whole = x.iter().all(|&a| (0.6..1.5).contains(&a));
                    if whole && energy - explained < params.mixture_residual * energy {
                        return Some((a.cluster, b.cluster));
                    }
                }
            }
            None
        })
        .collect();
    let mut index = 0;
    drafts.retain(|draft| {
        let verdict = verdicts[index];
        index += 1;
        if let Some((a, b)) = verdict {
            rejected.push(Rejected {
                cluster: draft.cluster,
                num_peaks: draft.num_peaks,
                reason: format!("the sum of clusters {a} and {b} firing together"),
            });
        }
        verdict.is_none()
    });
}

#[cfg(test)]
mod tests;
