//! The ready sorter as one node.

use crate::{
    data::PeakSign,
    engine::{
        signal_check::warn_of_bad_signal,
        sort::{self, SortParams as Settings},
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the sorter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SortParams {
    /// Height a spike must have to be found in the first place, in noise levels.
    #[schemars(range(min = 2.0, max = 50.0), extend("unit" = "σ", "soft" = [3.0, 10.0]))]
    pub detect_threshold: f64,
    /// Direction of the spikes.
    pub peak_sign: PeakSign,
    /// Evidence a spike needs in the end: the square of this is the least drop of the residual's energy.
    #[schemars(range(min = 2.0, max = 50.0), extend("unit" = "σ", "soft" = [4.0, 12.0]))]
    pub match_threshold: f64,
    /// Channels further than this from a spike are not looked at when spikes are told apart.
    #[schemars(range(min = 1.0, max = 1000.0), extend("unit" = "µm", "soft" = [20.0, 200.0], "advanced" = true))]
    pub cluster_radius_um: f64,
    /// Channels within this distance are whitened together; all of them without a probe.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "soft" = [50.0, 300.0], "advanced" = true))]
    pub whiten_radius_um: f64,
    /// Dip score from which a cluster counts as several; higher merges more.
    #[schemars(range(min = 0.5, max = 10.0), extend("soft" = [1.0, 4.0], "advanced" = true))]
    pub isocut_threshold: f64,
    /// Clusters with fewer spikes are left out.
    #[schemars(range(min = 2, max = 100_000), extend("soft" = [10, 200], "advanced" = true))]
    pub min_cluster_size: usize,
    /// Smallest amplitude of a spike, as a factor of its unit's mean.
    #[schemars(range(min = 0.05, max = 1.0), extend("soft" = [0.3, 0.9], "advanced" = true))]
    pub amplitude_min: f64,
    /// Greatest amplitude of a spike, as a factor of its unit's mean.
    #[schemars(range(min = 1.0, max = 20.0), extend("soft" = [1.1, 3.0], "advanced" = true))]
    pub amplitude_max: f64,
    /// How much of the recording the second clustering looks at.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "s", "soft" = [60.0, 3600.0], "advanced" = true))]
    pub survey_s: f64,
}

impl Default for SortParams {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            detect_threshold: settings.detect.detect_threshold,
            peak_sign: PeakSign::Neg,
            match_threshold: settings.matching.threshold,
            cluster_radius_um: settings.cluster.radius_um,
            whiten_radius_um: settings.whiten_radius_um,
            isocut_threshold: settings.cluster.isosplit.isocut_threshold,
            min_cluster_size: settings.cluster.min_cluster_size,
            amplitude_min: settings.matching.amplitude_min,
            amplitude_max: settings.matching.amplitude_max,
            survey_s: settings.survey_s,
        }
    }
}

impl SortParams {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.detect.detect_threshold = self.detect_threshold;
        settings.detect.peak_sign = self.peak_sign;
        settings.matching.threshold = self.match_threshold;
        settings.cluster.radius_um = self.cluster_radius_um;
        settings.whiten_radius_um = self.whiten_radius_um;
        settings.cluster.isosplit.isocut_threshold = self.isocut_threshold;
        settings.cluster.min_cluster_size = self.min_cluster_size;
        settings.matching.amplitude_min = self.amplitude_min;
        settings.matching.amplitude_max = self.amplitude_max;
        settings.survey_s = self.survey_s;
        settings
    }
}

/// Finds the units of a filtered, referenced recording: detection, clustering, template matching.
pub struct Sort;

impl Node for Sort {
    type Params = SortParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "sort",
        label: "Sort",
        summary: "Finds units and all their spikes in a filtered, referenced recording; whitens it by itself.",
        source: "isosplit (arXiv:1508.04841) on shared-basis features, best-first template matching pursuit",
        category: Category::Sort,
        search: &["sorter", "spike sorting", "kilosort", "mountainsort", "lupin", "run_sorter", "units"],
        version: 2,
        work: Work::Task(TaskClass::Sort),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("sorting", PortType::Sorting), Port::new("templates", PortType::Templates)],
    };

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        warn_of_bad_signal(recording, context)?;
        let output = sort::sort(recording, &params.settings(), context.seed, context, context)?;
        Ok(Outputs::one("sorting", output.sorting).and("templates", output.templates))
    }
}
