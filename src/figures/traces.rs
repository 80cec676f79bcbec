//! Traces of a stretch of time, as lines or as a heat map.

use super::{
    FigureError,
    picture::image,
    style::{FAINT, FAMILY, INK, SMALL, figure, said, stride, unit_color},
};
use crate::data::Figure;
use plotters::prelude::*;

/// What is drawn of traces.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    /// Title of the figure.
    pub title: String,
    /// Name of each row, from the top.
    pub names: Vec<String>,
    /// Least and greatest value in each bin of each row, around the middle of the row; NaN where not known.
    pub rows: Vec<Vec<[f32; 2]>>,
    /// Time of the first bin and length of a bin, in seconds.
    pub bins_s: [f64; 2],
    /// From the middle of a row to its edge for lines, value of the full colour for a heat map.
    pub full: f32,
    /// What the values are in.
    pub unit: String,
    /// Colours instead of lines.
    pub heat: bool,
    /// Spikes: time, row where known, unit.
    pub spikes: Vec<(f64, Option<usize>, usize)>,
    /// Events: time and name.
    pub events: Vec<(f64, String)>,
}

/// Points of a line at most.
const MOST_POINTS: usize = 2_000;

/// Draws traces.
///
/// # Errors
/// Where there is nothing to draw, or drawing fails.
pub fn traces(traces: &Traces) -> Result<Figure, FigureError> {
    let count = traces.rows.len();
    let num_bins = traces.rows.first().map_or(0, Vec::len);
    if count == 0 || num_bins == 0 {
        return Err(FigureError("there are no traces to draw".into()));
    }
    let [start, bin] = traces.bins_s;
    let end = start + num_bins as f64 * bin;
    let height = if traces.heat { 620 } else { (140 + 22 * count as u32).min(3_000) };
    let full = f64::from(traces.full.max(f32::MIN_POSITIVE));
    let mut place = [0u32; 4];
    let unit = &traces.unit;
    let caption = match traces.heat {
        true => format!("{} · ±{} {unit}", traces.title, three_digits(full)),
        false => format!("{} · {} {unit} from row to row", traces.title, three_digits(2.0 * full)),
    };
    let mut drawing = figure(&caption, (1_000, height), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(64)
            .build_cartesian_2d(start..end, -0.5..count as f64 - 0.5)
            .map_err(said)?;
        // Rows are counted from the bottom in the chart, from the top everywhere else.
        let name = |row: &f64| {
            let on_row = (row - row.round()).abs() < 0.01 && *row > -0.5;
            let row = (count - 1).checked_sub(row.round().max(0.0) as usize).filter(|_| on_row);
            row.and_then(|row| traces.names.get(row)).cloned().unwrap_or_default()
        };
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .label_style((FAMILY, SMALL).into_font().color(&INK))
            .x_desc("time (s)")
            .y_desc("channel")
            .y_labels(count.min(40))
            .y_label_formatter(&name)
            .draw()
            .map_err(said)?;
        let (x, y) = chart.plotting_area().get_pixel_range();
        place = [x.start, y.start, x.end - x.start, y.end - y.start].map(|v| v.max(0) as u32);
        let middle = |row: usize| (count - 1 - row) as f64;
        for (time, label) in &traces.events {
            let line = vec![(*time, -0.5), (*time, count as f64 - 0.5)];
            chart.draw_series([PathElement::new(line, FAINT)]).map_err(said)?;
            let text = Text::new(label.clone(), (*time, count as f64 - 0.5), (FAMILY, SMALL).into_font());
            chart.draw_series([text]).map_err(said)?;
        }
        for (row, values) in traces.rows.iter().enumerate().filter(|_| !traces.heat) {
            let step = stride(values.len(), MOST_POINTS / 2);
            let points = values.chunks(step).enumerate().flat_map(|(at, chunk)| {
                let time = start + (at * step) as f64 * bin;
                let known = chunk.iter().filter(|v| !v[0].is_nan());
                let [low, high] =
                    known.fold([f32::INFINITY, f32::NEG_INFINITY], |a, v| [a[0].min(v[0]), a[1].max(v[1])]);
                let single = (low >= high).then_some(low);
                let both = if single.is_some() { vec![low] } else { vec![low, high] };
                both.into_iter().filter(|v| v.is_finite()).map(move |v| (time, v))
            });
            let line = points.map(|(time, v)| (time, middle(row) + f64::from(v) / (2.0 * full)));
            chart.draw_series(LineSeries::new(line, INK.stroke_width(1))).map_err(said)?;
        }
        let marks = traces.spikes.iter().map(|&(time, row, unit)| {
            let at = row.map_or(count as f64 - 0.6, middle);
            PathElement::new(vec![(time, at - 0.4), (time, at + 0.4)], unit_color(unit).stroke_width(2))
        });
        chart.draw_series(marks).map_err(said)?;
        Ok(())
    })?;
    if traces.heat {
        let element = image(heat(traces, num_bins), [num_bins as u32, count as u32], place)?;
        // Under the spikes: right after the white ground.
        let at = drawing.svg.find("/>").map_or(0, |at| at + 2);
        drawing.svg.insert_str(at, &element);
    }
    Ok(drawing)
}

/// A value with about three digits.
fn three_digits(value: f64) -> String {
    let decimals = (2 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 9) as usize;
    format!("{value:.decimals$}")
}

/// A pixel a bin and row: blue below, white at nothing, orange above.
fn heat(traces: &Traces, num_bins: usize) -> Vec<u8> {
    let mut rgba = Vec::with_capacity(traces.rows.len() * num_bins * 4);
    for row in &traces.rows {
        for bin in 0..num_bins {
            let [low, high] = row.get(bin).copied().unwrap_or([0.0; 2]);
            let value = if -low > high { low } else { high };
            let share = (value / traces.full.max(f32::MIN_POSITIVE)).clamp(-1.0, 1.0);
            let strong = if share.is_nan() { 0.0 } else { share.abs() };
            let end = if share < 0.0 { [8.0, 70.0, 140.0] } else { [170.0, 80.0, 0.0] };
            rgba.extend(end.map(|end: f32| (255.0 + (end - 255.0) * strong) as u8));
            rgba.push(255);
        }
    }
    rgba
}
