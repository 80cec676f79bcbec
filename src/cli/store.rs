//! `verify`, `clean` and `pin`: care for the store of results.

use super::{CliError, arguments::CleanArguments, output};
use crate::{
    batch::{self, Leftover, Slurm},
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

/// Removes results that no pipeline links to, those beyond the limits, leftovers of killed runs, and what is left of
/// submissions whose jobs have ended.
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
    let failed = |error: &dyn ToString| CliError::Failed(error.to_string());
    let (gone, bytes_of_jobs) = submissions(&store, &options)?;
    // What is kept of submissions counts as well.
    let max_bytes = options.max_bytes.map(|max| max.saturating_sub(bytes_of_jobs));
    let report = store.clean(&CleanOptions { max_bytes, ..options }).map_err(|error| failed(&error))?;
    let mut text = String::new();
    for (folder, bytes) in &report.removed {
        text.push_str(&format!("{:>10}  {}{}\n", size(*bytes), folder.display(), about(folder)));
    }
    for leftover in &gone {
        let Leftover { folder, bytes, pipeline, submitted, .. } = leftover;
        let what = match pipeline.as_os_str().is_empty() {
            true => "never submitted".to_owned(),
            false => format!("jobs of {}, submitted {submitted}", pipeline.display()),
        };
        text.push_str(&format!("{:>10}  {}  {what}\n", size(*bytes), folder.display()));
        if !dry_run {
            batch::remove(leftover).map_err(|error| failed(&error))?;
        }
    }
    let verb = if dry_run { "would be removed" } else { "removed" };
    text.push_str(&format!(
        "{} results ({}) {verb}, {} kept\n",
        report.removed.len(),
        size(report.freed_bytes),
        size(report.kept_bytes)
    ));
    if !gone.is_empty() {
        let bytes = gone.iter().map(|leftover| leftover.bytes).sum();
        text.push_str(&format!("{} ({}) {verb}\n", counted(gone.len(), "submission"), size(bytes)));
    }
    output::text(&text)
}

/// Submissions that go, and the bytes of those that stay.
fn submissions(store: &Store, options: &CleanOptions) -> Result<(Vec<Leftover>, u64), CliError> {
    let (found, silent) = batch::leftovers(store.folder(), &Slurm::default());
    if let Some(reason) = silent {
        eprintln!("warning: what was submitted to Slurm stays, as it does not say what still runs: {reason}");
    }
    let (mut gone, stay): (Vec<Leftover>, Vec<Leftover>) =
        found.into_iter().partition(|leftover| leftover.goes(options.max_age));
    let mut bytes: u64 = stay.iter().map(|leftover| leftover.bytes).sum();
    if let Some(max) = options.max_bytes {
        let results = CleanOptions { dry_run: true, max_bytes: None, ..options.clone() };
        let results = store.clean(&results).map_err(|error| CliError::Failed(error.to_string()))?.kept_bytes;
        // The oldest go first.
        for leftover in stay.into_iter().filter(|leftover| leftover.is_over) {
            if results + bytes > max {
                bytes -= leftover.bytes;
                gone.push(leftover);
            }
        }
    }
    Ok((gone, bytes))
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
