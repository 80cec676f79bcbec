//! How the window is set up: where it keeps what, and what it may use.

use super::{Access, settings::Settings};
use crate::pipeline::{Limits, Registry, RunSettings, Store};
use std::path::PathBuf;

/// How the window is set up.
pub struct Setup {
    /// The nodes there are.
    pub registry: Registry,
    /// Where results are kept.
    pub store_folder: PathBuf,
    /// How much may run at once.
    pub limits: Limits,
    /// Where copies of what is not saved are kept.
    pub state_folder: PathBuf,
    /// The user's library: presets of nodes.
    pub library_folder: PathBuf,
    /// Settings of runs, or why they cannot be read.
    pub run_settings: Result<RunSettings, String>,
    /// The file they are kept in; `None` where the platform has no place for it.
    pub settings_file: Option<PathBuf>,
    /// How Slurm is reached.
    pub access: Access,
    /// A pipeline or recording to open; what was open last, or the start screen, where `None`.
    pub file: Option<PathBuf>,
}

impl Setup {
    /// The usual one.
    pub fn usual(file: Option<PathBuf>) -> Self {
        let settings_file = RunSettings::default_path();
        let run_settings = RunSettings::read_or_usual(settings_file.as_deref());
        let limits = run_settings.as_ref().map_or_else(|_| Ok(Limits::default()), RunSettings::limits);
        // What is wrong with the file is said in the window; runs go on with what is usual.
        let wrong = limits.as_ref().err().map(ToString::to_string);
        let run_settings = match wrong {
            Some(wrong) => Err(wrong),
            None => run_settings.map_err(|error| error.to_string()),
        };
        Self {
            registry: crate::nodes::registry(),
            store_folder: Store::default_folder(),
            limits: limits.unwrap_or_default(),
            run_settings,
            settings_file,
            state_folder: Settings::state_folder(),
            library_folder: crate::pipeline::library_folder(),
            access: Access::usual(),
            file,
        }
    }
}
