//! `sort`: from a recording to units with a fitting preset.

use super::{
    CliError,
    arguments::SortArguments,
    document::{executor, set},
    input::open_recording,
    output, presets,
    run::{Show, failed_text, follow},
};
use crate::{
    data::{Sorting, Table, text::took},
    engine::{geometry::Geometry, sort::SortPreset},
    io,
    nodes::registry,
    pipeline::{
        Document, Executor, Look, Pipeline, Registry, RunOptions, RunStatus, Severity, Value, peak_rss_bytes,
        process_cpu_s, validate,
    },
};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// What `sort` writes; a folder that holds anything else is not ours.
const WRITTEN: [&str; 4] = ["sorting", "metrics.csv", "pipeline.ron", "run.json"];

/// Sorts a recording and writes `sorting/`, `metrics.csv`, `pipeline.ron` and `run.json`.
///
/// # Errors
/// Where the recording cannot be read, the folder not be written, the sort fails or is cancelled.
pub fn sort(arguments: &SortArguments) -> Result<(), CliError> {
    let start = Instant::now();
    let (input, out) = (
        io::absolute(io::only_one_inside(&arguments.input).as_ref().unwrap_or(&arguments.input)),
        io::absolute(&arguments.out),
    );
    let recording = open_recording(&input, &arguments.reading.options())?;
    let info = recording.info();
    // Before hours of work, not after them.
    check_out(&out)?;
    let mut pipeline = presets::pipeline(arguments, info, &input)?;
    let registry = registry();
    for setting in &arguments.set {
        set(&mut pipeline, &registry, &format!("sort.{setting}"))?;
    }
    let chosen = pipeline.node("sort").and_then(|node| node.params.get("preset"));
    let chosen: Option<SortPreset> = chosen.and_then(|name| serde_json::from_value(name.clone()).ok());
    let preset = chosen.unwrap_or_else(|| SortPreset::fitting(&Geometry::known_of(info)));
    let problems = validate(&pipeline, &registry);
    if let Some(problem) = problems.iter().find(|p| p.severity == Severity::Error) {
        return Err(CliError::Input(problem.to_string()));
    }
    let executor = executor(registry.clone(), arguments.threads)?;
    let options = RunOptions {
        threads: arguments.threads.map(usize::from),
        base_folder: out.clone(),
        pipeline_path: Some(out.join("pipeline.ron")),
        ..RunOptions::default()
    };
    let ended = follow(&executor, &pipeline, options, Show::Progress)?;
    match ended.status {
        RunStatus::Ok => {}
        RunStatus::Failed => return Err(CliError::Failed(failed_text(&ended))),
        RunStatus::Cancelled => return Err(CliError::Cancelled),
    }
    let sorting = match value(&executor, &pipeline, &out, "sort.sorting")? {
        Value::Sorting(sorting) => sorting,
        other => return Err(CliError::Failed(format!("sort gave {}, not a sorting", other.port_type()))),
    };
    let metrics = match value(&executor, &pipeline, &out, "metrics.table")? {
        Value::Table(table) => table,
        other => return Err(CliError::Failed(format!("metrics gave {}, not a table", other.port_type()))),
    };
    let facts = |wall_s: f64| {
        json!({
            "program": "spikeloom",
            "version": env!("CARGO_PKG_VERSION"),
            "input": input,
            "preset": preset.name(),
            "seed": arguments.seed,
            "threads": executor.limits().threads,
            "wall_s": wall_s,
            "cpu_s": process_cpu_s(),
            "peak_rss_bytes": peak_rss_bytes(),
            "recording_s": info.duration_s(),
            "num_channels": info.num_channels(),
            "num_units": sorting.num_units(),
            "num_spikes": sorting.num_spikes(),
            "tasks": ended.tasks,
            "cached": ended.cached,
            "stages": stages(&ended.results),
        })
    };
    write(&out, &pipeline, &registry, &sorting, &metrics, || facts(start.elapsed().as_secs_f64()))?;
    output::text(&format!(
        "{}\n{} units, {} spikes in {}: {}\n",
        presets::in_words(preset, chosen.is_some(), &pipeline, info),
        sorting.num_units(),
        sorting.num_spikes(),
        took(start.elapsed().as_secs_f64()),
        out.display()
    ))
}

/// Refuses a folder that holds anything but an earlier result of `sort`, or that cannot be written.
fn check_out(out: &Path) -> Result<(), CliError> {
    let occupied = |what: &str| {
        CliError::advised(
            format!("--out {}: {what}", out.display()),
            "Nothing there is overwritten. Choose a new folder, or move this one away.",
        )
    };
    match fs::read_dir(out) {
        Ok(entries) => {
            let names: Vec<String> =
                entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            let ours = fs::read_to_string(out.join("run.json"))
                .ok()
                .and_then(|text| serde_json::from_str::<Json>(&text).ok())
                .is_some_and(|facts| facts["program"] == "spikeloom");
            if let Some(other) = names.iter().find(|name| !WRITTEN.contains(&name.as_str())) {
                return Err(occupied(&format!("the folder holds other files, such as {other}")));
            }
            if !names.is_empty() && !ours {
                return Err(occupied("the folder was not written by spikeloom sort"));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) if out.is_dir() => return Err(CliError::Files(io::Error::io("read", out, error))),
        Err(_) => return Err(occupied("this is a file, not a folder")),
    }
    // Results are written beside the folder and renamed.
    let parent = out.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(|error| CliError::Files(io::Error::io("create", parent, error)))?;
    tempfile::Builder::new()
        .prefix(".spikeloom-")
        .tempdir_in(parent)
        .map_err(|error| CliError::Files(io::Error::io("write", parent, error)))?;
    Ok(())
}

fn value(executor: &Arc<Executor>, pipeline: &Pipeline, base: &Path, end: &str) -> Result<Value, CliError> {
    match executor.look(pipeline, base, end).map_err(|error| CliError::Failed(error.to_string()))? {
        Look::Ready(items) => items
            .into_iter()
            .next()
            .map(|(_, value)| value)
            .ok_or_else(|| CliError::Failed(format!("{end} has no result"))),
        Look::Partly(..) | Look::NeedsRun(_) | Look::NeedsFit(_) => Err(CliError::Failed(format!(
            "the result of {end} is no longer in the store: was the input changed while it was sorted? Run it again"
        ))),
    }
}

/// Time of each stage: those inside the sort, then the other tasks.
fn stages(results: &BTreeMap<String, PathBuf>) -> Vec<Json> {
    let mut stages = Vec::new();
    for (node, folder) in results {
        let Some(facts) = fs::read_to_string(folder.join("provenance.json"))
            .ok()
            .and_then(|text| serde_json::from_str::<Json>(&text).ok())
        else {
            continue;
        };
        match facts["stages"].as_array() {
            Some(inner) if !inner.is_empty() => stages.extend(inner.iter().cloned()),
            _ => stages.push(json!({"name": node, "wall_s": facts["wall_s"], "cpu_s": facts["cpu_s"]})),
        }
    }
    stages
}

fn write(
    out: &Path,
    pipeline: &Pipeline,
    registry: &Registry,
    sorting: &Sorting,
    metrics: &Table,
    facts: impl Fn() -> Json,
) -> Result<(), CliError> {
    io::atomic::replace_folder(out, |folder| {
        io::numpy_folder::write(sorting, &folder.join("sorting"))?;
        io::csv::write_table(&folder.join("metrics.csv"), metrics)?;
        Document::write(pipeline, &folder.join("pipeline.ron"), registry)
            .map_err(|error| CliError::Failed(error.to_string()))?;
        let text = output::to_json(&facts(), true)?;
        io::atomic::write_file(&folder.join("run.json"), text.as_bytes())?;
        Ok(())
    })
    .map_err(|error| match error {
        // The input was fine: this is the disk.
        CliError::Files(error) => CliError::Failed(error.to_string()),
        other => other,
    })
}
