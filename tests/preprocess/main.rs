//! Preprocessing against scipy and SpikeInterface, and the laws it keeps: chunked equals whole, threads do not matter.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod grid;
mod laws;
mod references;

use ndarray::Array2;
use proptest::prelude::*;
use serde_json::json;
use spikeloom::{
    data::{DType, Operator, Probe, Recording, RecordingInfo, ReferenceSet, Source, SourceError, Stage},
    engine::{
        Silent,
        bad_channels::{BadChannelMethod, BadChannelParams, detect_bad_channels, interpolation_weights},
        block::Block,
        chain::{self, Chain, ChainScratch, ChainSource, SPAN_FRAMES, map_spans},
        design::{Band, Family, design, notch},
        noise::{Center, Chunks, NoiseMethod, channel_offsets, noise_levels, random_chunks},
        whiten::{WhitenMode, WhitenParams, whitening},
    },
};
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

const RATE: f64 = 30_000.0;
const CHANNELS: usize = 20;
const FRAMES: usize = 3 * SPAN_FRAMES + 5_003;
const GAIN: f64 = 2.34;

/// Samples in memory.
#[derive(Debug)]
struct Memory {
    info: RecordingInfo,
    traces: Vec<f32>,
}

impl Source for Memory {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let from = start * self.info.num_channels();
        out.copy_from_slice(&self.traces[from..from + out.len()]);
        Ok(())
    }
}

fn memory(traces: Vec<f32>, positions_um: &[[f64; 2]]) -> Recording {
    let n = positions_um.len();
    let mut info = RecordingInfo::new(RATE, n, traces.len() / n, DType::Float32);
    info.probe = Some(Arc::new(Probe::from_positions(positions_um)));
    info.gain_to_uv = Some(vec![GAIN; n]);
    info.offset_to_uv = Some(vec![0.0; n]);
    Recording::new(Arc::new(Memory { info, traces }))
}

/// Repeatable noise, roughly normal.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..4 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            sum += (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5;
        }
        sum * 1.73
    }
}

fn positions_um() -> Vec<[f64; 2]> {
    (0..CHANNELS).map(|c| [if c % 2 == 0 { 0.0 } else { 32.0 }, 20.0 * (c / 2) as f64]).collect()
}

/// Whole numbers of rms 30: an offset and a drift for each channel, hum, shared and own noise, less of it at high frequencies.
fn traces() -> Vec<f32> {
    let mut noise = Noise(1);
    let mut last = [0.0f32; CHANNELS];
    let mut before = [0.0f32; CHANNELS];
    let mut out = Vec::with_capacity(FRAMES * CHANNELS);
    for t in 0..FRAMES {
        let time = t as f32 / RATE as f32;
        let shared = 15.0 * (std::f32::consts::TAU * 50.0 * time).sin() + 10.0 * noise.next();
        for c in 0..CHANNELS {
            let fresh = 25.0 * noise.next() + shared * (1.0 + 0.02 * c as f32);
            // Two gentle low-passes, as the amplifiers have: nothing is left at half the sampling frequency.
            let smooth = 0.5 * (fresh + last[c]);
            last[c] = fresh;
            let value = 0.5 * (smooth + before[c]);
            before[c] = smooth;
            let offset = 40.0 * c as f32 - 300.0 + 20.0 * (0.7 * time + c as f32).sin();
            out.push((value + offset).round());
        }
    }
    out
}

const BROKEN_CHANNELS: usize = 48;

fn broken_positions_um() -> Vec<[f64; 2]> {
    // Not in order of depth.
    (0..BROKEN_CHANNELS).map(|c| [0.0, 20.0 * ((c * 7) % BROKEN_CHANNELS) as f64]).collect()
}

/// Filtered noise in µV with a dead channel, noisy ones and a stretch outside the brain at the top.
fn broken() -> Vec<f32> {
    let depth: Vec<usize> = (0..BROKEN_CHANNELS).map(|c| (c * 7) % BROKEN_CHANNELS).collect();
    let frames = 60_000;
    let mut noise = Noise(7);
    let mut last = [0.0f32; BROKEN_CHANNELS];
    let mut out = Vec::with_capacity(frames * BROKEN_CHANNELS);
    for _ in 0..frames {
        let shared = 12.0 * noise.next();
        for c in 0..BROKEN_CHANNELS {
            let fresh = match depth[c] {
                12 => 0.3 * noise.next(),
                20 => shared + 60.0 * noise.next(),
                30 => 3.2 * shared + 2.0 * noise.next(),
                d if d >= 40 => 0.05 * shared + 4.0 * noise.next(),
                _ => shared + 2.0 * noise.next(),
            };
            let value = if depth[c] == 20 { fresh } else { 0.5 * (fresh + last[c]) };
            last[c] = fresh;
            out.push(value);
        }
    }
    out
}

fn filters() -> Vec<(&'static str, Vec<[f64; 6]>)> {
    let make = |family, order, band| design(family, order, band, RATE).unwrap();
    vec![
        ("bandpass", make(Family::Butterworth, 5, Band::Bandpass(300.0, 6000.0))),
        ("bessel", make(Family::Bessel, 2, Band::Bandpass(150.0, 7000.0))),
        ("highpass", make(Family::Butterworth, 3, Band::Highpass(300.0))),
        ("lowpass", make(Family::Butterworth, 4, Band::Lowpass(1000.0))),
        ("highpass_20", make(Family::Butterworth, 5, Band::Highpass(20.0))),
        ("highpass_1", make(Family::Butterworth, 3, Band::Highpass(1.0))),
        ("highpass_01", make(Family::Butterworth, 2, Band::Highpass(0.1))),
        ("notch", notch(50.0, 30.0, RATE).unwrap()),
        ("local_field", make(Family::Butterworth, 3, Band::Bandpass(1.0, 300.0))),
    ]
}

fn designs() -> Vec<(String, Family, usize, Band)> {
    let mut all = Vec::new();
    for order in 1..=8 {
        for (name, family) in [("butter", Family::Butterworth), ("bessel", Family::Bessel)] {
            all.push((format!("{name}_band_{order}"), family, order, Band::Bandpass(300.0, 6000.0)));
            all.push((format!("{name}_high_{order}"), family, order, Band::Highpass(150.0)));
            all.push((format!("{name}_low_{order}"), family, order, Band::Lowpass(2500.0)));
        }
    }
    all
}

fn shifts() -> Vec<f64> {
    (0..CHANNELS).map(|c| (c % 13) as f64 / 13.0).collect()
}

const BAD: [usize; 2] = [5, 12];
const SILENCE: [(usize, usize); 2] = [(100, 2000), (33_000, 70_000)];

/// The folder of reference results, computed once.
fn golden() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let write = |name: &str, values: &[f32]| {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            std::fs::write(folder.join(name), bytes).unwrap();
        };
        write("traces.f32", &traces());
        write("broken.f32", &broken());
        let filters: serde_json::Map<_, _> =
            filters().into_iter().map(|(name, sections)| (name.into(), json!(sections))).collect();
        let designs: serde_json::Map<_, _> = designs()
            .into_iter()
            .map(|(name, family, order, band)| {
                let family = if family == Family::Bessel { "bessel" } else { "butter" };
                let (kind, band) = match band {
                    Band::Lowpass(f) => ("lowpass", json!(f)),
                    Band::Highpass(f) => ("highpass", json!(f)),
                    Band::Bandpass(low, high) => ("bandpass", json!([low, high])),
                };
                (name, json!([order, family, kind, band]))
            })
            .collect();
        let half = CHANNELS / 2;
        let case = json!({
            "sampling_frequency": RATE,
            "positions_um": positions_um(),
            "gain_to_uv": GAIN,
            "filters": filters,
            "designs": designs,
            "notches": {"notch_50": [50.0, 30.0], "notch_1000": [1000.0, 5.0]},
            "groups": [(0..half - 1).collect::<Vec<_>>(), (half - 1..CHANNELS).collect::<Vec<_>>()],
            "shifts": shifts(),
            "bad": BAD,
            "silence": SILENCE,
            "broken_channels": BROKEN_CHANNELS,
            "broken_positions_um": broken_positions_um(),
        });
        std::fs::write(folder.join("case.json"), case.to_string()).unwrap();
        common::run_python(include_str!("../golden/preprocess.py"), &[&folder]);
        folder
    })
}

fn expected(name: &str) -> Vec<f64> {
    let bytes = std::fs::read(golden().join(format!("{name}.f64"))).unwrap();
    bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

fn recording() -> Recording {
    memory(traces(), &positions_um())
}

fn with(stages: &[Stage]) -> Chain {
    let mut recording = recording();
    for stage in stages {
        recording = recording.with_stage(stage.clone()).unwrap();
    }
    chain::compile(&recording).unwrap()
}

fn whole(chain: &Chain) -> Array2<f32> {
    chain.read(0, 0..chain.num_frames(0), None).unwrap()
}

fn largest_difference(found: impl IntoIterator<Item = f32>, expected: &[f64]) -> f64 {
    found.into_iter().zip(expected).map(|(a, b)| (f64::from(a) - b).abs()).fold(0.0, f64::max)
}

fn filter(sections: Vec<[f64; 6]>) -> Stage {
    Stage::Filter { sections, marks_filtered: true }
}
