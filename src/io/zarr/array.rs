//! One array of a zarr store, format 2: `.zarray` and a file a chunk.
//!
//! # Source
//! The zarr storage specification, version 2.

use crate::io::{
    Error, json,
    npy::{self, Header, Raw},
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// An array that is open: what is known of it without reading a chunk.
#[derive(Clone, Debug)]
pub(in crate::io) struct Array {
    /// Its folder.
    pub path: PathBuf,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Length of each axis in one chunk; chunks at the end are stored whole.
    pub chunks: Vec<usize>,
    /// numpy's type: text such as `<i2`, or a list of named fields.
    dtype: Value,
    pub(super) fortran_order: bool,
    pub(super) fill_value: Value,
    /// Its id and settings.
    pub(super) compressor: Value,
    pub(super) filters: Vec<Value>,
    separator: char,
}

impl Array {
    /// Opens the array in a folder; `None` where there is none.
    ///
    /// # Errors
    /// Where `.zarray` is damaged, naming the field.
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        let file = path.join(".zarray");
        if !file.is_file() {
            return Ok(None);
        }
        let meta = json::read(&file)?;
        let wrong = |field: &str, wanted: &str| {
            Error::format(&file, format!("{field} is missing or not {wanted}: export the recording again"))
        };
        let lengths = |field: &str| -> Option<Vec<usize>> {
            meta.get(field)?.as_array()?.iter().map(|n| n.as_u64().map(|n| n as usize)).collect()
        };
        if meta["zarr_format"] != 2 {
            return Err(wrong("zarr_format", "2"));
        }
        let shape = lengths("shape").ok_or_else(|| wrong("shape", "a list of lengths"))?;
        let chunks = lengths("chunks").ok_or_else(|| wrong("chunks", "a list of lengths"))?;
        if chunks.len() != shape.len() || chunks.contains(&0) {
            return Err(wrong("chunks", &format!("a length for each of the {} axes", shape.len())));
        }
        let array = Self {
            path: path.to_owned(),
            shape,
            chunks,
            dtype: meta.get("dtype").cloned().ok_or_else(|| wrong("dtype", "a type"))?,
            fortran_order: meta["order"] == "F",
            fill_value: meta["fill_value"].clone(),
            compressor: meta["compressor"].clone(),
            filters: meta["filters"].as_array().cloned().unwrap_or_default(),
            separator: if meta["dimension_separator"] == "/" { '/' } else { '.' },
        };
        Ok(Some(array))
    }

    /// numpy's type where it is a plain one, such as `<i2`.
    pub fn descr(&self) -> &str {
        self.dtype.as_str().unwrap_or("a structure")
    }

    /// Number of chunks along each axis.
    pub fn grid(&self) -> Vec<usize> {
        self.shape.iter().zip(&self.chunks).map(|(&length, &chunk)| length.div_ceil(chunk)).collect()
    }

    /// The file of a chunk.
    pub(super) fn file(&self, index: &[usize]) -> PathBuf {
        if index.is_empty() {
            return self.path.join("0");
        }
        let name: Vec<String> = index.iter().map(usize::to_string).collect();
        self.path.join(name.join(&self.separator.to_string()))
    }

    /// Chunks that have no file, and are therefore filled with one value.
    pub fn missing_chunks(&self) -> usize {
        let mut missing = 0;
        each_index(&self.grid(), |index| missing += usize::from(!self.file(index).is_file()));
        missing
    }

    /// Where elements are Python objects and how they are coded: `pickle`, `json2`, `vlen-utf8` …
    pub fn object_codec(&self) -> Option<&str> {
        if self.descr() != "|O" {
            return None;
        }
        Some(self.filters.first().and_then(|filter| filter.get("id")?.as_str()).unwrap_or("none"))
    }

    /// The header an npy file of this array would have.
    pub fn header(&self) -> Result<Header, Error> {
        self.header_of(&self.shape)
    }

    /// The header of an array of this type and another shape, in C order.
    fn header_of(&self, shape: &[usize]) -> Result<Header, Error> {
        let descr = match &self.dtype {
            Value::String(code) => format!("'{code}'"),
            // Fields: ["x", "<f4"] is ('x', '<f4') in Python.
            Value::Array(fields) => {
                let field =
                    |field: &Value| Some(format!("('{}', '{}')", field[0].as_str()?, field[1].as_str()?));
                let fields: Option<Vec<String>> = fields.iter().map(field).collect();
                format!(
                    "[{}]",
                    fields.ok_or_else(|| self.wrong("dtype has fields that are not plain"))?.join(", ")
                )
            }
            _ => return Err(self.wrong("dtype is no type of numpy")),
        };
        let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
        let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': ({shape}), }}\n");
        let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        Header::read(&mut bytes.as_slice(), &self.path)
    }

    /// An error that names the array.
    pub fn wrong(&self, message: impl Into<String>) -> Error {
        Error::format(&self.path, message)
    }

    /// Bytes of one element.
    pub(super) fn element_size(&self) -> Result<usize, Error> {
        self.header()?.dtype.num_bytes().ok_or_else(|| self.wrong("its elements have no fixed size"))
    }

    /// The whole array, as if it were a npy file.
    ///
    /// # Errors
    /// As [`Self::chunk`], and where the elements are objects.
    pub fn raw(&self) -> Result<Raw, Error> {
        let header = self.header()?;
        let size = self.element_size()?;
        let total = header.num_bytes().ok_or_else(|| self.wrong("its shape is too large"))?;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(total)
            .map_err(|_full| self.wrong(format!("its {total} bytes do not fit into memory")))?;
        bytes.resize(total, 0);
        self.fill(&mut bytes, size)?;
        let mut failed = None;
        each_index(&self.grid(), |index| {
            if failed.is_none() {
                match self.chunk(index) {
                    Ok(Some(chunk)) => self.place(&chunk, index, size, &mut bytes),
                    Ok(None) => {}
                    Err(error) => failed = Some(error),
                }
            }
        });
        failed.map_or(Ok(Raw { header, bytes }), Err)
    }

    /// Writes `fill_value` everywhere, where it is not zero.
    pub(super) fn fill(&self, bytes: &mut [u8], size: usize) -> Result<(), Error> {
        let value = match &self.fill_value {
            Value::String(word) if matches!(word.as_str(), "NaN" | "Infinity" | "-Infinity") => {
                word.replace("Infinity", "inf").parse().unwrap_or(f64::NAN)
            }
            other => other.as_f64().unwrap_or(0.0),
        };
        let little: Option<Vec<u8>> = match self.descr().trim_start_matches(['<', '|']) {
            _ if value == 0.0 => None,
            "f8" => Some(value.to_le_bytes().into()),
            "f4" => Some((value as f32).to_le_bytes().into()),
            _ if size <= 8 && !self.descr().starts_with('>') => {
                Some((value as i64).to_le_bytes()[..size].into())
            }
            _ if self.missing_chunks() > 0 => {
                return Err(self.wrong(format!("its fill_value {value} is not read")));
            }
            _ => None,
        };
        if let Some(little) = little {
            bytes.chunks_exact_mut(size.max(1)).for_each(|element| element.copy_from_slice(&little));
        }
        Ok(())
    }

    /// Copies the part of a chunk that lies within the array.
    fn place(&self, chunk: &[u8], index: &[usize], size: usize, out: &mut [u8]) {
        let Some((&run, outer)) = self.chunks.split_last() else {
            out.copy_from_slice(&chunk[..size]);
            return;
        };
        let first = |axis: usize| index[axis] * self.chunks[axis];
        let last = self.shape.len() - 1;
        let length = run.min(self.shape[last] - first(last)) * size;
        each_index(outer, |at| {
            let (mut from, mut to) = (0, 0);
            for (axis, &i) in at.iter().enumerate() {
                let row = first(axis) + i;
                if row >= self.shape[axis] {
                    return;
                }
                from = from * self.chunks[axis] + i;
                to = to * self.shape[axis] + row;
            }
            let (from, to) = (from * run * size, (to * self.shape[last] + first(last)) * size);
            out[to..to + length].copy_from_slice(&chunk[from..from + length]);
        });
    }

    /// The whole array as if it were a npy file, text of any kind as text of a fixed width.
    ///
    /// # Errors
    /// As [`Self::raw`] and [`Self::texts`].
    pub fn as_raw(&self) -> Result<Raw, Error> {
        if self.object_codec().is_none() {
            return self.raw();
        }
        let bytes = npy::texts_to_bytes(&self.texts()?);
        let header = Header::read(&mut bytes.as_slice(), &self.path)?;
        let data = bytes[header.data_offset as usize..].to_vec();
        Ok(Raw { header, bytes: data })
    }

    /// The first number; `None` where the array is empty.
    ///
    /// # Errors
    /// As [`Self::chunk`].
    pub fn first(&self) -> Result<Option<f64>, Error> {
        if self.shape.contains(&0) {
            return Ok(None);
        }
        let mut bytes = self.chunk_or_fill(&vec![0; self.shape.len()])?;
        bytes.truncate(self.element_size()?);
        let raw = Raw { header: self.header_of(&[1])?, bytes };
        Ok(raw.numbers::<f64>(&self.path)?.first().copied())
    }
}

/// Calls `visit` with every index of a grid, the last axis fastest; once with none where there are no axes.
pub(super) fn each_index(grid: &[usize], mut visit: impl FnMut(&[usize])) {
    if grid.contains(&0) {
        return;
    }
    let mut index = vec![0; grid.len()];
    loop {
        visit(&index);
        let Some(axis) = (0..grid.len()).rev().find(|&axis| index[axis] + 1 < grid[axis]) else { return };
        index[axis] += 1;
        index[axis + 1..].fill(0);
    }
}
