//! `export`: a pipeline as a script for other programs.

use super::{
    CliError,
    arguments::{ExportArguments, ScriptFormat},
    document::Loaded,
    output,
};
use crate::pipeline;

/// Writes the script, or prints it.
///
/// # Errors
/// Where the pipeline is wrong or the file cannot be written.
pub fn export(arguments: &ExportArguments) -> Result<(), CliError> {
    let loaded = Loaded::read(&arguments.pipeline, &arguments.set)?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let title = arguments.pipeline.file_name().unwrap_or_default().to_string_lossy();
    let ScriptFormat::Spikeinterface = arguments.to;
    let text = pipeline::script(&loaded.pipeline, &loaded.registry, &loaded.base_folder, &title);
    match &arguments.out {
        None => output::text(&text),
        Some(path) => {
            pipeline::write_script(path, &text)?;
            output::text(&format!("{}\n", path.display()))
        }
    }
}
