//! One task, from its inputs to its result in the store.

use super::{
    Coordinate, Manifest, NodeError, Output, Outputs, RunContext, Store, StoreError,
    evaluate::Job,
    evaluate_item::{find, load_inputs},
    feed::{StageTime, TaskMonitor},
    memo::{Memo, caught},
    resources::{self, CpuMeter},
    store::{self, Draft, ScratchFolder, Stored, WrittenEntry},
};
use serde::Serialize;
use serde_json::Value as Json;
use std::{path::Path, sync::Arc, time::Instant};

/// What tasks of a run share.
pub(super) struct Site {
    pub store: Store,
    pub memo: Arc<Memo>,
    pub pool: Option<Arc<rayon::ThreadPool>>,
    pub meter: Arc<CpuMeter>,
    pub base_folder: std::path::PathBuf,
    /// The pipeline as a document, kept with each result.
    pub document: String,
    pub threads: usize,
}

/// A task that has its result.
pub(super) struct Finished {
    pub stored: Stored,
    pub wall_s: f64,
    pub cpu_s: f64,
}

/// Where a result comes from, as `provenance.json`.
#[derive(Serialize)]
struct Provenance<'a> {
    spikeloom: &'static str,
    kind: &'static str,
    node_version: u32,
    node: &'a str,
    coordinate: &'a Coordinate,
    fit: bool,
    params: &'a super::Params,
    seed: u64,
    inputs: Vec<Json>,
    files: Vec<Json>,
    host: String,
    started: String,
    wall_s: f64,
    cpu_s: f64,
    stages: Vec<StageTime>,
    peak_rss_bytes: Option<u64>,
    threads: usize,
}

/// Runs a job to its end; a panic of the node is an error.
pub(super) fn run(job: &Job, site: &Site, monitor: &Arc<TaskMonitor>) -> Result<Finished, NodeError> {
    let began = Instant::now();
    let started = resources::now_utc();
    // Another process may have been faster.
    if let Some(stored) = find(&site.store, job) {
        return Ok(Finished { stored, wall_s: 0.0, cpu_s: 0.0 });
    }
    let meter = site.meter.begin();
    let scratch = site.store.scratch(&job.key).map_err(|e| NodeError::Failed(e.to_string()))?;
    let computed = compute(job, site, monitor, &scratch);
    let cpu_s = site.meter.end(meter);
    let wall_s = began.elapsed().as_secs_f64();
    // What was done before a cancel is gone on from; what failed begins anew.
    let computed = computed.and_then(|(outputs, params)| {
        check_outputs(job, &params, &outputs)?;
        Ok((outputs, params))
    });
    let (outputs, params) = match computed {
        Err(NodeError::Cancelled) => return Err(NodeError::Cancelled),
        Err(error) => {
            scratch.remove();
            return Err(error);
        }
        Ok(computed) => computed,
    };
    let provenance = Provenance {
        spikeloom: env!("CARGO_PKG_VERSION"),
        kind: job.node.info().kind,
        node_version: job.node.info().version,
        node: &job.task.node,
        coordinate: &job.task.coordinate,
        fit: job.fit,
        params: &params,
        seed: job.seed,
        inputs: job
            .inputs
            .iter()
            .map(|(port, coordinate, key, _)| {
                serde_json::json!({"port": port, "coordinate": coordinate, "key": key.to_string()})
            })
            .collect(),
        files: job
            .prepared
            .files
            .iter()
            .map(|(path, fingerprint)| serde_json::json!({"path": path, "fingerprint": fingerprint}))
            .collect(),
        host: resources::host(),
        started,
        wall_s,
        cpu_s,
        stages: monitor.take_stages(),
        peak_rss_bytes: resources::peak_rss_bytes(),
        threads: site.threads,
    };
    let stored = save(job, site, &outputs, &provenance, &monitor.take_log(), scratch.folder());
    scratch.remove();
    let stored = stored.map_err(|e| NodeError::Failed(e.to_string()))?;
    site.store.note_duration(job.node.info().kind, wall_s);
    Ok(Finished { stored, wall_s, cpu_s })
}

fn compute(
    job: &Job,
    site: &Site,
    monitor: &Arc<TaskMonitor>,
    scratch: &ScratchFolder,
) -> Result<(Outputs, super::Params), NodeError> {
    let inputs = load_inputs(&site.store, &site.memo, &job.inputs)?;
    let context = RunContext {
        seed: job.seed,
        monitor: monitor.clone(),
        scratch_folder: Some(scratch.folder().to_owned()),
        base_folder: site.base_folder.clone(),
        coordinate: job.task.coordinate.clone(),
    };
    let call = || {
        caught(|| {
            let params = job.node.resolve(&job.prepared.params, &inputs)?;
            let outputs = if job.fit {
                job.node.fit(&params, &inputs, &context)
            } else {
                job.node.run(&params, &inputs, &context)
            };
            Ok((outputs?, params))
        })
    };
    // Who waits for another program holds no thread that could compute.
    let waits = matches!(job.node.info().work, super::Work::Task(super::TaskClass::Command));
    match &site.pool {
        Some(pool) if !waits => pool.install(call),
        _ => call(),
    }
}

/// Outputs must be those that were declared.
fn check_outputs(job: &Job, params: &super::Params, outputs: &Outputs) -> Result<(), NodeError> {
    if job.fit {
        return Ok(());
    }
    let kind = job.node.info().kind;
    let ports = job.node.outputs(params);
    let wrong = |message: String| {
        Err(NodeError::Failed(format!("{message}. This is a fault of the node {kind}; please report it.")))
    };
    for (name, output) in &outputs.0 {
        let Some(port) = ports.iter().find(|p| p.name == name) else {
            return wrong(format!("a result for an output \"{name}\" that was not declared"));
        };
        let mut types = match output {
            Output::One(value) => vec![value.port_type()],
            Output::Many(items) => items.iter().map(|(_, value)| value.port_type()).collect(),
            Output::Own(_) => {
                return wrong(format!("output \"{name}\" names its items itself and is stored"));
            }
        };
        types.retain(|t| *t != port.port_type);
        if let Some(found) = types.first() {
            return wrong(format!("output \"{name}\" gives {}, not {found}", port.port_type));
        }
    }
    match ports.iter().find(|p| !outputs.0.contains_key(p.name)) {
        Some(port) => wrong(format!("no result for the output \"{}\"", port.name)),
        None => Ok(()),
    }
}

fn save(
    job: &Job,
    site: &Site,
    outputs: &Outputs,
    provenance: &Provenance,
    log: &str,
    scratch: &Path,
) -> Result<Stored, StoreError> {
    let draft: Draft = site.store.begin(&job.key)?;
    let folder: &Path = draft.folder();
    let entries = store::save_outputs(folder, outputs, scratch)?;
    store::write_json(&folder.join("provenance.json"), provenance)?;
    store::write(&folder.join("pipeline.ron"), site.document.as_bytes())?;
    store::write(&folder.join("log.txt"), log.as_bytes())?;
    let written = |path: &std::path::PathBuf| WrittenEntry {
        path: path.clone(),
        fingerprint: site.store.fingerprint(path),
    };
    let manifest = Manifest {
        kind: job.node.info().kind.to_owned(),
        outputs: entries,
        writes: job.writes.iter().map(written).collect(),
        ..Manifest::default()
    };
    // A result whose files for the user were gone is there already and is replaced.
    draft.commit(manifest, provenance.wall_s, !job.writes.is_empty())
}
