//! Mean and standard deviation of waveforms.

use super::{SelectedSpikes, WaveformParams, channels_around, scales};
use crate::{
    data::{RecordingInfo, Sorting, Templates},
    engine::{EngineError, Monitor, block::Block, chain::Chain, chain::Job, spans},
};
use ndarray::{Array2, ArrayView1, Axis, s};
use rayon::prelude::*;

/// Sums of one unit's waveforms, `(channels, samples)`.
struct Sums {
    /// Channels that are summed, ascending: all until the unit's place is known.
    channels: Vec<u32>,
    sum: Array2<f64>,
    squares: Array2<f64>,
    count: usize,
    /// How many of the unit's chosen spikes were added already.
    next: usize,
}

/// After this many spikes a unit's distant channels are summed no longer, where they are silent.
const SETTLED: usize = 50;
/// A distant channel is silent where its mean stays below this share of the main channel's. The noise of the mean of
/// [`SETTLED`] waveforms is a seventh of the noise.
const SILENT: f64 = 1.0 / 3.0;

impl Sums {
    /// Mean waveforms in the recording's unit, `(samples, channels)`.
    fn mean(&self, gain: &[f64], offset: &[f64]) -> Array2<f64> {
        let n = self.count.max(1) as f64;
        Array2::from_shape_fn((self.sum.ncols(), self.channels.len()), |(t, c)| {
            let channel = self.channels[c] as usize;
            self.sum[[c, t]] / n * gain[channel] + offset[channel]
        })
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
    let num_channels = info.num_channels();
    let mut sums: Vec<Sums> = (0..sorting.num_units())
        .map(|_| Sums {
            channels: (0..num_channels as u32).collect(),
            sum: Array2::zeros((num_channels, num_samples)),
            squares: Array2::zeros((num_channels, num_samples)),
            count: 0,
            next: 0,
        })
        .collect();
    monitor.stage("templates");
    let jobs = jobs_with_spikes(chain, sorting, selected);
    let (gain, offset, in_uv) = scales(info);
    spans::for_blocks(chain, &jobs, num_samples, monitor, |blocks| {
        sums.par_iter_mut().zip(selected).for_each(|(sums, spikes)| {
            for (job, block) in blocks {
                add(sums, spikes, sorting, job, block, num_before, |sums| {
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
        let n = sums.count.max(1) as f64;
        let deviation = |t: usize, row: usize| {
            let (mean, square) = (sums.sum[[row, t]] / n, sums.squares[[row, t]] / n);
            (square - mean * mean).max(0.0).sqrt() * gain[sums.channels[row] as usize].abs()
        };
        let shape = (num_samples, channels.len());
        templates.waveforms.push(Array2::from_shape_fn(shape, |(t, c)| mean[[t, rows[c]]] as f32));
        templates.deviations.push(Array2::from_shape_fn(shape, |(t, c)| deviation(t, rows[c]) as f32));
        templates.channel_indices.push(channels);
    }
    Ok(templates)
}

/// Spans that hold a chosen spike.
pub(super) fn jobs_with_spikes(chain: &Chain, sorting: &Sorting, selected: &SelectedSpikes) -> Vec<Job> {
    let spans = chain.spans();
    let mut wanted = vec![false; spans.len()];
    for &(segment, position) in selected.iter().flatten() {
        let sample = sorting.segments[segment as usize].sample_index[position as usize];
        let place =
            spans.partition_point(|job| (job.segment, job.frames.end as i64) <= (segment as usize, sample));
        if let Some(wanted) = wanted.get_mut(place) {
            *wanted = true;
        }
    }
    spans.into_iter().zip(wanted).filter_map(|(job, wanted)| wanted.then_some(job)).collect()
}

/// Frame of a chosen spike within a block, where the job owns it.
pub(super) fn place_in(
    sorting: &Sorting,
    spike: (u32, u32),
    job: &Job,
    block: &Block,
    num_before: usize,
) -> Option<usize> {
    let (segment, position) = (spike.0 as usize, spike.1 as usize);
    let sample = usize::try_from(sorting.segments[segment].sample_index[position]).ok()?;
    let owned = segment == job.segment && job.frames.contains(&sample);
    owned.then(|| sample - num_before - block.first_frame())
}

fn add(
    sums: &mut Sums,
    spikes: &[(u32, u32)],
    sorting: &Sorting,
    job: &Job,
    block: &Block,
    num_before: usize,
    settle: impl Fn(&mut Sums),
) {
    let num_samples = sums.sum.ncols();
    while let Some(start) =
        spikes.get(sums.next).and_then(|&spike| place_in(sorting, spike, job, block, num_before))
    {
        for (row, &channel) in sums.channels.iter().enumerate() {
            let samples = &block.channel(channel as usize)[start..start + num_samples];
            let rows = sums.sum.row_mut(row).into_iter().zip(sums.squares.row_mut(row));
            for ((sum, square), &value) in rows.zip(samples) {
                let value = f64::from(value);
                *sum += value;
                *square += value * value;
            }
        }
        sums.count += 1;
        sums.next += 1;
        if sums.count == SETTLED {
            settle(sums);
        }
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
