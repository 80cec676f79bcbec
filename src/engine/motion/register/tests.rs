//! Registration against Kilosort's own, and against motions that are known.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::engine::Silent;

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn extent(top_um: f64, seconds: f64) -> Extent {
    Extent { contacts_um: 0.0..top_um, durations_s: vec![seconds], starts_s: vec![0.0] }
}

#[test]
fn motion_is_that_of_kilosort() {
    // Made by tests/golden/registration.py.
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/golden/registration.json")).unwrap();
    for case in golden.as_array().unwrap() {
        let (times, depths, sizes) =
            (numbers(&case["time_s"]), numbers(&case["depth_um"]), numbers(&case["size"]));
        let events: Vec<Event> = (0..times.len())
            .map(|i| Event { time_s: times[i], depth_um: depths[i], amplitude: -sizes[i] })
            .collect();
        let (smoothing, range) = (numbers(&case["smoothing"]), numbers(&case["sizes"]));
        let params = RegisterParams {
            num_blocks: case["num_blocks"].as_u64().unwrap() as usize,
            sizes: Some(range[0]..range[1]),
            smoothing: [smoothing[0], smoothing[1], smoothing[2]],
            ..RegisterParams::default()
        };
        let num_batches = case["num_batches"].as_u64().unwrap() as usize;
        let extent = extent(case["top_um"].as_f64().unwrap(), params.bin_s * num_batches as f64);
        let segments = vec![events];
        let batches = Batches::new(&segments, &extent, &params);
        let binned: f64 = batches.list.iter().flatten().map(|e| f64::from(e.value).exp2() - 1.0).sum();
        assert!((binned - case["num_spikes_binned"].as_f64().unwrap()).abs() < 0.01);
        let motion = register(&segments, &extent, &params, &Silent).unwrap();
        // Theirs are called by the place a bin below their middle.
        let centers: Vec<f64> = numbers(&case["block_um"]).iter().map(|c| c + params.bin_um).collect();
        assert_eq!(motion.spatial_bins_um, centers);
        let found = &motion.segments[0].displacement_um;
        assert_eq!(found.nrows(), num_batches);
        for (own, theirs) in found.rows().into_iter().zip(case["shift_um"].as_array().unwrap()) {
            for (own, theirs) in own.iter().zip(numbers(theirs)) {
                // They shift spikes, ours is by how much the tissue has moved.
                assert!((own + theirs).abs() < 1e-9, "{own} against {theirs}");
            }
        }
    }
}

/// Spikes of units that move by `by(time, depth)`, 200 a second.
fn spikes(seconds: f64, top_um: f64, by: impl Fn(f64, f64) -> f64) -> Vec<Event> {
    let random = |i: usize| (i as f64 * 0.754_877_666).fract();
    (0..(200.0 * seconds) as usize)
        .map(|i| {
            let time_s = i as f64 / 200.0;
            let unit = (random(i) * 40.0) as usize;
            let depth = (unit as f64 * 0.618_034).fract() * top_um;
            let jitter = 4.0 * ((i as f64 * 0.569_840_29).fract() - 0.5);
            let amplitude = 8.0 + 90.0 * (unit as f64 * 0.414_213).fract();
            Event { time_s, depth_um: depth + by(time_s, depth) + jitter, amplitude }
        })
        .collect()
}

/// Root mean square of the error against the truth, both against their means over time.
fn error_um(motion: &Motion, by: impl Fn(f64, f64) -> f64) -> f64 {
    let own = &motion.segments[0];
    let mut squares = Vec::new();
    for (block, &depth) in motion.spatial_bins_um.iter().enumerate() {
        let off: Vec<f64> = (own.temporal_bins_s.iter().enumerate())
            .map(|(t, &time)| own.displacement_um[[t, block]] - by(time, depth))
            .collect();
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        squares.extend(off.iter().map(|o| (o - mean).powi(2)));
    }
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

#[test]
fn known_motion_is_found() {
    let by = |time: f64, depth: f64| 30.0 * (time / 20.0).sin() * (1.0 - 0.5 * depth / 1000.0);
    let (events, extent) = (vec![spikes(120.0, 1000.0, by)], extent(1000.0, 120.0));
    let rigid = register(&events, &extent, &RegisterParams::default(), &Silent).unwrap();
    assert_eq!(rigid.spatial_bins_um.len(), 1);
    let params = RegisterParams { num_blocks: 3, ..RegisterParams::default() };
    let motion = register(&events, &extent, &params, &Silent).unwrap();
    assert_eq!(motion.spatial_bins_um.len(), 5);
    let error = error_um(&motion, by);
    assert!(error < 2.0, "{error} µm");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| register(&events, &extent, &params, &Silent).unwrap());
    assert_eq!(alone, motion, "the same bytes for any number of threads");
}

#[test]
fn silence_takes_on_the_motion_beside_it() {
    let by = |time: f64, _: f64| 0.4 * time;
    let quiet = 40.0..50.0;
    let mut events = spikes(120.0, 1000.0, by);
    events.retain(|e| !quiet.contains(&e.time_s));
    // A last second and the units of a second segment move on.
    let extent =
        Extent { contacts_um: 0.0..1100.0, durations_s: vec![120.9, 30.0], starts_s: vec![0.0, 500.0] };
    let segments = vec![events, spikes(30.0, 1000.0, |_, _| 24.0)];
    let motion = register(&segments, &extent, &RegisterParams::default(), &Silent).unwrap();
    let first = &motion.segments[0];
    assert_eq!((first.temporal_bins_s.len(), motion.segments[1].temporal_bins_s.len()), (60, 15));
    assert_eq!(motion.segments[1].temporal_bins_s[0], 501.0);
    for (a, b) in first.displacement_um.iter().zip(first.displacement_um.iter().skip(1)) {
        assert!((-3.0..=5.0).contains(&(b - a)), "a step of {} µm, truly 0.8", b - a);
    }
    let middle = motion.displacement_um(0, 60.0, 500.0);
    for time_s in [1.0, 15.0, 29.0] {
        let second = motion.displacement_um(1, time_s + 500.0, 500.0);
        assert!((second - middle).abs() < 3.0, "{second} against {middle}, both truly the same");
    }
}

#[test]
fn nothing_to_look_at_is_named() {
    let told = register(&[Vec::new()], &extent(500.0, 60.0), &RegisterParams::default(), &Silent);
    assert!(told.unwrap_err().to_string().contains("no spikes"));
    // A probe of few bins, all spikes in one batch, places that are no numbers.
    let events = vec![
        Event { time_s: 0.1, depth_um: 10.0, amplitude: 9.0 },
        Event { time_s: 0.1, depth_um: f64::NAN, amplitude: 9.0 },
        Event { time_s: 0.2, depth_um: 12.0, amplitude: 0.0 },
    ];
    let params = RegisterParams { num_blocks: 5, ..RegisterParams::default() };
    let motion = register(&[events], &extent(20.0, 7.0), &params, &Silent).unwrap();
    assert_eq!(motion.problem(), None);
    assert_eq!(motion.range_um(), 0.0);
}
