//! Opening what a command was given.

use super::CliError;
use crate::{
    data::Recording,
    engine::spikeinterface_chain::with_steps,
    io::{self, OpenOptions, content::Content},
};
use std::path::{Path, PathBuf};

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

/// The file that `sha1://HASH/LABEL` stands for; every other path is itself.
///
/// # Errors
/// Where there is no such file, or it holds something else.
pub fn named_by_content(path: PathBuf) -> Result<PathBuf, String> {
    let Some(content) = Content::of_path(&path) else { return Ok(path) };
    let content = content?;
    let found = content.find(Path::new(""))?;
    content.verify(&found, None).map_err(|error| error.to_string())?;
    Ok(found)
}
