//! Arrays of structures: named fields, each read as a column of its own.

use super::{Header, Number, Raw, number, write::header_bytes};
use crate::io::{Error, atomic};
use npyz::DType;
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// Bytes read at once.
const BLOCK_BYTES: usize = 1 << 20;

/// An array of structures in a file; its fields are read one by one, so that nothing is in memory twice.
#[derive(Clone, Debug)]
pub struct Records {
    path: PathBuf,
    header: Header,
    fields: Vec<(String, usize, DType)>,
    size: usize,
}

impl Records {
    /// Opens a file whose elements have named fields.
    ///
    /// # Errors
    /// Where the file is missing, foreign, cut off, or holds plain numbers.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (header, file) = Header::open(path)?;
        header.check_size(path, &file)?;
        let (fields, size) = fields_of(&header, path)?;
        Ok(Self { path: path.to_owned(), header, fields, size })
    }

    /// How many structures there are.
    pub fn len(&self) -> usize {
        self.header.len().unwrap_or(0)
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
    /// Where there is no such field, its values do not fit into `T`, or the file fails.
    pub fn field<T: Number>(&self, name: &str) -> Result<Vec<T>, Error> {
        let Self { path, fields, size, .. } = self;
        let Some((_, offset, dtype)) = fields.iter().find(|(n, ..)| n == name) else {
            let names: Vec<_> = self.names().collect();
            return Err(Error::format(path, format!("no field {name}, it has {}", names.join(", "))));
        };
        let field = *offset..*offset + dtype.num_bytes().unwrap_or(0);
        let (_, mut file) = Header::open(path)?;
        let mut values = Vec::with_capacity(self.len());
        let mut bytes = Vec::new();
        let mut left = self.len();
        while left > 0 {
            let here = (BLOCK_BYTES / size).clamp(1, left);
            bytes.resize(here * size, 0);
            file.read_exact(&mut bytes).map_err(|source| Error::io("read", path, source))?;
            let elements = bytes.chunks_exact(*size).filter_map(|element| element.get(field.clone()));
            number::decode_as(dtype, elements, path, &mut values)?;
            left -= here;
        }
        Ok(values)
    }
}

/// Name, first byte and type of each field, and the bytes of a structure.
fn fields_of(header: &Header, path: &Path) -> Result<(Vec<(String, usize, DType)>, usize), Error> {
    let DType::Record(list) = &header.dtype else {
        let found = header.dtype.descr();
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
    Ok((fields, offset.max(1)))
}

impl Raw {
    /// The fields of an array of structures, each as a vector of its own; `path` names the array.
    ///
    /// # Errors
    /// Where the elements are no structures.
    pub fn fields(&self, path: &Path) -> Result<Vec<(String, Raw)>, Error> {
        let (fields, size) = fields_of(&self.header, path)?;
        let one = |(name, offset, dtype): (String, usize, DType)| {
            let end = offset + dtype.num_bytes().unwrap_or(0);
            let elements = self.bytes.chunks_exact(size).filter_map(|element| element.get(offset..end));
            let bytes = elements.flatten().copied().collect();
            let shape = vec![self.bytes.len() / size];
            let header = Header { shape, fortran_order: false, dtype, data_offset: 0 };
            (name, Raw { header, bytes })
        };
        Ok(fields.into_iter().map(one).collect())
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
