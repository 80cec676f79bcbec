//! How good each unit is.
//!
//! Names, columns, defaults and values are those of SpikeInterface 0.105 `compute_quality_metrics`.

pub(super) mod amplitudes;
mod drift;
mod trains;

use super::{
    EngineError, Monitor,
    amplitudes::{spike_amplitudes, with_amplitudes},
    chain::{self, Chain},
    compare::id_column,
    locations::{SpikeLocationParams, spike_locations, with_locations},
    noise::{Chunks, NoiseMethod, noise_levels},
    waveforms::{WaveformParams, estimate_templates, main_channels, select_in_few_spans},
};
use crate::data::{NoiseLevels, Recording, Sorting, Table, TableColumn, Templates};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Settings of the quality metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricParams {
    /// Presence ratio: length of the bins that must hold spikes.
    #[schemars(range(min = 0.1, max = 100_000.0), extend("unit" = "s", "soft" = [5.0, 300.0]))]
    pub bin_duration_s: f64,
    /// Presence ratio: a bin counts where its rate exceeds this share of the mean rate.
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub mean_fr_ratio_thresh: f64,
    /// ISI violations: intervals shorter than this are violations.
    #[schemars(range(min = 0.01, max = 100.0), extend("unit" = "ms"))]
    pub isi_threshold_ms: f64,
    /// ISI violations: shortest interval the sorter allows.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "ms", "advanced" = true))]
    pub min_isi_ms: f64,
    /// Refractory period violations: pairs of spikes at most this far apart are violations.
    #[schemars(range(min = 0.01, max = 100.0), extend("unit" = "ms"))]
    pub refractory_period_ms: f64,
    /// Refractory period violations: time after a spike in which no other can be found.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "ms", "advanced" = true))]
    pub censored_period_ms: f64,
    /// Amplitude cutoff: bins of the histogram.
    #[schemars(range(min = 10, max = 10_000), extend("advanced" = true))]
    pub num_histogram_bins: usize,
    /// Amplitude cutoff: smoothing of the histogram, in bins.
    #[schemars(range(min = 0.1, max = 100.0), extend("advanced" = true))]
    pub histogram_smoothing_value: f64,
    /// Amplitude cutoff: units with fewer spikes for each bin have none.
    #[schemars(range(min = 0.0, max = 1_000.0), extend("advanced" = true))]
    pub amplitudes_bins_min_ratio: f64,
    /// Drift: length of the intervals whose median positions are compared.
    #[schemars(range(min = 1.0, max = 100_000.0), extend("unit" = "s", "soft" = [10.0, 300.0]))]
    pub interval_s: f64,
    /// Drift: intervals with fewer spikes are left out.
    #[schemars(range(min = 1, max = 1_000_000), extend("advanced" = true))]
    pub min_spikes_per_interval: usize,
    /// Drift: recordings with fewer intervals have none.
    #[schemars(range(min = 1, max = 1_000), extend("advanced" = true))]
    pub min_num_bins: usize,
}

impl Default for MetricParams {
    fn default() -> Self {
        Self {
            bin_duration_s: 60.0,
            mean_fr_ratio_thresh: 0.0,
            isi_threshold_ms: 1.5,
            min_isi_ms: 0.0,
            refractory_period_ms: 1.0,
            censored_period_ms: 0.0,
            num_histogram_bins: 100,
            histogram_smoothing_value: 3.0,
            amplitudes_bins_min_ratio: 5.0,
            interval_s: 60.0,
            min_spikes_per_interval: 100,
            min_num_bins: 2,
        }
    }
}

/// What metrics are computed from; those that lack what they need are left out.
#[derive(Clone, Copy, Debug)]
pub struct MetricInputs<'a> {
    /// The spikes; amplitudes and locations where known.
    pub sorting: &'a Sorting,
    /// Length of each segment in frames.
    pub num_frames: &'a [usize],
    /// Needed for `snr`.
    pub templates: Option<&'a Templates>,
    /// Needed for `snr`, in the unit of the templates.
    pub noise: Option<&'a NoiseLevels>,
}

/// One row a unit: `unit_id`, `num_spikes`, `firing_rate`, `presence_ratio`, `snr`, `isi_violations_ratio`,
/// `isi_violations_count`, `rp_contamination`, `rp_violations`, `amplitude_cutoff`, `amplitude_median`, `drift_ptp`,
/// `drift_std`, `drift_mad`. NaN where a unit has too few spikes.
pub fn quality_metrics(inputs: &MetricInputs, params: &MetricParams) -> Table {
    let sorting = inputs.sorting;
    let units = trains::Units::new(sorting, inputs.num_frames);
    let mut table = Table::default();
    table.set("unit_id", id_column(sorting.unit_ids.iter()));
    table.set("num_spikes", TableColumn::Int(units.counts.iter().map(|&n| n as i64).collect()));
    table.set("firing_rate", TableColumn::Float(units.firing_rates()));
    table.set("presence_ratio", TableColumn::Float(units.presence_ratios(params)));
    if let (Some(templates), Some(noise)) = (inputs.templates, inputs.noise) {
        table.set("snr", TableColumn::Float(snr(templates, noise)));
    }
    let (ratio, count) = units.isi_violations(params);
    table.set("isi_violations_ratio", TableColumn::Float(ratio));
    table.set("isi_violations_count", TableColumn::Int(count));
    let (contamination, count) = units.rp_violations(params);
    table.set("rp_contamination", TableColumn::Float(contamination));
    table.set("rp_violations", TableColumn::Int(count));
    if let Some(by_unit) = amplitudes::by_unit(sorting) {
        let cutoffs = by_unit.iter().map(|a| amplitudes::cutoff(a, params)).collect();
        table.set("amplitude_cutoff", TableColumn::Float(cutoffs));
        let medians = by_unit.iter().map(|a| amplitudes::median(a)).collect();
        table.set("amplitude_median", TableColumn::Float(medians));
        table.set_volts("amplitude_median", sorting.amplitudes_in_uv);
    }
    if let Some([ptp, std, mad]) = drift::drift(sorting, inputs.num_frames, params) {
        table.set("drift_ptp", TableColumn::Float(ptp));
        table.set("drift_std", TableColumn::Float(std));
        table.set("drift_mad", TableColumn::Float(mad));
    }
    table
}

/// Size of the template on its main channel over that channel's noise.
fn snr(templates: &Templates, noise: &NoiseLevels) -> Vec<f64> {
    let levels = if templates.in_uv { &noise.levels_uv } else { &noise.levels };
    main_channels(templates)
        .into_iter()
        .enumerate()
        .map(|(unit, main)| {
            let level = main.and_then(|(channel, _)| levels.get(channel)).copied();
            let size = templates.extremum(unit).map(|(_, _, value)| f64::from(value.abs()));
            match (size, level) {
                (Some(size), Some(level)) => size / level,
                _ => f64::NAN,
            }
        })
        .collect()
}

/// Spikes of a unit that are enough for its mean waveform, half of all it has: the noise of the mean of fifty is a seventh of
/// the noise, of twenty-five a fifth. Of sixteen the SNR of a small unit would be too large by a tenth.
const ENOUGH_SPIKES: RangeInclusive<usize> = 25..=50;

/// Computes what the metrics need from the traces, and the metrics.
///
/// Amplitudes and locations that the sorting has already are used as they are.
///
/// # Errors
/// Where the sorting does not belong to the recording, it is cancelled, or samples cannot be read.
pub fn compute_quality_metrics(
    recording: &Recording,
    sorting: &Sorting,
    params: &MetricParams,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Table, EngineError> {
    let chain = chain::compile(recording)?;
    let num_frames: Vec<usize> = recording.info().segments.iter().map(|s| s.num_frames).collect();
    let waveform_params = WaveformParams::default();
    let samples = waveform_params.samples(recording.info().sampling_frequency);
    let thin = chain.sufficient();
    let most = waveform_params.max_spikes_per_unit;
    let selected = select_in_few_spans(&thin, sorting, samples, most, ENOUGH_SPIKES);
    let templates = estimate_templates(&thin, sorting, &selected, &waveform_params, monitor)?;
    let chunks = Chunks::standard(recording.info(), seed);
    // Every second sample tells the level of filtered noise as well as all.
    let noise = noise_levels(&thin, NoiseMethod::Mad, &chunks, monitor)?;
    let sorting = complete(&chain, sorting, &templates, monitor)?;
    let inputs = MetricInputs {
        sorting: &sorting,
        num_frames: &num_frames,
        templates: Some(&templates),
        noise: Some(&noise),
    };
    Ok(quality_metrics(&inputs, params))
}

/// Fills in amplitudes and locations where the sorting has none.
pub(super) fn complete(
    chain: &Chain,
    sorting: &Sorting,
    templates: &Templates,
    monitor: &dyn Monitor,
) -> Result<Sorting, EngineError> {
    let main = main_channels(templates);
    let mut complete = sorting.clone();
    if sorting.segments.iter().any(|s| s.amplitude.is_none()) {
        let amplitudes = spike_amplitudes(chain, sorting, &main, monitor)?;
        complete = with_amplitudes(&complete, amplitudes, templates.in_uv);
    }
    if chain.info().probe.is_some() && sorting.segments.iter().any(|s| s.location_um.is_none()) {
        let locations = spike_locations(chain, sorting, &main, &SpikeLocationParams::default(), monitor)?;
        complete = with_locations(&complete, locations);
    }
    Ok(complete)
}

#[cfg(test)]
mod tests;
