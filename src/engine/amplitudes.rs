//! The amplitude of every spike.
//!
//! # Source
//! SpikeInterface 0.105 `compute_spike_amplitudes`: the same values for the same main channels.

use super::{
    EngineError, Monitor,
    chain::{Chain, map_spans},
    spans, waveforms,
};
use crate::data::Sorting;

/// The traces at every spike, on the unit's main channel and moved to the peak of its template.
///
/// `main` is [`waveforms::main_channels`]. In µV where the gain is known; NaN for units without a template, in
/// the order of each segment's columns.
///
/// # Errors
/// Where the sorting does not belong to the recording, it is cancelled, or samples cannot be read.
pub fn spike_amplitudes(
    chain: &Chain,
    sorting: &Sorting,
    main: &[Option<(usize, i64)>],
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<f32>>, EngineError> {
    spans::check(chain, sorting)?;
    monitor.stage("spike amplitudes");
    let (gain, offset, _) = waveforms::scales(chain.info());
    let pad = main.iter().flatten().map(|(_, shift)| shift.unsigned_abs() as usize).max().unwrap_or(0);
    let jobs = chain.spans();
    let found = map_spans(chain, &jobs, pad, monitor, |block, job| {
        let spikes = &sorting.segments[job.segment];
        Ok(spans::spikes_in(sorting, job)
            .map(|position| {
                let unit = spikes.unit_index[position] as usize;
                let Some((channel, shift)) = main.get(unit).copied().flatten() else { return f32::NAN };
                let place = spikes.sample_index[position] + shift - block.first_frame() as i64;
                let sample = usize::try_from(place).ok().and_then(|p| block.channel(channel).get(p));
                sample.copied().unwrap_or(0.0) * gain[channel] as f32 + offset[channel] as f32
            })
            .collect::<Vec<f32>>())
    })?;
    let mut amplitudes: Vec<Vec<f32>> = vec![Vec::new(); sorting.segments.len()];
    for (job, found) in jobs.iter().zip(found) {
        amplitudes[job.segment].extend(found);
    }
    // Spikes before the first frame belong to no span.
    for (values, spikes) in amplitudes.iter_mut().zip(&sorting.segments) {
        let missing = spikes.sample_index.len().saturating_sub(values.len());
        values.splice(0..0, std::iter::repeat_n(f32::NAN, missing));
    }
    Ok(amplitudes)
}

/// The sorting with its amplitudes filled in.
#[must_use]
pub fn with_amplitudes(sorting: &Sorting, amplitudes: Vec<Vec<f32>>, in_uv: bool) -> Sorting {
    let mut sorting = sorting.clone();
    sorting.amplitudes_in_uv = in_uv;
    for (segment, values) in sorting.segments.iter_mut().zip(amplitudes) {
        segment.amplitude = Some(values.into());
    }
    sorting
}
