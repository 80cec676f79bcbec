//! Each peak as a few numbers: projections on a shared temporal basis, on the channels near it.

use super::{
    EngineError, Monitor,
    basis::{Basis, MAX_COMPONENTS},
    block::Block,
    chain::Chain,
    detect::{DetectParams, Survey, survey},
    eigen::symmetric_eigen,
    geometry::Geometry,
    passes::{SpanData, all_spans, over_spans},
    same_channels,
};
use crate::data::{Features, Peaks};
use ndarray::Array2;

/// Settings of [`spike_features`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureParams {
    /// Temporal components.
    pub num_components: usize,
    /// Channels further than this from a peak are left out, in µm.
    pub radius_um: f64,
    /// Channels of a peak at most.
    pub max_channels: usize,
    /// Peaks kept per channel, evenly in time; clustering needs no more.
    pub max_peaks_per_channel: usize,
}

impl Default for FeatureParams {
    fn default() -> Self {
        Self { num_components: 6, radius_um: 100.0, max_channels: 12, max_peaks_per_channel: 8_000 }
    }
}

/// Fewer snippets than this do not make a basis; plain spike shapes do.
const LEAST_SNIPPETS: usize = 100;
/// A peak may be moved by this many samples to where it matches the basis best.
const MAX_SHIFT: usize = 2;

/// Features of the peaks (all, or evenly chosen ones where a channel has too many).
///
/// A peak is first moved to where the first component matches best, between samples too, so that the features of a
/// unit do not spread with the phase of its spikes. Values are in the units of the recording (noise levels after
/// whitening).
///
/// # Errors
/// Where samples cannot be read, the peaks are of another recording, or it is cancelled.
///
/// # Source
/// The shared basis is Kilosort's (Pachitariu et al. 2024, Nat. Methods 21:914); the alignment between samples is ours.
pub fn spike_features(
    chain: &Chain,
    peaks: &Peaks,
    params: &FeatureParams,
    monitor: &dyn Monitor,
) -> Result<Features, EngineError> {
    let info = chain.info();
    same_channels(peaks, info)?;
    let geometry = Geometry::of(info)?;
    let basis = if peaks.is_empty() {
        plain_basis(chain, params.num_components)
    } else {
        let survey = survey(chain, &geometry, &DetectParams::default(), monitor)?;
        estimate_basis(&survey, params.num_components)
    };
    let neighbors = geometry.neighbors(params.radius_um, params.max_channels);
    let max_channels = neighbors.iter().map(Vec::len).max().unwrap_or(0);
    let chosen = choose(peaks, params.max_peaks_per_channel);
    let by_span = by_span(chain, peaks, &chosen);
    let spans = all_spans(chain);
    let k = basis.num_components();
    let row = max_channels * k;
    let order: std::collections::BTreeMap<(usize, usize), usize> =
        spans.iter().enumerate().map(|(i, s)| ((s.segment, s.span), i)).collect();
    let pad = basis.num_samples() + MAX_SHIFT + 2;
    let parts = over_spans(chain, &spans, pad, monitor, |data: &SpanData, scratch: &mut Vec<f32>| {
        let own: &[u32] =
            order.get(&(data.span.segment, data.span.span)).map_or(&[], |&i| by_span[i].as_slice());
        let mut values = vec![0.0f32; own.len() * row];
        for (&peak, out) in own.iter().zip(values.chunks_mut(row.max(1))) {
            let frame = peaks.sample_index[peak as usize] as usize - data.block.first_frame();
            let channels = &neighbors[peaks.channel_index[peak as usize] as usize];
            project_peak(data.block, frame, channels, &basis, scratch, out);
        }
        Ok(values)
    })?;
    let mut values = Vec::with_capacity(chosen.len() * row);
    for part in parts {
        values.extend_from_slice(&part);
    }
    Ok(Features {
        peaks: take(peaks, &chosen),
        basis: basis.components,
        num_before: basis.num_before,
        neighbors,
        max_channels,
        values: values.into(),
    })
}

/// Fills `out` with the projections of the peak at `frame` of the block, `(channels, components)`.
fn project_peak(
    block: &Block,
    frame: usize,
    channels: &[u32],
    basis: &Basis,
    scratch: &mut Vec<f32>,
    out: &mut [f32],
) {
    let (k, nt) = basis.components.dim();
    let reach = MAX_SHIFT + 1;
    let places = 2 * reach + 1;
    let start = frame as i64 - (basis.num_before + reach) as i64;
    let length = nt + 2 * reach;
    scratch.clear();
    scratch.resize(length + places * MAX_COMPONENTS, 0.0);
    let (window, projected) = scratch.split_at_mut(length);
    let mut place = 0.0f32;
    for (index, &channel) in channels.iter().enumerate() {
        let trace = block.channel(channel as usize);
        for (i, x) in window.iter_mut().enumerate() {
            // Beyond the ends of the recording there is silence.
            *x = usize::try_from(start + i as i64).ok().and_then(|t| trace.get(t)).copied().unwrap_or(0.0);
        }
        basis.project(window, projected, places);
        if index == 0 {
            place = best_place(&projected[..places]);
        }
        let middle = (place.round() as usize).clamp(1, places - 2);
        let delta = place - middle as f32;
        for component in 0..k {
            let p = &projected[component * places..][..places];
            let (a, b, c) = (p[middle - 1], p[middle], p[middle + 1]);
            out[index * k + component] = b + 0.5 * delta * (c - a) + 0.5 * delta * delta * (a - 2.0 * b + c);
        }
    }
}

/// Where a projection is largest in absolute value, between samples, `reach` off the ends at most.
fn best_place(projection: &[f32]) -> f32 {
    let inner = 1..projection.len() - 1;
    let best = inner
        .max_by(|&a, &b| projection[a].abs().total_cmp(&projection[b].abs()).then(b.cmp(&a)))
        .unwrap_or(projection.len() / 2);
    let (a, b, c) = (projection[best - 1].abs(), projection[best].abs(), projection[best + 1].abs());
    let curvature = a - 2.0 * b + c;
    let delta = if curvature < 0.0 { (0.5 * (a - c) / curvature).clamp(-0.5, 0.5) } else { 0.0 };
    best as f32 + delta
}

/// The basis of a survey's snippets: their first right singular vectors, or plain shapes where there are few.
pub fn estimate_basis(survey: &Survey, num_components: usize) -> Basis {
    let nt = survey.num_samples;
    let shapes = if survey.snippets.len() >= LEAST_SNIPPETS {
        survey.snippets.clone()
    } else {
        plain_shapes(nt, survey.num_before)
    };
    basis_of(&shapes, survey.num_before, num_components)
}

/// The first right singular vectors of shapes, each taken at unit norm.
pub fn basis_of(shapes: &[Vec<f32>], num_before: usize, num_components: usize) -> Basis {
    let unit: Vec<Vec<f32>> = shapes
        .iter()
        .map(|shape| {
            let norm = shape.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            shape.iter().map(|x| x / norm).collect()
        })
        .collect();
    let nt = shapes.first().map_or(0, Vec::len);
    weighted_basis_of(&unit, nt, num_before, num_components).0
}

/// The first right singular vectors of shapes of `nt` samples as they are, and the share of the energy they hold.
pub fn weighted_basis_of(
    shapes: &[Vec<f32>],
    nt: usize,
    num_before: usize,
    num_components: usize,
) -> (Basis, f64) {
    let mut scatter = Array2::<f64>::zeros((nt, nt));
    for shape in shapes {
        for i in 0..nt {
            for j in 0..=i {
                scatter[[i, j]] += f64::from(shape[i]) * f64::from(shape[j]);
            }
        }
    }
    for i in 0..nt {
        for j in i + 1..nt {
            scatter[[i, j]] = scatter[[j, i]];
        }
    }
    let (values, vectors) = symmetric_eigen(&scatter);
    let k = num_components.clamp(1, MAX_COMPONENTS.min(nt.max(1)));
    let total: f64 = values.iter().sum();
    let explained = if total > 0.0 { values.iter().take(k).sum::<f64>() / total } else { 1.0 };
    let components = Array2::from_shape_fn((k, nt), |(i, t)| vectors[[i, t]] as f32);
    (Basis { components, num_before }, explained)
}

fn plain_basis(chain: &Chain, num_components: usize) -> Basis {
    let rate = chain.info().sampling_frequency;
    let nt = crate::data::units::ms_to_samples(super::detect::SNIPPET_MS, rate).max(8);
    let before = crate::data::units::ms_to_samples(super::detect::SNIPPET_BEFORE_MS, rate).max(2);
    basis_of(&plain_shapes(nt, before), before, num_components)
}

/// Spikes of several widths and phases.
fn plain_shapes(nt: usize, before: usize) -> Vec<Vec<f32>> {
    let mut shapes = Vec::new();
    for width in [0.7, 0.85, 1.0, 1.2, 1.5] {
        for shift in [-1isize, 0, 1] {
            shapes.push(plain_spike(nt, before.saturating_add_signed(shift), width));
        }
    }
    shapes
}

/// A trough and the slower rise after it; `nt` samples last [`SNIPPET_MS`](super::detect::SNIPPET_MS).
pub fn plain_spike(nt: usize, before: usize, width: f32) -> Vec<f32> {
    let ms = super::detect::SNIPPET_MS as f32 / nt.max(1) as f32;
    (0..nt)
        .map(|t| {
            let t = (t as f32 - before as f32) * ms / width;
            -(-0.5 * (t / 0.1).powi(2)).exp() + 0.35 * (-0.5 * ((t - 0.4) / 0.2).powi(2)).exp()
        })
        .collect()
}

/// Indices of at most `max` peaks of each channel, evenly in order of time.
fn choose(peaks: &Peaks, max: usize) -> Vec<u32> {
    let mut counts = vec![0usize; peaks.num_channels];
    for &channel in peaks.channel_index.iter() {
        counts[channel as usize] += 1;
    }
    let mut seen = vec![0usize; peaks.num_channels];
    let mut chosen = Vec::new();
    for (index, &channel) in peaks.channel_index.iter().enumerate() {
        let (count, rank) = (counts[channel as usize], seen[channel as usize]);
        seen[channel as usize] += 1;
        // Rank `r` of `n` is taken where it begins one of `max` equal parts.
        if count <= max || rank * max / count != (rank + 1) * max / count {
            chosen.push(index as u32);
        }
    }
    chosen
}

/// The chosen peaks of each span, in order.
pub(super) fn by_span(chain: &Chain, peaks: &Peaks, chosen: &[u32]) -> Vec<Vec<u32>> {
    let mut lists: Vec<Vec<u32>> = Vec::new();
    let mut cursor = 0;
    for span in all_spans(chain) {
        let frames = chain.span_range(span.segment, span.span);
        let end = chosen[cursor..].partition_point(|&i| {
            let (segment, sample) =
                (peaks.segment_index[i as usize] as usize, peaks.sample_index[i as usize]);
            (segment, sample) < (span.segment, frames.end as i64)
        });
        lists.push(chosen[cursor..cursor + end].to_vec());
        cursor += end;
    }
    lists
}

/// The peaks of some indices.
pub fn take(peaks: &Peaks, indices: &[u32]) -> Peaks {
    Peaks {
        sampling_frequency: peaks.sampling_frequency,
        num_channels: peaks.num_channels,
        segment_index: indices.iter().map(|&i| peaks.segment_index[i as usize]).collect(),
        sample_index: indices.iter().map(|&i| peaks.sample_index[i as usize]).collect(),
        channel_index: indices.iter().map(|&i| peaks.channel_index[i as usize]).collect(),
        amplitude: indices.iter().map(|&i| peaks.amplitude[i as usize]).collect(),
        location_um: peaks
            .location_um
            .as_ref()
            .map(|locations| indices.iter().map(|&i| locations[i as usize]).collect()),
    }
}
