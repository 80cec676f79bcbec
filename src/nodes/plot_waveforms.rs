//! Waveforms of units, drawn.

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
pub struct PlotWaveformsParams {
    /// Units that are drawn, the first ones.
    #[schemars(range(min = 1, max = 400))]
    pub max_units: usize,
    /// Single spikes that are drawn of each unit.
    #[schemars(range(min = 0, max = 1_000))]
    pub max_spikes_per_unit: usize,
}

impl Default for PlotWaveformsParams {
    fn default() -> Self {
        Self { max_units: 40, max_spikes_per_unit: 50 }
    }
}

/// Draws the waveforms of each unit on its main channel.
pub struct PlotWaveforms;

impl Node for PlotWaveforms {
    type Params = PlotWaveformsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "plot_waveforms",
        label: "Plot waveforms",
        summary: "Draws single spikes of each unit and their mean on the unit's main channel.",
        source: "SpikeInterface plot_unit_waveforms",
        category: Category::Look,
        search: &["figure", "plot_unit_waveforms", "plot_unit_templates", "spike shape"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("waveforms", PortType::Waveforms)],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let waveforms = inputs.waveforms("waveforms")?;
        let figure = figures::waveforms(waveforms, params.max_units, params.max_spikes_per_unit);
        Ok(Outputs::one("figure", figure.map_err(|error| NodeError::Input(error.to_string()))?))
    }
}
