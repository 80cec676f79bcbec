//! `.npz`: several arrays in a zip.

use super::{Header, Number, Raw};
use crate::io::Error;
use npyz::npz::NpzArchive;
use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

/// An open `.npz` archive.
pub struct Npz {
    path: PathBuf,
    archive: NpzArchive<BufReader<File>>,
}

impl Npz {
    /// Opens an archive.
    ///
    /// # Errors
    /// Where it cannot be read or is no zip.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        let archive = NpzArchive::new(BufReader::new(file))
            .map_err(|e| Error::format(path, format!("not a npz archive, or cut off: {e}")))?;
        Ok(Self { path: path.to_owned(), archive })
    }

    /// Names of the arrays, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.archive.array_names().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// One array with its header.
    ///
    /// # Errors
    /// Where there is no such array or it is damaged.
    pub fn raw(&mut self, name: &str) -> Result<Raw, Error> {
        let path = self.path.join(name);
        let Ok(mut entry) = self.archive.zip_archive().by_name(&npyz::npz::file_name_from_array_name(name))
        else {
            let names = self.names().join(", ");
            return Err(Error::format(&self.path, format!("no array {name}, it has {names}")));
        };
        let header = Header::read(&mut entry, &path)?;
        let wanted = header.check_bytes(&path, u64::MAX)?;
        let mut bytes = Vec::new();
        entry
            .by_ref()
            .take(wanted as u64)
            .read_to_end(&mut bytes)
            .map_err(|source| Error::io("read", &path, source))?;
        header.check_bytes(&path, bytes.len() as u64)?;
        Ok(Raw { header, bytes })
    }

    /// One array as a flat list of numbers.
    ///
    /// # Errors
    /// As [`Self::raw`], and where its values do not fit into `T`.
    pub fn vec<T: Number>(&mut self, name: &str) -> Result<Vec<T>, Error> {
        let raw = self.raw(name)?;
        raw.numbers(&self.path.join(name))
    }
}
