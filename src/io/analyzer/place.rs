//! Where the parts of an analyzer are: files of a folder, or arrays and attributes of a zarr store.

use crate::{
    data::Table,
    io::{
        Error, csv, json,
        npy::Raw,
        zarr::{self, Array},
    },
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// An array with the path that names it.
type Found = Option<(Raw, PathBuf)>;

/// An analyzer on disk.
pub(super) struct Place {
    folder: PathBuf,
    zarr: bool,
}

impl Place {
    /// The analyzer in a folder; `None` where there is none.
    pub fn of(folder: &Path) -> Option<Self> {
        let is_folder = folder.join("spikeinterface_info.json").is_file() && folder.join("sorting").is_dir();
        let is_zarr = zarr::is_sorting(&folder.join("sorting")) && folder.join(".zgroup").is_file();
        (is_folder || is_zarr).then(|| Self { folder: folder.to_owned(), zarr: is_zarr })
    }

    /// True for a zarr store.
    pub fn is_zarr(&self) -> bool {
        self.zarr
    }

    /// JSON that is a file of a folder, or an attribute of a group of a store; null where it is missing.
    fn facts(&self, folder: &Path, name: &str) -> Result<Value, Error> {
        if self.zarr {
            return Ok(zarr::attributes(folder)?[name].take());
        }
        let file = folder.join(format!("{name}.json"));
        if file.is_file() { json::read(&file) } else { Ok(Value::Null) }
    }

    /// How it was made.
    pub fn settings(&self) -> Result<Value, Error> {
        self.facts(&self.folder, "settings")
    }

    /// What is known of the recording: names of the channels, lengths of the segments.
    pub fn recording_attributes(&self) -> Result<Value, Error> {
        self.facts(&self.folder.join("recording_info"), "recording_attributes")
    }

    /// The probe, contact `i` on channel `i`, and the path that names it.
    pub fn probegroup(&self) -> Result<Option<(Value, PathBuf)>, Error> {
        let folder = self.folder.join("recording_info");
        let group = self.facts(&folder, "probegroup")?;
        Ok(group.is_object().then_some((group, folder)))
    }

    /// Settings of an extension.
    pub fn params(&self, extension: &str) -> Result<Value, Error> {
        self.facts(&self.extension(extension), "params")
    }

    /// The JSON of the recording; `None` where it is not there or a pickle.
    pub fn recording(&self) -> Result<Option<Value>, Error> {
        if !self.zarr {
            return Ok(Some(self.facts(&self.folder, "recording")?).filter(Value::is_object));
        }
        match Array::open(&self.folder.join("recording"))? {
            Some(array) if array.object_codec() != Some("pickle") => Ok(array.objects()?.into_iter().next()),
            _ => Ok(None),
        }
    }

    /// Which units have which channels; `None` where all have all.
    pub fn sparsity(&self) -> Result<Found, Error> {
        self.array_in(&self.folder, "sparsity_mask")
    }

    /// An array of an extension; `None` where it was not computed.
    pub fn array(&self, extension: &str, name: &str) -> Result<Found, Error> {
        self.array_in(&self.extension(extension), name)
    }

    /// A table of an extension and the names of its rows.
    pub fn table(&self, extension: &str, name: &str) -> Result<Option<(Vec<String>, Table)>, Error> {
        let folder = self.extension(extension);
        if self.zarr {
            let group = folder.join(name);
            let Some(index) = Array::open(&group.join("index"))? else { return Ok(None) };
            let index = index.texts()?;
            let mut table = zarr::table(&group, index.len())?;
            table.columns.retain(|(name, _)| name != "index");
            return Ok(Some((index, table)));
        }
        let file = folder.join(format!("{name}.csv"));
        if !file.is_file() {
            return Ok(None);
        }
        let mut table = csv::read_table(&file)?;
        if table.columns.is_empty() {
            return Ok(None);
        }
        let (_, index) = table.columns.remove(0);
        Ok(Some(((0..index.len()).map(|row| index.cell(row)).collect(), table)))
    }

    fn extension(&self, name: &str) -> PathBuf {
        self.folder.join("extensions").join(name)
    }

    fn array_in(&self, folder: &Path, name: &str) -> Result<Found, Error> {
        if self.zarr {
            let array = Array::open(&folder.join(name))?;
            return array.map(|array| Ok((array.raw()?, array.path))).transpose();
        }
        let path = folder.join(format!("{name}.npy"));
        if path.is_file() { Ok(Some((Raw::read(&path)?, path))) } else { Ok(None) }
    }
}
