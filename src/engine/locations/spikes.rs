//! Where each spike is.

use super::{center_of_mass, peak_to_peak};
use crate::{
    data::{Sorting, units::ms_to_samples},
    engine::{
        EngineError, Monitor,
        chain::{Chain, Job, map_spans},
        spans,
        waveforms::channels_around,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of spike locations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpikeLocationParams {
    /// Time before the spike over which amplitudes are measured.
    #[schemars(range(min = 0.0, max = 10.0), extend("unit" = "ms", "advanced" = true))]
    pub ms_before: f64,
    /// Time after the spike over which amplitudes are measured.
    #[schemars(range(min = 0.05, max = 10.0), extend("unit" = "ms", "advanced" = true))]
    pub ms_after: f64,
    /// Channels within this distance of the unit's main channel count.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "soft" = [30.0, 200.0]))]
    pub radius_um: f64,
}

impl Default for SpikeLocationParams {
    fn default() -> Self {
        Self { ms_before: 0.5, ms_after: 0.5, radius_um: 75.0 }
    }
}

/// Centre of mass of each spike's peak-to-peak amplitudes around its unit's main channel, `[x, y]` in µm in the order of
/// each segment's columns; NaN for units without a template.
///
/// # Errors
/// Where there is no probe, the sorting does not belong to the recording, it is cancelled, or samples cannot be
/// read.
pub fn spike_locations(
    chain: &Chain,
    sorting: &Sorting,
    main: &[Option<(usize, i64)>],
    params: &SpikeLocationParams,
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<[f32; 2]>>, EngineError> {
    spans::check(chain, sorting)?;
    let info = chain.info();
    let places = info.locations_um().ok_or_else(|| {
        EngineError::Data(
            "spikes cannot be located without the positions of the channels: set a probe on the reader"
                .into(),
        )
    })?;
    monitor.stage("spike locations");
    let step = chain.step();
    let before = ms_to_samples(params.ms_before, info.sampling_frequency).div_ceil(step) as i64;
    let after = ms_to_samples(params.ms_after, info.sampling_frequency).div_ceil(step).max(1) as i64;
    let around: Vec<(Vec<u32>, Vec<[f64; 2]>)> = main
        .iter()
        .map(|main| {
            let channels = main.map_or_else(Vec::new, |(c, _)| channels_around(info, c, params.radius_um));
            let positions = channels.iter().map(|&c| places[c as usize]).collect();
            (channels, positions)
        })
        .collect();
    let jobs = chain.spans();
    let found = map_spans(chain, &jobs, before.max(after) as usize, monitor, |block, job| {
        let spikes = &sorting.segments[job.segment];
        let mut sizes = Vec::new();
        let frames = job.frames.start * step..job.frames.end * step;
        let owned = Job { segment: job.segment, frames };
        Ok(spans::spikes_in(sorting, &owned)
            .map(|position| {
                let unit = spikes.unit_index[position] as usize;
                let Some((channels, positions)) = around.get(unit).filter(|a| !a.0.is_empty()) else {
                    return [f32::NAN; 2];
                };
                let place = spikes.sample_index[position] / step as i64 - block.first_frame() as i64;
                let from = (place - before).max(0) as usize;
                let to = (place + after).clamp(0, block.num_frames() as i64) as usize;
                // Beyond the ends of the recording there is silence.
                let outside =
                    (place - before < 0 || place + after > block.num_frames() as i64).then_some(0.0);
                sizes.clear();
                sizes.extend(channels.iter().map(|&channel| {
                    peak_to_peak(block.channel(channel as usize)[from..to].iter().copied().chain(outside))
                }));
                center_of_mass(positions, &sizes).map(|v| v as f32)
            })
            .collect::<Vec<[f32; 2]>>())
    })?;
    let mut locations: Vec<Vec<[f32; 2]>> = vec![Vec::new(); sorting.segments.len()];
    for (job, found) in jobs.iter().zip(found) {
        locations[job.segment].extend(found);
    }
    for (values, spikes) in locations.iter_mut().zip(&sorting.segments) {
        let missing = spikes.sample_index.len().saturating_sub(values.len());
        values.splice(0..0, std::iter::repeat_n([f32::NAN; 2], missing));
    }
    Ok(locations)
}

/// The sorting with its locations filled in.
#[must_use]
pub fn with_locations(sorting: &Sorting, locations: Vec<Vec<[f32; 2]>>) -> Sorting {
    let mut sorting = sorting.clone();
    for (segment, values) in sorting.segments.iter_mut().zip(locations) {
        segment.location_um = Some(values.into());
    }
    sorting
}
