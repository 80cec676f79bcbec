//! Tells where peaks come from.

use super::auto;
use crate::{
    engine::{
        chain,
        localize::{self, LocalizeMethod, LocalizeParams as Settings},
    },
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Settings of the localisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LocalizePeaksParams {
    /// How a peak is located.
    pub method: LocalizeMethod,
    /// Channels this far from the peak's own take part. Auto: 75 µm, 40 µm for the grid, more where contacts lie further
    /// apart.
    #[schemars(range(min = 1.0, max = 1000.0), extend("auto" = true, "unit" = "µm", "soft" = [20.0, 200.0]))]
    pub radius_um: Option<f64>,
    /// Time before the peak that is looked at.
    #[schemars(range(min = 0.0, max = 10.0), extend("unit" = "ms", "advanced" = true))]
    pub ms_before: f64,
    /// Time after the peak that is looked at.
    #[schemars(range(min = 0.01, max = 10.0), extend("unit" = "ms", "advanced" = true))]
    pub ms_after: f64,
}

impl Default for LocalizePeaksParams {
    fn default() -> Self {
        let Settings { ms_before, ms_after, .. } = Settings::default();
        Self { method: LocalizeMethod::CenterOfMass, radius_um: None, ms_before, ms_after }
    }
}

/// Position of each peak, from the traces around it on the channels near it.
pub struct LocalizePeaks;

impl Node for LocalizePeaks {
    type Params = LocalizePeaksParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "localize_peaks",
        label: "Localize peaks",
        summary: "Estimates the position of each peak on the probe from its size on the channels around.",
        source: "SpikeInterface localize_peaks (center_of_mass, monopolar_triangulation, grid_convolution)",
        category: Category::Sort,
        search: &[
            "center of mass",
            "position",
            "depth",
            "drift map",
            "localise",
            "monopolar",
            "grid_convolution",
        ],
        version: 1,
        work: Work::Task(TaskClass::Sort),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("peaks", PortType::Peaks)],
        outputs: &[Port::new("peaks", PortType::Peaks)],
    };

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::NeedsProbe { above: 0 }]
    }

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let usual = params.method.usual_radius_um();
        let radius_um = Some(auto::radius_um(params.radius_um, usual, inputs)?);
        Ok(Self::Params { radius_um, ..params.clone() })
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let named = [
            ("method", json!(params.method)),
            ("ms_before", json!(params.ms_before)),
            ("ms_after", json!(params.ms_after)),
        ];
        let recording = names.input("recording");
        let radius = auto::radius_in_python(params.radius_um, params.method.usual_radius_um(), recording);
        let radius = format!("method_kwargs={{\"radius_um\": {radius}}}");
        let from = [recording, names.input("peaks"), &radius];
        Some(PythonStep::call(names.output("peaks"), "spl.localize_peaks", &from, &named))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let radius_um = auto::radius_um(params.radius_um, params.method.usual_radius_um(), inputs)?;
        let chain = chain::compile(inputs.recording("recording")?)?;
        let &LocalizePeaksParams { method, ms_before, ms_after, .. } = params;
        let settings = Settings { method, radius_um, ms_before, ms_after };
        Ok(Outputs::one(
            "peaks",
            localize::localize_peaks(&chain, inputs.peaks("peaks")?, &settings, context)?,
        ))
    }
}
