//! What all figures share: size, colours, letters.

use super::FigureError;
use crate::data::Figure;
use plotters::{coord::Shift, prelude::*};

/// A drawing area of a figure.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Lines, ticks and letters.
pub(super) const INK: RGBColor = RGBColor(51, 51, 51);
/// What stands back.
pub(super) const FAINT: RGBColor = RGBColor(200, 200, 200);
/// Letters of ticks and of titles.
pub(super) const SMALL: u32 = 11;
pub(super) const TITLE: u32 = 14;
pub(super) const FAMILY: &str = "sans-serif";

/// Colours of units, told apart by colour-blind readers too (Okabe & Ito 2008, without black and yellow).
const UNITS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
];

/// The colour of a unit.
pub(super) fn unit_color(unit: usize) -> RGBColor {
    UNITS[unit % UNITS.len()]
}

/// Draws a figure of a size in pixels.
pub(super) fn figure(
    title: &str,
    (width, height): (u32, u32),
    draw: impl FnOnce(&Area) -> Result<(), String>,
) -> Result<Figure, FigureError> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        area.fill(&WHITE).map_err(|e| FigureError(e.to_string()))?;
        let inner = area.titled(title, (FAMILY, TITLE + 2).into_font().color(&INK));
        let inner = inner.map_err(|e| FigureError(e.to_string()))?;
        draw(&inner).map_err(FigureError)?;
        area.present().map_err(|e| FigureError(e.to_string()))?;
    }
    Ok(Figure { title: title.to_owned(), svg, width, height })
}

/// Rows and columns of a grid of `count` panels, a little wider than high.
pub(super) fn grid(count: usize) -> (usize, usize) {
    let columns = ((count as f64 * 1.3).sqrt().ceil() as usize).max(1);
    (count.div_ceil(columns).max(1), columns)
}

/// A range that is never empty, a little wider than the values.
pub(super) fn padded(values: impl Iterator<Item = f64>, share: f64) -> std::ops::Range<f64> {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return 0.0..1.0;
    }
    let pad = ((high - low) * share).max(1e-6 * high.abs()).max(1e-9);
    low - pad..high + pad
}

/// Every how many-th of `count` things is drawn, so that at most `limit` are.
pub(super) fn stride(count: usize, limit: usize) -> usize {
    count.div_ceil(limit.max(1)).max(1)
}

/// A text for people out of a drawing error.
pub(super) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
