//! Recordings one after the other.

use crate::{
    engine::chain,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, Value, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// There is nothing to set: recordings follow one another in the order of their coordinates and wires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConcatenateParams {}

/// Joins a collection of recordings into one of a single segment.
pub struct Concatenate;

impl Node for Concatenate {
    type Params = ConcatenateParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "concatenate",
        label: "Concatenate",
        summary: "Joins recordings of the same channels one after the other into a single segment.",
        source: "SpikeInterface concatenate_recordings",
        category: Category::Shape,
        search: &["concatenate_recordings", "append", "join", "merge sessions"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording).many()],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn run(&self, _: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let mut recordings = Vec::new();
        for (coordinate, value) in inputs.many("recording") {
            match value {
                Value::Recording(recording) => recordings.push(recording.clone()),
                other => {
                    return Err(NodeError::Input(format!(
                        "input \"recording\" takes Recording, not {} ({coordinate})",
                        other.port_type()
                    )));
                }
            }
        }
        if recordings.is_empty() {
            return Err(NodeError::Input("input \"recording\" is not connected".into()));
        }
        Ok(Outputs::one("recording", chain::concatenate(&recordings)?))
    }
}
