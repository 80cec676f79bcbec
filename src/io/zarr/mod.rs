//! Zarr stores (format 2) as SpikeInterface writes them: recordings, sortings and analyzers.

mod array;
mod chunk;
mod objects;
mod recording;
mod sorting;

pub(super) use array::Array;
pub(super) use recording::{is_recording, open_recording};
pub(super) use sorting::{is_sorting, read_sorting, read_sorting_with, table};

use super::{Error, json};
use serde_json::Value;
use std::path::Path;

/// The attributes of a group or array; empty where it has none.
pub(super) fn attributes(folder: &Path) -> Result<Value, Error> {
    let file = folder.join(".zattrs");
    if file.is_file() { json::read(&file) } else { Ok(Value::Object(serde_json::Map::new())) }
}

/// An array that must be there.
fn array(folder: &Path, name: &str) -> Result<Array, Error> {
    Array::open(&folder.join(name))?.ok_or_else(|| {
        Error::format(folder, format!("the array {name} is not in this zarr store: copy or export it again"))
    })
}

/// A number among the attributes that must be there.
fn number(attributes: &Value, name: &str, folder: &Path) -> Result<f64, Error> {
    attributes.get(name).and_then(Value::as_f64).ok_or_else(|| {
        Error::format(
            &folder.join(".zattrs"),
            format!("the attribute {name} is missing or no number: this is no store of SpikeInterface, or a damaged one"),
        )
    })
}

/// The ids of channels or units: text, or numbers.
fn ids(array: &Array) -> Result<Vec<crate::data::Id>, Error> {
    use crate::{data::Id, io::numpy_folder::id_of};
    let words = array.object_codec().is_some() || array.raw()?.is_text();
    let texts = array.texts()?;
    Ok(texts.into_iter().map(|id| if words { Id::Text(id) } else { id_of(&id) }).collect())
}

/// The arrays of a group, by name, in order.
pub(super) fn arrays(group: &Path) -> Result<Vec<(String, Array)>, Error> {
    let Ok(entries) = std::fs::read_dir(group) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| Error::io("list", group, source))?.path();
        if let (Some(name), Some(array)) = (path.file_name().and_then(|n| n.to_str()), Array::open(&path)?) {
            found.push((name.to_owned(), array));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}
