//! Best-first matching pursuit on one stretch of traces.

use super::bank::{BankUnit, TemplateBank, phase_of};
use crate::engine::{
    block::Block,
    lanes::{BESIDE, LANES, STRETCH, Sums, doubled, largest, stretch},
};
use std::{cmp::Ordering, collections::BinaryHeap, ops::Range};

/// What a match must fulfil.
#[derive(Clone, Debug, PartialEq)]
pub struct PeelLimits {
    /// Least gain of each unit: the drop of the residual's energy.
    pub gain: Vec<f32>,
    /// Weight of the prior on the amplitude of each unit: noise variance of its score over that of the amplitude.
    pub prior: Vec<f32>,
    /// Least and greatest amplitude, as a factor of the template.
    pub amplitude: (f32, f32),
    /// A unit does not fire twice within this many samples.
    pub refractory: usize,
    /// Spikes that overlap are fitted together, and each looked at again with the others subtracted.
    pub joint_refit: bool,
}

/// A spike that was found and subtracted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Sample of the block.
    pub sample: usize,
    /// Place between samples, -1/2 to 1/2, that is added to `sample`.
    pub delta: f32,
    /// Unit.
    pub unit: u32,
    /// Factor of the template.
    pub scale: f32,
    /// Drop of the residual's energy.
    pub gain: f32,
}

/// Samples projected before they are scored: those of all channels of the workers fit the third-level cache, those of a
/// unit the second.
const AT_ONCE: usize = 8 * STRETCH;
/// Places of a row of projections: a power of two would put rows on the same lines of the cache.
const PROJECTED_ROW: usize = AT_ONCE + LANES;

/// Samples whose best score is kept together.
const TILE: usize = STRETCH;

/// Buffers of [`Peeler::run`].
#[derive(Debug, Default)]
pub struct Peeler {
    /// Projections of some of the samples that are there, `[channel][component]` rows of them.
    projected: Vec<f32>,
    /// Samples that are there.
    row: usize,
    /// Scores of units at the samples that are there, where those are not all, a row each.
    thin: Vec<f32>,
    /// Scores of units against the residual at all samples, a row each.
    pub(super) scores: Vec<f32>,
    pub(super) stride: usize,
    /// Sample of the first score and number of scores.
    pub(super) first: usize,
    pub(super) len: usize,
    tiles: Vec<f32>,
    heap: BinaryHeap<Candidate>,
    used: Vec<bool>,
    /// Places of the spikes of each unit that were accepted.
    pub(super) taken: Vec<Vec<u32>>,
    /// What a spike does to the scores of a unit.
    wave: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    gain: f32,
    place: u32,
    unit: u32,
}

impl Eq for Candidate {}
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(other.place.cmp(&self.place)).then(other.unit.cmp(&self.unit))
    }
}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Peeler {
    /// Finds spikes around `samples` of the block (those that are there): again and again the one that lowers the residual's energy most is
    /// accepted and subtracted. Ties go to the earlier sample, then to the lower unit.
    pub fn run(
        &mut self,
        bank: &TemplateBank,
        block: &Block,
        samples: Range<usize>,
        limits: &PeelLimits,
    ) -> Vec<Match> {
        if self.place(bank, block, samples).is_none() {
            return Vec::new();
        }
        self.score(bank, block);
        self.peel(bank, limits)
    }

    /// Projects and scores without peeling: the scores of each unit against the traces as they are.
    pub fn scores(
        &mut self,
        bank: &TemplateBank,
        block: &Block,
        samples: Range<usize>,
    ) -> Option<Vec<&[f32]>> {
        self.place(bank, block, samples)?;
        self.score(bank, block);
        let len = self.len;
        Some(self.scores.chunks_exact(self.stride).take(bank.units.len()).map(|row| &row[..len]).collect())
    }

    /// Decides which samples are scored; `None` where no template fits.
    fn place(&mut self, bank: &TemplateBank, block: &Block, samples: Range<usize>) -> Option<()> {
        let (nt, before) = (bank.thinned.num_samples(), bank.thinned.num_before());
        let first = samples.start.max(before);
        let end = samples.end.min((block.num_frames() + before + 1).saturating_sub(nt));
        if first >= end || bank.units.is_empty() {
            self.len = 0;
            return None;
        }
        (self.first, self.len) = (first * bank.step, (end - first) * bank.step);
        self.row = (end - first).next_multiple_of(STRETCH);
        self.stride = (self.row * bank.step).next_multiple_of(TILE);
        Some(())
    }

    /// Projects the traces and scores the units, a few hundred samples after the other: what was projected is scored
    /// while it is near.
    fn score(&mut self, bank: &TemplateBank, block: &Block) {
        self.used.clear();
        self.used.resize(block.num_channels(), false);
        for unit in &bank.units {
            for &channel in &unit.channels {
                self.used[channel as usize] = true;
            }
        }
        let thin_row = self.row + 2 * BESIDE;
        self.projected.resize(block.num_channels() * bank.num_components() * PROJECTED_ROW, 0.0);
        self.scores.resize(bank.units.len() * self.stride, 0.0);
        if bank.step > 1 {
            self.thin.resize(bank.units.len() * thin_row, 0.0);
            for thin in self.thin.chunks_exact_mut(thin_row) {
                thin[..BESIDE].fill(0.0);
                thin[BESIDE + self.row..].fill(0.0);
            }
        }
        for start in (0..self.row).step_by(AT_ONCE) {
            let end = self.row.min(start + AT_ONCE);
            self.project(bank, block, start..end);
            let k = bank.num_components();
            for place in (start..end).step_by(STRETCH) {
                for &unit in &bank.by_place {
                    let row = match bank.step {
                        1 => &mut self.scores[unit * self.stride..],
                        _ => &mut self.thin[unit * thin_row + BESIDE..],
                    };
                    let BankUnit { channels, coefficients, .. } = &bank.units[unit];
                    let projected = &self.projected[place - start..];
                    score_unit(channels, coefficients, k, projected, &mut row[place..place + STRETCH]);
                }
            }
        }
        if bank.step > 1 {
            for (thin, scores) in
                self.thin.chunks_exact(thin_row).zip(self.scores.chunks_exact_mut(self.stride))
            {
                doubled(thin, scores);
            }
        }
    }

    /// Projections of a part of the samples that are there, with zeros past the last.
    fn project(&mut self, bank: &TemplateBank, block: &Block, part: Range<usize>) {
        let k = bank.num_components();
        let (nt, before) = (bank.thinned.num_samples(), bank.thinned.num_before());
        let (first, len) = (self.first / bank.step - before, self.len / bank.step);
        let end = part.end.min(len);
        for channel in (0..block.num_channels()).filter(|&c| self.used[c]) {
            let rows = &mut self.projected[channel * k * PROJECTED_ROW..][..k * PROJECTED_ROW];
            if part.start < end {
                let x = &block.channel(channel)[first + part.start..first + end + nt - 1];
                bank.thinned.project(x, rows, PROJECTED_ROW);
            }
            for row in rows.chunks_exact_mut(PROJECTED_ROW) {
                row[end.saturating_sub(part.start)..part.len()].fill(0.0);
            }
        }
    }

    fn peel(&mut self, bank: &TemplateBank, limits: &PeelLimits) -> Vec<Match> {
        let num_tiles = self.len.div_ceil(TILE);
        self.tiles.clear();
        self.tiles.resize(bank.units.len() * num_tiles, f32::NEG_INFINITY);
        self.heap.clear();
        self.wave.resize(bank.lag_stride(), 0.0);
        self.taken.iter_mut().for_each(Vec::clear);
        self.taken.resize(bank.units.len(), Vec::new());
        for unit in 0..bank.units.len() {
            for tile in 0..num_tiles {
                self.refresh(bank, limits, unit, tile);
            }
        }
        let mut matches = Vec::new();
        self.accept(bank, limits, &mut matches);
        if limits.joint_refit {
            self.refit(bank, limits, &mut matches);
        }
        matches.sort_by_key(|m| (m.sample, m.unit));
        matches
    }

    /// Accepts and subtracts the best spike again and again, until none suffices.
    pub(super) fn accept(&mut self, bank: &TemplateBank, limits: &PeelLimits, matches: &mut Vec<Match>) {
        let num_tiles = self.len.div_ceil(TILE);
        while let Some(candidate) = self.heap.pop() {
            let (unit, place) = (candidate.unit as usize, candidate.place as usize);
            // Stale: the tile has changed since.
            if self.tiles[unit * num_tiles + place / TILE].total_cmp(&candidate.gain).is_ne() {
                continue;
            }
            let (delta, peak) = self.summit(unit, place);
            let (norm2, prior) = (bank.units[unit].norm2, limits.prior[unit]);
            let scale = ((peak + prior) / (norm2 + prior)).clamp(limits.amplitude.0, limits.amplitude.1);
            let found =
                Match { sample: self.first + place, delta, unit: unit as u32, scale, gain: candidate.gain };
            self.put(bank, limits, &found);
            matches.push(found);
        }
    }

    /// The top of a parabola through a score and those beside it: its place from there, and its height.
    pub(super) fn summit(&self, unit: usize, place: usize) -> (f32, f32) {
        let [a, b, c] = self.around(unit, place);
        let curvature = a - 2.0 * b + c;
        let delta = if curvature < 0.0 { (0.5 * (a - c) / curvature).clamp(-0.5, 0.5) } else { 0.0 };
        (delta, b - 0.25 * (a - c) * delta)
    }

    /// A score and those beside it.
    pub(super) fn around(&self, unit: usize, place: usize) -> [f32; 3] {
        let row = &self.scores[unit * self.stride..][..self.len];
        let beside = |i: usize| row.get(i).copied().unwrap_or(0.0);
        [if place > 0 { row[place - 1] } else { 0.0 }, row[place], beside(place + 1)]
    }

    /// Subtracts a spike and keeps its unit quiet around it.
    pub(super) fn put(&mut self, bank: &TemplateBank, limits: &PeelLimits, spike: &Match) {
        self.taken[spike.unit as usize].push((spike.sample - self.first) as u32);
        self.subtract(bank, limits, spike, spike.scale);
        self.refresh_around(bank, limits, spike);
    }

    /// Undoes [`Self::put`].
    pub(super) fn take_back(&mut self, bank: &TemplateBank, limits: &PeelLimits, spike: &Match) {
        let place = (spike.sample - self.first) as u32;
        self.taken[spike.unit as usize].retain(|&p| p != place);
        self.subtract(bank, limits, spike, -spike.scale);
        self.refresh_around(bank, limits, spike);
    }

    /// Subtracts a spike `scale` times from the scores of all units.
    pub(super) fn subtract(&mut self, bank: &TemplateBank, limits: &PeelLimits, spike: &Match, scale: f32) {
        let reach = bank.num_samples() as i64 - 1;
        let (phase, whole) = phase_of(spike.delta);
        let place = (spike.sample - self.first) as i64 + whole;
        let start = (place - reach).max(0);
        let end = (place + reach + 1).min(self.len as i64);
        if start >= end {
            return;
        }
        let offset = (start - (place - reach)) as usize;
        let (start, end) = (start as usize, end as usize);
        let mut wave = std::mem::take(&mut self.wave);
        for (other, products) in &bank.units[spike.unit as usize].pairs {
            bank.interaction(phase, products, &mut wave);
            let row = &mut self.scores[*other as usize * self.stride..][start..end];
            for (score, w) in row.iter_mut().zip(&wave[offset..]) {
                *score -= scale * w;
            }
            for tile in start / TILE..=(end - 1) / TILE {
                self.refresh(bank, limits, *other as usize, tile);
            }
        }
        self.wave = wave;
    }

    /// Looks again where the unit of a spike is quiet because of it, or is so no more.
    fn refresh_around(&mut self, bank: &TemplateBank, limits: &PeelLimits, spike: &Match) {
        let place = spike.sample - self.first;
        let first = place.saturating_sub(limits.refractory + 1) / TILE;
        let last = (place + limits.refractory + 1).min(self.len - 1) / TILE;
        for tile in first..=last {
            self.refresh(bank, limits, spike.unit as usize, tile);
        }
    }

    /// Looks for the best place of a unit in a tile and enters it where its gain suffices.
    fn refresh(&mut self, bank: &TemplateBank, limits: &PeelLimits, unit: usize, tile: usize) {
        let num_tiles = self.len.div_ceil(TILE);
        let start = tile * TILE;
        let end = self.len.min(start + TILE);
        let row = &self.scores[unit * self.stride..][..self.len];
        let (norm2, prior) = (bank.units[unit].norm2, limits.prior[unit]);
        let gain = |score: f32| gain_of(score, norm2, prior, limits.amplitude);
        let suffices = |gain: f32| gain >= limits.gain[unit] && gain.is_finite();
        let best = largest(&row[start..end]);
        let mut found = None;
        if suffices(gain(best)) {
            let place = start + row[start..end].iter().position(|&s| s == best).unwrap_or(0);
            let beside = |p: usize| self.is_quiet(unit, p, limits.refractory + 1);
            found = if beside(place) {
                // The unit has fired here: only peaks of their own count, not the shoulders of its spike.
                let is_peak = |p: usize| {
                    !self.is_quiet(unit, p, limits.refractory)
                        && (p == 0 || row[p - 1] <= row[p])
                        && row.get(p + 1).is_none_or(|next| *next <= row[p])
                };
                (start..end)
                    .filter(|&p| is_peak(p))
                    .max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a)))
                    .map(|p| (gain(row[p]), p))
                    .filter(|(gain, _)| suffices(*gain))
            } else {
                Some((gain(best), place))
            };
        }
        let kept = &mut self.tiles[unit * num_tiles + tile];
        *kept = found.map_or(f32::NEG_INFINITY, |(gain, _)| gain);
        if let Some((gain, place)) = found {
            self.heap.push(Candidate { gain, place: place as u32, unit: unit as u32 });
        }
    }

    /// True within `reach` of a spike of the unit.
    pub(super) fn is_quiet(&self, unit: usize, place: usize, reach: usize) -> bool {
        self.taken[unit].iter().any(|&p| place.abs_diff(p as usize) <= reach)
    }
}

/// Drop of the residual's energy by the best amplitude within bounds, under the prior.
pub(super) fn gain_of(score: f32, norm2: f32, prior: f32, amplitude: (f32, f32)) -> f32 {
    let (b, n) = (score + prior, norm2 + prior);
    let scale = (b / n).clamp(amplitude.0, amplitude.1);
    2.0 * scale * b - scale * scale * n - prior
}

#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn score_unit(channels: &[u32], coefficients: &[f32], k: usize, projected: &[f32], out: &mut [f32]) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    let mut sums = Sums::new();
    // Without adaptors, which are not inlined everywhere.
    for i in 0..channels.len() {
        let (first, weights) = (channels[i] as usize * k, &coefficients[i * k..][..k]);
        for component in 0..k {
            let Some(row) = stretch(projected, (first + component) * PROJECTED_ROW) else { break };
            sums.add::<FUSED>(weights[component], row);
        }
    }
    sums.store(out);
}
