//! Groups peaks into units.

use super::auto;
use crate::{
    engine::{
        cluster::{self, ClusterMethod, ClusterParams as Settings, IsosplitParams},
        geometry::Geometry,
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the clustering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterPeaksParams {
    /// How peaks of one place are told apart.
    pub method: ClusterMethod,
    /// Channels further than this from a peak's own are not looked at.
    #[schemars(range(min = 0.0, max = 1000.0), extend("auto" = true, "unit" = "µm", "soft" = [20.0, 200.0]))]
    pub radius_um: Option<f64>,
    /// Dip score from which a cluster counts as several; higher merges more.
    #[schemars(range(min = 0.5, max = 10.0), extend("soft" = [1.0, 4.0]))]
    pub isocut_threshold: f64,
    /// Clusters with fewer peaks are left out.
    #[schemars(range(min = 2, max = 100_000), extend("soft" = [10, 200]))]
    pub min_cluster_size: usize,
    /// Principal axes used at once, at most; the neighbours of a graph are found on up to 32.
    #[schemars(range(min = 1, max = 32), extend("advanced" = true))]
    pub max_dimensions: usize,
    /// How often a cluster is looked at again by itself.
    #[schemars(range(min = 0, max = 10), extend("advanced" = true))]
    pub recursion_depth: usize,
    /// Clusters of different channels are only merged where their waveforms are at least this similar (cosine).
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub merge_similarity: f64,
}

impl Default for ClusterPeaksParams {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            method: settings.method,
            radius_um: None,
            isocut_threshold: settings.isosplit.isocut_threshold,
            min_cluster_size: settings.min_cluster_size,
            max_dimensions: settings.max_dimensions,
            recursion_depth: settings.recursion_depth,
            merge_similarity: settings.merge_similarity,
        }
    }
}

/// Splits the peaks of each channel as far as they are several humps, and merges across channels what is one.
pub struct ClusterPeaks;

impl Node for ClusterPeaks {
    type Params = ClusterPeaksParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "cluster_peaks",
        label: "Cluster peaks",
        summary: "Groups peaks into units by their features, without being told how many there are.",
        source: "isosplit (Magland and Barnett, arXiv:1508.04841), isosplit6; Kilosort 4 (Pachitariu et al. 2024); \
                 SpikeInterface find_clusters_from_peaks",
        category: Category::Sort,
        search: &[
            "isosplit",
            "isosplit6",
            "isocut",
            "clustering",
            "units",
            "graph",
            "modularity",
            "kilosort",
            "find_clusters_from_peaks",
        ],
        version: 10,
        work: Work::Task(TaskClass::Sort),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("features", PortType::Features)],
        outputs: &[Port::new("sorting", PortType::Sorting)],
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
        let info = inputs.recording("recording")?.info();
        let features = inputs.features("features")?;
        if features.peaks.num_channels != info.num_channels() {
            return Err(NodeError::Input(format!(
                "the features are of {} channels, the recording has {}: connect the recording they were computed on",
                features.peaks.num_channels,
                info.num_channels()
            )));
        }
        let settings = Settings {
            method: params.method,
            radius_um,
            max_dimensions: params.max_dimensions,
            isosplit: IsosplitParams {
                isocut_threshold: params.isocut_threshold,
                ..IsosplitParams::default()
            },
            recursion_depth: params.recursion_depth,
            merge_similarity: params.merge_similarity,
            min_cluster_size: params.min_cluster_size,
        };
        let geometry = Geometry::of(info)?;
        let labels = cluster::cluster_features(features, &geometry, &settings, context.seed, context)?;
        let frames: Vec<usize> = info.segments.iter().map(|s| s.num_frames).collect();
        Ok(Outputs::one("sorting", cluster::to_sorting(features, &labels, &frames)))
    }
}
