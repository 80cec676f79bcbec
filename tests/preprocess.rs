//! Preprocessing against scipy and SpikeInterface, and the laws it keeps: chunked equals whole, threads do not matter.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

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
        common::run_python(include_str!("golden/preprocess.py"), &[&folder]);
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

#[test]
fn designs_equal_scipy() {
    let check = |name: &str, found: Vec<[f64; 6]>| {
        let expected = expected(&format!("design_{name}"));
        assert_eq!(found.len() * 6, expected.len(), "{name}");
        for (a, b) in found.as_flattened().iter().zip(&expected) {
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1e-3), "{name}: {found:?}\n{expected:?}");
        }
    };
    for (name, family, order, band) in designs() {
        check(&name, design(family, order, band, RATE).unwrap());
    }
    check("notch_50", notch(50.0, 30.0, RATE).unwrap());
    check("notch_1000", notch(1000.0, 5.0, RATE).unwrap());
}

#[test]
fn filters_equal_sosfiltfilt_edges_included() {
    for (name, sections) in filters() {
        let found = whole(&with(&[filter(sections)]));
        let worst = largest_difference(found, &expected(&format!("filter_{name}")));
        println!("{name}: {worst:e}");
        assert!(worst < 1e-3, "{name}: {worst}");
    }
}

#[test]
fn medians_are_exact() {
    let half = CHANNELS / 2;
    let groups = vec![(0..half - 1).collect::<Vec<_>>(), (half - 1..CHANNELS).collect()];
    let everything = vec![(0..CHANNELS).collect::<Vec<_>>()];
    for (name, reference) in [
        ("cmr_global", ReferenceSet::Sets(everything)),
        ("cmr_groups", ReferenceSet::Sets(groups.clone())),
        ("cmr_channels", ReferenceSet::Channels(groups[0].clone())),
    ] {
        let found = whole(&with(&[Stage::CommonReference { operator: Operator::Median, reference }]));
        assert_eq!(largest_difference(found, &expected(name)), 0.0, "{name}");
    }
}

#[test]
fn local_medians_are_exact() {
    let positions = positions_um();
    let distance =
        |a: usize, b: usize| (positions[a][0] - positions[b][0]).hypot(positions[a][1] - positions[b][1]);
    // The ring of 30 to 90 µm that the reference run uses; it holds at least five channels everywhere.
    let neighbors = (0..CHANNELS)
        .map(|a| (0..CHANNELS).filter(|&b| distance(a, b) > 30.0 && distance(a, b) <= 90.0).collect())
        .collect();
    let reference = ReferenceSet::Neighbors(neighbors);
    let found = whole(&with(&[Stage::CommonReference { operator: Operator::Median, reference }]));
    assert_eq!(largest_difference(found, &expected("cmr_local")), 0.0);
}

#[test]
fn averages_equal_numpy() {
    let reference = ReferenceSet::Sets(vec![(0..CHANNELS).collect()]);
    let found = whole(&with(&[Stage::CommonReference { operator: Operator::Average, reference }]));
    assert!(largest_difference(found, &expected("car_global")) < 1e-3);
}

#[test]
fn phase_shift_equals_spikeinterface() {
    let found = whole(&with(&[Stage::PhaseShift { shifts: shifts() }]));
    let expected = expected("phase_shift");
    let n = expected.len() as f64;
    let error = found.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>() / n;
    let worst = largest_difference(found, &expected);
    println!("phase shift: rms {:e}, largest {worst:e}", error.sqrt());
    assert!(error.sqrt() < 30.0 * 1e-3, "{}", error.sqrt());
}

fn chunks() -> Chunks {
    Chunks { num_chunks_per_segment: 6, chunk_size: 5000, seed: 3 }
}

#[test]
fn chunks_and_noise_levels_equal_spikeinterface() {
    let chain = with(&[]);
    let slices: Vec<f64> = random_chunks(chain.info(), &chunks())
        .unwrap()
        .iter()
        .flat_map(|job| [job.segment, job.frames.start, job.frames.end].map(|v| v as f64))
        .collect();
    assert_eq!(slices, expected("slices"));
    for (name, method) in [("mad", NoiseMethod::Mad), ("std", NoiseMethod::Std), ("rms", NoiseMethod::Rms)] {
        let found = noise_levels(&chain, method, &chunks(), &Silent).unwrap();
        for (a, b) in found.levels.iter().zip(expected(&format!("noise_{name}"))) {
            // numpy adds up the squares of large offsets in single precision.
            let tolerance = if name == "rms" { 1e-4 } else { 1e-5 };
            assert!((a - b).abs() < tolerance * b, "{name}: {a} {b}");
        }
        if method == NoiseMethod::Mad {
            for (a, b) in found.levels_uv.iter().zip(expected("noise_uv")) {
                assert!((a - b).abs() < 1e-5 * b, "{a} {b}");
            }
        }
    }
}

#[test]
fn centering_equals_spikeinterface() {
    for (name, center) in [("median", Center::Median), ("mean", Center::Mean)] {
        let offsets = channel_offsets(&with(&[]), center, &chunks(), &Silent).unwrap();
        let chain = with(&[Stage::Scale {
            gain: vec![1.0; CHANNELS],
            offset: offsets.iter().map(|v| -v).collect(),
            changes_uv: true,
        }]);
        let found = chain.read(0, 0..1000, None).unwrap();
        let worst = largest_difference(found, &expected(&format!("center_{name}")));
        assert!(worst < 1e-4, "{name}: {worst}");
    }
}

#[test]
fn whitening_equals_spikeinterface() {
    for (name, mode, apply_mean) in [
        ("global", WhitenMode::Global, false),
        ("local", WhitenMode::Radius(100.0), false),
        ("mean", WhitenMode::Global, true),
    ] {
        let params = WhitenParams { apply_mean, ..WhitenParams::plain(mode, chunks()) };
        let bandpass = filter(filters().remove(0).1);
        let fit = whitening(&with(std::slice::from_ref(&bandpass)), &params, &Silent).unwrap();
        let expected_matrix = expected(&format!("whiten_{name}"));
        let (mut error, mut size) = (0.0, 0.0);
        for ((row, column), &w) in fit.matrix.indexed_iter() {
            // Theirs multiplies from the right.
            let theirs = expected_matrix[column * CHANNELS + row];
            error += (w - theirs).powi(2);
            size += theirs.powi(2);
        }
        println!("whiten {name}: {:e}", (error / size).sqrt());
        assert!(error.sqrt() < 1e-4 * size.sqrt(), "{name}: {}", (error / size).sqrt());
        let stages: Vec<Stage> = [bandpass].into_iter().chain(fit.stages()).collect();
        let found = with(&stages).read(0, 0..20_000, None).unwrap();
        let worst = largest_difference(found, &expected(&format!("whitened_{name}")));
        assert!(worst < 1e-3, "{name}: {worst}");
    }
}

#[test]
fn silence_equals_spikeinterface() {
    let periods = SILENCE.iter().map(|&(start, end)| (0, start, end)).collect();
    let found = whole(&with(&[Stage::SilencePeriods { periods }]));
    assert_eq!(largest_difference(found, &expected("silenced")), 0.0);
}

#[test]
fn bad_channels_are_interpolated_as_in_spikeinterface() {
    let info = recording().info().clone();
    let weights = interpolation_weights(&info, &BAD, None, 1.3).unwrap();
    let good: Vec<usize> = (0..CHANNELS).filter(|c| !BAD.contains(c)).collect();
    let theirs = expected("interpolation_weights");
    for (place, &bad) in BAD.iter().enumerate() {
        for (row, &other) in good.iter().enumerate() {
            assert!((weights[[bad, other]] - theirs[row * BAD.len() + place]).abs() < 1e-12);
        }
    }
    let chain = with(&[Stage::LinearMap { weights: Arc::new(weights), whitens: false }]);
    let found = chain.read(0, 0..1000, None).unwrap();
    let theirs = expected("interpolated");
    let largest = theirs.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    assert!(largest_difference(found, &theirs) < 1e-5 * largest);
}

#[test]
fn bad_channels_are_those_of_spikeinterface() {
    let traces = broken();
    let n = traces.len() / BROKEN_CHANNELS;
    let mut info = RecordingInfo::new(RATE, BROKEN_CHANNELS, n, DType::Float32);
    info.probe = Some(Arc::new(Probe::from_positions(&broken_positions_um())));
    info.gain_to_uv = Some(vec![1.0; BROKEN_CHANNELS]);
    info.is_filtered = true;
    let recording = Recording::new(Arc::new(Memory { info, traces }));
    for (name, method) in [
        ("coherence+psd", BadChannelMethod::CoherencePsd),
        ("std", BadChannelMethod::Std),
        ("mad", BadChannelMethod::Mad),
        ("neighborhood_r2", BadChannelMethod::NeighborhoodR2),
    ] {
        let params = BadChannelParams {
            method,
            num_random_chunks: 10,
            seed: 5,
            neighborhood_r2_threshold: 0.5,
            ..BadChannelParams::default()
        };
        let found = detect_bad_channels(&recording, &params, &Silent).unwrap();
        let found: Vec<f64> = found.iter().map(|&l| f64::from(l as u8)).collect();
        println!("{name}: {found:?}");
        assert_eq!(found, expected(&format!("bad_{name}")), "{name}");
    }
}

fn standard_stages() -> Vec<Stage> {
    vec![
        filter(design(Family::Butterworth, 5, Band::Bandpass(300.0, 6000.0), RATE).unwrap()),
        Stage::CommonReference {
            operator: Operator::Median,
            reference: ReferenceSet::Sets(vec![(0..CHANNELS).collect()]),
        },
    ]
}

fn odd_stages() -> Vec<Stage> {
    vec![
        Stage::SelectChannels { indices: (0..CHANNELS).rev().filter(|&c| c != 3).collect() },
        Stage::PhaseShift { shifts: shifts()[..CHANNELS - 1].to_vec() },
        filter(design(Family::Butterworth, 3, Band::Highpass(300.0), RATE).unwrap()),
        Stage::SelectFrames { ranges: vec![(1_234, 90_001)] },
        Stage::SelectChannels { indices: vec![0, 5, 2, 7, 11, 4] },
        filter(design(Family::Butterworth, 2, Band::Highpass(2.0), RATE).unwrap()),
        filter(notch(1000.0, 5.0, RATE).unwrap()),
        Stage::SelectFrames { ranges: vec![(0, 80_000)] },
        Stage::Scale { gain: vec![0.5; 6], offset: vec![3.0; 6], changes_uv: false },
    ]
}

#[test]
fn any_range_read_any_way_is_the_same_to_the_bit() {
    for stages in [vec![], standard_stages(), odd_stages()] {
        let all = whole(&with(&stages));
        let frames = all.nrows();
        let chain = with(&stages);
        for (start, end) in [(0, 1), (5, 700), (32_000, 33_000), (frames - 3, frames), (30_000, frames - 1)] {
            let part = chain.read(0, start..end, None).unwrap();
            assert!(part == all.slice(ndarray::s![start..end, ..]), "{start}..{end}");
            let part = chain.read(0, start..end, Some(&[4, 1])).unwrap();
            assert!(part == all.slice(ndarray::s![start..end, ..]).select(ndarray::Axis(1), &[4, 1]));
        }
        let (mut scratch, mut block) = (ChainScratch::new(), Block::new());
        for range in [0..100, 32_700..SPAN_FRAMES + 192, SPAN_FRAMES..2 * SPAN_FRAMES, 60_000..frames] {
            chain.read_block(0, range.clone(), &mut scratch, &mut block).unwrap();
            for c in 0..chain.num_channels() {
                assert_eq!(block.channel(c), all.slice(ndarray::s![range.clone(), c]).to_vec());
            }
        }
    }
}

#[test]
fn one_thread_reads_what_many_read() {
    let read = |threads| {
        let chain = with(&standard_stages());
        let jobs = chain.spans();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            map_spans(&chain, &jobs, 192, &Silent, |block, job| {
                assert_eq!(block.first_frame(), job.frames.start.saturating_sub(192));
                Ok((0..block.num_channels()).flat_map(|c| block.channel(c).to_vec()).collect::<Vec<f32>>())
            })
            .unwrap()
        })
    };
    assert!(read(1) == read(5));
}

#[test]
fn a_chain_is_a_source_and_recordings_can_be_joined() {
    let chain = with(&standard_stages());
    let all = whole(&chain);
    let nested = Recording::new(Arc::new(ChainSource::new(chain)));
    assert!(whole(&chain::compile(&nested).unwrap()) == all);
    let joined = chain::concatenate(&[nested.clone(), recording(), nested]).unwrap();
    assert_eq!(joined.info().segments.len(), 1);
    let joined = chain::compile(&joined).unwrap();
    let part = joined.read(0, FRAMES - 10..2 * FRAMES + 10, None).unwrap();
    let raw = whole(&with(&[]));
    assert!(part.slice(ndarray::s![..10, ..]) == all.slice(ndarray::s![FRAMES - 10.., ..]));
    assert!(part.slice(ndarray::s![10..FRAMES + 10, ..]) == raw);
    assert!(part.slice(ndarray::s![FRAMES + 10.., ..]) == all.slice(ndarray::s![..10, ..]));
}

/// A short recording of noise, whole numbers or not.
fn short(seed: u64, channels: usize, frames: usize, whole_numbers: bool) -> Vec<f32> {
    let mut noise = Noise(seed);
    (0..frames * channels)
        .map(|_| {
            let value = 10.0 * noise.next();
            if whole_numbers { value.round() } else { value }
        })
        .collect()
}

fn run_short(traces: Vec<f32>, channels: usize, stage: Stage) -> Array2<f32> {
    let positions: Vec<[f64; 2]> = (0..channels).map(|c| [0.0, 20.0 * c as f64]).collect();
    let recording = memory(traces, &positions).with_stage(stage).unwrap();
    whole(&chain::compile(&recording).unwrap())
}

fn global_median(channels: usize) -> Stage {
    let reference = ReferenceSet::Sets(vec![(0..channels).collect()]);
    Stage::CommonReference { operator: Operator::Median, reference }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_median_is_that_of_sorting(
        seed in 1u64..10_000, channels in 1usize..70, whole_numbers: bool, offset in -3000.0f32..3000.0,
    ) {
        let traces: Vec<f32> =
            short(seed, channels, 300, whole_numbers).into_iter().map(|v| v + offset.round()).collect();
        let found = run_short(traces.clone(), channels, global_median(channels));
        for (frame, row) in traces.chunks(channels).enumerate() {
            let mut sorted = row.to_vec();
            sorted.sort_by(f32::total_cmp);
            let middle = sorted[channels / 2];
            let median = if channels % 2 == 1 { middle } else { (sorted[channels / 2 - 1] + middle) * 0.5 };
            for c in 0..channels {
                prop_assert_eq!(found[[frame, c]], row[c] - median);
            }
        }
    }

    #[test]
    fn the_median_does_not_know_the_order_of_channels(seed in 1u64..10_000, channels in 2usize..70) {
        let traces = short(seed, channels, 300, true);
        let turned: Vec<f32> =
            traces.chunks(channels).flat_map(|row| row.iter().rev().copied().collect::<Vec<_>>()).collect();
        let found = run_short(traces, channels, global_median(channels));
        let other = run_short(turned, channels, global_median(channels));
        prop_assert!(found == other.slice(ndarray::s![.., ..;-1]));
    }

    #[test]
    fn filters_are_linear(seed in 1u64..10_000, frames in 1usize..3000, factor in -3.0f32..3.0) {
        let band = filter(filters().remove(0).1);
        let (a, b) = (short(seed, 3, frames, true), short(seed + 1, 3, frames, true));
        let sum = a.iter().zip(&b).map(|(x, y)| x + factor * y).collect();
        let (a, b) = (run_short(a, 3, band.clone()), run_short(b, 3, band.clone()));
        let found = run_short(sum, 3, band);
        for ((x, y), z) in a.iter().zip(&b).zip(&found) {
            prop_assert!((x + factor * y - z).abs() < 1e-3);
        }
    }

    #[test]
    fn chunked_equals_whole(seed in 1u64..1000, start in 0usize..70_000, length in 1usize..30_000) {
        let frames = 70_003;
        let positions: Vec<[f64; 2]> = (0..3).map(|c| [0.0, 20.0 * c as f64]).collect();
        let recording = memory(short(seed, 3, frames, true), &positions)
            .with_stage(filter(filters().remove(0).1)).unwrap()
            .with_stage(global_median(3)).unwrap();
        let end = (start + length).min(frames);
        let all = whole(&chain::compile(&recording).unwrap());
        let part = chain::compile(&recording).unwrap().read(0, start..end, None).unwrap();
        prop_assert!(part == all.slice(ndarray::s![start..end, ..]));
    }
}

#[test]
fn what_cannot_be_carried_out_says_why() {
    let unstable = vec![[1.0, 0.0, 0.0, 1.0, -2.5, 1.2]];
    let recording = recording();
    let message =
        |stage: Stage| chain::compile(&recording.with_stage(stage).unwrap()).unwrap_err().to_string();
    assert!(message(filter(unstable)).contains("unstable"));
    assert!(message(filter(Vec::new())).contains("second-order sections"));
    let chain = with(&[]);
    assert!(chain.read(1, 0..1, None).unwrap_err().to_string().contains("segment 1"));
    assert!(chain.read(0, 0..FRAMES + 1, None).is_err());
    assert!(chain.read(0, 0..1, Some(&[CHANNELS])).unwrap_err().to_string().contains("channel index 20"));
    assert!(design(Family::Butterworth, 5, Band::Bandpass(300.0, 16_000.0), RATE).is_err());
    assert!(design(Family::Butterworth, 0, Band::Highpass(300.0), RATE).is_err());
}
