//! Medians by selection.

use super::lanes::LANES;

/// The median, the mean of the two central values for an even count; 0 for none. Reorders the values.
pub fn median(values: &mut [f32]) -> f32 {
    let n = values.len();
    if n == 0 {
        return 0.0;
    }
    let (under, middle, _) = values.select_nth_unstable_by(n / 2, f32::total_cmp);
    let middle = *middle;
    if n % 2 == 1 {
        return middle;
    }
    (under.iter().copied().fold(f32::NEG_INFINITY, f32::max) + middle) * 0.5
}

/// Levels of stretches that differ from the usual one by more than this factor, either way, are not those of the noise:
/// nothing was connected, or something else was.
const UNUSUAL: f32 = 4.0;

/// The noise level of a channel by those of some stretches: the median of those that are usual. Stretches of silence, of which
/// there may be more than others, do not count.
pub fn usual_level(levels: &[f32]) -> f32 {
    let largest = levels.iter().copied().fold(0.0, f32::max);
    let mut there: Vec<f32> = levels.iter().copied().filter(|level| *level > 1e-6 * largest).collect();
    let middle = median(&mut there);
    there.retain(|&level| is_usual(level, middle));
    median(&mut there)
}

/// True of a level that may be that of the same noise.
pub fn is_usual(level: f32, usual: f32) -> bool {
    level * UNUSUAL >= usual && level <= usual * UNUSUAL
}

/// Values below which a sorted copy is as fast.
const MANY: usize = 1_024;
/// Values a bracket around the median is guessed from, and how far from their middle its ends lie: four deviations of the
/// median's rank among them.
const GUESSED_FROM: usize = 63;
const MARGIN: usize = 16;
/// Times the bracket is made narrower, and to what share of its width around where the median should lie.
const ROUNDS: usize = 2;
const NARROWED: f32 = 1.0 / 16.0;

/// The median; `spare` is a buffer.
///
/// Exact: a few values tell where the median lies, counting where those that are left out lie makes that place narrow, and
/// only what lies there is sorted. Where the few mislead, all are.
pub fn median_of(values: impl Iterator<Item = f32>, spare: &mut Vec<f32>) -> f32 {
    spare.clear();
    spare.extend(values);
    let n = spare.len();
    let Some(mut bracket) = (n >= MANY).then(|| Bracket::guessed(spare)).flatten() else {
        return median(spare);
    };
    for _ in 0..ROUNDS {
        bracket.narrow(spare);
    }
    let within = gather(spare, bracket.low, bracket.high);
    let inside = &mut spare[..within];
    let (under, middle, _) = inside.select_nth_unstable_by(n / 2 - bracket.below, f32::total_cmp);
    let middle = *middle;
    if n % 2 == 1 {
        return middle;
    }
    (under.iter().copied().fold(f32::NEG_INFINITY, f32::max) + middle) * 0.5
}

/// Two values between which both central values lie, and how many lie on either side.
struct Bracket {
    low: f32,
    high: f32,
    below: usize,
    above: usize,
}

impl Bracket {
    /// `None` where a few values tell nothing, or some are no numbers.
    fn guessed(values: &[f32]) -> Option<Self> {
        let mut few = [0.0; GUESSED_FROM];
        for (i, v) in few.iter_mut().enumerate() {
            *v = values[i * values.len() / GUESSED_FROM];
        }
        few.sort_unstable_by(f32::total_cmp);
        let (low, high) = (few[GUESSED_FROM / 2 - MARGIN], few[GUESSED_FROM / 2 + MARGIN]);
        let [below, above, others] = beside(values, low, high);
        let found = Self { low, high, below, above };
        (others == 0 && found.holds_low(values.len()) && found.holds_high(values.len())).then_some(found)
    }

    fn holds_low(&self, n: usize) -> bool {
        self.below < n.div_ceil(2)
    }

    fn holds_high(&self, n: usize) -> bool {
        self.above < n.div_ceil(2)
    }

    /// Draws the ends nearer to where the median lies, should the values be spread evenly between them.
    fn narrow(&mut self, values: &[f32]) {
        let n = values.len();
        let share = (n as f32 / 2.0 - self.below as f32) / (n - self.below - self.above) as f32;
        let width = self.high - self.low;
        let (low, high) = (self.low + (share - NARROWED) * width, self.low + (share + NARROWED) * width);
        let [below, above, _] = beside(values, low, high);
        let found = Self { low, high, below, above };
        if low > self.low && found.holds_low(n) {
            (self.low, self.below) = (low, below);
        }
        if high < self.high && found.holds_high(n) {
            (self.high, self.above) = (high, above);
        }
    }
}

/// How many values lie below and above a bracket, and how many are no numbers.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+avx512bw+avx512cd+avx512dq+avx512f+avx512vl+bmi1+bmi2+fma",
    "x86_64+avx+avx2+bmi1+bmi2+fma"
))]
fn beside(values: &[f32], low: f32, high: f32) -> [usize; 3] {
    let (mut below, mut above, mut others) = ([0u32; LANES], [0u32; LANES], [0u32; LANES]);
    let (rows, rest) = values.as_chunks::<LANES>();
    for row in rows {
        for l in 0..LANES {
            below[l] += u32::from(row[l] < low);
            above[l] += u32::from(row[l] > high);
            others[l] += u32::from(row[l].is_nan());
        }
    }
    for &v in rest {
        below[0] += u32::from(v < low);
        above[0] += u32::from(v > high);
        others[0] += u32::from(v.is_nan());
    }
    [below, above, others].map(|lanes| lanes.iter().map(|&count| count as usize).sum())
}

/// Moves the values within a bracket to the front; how many there are.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+avx512bw+avx512cd+avx512dq+avx512f+avx512vl+bmi1+bmi2+fma",
    "x86_64+avx+avx2+bmi1+bmi2+fma"
))]
fn gather(values: &mut [f32], low: f32, high: f32) -> usize {
    let mut within = 0;
    for start in (0..values.len()).step_by(LANES) {
        let end = (start + LANES).min(values.len());
        let mut row = [f32::NAN; LANES];
        row[..end - start].copy_from_slice(&values[start..end]);
        // Most rows hold none.
        let mut some = false;
        for v in row {
            some |= (v >= low) & (v <= high);
        }
        if some {
            for v in row {
                if v >= low && v <= high {
                    values[within] = v;
                    within += 1;
                }
            }
        }
    }
    within
}

/// The same in double precision.
pub fn median_f64(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return 0.0;
    }
    let (under, middle, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    let middle = *middle;
    if n % 2 == 1 {
        return middle;
    }
    (under.iter().copied().fold(f64::NEG_INFINITY, f64::max) + middle) * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_guessed_bracket_changes_no_median(
            count in 1_000usize..6_000, seed in any::<u32>(), few in 1u32..200, sorted in any::<bool>(),
        ) {
            let mut state = seed | 1;
            let mut values: Vec<f32> = (0..count).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 8) % (few * few)) as f32 - few as f32
            }).collect();
            if sorted {
                values.sort_unstable_by(f32::total_cmp);
            }
            let mut spare = Vec::new();
            let bracketed = median_of(values.iter().copied(), &mut spare);
            prop_assert_eq!(bracketed, median(&mut values));
        }
    }

    #[test]
    fn values_that_are_no_numbers_are_sorted_as_before() {
        let mut values = vec![f32::NAN; 3_000];
        values[..2_000].fill(1.0);
        assert_eq!(median_of(values.iter().copied(), &mut Vec::new()), median(&mut values));
        assert_eq!(median_of(std::iter::empty(), &mut Vec::new()), 0.0);
    }
}
