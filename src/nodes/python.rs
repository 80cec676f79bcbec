//! The user's Python and what SpikeInterface in it has to say.

use super::command_process as process;
use crate::pipeline::NodeError;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The script that calls SpikeInterface.
pub const SCRIPT: &str = include_str!("../../assets/python/run_sorter.py");

/// The Python that is named, or the first of: `SPIKELOOM_PYTHON`, an active virtual or conda environment, `.venv` beside the
/// pipeline, `python3` on the path.
///
/// # Errors
/// Where there is none; says what was looked at.
pub fn find(named: &str, base: &Path) -> Result<PathBuf, String> {
    let named = named.trim();
    let in_folder = |folder: PathBuf| {
        let inner = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        Some(folder.join(inner)).filter(|path| path.is_file())
    };
    if !named.is_empty() {
        // An environment may be named by its folder.
        let found = in_folder(base.join(named)).or_else(|| process::find(named, base));
        return found.ok_or_else(|| {
            format!(
                "python: \"{named}\" is no Python and no environment with one: name its file or its folder"
            )
        });
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = variable("SPIKELOOM_PYTHON").and_then(|path| process::find(&path.to_string_lossy(), base));
    own.or_else(|| variable("VIRTUAL_ENV").and_then(in_folder))
        .or_else(|| variable("CONDA_PREFIX").and_then(in_folder))
        .or_else(|| in_folder(base.join(".venv")))
        .or_else(|| process::find("python3", base))
        .or_else(|| process::find("python", base))
        .ok_or_else(|| {
            "python: none is on the path: name the Python that has SpikeInterface, here or in SPIKELOOM_PYTHON".into()
        })
}

fn entries(folder: PathBuf) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().flatten()
}

/// Folders that the packages of a Python may lie in.
pub(super) fn sites(python: &Path) -> Vec<PathBuf> {
    let Some(root) = python.parent().and_then(Path::parent) else { return Vec::new() };
    let found = entries(root.join("lib")).map(|entry| entry.path().join("site-packages"));
    found.chain([root.join("Lib/site-packages")]).collect()
}

/// Files that change when another version of a package is installed, where the environment has them.
pub fn version_files(python: &Path, packages: &[&str]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = sites(python)
        .into_iter()
        .flat_map(entries)
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let of = |package: &&str| name.strip_prefix(*package).is_some_and(|rest| rest.starts_with('-'));
            name.ends_with(".dist-info") && packages.iter().any(of)
        })
        .map(|entry| entry.path().join("METADATA"))
        .collect();
    found.sort();
    found
}

/// What SpikeInterface answered.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Answer {
    /// Why it could not.
    pub error: Option<String>,
    /// Versions of Python, SpikeInterface and the sorter.
    pub versions: BTreeMap<String, String>,
    /// Sorters that were asked for.
    pub sorters: Vec<Sorter>,
    /// Files and folders that change with what is installed.
    pub depends: Vec<PathBuf>,
}

/// A sorter of SpikeInterface.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Sorter {
    /// Its name.
    pub sorter: String,
    /// True where it can run.
    pub installed: bool,
    /// Its version.
    pub version: String,
    /// What it is.
    pub description: String,
    /// How it is installed.
    pub installation: String,
    /// Its parameters.
    pub parameters: Vec<SorterParameter>,
}

/// A parameter of a sorter, as SpikeInterface has it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct SorterParameter {
    /// Its name.
    pub name: String,
    /// Type of its default in Python.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its default.
    pub default: Json,
    /// What it does.
    pub description: String,
    /// What it, or a parameter in it, can be, by name.
    pub choices: BTreeMap<String, Vec<String>>,
}

impl Answer {
    /// Reads an answer of the script.
    ///
    /// # Errors
    /// What it says is wrong, or that there is none.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| format!("Python ended before it gave an answer ({})", e.kind()))?;
        let answer: Self =
            serde_json::from_str(&text).map_err(|e| format!("Python's answer is not readable: {e}"))?;
        match answer.error {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }
}

/// The sorters SpikeInterface has, or one with its parameters.
///
/// # Errors
/// Where there is no Python, no SpikeInterface in it, or no such sorter.
pub fn sorters(python: &Path, sorter: Option<&str>) -> Result<Answer, NodeError> {
    let failed = |what: String| NodeError::Input(what);
    let folder = tempfile::tempdir().map_err(|e| failed(format!("no folder to work in: {e}")))?;
    let (script, answer) = (folder.path().join("run_sorter.py"), folder.path().join("answer.json"));
    std::fs::write(&script, SCRIPT).map_err(|e| failed(format!("{}: {e}", script.display())))?;
    let output = Command::new(python)
        .args(["-W", "ignore"])
        .arg(&script)
        .arg("describe")
        .arg(&answer)
        .args(sorter)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| failed(format!("{} cannot be started: {e}", python.display())))?;
    Answer::read(&answer).map_err(|message| {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().filter(|_| !output.status.success() && !answer.exists());
        failed(last.map_or(message.clone(), |last| format!("{message}: {last}")))
    })
}
