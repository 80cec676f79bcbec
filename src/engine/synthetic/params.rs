//! What a generated recording is like.

use super::{DriftMode, ProbeLayout, Seeds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a generated recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GenerateParams {
    /// Where the contacts are.
    pub probe: ProbeLayout,
    /// Length of the recording.
    #[schemars(range(min = 1.0, max = 864_000.0), extend("unit" = "s", "soft" = [10.0, 600.0]))]
    pub duration_s: f64,
    /// Samples per second and channel.
    #[schemars(range(min = 10_000.0, max = 50_000.0), extend("unit" = "Hz"))]
    pub sampling_frequency: f64,
    /// Neurons near enough to be told apart; their spikes are the truth.
    #[schemars(range(min = 0, max = 2_000), extend("soft" = [1, 300]))]
    pub num_units: usize,
    /// Smallest and largest spike on its best contact, from the baseline to the negative peak. Units lie between, most of them near
    /// the small end.
    #[schemars(extend("unit" = "µV"))]
    pub amplitude_range_uv: [f64; 2],
    /// Median firing rate; rates of units are log-normal around it.
    #[schemars(range(min = 0.05, max = 100.0), extend("unit" = "Hz"))]
    pub median_firing_rate_hz: f64,
    /// Spread of the firing rates: standard deviation of their natural logarithm.
    #[schemars(range(min = 0.0, max = 2.0), extend("advanced" = true))]
    pub firing_rate_spread: f64,
    /// Shortest interval between two spikes of a unit.
    #[schemars(range(min = 0.5, max = 20.0), extend("unit" = "ms"))]
    pub refractory_period_ms: f64,
    /// Share of the units that fire bursts: two to five spikes, 3 to 8 ms apart, each smaller than the last.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub burst_fraction: f64,
    /// Variation of a unit's amplitude from spike to spike, as a share of it (standard deviation).
    #[schemars(range(min = 0.0, max = 0.3), extend("advanced" = true))]
    pub amplitude_variation: f64,
    /// Noise of each channel (root mean square), in part shared with its neighbours.
    #[schemars(range(min = 0.0, max = 200.0), extend("unit" = "µV", "soft" = [2.0, 30.0]))]
    pub noise_uv: f64,
    /// Noise that all channels share (root mean square); a common reference removes it.
    #[schemars(range(min = 0.0, max = 200.0), extend("unit" = "µV"))]
    pub common_noise_uv: f64,
    /// Slow field potential (1 to 40 Hz, root mean square); a band-pass filter removes it.
    #[schemars(range(min = 0.0, max = 2_000.0), extend("unit" = "µV"))]
    pub field_potential_uv: f64,
    /// Distant neurons whose spikes are too small to be told apart and are not in the truth.
    #[schemars(range(min = 0, max = 5_000))]
    pub num_background_units: usize,
    /// How the tissue moves along the probe.
    pub drift: DriftMode,
    /// Size of the movement from end to end.
    #[schemars(range(min = 0.0, max = 200.0), extend("unit" = "µm"))]
    pub drift_range_um: f64,
    /// Time from one turning point of a zigzag to the next but one; mean time between two jumps.
    #[schemars(range(min = 1.0, max = 100_000.0), extend("unit" = "s"))]
    pub drift_period_s: f64,
    /// How much less the far end of the probe moves than its tip, as a share: 0 moves all alike (rigid).
    #[schemars(range(min = 0.0, max = 1.0), extend("label" = "Non-rigid share"))]
    pub non_rigid: f64,
    /// Another seed gives other neurons, spikes and noise. The seed of the pipeline counts as well.
    #[schemars(extend("advanced" = true))]
    pub seed: u64,
}

impl Default for GenerateParams {
    fn default() -> Self {
        Self {
            probe: ProbeLayout::Linear32,
            duration_s: 60.0,
            sampling_frequency: 30_000.0,
            num_units: 12,
            amplitude_range_uv: [70.0, 280.0],
            median_firing_rate_hz: 6.0,
            firing_rate_spread: 0.6,
            refractory_period_ms: 3.0,
            burst_fraction: 0.2,
            amplitude_variation: 0.06,
            noise_uv: 8.0,
            common_noise_uv: 6.0,
            field_potential_uv: 40.0,
            num_background_units: 60,
            drift: DriftMode::None,
            drift_range_um: 30.0,
            drift_period_s: 80.0,
            non_rigid: 0.0,
            seed: 0,
        }
    }
}

impl GenerateParams {
    /// Frames of the recording.
    pub fn num_frames(&self) -> usize {
        crate::data::units::s_to_samples(self.duration_s, self.sampling_frequency)
    }

    /// What is wrong with the parameters beyond their ranges, as `(field, message)`.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let [low, high] = self.amplitude_range_uv;
        let mut problems = Vec::new();
        if !(low > 0.0 && low <= high && high <= 5_000.0) {
            problems.push((
                "amplitude_range_uv",
                format!("{low} to {high} µV; give two numbers above 0, the smaller first, at most 5000"),
            ));
        }
        problems
    }

    pub(super) fn seeds(&self, document: u64) -> Seeds {
        Seeds { document, node: self.seed }
    }
}
