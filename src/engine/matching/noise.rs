//! How loud the noise is in the scores of the templates.

use super::{bank::TemplateBank, peel::Peeler};
use crate::engine::{
    EngineError, Monitor,
    chain::{Chain, map_pieces},
    passes::{middles, survey_spans},
    select::{median_of, usual_level},
};

/// How much of the recording is looked at, in seconds.
const NOISE_S: f64 = 10.0;
/// Frames looked at in each span.
const FRAMES: usize = 4096;
/// Noise is never taken to be less than this: white noise of variance one.
const LEAST: f32 = 1.0;

/// Variance of each unit's score over the energy of its template: one in white noise.
///
/// By the median absolute deviation of the scores, which spikes hardly move.
///
/// # Errors
/// Where samples cannot be read or it is cancelled.
pub(super) fn score_noise(
    chain: &Chain,
    bank: &TemplateBank,
    monitor: &dyn Monitor,
) -> Result<Vec<f32>, EngineError> {
    let pieces = middles(chain, &survey_spans(chain, NOISE_S), FRAMES);
    let parts = map_pieces(chain, &pieces, monitor, |block, _, peeler: &mut Peeler| {
        let mut sorted = Vec::new();
        let Some(scores) = peeler.scores(bank, block, 0..block.num_frames()) else { return Ok(None) };
        Ok(Some(
            scores
                .into_iter()
                .map(|row| median_of(row.iter().map(|v| v.abs()), &mut sorted) / 0.674_489_75)
                .collect::<Vec<f32>>(),
        ))
    })?;
    let parts: Vec<Vec<f32>> = parts.into_iter().flatten().collect();
    Ok(bank
        .units
        .iter()
        .enumerate()
        .map(|(unit, about)| {
            let level = usual_level(&parts.iter().map(|levels| levels[unit]).collect::<Vec<_>>());
            (level * level / about.norm2.max(f32::MIN_POSITIVE)).max(LEAST)
        })
        .collect())
}
