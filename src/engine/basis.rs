//! The shared temporal basis: a few waveforms whose weighted sums are all spikes.

use super::lanes::{LANES, STRETCH, Sums, register, set_register, stretch};
use ndarray::Array2;

/// Longer waveforms are projected a component at a time.
const MAX_TAPS: usize = 256;

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

/// Adds a weight times a register of samples to each of six sums. What keeps them in registers: an array each (in a
/// nested one they go through memory, thirty times slower) and loops without adaptors, which an incremental build does
/// not inline.
macro_rules! add_to_six {
    ($fused:expr, $weights:ident, $x:ident, $($sums:ident)*) => {
        let mut component = 0;
        $(
            let w = $weights[component];
            for l in 0..LANES {
                $sums[l] = if $fused { w.mul_add($x[l], $sums[l]) } else { w * $x[l] + $sums[l] };
            }
            component += 1;
        )*
        let _ = component;
    };
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
    let six = if nt <= MAX_TAPS { k / 6 * 6 } else { 0 };
    for k in (0..six).step_by(6) {
        project_six(&taps[k * nt..], nt, x, &mut out[k * stride..], stride);
    }
    for (k, taps) in taps[..k * nt].chunks_exact(nt).enumerate().skip(six) {
        let mut start = 0;
        while start + STRETCH <= frames {
            let mut sums = Sums::new();
            for (tap, &w) in taps.iter().enumerate() {
                let Some(x) = stretch(x, start + tap) else { break };
                sums.add::<FUSED>(w, x);
            }
            sums.store(&mut out[k * stride + start..]);
            start += STRETCH;
        }
        for place in start..frames {
            out[k * stride + place] = project_at::<FUSED>(taps, &x[place..]);
        }
    }
}

/// Projects on six components at once: each sample that is loaded serves all of them. Twelve sums fill the registers of
/// AVX-512, six (of two registers) those of AVX2. 180 and 90 GFLOP/s on the core this was written on.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn project_six(taps: &[f32], nt: usize, x: &[f32], out: &mut [f32], stride: usize) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    const WIDE: bool = multiversion::target::target_cfg_f!(target_feature = "avx512f");
    let frames = x.len() + 1 - nt;
    let mut weights = [[0.0f32; 6]; MAX_TAPS];
    for (tap, weights) in weights.iter_mut().take(nt).enumerate() {
        for (k, weight) in weights.iter_mut().enumerate() {
            *weight = taps[k * nt + tap];
        }
    }
    let weights = &weights[..nt];
    let zero = [0.0f32; LANES];
    let mut start = 0;
    while WIDE && start + 2 * LANES <= frames {
        let (mut a, mut b, mut c, mut d, mut e, mut f) = (zero, zero, zero, zero, zero, zero);
        let (mut g, mut h, mut i, mut j, mut k, mut l) = (zero, zero, zero, zero, zero, zero);
        for (tap, weights) in weights.iter().enumerate() {
            let (Some(x), Some(y)) = (register(x, start + tap), register(x, start + tap + LANES)) else {
                break;
            };
            add_to_six!(FUSED, weights, x, a b c d e f);
            add_to_six!(FUSED, weights, y, g h i j k l);
        }
        for (k, (first, second)) in [(a, g), (b, h), (c, i), (d, j), (e, k), (f, l)].into_iter().enumerate() {
            set_register(out, k * stride + start, first);
            set_register(out, k * stride + start + LANES, second);
        }
        start += 2 * LANES;
    }
    while start + LANES <= frames {
        let (mut a, mut b, mut c, mut d, mut e, mut f) = (zero, zero, zero, zero, zero, zero);
        for (tap, weights) in weights.iter().enumerate() {
            let Some(x) = register(x, start + tap) else { break };
            add_to_six!(FUSED, weights, x, a b c d e f);
        }
        for (k, sums) in [a, b, c, d, e, f].into_iter().enumerate() {
            set_register(out, k * stride + start, sums);
        }
        start += LANES;
    }
    for (k, taps) in taps.chunks_exact(nt).take(6).enumerate() {
        for place in start..frames {
            out[k * stride + place] = project_at::<FUSED>(taps, &x[place..]);
        }
    }
}

/// One projection, summed in the order of the samples.
#[inline(always)]
fn project_at<const FUSED: bool>(taps: &[f32], x: &[f32]) -> f32 {
    taps.iter().zip(x).fold(0.0, |sum, (&w, &x)| if FUSED { w.mul_add(x, sum) } else { w * x + sum })
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
