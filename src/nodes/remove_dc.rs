//! Subtract the constant offset of each channel.

use crate::{
    data::{Fit, Stage},
    engine::{
        chain,
        noise::{Center, Chunks, channel_offsets},
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Value, Work,
    },
};
use ndarray::Array1;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How the offset is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CenterMode {
    /// The median, which spikes do not move.
    #[default]
    Median,
    /// The mean.
    Mean,
}

/// Settings of the removal of offsets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveDcParams {
    /// How the offset of a channel is estimated.
    pub mode: CenterMode,
    /// Chunks of data drawn at random from each segment for the estimate.
    #[schemars(range(min = 1, max = 10_000), extend("soft" = [5, 100], "advanced" = true))]
    pub num_chunks_per_segment: usize,
    /// Length of a chunk.
    #[schemars(range(min = 1.0, max = 60_000.0), extend("unit" = "ms", "soft" = [100.0, 2000.0], "advanced" = true))]
    pub chunk_duration_ms: f64,
}

impl Default for RemoveDcParams {
    fn default() -> Self {
        Self { mode: CenterMode::Median, num_chunks_per_segment: 20, chunk_duration_ms: 500.0 }
    }
}

/// Estimates the offset of each channel once, then subtracts it from whatever is read.
pub struct RemoveDc;

impl Node for RemoveDc {
    type Params = RemoveDcParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "remove_dc",
        label: "Remove DC",
        summary: "Subtracts the constant offset of each channel, its median or mean over chunks of the data.",
        source: "SpikeInterface center",
        category: Category::Preprocess,
        search: &["center", "offset", "baseline", "mean", "median", "dc"],
        version: 2,
        work: Work::FitThenLazy(TaskClass::Traces),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn fit(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let center = match params.mode {
            CenterMode::Median => Center::Median,
            CenterMode::Mean => Center::Mean,
        };
        let chunks = Chunks {
            num_chunks_per_segment: params.num_chunks_per_segment,
            chunk_size: (params.chunk_duration_ms * 1e-3 * recording.info().sampling_frequency) as usize,
            seed: context.seed,
        };
        let offsets = channel_offsets(&chain::compile(recording)?, center, &chunks, context)?;
        let mut fit = Fit::default();
        fit.arrays.insert("offset".into(), Array1::from(offsets).into_dyn());
        Ok(Outputs::one("fit", fit))
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let named = [
            ("mode", json!(params.mode)),
            ("num_chunks_per_segment", json!(params.num_chunks_per_segment)),
            ("chunk_duration", json!(format!("{}ms", params.chunk_duration_ms))),
            ("seed", json!(names.seed())),
        ];
        let (from, to) = (names.input("recording"), names.output("recording"));
        Some(PythonStep::call(to, "spre.center", &[from], &named))
    }

    fn run(&self, _: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let Value::Fit(fit) = inputs.fit("fit")? else {
            return Err(NodeError::Failed("the estimate is no fit".into()));
        };
        let offset: Vec<f64> = fit
            .arrays
            .get("offset")
            .map(|values| values.iter().map(|value| -value).collect())
            .unwrap_or_default();
        let gain = vec![1.0; recording.info().num_channels()];
        let centered = recording.with_stage(Stage::Scale { gain, offset, changes_uv: true })?;
        // Zero is zero now, whatever the file said of its own zero.
        let mut info = centered.info().clone();
        info.offset_to_uv = info.offset_to_uv.map(|offsets| vec![0.0; offsets.len()]);
        Ok(Outputs::one("recording", centered.with_info(info)?))
    }
}
