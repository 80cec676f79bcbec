//! Studies in the window: every recording at every node, filtered, looked at, run, retried.

use crate::window::Window;
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::{App, command::Command},
    pipeline::NodeState,
};
use std::path::Path;

/// Two sessions of two recordings, and statistics of each.
pub fn open() -> Window {
    open_with("", "", |_| {})
}

/// The same with more nodes and wires, and files that are changed first.
fn open_with(nodes: &str, wires: &str, change: impl Fn(&Path)) -> Window {
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
    change(folder.path());
    let text = r#"(version: 1, nodes: {
        "study": (kind: "read_study", params: (path: "data", pattern: "{session}/rec_{index}.bin", dtype: int16, num_channels: 4,
            sampling_frequency: 20000.0)),
        "statistics": (kind: "channel_statistics"),
NODES    }, wires: [("study.recording", "statistics.recording")WIRES])"#;
    std::fs::write(&path, text.replace("NODES", nodes).replace("WIRES", wires)).unwrap();
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
    window.wait_for("1 of 4 recordings");
    window.click("Run shown");
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

/// A command that fails in two lines of words, unless a file is there.
const PICKY: &str = r#"        "picky": (kind: "command", params: (program: "sh", arguments: ["-c",
            "if [ ! -e '{base}/mended' ]; then echo 'first line' >&2; echo 'second line' >&2; exit 3; fi; echo n > '{table}'; echo 1 >> '{table}'"])),
        "sessions": (kind: "group_items", params: (by: ["session"], carries: table)),
        "by_session": (kind: "collect_tables"),
        "whole": (kind: "collect_tables"),
"#;
const PICKY_WIRES: &str = r#", ("study.recording", "picky.recording"), ("statistics.table", "sessions.item"),
        ("sessions.item", "by_session.table"), ("statistics.table", "whole.table")"#;

#[cfg(unix)]
#[test]
fn what_is_broken_or_fails_is_named_mended_and_tried_again() {
    let base = std::cell::OnceCell::new();
    let broken = |folder: &Path| {
        std::fs::write(folder.join("data/b/rec_2.bin"), [0; 7]).unwrap();
        base.set(folder.to_owned()).unwrap();
    };
    let mut window = open_with(PICKY, PICKY_WIRES, broken);
    let base = base.get().unwrap();
    // Groups, and what is made of all, are no recordings.
    window.wait_for("5 of 5 recordings, 3 of 3 groups");
    assert!(window.says("all together"), "{:?}", window.words());
    let place = |window: &Window| window.harness.get_by_label("Run shown").rect();
    let before = place(&window);
    window.click("Run shown");
    window.wait("it runs", App::is_running);
    window.steps(2);
    assert_eq!(place(&window), before, "no button slides under the pointer");
    window.wait_for("Run failed after");
    assert_eq!(place(&window), before);
    // Four recordings whose command failed, and the one that is broken.
    window.wait_for("5 failed");
    window.wait("all is read", |app| !app.is_running() && !app.is_reading_study());
    let cell = |window: &Window, start: &str, end: &str| {
        let is = |label: String| label.starts_with(start) && label.ends_with(end);
        // The row may lie below what is seen of the list.
        let found = window.harness.query_all_by(|node| node.label().is_some_and(is)).next();
        found.map(|node| node.click_accesskit())
    };
    // Rows are in the order of the study: the last one lies below what is seen.
    window.type_into("Filter recordings", "index == 2");
    window.wait_for("1 of 5 recordings");
    cell(&window, "study of ", ": failed").expect("the broken recording has a cell");
    window.steps(3);
    assert!(window.says("rec_2.bin"), "says which file: {:?}", window.words());
    window.type_into("Filter recordings", "");
    window.wait_for("5 of 5 recordings");
    cell(&window, "picky of ", ": failed").expect("the command failed");
    window.steps(3);
    assert!(window.says("first line"), "{:?}", window.words());
    std::fs::write(base.join("mended"), "").unwrap();
    window.click("Run only this");
    window.wait_for("4 failed");
    window.wait("it is over", |app| !app.is_running() && !app.is_reading_study());
    window.click("Retry failed");
    window.wait("it runs", |app| !app.is_running() && !app.is_reading_study());
    window.wait_for("1 failed");
    // What comes after it is broken cannot run: nothing is left to do.
    window.wait("it was checked", |app| app.states().get("picky") == Some(&NodeState::Cached));
    assert!(!window.says("to run"), "{:?}", window.words());
    // The recording is copied again: nothing has to be opened anew.
    std::fs::write(base.join("data/b/rec_2.bin"), [1; 4 * 2 * 3000]).unwrap();
    window.click("Look again");
    window.wait("it is read", |app| !app.is_reading_study());
    window.click("Run shown");
    window.wait_for("Run finished after");
}

/// A command that goes on until a file is there, and one that needs it.
const PATIENT: &str = r#"        "slow": (kind: "command", params: (program: "sh", arguments: ["-c",
            "until [ -e '{base}/go' ]; do sleep 0.05; done; echo n > '{table}'; echo 1 >> '{table}'"])),
        "then": (kind: "command", params: (program: "sh", inputs: ["counted: table as csv"], arguments: ["-c", "cat {counted} > {table}"])),
"#;
const PATIENT_WIRES: &str = r#", ("study.recording", "slow.recording"), ("slow.table", "then.counted")"#;

#[cfg(unix)]
#[test]
fn a_cell_and_a_recording_are_stopped_and_the_others_go_on() {
    let mut window = open_with(PATIENT, PATIENT_WIRES, |_| {});
    window.wait_for("4 of 4 recordings");
    window.click("Run shown");
    let cells = |window: &Window, start: &str, end: &str| -> Vec<String> {
        let labels = window.words().into_iter();
        labels.filter(|label| label.starts_with(start) && label.ends_with(end)).collect()
    };
    let start = std::time::Instant::now();
    while cells(&window, "slow of ", ": running").is_empty()
        || cells(&window, "then of ", ": queued").len() < 4
    {
        assert!(start.elapsed() < crate::window::PATIENCE, "{:?}", window.words());
        window.steps(1);
    }
    // One that runs: it is cancelled, and what needs it is not run.
    let cell = cells(&window, "slow of ", ": running").remove(0);
    let name = cell["slow of ".len()..].strip_suffix(": running").unwrap().to_owned();
    window.menu_of(&cell);
    window.click("Stop this");
    window.wait_for(&format!("slow of {name}: cancelled"));
    window.wait_for(&format!("then of {name}: blocked"));
    // One that waits for its turn, as a whole recording.
    let other = cells(&window, "then of ", ": queued").remove(0);
    let other = other["then of ".len()..].strip_suffix(": queued").unwrap().to_owned();
    window.menu_of(&format!("Recording {other}"));
    window.click("Stop this recording");
    window.wait_for(&format!("slow of {other}: cancelled"));
    window.wait_for(&format!("then of {other}: cancelled"));
    // The others go on to their end, and what was stopped is still told from what never ran.
    std::fs::write(window.folder.path().join("go"), "").unwrap();
    window.wait("it is over", |app| !app.is_running() && !app.is_reading_study());
    window.steps(3);
    assert_eq!(cells(&window, "slow of ", ": done").len(), 2, "{:?}", window.words());
    assert_eq!(cells(&window, "then of ", ": done").len(), 2, "{:?}", window.words());
    assert_eq!(cells(&window, "slow of ", ": cancelled").len(), 2, "{:?}", window.words());
    window.harness.get_by_label(&format!("then of {name}: blocked")).click();
    window.steps(3);
    assert!(window.says("Not run: slow ["), "{:?}", window.words());
    window.click("Retry failed");
    window.wait("it runs", |app| !app.is_running() && !app.is_reading_study());
    window.wait_for("Run finished after");
    window.wait("all is read", |app| !app.is_reading_study());
    assert_eq!(cells(&window, "then of ", ": done").len(), 4, "{:?}", window.words());
}

/// A command that fails for one recording of each session, and tells the others apart.
#[cfg(unix)]
const FAILS_FOR_ONE: &str = r#"        "picky": (kind: "command", params: (program: "sh", arguments: ["-c",
            "[ {index} = 1 ] && exit 3; echo name > {table}; echo is_{session}_{index} >> {table}"])),
"#;

#[cfg(unix)]
#[test]
fn what_is_done_is_looked_at_though_others_failed() {
    let mut window = open_with(FAILS_FOR_ONE, r#", ("study.recording", "picky.recording")"#, |_| {});
    window.wait_for("4 of 4 recordings");
    window.click("Run shown");
    window.wait_for("Run failed after");
    window.wait("all is read", |app| !app.is_running() && !app.is_reading_study());
    for (cell, shown) in [("index=0,session=b", "is_b_0"), ("index=0,session=a", "is_a_0")] {
        window.harness.get_by_label(&format!("picky of {cell}: done")).click_accesskit();
        window.wait_for(shown);
        assert!(!window.says("This node failed"), "{:?}", window.words());
    }
    // What is edited besides keeps the item that is looked at.
    window.click("Retry failed");
    window.wait_for_run();
    assert!(window.says("is_a_0"), "{:?}", window.words());
}
