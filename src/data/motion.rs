//! How the tissue moves along the probe.

use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The axis of the probe along which the tissue moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Across the probe.
    X,
    /// Along the probe.
    #[default]
    Y,
}

impl Axis {
    /// Its place in a position.
    pub fn index(self) -> usize {
        match self {
            Axis::X => 0,
            Axis::Y => 1,
        }
    }
}

/// Displacement in µm on a grid of times and depths; positive moves up the probe.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Motion {
    /// The direction of the motion.
    pub axis: Axis,
    /// Centres of the depth windows in µm, ascending; one for rigid motion.
    pub spatial_bins_um: Vec<f64>,
    /// The segments of the recording.
    pub segments: Vec<MotionSegment>,
}

/// The motion during one segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MotionSegment {
    /// Centres of the time bins in seconds, ascending, in the recording's own times.
    pub temporal_bins_s: Vec<f64>,
    /// `(temporal_bins_s.len(), spatial_bins_um.len())` in µm.
    pub displacement_um: Array2<f64>,
    /// How much each displacement rests on (sum of the weights of its comparisons), same shape; `None` where unknown.
    pub confidence: Option<Array2<f64>>,
}

impl Motion {
    /// What is wrong with its shape, if anything.
    pub fn problem(&self) -> Option<String> {
        let ascending = |values: &[f64]| {
            values.iter().all(|v| v.is_finite()) && values.windows(2).all(|pair| pair[0] < pair[1])
        };
        if self.spatial_bins_um.is_empty() || !ascending(&self.spatial_bins_um) {
            return Some("spatial_bins_um must be ascending numbers, at least one".into());
        }
        for (index, segment) in self.segments.iter().enumerate() {
            let shape = (segment.temporal_bins_s.len(), self.spatial_bins_um.len());
            if shape.0 == 0 || !ascending(&segment.temporal_bins_s) {
                return Some(format!("temporal_bins_s of segment {index} must be ascending numbers"));
            }
            if segment.displacement_um.dim() != shape {
                return Some(format!(
                    "the displacement of segment {index} has the shape {:?}, its bins are {shape:?}",
                    segment.displacement_um.dim()
                ));
            }
            if segment.displacement_um.iter().any(|v| !v.is_finite()) {
                return Some(format!("the displacement of segment {index} is not a number somewhere"));
            }
        }
        None
    }

    /// Displacement at a time and a depth, linear between bins, constant beyond them; zero without bins.
    pub fn displacement_um(&self, segment: usize, time_s: f64, depth_um: f64) -> f64 {
        let Some(own) = self.segments.get(segment) else { return 0.0 };
        let (Some((t, u)), Some((d, v))) =
            (between(&own.temporal_bins_s, time_s), between(&self.spatial_bins_um, depth_um))
        else {
            return 0.0;
        };
        let at = |i: usize, j: usize| own.displacement_um.get((i, j)).copied().unwrap_or(0.0);
        let row = |i: usize| if v > 0.0 { at(i, d) * (1.0 - v) + at(i, d + 1) * v } else { at(i, d) };
        if u > 0.0 { row(t) * (1.0 - u) + row(t + 1) * u } else { row(t) }
    }

    /// How far each depth window moves over all segments, in µm: the displacements but the largest and the least
    /// hundredth, which are often errors of the estimate.
    pub fn ranges_um(&self) -> Vec<f64> {
        (0..self.spatial_bins_um.len())
            .map(|depth| {
                let mut values: Vec<f64> =
                    self.segments.iter().flat_map(|s| s.displacement_um.column(depth).to_vec()).collect();
                values.sort_by(f64::total_cmp);
                let cut = values.len() / 100;
                match (values.get(cut), values.get(values.len().saturating_sub(cut + 1))) {
                    (Some(low), Some(high)) => high - low,
                    _ => 0.0,
                }
            })
            .collect()
    }

    /// The largest of [`Self::ranges_um`].
    pub fn range_um(&self) -> f64 {
        self.ranges_um().into_iter().fold(0.0, f64::max)
    }
}

/// The bin at or before a value and how far it lies on the way to the next one; clamped to the bins.
fn between(bins: &[f64], value: f64) -> Option<(usize, f64)> {
    let (first, last) = (*bins.first()?, bins.len() - 1);
    if value.is_nan() || value <= first || last == 0 {
        return Some((0, 0.0));
    }
    let place = bins.partition_point(|bin| *bin <= value);
    if place > last {
        return Some((last, 0.0));
    }
    let (low, high) = (bins[place - 1], bins[place]);
    Some((place - 1, (value - low) / (high - low)))
}

/// How traces at places between contacts are made from those at the contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Weighted sums that are exact at the contacts, by how signals of near contacts resemble each other.
    #[default]
    Kriging,
    /// Mean of the nearest contacts, weighted by the inverse distance.
    Idw,
    /// The nearest contact.
    Nearest,
}

/// A correction of the traces for motion with everything resolved: what the traces would be had nothing moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MotionCorrection {
    /// Positions of the channels in µm.
    pub positions_um: Vec<[f64; 2]>,
    /// Group of each channel: traces are made from those of the same group. One group where there are none.
    #[serde(default)]
    pub groups: Vec<i64>,
    /// The direction of the motion.
    pub axis: Axis,
    /// How places between contacts are filled.
    pub interpolation: Interpolation,
    /// Kriging: how far signals resemble each other, in µm.
    pub sigma_um: f64,
    /// Kriging: exponent of the distance.
    pub power: f64,
    /// Inverse distance: how many contacts take part.
    pub num_closest: usize,
    /// Whether places beyond the probe are guessed; they are zero otherwise.
    pub extrapolate: bool,
    /// For each segment the stretches of constant displacement, in order.
    pub segments: Vec<Vec<MotionStretch>>,
}

impl MotionCorrection {
    /// Displacement of a channel at a frame in µm; zero where nothing is said of it.
    pub fn displacement_um(&self, segment: usize, frame: usize, channel: usize) -> f64 {
        let Some(stretches) = self.segments.get(segment) else { return 0.0 };
        let place = stretches.partition_point(|stretch| stretch.first_frame <= frame).saturating_sub(1);
        stretches.get(place).and_then(|stretch| stretch.displacement_um.get(channel)).copied().unwrap_or(0.0)
    }
}

/// Frames with one displacement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MotionStretch {
    /// The first of them; the first stretch holds all frames before it as well.
    pub first_frame: usize,
    /// Displacement of each channel in µm.
    pub displacement_um: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn displacement_is_linear_between_bins_and_constant_beyond() {
        let motion = Motion {
            axis: Axis::Y,
            spatial_bins_um: vec![100.0, 300.0],
            segments: vec![MotionSegment {
                temporal_bins_s: vec![0.5, 1.5, 2.5],
                displacement_um: arr2(&[[0.0, 0.0], [10.0, 20.0], [10.0, 0.0]]),
                confidence: None,
            }],
        };
        assert_eq!(motion.problem(), None);
        assert_eq!(motion.displacement_um(0, 1.0, 200.0), 7.5);
        assert_eq!(motion.displacement_um(0, 1.5, 1000.0), 20.0);
        assert_eq!(motion.displacement_um(0, 99.0, 0.0), 10.0);
        assert_eq!(motion.displacement_um(3, 1.0, 200.0), 0.0);
        assert_eq!(motion.ranges_um(), vec![10.0, 20.0]);
        assert_eq!(motion.range_um(), 20.0);
    }

    #[test]
    fn a_correction_tells_the_displacement_of_each_frame() {
        let stretch = |first_frame, moved: f64| MotionStretch {
            first_frame,
            displacement_um: vec![moved, 2.0 * moved],
        };
        let correction = MotionCorrection {
            positions_um: vec![[0.0, 0.0], [0.0, 20.0]],
            groups: vec![0; 2],
            axis: Axis::Y,
            interpolation: Interpolation::Kriging,
            sigma_um: 20.0,
            power: 2.0,
            num_closest: 3,
            extrapolate: true,
            segments: vec![vec![stretch(10, 1.0), stretch(20, 5.0)]],
        };
        let at = |frame| correction.displacement_um(0, frame, 1);
        assert_eq!([at(0), at(10), at(19), at(20), at(99)], [2.0, 2.0, 2.0, 10.0, 10.0]);
        assert_eq!([correction.displacement_um(1, 0, 0), correction.displacement_um(0, 0, 7)], [0.0, 0.0]);
    }
}
