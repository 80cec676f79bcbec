//! Waveforms of single spikes.

use super::{
    SelectedSpikes, WaveformParams,
    average::{estimate_templates, jobs_with_spikes, place_in},
    scales,
};
use crate::{
    data::{Sorting, Waveforms},
    engine::{EngineError, Monitor, chain::Chain, spans},
};
use ndarray::Array3;
use rayon::prelude::*;

/// Cuts the chosen spikes of each unit out of the traces, on the channels of its template.
///
/// # Errors
/// Where the sorting does not belong to the recording, it is cancelled, or samples cannot be read.
pub fn extract(
    chain: &Chain,
    sorting: &Sorting,
    selected: SelectedSpikes,
    params: &WaveformParams,
    monitor: &dyn Monitor,
) -> Result<Waveforms, EngineError> {
    let templates = estimate_templates(chain, sorting, &selected, params, monitor)?;
    let (num_before, num_samples) = (templates.num_before, templates.num_samples);
    let (gain, offset, _) = scales(chain.info());
    let mut units: Vec<(usize, Array3<f32>)> = selected
        .iter()
        .zip(&templates.channel_indices)
        .map(|(spikes, channels)| (0, Array3::zeros((spikes.len(), num_samples, channels.len()))))
        .collect();
    monitor.stage("waveforms");
    let jobs = jobs_with_spikes(chain, sorting, &selected);
    spans::for_blocks(chain, &jobs, num_samples, monitor, |blocks| {
        let lists = selected.par_iter().zip(&templates.channel_indices);
        units.par_iter_mut().zip(lists).for_each(|((next, values), (spikes, channels))| {
            for (job, block) in blocks {
                while let Some((_, start)) = spikes
                    .get(*next)
                    .and_then(|&spike| place_in(sorting, spike, (job, block), (num_before, 1)))
                {
                    for (column, &channel) in channels.iter().enumerate() {
                        let channel = channel as usize;
                        let (gain, offset) = (gain[channel] as f32, offset[channel] as f32);
                        let samples = &block.channel(channel)[start..start + num_samples];
                        for (t, &value) in samples.iter().enumerate() {
                            values[[*next, t, column]] = value * gain + offset;
                        }
                    }
                    *next += 1;
                }
            }
        });
    })?;
    Ok(Waveforms {
        templates,
        spikes: selected,
        values: units.into_iter().map(|(_, values)| values).collect(),
    })
}
