//! Mean and standard deviation of waveforms.

use super::{SelectedSpikes, WaveformParams, channels_around, scales, select::holds};
use crate::{
    data::{RecordingInfo, Sorting, Templates},
    engine::{EngineError, Monitor, block::Block, chain::Chain, chain::Job, select::median, spans},
};
use ndarray::{Array2, ArrayView1, Axis, s};
use rayon::prelude::*;

/// Sums of one unit's waveforms, `(channels, samples)`.
///
/// Where only every second frame is read, a spike gives the even or the odd samples of its waveform: the even ones come
/// first in a row of the sums, then the odd ones.
struct Sums {
    /// Channels that are summed, ascending: all until the unit's place is known.
    channels: Vec<u32>,
    sum: Array2<f64>,
    squares: Array2<f64>,
    /// Spikes that gave the samples `phase`, `phase + step`, …
    counts: Vec<usize>,
    count: usize,
    /// How many of the unit's chosen spikes were added already.
    next: usize,
}

/// Where the samples `phase`, `phase + step`, … begin in a row of sums.
fn start_of(phase: usize, step: usize, num_samples: usize) -> usize {
    (0..phase).map(|phase| (num_samples - phase).div_ceil(step)).sum()
}

/// After these many spikes a unit's distant channels are summed no longer, where they are silent.
const SETTLED: [usize; 2] = [12, 50];
/// A distant channel is silent where its mean stays below this share of the main channel's. The noise of the mean of twelve
/// waveforms is a third of the noise, of fifty a seventh.
const SILENT: f64 = 1.0 / 3.0;

impl Sums {
    /// Mean waveforms in the recording's unit, `(samples, channels)`.
    fn mean(&self, gain: &[f64], offset: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn((self.sum.ncols(), self.channels.len()), |(t, c)| {
            let (channel, (place, n)) = (self.channels[c] as usize, self.place(t));
            self.sum[[c, place]] / n * gain[channel] + offset[channel]
        })
    }

    /// Where the sums of a sample lie, and how many spikes gave it; those of its neighbour where none did.
    fn place(&self, t: usize) -> (usize, f64) {
        let (step, count) = (self.counts.len(), |t: usize| self.counts[t % self.counts.len()]);
        let beside = if t > 0 { t - 1 } else { t + 1 };
        let t = if count(t) == 0 && beside < self.sum.ncols() { beside } else { t };
        (start_of(t % step, step, self.sum.ncols()) + t / step, count(t).max(1) as f64)
    }

    /// Drops the channels beyond twice the radius of the main one, where none of those beyond the radius could be it.
    fn settle(&mut self, info: &RecordingInfo, gain: &[f64], offset: &[f64], radius_um: f64) {
        let mean = self.mean(gain, offset);
        let sizes: Vec<f64> = mean.columns().into_iter().map(size).collect();
        let Some(main) = largest_column(&mean) else { return };
        let contenders = channels_around(info, self.channels[main] as usize, radius_um);
        let silent = |(c, &size): (usize, &f64)| {
            contenders.binary_search(&self.channels[c]).is_ok() || size < SILENT * sizes[main]
        };
        if sizes.iter().enumerate().all(silent) {
            let near = channels_around(info, self.channels[main] as usize, 2.0 * radius_um);
            let kept: Vec<usize> =
                (0..self.channels.len()).filter(|&c| near.binary_search(&self.channels[c]).is_ok()).collect();
            self.sum = self.sum.select(Axis(0), &kept);
            self.squares = self.squares.select(Axis(0), &kept);
            self.channels = kept.iter().map(|&c| self.channels[c]).collect();
        }
    }
}

/// Averages the chosen spikes of each unit and keeps the channels around its main one.
///
/// Values are in µV where the gain is known. A unit without spikes has a template without channels.
///
/// # Errors
/// Where the sorting does not belong to the recording, it is cancelled, or samples cannot be read.
pub fn estimate_templates(
    chain: &Chain,
    sorting: &Sorting,
    selected: &SelectedSpikes,
    params: &WaveformParams,
    monitor: &dyn Monitor,
) -> Result<Templates, EngineError> {
    spans::check(chain, sorting)?;
    let info = chain.info();
    let (num_before, num_samples) = params.samples(info.sampling_frequency);
    let mut sums: Vec<Sums> = (selected.iter())
        .map(|spikes| {
            let channels = possible_channels(info, sorting, spikes, params.radius_um);
            Sums {
                sum: Array2::zeros((channels.len(), num_samples)),
                squares: Array2::zeros((channels.len(), num_samples)),
                channels,
                counts: vec![0; chain.step()],
                count: 0,
                next: 0,
            }
        })
        .collect();
    monitor.stage("templates");
    let jobs = jobs_with_spikes(chain, sorting, selected);
    let (gain, offset, in_uv) = scales(info);
    let pad = if all_within(chain, sorting, selected, (num_before, num_samples)) {
        0
    } else {
        num_samples.div_ceil(chain.step()) + 1
    };
    spans::for_blocks(chain, &jobs, pad, monitor, |blocks| {
        sums.par_iter_mut().zip(selected).for_each(|(sums, spikes)| {
            for (job, block) in blocks {
                add(sums, spikes, sorting, (job, block), (num_before, chain.step()), |sums| {
                    sums.settle(info, &gain, &offset, params.radius_um);
                });
            }
        });
    })?;

    let mut templates = Templates {
        sampling_frequency: info.sampling_frequency,
        unit_ids: sorting.unit_ids.clone(),
        channel_ids: info.channel_ids.clone(),
        locations_um: info.locations_um().unwrap_or_default(),
        num_before,
        num_samples,
        channel_indices: Vec::new(),
        waveforms: Vec::new(),
        deviations: Vec::new(),
        in_uv,
    };
    for sums in sums {
        let mean = sums.mean(&gain, &offset);
        let channels = match (sums.count > 0).then(|| largest_column(&mean)).flatten() {
            Some(main) => channels_around(info, sums.channels[main] as usize, params.radius_um),
            None => Vec::new(),
        };
        // A main channel that wandered far since the unit's place was settled loses the channels not summed.
        let (channels, rows): (Vec<u32>, Vec<usize>) =
            channels.iter().filter_map(|c| Some((*c, sums.channels.binary_search(c).ok()?))).unzip();
        let deviation = |t: usize, row: usize| {
            let (place, n) = sums.place(t);
            let (mean, square) = (sums.sum[[row, place]] / n, sums.squares[[row, place]] / n);
            (square - mean * mean).max(0.0).sqrt() * gain[sums.channels[row] as usize].abs()
        };
        let shape = (num_samples, channels.len());
        templates.waveforms.push(Array2::from_shape_fn(shape, |(t, c)| mean[[t, rows[c]]] as f32));
        templates.deviations.push(Array2::from_shape_fn(shape, |(t, c)| deviation(t, rows[c]) as f32));
        templates.channel_indices.push(channels);
    }
    Ok(templates)
}

/// How far from where its spikes were located, in radii, a unit's main channel may lie.
const ASTRAY: f64 = 2.0;

/// The channels a unit's main channel can be one of, with those around it: near the median place of its spikes, where they
/// were located, else all.
fn possible_channels(
    info: &RecordingInfo,
    sorting: &Sorting,
    spikes: &[(u32, u32)],
    radius_um: f64,
) -> Vec<u32> {
    let place = |&(segment, position): &(u32, u32)| {
        Some(sorting.segments[segment as usize].location_um.as_ref()?[position as usize])
    };
    let all = || (0..info.num_channels() as u32).collect();
    let (Some(contacts), Some(places)) =
        (info.locations_um(), spikes.iter().map(place).collect::<Option<Vec<[f32; 2]>>>())
    else {
        return all();
    };
    if places.is_empty() {
        return all();
    }
    let [x, y] =
        [0, 1].map(|axis| f64::from(median(&mut places.iter().map(|p| p[axis]).collect::<Vec<_>>())));
    let near: Vec<u32> = (contacts.iter().zip(0..))
        .filter(|([a, b], _)| (a - x).hypot(b - y) <= (1.0 + ASTRAY) * radius_um)
        .map(|(_, channel)| channel)
        .collect();
    if near.is_empty() { all() } else { near }
}

/// Spans that hold a chosen spike.
pub(super) fn jobs_with_spikes(chain: &Chain, sorting: &Sorting, selected: &SelectedSpikes) -> Vec<Job> {
    let spans = chain.spans();
    let mut wanted = vec![false; spans.len()];
    for &(segment, position) in selected.iter().flatten() {
        let sample = sorting.segments[segment as usize].sample_index[position as usize];
        let place = spans_before(&spans, segment as usize, sample / chain.step() as i64);
        if let Some(wanted) = wanted.get_mut(place) {
            *wanted = true;
        }
    }
    spans.into_iter().zip(wanted).filter_map(|(job, wanted)| wanted.then_some(job)).collect()
}

/// True where no waveform of the chosen spikes reaches beyond its span.
fn all_within(
    chain: &Chain,
    sorting: &Sorting,
    selected: &SelectedSpikes,
    (num_before, num_samples): (usize, usize),
) -> bool {
    let spans = chain.spans();
    selected.iter().flatten().all(|&(segment, position)| {
        let sample = sorting.segments[segment as usize].sample_index[position as usize];
        let span = spans.get(spans_before(&spans, segment as usize, sample / chain.step() as i64));
        span.is_some_and(|span| holds(span, chain.step(), sample - num_before as i64, num_samples))
    })
}

/// How many spans end before a frame that is read.
pub(super) fn spans_before(spans: &[Job], segment: usize, frame: i64) -> usize {
    spans.partition_point(|job| (job.segment, job.frames.end as i64) <= (segment, frame))
}

/// Where the waveform of a chosen spike begins in a block, where the job owns it: the first of its samples that were
/// read, and its place in the block.
pub(super) fn place_in(
    sorting: &Sorting,
    spike: (u32, u32),
    (job, block): (&Job, &Block),
    (num_before, step): (usize, usize),
) -> Option<(usize, usize)> {
    let (segment, position) = (spike.0 as usize, spike.1 as usize);
    let sample = usize::try_from(sorting.segments[segment].sample_index[position]).ok()?;
    let owned = segment == job.segment && job.frames.contains(&(sample / step));
    let start = sample.checked_sub(num_before).filter(|_| owned)?;
    let first = start.div_ceil(step);
    Some((first * step - start, first - block.first_frame()))
}

fn add(
    sums: &mut Sums,
    spikes: &[(u32, u32)],
    sorting: &Sorting,
    (job, block): (&Job, &Block),
    (num_before, step): (usize, usize),
    settle: impl Fn(&mut Sums),
) {
    let num_samples = sums.sum.ncols();
    while let Some((phase, start)) =
        spikes.get(sums.next).and_then(|&spike| place_in(sorting, spike, (job, block), (num_before, step)))
    {
        let (count, before) = ((num_samples - phase).div_ceil(step), start_of(phase, step, num_samples));
        let (Some(sum), Some(squares)) = (sums.sum.as_slice_mut(), sums.squares.as_slice_mut()) else {
            return;
        };
        for (row, &channel) in sums.channels.iter().enumerate() {
            let samples = &block.channel(channel as usize)[start..start + count];
            let place = row * num_samples + before;
            add_squares(samples, &mut sum[place..place + count], &mut squares[place..place + count]);
        }
        sums.counts[phase] += 1;
        sums.count += 1;
        sums.next += 1;
        if SETTLED.contains(&sums.count) {
            settle(sums);
        }
    }
}

/// Adds samples and their squares.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn add_squares(samples: &[f32], sum: &mut [f64], squares: &mut [f64]) {
    let count = samples.len().min(sum.len()).min(squares.len());
    let (samples, sum, squares) = (&samples[..count], &mut sum[..count], &mut squares[..count]);
    for t in 0..count {
        let value = f64::from(samples[t]);
        sum[t] += value;
        squares[t] += value * value;
    }
}

/// The largest absolute value.
fn size(values: ArrayView1<f64>) -> f64 {
    values.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

/// The column with the largest absolute value, the first of several.
fn largest_column(mean: &Array2<f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (channel, column) in mean.columns().into_iter().enumerate() {
        let size = size(column);
        if best.is_none_or(|(_, b)| size > b) {
            best = Some((channel, size));
        }
    }
    best.map(|(channel, _)| channel)
}

/// The channel of each unit with the largest absolute value, and how many samples after the spike that is;
/// `None` for a unit without a template.
pub fn main_channels(templates: &Templates) -> Vec<Option<(usize, i64)>> {
    (0..templates.num_units())
        .map(|unit| {
            let waveform = &templates.waveforms[unit];
            let column = largest_column(&waveform.mapv(f64::from))?;
            let values = waveform.slice(s![.., column]);
            let mut peak = 0;
            for (t, value) in values.iter().enumerate() {
                if value.abs() > values[peak].abs() {
                    peak = t;
                }
            }
            let channel = *templates.channel_indices[unit].get(column)? as usize;
            Some((channel, peak as i64 - templates.num_before as i64))
        })
        .collect()
}
