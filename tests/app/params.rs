//! Parameters: searched, told apart from their defaults, brought back, kept as presets.

use crate::window::Window;
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::app::command::Command;

fn filter() -> Window {
    let mut window = Window::empty();
    window.add_at(330.0, 60.0, "band-pass");
    window.click("Node bandpass_filter");
    window
}

#[test]
fn what_differs_from_the_defaults_is_counted_shown_alone_and_reset() {
    let mut window = filter();
    assert!(!window.says("changed"));
    window.type_number("Freq min", "0.4 kHz");
    let params = |window: &Window| window.pipeline().node("bandpass_filter").unwrap().params.clone();
    assert_eq!(params(&window)["freq_min"].as_f64(), Some(400.0));
    window.click("1 changed");
    window.harness.get_by_label("Freq min slider");
    assert!(window.harness.query_by_label("Freq max slider").is_none());
    window.click("Reset all");
    assert!(params(&window).is_empty());
    assert!(window.says("All are at their defaults"));
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(params(&window)["freq_min"].as_f64(), Some(400.0), "it is one step to undo");
}

#[test]
fn parameters_are_searched_by_their_words() {
    let mut window = Window::open(None);
    window.click("Node sort");
    window.app_mut().perform(Command::FindParam);
    window.steps(3);
    window.harness.event(Event::Text("detect threshold".into()));
    window.steps(3);
    assert!(window.harness.query_all_by_label("Detect threshold").count() > 0);
    assert!(window.harness.query_by_label("Match threshold").is_none());
    window.harness.event(Event::Text(" of nothing known".into()));
    window.steps(3);
    assert!(window.says("None of that name"));
}

#[test]
fn a_preset_is_saved_applied_to_another_node_and_removed() {
    let mut window = filter();
    window.type_number("Freq min", "400");
    window.app_mut().perform(Command::NamePreset);
    window.steps(3);
    window.harness.get_by_label("Preset name").type_text("Our lab");
    window.steps(2);
    window.click("Save preset");
    window.wait_for("Saved the preset");
    window.add_at(330.0, 260.0, "band-pass");
    window.click("Node bandpass_filter_2");
    window.click("Presets");
    window.click("Apply preset Our lab");
    let set = |window: &Window| window.pipeline().node("bandpass_filter_2").unwrap().params.clone();
    assert_eq!(set(&window)["freq_min"].as_f64(), Some(400.0));
    // The menu says which one it is.
    window.click("Our lab");
    window.click("Remove preset Our lab");
    window.wait_for("Presets");
    assert_eq!(set(&window)["freq_min"].as_f64(), Some(400.0), "what was set stays");
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(set(&window).is_empty());
}
