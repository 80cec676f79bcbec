//! Every format: opens what others wrote, and others open what we write.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod analyzers;
mod bad_input;
mod bad_stores;
mod chains;
#[path = "../common/mod.rs"]
mod common;
mod events;
mod reads;
mod spikeglx;
mod stores;
mod writes;

use common::shared_data;
use spikeloom::{
    data::{DType, Recording},
    io::OpenOptions,
};

fn raw(dtype: DType, num_channels: usize, sampling_frequency: f64) -> OpenOptions {
    OpenOptions {
        dtype: Some(dtype),
        num_channels: Some(num_channels),
        sampling_frequency: Some(sampling_frequency),
        ..OpenOptions::default()
    }
}

/// All samples of a segment, frame after frame.
fn samples(recording: &Recording, segment: usize) -> Vec<f32> {
    let source = recording.source();
    let info = source.info();
    let mut out = vec![0.0; info.segments[segment].num_frames * info.num_channels()];
    source.read(segment, 0, &mut out).unwrap();
    out
}
