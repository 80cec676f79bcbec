//! The shared temporal basis: a few waveforms whose weighted sums are all spikes.

use super::{eigen::symmetric_eigen, taps::Taps};
use ndarray::Array2;

/// Most components a basis can have.
pub const MAX_COMPONENTS: usize = 8;

/// What shapes that were moved in time weigh, and up to how many samples they are moved, where there are too few shapes.
const MOVED_WEIGHT: f64 = 1e-6;
const MOST_MOVED: usize = 4;
/// Components with less energy than this, in that of the largest, are due to rounding alone.
const ROUNDING: f64 = 1e-9;

/// Orthonormal waveforms, and where in them the spike sits.
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    /// `(num_components, num_samples)`, orthonormal rows.
    pub components: Array2<f32>,
    /// Samples before the spike.
    pub num_before: usize,
}

impl Basis {
    /// How many components there are.
    pub fn num_components(&self) -> usize {
        self.components.nrows()
    }

    /// Samples of a component.
    pub fn num_samples(&self) -> usize {
        self.components.ncols()
    }

    /// The components, laid out to project traces on them.
    pub fn taps(&self) -> Taps {
        Taps::new(self)
    }

    /// The basis for traces of which only every `step`th sample is there, and spikes `offset` samples after one that is.
    ///
    /// Sums over every `step`th sample, times `step`, are those over all samples where neither components nor traces hold
    /// more than such traces can tell.
    pub fn thinned(&self, step: usize, offset: usize) -> Self {
        let before = self.num_before as i64 - offset as i64;
        let first = before.rem_euclid(step as i64);
        let nt = self.num_samples().saturating_sub(first as usize).div_ceil(step);
        let components = Array2::from_shape_fn((self.num_components(), nt), |(k, t)| {
            step as f32 * self.components[[k, first as usize + t * step]]
        });
        Self { components, num_before: ((before - first) / step as i64).max(0) as usize }
    }

    /// The components moved `shift` samples to the left, `W[k, τ + shift]`, between samples by a windowed sinc; silent
    /// beyond their ends.
    pub fn shifted(&self, shift: f64) -> Array2<f64> {
        let (k, nt) = self.components.dim();
        Array2::from_shape_fn((k, nt), |(k, t)| {
            let place = t as f64 + shift;
            let first = place.floor() as i64 - SINC_REACH + 1;
            (first..first + 2 * SINC_REACH)
                .filter(|&i| i >= 0 && i < nt as i64)
                .map(|i| f64::from(self.components[[k, i as usize]]) * windowed_sinc(place - i as f64))
                .sum()
        })
    }

    /// `S[k, m] = Σ_τ W[k, τ] · W[m, τ + shift]`: turns coefficients on `m` into those of the same waveform `shift`
    /// samples earlier.
    pub fn overlap(&self, shift: f64) -> Array2<f64> {
        self.components.mapv(f64::from).dot(&self.shifted(shift).t())
    }

    /// The waveform of coefficients on the basis: `Σ_k a[k] · W[k, ·]`.
    pub fn reconstruct(&self, coefficients: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        for (row, &a) in self.components.rows().into_iter().zip(coefficients) {
            for (o, &w) in out.iter_mut().zip(row) {
                *o += a * w;
            }
        }
    }
}

/// The first right singular vectors of shapes, each taken at unit norm.
pub fn basis_of(shapes: &[Vec<f32>], num_before: usize, num_components: usize) -> Basis {
    let unit: Vec<Vec<f32>> = shapes
        .iter()
        .map(|shape| {
            let norm = shape.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            shape.iter().map(|x| x / norm).collect()
        })
        .collect();
    let nt = shapes.first().map_or(0, Vec::len);
    weighted_basis_of(&unit, nt, num_before, num_components).0
}

/// The first right singular vectors of shapes of `nt` samples as they are, and the share of the energy they hold.
///
/// Where the shapes span fewer dimensions than there are components, the rest are those in which they change as they are
/// moved in time. Any others would hold frequencies that no spike has, and what is projected on them would depend on where
/// between two samples it lies.
pub fn weighted_basis_of(
    shapes: &[Vec<f32>],
    nt: usize,
    num_before: usize,
    num_components: usize,
) -> (Basis, f64) {
    let mut scatter = Array2::<f64>::zeros((nt, nt));
    shapes.iter().for_each(|shape| add_scatter(shape, 1.0, &mut scatter));
    let k = num_components.clamp(1, MAX_COMPONENTS.min(nt.max(1)));
    let (mut values, mut vectors) = symmetric_eigen(&scatter);
    let total: f64 = values.iter().sum();
    let are_too_few =
        values.first().zip(values.get(k - 1)).is_some_and(|(most, last)| *last < ROUNDING * most);
    if are_too_few {
        for by in 1..=MOST_MOVED.min(nt) {
            let silence = vec![0.0; by];
            for shape in shapes {
                add_scatter(&[&silence, &shape[..nt - by]].concat(), MOVED_WEIGHT, &mut scatter);
                add_scatter(&[&shape[by..], &silence].concat(), MOVED_WEIGHT, &mut scatter);
            }
        }
        (values, vectors) = symmetric_eigen(&scatter);
    }
    let explained = if total > 0.0 { (values.iter().take(k).sum::<f64>() / total).min(1.0) } else { 1.0 };
    let components = Array2::from_shape_fn((k, nt), |(i, t)| vectors[[i, t]] as f32);
    (Basis { components, num_before }, explained)
}

/// Adds the products of the samples of a shape, on and below the diagonal.
fn add_scatter(shape: &[f32], weight: f64, scatter: &mut Array2<f64>) {
    for (i, &a) in shape.iter().enumerate() {
        for (j, &b) in shape[..=i].iter().enumerate() {
            scatter[[i, j]] += weight * (f64::from(a) * f64::from(b));
        }
    }
}

/// Samples on either side that interpolation looks at.
const SINC_REACH: i64 = 8;

fn windowed_sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let reach = SINC_REACH as f64;
    if x.abs() >= reach {
        return 0.0;
    }
    let pi_x = std::f64::consts::PI * x;
    pi_x.sin() / pi_x * (0.5 * pi_x / reach).cos().powi(2)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn waveforms_are_put_together_from_components() {
        let components = Array2::from_shape_fn((6, 7), |(k, t)| ((k * 7 + t) as f32 * 0.37).sin());
        let basis = Basis { components, num_before: 2 };
        let mut shape = vec![0.0; 7];
        basis.reconstruct(&[0.0, 2.0], &mut shape);
        assert_eq!(shape[3], 2.0 * basis.components[[1, 3]]);
        assert!(basis.components.as_slice().unwrap().len() == 42);
    }
}
