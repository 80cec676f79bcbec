//! Units of a sorted recording put back into it, at other times and contacts: real spikes in real noise, all of them
//! known.

use super::{GenerateParams, Purpose, Seeds, trains::train};
use crate::{
    data::{
        Id, Recording, RecordingInfo, Sorting, Source, SourceError, SpikeTrains, Table, TableColumn,
        Templates,
    },
    engine::{
        EngineError,
        chain::{ChainSource, compile},
        geometry::Geometry,
    },
};
use ndarray::Array2;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// Settings of a hybrid recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HybridParams {
    /// Units that are put in, made of the templates in turn.
    #[schemars(range(min = 1, max = 2_000), extend("soft" = [1, 100]))]
    pub num_units: usize,
    /// Smallest and largest size of a unit, as a factor of the unit it is made of.
    pub amplitude_factor_range: [f64; 2],
    /// Templates whose largest sample is smaller than this part of the largest template's are not used.
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub min_relative_amplitude: f64,
    /// Median firing rate; rates of units are log-normal around it.
    #[schemars(range(min = 0.05, max = 100.0), extend("unit" = "Hz"))]
    pub median_firing_rate_hz: f64,
    /// Spread of the firing rates: standard deviation of their natural logarithm.
    #[schemars(range(min = 0.0, max = 2.0), extend("advanced" = true))]
    pub firing_rate_spread: f64,
    /// Shortest interval between two spikes of a unit.
    #[schemars(range(min = 0.5, max = 20.0), extend("unit" = "ms"))]
    pub refractory_period_ms: f64,
    /// Variation of a unit's amplitude from spike to spike, as a share of it (standard deviation).
    #[schemars(range(min = 0.0, max = 0.3), extend("advanced" = true))]
    pub amplitude_variation: f64,
    /// Another seed gives other places and times. The seed of the pipeline counts as well.
    #[schemars(extend("advanced" = true))]
    pub seed: u64,
}

impl Default for HybridParams {
    fn default() -> Self {
        Self {
            num_units: 10,
            amplitude_factor_range: [0.8, 1.2],
            min_relative_amplitude: 0.0,
            median_firing_rate_hz: 5.0,
            firing_rate_spread: 0.5,
            refractory_period_ms: 4.0,
            amplitude_variation: 0.06,
            seed: 0,
        }
    }
}

impl HybridParams {
    /// What is wrong with the parameters beyond their ranges, as `(field, message)`.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let [low, high] = self.amplitude_factor_range;
        if low > 0.0 && low <= high && high <= 100.0 {
            return Vec::new();
        }
        let message = format!("{low} to {high}; give two numbers above 0, the smaller first, at most 100");
        vec![("amplitude_factor_range", message)]
    }

    fn seeds(&self, document: u64) -> Seeds {
        Seeds { document, node: self.seed }
    }
}

/// Contacts that are no further from where a template should go are where it goes, in µm.
const SAME_PLACE_UM: f64 = 1.0;
/// Least part of a template's energy that must find contacts at its new place.
const LEAST_ENERGY: f32 = 0.9;
/// Part of a waveform at either end over which it is faded out.
const FADED: f64 = 0.1;

/// A template at its new contacts, in the recording's own units.
#[derive(Clone, Debug, PartialEq)]
pub struct HybridUnit {
    /// The template it is made of, an index.
    pub template: usize,
    /// Channel of its largest sample.
    pub peak_channel: usize,
    /// Its largest sample, in the units of the template.
    pub amplitude: f64,
    channels: Vec<usize>,
    /// `(num_samples, channels)`.
    waveform: Array2<f32>,
}

/// Draws which template goes where.
///
/// With a probe a template moves along the contacts: all of its channels by the same distance, to contacts that are
/// there. Where none are, as on a tetrode, its waveforms go round the channels of its group.
///
/// # Errors
/// Where the templates belong to another recording, or can be put nowhere else.
pub fn hybrid_units(
    info: &RecordingInfo,
    templates: &Templates,
    params: &HybridParams,
    document_seed: u64,
) -> Result<Vec<HybridUnit>, EngineError> {
    let refuse = |text: String| Err(EngineError::Data(text));
    if templates.channel_ids != info.channel_ids
        || (templates.sampling_frequency - info.sampling_frequency).abs() > 1e-6 * info.sampling_frequency
    {
        return refuse(
            "the templates are of other channels or another rate than the recording: compute them on this recording"
                .into(),
        );
    }
    let gain = match (&info.gain_to_uv, templates.in_uv) {
        (_, false) => vec![1.0; info.num_channels()],
        (Some(gain), true) => gain.clone(),
        (None, true) => {
            return refuse(
                "the templates are in µV and the gains of the recording are not known: set them".into(),
            );
        }
    };
    let size = |unit: usize| templates.extremum(unit).map_or(0.0, |(_, _, value)| f64::from(value.abs()));
    let largest = (0..templates.num_units()).map(size).fold(0.0, f64::max);
    let usable: Vec<usize> = (0..templates.num_units())
        .filter(|&unit| size(unit) > 0.0 && size(unit) >= params.min_relative_amplitude * largest)
        .collect();
    let geometry = Geometry::known_of(info);
    let seeds = params.seeds(document_seed);
    let mut used = BTreeSet::new();
    let mut units = Vec::new();
    for index in 0..params.num_units.min(usable.len() * info.num_channels()) {
        let template = usable[index % usable.len()];
        let mut rng = seeds.stream(Purpose::HybridPlace, index as u64);
        let moves: Vec<Vec<Option<usize>>> = moves(&geometry, templates, template)
            .into_iter()
            .filter(|to| !used.contains(&(template, to.clone())))
            .collect();
        let [low, high] = params.amplitude_factor_range;
        let (choice, share) = (rng.random::<f64>(), rng.random::<f64>());
        let Some(to) = moves.get((choice * moves.len() as f64) as usize) else { continue };
        used.insert((template, to.clone()));
        let mut unit = placed(templates, template, to, low * (high / low).powf(share));
        for (mut column, &channel) in unit.waveform.columns_mut().into_iter().zip(&unit.channels) {
            column /= gain[channel] as f32;
        }
        units.push(unit);
    }
    if units.is_empty() {
        return refuse(
            "no template can be put elsewhere: there are none, or the contacts around it are like nowhere else on the \
             probe"
                .into(),
        );
    }
    Ok(units)
}

/// Where the channels of a template can go: for each way a channel, or none, for each of its channels.
fn moves(geometry: &Geometry, templates: &Templates, unit: usize) -> Vec<Vec<Option<usize>>> {
    let channels: Vec<usize> = templates.channel_indices[unit].iter().map(|&c| c as usize).collect();
    let energies: Vec<f32> =
        templates.waveforms[unit].columns().into_iter().map(|c| c.iter().map(|x| x * x).sum()).collect();
    let Some((main, _, _)) = templates.extremum(unit) else { return Vec::new() };
    let total: f32 = energies.iter().sum();
    let all = 0..geometry.num_channels();
    if let Some(positions) = &geometry.positions_um {
        let found: Vec<Vec<Option<usize>>> = all
            .clone()
            .filter(|&target| target != main)
            .map(|target| {
                let by = [0, 1].map(|axis| positions[target][axis] - positions[main][axis]);
                let there = |&channel: &usize| {
                    let [x, y] = [0, 1].map(|axis| positions[channel][axis] + by[axis]);
                    all.clone().find(|&c| {
                        geometry.groups[c] == geometry.groups[target]
                            && (positions[c][0] - x).hypot(positions[c][1] - y) <= SAME_PLACE_UM
                    })
                };
                channels.iter().map(there).collect::<Vec<_>>()
            })
            .filter(|to| {
                let kept: f32 = to.iter().zip(&energies).filter(|(to, _)| to.is_some()).map(|(_, e)| e).sum();
                kept >= LEAST_ENERGY * total && to.iter().zip(&channels).any(|(to, from)| *to != Some(*from))
            })
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    let group: Vec<usize> = all.filter(|&c| geometry.groups[c] == geometry.groups[main]).collect();
    let turned = |by: usize| -> Vec<Option<usize>> {
        let next = |c: &usize| group.iter().position(|g| g == c).map(|i| group[(i + by) % group.len()]);
        channels.iter().map(next).collect()
    };
    (1..group.len()).map(turned).collect()
}

/// A template on its new channels, faded in from and out to nothing.
fn placed(templates: &Templates, template: usize, to: &[Option<usize>], factor: f64) -> HybridUnit {
    let from = &templates.waveforms[template];
    let columns: Vec<usize> = (0..to.len()).filter(|&i| to[i].is_some()).collect();
    let channels: Vec<usize> = to.iter().flatten().copied().collect();
    let n = templates.num_samples;
    let edge = ((FADED * n as f64) as usize).max(1);
    let mut waveform = Array2::zeros((n, columns.len()));
    for (column, &i) in columns.iter().enumerate() {
        let own = from.column(i);
        // What is there before the spike, an offset say, is not part of it.
        let base = own.iter().take(edge).sum::<f32>() / edge as f32;
        for t in 0..n {
            let fade = (t.min(n - 1 - t) as f64 / edge as f64).min(1.0);
            let weight = 0.5 - 0.5 * (std::f64::consts::PI * fade).cos();
            waveform[[t, column]] = (f64::from(own[t] - base) * weight * factor) as f32;
        }
    }
    let peak = waveform.indexed_iter().max_by(|a, b| f32::total_cmp(&a.1.abs(), &b.1.abs()));
    let (column, amplitude) = peak.map_or((0, 0.0), |((_, column), &value)| (column, f64::from(value)));
    let peak_channel = channels.get(column).copied().unwrap_or(0);
    HybridUnit { template, peak_channel, amplitude, channels, waveform }
}

/// Draws the spikes of the units that are put in: what a sorter should find of them.
///
/// Amplitudes are those of the largest sample in the units of the templates. Properties of the units: `template` (the
/// unit they are made of), `peak_channel`, `amplitude`, `firing_rate` (Hz).
pub fn hybrid_truth(
    info: &RecordingInfo,
    templates: &Templates,
    units: &[HybridUnit],
    params: &HybridParams,
    document_seed: u64,
) -> Sorting {
    let seeds = params.seeds(document_seed);
    let (before, samples) = (templates.num_before as i64, templates.num_samples as i64);
    let mut counts = vec![0usize; units.len()];
    let segments = info
        .segments
        .iter()
        .enumerate()
        .map(|(segment, found)| {
            let frames = found.num_frames as i64;
            let firing = GenerateParams {
                duration_s: frames as f64 / info.sampling_frequency,
                sampling_frequency: info.sampling_frequency,
                median_firing_rate_hz: params.median_firing_rate_hz,
                firing_rate_spread: params.firing_rate_spread,
                refractory_period_ms: params.refractory_period_ms,
                ..GenerateParams::default()
            };
            let mut spikes: Vec<(i64, u32, f32)> = Vec::new();
            for (index, unit) in units.iter().enumerate() {
                // A unit keeps its rate from segment to segment.
                let mut rng = seeds.stream(Purpose::HybridTrain, index as u64);
                for (time_s, _) in train(&mut rng, &firing, None) {
                    let sample = (time_s * info.sampling_frequency).round() as i64 + segment as i64;
                    let variation: f64 = StandardNormal.sample(&mut rng);
                    let factor = (1.0 + params.amplitude_variation * variation).clamp(0.6, 1.4);
                    if sample >= before && sample + samples - before <= frames {
                        spikes.push((sample, index as u32, (factor * unit.amplitude) as f32));
                        counts[index] += 1;
                    }
                }
            }
            spikes.sort_by_key(|&(sample, unit, _)| (sample, unit));
            SpikeTrains {
                sample_index: spikes.iter().map(|s| s.0).collect(),
                unit_index: spikes.iter().map(|s| s.1).collect(),
                amplitude: Some(spikes.iter().map(|s| s.2).collect()),
                location_um: None,
                num_frames: Some(found.num_frames),
            }
        })
        .collect();
    let mut properties = Table::default();
    let source = |unit: &HybridUnit| templates.unit_ids[unit.template].to_string();
    properties.set("template", TableColumn::Text(units.iter().map(source).collect()));
    properties.set("peak_channel", TableColumn::Int(units.iter().map(|u| u.peak_channel as i64).collect()));
    properties.set("amplitude", TableColumn::Float(units.iter().map(|u| u.amplitude).collect()));
    let rate = |&count: &usize| count as f64 / info.duration_s();
    properties.set("firing_rate", TableColumn::Float(counts.iter().map(rate).collect()));
    Sorting {
        sampling_frequency: info.sampling_frequency,
        unit_ids: Id::range(units.len()),
        segments,
        properties,
        amplitudes_in_uv: templates.in_uv,
    }
}

/// A recording with the spikes of other units added as it is read.
#[derive(Debug)]
pub struct HybridSource {
    parent: ChainSource,
    units: Vec<HybridUnit>,
    num_before: usize,
    num_samples: usize,
    truth: Arc<Sorting>,
}

impl HybridSource {
    /// The recording with the spikes of a truth made by [`hybrid_truth`] for these units.
    ///
    /// # Errors
    /// Where the truth has other units or segments, or the recording cannot be read.
    pub fn new(
        recording: &Recording,
        templates: &Templates,
        units: Vec<HybridUnit>,
        truth: Arc<Sorting>,
    ) -> Result<Self, EngineError> {
        let fits = truth.num_units() == units.len()
            && truth.segments.len() == recording.info().segments.len()
            && truth.segments.iter().all(|s| s.amplitude.is_some());
        if !fits {
            return Err(EngineError::Data("the truth belongs to a hybrid of other parameters".into()));
        }
        let parent = ChainSource::new(compile(recording)?);
        let (num_before, num_samples) = (templates.num_before, templates.num_samples);
        Ok(Self { parent, units, num_before, num_samples, truth })
    }
}

impl Source for HybridSource {
    fn info(&self) -> &RecordingInfo {
        self.parent.info()
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        self.parent.read(segment, start, out)?;
        let channels = self.info().num_channels();
        let (start, frames) = (start as i64, (out.len() / channels) as i64);
        let Some(spikes) = self.truth.segments.get(segment) else { return Ok(()) };
        let Some(amplitudes) = &spikes.amplitude else { return Ok(()) };
        let samples = spikes.sample_index.as_slice();
        let reach = self.num_samples as i64;
        let from = samples.partition_point(|&s| s < start - reach);
        let to = samples.partition_point(|&s| s < start + frames + reach);
        for position in from..to {
            let Some(unit) = self.units.get(spikes.unit_index[position] as usize) else { continue };
            let factor = amplitudes[position] / unit.amplitude as f32;
            let first = samples[position] - self.num_before as i64 - start;
            for t in 0.max(-first)..reach.min(frames - first) {
                let row = &mut out[(first + t) as usize * channels..][..channels];
                for (&channel, value) in unit.channels.iter().zip(unit.waveform.row(t as usize)) {
                    row[channel] += factor * value;
                }
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<PathBuf> {
        self.parent.files()
    }
}

#[cfg(test)]
mod tests;
