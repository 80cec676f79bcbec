//! Pictures of the canvas: nodes in their states, wires, from near and from afar, dark and light.

use crate::window::Window;
use egui::{Event, Modifiers, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::kittest::Queryable;
use spikeloom::{app::command::Command, pipeline::NodeState};

/// A node in each state that needs no luck with time.
const STATES: &str = r#"(
    version: 1,
    nodes: {
        "recording": (kind: "generate_recording", params: (duration_s: 2.0), position: (0.0, 0.0)),
        "bandpass": (kind: "bandpass_filter", params: (freq_max: 5000.0), position: (240.0, 0.0)),
        "cached": (kind: "noise_levels", position: (480.0, 0.0)),
        "set": (kind: "noise_levels", params: (num_chunks_per_segment: 10), position: (480.0, 120.0)),
        "ready": (kind: "quality_metrics", position: (720.0, 120.0)),
        "muted": (kind: "noise_levels", position: (480.0, 240.0), muted: true),
        "bypassed": (kind: "common_reference", position: (240.0, 120.0), bypassed: true),
        "unfinished": (kind: "whiten", position: (720.0, 0.0)),
        "unknown": (kind: "from_the_future", position: (0.0, 270.0)),
        "failed": (kind: "read_recording", params: (path: "gone.raw"), position: (0.0, 130.0)),
    },
    wires: [
        ("recording.recording", "bandpass.recording"),
        ("bandpass.recording", "bypassed.recording"),
        ("bandpass.recording", "cached.recording"),
        ("bypassed.recording", "set.recording"),
        ("bandpass.recording", "ready.recording"),
        ("recording.truth", "ready.sorting"),
        ("bandpass.recording", "muted.recording"),
    ],
)"#;

/// Run once, then opened afresh: no times are shown, states come from the store.
fn states() -> Window {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("states.ron");
    let once = STATES.replace(
        "\"ready\": (kind: \"quality_metrics\"",
        "\"ready\": (muted: true, kind: \"quality_metrics\"",
    );
    std::fs::write(&file, once).unwrap();
    let mut first = Window::open_over(folder, Some(&file));
    first.wait("the file is open", |app| app.path().is_some());
    first.click("Run");
    first.wait_for_run();
    assert!(matches!(first.state("cached"), NodeState::Done { .. }), "{:?}", first.app().states());
    let folder = first.close();
    std::fs::write(&file, STATES).unwrap();
    let mut window = Window::open_over(folder, Some(&file));
    window.wait("the file is open", |app| app.path().is_some());
    window.wait("states are known", |app| matches!(app.states().get("cached"), Some(NodeState::Cached)));
    alone(&mut window, "states.ron");
    window
}

/// Leaves the canvas alone on the screen: traces come when they come.
fn alone(window: &mut Window, file: &str) {
    let named = window.harness.query_all_by_label(file).map(|node| node.rect().center());
    let tab = named.min_by(|a, b| a.y.total_cmp(&b.y)).unwrap();
    for _ in 0..2 {
        window.harness.hover_at(tab);
        window.steps(1);
        window.harness.drag_at(tab);
        window.steps(1);
        window.harness.drop_at(tab);
        window.steps(1);
    }
    window.steps(4);
    window.harness.get_by_label("Back to all panels");
    window.harness.hover_at(window.canvas(5.0, 5.0));
    window.steps(4);
}

fn zoom_out(window: &mut Window, lines: f32) {
    let at = window.canvas(500.0, 300.0);
    window.harness.hover_at(at);
    window.harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, -lines),
        phase: TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    });
    window.steps(3);
    window.harness.hover_at(window.canvas(5.0, 5.0));
    window.steps(3);
}

/// Frames with comments and collapsed nodes, and a step in the wrong place.
const MARKS: &str = r#"(
    version: 1,
    nodes: {
        "recording": (kind: "generate_recording", params: (duration_s: 2.0), position: (0.0, 40.0)),
        "bandpass": (kind: "bandpass_filter", params: (freq_max: 5000.0), position: (264.0, 40.0)),
        "reference": (kind: "common_reference", position: (528.0, 40.0)),
        "bad": (kind: "detect_bad_channels", position: (792.0, 40.0), collapsed: true),
        "sort": (kind: "sort", position: (792.0, 220.0), collapsed: true),
    },
    wires: [
        ("recording.recording", "bandpass.recording"),
        ("bandpass.recording", "reference.recording"),
        ("reference.recording", "bad.recording"),
        ("bad.recording", "sort.recording"),
    ],
    frames: [
        (title: "Preprocessing", color: blue, position: (240.0, -32.0), size: (780.0, 196.0)),
        (title: "Filters", color: green, position: (252.0, 4.0), size: (228.0, 148.0)),
        (title: "", color: purple, position: (768.0, 176.0), size: (252.0, 100.0)),
    ],
    comments: [
        (text: "Shank 2 was damaged:\nleave it out.", color: yellow, position: (0.0, 190.0), size: (204.0, 60.0)),
        (text: "µV, not counts", position: (264.0, 190.0), size: (160.0, 36.0)),
    ],
)"#;

#[test]
fn frames_and_comments_in_both_themes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marks.ron");
    std::fs::write(&file, MARKS).unwrap();
    let mut window = Window::open_over(folder, Some(&file));
    window.wait("the file is open", |app| app.path().is_some());
    window.wait("states are known", |app| app.states().len() == 5);
    alone(&mut window, "marks.ron");
    window.harness.set_size(vec2(1040.0, 420.0));
    window.steps(4);
    window.click("Frame Filters");
    window.harness.hover_at(window.canvas(5.0, 5.0));
    window.steps(4);
    window.harness.snapshot("marks_dark");
    window.menu("View", "Light");
    window.harness.hover_at(window.canvas(5.0, 5.0));
    window.steps(3);
    window.harness.snapshot("marks_light");
}

#[test]
fn the_canvas_from_near_and_afar_in_both_themes() {
    let mut window = states();
    window.harness.set_size(vec2(1040.0, 520.0));
    window.steps(4);
    window.harness.snapshot("canvas_dark");
    zoom_out(&mut window, 6.0);
    window.harness.snapshot("canvas_far");
    zoom_out(&mut window, 5.0);
    window.harness.snapshot("canvas_farther");
    window.menu("View", "Light");
    window.menu("View", "Fit all");
    window.harness.hover_at(window.canvas(5.0, 5.0));
    window.steps(3);
    window.harness.snapshot("canvas_light");
}

#[test]
fn the_start_screen_in_both_themes() {
    let mut window = Window::start_over(tempfile::tempdir().unwrap(), None);
    window.harness.set_size(vec2(1240.0, 640.0));
    window.harness.hover_at(egui::pos2(2.0, 300.0));
    window.steps(4);
    window.harness.snapshot("start_dark");
    window.menu("View", "Light");
    window.harness.hover_at(egui::pos2(2.0, 300.0));
    window.steps(4);
    window.harness.snapshot("start_light");
}

#[test]
fn previews_that_lie_over_other_nodes_offer_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tight.ron");
    let text = r#"(version: 1, nodes: {
        "upper": (kind: "bandpass_filter", position: (0.0, 0.0)),
        "lower": (kind: "bandpass_filter", position: (0.0, 104.0)),
        "beside": (kind: "bandpass_filter", position: (400.0, 20.0)),
    })"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().nodes().count() == 3);
    window.app_mut().perform(Command::ToggleAllPreviews);
    window.click("Make room");
    let place = |window: &Window, name: &str| window.pipeline().node(name).unwrap().position;
    assert!(place(&window, "lower")[1] > 126.0, "{:?}", place(&window, "lower"));
    assert_eq!((place(&window, "upper"), place(&window, "beside")), ([0.0, 0.0], [400.0, 20.0]));
    window.key(Modifiers::COMMAND, egui::Key::Z);
    assert_eq!(place(&window, "lower"), [0.0, 104.0], "it is one step to undo");
}
