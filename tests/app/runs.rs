//! Runs: stopped, run to a node, failing alone, muted and bypassed nodes.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::pipeline::NodeState;
use std::time::{Duration, Instant};

/// Generated traces with their noise, at two places.
fn noise_twice() -> Window {
    let mut window = Window::empty();
    window.add_at(10.0, 40.0, "generate recording");
    for (y, name) in [(40.0, "noise_levels"), (200.0, "noise_levels_2")] {
        let place = window.canvas(300.0, y);
        window.pull("generate_recording.recording", place, "noise levels");
        assert!(window.pipeline().node(name).is_some());
    }
    window.click("Node generate_recording");
    window.type_number("Duration", "4");
    window
}

#[test]
fn a_sort_is_stopped_at_once_and_goes_on_later() {
    let mut window = Window::open(None);
    window.click("Run");
    window.wait("the sort is on its way", |app| {
        matches!(app.states().get("sort"), Some(NodeState::Running { share: Some(_), .. }))
    });
    let start = Instant::now();
    window.key(Modifiers::SHIFT, Key::F5);
    window.wait("the run is over", |app| !app.is_running());
    let took = start.elapsed();
    // 200 ms are the promise; frames of the test and a busy machine come on top.
    assert!(took < Duration::from_millis(1000), "{took:?}");
    assert!(matches!(window.state("sort"), NodeState::Cancelled), "{:?}", window.state("sort"));
    assert!(matches!(window.state("demo"), NodeState::Done { .. } | NodeState::Cached));
    assert!(window.says("to run") || window.says("Stopped"));
}

#[test]
fn a_run_to_a_node_leaves_the_others_alone() {
    let mut window = noise_twice();
    window.click("Node noise_levels_2");
    window.key(Modifiers::NONE, Key::F6);
    window.wait_for_run();
    assert!(matches!(window.state("noise_levels_2"), NodeState::Done { .. }));
    assert!(matches!(window.state("noise_levels"), NodeState::Cached | NodeState::Ready));
}

#[test]
fn a_failing_node_fails_alone_and_says_why() {
    let mut window = noise_twice();
    let missing = window.folder.path().join("gone.raw");
    window.drop_file(&missing);
    // Nothing is there to open: it is said, and nothing is added.
    window.wait_for("gone.raw is not there");
    window.click("Close message");
    assert!(window.pipeline().node("read_recording").is_none());

    std::fs::write(&missing, [0u8; 64]).unwrap();
    window.drop_file(&missing);
    window.wait("the reader is there", |app| app.pipeline().node("read_recording").is_some());
    let place = window.canvas(600.0, 300.0);
    window.pull("read_recording.recording", place, "noise levels");
    window.click("Run");
    window.wait_for_run();
    // Both are the same work: one of them is found done.
    let is_done = |node: &str| matches!(window.state(node), NodeState::Done { .. } | NodeState::Cached);
    assert!(is_done("noise_levels") && is_done("noise_levels_2"), "{:?}", window.app().states());
    assert!(matches!(window.state("read_recording"), NodeState::Failed(_)));
    assert!(!matches!(window.state("noise_levels_3"), NodeState::Done { .. }));
    // The jobs came up by themselves.
    window.harness.get_by_label("Job Noise levels");
}

#[test]
fn what_is_muted_does_not_run_and_what_is_bypassed_lets_through() {
    let mut window = noise_twice();
    window.click("Node noise_levels");
    window.key(Modifiers::NONE, Key::M);
    window.click("Run");
    window.wait_for_run();
    assert!(matches!(window.state("noise_levels_2"), NodeState::Done { .. }));
    assert!(!matches!(window.state("noise_levels"), NodeState::Done { .. } | NodeState::Failed(_)));
}

#[test]
fn all_commands_are_found_by_a_few_letters() {
    let mut window = Window::open(None);
    window.key(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::P);
    window.harness.get_by_label("Search commands").type_text("tetr");
    window.steps(3);
    window.key(Modifiers::NONE, Key::Enter);
    window.wait("the example is open", |app| app.pipeline().node("demo").is_none());
    assert!(window.pipeline().nodes().count() > 2);
}
