//! Units that are one neuron.

use super::Evidence;
use crate::engine::{
    EngineError, Monitor,
    refractory::{self, Contamination, Verdict, contamination},
};
use rayon::prelude::*;

/// Spikes this close are the same one, in ms.
const SAME_SPIKE_MS: f64 = 0.4;
/// Share of the smaller unit's spikes that are the other's too from which on one is a copy.
const COPY: f64 = 0.5;

/// Spikes of a burst shrink but keep their shape: two humps this alike may still be one neuron.
const BURST_SIMILARITY: f64 = 0.9;
/// Units this alike, and of sizes within this factor, are one by their waveforms alone where spikes are too few to tell.
const SAME_SIMILARITY: f64 = 0.95;
const SAME_SIZE: f64 = 1.25;

/// Two units to merge.
#[derive(Clone, Debug)]
pub(super) struct Merge {
    pub(super) units: (usize, usize),
    pub(super) reason: String,
    pub(super) similarity: f64,
    pub(super) distance_um: f64,
    pub(super) amplitude_ratio: f64,
    pub(super) contamination: Contamination,
    pub(super) meetings_ratio: f64,
    pub(super) coincidence: f64,
    pub(super) dip_score: f64,
}

/// All pairs that look alike and are one by their spike times, those that are most alike first.
///
/// # Errors
/// Where it is cancelled.
pub(super) fn merges(evidence: &Evidence, monitor: &dyn Monitor) -> Result<Vec<Merge>, EngineError> {
    let n = evidence.trains.len();
    let mut found: Vec<Merge> = (0..n)
        .into_par_iter()
        .flat_map_iter(|a| {
            let others = if monitor.cancelled() { n..n } else { a + 1..n };
            others.filter_map(move |b| merge(evidence, a, b))
        })
        .collect();
    if monitor.cancelled() {
        return Err(EngineError::Cancelled);
    }
    found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.units.cmp(&b.units)));
    Ok(found)
}

fn merge(evidence: &Evidence, a: usize, b: usize) -> Option<Merge> {
    let params = evidence.params;
    let distance_um = evidence.shapes.distance_um(a, b).filter(|d| *d <= params.max_distance_um)?;
    let alike = evidence.shapes.similarity(a, b).filter(|s| s.cosine >= params.min_similarity)?;
    let (one, other) = (&evidence.trains[a], &evidence.trains[b]);
    let fs = evidence.sampling_frequency;
    let reach = (SAME_SPIKE_MS * 1e-3 * fs).round() as i64;
    let fewer = one.len().min(other.len()).max(1) as f64;
    let coincidence = coincidences(one, other, reach) as f64 / fewer;
    let contamination = contamination(one, other, fs);
    let verdict = refractory::compare(one, other, fs);
    let meetings_ratio = refractory::meetings_ratio(one, other, fs, evidence.duration_s);
    let dip_score = evidence.shapes.dip_between((a, b), [one.len(), other.len()], alike.lag);
    let one_hump = dip_score < params.isocut_threshold;
    let humps = if dip_score.is_nan() {
        "too few waveforms to see humps".to_owned()
    } else {
        let count = if one_hump { "one hump" } else { "two humps" };
        format!("their waveforms make {count} (dip {dip_score:.1})")
    };
    let shape = format!("they look alike (similarity {:.2}); {humps}", alike.cosine);
    let may_be_one = one_hump || dip_score.is_nan() || alike.cosine >= BURST_SIMILARITY;
    let same_size = (1.0 / SAME_SIZE..=SAME_SIZE).contains(&alike.amplitude_ratio);
    let reason = if coincidence >= COPY {
        format!("{:.0} % of the spikes of one are spikes of the other too; {shape}", 100.0 * coincidence)
    } else if verdict == Verdict::Independent {
        return None;
    } else if may_be_one && (contamination.is_cross_refractory() || verdict == Verdict::OneNeuron) {
        format!(
            "they share a refractory period (they meet in it at {:.0} % of chance); {shape}",
            100.0 * contamination.r12
        )
    } else if one_hump && refractory::take_turns(one, other, fs, evidence.duration_s) {
        format!("one fires while the other is silent, as where tissue moves; {shape}")
    } else if one_hump && alike.cosine >= SAME_SIMILARITY && same_size {
        format!("too few spikes to tell by their times, but {shape}")
    } else {
        return None;
    };
    Some(Merge {
        units: (a, b),
        reason,
        similarity: alike.cosine,
        distance_um,
        amplitude_ratio: alike.amplitude_ratio,
        contamination,
        meetings_ratio,
        coincidence,
        dip_score,
    })
}

/// Spikes of the shorter train with one of the longer within `reach`.
fn coincidences(a: &[i64], b: &[i64], reach: i64) -> usize {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut first = 0;
    short
        .iter()
        .filter(|&&time| {
            while long.get(first).is_some_and(|&t| t < time - reach) {
                first += 1;
            }
            long.get(first).is_some_and(|&t| t <= time + reach)
        })
        .count()
}
