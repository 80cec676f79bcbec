//! The amplitude of every spike.

use crate::{
    engine::{amplitudes, chain, waveforms::main_channels},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Spike amplitudes have no settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpikeAmplitudesParams {}

/// Reads the amplitude of every spike off the traces.
pub struct SpikeAmplitudes;

impl Node for SpikeAmplitudes {
    type Params = SpikeAmplitudesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "spike_amplitudes",
        label: "Spike amplitudes",
        summary: "Adds the amplitude of every spike on its unit's main channel to a sorting.",
        source: "SpikeInterface compute_spike_amplitudes",
        category: Category::Look,
        search: &["amplitude over time", "compute_spike_amplitudes", "size"],
        version: 1,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("sorting", PortType::Sorting),
            Port::new("templates", PortType::Templates),
        ],
        outputs: &[Port::new("sorting", PortType::Sorting)],
    };

    fn run(&self, _: &Self::Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let (recording, sorting) = (inputs.recording("recording")?, inputs.sorting("sorting")?);
        let templates = inputs.templates("templates")?;
        if templates.unit_ids != sorting.unit_ids {
            return Err(NodeError::Input(
                "the templates have other units than the sorting: connect the templates of this sorting"
                    .into(),
            ));
        }
        let chain = chain::compile(recording)?;
        let found = amplitudes::spike_amplitudes(&chain, sorting, &main_channels(templates), context)?;
        let in_uv = recording.info().gain_to_uv.is_some();
        Ok(Outputs::one("sorting", amplitudes::with_amplitudes(sorting, found, in_uv)))
    }
}
