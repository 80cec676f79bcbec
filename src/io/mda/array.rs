//! The array format: a few integers, then numbers with the first axis fastest.

use crate::{
    data::DType,
    io::{Error, atomic},
};
use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

/// The header of an array in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Mda {
    /// The number type.
    pub dtype: DType,
    /// Length of each axis; the first is the fastest in the file.
    pub dims: Vec<usize>,
    /// Byte at which the data begins.
    pub data_offset: u64,
}

impl Mda {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// Where it cannot be read or is no MDA file.
    pub fn open(path: &Path) -> Result<(Self, File), Error> {
        let mut file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        let wrong = |what: String| Error::format(path, format!("not a MDA file: {what}"));
        let mut bytes_read = 0u64;
        let mut take = |bytes: &mut [u8]| {
            bytes_read += bytes.len() as u64;
            file.read_exact(bytes).map_err(|_end| wrong("its header is cut off".into()))
        };
        let mut word = || {
            let mut bytes = [0; 4];
            take(&mut bytes).map(|()| i32::from_le_bytes(bytes))
        };
        let (code, _entry_size, num_dims) = (word()?, word()?, word()?);
        // The code decides: one writer gives a wrong size of entries.
        let dtype = match code {
            -2 => DType::Uint8,
            -3 => DType::Float32,
            -4 => DType::Int16,
            -5 => DType::Int32,
            -6 => DType::Uint16,
            -7 => DType::Float64,
            -8 => DType::Uint32,
            -1 => return Err(Error::format(path, "its numbers are complex, real ones are expected")),
            other => return Err(wrong(format!("its type code is {other}, -2 to -8 are known"))),
        };
        let long = num_dims < 0;
        let count = num_dims.unsigned_abs();
        if !(1..=16).contains(&count) {
            return Err(wrong(format!("it claims to have {count} axes")));
        }
        let mut dims = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let dim = if long {
                let mut bytes = [0; 8];
                take(&mut bytes)?;
                i64::from_le_bytes(bytes)
            } else {
                let mut bytes = [0; 4];
                take(&mut bytes)?;
                i64::from(i32::from_le_bytes(bytes))
            };
            let dim = usize::try_from(dim).map_err(|_negative| wrong(format!("an axis is {dim} long")))?;
            dims.push(dim);
        }
        Ok((Self { dtype, dims, data_offset: bytes_read }, file))
    }

    /// True where a file is one by its content: its header and its length agree.
    pub(super) fn is_one(path: &Path) -> bool {
        let Ok((mda, file)) = Self::open(path) else { return false };
        let count = mda.dims.iter().try_fold(1_u64, |count, &dim| count.checked_mul(dim as u64));
        let bytes = count.and_then(|count| count.checked_mul(mda.dtype.size() as u64));
        let whole = bytes.and_then(|bytes| bytes.checked_add(mda.data_offset));
        file.metadata().is_ok_and(|data| Some(data.len()) == whole)
    }

    /// Reads a whole array; the values are in the order of the file.
    ///
    /// # Errors
    /// Where it is no MDA file or is cut off.
    pub fn read(path: &Path) -> Result<(Self, Vec<f64>), Error> {
        let (header, mut file) = Self::open(path)?;
        let size = file.metadata().map_err(|source| Error::io("read", path, source))?.len();
        let found = size.saturating_sub(header.data_offset);
        let wanted = header
            .dims
            .iter()
            .try_fold(header.dtype.size(), |product, &n| product.checked_mul(n))
            .filter(|&wanted| wanted as u64 <= found)
            .ok_or_else(|| {
                Error::format(
                    path,
                    format!(
                        "an array of {:?} {} does not fit into its {found} bytes of data: it was cut off. \
                         Copy or export it again.",
                        header.dims, header.dtype
                    ),
                )
            })?;
        let mut bytes = vec![0; wanted];
        file.read_exact(&mut bytes).map_err(|source| Error::io("read", path, source))?;
        Ok((header.clone(), numbers(header.dtype, &bytes)))
    }

    /// The first `count` values, in the order of the file; fewer where it has fewer.
    ///
    /// # Errors
    /// Where it is no MDA file or cannot be read.
    pub(super) fn read_first(path: &Path, count: usize) -> Result<(Self, Vec<f64>), Error> {
        let (header, file) = Self::open(path)?;
        let mut bytes = Vec::new();
        file.take((count * header.dtype.size()) as u64)
            .read_to_end(&mut bytes)
            .map_err(|source| Error::io("read", path, source))?;
        Ok((header.clone(), numbers(header.dtype, &bytes)))
    }
}

fn numbers(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        bytes.as_chunks::<N>().0.iter().map(|b| number(*b)).collect()
    }
    match dtype {
        DType::Int8 => each(bytes, |b| f64::from(i8::from_le_bytes(b))),
        DType::Uint8 => each(bytes, |b| f64::from(u8::from_le_bytes(b))),
        DType::Int16 => each(bytes, |b| f64::from(i16::from_le_bytes(b))),
        DType::Uint16 => each(bytes, |b| f64::from(u16::from_le_bytes(b))),
        DType::Int32 => each(bytes, |b| f64::from(i32::from_le_bytes(b))),
        DType::Uint32 => each(bytes, |b| f64::from(u32::from_le_bytes(b))),
        DType::Int64 => each(bytes, |b| i64::from_le_bytes(b) as f64),
        DType::Float32 => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
        DType::Float64 => each(bytes, f64::from_le_bytes),
    }
}

/// The bytes of a header; axes longer than 32 bits allow are written in 64.
///
/// # Errors
/// Where MDA has no code for the type (8-bit signed and 64-bit integers).
pub(super) fn header(path: &Path, dtype: DType, dims: &[usize]) -> Result<Vec<u8>, Error> {
    let code: i32 = match dtype {
        DType::Uint8 => -2,
        DType::Float32 => -3,
        DType::Int16 => -4,
        DType::Int32 => -5,
        DType::Uint16 => -6,
        DType::Float64 => -7,
        DType::Uint32 => -8,
        DType::Int8 | DType::Int64 => {
            return Err(Error::format(path, format!("MDA holds no {dtype}: choose int16, int32 or float32")));
        }
    };
    let long = dims.iter().any(|&n| i32::try_from(n).is_err());
    let count = dims.len() as i32;
    let mut bytes = Vec::new();
    for word in [code, dtype.size() as i32, if long { -count } else { count }] {
        bytes.extend(word.to_le_bytes());
    }
    for &dim in dims {
        if long {
            bytes.extend((dim as i64).to_le_bytes());
        } else {
            bytes.extend((dim as i32).to_le_bytes());
        }
    }
    Ok(bytes)
}

/// Writes an array of 64-bit floats, first axis fastest.
///
/// # Errors
/// Where the file cannot be written or the axes do not fit the values.
pub fn write_array(path: &Path, dims: &[usize], values: &[f64]) -> Result<(), Error> {
    if dims.iter().product::<usize>() != values.len() {
        return Err(Error::format(path, format!("{} values do not have the axes {dims:?}", values.len())));
    }
    let header = header(path, DType::Float64, dims)?;
    atomic::file(path, |out| {
        let failed = |source| Error::io("write", path, source);
        out.write_all(&header).map_err(failed)?;
        values.iter().try_for_each(|v| out.write_all(&v.to_le_bytes())).map_err(failed)
    })
}
