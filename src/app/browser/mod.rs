//! Choosing a file or a folder: our own, so that it works on every desktop and takes recordings that are folders.

mod draw;

use super::{App, answer::Purpose};
use crate::{app::texts, pipeline::value_at};
use std::path::{Path, PathBuf};

/// What a path is chosen for, as far as looks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A file or a folder that exists.
    Open,
    /// A file that may not exist yet.
    Save,
    /// A folder.
    Folder,
}

impl Mode {
    /// From the mode of a path parameter.
    pub fn of_param(mode: &str) -> Self {
        match mode {
            "save" => Mode::Save,
            "folder" => Mode::Folder,
            _ => Mode::Open,
        }
    }
}

/// One line of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// True for a folder.
    pub is_folder: bool,
    /// Bytes of a file.
    pub size: u64,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// Nothing.
    Missing,
}

/// What the browser asks the threads for.
pub enum Question {
    /// What is in this folder?
    List(PathBuf),
    /// What format is this?
    Recognise(PathBuf),
    /// What is there? It is to be taken, or entered where it is a folder and `enters`.
    Take {
        /// The path.
        path: PathBuf,
        /// A folder is entered.
        enters: bool,
    },
    /// As `Take`, of a path that was typed: a folder is entered where it is nothing to open.
    TakeTyped(PathBuf),
}

/// The browser while it is open.
pub struct Browser {
    /// What the path is for.
    pub purpose: Purpose,
    mode: Mode,
    folder: PathBuf,
    entries: Option<Result<Vec<Entry>, String>>,
    name: String,
    row: Option<usize>,
    /// What the marked entry was recognised as, and whether it can be opened as it is.
    recognised: Option<(PathBuf, String, bool)>,
    /// Why the last choice was not taken.
    refusal: String,
    /// What is to be said of the folder that was entered instead of taken.
    said: String,
    /// A file that would be replaced.
    replaces: Option<PathBuf>,
    scroll: bool,
    age: u32,
    /// The path that is asked about was typed.
    typed_path: bool,
}

impl Browser {
    /// A browser in a folder; ask for its list at once.
    pub fn new(purpose: Purpose, mode: Mode, folder: PathBuf, name: String) -> Self {
        Self {
            purpose,
            mode,
            folder: std::path::absolute(&folder).unwrap_or(folder),
            entries: None,
            name,
            row: None,
            recognised: None,
            refusal: String::new(),
            said: String::new(),
            replaces: None,
            scroll: false,
            age: 0,
            typed_path: false,
        }
    }

    /// The folder that is shown.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes in the list of a folder.
    pub fn listed(&mut self, folder: &Path, entries: Result<Vec<Entry>, String>) {
        if folder == self.folder {
            self.entries = Some(entries);
        }
    }

    /// Takes in what a file was recognised as.
    pub fn recognised(&mut self, path: PathBuf, words: String, opens: bool) {
        self.recognised = Some((path, words, opens));
    }

    /// True where this is a recording, a sorting or a pipeline, as far as is known by now.
    fn opens(&self, path: &Path) -> bool {
        self.recognised.as_ref().is_some_and(|(known, _, opens)| known == path && *opens)
    }

    /// Takes in what is at a path that was to be taken; the path where it is now chosen.
    pub fn found(&mut self, path: PathBuf, found: Found, enters: bool) -> Result<PathBuf, Option<Question>> {
        self.refusal.clear();
        let is_typed = std::mem::take(&mut self.typed_path);
        match (found, self.mode) {
            (Found::Folder, Mode::Folder | Mode::Open) if !enters => Ok(path),
            (Found::Folder, _) => {
                // It was to be opened, and what is in it is shown: that is said.
                let said = texts::files::nothing_to_open_by_itself(&path.display());
                let question = self.enter(path);
                if self.mode == Mode::Open && is_typed {
                    self.said = said;
                }
                Err(Some(question))
            }
            (Found::File, Mode::Open) => Ok(path),
            (Found::File, Mode::Folder) => {
                self.refusal = texts::files::folder_is_asked_for(&path.display());
                Err(None)
            }
            (Found::File, Mode::Save) if self.replaces.as_ref() == Some(&path) => Ok(path),
            (Found::File, Mode::Save) => {
                self.replaces = Some(path);
                Err(None)
            }
            // A pipeline gets its ending, which may be there already.
            (Found::Missing, Mode::Save) if self.purpose == Purpose::Save && path.extension().is_none() => {
                Err(Some(Question::Take { path: path.with_extension("ron"), enters }))
            }
            (Found::Missing, Mode::Save | Mode::Folder) => Ok(path),
            (Found::Missing, Mode::Open) => {
                self.refusal = texts::files::is_not_there(&path.display());
                Err(None)
            }
        }
    }

    fn enter(&mut self, folder: PathBuf) -> Question {
        self.folder = folder.clone();
        self.entries = None;
        self.row = None;
        self.recognised = None;
        self.replaces = None;
        self.refusal.clear();
        self.said.clear();
        if self.mode != Mode::Save {
            self.name.clear();
        }
        Question::List(folder)
    }

    /// The path of what is typed.
    fn typed(&self) -> Option<PathBuf> {
        let name = self.name.trim();
        if name.is_empty() {
            return (self.mode == Mode::Folder).then(|| self.folder.clone());
        }
        let home = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_owned());
        let path = match (name.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.folder.join(name),
        };
        Some(path)
    }

    fn title(&self) -> &'static str {
        match (&self.purpose, self.mode) {
            (Purpose::Open, _) => texts::files::title_open(),
            (Purpose::Save, _) => texts::files::title_save(),
            (Purpose::Export, _) => texts::files::title_export(),
            (_, Mode::Folder) => texts::files::title_folder(),
            (_, Mode::Save) => texts::files::title_write(),
            (_, Mode::Open) => texts::files::title_choose(),
        }
    }

    /// The entries that are shown: nothing hidden, and only pipelines where one is saved.
    fn shown(&self) -> Vec<Entry> {
        let Some(Ok(entries)) = &self.entries else { return Vec::new() };
        let fits = |entry: &&Entry| match self.mode {
            _ if entry.is_folder => true,
            Mode::Folder => false,
            Mode::Save if self.purpose == Purpose::Save => entry.name.to_lowercase().ends_with(".ron"),
            _ => true,
        };
        entries.iter().filter(fits).cloned().collect()
    }
}

impl App {
    /// Opens the browser.
    pub(super) fn browse(&mut self, purpose: Purpose, mode: Mode, name: String) {
        let folder = match (self.folder_of(&purpose), &self.sheet.editor.path, &self.settings.folder) {
            (Some(folder), ..) => folder,
            (None, None, Some(folder)) => folder.clone(),
            _ => self.sheet.editor.base_folder(),
        };
        self.browse_in(purpose, mode, folder, name);
    }

    /// The folder of what a parameter names now, which may be gone.
    fn folder_of(&self, purpose: &Purpose) -> Option<PathBuf> {
        let Purpose::Param { node, field } = purpose else { return None };
        let params = self.pipeline().params_of(node)?;
        let path = value_at(&params, field)?.as_str().filter(|path| !path.is_empty())?;
        Some(self.sheet.editor.base_folder().join(path).parent()?.to_owned())
    }

    /// As [`Self::browse`], in a folder.
    pub(super) fn browse_in(&mut self, purpose: Purpose, mode: Mode, folder: PathBuf, name: String) {
        let browser = Browser::new(purpose, mode, folder, name);
        self.backend.list(browser.folder().to_owned());
        self.dialogs.browser = Some(browser);
    }

    pub(super) fn browser_ui(&mut self) {
        let Some(browser) = &mut self.dialogs.browser else { return };
        let (closed, questions) = browser.ui(&self.ctx);
        if closed {
            self.dialogs.browser = None;
            self.dialogs.after_save = None;
        }
        self.ask(questions);
    }

    fn ask(&self, questions: impl IntoIterator<Item = Question>) {
        for question in questions {
            match question {
                Question::List(folder) => self.backend.list(folder),
                Question::Recognise(path) => self.backend.recognise(path),
                Question::Take { path, enters } => self.backend.find(path, Some(enters)),
                Question::TakeTyped(path) => self.backend.find(path, None),
            }
        }
    }

    /// Takes in what is at a path that was chosen.
    pub(super) fn path_found(&mut self, path: PathBuf, found: Found, enters: bool) {
        let Some(browser) = &mut self.dialogs.browser else { return };
        match browser.found(path, found, enters) {
            Ok(path) => {
                let purpose = browser.purpose.clone();
                self.settings.folder = Some(browser.folder().to_owned());
                self.dialogs.browser = None;
                self.chosen(purpose, path);
            }
            Err(question) => self.ask(question),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser(purpose: Purpose, mode: Mode) -> Browser {
        Browser::new(purpose, mode, "/data".into(), String::new())
    }

    #[test]
    fn a_file_is_replaced_only_when_asked_twice() {
        let mut saves = browser(Purpose::Save, Mode::Save);
        saves.name = "mine".into();
        let path = saves.typed().unwrap_or_default();
        let Err(Some(Question::Take { path, .. })) = saves.found(path, Found::Missing, true) else {
            panic!("a pipeline gets its ending");
        };
        assert_eq!(path, Path::new("/data/mine.ron"));
        assert!(saves.found(path.clone(), Found::File, true).is_err());
        assert_eq!(saves.found(path.clone(), Found::File, false).ok(), Some(path));
    }

    #[test]
    fn folders_are_entered_or_taken() {
        let mut opens = browser(Purpose::Open, Mode::Open);
        assert!(opens.found("/data/a".into(), Found::Folder, true).is_err());
        assert_eq!(opens.folder(), Path::new("/data/a"));
        assert!(opens.said.is_empty(), "a click enters without a word");
        opens.typed_path = true;
        assert!(opens.found("/data/c".into(), Found::Folder, true).is_err());
        assert!(opens.said.contains("/data/c") && opens.refusal.is_empty());
        assert!(opens.found("/data/a/b".into(), Found::Folder, false).is_ok());
        assert!(opens.found("/data/a/none".into(), Found::Missing, false).is_err());
        assert!(opens.refusal.contains("is not there"));
    }
}
