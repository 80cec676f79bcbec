//! Files: dropped, chosen, raw ones that say nothing of themselves, and changes that are not saved.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use spikeloom::{
    app::{App, command::Command},
    pipeline::NodeState,
};

/// A raw file of 4 channels of int16.
fn raw_file(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("mine.raw");
    let samples: Vec<u8> = (0..4 * 3000u32).flat_map(|i| ((i * 37 % 200) as i16).to_le_bytes()).collect();
    std::fs::write(&path, samples).unwrap();
    path
}

#[test]
fn a_reader_of_a_raw_file_asks_for_what_it_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    raw_file(folder.path());
    let path = folder.path().join("raw.ron");
    let text =
        r#"(version: 1, nodes: { "read_recording": (kind: "read_recording", params: (path: "mine.raw")) })"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window
        .wait("it was tried", |app| matches!(app.states().get("read_recording"), Some(NodeState::Failed(_))));
    window.app_mut().perform(Command::Select(vec!["read_recording".to_owned()]));
    window.steps(3);
    // Selected, it says in the words of its fields what is missing and what would fit.
    assert!(window.says("\u{201c}Number type\u{201d}"));
    assert!(window.says("divides by 1, 2, 3, 4, 5, 6, 8, 10, 12"));
    window.harness.get_by_role_and_label(Role::ComboBox, "Number type").click();
    window.steps(3);
    window.click("Int16");
    let channels = |window: &Window| window.pipeline().node("read_recording").unwrap().params.clone();
    // A field that is opened and given up sets nothing.
    window.click("Set Num channels");
    assert!(channels(&window).get("num_channels").is_none());
    window.retype("7");
    window.key(Modifiers::NONE, Key::Escape);
    assert!(channels(&window).get("num_channels").is_none());
    assert!(window.says("Set Num channels"), "the node is still selected");
    window.click("Set Num channels");
    window.click("Set Sampling frequency");
    assert!(channels(&window).get("num_channels").is_none() && window.says("Set Num channels"));
    window.key(Modifiers::NONE, Key::Escape);
    window.click("Set Num channels");
    window.enter("4");
    window.click("Set Sampling frequency");
    window.enter("15 kHz");
    window.wait("it can be read", |app| {
        !matches!(app.states().get("read_recording"), Some(NodeState::Failed(_)))
    });
    window.wait_for("4 channels · 15 kHz");
    assert!(window.pipeline().node("read_recording").unwrap().params["num_channels"] == 4);
}

#[test]
fn an_analyzer_opens_with_its_traces_units_and_templates() {
    let mut window = Window::empty();
    window.drop_file(&crate::common::shared_data().join("si_written/analyzer_binary_folder"));
    window.wait("all three readers are there", |app| app.pipeline().nodes().count() == 3);
    window.wait("units and templates are read", |app| {
        ["read_sorting", "read_templates"]
            .iter()
            .all(|name| matches!(app.states().get(*name), Some(NodeState::Done { .. } | NodeState::Cached)))
    });
    assert_eq!(window.app().looked_at(), Some("read_recording.recording"));
    window.app_mut().perform(Command::Look("read_sorting.sorting".to_owned()));
    // Nothing is wired: they belong together because they come from one folder.
    window.wait_for("Ampl. (µV)");
    window.steps(30);
    assert!(!window.says("connect this sorting"));
}

#[test]
fn nodes_of_a_document_without_places_lie_apart_and_are_laid_out_again_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("by_hand.ron");
    let text = r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording"), "band": (kind: "bandpass_filter"), "lost": (kind: "bandpass_filter"),
        "peaks": (kind: "detect_peaks"),
    }, wires: [("demo.recording", "band.recording"), ("band.recording", "peaks.recording")])"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().node("peaks").is_some());
    let places = |window: &Window| -> Vec<[f32; 2]> {
        ["demo", "band", "peaks", "lost"].map(|n| window.pipeline().node(n).unwrap().position).to_vec()
    };
    let first = places(&window);
    assert!(first[0][0] < first[1][0] && first[1][0] < first[2][0], "{first:?}");
    assert!(first[3][1] > first[0][1]);
    window.app_mut().perform(Command::SelectAll);
    window.app_mut().perform(Command::Nudge([0.0, 40.0]));
    window.app_mut().perform(Command::Select(vec!["band".to_owned()]));
    window.app_mut().perform(Command::Nudge([500.0, 500.0]));
    window.key(Modifiers::NONE, Key::L);
    let again = places(&window);
    assert_eq!(again, first.iter().map(|[x, y]| [*x, y + 40.0]).collect::<Vec<_>>());
    window.key(Modifiers::COMMAND, Key::Z);
    assert_ne!(places(&window), again);
}

#[test]
fn what_is_wrong_in_a_document_is_mended_by_its_buttons() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.ron");
    let text = r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording"),
        "band": (kind: "bandpas_filter", params: (freq_min: 400.0)),
        "high": (kind: "highpass_filter", params: (freq_mn: 500.0)),
        "notch": (kind: "notch_filter", params: (colour: "red", freq: 60.0)),
        "reader": (kind: "read_sorting", params: (path: "gone_away")),
    }, wires: [
        ("demo.recording", "band.recording"), ("demo.recording", "high.recording"),
        ("demo.recording", "notch.recording"),
    ])"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().node("notch").is_some());
    window.harness.get_by_label_contains("Problems").click();
    for button in ["Make it bandpass_filter", "Rename it to freq_min", "Remove it"] {
        window.wait_for(button);
        // The list moves when a problem is mended: a click may come too early, and is made again then.
        for _ in 0..20 {
            window.steps(20);
            if !window.says(button) {
                break;
            }
            window.click(button);
        }
    }
    window.wait("a file alone is missing", |app| app.problems().len() == 1);
    window.wait_for("Choose…");
    window.steps(20);
    window.click("Choose…");
    window.choose_path(&crate::common::shared_data().join("si_written/sorting_truth.npz"));
    window.wait("nothing is wrong any more", |app| app.problems().is_empty());
    let param = |node: &str, name: &str| window.pipeline().node(node).unwrap().params[name].as_f64();
    assert_eq!(param("band", "freq_min"), Some(400.0));
    assert_eq!(param("high", "freq_min"), Some(500.0));
    assert_eq!(param("notch", "freq"), Some(60.0));
}

#[test]
fn a_wire_that_cannot_be_drawn_is_told_until_the_file_is_written_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wires.ron");
    let text = r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording"), "band": (kind: "bandpass_filter"),
    }, wires: [("gone.recording", "band.recording")])"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    let is_told = |app: &App| app.problems().iter().any(|p| p.message.contains("is left out"));
    window.wait("it is open and checked", |app| is_told(app) && app.states().contains_key("band"));
    assert!(window.says("is left out") && window.says("line 3"));
    window.click("Node demo");
    window.type_number("Duration", "4");
    window.steps(20);
    assert!(is_told(window.app()), "what is changed elsewhere does not mend it");
    window.key(Modifiers::COMMAND, Key::S);
    window.wait("it is written", |app| !app.is_dirty());
    window.wait("it is told no more", |app| !is_told(app));
}

#[test]
fn a_part_of_a_stored_result_opens_as_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sort.ron");
    let text = r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording", params: (duration_s: 10.0)), "tidy": (kind: "sort"),
    }, wires: [("demo.recording", "tidy.recording")])"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.states().contains_key("tidy"));
    window.key(Modifiers::NONE, Key::F5);
    window.wait_for_run();
    let below = |folder: std::path::PathBuf| {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let objects = below(window.folder.path().join("store/objects")).into_iter().flat_map(below);
    let part = objects.map(|object| object.join("sorting")).find(|part| part.is_dir()).unwrap();
    window.app_mut().perform(Command::Open(part.clone()));
    window.wait_for("as a copy");
    assert_eq!(window.app().tabs().last().map(String::as_str), Some("Pipeline of tidy"));
    assert_eq!(window.app().looked_at(), Some("tidy.sorting"));
    // The sorting alone, elsewhere: it is a sorting.
    let alone = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp").arg("-r").arg(&part).arg(alone.path()).status().unwrap();
    assert!(copied.success());
    window.app_mut().perform(Command::NewTab);
    window.steps(3);
    window.drop_file(&alone.path().join("sorting"));
    window.wait("it is read", |app| app.pipeline().node("read_sorting").is_some());
    let whole = spikeloom::io::open_sorting(&part, None).unwrap();
    assert!(whole.num_units() > 0);
    assert_eq!(spikeloom::io::open_sorting(&alone.path().join("sorting"), None).unwrap(), whole);
    // Elsewhere, and without the recording: what its templates look like is seen still.
    let object = part.parent().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp").arg("-r").arg(object).arg(copy.path()).status().unwrap();
    assert!(copied.success());
    let copy = copy.path().join(object.file_name().unwrap());
    let document = std::fs::read_to_string(copy.join("pipeline.ron")).unwrap();
    let read = "\"read_recording\", params: (path: \"gone.raw\", dtype: int16, num_channels: 32, sampling_frequency: 30000.0)";
    let gone = document.replace("\"generate_recording\", params: (duration_s: 10.0)", read);
    assert_ne!(gone, document);
    std::fs::remove_file(copy.join("pipeline.ron")).unwrap();
    std::fs::write(copy.join("pipeline.ron"), gone).unwrap();
    window.app_mut().perform(Command::Open(copy));
    window.wait_for("From the folder that was opened");
    window.rest();
    assert!(!window.says("recording of these units cannot be read"), "{:?}", window.words());
}

#[test]
fn a_file_dropped_onto_a_pipeline_covers_no_node() {
    let mut window = Window::open(None);
    let path = raw_file(window.folder.path());
    window.drop_file(&path);
    window.wait_for("Import mine.raw");
    window.wait("all is found out", |app| !app.is_importing());
    window.key(Modifiers::NONE, Key::Enter);
    window.wait("the reader is there", |app| app.pipeline().node("read_recording").is_some());
    window.steps(3);
    let rect = |name: &str| window.harness.get_by_label(&format!("Node {name}")).rect();
    let new = rect("read_recording");
    for node in window.pipeline().nodes().filter(|n| n.name != "read_recording") {
        assert!(!new.intersects(rect(&node.name)), "it lies on {}", node.name);
    }
}

#[test]
fn a_recording_lands_where_it_is_dropped_and_a_node_beside_the_selected_one() {
    let mut window = Window::empty();
    window.add_at(40.0, 40.0, "band-pass");
    let at = window.canvas(420.0, 260.0);
    window.harness.hover_at(at);
    window.steps(2);
    window.drop_file(&crate::common::shared_data().join("si_written/recording_binary"));
    window.wait("it is there", |app| app.pipeline().node("read_recording").is_some());
    window.steps(3);
    let rect = |window: &Window, name: &str| window.harness.get_by_label(&format!("Node {name}")).rect();
    assert!(rect(&window, "read_recording").contains(at));
    window.click("Node bandpass_filter");
    window.app_mut().perform(Command::AddInView("notch_filter".to_owned()));
    window.steps(3);
    let (old, new) = (rect(&window, "bandpass_filter"), rect(&window, "notch_filter"));
    assert!((old.right()..old.right() + 100.0).contains(&new.left()), "{old} {new}");
    assert!(new.top() < old.bottom() && old.top() < new.bottom(), "{old} {new}");
}

#[test]
fn the_browser_goes_through_folders_and_asks_before_it_replaces() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    let folder = window.folder.path().join("inner");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("taken.ron");
    std::fs::write(&file, "not a pipeline").unwrap();
    window.key(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::S);
    window.choose_path(&folder);
    window.click("File taken.ron");
    window.click("Save");
    window.wait_for("taken.ron is there already");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a pipeline");
    window.click("Replace");
    window.wait("the file is saved", |app| app.path().is_some());
    assert!(std::fs::read_to_string(&file).unwrap().contains("bandpass_filter"));
}

#[test]
fn a_folder_that_is_typed_is_opened_where_it_is_a_recording_and_entered_else() {
    let mut window = Window::empty();
    let data = crate::common::shared_data().join("si_written");
    window.key(Modifiers::COMMAND, Key::O);
    window.choose_path(&data);
    window.wait_for("Folder recording_binary");
    window.choose_path(&data.join("recording_binary"));
    window.wait("it is read", |app| app.pipeline().node("read_recording").is_some());
}

#[test]
fn a_folder_stands_for_a_file_only_where_it_holds_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.xyz");
    std::fs::write(&file, [7u8; 64]).unwrap();
    std::fs::write(folder.path().join(".hidden"), "").unwrap();
    assert_eq!(spikeloom::io::only_one_inside(folder.path()), Some(file));
    std::fs::create_dir(folder.path().join("more")).unwrap();
    assert_eq!(spikeloom::io::only_one_inside(folder.path()), None);
}

#[test]
fn changes_are_not_lost_without_a_question() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    window.key(Modifiers::COMMAND, Key::W);
    window.click("Cancel");
    assert_eq!(window.pipeline().nodes().count(), 1);
    window.key(Modifiers::COMMAND, Key::W);
    window.click("Save");
    let file = window.folder.path().join("kept.ron");
    window.choose_path(&file);
    // Saved first, then what was asked for: nothing is left, and the start screen offers what to do.
    window.wait("the tab is closed", |app| app.pipeline().nodes().count() == 0);
    assert!(std::fs::read_to_string(&file).unwrap().contains("bandpass_filter"));
    window.wait_for("Recent kept.ron");
    // What does not change anything asks nothing.
    window.app_mut().perform(Command::OpenExample(0));
    window.app_mut().perform(Command::CloseTab(None));
    window.steps(2);
    assert_eq!(window.pipeline().nodes().count(), 0);
}

#[test]
fn a_name_is_typed_over_and_its_ending_stays() {
    let mut window = Window::open(None);
    window.app_mut().perform(Command::SaveAs);
    window.wait_for("File name");
    window.steps(3);
    window.harness.event(egui::Event::Text("mine".into()));
    window.steps(3);
    let name = window.harness.get_by_label("File name").accesskit_node().value();
    assert_eq!(name.as_deref(), Some("mine.ron"));
}

#[test]
fn a_folder_that_is_nothing_to_open_is_shown_with_a_word() {
    let mut window = Window::open(None);
    let folder = window.folder.path().join("things");
    std::fs::create_dir_all(folder.join("inner")).unwrap();
    window.app_mut().perform(Command::OpenDialog);
    window.choose_path(&folder);
    window.wait_for("is nothing to open by itself");
    window.wait_for("Folder inner");
}
