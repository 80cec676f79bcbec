//! Which numbers bytes are.

use super::Bytes;
use crate::data::DType;

/// Pieces of a file that are looked at, and their bytes.
const PIECES: u64 = 8;
const PIECE_BYTES: u64 = 1 << 15;
/// Magnitudes beyond these are no samples, whatever their unit.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1e-14..=1e12;

/// A way to read bytes as numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Numbers {
    pub dtype: DType,
    pub big_endian: bool,
    /// The least difference of two numbers, 0 where there is none.
    pub step: f64,
}

/// Number types the bytes may be, the likeliest first.
pub(super) fn likely(file: &Bytes, header: u64) -> Vec<Numbers> {
    let room = file.size.saturating_sub(header);
    let length = room.min(PIECE_BYTES) / 8 * 8;
    if length < 64 {
        return Vec::new();
    }
    // Whole numbers counted from the end, whatever lies before the first one.
    let places = (0..PIECES).map(|i| file.size - length - (room - length) / 8 * i / PIECES * 8);
    let pieces: Vec<Vec<u8>> = places.filter_map(|at| (file.read)(at, length as usize)).collect();
    let types = [
        DType::Int16,
        DType::Uint16,
        DType::Float32,
        DType::Int32,
        DType::Uint32,
        DType::Float64,
        DType::Uint8,
        DType::Int8,
        DType::Int64,
    ];
    let mut known: Vec<(f64, Numbers)> = Vec::new();
    for dtype in types {
        for big_endian in [false, true] {
            if big_endian && dtype.size() == 1 {
                continue;
            }
            let step = if matches!(dtype, DType::Float32 | DType::Float64) { 0.0 } else { 1.0 };
            let numbers = Numbers { dtype, big_endian, step };
            let bits: Option<Vec<f64>> = pieces.iter().map(|piece| bits_a_byte(piece, numbers)).collect();
            let Some(bits) = bits.filter(|bits| !bits.is_empty()) else { continue };
            let usual = match (dtype, big_endian) {
                (DType::Int16, false) => 0.25,
                (DType::Float32, false) => 0.1,
                (_, true) => -0.2,
                _ => 0.0,
            };
            known.push((bits.iter().sum::<f64>() / bits.len() as f64 - usual, numbers));
        }
    }
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    known.into_iter().map(|(_, numbers)| numbers).collect()
}

/// Bits that a byte of these numbers tells, as if they were normally distributed; `None` where they are no
/// samples.
fn bits_a_byte(bytes: &[u8], numbers: Numbers) -> Option<f64> {
    let size = numbers.dtype.size() as f64;
    let values = decode_f64(bytes, numbers);
    if numbers.step > 0.0 {
        // 2.05 bits: the entropy of a normal distribution of unit width, in units of its width.
        let bits = (deviation(&values).max(0.5)).log2() + 2.05;
        return Some(bits / size);
    }
    let strange = |x: &&f64| !x.is_finite() || (**x != 0.0 && !PLAUSIBLE.contains(&x.abs()));
    if values.iter().filter(strange).count() * 500 > values.len() {
        return None;
    }
    let entropies = (0..numbers.dtype.size()).map(|place| entropy(bytes, place, numbers.dtype.size()));
    Some(entropies.sum::<f64>() / size)
}

/// Bits of the bytes at a place of every number.
fn entropy(bytes: &[u8], place: usize, size: usize) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.iter().skip(place).step_by(size).for_each(|&byte| counts[usize::from(byte)] += 1);
    let all = f64::from(counts.iter().sum::<u32>());
    let share = counts.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / all);
    -share.map(|p| p * p.log2()).sum::<f64>()
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// Standard deviation of values, infinite where they are none.
pub(super) fn spread(values: &[f32]) -> f64 {
    deviation(&values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>())
}

/// The numbers that bytes are; bytes left over at the end are left out, and what is no number is 0.
pub(super) fn decode(bytes: &[u8], numbers: Numbers) -> Vec<f32> {
    decode_f64(bytes, numbers).into_iter().map(|x| if x.is_finite() { x as f32 } else { 0.0 }).collect()
}

fn decode_f64(bytes: &[u8], numbers: Numbers) -> Vec<f64> {
    let big = numbers.big_endian;
    macro_rules! read {
        ($type:ty) => {
            bytes
                .as_chunks::<{ size_of::<$type>() }>()
                .0
                .iter()
                .map(|&b| if big { <$type>::from_be_bytes(b) } else { <$type>::from_le_bytes(b) } as f64)
                .collect()
        };
    }
    match numbers.dtype {
        DType::Int8 => read!(i8),
        DType::Uint8 => read!(u8),
        DType::Int16 => read!(i16),
        DType::Uint16 => read!(u16),
        DType::Int32 => read!(i32),
        DType::Uint32 => read!(u32),
        DType::Int64 => read!(i64),
        DType::Float32 => read!(f32),
        DType::Float64 => read!(f64),
    }
}
