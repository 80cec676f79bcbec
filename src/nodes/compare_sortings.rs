//! Two sortings of the same recording.

use crate::{
    engine::compare::{self, CompareParams},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// When two spikes are the same one, and two units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompareSortingsParams {
    /// Spikes at most this far apart are taken for the same one.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "ms", "soft" = [0.1, 2.0]))]
    pub delta_time: f64,
    /// Agreement from which on two units are matched.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub match_score: f64,
}

impl Default for CompareSortingsParams {
    fn default() -> Self {
        let CompareParams { delta_time, match_score, .. } = CompareParams::default();
        Self { delta_time, match_score }
    }
}

/// Compares two sortings of the same recording, neither of which is taken for true.
pub struct CompareSortings;

impl Node for CompareSortings {
    type Params = CompareSortingsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "compare_sortings",
        label: "Compare two sortings",
        summary: "Finds the units two sortings of the same recording have in common, and how well they agree.",
        source: "SpikeInterface compare_two_sorters",
        category: Category::Look,
        search: &["agreement", "match", "compare_two_sorters", "difference"],
        version: 1,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[Port::new("sorting", PortType::Sorting), Port::new("other", PortType::Sorting)],
        outputs: &[Port::new("table", PortType::Table), Port::new("agreement", PortType::Table)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let named = [("delta_time", json!(params.delta_time)), ("match_score", json!(params.match_score))];
        let to = names.output("table");
        let sortings = [names.input("sorting"), names.input("other")];
        let of = format!("{to}_comparison");
        let mut step = PythonStep::call(&of, "sc.compare_two_sorters", &sortings, &named);
        if names.is_used("table") || !names.is_used("agreement") {
            step = step.and(format!("{to} = matched_units({of})"));
        }
        if names.is_used("agreement") {
            let scores = format!("{of}.agreement_scores.rename_axis(\"unit_id\").reset_index()");
            step = step.and(format!("{} = {scores}", names.output("agreement")));
        }
        Some(step)
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let rule = CompareParams {
            delta_time: params.delta_time,
            match_score: params.match_score,
            ..CompareParams::default()
        };
        let found = compare::compare_sortings(inputs.sorting("sorting")?, inputs.sorting("other")?, &rule)?;
        Ok(Outputs::one("table", found.matches_table()).and("agreement", found.agreement_table()))
    }
}
