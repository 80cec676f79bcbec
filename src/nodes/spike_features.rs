//! Describes each peak by a few numbers.

use super::auto;
use crate::{
    engine::{
        chain,
        features::{self, FeatureParams as Settings},
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpikeFeaturesParams {
    /// Temporal components.
    #[schemars(range(min = 1, max = 8))]
    pub num_components: usize,
    /// Channels further than this from a peak are left out.
    #[schemars(range(min = 0.0, max = 1000.0), extend("auto" = true, "unit" = "µm", "soft" = [20.0, 200.0]))]
    pub radius_um: Option<f64>,
    /// Channels of a peak at most.
    #[schemars(range(min = 1, max = 64), extend("soft" = [4, 32], "advanced" = true))]
    pub max_channels: usize,
    /// Peaks kept for each channel, evenly in time.
    #[schemars(range(min = 10, max = 1_000_000), extend("soft" = [1000, 20_000], "advanced" = true))]
    pub max_peaks_per_channel: usize,
}

impl Default for SpikeFeaturesParams {
    fn default() -> Self {
        let Settings { num_components, max_channels, max_peaks_per_channel, .. } = Settings::default();
        Self { num_components, radius_um: None, max_channels, max_peaks_per_channel }
    }
}

/// Projections of each peak on a few waveforms shared by all, on the channels near it.
pub struct SpikeFeatures;

impl Node for SpikeFeatures {
    type Params = SpikeFeaturesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "spike_features",
        label: "Waveform features",
        summary: "Describes each peak by its projections on a few shared waveforms, on the channels near it.",
        source: "shared temporal components as in Kilosort (Pachitariu et al. 2024)",
        category: Category::Sort,
        search: &["svd", "pca", "principal components", "projections", "waveforms"],
        version: 4,
        work: Work::Task(TaskClass::Sort),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("peaks", PortType::Peaks)],
        outputs: &[Port::new("features", PortType::Features)],
    };

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let usual = Settings::default().radius_um;
        let radius_um = Some(auto::radius_um(params.radius_um, usual, inputs)?);
        Ok(Self::Params { radius_um, ..params.clone() })
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let radius_um = auto::radius_um(params.radius_um, Settings::default().radius_um, inputs)?;
        let chain = chain::compile(inputs.recording("recording")?)?;
        let &SpikeFeaturesParams { num_components, max_channels, max_peaks_per_channel, .. } = params;
        let settings = Settings { num_components, radius_um, max_channels, max_peaks_per_channel };
        let features = features::spike_features(&chain, inputs.peaks("peaks")?, &settings, context)?;
        Ok(Outputs::one("features", features))
    }
}
