//! `why`: what changed against the last result of a node.

use super::{
    CliError,
    arguments::WhyArguments,
    document::{Loaded, executor},
    output,
};

/// Items that are told one by one.
const TOLD: usize = 50;

/// Says why a node would run, or why it ran.
///
/// # Errors
/// Where the pipeline is wrong or the node is not there.
pub fn why(arguments: &WhyArguments) -> Result<(), CliError> {
    let loaded = Loaded::read(&arguments.pipeline, &arguments.set)?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let executor = executor(loaded.registry.clone(), None)?;
    let found = executor
        .why(&loaded.pipeline, &loaded.base_folder, &loaded.path, &arguments.node)
        .map_err(CliError::Input)?;
    if arguments.json {
        return output::json(&found);
    }
    let mut text: String = found.iter().take(TOLD).map(ToString::to_string).collect();
    if found.len() > TOLD {
        text.push_str(&format!("and {} more (--json lists all)\n", found.len() - TOLD));
    }
    output::text(&text)
}
