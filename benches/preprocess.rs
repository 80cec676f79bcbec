//! Preprocessing of 384 channels at 30 kHz: how many times faster than real time.
//!
//! Items are frames: throughput over 30,000 is times real time. `cargo bench --bench preprocess`.
#![expect(clippy::unwrap_used, reason = "a bench stops by panicking")]

use divan::{Bencher, counter::ItemsCount};
use spikeloom::{
    data::{DType, Operator, Recording, RecordingInfo, ReferenceSet, Source, SourceError, Stage},
    engine::{
        Silent,
        chain::{Chain, compile, map_spans},
        design::{Band, Family, design, notch},
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    },
};
use std::sync::Arc;

const RATE: f64 = 30_000.0;
const CHANNELS: usize = 384;
const SECONDS: usize = 30;

fn main() {
    divan::main();
}

/// 16-bit samples in memory, a second of noise again and again: the cost of a file that is in the page cache.
#[derive(Debug)]
struct Noise {
    info: RecordingInfo,
    samples: Vec<i16>,
}

impl Noise {
    fn recording() -> Recording {
        let info = RecordingInfo::new(RATE, CHANNELS, SECONDS * RATE as usize, DType::Int16);
        let mut state = 1u64;
        let samples = (0..RATE as usize * CHANNELS)
            .map(|_| {
                let mut sum = 0;
                for _ in 0..3 {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    sum += (state >> 59) as i16 - 16;
                }
                sum + 100
            })
            .collect();
        Recording::new(Arc::new(Self { info, samples }))
    }
}

impl Source for Noise {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let second = RATE as usize;
        let mut out = out;
        let mut start = start;
        while !out.is_empty() {
            let from = start % second;
            let count = (second - from).min(out.len() / CHANNELS);
            let (part, rest) = out.split_at_mut(count * CHANNELS);
            for (to, &v) in part.iter_mut().zip(&self.samples[from * CHANNELS..]) {
                *to = f32::from(v);
            }
            start += count;
            out = rest;
        }
        Ok(())
    }
}

fn bandpass() -> Stage {
    let sections = design(Family::Butterworth, 5, Band::Bandpass(300.0, 6000.0), RATE).unwrap();
    Stage::Filter { sections, marks_filtered: true }
}

fn median() -> Stage {
    let reference = ReferenceSet::Sets(vec![(0..CHANNELS).collect()]);
    Stage::CommonReference { operator: Operator::Median, reference }
}

/// A band of weights as local whitening has.
fn whiten() -> Stage {
    let weights = ndarray::Array2::from_shape_fn((CHANNELS, CHANNELS), |(i, j)| {
        let distance = i.abs_diff(j);
        if distance <= 20 { 1.0 / (1.0 + distance as f64) } else { 0.0 }
    });
    Stage::LinearMap { weights: Arc::new(weights), whitens: true }
}

fn local_median() -> Stage {
    let neighbors = (0..CHANNELS)
        .map(|c| (c.saturating_sub(8)..(c + 9).min(CHANNELS)).filter(|&o| o.abs_diff(c) > 2).collect())
        .collect();
    Stage::CommonReference { operator: Operator::Median, reference: ReferenceSet::Neighbors(neighbors) }
}

fn chain(stages: &[Stage]) -> Chain {
    let mut recording = Noise::recording();
    for stage in stages {
        recording = recording.with_stage(stage.clone()).unwrap();
    }
    compile(&recording).unwrap()
}

fn stream(bencher: Bencher<'_, '_>, threads: usize, stages: &[Stage]) {
    let chain = chain(stages);
    let jobs = chain.spans();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    bencher.counter(ItemsCount::new(chain.num_frames(0))).bench_local(|| {
        pool.install(|| map_spans(&chain, &jobs, 0, &Silent, |block, _| Ok(block.channel(0)[0])).unwrap())
    });
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn bandpass_and_median(bencher: Bencher<'_, '_>, threads: usize) {
    stream(bencher, threads, &[bandpass(), median()]);
}

#[divan::bench(args = [1, 2], sample_count = 5, sample_size = 1)]
fn bandpass_median_whiten(bencher: Bencher<'_, '_>, threads: usize) {
    stream(bencher, threads, &[bandpass(), median(), whiten()]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn load_and_transpose(bencher: Bencher<'_, '_>) {
    stream(bencher, 1, &[]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn bandpass_alone(bencher: Bencher<'_, '_>) {
    stream(bencher, 1, &[bandpass()]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn median_alone(bencher: Bencher<'_, '_>) {
    stream(bencher, 1, &[median()]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn local_median_alone(bencher: Bencher<'_, '_>) {
    stream(bencher, 1, &[local_median()]);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn whiten_alone(bencher: Bencher<'_, '_>) {
    stream(bencher, 1, &[whiten()]);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn phase_shift_alone(bencher: Bencher<'_, '_>) {
    let shifts = (0..CHANNELS).map(|c| (c / 2 % 12) as f64 / 13.0).collect();
    stream(bencher, 1, &[Stage::PhaseShift { shifts }]);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn notch_alone(bencher: Bencher<'_, '_>) {
    stream(
        bencher,
        1,
        &[Stage::Filter { sections: notch(50.0, 30.0, RATE).unwrap(), marks_filtered: false }],
    );
}

/// Generated traces, of each number of channels: items are frames.
#[divan::bench(args = [ProbeLayout::Linear32, ProbeLayout::Neuropixels384], sample_count = 5, sample_size = 1)]
fn generate(bencher: Bencher<'_, '_>, probe: ProbeLayout) {
    let params = GenerateParams { probe, duration_s: 10.0, ..GenerateParams::default() };
    let source = SyntheticSource::new(&params, 0, Arc::new(truth(&params, 0))).unwrap();
    let frames = 32_768;
    let mut out = vec![0.0; frames * source.info().num_channels()];
    bencher.counter(ItemsCount::new(frames)).bench_local(|| source.read(0, 0, &mut out).unwrap());
}
