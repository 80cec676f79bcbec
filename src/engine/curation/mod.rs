//! What a person would look at next: units to merge, to split, and how good each is, with the evidence.
//!
//! Nothing is changed; every suggestion is a row of a table that says in words why it is made and in columns what was
//! measured. It works on any sorting of a recording: spike times are asked whether two trains share a refractory
//! period ([`contamination`], [`compare`]) or take turns, waveforms whether they are alike and one hump or two.
//!
//! # Source
//! The questions are those of SpikeInterface's `compute_merge_unit_groups` and `threshold_metrics_label_units` and of
//! Kilosort's final merges; the rules are ours.
//!
//! [`contamination`]: super::refractory::contamination
//! [`compare`]: super::refractory::compare

mod labels;
mod pairs;
mod shapes;
mod splits;
mod table;

use super::{
    EngineError, Monitor, chain,
    metrics::{MetricInputs, MetricParams, complete, quality_metrics},
    noise::{Chunks, NoiseMethod, noise_levels},
    refractory,
    waveforms::{WaveformParams, extract, select_spikes},
};
use crate::data::{Recording, Sorting, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shapes::Shapes;

/// Settings of [`suggest_curation`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CurationParams {
    /// Units whose mean waveforms are less alike (cosine at the best lag) are never merged.
    #[schemars(range(min = 0.0, max = 1.0), extend("soft" = [0.5, 0.99]))]
    pub min_similarity: f64,
    /// Units whose main channels lie further apart are never merged.
    #[schemars(range(min = 0.0, max = 10_000.0), extend("unit" = "µm", "soft" = [20.0, 300.0]))]
    pub max_distance_um: f64,
    /// Dip score from which waveforms count as two humps.
    #[schemars(range(min = 0.5, max = 10.0), extend("soft" = [1.0, 4.0]))]
    pub isocut_threshold: f64,
    /// Units with a smaller signal-to-noise ratio are noise.
    #[schemars(range(min = 0.0, max = 100.0), extend("soft" = [0.5, 5.0]))]
    pub min_snr: f64,
    /// A good unit has at most this share of foreign spikes, by its refractory period.
    #[schemars(range(min = 0.0, max = 1.0), extend("soft" = [0.0, 0.5]))]
    pub max_contamination: f64,
    /// A good unit misses at most this share of its spikes below the detection threshold.
    #[schemars(range(min = 0.0, max = 0.5))]
    pub max_amplitude_cutoff: f64,
    /// A good unit fires in at least this share of the minutes.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_presence_ratio: f64,
    /// Spikes of a unit whose waveforms are looked at.
    #[schemars(range(min = 50, max = 10_000), extend("advanced" = true))]
    pub max_spikes_per_unit: usize,
}

impl Default for CurationParams {
    fn default() -> Self {
        Self {
            min_similarity: 0.8,
            max_distance_um: 150.0,
            isocut_threshold: 2.0,
            min_snr: 1.5,
            max_contamination: 0.1,
            max_amplitude_cutoff: 0.1,
            min_presence_ratio: 0.9,
            max_spikes_per_unit: 500,
        }
    }
}

/// Everything that is asked of units.
struct Evidence<'a> {
    params: &'a CurationParams,
    sampling_frequency: f64,
    duration_s: f64,
    /// Times of each unit's spikes, ascending; segments far apart.
    trains: Vec<Vec<i64>>,
    shapes: Shapes<'a>,
    metrics: &'a Table,
}

impl Evidence<'_> {
    fn metric(&self, name: &str, unit: usize) -> f64 {
        self.metrics.column(name).and_then(|c| c.number(unit)).unwrap_or(f64::NAN)
    }
}

/// What [`suggest_curation`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Curation {
    /// One row a suggestion: merges, those that are most alike first, then splits, then a label for each unit.
    pub suggestions: Table,
    /// One row a unit: `unit_id`, `label`, `reason`, `r12`, `q12` and the unit's metrics.
    pub labels: Table,
}

/// Suggests merges, splits and labels.
///
/// Columns of the suggestions: `kind` (`merge`, `split`, `label`), `unit_id`, `other_unit_id` (of a merge), `label` (`good`, `mua`, `noise`),
/// `reason`; then the evidence, NaN where it is not of that kind: `similarity`, `distance_um`, `amplitude_ratio`, `r12`,
/// `q12` (of the cross-correlogram of a merge, else of the autocorrelogram), `meetings_ratio` (within 50 ms, over
/// chance), `coincidence` (share of the smaller unit's spikes that are the other's too), `dip_score`, `smaller_share` and
/// `time_separation` (of the two humps of a split; 1 where one comes after the other), and of the unit
/// `num_spikes`, `firing_rate`, `snr`, `rp_contamination`, `isi_violations_ratio`, `amplitude_cutoff`, `presence_ratio`,
/// `drift_ptp`.
///
/// Traces are read in passes of bounded memory; of each unit [`CurationParams::max_spikes_per_unit`] waveforms are kept.
///
/// # Errors
/// Where the sorting does not belong to the recording, it is cancelled, or samples cannot be read.
pub fn suggest_curation(
    recording: &Recording,
    sorting: &Sorting,
    params: &CurationParams,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Curation, EngineError> {
    let chain = chain::compile(recording)?;
    let info = recording.info();
    let num_frames: Vec<usize> = info.segments.iter().map(|s| s.num_frames).collect();
    let cut = WaveformParams {
        ms_before: shapes::MS_BEFORE + shapes::MAX_LAG_MS,
        ms_after: shapes::MS_AFTER + shapes::MAX_LAG_MS,
        max_spikes_per_unit: params.max_spikes_per_unit,
        radius_um: super::geometry::Geometry::of(info)?.fitting_radius_um(shapes::RADIUS_UM),
    };
    let (before, samples) = cut.samples(info.sampling_frequency);
    let selected = select_spikes(sorting, &num_frames, before, samples, params.max_spikes_per_unit, seed);
    let waveforms = extract(&chain, sorting, selected, &cut, monitor)?;
    let noise = noise_levels(&chain, NoiseMethod::Mad, &Chunks::standard(info, seed), monitor)?;
    let sorting = complete(&chain, sorting, &waveforms.templates, monitor)?;
    let inputs = MetricInputs {
        sorting: &sorting,
        num_frames: &num_frames,
        templates: Some(&waveforms.templates),
        noise: Some(&noise),
    };
    let metrics = quality_metrics(&inputs, &MetricParams::default());
    let levels = if waveforms.templates.in_uv { &noise.levels_uv } else { &noise.levels };
    monitor.stage("suggestions");
    let evidence = Evidence {
        params,
        sampling_frequency: info.sampling_frequency,
        duration_s: num_frames.iter().sum::<usize>() as f64 / info.sampling_frequency,
        trains: trains(&sorting),
        shapes: Shapes::new(&waveforms, levels),
        metrics: &metrics,
    };
    let merges = pairs::merges(&evidence, monitor)?;
    let splits = splits::splits(&evidence, &sorting, seed, monitor)?;
    let labels = labels::labels(&evidence);
    Ok(Curation {
        suggestions: table::suggestions(&evidence, &sorting, &merges, &splits, &labels),
        labels: table::labels(&evidence, &sorting, &labels),
    })
}

/// Times of each unit's spikes, ascending; segments far apart.
fn trains(sorting: &Sorting) -> Vec<Vec<i64>> {
    let mut trains = vec![Vec::new(); sorting.num_units()];
    for segment in 0..sorting.segments.len() {
        for (train, times) in trains.iter_mut().zip(sorting.trains(segment)) {
            train.extend(times.into_iter().map(|t| refractory::place(segment as u32, t)));
        }
    }
    trains
}

#[cfg(test)]
mod tests;
