//! What is rejected and what is merged.

use super::*;

/// A spike of one sample on four channels.
fn draft(cluster: u32, num_peaks: usize, heights: [f32; 4]) -> Draft {
    let waveform = Array2::from_shape_fn((5, 4), |(t, c)| if t == 2 { heights[c] } else { 0.0 });
    Draft { cluster, num_peaks, channels: vec![0, 1, 2, 3], waveform }
}

#[test]
fn a_sum_of_two_that_meet_often_is_rejected_and_a_unit_with_more_spikes_is_not() {
    // By chance 1200 and 1500 spikes in 300 s are within a millisecond of each other 6 times.
    for (num_peaks, rejections) in [(60, 1), (700, 0)] {
        let mut drafts = vec![
            draft(0, 1_200, [20.0, 8.0, 0.0, 0.0]),
            draft(1, 1_500, [0.0, 0.0, 9.0, 21.0]),
            draft(2, num_peaks, [20.0, 9.0, 9.0, 20.0]),
        ];
        let mut rejected = Vec::new();
        reject_mixtures(&mut drafts, &mut rejected, &TemplateParams::default(), 2, 300.0);
        assert_eq!((rejected.len(), drafts.len()), (rejections, 3 - rejections), "{num_peaks} peaks");
    }
}

#[test]
fn twins_that_few_spikes_speak_for_are_one_only_where_spikes_cannot_tell_them_apart() {
    let merged = |other: [f32; 4], verdict: Verdict| {
        let mut drafts = vec![draft(0, 90, [40.0, 20.0, 8.0, 0.0]), draft(1, 40, other)];
        let mut rejected = Vec::new();
        merge_duplicates(&mut drafts, &mut rejected, &TemplateParams::default(), 2, &|_, _| verdict);
        drafts.len() == 1
    };
    let (alike, aside, smaller) = ([40.0, 20.0, 11.0, 0.0], [40.0, 20.0, 16.0, 0.0], [28.0, 14.0, 5.6, 0.0]);
    assert!(merged(alike, Verdict::Unknown));
    assert!(!merged(aside, Verdict::Unknown));
    assert!(merged(aside, Verdict::OneNeuron));
    assert!(!merged(alike, Verdict::Independent));
    // Spikes shrink in bursts, which refractoriness must show.
    assert!(!merged(smaller, Verdict::Unknown));
    assert!(merged(smaller, Verdict::OneNeuron));
    // Drift changes the footprint, and the spikes are never there together.
    let carried = [40.0, 34.0, 20.0, 0.0];
    assert!(merged(carried, Verdict::TakeTurns));
    assert!(!merged(carried, Verdict::Unknown));
}
