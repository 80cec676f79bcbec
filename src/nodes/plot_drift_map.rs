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
        let points = match (inputs.optional_peaks("peaks")?, inputs.optional_sorting("sorting")?) {
            (Some(peaks), _) => figures::peaks_of(peaks).ok_or_else(|| {
                NodeError::Input("the peaks have no locations: put Localize peaks before this node".into())
            })?,
            (None, Some(sorting)) => figures::spikes_of(sorting).ok_or_else(|| {
                NodeError::Input("the spikes have no locations: put Spike locations before this node".into())
            })?,
            (None, None) => {
                return Err(NodeError::Input("connect a sorting or peaks to draw".into()));
            }
        };
        let figure = figures::drift_map(&points).map_err(|error| NodeError::Input(error.to_string()))?;
        Ok(Outputs::one("figure", figure))
    }
}
