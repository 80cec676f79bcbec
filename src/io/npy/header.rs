//! The header of a `.npy` file: what lies in it, before any of it is read.

use crate::io::Error;
use npyz::{DType, NpyHeader, Order, TypeStr};
use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use super::Number;

/// Headers are a line of text; a longer one is no header, and is not worth the memory.
const MAX_HEADER: u32 = 1 << 20;

/// Shape, type and order of an array in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Length of each axis; empty for a single number.
    pub shape: Vec<usize>,
    /// True where the first axis is the fastest.
    pub fortran_order: bool,
    /// The type of an element, a structure where the array has named fields.
    pub dtype: DType,
    /// Byte at which the data begins.
    pub data_offset: u64,
}

impl Header {
    /// Opens a file and reads its header; the file is left at the first byte of the data.
    ///
    /// # Errors
    /// Where it cannot be read or is no npy file.
    pub fn open(path: &Path) -> Result<(Self, File), Error> {
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        let mut reader = BufReader::with_capacity(4096, file);
        let header = Self::read(&mut reader, path)?;
        let mut file = reader.into_inner();
        file.seek(std::io::SeekFrom::Start(header.data_offset))
            .map_err(|source| Error::io("read", path, source))?;
        Ok((header, file))
    }

    /// Reads a header from its first byte on.
    ///
    /// # Errors
    /// Where it is no npy header; `path` names it.
    pub fn read(reader: &mut impl Read, path: &Path) -> Result<Self, Error> {
        let mut start = Vec::new();
        reader.take(12).read_to_end(&mut start).map_err(|source| Error::io("read", path, source))?;
        if start.is_empty() {
            return Err(Error::format(path, "the file is empty; copy or export it again"));
        }
        if !start.starts_with(b"\x93NUMPY") {
            return Err(Error::format(path, "not a npy file: it does not begin with \\x93NUMPY"));
        }
        let (prefix, text) = match start[..] {
            [_, _, _, _, _, _, 1, _, a, b, ..] => (10, u32::from(u16::from_le_bytes([a, b]))),
            [_, _, _, _, _, _, _, _, a, b, c, d] => (12, u32::from_le_bytes([a, b, c, d])),
            _ => return Err(Error::format(path, "its npy header is cut off; copy or export it again")),
        };
        if text > MAX_HEADER {
            return Err(Error::format(path, format!("its npy header claims to be {text} bytes long")));
        }
        let header = NpyHeader::from_reader(start.chain(reader))
            .map_err(|e| Error::format(path, format!("its npy header cannot be read: {e}")))?;
        let shape: Option<Vec<usize>> = header.shape().iter().map(|&n| usize::try_from(n).ok()).collect();
        let shape = shape
            .ok_or_else(|| Error::format(path, format!("its shape {:?} is too large", header.shape())))?;
        if header.uses_pickled_array() {
            return Err(Error::format(path, "it holds Python objects (pickle), which are not opened"));
        }
        Ok(Self {
            shape,
            fortran_order: header.order() == Order::Fortran,
            dtype: header.dtype(),
            data_offset: u64::from(prefix + text),
        })
    }

    /// Elements of the array; `None` where that overflows.
    pub fn len(&self) -> Option<usize> {
        self.shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n))
    }

    /// True for an array without elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Bytes of the data; `None` where that overflows.
    pub fn num_bytes(&self) -> Option<usize> {
        self.len()?.checked_mul(self.dtype.num_bytes()?)
    }

    /// The type of the elements where they are plain numbers or text.
    pub fn scalar(&self) -> Option<&TypeStr> {
        match &self.dtype {
            DType::Plain(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// True where the bytes of the data are `T`s of this machine.
    pub fn holds<T: Number>(&self) -> bool {
        cfg!(target_endian = "little")
            && self
                .scalar()
                .is_some_and(|scalar| scalar.to_string().trim_start_matches(['<', '|']) == T::CODE)
    }

    /// Bytes of the data, once it is known that the file has them.
    pub(super) fn check_size(&self, path: &Path, file: &File) -> Result<usize, Error> {
        let size = file.metadata().map_err(|source| Error::io("read", path, source))?.len();
        self.check_bytes(path, size.saturating_sub(self.data_offset))
    }

    /// The same for data of which `found` bytes are there.
    pub(in crate::io) fn check_bytes(&self, path: &Path, found: u64) -> Result<usize, Error> {
        let descr = self.dtype.descr();
        match self.num_bytes() {
            Some(wanted) if wanted as u64 <= found => Ok(wanted),
            Some(wanted) => Err(Error::format(
                path,
                format!(
                    "shape {:?} of {descr} needs {wanted} bytes of data, the file has {found}: it was cut off. \
                     Copy or export it again.",
                    self.shape
                ),
            )),
            None => Err(Error::format(path, format!("shape {:?} of {descr} is too large", self.shape))),
        }
    }
}
