//! Open events on disk.

use crate::{
    io,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Work, called, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Where the events are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadEventsParams {
    /// A .csv or .tsv table, .npy or .npz arrays, or an Open Ephys TTL folder. A relative path starts at the folder of
    /// the pipeline.
    #[schemars(extend("path" = "open", "label" = "File or folder"))]
    pub path: PathBuf,
    /// Samples per second of the recording, where events are given as samples.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "Hz", "soft" = [10_000.0, 40_000.0]))]
    pub sampling_frequency: Option<f64>,
    /// Time of the recording's first sample on the clock of the events, which is subtracted.
    #[schemars(extend("unit" = "s", "advanced" = true, "label" = "Start of the recording"))]
    pub t_start: f64,
}

impl Default for ReadEventsParams {
    fn default() -> Self {
        Self { path: PathBuf::new(), sampling_frequency: None, t_start: 0.0 }
    }
}

/// Opens stimuli, triggers and marks.
pub struct ReadEvents;

impl Node for ReadEvents {
    type Params = ReadEventsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "read_events",
        label: "Read events",
        summary: "Opens stimuli, triggers or marks: a table, numpy arrays or an Open Ephys TTL folder.",
        source: "SpikeInterface NumpyEvent",
        category: Category::Source,
        search: &["open", "load", "stimulus", "trigger", "ttl", "marks", "times", "csv", "npz", "import"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[],
        outputs: &[Port::new("events", PortType::Events)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let mut problems = ParamProblem::where_no_path(
            &params.path,
            "no file is chosen: name a table of times, such as \"stimuli.csv\"",
        );
        if !params.t_start.is_finite() {
            problems
                .push(ParamProblem { field: "t_start".into(), message: "a time in seconds expected".into() });
        }
        problems
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        vec![base.join(&params.path)]
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        // SpikeInterface has no form of its own for events with lengths and names: they are a table.
        let found = io::events::columns(&names.place(&params.path))?;
        let (time, rate) = match (found.time, found.sample, params.sampling_frequency) {
            (Some(time), ..) => (time, 1.0),
            (None, Some(sample), Some(rate)) => (sample, rate),
            _ => return None,
        };
        let told = [literal(&time), literal(rate), literal(params.t_start)].join(", ");
        let others = [
            ("duration", json!(found.duration)),
            ("stop", json!(found.stop)),
            ("label", json!(found.label)),
            ("segment", json!(found.segment)),
        ];
        let read = called("read_events", &[&names.path(&params.path), &told], &others);
        Some(PythonStep::default().and(format!("{} = {read}", names.output("events"))))
    }

    fn run(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let mut events = io::events::read(&context.path(&params.path), params.sampling_frequency)?;
        for event in &mut events.events {
            event.time_s -= params.t_start;
        }
        Ok(Outputs::one("events", events))
    }
}
