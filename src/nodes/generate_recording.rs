//! A recording whose spikes are all known.

use crate::{
    data::Recording,
    engine::synthetic::{GenerateParams, SyntheticSource, truth},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, RunContext,
        TaskClass, Value, Work,
    },
};
use std::sync::Arc;

/// Makes a recording from model neurons and noise, and the truth about it.
pub struct GenerateRecording;

impl Node for GenerateRecording {
    type Params = GenerateParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "generate_recording",
        label: "Generate recording",
        summary: "Makes a recording from model neurons and noise, whose spikes are all known.",
        source: "SpikeInterface generate_ground_truth_recording; own physical model",
        category: Category::Source,
        search: &[
            "synthetic",
            "simulate",
            "ground truth",
            "demo",
            "generate_ground_truth_recording",
            "toy_example",
        ],
        version: 4,
        work: Work::FitThenLazy(TaskClass::Other),
        inputs: &[],
        outputs: &[Port::new("recording", PortType::Recording), Port::new("truth", PortType::Sorting)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let problem = |(field, message): (&str, String)| ParamProblem { field: field.into(), message };
        params.problems().into_iter().map(problem).collect()
    }

    fn fit(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        if let Some((field, message)) = params.problems().into_iter().next() {
            return Err(NodeError::Input(format!("{field}: {message}")));
        }
        Ok(Outputs::one("truth", truth(params, context.seed)))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let Value::Sorting(truth) = inputs.fit("truth")? else {
            return Err(NodeError::Failed("the stored truth is not a sorting".into()));
        };
        let source = SyntheticSource::new(params, context.seed, truth.clone())?;
        Ok(Outputs::one("recording", Recording::new(Arc::new(source)))
            .and("truth", Value::Sorting(truth.clone())))
    }
}
