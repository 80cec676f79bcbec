//! Several pipelines at once: each with its own history, selection and runs.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::command::Command,
    pipeline::{Edit, NodeState},
};

const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

#[test]
fn each_tab_has_its_own_history_and_closed_ones_come_back() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    window.key(Modifiers::COMMAND, Key::N);
    assert_eq!(window.app().tabs(), ["Untitled", "Untitled 2"]);
    window.add_at(30.0, 60.0, "common reference");
    window.add_at(30.0, 260.0, "whiten");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().nodes().count(), 1);
    window.key(Modifiers::COMMAND, Key::Tab);
    assert!(window.pipeline().node("bandpass_filter").is_some());
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().nodes().count(), 0);
    window.key(Modifiers::COMMAND, Key::PageUp);
    assert!(window.pipeline().node("common_reference").is_some(), "undo was the other tab's");
    window.key(Modifiers::COMMAND, Key::W);
    window.click("Discard");
    assert_eq!(window.app().tabs().len(), 1);
    window.key(CTRL_SHIFT, Key::T);
    assert!(window.pipeline().node("common_reference").is_some());
    assert!(window.app().is_dirty());
    window.key(Modifiers::COMMAND, Key::Y);
    assert!(window.pipeline().node("whiten").is_some(), "what could be redone still can");
}

#[test]
fn what_is_dropped_while_a_question_is_open_waits_for_its_end() {
    let mut window = Window::empty();
    window.add_at(30.0, 30.0, "whiten");
    window.key(Modifiers::COMMAND, Key::W);
    window.wait_for("Discard");
    window.drop_file(&crate::common::shared_data().join("si_written/recording_binary"));
    window.wait_for("recording_binary waits");
    assert!(window.pipeline().node("read_recording").is_none());
    window.key(Modifiers::NONE, Key::Escape);
    window.wait("it is there", |app| app.pipeline().node("read_recording").is_some());
    assert!(window.pipeline().node("whiten").is_some());
}

#[test]
fn what_ran_in_one_tab_makes_nothing_stale_in_another_without_a_file() {
    let mut window = Window::open(None);
    window.click("Run");
    window.wait_for_run();
    let ready = |window: &mut Window| {
        window.wait("it is known", |app| {
            matches!(app.states().get("sort"), Some(NodeState::Ready | NodeState::Stale))
        });
        window.state("sort").clone()
    };
    // The same in another tab, with another parameter: there it never ran.
    window.app_mut().perform(Command::NewTab);
    window.steps(3);
    window.app_mut().perform(Command::OpenExample(0));
    window.steps(3);
    let edit = |window: &mut Window| {
        let mut params = window.pipeline().node("sort").unwrap().params.clone();
        params.insert("detect_threshold".into(), 6.5.into());
        let edit = Edit::SetParams("sort".into(), params);
        window.app_mut().perform(Command::edit(edit, "change"));
        window.steps(3);
    };
    edit(&mut window);
    assert_eq!(ready(&mut window), NodeState::Ready);
    window.key(CTRL_SHIFT, Key::Tab);
    edit(&mut window);
    assert_eq!(ready(&mut window), NodeState::Stale);
}

#[test]
fn the_tab_in_front_stays_in_sight_and_one_that_is_opened_again_comes_where_it_was() {
    let mut window = Window::open(None);
    for example in [1, 2, 3, 4, 1, 2, 3, 4] {
        window.app_mut().perform(Command::OpenExample(example));
        window.steps(3);
    }
    let names = window.app().tabs();
    let at = |window: &Window| {
        let tab = format!("Tab {}", names.last().unwrap());
        window.harness.get_all_by_label(&tab).last().unwrap().rect()
    };
    assert!(at(&window).right() < 1440.0);
    window.harness.set_size(egui::vec2(900.0, 700.0));
    window.steps(40);
    let plus = window.harness.get_by_label("New tab").rect();
    assert!(at(&window).right() <= plus.left() + 1.0, "{:?} {plus:?}", at(&window));
    for _ in 0..5 {
        window.key(CTRL_SHIFT, Key::Tab);
    }
    let before = window.app().tabs();
    window.key(Modifiers::COMMAND, Key::W);
    assert_ne!(window.app().tabs(), before);
    window.key(CTRL_SHIFT, Key::T);
    assert_eq!(window.app().tabs(), before);
}

#[test]
fn a_new_tab_offers_what_could_be_begun() {
    let mut window = Window::open(None);
    window.click("New tab");
    assert_eq!(window.app().tabs().len(), 2);
    window.wait_for("Template Tetrode");
    window.click("Template Tetrode");
    window.wait("it is open", |app| app.pipeline().nodes().count() > 2);
    assert_eq!(window.app().tabs().len(), 2, "in the tab that offered it");
    window.click("New tab");
    window.click("Empty pipeline");
    assert_eq!((window.app().tabs().len(), window.pipeline().nodes().count()), (3, 0));
    assert!(!window.says("Template Tetrode"));
}

#[test]
fn a_file_that_is_open_is_shown_and_not_opened_twice() {
    let mut window = Window::open(None);
    let file = window.folder.path().join("mine.ron");
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some());
    window.app_mut().perform(Command::OpenExample(1));
    window.steps(3);
    assert_eq!(window.app().tabs(), ["mine.ron", "Tetrode"]);
    window.app_mut().perform(Command::Open(file.clone()));
    window.wait("it is in front", |app| app.path().is_some());
    assert_eq!(window.app().tabs().len(), 2);
    // A file that is no pipeline leaves everything as it is.
    let bad = window.folder.path().join("bad.ron");
    std::fs::write(&bad, "nothing of the kind").unwrap();
    window.app_mut().perform(Command::Open(bad));
    window.wait_for("A pipeline has the form");
    assert_eq!(window.app().tabs(), ["mine.ron", "Tetrode"]);
    assert_eq!(window.app().path(), Some(file.as_path()));
}

#[test]
fn a_run_goes_on_behind_its_tab_and_the_next_one_waits() {
    let mut window = Window::open(None);
    window.click("Run");
    window.wait("the sort is on its way", |app| {
        matches!(app.states().get("sort"), Some(NodeState::Running { share: Some(_), .. }))
    });
    window.key(Modifiers::COMMAND, Key::N);
    assert!(!window.app().is_running(), "the new pipeline has no run");
    window.add_at(10.0, 40.0, "generate recording");
    let place = window.canvas(300.0, 40.0);
    window.pull("generate_recording.recording", place, "noise levels");
    window.key(Modifiers::NONE, Key::F5);
    assert!(window.says("Queued: it begins after Quick start"));
    assert!(window.app().is_running());
    window.key(Modifiers::NONE, Key::F5);
    assert!(window.says("on its way already"), "the same run is not queued twice");
    window.wait("both are done", |app| !app.is_running());
    assert!(matches!(window.state("noise_levels"), NodeState::Done { .. } | NodeState::Cached));
    window.key(Modifiers::COMMAND, Key::Tab);
    assert!(matches!(window.state("sort"), NodeState::Done { .. }), "{:?}", window.app().states());
    assert!(!window.app().is_running());
}

#[test]
fn a_run_that_waits_is_taken_back() {
    let mut window = Window::open(None);
    window.click("Run");
    window.wait("the sort is on its way", |app| {
        matches!(app.states().get("sort"), Some(NodeState::Running { share: Some(_), .. }))
    });
    window.app_mut().perform(Command::OpenExample(1));
    window.steps(3);
    window.key(Modifiers::NONE, Key::F5);
    window.click("Jobs");
    window.click("Remove Tetrode from the queue");
    assert!(!window.app().is_running());
    window.key(Modifiers::COMMAND, Key::Tab);
    window.key(Modifiers::SHIFT, Key::F5);
    window.wait("the first one stops, too", |app| !app.is_running());
}

#[test]
fn the_view_is_as_it_was_left_and_not_part_of_the_file() {
    let mut window = Window::open(None);
    let file = window.folder.path().join("mine.ron");
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some());
    let saved = std::fs::read(&file).unwrap();
    let node = |window: &Window| window.harness.get_by_label("Node sort").rect();
    window.app_mut().perform(Command::ActualSize);
    window.steps(3);
    let (from, to) = (window.canvas(400.0, 330.0), window.canvas(300.0, 300.0));
    window.harness.key_down(Key::Space);
    window.drag(from, to);
    window.drop_at(to);
    window.harness.key_up(Key::Space);
    window.steps(3);
    window.click("Output bandpass.recording");
    let before = node(&window);
    assert!(!window.app().is_dirty(), "looking changes nothing");
    window.key(Modifiers::COMMAND, Key::W);
    window.app_mut().perform(Command::Open(file.clone()));
    window.wait("it is open again", |app| app.path().is_some());
    window.steps(4);
    assert!((node(&window).min - before.min).length() < 1.0, "{:?} {before:?}", node(&window));
    assert_eq!(window.app().looked_at(), Some("bandpass.recording"));
    assert_eq!(std::fs::read(&file).unwrap(), saved);
}
