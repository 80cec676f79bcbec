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

#[test]
fn nothing_to_draw_is_said() {
    let truth = truth(&GenerateParams { duration_s: 1.0, num_units: 0, ..GenerateParams::default() }, 0);
    assert!(raster(&truth, 3, 0.0, 1.0).unwrap_err().to_string().contains("segment 3"));
    assert!(drift_map(&[]).is_err());
    assert!(correlograms(&truth, &CorrelogramBins::new(30_000.0, 50.0, 1.0), 3).is_err());
}
