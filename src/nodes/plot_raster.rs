//! Spikes over time, drawn.

use crate::{
    figures,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlotRasterParams {
    /// Segment that is drawn, counted from 0.
    pub segment_index: usize,
    /// Time the drawing starts at.
    #[schemars(range(min = 0.0), extend("unit" = "s"))]
    pub start_s: f64,
    /// Time it shows.
    #[schemars(range(min = 0.001), extend("unit" = "s", "soft" = [1.0, 600.0]))]
    pub duration_s: f64,
}

impl Default for PlotRasterParams {
    fn default() -> Self {
        Self { segment_index: 0, start_s: 0.0, duration_s: 30.0 }
    }
}

/// Draws the spikes of all units over time.
pub struct PlotRaster;

impl Node for PlotRaster {
    type Params = PlotRasterParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "plot_raster",
        label: "Plot raster",
        summary: "Draws the spikes of all units over time.",
        source: "SpikeInterface plot_rasters",
        category: Category::Look,
        search: &["figure", "plot_rasters", "spike trains"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let sorting = inputs.sorting("sorting")?;
        let figure = figures::raster(sorting, params.segment_index, params.start_s, params.duration_s);
        Ok(Outputs::one("figure", figure.map_err(|error| NodeError::Input(error.to_string()))?))
    }
}
