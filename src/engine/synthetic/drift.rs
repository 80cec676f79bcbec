//! How the tissue moves along the probe.

use super::{GenerateParams, Purpose};
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the tissue moves along the probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftMode {
    /// It stays where it is.
    #[default]
    None,
    /// It settles after the insertion: fast first, slower towards the end.
    Slow,
    /// Up and down at constant speed.
    Zigzag,
    /// It jumps to another place from time to time.
    Bumps,
}

/// The movement of one recording.
#[derive(Clone, Debug)]
pub(super) struct Drift {
    mode: DriftMode,
    range_um: f64,
    period_s: f64,
    duration_s: f64,
    non_rigid: f64,
    /// Depths of the tip and of the far end.
    extent_um: [f64; 2],
    /// Start and displacement of each rest between jumps, as shares of the range.
    jumps: Vec<(f64, f64)>,
}

impl Drift {
    pub(super) fn new(params: &GenerateParams, document_seed: u64, extent_um: [f64; 2]) -> Self {
        let mut jumps = vec![(0.0, 0.0)];
        if params.drift == DriftMode::Bumps {
            let mut rng = params.seeds(document_seed).stream(Purpose::Drift, 0);
            let mut time = 0.0;
            loop {
                time += params.drift_period_s * rng.random_range(0.5..1.5);
                if time >= params.duration_s {
                    break;
                }
                jumps.push((time, rng.random_range(-0.5..0.5)));
            }
        }
        Self {
            mode: params.drift,
            range_um: params.drift_range_um,
            period_s: params.drift_period_s,
            duration_s: params.duration_s,
            non_rigid: params.non_rigid,
            extent_um,
            jumps,
        }
    }

    /// True where nothing ever moves.
    pub(super) fn is_still(&self) -> bool {
        self.mode == DriftMode::None || self.range_um == 0.0
    }

    /// Smallest and largest displacement in µm.
    pub(super) fn limits_um(&self) -> [f64; 2] {
        match self.mode {
            DriftMode::None => [0.0, 0.0],
            DriftMode::Slow => [0.0, self.range_um],
            DriftMode::Zigzag | DriftMode::Bumps => [-0.5 * self.range_um, 0.5 * self.range_um],
        }
    }

    /// Displacement in µm of what lies at a depth, at a time; positive moves up the probe.
    pub(super) fn displacement_um(&self, time_s: f64, depth_um: f64) -> f64 {
        let shape = match self.mode {
            DriftMode::None => return 0.0,
            DriftMode::Slow => {
                let time = 3.0 * time_s / self.duration_s;
                (1.0 - (-time).exp()) / (1.0 - (-3.0f64).exp())
            }
            DriftMode::Zigzag => {
                // Starts in the middle, on its way up.
                let phase = (time_s / self.period_s + 0.25).fract();
                0.5 - (2.0 * phase - 1.0).abs()
            }
            DriftMode::Bumps => {
                let next = self.jumps.partition_point(|&(start, _)| start <= time_s);
                self.jumps[next.saturating_sub(1)].1
            }
        };
        let [tip, end] = self.extent_um;
        let share = if end > tip { ((depth_um - tip) / (end - tip)).clamp(0.0, 1.0) } else { 0.0 };
        self.range_um * shape * (1.0 - self.non_rigid * share)
    }
}
