//! Columns of a table against each other.

use super::{
    FigureError,
    style::{FAMILY, INK, SMALL, figure, padded, said, stride, unit_color},
};
use crate::data::{Figure, Table, TableColumn};
use plotters::prelude::*;
use std::collections::BTreeMap;

/// How the values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// A dot a row.
    Points,
    /// Dots joined in the order of x.
    Lines,
    /// A bar a row, those of one x beside each other.
    Bars,
}

/// Dots a figure has at most: larger ones are slow to open.
const MOST_MARKS: usize = 40_000;
/// Names of series in the legend at most.
const MOST_NAMES: usize = 24;

/// Draws a column over another one, a colour for each value of the columns of `series`.
///
/// # Errors
/// Where a column is not there, `y` holds no numbers, or drawing fails.
pub fn table(
    table: &Table,
    title: &str,
    x: &str,
    y: &str,
    series: &[String],
    marks: Marks,
) -> Result<Figure, FigureError> {
    let (across, up) = (column(table, x)?, column(table, y)?);
    if matches!(up, TableColumn::Text(_)) {
        return Err(FigureError(format!("column \"{y}\" holds words: numbers expected")));
    }
    let named = series.iter().map(|name| column(table, name)).collect::<Result<Vec<_>, _>>()?;
    // Words, and whatever has bars, stand side by side.
    let is_named = marks == Marks::Bars || matches!(across, TableColumn::Text(_) | TableColumn::Bool(_));
    let names = if is_named { across.distinct() } else { Vec::new() };
    let mut lines: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for row in 0..table.num_rows() {
        let name: Vec<String> = named.iter().map(|column| column.cell(row)).collect();
        let place = match is_named {
            true => names.iter().position(|name| *name == across.cell(row)).map(|place| place as f64),
            false => across.number(row),
        };
        if let (Some(place), Some(value)) = (place, up.number(row).filter(|value| value.is_finite())) {
            lines.entry(name.join(", ")).or_default().push((place, value));
        }
    }
    lines.values_mut().for_each(|points| points.sort_by(|a, b| a.0.total_cmp(&b.0)));
    let points = || lines.values().flatten();
    let x_range = match is_named {
        true => -0.5..names.len().max(1) as f64 - 0.5,
        false => padded(points().map(|point| point.0), 0.04),
    };
    let floor = (marks == Marks::Bars).then_some(0.0);
    let mut y_range = padded(points().map(|point| point.1).chain(floor), 0.05);
    if marks == Marks::Bars && !series.is_empty() {
        // Room for the names of the series above the bars.
        y_range.end += 0.07 * (y_range.end - y_range.start) * (1 + lines.len().min(MOST_NAMES)) as f64;
    }
    let label = |name: &str| match table.unit_of(name) {
        Some(unit) => format!("{name} ({unit})"),
        None => name.to_owned(),
    };
    let step = stride(points().count(), MOST_MARKS);
    figure(title, (900, 560), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(x_range.clone(), y_range.clone())
            .map_err(said)?;
        let name_at = |place: &f64| {
            let on_place = is_named && (place - place.round()).abs() < 0.01 && *place > -0.5;
            match on_place.then(|| names.get(place.round() as usize)).flatten() {
                Some(name) => name.clone(),
                None if is_named => String::new(),
                None => crate::data::text::number(*place),
            }
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .axis_style(INK)
            .light_line_style(TRANSPARENT)
            .label_style((FAMILY, SMALL).into_font().color(&INK))
            .x_labels(if is_named { names.len().clamp(1, 30) } else { 10 })
            .x_label_formatter(&name_at)
            .x_desc(label(x))
            .y_desc(label(y))
            .draw()
            .map_err(said)?;
        let width = 0.8 / lines.len().max(1) as f64;
        for (index, (name, points)) in lines.iter().enumerate() {
            let color = unit_color(index);
            let drawn = match marks {
                Marks::Bars => chart.draw_series(points.iter().map(|&(place, value)| {
                    let left = place - 0.4 + width * index as f64;
                    Rectangle::new([(left, 0.0), (left + width * 0.92, value)], color.filled())
                })),
                Marks::Points | Marks::Lines => {
                    if marks == Marks::Lines {
                        let line = LineSeries::new(points.iter().copied(), color.stroke_width(2));
                        chart.draw_series(line).map_err(said)?;
                    }
                    let dots = points.iter().step_by(step);
                    chart.draw_series(dots.map(|&point| Circle::new(point, 3, color.filled())))
                }
            }
            .map_err(said)?;
            if !name.is_empty() && index < MOST_NAMES {
                drawn
                    .label(name.clone())
                    .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], color.filled()));
            }
        }
        if !series.is_empty() && !lines.is_empty() {
            chart
                .configure_series_labels()
                .position(match marks {
                    Marks::Bars => SeriesLabelPosition::UpperRight,
                    Marks::Points | Marks::Lines => SeriesLabelPosition::LowerRight,
                })
                .background_style(WHITE.mix(0.8))
                .border_style(INK.mix(0.2))
                .label_font((FAMILY, SMALL).into_font().color(&INK))
                .draw()
                .map_err(said)?;
        }
        Ok(())
    })
}

/// A column by its name.
pub(super) fn column<'a>(table: &'a Table, name: &str) -> Result<&'a TableColumn, FigureError> {
    table.column(name).ok_or_else(|| {
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
        FigureError(format!("there is no column \"{name}\"; the columns are {}", names.join(", ")))
    })
}
