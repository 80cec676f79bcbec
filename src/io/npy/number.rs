//! Numbers of any stored type as numbers of the wanted type.

use super::Header;
use crate::{data::Element, io::Error};
use npyz::{DType, Endianness, TypeChar};
use std::path::Path;

/// A number that arrays can be read as and written from.
pub trait Number: Element + Copy + Default + std::fmt::Display {
    /// numpy's code without the byte order, such as `i8`.
    const CODE: &'static str;
    /// numpy's name, such as `int64`.
    const NAME: &'static str;
    /// The same whole number; `None` where it is out of range.
    fn from_whole(value: i128) -> Option<Self>;
    /// The same or the nearest number; `None` where `Self` is an integer and the value has a fraction.
    fn from_real(value: f64) -> Option<Self>;
    /// Its bytes, least significant first.
    fn push_le(self, bytes: &mut Vec<u8>);
}

macro_rules! integer {
    ($($type:ty, $code:literal, $name:literal;)*) => {$(
        impl Number for $type {
            const CODE: &'static str = $code;
            const NAME: &'static str = $name;
            fn from_whole(value: i128) -> Option<Self> {
                Self::try_from(value).ok()
            }
            fn from_real(value: f64) -> Option<Self> {
                (value.fract() == 0.0 && value.abs() < 1e19).then_some(value as i128).and_then(Self::from_whole)
            }
            fn push_le(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
        impl Item for $type {
            type Number = Self;
            const WIDTH: usize = 1;
        }
    )*};
}

macro_rules! real {
    ($($type:ty, $code:literal, $name:literal;)*) => {$(
        impl Number for $type {
            const CODE: &'static str = $code;
            const NAME: &'static str = $name;
            fn from_whole(value: i128) -> Option<Self> {
                Some(value as Self)
            }
            fn from_real(value: f64) -> Option<Self> {
                Some(value as Self)
            }
            fn push_le(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        }
        impl Item for $type {
            type Number = Self;
            const WIDTH: usize = 1;
        }
    )*};
}

integer! {
    i8, "i1", "int8";
    u8, "u1", "uint8";
    i16, "i2", "int16";
    u16, "u2", "uint16";
    i32, "i4", "int32";
    u32, "u4", "uint32";
    i64, "i8", "int64";
    u64, "u8", "uint64";
}

real! {
    f32, "f4", "float32";
    f64, "f8", "float64";
}

/// What a column consists of: a number, or a row of a fixed number of them.
pub trait Item: Element + Copy {
    /// The type of its numbers.
    type Number: Number;
    /// How many numbers.
    const WIDTH: usize;
}

impl<T: Number, const WIDTH: usize> Item for [T; WIDTH]
where
    [T; WIDTH]: Element,
{
    type Number = T;
    const WIDTH: usize = WIDTH;
}

/// The numbers of `bytes` in the order they are stored.
pub(super) fn decode<T: Number>(header: &Header, bytes: &[u8], path: &Path) -> Result<Vec<T>, Error> {
    if header.holds::<T>() {
        return Ok(bytemuck::pod_collect_to_vec(bytes));
    }
    let mut values = Vec::with_capacity(header.len().unwrap_or(0));
    let elements = bytes.chunks_exact(header.dtype.num_bytes().unwrap_or(1).max(1));
    decode_as(&header.dtype, elements, path, &mut values)?;
    Ok(values)
}

/// Adds the numbers of elements that are given one by one, such as one field of a structure.
pub(super) fn decode_as<'a, T: Number>(
    dtype: &DType,
    elements: impl Iterator<Item = &'a [u8]>,
    path: &Path,
    values: &mut Vec<T>,
) -> Result<(), Error> {
    let DType::Plain(scalar) = dtype else {
        return Err(Error::format(path, format!("{} expected, it holds {}", T::NAME, dtype.descr())));
    };
    let big = scalar.endianness() == Endianness::Big;
    let size = scalar.num_bytes().unwrap_or(0);
    for element in elements {
        // The most significant byte first in both cases from here on.
        let mut word = [0u8; 8];
        if size == 0 || size > 8 || element.len() != size {
            return Err(unfit::<T>(dtype, path));
        }
        for (i, &byte) in element.iter().enumerate() {
            let place = if big { 8 - size + i } else { 7 - i };
            word[place] = byte;
        }
        let bits = u64::from_be_bytes(word);
        let (value, shown) = match scalar.type_char() {
            TypeChar::Bool => (T::from_whole(i128::from(bits != 0)), f64::from(bits != 0)),
            TypeChar::Uint => (T::from_whole(i128::from(bits)), bits as f64),
            TypeChar::Int => {
                let unused = 64 - 8 * size as u32;
                let signed = ((bits << unused) as i64) >> unused;
                (T::from_whole(i128::from(signed)), signed as f64)
            }
            TypeChar::Float => {
                let real = match size {
                    2 => half::f16::from_bits(bits as u16).to_f64(),
                    4 => f64::from(f32::from_bits(bits as u32)),
                    _ => f64::from_bits(bits),
                };
                (T::from_real(real), real)
            }
            _ => return Err(unfit::<T>(dtype, path)),
        };
        match value {
            Some(value) => values.push(value),
            None => {
                return Err(Error::format(
                    path,
                    format!("element {} is {shown}, which is no {}", values.len(), T::NAME),
                ));
            }
        }
    }
    Ok(())
}

fn unfit<T: Number>(dtype: &DType, path: &Path) -> Error {
    Error::format(path, format!("numbers ({}) expected, it holds {}", T::NAME, dtype.descr()))
}
