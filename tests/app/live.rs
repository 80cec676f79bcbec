//! Parameters that take effect at once on the traces in sight.

use crate::window::Window;
use egui_kittest::kittest::{NodeT, Queryable};
use spikeloom::{app::command::Command, pipeline::NodeState};

const PIPELINE: &str = r#"(version: 1, nodes: {
    "demo": (kind: "generate_recording", params: (duration_s: 4.0)),
    "band": (kind: "bandpass_filter"),
    "peaks": (kind: "detect_peaks", params: (method: locally_exclusive)),
}, wires: [("demo.recording", "band.recording"), ("band.recording", "peaks.recording")])"#;

fn open() -> Window {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.ron");
    std::fs::write(&path, PIPELINE).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().node("peaks").is_some());
    window
}

/// Peaks in sight, as the bar above the traces says it.
fn in_sight(window: &Window) -> usize {
    let node = window.harness.get_by_label_contains(" in sight").accesskit_node();
    let label = node.label().or(node.value()).unwrap();
    label.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_threshold_shows_its_peaks_before_anything_runs() {
    let mut window = open();
    window.app_mut().perform(Command::Look("band.recording".into()));
    window.wait_for("Peaks of peaks");
    window.wait_for("Traces");
    window.app_mut().perform(Command::Select(vec!["peaks".into()]));
    // As long as it takes: the machine may be busy with other things.
    let settle = |window: &mut Window, what: &str, is_so: &dyn Fn(usize) -> bool| {
        let began = std::time::Instant::now();
        while !is_so(in_sight(window)) {
            assert!(began.elapsed().as_secs() < 60, "never: {what}; {} in sight", in_sight(window));
            std::thread::sleep(std::time::Duration::from_millis(10));
            window.steps(1);
        }
    };
    settle(&mut window, "peaks are in sight", &|count| count > 0);
    let usual = in_sight(&window);
    window.type_number("Detect threshold", "30");
    settle(&mut window, "a higher threshold finds fewer", &|count| count < usual);
    window.type_number("Detect threshold", "4");
    settle(&mut window, "a lower one finds more", &|count| count > usual);
    // A corner of the filter before it changes what is found, too.
    let low = in_sight(&window);
    window.app_mut().perform(Command::Select(vec!["band".into()]));
    window.steps(3);
    window.type_number("Freq min", "3 kHz");
    settle(&mut window, "another filter finds others", &|count| count != low);
    assert!(!window.app().is_running(), "nothing had to run");
}

#[test]
fn a_node_without_result_shows_what_it_finds_in_what_goes_in() {
    let mut window = open();
    window.app_mut().perform(Command::Look("peaks.peaks".into()));
    window.wait_for("has no result yet");
    window.wait_for("Traces");
    window.wait_for(" in sight");
    assert!(window.harness.query_by_label("Peaks of peaks").is_some());
}

#[test]
fn before_and_after_lie_on_top_of_each_other_by_one_click() {
    let mut window = open();
    window.app_mut().perform(Command::Look("band.recording".into()));
    window.click("Before | after");
    window.wait_for("Overlay");
    assert!(window.harness.query_by_label("Traces to compare with").is_none(), "both in one place");
    window.click("Overlay");
    window.steps(3);
    assert!(window.harness.query_by_label("Traces to compare with").is_some());
    window.click("Before | after");
    window.steps(3);
    assert!(window.harness.query_by_label("Traces to compare with").is_none());
}

#[test]
fn what_the_last_run_made_stays_until_the_next() {
    let mut window = Window::open(None);
    window.app_mut().perform(Command::Select(vec!["demo".into()]));
    window.steps(3);
    window.type_number("Duration", "8");
    window.click("Run");
    window.wait_for_run();
    window.app_mut().perform(Command::Look("sort.sorting".into()));
    window.wait_for("Filter units");
    window.app_mut().perform(Command::Select(vec!["sort".into()]));
    window.steps(3);
    window.type_number("Detect threshold", "12");
    window.wait_for("Of the last run");
    assert!(window.says("Filter units"), "the units are there still: {:?}", window.words());
    window.key(egui::Modifiers::COMMAND, egui::Key::Z);
    window.wait("the result holds again", |app| matches!(app.states().get("sort"), Some(NodeState::Cached)));
    window.rest();
    assert!(!window.says("Of the last run"));
}

#[test]
fn what_would_be_found_now_is_one_click_from_what_was_found() {
    let mut window = open();
    window.click("Run");
    window.wait_for_run();
    window.app_mut().perform(Command::Look("peaks.peaks".into()));
    window.app_mut().perform(Command::Select(vec!["peaks".into()]));
    window.rest();
    window.type_number("Detect threshold", "12");
    window.wait_for("Of the last run");
    window.click("Show its peaks as it is set now");
    window.wait_for(" in sight");
    window.click("Show the last run");
    window.wait_for("Of the last run");
    assert!(!window.says(" in sight"));
}
