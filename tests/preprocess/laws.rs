//! Laws that hold for any samples, and what is refused.

use super::*;

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

    #[test]
    fn every_second_frame_is_that_of_all(
        seed in 1u64..1000, start in 0usize..35_000, length in 1usize..20_000, odd in 0usize..2, shifted: bool,
    ) {
        let frames = 70_002 + odd;
        let positions: Vec<[f64; 2]> = (0..18).map(|c| [0.0, 20.0 * c as f64]).collect();
        let map = Array2::from_shape_fn((18, 18), |(i, j)| 1.0 / (1.0 + i.abs_diff(j) as f64));
        let mut stages = vec![
            filter(filters().remove(0).1),
            Stage::SilencePeriods { periods: vec![(0, 301, 345)] },
            global_median(18),
            Stage::LinearMap { weights: std::sync::Arc::new(map), whitens: true },
            Stage::SelectChannels { indices: vec![0, 17, 3] },
        ];
        if shifted {
            let shifts = (0..18).map(|c| c as f64 / 18.0).collect();
            stages.insert(0, Stage::PhaseShift { shifts });
        }
        let recording = stages.into_iter().fold(memory(short(seed, 18, frames, true), &positions), |recording, stage| {
            recording.with_stage(stage).unwrap()
        });
        let chain = chain::compile(&recording).unwrap();
        let half = chain.sufficient();
        prop_assert_eq!((chain.step(), half.step()), (1, 2));
        let end = (start + length).min(half.num_frames(0));
        let part = half.read(0, start..end, None).unwrap();
        let all = chain.read(0, 0..frames, None).unwrap();
        prop_assert!(part == all.slice(ndarray::s![2 * start..(2 * end - 1).min(frames); 2, ..]));
    }
}

#[test]
fn all_frames_are_needed_where_the_band_is_wide() {
    let step =
        |stage: Stage| chain::compile(&recording().with_stage(stage).unwrap()).unwrap().sufficient().step();
    assert_eq!(step(filter(design(Family::Butterworth, 5, Band::Bandpass(300.0, 6000.0), RATE).unwrap())), 2);
    assert_eq!(step(filter(design(Family::Butterworth, 2, Band::Bandpass(300.0, 6000.0), RATE).unwrap())), 1);
    assert_eq!(step(filter(design(Family::Butterworth, 5, Band::Highpass(300.0), RATE).unwrap())), 1);
    assert_eq!(step(global_median(CHANNELS)), 1);
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
