//! Exact medians of channels, frame by frame.

use crate::engine::tile::{LANES, Row, SUB, num_tiles};

/// Where the last median was found: the next one is near.
#[derive(Clone, Copy, Debug)]
struct Bracket {
    center: f32,
    width: f32,
}

impl Default for Bracket {
    fn default() -> Self {
        Self { center: 0.0, width: 4.0 }
    }
}

/// Subtracts the median of all channels, sixteen frames at once: `series` holds a row of frames for each channel.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
pub(super) fn global_median(sub: &mut [Row], frames: usize, num_channels: usize, series: &mut [Row]) {
    let mut bracket = Bracket::default();
    for first in (0..frames).step_by(LANES) {
        let count = LANES.min(frames - first);
        for (index, channels) in series.chunks_mut(LANES).enumerate() {
            let mut square = [[0.0f32; LANES]; LANES];
            // After a short end its last frame is repeated.
            for (frame, column) in square.iter_mut().enumerate() {
                *column = sub[index * SUB + first + frame.min(count - 1)].0;
            }
            for (lane, channel) in channels.iter_mut().enumerate() {
                for frame in 0..LANES {
                    channel.0[frame] = square[frame][lane];
                }
            }
        }
        let medians = medians_of_lanes(&series[..num_channels], &mut bracket);
        for index in 0..num_tiles(num_channels) {
            for frame in 0..count {
                for v in &mut sub[index * SUB + first + frame].0 {
                    *v -= medians[frame];
                }
            }
        }
    }
}

/// The median of each lane of some rows.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
pub(super) fn median_of_rows(rows: &[Row]) -> Row {
    Row(medians_of_lanes(rows, &mut Bracket::default()))
}

/// Counts of values below a pivot, lane by lane, that are tried before the values of a lane are sorted.
const TRIES: usize = 24;

/// Exact median of the values of each lane.
///
/// Narrows a bracket of values in every lane by counting how many lie below a pivot; once exactly half do, one pass
/// finds the two central values. Ties, where no pivot has half of them below, fall back to selection.
#[inline(always)]
fn medians_of_lanes(series: &[Row], bracket: &mut Bracket) -> [f32; LANES] {
    let n = series.len();
    let target = (n / 2) as f32;
    let mut width = bracket.width;
    let mut low = [bracket.center - width; LANES];
    let mut high = [bracket.center + width; LANES];
    let mut below_low = count_lanes(series, &low);
    let mut below_high = count_lanes(series, &high);
    // Widen until every bracket holds the median: no more than `target` below `low`, no fewer below `high`.
    let mut tries = 0;
    while tries < TRIES / 2 && (0..LANES).any(|l| below_low[l] > target || below_high[l] < target) {
        width *= 4.0;
        for l in 0..LANES {
            if below_low[l] > target {
                low[l] = bracket.center - width;
            }
            if below_high[l] < target {
                high[l] = bracket.center + width;
            }
        }
        below_low = count_lanes(series, &low);
        below_high = count_lanes(series, &high);
        tries += 1;
    }
    // A bracket that does not hold the median, however wide, tells nothing of ties.
    let mut holds = [false; LANES];
    for l in 0..LANES {
        holds[l] = below_low[l] <= target && below_high[l] >= target;
    }
    let mut pivot = [0.0f32; LANES];
    let mut found = [false; LANES];
    let mut tied = [None; LANES];
    for step in tries..TRIES {
        for l in 0..LANES {
            // Values are dense around the median, so interpolating the counts lands close to it.
            let part = (target - below_low[l]) / (below_high[l] - below_low[l]).max(1.0);
            pivot[l] = low[l] + (high[l] - low[l]) * part.clamp(0.04, 0.96);
            pivot[l] = if below_high[l] == target { high[l] } else { pivot[l] };
            pivot[l] = if below_low[l] == target { low[l] } else { pivot[l] };
        }
        // Whole numbers tie: is the smallest value left the median itself?
        let smallest = (step >= 6 && step % 2 == 0).then(|| around_lanes(series, &low).1);
        if let Some(smallest) = &smallest {
            for l in (0..LANES).filter(|&l| below_low[l] < target && below_high[l] > target) {
                pivot[l] = smallest[l].next_up();
            }
        }
        let below = count_lanes(series, &pivot);
        for l in 0..LANES {
            found[l] = below[l] == target;
            let under = below[l] <= target;
            low[l] = if under { pivot[l] } else { low[l] };
            below_low[l] = if under { below[l] } else { below_low[l] };
            high[l] = if under { high[l] } else { pivot[l] };
            below_high[l] = if under { below_high[l] } else { below[l] };
            let ties = holds[l] && below[l] > target && !found[l];
            tied[l] = tied[l].or(smallest.filter(|_| ties).map(|s| s[l]));
        }
        if (0..LANES).all(|l| found[l] || tied[l].is_some()) {
            break;
        }
    }
    let (under, over) = around_lanes(series, &pivot);
    let mut medians = over;
    for l in 0..LANES {
        if !found[l] {
            medians[l] = tied[l].unwrap_or_else(|| median_by_selection(series, l));
        } else if n.is_multiple_of(2) {
            medians[l] = (under[l] + over[l]) * 0.5;
        }
    }
    // The next ones lie about as far from each other as these.
    let center = medians.iter().sum::<f32>() / LANES as f32;
    let spread = medians.iter().fold(0.0f32, |most, m| most.max((m - center).abs()));
    if center.is_finite() && spread.is_finite() {
        // What follows silence is none.
        let least = (0.1 * bracket.width).max(f32::MIN_POSITIVE * 1e6);
        *bracket = Bracket { center, width: (1.5 * spread).max(least) };
    }
    medians
}

#[inline(always)]
fn count_lanes(series: &[Row], pivot: &[f32; LANES]) -> [f32; LANES] {
    // Whole numbers in floats: sums of integers would be taken apart by rows, and rows gathered, which costs ten times.
    // Four sums, as one alone would wait for each of its additions.
    let (mut a, mut b) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (mut c, mut d) = ([0.0f32; LANES], [0.0f32; LANES]);
    let rows = series.chunks_exact(4);
    for row in rows.remainder() {
        for l in 0..LANES {
            a[l] += if row.0[l] < pivot[l] { 1.0 } else { 0.0 };
        }
    }
    for rows in rows {
        for l in 0..LANES {
            a[l] += if rows[0].0[l] < pivot[l] { 1.0 } else { 0.0 };
        }
        for l in 0..LANES {
            b[l] += if rows[1].0[l] < pivot[l] { 1.0 } else { 0.0 };
        }
        for l in 0..LANES {
            c[l] += if rows[2].0[l] < pivot[l] { 1.0 } else { 0.0 };
        }
        for l in 0..LANES {
            d[l] += if rows[3].0[l] < pivot[l] { 1.0 } else { 0.0 };
        }
    }
    for l in 0..LANES {
        a[l] = a[l] + b[l] + (c[l] + d[l]);
    }
    a
}

/// The largest value below the pivot and the smallest that is not, lane by lane.
#[inline(always)]
fn around_lanes(series: &[Row], pivot: &[f32; LANES]) -> ([f32; LANES], [f32; LANES]) {
    let mut under = [f32::NEG_INFINITY; LANES];
    let mut over = [f32::INFINITY; LANES];
    for row in series {
        for l in 0..LANES {
            let v = row.0[l];
            let is_under = v < pivot[l];
            let u = if is_under { v } else { f32::NEG_INFINITY };
            let o = if is_under { f32::INFINITY } else { v };
            under[l] = if u > under[l] { u } else { under[l] };
            over[l] = if o < over[l] { o } else { over[l] };
        }
    }
    (under, over)
}

/// The median of one lane.
#[cold]
fn median_by_selection(series: &[Row], lane: usize) -> f32 {
    let mut values: Vec<f32> = series.iter().map(|row| row.0[lane]).collect();
    let n = values.len();
    let (under, over, _) = values.select_nth_unstable_by(n / 2, f32::total_cmp);
    if n % 2 == 1 {
        return *over;
    }
    (under.iter().copied().fold(f32::NEG_INFINITY, f32::max) + *over) * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of noise, but for silent ones.
    fn frames(num_channels: usize, scale: f32, is_silent: impl Fn(usize) -> bool) -> Vec<Row> {
        let mut state = 9u32;
        let mut sub = vec![Row::ZERO; num_tiles(num_channels) * SUB];
        for frame in (0..SUB).filter(|&frame| !is_silent(frame)) {
            for channel in 0..num_channels {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                sub[channel / LANES * SUB + frame].0[channel % LANES] =
                    scale * ((state >> 8) as f32 / 8_388_608.0 - 1.3);
            }
        }
        sub
    }

    #[test]
    fn medians_after_silence_are_those_of_sorting() {
        for (num_channels, scale) in [(18, 20.0), (33, 1e-3), (384, 1e6)] {
            for silent in [0..0, 0..64, 45..90, 16..32, 100..250] {
                let before = frames(num_channels, scale, |frame| silent.contains(&frame));
                let mut sub = before.clone();
                global_median(
                    &mut sub,
                    SUB,
                    num_channels,
                    &mut vec![Row::ZERO; num_tiles(num_channels) * LANES],
                );
                for frame in 0..SUB {
                    let at = |rows: &[Row], c: usize| rows[c / LANES * SUB + frame].0[c % LANES];
                    let mut sorted: Vec<f32> = (0..num_channels).map(|c| at(&before, c)).collect();
                    sorted.sort_by(f32::total_cmp);
                    let middle = num_channels / 2;
                    let median = match num_channels % 2 {
                        1 => sorted[middle],
                        _ => (sorted[middle - 1] + sorted[middle]) * 0.5,
                    };
                    for c in 0..num_channels {
                        assert_eq!(
                            at(&sub, c),
                            at(&before, c) - median,
                            "{num_channels} {silent:?} {frame} {c}"
                        );
                    }
                }
            }
        }
    }
}
