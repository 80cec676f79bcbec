//! Noise of each channel.

/// Noise level of each channel, estimated by the median absolute deviation unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseLevels {
    /// One value a channel, in the recording's units.
    pub levels: Vec<f64>,
    /// The same in µV; empty where the gain is unknown.
    pub levels_uv: Vec<f64>,
}
