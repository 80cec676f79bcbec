//! Are two spike trains one neuron or two? One neuron does not fire twice within its refractory period.

mod contamination;
mod normal;

pub use contamination::{Contamination, contamination};

/// Lags in ms at which one neuron is silent. The lower bound leaves out what detection itself suppresses.
const SILENT_MS: (f64, f64) = (0.6, 2.0);
/// Lags in ms that say how often two trains meet by chance.
const SHOULDER_MS: (f64, f64) = (5.0, 50.0);
/// Of the pairs of two independent trains one train alone has at most this share, by contamination.
const CONTAMINATION: f64 = 0.1;
/// Of the pairs of a train by chance, those that are left within the refractory period: where a tenth of the spikes are
/// another neuron's, and where none is but detection errs.
const SEVERAL: f64 = 0.2;
const SINGLE: f64 = 0.02;
/// A verdict needs evidence of one in twenty: the natural logarithm of the likelihoods' ratio.
const LEAST_EVIDENCE: f64 = 3.0;

/// Trains that meet less often than this by chance are not told to be two: what few meetings they have are as likely
/// errors of detection.
const LEAST_BY_CHANCE: f64 = 0.5;

/// Fewer meetings than this by chance do not tell whether two trains take turns.
const LEAST_MEETINGS: f64 = 12.0;
/// Trains take turns where they meet less often than this share of what chance makes.
const TURNS: f64 = 0.35;

/// Spikes of a burst follow each other within these lags, in ms.
const BURST_MS: (f64, f64) = (2.0, 12.0);
/// Lags that say how often a spike follows by chance, in ms.
const AFTER_BURST_MS: (f64, f64) = (25.0, 75.0);

/// What the cross-correlogram says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They meet within the refractory period as often as by chance: two neurons.
    Independent,
    /// They avoid each other there: one neuron, or one of the two drives the other.
    OneNeuron,
    /// They are seldom active at the same time; see [`take_turns`]. Not told by [`compare`].
    TakeTurns,
    /// Too few spikes to tell.
    Unknown,
}

/// Compares how often two trains meet within the refractory period with how often they meet around it.
///
/// Both are ascending, in samples; samples of different segments must lie more than the shoulder apart.
///
/// # Source
/// The cross-refractory test of Kilosort (Pachitariu et al. 2024, Nat. Methods 21:914), with a ratio of Poisson
/// likelihoods that can say "unknown".
pub fn compare(a: &[i64], b: &[i64], sampling_frequency: f64) -> Verdict {
    Evidence::of(a, b, sampling_frequency).verdict()
}

/// What the meetings of two trains within the refractory period tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The logarithm of how much likelier they are two neurons than one.
    pub two_neurons: f64,
    /// How often they meet there by chance.
    pub by_chance: f64,
}

impl Evidence {
    /// Arguments as for [`compare`].
    pub fn of(a: &[i64], b: &[i64], sampling_frequency: f64) -> Self {
        let (inside, by_chance) = meetings(a, b, sampling_frequency);
        let two_neurons = inside * (1.0 / CONTAMINATION).ln() - (1.0 - CONTAMINATION) * by_chance;
        Self { two_neurons, by_chance }
    }

    /// What is sure enough to act upon.
    pub fn verdict(&self) -> Verdict {
        if self.two_neurons >= LEAST_EVIDENCE && self.by_chance >= LEAST_BY_CHANCE {
            Verdict::Independent
        } else if self.two_neurons <= -LEAST_EVIDENCE {
            Verdict::OneNeuron
        } else {
            Verdict::Unknown
        }
    }
}

/// True where the spikes of a train, ascending, meet within the refractory period so often that they must be those of
/// several neurons, the smaller of them a tenth or more of all.
pub fn are_several(times: &[i64], sampling_frequency: f64) -> bool {
    let (inside, expected) = meetings(times, times, sampling_frequency);
    // Each pair was seen from both sides.
    let (inside, expected) = (0.5 * inside, 0.5 * expected);
    inside * (SEVERAL / SINGLE).ln() - (SEVERAL - SINGLE) * expected >= LEAST_EVIDENCE && inside > 1.0
}

/// How often two trains meet within the refractory period, and how often they would by the meetings around it.
fn meetings(a: &[i64], b: &[i64], sampling_frequency: f64) -> (f64, f64) {
    let samples = |ms: f64| (ms * 1e-3 * sampling_frequency).round() as i64;
    let (silent, shoulder) =
        ((samples(SILENT_MS.0), samples(SILENT_MS.1)), (samples(SHOULDER_MS.0), samples(SHOULDER_MS.1)));
    let (mut inside, mut around, mut first) = (0u64, 0u64, 0);
    for &time in a {
        while b.get(first).is_some_and(|&t| t < time - shoulder.1) {
            first += 1;
        }
        for &other in b[first..].iter().take_while(|&&t| t <= time + shoulder.1) {
            let lag = (other - time).abs();
            inside += u64::from(lag >= silent.0 && lag <= silent.1);
            around += u64::from(lag >= shoulder.0);
        }
    }
    let width = |(low, high): (i64, i64)| (high - low + 1) as f64;
    (inside as f64, around as f64 * width(silent) / width(shoulder))
}

/// Share of the spikes of `later` that follow one of `earlier` as those within a burst do, beyond chance: one neuron's
/// spikes shrink within a burst, and what is small of it follows what is large. Trains as for [`compare`].
pub fn share_in_bursts_after(later: &[i64], earlier: &[i64], sampling_frequency: f64) -> f64 {
    let samples = |ms: f64| (ms * 1e-3 * sampling_frequency).round() as i64;
    let within = |(low, high): (f64, f64)| {
        let (low, high) = (samples(low), samples(high));
        let follows = |time: &&i64| {
            let next = earlier.partition_point(|&t| t < **time - high);
            earlier.get(next).is_some_and(|&t| t <= **time - low)
        };
        later.iter().filter(follows).count() as f64 / later.len().max(1) as f64
    };
    // As many lags of chance as there are of bursts.
    let width = (AFTER_BURST_MS.1 - AFTER_BURST_MS.0) / (BURST_MS.1 - BURST_MS.0);
    let missed = 1.0 - within(AFTER_BURST_MS);
    let by_chance = 1.0 - missed.max(0.0).powf(1.0 / width);
    within(BURST_MS) - by_chance
}

/// True where two trains seldom meet even within the shoulder: one fires while the other is silent, as the halves of a
/// unit do that tissue carries from contact to contact. Independent neurons meet as often as their rates say.
///
/// Trains as for [`compare`]; `duration_s` is that of the recording.
pub fn take_turns(a: &[i64], b: &[i64], sampling_frequency: f64, duration_s: f64) -> bool {
    expected_meetings(a, b, duration_s) >= LEAST_MEETINGS
        && meetings_ratio(a, b, sampling_frequency, duration_s) < TURNS
}

/// How often two trains meet within the shoulder (50 ms) over how often their rates make them meet by chance; NaN where
/// one is empty. Arguments as for [`take_turns`].
pub fn meetings_ratio(a: &[i64], b: &[i64], sampling_frequency: f64, duration_s: f64) -> f64 {
    let reach = (SHOULDER_MS.1 * 1e-3 * sampling_frequency).round() as i64;
    let (mut met, mut first) = (0u64, 0);
    for &time in a {
        while b.get(first).is_some_and(|&t| t < time - reach) {
            first += 1;
        }
        met += b[first..].iter().take_while(|&&t| t <= time + reach).count() as u64;
    }
    met as f64 / expected_meetings(a, b, duration_s)
}

fn expected_meetings(a: &[i64], b: &[i64], duration_s: f64) -> f64 {
    a.len() as f64 * b.len() as f64 * 2.0 * SHOULDER_MS.1 * 1e-3 / duration_s.max(f64::MIN_POSITIVE)
}

/// A frame of a segment as one number, segments far apart.
pub fn place(segment: u32, sample: i64) -> i64 {
    (i64::from(segment) << 44) + sample
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    fn train(rate_hz: f64, seed: u64) -> Vec<i64> {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let mut times: Vec<i64> = Vec::new();
        let mut time = 0.0;
        while time < 120.0 {
            // A refractory period of 3 ms, then at random.
            time += 0.003 - (1.0 - rng.random::<f64>()).ln() / rate_hz;
            times.push((time * 30_000.0) as i64);
        }
        times
    }

    #[test]
    fn halves_of_a_train_are_one_neuron_and_two_trains_are_two() {
        let one = train(15.0, 1);
        let (even, odd): (Vec<_>, Vec<_>) = one.iter().enumerate().partition(|(i, _)| i % 2 == 0);
        let times = |half: Vec<(usize, &i64)>| half.into_iter().map(|(_, &t)| t).collect::<Vec<i64>>();
        assert_eq!(compare(&times(even), &times(odd), 30_000.0), Verdict::OneNeuron);
        assert_eq!(compare(&one, &train(15.0, 2), 30_000.0), Verdict::Independent);
        assert_eq!(compare(&one[..20], &train(15.0, 2)[..20], 30_000.0), Verdict::Unknown);
        // Two meetings where chance makes hardly any.
        let few: Vec<i64> = one.iter().copied().step_by(60).collect();
        let late =
            few.iter().enumerate().map(|(i, &t)| t + if i < 2 { 30 } else { 9_000 }).collect::<Vec<i64>>();
        assert_eq!(compare(&few, &late, 30_000.0), Verdict::Unknown);
    }

    #[test]
    fn small_spikes_of_bursts_follow_large_ones() {
        let large = train(8.0, 3);
        let bursts: Vec<i64> = large.iter().step_by(3).map(|t| t + 150).collect();
        assert!(share_in_bursts_after(&bursts, &large, 30_000.0) > 0.85);
        assert!(share_in_bursts_after(&large, &bursts, 30_000.0) < 0.2);
        // Nor do those of another neuron, however often it fires.
        for rate_hz in [2.0, 30.0, 90.0] {
            let share = share_in_bursts_after(&train(10.0, 4), &train(rate_hz, 5), 30_000.0);
            assert!(share.abs() < 0.1, "{share} at {rate_hz} Hz");
        }
    }

    #[test]
    fn a_train_of_two_neurons_is_several() {
        let (one, other) = (train(15.0, 1), train(5.0, 2));
        let mut both: Vec<i64> = one.iter().chain(&other).copied().collect();
        both.sort_unstable();
        assert!(are_several(&both, 30_000.0));
        assert!(!are_several(&one, 30_000.0) && !are_several(&other, 30_000.0));
        assert!(!are_several(&both[..30], 30_000.0) && !are_several(&[], 30_000.0));
    }

    #[test]
    fn trains_that_fire_in_other_minutes_take_turns() {
        let (one, two) = (train(15.0, 1), train(15.0, 2));
        let turn = |train: &[i64], own: i64| -> Vec<i64> {
            train.iter().copied().filter(|t| t / 600_000 % 2 == own).collect()
        };
        assert!(!take_turns(&one, &two, 30_000.0, 120.0));
        assert!(take_turns(&turn(&one, 0), &turn(&two, 1), 30_000.0, 120.0));
        assert!(!take_turns(&turn(&one, 0)[..10], &turn(&two, 1)[..10], 30_000.0, 120.0));
    }
}
