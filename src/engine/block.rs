//! A stretch of traces, channel by channel, in a buffer that is used again and again.

use std::ops::Range;

/// Traces of one stretch of a segment: for each channel its samples in a row, in the recording's units.
#[derive(Clone, Debug, Default)]
pub struct Block {
    data: Vec<f32>,
    num_channels: usize,
    num_frames: usize,
    stride: usize,
    first_frame: usize,
}

impl Block {
    /// An empty block, to be filled by [`Chain::read_block`](super::chain::Chain::read_block).
    pub fn new() -> Self {
        Self::default()
    }

    /// A block of zeros; for tests and for callers that fill it themselves.
    pub fn zeros(num_channels: usize, frames: Range<usize>) -> Self {
        let mut block = Self::new();
        block.reset(num_channels, frames);
        block.data.fill(0.0);
        block
    }

    /// Takes another shape; what it holds afterwards is unspecified.
    pub fn reset(&mut self, num_channels: usize, frames: Range<usize>) {
        self.num_channels = num_channels;
        self.num_frames = frames.len();
        self.first_frame = frames.start;
        // Channels a power of two apart would share cache sets: an odd number of cache lines keeps them apart.
        self.stride = (self.num_frames.div_ceil(16) | 1) * 16;
        if self.data.capacity() < num_channels * self.stride {
            // What it holds is not worth a copy.
            self.data = Vec::new();
        }
        self.data.resize(num_channels * self.stride, 0.0);
    }

    /// How many channels there are.
    pub fn num_channels(&self) -> usize {
        self.num_channels
    }

    /// How many samples each channel has.
    pub fn num_frames(&self) -> usize {
        self.num_frames
    }

    /// The frame of the segment that sample 0 stands for.
    pub fn first_frame(&self) -> usize {
        self.first_frame
    }

    /// The frames of the segment that are held.
    pub fn frames(&self) -> Range<usize> {
        self.first_frame..self.first_frame + self.num_frames
    }

    /// Samples of a channel.
    pub fn channel(&self, channel: usize) -> &[f32] {
        &self.data[channel * self.stride..][..self.num_frames]
    }

    /// Samples of a channel, to write.
    pub fn channel_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.data[channel * self.stride..][..self.num_frames]
    }

    /// Channels one after the other, each `stride` samples long of which the first are valid.
    pub(super) fn raw_mut(&mut self) -> (&mut [f32], usize) {
        (&mut self.data, self.stride)
    }

    /// Copies frames both blocks hold; the numbers of channels must be the same.
    pub(super) fn copy_overlap(&mut self, other: &Block) {
        let start = self.first_frame.max(other.first_frame);
        let end = self.frames().end.min(other.frames().end);
        if start >= end {
            return;
        }
        let (to, from) = (start - self.first_frame, start - other.first_frame);
        let len = end - start;
        for channel in 0..self.num_channels {
            self.channel_mut(channel)[to..to + len]
                .copy_from_slice(&other.channel(channel)[from..from + len]);
        }
    }
}
