//! Finds all spikes of known templates.

use super::auto;
use crate::{
    engine::{
        chain,
        matching::{self, MatchParams as Settings, to_sorting},
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the matching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MatchTemplatesParams {
    /// Evidence a spike needs: the square of this is the least drop of the residual's energy.
    #[schemars(range(min = 1.0, max = 100.0), extend("unit" = "σ", "soft" = [4.0, 12.0]))]
    pub threshold: f64,
    /// Smallest amplitude of a spike, as a factor of the template.
    #[schemars(range(min = 0.05, max = 1.0), extend("soft" = [0.3, 0.9]))]
    pub amplitude_min: f64,
    /// Greatest amplitude of a spike, as a factor of the template.
    #[schemars(range(min = 1.0, max = 20.0), extend("soft" = [1.1, 3.0]))]
    pub amplitude_max: f64,
    /// Expected spread of amplitudes about one.
    #[schemars(range(min = 0.01, max = 10.0), extend("soft" = [0.05, 1.0], "advanced" = true))]
    pub amplitude_std: f64,
    /// A unit does not fire twice within this time.
    #[schemars(range(min = 0.0, max = 5.0), extend("unit" = "ms", "advanced" = true))]
    pub refractory_ms: f64,
    /// Spikes that overlap are fitted together, and each looked at again with the others subtracted.
    #[schemars(extend("advanced" = true))]
    pub joint_refit: bool,
    /// Match only this much of the recording, spread evenly; all of it where unset.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "s", "soft" = [60.0, 3600.0], "advanced" = true))]
    pub max_duration_s: Option<f64>,
    /// Spikes per unit whose features, with all other spikes subtracted, leave by the port `features`.
    #[schemars(range(min = 0, max = 1_000_000), extend("soft" = [0, 10_000], "advanced" = true))]
    pub features_per_unit: usize,
    /// Channels of those features lie within this of the unit's main channel. Auto: 100 µm, more where contacts lie
    /// further apart.
    #[schemars(range(min = 0.0, max = 1000.0), extend("auto" = true, "unit" = "µm", "soft" = [20.0, 200.0], "advanced" = true))]
    pub features_radius_um: Option<f64>,
    /// Two spikes of a unit that remain closer than this are one.
    #[schemars(range(min = 0.0, max = 5.0), extend("unit" = "ms", "advanced" = true))]
    pub duplicate_spike_ms: f64,
}

impl Default for MatchTemplatesParams {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            threshold: settings.threshold,
            amplitude_min: settings.amplitude_min,
            amplitude_max: settings.amplitude_max,
            amplitude_std: settings.amplitude_std,
            refractory_ms: settings.refractory_ms,
            joint_refit: settings.joint_refit,
            max_duration_s: settings.max_duration_s,
            features_per_unit: 2_000,
            features_radius_um: None,
            duplicate_spike_ms: settings.duplicate_spike_ms,
        }
    }
}

/// Explains whitened traces as a sum of templates, the best spike first, so that overlapping spikes are found too.
pub struct MatchTemplates;

impl Node for MatchTemplates {
    type Params = MatchTemplatesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "match_templates",
        label: "Match templates",
        summary: "Finds all spikes of the templates in a whitened recording, overlapping ones too.",
        source: "matching pursuit as in Kilosort and wobble, exact best-first order, overlapping spikes fitted together",
        category: Category::Sort,
        search: &["matching pursuit", "wobble", "deconvolution", "find_spikes_from_templates", "collisions"],
        version: 8,
        work: Work::Task(TaskClass::Sort),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("templates", PortType::Templates)],
        outputs: &[Port::new("sorting", PortType::Sorting), Port::new("features", PortType::Features)],
    };

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let usual = Settings::default().features_radius_um;
        let features_radius_um = Some(auto::radius_um(params.features_radius_um, usual, inputs)?);
        Ok(Self::Params { features_radius_um, ..params.clone() })
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let templates = inputs.templates("templates")?;
        let usual = Settings::default().features_radius_um;
        let features_radius_um = auto::radius_um(params.features_radius_um, usual, inputs)?;
        let settings = Settings {
            threshold: params.threshold,
            amplitude_min: params.amplitude_min,
            amplitude_max: params.amplitude_max,
            amplitude_std: params.amplitude_std,
            refractory_ms: params.refractory_ms,
            joint_refit: params.joint_refit,
            max_duration_s: params.max_duration_s,
            features_per_unit: params.features_per_unit,
            features_radius_um,
            duplicate_spike_ms: params.duplicate_spike_ms,
            ..Settings::default()
        };
        let matching = matching::match_templates(&chain::compile(recording)?, templates, &settings, context)?;
        let sorting = to_sorting(&matching.spikes, &templates.unit_ids, recording.info());
        Ok(Outputs::one("sorting", sorting).and("features", matching.features))
    }
}
