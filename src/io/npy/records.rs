//! Arrays of structures: named fields, each read as a column of its own.

use super::{Number, Raw, number, write::header_bytes};
use crate::io::{Error, atomic};
use npyz::DType;
use std::path::{Path, PathBuf};

/// An array of structures in memory.
#[derive(Clone, Debug)]
pub struct Records {
    path: PathBuf,
    raw: Raw,
    fields: Vec<(String, usize, DType)>,
    size: usize,
}

impl Records {
    /// Reads a file whose elements have named fields.
    ///
    /// # Errors
    /// Where the file is missing, foreign, cut off, or holds plain numbers.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let raw = Raw::read(path)?;
        let DType::Record(list) = &raw.header.dtype else {
            let found = raw.header.dtype.descr();
            return Err(Error::format(path, format!("named fields expected, it holds {found}")));
        };
        let mut fields = Vec::with_capacity(list.len());
        let mut offset = 0usize;
        for field in list {
            let size = field
                .dtype
                .num_bytes()
                .ok_or_else(|| Error::format(path, format!("field {} has no fixed size", field.name)))?;
            fields.push((field.name.clone(), offset, field.dtype.clone()));
            offset = offset.saturating_add(size);
        }
        Ok(Self { path: path.to_owned(), raw, fields, size: offset })
    }

    /// How many structures there are.
    pub fn len(&self) -> usize {
        self.raw.header.len().unwrap_or(0)
    }

    /// True without structures.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names of the fields, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, ..)| name.as_str())
    }

    /// The numbers of one field.
    ///
    /// # Errors
    /// Where there is no such field or its values do not fit into `T`.
    pub fn field<T: Number>(&self, name: &str) -> Result<Vec<T>, Error> {
        let Some((_, offset, dtype)) = self.fields.iter().find(|(n, ..)| n == name) else {
            let names: Vec<_> = self.names().collect();
            return Err(Error::format(&self.path, format!("no field {name}, it has {}", names.join(", "))));
        };
        let size = dtype.num_bytes().unwrap_or(0);
        let elements = self
            .raw
            .bytes
            .chunks_exact(self.size.max(1))
            .filter_map(|element| element.get(*offset..*offset + size));
        number::decode_as(dtype, elements, &self.path)
    }
}

/// One column of a structure array that is written.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Field<'a> {
    I64(&'a [i64]),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl Field<'_> {
    fn len(&self) -> usize {
        match self {
            Field::I64(v) => v.len(),
            Field::F32(v) => v.len(),
            Field::F64(v) => v.len(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Field::I64(_) => "<i8",
            Field::F32(_) => "<f4",
            Field::F64(_) => "<f8",
        }
    }
}

/// Writes an array of structures, one per row of the columns, which are equally long.
///
/// # Errors
/// Where the file cannot be written or the columns differ in length.
pub fn write_records(path: &Path, fields: &[(&str, Field<'_>)]) -> Result<(), Error> {
    let rows = fields.first().map_or(0, |(_, column)| column.len());
    if let Some((name, column)) = fields.iter().find(|(_, column)| column.len() != rows) {
        return Err(Error::format(path, format!("field {name} has {} rows, not {rows}", column.len())));
    }
    let descr: Vec<String> = fields.iter().map(|(name, f)| format!("('{name}', '{}')", f.code())).collect();
    let mut bytes = header_bytes(&format!("[{}]", descr.join(", ")), &[rows]);
    for row in 0..rows {
        for (_, column) in fields {
            match column {
                Field::I64(v) => v[row].push_le(&mut bytes),
                Field::F32(v) => v[row].push_le(&mut bytes),
                Field::F64(v) => v[row].push_le(&mut bytes),
            }
        }
    }
    atomic::write_file(path, &bytes)
}
