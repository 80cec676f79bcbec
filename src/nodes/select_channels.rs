//! Keep some channels of a recording, or leave some out.

use crate::{
    data::{Id, Stage},
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, Work, named_channels,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which channels to keep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SelectChannelsParams {
    /// Names of the channels to keep, in this order. Empty keeps all.
    #[schemars(with = "Vec<String>", extend("label" = "Keep"))]
    pub channel_ids: Vec<Id>,
    /// Names of the channels to leave out.
    #[schemars(with = "Vec<String>", extend("label" = "Leave out"))]
    pub remove_channel_ids: Vec<Id>,
}

/// Picks columns; nothing is read.
pub struct SelectChannels;

impl Node for SelectChannels {
    type Params = SelectChannelsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "select_channels",
        label: "Select channels",
        summary: "Keeps the named channels of a recording, in the order given, or leaves some out.",
        source: "SpikeInterface select_channels, remove_channels",
        category: Category::Shape,
        search: &["channel slice", "remove_channels", "pick", "reorder", "drop"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::LeavesOut { field: "remove_channel_ids" }]
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let kept: Vec<String> = params.channel_ids.iter().map(Id::to_string).collect();
        let both = params.remove_channel_ids.iter().map(Id::to_string).find(|id| kept.contains(id));
        both.map(|id| ParamProblem {
            field: "remove_channel_ids".into(),
            message: format!("channel \"{id}\" is both kept and left out; name it once"),
        })
        .into_iter()
        .collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        let mut from = from.to_owned();
        let mut step = PythonStep::default();
        for (function, ids) in [("select", &params.channel_ids), ("remove", &params.remove_channel_ids)] {
            if !ids.is_empty() {
                step = step.and(format!("{to} = {from}.{function}_channels({})", named_channels(&from, ids)));
                from = to.to_owned();
            }
        }
        Some(if from == to { step } else { step.and(format!("{to} = {from}")) })
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let info = recording.info();
        let removed = info.channel_indices(&params.remove_channel_ids)?;
        let mut indices = if params.channel_ids.is_empty() {
            (0..info.num_channels()).collect()
        } else {
            info.channel_indices(&params.channel_ids)?
        };
        indices.retain(|index| !removed.contains(index));
        if indices.is_empty() {
            return Err(NodeError::Input("every channel is left out; keep at least one".into()));
        }
        Ok(Outputs::one("recording", recording.with_stage(Stage::SelectChannels { indices })?))
    }
}
