//! The shared temporal basis: a few waveforms whose weighted sums are all spikes.

use super::lanes::{STRETCH, Sums, stretch};
use ndarray::Array2;

/// Most components a basis can have.
pub const MAX_COMPONENTS: usize = 8;

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

    /// Projects a trace: `out[k][t] = Σ_τ W[k, τ] · x[t + τ]`, for as many `t` as `x` allows.
    ///
    /// `x` starts `num_before` samples before the first spike time wanted and is `num_samples - 1` longer than
    /// the rows of `out`, which follow each other `stride` apart.
    pub fn project(&self, x: &[f32], out: &mut [f32], stride: usize) {
        let (k, nt) = self.components.dim();
        let taps = self.components.as_slice().unwrap_or(&[]);
        project(taps, k, nt, x, out, stride);
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

#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn project(taps: &[f32], k: usize, nt: usize, x: &[f32], out: &mut [f32], stride: usize) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    if x.len() < nt || taps.len() < k * nt {
        return;
    }
    let frames = x.len() + 1 - nt;
    let mut start = 0;
    while start + STRETCH <= frames {
        for (k, taps) in taps.chunks_exact(nt).enumerate() {
            let mut sums = Sums::new();
            for (tap, &w) in taps.iter().enumerate() {
                let Some(x) = stretch(x, start + tap) else { break };
                sums.add::<FUSED>(w, x);
            }
            sums.store(&mut out[k * stride + start..]);
        }
        start += STRETCH;
    }
    for (k, taps) in taps.chunks_exact(nt).enumerate() {
        for place in start..frames {
            out[k * stride + place] = taps
                .iter()
                .zip(&x[place..])
                .fold(0.0, |sum: f32, (&w, &x)| if FUSED { w.mul_add(x, sum) } else { w * x + sum });
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn projecting_is_correlating_with_each_component() {
        let components = Array2::from_shape_fn((6, 7), |(k, t)| ((k * 7 + t) as f32 * 0.37).sin());
        let basis = Basis { components, num_before: 2 };
        let x: Vec<f32> = (0..107).map(|t| (t as f32 * 0.11).cos() * t as f32).collect();
        let frames = x.len() - 6;
        let mut out = vec![0.0; 6 * 128];
        basis.project(&x, &mut out, 128);
        for k in 0..6 {
            for t in 0..frames {
                let expected: f64 =
                    (0..7).map(|i| f64::from(basis.components[[k, i]]) * f64::from(x[t + i])).sum();
                assert!((f64::from(out[k * 128 + t]) - expected).abs() < 1e-3);
            }
        }
        let mut shape = vec![0.0; 7];
        basis.reconstruct(&[0.0, 2.0], &mut shape);
        assert_eq!(shape[3], 2.0 * basis.components[[1, 3]]);
        assert!(basis.components.as_slice().unwrap().len() == 42);
    }
}
