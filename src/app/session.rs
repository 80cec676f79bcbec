//! What was open when the window was closed is open again at the next start.
//!
//! The list of tabs lies with the copies of what is not saved, in the folder of its session: tabs with a file are
//! read from it, the others from their copies.

use super::{App, editor::Editor, keep, left, recover::view_of, settings::LastView, texts};
use crate::pipeline::{Document, Opened, Registry};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The list of tabs in the folder of a session.
pub const LIST: &str = "tabs.json";

/// A tab of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tab {
    /// Number of its sheet, which its copy is called by.
    sheet: u64,
    /// What it was called.
    title: String,
    /// Its file, where it had one.
    path: Option<PathBuf>,
    /// It was the one in front.
    is_front: bool,
    /// How it was looked at.
    view: Option<LastView>,
    /// Starts at which its file could not be read.
    #[serde(default)]
    missed: u8,
}

/// A file that cannot be read at so many starts is given up: a disk may be away for some.
const MAX_MISSED: u8 = 5;

/// The tabs of a session that is over.
pub struct Last {
    /// Where they are listed.
    list: PathBuf,
    tabs: Vec<(Tab, From)>,
}

/// Where a tab comes from.
enum From {
    /// A copy of what was not saved.
    Copy(PathBuf),
    /// Its file.
    File(Result<Opened, String>),
}

impl Last {
    /// The file they are listed in.
    pub fn list(&self) -> &Path {
        &self.list
    }

    /// True where nothing was open.
    pub fn is_empty(&self) -> bool {
        self.tabs.is_empty()
    }

    /// Reads the tabs of a session and their files, as far as these are not among its copies.
    pub fn read(session: &Path, copies: &[left::Unsaved], registry: &Registry) -> Option<Self> {
        let list = session.join(LIST);
        // Written in one go: one that cannot be read is of another version.
        let tabs: Vec<Tab> = serde_json::from_slice(&fs::read(&list).ok()?).ok()?;
        let from = |tab: Tab| {
            let copy = session.join(keep::copy_name(tab.sheet));
            if tab.missed == 0 && copies.iter().any(|unsaved| unsaved.file == copy) {
                return Some((tab, From::Copy(copy)));
            }
            let read = Document::read(tab.path.as_deref()?, registry).map_err(|error| error.to_string());
            Some((tab, From::File(read)))
        };
        Some(Self { list, tabs: tabs.into_iter().filter_map(from).collect() })
    }
}

impl App {
    /// True where what is open now will be open at the next start.
    pub(super) fn comes_back(&self) -> bool {
        self.settings.reopen && !self.not_kept
    }

    /// Takes in what earlier sessions left: their tabs are there again, behind what is there by now or will be, for one the
    /// file that the program was started with.
    pub(super) fn take_left(&mut self, left: left::Left) {
        self.unsaved = left.unsaved;
        if !self.settings.reopen {
            // What was open before that was chosen is not to come back when it no longer is.
            left.lasts.iter().for_each(|last| self.keeper.taken_over(last.list.clone()));
        } else if self.behind.is_empty() {
            let front = (!self.sheet.is_fresh()).then_some(self.sheet.number);
            left.lasts.into_iter().for_each(|last| self.reopen_tabs(last));
            match front {
                Some(front) => self.bring_forward(front),
                None if self.is_named && !self.sheet.is_fresh() => self.start_sheet(),
                None => {}
            }
        }
        self.unsaved.retain(|unsaved| !unsaved.untouched);
        self.dialogs.unsaved = !self.unsaved.is_empty();
    }

    fn reopen_tabs(&mut self, last: Last) {
        self.keeper.taken_over(last.list);
        let mut front = None;
        for (mut tab, from) in last.tabs {
            // Windows that were open at once may have had the same file.
            if tab.path.as_deref().is_some_and(|path| self.sheets().any(|sheet| sheet.is_of(path))) {
                continue;
            }
            let opened = match from {
                From::Copy(copy) => {
                    let index = self.unsaved.iter().position(|unsaved| unsaved.file == copy);
                    index.is_some_and(|index| self.recover(index))
                }
                From::File(Ok(opened)) => {
                    self.show(Editor::new(opened.pipeline, "", tab.path));
                    self.sheet.take_problems_of_text(opened.problems);
                    true
                }
                From::File(Err(reason)) => {
                    self.toasts.error(texts::files::not_open_again(&tab.title, &reason));
                    tab.missed += 1;
                    self.missed_tabs.extend((tab.missed < MAX_MISSED).then(|| tab.clone()));
                    false
                }
            };
            if opened {
                tab.view.into_iter().for_each(|view| self.look_as(view));
                front = front.or(tab.is_front.then_some(self.sheet.number));
            }
        }
        if let Some(front) = front {
            self.bring_forward(front);
        }
    }

    /// Notes which tabs are open, where others are than were noted.
    pub(super) fn keep_tabs(&mut self) {
        let tabs = self.open_tabs();
        if tabs != self.noted_tabs {
            self.keeper.tabs(self.with_views(tabs.clone()));
            self.noted_tabs = tabs;
        }
    }

    /// Notes which tabs are open and how they are looked at.
    pub(super) fn keep_tabs_with_views(&mut self) {
        self.noted_tabs = self.open_tabs();
        if !self.noted_tabs.is_empty() {
            self.keeper.tabs(self.with_views(self.noted_tabs.clone()));
        }
    }

    fn open_tabs(&self) -> Vec<Tab> {
        if !self.comes_back() {
            return Vec::new();
        }
        let numbers = self.tab_numbers().into_iter();
        let sheets = numbers.filter_map(|number| self.sheets().find(|sheet| sheet.number == number));
        // What is empty and has no file is nothing to come back to.
        let kept = sheets.filter(|sheet| sheet.editor.path.is_some() || !sheet.is_empty());
        kept.map(|sheet| Tab {
            sheet: sheet.number,
            title: sheet.editor.title(),
            path: sheet.editor.path.as_ref().map(|p| std::path::absolute(p).unwrap_or_else(|_| p.clone())),
            is_front: sheet.number == self.sheet.number,
            view: None,
            missed: 0,
        })
        .chain(self.missed_tabs.iter().map(|tab| Tab { is_front: false, ..tab.clone() }))
        .collect()
    }

    fn with_views(&self, mut tabs: Vec<Tab>) -> Vec<Tab> {
        for tab in &mut tabs {
            // Tabs that could not be opened have their numbers from another session.
            if tab.missed == 0 {
                tab.view = self.sheets().find(|sheet| sheet.number == tab.sheet).map(view_of);
            }
        }
        tabs
    }
}
