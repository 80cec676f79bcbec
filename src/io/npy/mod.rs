//! numpy's `.npy` and `.npz`: arrays of any type, order and shape in; little-endian C order out.
//!
//! Index arrays come as any integer type or even as floats, vectors as `(N,)` or `(N, 1)`, matrices in
//! either order: readers ask for the type they want and get it, or an error that names the file.

mod header;
mod npz;
mod number;
mod records;
mod text;
mod write;

pub use header::Header;
pub use npz::Npz;
pub use number::{Item, Number};
pub use records::{Field, Records, write_records};
pub(in crate::io) use text::texts_to_bytes;
pub use text::{read_strings, write_strings};
pub use write::{ColumnWriter, to_bytes, write, write_array, write_bools, write_vec};

use super::Error;
use crate::data::Column;
use memmap2::Mmap;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::{fs::File, io::Read, path::Path, sync::Arc};

/// An array as it lies in a file: its header and the bytes of its data.
#[derive(Clone, Debug)]
pub struct Raw {
    /// Shape, type and order.
    pub header: Header,
    /// The data, `header.num_bytes()` long.
    pub bytes: Vec<u8>,
}

impl Raw {
    /// Reads a whole file.
    ///
    /// # Errors
    /// Where it cannot be read, is no npy file, or is shorter than its header says.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let (header, mut file) = Header::open(path)?;
        let mut bytes = Vec::new();
        let wanted = header.check_size(path, &file)?;
        bytes
            .try_reserve_exact(wanted)
            .map_err(|_full| Error::format(path, format!("its {wanted} bytes do not fit into memory")))?;
        Read::by_ref(&mut file)
            .take(wanted as u64)
            .read_to_end(&mut bytes)
            .map_err(|source| Error::io("read", path, source))?;
        Ok(Self { header, bytes })
    }

    /// The numbers in the order they are stored.
    ///
    /// # Errors
    /// Where the values do not fit into `T`: text, or a fraction or a large value where `T` is an integer.
    pub fn numbers<T: Number>(&self, path: &Path) -> Result<Vec<T>, Error> {
        number::decode(&self.header, &self.bytes, path)
    }

    /// The numbers in C order, whatever the order of the file.
    ///
    /// # Errors
    /// As [`Self::numbers`].
    pub fn array<T: Number>(&self, path: &Path) -> Result<ArrayD<T>, Error> {
        let shape = IxDyn(&self.header.shape);
        let values = self.numbers(path)?;
        let array = if self.header.fortran_order {
            ArrayD::from_shape_vec(shape.f(), values)
        } else {
            ArrayD::from_shape_vec(shape, values)
        }
        .map_err(|e| Error::format(path, format!("shape {:?}: {e}", self.header.shape)))?;
        Ok(array.as_standard_layout().into_owned())
    }
}

/// Reads an array of any number type and order; the result is in C order.
///
/// # Errors
/// Where the file is missing, foreign or cut off, or where its values do not fit into `T`.
pub fn read<T: Number>(path: &Path) -> Result<ArrayD<T>, Error> {
    Raw::read(path)?.array(path)
}

/// Reads an array that must have `ndim` axes; see [`read`].
///
/// # Errors
/// As [`read`], and where the number of axes differs.
pub fn read_ndim<T: Number>(path: &Path, ndim: usize) -> Result<ArrayD<T>, Error> {
    let array = read(path)?;
    if array.ndim() != ndim {
        return Err(Error::format(path, format!("{ndim} axes expected, its shape is {:?}", array.shape())));
    }
    Ok(array)
}

/// Reads a matrix; a vector becomes one column.
///
/// # Errors
/// As [`read`], and where there are more than two axes.
pub fn read_matrix<T: Number>(path: &Path) -> Result<ndarray::Array2<T>, Error> {
    let array: ArrayD<T> = read(path)?;
    let shape = array.shape().to_vec();
    let array = if array.ndim() == 1 { array.insert_axis(ndarray::Axis(1)) } else { array };
    array
        .into_dimensionality()
        .map_err(|_shape| Error::format(path, format!("a matrix expected, its shape is {shape:?}")))
}

/// Reads a vector of shape `(N,)`, `(N, 1)` or `(1, N)`.
///
/// # Errors
/// As [`read`], and where there is more than one axis longer than one.
pub fn read_vec<T: Number>(path: &Path) -> Result<Vec<T>, Error> {
    let raw = Raw::read(path)?;
    if raw.header.shape.iter().filter(|&&n| n != 1).count() > 1 {
        return Err(Error::format(path, format!("a vector expected, its shape is {:?}", raw.header.shape)));
    }
    raw.numbers(path)
}

/// A column of the file, mapped where the file holds exactly `T`, converted into memory otherwise.
///
/// `T` is a number, with a file of shape `(N,)` or `(N, 1)`, or a row such as `[f32; 2]` with `(N, 2)`.
/// Map only files that nobody shortens: those of the store, or ones just written.
///
/// # Errors
/// As [`read`], and where the shape does not fit `T`.
pub fn map_column<T: Item>(path: &Path) -> Result<Column<T>, Error> {
    let (header, file) = Header::open(path)?;
    check_rows::<T>(path, &header)?;
    let wanted = header.check_size(path, &file)?;
    let c_order = !header.fortran_order || header.shape.iter().filter(|&&n| n != 1).count() <= 1;
    if wanted > 0 && c_order && header.holds::<T::Number>() {
        let mapped = map(&file).map_err(|source| Error::io("map", path, source))?;
        let start = header.data_offset as usize;
        if let Some(column) = Column::mapped(Arc::new(mapped), start, start + wanted) {
            return Ok(column);
        }
    }
    drop(file);
    read_column(path)
}

/// A column of the file, read into memory; see [`map_column`] for the shapes.
///
/// # Errors
/// As [`map_column`].
pub fn read_column<T: Item>(path: &Path) -> Result<Column<T>, Error> {
    let raw = Raw::read(path)?;
    check_rows::<T>(path, &raw.header)?;
    let array = raw.array::<T::Number>(path)?;
    let flat = array.as_slice().unwrap_or(&[]);
    Ok(flat
        .chunks_exact(T::WIDTH)
        .map(|row| bytemuck::pod_read_unaligned(bytemuck::cast_slice(row)))
        .collect())
}

/// A column of any length: maps are few, and cost nothing when long, so that short ones are read.
///
/// # Errors
/// As [`map_column`].
pub fn column_of<T: Item>(path: &Path) -> Result<Column<T>, Error> {
    const MAPPED_BYTES: u64 = 1 << 20;
    let long = std::fs::metadata(path).is_ok_and(|m| m.len() > MAPPED_BYTES);
    if long { map_column(path) } else { read_column(path) }
}

fn check_rows<T: Item>(path: &Path, header: &Header) -> Result<(), Error> {
    let width: usize = header.shape.iter().skip(1).product();
    let vector = T::WIDTH == 1 && header.shape.iter().filter(|&&n| n != 1).count() <= 1;
    if vector || (!header.shape.is_empty() && width == T::WIDTH) {
        return Ok(());
    }
    let expected = if T::WIDTH == 1 { "(N,)".to_owned() } else { format!("(N, {})", T::WIDTH) };
    Err(Error::format(path, format!("shape {expected} expected, its shape is {:?}", header.shape)))
}

#[expect(unsafe_code, reason = "a map of a file that is written once and renamed into place, never changed")]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: results are only ever replaced as whole files by renaming, which leaves the mapped one alone.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use ndarray::array;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let order = if fortran { "True" } else { "False" };
        let text = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn reads_both_orders_and_byte_orders() {
        let data: Vec<u8> = [1u16, 2, 3, 4, 5, 6].iter().flat_map(|x| x.to_be_bytes()).collect();
        let (_keep, path) = file(&npy("'>u2'", true, "(2, 3)", &data));
        assert_eq!(read::<f32>(&path).unwrap(), array![[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]].into_dyn());
        let (_keep, path) = file(&npy("'>u2'", false, "(2, 3)", &data));
        assert_eq!(read::<i64>(&path).unwrap(), array![[1, 2, 3], [4, 5, 6]].into_dyn());
    }

    #[test]
    fn whole_floats_become_integers_and_others_are_refused() {
        let data: Vec<u8> = [3.0f64, -1.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let (_keep, path) = file(&npy("'<f8'", true, "(2, 1)", &data));
        assert_eq!(read_vec::<i32>(&path).unwrap(), [3, -1]);
        let message = read_vec::<u32>(&path).unwrap_err().to_string();
        assert!(message.contains("-1") && message.contains("uint32"), "{message}");
        let (_keep, path) = file(&npy("'<f8'", false, "(1,)", &1.5f64.to_le_bytes()));
        assert!(read_vec::<i64>(&path).unwrap_err().to_string().contains("1.5"));
    }

    #[test]
    fn says_what_is_wrong_with_cut_off_and_foreign_files() {
        let (_keep, path) = file(&npy("'<i8'", false, "(4,)", &[0; 20]));
        let message = read_vec::<i64>(&path).unwrap_err().to_string();
        assert!(message.contains("32 bytes") && message.contains("20"), "{message}");
        let (_keep, path) = file(b"hello, this is text");
        assert!(read_vec::<i64>(&path).unwrap_err().to_string().contains("npy"));
        let (_keep, path) = file(b"");
        assert!(read_vec::<i64>(&path).unwrap_err().to_string().contains("empty"));
        let (_keep, path) = file(&npy("'<i8'", false, "(18446744073709551615, 9)", &[]));
        assert!(read_vec::<i64>(&path).is_err());
        let (_keep, path) = file(&npy("'|O'", false, "(1,)", &[0; 8]));
        assert!(read_vec::<i64>(&path).unwrap_err().to_string().contains("pickle"));
    }

    #[test]
    fn columns_are_mapped_or_converted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.npy");
        write_vec(&path, &[1i64, 2, 3]).unwrap();
        assert_eq!(*map_column::<i64>(&path).unwrap(), [1, 2, 3]);
        assert_eq!(*map_column::<u32>(&path).unwrap(), [1, 2, 3]);
        write(&path, &array![[1.0f32, 2.0], [3.0, 4.0]]).unwrap();
        assert_eq!(*map_column::<[f32; 2]>(&path).unwrap(), [[1.0, 2.0], [3.0, 4.0]]);
        assert!(map_column::<f32>(&path).is_err());
        write_vec::<f32>(&path, &[]).unwrap();
        assert_eq!(map_column::<f32>(&path).unwrap().len(), 0);
    }
}
