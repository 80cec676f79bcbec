//! How long each stage took.

use crate::engine::{EngineError, Monitor};
use std::time::Instant;

/// Time of one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageTiming {
    /// Name of the stage.
    pub name: String,
    /// Time that passed, in seconds.
    pub wall_s: f64,
    /// Processor time of the whole process meanwhile, in seconds; where the system does not tell, `wall_s`.
    pub cpu_s: f64,
}

/// Times stages one after the other.
#[derive(Debug, Default)]
pub struct Stopwatch {
    /// What was timed so far.
    pub stages: Vec<StageTiming>,
}

impl Stopwatch {
    /// Announces a stage, runs it and notes its time.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn time<T>(
        &mut self,
        name: &str,
        monitor: &dyn Monitor,
        work: impl FnOnce() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        monitor.stage(name);
        let (start, cpu) = (Instant::now(), process_cpu_s());
        let result = work()?;
        let wall_s = start.elapsed().as_secs_f64();
        let cpu_s = match (cpu, process_cpu_s()) {
            (Some(before), Some(after)) => after - before,
            _ => wall_s,
        };
        self.stages.push(StageTiming { name: name.to_owned(), wall_s, cpu_s });
        Ok(result)
    }
}

/// Processor time of this process in seconds, where the system tells without unsafe calls.
fn process_cpu_s() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields after the name, which may hold spaces and ends with the last parenthesis.
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    // Linux counts in hundredths of a second here on every platform Rust supports.
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
