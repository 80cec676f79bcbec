//! Each peak as a few numbers: projections on a shared temporal basis, on the channels near it.

use super::{
    EngineError, Monitor, Preview,
    basis::{Basis, MAX_COMPONENTS, basis_of},
    block::Block,
    chain::Chain,
    checkpoint::{Checkpoint, Piece, put_column, take_column},
    detect::{
        DetectMethod, DetectParams, DetectScratch, Detector, Peak, Survey, detect_peaks, preview_of, survey,
        to_peaks,
    },
    geometry::Geometry,
    lanes::LANES,
    passes::{SpanData, all_spans, joined, over_pieces_kept, over_spans},
    same_channels,
    taps::Taps,
};
use crate::data::{Features, PeakSign, Peaks, RecordingInfo};
use std::ops::Range;

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
    same_channels(peaks, chain.info())?;
    let geometry = Geometry::of(chain.info())?;
    let basis = if peaks.is_empty() {
        plain_basis(chain, params.num_components)
    } else {
        estimate_basis(&survey(chain, &geometry, sign_of(peaks), monitor)?, params.num_components)
    };
    let by_span = by_span(chain, peaks);
    let thin = chain.sufficient();
    let spans = all_spans(&thin);
    let projector = Projector::new(&thin, &geometry, basis, params, spans.len());
    let parts =
        over_spans(&thin, &spans, projector.pad(), monitor, |data: &SpanData, scratch: &mut Vec<f32>| {
            let mut part = Projected::default();
            if projector.quota.looks_at(data.index) {
                part.peaks = by_span[data.index].clone().map(|i| peak_at(peaks, i)).collect();
                projector.project_all(data.block, &part.peaks, scratch, &mut part.values);
                projector.keep_quota(&mut part);
            }
            Ok(part)
        })?;
    Ok(projector.finish(parts, chain.info()))
}

/// Peaks of which this share has one sign are of that sign.
const OF_ONE_SIGN: f64 = 0.9;

/// The sign the peaks have.
fn sign_of(peaks: &Peaks) -> PeakSign {
    let positive = peaks.amplitude.iter().filter(|a| **a > 0.0).count() as f64 / peaks.len().max(1) as f64;
    if positive >= OF_ONE_SIGN {
        PeakSign::Pos
    } else if positive > 1.0 - OF_ONE_SIGN {
        PeakSign::Both
    } else {
        PeakSign::Neg
    }
}

/// Frames that are looked at together: all channels of them stay near the processor.
const PIECE: usize = 1024;

/// What a worker needs to find peaks and their features.
#[derive(Default)]
struct FindScratch {
    detect: DetectScratch,
    window: Vec<f32>,
    /// Peaks of the span so far, for a preview.
    seen: Vec<Peak>,
}

/// Detects peaks and computes the features of those that clustering needs in one pass over the traces: the same as
/// [`detect_peaks`] and then [`spike_features`]. Returns also how many peaks there were.
///
/// # Errors
/// Where samples cannot be read, there is no probe for many channels, or it is cancelled.
pub(super) fn detect_features(
    chain: &Chain,
    detect: &DetectParams,
    params: &FeatureParams,
    monitor: &dyn Monitor,
    checkpoint: Option<Checkpoint>,
) -> Result<(Features, usize), EngineError> {
    let info = chain.info();
    let geometry = Geometry::of(info)?;
    // Else the two do not look at the same frames, or not at the same snippets.
    if detect.method != DetectMethod::MatchedFiltering || detect.peak_sign != PeakSign::Neg {
        let peaks = detect_peaks(chain, detect, monitor)?;
        return Ok((spike_features(chain, &peaks, params, monitor)?, peaks.len()));
    }
    let survey = survey(chain, &geometry, detect.peak_sign, monitor)?;
    let detector = Detector::new(chain, &geometry, &survey, detect, monitor)?;
    let thin = detector.chain();
    let spans = all_spans(thin);
    let basis = estimate_basis(&survey, params.num_components);
    let mut projector = Projector::new(thin, &geometry, basis, params, spans.len());
    let pad = detector.pad().max(projector.pad());
    let find = |data: &SpanData, scratch: &mut FindScratch, part: &mut Found| {
        let (peaks, in_artefacts) = detector.peaks(data, &mut scratch.detect);
        part.num_peaks += peaks.len() as u64;
        part.in_artefacts += in_artefacts;
        if projector.quota.looks_at(data.index) {
            projector.project_all(data.block, &peaks, &mut scratch.window, &mut part.projected.values);
            part.projected.peaks.extend_from_slice(&peaks);
        }
        scratch.seen.extend(peaks);
        if data.frames.end == thin.span_range(data.span.segment, data.span.span).end {
            projector.keep_quota(&mut part.projected);
            let seen = preview_of(&scratch.seen, &geometry, info.sampling_frequency);
            scratch.seen.clear();
            monitor.preview(Preview::Peaks(seen));
        }
        Ok(())
    };
    let parts = over_pieces_kept(thin, &spans, (pad, PIECE), monitor, checkpoint, find)?;
    let count = parts.iter().map(|part| part.num_peaks).sum::<u64>() as usize;
    detector.report(count, parts.iter().map(|part| part.in_artefacts).sum(), monitor);
    if count == 0 {
        projector.basis = plain_basis(chain, params.num_components);
    }
    Ok((projector.finish(parts.into_iter().map(|part| part.projected).collect(), info), count))
}

/// Projects peaks on the basis.
struct Projector {
    basis: Basis,
    /// The basis at each offset of a sample from those that are there.
    thinned: Vec<Taps>,
    neighbors: Vec<Vec<u32>>,
    max_channels: usize,
    quota: Quota,
}

/// How many peaks of a channel are kept of a span, and of which spans.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Quota {
    per_span: usize,
    spans: usize,
    used_spans: usize,
}

/// Peaks of a channel kept of a span, at least; where that is too many in all, some spans are left out.
const LEAST_PER_SPAN: usize = 8;

impl Quota {
    fn new(max_per_channel: usize, spans: usize) -> Self {
        let spans = spans.max(1);
        let per_span = max_per_channel.div_ceil(spans).max(LEAST_PER_SPAN);
        Self { per_span, spans, used_spans: max_per_channel.div_ceil(per_span).clamp(1, spans) }
    }

    /// True for a span of which peaks are kept.
    fn looks_at(&self, span: usize) -> bool {
        starts_part(span, self.spans, self.used_spans)
    }

    /// Which of the peaks of a span are kept: those of each channel whose turn chance says. Every second one, say, would
    /// never keep two that follow each other, and look as if no neuron fired soon after another.
    fn choose(&self, peaks: &[Peak], num_channels: usize) -> Vec<bool> {
        let mut by_channel: Vec<Vec<(u64, usize)>> = vec![Vec::new(); num_channels];
        for (index, peak) in peaks.iter().enumerate() {
            by_channel[peak.channel as usize].push((lot(peak), index));
        }
        let mut is_kept = vec![true; peaks.len()];
        for own in by_channel.iter_mut().filter(|own| own.len() > self.per_span) {
            own.sort_unstable();
            own[self.per_span..].iter().for_each(|&(_, index)| is_kept[index] = false);
        }
        is_kept
    }
}

/// A number drawn for a peak, the same on every run (the mixer of SplitMix64; Steele, Lea and Flood 2014).
fn lot(peak: &Peak) -> u64 {
    let mut x = (peak.frame as u64) ^ (u64::from(peak.channel) << 44) ^ (u64::from(peak.segment) << 54);
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// True for the first of each of `parts` equal parts of `count` things, for all where there are fewer.
fn starts_part(rank: usize, count: usize, parts: usize) -> bool {
    count <= parts || rank * parts / count != (rank + 1) * parts / count
}

/// Some peaks and their features.
#[derive(Default)]
struct Projected {
    peaks: Vec<Peak>,
    values: Vec<f32>,
}

/// What was found in a span.
#[derive(Default)]
struct Found {
    num_peaks: u64,
    in_artefacts: u64,
    projected: Projected,
}

impl Piece for Found {
    fn to_bytes(&self) -> Vec<u8> {
        let (peaks, mut out) = (&self.projected.peaks, Vec::new());
        put_column(&[self.num_peaks, self.in_artefacts], &mut out);
        put_column(&peaks.iter().map(|p| p.segment).collect::<Vec<_>>(), &mut out);
        put_column(&peaks.iter().map(|p| p.frame).collect::<Vec<_>>(), &mut out);
        put_column(&peaks.iter().map(|p| p.channel).collect::<Vec<_>>(), &mut out);
        put_column(&peaks.iter().map(|p| p.amplitude).collect::<Vec<_>>(), &mut out);
        put_column(&self.projected.values, &mut out);
        out
    }

    fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let counts = take_column::<u64>(&mut bytes)?;
        let &[num_peaks, in_artefacts] = counts.first_chunk::<2>()?;
        let (segments, frames) = (take_column::<u32>(&mut bytes)?, take_column::<i64>(&mut bytes)?);
        let (channels, amplitudes) = (take_column::<u32>(&mut bytes)?, take_column::<f32>(&mut bytes)?);
        let columns = segments.into_iter().zip(frames).zip(channels).zip(amplitudes);
        let peaks = columns
            .map(|(((segment, frame), channel), amplitude)| Peak { segment, frame, channel, amplitude })
            .collect();
        Some(Self {
            num_peaks,
            in_artefacts,
            projected: Projected { peaks, values: take_column::<f32>(&mut bytes)? },
        })
    }
}

/// Places around a peak at which it is projected.
const REACH: usize = MAX_SHIFT + 1;
const PLACES: usize = 2 * REACH + 1;

impl Projector {
    fn new(thin: &Chain, geometry: &Geometry, basis: Basis, params: &FeatureParams, spans: usize) -> Self {
        let neighbors = geometry.neighbors(params.radius_um, params.max_channels);
        Self {
            thinned: (0..thin.step()).map(|offset| basis.thinned(thin.step(), offset).taps()).collect(),
            basis,
            max_channels: neighbors.iter().map(Vec::len).max().unwrap_or(0),
            neighbors,
            quota: Quota::new(params.max_peaks_per_channel, spans),
        }
    }

    /// Context that is needed, in frames that are there.
    fn pad(&self) -> usize {
        self.thinned[0].num_samples() + LANES
    }

    /// Values of a peak.
    fn row(&self) -> usize {
        (self.max_channels * self.basis.num_components()).max(1)
    }

    /// Adds the features of some peaks to `values`.
    fn project_all(&self, block: &Block, peaks: &[Peak], scratch: &mut Vec<f32>, values: &mut Vec<f32>) {
        let before = values.len();
        values.resize(before + peaks.len() * self.row(), 0.0);
        for (peak, out) in peaks.iter().zip(values[before..].chunks_mut(self.row())) {
            self.project(block, peak.frame, &self.neighbors[peak.channel as usize], scratch, out);
        }
    }

    /// Of all peaks of a span, leaves those that are kept.
    fn keep_quota(&self, part: &mut Projected) {
        let is_kept = self.quota.choose(&part.peaks, self.neighbors.len());
        if is_kept.iter().all(|kept| *kept) {
            return;
        }
        let rows = part.values.chunks(self.row()).zip(&is_kept);
        part.values = rows.filter(|(_, kept)| **kept).flat_map(|(row, _)| row).copied().collect();
        let mut kept = is_kept.iter();
        part.peaks.retain(|_| kept.next().is_some_and(|kept| *kept));
    }

    /// Fills `out` with the projections of the peak at `frame` of the segment, `(channels, components)`.
    fn project(&self, block: &Block, frame: i64, channels: &[u32], scratch: &mut Vec<f32>, out: &mut [f32]) {
        let (k, step) = (self.basis.num_components(), self.thinned.len() as i64);
        let length = self.thinned[0].num_samples() + LANES;
        scratch.clear();
        scratch.resize(length + MAX_COMPONENTS * LANES, 0.0);
        let (window, projected) = scratch.split_at_mut(length);
        let mut at = [[0.0f32; PLACES]; MAX_COMPONENTS];
        let mut place = 0.0f32;
        let first = frame - REACH as i64;
        for (index, &channel) in channels.iter().enumerate() {
            let trace = block.channel(channel as usize);
            for (offset, taps) in self.thinned.iter().enumerate() {
                // Of the places those this far after a sample that is there; a register full of them is projected.
                let skip = (offset as i64 - first).rem_euclid(step);
                let start = (first + skip - offset as i64) / step
                    - block.first_frame() as i64
                    - taps.num_before() as i64;
                let length = taps.num_samples() + LANES - 1;
                let within = usize::try_from(start).ok().and_then(|start| trace.get(start..start + length));
                taps.project(
                    within.unwrap_or_else(|| padded(trace, start, &mut window[..length])),
                    projected,
                    LANES,
                );
                for (at, projected) in at.iter_mut().zip(projected.chunks_exact(LANES)).take(k) {
                    for (slot, &p) in at[skip as usize..].iter_mut().step_by(step as usize).zip(projected) {
                        *slot = p;
                    }
                }
            }
            if index == 0 {
                place = best_place(&at[0]);
            }
            let middle = (place.round() as usize).clamp(1, PLACES - 2);
            let delta = place - middle as f32;
            for component in 0..k {
                let p = &at[component];
                let (a, b, c) = (p[middle - 1], p[middle], p[middle + 1]);
                out[index * k + component] =
                    b + 0.5 * delta * (c - a) + 0.5 * delta * delta * (a - 2.0 * b + c);
            }
        }
    }

    fn finish(self, parts: Vec<Projected>, info: &RecordingInfo) -> Features {
        let peaks: Vec<Peak> = parts.iter().flat_map(|part| part.peaks.iter().copied()).collect();
        let values = joined(parts.into_iter().map(|part| part.values).collect());
        Features {
            peaks: to_peaks(&peaks, info),
            num_before: self.basis.num_before,
            basis: self.basis.components,
            neighbors: self.neighbors,
            max_channels: self.max_channels,
            values: values.into(),
            units: None,
        }
    }
}

/// Samples from `start` on; beyond the ends of the recording there is silence.
fn padded<'a>(trace: &[f32], start: i64, window: &'a mut [f32]) -> &'a [f32] {
    for (i, x) in window.iter_mut().enumerate() {
        *x = usize::try_from(start + i as i64).ok().and_then(|t| trace.get(t)).copied().unwrap_or(0.0);
    }
    window
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

fn peak_at(peaks: &Peaks, index: usize) -> Peak {
    Peak {
        segment: peaks.segment_index[index],
        frame: peaks.sample_index[index],
        channel: peaks.channel_index[index],
        amplitude: peaks.amplitude[index],
    }
}

/// Indices of the peaks of each span, in order.
pub(super) fn by_span(chain: &Chain, peaks: &Peaks) -> Vec<Range<usize>> {
    let mut start = 0;
    all_spans(chain)
        .into_iter()
        .map(|span| {
            let end = (span.segment, chain.span_range(span.segment, span.span).end as i64);
            let place = |i: usize| (peaks.segment_index[i] as usize, peaks.sample_index[i]);
            let from = start;
            while start < peaks.len() && place(start) < end {
                start += 1;
            }
            from..start
        })
        .collect()
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
