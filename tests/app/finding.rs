//! Finding one's way on a large canvas, and pasting what came from elsewhere.

use crate::window::Window;
use egui::{Event, Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use spikeloom::app::command::Command;

/// Nodes in a long row, the last one with a parameter of its own.
fn long() -> Window {
    let nodes: Vec<String> = (0..12)
        .map(|i| {
            let params = if i == 11 { ", params: (freq_min: 250.0)" } else { "" };
            format!("\"step_{i}\": (kind: \"bandpass_filter\"{params}, position: ({}.0, 0.0))", i * 300)
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.ron");
    std::fs::write(&file, format!("(version: 1, nodes: {{{}}}, wires: [])", nodes.join(", "))).unwrap();
    let mut window = Window::open(Some(&file));
    window.wait("the file is open", |app| app.path().is_some());
    window.app_mut().perform(Command::ActualSize);
    window.steps(3);
    window.harness.hover_at(window.canvas(200.0, 40.0));
    window.steps(2);
    window
}

#[test]
fn a_node_is_found_by_a_parameter_shown_and_selected() {
    let mut window = long();
    assert!(!window.says("Node step_11"), "it is out of sight");
    window.key(Modifiers::COMMAND, Key::F);
    window.harness.get_by_label("Find on the canvas").type_text("250");
    window.steps(4);
    assert!(window.says("Go to step_11"));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(!window.says("Find on the canvas"));
    let canvas = window.harness.get_by_label("Canvas").rect();
    assert!(canvas.contains_rect(window.harness.get_by_label("Node step_11").rect()));
    // It is the selection: what is typed now is about it.
    window.harness.get_by_label("Node name");
    window.key(Modifiers::NONE, Key::M);
    assert!(window.pipeline().node("step_11").unwrap().muted);
}

#[test]
fn the_minimap_comes_when_something_is_out_of_sight_and_moves_the_view() {
    let mut window = long();
    let map = window.harness.get_by_label("Minimap").rect();
    let target = map.right_center() - vec2(16.0, 0.0);
    window.drag(map.center(), target);
    window.drop_at(target);
    assert!(window.says("Node step_11"));
    window.menu("View", "Fit all");
    assert!(!window.says("Node step_11") || window.harness.query_by_label("Minimap").is_none());
    assert!(window.harness.query_by_label("Minimap").is_none(), "everything is in view");
    window.app_mut().perform(Command::ActualSize);
    window.app_mut().perform(Command::ToggleMinimap);
    window.steps(3);
    assert!(window.harness.query_by_label("Minimap").is_none());
}

#[test]
fn an_answer_of_a_chat_is_pasted_with_its_wires_or_says_what_it_lacks() {
    let mut window = Window::empty();
    window.harness.hover_at(window.canvas(300.0, 200.0));
    window.steps(2);
    let answer = "Sure! This reads (and filters):\n\n```ron\n(\n  nodes: {\n    \"demo\": (kind: \
                  \"generate_recording\"),\n    \"band\": (kind: \"bandpass_filter\"),\n  },\n  wires: \
                  [(\"demo.recording\", \"band.recording\")],\n)\n```\nPress F5 (or Run).";
    window.harness.event(Event::Paste(answer.into()));
    window.steps(3);
    assert_eq!(window.wires(), ["demo.recording band.recording"]);
    window.menu("Edit", "Undo paste 2 nodes");
    assert_eq!(window.pipeline().nodes().count(), 0);
    window.harness.event(Event::Paste("good morning".into()));
    window.steps(3);
    assert!(window.says("no part of a pipeline"));
}
