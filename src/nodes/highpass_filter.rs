//! Remove slow waves.

use crate::{
    data::Stage,
    engine::design::{Band, Family, design},
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Shape of the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HighpassType {
    /// Butterworth: flattest above the cut-off.
    #[default]
    Butter,
    /// Bessel: least ringing around spikes, softer edge.
    Bessel,
}

/// Settings of the high-pass filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HighpassFilterParams {
    /// Cut-off frequency. Spikes live above 300 Hz.
    #[schemars(range(min = 0.001, max = 100_000.0), extend("unit" = "Hz", "soft" = [1.0, 1000.0]))]
    pub freq_min: f64,
    /// Order of the filter, before it is run forward and backward.
    #[schemars(range(min = 1, max = 20), extend("soft" = [1, 8], "advanced" = true))]
    pub filter_order: usize,
    /// Shape of the filter.
    #[schemars(extend("advanced" = true, "label" = "Filter type"))]
    pub ftype: HighpassType,
}

impl Default for HighpassFilterParams {
    fn default() -> Self {
        Self { freq_min: 300.0, filter_order: 5, ftype: HighpassType::Butter }
    }
}

/// Zero-phase high-pass: second-order sections run forward and backward.
pub struct HighpassFilter;

impl Node for HighpassFilter {
    type Params = HighpassFilterParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "highpass_filter",
        label: "High-pass filter",
        summary: "Removes slow waves and keeps everything above a frequency, without shifting phases.",
        source: "scipy.signal.sosfiltfilt; SpikeInterface highpass_filter",
        category: Category::Preprocess,
        search: &["highpass", "butterworth", "bessel", "frequency", "drift", "baseline"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, params: &Self::Params) -> Vec<Act> {
        vec![Act::Filters, Act::Corner { field: "freq_min", hz: params.freq_min }]
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let shape = if params.ftype == HighpassType::Butter { "butter" } else { "bessel" };
        let named = [
            ("freq_min", json!(params.freq_min)),
            ("filter_order", json!(params.filter_order)),
            ("ftype", json!(shape)),
            ("dtype", json!("float32")),
        ];
        let (from, to) = (names.input("recording"), names.output("recording"));
        Some(PythonStep::call(to, "spre.highpass_filter", &[from], &named))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let family = match params.ftype {
            HighpassType::Butter => Family::Butterworth,
            HighpassType::Bessel => Family::Bessel,
        };
        let band = Band::Highpass(params.freq_min);
        let sections = design(family, params.filter_order, band, recording.info().sampling_frequency)?;
        let stage = Stage::Filter { sections, marks_filtered: true };
        Ok(Outputs::one("recording", recording.with_stage(stage)?))
    }
}
