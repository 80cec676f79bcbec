//! Kilosort's two numbers for how empty the middle of a correlogram is.

use super::normal::normal_cdf;

/// Bins on each side of zero, of 1 ms each.
const HALF_BINS: i64 = 500;
/// The middle is taken to be one bin wide on each side, two, … this many.
const WIDEST_MIDDLE: i64 = 10;
/// Lags of the near shoulders, in bins.
const SHOULDER: (i64, i64) = (10, 49);
/// Lags of the far shoulders begin here, in bins.
const FAR: i64 = HALF_BINS / 2;

/// How empty the middle of a correlogram is; see [`contamination`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contamination {
    /// Rate in the emptiest middle over the rate of the shoulders: 0 for one clean neuron, 1 for chance.
    pub r12: f64,
    /// Probability of so few counts or fewer in the emptiest middle, had they come by chance.
    pub q12: f64,
    /// Counts a bin by chance: the mean of the highest shoulder.
    pub q00: f64,
}

impl Contamination {
    /// Greatest `r12` of the autocorrelogram of a good unit.
    pub const AUTO_R12: f64 = 0.2;
    /// Greatest `q12` of the autocorrelogram of a good unit.
    pub const AUTO_Q12: f64 = 0.2;
    /// Greatest `r12` of two parts of one neuron.
    pub const CROSS_R12: f64 = 0.25;
    /// Greatest `q12` of two parts of one neuron.
    pub const CROSS_Q12: f64 = 0.05;

    /// For an autocorrelogram: the unit has a refractory period.
    pub fn is_refractory(&self) -> bool {
        self.r12 < Self::AUTO_R12 && self.q12 < Self::AUTO_Q12
    }

    /// For a cross-correlogram: the two share a refractory period, as parts of one neuron do.
    pub fn is_cross_refractory(&self) -> bool {
        self.r12 < Self::CROSS_R12 && self.q12 < Self::CROSS_Q12
    }
}

/// Contamination of the cross-correlogram of two trains, or of the autocorrelogram of one with itself.
///
/// Both ascending, in samples; samples of different segments must lie more than half a second apart (see
/// [`super::place`]). Counts are by bins of 1 ms up to 500 ms on each side, without those at zero. The middle is
/// taken ±1, ±2, … ±10 ms wide, and that which is emptiest tells:
/// - `r12`: its mean count over the larger of the means in the far shoulders (250 to 500 ms) and in either near
///   one (10 to 50 ms);
/// - `q12`: `Φ((n − λ)/√λ)` with `n` half the counts of a middle and `λ` its width by the highest shoulder.
///
/// Trains that never meet within half a second tell nothing: `r12` 1, `q12` 0.5.
///
/// # Source
/// Pachitariu et al. 2024, Nat. Methods 21:914, as Kilosort 4.1.7 computes them. A lag half-way between two bins goes
/// to the even one; there Kilosort goes by the rounding of seconds.
pub fn contamination(a: &[i64], b: &[i64], sampling_frequency: f64) -> Contamination {
    let counts = counts_by_ms(a, b, sampling_frequency);
    let at = |bin: i64| counts[(bin + HALF_BINS) as usize];
    let sum = |from: i64, to: i64| (from..=to).map(at).sum::<f64>();
    let near = |from: i64, to: i64| sum(from, to) / (to - from + 1) as f64;
    // The outermost bins reach half a millisecond further than lags are counted.
    let far_left = (1 - HALF_BINS, -FAR - 1);
    let far_right = (FAR, HALF_BINS - 1);
    let far = (sum(far_left.0, far_left.1) + sum(far_right.0, far_right.1))
        / (far_left.1 - far_left.0 + 1 + far_right.1 - far_right.0 + 1) as f64;
    let chance = far.max(near(-SHOULDER.1 - 1, -SHOULDER.0 - 1)).max(near(SHOULDER.0, SHOULDER.1));
    if chance == 0.0 {
        return Contamination { r12: 1.0, q12: 0.5, q00: 0.0 };
    }
    let (mut r12, mut q12) = (f64::INFINITY, 1.0f64);
    for width in 1..=WIDEST_MIDDLE {
        let middle = sum(-width, width) - at(0);
        r12 = r12.min(middle / (2 * width) as f64 / chance);
        let expected = chance * width as f64;
        q12 = q12.min(normal_cdf((middle / 2.0 - expected) / expected.sqrt()));
    }
    Contamination { r12, q12, q00: chance }
}

/// Lags `b − a` in ms, rounded, from −500 to 500.
fn counts_by_ms(a: &[i64], b: &[i64], sampling_frequency: f64) -> Vec<f64> {
    let mut counts = vec![0.0; 2 * HALF_BINS as usize + 1];
    let reach = (HALF_BINS as f64 * 1e-3 * sampling_frequency).floor() as i64;
    let per_ms = 1e3 / sampling_frequency;
    let mut first = 0;
    for &time in a {
        while b.get(first).is_some_and(|&t| t < time - reach) {
            first += 1;
        }
        for &other in b[first..].iter().take_while(|&&t| t <= time + reach) {
            let bin = ((other - time) as f64 * per_ms).round_ties_even() as i64;
            if let Some(count) = counts.get_mut((bin + HALF_BINS) as usize) {
                *count += 1.0;
            }
        }
    }
    counts
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_verdicts_are_those_of_kilosort() {
        // Made by tests/golden/contamination.py.
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/golden/contamination.json")).unwrap();
        let fs = golden["sampling_frequency"].as_f64().unwrap();
        let train = |value: &serde_json::Value| -> Option<Vec<i64>> {
            Some(value.as_array()?.iter().map(|x| x.as_i64().unwrap()).collect())
        };
        for case in golden["cases"].as_array().unwrap() {
            let a = train(&case["a"]).unwrap();
            let b = train(&case["b"]).unwrap_or_else(|| a.clone());
            let found = contamination(&a, &b, fs);
            for (name, value) in [("r12", found.r12), ("q12", found.q12), ("q00", found.q00)] {
                let told = case[name].as_f64().unwrap();
                assert!((value - told).abs() < 1e-9, "{} {name}: {value}, Kilosort has {told}", case["name"]);
            }
            assert_eq!(found.is_refractory(), case["refractory"].as_bool().unwrap(), "{}", case["name"]);
            assert_eq!(
                found.is_cross_refractory(),
                case["cross_refractory"].as_bool().unwrap(),
                "{}",
                case["name"]
            );
        }
    }

    #[test]
    fn trains_that_never_meet_tell_nothing() {
        let nothing = Contamination { r12: 1.0, q12: 0.5, q00: 0.0 };
        assert_eq!(contamination(&[], &[5], 30_000.0), nothing);
        assert_eq!(contamination(&[0], &[1 << 44], 30_000.0), nothing);
        assert!(!nothing.is_refractory() && !nothing.is_cross_refractory());
    }
}
