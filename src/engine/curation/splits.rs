//! Units that are two neurons.

use super::{
    Evidence,
    shapes::{DIMENSIONS, LEAST_WAVEFORMS, dip_of},
};
use crate::{
    data::Sorting,
    engine::{
        EngineError, Monitor,
        cluster::{IsosplitParams, humps_of},
        refractory::{Contamination, contamination},
    },
};
use rayon::prelude::*;

/// The smaller hump has at least this share of the waveforms.
const LEAST_SHARE: f64 = 0.05;
/// A unit with so few spikes in its refractory period, over chance, is one neuron whatever its waveforms.
const CLEAN_R12: f64 = 0.1;
/// Humps are told apart by time from this on: the unit changes, as where tissue moves.
const BY_TIME: f64 = 0.8;

/// A unit to split.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub(super) unit: usize,
    pub(super) reason: String,
    pub(super) contamination: Contamination,
    pub(super) dip_score: f64,
    pub(super) smaller_share: f64,
    pub(super) time_separation: f64,
}

/// All units whose waveforms are two humps and whose refractory period is not kept.
///
/// # Errors
/// Where it is cancelled.
pub(super) fn splits(
    evidence: &Evidence,
    sorting: &Sorting,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Vec<Split>, EngineError> {
    let found = (0..evidence.trains.len())
        .into_par_iter()
        .filter_map(|unit| if monitor.cancelled() { None } else { split(evidence, sorting, unit, seed) })
        .collect();
    if monitor.cancelled() {
        return Err(EngineError::Cancelled);
    }
    Ok(found)
}

fn split(evidence: &Evidence, sorting: &Sorting, unit: usize, seed: u64) -> Option<Split> {
    let spikes = &evidence.shapes.waveforms.spikes[unit];
    if spikes.len() < 2 * LEAST_WAVEFORMS {
        return None;
    }
    let own = contamination(&evidence.trains[unit], &evidence.trains[unit], evidence.sampling_frequency);
    if own.is_refractory() && own.r12 < CLEAN_R12 {
        return None;
    }
    let channels = &evidence.shapes.waveforms.templates.channel_indices[unit];
    let all: Vec<usize> = (0..spikes.len()).collect();
    let points = evidence.shapes.points(unit, &all, channels, 0);
    let isosplit =
        IsosplitParams { isocut_threshold: evidence.params.isocut_threshold, ..IsosplitParams::default() };
    let labels = humps_of(&points, DIMENSIONS, LEAST_WAVEFORMS, &isosplit, seed);
    // The part that stands apart most from all others, of those large enough.
    let count = labels.iter().max().map_or(0, |&l| l + 1);
    let principal = points.principal(0.0, DIMENSIONS);
    let (dip_score, sides) = (0..count)
        .filter_map(|part| {
            let sides: Vec<bool> = labels.iter().map(|&l| l == part).collect();
            let size = sides.iter().filter(|s| **s).count();
            let smaller = size.min(sides.len() - size);
            let enough = smaller >= LEAST_WAVEFORMS && smaller as f64 >= LEAST_SHARE * sides.len() as f64;
            enough.then(|| (dip_of(&principal, &sides), sides))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    if dip_score < evidence.params.isocut_threshold {
        return None;
    }
    let times: Vec<(i64, bool)> = spikes
        .iter()
        .zip(&sides)
        .map(|(&(segment, position), &side)| {
            let sample = sorting.segments[segment as usize].sample_index[position as usize];
            (crate::engine::refractory::place(segment, sample), side)
        })
        .collect();
    let time_separation = separation(times);
    if time_separation > BY_TIME {
        return None;
    }
    let size = sides.iter().filter(|s| **s).count();
    let smaller_share = size.min(sides.len() - size) as f64 / sides.len() as f64;
    let silence = if own.is_refractory() {
        format!("spikes meet in its refractory period at {:.0} % of chance", 100.0 * own.r12)
    } else if own.q12 >= Contamination::AUTO_Q12 && own.r12 < Contamination::AUTO_R12 {
        "it has too few spikes to tell a refractory period".to_owned()
    } else {
        format!("its refractory period is not kept: spikes meet in it at {:.0} % of chance", 100.0 * own.r12)
    };
    Some(Split {
        unit,
        reason: format!(
            "its waveforms make two humps (dip {dip_score:.1}, {:.0} % in the smaller); {silence}",
            100.0 * smaller_share
        ),
        contamination: own,
        dip_score,
        smaller_share,
        time_separation,
    })
}

/// How far the times of two sides lie apart: 0 where they mix, 1 where one comes after the other.
fn separation(mut times: Vec<(i64, bool)>) -> f64 {
    times.sort_unstable();
    let (mut before, mut pairs, mut ordered) = (0.0, 0.0, 0.0);
    let total = times.iter().filter(|t| !t.1).count() as f64;
    for &(_, side) in &times {
        if side {
            ordered += before;
            pairs += total;
        } else {
            before += 1.0;
        }
    }
    if pairs > 0.0 { (2.0 * ordered / pairs - 1.0_f64).abs() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separation_is_one_in_order_and_zero_in_turns() {
        let times = |sides: &[bool]| sides.iter().enumerate().map(|(i, &s)| (i as i64, s)).collect();
        assert_eq!(separation(times(&[false, false, true, true])), 1.0);
        assert_eq!(separation(times(&[true, true, false])), 1.0);
        assert_eq!(separation(times(&[true, false, false, true])), 0.0);
        assert_eq!(separation(times(&[true, true])), 0.0);
    }
}
