//! Runs that were: each keeps its pipeline, is opened again, and compared with another one.

use crate::window::Window;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::{app::command::Command, pipeline::Store};

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
    window.wait_for("generate_recording · Duration");
    let row = |window: &Window, words: &str| window.harness.query_all_by_label_contains(words).count();
    assert!(row(&window, "2 s") > 0 && row(&window, "3 s") > 0);
    assert!(row(&window, "noise_levels.noise") > 0, "what came out is listed");

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
