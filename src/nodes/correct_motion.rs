//! Undo the motion of the tissue on traces.

use crate::{
    data::Interpolation,
    engine::motion::{BorderMode, CorrectParams, correction_stages},
    pipeline::{Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, Work},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the correction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorrectMotionParams {
    /// How places between contacts are filled.
    pub spatial_interpolation_method: Interpolation,
    /// What becomes of channels that would need traces from beyond the probe.
    pub border_mode: BorderMode,
    /// Kriging: how far signals of contacts resemble each other.
    #[schemars(range(min = 0.1, max = 1000.0), extend("unit" = "µm", "soft" = [5.0, 100.0]))]
    pub sigma_um: f64,
    /// Kriging: exponent of the distance; 1 as SpikeInterface has it, 2 as Kilosort.
    #[schemars(range(min = 0.1, max = 4.0), extend("soft" = [1.0, 2.0], "advanced" = true))]
    pub p: f64,
    /// Inverse distance: how many contacts take part.
    #[schemars(range(min = 1, max = 100), extend("soft" = [2, 8], "advanced" = true))]
    pub num_closest: usize,
    /// A motion with a smaller range leaves the recording as it is: interpolation costs more than it brings.
    #[schemars(range(min = 0.0, max = 1000.0), extend("unit" = "µm", "soft" = [0.0, 20.0]))]
    pub min_range_um: f64,
}

impl Default for CorrectMotionParams {
    fn default() -> Self {
        Self::from(CorrectParams::default())
    }
}

impl From<CorrectParams> for CorrectMotionParams {
    fn from(params: CorrectParams) -> Self {
        let CorrectParams { interpolation, border_mode, sigma_um, power, num_closest } = params;
        Self {
            spatial_interpolation_method: interpolation,
            border_mode,
            sigma_um,
            p: power,
            num_closest,
            min_range_um: 0.0,
        }
    }
}

/// Interpolates each frame between the contacts by the displacement of its time bin.
pub struct CorrectMotion;

impl Node for CorrectMotion {
    type Params = CorrectMotionParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "correct_motion",
        label: "Correct motion",
        summary: "Interpolates the traces between contacts, so that units stay where they are though the tissue moves.",
        source: "SpikeInterface interpolate_motion; kriging as in Kilosort 2.5",
        category: Category::Preprocess,
        search: &["drift", "interpolate_motion", "kriging", "datashift", "registration", "motion correction"],
        version: 2,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording), Port::new("motion", PortType::Motion)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::CorrectsMotion, Act::NeedsProbe { above: 0 }]
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let (recording, motion) = (inputs.recording("recording")?, inputs.motion("motion")?);
        if motion.range_um() <= params.min_range_um {
            return Ok(Outputs::one("recording", recording.clone()));
        }
        let settings = CorrectParams {
            interpolation: params.spatial_interpolation_method,
            border_mode: params.border_mode,
            sigma_um: params.sigma_um,
            power: params.p,
            num_closest: params.num_closest,
        };
        let mut corrected = recording.clone();
        for stage in correction_stages(recording.info(), motion, &settings)? {
            corrected = corrected.with_stage(stage)?;
        }
        Ok(Outputs::one("recording", corrected))
    }
}
