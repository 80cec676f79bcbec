//! Depth of spikes over time, drawn.

use crate::{
    figures,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Drawing a drift map has no settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlotDriftMapParams {}

/// Draws the depth of spikes or peaks over time.
pub struct PlotDriftMap;

impl Node for PlotDriftMap {
    type Params = PlotDriftMapParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "plot_drift_map",
        label: "Plot drift map",
        summary: "Draws the depth of spikes or of peaks over time, larger ones darker.",
        source: "SpikeInterface plot_drift_raster_map",
        category: Category::Look,
        search: &["figure", "motion", "raster map", "plot_drift_raster_map", "depth"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[
            Port::new("sorting", PortType::Sorting).optional(),
            Port::new("peaks", PortType::Peaks).optional(),
        ],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn run(&self, _: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let points = super::depths::points(inputs)?
            .ok_or_else(|| NodeError::Input("connect a sorting or peaks to draw".into()))?;
        let figure = figures::drift_map(&points).map_err(|error| NodeError::Input(error.to_string()))?;
        Ok(Outputs::one("figure", figure))
    }
}
