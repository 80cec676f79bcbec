//! Frames, comments and collapsed nodes.

use crate::window::Window;
use egui::{Event, Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::command::Command,
    nodes,
    pipeline::{Document, Mark, MarkColor, MarkKind},
};

fn mark(window: &Window) -> Mark {
    window.pipeline().marks().next().unwrap().1.clone()
}

fn type_words(window: &mut Window, label: &str, words: &str) {
    window.steps(2);
    window.harness.get_by_label(label).type_text(words);
    window.steps(2);
}

/// Two filters in a frame with a title, a third node outside.
fn framed() -> Window {
    let mut window = Window::empty();
    window.add_at(80.0, 120.0, "band-pass");
    window.add_at(340.0, 120.0, "notch");
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::COMMAND, Key::G);
    type_words(&mut window, "Title of the frame", "Filters");
    window.key(Modifiers::NONE, Key::Enter);
    window.add_at(80.0, 480.0, "whiten");
    window
}

#[test]
fn a_frame_goes_around_the_selection_and_takes_it_along() {
    let mut window = framed();
    let frame = mark(&window);
    assert_eq!((frame.kind, frame.text.as_str()), (MarkKind::Frame, "Filters"));
    let places =
        |window: &Window| -> Vec<[f32; 2]> { window.pipeline().nodes().map(|n| n.position).collect() };
    let before = places(&window);
    let title = window.harness.get_by_label("Frame Filters").rect();
    assert!(before[..2].iter().all(|at| frame.contains(*at)) && !frame.contains(before[2]));
    let (from, by) = (title.center(), vec2(40.0, 100.0));
    window.drag(from, from + by);
    window.drop_at(from + by);
    let after = places(&window);
    for i in 0..2 {
        assert_eq!([after[i][0] - before[i][0], after[i][1] - before[i][1]], [40.0, 100.0]);
    }
    assert_eq!(after[2], before[2], "what lies outside stays");
    assert_eq!(mark(&window).position, [frame.position[0] + 40.0, frame.position[1] + 100.0]);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!((places(&window), mark(&window)), (before.clone(), frame.clone()));
    // Alone with Alt.
    window.harness.event(Event::ModifiersChanged(Modifiers::ALT));
    window.drag(from, from + by);
    window.drop_at(from + by);
    window.harness.event(Event::ModifiersChanged(Modifiers::NONE));
    assert_eq!(places(&window), before);
    assert_ne!(mark(&window).position, frame.position);
}

#[test]
fn a_frame_is_renamed_painted_resized_and_deleted_without_its_nodes() {
    let mut window = framed();
    window.click("Frame Filters");
    window.key(Modifiers::NONE, Key::Enter);
    window.key(Modifiers::COMMAND, Key::A);
    type_words(&mut window, "Title of the frame", "First steps");
    window.key(Modifiers::NONE, Key::Enter);
    window.app_mut().perform(Command::PaintMarks(MarkColor::Green));
    window.steps(2);
    let frame = mark(&window);
    assert_eq!((frame.text.as_str(), frame.color), ("First steps", MarkColor::Green));
    let corner = window.center("Corner of Frame First steps");
    window.drag(corner, corner + vec2(60.0, 20.0));
    window.drop_at(corner + vec2(60.0, 20.0));
    assert_eq!(mark(&window).size, [frame.size[0] + 60.0, frame.size[1] + 20.0]);
    window.click("Frame First steps");
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!((window.pipeline().marks().count(), window.pipeline().nodes().count()), (0, 3));
    for _ in 0..2 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(mark(&window), frame);
}

#[test]
fn a_comment_is_written_copied_and_saved_and_an_empty_one_is_none() {
    let mut window = Window::empty();
    window.harness.hover_at(window.canvas(200.0, 200.0));
    window.steps(2);
    window.key(Modifiers::NONE, Key::C);
    type_words(&mut window, "Text of the comment", "Shank 2 was damaged:\nleave it out.");
    window.key(Modifiers::COMMAND, Key::Enter);
    let comment = mark(&window);
    assert_eq!(comment.text, "Shank 2 was damaged:\nleave it out.");
    window.key(Modifiers::COMMAND, Key::D);
    assert_eq!(window.pipeline().marks().count(), 2);
    let text = Document::to_text(window.pipeline(), &nodes::registry());
    let opened = Document::parse(&text, "test", &nodes::registry()).unwrap();
    assert!(opened.problems.is_empty() && opened.pipeline.marks().any(|(_, read)| *read == comment));
    // One step each.
    window.key(Modifiers::COMMAND, Key::Z);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().marks().count(), 0);
    window.key(Modifiers::NONE, Key::C);
    window.key(Modifiers::COMMAND, Key::Enter);
    assert_eq!(window.pipeline().marks().count(), 0);
    // One that is given up leaves nothing behind, not even a step to undo.
    let mut window = Window::empty();
    window.harness.hover_at(window.canvas(200.0, 200.0));
    window.steps(2);
    window.key(Modifiers::NONE, Key::C);
    assert_eq!(window.pipeline().marks().count(), 1);
    window.key(Modifiers::NONE, Key::Escape);
    assert_eq!(window.pipeline().marks().count(), 0);
    assert!(!window.app().is_dirty());
    // What was written is not given up.
    window.key(Modifiers::NONE, Key::C);
    type_words(&mut window, "Text of the comment", "a long thought");
    window.key(Modifiers::NONE, Key::Escape);
    assert_eq!(mark(&window).text, "a long thought");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().marks().count(), 0);
    // Nor are letters that come together with the key that gives up: a frame took its time.
    window.key(Modifiers::NONE, Key::C);
    type_words(&mut window, "Text of the comment", "a long");
    let escape = |pressed| Event::Key {
        key: Key::Escape,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    let together = [Event::Text(" th".into()), Event::Text("ought".into()), escape(true), escape(false)];
    window.harness.input_mut().events.extend(together);
    window.steps(2);
    assert_eq!(mark(&window).text, "a long thought");
}

#[test]
fn the_title_of_a_new_frame_comes_into_sight() {
    let mut window = Window::empty();
    let (x, y) = (window.canvas(0.0, 0.0).x, window.canvas(0.0, 0.0).y);
    window.add_at(80.0, 8.0, "band-pass");
    window.click("Node bandpass_filter");
    window.key(Modifiers::COMMAND, Key::G);
    window.steps(2);
    let title = window.harness.get_by_label("Title of the frame").rect();
    assert!(title.left() >= x && title.top() >= y, "{title:?}");
}

#[test]
fn a_collapsed_node_keeps_its_wires_and_comes_back() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "generate recording");
    window.pull("generate_recording.recording", window.canvas(310.0, 60.0), "band-pass");
    let height = |window: &Window| window.harness.get_by_label("Node bandpass_filter").rect().height();
    let full = height(&window);
    window.key(Modifiers::NONE, Key::H);
    assert!(window.pipeline().node("bandpass_filter").unwrap().collapsed);
    assert!(height(&window) < full / 2.0 && window.wires().len() == 1);
    let text = Document::to_text(window.pipeline(), &nodes::registry());
    assert!(text.contains("collapsed: true"), "{text}");
    // Its ports take wires as before.
    window.pull("bandpass_filter.recording", window.canvas(620.0, 60.0), "whiten");
    assert_eq!(window.wires().len(), 2);
    window.click("Node bandpass_filter");
    window.key(Modifiers::NONE, Key::H);
    assert_eq!(height(&window), full);
}

#[test]
fn history_names_steps_and_goes_back_several_at_once() {
    let mut window = framed();
    window.menu("Edit", "Undo add whiten");
    window.click("Edit");
    window.harness.get_by_label_contains("History").hover();
    window.steps(20);
    for words in ["Add whiten", "Now", "Add frame", "Add notch filter", "Add band-pass filter"] {
        assert!(window.says(words), "{words}");
    }
    window.harness.get_by_label("Add notch filter").click();
    window.steps(3);
    assert_eq!((window.pipeline().nodes().count(), window.pipeline().marks().count()), (1, 0));
    window.harness.event(Event::PointerGone);
    window.app_mut().perform(Command::Step(-3));
    assert_eq!((window.pipeline().nodes().count(), window.pipeline().marks().count()), (3, 1));
}
