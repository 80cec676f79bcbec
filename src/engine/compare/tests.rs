#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::data::{Id, Sorting};
use ndarray::array;

fn sorting(trains: &[&[i64]]) -> Sorting {
    let spikes: Vec<(i64, u32)> =
        trains.iter().enumerate().flat_map(|(u, t)| t.iter().map(move |&s| (s, u as u32))).collect();
    let (samples, units): (Vec<i64>, Vec<u32>) = spikes.into_iter().unzip();
    Sorting::from_spikes(10_000.0, Id::range(trains.len()), &samples, &units)
}

#[test]
fn a_sorting_agrees_with_itself() {
    let a = sorting(&[&[100, 200, 300], &[150, 250]]);
    let found = compare_to_truth(&a, &a, &CompareParams::default()).unwrap();
    assert_eq!((found.accuracy, found.recall, found.precision), (1.0, 1.0, 1.0));
    assert_eq!((found.well_detected, found.false_positive, found.redundant, found.overmerged), (2, 0, 0, 0));
}

#[test]
fn counts_hits_misses_and_units_of_each_kind() {
    let truth = sorting(&[&[100, 200, 300, 400], &[1_000, 1_100, 1_200, 1_300], &[2_000, 2_100]]);
    let found = sorting(&[
        &[103, 200, 300],                     // unit 0, one missed
        &[1_001, 1_100, 1_200, 1_300, 5_000], // unit 1, one too many
        &[101, 400],                          // copy of unit 0
        &[7_000, 7_500],                      // nothing
    ]);
    let c = compare_to_truth(&truth, &found, &CompareParams::default()).unwrap();
    let rows: Vec<_> = c.units.iter().map(|u| (u.tp, u.fn_, u.fp)).collect();
    assert_eq!(rows, [(3, 1, 0), (4, 0, 1), (0, 2, 0)]);
    assert_eq!(c.units[2].tested_id, None);
    assert_eq!((c.well_detected, c.false_positive, c.redundant, c.overmerged), (1, 1, 1, 0));
    assert!((c.accuracy - (0.75 + 0.8) / 3.0).abs() < 1e-12);
    let confusion = c.confusion_table();
    assert_eq!(confusion.num_rows(), 4);
    assert_eq!(confusion.columns.len(), 6);
}

#[test]
fn a_merged_unit_is_called_so() {
    let truth = sorting(&[&[100, 200, 300], &[1_000, 1_100, 1_200]]);
    let found = sorting(&[&[100, 200, 300, 1_000, 1_100, 1_200]]);
    let c = compare_to_truth(&truth, &found, &CompareParams::default()).unwrap();
    assert_eq!((c.overmerged, c.well_detected), (1, 0));
}

#[test]
fn nothing_found_and_nothing_true_are_no_errors() {
    let truth = sorting(&[&[100]]);
    let none = sorting(&[]);
    assert_eq!(compare_to_truth(&truth, &none, &CompareParams::default()).unwrap().accuracy, 0.0);
    assert_eq!(compare_to_truth(&none, &truth, &CompareParams::default()).unwrap().false_positive, 1);
}

#[test]
fn assigns_the_largest_sum() {
    let values = array![[0.9, 0.8, 0.0], [0.8, 0.1, 0.0]];
    assert_eq!(assignment::maximize(&values), [(0, 1), (1, 0)]);
    assert_eq!(assignment::maximize(&values.t().to_owned()), [(0, 1), (1, 0)]);
}

#[test]
fn other_segments_or_rates_are_refused() {
    let a = sorting(&[&[100]]);
    let mut b = a.clone();
    b.sampling_frequency = 20_000.0;
    assert!(compare_to_truth(&a, &b, &CompareParams::default()).unwrap_err().to_string().contains("20000"));
}
