//! Which units to merge or split, and how good each is.

use crate::{
    engine::curation::{CurationParams, suggest_curation},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};

/// Suggests merges, splits and labels, with the evidence.
pub struct SuggestCuration;

impl Node for SuggestCuration {
    type Params = CurationParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "suggest_curation",
        label: "Suggest curation",
        summary: "Says which units to merge or split and which are good, multi-unit or noise, and why.",
        source: "SpikeInterface compute_merge_unit_groups, threshold_metrics_label_units; Kilosort 4 (Pachitariu et al. 2024)",
        category: Category::Look,
        search: &[
            "merge",
            "split",
            "label",
            "good",
            "mua",
            "noise",
            "refractory",
            "contamination",
            "auto_merge",
            "compute_merge_unit_groups",
            "auto_label_units",
            "bombcell",
        ],
        version: 2,
        work: Work::Task(TaskClass::Metrics),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("table", PortType::Table), Port::new("labels", PortType::Table)],
    };

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let (recording, sorting) = (inputs.recording("recording")?, inputs.sorting("sorting")?);
        let found = suggest_curation(recording, sorting, params, context.seed, context)?;
        Ok(Outputs::one("table", found.suggestions).and("labels", found.labels))
    }
}
