//! Groups peaks into units by their features.
//!
//! Peaks of one main channel (or of one small group of channels) are a cell. Each cell is split as far as the method
//! ([`ClusterMethod`]) sees several humps, looking anew at the principal axes of every part; then parts of neighbouring
//! cells that are one hump together are merged, because a unit between two channels has peaks in both.
//!
//! Beside the papers: a part that a method leaves whole is looked at once more along the axis of a mixture of two
//! Gaussians (see `halves`), and peaks that are stored twice are clustered once (see `repeats`). The first took mean
//! accuracy on a generated recording of 30 units on one column of contacts, with bursts and distant units, from 0.76
//! to 0.86 with isosplit and from 0.67 to 0.81 with graphs, and left recordings of well-spaced units as they were.
//!
//! A part whose spikes meet within the refractory period as those of several neurons do is looked at harder: eight draws
//! of seeds of which the likeliest labels are taken, and half the dip will do for the mixture. What the first clustering
//! parted stays parted in the second where the times say that it is two neurons (see `known`). Together these took mean
//! accuracy on two recordings of 30 units with bursts and distant units from 0.810 to 0.849 and from 0.889 to 0.917 (two
//! seeds each), and on a tetrode with units alike from 0.826 to 0.867.
//! Where isosplit leaves such a part whole, a mixture of up to six Gaussians is tried whose components are kept apart where
//! the times say that they are several neurons (see `mixture`). That took the mean accuracy of the four seeds below from
//! 0.854 to 0.873, that of 128 channels that drift and burst from 0.940 to 0.948, of another such from 0.866 to 0.883, of
//! five tetrodes from 0.774 to 0.794, and changed three other recordings of 30 units by -0.011, -0.002 and 0.000. (Starts along axes and a
//! likelihood with the covariance of the very points that are fitted came later: five runs by -0.024 to 0.020, 0.000 in the mean.)
//! What is left is parted where its spikes differ by more than the noise that is known by then (see `apart`), and such parts
//! are not merged again: a dip needs two neurons further apart. On the first recording of 30 units below, the second
//! clustering looking at 80, 100, 120, 140, 160 and 240 of 240 s, the mean accuracy was 0.820, 0.797, 0.813, 0.819, 0.882 and
//! 0.905 without it and is 0.842, 0.863, 0.899, 0.870, 0.910 and 0.891 (two seeds each); of three other such recordings 0.942,
//! 0.889, 0.863 and 0.942, 0.921, 0.874, of three of 128 channels that drift and burst 0.952, 0.925, 0.903 and 0.948, 0.927,
//! 0.913, of nine tetrodes 0.886 and 0.892. Another that drifts has 9.5 units too many instead of 7 (0.976 and 0.974): crowds
//! of distant neurons are parted.
//! Parts of one cell are merged again only below half the dip (see `merge`): on a recording of 30 units with bursts that
//! took mean accuracy from 0.823 to 0.854 (four seeds), on three others by 0.000 to 0.004, on 128 channels that drift and
//! burst from 0.927 to 0.940. Unless the times say rather that they are one neuron: without that, units whose bursts shrink
//! were cut (16 tetrodes with 64 units 0.980 instead of 0.996, two seeds).
//! Four or eight draws for every part, the likeliest labels taken, gained nothing: 0.871 and 0.872 on three recordings of 30
//! units against 0.875 (two seeds each), though the seeds agreed better.
//!
//! Mean accuracy (units at 0.8 or better) and processor seconds of the first clustering, on generated recordings that
//! were detected, clustered, matched, clustered again and matched again with the same method (no motion was undone):
//!
//! | | isosplit | isosplit6 | graph |
//! |---|---|---|---|
//! | tetrode, 8 units | 0.718 (5), 0.2 | 0.784 (5), 0.2 | 0.725 (6), 0.8 |
//! | 32 channels, 24 units | 0.986 (24), 0.7 | 0.986 (24), 0.8 | 0.986 (24), 2.0 |
//! | 32 channels, 30 units, bursts | 0.863 (23), 1.6 | 0.826 (23), 1.9 | 0.805 (23), 5.6 |
//! | 128 channels, 80 units | 0.974 (79), 1.9 | 0.974 (79), 2.0 | 0.974 (79), 4.0 |

mod apart;
mod blocks;
mod graph;
mod halves;
mod isocut;
mod isosplit;
mod isosplit6;
mod known;
mod merge;
mod mixture;
mod points;
mod repeats;

pub use isocut::{Dip, dip_between, isocut};
pub use isosplit::{IsosplitParams, isosplit, merge_seeds};
pub use isosplit6::isosplit6;
use points::likeliest;
pub use points::{Points, discriminant, dot};

use apart::Noise;
use halves::halves;
use known::{independent_parts, known_parts};
use mixture::components;

use super::{
    EngineError, Monitor,
    basis::Basis,
    geometry::Geometry,
    refractory::{self, Verdict},
};
use crate::data::{Features, Id, Sorting, SpikeTrains, Table};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// How the peaks of a cell are told apart: each part again by itself, and by a mixture of two Gaussians where the method
/// sees one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterMethod {
    /// Isosplit from k-means seeds.
    #[default]
    Isosplit,
    /// Isosplit from many small parcels, as its authors' program (version 6).
    Isosplit6,
    /// Modularity of a graph of nearest neighbours and a tree of merges, as Kilosort 4.
    Graph,
}

/// Settings of [`cluster_features`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterParams {
    /// How the peaks of a cell are told apart.
    pub method: ClusterMethod,
    /// Channels further than this from a peak's main channel are not looked at, in µm.
    pub radius_um: f64,
    /// Principal axes used at once, at most.
    pub max_dimensions: usize,
    /// Seeds, least size and threshold of the dip test.
    pub isosplit: IsosplitParams,
    /// How often a part is split again.
    pub recursion_depth: usize,
    /// Only clusters whose waveforms have at least this cosine similarity are candidates for a merge.
    pub merge_similarity: f64,
    /// Clusters with fewer peaks are left out.
    pub min_cluster_size: usize,
}

impl Default for ClusterParams {
    fn default() -> Self {
        Self {
            method: ClusterMethod::default(),
            radius_um: 60.0,
            max_dimensions: 8,
            isosplit: IsosplitParams::default(),
            recursion_depth: 4,
            merge_similarity: 0.8,
            min_cluster_size: 20,
        }
    }
}

/// The label of peaks that belong to no cluster.
pub const NO_CLUSTER: u32 = u32::MAX;

/// Draws of seeds until isosplit sees several humps; and of spikes that meet as those of several neurons do.
const DRAWS: u64 = 2;
const MOST_DRAWS: u64 = 8;
/// Share of the dip's threshold that will do for those.
const KNOWN_TO_BE_SEVERAL: f64 = 0.5;
/// Axes whose variance is below this are noise; after whitening noise has variance one.
const LEAST_VARIANCE: f64 = 1.2;

/// A label for each peak, `0..n` or [`NO_CLUSTER`]; clusters are numbered in order of their main channel.
///
/// # Errors
/// Where it is cancelled.
///
/// # Source
/// Recursion as in MountainSort 5 and SpikeInterface's iterative isosplit; graphs as in Kilosort 4 (see `graph`). The
/// merge across cells is ours.
pub fn cluster_features(
    features: &Features,
    geometry: &Geometry,
    params: &ClusterParams,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Vec<u32>, EngineError> {
    let originals = repeats::originals(features);
    let cells = cells_of(features, &originals, geometry, params.radius_um);
    let done = AtomicU64::new(0);
    monitor.progress(0, cells.len() as u64);
    let parts: Vec<Vec<Vec<u32>>> = cells
        .par_iter()
        .with_max_len(1)
        .enumerate()
        .map(|(index, cell)| {
            let mut parts = Vec::new();
            let mut splitter =
                Splitter { features, cell, params, monitor, seed: seed ^ ((index as u64) << 20) };
            splitter.split(cell.members.clone(), 0, &mut parts)?;
            monitor.progress(done.fetch_add(1, Ordering::Relaxed) + 1, cells.len() as u64);
            Ok(parts)
        })
        .collect::<Result<_, EngineError>>()?;
    let clusters = cells
        .iter()
        .zip(&parts)
        .flat_map(|(cell, parts)| parts.iter().map(|members| (members.as_slice(), cell.channels.as_slice())));
    let noise = Noise::of(features, clusters);
    let parts = match &noise {
        Some(noise) => part_further(features, &cells, parts, noise, params, monitor)?,
        None => parts,
    };
    let basis = Basis { components: features.basis.clone(), num_before: features.num_before };
    let groups = merge::merge_across(features, &basis, geometry, parts, (params, noise.as_ref()), monitor)?;
    let mut labels = vec![NO_CLUSTER; features.peaks.len()];
    let kept = groups.into_iter().filter(|group| group.len() >= params.min_cluster_size);
    for (label, group) in kept.enumerate() {
        for peak in group {
            labels[peak as usize] = label as u32;
        }
    }
    for (peak, &original) in originals.iter().enumerate() {
        labels[peak] = labels[original as usize];
    }
    Ok(labels)
}

/// Parts what is two neurons by the noise there is (see `apart`).
///
/// # Errors
/// Where it is cancelled.
fn part_further(
    features: &Features,
    cells: &[Cell],
    parts: Vec<Vec<Vec<u32>>>,
    noise: &Noise,
    params: &ClusterParams,
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<Vec<u32>>>, EngineError> {
    let part = |(cell, parts): (&Cell, Vec<Vec<u32>>)| {
        let mut left: Vec<(Vec<u32>, usize)> = parts.into_iter().rev().map(|part| (part, 0)).collect();
        let mut out = Vec::new();
        while let Some((members, depth)) = left.pop() {
            if monitor.cancelled() {
                return Err(EngineError::Cancelled);
            }
            let sides = (depth < params.recursion_depth)
                .then(|| noise.sides(features, &members, &cell.channels, params.min_cluster_size))
                .flatten();
            let Some(sides) = sides else {
                out.push(members);
                continue;
            };
            for side in [true, false] {
                let own = members.iter().zip(&sides).filter(|(_, s)| **s == side).map(|(&m, _)| m).collect();
                left.push((own, depth + 1));
            }
        }
        Ok(out)
    };
    cells.par_iter().zip(parts).map(part).collect()
}

/// The labelled peaks as a sorting with their amplitudes (in the recording's units) and locations.
pub fn to_sorting(features: &Features, labels: &[u32], segments: &[usize]) -> Sorting {
    let peaks = &features.peaks;
    let num_units = labels.iter().filter(|&&l| l != NO_CLUSTER).max().map_or(0, |&l| l as usize + 1);
    let segments = segments
        .iter()
        .enumerate()
        .map(|(segment, &num_frames)| {
            let mut order: Vec<usize> = (0..peaks.len())
                .filter(|&i| peaks.segment_index[i] as usize == segment && labels[i] != NO_CLUSTER)
                .collect();
            order.sort_by_key(|&i| (peaks.sample_index[i], labels[i], i));
            SpikeTrains {
                sample_index: order.iter().map(|&i| peaks.sample_index[i]).collect(),
                unit_index: order.iter().map(|&i| labels[i]).collect(),
                amplitude: Some(order.iter().map(|&i| peaks.amplitude[i]).collect()),
                location_um: peaks
                    .location_um
                    .as_ref()
                    .map(|locations| order.iter().map(|&i| locations[i]).collect()),
                num_frames: Some(num_frames),
            }
        })
        .collect();
    Sorting {
        sampling_frequency: peaks.sampling_frequency,
        unit_ids: Id::range(num_units),
        segments,
        properties: Table::default(),
        amplitudes_in_uv: false,
    }
}

/// The label of each peak in a sorting made of these peaks: the other way round of [`to_sorting`].
///
/// # Errors
/// Where a spike is none of the peaks.
pub fn labels_of(features: &Features, sorting: &Sorting) -> Result<Vec<u32>, EngineError> {
    let peaks = &features.peaks;
    let mut labels = vec![NO_CLUSTER; peaks.len()];
    let strange = || {
        EngineError::Data(
            "the sorting is not made of the peaks of these features: connect the sorting that was clustered from them".into(),
        )
    };
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        let amplitudes = spikes.amplitude.as_ref().ok_or_else(strange)?;
        let start = peaks.segment_index.partition_point(|&s| (s as usize) < segment);
        let end = peaks.segment_index.partition_point(|&s| s as usize <= segment);
        let mut samples: Vec<(i64, usize)> = (start..end).map(|i| (peaks.sample_index[i], i)).collect();
        samples.sort_unstable();
        for ((&sample, &unit), &amplitude) in
            spikes.sample_index.iter().zip(spikes.unit_index.iter()).zip(amplitudes.iter())
        {
            let from = samples.partition_point(|&(s, _)| s < sample);
            let peak = samples[from..]
                .iter()
                .take_while(|&&(s, _)| s == sample)
                .map(|&(_, i)| i)
                .find(|&i| labels[i] == NO_CLUSTER && peaks.amplitude[i].total_cmp(&amplitude).is_eq())
                .ok_or_else(strange)?;
            labels[peak] = unit;
        }
    }
    Ok(labels)
}

/// Peaks that are split together, and the channels they are compared on.
struct Cell {
    members: Vec<u32>,
    channels: Vec<u32>,
}

/// One cell a channel; groups of few channels that all lie within the radius are one cell.
fn cells_of(features: &Features, originals: &[u32], geometry: &Geometry, radius_um: f64) -> Vec<Cell> {
    let near = geometry.neighbors(radius_um, usize::MAX);
    let n = geometry.num_channels();
    let compact = |c: usize| {
        let group = (0..n).filter(|&o| geometry.groups[o] == geometry.groups[c]);
        group.clone().count() <= super::geometry::MAX_CHANNELS_WITHOUT_PROBE
            && group.clone().all(|a| group.clone().all(|b| near[a].contains(&(b as u32))))
    };
    let mut home = vec![0usize; n];
    let mut cells: Vec<Cell> = Vec::new();
    for c in 0..n {
        let first = near[c].iter().copied().min().unwrap_or(c as u32) as usize;
        if compact(c) && first < c {
            home[c] = home[first];
            continue;
        }
        home[c] = cells.len();
        let stored: &[u32] = features.neighbors.get(c).map_or(&[], Vec::as_slice);
        let channels = stored.iter().copied().filter(|o| near[c].contains(o)).collect();
        cells.push(Cell { members: Vec::new(), channels });
    }
    for (peak, &channel) in features.peaks.channel_index.iter().enumerate() {
        if originals[peak] as usize == peak {
            cells[home[channel as usize]].members.push(peak as u32);
        }
    }
    cells
}

/// The features of some peaks on the given channels; zero where a peak has none there.
pub(super) fn gather(features: &Features, members: impl Iterator<Item = u32>, channels: &[u32]) -> Points {
    let k = features.basis.nrows();
    let row = features.max_channels * k;
    let mut points = Points::new(channels.len() * k);
    let mut main = u32::MAX;
    let mut places: Vec<Option<usize>> = Vec::new();
    for peak in members {
        let channel = features.peaks.channel_index[peak as usize];
        if channel != main {
            main = channel;
            let stored = &features.neighbors[channel as usize];
            places = channels.iter().map(|c| stored.iter().position(|s| s == c)).collect();
        }
        let values = &features.values[peak as usize * row..][..row];
        for place in &places {
            match place {
                Some(place) => points.data.extend_from_slice(&values[place * k..][..k]),
                None => points.data.extend(std::iter::repeat_n(0.0, k)),
            }
        }
    }
    points
}

/// The time of a peak, segments far apart.
pub(super) fn time(features: &Features, member: u32) -> i64 {
    let peaks = &features.peaks;
    refractory::place(peaks.segment_index[member as usize], peaks.sample_index[member as usize])
}

/// Times of peaks, ascending.
pub(super) fn times(features: &Features, members: &[u32]) -> Vec<i64> {
    let mut times: Vec<i64> = members.iter().map(|&member| time(features, member)).collect();
    times.sort_unstable();
    times
}

/// True where the two avoid each other's refractory period.
fn one_neuron(features: &Features, a: &[u32], b: &[u32]) -> bool {
    let rate = features.peaks.sampling_frequency;
    refractory::compare(&times(features, a), &times(features, b), rate) == Verdict::OneNeuron
}

/// Labels `0..n` of points in noise levels by their humps on their first principal axes, all 0 where they are one.
///
/// Isosplit finds them, or a mixture of two Gaussians whose parts have at least `least` points.
pub fn humps_of(
    raw: &Points,
    max_dimensions: usize,
    least: usize,
    params: &IsosplitParams,
    random: u64,
) -> Vec<u32> {
    let points = raw.principal(LEAST_VARIANCE, max_dimensions);
    let labels = isosplit(&points, params, random);
    if labels.iter().any(|&l| l > 0) {
        return labels;
    }
    halves(raw, &points, least, params.isocut_threshold)
        .map_or(labels, |sides| sides.into_iter().map(u32::from).collect())
}

struct Splitter<'a> {
    features: &'a Features,
    cell: &'a Cell,
    params: &'a ClusterParams,
    monitor: &'a dyn Monitor,
    seed: u64,
}

impl Splitter<'_> {
    fn split(&mut self, members: Vec<u32>, depth: usize, out: &mut Vec<Vec<u32>>) -> Result<(), EngineError> {
        if self.monitor.cancelled() {
            return Err(EngineError::Cancelled);
        }
        if members.is_empty() {
            return Ok(());
        }
        if members.len() < 2 * self.params.isosplit.min_cluster_size || depth > self.params.recursion_depth {
            out.push(members);
            return Ok(());
        }
        self.seed = self.seed.wrapping_add(1);
        let Some(parts) = self.parts_of(&members) else {
            out.push(members);
            return Ok(());
        };
        for part in parts {
            self.split(part, depth + 1, out)?;
        }
        Ok(())
    }

    /// The parts of some members; `None` where they are one.
    fn parts_of(&self, members: &[u32]) -> Option<Vec<Vec<u32>>> {
        let (params, least) = (&self.params.isosplit, self.params.min_cluster_size);
        let raw = gather(self.features, members.iter().copied(), &self.cell.channels);
        let points = raw.principal(LEAST_VARIANCE, self.params.max_dimensions);
        let by_label = |labels: Vec<u32>| {
            let count = labels.iter().max().map_or(0, |&l| l as usize + 1);
            let mut parts = vec![Vec::new(); count];
            for (&member, &label) in members.iter().zip(&labels) {
                parts[label as usize].push(member);
            }
            (count > 1).then_some(parts)
        };
        let rate = self.features.peaks.sampling_frequency;
        let several = refractory::are_several(&times(self.features, members), rate);
        let (draws, factor) = if several { (MOST_DRAWS, KNOWN_TO_BE_SEVERAL) } else { (DRAWS, 1.0) };
        let labels = match self.params.method {
            // What one draw of seeds leaves whole another may part; of several neurons the likeliest parts are taken.
            ClusterMethod::Isosplit => {
                let mut parted = (0..draws)
                    .map(|draw| isosplit(&points, params, self.seed ^ (draw << 40)))
                    .filter(|labels| labels.iter().any(|&label| label > 0));
                if several { likeliest(&points, parted) } else { parted.next() }.unwrap_or_default()
            }
            ClusterMethod::Isosplit6 => isosplit6(&points, params),
            ClusterMethod::Graph => {
                let cut = graph::CutParams {
                    threshold: params.isocut_threshold,
                    least,
                    few_dimensions: self.params.max_dimensions,
                };
                let of = |side: &[u32]| side.iter().map(|&i| members[i as usize]).collect::<Vec<u32>>();
                let one_unit = |a: &[u32], b: &[u32]| one_neuron(self.features, &of(a), &of(b));
                let points = raw.principal(LEAST_VARIANCE, graph::DIMENSIONS);
                graph::graph_clusters(&points, &cut, self.seed, one_unit)
            }
        };
        if let Some(parts) = by_label(labels) {
            return Some(parts);
        }
        if several {
            let parts = components(&points, self.seed)
                .map(|labels| independent_parts(self.features, members, &points, &labels, least));
            if let Some(parts) = parts.filter(|parts| parts.len() > 1) {
                return Some(parts);
            }
        }
        halves(&raw, &points, least, factor * params.isocut_threshold)
            .and_then(|sides| by_label(sides.into_iter().map(u32::from).collect()))
            .filter(|parts| !one_neuron(self.features, &parts[0], &parts[1]))
            .or_else(|| known_parts(self.features, members, &raw, least))
    }
}
