//! `why`: what changed against the last result of a node.

use super::{
    CliError,
    arguments::WhyArguments,
    document::{Loaded, executor},
    output,
    progress::name,
};
use crate::pipeline::Why;

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
    let mut text: String = found.iter().take(TOLD).map(told).collect();
    if found.len() > TOLD {
        text.push_str(&format!("and {} more (--json lists all)\n", found.len() - TOLD));
    }
    output::text(&text)
}

fn told(why: &Why) -> String {
    let name = name(&why.task);
    let mut text = match (&why.made, why.done) {
        (Some((started, host)), _) if why.reasons.is_empty() => {
            return format!("{name}: up to date, made {started} on {host}\n");
        }
        (Some((started, host)), _) => format!("{name}: up to date, made {started} on {host} because\n"),
        (None, true) => format!("{name}: up to date\n"),
        (None, false) => format!("{name}: would run, because\n"),
    };
    for reason in &why.reasons {
        text.push_str(&format!("  {reason}\n"));
    }
    if !why.waits_for.is_empty() {
        let before: Vec<String> = why.waits_for.iter().take(5).map(super::progress::name).collect();
        let more = if why.waits_for.len() > 5 { " and others" } else { "" };
        text.push_str(&format!("  after {}{more}\n", before.join(", ")));
    }
    text
}
