//! Wires and what hangs on them: nodes put in, ends moved, kinds replaced, nodes brought in line.

use crate::window::Window;
use egui::{Key, Modifiers, Pos2, vec2};

const SHIFT_CTRL: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// A recording and a reference with a wire between them, far apart.
fn pair() -> Window {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "generate recording");
    window.pull("generate_recording.recording", window.canvas(560.0, 60.0), "common reference");
    assert_eq!(window.wires(), ["generate_recording.recording common_reference.recording"]);
    window
}

fn middle(window: &Window, from: &str, to: &str) -> Pos2 {
    window.center(&format!("Wire {from} to {to}"))
}

#[test]
fn a_node_dropped_on_a_wire_goes_into_it_and_the_drag_is_one_step_to_undo() {
    let mut window = pair();
    window.add_at(240.0, 380.0, "band-pass");
    let before = window.pipeline().node("bandpass_filter").unwrap().position;
    let from = window.center("Node bandpass_filter");
    let to = middle(&window, "generate_recording.recording", "common_reference.recording");
    window.drag(from, to);
    window.drop_at(to);
    assert_eq!(
        window.wires(),
        [
            "bandpass_filter.recording common_reference.recording",
            "generate_recording.recording bandpass_filter.recording",
        ]
    );
    // Nothing lies on anything else.
    let places: Vec<[f32; 2]> = window.pipeline().nodes().map(|n| n.position).collect();
    for (i, a) in places.iter().enumerate() {
        assert!(places[i + 1..].iter().all(|b| (a[0] - b[0]).abs() >= 204.0), "{places:?}");
    }
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.wires(), ["generate_recording.recording common_reference.recording"]);
    assert_eq!(window.pipeline().node("bandpass_filter").unwrap().position, before);
    window.key(SHIFT_CTRL, Key::Z);
    assert_eq!(window.wires().len(), 2);
}

#[test]
fn a_node_of_the_list_dropped_on_a_wire_goes_into_it() {
    let mut window = pair();
    let from = window.center("Select channels");
    let to = middle(&window, "generate_recording.recording", "common_reference.recording");
    window.drag(from, to);
    window.drop_at(to);
    assert_eq!(
        window.wires(),
        [
            "generate_recording.recording select_channels.recording",
            "select_channels.recording common_reference.recording",
        ]
    );
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().nodes().count(), 2);
}

#[test]
fn tab_on_a_selected_wire_offers_what_fits_into_it() {
    let mut window = pair();
    window.click("Wire generate_recording.recording to common_reference.recording");
    window.key(Modifiers::NONE, Key::Tab);
    window.steps(2);
    assert!(window.says("Add Notch filter") && !window.says("Add Sort"));
    window.find_and_add("notch");
    assert_eq!(window.wires().len(), 2);
    assert!(window.wires()[0].contains("notch_filter"), "{:?}", window.wires());
}

#[test]
fn the_end_of_a_wire_goes_to_another_port_or_is_cut_and_escape_leaves_it() {
    let mut window = pair();
    window.add_at(560.0, 320.0, "band-pass");
    let near_the_end = window.center("Input common_reference.recording") - vec2(40.0, 0.0);
    let other = window.center("Input bandpass_filter.recording");
    window.drag(near_the_end, other);
    window.drop_at(other);
    assert_eq!(window.wires(), ["generate_recording.recording bandpass_filter.recording"]);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.wires(), ["generate_recording.recording common_reference.recording"]);
    // Escape while it hangs on the pointer: nothing has changed.
    let empty = window.canvas(300.0, 420.0);
    window.drag(near_the_end, empty);
    window.key(Modifiers::NONE, Key::Escape);
    window.drop_at(empty);
    assert_eq!(window.wires().len(), 1);
    // Let go over nothing it is cut, and what fits is offered.
    window.drag(near_the_end, empty);
    window.drop_at(empty);
    assert!(window.wires().is_empty());
    window.find_and_add("highpass");
    assert_eq!(window.wires(), ["generate_recording.recording highpass_filter.recording"]);
}

#[test]
fn the_beginning_of_a_wire_goes_to_another_output() {
    let mut window = pair();
    window.add_at(240.0, 320.0, "band-pass");
    let near_the_start = window.center("Output generate_recording.recording") + vec2(40.0, 0.0);
    let other = window.center("Output bandpass_filter.recording");
    window.drag(near_the_start, other);
    window.drop_at(other);
    assert_eq!(window.wires(), ["bandpass_filter.recording common_reference.recording"]);
}

#[test]
fn a_node_is_replaced_by_one_of_the_same_shape_and_keeps_what_it_can() {
    let mut window = pair();
    window.click("Wire generate_recording.recording to common_reference.recording");
    window.key(Modifiers::NONE, Key::Tab);
    window.find_and_add("band-pass");
    window.click("Node bandpass_filter");
    window.type_number("Freq min", "250");
    window.click("Node bandpass_filter");
    window.key(Modifiers::NONE, Key::R);
    window.steps(2);
    assert!(!window.says("Add Sort"), "only what has the same shape");
    window.find_and_add("high-pass");
    let node = window.pipeline().node("highpass_filter").unwrap();
    assert_eq!(node.params["freq_min"].as_f64(), Some(250.0));
    assert_eq!(window.wires().len(), 2);
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(window.pipeline().node("bandpass_filter").is_some());
}

#[test]
fn selected_nodes_are_aligned_and_spread_by_keys() {
    let mut window = Window::empty();
    for (x, y, words) in [(60.0, 60.0, "band-pass"), (300.0, 140.0, "notch"), (640.0, 230.0, "whiten")] {
        window.add_at(x, y, words);
    }
    let places =
        |window: &Window| -> Vec<[f32; 2]> { window.pipeline().nodes().map(|n| n.position).collect() };
    let before = places(&window);
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::COMMAND, Key::ArrowUp);
    let rows = places(&window);
    assert!(rows.iter().all(|at| at[1] == before[0][1]), "{rows:?}");
    window.key(SHIFT_CTRL, Key::ArrowRight);
    let spread = places(&window);
    assert_eq!(spread[1][0] - spread[0][0], spread[2][0] - spread[1][0]);
    window.key(Modifiers::COMMAND, Key::Z);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(places(&window), before);
}
