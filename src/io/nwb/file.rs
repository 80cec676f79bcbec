//! Reading HDF5 for NWB: groups by their type, columns of tables, numbers of any type.

use crate::{
    data::DType,
    io::{Error, codec},
};
use hdf5_reader::{
    Dataset, Datatype, FilterRegistry, Hdf5File, OpenOptions, SliceInfo, SliceInfoElem, datatype_api::H5Type,
    error::Error as Hdf5Error, group::Group, storage::FileStorage,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// HDF5's registered numbers of codecs that are read beside its own.
const CODECS: [(u16, &str); 3] = [(32_000, "lzf"), (32_001, "blosc"), (32_015, "zstd")];
/// Groups are looked for so deep.
const MAX_DEPTH: usize = 6;

/// An open file.
pub(super) struct File {
    pub path: PathBuf,
    hdf5: Hdf5File,
}

impl File {
    /// Opens a file; it is read in pieces where they are needed, never mapped, so that one that gets shorter is an
    /// error and no crash.
    ///
    /// # Errors
    /// Where it is missing, cut off, or no HDF5.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = std::fs::File::open(path).map_err(|source| Error::io("read", path, source))?;
        let mut filters = FilterRegistry::new();
        for (number, id) in CODECS {
            let undo = move |_: &_, bytes: &[u8], _: usize| {
                codec::decompress(id, bytes, None).map_err(Hdf5Error::InvalidData)
            };
            filters.register(number, Box::new(undo));
        }
        let options = OpenOptions::default().with_filter_registry(filters);
        let hdf5 = FileStorage::from_file(file)
            .and_then(|storage| Hdf5File::from_storage_with_options(Arc::new(storage), options))
            .map_err(|error| damaged(path, "", &error))?;
        Ok(Self { path: path.to_owned(), hdf5 })
    }

    /// A group that must be there.
    pub fn group(&self, name: &str) -> Result<Group, Error> {
        self.hdf5.group(name).map_err(|error| damaged(&self.path, name, &error))
    }

    /// A group; `None` where there is none.
    pub fn find_group(&self, name: &str) -> Result<Option<Group>, Error> {
        match self.hdf5.group(name) {
            Ok(group) => Ok(Some(group)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(damaged(&self.path, name, &error)),
        }
    }

    /// An error that names the file and a place in it.
    pub fn wrong(&self, place: &str, message: &str) -> Error {
        Error::format(&self.path, format!("{place}: {message}"))
    }

    /// Paths of all groups of a type below one of them.
    pub fn of_type(&self, wanted: &str, below: &str) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        if let Some(group) = self.find_group(below)? {
            self.collect(&group, below, wanted, MAX_DEPTH, &mut found)?;
        }
        Ok(found)
    }

    fn collect(
        &self,
        group: &Group,
        path: &str,
        wanted: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) -> Result<(), Error> {
        let kind = group.attribute("neurodata_type").and_then(|kind| kind.read_string());
        if kind.is_ok_and(|kind| kind == wanted) {
            found.push(path.to_owned());
            return Ok(());
        }
        if depth == 0 {
            return Ok(());
        }
        let (groups, _) = group.member_names().map_err(|error| damaged(&self.path, path, &error))?;
        for name in groups {
            let inner = group.group(&name).map_err(|error| damaged(&self.path, path, &error))?;
            self.collect(&inner, &format!("{path}/{name}"), wanted, depth - 1, found)?;
        }
        Ok(())
    }

    /// A dataset; `None` where there is none.
    pub fn find(&self, group: &Group, name: &str) -> Result<Option<Column>, Error> {
        match group.dataset(name) {
            Ok(data) => {
                let place = format!("{}/{name}", group.name().trim_end_matches('/'));
                Ok(Some(Column { path: self.path.clone(), place, data }))
            }
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(damaged(&self.path, name, &error)),
        }
    }

    /// A dataset that must be there.
    pub fn column(&self, group: &Group, name: &str) -> Result<Column, Error> {
        self.find(group, name)?.ok_or_else(|| {
            self.wrong(group.name(), &format!("{name} is missing: the file is no whole NWB file"))
        })
    }
}

/// A dataset with the names that errors need.
pub(super) struct Column {
    path: PathBuf,
    place: String,
    data: Dataset,
}

impl Column {
    /// Length of each axis.
    pub fn shape(&self) -> Vec<usize> {
        self.data.shape().iter().map(|&n| n as usize).collect()
    }

    /// The number type; `None` for text, references and structures.
    pub fn dtype(&self) -> Option<DType> {
        Some(match self.data.dtype() {
            Datatype::FixedPoint { size: 1, signed: true, .. } => DType::Int8,
            Datatype::FixedPoint { size: 1, signed: false, .. } => DType::Uint8,
            Datatype::FixedPoint { size: 2, signed: true, .. } => DType::Int16,
            Datatype::FixedPoint { size: 2, signed: false, .. } => DType::Uint16,
            Datatype::FixedPoint { size: 4, signed: true, .. } => DType::Int32,
            Datatype::FixedPoint { size: 4, signed: false, .. } => DType::Uint32,
            // Of unsigned numbers as large as that, none is a sample or an index.
            Datatype::FixedPoint { size: 8, .. } => DType::Int64,
            Datatype::FloatingPoint { size: 4, .. } => DType::Float32,
            Datatype::FloatingPoint { size: 8, .. } => DType::Float64,
            _ => return None,
        })
    }

    /// An attribute that is a number; `None` where it is missing.
    pub fn number_attribute(&self, name: &str) -> Option<f64> {
        self.data.attribute(name).ok()?.read_as_f64().ok()
    }

    /// An error that names the dataset.
    pub fn wrong(&self, message: &str) -> Error {
        Error::format(&self.path, format!("{}: {message}", self.place))
    }

    /// Calls `visit` with the numbers of some rows of all columns, row after row.
    ///
    /// # Errors
    /// Where they are no numbers, are damaged, or compressed in a way that is not read.
    pub fn rows(&self, start: usize, end: usize, mut visit: impl FnMut(f64)) -> Result<(), Error> {
        macro_rules! read {
            ($($dtype:ident $type:ty;)*) => {
                match self.dtype() {
                    $(Some(DType::$dtype) => self.slice::<$type>(start, end)?.for_each(|x| visit(x as f64)),)*
                    None => return Err(self.wrong("numbers expected")),
                }
            };
        }
        if matches!(self.data.dtype(), Datatype::FixedPoint { size: 8, signed: false, .. }) {
            self.slice::<u64>(start, end)?.for_each(|x| visit(x as f64));
            return Ok(());
        }
        read! {
            Int8 i8; Uint8 u8; Int16 i16; Uint16 u16; Int32 i32; Uint32 u32; Int64 i64; Float32 f32; Float64 f64;
        }
        Ok(())
    }

    fn slice<T: H5Type + Copy + 'static>(
        &self,
        start: usize,
        end: usize,
    ) -> Result<impl Iterator<Item = T> + use<T>, Error> {
        let mut selections =
            vec![SliceInfoElem::Slice { start: 0, end: u64::MAX, step: 1 }; self.data.ndim()];
        if let Some(rows) = selections.first_mut() {
            *rows = SliceInfoElem::Slice { start: start as u64, end: end as u64, step: 1 };
        }
        let array = self
            .data
            .read_slice::<T>(&SliceInfo { selections })
            .map_err(|error| damaged(&self.path, &self.place, &error))?;
        Ok(array.into_iter())
    }

    /// All numbers; a scalar is one.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn numbers(&self) -> Result<Vec<f64>, Error> {
        let rows = self.shape().first().copied().unwrap_or(1);
        let mut values = Vec::new();
        self.rows(0, rows, |value| values.push(value))?;
        Ok(values)
    }

    /// True where it holds text.
    pub fn is_text(&self) -> bool {
        matches!(self.data.dtype(), Datatype::String { .. })
            || matches!(self.data.dtype(), Datatype::VarLen { base, .. } if base.is_vlen_string_base())
    }

    /// All words.
    ///
    /// # Errors
    /// Where it holds something else, or is damaged.
    pub fn texts(&self) -> Result<Vec<String>, Error> {
        self.data.read_strings().map_err(|error| damaged(&self.path, &self.place, &error))
    }
}

fn is_missing(error: &Hdf5Error) -> bool {
    match error {
        Hdf5Error::GroupNotFound(_) | Hdf5Error::DatasetNotFound(_) => true,
        Hdf5Error::Context { source, .. } => is_missing(source),
        _ => false,
    }
}

/// What HDF5 says, with the file, the place in it and what to do.
fn damaged(path: &Path, place: &str, error: &Hdf5Error) -> Error {
    let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
    let said = error.to_string();
    let remedy = if said.contains("filter") {
        format!(
            "store it again with a compression that is read ({}, szip, with or without shuffle), such as: \
             h5repack -f SHUF -f GZIP=4 \"{}\" \"{}\"",
            codec::KNOWN,
            path.display(),
            path.with_extension("gzip.nwb").display()
        )
    } else {
        "the file is no HDF5, or was cut off or damaged: copy or export it again".to_owned()
    };
    Error::format(path, format!("{place}{said}; {remedy}"))
}
