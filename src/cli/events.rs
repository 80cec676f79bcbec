//! Events of a run as JSON, one a line.

use crate::{
    engine::Preview,
    pipeline::{Event, EventKind, RunStatus, TaskId},
};
use serde_json::{Map, Value as Json, json};

/// One event as a flat JSON object: `event`, `run`, `at_s`, then `node` and `coordinate` where it is about a task.
pub fn to_json(event: &Event) -> Json {
    let (name, task, mut fields) = parts(&event.kind);
    let mut line = Map::new();
    line.insert("event".into(), name.into());
    line.insert("run".into(), event.run.0.into());
    line.insert("at_s".into(), json!(event.at_s));
    if let Some(task) = task {
        line.insert("node".into(), task.node.clone().into());
        line.insert("coordinate".into(), json!(task.coordinate));
    }
    if let Some(fields) = fields.as_object_mut() {
        line.append(fields);
    }
    Json::Object(line)
}

/// The only line of a run that could not be started: why, in the form of its last line.
pub fn not_started(message: &str) -> Json {
    json!({
        "event": "run_finished",
        "status": RunStatus::Failed,
        "tasks": 0,
        "cached": 0,
        "results": {},
        "message": message,
    })
}

/// The last line of a run that did not stop in time and was left.
pub fn cut_short(tasks: usize, cached: usize) -> Json {
    json!({
        "event": "run_finished",
        "status": RunStatus::Cancelled,
        "tasks": tasks,
        "cached": cached,
        "results": {},
    })
}

fn parts(kind: &EventKind) -> (&'static str, Option<&TaskId>, Json) {
    match kind {
        EventKind::RunStarted { tasks } => ("run_started", None, json!({"tasks": tasks})),
        EventKind::Queued { task } => ("queued", Some(task), json!({})),
        EventKind::Cached { task, folder } => ("cached", Some(task), json!({"folder": folder})),
        EventKind::Started { task } => ("started", Some(task), json!({})),
        EventKind::Progress { task, stage, done, total, share, remaining_s } => (
            "progress",
            Some(task),
            json!({"stage": stage, "done": done, "total": total, "share": share, "remaining_s": remaining_s}),
        ),
        EventKind::Log { task, warning, line } => {
            ("log", Some(task), json!({"level": if *warning { "warning" } else { "info" }, "line": line}))
        }
        EventKind::Preview { task, preview } => ("preview", Some(task), preview_fields(preview)),
        EventKind::Finished { task, folder, wall_s, cpu_s } => {
            ("finished", Some(task), json!({"folder": folder, "wall_s": wall_s, "cpu_s": cpu_s}))
        }
        EventKind::Failed { task, message } => ("failed", Some(task), json!({"message": message})),
        EventKind::Cancelled { task, reason, .. } => ("cancelled", Some(task), json!({"reason": reason})),
        EventKind::RunFinished { status, tasks, cached, results } => (
            "run_finished",
            None,
            json!({"status": status, "tasks": tasks, "cached": cached, "results": results}),
        ),
    }
}

/// Sizes of what there is to see; the values themselves are for views.
fn preview_fields(preview: &Preview) -> Json {
    match preview {
        Preview::Peaks(peaks) => json!({"what": "peaks", "num_peaks": peaks.len()}),
        Preview::Counts { num_spikes, num_units } => {
            json!({"what": "counts", "num_spikes": num_spikes, "num_units": num_units})
        }
        Preview::Templates(templates) => json!({"what": "templates", "num_units": templates.num_units()}),
    }
}
