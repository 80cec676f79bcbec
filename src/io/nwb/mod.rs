//! Neurodata Without Borders 2.x in HDF5: electrical series and units.
//!
//! # Source
//! The NWB core schema, version 2.

mod file;
mod series;
mod units;

pub(super) use series::open_recording;
pub(super) use units::read_sorting;

use super::Error;
use file::File;
use std::path::Path;

/// The electrical series of a file, by their paths within it.
pub(super) fn streams(path: &Path) -> Vec<String> {
    File::open(path).and_then(|file| series_of(&file)).unwrap_or_default()
}

/// True where a file holds an electrical series. One that cannot be read holds what its name says.
pub(super) fn holds_traces(path: &Path) -> bool {
    File::open(path).and_then(|file| series_of(&file)).map_or(true, |found| !found.is_empty())
}

/// True where a file holds a table of units with their spikes.
pub(super) fn holds_units(path: &Path) -> bool {
    File::open(path).and_then(|file| units::path_of(&file)).is_ok_and(|found| found.is_some())
}

/// Acquired series come first, processed ones such as LFP after them.
fn series_of(file: &File) -> Result<Vec<String>, Error> {
    let mut found = file.of_type("ElectricalSeries", "acquisition")?;
    found.extend(file.of_type("ElectricalSeries", "processing")?);
    Ok(found)
}
