//! How well a number of channels explains values that follow each other.

use super::{Bytes, MOST_CHANNELS, numbers::Numbers, numbers::decode};

/// Frames that are looked at, where there are so many.
const FRAMES: usize = 1200;
/// Values that are looked at at least.
const VALUES: usize = 1 << 16;

/// What a number of channels explains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Bits a value still needs.
    pub bits: f64,
    /// Correlation of a sample with the last one of its channel.
    pub follows: f64,
    /// Correlation of a sample with that of the channel before.
    pub beside: f64,
    /// Frames of the stretch.
    frames: usize,
}

impl Told {
    /// In words; `over` bytes are left over, `header` bytes of text come first.
    pub fn reason(&self, count: usize, over: u64, header: u64) -> String {
        let mut words = match count {
            1 => format!("a value follows the one before ({:.2})", self.follows),
            _ => format!(
                "each channel follows its own last sample ({:.2}), neighbours correlate ({:.2})",
                self.follows, self.beside
            ),
        };
        match (header, over) {
            (0, 0) => words += "; nothing is left over",
            (0, over) => {
                words += &format!("; {over} bytes are left over: a header, or the last frame is cut off")
            }
            (header, _) => words += &format!("; {header} bytes of text come first"),
        }
        if self.frames < 100 {
            words += "; few frames to tell from";
        }
        words
    }
}

/// Sums of a column: enough for a straight line through three variables.
#[derive(Clone, Copy, Default)]
struct Sums {
    y: f64,
    a: f64,
    b: f64,
    yy: f64,
    aa: f64,
    bb: f64,
    ya: f64,
    yb: f64,
    ab: f64,
}

/// Looks at values as frames of so many channels; `None` where there are too few.
pub(super) fn told(values: &[f32], count: usize, step: f64) -> Option<Told> {
    let frames = (values.len() / count).min(FRAMES.max(VALUES / count));
    if frames < 16 {
        return None;
    }
    let mut columns = vec![Sums::default(); count];
    let middle = f64::from(values[0]);
    for frame in 1..frames {
        let at = frame * count;
        let (last, row) = (&values[at - count..at], &values[at..at + count]);
        let mut beside = middle;
        for ((sums, &y), &a) in columns.iter_mut().zip(row).zip(last) {
            let (y, a, b) = (f64::from(y) - middle, f64::from(a) - middle, beside - middle);
            sums.y += y;
            sums.a += a;
            sums.b += b;
            sums.yy += y * y;
            sums.aa += a * a;
            sums.bb += b * b;
            sums.ya += y * a;
            sums.yb += y * b;
            sums.ab += a * b;
            beside = y + middle;
        }
    }
    let n = (frames - 1) as f64;
    // What cannot be told apart: the step of whole numbers, or a part in a million.
    let all: f64 = columns.iter().map(|s| s.yy / n - (s.y / n).powi(2)).sum::<f64>() / count as f64;
    let least = (step * step / 12.0).max(all * 1e-12).max(f64::MIN_POSITIVE);
    let (mut bits, mut follows, mut beside) = (0.0, 0.0, 0.0);
    for (index, s) in columns.iter().enumerate() {
        let covariance = |xy: f64, x: f64, y: f64| xy / n - x / n * (y / n);
        let (yy, aa) = (covariance(s.yy, s.y, s.y), covariance(s.aa, s.a, s.a));
        let ya = covariance(s.ya, s.y, s.a);
        let (mut bb, mut yb, mut ab) = (0.0, 0.0, 0.0);
        if index > 0 {
            bb = covariance(s.bb, s.b, s.b);
            yb = covariance(s.yb, s.y, s.b);
            ab = covariance(s.ab, s.a, s.b);
        }
        bits += 0.5 * (unexplained([yy, aa, bb], ya, yb, ab).max(0.0) + least).log2();
        follows += correlation(ya, yy, aa);
        beside += correlation(yb, yy, bb);
    }
    let channels = count as f64;
    // Every channel has four numbers of its own; with few frames these explain something by chance.
    let chance = 2.0 * n.log2() / n;
    Some(Told {
        bits: bits / channels + chance,
        follows: follows / channels,
        beside: beside / (channels - 1.0).max(1.0),
        frames,
    })
}

/// By how much values correlate more with those `lag` later than with those beside these, taken as frames of `count`.
pub(super) fn comes_again(values: &[f32], count: usize, lag: usize) -> f64 {
    let frames = (values.len() / count).min(FRAMES.max(VALUES / count));
    let values = &values[..frames * count];
    let mut means = vec![0.0; count];
    for frame in values.chunks_exact(count) {
        means.iter_mut().zip(frame).for_each(|(mean, value)| *mean += f64::from(*value) / frames as f64);
    }
    let centred: Vec<f64> =
        values.iter().enumerate().map(|(at, value)| f64::from(*value) - means[at % count]).collect();
    let all = centred.iter().map(|x| x * x).sum::<f64>();
    let at = |lag: usize| centred.iter().zip(&centred[lag..]).map(|(a, b)| a * b).sum::<f64>() / all;
    if all > 0.0 && lag + 1 < centred.len() { at(lag) - at(lag - 1).max(at(lag + 1)) } else { 0.0 }
}

fn correlation(xy: f64, xx: f64, yy: f64) -> f64 {
    let both = xx * yy;
    if both > 0.0 { xy / both.sqrt() } else { 0.0 }
}

/// Variance of y that neither a nor b explains; variances are `[y, a, b]`.
fn unexplained([yy, aa, bb]: [f64; 3], ya: f64, yb: f64, ab: f64) -> f64 {
    let both = aa * bb - ab * ab;
    if both > 1e-9 * aa * bb && both > 0.0 {
        return yy - (ya * ya * bb - 2.0 * ya * yb * ab + yb * yb * aa) / both;
    }
    // They say the same, or one of them is constant.
    let by = |xy: f64, xx: f64| if xx > 0.0 { xy * xy / xx } else { 0.0 };
    yy - by(ya, aa).max(by(yb, bb))
}

/// Values of a stretch, and stretches that are compared of each layout.
const STRETCH: usize = 512;
const PAIRS: usize = 24;

/// The number of channels that lie one after the other such that neighbours correlate, and by how much; `None`
/// where none do.
pub(super) fn across(file: &Bytes, header: u64, numbers: Numbers) -> Option<(usize, f64)> {
    let size = numbers.dtype.size() as u64;
    let all = (file.size - header) / size;
    let mut best: Option<(usize, f64)> = None;
    let counts =
        (2..=MOST_CHANNELS as u64).filter(|&c| all.is_multiple_of(c) && all / c >= 2 * STRETCH as u64);
    for count in counts {
        let length = all / count;
        let mut sum = 0.0;
        let mut pairs = 0;
        for pair in 0..PAIRS as u64 {
            let channel = pair * (count - 1) / PAIRS as u64;
            // A place of its own for each pair.
            let within = (length - STRETCH as u64) * (2 * (pair % 7) + 1) / 14;
            let at = |channel: u64| header + (channel * length + within) * size;
            let read = |channel| (file.read)(at(channel), STRETCH * size as usize);
            let (Some(a), Some(b)) = (read(channel), read(channel + 1)) else { continue };
            sum += of_changes(&decode(&a, numbers), &decode(&b, numbers));
            pairs += 1;
        }
        let mean = sum / f64::from(pairs.max(1));
        // What 24 pairs of 512 values correlate by chance is 0.01.
        if mean > 0.06 && best.is_none_or(|(_, most)| mean > most) {
            best = Some((count as usize, mean));
        }
    }
    best
}

/// Correlation of the changes from value to value: slow waves correlate with everything.
fn of_changes(a: &[f32], b: &[f32]) -> f64 {
    let change = |values: &[f32]| -> Vec<f64> { values.windows(2).map(|w| f64::from(w[1] - w[0])).collect() };
    let (a, b) = (change(a), change(b));
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    correlation(dot(&a, &b), dot(&a, &a), dot(&b, &b))
}
