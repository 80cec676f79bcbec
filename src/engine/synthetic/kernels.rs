//! The loops that making traces spends its time in; the same bits with any vector width.

/// Samples summed at a time.
const LANES: usize = 32;
/// Frames transposed at a time.
const FRAMES: usize = 16;

/// Adds weighted pieces of `data` to `out`: a term is where in `data` the piece starts, and its weight.
///
/// # Panics
/// Where a piece does not lie within `data`.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2"))]
pub(super) fn add_weighted(out: &mut [f32], data: &[f32], terms: &[(usize, f32)]) {
    let mut at = 0;
    let mut chunks = out.chunks_exact_mut(LANES);
    for chunk in chunks.by_ref() {
        let mut sums = [0.0f32; LANES];
        for &(start, weight) in terms {
            let piece = &data[start + at..][..LANES];
            for l in 0..LANES {
                sums[l] += weight * piece[l];
            }
        }
        for l in 0..LANES {
            chunk[l] += sums[l];
        }
        at += LANES;
    }
    // No closures here: they would be compiled for the plainest processor.
    let rest = chunks.into_remainder();
    let mut sums = [0.0f32; LANES];
    for &(start, weight) in terms {
        let piece = &data[start + at..][..rest.len()];
        for l in 0..rest.len() {
            sums[l] += weight * piece[l];
        }
    }
    for l in 0..rest.len() {
        rest[l] += sums[l];
    }
}

/// Writes `tile`, `[channel][len]`, as frames of whole numbers within 16 bits after scaling.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2"))]
pub(super) fn write_frames(tile: &[f32], len: usize, scale: f32, out: &mut [f32]) {
    let num_channels = tile.len() / len.max(1);
    let (low, high) = (f32::from(i16::MIN), f32::from(i16::MAX));
    for (block, frames) in out.chunks_mut(FRAMES * num_channels.max(1)).enumerate() {
        let start = block * FRAMES;
        let count = FRAMES.min(len - start);
        for (channel, row) in tile.chunks_exact(len).enumerate() {
            let mut rounded = [0.0f32; FRAMES];
            rounded[..count].copy_from_slice(&row[start..start + count]);
            for value in &mut rounded {
                *value = (*value * scale).round_ties_even().clamp(low, high);
            }
            for (t, value) in rounded[..count].iter().enumerate() {
                frames[t * num_channels + channel] = *value;
            }
        }
    }
}
