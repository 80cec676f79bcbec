//! Remove one frequency.

use crate::{
    data::Stage,
    engine::design::notch,
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Settings of the notch filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotchFilterParams {
    /// Frequency that is removed, such as 50 or 60 Hz of the mains.
    #[schemars(range(min = 0.001, max = 100_000.0), extend("unit" = "Hz", "soft" = [10.0, 6000.0]))]
    pub freq: f64,
    /// Quality: the frequency divided by the width of what is removed.
    #[schemars(range(min = 0.1, max = 10_000.0), extend("soft" = [1.0, 100.0]))]
    pub q: f64,
}

impl Default for NotchFilterParams {
    fn default() -> Self {
        Self { freq: 3000.0, q: 30.0 }
    }
}

/// Zero-phase notch: a second-order section run forward and backward.
pub struct NotchFilter;

impl Node for NotchFilter {
    type Params = NotchFilterParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "notch_filter",
        label: "Notch filter",
        summary: "Removes a narrow band around one frequency, such as mains hum, without shifting phases.",
        source: "scipy.signal.iirnotch; SpikeInterface notch_filter",
        category: Category::Preprocess,
        search: &["mains", "hum", "50 Hz", "60 Hz", "line noise", "iirnotch"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, params: &Self::Params) -> Vec<Act> {
        vec![Act::Corner { field: "freq", hz: params.freq }]
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let named = [("freq", json!(params.freq)), ("q", json!(params.q)), ("dtype", json!("float32"))];
        let (from, to) = (names.input("recording"), names.output("recording"));
        Some(PythonStep::call(to, "spre.notch_filter", &[from], &named))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let sections = notch(params.freq, params.q, recording.info().sampling_frequency)?;
        let stage = Stage::Filter { sections, marks_filtered: false };
        Ok(Outputs::one("recording", recording.with_stage(stage)?))
    }
}
