//! Spikes of all units over time.

use super::{
    FigureError,
    style::{FAMILY, INK, SMALL, figure, said, stride, unit_color},
};
use crate::data::{Figure, Sorting};
use plotters::prelude::*;

/// Marks a figure has at most: larger ones are slow to open.
const MOST_MARKS: usize = 40_000;

/// Spikes of one segment as marks, a row a unit, from `start_s` on for `duration_s` seconds.
///
/// Of very many spikes every so many-th is drawn, and the title says so.
///
/// # Errors
/// Where there is no such segment, or drawing fails.
pub fn raster(
    sorting: &Sorting,
    segment: usize,
    start_s: f64,
    duration_s: f64,
) -> Result<Figure, FigureError> {
    let Some(spikes) = sorting.segments.get(segment) else {
        return Err(FigureError(format!(
            "there is no segment {segment}; the sorting has {}, counted from 0",
            sorting.segments.len()
        )));
    };
    let rate = sorting.sampling_frequency;
    let frame = |time_s: f64| (time_s * rate) as i64;
    let samples = spikes.sample_index.as_slice();
    let from = samples.partition_point(|&s| s < frame(start_s));
    let last = samples.last().map_or(0.0, |&s| s as f64 / rate);
    let end_s =
        (start_s + duration_s).min(spikes.num_frames.map_or(last, |n| n as f64 / rate)).max(start_s + 1e-3);
    let to = samples.partition_point(|&s| s < frame(end_s));
    let step = stride(to.saturating_sub(from), MOST_MARKS);
    let title = match step {
        1 => "Spikes".to_owned(),
        step => format!("Spikes (one of {step} is drawn)"),
    };
    let units = sorting.num_units().max(1);
    let height = (120 + 14 * units as u32).min(1_600);
    figure(&title, (900, height), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(50)
            .build_cartesian_2d(start_s..end_s, -0.5..units as f64 - 0.5)
            .map_err(said)?;
        let name = |unit: &f64| {
            let index = unit.round();
            let on_unit = (unit - index).abs() < 0.01 && index >= 0.0;
            let id = on_unit.then(|| sorting.unit_ids.get(index as usize)).flatten();
            id.map(ToString::to_string).unwrap_or_default()
        };
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .label_style((FAMILY, SMALL).into_font().color(&INK))
            .x_desc("time (s)")
            .y_desc("unit")
            .y_labels(units.min(40))
            .y_label_formatter(&name)
            .draw()
            .map_err(said)?;
        let marks = (from..to).step_by(step).map(|i| {
            let (unit, time) = (spikes.unit_index[i] as usize, samples[i] as f64 / rate);
            let row = unit as f64;
            PathElement::new(vec![(time, row - 0.35), (time, row + 0.35)], unit_color(unit).stroke_width(1))
        });
        chart.draw_series(marks).map_err(said)?;
        Ok(())
    })
}
