//! From matches to a sorting: duplicates and stray units removed, amplitudes and places given.

use crate::{
    data::{Id, Recording, Sorting, SpikeTrains, Stage, Table, TableColumn, Templates, units::ms_to_samples},
    engine::{
        EngineError, Monitor,
        eigen::inverse,
        matching::{Matching, Spike},
    },
};
use ndarray::Array2;

/// Settings of [`finish`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinishParams {
    /// Two spikes of a unit closer than this are one, in ms.
    pub duplicate_spike_ms: f64,
    /// Units with fewer spikes are left out.
    pub min_spikes: usize,
    /// Units that fire less often than this are left out, in Hz.
    pub min_firing_rate_hz: f64,
}

impl Default for FinishParams {
    fn default() -> Self {
        Self { duplicate_spike_ms: 0.25, min_spikes: 20, min_firing_rate_hz: 0.05 }
    }
}

/// The sorting of a matching, and the templates of the units that are left.
///
/// Amplitudes are the unit's largest sample before whitening times the factor of the spike: in µV where the gains are
/// known, else in raw units; where the recording was not whitened by its own stages, in the units of the templates.
///
/// # Errors
/// Where it is cancelled.
pub fn finish(
    recording: &Recording,
    templates: &Templates,
    matching: &Matching,
    params: &FinishParams,
    monitor: &dyn Monitor,
) -> Result<(Sorting, Templates), EngineError> {
    if monitor.cancelled() {
        return Err(EngineError::Cancelled);
    }
    let info = recording.info();
    let num_units = templates.num_units();
    let gate = ms_to_samples(params.duplicate_spike_ms, info.sampling_frequency) as i64;
    let spikes = without_duplicates(&matching.spikes, num_units, gate);
    let mut counts = vec![0usize; num_units];
    for spike in &spikes {
        counts[spike.unit as usize] += 1;
    }
    let least =
        (params.min_firing_rate_hz * info.duration_s() * matching.coverage).max(params.min_spikes as f64);
    let kept: Vec<usize> = (0..num_units).filter(|&u| counts[u] as f64 >= least).collect();
    if kept.is_empty() {
        monitor.warn("no units were found");
    }
    let mut new_index = vec![None; num_units];
    for (new, &old) in kept.iter().enumerate() {
        new_index[old] = Some(new as u32);
    }
    let scales = Scales::of(recording);
    let shapes: Vec<UnitShape> = kept.iter().map(|&unit| scales.shape(templates, unit)).collect();
    let segments = info
        .segments
        .iter()
        .enumerate()
        .map(|(segment, about)| {
            let own: Vec<(&Spike, u32)> = spikes
                .iter()
                .filter(|s| s.segment as usize == segment)
                .filter_map(|s| Some((s, new_index[s.unit as usize]?)))
                .collect();
            let located = shapes.iter().all(|s| s.location_um.is_some());
            SpikeTrains {
                sample_index: own.iter().map(|(s, _)| s.sample).collect(),
                unit_index: own.iter().map(|(_, u)| *u).collect(),
                amplitude: Some(own.iter().map(|(s, u)| s.scale * shapes[*u as usize].amplitude).collect()),
                location_um: located
                    .then(|| own.iter().filter_map(|(_, u)| shapes[*u as usize].location_um).collect()),
                num_frames: Some(about.num_frames),
            }
        })
        .collect();
    let mut properties = Table::default();
    properties.set("channel_index", TableColumn::Int(shapes.iter().map(|s| s.channel as i64).collect()));
    properties.set("amplitude", TableColumn::Float(shapes.iter().map(|s| f64::from(s.amplitude)).collect()));
    let sorting = Sorting {
        sampling_frequency: info.sampling_frequency,
        unit_ids: Id::range(kept.len()),
        segments,
        properties,
        amplitudes_in_uv: scales.in_uv,
    };
    let templates = Templates {
        unit_ids: Id::range(kept.len()),
        channel_indices: kept.iter().map(|&u| templates.channel_indices[u].clone()).collect(),
        waveforms: kept.iter().map(|&u| templates.waveforms[u].clone()).collect(),
        ..templates.clone()
    };
    Ok((sorting, templates))
}

/// Of two spikes of a unit within `gate` samples the one with the larger gain is kept.
fn without_duplicates(spikes: &[Spike], num_units: usize, gate: i64) -> Vec<Spike> {
    let mut last: Vec<Option<usize>> = vec![None; num_units];
    let mut keep = vec![true; spikes.len()];
    for (index, spike) in spikes.iter().enumerate() {
        let place = &mut last[spike.unit as usize];
        if let Some(before) = *place
            && spikes[before].segment == spike.segment
            && spike.sample - spikes[before].sample <= gate
        {
            if spike.gain > spikes[before].gain {
                keep[before] = false;
                *place = Some(index);
            } else {
                keep[index] = false;
            }
            continue;
        }
        *place = Some(index);
    }
    spikes.iter().zip(keep).filter(|(_, keep)| *keep).map(|(s, _)| *s).collect()
}

/// What a unit looks like before whitening.
struct UnitShape {
    channel: usize,
    amplitude: f32,
    location_um: Option<[f32; 2]>,
}

/// How to undo the whitening of a recording.
struct Scales {
    unwhiten: Option<Array2<f64>>,
    gain: Option<Vec<f64>>,
    in_uv: bool,
}

impl Scales {
    /// Reads the last whitening stage of the recording and the gains before it.
    fn of(recording: &Recording) -> Self {
        let place =
            recording.stages().iter().rposition(|s| matches!(s, Stage::LinearMap { whitens: true, .. }));
        let (unwhiten, before) = match place.map(|p| (&recording.stages()[p], &recording.stages()[..p])) {
            Some((Stage::LinearMap { weights, .. }, before)) => (inverse(weights), before),
            _ => (None, recording.stages()),
        };
        // The description before whitening tells the gains; channels cannot change after it.
        let mut info = recording.source().info().clone();
        for stage in before {
            if let Ok(next) = stage.apply_to_info(&info) {
                info = next;
            }
        }
        let gain = info.gain_to_uv.filter(|g| g.len() == recording.info().num_channels());
        let known = gain.is_some() && (place.is_none() || unwhiten.is_some());
        Self { unwhiten, in_uv: known, gain: gain.filter(|_| known) }
    }

    fn shape(&self, templates: &Templates, unit: usize) -> UnitShape {
        let (waveform, channels) = (&templates.waveforms[unit], &templates.channel_indices[unit]);
        let num_channels = templates.channel_ids.len();
        let mut dense = Array2::<f64>::zeros((waveform.nrows(), num_channels));
        for (column, &channel) in channels.iter().enumerate() {
            for t in 0..waveform.nrows() {
                dense[[t, channel as usize]] = f64::from(waveform[[t, column]]);
            }
        }
        // Traces are mapped as rows of channels: x' = W x.
        let mut raw = match &self.unwhiten {
            Some(unwhiten) => dense.dot(&unwhiten.t()),
            None => dense,
        };
        if let Some(gain) = &self.gain {
            for (mut column, g) in raw.columns_mut().into_iter().zip(gain) {
                column *= *g;
            }
        }
        // The largest sample lies on a channel the template has.
        let mut best = (0.0f64, channels.first().map_or(0, |&c| c as usize));
        for &channel in channels {
            for &value in raw.column(channel as usize) {
                if value.abs() > best.0.abs() {
                    best = (value, channel as usize);
                }
            }
        }
        UnitShape {
            channel: best.1,
            amplitude: best.0 as f32,
            location_um: center(&raw, channels, &templates.locations_um),
        }
    }
}

/// Centre of mass of the squared spans of the channels.
fn center(raw: &Array2<f64>, channels: &[u32], locations_um: &[[f64; 2]]) -> Option<[f32; 2]> {
    let (mut sum, mut total) = ([0.0f64; 2], 0.0f64);
    for &channel in channels {
        let position = locations_um.get(channel as usize)?;
        let column = raw.column(channel as usize);
        let span =
            column.iter().copied().fold(f64::MIN, f64::max) - column.iter().copied().fold(f64::MAX, f64::min);
        let weight = span * span;
        sum[0] += weight * position[0];
        sum[1] += weight * position[1];
        total += weight;
    }
    (total > 0.0).then(|| [(sum[0] / total) as f32, (sum[1] / total) as f32])
}
