//! Parameters: searched, told apart from their defaults, brought back, kept as presets.

use crate::common::python;
use crate::window::Window;
use egui::{Event, Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use serde_json::{Value, json};
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

/// A window with nodes whose parameters depend on what others are set to.
fn dependent() -> Window {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.ron");
    let python = python().display().to_string();
    let text = format!(
        r##"(version: 1, nodes: {{
    "ours": (kind: "spikeinterface_sorter", params: (python: "{python}"), position: (20.0, 20.0)),
    "theirs": (kind: "spikeinterface_sorter", params: (sorter: "spykingcircus2", python: "{python}"), position: (20.0, 240.0)),
    "count": (kind: "command", params: (program: "sh", parameters: ["threshold: float 1..10 = 4.5 # In noise levels", "way: up|down = up"]), position: (260.0, 20.0)),
}})"##
    );
    std::fs::write(&file, text).unwrap();
    Window::open_over(folder, Some(&file))
}

fn set(window: &Window, node: &str, field: &str) -> Value {
    window.pipeline().node(node).unwrap().params.get(field).cloned().unwrap_or_default()
}

#[test]
fn parameters_of_a_sorter_are_fields_that_spikeinterface_tells() {
    let mut window = dependent();
    window.click("Node ours");
    // Python takes its time; the window goes on meanwhile.
    window.wait_for("Parameters of mountainsort5");
    window.type_number("Detect threshold", "6");
    window.type_number("Npca per channel", "4");
    assert_eq!(set(&window, "ours", "parameters"), json!({"detect_threshold": 6.0, "npca_per_channel": 4}));
    // The Python was set already.
    window.wait_for("3 changed");
    window.click("Reset Detect threshold");
    window.click("Reset Npca per channel");
    assert_eq!(set(&window, "ours", "parameters"), Value::Null, "nothing is kept of what is the default");
    window.click("Node theirs");
    window.wait_for("Parameters of spykingcircus2");
    window.click("Whitening");
    window.wait_for("Regularize");
    window.harness.get_by_role_and_label(Role::CheckBox, "Regularize").click();
    window.steps(3);
    assert_eq!(set(&window, "theirs", "parameters"), json!({"whitening.regularize": true}));
    window.wait_for("Whitening • 1 changed");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(set(&window, "theirs", "parameters"), Value::Null);
}

#[test]
fn declared_parameters_of_a_command_are_fields() {
    let mut window = dependent();
    window.click("Node count");
    window.wait_for("Threshold");
    window.type_number("Threshold", "11");
    assert!(window.says("too large"), "its range is known");
    window.type_number("Threshold", "6");
    window.click("down");
    assert_eq!(set(&window, "count", "values"), json!({"threshold": 6.0, "way": "down"}));
}
