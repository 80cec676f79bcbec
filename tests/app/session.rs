//! What was open when the window was closed is open again at the next start.

use crate::window::{Remembered, Window};
use egui::{Key, Modifiers};
use spikeloom::app::{Access, App, command::Command};
use std::fs;

/// The window as it comes up the next time.
fn again((folder, remembered): (tempfile::TempDir, Remembered)) -> Window {
    Window::start_as(folder, None, Access::usual(), remembered)
}

fn first() -> Window {
    again((tempfile::tempdir().unwrap(), Remembered::default()))
}

/// A saved pipeline with one node in a tab of its own.
fn with_file(window: &mut Window, name: &str) -> std::path::PathBuf {
    window.app_mut().perform(Command::New);
    window.steps(3);
    window.add_at(60.0, 60.0, "band-pass");
    let file = window.folder.path().join(name);
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some() && !app.is_dirty());
    file
}

#[test]
fn all_tabs_come_back_as_they_were_left() {
    let mut window = first();
    let saved = with_file(&mut window, "saved.ron");
    let changed = with_file(&mut window, "changed.ron");
    window.key(Modifiers::NONE, Key::Escape);
    window.add_at(300.0, 60.0, "common reference");
    window.app_mut().perform(Command::OpenExample(0));
    window.rest();
    window.app_mut().perform(Command::Look("sort.sorting".into()));
    window.app_mut().perform(Command::SwitchTab(-1));
    window.rest();
    assert_eq!(window.app().tabs(), ["saved.ron", "changed.ron", "Quick start"]);
    // Nothing is lost: closing asks nothing.
    window.key(Modifiers::COMMAND, Key::Q);
    assert!(!window.says("Save changes"));

    let mut window = again(window.leave());
    window.wait("the tabs are there", |app| app.tabs().len() == 3);
    assert_eq!(window.app().tabs(), ["saved.ron", "changed.ron", "Quick start"]);
    assert!(!window.says("Recover unsaved pipelines"));
    assert_eq!(window.app().path(), Some(&*changed));
    assert_eq!(window.pipeline().nodes().count(), 2);
    assert!(window.app().is_dirty());
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(!window.app().is_dirty(), "undo leads to what its file holds");
    window.app_mut().perform(Command::SwitchTab(1));
    window.rest();
    assert_eq!(window.app().looked_at(), Some("sort.sorting"));
    assert!(!window.app().is_dirty() && window.app().path().is_none());
    window.app_mut().perform(Command::SwitchTab(1));
    assert_eq!(window.app().path(), Some(&*saved));

    // Tabs that were not looked at come back as well, and after a kill, too.
    window.rest();
    std::thread::sleep(std::time::Duration::from_millis(600));
    let mut window = again((window.close(), Remembered::default()));
    window.wait("the tabs are there", |app| app.tabs().len() == 3);
    window.wait("it is the one that was in front", |app| app.path().is_some_and(|p| p == saved));
}

#[test]
fn a_file_that_is_gone_is_told_and_the_others_are_open() {
    let mut window = first();
    let gone = with_file(&mut window, "gone.ron");
    with_file(&mut window, "there.ron");
    let left = window.leave();
    fs::remove_file(&gone).unwrap();
    let mut window = again(left);
    window.wait_for("gone.ron was open last and cannot be opened again");
    assert_eq!(window.app().tabs(), ["there.ron"]);
    // A disk that was away may be there again.
    let left = window.leave();
    fs::write(&gone, "(version: 1, nodes: {}, wires: [])").unwrap();
    let mut window = again(left);
    window.wait("it is open again", |app| app.tabs().len() == 2);
}

#[test]
fn it_begins_with_the_start_screen_where_that_is_chosen() {
    let mut window = first();
    with_file(&mut window, "mine.ron");
    window.menu("File", "Open the last session at start");
    let mut window = again(window.leave());
    window.steps(60);
    assert_eq!(window.app().tabs().len(), 1);
    window.wait_for("Empty pipeline");
}

#[test]
fn a_file_that_is_named_opens_in_front_of_what_was_open() {
    let mut window = first();
    with_file(&mut window, "one.ron");
    let two = with_file(&mut window, "two.ron");
    let (folder, remembered) = window.leave();
    let mut window = Window::start_as(folder, Some(&two), Access::usual(), remembered);
    window.wait("both are open", |app| app.tabs().len() == 2);
    window.wait("the one that was named is in front", |app| app.path() == Some(&two));
    window.steps(60);
    // What is closed is no more to come back.
    window.key(Modifiers::COMMAND, Key::W);
    let mut window = again(window.leave());
    window.wait("the other one is open", |app| app.path().is_some());
    window.steps(60);
    assert_eq!(window.app().tabs(), ["one.ron"]);
    assert!(!App::is_dirty(window.app()));
}
