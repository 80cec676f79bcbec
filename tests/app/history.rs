//! Runs that were: each keeps its pipeline, is opened again, and compared with another one.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::command::Command,
    pipeline::{Edit, NodeState, Store},
};

#[test]
fn runs_are_kept_with_their_pipelines_and_compared() {
    let mut window = Window::empty();
    window.add_at(10.0, 40.0, "generate recording");
    let place = window.canvas(300.0, 40.0);
    window.pull("generate_recording.recording", place, "noise levels");
    window.click("Node generate_recording");
    window.type_number("Duration", "2");
    window.click("Run");
    window.wait_for_run();
    window.click("Node generate_recording");
    window.type_number("Duration", "3");
    window.click("Run");
    window.wait_for_run();
    window.key(Modifiers::COMMAND, Key::H);
    window.wait_for("2 runs kept");
    assert!(
        window.says("Duration: 3 s (was 2 s)"),
        "what was set otherwise is in the list: {:?}",
        window.words()
    );
    assert!(window.says("noise of 32 channels"), "what came out is in the list: {:?}", window.words());
    let kept = Store::open(&window.folder.path().join("store")).unwrap().runs();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|run| run.record.status.is_some() && run.record.tasks > 0), "{kept:?}");

    // Two of them side by side: what was set, and what came of it.
    window.app_mut().perform(Command::CompareRuns([kept[0].folder.clone(), kept[1].folder.clone()]));
    window.wait_for("Only what differs");
    let row = |window: &Window, words: &str| window.harness.query_all_by_label_contains(words).count();
    assert!(row(&window, "2 s") > 0 && row(&window, "3 s") > 0);
    assert!(row(&window, "noise_levels.noise") > 0, "what came out is listed");
    assert!(row(&window, "+1 s") > 0, "by how much it differs: {:?}", window.words());

    // The first one comes back in a tab of its own.
    window.app_mut().perform(Command::OpenRun(kept[1].folder.clone()));
    window.steps(3);
    assert_eq!(window.app().tabs().len(), 2);
    let duration = window.pipeline().node("generate_recording").unwrap().params["duration_s"].as_f64();
    assert_eq!(duration, Some(2.0));
    // Its folder gone, it says so and nothing else happens.
    std::fs::remove_dir_all(&kept[0].folder).unwrap();
    window.app_mut().perform(Command::OpenRun(kept[0].folder.clone()));
    window.wait_for("cannot be opened");
    assert_eq!(window.app().tabs().len(), 2);
}

/// The quick start with less to sort, run once.
fn sorted_once() -> Window {
    let mut window = Window::open(None);
    window.click("Node demo");
    window.type_number("Duration", "8");
    window.click("Run");
    window.wait_for_run();
    window
}

#[test]
fn units_of_two_runs_are_matched() {
    let mut window = sorted_once();
    window.click("Node sort");
    window.type_number("Detect threshold", "20");
    window.click("Run");
    window.wait_for_run();
    let kept = Store::open(&window.folder.path().join("store")).unwrap().runs();
    window.key(Modifiers::COMMAND, Key::H);
    window.wait_for("2 runs kept");
    window.app_mut().perform(Command::CompareRuns([kept[0].folder.clone(), kept[1].folder.clone()]));
    window.wait_for("Units of sort.sorting");
    assert!(window.says(" in both · "), "{:?}", window.words());
    assert!(window.says(" alike") && window.says(" spikes"), "{:?}", window.words());
    // What came out stands in the order of the pipeline.
    let words = window.words();
    let place = |end: &str| words.iter().position(|words| words == end).unwrap();
    assert!(place("sort.sorting") < place("compare.table"));
}

#[test]
fn a_run_that_waits_says_what_is_set_otherwise_and_its_nodes_wait() {
    let mut window = Window::open(None);
    window.click("Run");
    window.wait("the sort is on its way", |app| {
        matches!(app.states().get("sort"), Some(NodeState::Running { share: Some(_), .. }))
    });
    let before = window.pipeline().params_of("sort").unwrap();
    let mut params = before.clone();
    params.insert("detect_threshold".into(), 9.0.into());
    let set = |params| Command::edit(Edit::SetParams("sort".into(), params), "set the threshold");
    window.app_mut().perform(set(params));
    window.steps(2);
    assert!(!matches!(window.state("sort"), NodeState::Running { .. }), "it runs with other parameters");
    window.app_mut().perform(Command::Run { until: None });
    window.steps(5);
    assert_eq!(window.state("sort"), &NodeState::Queued);
    window.app_mut().perform(Command::ShowHistory);
    window.steps(2);
    window.click("Jobs");
    assert!(window.says("Detect threshold: 9 σ (was "), "{:?}", window.words());
    // Back to what runs: it is what the node shows again, and the run that waits is for something else.
    window.app_mut().perform(Command::Undo);
    window.steps(3);
    assert!(matches!(window.state("sort"), NodeState::Running { .. }), "{:?}", window.state("sort"));
    window.app_mut().perform(Command::Redo);
    window.app_mut().perform(Command::Stop);
    window.wait("the run that waited is under way", |app| {
        matches!(app.states().get("sort"), Some(NodeState::Running { .. }))
    });
    window.app_mut().perform(Command::Stop);
    window.wait("all is over", |app| !app.is_running());
}
