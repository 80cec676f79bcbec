//! What the window remembers from one start to the next.

use super::{keymap::Keymap, panels::Pane};
use crate::io::atomic;
use egui::ThemePreference;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Where it is kept in eframe's storage.
const KEY: &str = "spikeloom";
/// What was opened last, in lists of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecentList {
    /// Pipelines.
    Pipelines,
    /// Recordings, sortings and studies.
    Data,
}

impl RecentList {
    /// Where it is kept in the folder of what is kept for a while.
    fn file(self) -> &'static str {
        match self {
            RecentList::Pipelines => "recent.ron",
            RecentList::Data => "recent_data.ron",
        }
    }
}

/// Files kept in "Open recent".
const MAX_RECENT: usize = 10;

/// Pipelines whose view is remembered.
const MAX_VIEWS: usize = 50;

/// How a pipeline was looked at when it was closed. None of this is in its file, so that looking changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastView {
    /// The file of the pipeline; empty where it has none.
    pub path: PathBuf,
    /// What was in the middle of the canvas, and the zoom.
    pub canvas: ([f32; 2], f32),
    /// The canvas showed all of it, whatever its size.
    #[serde(default)]
    pub fits: bool,
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
    /// Pipelines opened last, newest first; kept in a file of their own, at once.
    #[serde(skip)]
    pub recent: Vec<PathBuf>,
    /// Recordings, sortings and studies opened last, as the pipelines.
    #[serde(skip)]
    pub recent_data: Vec<PathBuf>,
    /// Where a file was chosen last.
    pub folder: Option<PathBuf>,
    /// What was open when the window was closed is open again when it is started with nothing to open.
    pub reopen: bool,
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
            recent_data: Vec::new(),
            folder: None,
            reopen: true,
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
        let usual = || {
            directories::ProjectDirs::from("", "", "spikeloom").map_or_else(
                || std::env::temp_dir().join("spikeloom_state"),
                |dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned(),
            )
        };
        Self::own_state_folder().unwrap_or_else(usual)
    }

    /// `SPIKELOOM_STATE` where it is set.
    pub fn own_state_folder() -> Option<PathBuf> {
        std::env::var_os("SPIKELOOM_STATE").filter(|v| !v.is_empty()).map(PathBuf::from)
    }

    /// Remembers how a pipeline is looked at.
    pub fn remember_view(&mut self, view: LastView) {
        self.views.retain(|known| known.path != view.path);
        self.views.insert(0, view);
        self.views.truncate(MAX_VIEWS);
    }

    /// Adds what was opened in earlier sessions below what was opened in this one.
    pub fn recall_files(&mut self, list: RecentList, earlier: Vec<PathBuf>) {
        let recent = self.recent_of(list);
        let new: Vec<PathBuf> = earlier.into_iter().filter(|path| !recent.contains(path)).collect();
        recent.extend(new);
        recent.truncate(MAX_RECENT);
    }

    /// Takes a file off a list of recent ones and, where it `is_open`, puts it first.
    pub fn remember_file(&mut self, list: RecentList, path: &Path, is_open: bool) {
        remember(self.recent_of(list), path, is_open);
    }

    fn recent_of(&mut self, list: RecentList) -> &mut Vec<PathBuf> {
        match list {
            RecentList::Pipelines => &mut self.recent,
            RecentList::Data => &mut self.recent_data,
        }
    }
}

fn remember(recent: &mut Vec<PathBuf>, path: &Path, is_open: bool) {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    recent.retain(|known| *known != path);
    if is_open {
        recent.insert(0, path);
        recent.truncate(MAX_RECENT);
    }
}

/// The files opened last that a state folder knows, newest first; none where it knows none.
pub fn recent_files(state_folder: &Path, list: RecentList) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(state_folder.join(list.file())).unwrap_or_default();
    ron::from_str(&text).unwrap_or_default()
}

/// As [`Settings::remember_file`], on the disk: what other windows have put there since stays.
///
/// # Errors
/// Where it cannot be written.
pub fn keep_recent_file(
    state_folder: &Path,
    list: RecentList,
    path: &Path,
    is_open: bool,
) -> Result<(), String> {
    let mut recent = recent_files(state_folder, list);
    remember(&mut recent, path, is_open);
    let text = ron::ser::to_string_pretty(&recent, ron::ser::PrettyConfig::new());
    let text = text.map_err(|error| error.to_string())?;
    std::fs::create_dir_all(state_folder).map_err(|error| error.to_string())?;
    atomic::write_file(&state_folder.join(list.file()), text.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn recent_files_are_there_at_once_and_go_when_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        assert!(recent_files(&state, RecentList::Pipelines).is_empty());
        for number in 0..12 {
            keep_recent_file(
                &state,
                RecentList::Pipelines,
                &folder.path().join(format!("{number}.ron")),
                true,
            )
            .unwrap();
        }
        keep_recent_file(&state, RecentList::Pipelines, &folder.path().join("5.ron"), true).unwrap();
        keep_recent_file(&state, RecentList::Pipelines, &folder.path().join("11.ron"), false).unwrap();
        let names: Vec<String> = recent_files(&state, RecentList::Pipelines)
            .iter()
            .map(|p| p.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["5", "10", "9", "8", "7", "6", "4", "3", "2"]);
        std::fs::write(state.join(RecentList::Pipelines.file()), "torn").unwrap();
        assert!(recent_files(&state, RecentList::Pipelines).is_empty());
    }
}
