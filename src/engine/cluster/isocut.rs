//! Is a one-dimensional sample one hump or several, and where is the dip between them?

use super::points::{Points, dot};

/// What [`isocut`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dip {
    /// Below 2 the sample passes for one hump.
    pub score: f64,
    /// The value that parts it best in two.
    pub cut: f64,
}

/// Tests a sorted sample for a dip.
///
/// The log density between neighbouring values is fitted by a rising and a falling monotone curve; the score is the
/// Kolmogorov–Smirnov distance of sample and fit on the worse side of the top. The cut is where the residual is
/// lowest. Fewer than three values have no dip.
///
/// # Source
/// Magland and Barnett, arXiv:1508.04841, in the form of isosplit6; equal to SpikeInterface's `isocut`.
pub fn isocut(sorted: &[f64]) -> Dip {
    if sorted.len() < 3 {
        return Dip { score: 0.0, cut: sorted.first().copied().unwrap_or(0.0) };
    }
    let spacings: Vec<f64> = sorted.windows(2).map(|w| w[1] - w[0]).collect();
    let densities: Vec<f64> =
        spacings.iter().map(|&s| if s > 0.0 { -s.ln() } else { 1e-9f64.ln() }).collect();
    let fit = up_down(&densities);
    let top = first_max(&fit);
    let expected: Vec<f64> = fit.iter().zip(&spacings).map(|(f, s)| f.exp() * s).collect();
    let (left, left_length) = worst_distance(&expected[..=top]);
    let reversed: Vec<f64> = expected[top..].iter().rev().copied().collect();
    let (right, right_length) = worst_distance(&reversed);
    let (score, range) = if left > right {
        (left, 0..left_length)
    } else {
        (right, spacings.len() - right_length..spacings.len())
    };
    // Down then up: the mirror image of the fit above.
    let residual: Vec<f64> = range.clone().map(|i| fit[i] - densities[i]).collect();
    let cut = range.start + first_max(&up_down(&residual));
    Dip { score, cut: 0.5 * (sorted[cut] + sorted[cut + 1]) }
}

fn first_max(values: &[f64]) -> usize {
    let mut best = 0;
    for (i, v) in values.iter().enumerate() {
        if *v > values[best] {
            best = i;
        }
    }
    best
}

/// Largest distance between counts of one and `expected`, over prefixes of all, half, a quarter … of the length.
fn worst_distance(expected: &[f64]) -> (f64, usize) {
    let (mut best, mut best_length) = (f64::NEG_INFINITY, expected.len());
    let mut length = expected.len();
    while length >= 4 || length == expected.len() {
        let total: f64 = expected[..length].iter().sum();
        let mut cumulated = 0.0;
        let mut distance = 0.0f64;
        for (i, e) in expected[..length].iter().enumerate() {
            cumulated += e;
            distance = distance.max(((i + 1) as f64 / length as f64 - cumulated / total).abs());
        }
        distance *= ((length as f64 + total) / 2.0).sqrt();
        if distance > best {
            (best, best_length) = (distance, length);
        }
        length /= 2;
    }
    (best, best_length)
}

/// The best fit that rises and then falls.
fn up_down(x: &[f64]) -> Vec<f64> {
    let (_, up_error) = rising(x.iter().copied(), x.len());
    let (_, mut down_error) = rising(x.iter().rev().copied(), x.len());
    down_error.reverse();
    let mut switch = 0;
    for i in 0..x.len() {
        if up_error[i] + down_error[i] < up_error[switch] + down_error[switch] {
            switch = i;
        }
    }
    let (mut fit, _) = rising(x[..switch].iter().copied(), switch);
    let (down, _) = rising(x[switch..].iter().map(|v| -v), x.len() - switch);
    fit.extend(down.into_iter().map(|v| -v));
    fit
}

/// Pools adjacent violators: the rising fit, and its squared error over each prefix.
fn rising(x: impl Iterator<Item = f64>, len: usize) -> (Vec<f64>, Vec<f64>) {
    struct Pool {
        count: f64,
        sum: f64,
        squares: f64,
    }
    impl Pool {
        fn error(&self) -> f64 {
            self.squares - self.sum * self.sum / self.count
        }
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(len);
    let mut errors = Vec::with_capacity(len);
    let mut error = 0.0;
    for value in x {
        let mut last = Pool { count: 1.0, sum: value, squares: value * value };
        while let Some(before) = pools.last() {
            if before.sum / before.count < last.sum / last.count {
                break;
            }
            let parts = before.error() + last.error();
            last = Pool {
                count: before.count + last.count,
                sum: before.sum + last.sum,
                squares: before.squares + last.squares,
            };
            error += last.error() - parts;
            pools.pop();
        }
        pools.push(last);
        errors.push(error);
    }
    let mut fit = Vec::with_capacity(len);
    for pool in &pools {
        fit.extend(std::iter::repeat_n(pool.sum / pool.count, pool.count as usize));
    }
    (fit, errors)
}

/// Dip score of the points of some indices and of others together, along the axis that parts them best.
pub fn dip_between(
    points: &Points,
    a: impl Iterator<Item = usize> + Clone,
    b: impl Iterator<Item = usize> + Clone,
) -> f64 {
    let axis = points.axis_between(a.clone(), b.clone());
    let mut places: Vec<f64> = a.chain(b).map(|i| f64::from(dot(points.row(i), &axis))).collect();
    places.sort_unstable_by(f64::total_cmp);
    isocut(&places).score
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn dips_equal_those_of_spikeinterface() {
        // Made by tests/golden/isocut.py.
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/golden/isocut.json")).unwrap();
        for case in golden.as_array().unwrap() {
            let samples: Vec<f64> =
                case["samples"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
            let dip = isocut(&samples);
            assert!((dip.score - case["dip"].as_f64().unwrap()).abs() < 1e-6, "{dip:?} {}", case["dip"]);
            assert!((dip.cut - case["cut"].as_f64().unwrap()).abs() < 1e-6, "{dip:?} {}", case["cut"]);
        }
    }

    #[test]
    fn a_few_values_have_no_dip() {
        assert_eq!(isocut(&[]), Dip { score: 0.0, cut: 0.0 });
        assert_eq!(isocut(&[1.0, 2.0]).score, 0.0);
        assert!(isocut(&[1.0; 50]).score.is_finite());
    }
}
