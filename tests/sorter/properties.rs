//! What must not change a sort, does not change it.

use super::{
    common::place::Place,
    generated_source,
    held::{Held, agreement, trains},
    run,
};
use spikeloom::{
    data::Sorting,
    engine::{
        chain::SPAN_FRAMES,
        sort::SortOutput,
        synthetic::{GenerateParams, ProbeLayout},
    },
};
use std::{fs, sync::LazyLock};

/// A short recording and what is found in it.
static BASE: LazyLock<(Held, SortOutput)> = LazyLock::new(|| {
    let params = GenerateParams {
        probe: ProbeLayout::Linear16,
        num_units: 8,
        duration_s: 16.0,
        num_background_units: 20,
        ..GenerateParams::default()
    };
    let held = Held::of(&generated_source(&params).0);
    let output = run(&held.clone().filtered());
    assert!(output.sorting.num_units() >= 5, "{} units", output.sorting.num_units());
    (held, output)
});

fn found() -> &'static Sorting {
    &BASE.1.sorting
}

fn sorted(held: Held) -> Sorting {
    run(&held.filtered()).sorting
}

#[test]
fn the_same_again_gives_the_same_bytes() {
    let again = run(&BASE.0.clone().filtered());
    assert_eq!(again.sorting, BASE.1.sorting);
    assert_eq!(again.templates, BASE.1.templates);
}

#[test]
fn a_gain_changes_nothing() {
    for gain in [2.0f32, 0.25] {
        let louder = BASE.0.clone().map(|_, _, x| gain * x);
        let same_uv = |mut held: Held| {
            let gains = held.info.gain_to_uv.as_mut().unwrap();
            gains.iter_mut().for_each(|g| *g /= f64::from(gain));
            held
        };
        let changed = sorted(louder.clone());
        assert_eq!(trains(&changed), trains(found()));
        let in_uv = sorted(same_uv(louder));
        assert_eq!(trains(&in_uv), trains(found()));
        let close = |a: f32, b: f32| (a - b).abs() <= 1e-4 * b.abs();
        let (a, b) = (&in_uv.segments[0], &found().segments[0]);
        let (a, b) = (a.amplitude.as_ref().unwrap(), b.amplitude.as_ref().unwrap());
        assert!(a.iter().zip(b.iter()).all(|(&a, &b)| close(a, b)));
    }
}

#[test]
fn volts_are_as_good_as_counts() {
    let mut volts = BASE.0.clone().map(|_, _, x| 0.195e-6 * x);
    volts.info.gain_to_uv = None;
    volts.info.offset_to_uv = None;
    // Whitened samples are rounded to a step, here and there to another one: a spike that just suffices may go.
    let (spikes, share) = (found().num_spikes(), agreement(&trains(&sorted(volts)), &trains(found())));
    assert!((1.0 - share) * spikes as f64 <= 1.5, "{share} of {spikes}");
}

#[test]
fn a_constant_offset_changes_nothing() {
    let moved = BASE.0.clone().map(|_, channel, x| x + 400.0 + 37.0 * channel as f32);
    let share = agreement(&trains(&sorted(moved)), &trains(found()));
    assert!(share >= 0.999, "{share}");
}

#[test]
fn the_order_of_the_channels_changes_nothing() {
    let n = BASE.0.info.num_channels();
    for step in [n - 1, 5, 7] {
        let order: Vec<usize> = (0..n).map(|i| i * step % n).collect();
        let changed = sorted(BASE.0.reordered(&order));
        let share = agreement(&trains(&changed), &trains(found()));
        assert!(share >= 0.999, "{share}, {} and {} units", changed.num_units(), found().num_units());
    }
}

/// Units that nobody could take for one another.
static CLEAR: LazyLock<(Held, SortOutput)> = LazyLock::new(|| {
    let params = GenerateParams {
        probe: ProbeLayout::Linear16,
        num_units: 6,
        duration_s: 16.0,
        num_background_units: 20,
        amplitude_range_uv: [130.0, 300.0],
        burst_fraction: 0.0,
        ..GenerateParams::default()
    };
    let held = Held::of(&generated_source(&params).0);
    let output = run(&held.clone().filtered());
    assert!(output.sorting.num_units() >= 5, "{} units", output.sorting.num_units());
    (held, output)
});

/// The data begin elsewhere, so that noise is measured on other stretches, spans begin at other frames and the estimates
/// of every stage are others by a little.
#[test]
fn a_shift_in_time_moves_the_spikes_with_it() {
    let frames = CLEAR.0.info.total_frames() as i64;
    // Filters see another past at the seam.
    let away = |t: i64, seam: i64| (t - seam).abs() > 300 && t > 300 && t < frames - 300;
    for shift in [SPAN_FRAMES, 3 * SPAN_FRAMES, 12_345, 1] {
        let seam = shift as i64;
        let turned = sorted(CLEAR.0.clone().turned(shift));
        let mut moved = trains(&turned);
        for train in &mut moved {
            *train = train.iter().map(|t| (t + seam) % frames).filter(|&t| away(t, seam)).collect();
            train.sort_unstable();
        }
        let mut before = trains(&CLEAR.1.sorting);
        before.iter_mut().for_each(|train| train.retain(|&t| away(t, seam)));
        let share = agreement(&moved, &before);
        assert!(share >= 0.999, "by {shift} frames: {share}, {} and {} units", moved.len(), before.len());
    }
}

/// Sorts a raw file with the program and gives the bytes of the spikes.
fn sorted_file(place: &Place, name: &str, bytes: &[u8], reading: &[&str]) -> Vec<u8> {
    let (file, out) = (format!("{name}.raw"), format!("{name}_sorted"));
    fs::write(place.path(&file), bytes).unwrap();
    let mut arguments = vec!["sort", &file, "--out", &out, "--num-channels", "16", "--probe", "linear16"];
    arguments.extend(["--sampling-frequency", "30000", "--gain-to-uv", "0.195"]);
    arguments.extend(reading);
    place.ends(0, &arguments);
    fs::read(place.path(&out).join("sorting/spikes.npy")).unwrap()
}

#[test]
fn the_type_and_byte_order_of_the_file_and_the_threads_change_nothing() {
    let samples = &CLEAR.0.samples[..16 * 30_000 * 10];
    let place = Place::new();
    let little: Vec<u8> = samples.iter().flat_map(|&x| (x as i16).to_le_bytes()).collect();
    let big: Vec<u8> = samples.iter().flat_map(|&x| (x as i16).to_be_bytes()).collect();
    let float: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    let spikes = sorted_file(&place, "little", &little, &["--dtype", "int16"]);
    assert!(spikes.len() > 5_000, "{} bytes of spikes", spikes.len());
    let threads = ["--dtype", "int16", "--threads"];
    for (name, bytes, reading) in [
        ("big", &big, &["--dtype", "int16", "--big-endian"][..]),
        ("float", &float, &["--dtype", "float32"]),
        ("one", &little, &[threads[0], threads[1], threads[2], "1"]),
        ("five", &little, &[threads[0], threads[1], threads[2], "5"]),
    ] {
        assert!(sorted_file(&place, name, bytes, reading) == spikes, "{name}");
    }
}
