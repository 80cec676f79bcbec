//! A recording whose spikes are all known.

use crate::{
    data::Recording,
    engine::synthetic::{GenerateParams, SyntheticSource, truth},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Value, Work, literal,
    },
};
use serde_json::Value as Json;
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

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (recording, truth) = (names.output("recording"), names.output("truth"));
        let folder = format!("{recording}_folder");
        let mut arguments =
            vec!["spikeloom_sorter.program()".to_owned(), literal("generate"), folder.clone()];
        let json = |params: &Self::Params| serde_json::to_value(params).unwrap_or_default();
        let (set, usual) = (json(params), json(&GenerateParams::default()));
        for (name, value) in set
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, value)| usual[*name] != **value || names.is_swept(name))
        {
            // As RON has them: ranges are tuples, choices are bare words.
            let value = match value {
                Json::String(word) => word.clone(),
                Json::Array(items) => {
                    let items: Vec<String> = items.iter().map(Json::to_string).collect();
                    format!("({})", items.join(", "))
                }
                other => other.to_string(),
            };
            arguments.extend([literal("--set"), literal(format!("{name}={value}"))]);
        }
        if names.seed() != 0 {
            arguments.extend([literal("--seed"), literal(names.seed().to_string())]);
        }
        let step = PythonStep::default()
            .and(format!("{folder} = {} / \"made\"", names.work_folder(recording)))
            .and(format!("subprocess.run([{}], check=True)", arguments.join(", ")))
            .and(format!("{recording} = si.load({folder} / \"recording\")"))
            .and(format!("{truth} = si.load({folder} / \"truth\")"));
        Some(step.noted("SpikeInterface's generator makes other spikes: the program makes these."))
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
