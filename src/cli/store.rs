//! `verify` and `clean`: care for the store of results.

use super::{CliError, arguments::CleanArguments, output};
use crate::{
    data::text::counted,
    pipeline::{CleanOptions, Provenance, Store, TaskId},
};
use std::path::Path;

fn open() -> Result<Store, CliError> {
    Store::open(&Store::default_folder()).map_err(|error| {
        CliError::advised(error.to_string(), "SPIKELOOM_STORE names the folder results are kept in.")
    })
}

/// Hashes every stored file again and removes damaged results, which the next run makes anew.
///
/// # Errors
/// Where the store cannot be read, or something was damaged.
pub fn verify() -> Result<(), CliError> {
    let store = open()?;
    let report = store.verify(true).map_err(|error| CliError::Failed(error.to_string()))?;
    for (folder, what) in &report.damaged {
        eprintln!("damaged: {}: {what}", folder.display());
    }
    output::text(&format!(
        "{}: {} results, {}, {} damaged\n",
        store.folder().display(),
        report.checked,
        size(report.bytes),
        report.damaged.len()
    ))?;
    if report.damaged.is_empty() {
        return Ok(());
    }
    Err(CliError::Failed("damaged results were removed; run the pipelines again to make them anew".into()))
}

/// Removes results that no pipeline links to, those beyond the limits, and leftovers of killed runs.
///
/// # Errors
/// Where the store cannot be read or a folder cannot be removed.
pub fn clean(arguments: &CleanArguments) -> Result<(), CliError> {
    let store = open()?;
    let dry_run = arguments.dry_run;
    let options = CleanOptions {
        dry_run,
        unreferenced: true,
        max_bytes: arguments.max_size,
        max_age: arguments.older_than,
    };
    let report = store.clean(&options).map_err(|error| CliError::Failed(error.to_string()))?;
    let mut text = String::new();
    for (folder, bytes) in &report.removed {
        text.push_str(&format!("{:>10}  {}{}\n", size(*bytes), folder.display(), about(folder)));
    }
    let verb = if dry_run { "would be removed" } else { "removed" };
    text.push_str(&format!(
        "{} results ({}) {verb}, {} kept\n",
        report.removed.len(),
        size(report.freed_bytes),
        size(report.kept_bytes)
    ));
    output::text(&text)
}

/// What a result that is still there is, and since when.
fn about(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("provenance.json")).unwrap_or_default();
    let Ok(made) = serde_json::from_str::<Provenance>(&text) else { return String::new() };
    let task = TaskId { node: made.node, coordinate: made.coordinate };
    format!("  {task} ({}), made {}", made.kind, made.ended)
}

/// Keeps the results of a pipeline whatever is cleaned, or no longer does.
///
/// # Errors
/// Where it has none, or they cannot be linked.
pub fn pin(pipeline: &Path, remove: bool) -> Result<(), CliError> {
    let store = open()?;
    let failed = |error: crate::pipeline::StoreError| CliError::Failed(error.to_string());
    if !pipeline.exists() && !remove {
        return Err(CliError::Input(format!("there is no pipeline {}", pipeline.display())));
    }
    let count = if remove { store.unpin(pipeline) } else { store.pin(pipeline) }.map_err(failed)?;
    match (count, remove) {
        (0, true) => Err(CliError::Input(format!("no results of {} are kept", pipeline.display()))),
        (0, false) => Err(CliError::advised(
            format!("{} has no results yet", pipeline.display()),
            "`spikeloom run` makes them; those that are there are kept then.",
        )),
        (count, true) => output::text(&format!("{} kept no longer\n", counted(count, "result"))),
        (count, false) => output::text(&format!("{} kept\n", counted(count, "result"))),
    }
}

fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000.0 {
            return if unit == "B" { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}
