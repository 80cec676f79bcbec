//! How good each unit is.

use crate::{
    engine::metrics::{MetricParams, compute_quality_metrics},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work, literal,
    },
};
use serde_json::json;

/// Computes the quality metrics of all units.
pub struct QualityMetrics;

impl Node for QualityMetrics {
    type Params = MetricParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "quality_metrics",
        label: "Quality metrics",
        summary: "Says of each unit how often it fires, how clean it is, how large, how steady and how complete.",
        source: "SpikeInterface compute_quality_metrics",
        category: Category::Look,
        search: &[
            "snr",
            "firing_rate",
            "num_spikes",
            "presence_ratio",
            "isi_violation",
            "rp_violation",
            "amplitude_cutoff",
            "drift",
            "compute_quality_metrics",
        ],
        version: 7,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let of_metrics = json!({
            "presence_ratio": {
                "bin_duration_s": params.bin_duration_s, "mean_fr_ratio_thresh": params.mean_fr_ratio_thresh,
            },
            "isi_violation": {"isi_threshold_ms": params.isi_threshold_ms, "min_isi_ms": params.min_isi_ms},
            "rp_violation": {
                "refractory_period_ms": params.refractory_period_ms, "censored_period_ms": params.censored_period_ms,
            },
            "amplitude_cutoff": {
                "num_histogram_bins": params.num_histogram_bins,
                "histogram_smoothing_value": params.histogram_smoothing_value,
                "amplitudes_bins_min_ratio": params.amplitudes_bins_min_ratio,
            },
            "drift": {
                "interval_s": params.interval_s, "min_spikes_per_interval": params.min_spikes_per_interval,
                "min_num_bins": params.min_num_bins,
            },
        });
        let arguments =
            [names.input("sorting"), names.input("recording"), &literal(of_metrics), &literal(names.seed())];
        Some(PythonStep::call(names.output("table"), "metrics_of", &arguments, &[]))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let (recording, sorting) = (inputs.recording("recording")?, inputs.sorting("sorting")?);
        Ok(Outputs::one("table", compute_quality_metrics(recording, sorting, params, context.seed, context)?))
    }
}
