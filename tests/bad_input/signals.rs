//! Recordings whose samples are not what a sort needs: it says so, and neither crashes nor touches them.

use super::common::{
    place::{Place, json},
    stderr, stdout,
};
use std::{fs, process::Output};

const FRAMES: usize = 60_000;

/// Four channels of noise with spikes on them, frame after frame.
fn samples() -> Vec<i16> {
    noise_with_spikes_of(400)
}

/// The same with spikes of another height, zero for none.
fn noise_with_spikes_of(height: i16) -> Vec<i16> {
    let mut state = 1_u64;
    let mut out = Vec::with_capacity(FRAMES * 4);
    for frame in 0..FRAMES {
        for channel in 0..4_i16 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = ((state >> 33) % 41) as i16 - 20;
            let phase = frame % 397;
            let spike = if phase < 12 {
                -(height - height / 7 * channel) * (6 - (phase as i16 - 6).abs()) / 6
            } else {
                0
            };
            out.push(noise + spike);
        }
    }
    out
}

fn write_i16(place: &Place, values: &[i16]) {
    fs::write(place.path("x.raw"), values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
}

/// Sorts `x.raw` into `sorted`, and holds that it is the same file afterwards.
fn sort(place: &Place, dtype: &str, channels: &str, code: i32) -> Output {
    let path = place.path("x.raw");
    let before = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
    let output = place.ends(
        code,
        &[
            "sort",
            "x.raw",
            "--out",
            "sorted",
            "--dtype",
            dtype,
            "--num-channels",
            channels,
            "--sampling-frequency",
            "20000",
        ],
    );
    let after = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
    assert!(before == after, "the recording was changed");
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    if code != 0 {
        assert!(!place.path("sorted").exists(), "something has the final name");
    }
    output
}

fn says(output: &Output, words: &[&str]) {
    let text = stderr(output);
    for word in words {
        assert!(text.contains(word), "no \"{word}\" in\n{text}");
    }
}

fn num_units(place: &Place) -> u64 {
    let facts = json(&place.ends(0, &["info", "sorted/sorting", "--json"]));
    let metrics = fs::read_to_string(place.path("sorted/metrics.csv")).unwrap();
    assert!(metrics.starts_with("unit_id,"), "{metrics}");
    assert_eq!(facts["num_units"].as_u64().unwrap() as usize, metrics.lines().count() - 1);
    facts["num_units"].as_u64().unwrap()
}

#[test]
fn a_good_recording_is_sorted_without_a_warning() {
    let place = Place::new();
    write_i16(&place, &samples());
    assert_eq!(stderr(&sort(&place, "int16", "4", 0)), "");
    assert!(num_units(&place) >= 1);
}

#[test]
fn constant_channels_are_named_and_the_others_sorted() {
    let place = Place::new();
    let mut values = samples();
    values.iter_mut().skip(2).step_by(4).for_each(|x| *x = 2056);
    write_i16(&place, &values);
    let output = sort(&place, "int16", "4", 0);
    says(&output, &["hold one value only: 2.", "connected", "select_channels"]);
    assert!(num_units(&place) >= 1);
}

#[test]
fn saturated_channels_are_named() {
    let place = Place::new();
    let mut values = samples();
    // An amplifier that is driven to one rail and the other.
    values.iter_mut().skip(1).step_by(4).enumerate().for_each(|(frame, x)| {
        *x = if (frame / 500) % 2 == 0 { i16::MAX } else { i16::MIN };
    });
    write_i16(&place, &values);
    let output = sort(&place, "int16", "4", 0);
    says(&output, &["saturated", "the end of their range): 1.", "silence_periods"]);
    // All of them.
    for x in &mut values {
        *x = if *x < 0 { i16::MIN } else { i16::MAX };
    }
    values.iter_mut().enumerate().for_each(|(i, x)| *x = if (i / 4000) % 2 == 0 { *x } else { i16::MAX });
    write_i16(&place, &values);
    says(&sort(&place, "int16", "4", 0), &["saturated", "0, 1, 2, 3"]);
}

#[test]
fn nothing_but_zeros_gives_no_units_and_says_why() {
    let place = Place::new();
    write_i16(&place, &vec![0; FRAMES * 4]);
    says(&sort(&place, "int16", "4", 0), &["hold one value only: 0, 1, 2, 3", "no units were found"]);
    assert_eq!(num_units(&place), 0);
}

#[test]
fn noise_without_spikes_gives_no_units_and_says_why() {
    let place = Place::new();
    write_i16(&place, &noise_with_spikes_of(0));
    says(&sort(&place, "int16", "4", 0), &["no units were found"]);
    assert_eq!(num_units(&place), 0);
}

#[test]
fn a_single_channel_is_sorted() {
    let place = Place::new();
    let one: Vec<i16> = samples().into_iter().step_by(4).collect();
    write_i16(&place, &one);
    sort(&place, "int16", "1", 0);
    assert!(num_units(&place) >= 1);
}

#[test]
fn values_that_are_no_numbers_are_refused_with_frame_and_channel() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let place = Place::new();
        let mut values: Vec<f32> = samples().iter().map(|x| f32::from(*x)).collect();
        values[4 * 31_415 + 3] = bad;
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        fs::write(place.path("x.raw"), &bytes).unwrap();
        let output = sort(&place, "float32", "4", 1);
        says(&output, &["x.raw", "frame 31415", "channel 3", "NaN or infinite", "select_time"]);
        place.ends(0, &["verify"]);
    }
}

#[test]
fn another_number_type_than_the_file_has_is_noticed() {
    let place = Place::new();
    // Codes of a 12-bit converter around 2056, as float.
    write_i16(&place, &samples().iter().map(|x| x + 2056).collect::<Vec<i16>>());
    says(&sort(&place, "float32", "4", 1), &["float32", "int16", "dtype"]);
    // A type whose frames do not fit the file, and which number of channels would.
    fs::write(place.path("x.raw"), [1; 2 * 4 * 15]).unwrap();
    says(&sort(&place, "float64", "4", 2), &["x.raw", "--num-channels", "1, 3, 5, 15"]);
}

#[test]
fn recordings_too_short_to_sort_say_so() {
    let place = Place::new();
    write_i16(&place, &samples()[..4]);
    says(&sort(&place, "int16", "4", 1), &["too little to estimate from", "longer recording"]);
    write_i16(&place, &samples()[..4 * 40]);
    says(&sort(&place, "int16", "4", 0), &["no units were found"]);
    assert_eq!(num_units(&place), 0);
    assert!(stdout(&place.ends(0, &["info", "sorted/sorting"])).contains("spikes"));
}
