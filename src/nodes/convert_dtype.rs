//! Change the number type of samples.

use crate::{
    data::{DType, Stage},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number type wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConvertDtypeParams {
    /// Number type samples are rounded and clipped to. Floats leave them as they are.
    #[schemars(extend("label" = "Number type"))]
    pub dtype: DType,
}

impl Default for ConvertDtypeParams {
    fn default() -> Self {
        Self { dtype: DType::Int16 }
    }
}

/// Rounds to the nearest (ties to even) and clips to the range of the type.
pub struct ConvertDtype;

impl Node for ConvertDtype {
    type Params = ConvertDtypeParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "convert_dtype",
        label: "Convert number type",
        summary: "Rounds and clips samples to a number type, such as 16-bit integers before saving.",
        source: "SpikeInterface astype",
        category: Category::Preprocess,
        search: &["astype", "dtype", "int16", "float32", "cast", "round"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        // SpikeInterface's steps give no unsigned numbers.
        let dtype = (!params.dtype.is_unsigned()).then(|| literal(params.dtype.name()))?;
        Some(PythonStep::default().and(format!("{to} = converted_to({from}, {dtype})")))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        Ok(Outputs::one("recording", recording.with_stage(Stage::Convert { dtype: params.dtype })?))
    }
}
