//! Keys that are changed, help on nodes, the self-check, previews in nodes.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::app::command::Command;

/// Presses a button that may have to be scrolled to.
fn press(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).click_accesskit();
    window.steps(3);
}

#[test]
fn a_key_is_changed_in_the_sheet_and_shown_where_keys_are() {
    let mut window = Window::open(None);
    window.app_mut().perform(Command::ToggleShortcuts);
    window.steps(3);
    press(&mut window, "Key of Mute");
    window.key(Modifiers::NONE, Key::B);
    assert!(window.says("“Bypass” has B"), "a conflict is said");
    press(&mut window, "Cancel");
    press(&mut window, "Key of Mute");
    window.key(Modifiers::NONE, Key::J);
    press(&mut window, "Reset key of Mute");
    press(&mut window, "Key of Mute");
    window.key(Modifiers::NONE, Key::J);
    window.app_mut().perform(Command::ToggleShortcuts);
    window.steps(3);
    window.click("Node bandpass");
    window.key(Modifiers::NONE, Key::M);
    assert!(!window.pipeline().node("bandpass").unwrap().muted, "the old key does nothing");
    window.key(Modifiers::NONE, Key::J);
    assert!(window.pipeline().node("bandpass").unwrap().muted);
    // With modifiers, which a keyboard sends as keys of their own before.
    window.app_mut().perform(Command::ToggleShortcuts);
    window.steps(3);
    press(&mut window, "Key of Bypass");
    window.key(Modifiers::COMMAND, Key::ControlLeft);
    assert!(window.says("Press a key…"), "it waits for the key itself");
    window.key(Modifiers::COMMAND, Key::J);
    assert!(!window.says("Press a key…"));
    window.app_mut().perform(Command::ToggleShortcuts);
    window.steps(3);
    window.key(Modifiers::COMMAND, Key::J);
    assert!(window.pipeline().node("bandpass").unwrap().bypassed);
    // Escape gives a capture up and closes nothing.
    window.app_mut().perform(Command::ToggleShortcuts);
    window.steps(3);
    press(&mut window, "Key of Bypass");
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.says("Click a key to change it."));
    press(&mut window, "Reset all keys");
}

#[test]
fn help_says_all_about_a_node() {
    let mut window = Window::open(None);
    window.click("Node bandpass");
    window.key(Modifiers::NONE, Key::F1);
    assert!(window.says("Help: Band-pass filter"));
    assert!(window.says("freq_min") && window.says("Takes a number from"));
    window.harness.get_all_by_label_contains("Help on Select channels").next().unwrap().click_accesskit();
    window.steps(3);
    assert!(window.says("Help: Select channels"), "neighbours lead on");
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.says("Help: Select channels"));
    // Nothing selected: the shortcuts.
    window.app_mut().perform(Command::Select(Vec::new()));
    window.key(Modifiers::NONE, Key::F1);
    assert!(window.says("Click a key to change it."));
}

#[test]
fn the_self_check_says_how_well_this_computer_sorts() {
    let mut window = Window::open(None);
    window.app_mut().perform(Command::SelfCheck);
    window.wait_for("units found");
    assert!(window.says("12 of 12 units found"));
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.says("12 of 12 units found"));
}

#[test]
fn nodes_show_what_leaves_them() {
    let mut window = Window::open(None);
    let height = |window: &Window| window.harness.get_by_label("Node demo").rect().height();
    let before = height(&window);
    window.click("Node demo");
    window.key(Modifiers::NONE, Key::P);
    let start = std::time::Instant::now();
    while height(&window) <= before {
        assert!(start.elapsed() < crate::window::PATIENCE, "nothing is shown");
        std::thread::sleep(std::time::Duration::from_millis(10));
        window.steps(1);
    }
    window.key(Modifiers::NONE, Key::P);
    window.steps(3);
    assert_eq!(height(&window), before);
    window.key(Modifiers::SHIFT, Key::P);
    window.steps(3);
    assert!(height(&window) > before);
}

#[test]
fn there_is_nothing_to_run_on_the_start_screen() {
    let mut window = Window::start_over(tempfile::tempdir().unwrap(), None);
    window.key(Modifiers::NONE, Key::F5);
    assert!(window.says("There is nothing to run yet"));
    assert!(!window.app().is_running());
}

#[test]
fn nodes_behind_a_muted_one_say_why_they_do_not_run() {
    let mut window = Window::open(None);
    window.click("Node bandpass");
    window.key(Modifiers::NONE, Key::M);
    window.app_mut().perform(Command::Select(vec!["sort".into()]));
    window.wait_for("Does not run: bandpass is muted");
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait("it runs again", |app| !app.states().is_empty());
}

#[test]
fn where_all_is_muted_it_is_told_and_taken_back_with_it() {
    let mut window = Window::open(None);
    window.click("Node bandpass");
    window.key(Modifiers::NONE, Key::M);
    window.wait("what is behind it is off", |app| app.states().get("sort").is_some());
    window.app_mut().perform(Command::Select(vec!["demo".into()]));
    window.key(Modifiers::NONE, Key::M);
    window.key(Modifiers::NONE, Key::F5);
    window.wait_for("all that computes is muted");
    window.key(Modifiers::COMMAND, Key::Z);
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait_for("nodes to run");
    assert!(!window.says("all that computes is muted"));
}

#[test]
fn the_size_of_everything_has_keys_and_is_found_by_other_words() {
    let mut window = Window::open(None);
    let size = |window: &Window| window.harness.ctx.zoom_factor();
    let usual = size(&window);
    window.key(Modifiers::COMMAND, Key::Plus);
    window.steps(2);
    assert!(size(&window) > usual);
    window.key(Modifiers::COMMAND, Key::Num0);
    window.steps(2);
    assert_eq!(size(&window), 1.0);
    window.click("Node bandpass");
    window.key(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::P);
    window.steps(2);
    window.retype("disable");
    window.steps(2);
    assert!(window.says("Mute"), "{:?}", window.words());
}
