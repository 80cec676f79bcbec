//! Good units, multi-unit activity and noise.

use super::Evidence;
use crate::engine::refractory::{Contamination, contamination};
use rayon::prelude::*;

/// What a unit is.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// `good`, `mua` or `noise`.
    pub(super) label: &'static str,
    pub(super) reason: String,
    pub(super) contamination: Contamination,
}

/// The label of each unit and why.
pub(super) fn labels(evidence: &Evidence) -> Vec<Label> {
    (0..evidence.trains.len()).into_par_iter().map(|unit| label(evidence, unit)).collect()
}

fn label(evidence: &Evidence, unit: usize) -> Label {
    let params = evidence.params;
    let train = &evidence.trains[unit];
    let own = contamination(train, train, evidence.sampling_frequency);
    let told = |label, reason: String| Label { label, reason, contamination: own };
    let metric = |name| evidence.metric(name, unit);
    let snr = metric("snr");
    if train.is_empty() || snr.is_nan() {
        return told("noise", "it has no spikes to make a waveform of".into());
    }
    if snr < params.min_snr {
        return told(
            "noise",
            format!("its mean waveform is {snr:.1} noise levels high, less than {}", params.min_snr),
        );
    }
    let mut wrong = Vec::new();
    let foreign = metric("rp_contamination");
    if own.r12 >= Contamination::AUTO_R12 {
        wrong.push(format!(
            "its refractory period is not kept: spikes meet in it at {:.0} % of chance",
            100.0 * own.r12
        ));
    } else if own.q12 >= Contamination::AUTO_Q12 {
        wrong.push("too few spikes to tell whether it has a refractory period".into());
    } else if foreign > params.max_contamination {
        wrong.push(format!("{:.0} % of its spikes are foreign by its refractory period", 100.0 * foreign));
    }
    let missed = metric("amplitude_cutoff");
    if missed > params.max_amplitude_cutoff {
        wrong.push(format!("{:.0} % of its spikes are missing below the threshold", 100.0 * missed));
    }
    let presence = metric("presence_ratio");
    if presence < params.min_presence_ratio {
        wrong.push(format!("it fires in {:.0} % of the minutes only", 100.0 * presence));
    }
    if wrong.is_empty() {
        let clean = format!(
            "{snr:.1} noise levels high; spikes meet in its refractory period at {:.0} % of chance",
            100.0 * own.r12
        );
        told("good", clean)
    } else {
        told("mua", wrong.join("; "))
    }
}
