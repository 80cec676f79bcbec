//! Subtract what channels have in common.

use crate::{
    engine::reference_set::{CommonReferenceParams, Reference},
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, Work, named_channels,
    },
};
use serde_json::{Value as Json, json};

/// Common median or average reference.
pub struct CommonReference;

impl Node for CommonReference {
    type Params = CommonReferenceParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "common_reference",
        label: "Common reference",
        summary: "Subtracts the median or mean of all, of grouped or of neighbouring channels at each sample.",
        source: "SpikeInterface common_reference",
        category: Category::Preprocess,
        search: &["cmr", "car", "median", "average", "re-reference", "common_reference"],
        version: 2,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, params: &Self::Params) -> Vec<Act> {
        match params.reference {
            Reference::Local => vec![Act::References, Act::NeedsProbe { above: 1 }],
            Reference::Global | Reference::Single => vec![Act::References],
        }
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: &str| {
            problems.push(ParamProblem { field: field.into(), message: message.into() })
        };
        let grouped = params.by_group || params.groups.is_some();
        match params.reference {
            Reference::Single if params.ref_channel_ids.is_empty() => {
                problem("ref_channel_ids", "a single reference needs the name of its channel");
            }
            Reference::Single if !grouped && params.ref_channel_ids.len() > 1 => {
                problem("ref_channel_ids", "a single reference is one channel; choose global for several");
            }
            Reference::Global if grouped && !params.ref_channel_ids.is_empty() => {
                problem(
                    "ref_channel_ids",
                    "groups take their reference from their own channels; leave this empty",
                );
            }
            Reference::Local if grouped => {
                problem("reference", "a local reference has no groups; turn by_group and groups off");
            }
            _ => {}
        }
        if params.by_group && params.groups.is_some() {
            problem("groups", "give the groups here or turn by_group on, not both");
        }
        let [inner, outer] = params.local_radius;
        if !(0.0 <= inner && inner < outer) {
            problem(
                "local_radius",
                "the first distance must be smaller than the second, and neither negative",
            );
        }
        problems
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        let local = params.reference == Reference::Local;
        let mut arguments = vec![from.to_owned()];
        if params.by_group {
            arguments.push(format!("groups=list(channel_groups({from}).values())"));
        } else if let Some(groups) = &params.groups {
            let groups: Vec<String> = groups.iter().map(|ids| named_channels(from, ids)).collect();
            arguments.push(format!("groups=[{}]", groups.join(", ")));
        }
        if !params.ref_channel_ids.is_empty() {
            arguments.push(format!("ref_channel_ids={}", named_channels(from, &params.ref_channel_ids)));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let named = [
            ("reference", json!(params.reference)),
            ("operator", json!(params.operator)),
            ("local_radius", if local { json!(params.local_radius) } else { Json::Null }),
            ("min_local_neighbors", if local { json!(params.min_local_neighbors) } else { Json::Null }),
            ("dtype", json!("float32")),
        ];
        Some(PythonStep::call(to, "spre.common_reference", &arguments, &named))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        Ok(Outputs::one("recording", recording.with_stage(params.stage(recording.info())?)?))
    }
}
