//! The layout all streaming kernels work in: tiles of 16 channels, one cache line a sample.
//!
//! A sub-block holds [`SUB`] frames of all channels as `[tile][frame][16]`. Kernels are plain loops over
//! `[f32; 16]` that compile to whole vector registers.

use super::lanes::register;

/// Channels in a tile.
pub const LANES: usize = 16;

/// Frames in a sub-block: 384 channels of it fit the second-level cache.
pub const SUB: usize = 256;

/// One sample of the 16 channels of a tile.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Row(pub [f32; LANES]);

impl Row {
    /// All zero.
    pub const ZERO: Row = Row([0.0; LANES]);

    /// The same value in all lanes.
    pub fn splat(value: f32) -> Self {
        Row([value; LANES])
    }
}

/// Tiles that `num_channels` need.
pub fn num_tiles(num_channels: usize) -> usize {
    num_channels.div_ceil(LANES)
}

/// Rows of one tile within a sub-block.
pub fn tile(sub: &[Row], tile: usize, frames: usize) -> &[Row] {
    &sub[tile * SUB..][..frames]
}

/// Rows of one tile within a sub-block, to write.
pub fn tile_mut(sub: &mut [Row], tile: usize, frames: usize) -> &mut [Row] {
    &mut sub[tile * SUB..][..frames]
}

/// Spreads a value for each channel over rows of lanes, the rest filled with `pad`.
pub fn rows_of(values: impl ExactSizeIterator<Item = f32>, pad: f32) -> Vec<Row> {
    let mut rows = vec![Row::splat(pad); num_tiles(values.len())];
    for (channel, value) in values.enumerate() {
        rows[channel / LANES].0[channel % LANES] = value;
    }
    rows
}

/// Frame-major samples of `stride` columns, of which `columns` are kept in that order, to a sub-block.
pub fn load(samples: &[f32], stride: usize, columns: Option<&[usize]>, sub: &mut [Row]) {
    let frames = samples.len() / stride;
    let num_channels = columns.map_or(stride, <[usize]>::len);
    for index in 0..num_tiles(num_channels) {
        let first = index * LANES;
        let width = LANES.min(num_channels - first);
        let rows = tile_mut(sub, index, frames);
        match columns {
            None if width == LANES => {
                for (row, frame) in rows.iter_mut().zip(samples.chunks_exact(stride)) {
                    if let Some(values) = register(frame, first) {
                        row.0 = *values;
                    }
                }
            }
            None => {
                for (row, frame) in rows.iter_mut().zip(samples.chunks_exact(stride)) {
                    *row = Row::ZERO;
                    row.0[..width].copy_from_slice(&frame[first..first + width]);
                }
            }
            Some(columns) => {
                for (row, frame) in rows.iter_mut().zip(samples.chunks_exact(stride)) {
                    *row = Row::ZERO;
                    for (value, &column) in row.0.iter_mut().zip(&columns[first..first + width]) {
                        *value = frame[column];
                    }
                }
            }
        }
    }
}

/// Turns rows `range` of a sub-block into channel-major samples: channel `c` goes to `out[c * stride + at..]`.
pub fn store(
    sub: &[Row],
    range: std::ops::Range<usize>,
    num_channels: usize,
    out: &mut [f32],
    stride: usize,
    at: usize,
) {
    for index in 0..num_tiles(num_channels) {
        let first = index * LANES;
        let width = LANES.min(num_channels - first);
        let rows = &sub[index * SUB..][range.clone()];
        transpose(rows, width, &mut out[first * stride..], stride, at);
    }
}

/// Rows of a tile to its channels: lane `c` goes to `out[c * stride + at..]`.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
pub fn transpose(rows: &[Row], width: usize, out: &mut [f32], stride: usize, at: usize) {
    let mut done = 0;
    if width == LANES {
        for group in rows.chunks_exact(LANES) {
            let Some(group) = group.first_chunk::<LANES>() else { break };
            for lane in 0..LANES {
                let Some(to) = out[lane * stride + at + done..].first_chunk_mut::<LANES>() else { break };
                // Without adaptors, which are not inlined everywhere.
                for frame in 0..LANES {
                    to[frame] = group[frame].0[lane];
                }
            }
            done += LANES;
        }
    }
    for (frame, row) in rows.iter().enumerate().skip(done) {
        for lane in 0..width {
            out[lane * stride + at + frame] = row.0[lane];
        }
    }
}

/// The way back: `samples[c * stride + at..]` becomes lane `c`.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
pub fn untranspose(samples: &[f32], stride: usize, at: usize, width: usize, rows: &mut [Row]) {
    for (step, group) in rows.chunks_mut(LANES).enumerate() {
        let first = at + step * LANES;
        for lane in 0..width {
            let channel = &samples[lane * stride + first..][..group.len()];
            for (row, &v) in group.iter_mut().zip(channel) {
                row.0[lane] = v;
            }
        }
    }
}
