//! Files of known layout, written from generated recordings.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::{
    data::Recording,
    engine::{
        chain,
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    },
};
use std::sync::Arc;

/// Samples of so many channels, frame by frame.
fn samples(num_channels: usize) -> Vec<f32> {
    let probe = if num_channels == 4 { ProbeLayout::Tetrode } else { ProbeLayout::Linear32 };
    let params = GenerateParams { duration_s: 3.0, num_units: 6, probe, ..GenerateParams::default() };
    let source = SyntheticSource::new(&params, 0, Arc::new(truth(&params, 0))).unwrap();
    let chain = chain::compile(&Recording::new(Arc::new(source))).unwrap();
    let all = chain.num_channels();
    let mut values = vec![0.0; all * chain.num_frames(0)];
    chain.read_frames(0, 0, &mut values).unwrap();
    values.chunks_exact(all).flat_map(|frame| frame[..num_channels].to_vec()).collect()
}

fn transposed(values: &[f32], num_channels: usize) -> Vec<f32> {
    (0..num_channels).flat_map(|c| values.iter().skip(c).step_by(num_channels).copied()).collect()
}

fn best(bytes: &[u8]) -> Suggestion {
    let read = |at: u64, count: usize| bytes.get(at as usize..at as usize + count).map(<[u8]>::to_vec);
    let found = suggest(&Bytes { size: bytes.len() as u64, read: &read });
    found.into_iter().next().unwrap()
}

fn plain(dtype: DType, num_channels: usize) -> RawLayout {
    RawLayout { dtype, big_endian: false, num_channels, file_offset: 0, time_axis: 0 }
}

#[test]
fn number_type_channels_and_byte_order_are_found() {
    for num_channels in [4, 17, 32] {
        let values = samples(num_channels);
        let int16: Vec<u8> = values.iter().flat_map(|&x| (x as i16).to_le_bytes()).collect();
        assert_eq!(best(&int16).layout, plain(DType::Int16, num_channels));
        let swapped: Vec<u8> = values.iter().flat_map(|&x| (x as i16).to_be_bytes()).collect();
        assert_eq!(
            best(&swapped).layout,
            RawLayout { big_endian: true, ..plain(DType::Int16, num_channels) }
        );
        let unsigned: Vec<u8> =
            values.iter().flat_map(|&x| ((x as i32 + 32_768) as u16).to_le_bytes()).collect();
        assert_eq!(best(&unsigned).layout, plain(DType::Uint16, num_channels));
        let float: Vec<u8> = values.iter().flat_map(|&x| (x * 1e-6).to_le_bytes()).collect();
        assert_eq!(best(&float).layout, plain(DType::Float32, num_channels));
        let double: Vec<u8> = values.iter().flat_map(|&x| f64::from(x).to_le_bytes()).collect();
        assert_eq!(best(&double).layout, plain(DType::Float64, num_channels));
        let int32: Vec<u8> = values.iter().flat_map(|&x| ((x * 256.0) as i32).to_le_bytes()).collect();
        assert_eq!(best(&int32).layout, plain(DType::Int32, num_channels));
    }
}

#[test]
fn clipped_samples_are_not_taken_for_twice_the_channels() {
    let mut values = samples(32);
    let mut sorted = values.clone();
    sorted.sort_by(f32::total_cmp);
    let [low, high] = [2, 98].map(|share| sorted[sorted.len() * share / 100]);
    values.iter_mut().for_each(|x| *x = x.clamp(low, high));
    let clipped: Vec<u8> = values.iter().flat_map(|&x| (x as i16).to_le_bytes()).collect();
    assert_eq!(best(&clipped).layout, plain(DType::Int16, 32));
}

#[test]
fn channels_one_after_the_other_are_found() {
    let values = transposed(&samples(32), 32);
    let bytes: Vec<u8> = values.iter().flat_map(|&x| (x as i16).to_le_bytes()).collect();
    let found = best(&bytes);
    assert_eq!(found.layout, RawLayout { time_axis: 1, ..plain(DType::Int16, 32) }, "{}", found.reason);
}

#[test]
fn a_header_is_skipped() {
    let samples: Vec<u8> = samples(32).iter().flat_map(|&x| (x as i16).to_le_bytes()).collect();
    let mut text = b"recorder version 3; sampling rate 30000; channels 32; begin of data".to_vec();
    text.resize(512, 0);
    text.extend_from_slice(&samples);
    assert_eq!(best(&text).layout, RawLayout { file_offset: 512, ..plain(DType::Int16, 32) });
    // A binary header leaves bytes over.
    let mut binary: Vec<u8> = (0..18_u8).collect();
    binary.extend_from_slice(&samples);
    assert_eq!(best(&binary).layout, RawLayout { file_offset: 18, ..plain(DType::Int16, 32) });
}

#[test]
fn what_is_too_short_to_tell_is_not_guessed() {
    let read = |_: u64, count: usize| Some(vec![0; count]);
    assert!(suggest(&Bytes { size: 40, read: &read }).is_empty());
}
