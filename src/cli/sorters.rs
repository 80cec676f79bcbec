//! `sorters`: what SpikeInterface in the user's Python can sort with.

use super::{CliError, output};
use crate::nodes::{python, python_answers};
use std::{path::Path, sync::Arc};

/// Lists the sorters, or the parameters of one.
///
/// # Errors
/// Where there is no Python with SpikeInterface, or no such sorter.
pub fn sorters(name: Option<&str>, named: &str, as_json: bool) -> Result<(), CliError> {
    let python = python::find(named, Path::new("")).map_err(CliError::Input)?;
    let answer = match name {
        // Who lists them wants to know how it is now.
        None => python_answers::asked_anew(&python),
        Some(_) => python::sorters(&python, name).map(Arc::new).map_err(|error| error.to_string()),
    };
    let answer = answer.map_err(CliError::Input)?;
    if as_json {
        return output::json(&serde_json::json!({
            "python": python, "versions": answer.versions, "sorters": answer.sorters,
        }));
    }
    let version = |what: &str| answer.versions.get(what).map_or("", String::as_str);
    let mut text = format!(
        "{}: Python {}, SpikeInterface {}\n\n",
        python.display(),
        version("python"),
        version("spikeinterface")
    );
    match (name, answer.sorters.first()) {
        (Some(_), Some(sorter)) => {
            let state = if sorter.installed { "installed" } else { "not installed" };
            text.push_str(&format!(
                "{} {} ({state})\n{}\n\n",
                sorter.sorter, sorter.version, sorter.description
            ));
            if !sorter.installed {
                text.push_str(&format!("{}\n\n", sorter.installation));
            }
            for parameter in &sorter.parameters {
                text.push_str(&format!(
                    "  {} = {}  ({})\n",
                    parameter.name, parameter.default, parameter.kind
                ));
                if !parameter.description.is_empty() {
                    text.push_str(&format!("      {}\n", parameter.description));
                }
            }
        }
        _ => {
            for (state, installed) in [("installed", true), ("not installed", false)] {
                let of_state = answer.sorters.iter().filter(|sorter| sorter.installed == installed);
                let names: Vec<&str> = of_state.map(|sorter| sorter.sorter.as_str()).collect();
                text.push_str(&format!(
                    "{state}: {}\n",
                    if names.is_empty() { "none".into() } else { names.join(", ") }
                ));
            }
        }
    }
    output::text(&text)
}
