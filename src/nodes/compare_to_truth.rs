//! A sorting against the truth.

use crate::{
    engine::compare::{self, CompareParams},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work,
    },
};
use serde_json::json;

/// Compares a sorting with the truth, spike by spike.
pub struct CompareToTruth;

impl Node for CompareToTruth {
    type Params = CompareParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "compare_to_truth",
        label: "Compare with truth",
        summary: "Says for each true unit how many of its spikes a sorting found, missed and made up.",
        source: "SpikeInterface compare_sorter_to_ground_truth",
        category: Category::Look,
        search: &[
            "accuracy",
            "recall",
            "precision",
            "confusion",
            "ground truth",
            "compare_sorter_to_ground_truth",
        ],
        version: 1,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[Port::new("truth", PortType::Sorting), Port::new("sorting", PortType::Sorting)],
        outputs: &[
            Port::new("table", PortType::Table),
            Port::new("confusion", PortType::Table),
            Port::new("summary", PortType::Table),
        ],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let named = [
            ("delta_time", json!(params.delta_time)),
            ("match_score", json!(params.match_score)),
            ("well_detected_score", json!(params.well_detected_score)),
            ("redundant_score", json!(params.redundant_score)),
            ("overmerged_score", json!(params.overmerged_score)),
            ("chance_score", json!(params.chance_score)),
            ("exhaustive_gt", json!(true)),
        ];
        let of = format!("{}_comparison", names.output("table"));
        let sortings = [names.input("truth"), names.input("sorting")];
        let mut step = PythonStep::call(&of, "sc.compare_sorter_to_ground_truth", &sortings, &named);
        let (confusion, summary) = (names.is_used("confusion"), names.is_used("summary"));
        if names.is_used("table") || !(confusion || summary) {
            let to = names.output("table");
            step = step
                .and(format!("{to} = {of}.get_performance().astype(float).join({of}.count_score)"))
                .and(format!("{to} = {to}.rename_axis(\"unit_id\").reset_index()"));
        }
        if confusion {
            let matrix = format!("{of}.get_confusion_matrix().rename_axis(\"unit_id\").reset_index()");
            step = step.and(format!("{} = {matrix}", names.output("confusion")));
        }
        if summary {
            let to = names.output("summary");
            step = step
                .and(format!("{to} = {of}.get_performance(\"pooled_with_average\").to_frame().T"))
                .and(format!("{to}[\"num_gt\"] = len({of}.unit1_ids)"))
                .and(format!("{to}[\"num_tested\"] = len({of}.unit2_ids)"));
            for column in ["well_detected", "false_positive", "redundant", "overmerged"] {
                let count = match column {
                    "well_detected" => format!("well_detected_units({})", params.well_detected_score),
                    other => format!("{other}_units()"),
                };
                step = step.and(format!("{to}[\"{column}\"] = {of}.count_{count}"));
            }
        }
        Some(step)
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let (truth, sorting) = (inputs.sorting("truth")?, inputs.sorting("sorting")?);
        let found = compare::compare_to_truth(truth, sorting, params)?;
        context.monitor.log(&format!(
            "mean accuracy {:.3}, recall {:.3}, precision {:.3}; {} of {} units well detected",
            found.accuracy, found.recall, found.precision, found.well_detected, found.num_gt
        ));
        Ok(Outputs::one("table", found.units_table())
            .and("confusion", found.confusion_table())
            .and("summary", found.summary_table()))
    }
}
