//! Probes: probeinterface JSON, Kilosort 4's JSON, `.prb`, the `.meta` of SpikeGLX, and the bundled ones by name.

mod attach;
mod kilosort;
mod library;
mod prb;
mod probeinterface;
mod shelf;
mod wiring;
mod wirings;

pub use attach::NOT_WIRED;
pub use library::{Bundled, bundled, from_its_name};
pub use probeinterface::{to_json, write as write_probeinterface};
pub use shelf::{OnShelf, file_of, on_demand, own_probes, shelf};
pub use wiring::{Wiring, parse_wiring};
pub use wirings::WIRINGS;

pub(super) use attach::attach;
pub(super) use probeinterface::from_json;

use super::{Error, spikeglx};
use crate::data::Probe;
use std::path::Path;

/// A probe and what came with it that a [`Probe`] has no place for.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadProbe {
    /// The probe.
    pub probe: Probe,
    /// Sampling delay of each contact in samples; empty where unknown.
    pub inter_sample_shift: Vec<f64>,
}

impl From<Probe> for ReadProbe {
    fn from(probe: Probe) -> Self {
        Self { probe, inter_sample_shift: Vec::new() }
    }
}

/// Reads a probe from a file, or makes the bundled one of that name.
///
/// # Errors
/// Where there is neither, listing the bundled names, or where the file is no probe.
pub fn read_probe(path_or_name: &str) -> Result<Probe, Error> {
    Ok(read(path_or_name)?.probe)
}

/// Reads a probe together with its sampling delays; see [`read_probe`].
///
/// # Errors
/// As [`read_probe`].
pub fn read(path_or_name: &str) -> Result<ReadProbe, Error> {
    let path = Path::new(path_or_name);
    if !path.exists() {
        if let Some(probe) = library::make(path_or_name) {
            return Ok(probe);
        }
        return Err(Error::format(
            path,
            format!(
                "no such probe file, and no bundled probe of that name. {}",
                library::suggestions(path_or_name)
            ),
        ));
    }
    let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
    let text = String::from_utf8(bytes).map_err(|_binary| {
        Error::format(path, "not a probe: a probeinterface .json, a .prb and a .meta file are text")
    })?;
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("meta")) {
        spikeglx::read_probe(&text, path)
    } else if text.trim_start().starts_with('{') {
        probeinterface::parse(&text, path)
    } else {
        prb::parse(&text, path).map(ReadProbe::from)
    }
}
