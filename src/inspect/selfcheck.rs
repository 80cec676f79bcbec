//! Whether this computer sorts as it should: a small recording with a known truth is made, sorted and scored.

use crate::{
    data::Table,
    pipeline::{
        Coordinate, Document, EventKind, Executor, Limits, Look, Registry, RunOptions, RunStatus, Store,
        Value,
    },
};
use serde::Serialize;
use std::{path::Path, time::Instant};

/// What is sorted: the quick start, whose demo knows its true spikes.
const PIPELINE: &str = include_str!("../../pipelines/quickstart.ron");
/// Its nodes.
const RECORDING: &str = "demo.recording";
const SORT: &str = "sort";
const COMPARE: &str = "compare";

/// Mean accuracy from which on all is well.
pub const EXPECTED_ACCURACY: f64 = 0.9;
/// Times faster than the recording from which on all is well.
pub const EXPECTED_SPEED: f64 = 1.0;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelfCheck {
    /// Version of the program.
    pub version: &'static str,
    /// Threads that computed.
    pub threads: usize,
    /// Channels of the recording.
    pub num_channels: usize,
    /// Its length in seconds.
    pub duration_s: f64,
    /// True units.
    pub num_true: usize,
    /// True units that were found with an accuracy of at least 0.8.
    pub well_detected: usize,
    /// Mean accuracy over the true units, spike by spike.
    pub accuracy: f64,
    /// Wall-clock seconds of the sort.
    pub sort_s: f64,
    /// Processor seconds of the sort.
    pub sort_cpu_s: f64,
    /// How many times faster than the recording lasts the sort was.
    pub speed: f64,
    /// Wall-clock seconds of the whole check.
    pub wall_s: f64,
}

impl SelfCheck {
    /// True where accuracy and speed are as expected.
    pub fn is_well(&self) -> bool {
        self.verdicts().iter().all(|(_, is_well)| *is_well)
    }

    /// What was looked at, in words, and whether it is as expected.
    pub fn verdicts(&self) -> Vec<(String, bool)> {
        let Self { num_true, well_detected, accuracy, speed, .. } = self;
        vec![
            (
                format!("{well_detected} of {num_true} units found, at least all but one expected"),
                well_detected + 1 >= *num_true,
            ),
            (
                format!("mean accuracy {accuracy:.3}, at least {EXPECTED_ACCURACY} expected"),
                *accuracy >= EXPECTED_ACCURACY,
            ),
            (
                format!(
                    "sorted {speed:.1} times faster than it lasts on {} thread{}, at least {EXPECTED_SPEED} expected",
                    self.threads,
                    if self.threads == 1 { "" } else { "s" }
                ),
                *speed >= EXPECTED_SPEED,
            ),
        ]
    }
}

/// Makes, sorts and scores the recording in a store of its own under `folder`, which must be empty. `tell` hears
/// what is done, with the share of the whole.
///
/// # Errors
/// Where something fails: says which step, and why.
pub fn self_check(
    registry: &Registry,
    folder: &Path,
    limits: Limits,
    tell: impl Fn(&str, f32),
    cancelled: impl Fn() -> bool,
) -> Result<SelfCheck, String> {
    let start = Instant::now();
    let threads = limits.threads;
    let store = Store::open(folder).map_err(|error| error.to_string())?;
    let executor = Executor::new(registry.clone(), store, limits);
    let opened = Document::parse(PIPELINE, "self-check", registry).map_err(|error| error.to_string())?;
    let pipeline = opened.pipeline;
    let until = Some(COMPARE.to_owned());
    let run =
        executor.start(&pipeline, RunOptions { until, title: "self-check".into(), ..RunOptions::default() });
    let (mut failed, mut sort_cost, mut done, mut tasks) = (None, None, 0, 1);
    for event in &run.events {
        match event.kind {
            EventKind::RunStarted { tasks: count } => tasks = count.max(1),
            EventKind::Started { task } => tell(&task.node, done as f32 / tasks as f32),
            EventKind::Progress { task, share: Some(share), .. } => {
                tell(&task.node, (done as f32 + share) / tasks as f32);
            }
            EventKind::Finished { task, wall_s, cpu_s, .. } => {
                done += 1;
                if task.node == SORT {
                    sort_cost = Some((wall_s, cpu_s));
                }
            }
            EventKind::Failed { task, message } => failed = Some(format!("{}: {message}", task.node)),
            _ => {}
        }
        if cancelled() {
            run.cancel();
        }
    }
    match (run.wait(), failed) {
        (RunStatus::Ok, None) => {}
        (RunStatus::Cancelled, _) => return Err("stopped".into()),
        (_, failed) => return Err(failed.unwrap_or_else(|| "the run did not succeed".into())),
    }
    let value = |end: &str| match executor.look(&pipeline, Path::new(""), end) {
        Ok(Look::Ready(items)) => items.into_iter().next().map(|(_, value): (Coordinate, Value)| value),
        _ => None,
    };
    let (Some(Value::Recording(recording)), Some(Value::Table(table))) =
        (value(RECORDING), value(&format!("{COMPARE}.table")))
    else {
        return Err("what the run made cannot be read".into());
    };
    let accuracies = accuracies(&table);
    let (sort_s, sort_cpu_s) = sort_cost.ok_or("nothing was sorted")?;
    let duration_s = recording.info().duration_s();
    Ok(SelfCheck {
        version: env!("CARGO_PKG_VERSION"),
        threads,
        num_channels: recording.info().num_channels(),
        duration_s,
        num_true: accuracies.len(),
        well_detected: accuracies.iter().filter(|accuracy| **accuracy >= 0.8).count(),
        accuracy: accuracies.iter().sum::<f64>() / accuracies.len().max(1) as f64,
        sort_s,
        sort_cpu_s,
        speed: duration_s / sort_s.max(1e-9),
        wall_s: start.elapsed().as_secs_f64(),
    })
}

fn accuracies(table: &Table) -> Vec<f64> {
    let column = table.column("accuracy");
    column
        .map_or_else(Vec::new, |column| (0..table.num_rows()).filter_map(|row| column.number(row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_expected_is_said() {
        let well = SelfCheck {
            version: "1",
            threads: 2,
            num_channels: 32,
            duration_s: 60.0,
            num_true: 12,
            well_detected: 12,
            accuracy: 0.98,
            sort_s: 6.0,
            sort_cpu_s: 10.0,
            speed: 10.0,
            wall_s: 12.0,
        };
        assert!(well.is_well());
        for worse in [
            SelfCheck { well_detected: 10, ..well.clone() },
            SelfCheck { accuracy: 0.7, ..well.clone() },
            SelfCheck { speed: 0.5, ..well.clone() },
        ] {
            assert!(!worse.is_well());
            assert_eq!(worse.verdicts().iter().filter(|(_, is_well)| !is_well).count(), 1);
        }
    }
}
