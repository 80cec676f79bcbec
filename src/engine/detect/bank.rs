//! The filters whose output is compared with the threshold.

use super::{Crossing, DetectMethod, DetectParams, PeakSign, Survey, survey::mad};
use crate::engine::{
    EngineError, Monitor,
    basis::Basis,
    block::Block,
    chain::Chain,
    geometry::Geometry,
    passes::{SpanData, over_spans, survey_spans},
    select::median,
};
use ndarray::Array2;

/// Widths of the spatial scales in µm; zero is the channel alone.
const SCALES_UM: [f64; 3] = [0.0, 20.0, 40.0];
/// Channels a spatial scale sums over at most.
const SCALE_CHANNELS: usize = 10;
/// Weights below this are left out.
const LEAST_WEIGHT: f64 = 0.05;
/// How much of the recording the noise of the filters is taken from, in seconds.
const NOISE_S: f64 = 4.0;
/// Fewer snippets than this do not make a prototype.
const LEAST_SNIPPETS: usize = 20;

/// The traces, or the traces matched with a prototype at several spatial scales, all in noise levels.
#[derive(Clone, Debug)]
pub struct FilterBank {
    sign: PeakSign,
    /// The prototype as a basis of one component; `None` for the traces themselves.
    prototype: Option<Basis>,
    /// For each scale and channel the channels it sums over and their weights over the noise of the sum.
    scales: Vec<Vec<Vec<(u32, f32)>>>,
}

/// Buffers of [`FilterBank::crossings`].
#[derive(Debug, Default)]
pub(super) struct BankScratch {
    matched: Vec<f32>,
    sum: Vec<f32>,
    best: Vec<f32>,
}

impl FilterBank {
    /// Makes the filters and measures their noise on a small part of the recording.
    ///
    /// # Errors
    /// Where samples cannot be read or it is cancelled.
    pub(super) fn new(
        chain: &Chain,
        geometry: &Geometry,
        survey: &Survey,
        params: &DetectParams,
        monitor: &dyn Monitor,
    ) -> Result<Self, EngineError> {
        let alone =
            |c: usize| vec![(c as u32, if survey.noise[c] > 0.0 { 1.0 / survey.noise[c] } else { 0.0 })];
        let channels = 0..geometry.num_channels();
        let sign = params.peak_sign;
        if params.method == DetectMethod::LocallyExclusive {
            return Ok(Self { sign, prototype: None, scales: vec![channels.map(alone).collect()] });
        }
        let prototype = prototype_of(survey, sign);
        let scales = SCALES_UM.map(|width| scale_of(geometry, &survey.noise, width)).to_vec();
        let mut bank = Self { sign, prototype: Some(prototype), scales };
        // Noise of each sum, so that all scales share one threshold.
        let spans = survey_spans(chain, NOISE_S);
        let levels = over_spans(chain, &spans, 0, monitor, |data: &SpanData, scratch: &mut BankScratch| {
            let mut sorted = Vec::new();
            bank.match_all(data.block, scratch);
            let mut levels = Vec::new();
            for scale in &bank.scales {
                for weights in scale {
                    bank.sum_scale(data.block, weights, &scratch.matched, &mut scratch.sum);
                    levels.push(mad(&scratch.sum, &mut sorted));
                }
            }
            Ok(levels)
        })?;
        let num_channels = geometry.num_channels();
        for (z, scale) in bank.scales.iter_mut().enumerate() {
            for (c, weights) in scale.iter_mut().enumerate() {
                let index = z * num_channels + c;
                let level = median(&mut levels.iter().map(|l| l[index]).collect::<Vec<_>>());
                for (_, weight) in weights {
                    *weight = if level > 0.0 { *weight / level } else { 0.0 };
                }
            }
        }
        Ok(bank)
    }

    /// Samples a filter looks at.
    pub(super) fn num_samples(&self) -> usize {
        self.prototype.as_ref().map_or(0, Basis::num_samples)
    }

    /// Fills `scratch.matched` with every channel matched with the prototype, aligned with the block's samples and
    /// zero where the prototype does not fit.
    fn match_all(&self, block: &Block, scratch: &mut BankScratch) {
        let frames = block.num_frames();
        let matched = &mut scratch.matched;
        matched.clear();
        matched.resize(frames * block.num_channels(), 0.0);
        for channel in 0..block.num_channels() {
            let row = &mut matched[channel * frames..][..frames];
            match &self.prototype {
                None => row.copy_from_slice(block.channel(channel)),
                Some(prototype) if frames >= prototype.num_samples() => {
                    prototype.project(block.channel(channel), &mut row[prototype.num_before..], frames);
                }
                Some(_) => {}
            }
        }
    }

    /// True where a trace has an extremum in the direction of the spikes, the first of equal samples.
    fn is_peak(&self, trace: &[f32], sample: usize) -> bool {
        let Some(&[before, here, after]) =
            sample.checked_sub(1).and_then(|s| trace.get(s..)?.first_chunk::<3>())
        else {
            return false;
        };
        let (trough, top) = (here < before && here <= after, here > before && here >= after);
        match self.sign {
            PeakSign::Neg => trough,
            PeakSign::Pos => top,
            PeakSign::Both => (trough && here < 0.0) || (top && here > 0.0),
        }
    }

    fn sum_scale(&self, block: &Block, weights: &[(u32, f32)], matched: &[f32], sum: &mut Vec<f32>) {
        let frames = block.num_frames();
        sum.clear();
        sum.resize(frames, 0.0);
        for &(channel, weight) in weights {
            add_scaled(&matched[channel as usize * frames..][..frames], weight, sum);
        }
    }

    /// For each channel the samples whose height at any scale is at least `threshold`.
    pub(super) fn crossings(
        &self,
        block: &Block,
        threshold: f32,
        scratch: &mut BankScratch,
        out: &mut Vec<Vec<Crossing>>,
    ) {
        self.match_all(block, scratch);
        let BankScratch { matched, sum, best } = scratch;
        let matched_filter = self.prototype.is_some();
        out.resize_with(block.num_channels(), Vec::new);
        for (channel, crossings) in out.iter_mut().enumerate() {
            best.clear();
            best.resize(block.num_frames(), 0.0);
            for scale in &self.scales {
                self.sum_scale(block, &scale[channel], matched, sum);
                take_higher(sum, self.prototype.is_none().then_some(self.sign), self.sign, best);
            }
            crossings.clear();
            for (start, chunk) in best.chunks(64).enumerate() {
                if chunk.iter().any(|&height| height >= threshold) {
                    for (i, &height) in chunk.iter().enumerate() {
                        let sample = start * 64 + i;
                        if height >= threshold
                            && (matched_filter || self.is_peak(block.channel(channel), sample))
                        {
                            crossings.push(Crossing {
                                sample: sample as u32,
                                channel: channel as u32,
                                height,
                            });
                        }
                    }
                }
            }
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn add_scaled(x: &[f32], weight: f32, sum: &mut [f32]) {
    for (s, &x) in sum.iter_mut().zip(x) {
        *s += weight * x;
    }
}

/// Raises `best` to the heights of `values`. The prototype already has the sign of the spikes, so a matched trace
/// is high where they are; with both signs either direction counts.
fn take_higher(values: &[f32], raw: Option<PeakSign>, sign: PeakSign, best: &mut [f32]) {
    let sign = raw.unwrap_or(if sign == PeakSign::Both { PeakSign::Both } else { PeakSign::Pos });
    for (b, &v) in best.iter_mut().zip(values) {
        *b = b.max(sign.height(v));
    }
}

/// Unit-norm median of the isolated peaks, or a plain spike shape where there are too few.
fn prototype_of(survey: &Survey, sign: PeakSign) -> Basis {
    let (nt, before) = (survey.num_samples, survey.num_before);
    let mut shape: Vec<f32> = if survey.snippets.len() >= LEAST_SNIPPETS {
        let normalised: Vec<Vec<f32>> = survey
            .snippets
            .iter()
            .map(|s| {
                // A positive spike among both signs is turned over: the prototype is a trough.
                let peak = s[before].abs().max(f32::MIN_POSITIVE);
                let turn = if sign == PeakSign::Both && s[before] > 0.0 { -1.0 } else { 1.0 };
                s.iter().map(|x| turn * x / peak).collect()
            })
            .collect();
        (0..nt).map(|t| median(&mut normalised.iter().map(|s| s[t]).collect::<Vec<_>>())).collect()
    } else {
        let direction = if sign == PeakSign::Pos { -1.0 } else { 1.0 };
        crate::engine::features::plain_spike(nt, before, 1.0).into_iter().map(|x| x * direction).collect()
    };
    let norm = shape.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    for x in &mut shape {
        *x /= norm;
    }
    Basis { components: Array2::from_shape_fn((1, nt), |(_, t)| shape[t]), num_before: before }
}

fn scale_of(geometry: &Geometry, noise: &[f32], width_um: f64) -> Vec<Vec<(u32, f32)>> {
    geometry
        .neighbors(3.0 * width_um, SCALE_CHANNELS)
        .into_iter()
        .enumerate()
        .map(|(channel, near)| {
            let near = if width_um == 0.0 { vec![channel as u32] } else { near };
            let weights: Vec<(u32, f64)> = near
                .into_iter()
                .filter(|&other| noise[other as usize] > 0.0)
                .filter_map(|other| {
                    let distance = geometry.distance_um(channel, other as usize)?;
                    let weight =
                        if width_um > 0.0 { (-0.5 * (distance / width_um).powi(2)).exp() } else { 1.0 };
                    (weight >= LEAST_WEIGHT).then_some((other, weight))
                })
                .collect();
            let norm = weights.iter().map(|(_, w)| w * w).sum::<f64>().sqrt();
            weights.into_iter().map(|(c, w)| (c, (w / norm) as f32 / noise[c as usize])).collect()
        })
        .collect()
}
