//! Where every spike is.

use crate::{
    engine::{
        chain,
        locations::{self, SpikeLocationParams},
        waveforms::main_channels,
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};

/// Estimates the position of every spike.
pub struct SpikeLocations;

impl Node for SpikeLocations {
    type Params = SpikeLocationParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "spike_locations",
        label: "Spike locations",
        summary: "Adds the position of every spike, the centre of mass of its amplitudes, to a sorting.",
        source: "SpikeInterface compute_spike_locations (center_of_mass)",
        category: Category::Look,
        search: &["position", "depth", "drift", "center_of_mass", "compute_spike_locations"],
        version: 1,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("sorting", PortType::Sorting),
            Port::new("templates", PortType::Templates),
        ],
        outputs: &[Port::new("sorting", PortType::Sorting)],
    };

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let (recording, sorting) = (inputs.recording("recording")?, inputs.sorting("sorting")?);
        let templates = inputs.templates("templates")?;
        if templates.unit_ids != sorting.unit_ids {
            return Err(NodeError::Input(
                "the templates have other units than the sorting: connect the templates of this sorting"
                    .into(),
            ));
        }
        let chain = chain::compile(recording)?;
        let found = locations::spike_locations(&chain, sorting, &main_channels(templates), params, context)?;
        Ok(Outputs::one("sorting", locations::with_locations(sorting, found)))
    }
}
