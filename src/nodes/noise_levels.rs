//! The noise of each channel.

use crate::{
    engine::{
        chain,
        noise::{self, Chunks},
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is taken for the noise level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoiseMethod {
    /// Median absolute deviation over 0.6745: not moved by spikes.
    #[default]
    Mad,
    /// Standard deviation.
    Std,
    /// Root of the mean square.
    Rms,
}

/// Settings of the estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoiseLevelsParams {
    /// What is taken for the noise level.
    pub method: NoiseMethod,
    /// Chunks of data drawn at random from each segment.
    #[schemars(range(min = 1, max = 10_000), extend("soft" = [5, 100], "advanced" = true))]
    pub num_chunks_per_segment: usize,
    /// Length of a chunk.
    #[schemars(range(min = 1.0, max = 60_000.0), extend("unit" = "ms", "soft" = [100.0, 2000.0], "advanced" = true))]
    pub chunk_duration_ms: f64,
}

impl Default for NoiseLevelsParams {
    fn default() -> Self {
        Self { method: NoiseMethod::Mad, num_chunks_per_segment: 20, chunk_duration_ms: 500.0 }
    }
}

/// Estimates the noise level of each channel from random chunks.
pub struct NoiseLevels;

impl Node for NoiseLevels {
    type Params = NoiseLevelsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "noise_levels",
        label: "Noise levels",
        summary: "Estimates the noise level of each channel, in units of the recording and in µV.",
        source: "SpikeInterface get_noise_levels",
        category: Category::Sort,
        search: &["get_noise_levels", "mad", "std", "sigma", "threshold"],
        version: 2,
        work: Work::Task(TaskClass::Traces),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("noise", PortType::Noise)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let chunks = format!(
            "random_slices_kwargs=dict(num_chunks_per_segment={}, chunk_duration=\"{}ms\", seed={})",
            params.num_chunks_per_segment,
            params.chunk_duration_ms,
            names.seed()
        );
        let named = [("return_in_uV", json!(false)), ("method", json!(params.method))];
        let (from, to) = (names.input("recording"), names.output("noise"));
        Some(PythonStep::call(to, "si.get_noise_levels", &[from, &chunks], &named))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let method = match params.method {
            NoiseMethod::Mad => noise::NoiseMethod::Mad,
            NoiseMethod::Std => noise::NoiseMethod::Std,
            NoiseMethod::Rms => noise::NoiseMethod::Rms,
        };
        let chunks = Chunks {
            num_chunks_per_segment: params.num_chunks_per_segment,
            chunk_size: (params.chunk_duration_ms * 1e-3 * recording.info().sampling_frequency) as usize,
            seed: context.seed,
        };
        let levels = noise::noise_levels(&chain::compile(recording)?, method, &chunks, context)?;
        Ok(Outputs::one("noise", levels))
    }
}
