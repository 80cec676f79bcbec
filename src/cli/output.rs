//! What commands print.

use super::CliError;
use crate::data::text::shell_word;
use serde::Serialize;
use std::{io::Write, path::Path};

/// Prints text on standard output. A reader that closed its end (`| head`) is no error.
///
/// # Errors
/// Where standard output fails otherwise.
pub fn text(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a value as indented JSON.
///
/// # Errors
/// As [`text`].
pub fn json<T: Serialize>(value: &T) -> Result<(), CliError> {
    text(&format!("{}\n", to_json(value, true)?))
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// As [`text`].
pub fn json_line<T: Serialize>(value: &T) -> Result<(), CliError> {
    text(&format!("{}\n", to_json(value, false)?))
}

/// A value as JSON text.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn to_json<T: Serialize>(value: &T, indented: bool) -> Result<String, CliError> {
    let text = if indented { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    text.map_err(|error| CliError::Failed(format!("cannot write JSON: {error}")))
}

/// A path within a command that is to be typed.
pub fn path_word(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

/// A table of words with columns padded to the same width; the first row is the heading.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|c| rows.iter().filter_map(|row| row.get(c)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
