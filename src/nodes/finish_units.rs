//! Joins parts of one neuron, leaves out what is no unit, and gives spikes amplitudes and places.

use crate::{
    data::{Table, TableColumn},
    engine::sort::{FinishParams as Settings, finish},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the last checks of the units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FinishUnitsParams {
    /// Units with fewer spikes are left out.
    #[schemars(range(min = 0, max = 100_000), extend("soft" = [0, 200]))]
    pub min_spikes: usize,
    /// Units that fire less often are left out.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "Hz", "soft" = [0.0, 1.0]))]
    pub min_firing_rate_hz: f64,
    /// Units that stand out by less than this many noise levels are left out as distant: by their largest sample, the energy
    /// of their waveform, and the spikes that are too small to be found. Zero for none.
    #[schemars(range(min = 0.0, max = 100.0), extend("soft" = [0.0, 10.0]))]
    pub min_snr: f64,
    /// Units of which this share of the spikes is locked to larger units near them are left out as echoes, unless the others
    /// are much larger; of the rest only the spikes that are locked.
    #[schemars(range(min = 0.1, max = 1.0), extend("advanced" = true))]
    pub echo_share: f64,
}

impl Default for FinishUnitsParams {
    fn default() -> Self {
        let Settings { min_spikes, min_firing_rate_hz, min_snr, echo_share } = Settings::default();
        Self { min_spikes, min_firing_rate_hz, min_snr, echo_share }
    }
}

/// The last step of a sort: units that take turns as the tissue moves are joined, echoes of large units, distant units
/// and strays go, spikes get amplitudes and places.
pub struct FinishUnits;

impl Node for FinishUnits {
    type Params = FinishUnitsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "finish_units",
        label: "Finish units",
        summary: "Leaves out matched units that are none, saying why, and gives every spike its amplitude and place.",
        source: "amplitudes and positions before whitening; SpikeInterface remove_redundant_units",
        category: Category::Sort,
        search: &["clean", "noise units", "redundant", "remove_redundant_units", "curation", "echo"],
        version: 9,
        work: Work::Task(TaskClass::Sort),
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("sorting", PortType::Sorting),
            Port::new("templates", PortType::Templates),
        ],
        outputs: &[
            Port::new("sorting", PortType::Sorting),
            Port::new("templates", PortType::Templates),
            Port::new("table", PortType::Table),
        ],
    };

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let &FinishUnitsParams { min_spikes, min_firing_rate_hz, min_snr, echo_share } = params;
        let settings = Settings { min_spikes, min_firing_rate_hz, min_snr, echo_share };
        let recording = inputs.recording("recording")?;
        let (templates, sorting) = (inputs.templates("templates")?, inputs.sorting("sorting")?);
        let finished = finish(recording, templates, sorting, &settings, context)?;
        let removed = &finished.removed;
        let mut table = Table::default();
        table.set("unit_id", TableColumn::Text(removed.iter().map(|r| r.unit.to_string()).collect()));
        table.set("num_spikes", TableColumn::Int(removed.iter().map(|r| r.num_spikes as i64).collect()));
        table.set("reason", TableColumn::Text(removed.iter().map(|r| r.reason.clone()).collect()));
        Ok(Outputs::one("sorting", finished.sorting).and("templates", finished.templates).and("table", table))
    }
}
