//! Undo the sampling delay of multiplexed converters.

use crate::{
    data::{Notice, Remedy, Stage},
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How channels are aligned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PhaseShiftParams {
    /// Delay of each channel in samples, from 0 to 1. Auto takes what the file or probe says.
    #[schemars(extend("auto" = true, "advanced" = true))]
    pub inter_sample_shift: Option<Vec<f64>>,
}

/// Moves each channel by its own fraction of a sample.
pub struct PhaseShift;

impl Node for PhaseShift {
    type Params = PhaseShiftParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "phase_shift",
        label: "Phase shift",
        summary: "Moves each channel by a fraction of a sample, as if all had been sampled at once.",
        source: "SpikeInterface phase_shift; International Brain Laboratory 2022",
        category: Category::Preprocess,
        search: &["inter_sample_shift", "adc", "multiplex", "neuropixels", "align", "delay"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::ShiftsPhase]
    }

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let info = inputs.recording("recording")?.info();
        let shifts = match &params.inter_sample_shift {
            Some(shifts) => shifts.clone(),
            None if info.inter_sample_shift.is_empty() => {
                let words = "the recording does not say how its channels are multiplexed: take this node out, or give \
                             the delay of each channel in inter_sample_shift";
                return Err(NodeError::Mendable(Notice::from(words).mended_by(Remedy::TakeOut)));
            }
            None => info.inter_sample_shift.clone(),
        };
        if shifts.len() != info.num_channels() {
            return Err(NodeError::Input(format!(
                "inter_sample_shift: {} delays for {} channels; give one for each",
                shifts.len(),
                info.num_channels()
            )));
        }
        Ok(PhaseShiftParams { inter_sample_shift: Some(shifts) })
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let named = [("inter_sample_shift", json!(params.inter_sample_shift)), ("dtype", json!("float32"))];
        let (from, to) = (names.input("recording"), names.output("recording"));
        Some(PythonStep::call(to, "spre.phase_shift", &[from], &named))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let shifts = self.resolve(params, inputs)?.inter_sample_shift.unwrap_or_default();
        Ok(Outputs::one("recording", recording.with_stage(Stage::PhaseShift { shifts })?))
    }
}
