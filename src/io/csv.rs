//! Tables as text, comma- or tab-separated.

use super::{Error, atomic};
use crate::data::{Table, TableColumn};
use std::path::Path;

/// Writes a table with a header line; missing numbers are empty cells.
///
/// Separated by tabs where the name ends in `.tsv`, else by commas.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_table(path: &Path, table: &Table) -> Result<(), Error> {
    let failed = |e: ::csv::Error| Error::format(path, format!("cannot be written: {e}"));
    let mut writer = ::csv::WriterBuilder::new().delimiter(delimiter(path, "")).from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|(name, _)| name)).map_err(failed)?;
    for row in 0..table.num_rows() {
        writer.write_record(table.columns.iter().map(|(_, column)| column.cell(row))).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|e| Error::io("write", path, e.into_error()))?;
    atomic::write_file(path, &bytes)
}

/// Reads a table with a header line; the type of each column follows from its cells.
///
/// Separated by tabs where the name ends in `.tsv` or the header holds one, else by commas.
///
/// # Errors
/// Where it cannot be read or a row has another number of cells, with its line.
pub fn read_table(path: &Path) -> Result<Table, Error> {
    let (table, uneven) = read_uneven(path)?;
    match uneven.first() {
        Some((_, reason)) => Err(Error::format(path, format!("not a table: {reason}"))),
        None => Ok(table),
    }
}

/// Reads a table as [`read_table`] does, also where rows have another number of cells than the header: cells that are
/// missing are empty, those too many are left out. The second value has these rows (from 0) and what is wrong with them.
///
/// # Errors
/// Where it cannot be read.
pub fn read_uneven(path: &Path) -> Result<(Table, Vec<(usize, String)>), Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter(path, text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let failed = |e: ::csv::Error| Error::format(path, format!("not a table: {e}"));
    let names: Vec<String> = reader.headers().map_err(failed)?.iter().map(|n| n.trim().to_owned()).collect();
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    let mut uneven = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(failed)?;
        if record.len() != names.len() {
            let line = record.position().map_or(row as u64 + 2, |position| position.line());
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            uneven.push((
                row,
                format!("line {line} has {} {cells}, the header has {}", record.len(), names.len()),
            ));
        }
        for (column, cell) in cells.iter_mut().zip(record.iter().chain(std::iter::repeat(""))) {
            column.push(cell.trim().to_owned());
        }
    }
    let columns = names.into_iter().zip(cells.into_iter().map(typed)).collect();
    Ok((Table::new(columns), uneven))
}

/// A column of the narrowest type that holds all cells; empty cells are missing numbers.
fn typed(cells: Vec<String>) -> TableColumn {
    let whole: Option<Vec<i64>> = cells.iter().map(|c| c.parse().ok()).collect();
    if let Some(values) = whole {
        return TableColumn::Int(values);
    }
    let truth = |c: &String| match c.as_str() {
        "True" | "true" => Some(true),
        "False" | "false" => Some(false),
        _ => None,
    };
    if let Some(values) = cells.iter().map(truth).collect() {
        return TableColumn::Bool(values);
    }
    let number = |c: &String| if c.is_empty() { Some(f64::NAN) } else { c.parse().ok() };
    if let Some(values) = cells.iter().map(number).collect::<Option<Vec<f64>>>()
        && values.iter().any(|x| !x.is_nan())
    {
        return TableColumn::Float(values);
    }
    // Nothing but empty cells: numbers that were not computed.
    if cells.iter().all(String::is_empty) {
        return TableColumn::Float(vec![f64::NAN; cells.len()]);
    }
    TableColumn::Text(cells)
}

fn delimiter(path: &Path, text: &str) -> u8 {
    let tabs = path.extension().is_some_and(|e| e == "tsv");
    let header = text.lines().next().unwrap_or("");
    if tabs || header.contains('\t') { b'\t' } else { b',' }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_back_as_it_was() {
        let mut table = Table::default();
        table.set("unit_id", TableColumn::Int(vec![3, 1]));
        table.set("snr", TableColumn::Float(vec![1.25, 4.0]));
        table.set("label", TableColumn::Text(vec!["a, \"b\"".into(), String::new()]));
        table.set("kept", TableColumn::Bool(vec![true, false]));
        let folder = tempfile::tempdir().unwrap();
        for name in ["t.csv", "t.tsv"] {
            let path = folder.path().join(name);
            write_table(&path, &table).unwrap();
            let back = read_table(&path).unwrap();
            assert_eq!(back.columns[2..], table.columns[2..]);
            assert_eq!(back.column("snr").unwrap().number(0), Some(1.25));
        }
        let path = folder.path().join("m.csv");
        table.set("snr", TableColumn::Float(vec![f64::NAN, 4.5]));
        write_table(&path, &table).unwrap();
        assert_eq!(read_table(&path).unwrap().column("snr").unwrap().number(0), None);
        std::fs::write(&path, "a,b\n1,2\n3\n").unwrap();
        assert!(read_table(&path).unwrap_err().to_string().contains("line 3 has 1 cell, the header has 2"));
        let (table, uneven) = read_uneven(&path).unwrap();
        assert_eq!((table.num_rows(), uneven.len(), uneven[0].0), (2, 1, 1));
    }
}
