//! What the window remembers from one start to the next.

use super::{keymap::Keymap, panels::Pane};
use egui::ThemePreference;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Where it is kept in eframe's storage.
const KEY: &str = "spikeloom";
/// Files kept in "Open recent".
const MAX_RECENT: usize = 10;

/// Pipelines whose view is remembered.
const MAX_VIEWS: usize = 50;

/// How a pipeline was looked at when it was closed. None of this is in its file, so that looking changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastView {
    /// The file of the pipeline.
    pub path: PathBuf,
    /// What was in the middle of the canvas, and the zoom.
    pub canvas: ([f32; 2], f32),
    /// The end that was looked at, `node.port`.
    pub looked_at: Option<String>,
    /// The group that was drawn.
    #[serde(default)]
    pub level: String,
    /// Nodes that showed what leaves them.
    #[serde(default)]
    pub previews: BTreeSet<String>,
    /// All nodes did.
    #[serde(default)]
    pub all_previews: bool,
}

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
    /// How pipelines were looked at last, newest first.
    pub views: Vec<LastView>,
    /// Keys that were chosen by the user.
    pub keys: Keymap,
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
            views: Vec::new(),
            keys: Keymap::default(),
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

    /// The folder of what is kept for a while and is no setting: `SPIKELOOM_STATE`, or the platform's.
    pub fn state_folder() -> PathBuf {
        if let Some(folder) = std::env::var_os("SPIKELOOM_STATE").filter(|v| !v.is_empty()) {
            return PathBuf::from(folder);
        }
        directories::ProjectDirs::from("", "", "spikeloom").map_or_else(
            || std::env::temp_dir().join("spikeloom_state"),
            |dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned(),
        )
    }

    /// The folder of what the user keeps to use again: `SPIKELOOM_LIBRARY`, or the platform's.
    pub fn library_folder() -> PathBuf {
        if let Some(folder) = std::env::var_os("SPIKELOOM_LIBRARY").filter(|v| !v.is_empty()) {
            return PathBuf::from(folder);
        }
        directories::ProjectDirs::from("", "", "spikeloom").map_or_else(
            || std::env::temp_dir().join("spikeloom_library"),
            |dirs| dirs.data_dir().join("library"),
        )
    }

    /// Remembers how a pipeline is looked at.
    pub fn remember_view(&mut self, view: LastView) {
        self.views.retain(|known| known.path != view.path);
        self.views.insert(0, view);
        self.views.truncate(MAX_VIEWS);
    }

    /// Puts a file first in the list of recent ones.
    pub fn remember_file(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.recent.retain(|p| *p != path);
        self.recent.insert(0, path);
        self.recent.truncate(MAX_RECENT);
    }
}
