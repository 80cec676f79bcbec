//! The true units as the stages of the sorter see them.

use super::Fallible;
use spikeloom::{
    data::{Id, Peaks, Sorting, Templates},
    engine::{
        Silent,
        chain::Chain,
        cluster::NO_CLUSTER,
        features::{FeatureParams, spike_features},
        geometry::Geometry,
        sort::SortParams,
        templates::{TemplateParams, TemplateSet, estimate_templates},
        waveforms::{self, WaveformParams, main_channels, select_spikes},
    },
};
use std::collections::BTreeMap;

/// Templates of all clusters, none rejected, none merged.
pub const EVERYTHING: TemplateParams = TemplateParams {
    trim: 0.2,
    max_spikes_per_unit: 1_000,
    sparsify_threshold: 0.7,
    max_channels: 20,
    min_norm: 0.0,
    max_jitter_ms: 100.0,
    duplicate_similarity: 2.0,
    mixture_residual: 0.0,
};

/// A spike and a peak at most this far apart are the same, in ms.
const DELTA_MS: f64 = 0.4;
/// A peak of a unit lies within this of its main channel, in µm.
const NEAR_UM: f64 = 75.0;

/// True spikes, where they are and what they look like.
pub struct Truth {
    /// Main channel of each unit.
    pub main: Vec<usize>,
    /// A peak where each of the true spikes is, on the main channel of its unit.
    pub peaks: Peaks,
    /// Templates, from the features of the true spikes.
    pub set: TemplateSet,
    /// Per segment: `(frame, unit)`, ascending.
    spikes: Vec<Vec<(i64, u32)>>,
    near: Vec<Vec<u32>>,
    delta: i64,
}

impl Truth {
    pub fn new(chain: &Chain, geometry: &Geometry, spikes: &Sorting, params: &SortParams) -> Fallible<Self> {
        let rate = spikes.sampling_frequency;
        let about = WaveformParams { radius_um: 1e9, ..WaveformParams::default() };
        let (before, samples) = about.samples(rate);
        let frames: Vec<usize> = chain.info().segments.iter().map(|s| s.num_frames).collect();
        let selected = select_spikes(spikes, &frames, before, samples, about.max_spikes_per_unit, 0);
        let means = waveforms::estimate_templates(chain, spikes, &selected, &about, &Silent)?;
        let found = main_channels(&means);
        let main: Vec<usize> = found.iter().map(|m| m.map_or(0, |(channel, _)| channel)).collect();
        // A peak is where the trough is, whatever the truth calls the time of a spike.
        let shift: Vec<i64> = found.iter().map(|m| m.map_or(0, |(_, shift)| shift)).collect();
        let mut lists = Vec::new();
        let (mut segments, mut times, mut channels, mut units) = (vec![], vec![], vec![], vec![]);
        for (segment, train) in spikes.segments.iter().enumerate() {
            let mut list: Vec<(i64, u32)> = train
                .sample_index
                .iter()
                .zip(train.unit_index.iter())
                .map(|(&sample, &unit)| (sample + shift[unit as usize], unit))
                .filter(|&(sample, _)| sample >= 0 && (sample as usize) < frames[segment])
                .collect();
            list.sort_unstable();
            for &(sample, unit) in &list {
                segments.push(segment as u32);
                times.push(sample);
                channels.push(main[unit as usize] as u32);
                units.push(unit);
            }
            lists.push(list);
        }
        let peaks = Peaks {
            sampling_frequency: rate,
            num_channels: chain.info().num_channels(),
            amplitude: vec![0.0; times.len()].into(),
            segment_index: segments.into(),
            sample_index: times.into(),
            channel_index: channels.into(),
            location_um: None,
        };
        let all = FeatureParams { max_peaks_per_channel: usize::MAX, ..params.features };
        let features = spike_features(chain, &peaks, &all, &Silent)?;
        let units = kept_units(&peaks, &units, &features.peaks);
        let set = estimate_templates(&features, &units, chain.info(), geometry, &EVERYTHING);
        Ok(Self {
            main,
            peaks,
            set,
            spikes: lists,
            near: geometry.neighbors(NEAR_UM, usize::MAX),
            delta: (DELTA_MS * 1e-3 * rate) as i64,
        })
    }

    /// Root of the energy of each template.
    pub fn norms(&self) -> Vec<f64> {
        self.set
            .templates
            .waveforms
            .iter()
            .map(|w| f64::from(w.iter().map(|x| x * x).sum::<f32>()).sqrt())
            .collect()
    }

    /// The true spike nearest to each peak, of a unit near its channel.
    fn owners(&self, peaks: &Peaks) -> Vec<Option<(usize, usize)>> {
        (0..peaks.len())
            .map(|i| {
                let (segment, sample) = (peaks.segment_index[i] as usize, peaks.sample_index[i]);
                let list = &self.spikes[segment];
                let first = list.partition_point(|s| s.0 < sample - self.delta);
                list[first..]
                    .iter()
                    .enumerate()
                    .take_while(|(_, s)| s.0 <= sample + self.delta)
                    .filter(|(_, s)| self.near[self.main[s.1 as usize]].contains(&peaks.channel_index[i]))
                    .min_by_key(|(_, s)| (s.0 - sample).abs())
                    .map(|(offset, _)| (segment, first + offset))
            })
            .collect()
    }

    /// Unit of each peak, or none.
    pub fn labels(&self, peaks: &Peaks) -> Vec<u32> {
        let unit = |owner: Option<(usize, usize)>| owner.map_or(NO_CLUSTER, |(s, i)| self.spikes[s][i].1);
        self.owners(peaks).into_iter().map(unit).collect()
    }

    /// Share of each unit's spikes that a peak belongs to.
    pub fn detected(&self, peaks: &Peaks) -> Vec<f64> {
        let mut hit: Vec<Vec<bool>> = self.spikes.iter().map(|list| vec![false; list.len()]).collect();
        for (segment, index) in self.owners(peaks).into_iter().flatten() {
            hit[segment][index] = true;
        }
        let mut counts = vec![(0.0, 0.0); self.main.len()];
        for (list, hit) in self.spikes.iter().zip(&hit) {
            for (spike, &hit) in list.iter().zip(hit) {
                counts[spike.1 as usize].0 += f64::from(u8::from(hit));
                counts[spike.1 as usize].1 += 1.0;
            }
        }
        counts.into_iter().map(|(found, all)| if all > 0.0 { found / all } else { 0.0 }).collect()
    }

    /// How the peaks of the true units are spread over clusters.
    pub fn clustered(&self, peaks: &Peaks, labels: &[u32]) -> Clustered {
        let mut counts = BTreeMap::new();
        for (&unit, &label) in self.labels(peaks).iter().zip(labels) {
            *counts.entry((unit, label)).or_insert(0) += 1;
        }
        Clustered { num_units: self.main.len(), counts }
    }

    /// Cosine of each true template and the template most like it, at the best lag.
    pub fn cosines(&self, found: &Templates) -> Vec<f64> {
        let lags = self.delta;
        let cosine = |unit: usize, other: usize| -> f64 {
            let (a, b) = (&self.set.templates.waveforms[unit], &found.waveforms[other]);
            let channels = (&self.set.templates.channel_indices[unit], &found.channel_indices[other]);
            let offset = found.num_before as i64 - self.set.templates.num_before as i64;
            let pairs: Vec<(usize, usize)> = channels
                .0
                .iter()
                .enumerate()
                .filter_map(|(i, c)| channels.1.binary_search(c).ok().map(|j| (i, j)))
                .collect();
            if pairs.is_empty() {
                return 0.0;
            }
            let norm = (a.iter().map(|x| x * x).sum::<f32>() * b.iter().map(|x| x * x).sum::<f32>()).sqrt();
            let product = |lag: i64| -> f32 {
                (0..a.nrows() as i64)
                    .filter(|t| (0..b.nrows() as i64).contains(&(t + lag + offset)))
                    .map(|t| {
                        let row = (t + lag + offset) as usize;
                        pairs.iter().map(|&(i, j)| a[[t as usize, i]] * b[[row, j]]).sum::<f32>()
                    })
                    .sum()
            };
            let best = (-lags..=lags).map(product).fold(0.0f32, f32::max);
            f64::from(best / norm.max(f32::MIN_POSITIVE))
        };
        (0..self.main.len())
            .map(|unit| (0..found.num_units()).map(|other| cosine(unit, other)).fold(0.0, f64::max))
            .collect()
    }
}

/// The units of the peaks that features were made of: some of all, in their order.
fn kept_units(all: &Peaks, units: &[u32], kept: &Peaks) -> Vec<u32> {
    let place =
        |peaks: &Peaks, i: usize| (peaks.segment_index[i], peaks.sample_index[i], peaks.channel_index[i]);
    let mut rest = 0..all.len();
    (0..kept.len())
        .map(|row| rest.find(|&i| place(all, i) == place(kept, row)).map_or(NO_CLUSTER, |i| units[i]))
        .collect()
}

/// Peaks counted by `(true unit, cluster)`; either may be none.
pub struct Clustered {
    num_units: usize,
    counts: BTreeMap<(u32, u32), usize>,
}

impl Clustered {
    /// Coincident spikes of two sortings; the first true spike within reach counts.
    pub fn of_sortings(truth: &Sorting, sorting: &Sorting) -> Self {
        let delta = (DELTA_MS * 1e-3 * truth.sampling_frequency) as i64;
        let mut counts = BTreeMap::new();
        for (own, found) in truth.segments.iter().zip(&sorting.segments) {
            for (&sample, &label) in found.sample_index.iter().zip(found.unit_index.iter()) {
                let first = own.sample_index.partition_point(|&s| s < sample - delta);
                // Every true spike within reach counts: chance is small beside what a unit is made of.
                let mut any = false;
                for i in
                    (first..own.sample_index.len()).take_while(|&i| own.sample_index[i] <= sample + delta)
                {
                    *counts.entry((own.unit_index[i], label)).or_insert(0) += 1;
                    any = true;
                }
                if !any {
                    *counts.entry((NO_CLUSTER, label)).or_insert(0) += 1;
                }
            }
        }
        Self { num_units: truth.num_units(), counts }
    }

    fn of_unit(&self, unit: usize) -> impl Iterator<Item = (u32, usize)> {
        self.counts.range((unit as u32, 0)..=(unit as u32, NO_CLUSTER)).map(|(&(_, label), &n)| (label, n))
    }

    /// The largest cluster of a unit and its peaks in it.
    fn best(&self, unit: usize) -> Option<(u32, usize)> {
        self.of_unit(unit).filter(|(label, _)| *label != NO_CLUSTER).max_by_key(|&(label, n)| (n, label))
    }

    /// Share of each unit's peaks in its largest cluster.
    pub fn shares(&self) -> Vec<f64> {
        let all = |unit: usize| self.of_unit(unit).map(|(_, n)| n).sum::<usize>().max(1) as f64;
        (0..self.num_units).map(|u| self.best(u).map_or(0.0, |(_, n)| n as f64 / all(u))).collect()
    }

    /// Share of the unit's peaks among those of its largest cluster.
    pub fn purities(&self) -> Vec<f64> {
        let size = |label: u32| {
            let of_label = self.counts.iter().filter(|((_, l), _)| *l == label);
            of_label.map(|(_, &n)| n).sum::<usize>().max(1) as f64
        };
        (0..self.num_units).map(|u| self.best(u).map_or(0.0, |(label, n)| n as f64 / size(label))).collect()
    }

    /// What a unit of the result is made of, in words.
    pub fn description(&self, label: usize, names: &[Id]) -> String {
        let of_label = self.counts.iter().filter(|((_, l), _)| *l as usize == label);
        let mut parts: Vec<(usize, u32)> = of_label.map(|(&(unit, _), &n)| (n, unit)).collect();
        parts.sort_unstable_by(|a, b| b.cmp(a));
        let total: usize = parts.iter().map(|p| p.0).sum();
        let name = |unit: u32| match names.get(unit as usize) {
            Some(id) => format!("of {id}"),
            None => "of none".to_owned(),
        };
        let largest: Vec<String> =
            parts.iter().take(4).map(|&(n, unit)| format!("{n} {}", name(unit))).collect();
        format!("{total} spikes: {}", largest.join(", "))
    }
}
