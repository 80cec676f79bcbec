//! Weights that make traces at moved places from those at the contacts.
//!
//! # Source
//! SpikeInterface `get_spatial_interpolation_kernel`, from its formulas: kriging with `exp(-(d/σ)^p)`, inverse
//! distances, nearest contact. Channels of other groups take no part: they belong to other shanks or probes.

use crate::{
    data::{Interpolation, MotionCorrection},
    engine::{EngineError, eigen::inverse},
};
use ndarray::{Array1, Array2};
use std::sync::Arc;

/// Added to the diagonal of the kernel before it is inverted.
const RIDGE: f64 = 1e-6;
/// Resemblances below this are none, and so are weights.
const LEAST: f64 = 1e-6;

/// A correction ready to give weights for any displacement.
#[derive(Clone, Debug)]
pub struct Interpolator {
    correction: Arc<MotionCorrection>,
    /// Kriging: the inverse of the resemblances between contacts.
    inverse: Option<Array2<f64>>,
}

impl Interpolator {
    /// Prepares a correction.
    ///
    /// # Errors
    /// Where two contacts share a place, so that kriging cannot tell them apart, or a setting is no number.
    pub fn new(correction: Arc<MotionCorrection>) -> Result<Self, EngineError> {
        let positions = &correction.positions_um;
        let sound = correction.sigma_um > 0.0 && correction.power > 0.0 && correction.num_closest > 0;
        if !sound || positions.iter().flatten().any(|v| !v.is_finite()) {
            return Err(EngineError::Data(
                "traces cannot be interpolated: the positions of the contacts must be numbers, and sigma, the exponent \
                 and the number of contacts greater than zero"
                    .into(),
            ));
        }
        let n = positions.len();
        let inverse = match correction.interpolation {
            Interpolation::Kriging => {
                let resemblance = Array2::from_shape_fn((n, n), |(i, j)| {
                    let same = is_shared(&correction, i, j);
                    let alike = if same { resemblance(&correction, positions[i], positions[j]) } else { 0.0 };
                    alike + if i == j { RIDGE } else { 0.0 }
                });
                Some(inverse(&resemblance).ok_or_else(|| {
                    EngineError::Data("traces cannot be interpolated: contacts share a place".into())
                })?)
            }
            Interpolation::Idw | Interpolation::Nearest => None,
        };
        Ok(Self { correction, inverse })
    }

    /// The correction it was made of.
    pub fn correction(&self) -> &MotionCorrection {
        &self.correction
    }

    /// Weights `(channels, channels)` of the contacts for what lay at each channel before the tissue moved by these
    /// displacements.
    pub fn weights(&self, displacement_um: &[f64]) -> Array2<f64> {
        let positions = &self.correction.positions_um;
        let n = positions.len();
        let mut weights = Array2::<f64>::zeros((n, n));
        for (channel, mut row) in weights.rows_mut().into_iter().enumerate() {
            let mut target = positions[channel];
            target[self.correction.axis.index()] += displacement_um.get(channel).copied().unwrap_or(0.0);
            let inside = self.is_inside(channel, target);
            if !inside && !self.correction.extrapolate {
                continue;
            }
            let own = self.weights_at(channel, target, inside);
            row.assign(&own);
        }
        weights
    }

    /// Channels that traces of a channel are made from.
    fn sources(&self, channel: usize) -> impl Iterator<Item = usize> {
        (0..self.correction.positions_um.len())
            .filter(move |&other| is_shared(&self.correction, channel, other))
    }

    fn is_inside(&self, channel: usize, place: [f64; 2]) -> bool {
        (0..2).all(|axis| {
            let along = self.sources(channel).map(|source| self.correction.positions_um[source][axis]);
            let (low, high) =
                along.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            (low..=high).contains(&place[axis])
        })
    }

    fn weights_at(&self, channel: usize, place: [f64; 2], inside: bool) -> Array1<f64> {
        let positions = &self.correction.positions_um;
        let mut weights = Array1::<f64>::zeros(positions.len());
        let distance = |c: usize| (positions[c][0] - place[0]).hypot(positions[c][1] - place[1]);
        match &self.inverse {
            Some(inverse) => {
                for source in self.sources(channel) {
                    let near = resemblance(&self.correction, place, positions[source]);
                    if near > LEAST {
                        weights.scaled_add(near, &inverse.row(source));
                    }
                }
            }
            None => {
                let mut order: Vec<usize> = self.sources(channel).collect();
                order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
                if self.correction.interpolation == Interpolation::Nearest || distance(order[0]) == 0.0 {
                    weights[order[0]] = 1.0;
                    return weights;
                }
                for &c in order.iter().take(self.correction.num_closest) {
                    weights[c] = 1.0 / distance(c);
                }
            }
        }
        let total = weights.sum();
        if inside && total != 0.0 {
            weights /= total;
        }
        weights.mapv_inplace(|w| if w.abs() < LEAST { 0.0 } else { w });
        weights
    }
}

/// Whether two channels are of one group.
fn is_shared(correction: &MotionCorrection, a: usize, b: usize) -> bool {
    correction.groups.get(a) == correction.groups.get(b)
}

/// How much signals at two places resemble each other.
fn resemblance(correction: &MotionCorrection, a: [f64; 2], b: [f64; 2]) -> f64 {
    let distance = (a[0] - b[0]).hypot(a[1] - b[1]);
    (-(distance / correction.sigma_um).powf(correction.power)).exp()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::data::Axis;

    #[test]
    fn probes_in_the_same_coordinates_take_nothing_from_each_other() {
        let column = || (0..6).map(|i| [0.0, 20.0 * f64::from(i)]);
        let of = |positions_um: Vec<[f64; 2]>, groups: Vec<i64>, interpolation| {
            let moved = vec![7.0; groups.len()];
            let correction = MotionCorrection {
                positions_um,
                groups,
                axis: Axis::Y,
                interpolation,
                sigma_um: 20.0,
                power: 2.0,
                num_closest: 3,
                extrapolate: true,
                segments: Vec::new(),
            };
            Interpolator::new(Arc::new(correction)).unwrap().weights(&moved)
        };
        for interpolation in [Interpolation::Kriging, Interpolation::Idw, Interpolation::Nearest] {
            let alone = of(column().collect(), vec![0; 6], interpolation);
            let both = of(column().chain(column()).collect(), [[0; 6], [1; 6]].concat(), interpolation);
            for (i, j) in (0..12).flat_map(|i| (0..12).map(move |j| (i, j))) {
                let wanted = if i / 6 == j / 6 { alone[[i % 6, j % 6]] } else { 0.0 };
                assert!((both[[i, j]] - wanted).abs() < 1e-9, "{interpolation:?} {i} {j}");
            }
        }
    }
}
