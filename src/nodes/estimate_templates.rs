//! Averages the peaks of each unit.

use crate::{
    data::{Table, TableColumn},
    engine::{
        Monitor,
        cluster::labels_of,
        geometry::Geometry,
        templates::{self, TemplateParams as Settings},
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the templates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EstimateTemplatesParams {
    /// Share of the peaks left out at each end before averaging.
    #[schemars(range(min = 0.0, max = 0.49))]
    pub trim: f64,
    /// Units whose waveform is smaller (root of its energy) are rejected.
    #[schemars(range(min = 0.0, max = 1000.0), extend("unit" = "σ", "soft" = [0.0, 20.0]))]
    pub min_norm: f64,
    /// Units that look more alike than this (cosine) are merged.
    #[schemars(range(min = 0.0, max = 1.0), extend("soft" = [0.7, 1.0]))]
    pub duplicate_similarity: f64,
    /// Units whose largest sample is further from where it should be are rejected.
    #[schemars(range(min = 0.0, max = 5.0), extend("unit" = "ms", "advanced" = true))]
    pub max_jitter_ms: f64,
    /// Channels whose waveform spans less are left out.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "σ", "soft" = [0.0, 5.0], "advanced" = true))]
    pub sparsify_threshold: f64,
    /// Units of which two others together leave less than this share of the energy are rejected as their sum.
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub mixture_residual: f64,
}

impl Default for EstimateTemplatesParams {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            trim: settings.trim,
            min_norm: settings.min_norm,
            duplicate_similarity: settings.duplicate_similarity,
            max_jitter_ms: settings.max_jitter_ms,
            sparsify_threshold: settings.sparsify_threshold,
            mixture_residual: settings.mixture_residual,
        }
    }
}

/// Trimmed mean of the features of each unit as waveforms; noise, duplicates and sums of two units are left out.
pub struct EstimateTemplates;

impl Node for EstimateTemplates {
    type Params = EstimateTemplatesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "estimate_templates",
        label: "Estimate templates",
        summary: "Averages the peaks of each cluster and leaves out what is no unit, saying why.",
        source: "cleaning rules as in SpikeInterface's lupin",
        category: Category::Sort,
        search: &["average", "mean waveform", "templates", "clean", "duplicates"],
        version: 5,
        work: Work::Task(TaskClass::Sort),
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("features", PortType::Features),
            Port::new("sorting", PortType::Sorting),
        ],
        outputs: &[Port::new("templates", PortType::Templates), Port::new("table", PortType::Table)],
    };

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let info = inputs.recording("recording")?.info();
        let features = inputs.features("features")?;
        let labels = labels_of(features, inputs.sorting("sorting")?)?;
        let settings = Settings {
            trim: params.trim,
            min_norm: params.min_norm,
            duplicate_similarity: params.duplicate_similarity,
            max_jitter_ms: params.max_jitter_ms,
            sparsify_threshold: params.sparsify_threshold,
            mixture_residual: params.mixture_residual,
            ..Settings::default()
        };
        let geometry = Geometry::of(info)?;
        let set = templates::estimate_templates(features, &labels, info, &geometry, &settings);
        if set.templates.num_units() == 0 {
            context.warn(&"no cluster is a unit".into());
        }
        let mut table = Table::default();
        let rejected = &set.rejected;
        table.set("unit_id", TableColumn::Int(rejected.iter().map(|r| i64::from(r.cluster)).collect()));
        table.set("num_peaks", TableColumn::Int(rejected.iter().map(|r| r.num_peaks as i64).collect()));
        table.set("reason", TableColumn::Text(rejected.iter().map(|r| r.reason.clone()).collect()));
        Ok(Outputs::one("templates", set.templates).and("table", table))
    }
}
