//! Each output channel a weighted sum of input channels, in tiles: whitening and interpolation.

use super::tile::{LANES, Row, num_tiles, tile_mut};
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
    let mut frame = 0;
    while frame < out.len() {
        let together = TOGETHER.min(out.len() - frame);
        let mut sums = [[0.0f32; LANES]; TOGETHER];
        for (&channel, weight) in channels.iter().zip(weights) {
            let (index, lane) = (channel as usize / LANES, channel as usize % LANES);
            // The rows after a short end belong to the buffer too; their sums are dropped.
            let rows = &sub[index * super::tile::SUB + frame..][..TOGETHER];
            for t in 0..TOGETHER {
                let x = rows[t].0[lane];
                for l in 0..LANES {
                    sums[t][l] =
                        if FUSED { weight.0[l].mul_add(x, sums[t][l]) } else { weight.0[l] * x + sums[t][l] };
                }
            }
        }
        for (row, sum) in out[frame..frame + together].iter_mut().zip(&sums) {
            row.0 = *sum;
        }
        frame += together;
    }
}
