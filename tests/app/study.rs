//! Studies in the window: every recording at every node, filtered, looked at, run, retried.

use crate::window::Window;
use egui_kittest::kittest::Queryable;
use spikeloom::app::{App, command::Command};

/// Two sessions of two recordings, and statistics of each.
pub fn open() -> Window {
    let folder = tempfile::tempdir().unwrap();
    for (session, index) in [("a", 0), ("a", 1), ("b", 0), ("b", 1)] {
        let place = folder.path().join("data").join(session);
        std::fs::create_dir_all(&place).unwrap();
        // The same samples twice would be the same work.
        let factor = 7919 + 2 * index + i32::from(session == "b");
        let samples: Vec<u8> =
            (0..4 * 6000_i32).flat_map(|i| ((i.wrapping_mul(factor) % 211) as i16).to_le_bytes()).collect();
        std::fs::write(place.join(format!("rec_{index}.bin")), samples).unwrap();
    }
    let path = folder.path().join("study.ron");
    let text = r#"(version: 1, nodes: {
        "study": (kind: "read_study", params: (path: "data", pattern: "{session}/rec_{index}.bin", dtype: int16, num_channels: 4,
            sampling_frequency: 20000.0)),
        "statistics": (kind: "channel_statistics"),
    }, wires: [("study.recording", "statistics.recording")])"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().node("statistics").is_some());
    window.app_mut().perform(Command::ShowStudy);
    window.wait_for("recordings");
    window.wait("all is read", |app| !app.is_reading_study());
    window
}

#[test]
fn a_study_is_filtered_run_in_part_and_looked_at() {
    let mut window = open();
    window.wait_for("4 of 4 recordings");
    window.wait_for("4 ready");
    window.type_into("Filter recordings", "session == \"a\" && index % 2 == 0");
    window.wait("it is filtered", |app| !app.is_reading_study());
    window.wait_for("Run 1 shown");
    window.click("Run 1 shown");
    window.wait_for("1 done");
    window.wait_for("3 ready");
    window.wait_for("Run finished after");
    assert!(window.says(": 1 task"), "{:?}", window.words());
    // A cell that is done leads to its result, a recording to its traces.
    let cell = window
        .harness
        .query_all_by(|node| {
            node.label().is_some_and(|l| l.starts_with("statistics of ") && l.ends_with(": done"))
        })
        .next()
        .unwrap();
    cell.click();
    window.steps(5);
    assert_eq!(window.app().looked_at().and_then(|end| end.split('.').next()), Some("statistics"));
    let recording = window
        .harness
        .query_all_by(|node| node.label().is_some_and(|l| l.starts_with("Recording ")))
        .next()
        .unwrap();
    recording.click();
    window.steps(5);
    assert_eq!(window.app().looked_at(), Some("study.recording"));
    window.wait_for("Traces");
}

#[test]
fn one_cell_runs_alone_and_a_filter_that_is_wrong_says_so() {
    let mut window = open();
    window.wait_for("4 ready");
    let cell = window
        .harness
        .query_all_by(|node| node.label().is_some_and(|l| l.starts_with("statistics of ")))
        .last()
        .unwrap();
    cell.click();
    window.steps(3);
    window.click("Run only this");
    window.wait_for("1 done");
    window.type_into("Filter recordings", "nothing ==");
    window.wait("it was tried", |app: &App| !app.is_reading_study());
    window.steps(3);
    assert!(
        window.says("expected") || window.says("xpression") || window.says("value"),
        "says what is wrong"
    );
}
