//! Finds threshold crossings.

use super::auto;
use crate::{
    data::PeakSign,
    engine::{
        chain,
        detect::{self, DetectParams as Settings},
    },
    pipeline::{
        Act, Category, Glimpse, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Work, called,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What crosses the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DetectMethod {
    /// The traces themselves.
    LocallyExclusive,
    /// The traces matched with a prototype spike, alone and summed over near channels: finds smaller spikes.
    #[default]
    MatchedFiltering,
}

/// Settings of the detection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DetectPeaksParams {
    /// What crosses the threshold.
    pub method: DetectMethod,
    /// Direction of the spikes.
    pub peak_sign: PeakSign,
    /// Threshold in noise levels.
    #[schemars(range(min = 1.0, max = 100.0), extend("unit" = "σ", "soft" = [3.0, 10.0]))]
    pub detect_threshold: f64,
    /// Of two peaks closer than this on near channels the larger is kept.
    #[schemars(range(min = 0.05, max = 20.0), extend("unit" = "ms", "soft" = [0.1, 2.0]))]
    pub exclude_sweep_ms: f64,
    /// Channels closer than this are near. Auto: 50 µm, more where contacts lie further apart.
    #[schemars(range(min = 0.0, max = 1000.0), extend("auto" = true, "unit" = "µm", "soft" = [20.0, 200.0]))]
    pub radius_um: Option<f64>,
}

impl Default for DetectPeaksParams {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            method: DetectMethod::MatchedFiltering,
            peak_sign: PeakSign::Neg,
            detect_threshold: settings.detect_threshold,
            exclude_sweep_ms: settings.exclude_sweep_ms,
            radius_um: None,
        }
    }
}

/// Times and channels where the traces, or the traces matched with a spike, are largest and above threshold.
pub struct DetectPeaks;

impl Node for DetectPeaks {
    type Params = DetectPeaksParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "detect_peaks",
        label: "Detect peaks",
        summary: "Finds the times and channels of spikes, one for each neighbourhood, above a threshold.",
        source: "SpikeInterface detect_peaks (locally_exclusive, matched_filtering)",
        category: Category::Sort,
        search: &["threshold", "spikes", "locally_exclusive", "matched_filtering", "detection"],
        version: 6,
        work: Work::Task(TaskClass::Sort),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("peaks", PortType::Peaks)],
    };

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let usual = Settings::default().radius_um;
        let radius_um = Some(auto::radius_um(params.radius_um, usual, inputs)?);
        Ok(Self::Params { radius_um, ..params.clone() })
    }

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::ShowsPeaks { always: true }]
    }

    fn glimpse(&self, inputs: &Inputs) -> Result<Option<Glimpse<Self::Params>>, NodeError> {
        let glimpse = detect::Glimpse::new(inputs.recording("recording")?)?;
        let inputs = inputs.clone();
        Ok(Some(Box::new(move |params: &Self::Params, segment, frames, monitor| {
            Ok(glimpse.peaks(&settings(params, &inputs)?, segment, frames, monitor)?)
        })))
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let locally = params.method == DetectMethod::LocallyExclusive;
        let (from, to) = (names.input("recording"), names.output("peaks"));
        let radius = auto::radius_in_python(params.radius_um, Settings::default().radius_um, from);
        let named = [
            ("peak_sign", json!(params.peak_sign)),
            ("detect_threshold", json!(params.detect_threshold)),
            ("exclude_sweep_ms", json!(params.exclude_sweep_ms)),
        ];
        let settings = called("dict", &[&format!("radius_um={radius}")], &named);
        let arguments = [
            &format!("with_places({from})"),
            "method=\"locally_exclusive\"",
            &format!("method_kwargs={settings}"),
        ];
        let step = PythonStep::call(to, "spd.detect_peaks", &arguments, &[]);
        Some(match locally {
            true => step,
            false => step
                .noted("On the traces alone: the prototype of a matched filter has to be made there first."),
        })
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let chain = chain::compile(inputs.recording("recording")?)?;
        let settings = settings(params, inputs)?;
        Ok(Outputs::one("peaks", detect::detect_peaks(&chain, &settings, context)?))
    }
}

fn settings(params: &DetectPeaksParams, inputs: &Inputs) -> Result<Settings, NodeError> {
    Ok(Settings {
        method: match params.method {
            DetectMethod::LocallyExclusive => detect::DetectMethod::LocallyExclusive,
            DetectMethod::MatchedFiltering => detect::DetectMethod::MatchedFiltering,
        },
        peak_sign: params.peak_sign,
        detect_threshold: params.detect_threshold,
        exclude_sweep_ms: params.exclude_sweep_ms,
        radius_um: auto::radius_um(params.radius_um, Settings::default().radius_um, inputs)?,
    })
}
