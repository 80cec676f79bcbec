//! The probe and the units around it, drawn.

use crate::{
    data::{Id, Notice, Remedy},
    engine::locations::{UnitLocationParams, unit_locations},
    figures,
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass,
        Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Drawing a probe has no settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlotProbeParams {}

/// Draws the contacts of the probe, and the units where templates are connected.
pub struct PlotProbe;

impl Node for PlotProbe {
    type Params = PlotProbeParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "plot_probe",
        label: "Plot probe",
        summary: "Draws the contacts of the probe, and the units around it where templates are connected.",
        source: "SpikeInterface plot_probe_map, plot_unit_locations",
        category: Category::Look,
        search: &["figure", "geometry", "contacts", "plot_probe_map", "plot_unit_locations"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("templates", PortType::Templates).optional(),
        ],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::NeedsProbe { above: 0 }]
    }

    fn run(&self, _: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let probe = inputs.recording("recording")?.info().probe.clone().ok_or_else(|| {
            let words = "the recording has no probe to draw: set a probe on the reader";
            NodeError::Mendable(Notice::from(words).mended_by(Remedy::GiveProbe))
        })?;
        let units: Vec<(Id, [f64; 2])> = match inputs.optional_templates("templates")? {
            None => Vec::new(),
            Some(templates) => unit_locations(templates, &UnitLocationParams::default())?
                .into_iter()
                .zip(&templates.unit_ids)
                .filter_map(|(place, id)| place.map(|[x, y, _]| (id.clone(), [x, y])))
                .collect(),
        };
        let figure = figures::probe(&probe, &units);
        Ok(Outputs::one("figure", figure.map_err(|error| NodeError::Input(error.to_string()))?))
    }
}
