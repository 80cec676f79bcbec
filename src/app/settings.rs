//! What the window remembers from one start to the next.

use super::panels::Pane;
use egui::ThemePreference;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where it is kept in eframe's storage.
const KEY: &str = "spikeloom";
/// Files kept in "Open recent".
const MAX_RECENT: usize = 10;

/// What is remembered.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light, dark, or as the system.
    pub theme: ThemePreference,
    /// Size of everything, 1 at first.
    pub scale: f32,
    /// Files opened last, newest first.
    pub recent: Vec<PathBuf>,
    /// Where a file was chosen last.
    pub folder: Option<PathBuf>,
    /// The map in the corner of the canvas is shown where something is out of sight.
    pub minimap: bool,
    /// Where the panels are.
    pub layout: Option<egui_tiles::Tree<Pane>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemePreference::System,
            scale: 1.0,
            recent: Vec::new(),
            folder: None,
            minimap: true,
            layout: None,
        }
    }
}

impl Settings {
    /// What was remembered, or the defaults.
    pub fn load(storage: Option<&dyn eframe::Storage>) -> Self {
        storage.and_then(|storage| eframe::get_value(storage, KEY)).unwrap_or_default()
    }

    /// Remembers.
    pub fn save(&self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, KEY, self);
    }

    /// Puts a file first in the list of recent ones.
    pub fn remember_file(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.recent.retain(|p| *p != path);
        self.recent.insert(0, path);
        self.recent.truncate(MAX_RECENT);
    }
}
