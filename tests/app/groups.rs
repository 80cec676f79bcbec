//! Nodes made into a group, gone into, edited inside, kept in the library and taken apart again.

use crate::window::Window;
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::command::{Command, Joint},
    nodes,
    pipeline::{Document, Edit, NodeState},
};

const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

fn text(window: &Window) -> String {
    Document::to_text(window.pipeline(), &nodes::registry())
}

/// The quick start with its filter and reference in a group called `clean`.
fn grouped() -> Window {
    let mut window = Window::open(None);
    let names = vec!["bandpass".to_owned(), "reference".to_owned()];
    window.app_mut().perform(Command::Select(names));
    window.steps(2);
    window.key(CTRL_SHIFT, Key::G);
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.get_by_label("Name of the node").type_text("clean");
    window.steps(2);
    window.key(Modifiers::NONE, Key::Enter);
    window
}

#[test]
fn a_group_stands_for_its_nodes_and_is_taken_apart() {
    let mut window = Window::open(None);
    let before = text(&window);
    drop(window);
    window = grouped();
    assert!(window.pipeline().node("clean/bandpass").is_some(), "{}", text(&window));
    assert!(window.harness.query_by_label("Node clean").is_some());
    assert!(window.harness.query_by_label("Node clean/bandpass").is_none(), "what lies inside is not drawn");
    assert!(window.harness.query_by_label("Input clean.recording").is_some());
    // In by double-click, out by the crumbs.
    let at = window.center("Node clean");
    for _ in 0..2 {
        window.harness.drag_at(at);
        window.harness.drop_at(at);
        window.steps(1);
    }
    window.steps(3);
    assert!(window.harness.query_by_label("Node clean/bandpass").is_some());
    assert!(window.harness.query_by_label("Output clean/(in).recording").is_some());
    assert!(window.harness.query_by_label("Node sort").is_none());
    window.harness.get_by_label_contains("Back to").click();
    window.steps(3);
    assert!(window.harness.query_by_label("Node sort").is_some());
    // In by Enter, out by Alt and Up.
    window.click("Node clean");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.harness.query_by_label("Node clean/reference").is_some());
    window.key(Modifiers::ALT, Key::ArrowUp);
    assert!(window.harness.query_by_label("Node clean").is_some());
    window.key(CTRL_SHIFT, Key::U);
    assert_eq!(text(&window), before, "apart again, all is as it was");
    for _ in 0..3 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(text(&window), before);
}

#[test]
fn what_is_done_inside_is_undone_where_it_was_done() {
    let mut window = grouped();
    window.app_mut().perform(Command::Enter("clean".into()));
    window.steps(3);
    let before = text(&window);
    window.add_at(300.0, 260.0, "notch");
    assert!(window.pipeline().node("clean/notch_filter").is_some(), "a new node lies where it was added");
    window.app_mut().perform(Command::Leave);
    window.steps(3);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(text(&window), before);
    assert!(window.harness.query_by_label("Node clean/bandpass").is_some(), "undo leads to what changes");
    // A parameter shown outside, set there, reaches the node inside.
    window.click("Node clean/bandpass");
    for label in ["Shown on the outside of clean", "Show Freq min"] {
        window.harness.get_by_label(label).click_accesskit();
        window.steps(3);
    }
    window.app_mut().perform(Command::Leave);
    window.steps(3);
    window.type_number("Freq min", "450");
    let params = &window.pipeline().node("clean/bandpass").unwrap().params;
    assert_eq!(params["freq_min"], 450.0);
}

#[test]
fn parameters_of_the_inside_are_ticked_at_the_group_and_stand_on_it() {
    let mut window = grouped();
    window.app_mut().perform(Command::Select(vec!["clean".into()]));
    window.steps(3);
    window.harness.get_by_label("Show parameters of the inside here").click_accesskit();
    window.steps(3);
    for label in ["Show Freq min", "Show Freq max"] {
        window.harness.get_by_label(label).click_accesskit();
        window.steps(3);
    }
    window.type_number("Freq min", "450");
    let params = &window.pipeline().node("clean/bandpass").unwrap().params;
    assert_eq!(params["freq_min"], 450.0);
    let is_there = |label: &str| window.harness.query_by_label(label).is_some();
    assert!(["Freq min of clean", "Freq max of clean"].into_iter().all(is_there), "{:?}", window.words());
}

#[test]
fn a_group_runs_and_says_what_fails_in_it() {
    let mut window = grouped();
    window.app_mut().perform(Command::Enter("clean".into()));
    window.app_mut().perform(Command::Select(vec!["clean/bandpass".into()]));
    window.steps(3);
    window.key(Modifiers::NONE, Key::Delete);
    window.app_mut().perform(Command::Leave);
    window
        .wait("the group cannot run", |app| matches!(app.states().get("clean"), Some(NodeState::Invalid(_))));
    let NodeState::Invalid(reason) = window.state("clean") else { panic!() };
    assert!(reason.starts_with("reference: "), "{reason}");
    window.click("Node clean");
    window.click("Go to clean/reference");
    assert!(window.harness.query_by_label("Node clean/reference").is_some(), "a click leads to the node");
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait("it can run again", |app| {
        !matches!(app.states().get("clean"), Some(NodeState::Invalid(_)) | None)
    });
    window.app_mut().perform(Command::Run { until: Some("clean".into()) });
    window.wait_for_run();
    assert!(matches!(window.state("demo"), NodeState::Done { .. } | NodeState::Cached));
    assert!(!matches!(window.state("sort"), NodeState::Done { .. }), "only what the group needs runs");
}

#[test]
fn a_group_is_copied_with_its_inside_and_kept_in_the_library() {
    let mut window = grouped();
    window.click("Node clean");
    window.key(Modifiers::COMMAND, Key::D);
    assert!(window.pipeline().node("clean_2/bandpass").is_some());
    assert!(window.pipeline().wires().contains(&(
        "clean_2/bandpass",
        "recording",
        "clean_2/reference",
        "recording"
    )));
    window.app_mut().perform(Command::Delete);
    // Not by a click: two in a short time would go in.
    window.app_mut().perform(Command::Select(vec!["clean".into()]));
    window.app_mut().perform(Command::KeepGroup);
    window.wait_for("Library clean");
    // What is kept under that name stays.
    window.app_mut().perform(Command::KeepGroup);
    window.wait_for("Library clean 2");
    std::fs::remove_file(window.folder.path().join("library/nodes/clean 2.ron")).unwrap();
    let file = window.folder.path().join("library/nodes/clean.ron");
    let opened = Document::read(&file, &nodes::registry()).unwrap();
    assert!(opened.pipeline.group("clean").is_some(), "an ordinary pipeline");
    window.app_mut().perform(Command::New);
    window.steps(3);
    window.app_mut().perform(Command::AddKept { file, position: None, joint: Joint::None });
    window.wait("it is added", |app| app.pipeline().group("clean").is_some());
    assert!(window.harness.query_by_label("Node clean").is_some());
    assert!(window.harness.query_by_label("Input clean.recording").is_some());
    // The search at the pointer has it, by its name before all else.
    window.add_at(20.0, 200.0, "clean");
    window.wait("it is added", |app| app.pipeline().group("clean_2").is_some());
    // So has the search at the end of a wire that it takes, and the wire is drawn.
    window.app_mut().perform(Command::New);
    window.steps(3);
    window.add_at(10.0, 40.0, "generate recording");
    window.pull("generate_recording.recording", window.canvas(400.0, 60.0), "clean");
    window.wait("it is added", |app| app.pipeline().group("clean").is_some());
    assert!(window.wires().contains(&"generate_recording.recording clean/bandpass.recording".to_owned()));
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(window.wires().is_empty() && window.pipeline().group("clean").is_none(), "it is one step");
    // What carries something else is not offered it.
    let truth = window.center("Output generate_recording.truth");
    let place = window.canvas(400.0, 200.0);
    window.drag(truth, place);
    window.drop_at(place);
    assert!(!window.says("Add clean"), "{:?}", window.words());
    window.key(Modifiers::NONE, Key::Escape);
    // And by what it is made of.
    window.app_mut().perform(Command::FindNode);
    window.steps(3);
    window.harness.event(Event::Text("band-pass".into()));
    window.steps(3);
    assert!(window.says("Add clean") && window.says("Add Band-pass filter"));
}

#[test]
fn what_a_sweep_tries_follows_the_name_of_its_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.ron");
    let text = r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording"), "band": (kind: "bandpass_filter"),
        "sweep": (kind: "sweep", params: (parameters: ["band.freq_min = 300, 400"])),
    }, wires: [("demo.recording", "sweep.item"), ("sweep.item", "band.recording")])"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().node("sweep").is_some());
    let tried = |window: &Window, node: &str| {
        let params = &window.pipeline().node(node).unwrap().params;
        params["parameters"][0].as_str().unwrap().to_owned()
    };
    let rename = Edit::Rename("band".into(), "filter".into());
    window.app_mut().perform(Command::edit(rename, "rename"));
    window.steps(2);
    assert_eq!(tried(&window, "sweep"), "filter.freq_min = 300, 400");
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(tried(&window, "sweep"), "band.freq_min = 300, 400", "it is one step to undo");
    // A copy of both tries its own filter.
    window.app_mut().perform(Command::Select(vec!["band".into(), "sweep".into()]));
    window.app_mut().perform(Command::Duplicate);
    window.steps(2);
    assert_eq!(tried(&window, "sweep_2"), "band_2.freq_min = 300, 400");
    window.app_mut().perform(Command::Select(vec!["band".into()]));
    window.app_mut().perform(Command::Group);
    window.steps(2);
    assert_eq!(tried(&window, "sweep"), "group/band.freq_min = 300, 400");
}
