//! The ready sorter: the stages of this room one after the other.

mod finish;
mod timing;

pub use finish::{FinishParams, finish};
pub use timing::{StageTiming, Stopwatch};

use super::{
    EngineError, Monitor, Preview, Scratch,
    chain::{Chain, compile},
    cluster::{ClusterParams, cluster_features},
    detect::{DetectParams, detect_peaks},
    features::{FeatureParams, spike_features},
    geometry::Geometry,
    matching::{MatchParams, match_templates},
    noise::Chunks,
    passes::{SpanData, over_spans, survey_spans},
    templates::{TemplateParams, TemplateSet, estimate_templates},
    whiten::{WhitenMode, WhitenParams, whitening},
};
use crate::data::{Features, Recording, Sorting, Stage, Templates};
use ndarray::Array2;
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
    /// Clustering, of peaks and of cleaned spikes.
    pub cluster: ClusterParams,
    /// Templates.
    pub templates: TemplateParams,
    /// Matching.
    pub matching: MatchParams,
    /// How much of the recording is matched for the second clustering, in seconds.
    pub survey_s: f64,
    /// Spikes per unit the second clustering looks at.
    pub survey_spikes_per_unit: usize,
    /// Last checks of the units.
    pub finish: FinishParams,
}

impl Default for SortParams {
    fn default() -> Self {
        Self {
            whiten_radius_um: 100.0,
            detect: DetectParams::default(),
            features: FeatureParams::default(),
            cluster: ClusterParams::default(),
            templates: TemplateParams::default(),
            matching: MatchParams::default(),
            survey_s: 600.0,
            survey_spikes_per_unit: 2_000,
            finish: FinishParams::default(),
        }
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
/// Whitens it, detects peaks, clusters their features, matches the templates of the clusters, clusters the
/// collision-cleaned spikes again, and matches the templates of those. Groups of channels (shanks) are sorted apart
/// in the same run. The same input, parameters and seed give the same bytes for any number of threads.
///
/// # Errors
/// Where samples cannot be read, many channels have no probe, or it is cancelled. Silence and noise are no errors:
/// the sorting is empty then and the monitor is warned.
pub fn sort(
    recording: &Recording,
    params: &SortParams,
    seed: u64,
    monitor: &dyn Monitor,
    _scratch: &dyn Scratch,
) -> Result<SortOutput, EngineError> {
    let mut watch = Stopwatch::default();
    Geometry::of(recording.info())?;
    if !recording.info().is_filtered {
        monitor.warn("the recording is not filtered: put a band-pass filter before the sort");
    }
    let white = watch.time("whiten", monitor, || whiten(recording, params, seed, monitor))?;
    let chain = compile(&white)?;
    let peaks = watch.time("detect", monitor, || detect_peaks(&chain, &params.detect, monitor))?;
    let features =
        watch.time("features", monitor, || spike_features(&chain, &peaks, &params.features, monitor))?;
    monitor.log(&format!("{} peaks, {} of them clustered", peaks.len(), features.peaks.len()));
    let set = watch.time("cluster", monitor, || templates_of(&chain, &features, params, seed, monitor))?;
    drop(features);
    let survey = MatchParams {
        max_duration_s: Some(params.survey_s),
        features_per_unit: params.survey_spikes_per_unit,
        ..params.matching
    };
    let first =
        watch.time("survey", monitor, || match_templates(&chain, &set.templates, &survey, monitor))?;
    let set = watch
        .time("recluster", monitor, || templates_of(&chain, &first.features, params, seed ^ 1, monitor))?;
    drop(first);
    let matching = watch
        .time("match", monitor, || match_templates(&chain, &set.templates, &params.matching, monitor))?;
    let (sorting, templates) = watch
        .time("finish", monitor, || finish(&white, &set.templates, &matching, &params.finish, monitor))?;
    Ok(SortOutput { sorting, templates, stages: watch.stages })
}

/// The recording with the whitening stages the sorter starts from.
///
/// # Errors
/// As [`whitening`].
pub fn whiten(
    recording: &Recording,
    params: &SortParams,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Recording, EngineError> {
    let chain = compile(recording)?;
    let mode = match recording.info().probe {
        Some(_) => WhitenMode::Radius(params.whiten_radius_um),
        None => WhitenMode::Global,
    };
    let chunks = Chunks::standard(recording.info(), seed);
    let params = WhitenParams::robust(mode, chunks);
    let weights = match whitening(&chain, &params, monitor) {
        Ok(fitted) => fitted.matrix,
        Err(EngineError::Data(reason)) => {
            // A constant channel defeats the estimate; the others are whitened without it.
            let varying = varying_channels(&chain, monitor)?;
            if varying.len() == chain.num_channels() {
                return Err(EngineError::Data(reason));
            }
            monitor.log(&format!("{} constant channels take no part", chain.num_channels() - varying.len()));
            let mut weights = Array2::eye(chain.num_channels());
            if !varying.is_empty() {
                let others = with_stage(recording, Stage::SelectChannels { indices: varying.clone() })?;
                let fitted = whitening(&compile(&others)?, &params, monitor)?;
                for (i, &a) in varying.iter().enumerate() {
                    for (j, &b) in varying.iter().enumerate() {
                        weights[[a, b]] = fitted.matrix[[i, j]];
                    }
                }
            }
            weights
        }
        Err(other) => return Err(other),
    };
    with_stage(recording, Stage::LinearMap { weights: Arc::new(weights), whitens: true })
}

fn with_stage(recording: &Recording, stage: Stage) -> Result<Recording, EngineError> {
    recording.with_stage(stage).map_err(|e| EngineError::Data(e.0))
}

/// Channels whose samples differ anywhere in about ten seconds.
fn varying_channels(chain: &Chain, monitor: &dyn Monitor) -> Result<Vec<usize>, EngineError> {
    let spans = survey_spans(chain, 10.0);
    let parts = over_spans(chain, &spans, 0, monitor, |data: &SpanData, _: &mut ()| {
        let varies = |c: usize| {
            let trace = data.block.channel(c);
            trace.iter().any(|x| *x != trace[0])
        };
        Ok((0..data.block.num_channels()).map(varies).collect::<Vec<bool>>())
    })?;
    Ok((0..chain.num_channels()).filter(|&c| parts.iter().any(|part| part[c])).collect())
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
