//! The ready sorter as one node.

use super::{
    cluster_peaks::{ClusterPeaks, ClusterPeaksParams},
    correct_motion::{CorrectMotion, CorrectMotionParams},
    detect_peaks::{DetectPeaks, DetectPeaksParams},
    estimate_motion::{EstimateMotion, EstimateMotionParams, MotionMethod},
    estimate_templates::{EstimateTemplates, EstimateTemplatesParams},
    finish_units::{FinishUnits, FinishUnitsParams},
    match_templates::{MatchTemplates, MatchTemplatesParams},
    spike_features::{SpikeFeatures, SpikeFeaturesParams},
    whiten::{Mode, Whiten, WhitenParams},
};
use crate::{
    data::{PeakSign, Recording},
    engine::{
        Monitor, detect,
        geometry::{Geometry, MAX_CHANNELS_WITHOUT_PROBE},
        motion::sort_correction,
        signal_check::warn_of_bad_signal,
        sort::{self, SortParams as Settings, SortPreset},
    },
    pipeline::{
        Act, Category, Expansion, Glimpse, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType,
        PythonNames, PythonStep, RunContext, TaskClass, TaskNeeds, Work, memory_limit,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};

/// Settings of the sorter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SortParams {
    /// Kind of probe the other automatic values are made for. Auto: the one the contacts are of.
    #[schemars(extend("auto" = true))]
    pub preset: Option<SortPreset>,
    /// Height a spike must have to be found in the first place, in noise levels.
    #[schemars(range(min = 2.0, max = 50.0), extend("unit" = "σ", "soft" = [3.0, 10.0]))]
    pub detect_threshold: f64,
    /// Direction of the spikes.
    pub peak_sign: PeakSign,
    /// Evidence a spike needs in the end: the square of this is the least drop of the residual's energy. Auto: 4.3 σ, 4 σ
    /// for tetrodes.
    #[schemars(range(min = 2.0, max = 50.0), extend("unit" = "σ", "soft" = [4.0, 12.0], "auto" = true))]
    pub match_threshold: Option<f64>,
    /// Motion of the tissue along the probe is undone where it is larger than this.
    #[schemars(range(min = 0.0, max = 10_000.0), extend("unit" = "µm", "soft" = [0.0, 50.0]))]
    pub min_drift_um: f64,
    /// Channels further than this from a spike are not looked at when spikes are told apart. Auto: 60 µm,
    /// more where contacts lie further apart.
    #[schemars(range(min = 1.0, max = 1000.0), extend("auto" = true, "unit" = "µm", "soft" = [20.0, 200.0], "advanced" = true))]
    pub cluster_radius_um: Option<f64>,
    /// Channels within this distance are whitened together; all of them without a probe. Auto: 100 µm, more
    /// where contacts lie further apart, less where they lie very densely.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("auto" = true, "unit" = "µm", "soft" = [50.0, 300.0], "advanced" = true))]
    pub whiten_radius_um: Option<f64>,
    /// Dip score from which a cluster counts as several; higher merges more.
    #[schemars(range(min = 0.5, max = 10.0), extend("soft" = [1.0, 4.0], "advanced" = true))]
    pub isocut_threshold: f64,
    /// Clusters with fewer spikes are left out.
    #[schemars(range(min = 2, max = 100_000), extend("soft" = [10, 200], "advanced" = true))]
    pub min_cluster_size: usize,
    /// Smallest amplitude of a spike, as a factor of its unit's mean.
    #[schemars(range(min = 0.05, max = 1.0), extend("soft" = [0.3, 0.9], "advanced" = true))]
    pub amplitude_min: f64,
    /// Greatest amplitude of a spike, as a factor of its unit's mean.
    #[schemars(range(min = 1.0, max = 20.0), extend("soft" = [1.1, 3.0], "advanced" = true))]
    pub amplitude_max: f64,
    /// How much of the recording the second clustering looks at.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "s", "soft" = [60.0, 3600.0], "advanced" = true))]
    pub survey_s: f64,
    /// Units that stand out by less than this many noise levels are left out as distant: by their largest sample, the energy
    /// of their waveform, and the spikes that are too small to be found. Zero for none. Auto: 3.3, 3 for tetrodes.
    #[schemars(range(min = 0.0, max = 100.0), extend("soft" = [0.0, 10.0], "advanced" = true, "auto" = true))]
    pub min_snr: Option<f64>,
}

impl Default for SortParams {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            preset: None,
            detect_threshold: settings.detect.detect_threshold,
            peak_sign: PeakSign::Neg,
            match_threshold: None,
            min_drift_um: settings.min_drift_um,
            cluster_radius_um: None,
            whiten_radius_um: None,
            isocut_threshold: settings.cluster.isosplit.isocut_threshold,
            min_cluster_size: settings.cluster.min_cluster_size,
            amplitude_min: settings.matching.amplitude_min,
            amplitude_max: settings.matching.amplitude_max,
            survey_s: settings.survey_s,
            min_snr: None,
        }
    }
}

impl SortParams {
    fn preset(&self, geometry: &Geometry) -> SortPreset {
        self.preset.unwrap_or_else(|| SortPreset::fitting(geometry))
    }

    fn settings(&self, recording: &Recording) -> Settings {
        let geometry = Geometry::known_of(recording.info());
        let mut settings = Settings::made_for(self.preset(&geometry), &geometry);
        settings.detect.detect_threshold = self.detect_threshold;
        settings.detect.peak_sign = self.peak_sign;
        settings.matching.threshold = self.match_threshold.unwrap_or(settings.matching.threshold);
        settings.min_drift_um = self.min_drift_um;
        settings.cluster.radius_um = self.cluster_radius_um.unwrap_or(settings.cluster.radius_um);
        settings.whiten_radius_um = self.whiten_radius_um.unwrap_or(settings.whiten_radius_um);
        settings.cluster.isosplit.isocut_threshold = self.isocut_threshold;
        settings.cluster.min_cluster_size = self.min_cluster_size;
        settings.matching.amplitude_min = self.amplitude_min;
        settings.matching.amplitude_max = self.amplitude_max;
        settings.survey_s = self.survey_s;
        settings.finish.min_snr = self.min_snr.unwrap_or(settings.finish.min_snr);
        settings.kept_bytes = kept_bytes();
        settings
    }
}

/// Memory for whitened traces that are read again: a minute of 384 channels, less on a small machine.
fn kept_bytes() -> usize {
    const MOST: usize = 768 << 20;
    memory_limit().map_or(MOST, |bytes| MOST.min((bytes / 8) as usize))
}

/// Wires whose places are not known, each a group of its own: nothing else keeps them apart.
fn alone(recording: &Recording, preset: SortPreset) -> Result<Recording, NodeError> {
    if preset != SortPreset::SingleWire || recording.info().probe.is_some() {
        return Ok(recording.clone());
    }
    let mut info = recording.info().clone();
    info.groups = (0..info.num_channels() as i64).collect();
    Ok(recording.with_info(info)?)
}

/// Finds the units of a filtered, referenced recording: detection, clustering, template matching.
pub struct Sort;

impl Node for Sort {
    type Params = SortParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "sort",
        label: "Sort",
        summary: "Finds units and all their spikes in a filtered, referenced recording; whitens it by itself.",
        source: "isosplit (arXiv:1508.04841) on shared-basis features, best-first template matching pursuit",
        category: Category::Sort,
        search: &["sorter", "spike sorting", "kilosort", "mountainsort", "lupin", "run_sorter", "units"],
        version: 22,
        work: Work::Task(TaskClass::Sort),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("sorting", PortType::Sorting), Port::new("templates", PortType::Templates)],
    };

    fn acts(&self, params: &Self::Params) -> Vec<Act> {
        let mut acts = vec![Act::Sorts, Act::ShowsPeaks { always: false }];
        // Each wire is a group of its own.
        if params.preset != Some(SortPreset::SingleWire) {
            acts.push(Act::NeedsProbe { above: MAX_CHANNELS_WITHOUT_PROBE });
        }
        acts
    }

    // The peaks that are found first, before the motion of the tissue is undone.
    fn glimpse(&self, inputs: &Inputs) -> Result<Option<Glimpse<Self::Params>>, NodeError> {
        let recording = inputs.recording("recording")?.clone();
        let learnt: Mutex<Option<(f64, Arc<detect::Glimpse>)>> = Mutex::default();
        Ok(Some(Box::new(move |params: &Self::Params, segment, frames, monitor| {
            let recording = alone(&recording, params.preset(&Geometry::known_of(recording.info())))?;
            let settings = params.settings(&recording);
            let known = learnt.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let known = known.filter(|(radius_um, _)| *radius_um == settings.whiten_radius_um);
            let glimpse = match known {
                Some((_, glimpse)) => glimpse,
                None => {
                    let white = sort::whiten(&recording, &settings, 0, monitor)?;
                    let glimpse = Arc::new(detect::Glimpse::new(&white)?);
                    let mut learnt = learnt.lock().unwrap_or_else(PoisonError::into_inner);
                    *learnt = Some((settings.whiten_radius_um, glimpse.clone()));
                    glimpse
                }
            };
            Ok(glimpse.peaks(&settings.detect, segment, frames, monitor)?)
        })))
    }

    // Measured: with two threads 40 MB for 4 channels, 0.2 GB for 128, 0.35 GB for a minute of 384 and 0.5 GB for five;
    // and what is kept of the traces.
    fn usual_stages(&self) -> Vec<(&'static str, f64)> {
        // Of a minute of 32 channels that stay where they are.
        vec![
            ("whiten", 8.0),
            ("detect", 58.0),
            ("motion", 2.0),
            ("cluster", 9.0),
            ("survey", 6.0),
            ("recluster", 3.0),
            ("match", 13.0),
            ("finish", 1.0),
        ]
    }

    fn needs(&self, _: &Self::Params, inputs: &Inputs) -> TaskNeeds {
        let Ok(recording) = inputs.recording("recording") else {
            return TaskNeeds::of(Self::INFO.work.class());
        };
        let info = recording.info();
        let channels = info.num_channels() as f64;
        let megabytes = 100.0 + channels * (2.0 + 0.002 * info.duration_s());
        let samples = info.segments.iter().map(|s| s.num_frames).sum::<usize>() * info.num_channels();
        TaskNeeds::new(4, megabytes as u64 + (kept_bytes().min(2 * samples) >> 20) as u64)
    }

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let recording = inputs.recording("recording")?;
        let settings = params.settings(recording);
        Ok(SortParams {
            preset: Some(params.preset(&Geometry::known_of(recording.info()))),
            cluster_radius_um: Some(settings.cluster.radius_um),
            whiten_radius_um: Some(settings.whiten_radius_um),
            match_threshold: Some(settings.matching.threshold),
            min_snr: Some(settings.finish.min_snr),
            ..params.clone()
        })
    }

    fn expand(&self, params: &Self::Params) -> Option<Expansion> {
        if params.preset == Some(SortPreset::SingleWire) {
            // Its parts would not know that channels without a place are apart.
            return None;
        }
        let mut base = Settings::default();
        if let Some(preset) = params.preset {
            base.take_limits_of(preset);
        }
        let radius_um = params.preset.and_then(SortPreset::radius_um);
        let cluster = ClusterPeaksParams {
            radius_um: params.cluster_radius_um.or(radius_um),
            isocut_threshold: params.isocut_threshold,
            min_cluster_size: params.min_cluster_size,
            ..ClusterPeaksParams::default()
        };
        let matching = MatchTemplatesParams {
            threshold: params.match_threshold.unwrap_or(base.matching.threshold),
            amplitude_min: params.amplitude_min,
            amplitude_max: params.amplitude_max,
            features_per_unit: 0,
            features_radius_um: radius_um,
            ..MatchTemplatesParams::default()
        };
        let survey = MatchTemplatesParams {
            max_duration_s: Some(params.survey_s),
            features_per_unit: base.survey_spikes_per_unit,
            ..matching.clone()
        };
        let whiten = WhitenParams {
            mode: Mode::Fitting,
            radius_um: params.whiten_radius_um.or(radius_um),
            robust: true,
            ..WhitenParams::default()
        };
        let detect = DetectPeaksParams {
            peak_sign: params.peak_sign,
            detect_threshold: params.detect_threshold,
            radius_um,
            ..DetectPeaksParams::default()
        };
        let finish = FinishUnitsParams {
            min_snr: params.min_snr.unwrap_or(base.finish.min_snr),
            ..FinishUnitsParams::default()
        };
        let templates = EstimateTemplatesParams::default();
        let features = SpikeFeaturesParams { radius_um, ..SpikeFeaturesParams::default() };
        let motion = EstimateMotionParams {
            method: MotionMethod::IterativeTemplate,
            ..EstimateMotionParams::default()
        };
        let correction = CorrectMotionParams {
            min_range_um: params.min_drift_um,
            ..CorrectMotionParams::from(sort_correction())
        };
        let at = |column: u8, row: u8| [240.0 * f32::from(column), 160.0 * f32::from(row)];
        let first = ["look_detect.recording", "look_features.recording", "motion.recording"];
        let readers = [
            "detect.recording",
            "features.recording",
            "cluster.recording",
            "templates.recording",
            "match.recording",
            "finish.recording",
        ];
        let mut parts = Expansion::default();
        let (mut units, mut row) = ("templates.templates".to_owned(), 2);
        for round in 1..=base.survey_rounds.max(1) {
            let named = |part: &str| if round == 1 { part.to_owned() } else { format!("{part}_{round}") };
            let [found, clustered, made] = ["survey", "recluster", "retemplate"].map(named);
            let port = |node: &str, port: &str| format!("{node}.{port}");
            let recordings = [&found, &clustered, &made].map(|node| port(node, "recording"));
            parts = parts
                .part(&found, &MatchTemplates, &survey, at(1, row))
                .part(&clustered, &ClusterPeaks, &cluster, at(2, row))
                .part(&made, &EstimateTemplates, &templates, at(3, row))
                .wire("whiten.recording", &recordings.each_ref().map(String::as_str))
                .wire(&units, &[&port(&found, "templates")])
                .wire(&port(&found, "features"), &[&port(&clustered, "features"), &port(&made, "features")])
                .wire(&port(&clustered, "sorting"), &[&port(&made, "sorting")]);
            (units, row) = (port(&made, "templates"), row + 1);
        }
        Some(
            parts
                .part("look_whiten", &Whiten, &whiten, at(0, 0))
                .part("look_detect", &DetectPeaks, &detect, at(1, 0))
                .part("look_features", &SpikeFeatures, &features, at(2, 0))
                .part("motion", &EstimateMotion, &motion, at(3, 0))
                .part("correct", &CorrectMotion, &correction, at(4, 0))
                .part("whiten", &Whiten, &whiten, at(0, 1))
                .part("detect", &DetectPeaks, &detect, at(1, 1))
                .part("features", &SpikeFeatures, &features, at(2, 1))
                .part("cluster", &ClusterPeaks, &cluster, at(3, 1))
                .part("templates", &EstimateTemplates, &templates, at(4, 1))
                .part("match", &MatchTemplates, &matching, at(4, row - 1))
                .part("finish", &FinishUnits, &finish, at(5, row - 1))
                .wire("look_whiten.recording", &first)
                .wire("look_detect.peaks", &["look_features.peaks"])
                .wire("look_features.features", &["motion.features"])
                .wire("motion.motion", &["correct.motion"])
                .wire("correct.recording", &["whiten.recording"])
                .wire("whiten.recording", &readers)
                .wire("detect.peaks", &["features.peaks"])
                .wire("features.features", &["cluster.features", "templates.features"])
                .wire("cluster.sorting", &["templates.sorting"])
                .wire(&units, &["match.templates", "finish.templates"])
                .wire("match.sorting", &["finish.sorting"])
                .input("recording", &["look_whiten.recording", "correct.recording"])
                .output("sorting", "finish.sorting")
                .output("templates", "finish.templates"),
        )
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("sorting"));
        let folder = format!("folder={} / \"sorter\"", names.work_folder(to));
        let json = |params: &Self::Params| serde_json::to_value(params).unwrap_or_default();
        let (set, usual) = (json(params), json(&SortParams::default()));
        let set = set.as_object().into_iter().flatten();
        let mut named = vec![("apply_preprocessing", json!(false))];
        named.extend(
            set.filter(|(name, value)| usual[*name] != **value || names.is_swept(name))
                .map(|(name, v)| (name.as_str(), v.clone())),
        );
        if names.seed() != 0 {
            named.push(("seed", json!(names.seed())));
        }
        Some(PythonStep::call(
            to,
            "ss.run_sorter",
            &["spikeloom_sorter.SpikeloomSorter.sorter_name", from, &folder],
            &named,
        ))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        warn_of_bad_signal(recording, context)?;
        let preset = params.preset(&Geometry::known_of(recording.info()));
        context.log(&format!("preset {}", preset.name()));
        let recording = &alone(recording, preset)?;
        let output = sort::sort(recording, &params.settings(recording), context.seed, context, context)?;
        Ok(Outputs::one("sorting", output.sorting).and("templates", output.templates))
    }
}
