//! The filters whose output is compared with the threshold.

use super::{Crossing, DetectMethod, DetectParams, PeakSign, Survey, survey::mad};
use crate::engine::{
    EngineError, Monitor,
    basis::Basis,
    block::Block,
    chain::{Chain, map_pieces},
    geometry::Geometry,
    lanes::{BESIDE, STRETCH, Sums, add_scaled, doubled, largest, stretch},
    passes::{middles, survey_spans},
    select::{median, usual_level},
    taps::Taps,
};
use ndarray::Array2;
use std::ops::Range;

/// Widths of the spatial scales in µm; zero is the channel alone.
const SCALES_UM: [f64; 3] = [0.0, 20.0, 40.0];
/// Channels a spatial scale sums over at most.
const SCALE_CHANNELS: usize = 10;
/// Weights below this are left out.
const LEAST_WEIGHT: f64 = 0.05;
/// The noise of the filters is taken from the middles of spans that hold this much of the recording, in seconds.
const NOISE_S: f64 = 10.0;
/// Frames of each.
const NOISE_FRAMES: usize = 4096;
/// Fewer snippets than this do not make a prototype.
const LEAST_SNIPPETS: usize = 20;

/// The traces, or the traces matched with a prototype at several spatial scales, all in noise levels.
#[derive(Clone, Debug)]
pub struct FilterBank {
    sign: PeakSign,
    /// The prototype as a basis of one component; `None` for the traces themselves.
    prototype: Option<Taps>,
    /// Every how manieth sample of the traces is there; their matches are found at all samples.
    step: usize,
    /// For each scale and channel the channels it sums over and their weights over the noise of the sum.
    scales: Vec<Vec<Vec<(u32, f32)>>>,
}

/// Buffers of [`FilterBank::crossings`].
#[derive(Debug, Default)]
pub(super) struct BankScratch {
    matched: Vec<f32>,
    sum: Vec<f32>,
    best: Vec<f32>,
    between: Vec<f32>,
    finer: Vec<f32>,
}

/// Samples that are matched at once: all channels of them stay near the processor.
const SUB_SAMPLES: usize = 2048;
/// What lies between the samples that are there is looked at where one of them reaches this part of the threshold: between
/// two samples a matched trace rises by a few hundredths.
const NEARLY: f32 = 0.8;

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
            return Ok(Self { sign, prototype: None, step: 1, scales: vec![channels.map(alone).collect()] });
        }
        let prototype = prototype_of(survey, sign).thinned(chain.step(), 0).taps();
        let scales = SCALES_UM.map(|width| scale_of(geometry, &survey.noise, width)).to_vec();
        let mut bank = Self { sign, prototype: Some(prototype), step: chain.step(), scales };
        // Noise of each sum, so that all scales share one threshold.
        let pieces = middles(chain, &survey_spans(chain, NOISE_S), NOISE_FRAMES);
        let levels = map_pieces(chain, &pieces, monitor, |block, _, scratch: &mut BankScratch| {
            let mut sorted = Vec::new();
            // Where the prototype does not fit there is no noise.
            let edge = (bank.num_samples() + BESIDE).min(block.num_frames() / 2);
            let there = edge..block.num_frames() - edge;
            bank.match_all(block, there.clone(), &mut scratch.matched);
            let mut levels = Vec::new();
            for scale in &bank.scales {
                for weights in scale {
                    bank.sum_scale(there.len(), 0..there.len(), weights, &scratch.matched, &mut scratch.sum);
                    levels.push(mad(&scratch.sum, &mut sorted));
                }
            }
            Ok(levels)
        })?;
        let num_channels = geometry.num_channels();
        for (z, scale) in bank.scales.iter_mut().enumerate() {
            for (c, weights) in scale.iter_mut().enumerate() {
                let index = z * num_channels + c;
                let level = usual_level(&levels.iter().map(|l| l[index]).collect::<Vec<_>>());
                for (_, weight) in weights {
                    *weight = if level > 0.0 { *weight / level } else { 0.0 };
                }
            }
        }
        Ok(bank)
    }

    /// Samples a filter looks at.
    pub(super) fn num_samples(&self) -> usize {
        self.prototype.as_ref().map_or(0, Taps::num_samples)
    }

    /// Fills `matched` with every channel matched with the prototype at some of the samples that are there and the few beside
    /// them that tell what lies between, zero where the prototype does not fit: rows of [`Self::row_length`].
    fn match_all(&self, block: &Block, there: Range<usize>, matched: &mut Vec<f32>) {
        let (row_length, beside) = (self.row_length(there.len()), self.beside());
        matched.clear();
        matched.resize(row_length * block.num_channels(), 0.0);
        if there.is_empty() {
            return;
        }
        for (channel, row) in matched.chunks_exact_mut(row_length).enumerate() {
            let trace = block.channel(channel);
            let Some(prototype) = &self.prototype else {
                row[..there.len()].copy_from_slice(&trace[there.clone()]);
                continue;
            };
            let (nt, before) = (prototype.num_samples(), prototype.num_before());
            let first = there.start.saturating_sub(beside).max(before);
            let end = (there.end + beside).min((trace.len() + before + 1).saturating_sub(nt));
            if first < end {
                let traces = &trace[first - before..end - before + nt - 1];
                prototype.project(traces, &mut row[first + beside - there.start..], row_length);
            }
        }
    }

    /// Samples beside those of a row that tell what lies between them.
    fn beside(&self) -> usize {
        if self.step > 1 { BESIDE } else { 0 }
    }

    /// Length of a row of so many samples, filled up to whole stretches, and those beside them.
    fn row_length(&self, samples: usize) -> usize {
        samples.next_multiple_of(STRETCH) + 2 * self.beside()
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

    /// The weighted sum of some of the samples of rows of `samples`, counted from the first of a row.
    fn sum_scale(
        &self,
        samples: usize,
        places: Range<usize>,
        weights: &[(u32, f32)],
        matched: &[f32],
        sum: &mut Vec<f32>,
    ) {
        let row_length = self.row_length(samples);
        sum.clear();
        sum.resize(places.len(), 0.0);
        for &(channel, weight) in weights {
            add_scaled(&matched[channel as usize * row_length..][places.clone()], weight, sum);
        }
    }

    /// For each channel the samples whose height at any scale is at least `threshold`, also between those that are there.
    pub(super) fn crossings(
        &self,
        block: &Block,
        threshold: f32,
        scratch: &mut BankScratch,
        out: &mut Vec<Vec<Crossing>>,
    ) {
        out.resize_with(block.num_channels(), Vec::new);
        out.iter_mut().for_each(Vec::clear);
        // The prototype already has the sign of the spikes: a matched trace is high where they are.
        let sign = match (&self.prototype, self.sign) {
            (None, sign) | (Some(_), sign @ PeakSign::Both) => sign,
            (Some(_), _) => PeakSign::Pos,
        };
        let at_once = SUB_SAMPLES / self.step;
        let noticed = if self.step > 1 { NEARLY * threshold } else { threshold };
        for start in (0..block.num_frames()).step_by(at_once) {
            let there = start..(start + at_once).min(block.num_frames());
            let row_length = self.row_length(there.len());
            self.match_all(block, there.clone(), &mut scratch.matched);
            for (channel, crossings) in out.iter_mut().enumerate() {
                scratch.best.clear();
                scratch.best.resize(there.len().next_multiple_of(STRETCH), 0.0);
                for scale in &self.scales {
                    let matched = &scratch.matched[self.beside()..];
                    raise(&mut scratch.best, &scale[channel], matched, row_length, sign);
                }
                for place in (0..there.len()).step_by(STRETCH) {
                    let end = (place + STRETCH).min(there.len());
                    // The sample after them too: what lies before it is between.
                    let seen = &scratch.best[place..(end + 1).min(there.len())];
                    if largest(seen) < noticed {
                        continue;
                    }
                    let first = (start + place) * self.step;
                    if self.step == 1 {
                        let heights = &scratch.best[place..end];
                        self.collect(block, channel, first, heights, threshold, crossings);
                    } else {
                        self.look_between(there.len(), place..end, channel, sign, scratch);
                        let heights = &scratch.finer[..(end - place) * self.step];
                        self.collect(block, channel, first, heights, threshold, crossings);
                    }
                }
            }
        }
    }

    /// Fills `finer` with the heights of a channel at some of the samples that are there and between them.
    fn look_between(
        &self,
        samples: usize,
        places: Range<usize>,
        channel: usize,
        sign: PeakSign,
        scratch: &mut BankScratch,
    ) {
        let BankScratch { matched, sum, between, finer, .. } = scratch;
        finer.clear();
        finer.resize(2 * STRETCH, 0.0);
        for scale in &self.scales {
            let around = places.start..places.start + STRETCH + 2 * BESIDE;
            self.sum_scale(samples, around, &scale[channel], matched, sum);
            between.resize(2 * STRETCH, 0.0);
            doubled(sum, between);
            raise(finer, &[(0, 1.0)], between, 0, sign);
        }
    }

    /// Keeps the heights from `first` on that reach the threshold.
    fn collect(
        &self,
        block: &Block,
        channel: usize,
        first: usize,
        heights: &[f32],
        threshold: f32,
        crossings: &mut Vec<Crossing>,
    ) {
        for (i, &height) in heights.iter().enumerate() {
            let sample = first + i;
            if height >= threshold
                && (self.prototype.is_some() || self.is_peak(block.channel(channel), sample))
            {
                crossings.push(Crossing { sample: sample as u32, channel: channel as u32, height });
            }
        }
    }
}

/// Raises `best` to the heights of weighted sums of channels.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn raise(best: &mut [f32], weights: &[(u32, f32)], matched: &[f32], stride: usize, sign: PeakSign) {
    let turn = if sign == PeakSign::Neg { -1.0 } else { 1.0 };
    let both = sign == PeakSign::Both;
    let mut sum = [0.0f32; STRETCH];
    for (place, best) in best.chunks_exact_mut(STRETCH).enumerate() {
        let mut sums = Sums::new();
        for &(channel, weight) in weights {
            let Some(row) = stretch(matched, channel as usize * stride + place * STRETCH) else { break };
            sums.add::<false>(weight, row);
        }
        sums.store(&mut sum);
        for l in 0..STRETCH {
            let height = if both { sum[l].abs() } else { turn * sum[l] };
            best[l] = if height > best[l] { height } else { best[l] };
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Between the samples that are there everything is found that is high enough, as if all had been looked at.
    #[test]
    fn what_lies_between_samples_is_found_where_it_is_high() {
        let (channels, frames) = (5, 6000);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut block = Block::zeros(channels, 0..frames);
        for channel in 0..channels {
            block.channel_mut(channel).iter_mut().for_each(|x| *x = rng.random_range(-1.0..1.0));
        }
        // A trough of 0.3 ms, at 30 kHz, of which every second sample is there.
        let shape = crate::engine::features::plain_spike(60, 20, 1.0);
        let norm = shape.iter().map(|x| x * x).sum::<f32>().sqrt();
        let basis =
            Basis { components: Array2::from_shape_fn((1, 60), |(_, t)| -shape[t] / norm), num_before: 20 };
        let beside = |channel: u32| vec![(channel, 0.8), ((channel + 1) % channels as u32, -0.3)];
        let scales = vec![
            (0..channels as u32).map(|channel| vec![(channel, 1.0)]).collect(),
            (0..channels as u32).map(beside).collect::<Vec<_>>(),
        ];
        let bank =
            FilterBank { sign: PeakSign::Neg, prototype: Some(basis.thinned(2, 0).taps()), step: 2, scales };
        let mut rows = Vec::new();
        bank.match_all(&block, 0..frames, &mut rows);
        let row_length = bank.row_length(frames);
        let mut heights = vec![vec![0.0f32; 2 * frames.next_multiple_of(STRETCH)]; channels];
        for scale in &bank.scales {
            for (weights, heights) in scale.iter().zip(&mut heights) {
                let (mut sum, mut finer) = (vec![0.0; row_length], vec![0.0; heights.len()]);
                for &(channel, weight) in weights {
                    add_scaled(&rows[channel as usize * row_length..][..row_length], weight, &mut sum);
                }
                doubled(&sum, &mut finer);
                heights.iter_mut().zip(finer).for_each(|(best, height)| *best = best.max(height));
            }
        }
        let largest = heights.iter().flatten().copied().fold(0.0, f32::max);
        let threshold = 0.6 * largest;
        let (mut scratch, mut found) = (BankScratch::default(), Vec::new());
        bank.crossings(&block, threshold, &mut scratch, &mut found);
        let mut count = 0;
        for (found, heights) in found.iter().zip(&heights) {
            let found: Vec<(usize, f32)> = found.iter().map(|c| (c.sample as usize, c.height)).collect();
            let there = heights[..2 * frames].iter().copied().enumerate();
            let wanted: Vec<(usize, f32)> = there.filter(|(_, height)| *height >= threshold).collect();
            assert_eq!(
                found.iter().map(|f| f.0).collect::<Vec<_>>(),
                wanted.iter().map(|w| w.0).collect::<Vec<_>>()
            );
            let off = found.iter().zip(&wanted).map(|(f, w)| (f.1 - w.1).abs()).fold(0.0, f32::max);
            assert!(off < 1e-4 * largest, "{off}");
            count += found.iter().filter(|(sample, _)| sample % 2 == 1).count();
        }
        assert!(count > 20, "only {count} of them lie between samples");
    }
}
