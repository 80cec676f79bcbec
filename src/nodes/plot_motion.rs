//! How the tissue moves, drawn.

use crate::{
    figures,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Drawing a motion has no settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlotMotionParams {}

/// Draws the motion of each depth over time, on top of the spikes where they are given.
pub struct PlotMotion;

impl Node for PlotMotion {
    type Params = PlotMotionParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "plot_motion",
        label: "Plot motion",
        summary: "Draws the estimated motion of each depth over time, over the depths of spikes or peaks.",
        source: "SpikeInterface plot_motion",
        category: Category::Look,
        search: &["figure", "drift", "displacement", "plot_motion", "depth"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[
            Port::new("motion", PortType::Motion),
            Port::new("sorting", PortType::Sorting).optional(),
            Port::new("peaks", PortType::Peaks).optional(),
        ],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn run(&self, _: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let points = super::depths::points(inputs)?.unwrap_or_default();
        let figure = figures::motion(&points, inputs.motion("motion")?)
            .map_err(|error| NodeError::Input(error.to_string()))?;
        Ok(Outputs::one("figure", figure))
    }
}
