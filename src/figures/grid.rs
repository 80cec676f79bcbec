//! A table as a grid: rows against columns, values as shades.

use super::{
    FigureError,
    style::{FAMILY, INK, SMALL, figure, said},
};
use crate::data::{Figure, Table, TableColumn, text::number};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use std::collections::HashMap;

/// Rows and columns drawn at most: more cannot be read.
const MOST: usize = 200;
/// Width of a letter in pixels, about.
const LETTER: i32 = 7;
const ROW: i32 = 28;

/// Draws the mean of the numbers `values` for each pair of a cell of the columns `rows` and a cell of `columns`.
///
/// # Errors
/// Where a column is not there, `values` holds no numbers, there are too many rows or columns, or drawing fails.
pub fn grid(
    table: &Table,
    title: &str,
    columns: &str,
    values: &str,
    rows: &[String],
) -> Result<Figure, FigureError> {
    let numbers = super::table::column(table, values)?;
    if matches!(numbers, TableColumn::Text(_)) {
        return Err(FigureError(format!("column \"{values}\" holds words: numbers expected")));
    }
    let across = super::table::column(table, columns)?;
    let down = rows.iter().map(|name| super::table::column(table, name)).collect::<Result<Vec<_>, _>>()?;
    let names = across.distinct();
    let row_name = |row: usize| down.iter().map(|column| column.cell(row)).collect::<Vec<_>>().join(", ");
    let mut row_names: Vec<String> = Vec::new();
    let mut sums: HashMap<(usize, usize), (f64, usize)> = HashMap::new();
    for row in 0..table.num_rows() {
        let name = row_name(row);
        let at = row_names.iter().position(|known| *known == name).unwrap_or_else(|| {
            row_names.push(name);
            row_names.len() - 1
        });
        if row_names.len() > MOST || names.len() > MOST {
            return Err(FigureError(format!("more than {MOST} rows or columns cannot be read: filter them")));
        }
        let cell = across.cell(row);
        let column = names.iter().position(|name| *name == cell);
        if let (Some(column), Some(value)) = (column, numbers.number(row).filter(|value| value.is_finite())) {
            let sum = sums.entry((at, column)).or_default();
            *sum = (sum.0 + value, sum.1 + 1);
        }
    }
    let means: HashMap<(usize, usize), f64> =
        sums.into_iter().map(|(at, (sum, count))| (at, sum / count as f64)).collect();
    let low = means.values().copied().fold(f64::INFINITY, f64::min);
    let high = means.values().copied().fold(f64::NEG_INFINITY, f64::max);
    // Shares have the whole scale.
    let (low, high) = if low >= 0.0 && high <= 1.0 { (0.0, 1.0) } else { (low, high) };
    let longest = |names: &[String]| names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as i32;
    let left = 24 + (longest(&row_names) * LETTER).clamp(20, 400);
    let cell = (longest(&names) * LETTER + 12).clamp(56, 200);
    let (count, height) = (names.len() as i32, row_names.len() as i32);
    let size = ((left + count * cell + 24).max(320) as u32, (height * ROW + 84) as u32);
    figure(title, size, |area| {
        let font = || (FAMILY, SMALL + 1).into_font().color(&INK);
        let write = |text: &str, at: (i32, i32), side: HPos| {
            area.draw(&Text::new(text.to_owned(), at, font().pos(Pos::new(side, VPos::Center)))).map_err(said)
        };
        let x = |column: usize| left + column as i32 * cell;
        let y = |row: usize| 34 + row as i32 * ROW;
        for (column, name) in names.iter().enumerate() {
            write(name, (x(column) + cell / 2, 18), HPos::Center)?;
        }
        for (row, name) in row_names.iter().enumerate() {
            write(name, (left - 10, y(row) + ROW / 2), HPos::Right)?;
            for column in 0..names.len() {
                let Some(&value) = means.get(&(row, column)) else { continue };
                let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
                let place = [(x(column) + 1, y(row) + 1), (x(column) + cell - 1, y(row) + ROW - 1)];
                // Dark letters stay readable on the deepest shade.
                let shade = RGBColor(0, 114, 178).mix(0.06 + 0.54 * share).filled();
                area.draw(&Rectangle::new(place, shade)).map_err(said)?;
                let text = if low >= 0.0 && high <= 1.0 { format!("{value:.3}") } else { number(value) };
                write(&text, (x(column) + cell / 2, y(row) + ROW / 2), HPos::Center)?;
            }
        }
        Ok(())
    })
}
