//! Projecting traces on the shared temporal basis: the innermost loops of finding, describing and matching spikes.

use super::{
    basis::Basis,
    lanes::{LANES, STRETCH, Sums, register, set_register, stretch},
};

/// The components of a basis, six beside each other, then those that are left.
#[derive(Clone, Debug, PartialEq)]
pub struct Taps {
    num_samples: usize,
    num_before: usize,
    /// For each six components and each sample a weight of each.
    sixes: Vec<Vec<[f32; 6]>>,
    rest: Vec<Vec<f32>>,
}

impl Taps {
    /// The components of `basis`.
    pub(super) fn new(basis: &Basis) -> Self {
        let (k, nt) = basis.components.dim();
        let six = |first: usize| {
            (0..nt).map(|t| std::array::from_fn(|i| basis.components[[first + i, t]])).collect()
        };
        Self {
            num_samples: nt,
            num_before: basis.num_before,
            sixes: (0..k / 6).map(|place| six(6 * place)).collect(),
            rest: (k / 6 * 6..k).map(|k| basis.components.row(k).to_vec()).collect(),
        }
    }

    /// Samples of a component.
    pub fn num_samples(&self) -> usize {
        self.num_samples
    }

    /// Samples before the spike.
    pub fn num_before(&self) -> usize {
        self.num_before
    }

    /// Projects a trace: `out[k][t] = Σ_τ W[k, τ] · x[t + τ]`, for as many `t` as `x` allows.
    ///
    /// `x` starts `num_before` samples before the first spike time wanted and is `num_samples - 1` longer than
    /// the rows of `out`, which follow each other `stride` apart.
    pub fn project(&self, x: &[f32], out: &mut [f32], stride: usize) {
        if x.len() < self.num_samples || self.num_samples == 0 {
            return;
        }
        for (place, weights) in self.sixes.iter().enumerate() {
            project_six(weights, x, &mut out[6 * place * stride..], stride);
        }
        for (place, taps) in self.rest.iter().enumerate() {
            project_one(taps, x, &mut out[(6 * self.sixes.len() + place) * stride..]);
        }
    }
}

/// Adds a weight times a register of samples, from one on, to each of six sums. What keeps them in registers: an array
/// each (in a nested one they go through memory, thirty times slower) and loops without adaptors, which an incremental
/// build does not inline.
macro_rules! add_to_six {
    ($fused:expr, $weights:ident, $x:ident, $at:expr, $($sums:ident)*) => {
        let mut component = 0;
        $(
            let w = $weights[component];
            for l in 0..LANES {
                $sums[l] = if $fused { w.mul_add($x[$at + l], $sums[l]) } else { w * $x[$at + l] + $sums[l] };
            }
            component += 1;
        )*
        let _ = component;
    };
}

/// Starts of blocks of `width` that cover `frames`, the last one at the end: what two of them hold comes out the same.
fn starts(from: usize, frames: usize, width: usize) -> impl Iterator<Item = usize> {
    let whole = (from..frames).step_by(width).take_while(move |start| start + width <= frames);
    let covered = from + (frames - from) / width * width;
    whole.chain((covered < frames && frames >= width).then(|| frames - width))
}

#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn project_one(taps: &[f32], x: &[f32], out: &mut [f32]) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    let frames = x.len() + 1 - taps.len();
    for start in starts(0, frames, STRETCH) {
        let mut sums = Sums::new();
        for (tap, &w) in taps.iter().enumerate() {
            let Some(x) = stretch(x, start + tap) else { break };
            sums.add::<FUSED>(w, x);
        }
        sums.store(&mut out[start..]);
    }
    if frames >= STRETCH {
        return;
    }
    for start in starts(0, frames, LANES) {
        let mut sums = [0.0f32; LANES];
        for (tap, &w) in taps.iter().enumerate() {
            let Some(x) = register(x, start + tap) else { break };
            for l in 0..LANES {
                sums[l] = if FUSED { w.mul_add(x[l], sums[l]) } else { w * x[l] + sums[l] };
            }
        }
        set_register(out, start, sums);
    }
    let few = if frames < LANES { frames } else { 0 };
    for place in 0..few {
        let products = taps.iter().zip(&x[place..]);
        out[place] = products.fold(0.0, |sum, (&w, &x)| if FUSED { w.mul_add(x, sum) } else { w * x + sum });
    }
}

/// Projects on six components at once: each sample that is loaded serves all of them. Twenty-four sums fill the
/// registers of AVX-512, six (of two registers) those of AVX2. 230 and 90 GFLOP/s on the core this was written on.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn project_six(weights: &[[f32; 6]], x: &[f32], out: &mut [f32], stride: usize) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    const WIDE: bool = multiversion::target::target_cfg_f!(target_feature = "avx512f");
    let frames = x.len() + 1 - weights.len();
    let zero = [0.0f32; LANES];
    let mut done = 0;
    while WIDE && done + STRETCH <= frames {
        let (mut a, mut b, mut c, mut d, mut e, mut f) = (zero, zero, zero, zero, zero, zero);
        let (mut g, mut h, mut i, mut j, mut k, mut l) = (zero, zero, zero, zero, zero, zero);
        let (mut m, mut n, mut o, mut p, mut q, mut r) = (zero, zero, zero, zero, zero, zero);
        let (mut s, mut t, mut u, mut v, mut w, mut y) = (zero, zero, zero, zero, zero, zero);
        for (tap, weights) in weights.iter().enumerate() {
            let Some(x) = stretch(x, done + tap) else { break };
            add_to_six!(FUSED, weights, x, 0, a b c d e f);
            add_to_six!(FUSED, weights, x, LANES, g h i j k l);
            add_to_six!(FUSED, weights, x, 2 * LANES, m n o p q r);
            add_to_six!(FUSED, weights, x, 3 * LANES, s t u v w y);
        }
        let sums = [[a, g, m, s], [b, h, n, t], [c, i, o, u], [d, j, p, v], [e, k, q, w], [f, l, r, y]];
        for (k, sums) in sums.into_iter().enumerate() {
            for (place, sums) in sums.into_iter().enumerate() {
                set_register(out, k * stride + done + place * LANES, sums);
            }
        }
        done += STRETCH;
    }
    for start in starts(done, frames, LANES) {
        let (mut a, mut b, mut c, mut d, mut e, mut f) = (zero, zero, zero, zero, zero, zero);
        for (tap, weights) in weights.iter().enumerate() {
            let Some(x) = register(x, start + tap) else { break };
            add_to_six!(FUSED, weights, x, 0, a b c d e f);
        }
        for (k, sums) in [a, b, c, d, e, f].into_iter().enumerate() {
            set_register(out, k * stride + start, sums);
        }
    }
    let few = if frames < LANES { frames } else { 0 };
    for place in 0..few {
        for k in 0..6 {
            let products = weights.iter().zip(&x[place..]);
            out[k * stride + place] =
                products.fold(0.0, |sum, (w, &x)| if FUSED { w[k].mul_add(x, sum) } else { w[k] * x + sum });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn projecting_is_correlating_with_each_component() {
        let nt = 7;
        let components = Array2::from_shape_fn((8, nt), |(k, t)| ((k * nt + t) as f32 * 0.37).sin());
        let basis = Basis { components, num_before: 2 };
        // Fewer than a register, a stretch, and what is left beside whole ones.
        for frames in [1, 15, 16, 37, 64, 101, 200] {
            let x: Vec<f32> = (0..frames + nt - 1).map(|t| (t as f32 * 0.11).cos() * t as f32).collect();
            let mut out = vec![0.0; 8 * 256];
            basis.taps().project(&x, &mut out, 256);
            for k in 0..8 {
                for t in 0..frames {
                    let products = (0..nt).map(|i| f64::from(basis.components[[k, i]]) * f64::from(x[t + i]));
                    let expected: f64 = products.sum();
                    assert!((f64::from(out[k * 256 + t]) - expected).abs() < 1e-3, "{frames} {k} {t}");
                }
                assert!(out[k * 256 + frames..(k + 1) * 256].iter().all(|&x| x == 0.0));
            }
        }
    }
}
