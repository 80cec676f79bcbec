//! Explains the traces as a sum of templates: spike times, also where spikes overlap.

mod artefacts;
mod bank;
mod cleaned;
mod noise;
mod peel;
mod refit;
mod spikes;
#[cfg(test)]
mod tests;

pub use bank::{BankUnit, NUM_PHASES, TemplateBank};
pub use peel::{Match, PeelLimits, Peeler};
pub use spikes::to_sorting;

use super::{
    EngineError, Monitor, Preview,
    chain::Chain,
    checkpoint::{Checkpoint, Piece, put_column, take_column},
    detect::{ARTEFACT_MS, artefacts_in},
    geometry::Geometry,
    passes::{SpanData, all_spans, joined, over_pieces_kept, survey_spans},
    waveforms::channels_around,
};
use crate::data::{Features, Peaks, RecordingInfo, Templates, units::ms_to_samples};
use artefacts::Quiet;
use cleaned::Cleaner;
use std::sync::atomic::{AtomicU64, Ordering};

/// Settings of [`match_templates`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatchParams {
    /// A match must lower the residual's energy by the square of this many noise levels, as the noise shows in the
    /// template's own score: filtered noise is louder in the band of spikes.
    pub threshold: f64,
    /// Least factor of the template.
    pub amplitude_min: f64,
    /// Greatest factor of the template.
    pub amplitude_max: f64,
    /// Expected spread of the factor about one.
    pub amplitude_std: f64,
    /// A unit does not fire twice within this time, in ms.
    pub refractory_ms: f64,
    /// Spikes that overlap are fitted together, and each looked at again with the others subtracted.
    pub joint_refit: bool,
    /// Two spikes of a unit that remain closer than this are one, in ms.
    pub duplicate_spike_ms: f64,
    /// Temporal components.
    pub num_components: usize,
    /// Match only about this much of the recording, spread evenly, in seconds; everything where `None`.
    pub max_duration_s: Option<f64>,
    /// Spikes per unit whose collision-cleaned features are kept, evenly in time; zero for none.
    pub features_per_unit: usize,
    /// Channels of those features lie within this of the unit's main channel, in µm.
    pub features_radius_um: f64,
    /// Channels of those features at most.
    pub features_channels: usize,
    /// Where there is a probe, say where each spike is.
    pub locate: bool,
}

impl Default for MatchParams {
    fn default() -> Self {
        Self {
            threshold: 4.3,
            amplitude_min: 0.5,
            amplitude_max: 1.8,
            amplitude_std: 0.15,
            refractory_ms: 0.33,
            joint_refit: true,
            duplicate_spike_ms: 0.25,
            num_components: 6,
            max_duration_s: None,
            features_per_unit: 0,
            features_radius_um: 100.0,
            features_channels: 12,
            locate: true,
        }
    }
}

/// A spike of the result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// Segment.
    pub segment: u32,
    /// Frame within the segment, rounded.
    pub sample: i64,
    /// Unit, an index into the templates.
    pub unit: u32,
    /// Factor of the template.
    pub scale: f32,
    /// Drop of the residual's energy, in squared noise levels.
    pub gain: f32,
    /// Where it is, `[x, y]` in µm: the centre of its features' energy, with all other spikes subtracted.
    pub location_um: Option<[f32; 2]>,
}

/// What [`match_templates`] finds.
#[derive(Clone, Debug)]
pub struct Matching {
    /// Spikes in order of `(segment, sample, unit)`.
    pub spikes: Vec<Spike>,
    /// Collision-cleaned features of some spikes, on the bank's basis, with the unit's main channel as channel.
    pub features: Features,
}

/// Filters ring this long before and after an artefact, in ms: no spikes are taken from there.
const AROUND_ARTEFACT_MS: f64 = 2.0;

/// Frames matched at once; overlapping spikes near its ends are resolved with the context around it.
const SUB_BLOCK: usize = 2048;

/// Matches templates against all of the recording (or evenly spread parts of it).
///
/// The traces must have noise of variance one on every channel (whitened), and the templates be in the same units.
/// Spikes are found in global best-first order within stretches of 2048 frames with three template lengths of
/// context on either side; a spike belongs to the stretch that holds its sample.
///
/// # Errors
/// Where samples cannot be read, the templates are of another recording, or it is cancelled.
///
/// # Source
/// The greedy objective is that of Kilosort (Pachitariu et al. 2024), the amplitude prior that of wobble
/// (SpikeInterface); exact best-first order and subtraction between samples are ours.
pub fn match_templates(
    chain: &Chain,
    templates: &Templates,
    params: &MatchParams,
    monitor: &dyn Monitor,
) -> Result<Matching, EngineError> {
    match_templates_kept(chain, templates, params, monitor, None)
}

/// As [`match_templates`], going on after the parts that an earlier try kept.
pub(super) fn match_templates_kept(
    chain: &Chain,
    templates: &Templates,
    params: &MatchParams,
    monitor: &dyn Monitor,
    checkpoint: Option<Checkpoint>,
) -> Result<Matching, EngineError> {
    let info = chain.info();
    if templates.channel_ids.len() != info.num_channels() {
        return Err(EngineError::Data(format!(
            "the templates have {} channels, the recording {}: estimate them on this recording",
            templates.channel_ids.len(),
            info.num_channels()
        )));
    }
    if (templates.sampling_frequency - info.sampling_frequency).abs() > 1e-6 * info.sampling_frequency {
        return Err(EngineError::Data(format!(
            "the templates have {} Hz, the recording {} Hz: estimate them on this recording",
            templates.sampling_frequency, info.sampling_frequency
        )));
    }
    let geometry = Geometry::of(info)?;
    let chain = &chain.sufficient();
    let bank = TemplateBank::new(templates, params.num_components, chain.step());
    let noise = noise::score_noise(chain, &bank, monitor)?;
    let limits = PeelLimits {
        gain: noise.iter().map(|v| (params.threshold * params.threshold) as f32 * v).collect(),
        prior: noise.iter().map(|v| v / (params.amplitude_std * params.amplitude_std) as f32).collect(),
        amplitude: (params.amplitude_min as f32, params.amplitude_max as f32),
        refractory: ms_to_samples(params.refractory_ms, info.sampling_frequency),
        joint_refit: params.joint_refit,
    };
    let spans = match params.max_duration_s {
        Some(duration) => survey_spans(chain, duration),
        None => all_spans(chain),
    };
    let sampling = Sampling::new(&bank, &geometry, info, params, spans.len(), templates);
    // Three lengths in which spikes are found, the last of which reach a length further.
    let pad = 4 * bank.thinned.num_samples();
    let in_samples = |ms: f64| ms_to_samples(ms, info.sampling_frequency).div_ceil(chain.step());
    let (window, around) = (in_samples(ARTEFACT_MS), in_samples(AROUND_ARTEFACT_MS));
    let counted = AtomicU64::new(0);
    let find = |data: &SpanData, (peeler, quiet): &mut (Peeler, Quiet), part: &mut Part| {
        let artefacts = artefacts_in(data.block, &geometry, window);
        let block =
            if artefacts.is_empty() { data.block } else { quiet.without(data.block, &artefacts, around) };
        let matches = peeler.run(&bank, block, 0..block.num_frames(), &limits);
        let cleaner = Cleaner { bank: &bank, block, matches: &matches };
        let before = part.spikes.len();
        sampling.collect(&cleaner, data, part);
        let more = (part.spikes.len() - before) as u64;
        let total = counted.fetch_add(more, Ordering::Relaxed) + more;
        monitor.preview(Preview::Counts { num_spikes: total, num_units: bank.units.len() as u64 });
        Ok(())
    };
    let parts = over_pieces_kept(chain, &spans, (pad, SUB_BLOCK), monitor, checkpoint, find)?;
    let mut matching = sampling.finish(parts, &bank, chain);
    let gate = ms_to_samples(params.duplicate_spike_ms, info.sampling_frequency) as i64;
    spikes::remove_duplicates(&mut matching.spikes, bank.units.len(), gate);
    Ok(matching)
}

/// What one span gives.
#[derive(Default)]
struct Part {
    spikes: Vec<Spike>,
    /// Index into `spikes` of each row of features.
    rows: Vec<u32>,
    values: Vec<f32>,
    taken: Vec<u32>,
    scratch: [Vec<f32>; 2],
}

impl Piece for Part {
    fn to_bytes(&self) -> Vec<u8> {
        let (spikes, mut out) = (&self.spikes, Vec::new());
        put_column(&spikes.iter().map(|s| s.sample).collect::<Vec<_>>(), &mut out);
        put_column(&spikes.iter().map(|s| [s.segment, s.unit]).collect::<Vec<_>>(), &mut out);
        put_column(&spikes.iter().map(|s| [s.scale, s.gain]).collect::<Vec<_>>(), &mut out);
        put_column(&spikes.iter().filter_map(|s| s.location_um).collect::<Vec<_>>(), &mut out);
        put_column(&self.rows, &mut out);
        put_column(&self.values, &mut out);
        out
    }

    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let (samples, places) = (take_column::<i64>(&mut bytes)?, take_column::<[u32; 2]>(&mut bytes)?);
        let (sizes, locations) = (take_column::<[f32; 2]>(&mut bytes)?, take_column::<[f32; 2]>(&mut bytes)?);
        // All spikes are located, or none.
        let columns = samples.into_iter().zip(places).zip(sizes).enumerate();
        let spikes = columns
            .map(|(index, ((sample, [segment, unit]), [scale, gain]))| {
                let location_um = locations.get(index).copied();
                Spike { segment, sample, unit, scale, gain, location_um }
            })
            .collect();
        let (rows, values) = (take_column(&mut bytes)?, take_column(&mut bytes)?);
        Some(Self { spikes, rows, values, ..Self::default() })
    }
}

/// Which spikes' features are kept, and on which channels.
struct Sampling {
    quota: u32,
    main_channels: Vec<u32>,
    neighbors: Vec<Vec<u32>>,
    max_channels: usize,
    /// Where the channels are, and those around each unit, where spikes are to be located.
    places: Option<(Vec<[f64; 2]>, Vec<Vec<u32>>)>,
}

/// Channels within this of a unit's main channel tell where its spikes are, in µm.
const LOCATION_RADIUS_UM: f64 = 75.0;

impl Sampling {
    fn new(
        bank: &TemplateBank,
        geometry: &Geometry,
        info: &RecordingInfo,
        params: &MatchParams,
        num_spans: usize,
        templates: &Templates,
    ) -> Self {
        let main_channels: Vec<u32> = (0..bank.units.len())
            .map(|unit| templates.extremum(unit).map_or(0, |(channel, _, _)| channel as u32))
            .collect();
        let neighbors = geometry.neighbors(params.features_radius_um, params.features_channels);
        let max_channels = neighbors.iter().map(Vec::len).max().unwrap_or(0);
        let quota = params.features_per_unit.div_ceil(num_spans.max(1)) as u32;
        let around = |&channel: &u32| channels_around(info, channel as usize, LOCATION_RADIUS_UM);
        let places = (info.locations_um().filter(|_| params.locate))
            .map(|places| (places, main_channels.iter().map(around).collect()));
        Self { quota, main_channels, neighbors, max_channels, places }
    }

    /// Keeps the matches of `frames` and the features of the first few of each unit.
    fn collect(&self, cleaner: &Cleaner, data: &SpanData, part: &mut Part) {
        let bank = cleaner.bank;
        let row = self.max_channels * bank.num_components();
        part.taken.resize(bank.units.len(), 0);
        for (index, found) in cleaner.matches.iter().enumerate() {
            let frame = data.block.first_frame() * bank.step + found.sample;
            if !data.frames.contains(&(frame / bank.step)) {
                continue;
            }
            let taken = &mut part.taken[found.unit as usize];
            if *taken < self.quota {
                *taken += 1;
                part.rows.push(part.spikes.len() as u32);
                let start = part.values.len();
                part.values.resize(start + row, 0.0);
                let channels = &self.neighbors[self.main_channels[found.unit as usize] as usize];
                let used = channels.len() * bank.num_components();
                let out = &mut part.values[start..start + used];
                cleaner.features(index, channels, &mut part.scratch[0], out);
            }
            let location_um = self.places.as_ref().map(|(places, around)| {
                cleaner.location(index, &around[found.unit as usize], places, &mut part.scratch)
            });
            part.spikes.push(Spike {
                segment: data.span.segment as u32,
                sample: frame as i64,
                unit: found.unit,
                scale: found.scale,
                gain: found.gain,
                location_um,
            });
        }
    }

    fn finish(self, mut parts: Vec<Part>, bank: &TemplateBank, chain: &Chain) -> Matching {
        let rows: Vec<(Spike, u32)> = parts
            .iter()
            .flat_map(|part| part.rows.iter().map(|&i| part.spikes[i as usize]))
            .map(|spike| (spike, self.main_channels[spike.unit as usize]))
            .collect();
        let values = joined(parts.iter_mut().map(|part| std::mem::take(&mut part.values)).collect());
        let features = Features {
            peaks: Peaks {
                sampling_frequency: chain.info().sampling_frequency,
                num_channels: chain.info().num_channels(),
                segment_index: rows.iter().map(|(s, _)| s.segment).collect(),
                sample_index: rows.iter().map(|(s, _)| s.sample).collect(),
                channel_index: rows.iter().map(|(_, c)| *c).collect(),
                amplitude: rows.iter().map(|(s, _)| s.scale).collect(),
                location_um: None,
            },
            basis: bank.basis.components.clone(),
            num_before: bank.basis.num_before,
            neighbors: self.neighbors,
            max_channels: self.max_channels,
            values: values.into(),
            units: Some(rows.iter().map(|(s, _)| s.unit).collect()),
        };
        let mut spikes: Vec<Spike> = parts.into_iter().flat_map(|part| part.spikes).collect();
        spikes.sort_by_key(|s| (s.segment, s.sample, s.unit));
        Matching { spikes, features }
    }
}
