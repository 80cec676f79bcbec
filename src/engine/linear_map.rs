//! Each output channel a weighted sum of input channels, in tiles: whitening and interpolation.

use super::tile::{LANES, Row, SUB, num_tiles, tile_mut};
use ndarray::Array2;

/// Weights arranged for tiles; inputs without weight are left out.
#[derive(Clone, Debug)]
pub struct MapPlan {
    /// For each output tile its input channels, and the weights of each to the 16 outputs.
    tiles: Vec<(Vec<u32>, Vec<Row>)>,
}

impl MapPlan {
    /// From weights `(output channels, input channels)`.
    pub fn new(weights: &Array2<f64>) -> Self {
        let (outputs, inputs) = weights.dim();
        let tiles = (0..num_tiles(outputs))
            .map(|index| {
                let first = index * LANES;
                let width = LANES.min(outputs - first);
                let mut channels = Vec::new();
                let mut rows = Vec::new();
                for input in 0..inputs {
                    let mut row = Row::ZERO;
                    for lane in 0..width {
                        row.0[lane] = weights[[first + lane, input]] as f32;
                    }
                    if row != Row::ZERO {
                        channels.push(input as u32);
                        rows.push(row);
                    }
                }
                (channels, rows)
            })
            .collect();
        Self { tiles }
    }

    /// Maps the first `frames` rows of a sub-block to another one.
    pub fn run(&self, sub: &[Row], frames: usize, out: &mut [Row]) {
        for (index, (channels, weights)) in self.tiles.iter().enumerate() {
            map_tile(sub, channels, weights, tile_mut(out, index, frames));
        }
    }
}

/// Frames whose sums are kept in registers together.
const TOGETHER: usize = 8;

#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn map_tile(sub: &[Row], channels: &[u32], weights: &[Row], out: &mut [Row]) {
    const FUSED: bool = multiversion::target::target_cfg_f!(target_feature = "fma");
    for (step, out) in out.chunks_mut(TOGETHER).enumerate() {
        let first = step * TOGETHER;
        let mut sums = [Row::ZERO; TOGETHER];
        // Four at a time fit the registers of every target.
        let (lower, upper) = sums.split_at_mut(4);
        sum_four::<FUSED>(sub, first, channels, weights, lower);
        sum_four::<FUSED>(sub, first + 4, channels, weights, upper);
        out.copy_from_slice(&sums[..out.len()]);
    }
}

/// Weighted sums of four frames; those after a short end belong to the buffer too, their sums are dropped.
#[inline(always)]
fn sum_four<const FUSED: bool>(
    sub: &[Row],
    first: usize,
    channels: &[u32],
    weights: &[Row],
    out: &mut [Row],
) {
    let (mut a, mut b, mut c, mut d) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
    for (&channel, weight) in channels.iter().zip(weights) {
        let (index, lane) = (channel as usize / LANES, channel as usize % LANES);
        let Some([p, q, r, s]) = sub[index * SUB + first..].first_chunk::<4>() else { return };
        let (p, q, r, s) = (p.0[lane], q.0[lane], r.0[lane], s.0[lane]);
        for l in 0..LANES {
            let w = weight.0[l];
            if FUSED {
                a[l] = w.mul_add(p, a[l]);
                b[l] = w.mul_add(q, b[l]);
                c[l] = w.mul_add(r, c[l]);
                d[l] = w.mul_add(s, d[l]);
            } else {
                a[l] += w * p;
                b[l] += w * q;
                c[l] += w * r;
                d[l] += w * s;
            }
        }
    }
    for (row, sum) in out.iter_mut().zip([a, b, c, d]) {
        row.0 = sum;
    }
}
