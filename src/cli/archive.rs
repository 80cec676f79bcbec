//! `archive` and `methods`: what a pipeline computed, for others.

use super::{
    CliError,
    document::{Loaded, executor},
    output,
};
use crate::{
    data::text::counted,
    pipeline::{self, Executor, Made},
};
use std::{path::Path, sync::Arc};

fn read(path: &Path) -> Result<(Loaded, Arc<Executor>, Vec<Made>), CliError> {
    let loaded = Loaded::read(path, &[])?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let executor = executor(loaded.registry.clone(), None)?;
    let made = executor.history(&loaded.pipeline, &loaded.base_folder);
    Ok((loaded, executor, made))
}

/// Writes the results of a pipeline as an RO-Crate.
///
/// # Errors
/// Where it has none, or the folder cannot be written.
pub fn archive(path: &Path, out: &Path, with_files: bool) -> Result<(), CliError> {
    let (loaded, executor, made) = read(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if made.is_empty() {
        let message = format!("{} has no results yet", path.display());
        return Err(CliError::advised(message, "`spikeloom run` makes them; then they can be archived."));
    }
    executor.archive(&loaded.pipeline, &made, &name, out, with_files)?;
    output::text(&format!("{}: {}\n", out.display(), counted(made.len(), "result")))
}

/// Prints what a pipeline does, in words.
///
/// # Errors
/// Where it is wrong.
pub fn methods(path: &Path) -> Result<(), CliError> {
    let (loaded, executor, made) = read(path)?;
    output::text(&pipeline::methods(&loaded.pipeline, executor.registry(), &made))
}
