//! A window in which nothing happens draws nothing.

use crate::window::{PATIENCE, Window};
use spikeloom::app::command::Command;
use std::time::{Duration, Instant};

/// Comes to rest, and then neither draws nor lets a thread of it ask for a frame.
fn is_idle(window: &mut Window) {
    let start = Instant::now();
    let mut quiet = 0;
    while quiet < 60 {
        // What threads were still at may come.
        assert!(start.elapsed() < PATIENCE, "goes on for ever: {:?}", window.harness.ctx.repaint_causes());
        if quiet == 0 {
            window.rest();
        }
        std::thread::sleep(Duration::from_millis(20));
        quiet = if window.harness.ctx.has_requested_repaint() { 0 } else { quiet + 1 };
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
