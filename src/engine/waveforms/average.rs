//! Mean and standard deviation of waveforms.

use super::{SelectedSpikes, WaveformParams, channels_around, scales};
use crate::{
    data::{Sorting, Templates},
    engine::{EngineError, Monitor, block::Block, chain::Chain, chain::Job, spans},
};
use ndarray::{Array2, s};
use rayon::prelude::*;

/// Sums of one unit's waveforms, `(channels, samples)`.
struct Sums {
    sum: Array2<f64>,
    squares: Array2<f64>,
    count: usize,
    /// How many of the unit's chosen spikes were added already.
    next: usize,
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
            sum: Array2::zeros((num_channels, num_samples)),
            squares: Array2::zeros((num_channels, num_samples)),
            count: 0,
            next: 0,
        })
        .collect();
    monitor.stage("templates");
    let jobs = jobs_with_spikes(chain, sorting, selected);
    spans::for_blocks(chain, &jobs, num_samples, monitor, |blocks| {
        sums.par_iter_mut().zip(selected).for_each(|(sums, spikes)| {
            for (job, block) in blocks {
                add(sums, spikes, sorting, job, block, num_before);
            }
        });
    })?;

    let (gain, offset, in_uv) = scales(info);
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
    for Sums { sum, squares, count, .. } in sums {
        let n = count.max(1) as f64;
        let (raw_mean, squares) = (sum.t().mapv(|v| v / n), squares.t().mapv(|v| v / n));
        let mean = &raw_mean * &ndarray::aview1(&gain) + ndarray::aview1(&offset);
        let variance = squares - &raw_mean * &raw_mean;
        let deviation = variance.mapv(|v| v.max(0.0).sqrt()) * &ndarray::aview1(&gain).mapv(f64::abs);
        let channels = match (count > 0).then(|| largest_column(&mean)).flatten() {
            Some(main) => channels_around(info, main, params.radius_um),
            None => Vec::new(),
        };
        let pick = |values: &Array2<f64>| {
            Array2::from_shape_fn((num_samples, channels.len()), |(t, c)| {
                values[[t, channels[c] as usize]] as f32
            })
        };
        templates.waveforms.push(pick(&mean));
        templates.deviations.push(pick(&deviation));
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
) {
    let num_samples = sums.sum.ncols();
    while let Some(start) =
        spikes.get(sums.next).and_then(|&spike| place_in(sorting, spike, job, block, num_before))
    {
        for channel in 0..block.num_channels() {
            let samples = &block.channel(channel)[start..start + num_samples];
            let rows = sums.sum.row_mut(channel).into_iter().zip(sums.squares.row_mut(channel));
            for ((sum, square), &value) in rows.zip(samples) {
                let value = f64::from(value);
                *sum += value;
                *square += value * value;
            }
        }
        sums.count += 1;
        sums.next += 1;
    }
}

/// The column with the largest absolute value, the first of several.
fn largest_column(mean: &Array2<f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (channel, column) in mean.columns().into_iter().enumerate() {
        let size = column.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
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
