//! Multiply and add.

use crate::{
    data::Stage,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Factor and offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScaleParams {
    /// Factor of every sample. The recording's own gain to µV stays as it is, so amplitudes in µV change too.
    pub gain: f64,
    /// Added to every sample after the factor, in units of the recording.
    pub offset: f64,
    /// Turn samples into µV by the recording's own gains and offsets first.
    #[schemars(extend("label" = "To µV"))]
    pub to_uv: bool,
}

impl Default for ScaleParams {
    fn default() -> Self {
        Self { gain: 1.0, offset: 0.0, to_uv: false }
    }
}

/// Scales all channels alike, after turning them into µV where asked.
pub struct Scale;

impl Node for Scale {
    type Params = ScaleParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "scale",
        label: "Scale",
        summary: "Multiplies every sample by a factor and adds an offset, or turns samples into µV.",
        source: "SpikeInterface scale, scale_to_uV",
        category: Category::Preprocess,
        search: &["gain", "multiply", "scale_to_uV", "microvolt", "invert", "offset"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        let named = [("gain", json!(params.gain)), ("offset", json!(params.offset))];
        Some(match params.to_uv {
            true => PythonStep::call(to, "spre.scale_to_uV", &[from], &[]).and_call(
                to,
                "spre.scale",
                &[to],
                &named,
            ),
            false => PythonStep::call(to, "spre.scale", &[from], &named),
        })
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let mut out = recording.clone();
        if params.to_uv {
            let info = recording.info();
            let (Some(gain), Some(offset)) = (info.gain_to_uv.clone(), info.offset_to_uv.clone()) else {
                return Err(NodeError::Input(
                    "the gain of this recording is unknown: set gain_to_uv and offset_to_uv on the reader, or turn \
                     to_uv off"
                        .into(),
                ));
            };
            out = out.with_stage(Stage::Scale { gain, offset, changes_uv: false })?;
        }
        let n = recording.info().num_channels();
        if params.gain != 1.0 || params.offset != 0.0 || !params.to_uv {
            out = out.with_stage(Stage::Scale {
                gain: vec![params.gain; n],
                offset: vec![params.offset; n],
                changes_uv: true,
            })?;
        }
        Ok(Outputs::one("recording", out))
    }
}
