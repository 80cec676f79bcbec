//! The settings of runs: opened, changed, kept as a file, read back.

use crate::window::Window;
use egui::Role;
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::command::Command,
    pipeline::{RunSettings, TaskClass},
};

fn open(window: &mut Window) {
    window.app_mut().perform(Command::ShowRunSettings);
    window.wait_for("Settings of runs");
}

/// Types into a field whose words stand before it.
fn fill(window: &mut Window, label: &str, text: &str) {
    let field = window.harness.get_by_role_and_label(Role::TextInput, label);
    let at = field.rect().center();
    window.click_at(at);
    window.retype(text);
}

#[test]
fn settings_of_runs_are_changed_kept_and_read_back() {
    let mut window = Window::empty();
    let file = window.folder.path().join("settings.ron");
    open(&mut window);
    // What is no size is refused in words, and nothing is written.
    fill(&mut window, "Memory", "lots");
    window.click("Keep");
    assert!(window.says("\"lots\" is no size: write one such as \"16GB\""), "{:?}", window.words());
    assert!(!file.exists());
    fill(&mut window, "Memory", "6GB");
    let cores = std::thread::available_parallelism().unwrap().get();
    window.click(&format!("all {cores}"));
    window.type_number("Threads", "1");
    window.type_number("Limit of Sorts", "2");
    fill(&mut window, "Command where all went well", "true");
    window.click("Keep");
    assert!(window.says("Kept."), "{:?}", window.words());
    let kept = RunSettings::read(&file).unwrap();
    assert_eq!((kept.memory.as_deref(), kept.threads), (Some("6GB"), Some(1)));
    assert_eq!(kept.limits.get(&TaskClass::Sort), Some(&2));
    assert_eq!((kept.hooks.on_finish.as_str(), kept.job_handlers), ("true", None));
    // It is there when it is opened again; what is given up is not kept.
    open(&mut window);
    let memory = |window: &Window| window.harness.get_by_role_and_label(Role::TextInput, "Memory").value();
    assert_eq!(memory(&window).as_deref(), Some("6GB"));
    fill(&mut window, "Memory", "9GB");
    window.click("Cancel");
    assert_eq!(RunSettings::read(&file).unwrap().memory.as_deref(), Some("6GB"));
    open(&mut window);
    fill(&mut window, "Memory", "");
    window.click("Keep");
    assert_eq!(RunSettings::read(&file).unwrap().memory, None);
    let old = RunSettings::read(&file.with_extension("ron.old")).unwrap();
    assert_eq!(old.memory.as_deref(), Some("6GB"), "the one before lies beside it");
}
