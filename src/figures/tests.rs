#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::engine::{
    correlograms::CorrelogramBins,
    synthetic::{GenerateParams, ProbeLayout, truth},
};

#[test]
fn figures_are_svg_with_a_title() {
    let truth = truth(&GenerateParams { duration_s: 5.0, ..GenerateParams::default() }, 0);
    let figures = [
        raster(&truth, 0, 0.0, 3.0).unwrap(),
        correlograms(&truth, &CorrelogramBins::new(30_000.0, 50.0, 1.0), 3).unwrap(),
        drift_map(&spikes_of(&truth).unwrap()).unwrap(),
        probe(&ProbeLayout::Neuropixels64.probe(), &[(7.into(), [30.0, 200.0])]).unwrap(),
        traces(&example_traces(false)).unwrap(),
        traces(&example_traces(true)).unwrap(),
    ];
    for figure in figures {
        assert!(
            figure.svg.starts_with("<svg") && figure.svg.trim_end().ends_with("</svg>"),
            "{}",
            figure.title
        );
        assert!(figure.svg.len() > 2_000 && figure.svg.contains("<text"), "{}", figure.title);
    }
}

fn example_traces(heat: bool) -> Traces {
    let wave = |row: usize| move |bin: usize| ((bin * (row + 1)) as f32 * 0.1).sin();
    let rows = (0..4).map(|row| (0..300).map(wave(row)).map(|v| [v - 0.2, v + 0.2]).collect());
    Traces {
        title: "read.recording".into(),
        names: (0..4).map(|row| format!("CH{row}")).collect(),
        rows: rows.collect(),
        bins_s: [1.0, 0.001],
        full: 2.0,
        unit: "µV".into(),
        heat,
        spikes: vec![(1.1, Some(2), 0), (1.2, None, 1)],
        events: vec![(1.15, "tone".into())],
    }
}

#[test]
fn a_heat_map_lies_between_the_ground_and_the_spikes() {
    let svg = traces(&example_traces(true)).unwrap().svg;
    let (ground, image) = (svg.find("<rect").unwrap(), svg.find("<image").unwrap());
    assert!(ground < image && svg[image..].contains("<polyline"));
    assert!(!traces(&example_traces(false)).unwrap().svg.contains("<image"));
}

#[test]
fn nothing_to_draw_is_said() {
    let truth = truth(&GenerateParams { duration_s: 1.0, num_units: 0, ..GenerateParams::default() }, 0);
    assert!(raster(&truth, 3, 0.0, 1.0).unwrap_err().to_string().contains("segment 3"));
    assert!(drift_map(&[]).is_err());
    assert!(traces(&Traces::default()).is_err());
    assert!(correlograms(&truth, &CorrelogramBins::new(30_000.0, 50.0, 1.0), 3).is_err());
}
