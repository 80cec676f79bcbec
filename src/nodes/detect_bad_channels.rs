//! Find channels that carry no signal or too much noise, and deal with them.

use crate::{
    data::{Fit, Id, Recording, RecordingInfo, Stage},
    engine::{
        Monitor,
        bad_channels::{
            BadChannelMethod, BadChannelParams, ChannelLabel, OutsideLocation, detect_bad_channels,
            interpolation_weights,
        },
    },
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Value, Work, named_channels,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// How channels are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The first of these where the probe and the gains are known, else the median absolute deviation.
    #[default]
    Auto,
    /// Likeness to the median of all channels, and power at high frequencies. Needs a probe and gains.
    CoherencePsd,
    /// Standard deviation far above that of the others, or none.
    Std,
    /// Median absolute deviation far above that of the others, or none.
    Mad,
    /// Correlation with the median of the neighbours; for local field potentials. Needs a probe.
    NeighborhoodR2,
}

/// What happens to bad channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// They are left out.
    #[default]
    Remove,
    /// They are filled in from their neighbours; those outside the brain are left out. Needs a probe.
    Interpolate,
    /// Nothing: the log says which they are.
    None,
}

/// Which end of the probe can be outside the brain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The end away from the tip.
    #[default]
    Top,
    /// The tip.
    Bottom,
    /// Both ends.
    Both,
}

/// Settings of the detection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DetectBadChannelsParams {
    /// How channels are judged.
    pub method: Method,
    /// What happens to the bad ones.
    pub action: Action,
    /// Channels known to be bad, besides those that are found.
    #[schemars(with = "Vec<String>", extend("label" = "Known bad channels"))]
    pub bad_channel_ids: Vec<Id>,
    /// Deviation, in times the median of all channels, above which a channel is noisy (std and mad).
    #[schemars(range(min = 1.0, max = 1000.0), extend("soft" = [2.0, 20.0], "advanced" = true))]
    pub std_mad_threshold: f64,
    /// Power at high frequencies above which a channel is noisy.
    #[schemars(range(min = 0.0, max = 1e6), extend("unit" = "µV²/Hz", "soft" = [0.001, 1.0], "advanced" = true))]
    pub psd_hf_threshold: f64,
    /// Likeness against the neighbours below which a channel is dead.
    #[schemars(range(min = -10.0, max = 0.0), extend("advanced" = true))]
    pub dead_channel_threshold: f64,
    /// Likeness against the neighbours above which a channel is noisy.
    #[schemars(range(min = 0.0, max = 10.0), extend("advanced" = true))]
    pub noisy_channel_threshold: f64,
    /// Likeness of a stretch at an end, less one, below which it is outside the brain.
    #[schemars(range(min = -1.0, max = 0.0), extend("advanced" = true))]
    pub outside_channel_threshold: f64,
    /// Which end of the probe can be outside the brain.
    #[schemars(extend("advanced" = true))]
    pub outside_channels_location: Outside,
    /// Channels in the running median of likeness along the probe; odd.
    #[schemars(range(min = 1, max = 101), extend("advanced" = true))]
    pub n_neighbors: usize,
    /// High frequencies begin at this share of half the sampling frequency.
    #[schemars(range(min = 0.1, max = 0.99), extend("advanced" = true))]
    pub nyquist_threshold: f64,
    /// Length of a chunk of data.
    #[schemars(range(min = 0.01, max = 60.0), extend("unit" = "s", "advanced" = true))]
    pub chunk_duration_s: f64,
    /// Chunks of data drawn at random from each segment.
    #[schemars(range(min = 1, max = 10_000), extend("advanced" = true))]
    pub num_random_chunks: usize,
    /// Window of the spectrum.
    #[schemars(range(min = 0.1, max = 1000.0), extend("unit" = "ms", "advanced" = true))]
    pub welch_window_ms: f64,
    /// An unfiltered recording is high-passed at this frequency first.
    #[schemars(range(min = 0.001, max = 10_000.0), extend("unit" = "Hz", "advanced" = true))]
    pub highpass_filter_cutoff: f64,
    /// Correlation with the neighbours below which a channel is bad (neighborhood_r2).
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub neighborhood_r2_threshold: f64,
    /// How far neighbours are (neighborhood_r2).
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "advanced" = true))]
    pub neighborhood_r2_radius_um: f64,
    /// Interpolation: how fast the weight of a neighbour falls. Auto takes the distance of rows of contacts.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "auto" = true, "advanced" = true))]
    pub sigma_um: Option<f64>,
    /// Interpolation: exponent of the distance in the weight.
    #[schemars(range(min = 0.1, max = 10.0), extend("advanced" = true))]
    pub p: f64,
}

impl Default for DetectBadChannelsParams {
    fn default() -> Self {
        Self {
            method: Method::Auto,
            action: Action::Remove,
            bad_channel_ids: Vec::new(),
            std_mad_threshold: 5.0,
            psd_hf_threshold: 0.02,
            dead_channel_threshold: -0.5,
            noisy_channel_threshold: 1.0,
            outside_channel_threshold: -0.75,
            outside_channels_location: Outside::Top,
            n_neighbors: 11,
            nyquist_threshold: 0.8,
            chunk_duration_s: 0.3,
            num_random_chunks: 100,
            welch_window_ms: 10.0,
            highpass_filter_cutoff: 300.0,
            neighborhood_r2_threshold: 0.9,
            neighborhood_r2_radius_um: 30.0,
            sigma_um: None,
            p: 1.3,
        }
    }
}

/// Labels channels once, then removes or interpolates the bad ones in whatever is read.
pub struct DetectBadChannels;

impl Node for DetectBadChannels {
    type Params = DetectBadChannelsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "detect_bad_channels",
        label: "Detect bad channels",
        summary: "Finds channels that are dead, noisy or outside the brain, and removes or interpolates them.",
        source: "SpikeInterface detect_bad_channels, interpolate_bad_channels; International Brain Laboratory 2022",
        category: Category::Preprocess,
        search: &["interpolate_bad_channels", "dead", "noisy", "remove", "broken", "outside"],
        version: 2,
        work: Work::FitThenLazy(TaskClass::Traces),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, params: &Self::Params) -> Vec<Act> {
        let likeness = matches!(params.method, Method::CoherencePsd | Method::NeighborhoodR2);
        let geometry = likeness || params.action == Action::Interpolate;
        let mends = (params.action != Action::None).then_some(Act::MendsChannels);
        let leaves_out = mends.is_some().then_some(Act::LeavesOut { field: "bad_channel_ids" });
        mends.into_iter().chain(leaves_out).chain(geometry.then_some(Act::NeedsProbe { above: 1 })).collect()
    }

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let method = match params.method {
            Method::Auto => method_for(inputs.recording("recording")?.info()),
            other => other,
        };
        Ok(DetectBadChannelsParams { method, ..params.clone() })
    }

    fn fit(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let info = recording.info();
        let mut labels = detect_bad_channels(recording, &settings(params, info, context.seed), context)?;
        for index in info.channel_indices(&params.bad_channel_ids)? {
            if let Some(label) = labels.get_mut(index).filter(|label| **label == ChannelLabel::Good) {
                *label = ChannelLabel::Noise;
            }
        }
        for (id, label) in info.channel_ids.iter().zip(&labels) {
            if *label != ChannelLabel::Good {
                context.log(&format!("channel {id}: {}", label.name()));
            }
        }
        let bad = labels.iter().filter(|label| **label != ChannelLabel::Good).count();
        context.log(&format!("{bad} of {} channels are bad", labels.len()));
        let mut fit = Fit::default();
        let names: Vec<&str> = labels.iter().map(|label| label.name()).collect();
        fit.facts.insert("channel_ids".into(), serde_json::json!(info.channel_ids));
        fit.facts.insert("labels".into(), serde_json::json!(names));
        Ok(Outputs::one("fit", fit))
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        let known = format!("{from}.has_probe() and {from}.has_scaleable_traces()");
        let method = match params.method {
            Method::Auto => format!("\"coherence+psd\" if {known} else \"mad\""),
            Method::CoherencePsd => "\"coherence+psd\"".to_owned(),
            Method::Std => "\"std\"".to_owned(),
            Method::Mad => "\"mad\"".to_owned(),
            Method::NeighborhoodR2 => "\"neighborhood_r2\"".to_owned(),
        };
        let method = format!("method={method}");
        let named = [
            ("std_mad_threshold", json!(params.std_mad_threshold)),
            ("psd_hf_threshold", json!(params.psd_hf_threshold)),
            ("dead_channel_threshold", json!(params.dead_channel_threshold)),
            ("noisy_channel_threshold", json!(params.noisy_channel_threshold)),
            ("outside_channel_threshold", json!(params.outside_channel_threshold)),
            ("outside_channels_location", json!(params.outside_channels_location)),
            ("n_neighbors", json!(params.n_neighbors)),
            ("nyquist_threshold", json!(params.nyquist_threshold)),
            ("chunk_duration_s", json!(params.chunk_duration_s)),
            ("num_random_chunks", json!(params.num_random_chunks)),
            ("welch_window_ms", json!(params.welch_window_ms)),
            ("highpass_filter_cutoff", json!(params.highpass_filter_cutoff)),
            ("neighborhood_r2_threshold", json!(params.neighborhood_r2_threshold)),
            ("neighborhood_r2_radius_um", json!(params.neighborhood_r2_radius_um)),
            ("seed", json!(names.seed())),
        ];
        let (ids, labels) = (format!("{to}_bad"), format!("{to}_labels"));
        let found = format!("{ids}, {labels}");
        let mut step = PythonStep::call(&found, "spre.detect_bad_channels", &[from, &method], &named);
        if matches!(params.method, Method::Auto | Method::Std | Method::Mad) {
            step = step.and(format!("{ids} = with_constant_channels({from}, {ids})"));
        }
        if !params.bad_channel_ids.is_empty() {
            let named = named_channels(from, &params.bad_channel_ids);
            step = step.and(format!("{ids} = list({ids}) + {named}"));
        }
        Some(match params.action {
            Action::Remove => step.and(format!("{to} = {from}.remove_channels({ids})")),
            Action::Interpolate => step
                .and(format!("{to} = {from}.remove_channels({from}.channel_ids[{labels} == \"out\"])"))
                .and(format!("{ids} = [channel for channel in {ids} if channel in {to}.channel_ids]"))
                .and_call(
                    to,
                    "spre.interpolate_bad_channels",
                    &[to, &ids],
                    &[("sigma_um", json!(params.sigma_um)), ("p", json!(params.p))],
                ),
            Action::None => step.and(format!("print({ids})")).and(format!("{to} = {from}")),
        })
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let Value::Fit(fit) = inputs.fit("fit")? else {
            return Err(NodeError::Failed("the estimate is no fit".into()));
        };
        let labels: Vec<String> = fit
            .facts
            .get("labels")
            .and_then(|labels| serde_json::from_value(labels.clone()).ok())
            .ok_or_else(|| NodeError::Failed("the estimate has no labels".into()))?;
        let which = |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
            labels.iter().enumerate().filter(|(_, label)| wanted(label)).map(|(index, _)| index).collect()
        };
        let out = match params.action {
            Action::None => recording.clone(),
            Action::Remove => without(recording, &which(&|label| label != "good"))?,
            Action::Interpolate => {
                let outside = which(&|label| label == "out");
                let bad = which(&|label| label == "dead" || label == "noise");
                without(&interpolated(recording, &bad, &outside, params)?, &outside)?
            }
        };
        Ok(Outputs::one("recording", out))
    }
}

/// What judges the channels of a recording where nothing was chosen.
fn method_for(info: &RecordingInfo) -> Method {
    match info.probe.is_some() && info.gain_to_uv.is_some() {
        true => Method::CoherencePsd,
        false => Method::Mad,
    }
}

fn settings(params: &DetectBadChannelsParams, info: &RecordingInfo, seed: u64) -> BadChannelParams {
    let method = match params.method {
        Method::Auto => method_for(info),
        other => other,
    };
    BadChannelParams {
        method: match method {
            Method::Std => BadChannelMethod::Std,
            Method::Mad => BadChannelMethod::Mad,
            Method::NeighborhoodR2 => BadChannelMethod::NeighborhoodR2,
            Method::Auto | Method::CoherencePsd => BadChannelMethod::CoherencePsd,
        },
        std_mad_threshold: params.std_mad_threshold,
        psd_hf_threshold: params.psd_hf_threshold,
        dead_channel_threshold: params.dead_channel_threshold,
        noisy_channel_threshold: params.noisy_channel_threshold,
        outside_channel_threshold: params.outside_channel_threshold,
        outside_channels_location: match params.outside_channels_location {
            Outside::Top => OutsideLocation::Top,
            Outside::Bottom => OutsideLocation::Bottom,
            Outside::Both => OutsideLocation::Both,
        },
        n_neighbors: params.n_neighbors,
        nyquist_threshold: params.nyquist_threshold,
        chunk_duration_s: params.chunk_duration_s,
        num_random_chunks: params.num_random_chunks,
        welch_window_ms: params.welch_window_ms,
        highpass_filter_cutoff: params.highpass_filter_cutoff,
        neighborhood_r2_threshold: params.neighborhood_r2_threshold,
        neighborhood_r2_radius_um: params.neighborhood_r2_radius_um,
        seed,
    }
}

fn without(recording: &Recording, removed: &[usize]) -> Result<Recording, NodeError> {
    if removed.is_empty() {
        return Ok(recording.clone());
    }
    let indices: Vec<usize> =
        (0..recording.info().num_channels()).filter(|index| !removed.contains(index)).collect();
    if indices.is_empty() {
        return Err(NodeError::Input(
            "every channel was found bad. After a common reference channels have nothing in common any more: put this \
             node before it. Else look at the traces, raise the thresholds, or set action to none"
                .into(),
        ));
    }
    Ok(recording.with_stage(Stage::SelectChannels { indices })?)
}

fn interpolated(
    recording: &Recording,
    bad: &[usize],
    outside: &[usize],
    params: &DetectBadChannelsParams,
) -> Result<Recording, NodeError> {
    if bad.is_empty() {
        return Ok(recording.clone());
    }
    // What is outside gives nothing to its neighbours and is removed afterwards.
    let all: Vec<usize> = bad.iter().chain(outside).copied().collect();
    let weights = interpolation_weights(recording.info(), &all, params.sigma_um, params.p)?;
    Ok(recording.with_stage(Stage::LinearMap { weights: Arc::new(weights), whitens: false })?)
}
