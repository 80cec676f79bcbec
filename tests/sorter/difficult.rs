//! Recordings that are hardly any: whatever comes in, a sort ends with what is there and says what is not.

use super::{
    Nowhere, Warnings, accuracies, generated_source,
    held::{Held, agreement, trains},
    run,
};
use spikeloom::{
    data::{Probe, Recording, Sorting, Stage},
    engine::{
        sort::{SortParams, sort},
        synthetic::{GenerateParams, ProbeLayout},
    },
};
use std::{f32::consts::TAU, sync::Arc};

/// Sorts, and gives what was found and what the user was told.
fn told(recording: &Recording) -> (Sorting, String) {
    let warnings = Warnings::default();
    let output = sort(recording, &SortParams::default(), 0, &warnings, &Nowhere).unwrap();
    let text = warnings.0.lock().unwrap().join("\n");
    (output.sorting, text)
}

/// Numbers that are normally distributed, the same for the same seed.
pub struct Normal(u64);

impl Normal {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> f32 {
        // The sum of twelve even ones, each of 16 bits.
        let mut sum = 0.0;
        for _ in 0..3 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            sum += (0..4).map(|i| ((z >> (16 * i)) & 0xffff) as f32 / 65_536.0).sum::<f32>();
        }
        sum - 6.0
    }
}

/// White noise of 40 counts.
fn white(seed: u64, channels: usize, seconds: usize) -> Held {
    let mut normal = Normal::new(seed);
    Held::made(30_000.0, channels, 30_000 * seconds, |_, _| 40.0 * normal.next())
}

/// Where the contacts of a linear probe or a tetrode are.
fn placed(mut held: Held, places: &[[f64; 2]]) -> Held {
    held.info.probe = Some(Arc::new(Probe::from_positions(places)));
    held
}

fn column(count: usize) -> Vec<[f64; 2]> {
    (0..count).map(|i| [0.0, 20.0 * i as f64]).collect()
}

/// Five units on a tetrode or more on a linear probe, with their truth.
fn good(probe: ProbeLayout) -> (Held, Arc<Sorting>) {
    let params = GenerateParams {
        probe,
        num_units: if probe == ProbeLayout::Tetrode { 3 } else { 6 },
        duration_s: 20.0,
        num_background_units: 0,
        amplitude_range_uv: [120.0, 300.0],
        ..GenerateParams::default()
    };
    let (source, truth) = generated_source(&params);
    (Held::of(&source), truth)
}

fn well(truth: &Sorting, sorting: &Sorting) -> usize {
    accuracies(truth, sorting, 12).iter().filter(|&&a| a >= 0.8).count()
}

#[test]
fn white_noise_has_no_units_and_the_user_is_told_what_to_look_at() {
    for (seed, channels) in [(1, 4), (2, 4), (3, 32), (4, 32)] {
        let (sorting, text) = told(&placed(white(seed, channels, 20), &column(channels)).filtered());
        assert_eq!(sorting.num_units(), 0, "{channels} channels, seed {seed}");
        assert!(text.contains("no units were found") && text.contains("detect_threshold"), "{text}");
    }
}

#[test]
fn coloured_noise_that_neighbours_share_has_no_units() {
    for (seed, probe) in
        [(1, ProbeLayout::Tetrode), (2, ProbeLayout::Linear32), (3, ProbeLayout::Neuropixels64)]
    {
        let params = GenerateParams {
            probe,
            duration_s: 20.0,
            num_units: 0,
            num_background_units: 0,
            seed,
            ..GenerateParams::default()
        };
        let (sorting, text) = told(&Held::of(&generated_source(&params).0).filtered());
        assert_eq!(sorting.num_units(), 0, "{probe:?}");
        assert!(text.contains("no units were found"), "{text}");
    }
}

#[test]
fn ten_spikes_are_too_few_for_a_unit() {
    let mut held = placed(white(5, 4, 10), &column(4));
    for spike in 0..10 {
        let start = 15_000 + 28_000 * spike;
        for (t, value) in [-60.0, -240.0, -420.0, -260.0, -40.0, 60.0, 90.0, 70.0, 30.0].iter().enumerate() {
            for (channel, part) in [1.0, 0.7, 0.4, 0.2].iter().enumerate() {
                held.samples[(start + t) * 4 + channel] += part * value;
            }
        }
    }
    let (sorting, text) = told(&held.filtered());
    assert_eq!(sorting.num_units(), 0);
    assert!(text.contains("no units were found"), "{text}");
}

#[test]
fn mains_hum_with_harmonics_hides_no_unit() {
    let (held, truth) = good(ProbeLayout::Linear16);
    let before = well(&truth, &run(&held.clone().filtered()).sorting);
    let hum = held.map(|frame, channel, x| {
        let phase = TAU * 50.0 * frame as f32 / 30_000.0;
        let wave: f32 = [(1.0, 900.0), (3.0, 200.0), (5.0, 100.0), (7.0, 60.0), (13.0, 25.0)]
            .iter()
            .map(|(k, size)| size * (k * phase).sin())
            .sum();
        x + wave * (1.0 + 0.02 * channel as f32)
    });
    let sorting = run(&hum.filtered()).sorting;
    let after = well(&truth, &sorting);
    assert!(after >= before && after >= 4, "{after} of {before}");
    assert!(sorting.num_units() <= 9, "{} units", sorting.num_units());
}

/// Licking or stimulation: 2 ms of several mV, five times a second, with channels that differ by a part from one to the
/// next.
fn hit(held: &Held, differ: f32) -> Held {
    held.clone().map(|frame, channel, x| {
        let t = frame % 6_007;
        if t < 60 {
            x + 20_000.0 * (1.0 + differ * channel as f32) * (TAU * t as f32 / 40.0).sin()
        } else {
            x
        }
    })
}

#[test]
fn artefacts_that_all_channels_see_alike_make_no_units() {
    let (held, truth) = good(ProbeLayout::Linear16);
    let before = well(&truth, &run(&held.clone().filtered()).sorting);
    let sorting = run(&hit(&held, 0.0).filtered()).sorting;
    let after = well(&truth, &sorting);
    assert!(after >= before, "{after} of {before}");
    assert!(sorting.num_units() <= 7, "{} units", sorting.num_units());
}

#[test]
fn artefacts_that_no_reference_removes_are_told_and_can_be_silenced() {
    let (held, truth) = good(ProbeLayout::Linear16);
    let before = well(&truth, &run(&held.clone().filtered()).sorting);
    let frames = held.info.total_frames();
    let hit = hit(&held, 0.03).filtered();
    let (sorting, text) = told(&hit);
    let after = well(&truth, &sorting);
    assert!(after + 1 >= before && sorting.num_units() <= 12, "{after} of {before}, {}", sorting.num_units());
    assert!(text.contains("artefacts on nearly all channels") && text.contains("silence_periods"), "{text}");
    let around = |start: usize| (0, start.saturating_sub(150), (start + 250).min(frames));
    let periods = (0..frames).step_by(6_007).map(around).collect();
    let sorting = run(&hit.with_stage(Stage::SilencePeriods { periods }).unwrap()).sorting;
    let after = well(&truth, &sorting);
    assert!(after >= before, "{after} of {before}");
    assert!(sorting.num_units() <= 7, "{} units", sorting.num_units());
}

#[test]
fn a_dead_and_a_doubled_channel_spoil_nothing() {
    let (held, truth) = good(ProbeLayout::Linear16);
    let before = well(&truth, &run(&held.clone().filtered()).sorting);
    let dead = held.clone().map(|_, channel, x| if channel == 9 { -3.0 } else { x });
    let after = well(&truth, &run(&dead.filtered()).sorting);
    assert!(after + 1 >= before, "dead: {after} of {before}");
    // Two columns of the file that carry the same wire.
    let n = held.info.num_channels();
    let mut doubled = held;
    doubled.samples.chunks_mut(n).for_each(|row| row[8] = row[7]);
    let sorting = run(&doubled.filtered()).sorting;
    let after = well(&truth, &sorting);
    assert!(after + 1 >= before, "doubled: {after} of {before}");
    assert!(sorting.segments[0].amplitude.as_ref().unwrap().iter().all(|a| a.is_finite()));
}

#[test]
fn several_dead_channels_are_named_and_stop_nothing() {
    let (held, truth) = good(ProbeLayout::Linear16);
    let dead =
        held.map(|_, channel, x| if [0, 1, 2, 3, 12, 13, 14, 15].contains(&channel) { -3.0 } else { x });
    let (sorting, text) = told(&dead.filtered());
    assert!(text.contains("constant take no part: 0, 1, 2, 3, 12, 13, 14, 15"), "{text}");
    assert!(well(&truth, &sorting) >= 1);
}

#[test]
fn time_in_which_nothing_is_connected_spoils_no_other_time() {
    let (held, truth) = good(ProbeLayout::Linear16);
    let before = well(&truth, &run(&held.clone().filtered()).sorting);
    // Most of the file is silent.
    let mut silent = held.clone();
    let frames = 3 * held.info.total_frames();
    silent.info.segments[0].num_frames = frames;
    silent.samples.resize(frames * held.info.num_channels(), 0.0);
    let sorting = run(&silent.filtered()).sorting;
    assert!(well(&truth, &sorting) >= before && sorting.num_units() <= 8, "{}", sorting.num_units());
    // A tenth of it is loud.
    let mut normal = Normal::new(9);
    let loud =
        held.map(|frame, _, x| if (300_000..360_000).contains(&frame) { 4_000.0 * normal.next() } else { x });
    let sorting = run(&loud.filtered()).sorting;
    let after = well(&truth, &sorting);
    assert!(after + 1 >= before && sorting.num_units() <= 9, "{after} of {before}, {}", sorting.num_units());
}

#[test]
fn spikes_of_the_other_sign_are_told() {
    let (held, _) = good(ProbeLayout::Linear16);
    let (_, text) = told(&held.clone().filtered());
    assert!(!text.contains("peak_sign"), "{text}");
    let (_, text) = told(&held.map(|_, _, x| -x).filtered());
    assert!(text.contains("set peak_sign to pos"), "{text}");
}

#[test]
fn saturated_stretches_cost_their_own_time_only() {
    let (held, truth) = good(ProbeLayout::Linear16);
    let before = well(&truth, &run(&held.clone().filtered()).sorting);
    let clipped = held.map(|frame, _, x| match frame % 150_000 {
        0..3_000 => 32_767.0,
        3_000..4_000 => -32_768.0,
        _ => x,
    });
    let sorting = run(&clipped.filtered()).sorting;
    let after = well(&truth, &sorting);
    assert!(after + 1 >= before, "{after} of {before}");
    assert!(sorting.num_units() <= 9, "{} units", sorting.num_units());
}

#[test]
fn a_tetrode_whose_wires_have_no_places_is_sorted_all_the_same() {
    let (held, truth) = good(ProbeLayout::Tetrode);
    let before = run(&held.clone().filtered()).sorting;
    let together = placed(held.clone(), &[[0.0, 0.0]; 4]);
    let sorting = run(&together.filtered()).sorting;
    assert!(well(&truth, &sorting) + 1 >= well(&truth, &before));
    let mut unplaced = held;
    unplaced.info.probe = None;
    let unplaced = run(&unplaced.filtered()).sorting;
    let share = agreement(&trains(&unplaced), &trains(&sorting));
    assert!(share > 0.99, "{share}");
}
