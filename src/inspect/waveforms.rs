//! Mean waveforms of all units from a few stretches of the recording, better with every stretch.

use super::{lanes::Ticket, spans::SpanReader, units::UnitSummary};
use crate::{
    data::{Templates, units::ms_to_samples},
    engine::chain::SPAN_FRAMES,
};
use ndarray::{Array2, s};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Time before and after a spike, in ms.
const BEFORE_MS: f64 = 1.0;
const AFTER_MS: f64 = 2.0;

/// Spikes of a unit that are averaged, and stretches that are read at most.
const SPIKES: usize = 300;
const STRETCHES: usize = 24;

/// Channels around the largest that a mean waveform keeps.
const CHANNELS: usize = 40;

/// How far from the time of a spike its peak may lie, in ms.
const NEAR_MS: f64 = 0.2;

/// How often better means are shown.
const SHOW_EVERY: Duration = Duration::from_millis(300);

/// Mean waveforms so far.
#[derive(Clone, Debug)]
pub struct MeanWaveforms {
    /// The means, in µV where the recording knows its gains.
    pub templates: Arc<Templates>,
    /// Spikes averaged of each unit.
    pub counts: Vec<u32>,
    /// `[time in s, amplitude]` of the averaged spikes of each unit, on the channel where it is largest; times
    /// run on over the segments.
    pub amplitudes: Vec<Vec<[f32; 2]>>,
    /// Largest absolute value over the noise of its channel, for each unit.
    pub snr: Vec<Option<f32>>,
    /// Share of the work done.
    pub share: f32,
    /// Why it stopped.
    pub error: Option<String>,
}

impl MeanWaveforms {
    /// Amplitude of the mean waveform of a unit, with its sign.
    pub fn amplitude(&self, unit: usize) -> Option<f32> {
        let (.., value) = self.templates.extremum(unit)?;
        (value != 0.0).then_some(value)
    }
}

/// Averages spikes of all units over stretches spread evenly over the recording.
pub fn mean_waveforms(reader: &SpanReader, summary: &UnitSummary, ticket: &Ticket<MeanWaveforms>) {
    let mut means = Means::new(reader, summary);
    let stretches = stretches(reader);
    let mut shown = Instant::now();
    for (done, &(segment, span)) in stretches.iter().enumerate() {
        if ticket.superseded() {
            return;
        }
        if let Err(error) = means.add(segment, span) {
            return ticket.send(means.answer(done as f32 / stretches.len() as f32, Some(error.to_string())));
        }
        if done == 0 || shown.elapsed() > SHOW_EVERY {
            ticket.send(means.answer((done + 1) as f32 / stretches.len() as f32, None));
            shown = Instant::now();
        }
    }
    let settled = reader.settle_scale().err().map(|error| error.to_string());
    ticket.send(means.answer(1.0, settled));
}

/// Spans to read, `(segment, span)`, spread over the whole recording, far apart first.
fn stretches(reader: &SpanReader) -> Vec<(usize, usize)> {
    let all: Vec<(usize, usize)> = reader
        .info()
        .segments
        .iter()
        .enumerate()
        .flat_map(|(segment, s)| (0..s.num_frames.div_ceil(SPAN_FRAMES)).map(move |span| (segment, span)))
        .collect();
    let count = all.len().min(STRETCHES);
    let mut picked: Vec<(usize, (usize, usize))> =
        (0..count).filter_map(|i| Some((i, *all.get((2 * i + 1) * all.len() / (2 * count))?))).collect();
    picked.sort_by_key(|&(i, _)| (i as u32).reverse_bits());
    picked.into_iter().map(|(_, place)| place).collect()
}

/// Channel of the largest value of a sum of spikes, and its sign.
fn largest(sum: &Array2<f32>, before: usize) -> Option<(usize, f32)> {
    let mut best = (None, 0.0f32);
    for (channel, row) in sum.rows().into_iter().enumerate() {
        let base = row.slice(s![..(before / 2).max(1)]).mean().unwrap_or(0.0);
        for value in row.iter().map(|x| x - base) {
            if value.abs() > best.1 {
                best = (Some((channel, value.signum())), value.abs());
            }
        }
    }
    best.0
}

struct Means<'a> {
    reader: &'a SpanReader,
    summary: &'a UnitSummary,
    before: usize,
    samples: usize,
    /// `(channel, sample)` of each unit that had a spike.
    sums: Vec<Option<Array2<f32>>>,
    counts: Vec<u32>,
    amplitudes: Vec<Vec<[f32; 2]>>,
}

impl<'a> Means<'a> {
    fn new(reader: &'a SpanReader, summary: &'a UnitSummary) -> Self {
        let rate = reader.info().sampling_frequency;
        let before = ms_to_samples(BEFORE_MS, rate);
        let num_units = summary.sorting.num_units();
        Self {
            reader,
            summary,
            before,
            samples: before + ms_to_samples(AFTER_MS, rate),
            sums: vec![None; num_units],
            counts: vec![0; num_units],
            amplitudes: vec![Vec::new(); num_units],
        }
    }

    fn add(&mut self, segment: usize, span: usize) -> Result<(), crate::engine::EngineError> {
        let num_frames = self.reader.info().segments.get(segment).map_or(0, |s| s.num_frames);
        let frames = span * SPAN_FRAMES..((span + 1) * SPAN_FRAMES).min(num_frames);
        let Some(spikes) = self.summary.sorting.segments.get(segment) else {
            return Ok(());
        };
        let Self { reader, summary, before, samples, sums, counts, amplitudes } = self;
        let info = reader.info();
        let num_channels = info.num_channels();
        let earlier: usize = info.segments.iter().take(segment).map(|s| s.num_frames).sum();
        let near = ms_to_samples(NEAR_MS, info.sampling_frequency);
        reader.with_block(segment, frames.clone(), |block| {
            for unit in 0..sums.len() {
                let positions = summary.positions(segment, unit);
                let at = |frame: usize| {
                    positions.partition_point(|&p| spikes.sample_index[p as usize] < frame as i64)
                };
                let inside = &positions[at(frames.start + *before)
                    ..at((frames.end + *before).saturating_sub(*samples)).max(at(frames.start + *before))];
                let wanted = SPIKES.saturating_sub(counts[unit] as usize).min(SPIKES / 4);
                if inside.is_empty() || wanted == 0 {
                    continue;
                }
                let sum = sums[unit].get_or_insert_with(|| Array2::zeros((num_channels, *samples)));
                let used = inside.iter().step_by(inside.len().div_ceil(wanted));
                for &position in used.clone() {
                    let frame = spikes.sample_index[position as usize] as usize;
                    let start = frame - *before - block.first_frame();
                    for (channel, mut row) in sum.rows_mut().into_iter().enumerate() {
                        if let Some(piece) = block.channel(channel).get(start..start + *samples) {
                            row.iter_mut().zip(piece).for_each(|(a, &b)| *a += b);
                        }
                    }
                    counts[unit] += 1;
                }
                let Some((channel, sign)) = largest(sum, *before) else {
                    continue;
                };
                let gain = info.gain_to_uv.as_ref().and_then(|g| g.get(channel)).map_or(1.0, |&g| g as f32);
                for &position in used {
                    let frame = spikes.sample_index[position as usize] as usize;
                    let piece = |from: usize, count: usize| {
                        block.channel(channel).get(from..from + count).unwrap_or(&[]).iter().copied()
                    };
                    let start = frame - *before - block.first_frame();
                    let base = piece(start, (*before / 2).max(1)).sum::<f32>() / (*before / 2).max(1) as f32;
                    let around = piece((start + *before).saturating_sub(near), 2 * near + 1);
                    let peak = around.map(|x| (x - base) * sign).fold(f32::NEG_INFINITY, f32::max);
                    if peak.is_finite() {
                        let time = (earlier + frame) as f64 / info.sampling_frequency;
                        amplitudes[unit].push([time as f32, peak * sign * gain]);
                    }
                }
            }
        })
    }

    fn answer(&self, share: f32, error: Option<String>) -> MeanWaveforms {
        let info = self.reader.info();
        let scale = self.reader.scale();
        let locations = info.locations_um().unwrap_or_default();
        let mut channel_indices = Vec::new();
        let mut waveforms = Vec::new();
        let mut snr = Vec::new();
        for (unit, sum) in self.sums.iter().enumerate() {
            let Some(mean) = sum.as_ref().map(|sum| {
                let mut mean = sum / self.counts[unit].max(1) as f32;
                for (channel, mut row) in mean.rows_mut().into_iter().enumerate() {
                    // Recordings that were not filtered sit far from zero.
                    let base = row.slice(s![..(self.before / 2).max(1)]).mean().unwrap_or(0.0);
                    let gain =
                        info.gain_to_uv.as_ref().and_then(|g| g.get(channel)).map_or(1.0, |&g| g as f32);
                    row.mapv_inplace(|x| (x - base) * gain);
                }
                mean
            }) else {
                channel_indices.push(Vec::new());
                waveforms.push(Array2::zeros((self.samples, 0)));
                snr.push(None);
                continue;
            };
            let heights: Vec<f32> =
                mean.rows().into_iter().map(|row| row.iter().fold(0.0f32, |a, &b| a.max(b.abs()))).collect();
            let best = (0..heights.len()).max_by(|&a, &b| heights[a].total_cmp(&heights[b])).unwrap_or(0);
            let gain = info.gain_to_uv.as_ref().and_then(|g| g.get(best)).map_or(1.0, |&g| g.abs() as f32);
            let noise = scale.noise.get(best).map(|n| n * gain).filter(|&n| n > 0.0);
            snr.push(noise.map(|n| heights[best] / n));
            let mut near: Vec<usize> = (0..heights.len()).collect();
            match locations.get(best) {
                Some(center) => near.sort_by(|&a, &b| {
                    let distance = |c: usize| {
                        locations.get(c).map_or(f64::MAX, |p| (p[0] - center[0]).hypot(p[1] - center[1]))
                    };
                    distance(a).total_cmp(&distance(b))
                }),
                None => near.sort_by_key(|&c| c.abs_diff(best)),
            }
            near.truncate(CHANNELS);
            near.sort_unstable();
            waveforms.push(Array2::from_shape_fn((self.samples, near.len()), |(i, c)| mean[[near[c], i]]));
            channel_indices.push(near.iter().map(|&c| c as u32).collect());
        }
        MeanWaveforms {
            templates: Arc::new(Templates {
                sampling_frequency: info.sampling_frequency,
                unit_ids: self.summary.sorting.unit_ids.clone(),
                channel_ids: info.channel_ids.clone(),
                locations_um: locations,
                num_before: self.before,
                num_samples: self.samples,
                channel_indices,
                waveforms,
                deviations: Vec::new(),
                in_uv: info.gain_to_uv.is_some(),
            }),
            counts: self.counts.clone(),
            amplitudes: self.amplitudes.clone(),
            snr,
            share,
            error,
        }
    }
}
