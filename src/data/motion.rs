//! How the tissue moves along the probe.

use ndarray::Array2;

/// Displacement in µm on a grid of times and depths; positive moves up the probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// Centres of the time bins in seconds.
    pub temporal_bins_s: Vec<f64>,
    /// Centres of the depth bins in µm; one for rigid motion.
    pub spatial_bins_um: Vec<f64>,
    /// `(temporal_bins_s.len(), spatial_bins_um.len())` in µm.
    pub displacement_um: Array2<f64>,
}
