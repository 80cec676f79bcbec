//! A real recording with known spikes in it.

use crate::{
    data::Recording,
    engine::synthetic::{HybridParams, HybridSource, hybrid_truth, hybrid_units},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, RunContext,
        TaskClass, Value, Work,
    },
};
use std::sync::Arc;

/// Puts units of a recording back into it at other times and contacts, and tells the truth about them.
pub struct GenerateHybridRecording;

impl Node for GenerateHybridRecording {
    type Params = HybridParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "generate_hybrid_recording",
        label: "Generate hybrid",
        summary: "Puts units of a recording back into it at other times and contacts; the truth is about them alone.",
        source: "SpikeInterface generate_hybrid_recording; Rossant et al. 2016",
        category: Category::Source,
        search: &["hybrid", "ground truth", "inject", "InjectTemplatesRecording", "validate"],
        version: 1,
        work: Work::FitThenLazy(TaskClass::Other),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("templates", PortType::Templates)],
        outputs: &[Port::new("recording", PortType::Recording), Port::new("truth", PortType::Sorting)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let problem = |(field, message): (&str, String)| ParamProblem { field: field.into(), message };
        params.problems().into_iter().map(problem).collect()
    }

    fn fit(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        if let Some((field, message)) = params.problems().into_iter().next() {
            return Err(NodeError::Input(format!("{field}: {message}")));
        }
        let (recording, templates) = (inputs.recording("recording")?, inputs.templates("templates")?);
        let units = hybrid_units(recording.info(), templates, params, context.seed)?;
        Ok(Outputs::one("truth", hybrid_truth(recording.info(), templates, &units, params, context.seed)))
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
        let (recording, templates) = (inputs.recording("recording")?, inputs.templates("templates")?);
        let units = hybrid_units(recording.info(), templates, params, context.seed)?;
        let source = HybridSource::new(recording, templates, units, truth.clone())?;
        Ok(Outputs::one("recording", Recording::new(Arc::new(source)))
            .and("truth", Value::Sorting(truth.clone())))
    }
}
