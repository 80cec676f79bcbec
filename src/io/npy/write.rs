//! Writing arrays, whole or piece by piece.

use super::{Item, Number};
use crate::io::{Error, atomic};
use ndarray::{ArrayBase, Data, Dimension};
use std::{
    fs::File,
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// An array as the bytes of a npy file (little-endian, C order).
pub fn to_bytes<T: Number>(shape: &[usize], values: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = header_bytes(&descr::<T>(), shape);
    for value in values {
        value.push_le(&mut bytes);
    }
    bytes
}

/// Writes an array of any layout in C order.
///
/// # Errors
/// Where the file cannot be written.
pub fn write<T: Number, S: Data<Elem = T>, D: Dimension>(
    path: &Path,
    array: &ArrayBase<S, D>,
) -> Result<(), Error> {
    atomic::write_file(path, &to_bytes(array.shape(), array.iter().copied()))
}

/// Writes values that are in C order already.
///
/// # Errors
/// Where the file cannot be written or the shape does not fit the values.
pub fn write_array<T: Number>(path: &Path, shape: &[usize], values: &[T]) -> Result<(), Error> {
    if shape.iter().product::<usize>() != values.len() {
        return Err(Error::format(path, format!("{} values do not have the shape {shape:?}", values.len())));
    }
    atomic::write_file(path, &to_bytes(shape, values.iter().copied()))
}

/// Writes a vector.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_vec<T: Number>(path: &Path, values: &[T]) -> Result<(), Error> {
    write_array(path, &[values.len()], values)
}

/// Writes a vector of truths (`|b1`).
///
/// # Errors
/// Where the file cannot be written.
pub fn write_bools(path: &Path, values: &[bool]) -> Result<(), Error> {
    let mut bytes = header_bytes("'|b1'", &[values.len()]);
    bytes.extend(values.iter().map(|&v| u8::from(v)));
    atomic::write_file(path, &bytes)
}

/// Writes a column piece by piece, for what is too long to be held at once.
///
/// The file is complete only once [`Self::finish`] returned; put it into a folder that is renamed then.
#[derive(Debug)]
pub struct ColumnWriter<T: Item> {
    path: PathBuf,
    file: BufWriter<File>,
    rows: usize,
    kind: std::marker::PhantomData<T>,
}

impl<T: Item> ColumnWriter<T> {
    /// Begins a file; an older one of that name is replaced.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(|source| Error::io("create", path, source))?;
        let mut writer = Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(1 << 18, file),
            rows: 0,
            kind: std::marker::PhantomData,
        };
        writer.write(&Self::header(0))?;
        Ok(writer)
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn push(&mut self, rows: &[T]) -> Result<(), Error> {
        self.rows += rows.len();
        if cfg!(target_endian = "little") {
            return self.write(bytemuck::cast_slice(rows));
        }
        let numbers: &[T::Number] = bytemuck::cast_slice(rows);
        let mut bytes = Vec::with_capacity(std::mem::size_of_val(rows));
        numbers.iter().for_each(|n| n.push_le(&mut bytes));
        self.write(&bytes)
    }

    /// Puts the number of rows into the header; returns it.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn finish(mut self) -> Result<usize, Error> {
        let header = Self::header(self.rows);
        let failed = |source| Error::io("write", &self.path, source);
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.file.write_all(&header).map_err(failed)?;
        self.file.flush().map_err(failed)?;
        Ok(self.rows)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|source| Error::io("write", &self.path, source))
    }

    /// Always equally long, so that the number of rows can be put in at the end.
    fn header(rows: usize) -> Vec<u8> {
        let shape: &[usize] = if T::WIDTH == 1 { &[rows] } else { &[rows, T::WIDTH] };
        padded_header(&descr::<T::Number>(), shape, 192)
    }
}

pub(super) fn header_bytes(descr: &str, shape: &[usize]) -> Vec<u8> {
    padded_header(descr, shape, 0)
}

fn descr<T: Number>() -> String {
    format!("'{}{}'", if T::CODE.ends_with('1') { '|' } else { '<' }, T::CODE)
}

/// A version 1 header, a multiple of 64 bytes long so that mapped data is aligned.
fn padded_header(descr: &str, shape: &[usize], at_least: usize) -> Vec<u8> {
    let comma = if shape.len() == 1 { "," } else { "" };
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let text =
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({}{comma}), }}", shape.join(", "));
    let total = (10 + text.len() + 1).max(at_least).next_multiple_of(64);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(((total - 10) as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(total - 1, b' ');
    bytes.push(b'\n');
    bytes
}
