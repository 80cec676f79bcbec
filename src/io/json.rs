//! JSON files, with errors that name the file and the place.

use super::{Error, atomic};
use serde_json::Value;
use std::path::Path;

/// Reads a JSON file. `NaN` and infinities, which Python writes, become null.
///
/// # Errors
/// Where it cannot be read or is no JSON, with line and column.
pub fn read(path: &Path) -> Result<Value, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
    let text = String::from_utf8(bytes).map_err(|_binary| Error::format(path, "not JSON: it is not text"))?;
    parse(&text, path)
}

/// Reads JSON text; `path` names it in errors.
///
/// # Errors
/// Where it is no JSON, with line and column.
pub fn parse(text: &str, path: &Path) -> Result<Value, Error> {
    if text.trim().is_empty() {
        return Err(Error::format(path, "the file is empty; copy or export it again"));
    }
    serde_json::from_str(text)
        .or_else(|e| serde_json::from_str(&without_nan(text)).map_err(|_again| e))
        .map_err(|e| Error::format(path, format!("not valid JSON: {e}")))
}

/// Writes a JSON file.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(path: &Path, value: &Value) -> Result<(), Error> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::format(path, format!("cannot be written as JSON: {e}")))?;
    text.push('\n');
    atomic::write_file(path, text.as_bytes())
}

/// Python's `NaN`, `Infinity` and `-Infinity` outside of text as null.
fn without_nan(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let (mut quoted, mut escaped) = (false, false);
    while let Some(c) = rest.chars().next() {
        let word = ["NaN", "-Infinity", "Infinity"].into_iter().find(|w| !quoted && rest.starts_with(w));
        if let Some(word) = word {
            out += "null";
            rest = &rest[word.len()..];
            continue;
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}
