//! Conversions between physical units and samples; the only place they are written.

/// Samples in `ms` milliseconds at `sampling_frequency` Hz, rounded to the nearest.
pub fn ms_to_samples(ms: f64, sampling_frequency: f64) -> usize {
    (ms * 1e-3 * sampling_frequency).round().max(0.0) as usize
}

/// Milliseconds that `samples` last at `sampling_frequency` Hz.
pub fn samples_to_ms(samples: usize, sampling_frequency: f64) -> f64 {
    samples as f64 / sampling_frequency * 1e3
}

/// Samples in `s` seconds at `sampling_frequency` Hz, rounded to the nearest.
pub fn s_to_samples(s: f64, sampling_frequency: f64) -> usize {
    (s * sampling_frequency).round().max(0.0) as usize
}
