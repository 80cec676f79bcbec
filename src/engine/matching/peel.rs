//! Best-first matching pursuit on one stretch of traces.

use super::bank::{TemplateBank, phase_of, phase_shift};
use crate::engine::{
    basis::MAX_COMPONENTS,
    block::Block,
    lanes::{BESIDE, STRETCH, Sums, doubled, doubled_at, largest, stretch},
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

/// Samples whose best score is kept together.
const TILE: usize = STRETCH;

/// Buffers of [`Peeler::run`], and the projections it leaves behind.
#[derive(Debug, Default)]
pub struct Peeler {
    /// Projections of the traces as they were, `[channel][component]` rows of the samples that are there.
    projected: Vec<f32>,
    row: usize,
    /// Scores of one unit at the samples that are there.
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
        self.project(bank, block);
        self.score(bank);
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
        self.project(bank, block);
        self.score(bank);
        let len = self.len;
        Some(self.scores.chunks_exact(self.stride).take(bank.units.len()).map(|row| &row[..len]).collect())
    }

    /// Decides which samples are scored; `None` where no template fits.
    fn place(&mut self, bank: &TemplateBank, block: &Block, samples: Range<usize>) -> Option<()> {
        let (nt, before) = (bank.thinned.num_samples(), bank.thinned.num_before);
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

    fn project(&mut self, bank: &TemplateBank, block: &Block) {
        let k = bank.num_components();
        let (nt, before) = (bank.thinned.num_samples(), bank.thinned.num_before);
        let (start, len) = (self.first / bank.step - before, self.len / bank.step);
        self.used.clear();
        self.used.resize(block.num_channels(), false);
        for unit in &bank.units {
            for &channel in &unit.channels {
                self.used[channel as usize] = true;
            }
        }
        // Rows are as long as the stride; what lies past their end only ever meets scores past the end.
        self.projected.resize(block.num_channels() * k * self.row, 0.0);
        for channel in (0..block.num_channels()).filter(|&c| self.used[c]) {
            let x = &block.channel(channel)[start..start + len + nt - 1];
            let out = &mut self.projected[channel * k * self.row..][..k * self.row];
            bank.thinned.project(x, out, self.row);
            for row in out.chunks_exact_mut(self.row) {
                row[len..].fill(0.0);
            }
        }
    }

    fn score(&mut self, bank: &TemplateBank) {
        let k = bank.num_components();
        self.scores.resize(bank.units.len() * self.stride, 0.0);
        self.thin.resize(self.row + 2 * BESIDE, 0.0);
        for (unit, scores) in bank.units.iter().zip(self.scores.chunks_exact_mut(self.stride)) {
            if bank.step == 1 {
                score_unit(&unit.channels, &unit.coefficients, k, &self.projected, self.row, scores);
            } else {
                let thin = &mut self.thin[BESIDE..BESIDE + self.row];
                score_unit(&unit.channels, &unit.coefficients, k, &self.projected, self.row, thin);
                doubled(&self.thin, scores);
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

    /// Features of a match on `channels` with all other matches subtracted, `(channels, components)`, between samples.
    ///
    /// `matches` are those of the last run, in order; `index` is the one wanted.
    pub fn cleaned(
        &self,
        bank: &TemplateBank,
        matches: &[Match],
        index: usize,
        channels: &[u32],
        out: &mut [f32],
    ) {
        let k = bank.num_components();
        let reach = bank.num_samples() as i64 - 1;
        let own = matches[index];
        let place = own.sample - self.first;
        let places = [place.saturating_sub(1), place, (place + 1).min(self.len - 1)];
        let projection_at = |row: &[f32], place: usize| match bank.step {
            1 => row[place],
            _ => doubled_at(row, place),
        };
        let mut at = vec![[0.0f32; 3]; channels.len() * k];
        for (i, &channel) in channels.iter().enumerate().filter(|(_, c)| self.used[**c as usize]) {
            for component in 0..k {
                let row = &self.projected[(channel as usize * k + component) * self.row..][..self.row];
                at[i * k + component] = places.map(|p| projection_at(row, p));
            }
        }
        let near = matches.partition_point(|m| (m.sample as i64) < own.sample as i64 - reach - 2);
        for (other, spike) in matches.iter().enumerate().skip(near) {
            if spike.sample as i64 > own.sample as i64 + reach + 2 {
                break;
            }
            if other == index {
                continue;
            }
            let unit = &bank.units[spike.unit as usize];
            let (phase, whole) = phase_of(spike.delta);
            let spike_place = (spike.sample - self.first) as i64 + whole;
            let mut omega = [[0.0f32; 3]; MAX_COMPONENTS * MAX_COMPONENTS];
            for (slot, &p) in places.iter().enumerate() {
                let lag = p as i64 - spike_place;
                if lag.abs() > reach {
                    continue;
                }
                for component in 0..k {
                    for m in 0..k {
                        omega[component * k + m][slot] =
                            bank.omega(phase, component, m)[(lag + reach) as usize];
                    }
                }
            }
            for (i, channel) in channels.iter().enumerate() {
                let Ok(j) = unit.channels.binary_search(channel) else { continue };
                for component in 0..k {
                    for m in 0..k {
                        let weight = spike.scale * unit.coefficients[j * k + m];
                        for slot in 0..3 {
                            at[i * k + component][slot] -= weight * omega[component * k + m][slot];
                        }
                    }
                }
            }
        }
        let (phase, whole) = phase_of(own.delta);
        let delta = phase_shift(phase) as f32 + whole as f32;
        for (o, [a, b, c]) in out.iter_mut().zip(at) {
            *o = b + 0.5 * delta * (c - a) + 0.5 * delta * delta * (a - 2.0 * b + c);
        }
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
fn score_unit(
    channels: &[u32],
    coefficients: &[f32],
    k: usize,
    projected: &[f32],
    stride: usize,
    out: &mut [f32],
) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    for (place, out) in out.chunks_exact_mut(STRETCH).enumerate() {
        let mut sums = Sums::new();
        for (&channel, weights) in channels.iter().zip(coefficients.chunks_exact(k)) {
            for (component, &w) in weights.iter().enumerate() {
                let start = (channel as usize * k + component) * stride + place * STRETCH;
                let Some(row) = stretch(projected, start) else { break };
                sums.add::<FUSED>(w, row);
            }
        }
        sums.store(out);
    }
}
