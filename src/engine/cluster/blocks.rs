//! Mixtures of Gaussians of one covariance, a register full of points at a time.

use super::points::Points;
use crate::engine::lanes::LANES;

/// Components at most.
pub(super) const MOST_COMPONENTS: usize = 6;

/// Points in registers, so that [`LANES`] of them go through one operation together.
pub(super) struct Blocks {
    pub dim: usize,
    pub len: usize,
    /// Of each so many points the places on the first axis, then those on the second, …; zero beyond the last.
    registers: Vec<[f32; LANES]>,
}

impl Blocks {
    /// The points, in their order.
    pub fn of(points: &Points) -> Self {
        let (dim, len) = (points.dim, points.len());
        let mut registers = vec![[0.0; LANES]; len.div_ceil(LANES) * dim];
        for (index, row) in points.rows().enumerate() {
            for (register, &x) in registers[index / LANES * dim..].iter_mut().zip(row) {
                register[index % LANES] = x;
            }
        }
        Self { dim, len, registers }
    }

    /// What [`expect`] sums up, of components that the labels tell.
    pub fn sums_of(&self, labels: &[u32], count: usize) -> Vec<[f32; LANES]> {
        let mut sums = vec![[0.0; LANES]; count * (1 + self.dim)];
        for (index, &label) in labels.iter().enumerate() {
            let (x, lane) = (&self.registers[index / LANES * self.dim..], index % LANES);
            let sums = &mut sums[label as usize * (1 + self.dim)..][..1 + self.dim];
            sums[0][lane] += 1.0;
            for (sum, x) in sums[1..].iter_mut().zip(x) {
                sum[lane] += x[lane];
            }
        }
        sums
    }
}

/// A row of sums over all lanes.
pub(super) fn total_of(sums: &[[f32; LANES]]) -> Vec<f64> {
    sums.iter().map(|lanes| lanes.iter().map(|&x| f64::from(x)).sum()).collect()
}

/// Blocks after which the logarithm of a product is taken, before it is too large.
const BLOCKS_OF_PRODUCT: usize = 32;

/// The sum over all points of the logarithm of the sum over components of `exp(plane · x + offset)`, `planes` being
/// `(components, axes)`: the log likelihood but for what all components have in common. Sets `sums`, lane by lane, to those
/// of the shares of each component and of the points times their shares, `(components, 1 + axes)`.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
pub(super) fn expect(points: &Blocks, planes: &[f32], offsets: &[f32], sums: &mut [[f32; LANES]]) -> f64 {
    let dim = points.dim;
    sums.fill([0.0; LANES]);
    let mut likelihood = 0.0;
    let (mut mosts, mut product) = ([0.0f64; LANES], [1.0f32; LANES]);
    for (block, x) in points.registers.chunks_exact(dim).enumerate() {
        let mut odds = [[0.0f32; LANES]; MOST_COMPONENTS];
        let mut most = [f32::MIN; LANES];
        for ((odds, plane), &offset) in odds.iter_mut().zip(planes.chunks_exact(dim)).zip(offsets) {
            let mut sum = [offset; LANES];
            for (&p, x) in plane.iter().zip(x) {
                for l in 0..LANES {
                    sum[l] += p * x[l];
                }
            }
            for l in 0..LANES {
                most[l] = if sum[l] > most[l] { sum[l] } else { most[l] };
            }
            *odds = sum;
        }
        let mut total = [0.0f32; LANES];
        for odds in &mut odds[..offsets.len()] {
            for l in 0..LANES {
                odds[l] = exp_of_negative(odds[l] - most[l]);
                total[l] += odds[l];
            }
        }
        let there = points.len - block * LANES;
        let mut share = [0.0f32; LANES];
        for l in 0..LANES {
            let is_there = l < there;
            share[l] = if is_there { 1.0 / total[l] } else { 0.0 };
            product[l] *= if is_there { total[l] } else { 1.0 };
            mosts[l] += f64::from(if is_there { most[l] } else { 0.0 });
        }
        if block % BLOCKS_OF_PRODUCT == BLOCKS_OF_PRODUCT - 1 {
            likelihood += product.iter().map(|&p| f64::from(p).ln()).sum::<f64>();
            product = [1.0; LANES];
        }
        for (odds, sums) in odds.iter().zip(sums.chunks_exact_mut(1 + dim)) {
            let mut shares = [0.0f32; LANES];
            for l in 0..LANES {
                shares[l] = odds[l] * share[l];
                sums[0][l] += shares[l];
            }
            for (sum, x) in sums[1..].iter_mut().zip(x) {
                for l in 0..LANES {
                    sum[l] += shares[l] * x[l];
                }
            }
        }
    }
    likelihood + product.iter().map(|&p| f64::from(p).ln()).sum::<f64>() + mosts.iter().sum::<f64>()
}

/// `exp(x)` of what is not above zero, to single precision, zero far below.
///
/// # Source
/// The coefficients of `expf` of Moshier's Cephes library.
#[inline(always)]
fn exp_of_negative(x: f32) -> f32 {
    const LEAST: f32 = -80.0;
    /// Added to a small number it leaves the nearest whole one in the last bits.
    const ROUNDING: f32 = 12_582_912.0;
    let x = if x > LEAST { x } else { LEAST };
    let whole = x * std::f32::consts::LOG2_E + ROUNDING;
    let n = whole - ROUNDING;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut sum = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = sum * r + coefficient;
    }
    let of_rest = sum * r * r + r + 1.0;
    f32::from_bits(of_rest.to_bits().wrapping_add(whole.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_exact_to_single_precision() {
        for step in 0..8_000 {
            let x = -0.01 * step as f32;
            let expected = f64::from(x).exp();
            assert!((f64::from(exp_of_negative(x)) - expected).abs() < 3e-7 * expected, "{x}");
        }
        assert!(exp_of_negative(-1e9) < 1e-30);
    }
}
