//! The probe panel: chosen from the shelf, wired from a list, compared with the traces, kept as a file.

use crate::window::Window;
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::command::Command,
    data::Recording,
    engine::{
        chain,
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    },
    io::probe::read_probe,
};
use std::sync::Arc;

/// A raw file of a linear probe whose channels were shuffled, and a pipeline that reads it.
fn shuffled() -> Window {
    let folder = tempfile::tempdir().unwrap();
    let params = GenerateParams {
        duration_s: 10.0,
        num_units: 25,
        probe: ProbeLayout::Linear32,
        ..GenerateParams::default()
    };
    let source = SyntheticSource::new(&params, 0, Arc::new(truth(&params, 0))).unwrap();
    let chain = chain::compile(&Recording::new(Arc::new(source))).unwrap();
    let mut values = vec![0.0; 32 * chain.num_frames(0)];
    chain.read_frames(0, 0, &mut values).unwrap();
    let bytes: Vec<u8> = values
        .chunks_exact(32)
        .flat_map(|frame| (0..32).map(|column| frame[column * 13 % 32]).collect::<Vec<f32>>())
        .flat_map(|x| (x as i16).to_le_bytes())
        .collect();
    std::fs::write(folder.path().join("shuffled.dat"), bytes).unwrap();
    let path = folder.path().join("probe.ron");
    let text = r#"(version: 1, nodes: { "reader": (kind: "read_recording", params: (
        path: "shuffled.dat", dtype: int16, num_channels: 32, sampling_frequency: 30000.0)) })"#;
    std::fs::write(&path, text).unwrap();
    let mut window = Window::open_over(folder, Some(&path));
    window.wait("it is open", |app| app.pipeline().node("reader").is_some());
    window.app_mut().perform(Command::Select(vec!["reader".into()]));
    window.steps(3);
    window
}

fn open(window: &mut Window) {
    window.click("Probe…");
    window.wait("the panel is there", |app| app.edits_probe());
    window.wait("all is read", |app| !app.is_probing());
}

#[test]
fn shuffled_channels_are_noticed_and_wired_by_correlation() {
    let mut window = shuffled();
    open(&mut window);
    window.type_into("Search probes", "linear32");
    window.click("Probe linear32");
    window.wait("it is there", |app| !app.is_probing());
    window.click("Compare with the traces");
    window.wait("it is compared", |app| !app.is_probing());
    assert!(window.says("Channels look shuffled"));
    window.click("Wire by correlation");
    window.wait("it is compared", |app| !app.is_probing());
    assert!(window.says("The wiring fits"));
    window.click("Use this probe");
    window.wait("it is taken", |app| !app.edits_probe());
    let params = window.pipeline().node("reader").unwrap().params.clone();
    let probe = read_probe(params["probe"].as_str().unwrap()).unwrap();
    // Channel c of the file holds contact 13 c of the probe, or the probe is upside down.
    let mut restored: Vec<usize> =
        probe.contacts.iter().map(|contact| contact.device_channel_index.unwrap() * 13 % 32).collect();
    if restored[0] > restored[31] {
        restored.reverse();
    }
    let wrong = restored.iter().enumerate().filter(|(place, contact)| place.abs_diff(**contact) > 1).count();
    assert!(wrong <= 2, "{restored:?}");
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(window.pipeline().node("reader").unwrap().params.get("probe").is_none(), "one step to undo");
}

#[test]
fn a_probe_is_offered_by_itself_and_its_wiring_looked_at() {
    let mut window = shuffled();
    window.wait_for("where its 32 contacts lie");
    // It stands below the fields, where it may have to be scrolled to.
    window.wait_for("Use linear32");
    window.harness.get_by_label("Use linear32").click_accesskit();
    window.steps(3);
    assert_eq!(window.pipeline().node("reader").unwrap().params["probe"], "linear32");
    window.wait_for("Channels look shuffled");
    window.harness.query_all_by_label("Wire by correlation").next().unwrap().click_accesskit();
    window.wait("the panel is there", |app| app.edits_probe());
    window.wait_for("The wiring fits");
    window.click("Use this probe");
    window.wait("it is taken", |app| !app.edits_probe());
    window.steps(60);
    window.rest();
    assert!(!window.says("Channels look shuffled"), "{:?}", window.words());
}

#[test]
fn the_shelf_begins_with_what_fits_and_takes_a_file() {
    let mut window = shuffled();
    open(&mut window);
    let place = |window: &Window, name: &str| window.center(name).y;
    assert!(
        place(&window, "Probe A1x32-Poly3") < place(&window, "Probe ASSY-116-E-1"),
        "the usual ones first"
    );
    window.type_into("Search probes", "tetrode");
    window.wait_for("Probe tetrode");
    let file = window.folder.path().join("mine.prb");
    let text = "channel_groups = {0: {'channels': [0, 1], 'geometry': {0: (0, 0), 1: (0, 20)}}}\n";
    std::fs::write(&file, text).unwrap();
    window.click("From a file…");
    window.choose_path(&file);
    window.wait_for("2 contacts");
}

#[test]
fn a_wiring_is_pasted_edited_undone_and_kept_as_a_file() {
    let mut window = shuffled();
    open(&mut window);
    window.type_into("Search probes", "twisted tetrode");
    window.click("Probe tetrode");
    window.wait("it is there", |app| !app.is_probing());
    window.click("Paste…");
    window.steps(2);
    window.harness.event(Event::Paste("contact\tchannel\n0\t3\n1\t2\n2\t0\n3\t-1\n".into()));
    window.steps(3);
    assert!(window.says("3 of 4 contacts are wired"));
    window.click("Take this wiring");
    assert!(window.says("3 wired"));
    window.type_number("Channel of contact 3", "1");
    assert!(window.says("4 wired"));
    window.click("Undo");
    assert!(window.says("3 wired"));
    window.click("Redo");
    assert!(window.says("4 wired"));
    window.click("Use this probe");
    window.wait("it is taken", |app| !app.edits_probe());
    let params = window.pipeline().node("reader").unwrap().params.clone();
    let path = params["probe"].as_str().unwrap().to_owned();
    assert!(path.contains("library/probes") && path.ends_with(".json"), "{path}");
    let probe = read_probe(&path).unwrap();
    let columns: Vec<_> = probe.contacts.iter().map(|c| c.device_channel_index).collect();
    assert_eq!(columns, [Some(3), Some(2), Some(0), Some(1)]);
    // It is on the shelf from now on, and what is unchanged makes no other file.
    open(&mut window);
    window.type_into("Search probes", "yours");
    window.wait_for("Probe tetrode");
    window.click("Use this probe");
    window.wait("it is taken", |app| !app.edits_probe());
    assert_eq!(window.pipeline().node("reader").unwrap().params["probe"].as_str(), Some(path.as_str()));
}

#[test]
fn contacts_are_drawn_moved_and_removed_by_hand() {
    let mut window = shuffled();
    open(&mut window);
    let middle = window.center("Contacts");
    // Longer than between the clicks of a triple click.
    window.steps(40);
    for at in [middle, middle + egui::vec2(0.0, 60.0)] {
        window.double_click_at(at);
        // A quick hand.
        window.steps(20);
    }
    assert!(window.says("2 contacts"), "{:?}", window.words());
    window.drag(middle, middle + egui::vec2(40.0, 0.0));
    window.drop_at(middle + egui::vec2(40.0, 0.0));
    window.key(Modifiers::NONE, Key::Delete);
    assert!(window.says("1 contact,"));
    window.key(Modifiers::NONE, Key::Escape);
    window.steps(3);
    assert!(window.app().edits_probe() && window.says("Escape once more"), "work is not thrown away");
    window.key(Modifiers::NONE, Key::Escape);
    window.steps(3);
    assert!(!window.app().edits_probe());
}

#[test]
fn a_probe_that_says_no_wiring_is_wired_from_where_that_is_told() {
    let mut window = shuffled();
    window.wait_for("Use linear32");
    window.harness.get_by_label("Use linear32").click_accesskit();
    window.wait_for("does not say which column carries which contact");
    window.harness.query_all_by_label("Set the wiring…").next().unwrap().click_accesskit();
    window.wait("the panel is there", |app| app.edits_probe());
    window.wait_for("Wired in order");
    assert!(window.says("32 wired"));
    window.click("Use this probe");
    window.wait("it is taken", |app| !app.edits_probe());
    let probe = window.pipeline().node("reader").unwrap().params["probe"].clone();
    assert!(read_probe(probe.as_str().unwrap()).unwrap().is_wired());
    window.steps(60);
    window.rest();
    assert!(!window.says("does not say which column"), "{:?}", window.words());
}

#[test]
fn a_model_is_found_by_its_name_wired_by_a_head_stage_and_kept_in_the_library() {
    let mut window = shuffled();
    open(&mut window);
    window.type_into("Search probes", "cambridge assy116h4");
    window.wait_for("1 of");
    window.click("Probe ASSY-116-H4");
    window.wait("it is there", |app| !app.is_probing());
    window.click("Presets");
    window.click("Cambridge NeuroTech ASSY-116 on Intan RHD2132");
    window.steps(3);
    assert!(window.says("32 wired"), "{:?}", window.words());
    window.click("Save to my library…");
    window.type_into("Name of the model", "Our H4");
    window.click("Save");
    window.wait("it is kept", |app| !app.is_probing());
    let kept = window.folder.path().join("library/probes/Our_H4.json");
    let probe = read_probe(kept.to_str().unwrap()).unwrap();
    assert_eq!((probe.name.as_str(), probe.manufacturer.as_str()), ("Our H4", "Cambridge NeuroTech"));
    // Contact 1 of the connector is on input 24.
    assert_eq!(probe.contacts[0].device_channel_index, Some(24));
    window.type_into("Search probes", "our h4");
    window.wait_for("Probe Our H4");
    // A name that says what it means need not be listed.
    window.type_into("Search probes", "A4x8-5mm-75-150-413");
    window.click("Probe A4x8-5mm-75-150-413");
    window.wait("it is there", |app| !app.is_probing());
    assert!(window.says("A4x8-5mm-75-150-413 · 32 contacts"), "{:?}", window.words());
    window.click("Use this probe");
    window.wait("it is taken", |app| !app.edits_probe());
    assert_eq!(window.pipeline().node("reader").unwrap().params["probe"], "A4x8-5mm-75-150-413");
}
