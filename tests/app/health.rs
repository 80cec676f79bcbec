//! The health of channels beside their traces, and channels left out by a click.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::app::command::Command;

fn open(text: &str) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("health.ron");
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().node("band").is_some());
    window.app_mut().perform(Command::Look("demo.recording".into()));
    window.wait_for("Health");
    // Where it lies changes while the traces come.
    window.harness.get_by_label("Health").click_accesskit();
    window.steps(3);
    window.wait_for("Channel 5: good");
    window
}

#[test]
fn a_channel_is_left_out_by_a_click_and_taken_in_by_another() {
    let mut window = open(
        r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording", params: (duration_s: 4.0)), "band": (kind: "bandpass_filter"),
    }, wires: [("demo.recording", "band.recording")])"#,
    );
    window.click("Channel 5: good");
    let step = window.pipeline().node("select_channels").unwrap().params.clone();
    assert_eq!(step["remove_channel_ids"], serde_json::json!(["5"]));
    assert!(window.wires().contains(&"demo.recording select_channels.recording".to_owned()));
    assert!(window.wires().contains(&"select_channels.recording band.recording".to_owned()));
    window.click("Channel 7: good");
    let ids = |window: &Window| window.pipeline().node("select_channels").unwrap().params.clone();
    assert_eq!(ids(&window)["remove_channel_ids"], serde_json::json!(["5", "7"]));
    window.click("Channel 5: good");
    assert_eq!(ids(&window)["remove_channel_ids"], serde_json::json!(["7"]));
    for _ in 0..3 {
        window.key(Modifiers::COMMAND, Key::Z);
    }
    assert!(window.pipeline().node("select_channels").is_none(), "each click is one step to undo");
}

#[test]
fn a_step_for_bad_channels_that_is_there_takes_them() {
    let mut window = open(
        r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording", params: (duration_s: 4.0)), "bad": (kind: "detect_bad_channels"),
        "band": (kind: "bandpass_filter"),
    }, wires: [("demo.recording", "band.recording"), ("band.recording", "bad.recording")])"#,
    );
    window.click("Channel 5: good");
    let step = window.pipeline().node("bad").unwrap().params.clone();
    assert_eq!(step["bad_channel_ids"], serde_json::json!(["5"]));
    assert!(window.pipeline().node("select_channels").is_none());
}
