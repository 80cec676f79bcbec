//! Recordings held in memory, to be changed in known ways before they are sorted.

use super::filtered;
use spikeloom::data::{DType, Recording, RecordingInfo, Sorting, Source, SourceError};
use std::sync::Arc;

/// Samples of one segment, frame after frame.
#[derive(Clone, Debug)]
pub struct Held {
    pub info: RecordingInfo,
    pub samples: Vec<f32>,
}

impl Source for Held {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }
    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let first = start * self.info.num_channels();
        out.copy_from_slice(&self.samples[first..first + out.len()]);
        Ok(())
    }
}

impl Held {
    /// All samples of a source.
    pub fn of(source: &dyn Source) -> Self {
        let info = source.info().clone();
        let mut samples = vec![0.0; info.total_frames() * info.num_channels()];
        source.read(0, 0, &mut samples).unwrap();
        Self { info, samples }
    }

    /// Samples made by a function of frame and channel.
    pub fn made(
        rate: f64,
        channels: usize,
        frames: usize,
        mut value: impl FnMut(usize, usize) -> f32,
    ) -> Self {
        let info = RecordingInfo::new(rate, channels, frames, DType::Float32);
        let samples = (0..frames * channels).map(|i| value(i / channels, i % channels)).collect();
        Self { info, samples }
    }

    /// Every sample changed by a function of frame, channel and value.
    pub fn map(mut self, mut value: impl FnMut(usize, usize, f32) -> f32) -> Self {
        let channels = self.info.num_channels();
        for (i, x) in self.samples.iter_mut().enumerate() {
            *x = value(i / channels, i % channels, *x);
        }
        self
    }

    /// The channels in another order, with their contacts.
    pub fn reordered(&self, order: &[usize]) -> Self {
        let channels = self.info.num_channels();
        let samples = self.samples.chunks(channels).flat_map(|row| order.iter().map(|&c| row[c])).collect();
        Self { info: self.info.slice_channels(order), samples }
    }

    /// The recording that begins at frame `first` and ends with what was before it.
    pub fn turned(mut self, first: usize) -> Self {
        self.samples.rotate_left(first * self.info.num_channels());
        self
    }

    /// The recording as the sorter wants it: band-passed, and referenced where it has many channels.
    pub fn filtered(self) -> Recording {
        filtered(&Recording::new(Arc::new(self)))
    }
}

/// Trains of all units, in an order that does not depend on their names.
pub fn trains(sorting: &Sorting) -> Vec<Vec<i64>> {
    let mut trains = sorting.trains(0);
    trains.sort();
    trains
}

/// Share of the spikes of both that the other has too, within a sample, each unit taken with the one that fits it best.
pub fn agreement(a: &[Vec<i64>], b: &[Vec<i64>]) -> f64 {
    let shared = |x: &[i64], y: &[i64]| {
        let (mut i, mut j, mut count) = (0, 0, 0_usize);
        while i < x.len() && j < y.len() {
            match x[i] - y[j] {
                -1..=1 => (i, j, count) = (i + 1, j + 1, count + 1),
                ..-1 => i += 1,
                2.. => j += 1,
            }
        }
        count
    };
    let total = |trains: &[Vec<i64>]| trains.iter().map(Vec::len).sum::<usize>();
    let both: usize = a
        .iter()
        .map(|x| {
            let best = b.iter().max_by_key(|y| 2 * shared(x, y) as i64 - y.len() as i64);
            best.map_or(0, |y| shared(x, y))
        })
        .sum();
    both as f64 / total(a).max(total(b)).max(1) as f64
}
