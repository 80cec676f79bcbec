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
