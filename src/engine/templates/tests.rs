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
fn a_unit_that_is_larger_elsewhere_at_another_time_stays_where_it_is_the_only_one() {
    let at = |cluster: u32, places: [(usize, usize, f32); 2]| {
        let mut waveform = Array2::zeros((40, 4));
        for (t, c, height) in places {
            waveform[[t, c]] = height;
        }
        Draft { cluster, num_peaks: 100, channels: vec![0, 1, 2, 3], waveform }
    };
    let unit = at(0, [(10, 0, -30.0), (22, 1, -20.0)]);
    // The same seen from its second trough, and one with none like it.
    let lobe = at(1, [(10, 1, -20.0), (0, 0, -28.0)]);
    let alone = at(2, [(10, 3, -20.0), (24, 2, -28.0)]);
    let params = TemplateParams::default();
    let averaged = vec![(unit.clone(), 1), (lobe, -10), (alone.clone(), 14)];
    let (drafts, rejected) = placed(averaged, &params, 9);
    assert_eq!(drafts.iter().map(|d| d.cluster).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(rejected.iter().map(|r| r.cluster).collect::<Vec<_>>(), [1]);
    assert_eq!(drafts[0].waveform, shifted(&unit.waveform, 1));
    assert_eq!(drafts[1].waveform, alone.waveform);
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
