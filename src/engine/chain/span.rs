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

/// Samples that are multiples of a step, in two bytes each, to the bit, channel by channel.
#[derive(Debug)]
pub(super) struct Counts {
    samples: Vec<i16>,
    step: f32,
    num_channels: usize,
    frames: Range<usize>,
}

impl Counts {
    fn of(mut samples: Vec<i16>, num_channels: usize, frames: Range<usize>, step: f32) -> Self {
        let length = num_channels * frames.len();
        if samples.capacity() < length {
            // Memory that is zero already.
            samples = vec![0; length];
        }
        samples.resize(length, 0);
        Self { samples, step, num_channels, frames }
    }

    /// Memory it takes.
    pub fn num_bytes(&self) -> usize {
        size_of_val(&self.samples[..])
    }

    /// Some frames of a channel.
    fn channel(&self, channel: usize, frames: Range<usize>) -> &[i16] {
        let start = channel * self.frames.len() + frames.start - self.frames.start;
        &self.samples[start..][..frames.len()]
    }

    fn shared(&self, frames: &Range<usize>) -> Range<usize> {
        frames.start.max(self.frames.start)..frames.end.min(self.frames.end)
    }

    fn copy_to(&self, out: &mut Block) {
        let (shared, first_frame) = (self.shared(&out.frames()), out.first_frame());
        if shared.is_empty() {
            return;
        }
        let (data, stride) = out.raw_mut();
        for channel in 0..self.num_channels {
            let to = &mut data[channel * stride + shared.start - first_frame..][..shared.len()];
            scale(self.channel(channel, shared.clone()), self.step, to);
        }
    }

    fn copy_frame_major(&self, frames: Range<usize>, out: &mut [f32]) {
        let shared = self.shared(&frames);
        for start in shared.clone().step_by(LANES) {
            let some = start..(start + LANES).min(shared.end);
            let to = &mut out[(start - frames.start) * self.num_channels..];
            for channel in 0..self.num_channels {
                for (frame, &n) in self.channel(channel, some.clone()).iter().enumerate() {
                    to[frame * self.num_channels + channel] = f32::from(n) * self.step;
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
        let (frames, count) = (self.frames.len(), rows.len());
        let mut turned = [0.0f32; LANES * SUB];
        for index in 0..num_tiles(self.num_channels) {
            let first = index * LANES;
            let width = LANES.min(self.num_channels - first);
            tile::transpose(&sub[index * SUB..][rows.clone()], width, &mut turned, SUB, 0);
            for (channel, samples) in (first..first + width).zip(turned.chunks_exact(SUB)) {
                let to = &mut self.samples[channel * frames + at..][..count];
                count_steps(&samples[..count], 1.0 / self.step, to);
            }
        }
    }
}

/// How many steps each sample is.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn count_steps(samples: &[f32], per_step: f32, out: &mut [i16]) {
    // Added to this, the whole number that is nearest is in the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    for (out, x) in out.iter_mut().zip(samples) {
        *out = (x * per_step + WHOLE).to_bits() as i16;
    }
}

/// The way back.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn scale(counts: &[i16], step: f32, out: &mut [f32]) {
    for (out, &n) in out.iter_mut().zip(counts) {
        *out = f32::from(n) * step;
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
