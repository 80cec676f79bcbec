//! How the tissue moves, from spikes.

use crate::{
    data::{Axis, Recording, RecordingInfo},
    engine::{
        Monitor, chain,
        detect::{DetectParams, detect_peaks},
        geometry::Geometry,
        localize::{LocalizeMethod, LocalizeParams, localize_peaks},
        motion::{
            DredgeParams, Event, EventParams, MotionParams, Pairs, RegisterParams, blocks_for,
            events_of_peaks, in_words, motion_of_events, motion_of_features,
        },
    },
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass,
        Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the motion is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MotionMethod {
    /// DREDge: each time is compared with others, and all agree on one motion.
    #[default]
    DredgeAp,
    /// Kilosort's registration: all times are moved towards their running mean, then parts of the probe a little more.
    IterativeTemplate,
}

/// Settings of the estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EstimateMotionParams {
    /// How the motion is found.
    pub method: MotionMethod,
    /// The direction of the motion.
    pub direction: Axis,
    /// One motion for the whole probe instead of one for each of several depths.
    pub rigid: bool,
    /// Width of a depth bin. Auto: 2 µm, 5 µm by iterative_template.
    #[schemars(range(min = 0.1, max = 100.0), extend("auto" = true, "unit" = "µm", "soft" = [0.5, 10.0]))]
    pub bin_um: Option<f64>,
    /// Length of a time bin. Auto: 1 s, 2 s by iterative_template.
    #[schemars(range(min = 0.01, max = 100.0), extend("auto" = true, "unit" = "s", "soft" = [0.5, 5.0]))]
    pub bin_s: Option<f64>,
    /// Distance of the depth windows. Those of iterative_template are twice as long, and end where the probe ends.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "soft" = [50.0, 800.0]))]
    pub win_step_um: f64,
    /// Width of a depth window (standard deviation); dredge_ap only, as all settings below but `detect_threshold`.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "soft" = [50.0, 800.0]))]
    pub win_scale_um: f64,
    /// How far windows reach beyond the probe. Unset: half a width less than the probe.
    #[schemars(range(min = -10_000.0, max = 10_000.0), extend("unit" = "µm", "soft" = [-400.0, 400.0], "advanced" = true))]
    pub win_margin_um: Option<f64>,
    /// Largest displacement between two times. Unset: a quarter of a window, of the probe if rigid.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "soft" = [20.0, 200.0]))]
    pub max_disp_um: Option<f64>,
    /// Times further apart than this are not compared.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "s", "soft" = [60.0, 3600.0]))]
    pub time_horizon_s: f64,
    /// Which times are compared with each other.
    pub pairs: Pairs,
    /// Comparisons with a smaller correlation do not count.
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub mincorr: f64,
    /// Times with less than this in a window do not count there, in units of the amplitudes.
    #[schemars(range(min = 0.0, max = 1_000_000.0), extend("soft" = [0.0, 10.0], "advanced" = true))]
    pub weights_threshold: f64,
    /// Smoothing of the picture of the spikes along depth.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "µm", "soft" = [0.0, 5.0], "advanced" = true))]
    pub histogram_depth_smooth_um: f64,
    /// Smoothing of the picture of the spikes along time.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "s", "soft" = [0.0, 5.0], "advanced" = true))]
    pub histogram_time_smooth_s: f64,
    /// Strength of the prior that neighbouring times move alike.
    #[schemars(range(min = 0.0, max = 10_000.0), extend("soft" = [0.0, 10.0], "advanced" = true))]
    pub time_prior: f64,
    /// Strength of the prior that neighbouring windows change alike.
    #[schemars(range(min = 0.0, max = 10_000.0), extend("soft" = [0.0, 10.0], "advanced" = true))]
    pub depth_prior: f64,
    /// Find the peaks of correlations between depth bins too.
    #[schemars(extend("advanced" = true))]
    pub sub_bin: bool,
    /// Smallest height of the peaks that are looked at, where the peaks are found or chosen here.
    #[schemars(range(min = 0.0, max = 1000.0), extend("unit" = "σ", "soft" = [4.0, 12.0]))]
    pub detect_threshold: f64,
}

impl Default for EstimateMotionParams {
    fn default() -> Self {
        let d = DredgeParams::default();
        Self {
            method: MotionMethod::DredgeAp,
            direction: d.axis,
            rigid: d.rigid,
            bin_um: None,
            bin_s: None,
            win_step_um: d.win_step_um,
            win_scale_um: d.win_scale_um,
            win_margin_um: d.win_margin_um,
            max_disp_um: d.max_disp_um,
            time_horizon_s: d.time_horizon_s,
            pairs: d.pairs,
            mincorr: d.mincorr,
            weights_threshold: d.weights_threshold,
            histogram_depth_smooth_um: d.depth_smooth_um,
            histogram_time_smooth_s: d.time_smooth_s,
            time_prior: d.lambda_t,
            depth_prior: d.lambda_s,
            sub_bin: d.sub_bin,
            detect_threshold: EventParams::default().least,
        }
    }
}

impl EstimateMotionParams {
    /// Width of a depth bin in µm and length of a time bin in seconds.
    fn bins(&self) -> (f64, f64) {
        let (um, s) = match self.method {
            MotionMethod::DredgeAp => (DredgeParams::default().bin_um, DredgeParams::default().bin_s),
            MotionMethod::IterativeTemplate => {
                (RegisterParams::default().bin_um, RegisterParams::default().bin_s)
            }
        };
        (self.bin_um.unwrap_or(um), self.bin_s.unwrap_or(s))
    }

    fn settings(&self, info: &RecordingInfo) -> MotionParams {
        let (bin_um, bin_s) = self.bins();
        if self.method == MotionMethod::IterativeTemplate {
            let num_blocks = if self.rigid { 1 } else { blocks_for(info, self.direction, self.win_step_um) };
            return MotionParams::Register(RegisterParams {
                axis: self.direction,
                bin_um,
                bin_s,
                num_blocks,
                ..RegisterParams::default()
            });
        }
        MotionParams::Dredge(DredgeParams {
            axis: self.direction,
            rigid: self.rigid,
            win_step_um: self.win_step_um,
            win_scale_um: self.win_scale_um,
            win_margin_um: self.win_margin_um,
            bin_um,
            bin_s,
            max_disp_um: self.max_disp_um,
            time_horizon_s: self.time_horizon_s,
            pairs: self.pairs,
            mincorr: self.mincorr,
            weights_threshold: self.weights_threshold,
            depth_smooth_um: self.histogram_depth_smooth_um,
            time_smooth_s: self.histogram_time_smooth_s,
            lambda_t: self.time_prior,
            lambda_s: self.depth_prior,
            sub_bin: self.sub_bin,
            ..DredgeParams::default()
        })
    }
}

/// The motion at which the depths of spikes agree over time: by DREDge or by Kilosort's registration.
pub struct EstimateMotion;

impl Node for EstimateMotion {
    type Params = EstimateMotionParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "estimate_motion",
        label: "Estimate motion",
        summary: "Estimates how the tissue moves along the probe, from features or localised peaks, or by itself from \
                  a filtered recording.",
        source: "DREDge (bioRxiv 2023.10.24.563768); Kilosort 4 datashift (doi 10.1038/s41592-024-02232-7)",
        category: Category::Sort,
        search: &[
            "drift",
            "dredge",
            "displacement",
            "registration",
            "kilosort",
            "datashift",
            "estimate_motion",
            "compute_motion",
        ],
        version: 4,
        work: Work::Task(TaskClass::Sort),
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("peaks", PortType::Peaks).optional(),
            Port::new("features", PortType::Features).optional(),
        ],
        outputs: &[Port::new("motion", PortType::Motion)],
    };

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::NeedsProbe { above: 0 }]
    }

    fn resolve(&self, params: &Self::Params, _: &Inputs) -> Result<Self::Params, NodeError> {
        let (bin_um, bin_s) = params.bins();
        Ok(Self::Params { bin_um: Some(bin_um), bin_s: Some(bin_s), ..params.clone() })
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let info = recording.info();
        let (axis, settings) = (params.direction, params.settings(info));
        let chosen = EventParams { least: params.detect_threshold, ..EventParams::default() };
        let motion = match (inputs.optional_peaks("peaks")?, inputs.optional_features("features")?) {
            (Some(peaks), _) => {
                let events = events_of_peaks(peaks, info.segments.len(), axis).ok_or_else(|| {
                    NodeError::Input(
                        "the peaks have no locations: put Localize peaks before this node".into(),
                    )
                })?;
                motion_of_events(events, info, &settings, context)?
            }
            (None, Some(features)) => motion_of_features(features, recording, &chosen, &settings, context)?,
            (None, None) => {
                let events = self.found_here(recording, params, context)?;
                motion_of_events(events, info, &settings, context)?
            }
        };
        context.log(&format!("moves by {}", in_words(&motion)));
        Ok(Outputs::one("motion", motion))
    }
}

impl EstimateMotion {
    /// Peaks found and located in the recording itself.
    fn found_here(
        &self,
        recording: &Recording,
        params: &EstimateMotionParams,
        context: &RunContext,
    ) -> Result<Vec<Vec<Event>>, NodeError> {
        let geometry = Geometry::of(recording.info())?;
        let chain = chain::compile(recording)?;
        let detect = DetectParams {
            detect_threshold: params.detect_threshold,
            radius_um: geometry.fitting_radius_um(DetectParams::default().radius_um),
            ..DetectParams::default()
        };
        let peaks = detect_peaks(&chain, &detect, context)?;
        let method = LocalizeMethod::GridConvolution;
        let radius_um = geometry.fitting_radius_um(method.usual_radius_um());
        let localize = LocalizeParams { method, radius_um, ..LocalizeParams::default() };
        let located = localize_peaks(&chain, &peaks, &localize, context)?;
        Ok(events_of_peaks(&located, recording.info().segments.len(), params.direction).unwrap_or_default())
    }
}
