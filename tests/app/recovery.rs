//! Nothing is lost: copies of what is not saved, found by the next session; back to what the file holds.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::{app::App, app::command::Command, nodes, pipeline::Document};
use std::{fs, path::PathBuf};

const BROKEN: &str = "(version: 1, nodes: {";

/// The copies of a window's state folder.
fn copies(folder: &tempfile::TempDir) -> Vec<PathBuf> {
    let sessions = fs::read_dir(folder.path().join("state/unsaved")).into_iter().flatten().flatten();
    let files = sessions.flat_map(|session| fs::read_dir(session.path()).unwrap().flatten());
    let mut files: Vec<_> = files.map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "ron"));
    files
}

fn wait_for_copies(window: &mut Window, count: usize) {
    let start = std::time::Instant::now();
    while copies(&window.folder).len() != count {
        assert!(start.elapsed() < crate::window::PATIENCE, "{:?}", copies(&window.folder));
        std::thread::sleep(std::time::Duration::from_millis(20));
        window.steps(1);
    }
}

#[test]
fn what_was_not_saved_is_recovered_by_the_next_session() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    wait_for_copies(&mut window, 1);
    // Ended without a word: nothing was saved or settled.
    let folder = window.close();
    let mut window = Window::start_over(folder, None);
    window.wait_for("Recover unsaved pipelines");
    assert!(window.says("1 node · just now · never saved"));
    window.click("Recover Untitled");
    assert!(window.pipeline().node("bandpass_filter").is_some());
    assert!(window.app().is_dirty());
    // Its copy belongs to this session now, and goes with the question that closes the tab.
    wait_for_copies(&mut window, 1);
    window.key(Modifiers::COMMAND, Key::W);
    window.click("Discard");
    wait_for_copies(&mut window, 0);
    let mut again = Window::start_over(window.close(), None);
    again.steps(30);
    assert!(!again.says("Recover unsaved pipelines"));
}

#[test]
fn a_recovered_file_keeps_its_place_and_undo_leads_back_to_what_was_saved() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    let file = window.folder.path().join("mine.ron");
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some());
    wait_for_copies(&mut window, 0);
    let saved = fs::read_to_string(&file).unwrap();
    window.key(Modifiers::NONE, Key::Escape);
    window.add_at(300.0, 60.0, "common reference");
    wait_for_copies(&mut window, 1);
    let mut window = Window::start_over(window.close(), None);
    window.click("Recover mine.ron");
    assert_eq!(window.app().path(), Some(file.as_path()));
    assert_eq!(window.pipeline().nodes().count(), 2);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(Document::to_text(window.pipeline(), &nodes::registry()), saved);
    assert!(!window.app().is_dirty());
    wait_for_copies(&mut window, 0);
}

#[test]
fn a_copy_that_cannot_be_read_is_told_and_clears_nothing() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    wait_for_copies(&mut window, 1);
    let folder = window.close();
    fs::write(&copies(&folder)[0], BROKEN).unwrap();
    let mut window = Window::start_over(folder, None);
    window.wait_for("Recover unsaved pipelines");
    // It does not lie over what is begun instead, and is there when it is asked for.
    window.app_mut().perform(Command::OpenExample(0));
    window.rest();
    assert!(!window.says("Recover unsaved pipelines"));
    window.app_mut().perform(Command::ShowUnsaved);
    window.app_mut().perform(Command::Recover(0));
    window.wait_for("cannot be recovered");
    assert!(window.pipeline().node("sort").is_some());
    // It is removed only when that was said twice.
    window.click("Discard Untitled");
    // The example that is open has a copy as well.
    let text = |file: &PathBuf| fs::read_to_string(file).unwrap_or_default();
    let is_there = |window: &Window| copies(&window.folder).iter().any(|file| text(file) == BROKEN);
    assert!(is_there(&window));
    window.click("Discard for good Untitled");
    assert!(!is_there(&window));
}

#[test]
fn revert_leads_back_to_the_file_and_can_be_undone() {
    let mut window = Window::open(None);
    let file = window.folder.path().join("mine.ron");
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some());
    let saved = Document::to_text(window.pipeline(), &nodes::registry());
    window.app_mut().perform(Command::SelectAll);
    window.app_mut().perform(Command::Delete);
    window.steps(2);
    assert_eq!(window.pipeline().nodes().count(), 0);
    // A file that is no pipeline any more changes nothing.
    fs::write(&file, "gone wrong").unwrap();
    window.app_mut().perform(Command::Revert);
    window.wait_for("Nothing was reverted");
    assert!(window.app().is_dirty());
    fs::write(&file, &saved).unwrap();
    window.menu("File", "Revert to saved");
    window.wait("it is as it was saved", |app| !app.is_dirty());
    assert_eq!(Document::to_text(window.pipeline(), &nodes::registry()), saved);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().nodes().count(), 0);
    assert!(window.app().is_dirty());
}

#[test]
fn where_nothing_can_be_kept_it_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder would be.
    fs::write(folder.path().join("state"), "in the way").unwrap();
    let mut window = Window::start_over(folder, None);
    window.app_mut().perform(Command::New);
    window.steps(3);
    window.add_at(30.0, 60.0, "band-pass");
    window.wait_for("not safe from a crash");
    window.click("Close message");
    window.wait("it goes on", App::is_dirty);
    assert_eq!(window.harness.query_all_by_label_contains("not safe from a crash").count(), 0);
}

#[test]
fn what_a_session_holds_that_is_yet_to_die_is_found_a_little_later() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    wait_for_copies(&mut window, 1);
    let folder = window.close();
    // As long as its lock is held it may be a window that is open.
    let copy = fs::read_dir(folder.path().join("state/unsaved")).unwrap().next().unwrap().unwrap();
    let lock = fs::File::options().append(true).open(copy.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let mut window = Window::start_over(folder, None);
    window.steps(10);
    assert!(!window.says("Recover unsaved pipelines"));
    drop(lock);
    window.wait_for("Recover unsaved pipelines");
}
