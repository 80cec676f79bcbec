//! The start screen: what was open before, templates, and a recording that is dropped.

use crate::{common::shared_data, window::Window};
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use spikeloom::app::command::Command;
use std::path::Path;

fn start() -> Window {
    Window::start_over(tempfile::tempdir().unwrap(), None)
}

#[test]
fn the_start_screen_offers_templates_recent_files_and_an_empty_canvas() {
    let mut window = start();
    assert!(window.says("Pipelines you save or open are listed here"));
    window.click("Template Tetrode");
    assert!(window.pipeline().node("sort").is_some());
    let file = window.folder.path().join("mine.ron");
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some());
    window.key(Modifiers::COMMAND, Key::W);
    window.click("Recent mine.ron");
    window.wait("it is open", |app| app.path().is_some());
    window.key(Modifiers::COMMAND, Key::W);
    // Gone from the disk, it is marked, and opening it says so; it can be taken off the list.
    std::fs::remove_file(&file).unwrap();
    window.app_mut().perform(Command::New);
    window.app_mut().perform(Command::CloseTab(None));
    window.wait_for("Recent mine.ron, missing");
    window.click("Recent mine.ron, missing");
    window.wait_for("mine.ron");
    window.click("Close message");
    window.click("Forget mine.ron");
    window.wait_for("Pipelines you save or open are listed here");
    window.click("Empty pipeline");
    window.harness.get_by_label("Canvas");
    assert_eq!(window.pipeline().nodes().count(), 0);
}

#[test]
fn what_was_opened_is_known_to_the_next_session_however_this_one_ends() {
    let mut window = start();
    window.click("Template Tetrode");
    let file = window.folder.path().join("mine.ron");
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some());
    let list = window.folder.path().join("state/recent.ron");
    window.wait("it is kept at once", |_| list.is_file());
    // Nothing of this session was saved or settled: eframe's own settings are lost.
    let mut window = Window::start_over(window.close(), None);
    window.wait_for("Recent mine.ron");
    window.click("Forget mine.ron");
    window.wait("it is forgotten at once", |_| !std::fs::read_to_string(&list).unwrap().contains("mine"));
}

#[test]
fn a_dropped_recording_gets_steps_that_fit_its_probe() {
    let mut window = start();
    window.drop_file(&shared_data().join("si_written/recording_binary"));
    window.wait("its steps are there", |app| app.pipeline().node("sort").is_some());
    assert!(window.says("the steps of the template"));
    let wires = window.wires();
    assert!(wires.iter().any(|wire| wire.starts_with("read_recording.recording bandpass")), "{wires:?}");
    assert_eq!(window.app().looked_at(), Some("read_recording.recording"));
    // One step back, the recording is alone.
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().nodes().count(), 1);
    // Dropped onto something, a recording is added and nothing else.
    window.drop_file(&shared_data().join("si_written/recording_binary"));
    window.wait("it is there twice", |app| app.pipeline().nodes().count() == 2);
}

#[test]
fn recordings_dropped_together_are_a_study() {
    let mut window = start();
    let recording = |name: &str| {
        let (from, to) = (shared_data().join("si_written/recording_binary"), window.folder.path().join(name));
        copy_folder(&from, &to);
        to
    };
    let both = [recording("first"), recording("second")];
    window.drop_files(&both);
    window.wait("its steps are there", |app| app.pipeline().node("sort").is_some());
    assert!(window.says("2 recordings, the first: "));
    let wires = window.wires();
    assert!(wires.iter().any(|wire| wire.starts_with("read_study.recording bandpass")), "{wires:?}");
    let files = window.pipeline().node("read_study").unwrap().params["files"].clone();
    assert_eq!(files.as_array().map(Vec::len), Some(2));
    // The folder of them, and a table, are studies as well.
    std::fs::write(window.folder.path().join("table.csv"), "path,day\nfirst,1\nsecond,2\n").unwrap();
    for (n, name) in ["table.csv", "."].into_iter().enumerate() {
        window.drop_file(&window.folder.path().join(name));
        window.wait("it is there", |app| app.pipeline().node(&format!("read_study_{}", n + 2)).is_some());
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

#[test]
fn the_pipeline_of_results_and_of_pictures_opens_as_a_copy() {
    let mut window = Window::empty();
    window.add_at(10.0, 40.0, "generate recording");
    window.click("Node generate_recording");
    window.type_number("Duration", "2");
    let folder = window.folder.path().join("results");
    std::fs::create_dir(&folder).unwrap();
    let text = spikeloom::pipeline::Document::to_text(window.pipeline(), &spikeloom::nodes::registry());
    std::fs::write(folder.join("pipeline.ron"), &text).unwrap();
    std::fs::write(folder.join("run.json"), "{}").unwrap();
    // As the store has it: a folder of the node with the result in it, and a log and arrays beside the pipeline.
    std::fs::write(folder.join("log.txt"), "10 units").unwrap();
    std::fs::create_dir(folder.join("sorting")).unwrap();
    let node = window.folder.path().join("generate_recording");
    std::fs::create_dir(&node).unwrap();
    std::fs::rename(&folder, node.join("result")).unwrap();
    window.drop_file(&node);
    window.wait("it is open", |app| app.tabs().len() == 2);
    assert_eq!(window.app().path(), None, "nothing is saved over the results");
    assert_eq!(window.app().looked_at(), Some("generate_recording.recording"), "what the results are");
    window.drop_file(&node.join("result/log.txt"));
    window.wait_for("log.txt is a text, not a recording");
    window.click("Close message");
    assert!(window.pipeline().node("generate_recording").is_some());

    let drawing = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"></svg>"#;
    let picture = window.folder.path().join("figure.svg");
    std::fs::write(&picture, drawing).unwrap();
    window.drop_file(&picture);
    window.wait_for("figure.svg holds no pipeline");
    window.click("Close message");
    let head = "// Shows generate_recording.truth. Paths start at /";
    spikeloom::io::travel::attach(&picture, &format!("{head}\n{text}")).unwrap();
    window.drop_file(&picture);
    window.wait("it is open, too", |app| app.tabs().len() == 3);
    assert_eq!(window.app().looked_at(), Some("generate_recording.truth"), "what the picture shows");
    assert!(window.says("The pipeline that made figure.svg"));
}

#[test]
fn the_menu_of_runs_says_what_can_be_run() {
    let mut window = Window::empty();
    window.click("Run menu");
    let is_off = |window: &Window, words: &str| {
        let mut found = window.harness.query_all_by_label_contains(words);
        found.all(|node| node.accesskit_node().is_disabled())
    };
    assert!(window.says("Run to here") && is_off(&window, "F5") && is_off(&window, "Run to here"));
    window.key(Modifiers::NONE, Key::Escape);
    window.app_mut().perform(Command::OpenExample(1));
    window.steps(3);
    window.click("Run menu");
    assert!(!is_off(&window, "Submit to Slurm"));
    window.harness.get_by_label_contains("Jobs and queue").click();
    window.wait_for("No run yet");
}
