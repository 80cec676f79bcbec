//! Pictures of panels and windows in dark and light, compared with those that are kept.

use crate::window::Window;
use egui::{Event, Key, Modifiers, Theme, vec2};
use egui_kittest::{SnapshotOptions, kittest::Queryable};
use spikeloom::{app::command::Command, pipeline::NodeState};

/// A picture in each theme, once nothing moves any more.
fn both(window: &mut Window, name: &str) {
    for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        window.harness.ctx.set_theme(theme);
        window.harness.ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
        window.harness.remove_cursor();
        window.wait("all is drawn", |app| !app.is_looking());
        window.rest();
        // Another processor may round a few samples the other way.
        let options = SnapshotOptions::new().max_failed_pixels(150usize);
        window.harness.snapshot_options(format!("{name}_{word}"), &options);
    }
}

/// A window of that size over a pipeline.
fn open(text: &str, size: [f32; 2]) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipeline.ron");
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.harness.set_size(vec2(size[0], size[1]));
    window.wait("it is open", |app| app.path().is_some());
    window
}

const LIVE: &str = r#"(version: 1, nodes: {
    "demo": (kind: "generate_recording", params: (duration_s: 4.0)),
    "band": (kind: "bandpass_filter", position: (240.0, 0.0)),
    "peaks": (kind: "detect_peaks", position: (480.0, 0.0)),
}, wires: [("demo.recording", "band.recording"), ("band.recording", "peaks.recording")])"#;

const WRONG: &str = r#"(version: 1, nodes: {
    "reader": (kind: "read_recording", params: (path: "/nowhere/gone.raw")),
    "band": (kind: "bandpass_filter", params: (freq_max: 20000.0), position: (240.0, 0.0)),
    "again": (kind: "bandpass_filter", position: (480.0, 0.0)),
    "sort": (kind: "sort", position: (720.0, 0.0)),
}, wires: [("reader.recording", "band.recording"), ("band.recording", "again.recording"), ("again.recording", "sort.recording")])"#;

#[test]
fn the_import() {
    let mut window = Window::empty();
    window.harness.set_size(vec2(1240.0, 720.0));
    window.drop_file(&crate::common::shared_data().join("locust/locust_trial_01.raw"));
    window.wait_for("Traces");
    window.wait("all is found out", |app| !app.is_importing());
    both(&mut window, "import");
}

#[test]
fn the_probe_panel() {
    let text = r#"(version: 1, nodes: { "reader": (kind: "read_recording", params: (
        path: "gone.dat", dtype: int16, num_channels: 32, sampling_frequency: 30000.0, probe: Some("A4x8-100-200"))) })"#;
    let mut window = open(text, [1240.0, 720.0]);
    window.app_mut().perform(Command::EditProbe("reader".to_owned()));
    window.steps(3);
    window.wait("all is read", |app| !app.is_probing());
    both(&mut window, "probe_panel");
}

#[test]
fn parameters_at_work_and_the_health_of_channels() {
    let mut window = open(LIVE, [1240.0, 760.0]);
    window.app_mut().perform(Command::InspectLayout);
    window.app_mut().perform(Command::Look("band.recording".into()));
    window.wait_for("in sight");
    window.click("Health");
    window.wait_for("Channel 5: good");
    both(&mut window, "health");
}

/// Makes runs of a store as if they had been days ago, and had lasted a while.
fn age(window: &Window) {
    for run in std::fs::read_dir(window.folder.path().join("store/runs")).unwrap() {
        let file = run.unwrap().path().join("run.json");
        let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        record["started_s"] = (record["started_s"].as_f64().unwrap() - 3.0 * 86_400.0).into();
        record["duration_s"] = 74.0.into();
        std::fs::write(&file, record.to_string()).unwrap();
    }
}

/// A pipeline after a run that failed, in the next session: no times are shown.
fn failed() -> Window {
    let mut window = open(WRONG, [1240.0, 720.0]);
    window.wait("it is checked", |app| app.states().len() == 4);
    window.click("Run");
    window.wait("it failed", |app| matches!(app.states().get("reader"), Some(NodeState::Failed(_))));
    window.wait("the run is over", |app| !app.is_running());
    let path = window.app().path().unwrap().to_owned();
    age(&window);
    let mut window = Window::open_over(window.close(), Some(&path));
    window.harness.set_size(vec2(1240.0, 720.0));
    window.wait("it is checked", |app| app.states().len() == 4);
    window
}

#[test]
fn what_is_wrong_and_what_mends_it() {
    let mut window = failed();
    window.harness.get_by_label_contains("Problems ").click();
    window.app_mut().perform(Command::Select(vec!["again".into()]));
    window.app_mut().perform(Command::Look("sort.sorting".into()));
    both(&mut window, "problems");
    window.click("Runs");
    window.wait_for("1 run kept");
    both(&mut window, "runs");
}

#[test]
fn a_study() {
    let mut window = crate::study::open();
    window.harness.set_size(vec2(1240.0, 720.0));
    window.wait_for("4 ready");
    window.type_into("Filter recordings", "session ==");
    window.wait("it was tried", |app| !app.is_reading_study());
    window.key(Modifiers::NONE, Key::Enter);
    both(&mut window, "study");
}

#[test]
fn windows_over_the_canvas() {
    let mut window = open(LIVE, [1000.0, 660.0]);
    window.wait("states are known", |app| app.states().len() == 3);
    window.wait_for("in sight");
    window.harness.ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
    let pictures = [
        (Command::ShowRunSettings, "run_settings"),
        (Command::ToggleShortcuts, "keys"),
        (Command::Help(Some("bandpass_filter".into())), "help"),
        (Command::ShowCommands, "commands"),
    ];
    for (command, name) in pictures {
        window.app_mut().perform(command);
        window.rest();
        both(&mut window, name);
        window.key(Modifiers::NONE, Key::Escape);
        window.key(Modifiers::NONE, Key::Escape);
    }
    window.app_mut().perform(Command::ShowHeights("peaks".into()));
    window.wait_for("peaks a second");
    both(&mut window, "heights");
    window.key(Modifiers::NONE, Key::Escape);
    window.harness.hover_at(window.canvas(120.0, 120.0));
    window.steps(2);
    window.key(Modifiers::NONE, Key::Tab);
    window.harness.event(Event::Text("sort".into()));
    window.steps(3);
    both(&mut window, "finder");
}

#[test]
fn nothing_there_yet() {
    let mut window = Window::empty();
    window.harness.set_size(vec2(1000.0, 660.0));
    both(&mut window, "empty");
    window.click("Runs");
    window.rest();
    both(&mut window, "no_runs");
}

#[test]
fn two_runs_side_by_side() {
    let text = r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording", params: (duration_s: 2.0)),
        "band": (kind: "bandpass_filter", position: (240.0, 0.0)),
        "noise": (kind: "noise_levels", position: (480.0, 0.0)),
    }, wires: [("demo.recording", "band.recording"), ("band.recording", "noise.recording")])"#;
    let mut window = open(text, [1240.0, 720.0]);
    window.wait("it is checked", |app| app.states().len() == 3);
    window.click("Run");
    window.wait_for_run();
    window.click("Node band");
    window.type_number("Freq min", "500");
    window.click("Run");
    window.wait_for_run();
    age(&window);
    let path = window.app().path().unwrap().to_owned();
    window.app_mut().save(path.clone());
    window.wait("it is saved", |app| !app.is_dirty());
    // The next session knows no times of its own.
    let mut window = Window::open_over(window.close(), Some(&path));
    window.harness.set_size(vec2(1240.0, 720.0));
    window.wait("it is checked", |app| app.states().len() == 3);
    window.app_mut().perform(Command::ShowHistory);
    window.wait_for("2 runs kept");
    let kept = spikeloom::pipeline::Store::open(&window.folder.path().join("store")).unwrap().runs();
    let pair = [kept[1].folder.clone(), kept[0].folder.clone()];
    window.app_mut().perform(Command::CompareRuns(pair));
    window.wait_for("Only what differs");
    both(&mut window, "compared");
}

#[test]
fn what_a_crash_left() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    let unsaved = window.folder.path().join("state/unsaved");
    let is_kept = |_: &spikeloom::app::App| {
        let sessions = std::fs::read_dir(&unsaved).into_iter().flatten().flatten();
        sessions.flat_map(|session| std::fs::read_dir(session.path()).into_iter().flatten()).count() > 1
    };
    window.wait("a copy is there", is_kept);
    let mut window = Window::start_over(window.close(), None);
    window.harness.set_size(vec2(1000.0, 660.0));
    window.wait_for("Recover Untitled");
    both(&mut window, "recovery");
}
