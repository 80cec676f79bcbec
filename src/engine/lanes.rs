//! Weighted sums of stretches of samples, the innermost loop of projecting and matching.

use std::ops::{AddAssign, Mul};

/// Samples that are summed together: four registers of sixteen, or eight of eight.
pub const STRETCH: usize = 64;
/// Samples that go through one operation together.
pub const LANES: usize = 16;

/// Sums of a stretch. Arrays of one register each, and no check that could panic while they grow, are what keeps them
/// in registers.
pub struct Sums {
    a: [f32; LANES],
    b: [f32; LANES],
    c: [f32; LANES],
    d: [f32; LANES],
}

impl Sums {
    /// Nothing yet.
    #[inline(always)]
    pub fn new() -> Self {
        Self { a: [0.0; LANES], b: [0.0; LANES], c: [0.0; LANES], d: [0.0; LANES] }
    }

    /// Adds `w · x`. To be inlined into a function compiled for a vector unit, which says in `FUSED` whether that
    /// multiplies and adds in one step.
    #[inline(always)]
    pub fn add<const FUSED: bool>(&mut self, w: f32, x: &[f32; STRETCH]) {
        for l in 0..LANES {
            if FUSED {
                self.a[l] = w.mul_add(x[l], self.a[l]);
                self.b[l] = w.mul_add(x[LANES + l], self.b[l]);
                self.c[l] = w.mul_add(x[2 * LANES + l], self.c[l]);
                self.d[l] = w.mul_add(x[3 * LANES + l], self.d[l]);
            } else {
                self.a[l] += w * x[l];
                self.b[l] += w * x[LANES + l];
                self.c[l] += w * x[2 * LANES + l];
                self.d[l] += w * x[3 * LANES + l];
            }
        }
    }

    /// Writes the sums to the first [`STRETCH`] places.
    #[inline(always)]
    pub fn store(self, out: &mut [f32]) {
        let parts = [self.a, self.b, self.c, self.d];
        for (part, out) in parts.into_iter().zip(out.chunks_exact_mut(LANES)) {
            set_register(out, 0, part);
        }
    }
}

/// The stretch that begins at a place, where there is a whole one.
#[inline(always)]
pub fn stretch(x: &[f32], start: usize) -> Option<&[f32; STRETCH]> {
    match x.split_at_checked(start) {
        Some((_, rest)) => rest.first_chunk::<STRETCH>(),
        None => None,
    }
}

/// The samples of one register that begin at a place, where they are all there.
#[inline(always)]
pub fn register(x: &[f32], start: usize) -> Option<&[f32; LANES]> {
    match x.split_at_checked(start) {
        Some((_, rest)) => rest.first_chunk::<LANES>(),
        None => None,
    }
}

/// Sets the samples of one register that begin at a place, where there is room for them. Unlike the copy of a slice, this
/// is one instruction and no call.
#[inline(always)]
pub fn set_register(out: &mut [f32], start: usize, values: [f32; LANES]) {
    if let Some(to) = out.split_at_mut_checked(start).and_then(|(_, rest)| rest.first_chunk_mut::<LANES>()) {
        *to = values;
    }
}

/// Samples on either side that doubling looks at.
pub const BESIDE: usize = 6;

/// Weights of the samples half a sample, one and a half, … away: least squares over the lower three quarters of the band,
/// the first three fifths of it to a thousandth.
const HALFWAY: [f32; BESIDE] = [0.6263486, -0.1827363, 0.0825517, -0.0367292, 0.0136030, -0.0033047];

/// Twice as many samples of what lies in the lower part of the band: `x` with [`BESIDE`] more on either side becomes
/// `out[2 i] = x[i]` and what lies halfway to `x[i + 1]` after it.
#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
pub fn doubled(x: &[f32], out: &mut [f32]) {
    for (place, out) in out.chunks_exact_mut(2 * LANES).enumerate() {
        let at = BESIDE + place * LANES;
        let Some(here) = register(x, at) else { break };
        let mut between = [0.0f32; LANES];
        for (j, &w) in HALFWAY.iter().enumerate() {
            let (Some(a), Some(b)) = (register(x, at - j), register(x, at + 1 + j)) else { break };
            for l in 0..LANES {
                between[l] += w * (a[l] + b[l]);
            }
        }
        for l in 0..LANES {
            out[2 * l] = here[l];
            out[2 * l + 1] = between[l];
        }
    }
}

/// One of the samples that [`doubled`] gives of a row that has zeros beside it.
pub fn doubled_at(row: &[f32], place: usize) -> f32 {
    let middle = place / 2;
    if place.is_multiple_of(2) {
        return row[middle];
    }
    let at = |i: Option<usize>| i.and_then(|i| row.get(i)).copied().unwrap_or(0.0);
    HALFWAY.iter().enumerate().map(|(j, w)| w * (at(middle.checked_sub(j)) + at(Some(middle + 1 + j)))).sum()
}

/// Adds `weight · x`.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
pub fn add_scaled<T: Copy + AddAssign + Mul<Output = T>>(x: &[T], weight: T, sum: &mut [T]) {
    for (s, &x) in sum.iter_mut().zip(x) {
        *s += weight * x;
    }
}

/// The largest value; minus infinity of none.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
pub fn largest(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let mut chunks = row.chunks_exact(16);
    for chunk in chunks.by_ref() {
        for l in 0..16 {
            lanes[l] = if chunk[l] > lanes[l] { chunk[l] } else { lanes[l] };
        }
    }
    let mut best = f32::NEG_INFINITY;
    for &x in lanes.iter().chain(chunks.remainder()) {
        best = if x > best { x } else { best };
    }
    best
}
