//! What was computed of a span, held for whoever asks for it again.

use crate::engine::{
    block::Block,
    tile::{self, LANES, Row, SUB, num_tiles},
};
use std::ops::Range;

/// Where computed sub-blocks go.
pub(super) trait Sink {
    /// The frames it is shaped for.
    fn frames(&self) -> Range<usize>;

    /// Takes some rows of a sub-block for its frames from `at` on, counted from the first.
    fn store(&mut self, sub: &[Row], rows: Range<usize>, at: usize);
}

impl Sink for Block {
    fn frames(&self) -> Range<usize> {
        self.frames()
    }

    fn store(&mut self, sub: &[Row], rows: Range<usize>, at: usize) {
        let num_channels = self.num_channels();
        let (data, stride) = self.raw_mut();
        tile::store(sub, rows, num_channels, data, stride, at);
    }
}

/// Samples of a span.
#[derive(Debug)]
pub(super) enum Span {
    /// As they are.
    Exact(Block),
    /// Multiples of a step.
    Counted(Counts),
}

impl Default for Span {
    fn default() -> Self {
        Self::Exact(Block::new())
    }
}

impl Span {
    /// Takes another shape, counted where there is a step; what it holds afterwards is unspecified.
    pub fn shaped(self, num_channels: usize, frames: Range<usize>, step: Option<f32>) -> Self {
        match (self, step) {
            (Self::Exact(mut block), None) => {
                block.reset(num_channels, frames);
                Self::Exact(block)
            }
            (Self::Counted(_), None) => Self::default().shaped(num_channels, frames, None),
            (Self::Counted(counts), Some(step)) => {
                Self::Counted(Counts::of(counts.samples, num_channels, frames, step))
            }
            (Self::Exact(_), Some(step)) => Self::Counted(Counts::of(Vec::new(), num_channels, frames, step)),
        }
    }

    /// Copies the frames that `out` holds too.
    pub fn copy_to(&self, out: &mut Block) {
        match self {
            Self::Exact(block) => out.copy_overlap(block),
            Self::Counted(counts) => counts.copy_to(out),
        }
    }

    /// Copies those of some frames that it holds to `out`, which has all of them, frame by frame.
    pub fn copy_frame_major(&self, frames: Range<usize>, out: &mut [f32], num_channels: usize) {
        match self {
            Self::Exact(block) => copy_frame_major(block, frames, out, num_channels),
            Self::Counted(counts) => counts.copy_frame_major(frames, out),
        }
    }
}

/// Samples that are multiples of a step, in two bytes each, to the bit.
///
/// They lie tile by tile, in each of them frame by frame: sub-blocks are written and read in rows, and channels are made of
/// them where they are used, near the processor.
#[derive(Debug)]
pub(super) struct Counts {
    samples: Vec<i16>,
    step: f32,
    num_channels: usize,
    frames: Range<usize>,
}

/// Rows that are turned into channels at once.
const ROWS: usize = 8 * LANES;

impl Counts {
    fn of(mut samples: Vec<i16>, num_channels: usize, frames: Range<usize>, step: f32) -> Self {
        let length = num_channels * frames.len();
        if samples.capacity() < length {
            samples = Vec::new();
        }
        samples.resize(length, 0);
        Self { samples, step, num_channels, frames }
    }

    /// Memory it takes.
    pub fn num_bytes(&self) -> usize {
        size_of_val(&self.samples[..])
    }

    /// For each tile its first channel, how many it has, and its samples.
    fn tiles(&self) -> impl Iterator<Item = (usize, usize, &[i16])> {
        let frames = self.frames.len();
        (0..self.num_channels).step_by(LANES).map(move |first| {
            let width = LANES.min(self.num_channels - first);
            (first, width, &self.samples[first * frames..][..width * frames])
        })
    }

    fn shared(&self, frames: &Range<usize>) -> Range<usize> {
        frames.start.max(self.frames.start)..frames.end.min(self.frames.end)
    }

    fn copy_to(&self, out: &mut Block) {
        let (shared, first_frame) = (self.shared(&out.frames()), out.first_frame());
        let (data, stride) = out.raw_mut();
        let mut rows = [Row::ZERO; ROWS];
        for (first, width, samples) in self.tiles() {
            for start in shared.clone().step_by(ROWS) {
                let rows = &mut rows[..ROWS.min(shared.end - start)];
                let from = &samples[(start - self.frames.start) * width..][..rows.len() * width];
                scale(from, width, self.step, rows);
                tile::transpose(rows, width, &mut data[first * stride..], stride, start - first_frame);
            }
        }
    }

    fn copy_frame_major(&self, frames: Range<usize>, out: &mut [f32]) {
        let shared = self.shared(&frames);
        if shared.is_empty() {
            return;
        }
        for (first, width, samples) in self.tiles() {
            let from = &samples[(shared.start - self.frames.start) * width..][..shared.len() * width];
            let to = out[(shared.start - frames.start) * self.num_channels..].chunks_mut(self.num_channels);
            for (counts, frame) in from.chunks_exact(width).zip(to) {
                for (to, &n) in frame[first..].iter_mut().zip(counts) {
                    *to = f32::from(n) * self.step;
                }
            }
        }
    }
}

impl Sink for Counts {
    fn frames(&self) -> Range<usize> {
        self.frames.clone()
    }

    fn store(&mut self, sub: &[Row], rows: Range<usize>, at: usize) {
        let frames = self.frames.len();
        for index in 0..num_tiles(self.num_channels) {
            let first = index * LANES;
            let width = LANES.min(self.num_channels - first);
            let to = &mut self.samples[first * frames + at * width..][..rows.len() * width];
            count(&sub[index * SUB..][rows.clone()], width, 1.0 / self.step, to);
        }
    }
}

/// How many steps each sample is.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn count(rows: &[Row], width: usize, per_step: f32, out: &mut [i16]) {
    // Added to this, the whole number that is nearest is in the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    if width == LANES {
        for (row, out) in rows.iter().zip(out.chunks_exact_mut(LANES)) {
            for l in 0..LANES {
                out[l] = (row.0[l] * per_step + WHOLE).to_bits() as i16;
            }
        }
        return;
    }
    for (row, out) in rows.iter().zip(out.chunks_exact_mut(width)) {
        for (to, v) in out.iter_mut().zip(row.0) {
            *to = (v * per_step + WHOLE).to_bits() as i16;
        }
    }
}

/// The way back.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn scale(counts: &[i16], width: usize, step: f32, rows: &mut [Row]) {
    if width == LANES {
        for (counts, row) in counts.chunks_exact(LANES).zip(rows) {
            for l in 0..LANES {
                row.0[l] = f32::from(counts[l]) * step;
            }
        }
        return;
    }
    for (counts, row) in counts.chunks_exact(width).zip(rows) {
        for (to, &n) in row.0.iter_mut().zip(counts) {
            *to = f32::from(n) * step;
        }
    }
}

/// Copies those of some frames that a block holds to `out`, which has all of them, frame by frame.
pub(super) fn copy_frame_major(block: &Block, frames: Range<usize>, out: &mut [f32], num_channels: usize) {
    let start = frames.start.max(block.first_frame());
    let end = frames.end.min(block.frames().end);
    for first in (start..end).step_by(64) {
        let count = 64.min(end - first);
        for channel in 0..num_channels {
            let samples = &block.channel(channel)[first - block.first_frame()..][..count];
            let to = &mut out[(first - frames.start) * num_channels..];
            for (frame, &v) in samples.iter().enumerate() {
                to[frame * num_channels + channel] = v;
            }
        }
    }
}
