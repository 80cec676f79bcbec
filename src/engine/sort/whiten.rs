//! Whitening as a sort needs it: spikes are not noise, and a constant channel is no reason to stop.

use crate::{
    data::{Recording, Stage},
    engine::{
        EngineError, Monitor,
        chain::{Chain, compile},
        noise::mad,
        passes::{SpanData, over_spans, survey_spans},
        select::{median, usual_level},
        whiten::{WhitenParams, Whitening, whitening},
    },
};
use ndarray::Array2;

/// Estimates a whitening; constant channels take no part in it, of which it warns.
///
/// # Errors
/// As [`whitening`], but for constant channels.
pub fn whitening_of_varying(
    recording: &Recording,
    params: &WhitenParams,
    monitor: &dyn Monitor,
) -> Result<Whitening, EngineError> {
    let chain = compile(recording)?;
    let reason = match whitening(&chain, params, monitor) {
        Err(EngineError::Data(reason)) => reason,
        other => return other,
    };
    let n = chain.num_channels();
    let varying = varying_channels(&chain, monitor)?;
    if varying.len() == n {
        return Err(EngineError::Data(reason));
    }
    let ids = &recording.info().channel_ids;
    let constant: Vec<String> =
        (0..n).filter(|c| !varying.contains(c)).filter_map(|c| Some(ids.get(c)?.to_string())).collect();
    let words = format!(
        "channels that are constant take no part: {}. Where a common reference was taken, put detect_bad_channels before \
         it: they are part of it",
        constant.join(", ")
    );
    monitor.warn(&words.into());
    let (mut matrix, mut covariance) = (Array2::eye(n), Array2::zeros((n, n)));
    let mut mean = params.apply_mean.then(|| vec![0.0; n]);
    if !varying.is_empty() {
        let others = recording
            .with_stage(Stage::SelectChannels { indices: varying.clone() })
            .map_err(|e| EngineError::Data(e.0))?;
        let fitted = whitening(&compile(&others)?, params, monitor)?;
        for (i, &a) in varying.iter().enumerate() {
            for (j, &b) in varying.iter().enumerate() {
                matrix[[a, b]] = fitted.matrix[[i, j]];
                covariance[[a, b]] = fitted.covariance[[i, j]];
            }
            if let (Some(mean), Some(fitted)) = (&mut mean, &fitted.mean) {
                mean[a] = fitted[i];
            }
        }
    }
    Ok(Whitening { matrix, mean, covariance })
}

/// The parts of a noise level that whitened samples are multiples of: a sort holds them in two bytes, up to 256 noise levels.
const PER_LEVEL: f32 = 128.0;

/// The stages that whiten a recording for the sort; `level` is what the noise is scaled to.
pub fn stages_for_sort(fitted: &Whitening, level: f64) -> Vec<Stage> {
    let mut stages = fitted.stages();
    stages.push(Stage::Round { step: level as f32 / PER_LEVEL });
    stages
}

/// Share of the usual noise below which a channel is constant: what a filter leaves of it is rounding.
const LEAST_NOISE: f32 = 1e-3;

/// Channels that are not constant most of the time in about ten seconds.
fn varying_channels(chain: &Chain, monitor: &dyn Monitor) -> Result<Vec<usize>, EngineError> {
    let spans = survey_spans(chain, 10.0);
    let parts = over_spans(chain, &spans, 0, monitor, |data: &SpanData, buffer: &mut Vec<f32>| {
        let level = |c: usize| mad(data.block.channel(c), buffer);
        Ok((0..data.block.num_channels()).map(level).collect::<Vec<f32>>())
    })?;
    let levels: Vec<f32> = (0..chain.num_channels())
        .map(|c| usual_level(&parts.iter().map(|part| part[c]).collect::<Vec<_>>()))
        .collect();
    let least = LEAST_NOISE * median(&mut levels.iter().copied().filter(|l| *l > 0.0).collect::<Vec<_>>());
    Ok((0..levels.len()).filter(|&c| levels[c] > least).collect())
}
