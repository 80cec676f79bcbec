//! Medians by selection.

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
const MANY: usize = 2_048;
/// Values a bracket around the median is guessed from, and how far from their middle its ends lie: four deviations of the
/// median's rank among them.
const GUESSED_FROM: usize = 255;
const MARGIN: usize = 32;

/// The median of what `of` makes of values that stay as they are; `spare` is a buffer.
///
/// Exact: a few values tell where the median lies, and only what lies there is sorted. Where they mislead, all are.
pub fn median_of(values: &[f32], of: impl Fn(f32) -> f32, spare: &mut Vec<f32>) -> f32 {
    let n = values.len();
    if n >= MANY {
        let mut few = [0.0; GUESSED_FROM];
        for (i, v) in few.iter_mut().enumerate() {
            *v = of(values[i * n / GUESSED_FROM]);
        }
        few.sort_unstable_by(f32::total_cmp);
        let (low, high) = (few[GUESSED_FROM / 2 - MARGIN], few[GUESSED_FROM / 2 + MARGIN]);
        spare.resize(n, 0.0);
        let (below, within, above) = part(values.iter().map(|&v| of(v)), low, high, spare);
        // Both central values of an even count must lie in the bracket; what is no number lies nowhere.
        if below + within + above == n && below < (n - 1) / 2 && n / 2 < below + within {
            let inside = &mut spare[..within];
            let (under, middle, _) = inside.select_nth_unstable_by(n / 2 - below, f32::total_cmp);
            let middle = *middle;
            if n % 2 == 1 {
                return middle;
            }
            return (under.iter().copied().fold(f32::NEG_INFINITY, f32::max) + middle) * 0.5;
        }
    }
    spare.clear();
    spare.extend(values.iter().map(|&v| of(v)));
    median(spare)
}

/// How many values lie below, within and above a bracket; those within are copied to the front of `inside`.
fn part(values: impl Iterator<Item = f32>, low: f32, high: f32, inside: &mut [f32]) -> (usize, usize, usize) {
    let (mut below, mut within, mut above) = (0, 0, 0);
    for v in values {
        // Without branches: which way a value goes cannot be foretold.
        inside[within] = v;
        below += usize::from(v < low);
        above += usize::from(v > high);
        // The last place is never left, so that a value that is no number cannot lead beyond it.
        within = (within + usize::from(v >= low && v <= high)).min(inside.len() - 1);
    }
    (below, within, above)
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
            count in 2_000usize..6_000, seed in any::<u32>(), few in 1u32..200, sorted in any::<bool>(),
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
            let bracketed = median_of(&values, |v| v, &mut spare);
            prop_assert_eq!(bracketed, median(&mut values));
        }
    }

    #[test]
    fn values_that_are_no_numbers_are_sorted_as_before() {
        let mut values = vec![f32::NAN; 3_000];
        values[..2_000].fill(1.0);
        assert_eq!(median_of(&values, |v| v, &mut Vec::new()), median(&mut values));
        assert_eq!(median_of(&[], |v| v, &mut Vec::new()), 0.0);
    }
}
