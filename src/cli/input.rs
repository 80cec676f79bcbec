//! Opening what a command was given.

use super::CliError;
use crate::{
    data::Recording,
    engine::spikeinterface_chain::with_steps,
    io::{self, OpenOptions},
};
use std::path::Path;

/// Opens a recording of any format, with the preprocessing that its files describe.
///
/// # Errors
/// Where it cannot be opened.
pub fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, CliError> {
    // A folder that is nothing by itself and holds one recording stands for that.
    let inner = io::only_one_inside(path);
    with_steps(io::open_recording(inner.as_deref().unwrap_or(path), options)?)
        .map_err(|error| CliError::Input(error.to_string()))
}
