//! Ports and parameters that are declared in words.

use crate::pipeline::{Port, PortType, Term};
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
        ("recording", false) => {
            return Err("a recording leaves as files; Recording from files opens it then".into());
        }
        ("sorting", _) => &[("numpy_folder", Format::NumpyFolder), ("firings", Format::Firings)],
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

/// A parameter of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    value: Term,
}

impl Setting {
    /// Its value as an argument.
    pub fn text(&self) -> String {
        match &self.value {
            Term::Text(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Its value in a condition.
    pub fn term(&self) -> Term {
        self.value.clone()
    }
}

/// Reads `name: type = value` lines.
///
/// # Errors
/// The first that is none, or whose value is not of its type.
pub fn settings(lines: &[String]) -> Result<Vec<Setting>, String> {
    let mut found: Vec<Setting> = Vec::new();
    for line in lines {
        let wrong = |what: &str| format!("{line}: {what}");
        let form = "name: type = value expected, such as threshold: float = 4.5";
        let (declared, value) = line.split_once('=').ok_or_else(|| wrong(form))?;
        let (name, kind) = declared.split_once(':').ok_or_else(|| wrong(form))?;
        let (name, kind, value) = (name.trim(), kind.trim(), value.trim());
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(wrong(form));
        }
        let number = || value.parse::<f64>().ok().filter(|x| x.is_finite()).map(Term::Number);
        let read = match kind {
            "int" => value.parse::<i64>().ok().and_then(|_| number()),
            "float" => number(),
            "bool" => value.parse().ok().map(Term::Truth),
            "text" => Some(Term::Text(value.trim_matches('"').to_owned())),
            _ => return Err(wrong("of type int, float, bool or text")),
        };
        let value = read.ok_or_else(|| wrong(&format!("\"{value}\" is no {kind}")))?;
        if found.iter().any(|setting| setting.name == name) {
            return Err(wrong("the name is taken"));
        }
        found.push(Setting { name: name.to_owned(), value });
    }
    Ok(found)
}
