//! SpikeInterface's `properties/NAME.npy`, one array a property, as the columns of a table.

use super::{Error, npy};
use crate::data::{Table, TableColumn};
use npyz::TypeChar;
use std::{collections::BTreeMap, path::Path};

/// Reads all properties that have a row for each of `rows` units; a matrix becomes columns `name[0]`, `name[1]` ….
///
/// Properties that are Python objects are left out and named in the second result.
pub(super) fn read(folder: &Path, rows: usize) -> Result<(Table, Vec<String>), Error> {
    let mut table = Table::default();
    let mut left_out = Vec::new();
    for path in npy_files(folder)? {
        let Some(name) = path.file_stem().and_then(|n| n.to_str()) else { continue };
        let added = match npy::Raw::read(&path) {
            Ok(raw) => add(&mut table, name, &raw, rows, &path)?,
            Err(_) => false,
        };
        if !added {
            left_out.push(name.to_owned());
        }
    }
    Ok((table, left_out))
}

/// Adds a property that has a row for each of `rows`; false where it has not, or is no plain number or text.
pub(super) fn add(
    table: &mut Table,
    name: &str,
    raw: &npy::Raw,
    rows: usize,
    path: &Path,
) -> Result<bool, Error> {
    if raw.header.shape.first() != Some(&rows) || raw.header.scalar().is_none() {
        return Ok(false);
    }
    let width: usize = raw.header.shape.iter().skip(1).product();
    if raw.header.shape.len() == 1 {
        table.set(name, column(raw, path)?);
        return Ok(true);
    }
    if raw.is_text() || width > 64 {
        return Ok(false);
    }
    let values = raw.array::<f64>(path)?;
    let values = values.as_slice().unwrap_or(&[]);
    for i in 0..width {
        let one = values.iter().skip(i).step_by(width).copied().collect();
        table.set(&format!("{name}[{i}]"), TableColumn::Float(one));
    }
    Ok(true)
}

/// A vector as a column of its type.
fn column(raw: &npy::Raw, path: &Path) -> Result<TableColumn, Error> {
    Ok(match raw.header.scalar().map(npyz::TypeStr::type_char) {
        Some(TypeChar::Bool) => TableColumn::Bool(raw.bytes.iter().map(|&b| b != 0).collect()),
        Some(TypeChar::Int | TypeChar::Uint) => TableColumn::Int(raw.numbers(path)?),
        Some(TypeChar::UnicodeStr | TypeChar::ByteStr) => TableColumn::Text(raw.strings(path)?),
        _ => TableColumn::Float(raw.numbers(path)?),
    })
}

/// Writes each column as a property; `name[0]`, `name[1]` … become one matrix again.
pub(super) fn write(folder: &Path, table: &Table) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    let mut matrices: BTreeMap<&str, Vec<&[f64]>> = BTreeMap::new();
    for (name, column) in &table.columns {
        if let (Some((base, index)), TableColumn::Float(values)) = (indexed(name), column) {
            let matrix = matrices.entry(base).or_default();
            if matrix.len() == index {
                matrix.push(values);
                continue;
            }
        }
        let path = folder.join(format!("{}.npy", file_name(name)));
        match column {
            TableColumn::Float(values) => npy::write_vec(&path, values)?,
            TableColumn::Int(values) => npy::write_vec(&path, values)?,
            TableColumn::Bool(values) => npy::write_bools(&path, values)?,
            TableColumn::Text(values) => npy::write_strings(&path, values)?,
        }
    }
    for (name, matrix) in matrices {
        let rows = matrix.first().map_or(0, |m| m.len());
        let values: Vec<f64> = (0..rows).flat_map(|row| matrix.iter().map(move |m| m[row])).collect();
        npy::write_array(&folder.join(format!("{}.npy", file_name(name))), &[rows, matrix.len()], &values)?;
    }
    Ok(())
}

/// `("location", 1)` of `location[1]`.
fn indexed(name: &str) -> Option<(&str, usize)> {
    let (base, index) = name.strip_suffix(']')?.rsplit_once('[')?;
    Some((base, index.parse().ok()?))
}

/// A property's name without what cannot be in a file name.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '/' | '\\' | ':' | '\0') { '_' } else { c }).collect()
}

/// The `.npy` files of a folder in order of their names; none where there is no folder.
pub(super) fn npy_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, Error> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| Error::io("list", folder, source))?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|e| e == "npy") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
