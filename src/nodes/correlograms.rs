//! Auto- and cross-correlograms of all units.

use crate::{
    engine::correlograms::{CorrelogramBins, correlograms_table},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lags that are counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelogramsParams {
    /// Width of the window, half of it on each side of zero.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "ms", "soft" = [20.0, 500.0]))]
    pub window_ms: f64,
    /// Width of a bin.
    #[schemars(range(min = 0.02, max = 1_000.0), extend("unit" = "ms", "soft" = [0.25, 10.0]))]
    pub bin_ms: f64,
    /// Count the units against each other as well, not each against itself alone.
    #[schemars(extend("label" = "Cross-correlograms"))]
    pub cross: bool,
}

impl Default for CorrelogramsParams {
    fn default() -> Self {
        Self { window_ms: 50.0, bin_ms: 1.0, cross: true }
    }
}

/// Counts how often units fire how long after each other.
pub struct Correlograms;

impl Node for Correlograms {
    type Params = CorrelogramsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "correlograms",
        label: "Correlograms",
        summary: "Counts how often units fire how long after each other, and after themselves.",
        source: "SpikeInterface compute_correlograms",
        category: Category::Look,
        search: &["acg", "ccg", "autocorrelogram", "cross-correlogram", "compute_correlograms", "refractory"],
        version: 1,
        work: Work::Task(TaskClass::Correlograms),
        inputs: &[Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let told = [literal(params.window_ms), literal(params.bin_ms), literal(params.cross)].join(", ");
        let counted = format!("correlograms_table({}, {told})", names.input("sorting"));
        Some(PythonStep::default().and(format!("{} = {counted}", names.output("table"))))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let sorting = inputs.sorting("sorting")?;
        let bins = CorrelogramBins::new(sorting.sampling_frequency, params.window_ms, params.bin_ms);
        Ok(Outputs::one("table", correlograms_table(sorting, &bins, params.cross)?))
    }
}
