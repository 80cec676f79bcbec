//! Whitening as a sort needs it: spikes are not noise, and a constant channel is no reason to stop.

use crate::{
    data::{Recording, Stage},
    engine::{
        EngineError, Monitor,
        chain::{Chain, compile},
        passes::{SpanData, over_spans, survey_spans},
        whiten::{WhitenParams, Whitening, whitening},
    },
};
use ndarray::Array2;

/// Estimates a whitening; constant channels take no part in it, which the log says.
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
    monitor.log(&format!("{} constant channels take no part", n - varying.len()));
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
