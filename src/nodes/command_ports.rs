//! Ports that are declared in words.

use crate::pipeline::{Port, PortType};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// How a value lies in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Samples without a header, in the number type of the recording.
    Raw,
    /// A folder SpikeInterface loads.
    BinaryFolder,
    /// A study folder with `raw.mda`.
    Mda,
    /// A folder SpikeInterface loads.
    NumpyFolder,
    /// `firings.mda`.
    Firings,
    /// Any other format that is read, recognised by what is there; the ending of its file.
    Known(&'static str),
    /// A table with a header line.
    Csv,
    /// As they are.
    Files,
}

/// A port of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Ported {
    /// Its name; that of an output of files is the file's, such as `picture.svg`, without the ending.
    pub name: &'static str,
    /// What flows.
    pub port_type: PortType,
    /// How it lies in files.
    pub format: Format,
    /// The name of the file of an output.
    pub file: String,
}

impl Ported {
    /// The same as a port.
    pub fn port(&self) -> Port {
        Port::new(self.name, self.port_type)
    }
}

/// Ports have names that live as long as the program; each is kept once.
fn kept(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let new: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(new);
    new
}

/// Reads `name: type as format` lines.
///
/// # Errors
/// The first that is none, and what is expected.
pub fn ports(lines: &[String], is_input: bool) -> Result<Vec<Ported>, String> {
    let mut found: Vec<Ported> = Vec::new();
    for line in lines {
        let wrong = |what: &str| format!("{line}: {what}");
        let (file, kind) = line.split_once(':').ok_or_else(|| {
            wrong(match is_input {
                true => "name: type as format expected, such as recording: recording as raw",
                false => "name: type as format expected, such as counts: table as csv",
            })
        })?;
        let (kind, format) = match kind.trim().split_once(" as ") {
            Some((kind, format)) => (kind.trim(), Some(format.trim())),
            None => (kind.trim(), None),
        };
        let (port_type, format) = typed(kind, format, is_input).map_err(|what| wrong(&what))?;
        let file = file.trim();
        let name = file.split('.').next().unwrap_or_default();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name || file.contains(['/', '\\']) {
            return Err(wrong("a name of letters, digits and _ expected"));
        }
        if found.iter().any(|port| port.name == name)
            || ["work", "base", "inputs", "outputs", "user"].contains(&name)
        {
            return Err(wrong("the name is taken"));
        }
        found.push(Ported { name: kept(name), port_type, format, file: file.to_owned() });
    }
    Ok(found)
}

fn typed(kind: &str, format: Option<&str>, is_input: bool) -> Result<(PortType, Format), String> {
    let choices: &[(&str, Format)] = match (kind, is_input) {
        ("recording", true) => {
            &[("raw", Format::Raw), ("binary_folder", Format::BinaryFolder), ("mda", Format::Mda)]
        }
        ("recording", false) => &[
            ("raw", Format::Raw),
            ("binary_folder", Format::BinaryFolder),
            ("mda", Format::Mda),
            ("zarr", Format::Known(".zarr")),
            ("nwb", Format::Known(".nwb")),
            ("npy", Format::Known(".npy")),
            ("phy", Format::Known("")),
        ],
        ("sorting", true) => &[("numpy_folder", Format::NumpyFolder), ("firings", Format::Firings)],
        ("sorting", false) => &[
            ("numpy_folder", Format::NumpyFolder),
            ("firings", Format::Firings),
            ("npz", Format::Known(".npz")),
            ("zarr", Format::Known(".zarr")),
            ("nwb", Format::Known(".nwb")),
            ("phy", Format::Known("")),
        ],
        ("table" | "events", _) => &[("csv", Format::Csv)],
        ("files", _) => &[("files", Format::Files)],
        _ => return Err("of type recording, sorting, table, events or files".into()),
    };
    let port_type = match kind {
        "recording" => PortType::Recording,
        "sorting" => PortType::Sorting,
        "table" => PortType::Table,
        "events" => PortType::Events,
        _ => PortType::Files,
    };
    match format {
        None => choices.first().map(|(_, format)| (port_type, *format)),
        Some(name) => {
            choices.iter().find(|(known, _)| *known == name).map(|(_, format)| (port_type, *format))
        }
    }
    .ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("{kind} as {}", names.join(" or "))
    })
}
