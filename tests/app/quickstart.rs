//! The main job by hand: from an empty canvas to units, saved and opened again.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    nodes,
    pipeline::{Document, NodeState},
};

#[test]
fn the_quick_start_is_built_run_looked_at_saved_and_opened_again() {
    let mut window = Window::empty();
    // Tab searches at the pointer; a wire pulled to an empty place offers what fits.
    window.add_at(10.0, 40.0, "generate recording");
    let place = window.canvas(235.0, 40.0);
    window.pull("generate_recording.recording", place, "band-pass");
    let place = window.canvas(460.0, 40.0);
    window.pull("bandpass_filter.recording", place, "common reference");
    let place = window.canvas(685.0, 40.0);
    window.pull("common_reference.recording", place, "sort");
    let place = window.canvas(600.0, 230.0);
    window.pull("sort.sorting", place, "quality metrics");
    window.wire("common_reference.recording", "quality_metrics.recording");
    let mut wires = window.wires();
    wires.sort();
    assert_eq!(
        wires,
        [
            "bandpass_filter.recording common_reference.recording",
            "common_reference.recording quality_metrics.recording",
            "common_reference.recording sort.recording",
            "generate_recording.recording bandpass_filter.recording",
            "sort.sorting quality_metrics.sorting",
        ]
    );

    // A short recording, so that the test is short.
    window.click("Node generate_recording");
    window.type_number("Duration", "10");
    let params = &window.pipeline().node("generate_recording").unwrap().params;
    assert!(params.values().any(|v| v.as_f64() == Some(10.0)), "{params:?}");

    window.click("Run");
    window.wait_for_run();
    for node in ["sort", "quality_metrics"] {
        assert!(matches!(window.state(node), NodeState::Done { .. }), "{:?}", window.app().states());
    }
    // Spikes came into view by themselves; wires and outputs show what they carry.
    assert_eq!(window.app().looked_at(), Some("sort.sorting"));
    window.click("Wire bandpass_filter.recording to common_reference.recording");
    assert_eq!(window.app().looked_at(), Some("bandpass_filter.recording"));
    window.click("Output quality_metrics.table");
    assert_eq!(window.app().looked_at(), Some("quality_metrics.table"));
    window.click("Node sort");
    window.wait_for("units ·");

    // Changed, only what depends on it waits; undone, nothing does.
    window.type_number("Detect threshold", "6");
    window.wait("the states are known", |app| matches!(app.states()["sort"], NodeState::Stale));
    window.click("Output sort.sorting");
    window.wait_for("Not computed yet");
    assert!(matches!(window.state("generate_recording"), NodeState::Done { .. } | NodeState::Cached));
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait("the states are known", |app| matches!(app.states()["sort"], NodeState::Cached));

    // Saved by the keyboard, and opened by another window.
    let file = window.folder.path().join("mine");
    window.key(Modifiers::COMMAND, Key::S);
    window.choose_path(&file);
    window.wait("the file is saved", |app| app.path().is_some());
    assert!(!window.app().is_dirty());
    let file = file.with_extension("ron");
    assert_eq!(window.app().path(), Some(file.as_path()));

    let mut again = Window::open(None);
    again.menu("File", "Open…");
    again.choose_path(&file);
    again.wait("the file is open", |app| app.path().is_some());
    let registry = nodes::registry();
    assert_eq!(
        Document::to_text(again.pipeline(), &registry),
        Document::to_text(window.pipeline(), &registry)
    );
    // Saved once more, it is written without a question.
    again.click("Node sort");
    again.harness.get_by_role_and_label(Role::SpinButton, "Detect threshold");
    again.type_number("Detect threshold", "5.5");
    assert!(again.app().is_dirty());
    again.key(Modifiers::COMMAND, Key::S);
    again.wait("the change is saved", |app| !app.is_dirty());
}
