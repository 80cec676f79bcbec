//! The normal distribution.

use std::f64::consts::{FRAC_2_SQRT_PI, PI, SQRT_2};

/// Probability of a standard normal number at or below `z`, to 1e-14.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / SQRT_2)
}

/// Complement of the error function: a series of positive terms up to 3, a continued fraction beyond.
fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 3.0 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term > 1e-17 * sum {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return 1.0 - FRAC_2_SQRT_PI * (-x * x).exp() * sum;
    }
    // Laplace's fraction, from its fiftieth level up.
    let tail = (1..=50).rev().fold(x, |below, level| x + f64::from(level) / 2.0 / below);
    (-x * x).exp() / (tail * PI.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_scipy() {
        // scipy.stats.norm.cdf
        for (z, told) in [
            (-12.0, 1.776_482_112_077_678_7e-33),
            (-5.0, 2.866_515_718_791_933_3e-7),
            (-4.3, 8.539_905_471_005_52e-6),
            (-4.2, 1.334_574_901_590_633_2e-5),
            (-1.0, 0.158_655_253_931_457_05),
            (0.0, 0.5),
            (0.3, 0.617_911_422_188_952_7),
            (2.5, 0.993_790_334_674_223_8),
            (9.0, 1.0),
        ] {
            let found = normal_cdf(z);
            assert!((found - told).abs() < 1e-14 && (found - told).abs() < 1e-8 * told, "{z}: {found}");
        }
        assert!(normal_cdf(f64::NAN).is_nan());
        assert_eq!((normal_cdf(f64::NEG_INFINITY), normal_cdf(f64::INFINITY)), (0.0, 1.0));
    }
}
