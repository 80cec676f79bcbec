//! The stages of the sorter one after the other, any of them given the truth.

use super::{
    Fallible,
    collisions::Collisions,
    truth::{EVERYTHING, Truth},
};
use spikeloom::{
    data::{Features, Motion, Recording, Sorting, Templates},
    engine::{
        Silent,
        chain::{Chain, compile},
        cluster::cluster_features,
        compare::{CompareParams, TruthComparison, compare_to_truth},
        detect::detect_peaks,
        features::spike_features,
        geometry::Geometry,
        matching::{MatchParams, match_templates, to_sorting},
        motion::{
            EventParams, MotionParams, RegisterParams, correction_stages, motion_of_features, sort_correction,
        },
        noise::Chunks,
        sort::{SortParams, finish, whiten},
        templates::estimate_templates,
        whiten::{WhitenMode, WhitenParams, whitening},
    },
};

/// What is done about the motion of the tissue.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// Nothing.
    Left,
    /// Estimated by DREDge and corrected.
    Dredge,
    /// Estimated by Kilosort's registration and corrected.
    Registered,
    /// The true motion is corrected.
    True(Motion),
}

/// The first thing that the sorter is told instead of finding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Nothing,
    Peaks,
    Labels,
    Templates,
}

/// A way to sort.
#[derive(Clone, Debug)]
pub struct Way {
    pub name: &'static str,
    pub params: SortParams,
    pub drift: Drift,
    pub told: Told,
    /// Channels are mixed so that their noise is independent, not only scaled to one variance.
    pub whitened: bool,
    /// Collision-cleaned spikes are clustered again.
    pub twice: bool,
    /// Units are checked in the end.
    pub checked: bool,
}

/// What a way to sort comes to.
pub struct Outcome {
    pub comparison: TruthComparison,
    pub collisions: Option<Collisions>,
}

/// The motion as a method tells it.
pub fn motion(
    recording: &Recording,
    params: &SortParams,
    drift: &Drift,
    seed: u64,
) -> Fallible<Option<Motion>> {
    let method = match drift {
        Drift::Left => return Ok(None),
        Drift::True(motion) => return Ok(Some(motion.clone())),
        Drift::Dredge => MotionParams::default(),
        Drift::Registered => {
            let length_um = Geometry::known_of(recording.info()).longest_row_um(1);
            // As far apart as the windows of DREDge.
            let num_blocks = ((length_um / 800.0).round() as usize).max(1);
            MotionParams::Register(RegisterParams { num_blocks, ..RegisterParams::default() })
        }
    };
    let white = whiten(recording, params, seed, &Silent)?;
    let features = found(&compile(&white)?, params)?;
    Ok(Some(motion_of_features(&features, &white, &EventParams::default(), &method, &Silent)?))
}

/// The recording without the motion of the tissue.
pub fn steady(recording: &Recording, params: &SortParams, drift: &Drift, seed: u64) -> Fallible<Recording> {
    let mut steady = recording.clone();
    if let Some(motion) = motion(recording, params, drift, seed)?
        && motion.range_um() > params.min_drift_um
    {
        for stage in correction_stages(recording.info(), &motion, &sort_correction())? {
            steady = steady.with_stage(stage)?;
        }
    }
    Ok(steady)
}

fn found(chain: &Chain, params: &SortParams) -> Fallible<Features> {
    let peaks = detect_peaks(chain, &params.detect, &Silent)?;
    Ok(spike_features(chain, &peaks, &params.features, &Silent)?)
}

/// Sorts and holds the result against the truth.
pub fn sort(recording: &Recording, spikes: &Sorting, way: &Way, seed: u64) -> Fallible<Outcome> {
    let params = &way.params;
    let steady = steady(recording, params, &way.drift, seed)?;
    let white = if way.whitened { whiten(&steady, params, seed, &Silent)? } else { scaled(&steady, seed)? };
    let chain = compile(&white)?;
    let geometry = Geometry::of(chain.info())?;
    // What the truth looks like takes passes of its own.
    let truth = match way.told {
        Told::Nothing => None,
        _ => Some(Truth::new(&chain, &geometry, spikes, params)?),
    };
    let templates = match (&truth, way.told) {
        (Some(truth), Told::Templates) => truth.set.templates.clone(),
        (Some(truth), Told::Labels) => {
            let features = found(&chain, params)?;
            let labels = truth.labels(&features.peaks);
            estimate_templates(&features, &labels, chain.info(), &geometry, &EVERYTHING).templates
        }
        (Some(truth), Told::Peaks) => {
            let features = spike_features(&chain, &truth.peaks, &params.features, &Silent)?;
            clustered(&chain, &features, way, seed)?
        }
        _ => clustered(&chain, &found(&chain, params)?, way, seed)?,
    };
    let matched = match_templates(&chain, &templates, &params.matching, &Silent)?;
    let matched = to_sorting(&matched.spikes, &templates.unit_ids, chain.info());
    // Units that are known to be there are not checked.
    let sorting = if way.checked && matches!(way.told, Told::Nothing | Told::Peaks) {
        finish(&white, &templates, &matched, &params.finish, &Silent)?.sorting
    } else {
        matched
    };
    let collisions = truth
        .filter(|_| way.told == Told::Templates)
        .map(|truth| Collisions::new(spikes, &sorting, &truth.main, &geometry));
    let comparison = compare_to_truth(spikes, &sorting, &CompareParams::default())?;
    Ok(Outcome { comparison, collisions: collisions.transpose()? })
}

/// Templates of the clusters of peaks and, where it is asked for, of the spikes those find.
fn clustered(chain: &Chain, features: &Features, way: &Way, seed: u64) -> Fallible<Templates> {
    let (params, geometry) = (&way.params, Geometry::of(chain.info())?);
    let templates = |features: &Features| -> Fallible<Templates> {
        let labels = cluster_features(features, &geometry, &params.cluster, seed, &Silent)?;
        Ok(estimate_templates(features, &labels, chain.info(), &geometry, &params.templates).templates)
    };
    let first = templates(features)?;
    if !way.twice {
        return Ok(first);
    }
    let survey = MatchParams {
        max_duration_s: Some(params.survey_s),
        features_per_unit: params.survey_spikes_per_unit,
        ..params.matching
    };
    (0..params.survey_rounds.max(1))
        .try_fold(first, |found, _| templates(&match_templates(chain, &found, &survey, &Silent)?.features))
}

/// Every channel over its own noise.
fn scaled(recording: &Recording, seed: u64) -> Fallible<Recording> {
    let params = WhitenParams::robust(WhitenMode::Nearest(1), Chunks::standard(recording.info(), seed));
    let mut scaled = recording.clone();
    for stage in whitening(&compile(recording)?, &params, &Silent)?.stages() {
        scaled = scaled.with_stage(stage)?;
    }
    Ok(scaled)
}
