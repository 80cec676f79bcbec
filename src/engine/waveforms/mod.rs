//! Waveforms of single spikes and their means.
//!
//! # Source
//! SpikeInterface 0.105 `random_spikes`, `waveforms`, `templates`: the same values for the same spikes.

mod average;
mod cut;
mod select;

pub use average::{estimate_templates, main_channels};
pub use cut::extract;
pub use select::{SelectedSpikes, select_in_few_spans, select_spikes};

use crate::data::{RecordingInfo, units::ms_to_samples};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which waveforms are cut out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WaveformParams {
    /// Time before the spike.
    #[schemars(range(min = 0.1, max = 20.0), extend("unit" = "ms", "soft" = [0.5, 3.0]))]
    pub ms_before: f64,
    /// Time after the spike.
    #[schemars(range(min = 0.1, max = 20.0), extend("unit" = "ms", "soft" = [0.5, 5.0]))]
    pub ms_after: f64,
    /// Spikes drawn at random from each unit.
    #[schemars(range(min = 1, max = 1_000_000), extend("soft" = [50, 1000]))]
    pub max_spikes_per_unit: usize,
    /// Channels within this distance of the unit's main channel are kept. Without a probe all are.
    #[schemars(range(min = 0.0, max = 100_000.0), extend("unit" = "µm", "soft" = [30.0, 200.0]))]
    pub radius_um: f64,
}

impl Default for WaveformParams {
    fn default() -> Self {
        Self { ms_before: 1.0, ms_after: 2.0, max_spikes_per_unit: 500, radius_um: 100.0 }
    }
}

impl WaveformParams {
    /// Samples before the spike and of the whole waveform.
    pub fn samples(&self, sampling_frequency: f64) -> (usize, usize) {
        let before = ms_to_samples(self.ms_before, sampling_frequency);
        (before, before + ms_to_samples(self.ms_after, sampling_frequency).max(1))
    }
}

/// Gains and offsets to µV; ones and zeros where they are unknown.
pub(super) fn scales(info: &RecordingInfo) -> (Vec<f64>, Vec<f64>, bool) {
    let n = info.num_channels();
    match (&info.gain_to_uv, &info.offset_to_uv) {
        (Some(gain), Some(offset)) => (gain.clone(), offset.clone(), true),
        (Some(gain), None) => (gain.clone(), vec![0.0; n], true),
        _ => (vec![1.0; n], vec![0.0; n], false),
    }
}

/// Channels within a radius of a channel, ascending; all without a probe.
pub(super) fn channels_around(info: &RecordingInfo, channel: usize, radius_um: f64) -> Vec<u32> {
    let all = 0..info.num_channels() as u32;
    match info.locations_um() {
        None => all.collect(),
        Some(places) => {
            let [x, y] = places[channel];
            all.filter(|&c| {
                let [a, b] = places[c as usize];
                (a - x).hypot(b - y) <= radius_um
            })
            .collect()
        }
    }
}

#[cfg(test)]
mod tests;
