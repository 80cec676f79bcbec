//! From matches to a sorting: parts of one neuron joined, stray units and echoes removed, amplitudes and places given.

use super::{
    echoes::{Echo, echoes},
    parts::join_parts,
};
use crate::{
    data::{
        Id, MotionCorrection, Notice, Recording, RecordingInfo, Remedy, Sorting, SpikeTrains, Stage, Table,
        TableColumn, Templates, units::ms_to_samples,
    },
    engine::{
        EngineError, Monitor,
        detect::lower_threshold,
        eigen::inverse,
        metrics::{
            MetricParams,
            amplitudes::{by_unit, cutoff},
        },
    },
};
use ndarray::Array2;

/// Settings of [`finish`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinishParams {
    /// Units with fewer spikes are left out.
    pub min_spikes: usize,
    /// Units that fire less often than this while they are there are left out, in Hz.
    pub min_firing_rate_hz: f64,
    /// Units that stand out by less than this many noise levels are left out as distant; zero for none. That is their largest
    /// sample, before whitening or after, more or less by the energy of the template and by the spikes that are missed.
    pub min_snr: f64,
    /// Units of which this share of the spikes is locked to larger units near them are left out as echoes, unless the others
    /// are much larger; of the rest only the spikes that are locked.
    pub echo_share: f64,
}

impl Default for FinishParams {
    fn default() -> Self {
        Self { min_spikes: 20, min_firing_rate_hz: 0.05, min_snr: 3.3, echo_share: 0.6 }
    }
}

/// What the weakest units are like: root of the energy of the whitened template, in noise levels at 30 kHz, and share of
/// the spikes that are too small to be found. The template of a crowd of distant neurons, found only where noise helps
/// them, is larger than they are, and most of their spikes are missed.
const USUAL: (f64, f64) = (10.5, 0.3);
const USUAL_RATE_HZ: f64 = 30_000.0;
/// So much of the largest sample each noise level of energy counts for, and all spikes missed against.
///
/// Fitted to 181 units of twelve tetrodes, four recordings of 32 channels and two of 128: two of them lie on the wrong side.
/// By the largest sample before whitening alone, and how many spikes are missed, there were 13.
const COUNTS: (f64, f64) = (0.31, 1.24);

/// A unit of echoes has spikes of its own beside them where those are so many times as large.
const OWN_SIZE: f32 = 1.5;

/// A template is largest within this of its spikes, in ms, where it was found by the largest part of a neuron.
const AT_SPIKES_MS: f64 = 0.1;

/// A unit that was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// The unit, as the templates call it.
    pub unit: Id,
    /// Spikes it had.
    pub num_spikes: usize,
    /// Why, for people.
    pub reason: String,
}

/// What [`finish`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Spikes with amplitudes (µV where gains are known) and locations.
    pub sorting: Sorting,
    /// Templates of its units.
    pub templates: Templates,
    /// Units that were left out.
    pub removed: Vec<Removed>,
}

/// The sorting of matches whose amplitudes are factors of their templates, cleaned of what is no unit.
///
/// Where the recording's motion was undone, units that take turns as the tissue moves are joined. Spikes that are locked to
/// those of a larger unit are left out, and units that have hardly any others.
///
/// Amplitudes become the unit's largest sample before whitening times the factor of the spike: in µV where the gains are
/// known, else in raw units; where the recording was not whitened by its own stages, in the units of the templates.
/// Where the matches are located and the motion of the tissue was undone, places become those on the moving probe.
///
/// # Errors
/// Where templates and sorting do not belong together, or it is cancelled.
pub fn finish(
    recording: &Recording,
    templates: &Templates,
    matched: &Sorting,
    params: &FinishParams,
    monitor: &dyn Monitor,
) -> Result<Finished, EngineError> {
    if monitor.cancelled() {
        return Err(EngineError::Cancelled);
    }
    let info = recording.info();
    if templates.unit_ids != matched.unit_ids || templates.channel_ids.len() != info.num_channels() {
        return Err(EngineError::Data(
            "templates, sorting and recording do not belong together: connect the templates that were matched on this \
             recording"
                .into(),
        ));
    }
    let scales = Scales::of(recording);
    let shapes: Vec<UnitShape> =
        (0..templates.num_units()).map(|unit| scales.shape(templates, unit)).collect();
    let had = matched.spike_counts();
    let joined = join_parts(recording, templates, matched, &shapes);
    let matched = joined.as_ref().map_or(matched, |joined| &joined.sorting);
    let counts = matched.spike_counts();
    let factors = by_unit(matched);
    // Nothing is the echo of what is no unit itself.
    let standing: Vec<Option<f64>> = (shapes.iter().enumerate())
        .map(|(unit, shape)| {
            let missed = cutoff(factors.as_ref()?.get(unit)?, &MetricParams::default());
            let missed = if missed.is_finite() { missed } else { USUAL.1 };
            Some(shape.snr? + COUNTS.0 * (shape.norm - USUAL.0) - COUNTS.1 * (missed - USUAL.1))
        })
        .collect();
    let is_distant = |unit: usize| standing[unit].is_some_and(|levels| levels < params.min_snr);
    let size = |unit: usize| if is_distant(unit) { 0.0 } else { shapes[unit].at_spikes.abs() };
    let sizes: Vec<f32> = (0..shapes.len()).map(size).collect();
    let mut echoes = echoes(matched, templates, &sizes, &info.groups);
    let present_s = present_s(matched, info);
    let least = |unit: usize| (params.min_firing_rate_hz * present_s[unit]).max(params.min_spikes as f64);
    let of_words = |echo: &Echo| {
        let of: Vec<String> = echo.of.iter().map(|&unit| templates.unit_ids[unit].to_string()).collect();
        of.join(", ")
    };
    for echo in echoes.iter_mut().filter(|echo| echo.share < params.echo_share) {
        echo.spare_driven();
    }
    let own = |unit: usize| echoes[unit].spikes.iter().filter(|locked| !**locked).count() as f64;
    let reasons: Vec<Option<String>> = (0..templates.num_units())
        .map(|unit| {
            if let Some(&(_, whole)) = joined.iter().flat_map(|j| &j.parts).find(|(part, _)| *part == unit) {
                return Some(format!(
                    "part of unit {}: they take turns as the tissue moves",
                    templates.unit_ids[whole]
                ));
            }
            if (counts[unit] as f64) < least(unit) {
                return Some("too few spikes".into());
            }
            let echo = &echoes[unit];
            let is_more = echo.rest > OWN_SIZE && own(unit) >= least(unit);
            if echo.share >= params.echo_share && !is_more || (!echo.of.is_empty() && own(unit) < least(unit))
            {
                let (share, of) = (100.0 * echo.share.min(1.0), of_words(echo));
                return Some(format!("echo: {share:.0} % of its spikes are locked to unit {of}"));
            }
            let standing = standing[unit].filter(|_| is_distant(unit) && params.min_snr > 0.0)?;
            Some(format!("distant: it stands out by {standing:.1} noise levels"))
        })
        .collect();
    let removed: Vec<Removed> = reasons
        .iter()
        .enumerate()
        .filter_map(|(unit, reason)| {
            let unit_id = templates.unit_ids[unit].clone();
            Some(Removed { unit: unit_id, num_spikes: had[unit], reason: reason.clone()? })
        })
        .collect();
    for Removed { unit, num_spikes, reason } in &removed {
        monitor.log(&format!("unit {unit} of {num_spikes} spikes left out: {reason}"));
    }
    let partly = |unit: &usize| reasons[*unit].is_none() && !echoes[*unit].of.is_empty();
    for unit in (0..reasons.len()).filter(partly) {
        let (all, left) = (counts[unit], counts[unit] - own(unit) as usize);
        let (id, of) = (&templates.unit_ids[unit], of_words(&echoes[unit]));
        monitor.log(&format!("{left} of the {all} spikes of unit {id} left out: echoes of unit {of}"));
    }
    let kept: Vec<usize> = (0..reasons.len()).filter(|&unit| reasons[unit].is_none()).collect();
    if kept.is_empty() {
        let words = "no units were found: look whether the traces hold spikes at all; if they do, check filter, probe \
                     and peak_sign, or lower detect_threshold";
        monitor.warn(&Notice::from(words).mended_by(lower_threshold()).mended_by(Remedy::SeeHeights));
    }
    let (mut sorting, templates) = keep(matched, templates, &kept, &shapes, &echoes, scales.in_uv);
    let group = |&unit: &usize| info.groups.get(shapes[unit].channel).copied().unwrap_or(0);
    sorting.properties.set("group", TableColumn::Int(kept.iter().map(group).collect()));
    to_the_probe(recording, &shapes, &kept, &mut sorting);
    Ok(Finished { sorting, templates, removed })
}

/// A unit is there in each so many seconds in which it fires.
const PRESENT_S: f64 = 60.0;

/// How long each unit is there, in seconds: a neuron that comes and goes fires as often as others while it is there.
fn present_s(sorting: &Sorting, info: &RecordingInfo) -> Vec<f64> {
    let bin = PRESENT_S * info.sampling_frequency;
    let mut present = vec![0.0; sorting.num_units()];
    for (spikes, segment) in sorting.segments.iter().zip(&info.segments) {
        let length = segment.num_frames as f64;
        let mut last: Vec<Option<u64>> = vec![None; present.len()];
        for (&unit, &sample) in spikes.unit_index.iter().zip(spikes.sample_index.iter()) {
            let index = (sample.max(0) as f64 / bin) as u64;
            if last[unit as usize].replace(index) != Some(index) {
                let rest = (length - index as f64 * bin).clamp(0.0, bin);
                present[unit as usize] += rest / info.sampling_frequency;
            }
        }
    }
    present
}

/// The kept units alone, without echoes, with amplitudes.
fn keep(
    matched: &Sorting,
    templates: &Templates,
    kept: &[usize],
    shapes: &[UnitShape],
    echoes: &[Echo],
    in_uv: bool,
) -> (Sorting, Templates) {
    let mut new_index = vec![None; templates.num_units()];
    for (new, &old) in kept.iter().enumerate() {
        new_index[old] = Some(new as u32);
    }
    // In the order of time, as echoes are marked.
    let mut marks: Vec<_> = echoes.iter().map(|echo| echo.spikes.iter()).collect();
    let segments = matched
        .segments
        .iter()
        .map(|spikes| {
            let factors = spikes.amplitude.as_ref();
            let own: Vec<(usize, u32)> = (spikes.unit_index.iter().enumerate())
                .filter_map(|(i, &unit)| {
                    let is_echo = marks[unit as usize].next().copied().unwrap_or(false);
                    (!is_echo).then_some((i, new_index[unit as usize]?))
                })
                .collect();
            let amplitude = |&(i, unit): &(usize, u32)| {
                factors.map_or(1.0, |f| f[i]) * shapes[kept[unit as usize]].amplitude
            };
            SpikeTrains {
                sample_index: own.iter().map(|&(i, _)| spikes.sample_index[i]).collect(),
                unit_index: own.iter().map(|&(_, unit)| unit).collect(),
                amplitude: Some(own.iter().map(amplitude).collect()),
                location_um: (spikes.location_um.as_ref())
                    .map(|places| own.iter().map(|&(i, _)| places[i]).collect()),
                num_frames: spikes.num_frames,
            }
        })
        .collect();
    let mut properties = Table::default();
    let of_kept = |value: &dyn Fn(&UnitShape) -> f64| kept.iter().map(|&u| value(&shapes[u])).collect();
    properties
        .set("channel_index", TableColumn::Int(kept.iter().map(|&u| shapes[u].channel as i64).collect()));
    properties.set("amplitude", TableColumn::Float(of_kept(&|s| f64::from(s.amplitude))));
    let sorting = Sorting {
        sampling_frequency: matched.sampling_frequency,
        unit_ids: Id::range(kept.len()),
        segments,
        properties,
        amplitudes_in_uv: in_uv,
    };
    let templates = Templates {
        unit_ids: Id::range(kept.len()),
        channel_indices: kept.iter().map(|&u| templates.channel_indices[u].clone()).collect(),
        waveforms: kept.iter().map(|&u| templates.waveforms[u].clone()).collect(),
        ..templates.clone()
    };
    (sorting, templates)
}

/// Moves spikes that were located where the motion is undone to where they were on the probe.
fn to_the_probe(recording: &Recording, shapes: &[UnitShape], kept: &[usize], sorting: &mut Sorting) {
    let Some(correction) = correction_of(recording) else { return };
    for (segment, spikes) in sorting.segments.iter_mut().enumerate() {
        let Some(places) = &spikes.location_um else { continue };
        let moved = |(i, place): (usize, &[f32; 2])| {
            let channel = shapes[kept[spikes.unit_index[i] as usize]].channel;
            let frame = spikes.sample_index[i].max(0) as usize;
            let mut place = *place;
            place[correction.axis.index()] += correction.displacement_um(segment, frame, channel) as f32;
            place
        };
        spikes.location_um = Some(places.as_slice().iter().enumerate().map(moved).collect());
    }
}

/// The last correction for motion, where frames and channels are still those it speaks of.
pub(super) fn correction_of(recording: &Recording) -> Option<&MotionCorrection> {
    let stages = recording.stages().iter().rev();
    stages
        .take_while(|stage| !matches!(stage, Stage::SelectFrames { .. } | Stage::SelectChannels { .. }))
        .find_map(|stage| match stage {
            Stage::CorrectMotion { correction } => Some(correction.as_ref()),
            _ => None,
        })
}

/// Place of the last whitening stage.
fn whitening_of(recording: &Recording) -> Option<usize> {
    recording.stages().iter().rposition(|s| matches!(s, Stage::LinearMap { whitens: true, .. }))
}

/// What a unit looks like before whitening.
pub(super) struct UnitShape {
    pub(super) channel: usize,
    pub(super) amplitude: f32,
    /// The largest sample about when its spikes are said to be: of a template that was found by a part of a neuron that
    /// comes earlier or later than the largest, that part.
    pub(super) at_spikes: f32,
    /// Largest sample over the noise of its channel, before whitening or after, whichever is more, where the recording was
    /// whitened: the noise of a tetrode is mostly common to its wires, so that whitening shows what is hidden before.
    pub(super) snr: Option<f64>,
    /// Root of the energy of the template, in the units it has at 30 kHz.
    pub(super) norm: f64,
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
        let place = whitening_of(recording);
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
        let mut at_spikes = 0.0f64;
        let reach = ms_to_samples(AT_SPIKES_MS, templates.sampling_frequency);
        for &channel in channels {
            for (sample, &value) in raw.column(channel as usize).iter().enumerate() {
                if value.abs() > best.0.abs() {
                    best = (value, channel as usize);
                }
                if sample.abs_diff(templates.num_before) <= reach && value.abs() > at_spikes.abs() {
                    at_spikes = value;
                }
            }
        }
        // White noise of variance one, not whitened any more, is the noise there was.
        let noise = self.unwhiten.as_ref().map(|unwhiten| {
            let gain = self.gain.as_ref().map_or(1.0, |gain| gain[best.1]);
            gain.abs() * unwhiten.row(best.1).iter().map(|x| x * x).sum::<f64>().sqrt()
        });
        let white = waveform.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let snr =
            noise.filter(|noise| *noise > 0.0).map(|noise| (best.0.abs() / noise).max(f64::from(white)));
        let energy: f64 = waveform.iter().map(|x| f64::from(x * x)).sum();
        let norm = (energy * USUAL_RATE_HZ / templates.sampling_frequency).sqrt();
        UnitShape { channel: best.1, amplitude: best.0 as f32, at_spikes: at_spikes as f32, snr, norm }
    }
}
