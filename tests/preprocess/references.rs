//! Every stage against scipy, numpy or SpikeInterface.

use super::*;

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
