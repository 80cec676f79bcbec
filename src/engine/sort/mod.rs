//! The ready sorter: the stages of this room one after the other.

mod echoes;
mod finish;
mod parts;
mod preset;
mod steady;
mod timing;
mod turns;
mod whiten;

pub use echoes::{Echo, echoes};
pub use finish::{FinishParams, Finished, Removed, finish};
pub use preset::SortPreset;
use steady::{motion_of, steady};
pub use timing::{StageTiming, Stopwatch};
pub use whiten::{stages_for_sort, whitening_of_varying};

use super::{
    EngineError, Monitor, Preview, Scratch,
    chain::{Chain, compile},
    checkpoint::Checkpoint,
    cluster::{ClusterParams, cluster_features},
    detect::DetectParams,
    features::{FeatureParams, detect_features},
    geometry::Geometry,
    matching::{MatchParams, match_templates_kept, to_sorting},
    noise::Chunks,
    templates::{TemplateParams, TemplateSet, estimate_templates},
    whiten::{WhitenMode, WhitenParams},
};
use crate::data::{Features, Notice, Recording, Remedy, Sorting, Templates};
use std::sync::Arc;

/// Settings of [`sort`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SortParams {
    /// Channels within this distance are whitened together, in µm; without a probe all are.
    pub whiten_radius_um: f64,
    /// Detection.
    pub detect: DetectParams,
    /// Features of the peaks.
    pub features: FeatureParams,
    /// Motion of the tissue with a smaller range is left alone, in µm.
    pub min_drift_um: f64,
    /// Clustering, of peaks and of cleaned spikes.
    pub cluster: ClusterParams,
    /// Templates.
    pub templates: TemplateParams,
    /// Matching.
    pub matching: MatchParams,
    /// How often spikes are clustered again that the templates of the clustering before have found.
    pub survey_rounds: usize,
    /// How much of the recording is matched for that, in seconds.
    pub survey_s: f64,
    /// Spikes per unit the second clustering looks at.
    pub survey_spikes_per_unit: usize,
    /// Last checks of the units.
    pub finish: FinishParams,
    /// Memory for whitened traces that are read again, in bytes. The results do not depend on it.
    pub kept_bytes: usize,
}

impl Default for SortParams {
    fn default() -> Self {
        Self {
            whiten_radius_um: 100.0,
            detect: DetectParams::default(),
            features: FeatureParams::default(),
            min_drift_um: 5.0,
            cluster: ClusterParams::default(),
            templates: TemplateParams::default(),
            matching: MatchParams::default(),
            survey_rounds: 1,
            survey_s: 600.0,
            survey_spikes_per_unit: 2_000,
            finish: FinishParams::default(),
            kept_bytes: 0,
        }
    }
}

impl SortParams {
    /// The defaults, with radii that fit the probe, and no more peaks of a channel than there is memory for.
    pub fn fitting(geometry: &Geometry) -> Self {
        let mut params = Self::default();
        params.whiten_radius_um = geometry.whiten_radius_um(params.whiten_radius_um);
        let fair = MOST_PEAKS / geometry.num_channels().max(1);
        let most = params.features.max_peaks_per_channel;
        params.features.max_peaks_per_channel = fair.clamp(LEAST_PEAKS.min(most), most);
        for radius_um in [
            &mut params.detect.radius_um,
            &mut params.features.radius_um,
            &mut params.cluster.radius_um,
            &mut params.matching.features_radius_um,
        ] {
            *radius_um = geometry.fitting_radius_um(*radius_um);
        }
        params
    }
}

/// What [`sort`] returns.
#[derive(Clone, Debug)]
pub struct SortOutput {
    /// Spikes with amplitudes (µV where gains are known) and locations.
    pub sorting: Sorting,
    /// Templates of the units in the whitened space they were matched in.
    pub templates: Templates,
    /// Time each stage took.
    pub stages: Vec<StageTiming>,
}

/// Sorts a filtered, referenced recording.
///
/// Whitens it, detects peaks, undoes the motion of the tissue they tell of and detects them again, clusters their
/// features, matches the templates of the clusters, clusters the collision-cleaned spikes again, and matches the
/// templates of those. Groups of channels (shanks) are sorted apart in the same run. The same input,
/// parameters and seed give the same bytes for any number of threads. Motion and templates are kept as soon as they are known,
/// and of a recording of ten minutes or more every part of a pass: where the computation was stopped, the next one begins
/// there, and gives the same bytes.
///
/// # Errors
/// Where samples cannot be read, many channels have no probe, or it is cancelled. Silence and noise are no errors:
/// the sorting is empty then and the monitor is warned.
pub fn sort(
    recording: &Recording,
    params: &SortParams,
    seed: u64,
    monitor: &dyn Monitor,
    scratch: &dyn Scratch,
) -> Result<SortOutput, EngineError> {
    let mut watch = Stopwatch::default();
    Geometry::of(recording.info())?;
    if !recording.info().is_filtered {
        let words = "the recording is not filtered: put a band-pass filter before the sort";
        monitor.warn(&Notice::from(words).mended_by(Remedy::Filter));
    }
    // The recording as it is, whitened, and its features, while they are of use.
    let mut looked = None;
    let motion = match scratch.motion() {
        Some(motion) => motion,
        None => {
            let white = watch.time("whiten", monitor, || whiten(recording, params, seed, monitor))?;
            let chain = compile(&white)?.keeping(params.kept_bytes);
            let features = find(&chain, params, &mut watch, monitor, (scratch, MOVING))?;
            let motion = watch.time("motion", monitor, || motion_of(&features, &white, monitor))?;
            scratch.keep_motion(&motion);
            looked = Some((white, chain, features));
            motion
        }
    };
    let steady = steady(recording, &motion, params.min_drift_um, monitor)?;
    // Features of a recording that stays as it is were found while its motion was looked for.
    let pass = if steady.is_some() { STEADY } else { MOVING };
    if steady.is_some() {
        scratch.forget_parts(MOVING);
    }
    let (white, chain, features) = match looked.filter(|_| steady.is_none()) {
        Some((white, chain, features)) => (white, chain, Some(features)),
        None => {
            let recording = steady.as_ref().unwrap_or(recording);
            let white = watch.time("whiten", monitor, || whiten(recording, params, seed, monitor))?;
            let chain = compile(&white)?.keeping(params.kept_bytes);
            (white, chain, None)
        }
    };
    let templates = match scratch.templates(UNITS) {
        Some(templates) => templates,
        None => {
            let clusters = match scratch.templates(CLUSTERS) {
                Some(templates) => templates,
                None => {
                    let features = match features {
                        Some(features) => features,
                        None => find(&chain, params, &mut watch, monitor, (scratch, pass))?,
                    };
                    let cluster = || templates_of(&chain, &features, params, seed, monitor);
                    let clusters = watch.time("cluster", monitor, cluster)?.templates;
                    scratch.keep_templates(CLUSTERS, &clusters);
                    scratch.forget_parts(pass);
                    clusters
                }
            };
            let survey = MatchParams {
                max_duration_s: Some(params.survey_s),
                features_per_unit: params.survey_spikes_per_unit,
                locate: false,
                ..params.matching
            };
            let mut units = clusters;
            for round in 1..=params.survey_rounds.max(1) {
                let named =
                    |stage: &str| if round == 1 { stage.to_owned() } else { format!("{stage} {round}") };
                // A later round begins anew where it was stopped: only small probes have one.
                let kept = if round == 1 { Checkpoint::of(&chain, scratch, SURVEY) } else { None };
                let found = watch.time(&named("survey"), monitor, || {
                    match_templates_kept(&chain, &units, &survey, monitor, kept)
                })?;
                let recluster = || templates_of(&chain, &found.features, params, seed, monitor);
                units = watch.time(&named("recluster"), monitor, recluster)?.templates;
            }
            scratch.keep_templates(UNITS, &units);
            scratch.forget_parts(SURVEY);
            units
        }
    };
    let matching = watch.time("match", monitor, || {
        let kept = Checkpoint::of(&chain, scratch, MATCH);
        match_templates_kept(&chain, &templates, &params.matching, monitor, kept)
    })?;
    let Finished { sorting, templates, .. } = watch.time("finish", monitor, || {
        let matched = to_sorting(&matching.spikes, &templates.unit_ids, chain.info());
        finish(&white, &templates, &matched, &params.finish, monitor)
    })?;
    Ok(SortOutput { sorting, templates, stages: watch.stages })
}

/// Peaks that are clustered, of all channels together: their features take 300 bytes each.
const MOST_PEAKS: usize = 1_500_000;
/// Peaks of a channel that are clustered in any case, where there are as many.
const LEAST_PEAKS: usize = 3_000;

/// Names under which is kept what a sort has come to: the templates of the first clustering and of the second.
const CLUSTERS: &str = "clusters";
const UNITS: &str = "units";
/// Names of the passes whose parts are kept: peaks as the tissue moves and where that is undone, matches.
const MOVING: &str = "moving_peaks";
const STEADY: &str = "steady_peaks";
const SURVEY: &str = "survey";
const MATCH: &str = "match";

/// The features of the peaks of a whitened recording.
fn find(
    chain: &Chain,
    params: &SortParams,
    watch: &mut Stopwatch,
    monitor: &dyn Monitor,
    (scratch, pass): (&dyn Scratch, &str),
) -> Result<Features, EngineError> {
    let (features, peaks) = watch.time("detect", monitor, || {
        let kept = Checkpoint::of(chain, scratch, pass);
        detect_features(chain, &params.detect, &params.features, monitor, kept)
    })?;
    monitor.log(&format!("{peaks} peaks, {} of them clustered", features.peaks.len()));
    Ok(features)
}

/// The recording whitened for the sort.
///
/// # Errors
/// Where samples cannot be read or it is cancelled.
pub fn whiten(
    recording: &Recording,
    params: &SortParams,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Recording, EngineError> {
    let mode = WhitenMode::fitting(recording.info(), params.whiten_radius_um);
    let params = WhitenParams::robust(mode, Chunks::standard(recording.info(), seed));
    let mut white = recording.clone();
    for stage in stages_for_sort(&whitening_of_varying(recording, &params, monitor)?, 1.0) {
        white = white.with_stage(stage).map_err(|e| EngineError::Data(e.0))?;
    }
    Ok(white)
}

/// Clusters features and averages the clusters.
fn templates_of(
    chain: &Chain,
    features: &Features,
    params: &SortParams,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<TemplateSet, EngineError> {
    let geometry = Geometry::of(chain.info())?;
    let labels = cluster_features(features, &geometry, &params.cluster, seed, monitor)?;
    let set = estimate_templates(features, &labels, chain.info(), &geometry, &params.templates);
    for rejected in &set.rejected {
        monitor.log(&format!(
            "cluster {} of {} peaks rejected: {}",
            rejected.cluster, rejected.num_peaks, rejected.reason
        ));
    }
    monitor.log(&format!("{} units", set.templates.num_units()));
    monitor.preview(Preview::Templates(Arc::new(set.templates.clone())));
    Ok(set)
}
