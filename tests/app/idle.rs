//! A window in which nothing happens draws nothing.

use crate::window::Window;
use spikeloom::app::command::Command;
use std::time::Duration;

fn is_idle(window: &mut Window) {
    window.rest();
    // Nor does a thread of it ask for a frame.
    for _ in 0..60 {
        std::thread::sleep(Duration::from_millis(20));
        let ctx = &window.harness.ctx;
        assert!(!ctx.has_requested_repaint(), "{:?}", ctx.repaint_causes());
    }
}

#[test]
fn the_start_screen_asks_for_no_frame() {
    is_idle(&mut Window::start_over(tempfile::tempdir().unwrap(), None));
}

#[test]
fn a_pipeline_with_traces_previews_and_a_study_asks_for_no_frame() {
    let mut window = Window::open(None);
    window.wait("states are known", |app| app.states().len() == app.pipeline().nodes().count());
    window.app_mut().perform(Command::Look("demo.recording".into()));
    window.wait_for("Lines");
    window.app_mut().perform(Command::ToggleAllPreviews);
    window.app_mut().perform(Command::ShowStudy);
    is_idle(&mut window);
}
