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
        version: 5,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn in_python(&self, _: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (recording, sorting) = (names.input("recording"), names.input("sorting"));
        let to = names.output("table");
        let analyzer = format!("{to}_analyzer");
        let step = PythonStep::call(&analyzer, "si.create_sorting_analyzer", &[sorting, recording], &[]);
        let extensions =
            json!(["random_spikes", "noise_levels", "templates", "spike_amplitudes", "quality_metrics"]);
        Some(
            step.and(format!("{analyzer}.compute({})", literal(extensions)))
                .and(format!("{to} = {analyzer}.get_extension(\"quality_metrics\").get_data()"))
                .and(format!("{to} = {to}.rename_axis(\"unit_id\").reset_index()")),
        )
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
