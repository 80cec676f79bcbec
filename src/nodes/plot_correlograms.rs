//! Correlograms, drawn.

use crate::{
    engine::correlograms::CorrelogramBins,
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
pub struct PlotCorrelogramsParams {
    /// Width of the window, half of it on each side of zero.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "ms", "soft" = [20.0, 500.0]))]
    pub window_ms: f64,
    /// Width of a bin.
    #[schemars(range(min = 0.02, max = 1_000.0), extend("unit" = "ms", "soft" = [0.25, 10.0]))]
    pub bin_ms: f64,
    /// Units that are drawn against each other, the first ones.
    #[schemars(range(min = 1, max = 30))]
    pub max_units: usize,
}

impl Default for PlotCorrelogramsParams {
    fn default() -> Self {
        Self { window_ms: 50.0, bin_ms: 1.0, max_units: 10 }
    }
}

/// Draws auto- and cross-correlograms of units as a matrix.
pub struct PlotCorrelograms;

impl Node for PlotCorrelograms {
    type Params = PlotCorrelogramsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "plot_correlograms",
        label: "Plot correlograms",
        summary: "Draws how often units fire how long after each other, and after themselves.",
        source: "SpikeInterface plot_crosscorrelograms",
        category: Category::Look,
        search: &["figure", "acg", "ccg", "plot_autocorrelograms", "plot_crosscorrelograms"],
        version: 1,
        work: Work::Task(TaskClass::Correlograms),
        inputs: &[Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let sorting = inputs.sorting("sorting")?;
        let bins = CorrelogramBins::new(sorting.sampling_frequency, params.window_ms, params.bin_ms);
        let figure = figures::correlograms(sorting, &bins, params.max_units);
        Ok(Outputs::one("figure", figure.map_err(|error| NodeError::Input(error.to_string()))?))
    }
}
