//! One task, from its inputs to its result in the store.

use super::{
    Manifest, NodeError, Output, Outputs, RunContext, Store, StoreError,
    evaluate::Job,
    evaluate_item::{find, load_inputs},
    feed::TaskMonitor,
    memo::{Memo, caught},
    provenance::Provenance,
    resources::{self, CpuMeter},
    store::{self, Draft, ScratchFolder, Stored, WrittenEntry},
};
use crate::data::Notice;
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
    /// True where another process made it meanwhile.
    pub found: bool,
    pub wall_s: f64,
    pub cpu_s: f64,
}

/// Runs a claimed job to its end; a panic of the node is an error.
pub(super) fn run(
    job: &Job,
    site: &Site,
    monitor: &Arc<TaskMonitor>,
    scratch: ScratchFolder,
    ingredients: Provenance,
) -> Result<Finished, NodeError> {
    let began = Instant::now();
    let started = resources::now_utc();
    // Another process may have been faster.
    if let Some(stored) = find(&site.store, job) {
        return Ok(Finished { stored, found: true, wall_s: 0.0, cpu_s: 0.0 });
    }
    let meter = site.meter.begin();
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
    let stages = monitor.take_stages();
    site.store.note_stages(job.node.info().kind, job.fit, monitor.take_visits());
    let provenance = Provenance {
        params,
        started,
        ended: resources::now_utc(),
        wall_s,
        cpu_s,
        stages,
        peak_rss_bytes: resources::peak_rss_bytes().max(monitor.memory_of_programs()),
        tools: monitor.take_tools(),
        ..ingredients.here(site.threads)
    };
    let said = (monitor.take_log(), monitor.take_warnings());
    let stored = save(job, site, &outputs, &provenance, said, scratch.folder());
    scratch.remove();
    let stored = stored?;
    site.store.note_duration(job.node.info().kind, wall_s);
    Ok(Finished { stored, found: false, wall_s, cpu_s })
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
        notes_folder: Some(site.store.notes_folder()),
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
            Output::Written(_) => vec![super::PortType::Recording],
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
    (log, warnings): (String, Vec<Notice>),
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
        warnings: Some(warnings),
        wall_s: Some(provenance.wall_s),
        ..Manifest::default()
    };
    // A result whose files for the user were gone is there already and is replaced.
    draft.commit(manifest, provenance.wall_s, !job.writes.is_empty())
}
