#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::data::Id;
use ndarray::Array2;

/// Templates of a point source at a place, on two columns of contacts.
fn templates(place: [f64; 3]) -> Templates {
    let locations_um: Vec<[f64; 2]> =
        (0..20).map(|i| [f64::from(i % 2) * 32.0, f64::from(i / 2) * 20.0]).collect();
    let sizes: Vec<f32> = locations_um
        .iter()
        .map(|c| {
            let d = (place[0] - c[0]).powi(2) + (place[1] - c[1]).powi(2) + place[2].powi(2);
            (2_000.0 / d.sqrt()) as f32
        })
        .collect();
    let shape = [0.0f32, -0.7, 0.3, 0.0];
    Templates {
        sampling_frequency: 30_000.0,
        unit_ids: Id::range(1),
        channel_ids: Id::range(20),
        locations_um,
        num_before: 1,
        num_samples: 4,
        channel_indices: vec![(0..20).collect()],
        waveforms: vec![Array2::from_shape_fn((4, 20), |(t, c)| shape[t] * sizes[c])],
        deviations: Vec::new(),
        in_uv: true,
    }
}

#[test]
fn triangulation_finds_a_point_source() {
    for place in [[16.0, 95.0, 30.0], [5.0, 60.0, 12.0], [40.0, 130.0, 50.0]] {
        let found = unit_locations(&templates(place), &UnitLocationParams::default()).unwrap()[0].unwrap();
        for axis in 0..3 {
            assert!((found[axis] - place[axis]).abs() < 0.1, "{place:?} {found:?}");
        }
    }
}

#[test]
fn centre_of_mass_lies_between_the_contacts() {
    let params = UnitLocationParams { method: LocationMethod::CenterOfMass, ..UnitLocationParams::default() };
    let found = unit_locations(&templates([16.0, 100.0, 20.0]), &params).unwrap()[0].unwrap();
    assert!((found[0] - 16.0).abs() < 1e-3 && (found[1] - 100.0).abs() < 12.0, "{found:?}");
}

#[test]
fn without_a_probe_it_says_what_to_do() {
    let mut templates = templates([0.0, 0.0, 10.0]);
    templates.locations_um.clear();
    let error = unit_locations(&templates, &UnitLocationParams::default()).unwrap_err();
    assert!(error.to_string().contains("probe"));
}
