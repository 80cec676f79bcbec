//! Raw files: their layout found out, tried with traces in sight, and drawn as a reader that reads them.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use spikeloom::{app::App, pipeline::NodeState};

/// Interleaved int16 of six channels and a synchronisation channel, with an offset.
fn write_raw(path: &std::path::Path) {
    write_around(path, [2000.0; 6]);
}

/// The same with an offset of each channel.
fn write_around(path: &std::path::Path, offsets: [f64; 6]) {
    let mut state = 1_u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) * 120.0
    };
    let mut last = [0.0_f64; 6];
    let mut bytes = Vec::new();
    for frame in 0..40_000 {
        let common = noise() * 0.5;
        for (channel, offset) in last.iter_mut().zip(offsets) {
            *channel = 0.8 * *channel + noise() + common;
            bytes.extend_from_slice(&((*channel + offset) as i16).to_le_bytes());
        }
        bytes.extend_from_slice(&(i16::from(frame / 900 % 2 == 0) * 64).to_le_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn offsets_that_differ_are_told_as_what_they_are() {
    let mut window = Window::empty();
    let path = window.folder.path().join("mouse_20kHz.dat");
    write_around(&path, [0.0, 250.0, 500.0, 750.0, 1000.0, 1250.0]);
    import(&mut window, &path);
    let told = window.words().into_iter().find(|words| words.contains("swing around")).unwrap();
    assert!(told.contains("Channels 1, 2, 3, 4, 5 swing around values of their own, from 2"), "{told}");
    assert!(told.contains(" to 12"), "{told}");
    assert!(window.says("Remove the offset"));
}

fn import(window: &mut Window, path: &std::path::Path) {
    window.drop_file(path);
    window.wait("the import is open", App::imports);
    window.wait_for("Traces");
    window.wait("all is found out", |app| !app.is_importing());
}

#[test]
fn a_raw_file_is_recognised_and_added_with_two_clicks() {
    let mut window = Window::empty();
    let path = window.folder.path().join("mouse_20kHz.dat");
    write_raw(&path);
    import(&mut window, &path);
    assert!(window.says("7 channels · int16"), "the likeliest layout is chosen");
    assert!(window.says("stands in the name of the file"));
    assert!(window.says("synchronisation channel"));
    window.click("Leave it out");
    window.click("Remove the offset");
    assert!(window.says("After the reader"));
    window.click("Add to the pipeline");
    window.wait("it is drawn", |app| app.pipeline().node("read_recording").is_some() && !app.imports());
    let reader = window.pipeline().node("read_recording").unwrap().params.clone();
    assert_eq!(reader["num_channels"], 7);
    assert_eq!(reader["sampling_frequency"].as_f64(), Some(20_000.0));
    assert!(reader.get("time_axis").is_none(), "what is at its default is not written");
    let left_out = &window.pipeline().node("select_channels").unwrap().params["remove_channel_ids"];
    assert_eq!(left_out.as_array().unwrap().len(), 1);
    // Six channels without a probe are one group: the steps of the tetrode follow what comes out.
    assert!(window.wires().iter().any(|wire| wire.starts_with("remove_dc.recording ")));
    assert!(window.wires().contains(&"select_channels.recording remove_dc.recording".to_owned()));
    window.wait("it can be read", |app| {
        app.states().contains_key("read_recording")
            && !matches!(app.states().get("read_recording"), Some(NodeState::Failed(_)))
    });
    window.key(Modifiers::COMMAND, Key::Z);
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(window.pipeline().nodes().next().is_none(), "the steps of the template, then the import");
}

#[test]
fn another_layout_is_tried_and_escape_leaves_all_as_it_was() {
    let mut window = Window::empty();
    let path = window.folder.path().join("unknown.dat");
    write_raw(&path);
    import(&mut window, &path);
    assert!(window.says("check it"), "nothing tells the sampling frequency");
    window.type_number("Num channels", "14");
    window.wait("it was tried", |app| !app.is_importing());
    assert!(window.says("14 channels · 30 kHz"));
    window.type_number("Num channels", "9");
    window.wait_for("Not readable like this");
    assert!(window.harness.get_by_label("Add to the pipeline").accesskit_node().is_disabled());
    // A list is closed and a field given up first.
    window.harness.get_by_role_and_label(Role::ComboBox, "Number type").click();
    window.steps(3);
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.app().imports() && !window.says("Float64"), "the list alone is closed");
    window.harness.get_by_role_and_label(Role::SpinButton, "Num channels").click();
    window.steps(3);
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.app().imports(), "the field alone is given up");
    window.key(Modifiers::NONE, Key::Escape);
    window.steps(3);
    assert!(!window.app().imports() && window.pipeline().nodes().next().is_none());
}

#[test]
fn the_real_recordings_are_told_by_their_bytes() {
    let mut window = Window::empty();
    import(&mut window, &crate::common::shared_data().join("locust/locust_trial_01.raw"));
    assert!(window.says("4 channels · int16"));
    assert!(window.says("stands in info.json"));
    window.key(Modifiers::NONE, Key::Enter);
    window.wait("it is drawn", |app| app.pipeline().node("read_recording").is_some());
    let reader = window.pipeline().node("read_recording").unwrap().params.clone();
    assert_eq!(
        (reader["num_channels"].as_u64(), reader["sampling_frequency"].as_f64()),
        (Some(4), Some(15_000.0))
    );
    // The inspector leads back to it.
    window.click("Find out the layout…");
    window.wait("the import is open", App::imports);
    window.wait_for("Take this layout");
}

#[test]
fn another_recording_is_read_in_place_of_the_one_that_is_there() {
    let mut window = Window::empty();
    let [first, second] = ["first_20kHz.dat", "second_20kHz.dat"].map(|name| window.folder.path().join(name));
    write_raw(&first);
    write_raw(&second);
    import(&mut window, &first);
    window.click("Add to the pipeline");
    let count = window.pipeline().nodes().count();
    let wires = window.wires();
    let path = |window: &Window| {
        let params = &window.pipeline().node("read_recording").unwrap().params;
        std::path::PathBuf::from(params["path"].as_str().unwrap())
    };
    // A raw one, with the layout that is known.
    import(&mut window, &second);
    window.click("In place of read_recording");
    assert_eq!((path(&window), window.pipeline().nodes().count()), (second.clone(), count));
    assert_eq!(window.wires(), wires);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(path(&window), first, "it is one step to undo");
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    // One that says all of itself is added, and put there by a click.
    let folder = crate::common::shared_data().join("si_written/recording_binary");
    window.drop_file(&folder);
    window.wait("it is added", |app| app.pipeline().node("read_recording_2").is_some());
    window.click("Read it in place of read_recording");
    assert_eq!((path(&window), window.pipeline().nodes().count()), (folder, count));
    assert!(!window.pipeline().node("read_recording").unwrap().params.contains_key("dtype"));
    assert_eq!(window.wires(), wires);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(path(&window), second, "it is one step to undo");
    // What was open is listed.
    for name in ["recording_binary", "first_20kHz.dat", "second_20kHz.dat"] {
        window.wait_for(&format!("Recent data {name}"));
    }
}

#[test]
fn many_recordings_take_the_place_of_one() {
    let mut window = Window::empty();
    let data = crate::common::shared_data().join("si_written");
    window.drop_file(&data.join("recording_binary"));
    window.wait("it is read", |app| app.pipeline().node("read_recording").is_some());
    let (count, wires) = (window.pipeline().nodes().count(), window.wires());
    assert!(count > 1, "steps follow it");
    let table = window.folder.path().join("mice.csv");
    let path = data.display();
    std::fs::write(&table, format!("path,mouse\n{path}/recording_binary,1\n{path}/recording_binary,2\n"))
        .unwrap();
    window.drop_file(&table);
    window.wait("it is added", |app| app.pipeline().node("read_study").is_some());
    window.click("Read it in place of read_recording");
    let reader = window.pipeline().node("read_recording").unwrap();
    assert_eq!((reader.kind.as_str(), reader.params["path"].as_str()), ("read_study", table.to_str()));
    assert_eq!((window.pipeline().nodes().count(), window.wires()), (count, wires));
}

/// Interleaved int16 of so many channels that share no more than noise does.
fn write_channels(path: &std::path::Path, channels: usize) {
    let mut state = 7_u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) * 120.0
    };
    let samples = (0..6000 * channels).flat_map(|_| (noise() as i16).to_le_bytes());
    std::fs::write(path, samples.collect::<Vec<u8>>()).unwrap();
}

fn write_probe(path: &std::path::Path, contacts: usize) {
    let geometry = (0..contacts).map(|c| format!("{c}: ({}, {})", c % 2 * 30, c / 2 * 20));
    let channels = (0..contacts).map(|c| c.to_string()).collect::<Vec<_>>().join(", ");
    let geometry = geometry.collect::<Vec<_>>().join(", ");
    let text = format!("channel_groups = {{0: {{'channels': [{channels}], 'geometry': {{{geometry}}}}}}}\n");
    std::fs::write(path, text).unwrap();
}

#[test]
fn the_probe_that_lies_beside_a_file_tells_its_channels_and_is_taken() {
    let mut window = Window::empty();
    let path = window.folder.path().join("mouse.dat");
    write_channels(&path, 24);
    write_probe(&window.folder.path().join("mouse.prb"), 24);
    import(&mut window, &path);
    assert!(window.says("24 channels · int16"), "{:?}", window.words());
    assert!(window.says("lies beside the recording"), "{:?}", window.words());
    window.click("Add to the pipeline");
    window.wait("it is drawn", |app| app.pipeline().node("read_recording").is_some() && !app.imports());
    let reader = window.pipeline().node("read_recording").unwrap().params.clone();
    assert_eq!(reader["num_channels"], 24);
    assert!(reader["probe"].as_str().unwrap().ends_with("mouse.prb"));
}

#[test]
fn the_only_probe_of_a_folder_is_not_taken_for_a_file_of_other_channels() {
    let mut window = Window::empty();
    let path = window.folder.path().join("mouse.dat");
    write_raw(&path);
    write_probe(&window.folder.path().join("array.prb"), 32);
    import(&mut window, &path);
    assert!(window.says("7 channels · int16") && !window.says("32 channels · int16"), "{:?}", window.words());
    window.click("Add to the pipeline");
    assert!(!window.pipeline().node("read_recording").unwrap().params.contains_key("probe"));
}

#[test]
fn an_import_is_over_where_another_pipeline_comes_to_the_front() {
    let mut window = Window::open(None);
    let path = window.folder.path().join("mouse.dat");
    write_raw(&path);
    import(&mut window, &path);
    let other = window.folder.path().join("other.ron");
    std::fs::write(&other, "(version: 1, nodes: {\"band\": (kind: \"bandpass_filter\")}, wires: [])")
        .unwrap();
    window.drop_file(&other);
    window.wait("it is open", |app| app.pipeline().node("band").is_some());
    assert!(!window.app().imports());
}

#[test]
fn a_few_samples_at_the_end_of_the_range_are_told() {
    let mut window = Window::empty();
    let path = window.folder.path().join("mouse_20kHz.dat");
    write_raw(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    for frame in 30_000..30_003 {
        bytes[(frame * 7 + 2) * 2..][..2].copy_from_slice(&i16::MAX.to_le_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
    import(&mut window, &path);
    assert!(
        window.says("Channel 2: 3 samples at the end of the range, the first at 1.5 s"),
        "{:?}",
        window.words()
    );
}

#[test]
fn what_spikeglx_wrote_tells_gain_and_contacts_and_leaves_out_the_synchronisation() {
    let mut window = Window::empty();
    let path = window.folder.path().join("run_g0_t0.imec0.ap.bin");
    let rows: String = (0..4).map(|row| format!("({row} 0 0 500 250 1)")).collect();
    let places: String = (0..4).map(|row| format!("(0:{}:{}:1)", row % 2, row / 2)).collect();
    let meta = format!(
        "typeThis=imec\r\nimDatPrb_type=0\r\nnSavedChans=5\r\nimSampRate=30000\r\nimAiRangeMax=0.6\r\nimMaxInt=512\r\n\
         snsApLfSy=4,0,1\r\nacqApLfSy=384,384,1\r\nsnsSaveChanSubset=0:3,768\r\n~imroTbl=(0,384){rows}\r\n\
         ~snsShankMap=(1,2,480){places}\r\n"
    );
    write_channels(&path, 5);
    std::fs::write(path.with_extension("meta"), meta).unwrap();
    import(&mut window, &path);
    assert!(window.says("4 channels · 30 kHz"), "the fifth column has no contact: {:?}", window.words());
    window.click("Add to the pipeline");
    let reader = window.pipeline().node("read_recording").unwrap().params.clone();
    assert_eq!(reader["gain_to_uv"].as_f64(), Some(2.34375));
    assert!(reader["probe"].as_str().unwrap().ends_with("imec0.ap.meta"));
}

#[test]
fn a_probe_comes_from_a_file_in_the_import_and_by_a_drop() {
    let mut window = Window::empty();
    let path = window.folder.path().join("rec.dat");
    write_channels(&path, 24);
    let elsewhere = tempfile::tempdir().unwrap();
    let probe = elsewhere.path().join("mine.prb");
    write_probe(&probe, 24);
    import(&mut window, &path);
    window.type_number("Num channels", "24");
    window.wait("it was tried", |app| !app.is_importing());
    window.harness.get_by_role_and_label(Role::ComboBox, "Probe").click();
    window.steps(3);
    window.click("From a file…");
    window.choose_path(&probe);
    window.wait_for("contacts as of");
    window.wait("it was tried", |app| !app.is_importing());
    window.click("Add to the pipeline");
    let taken = |window: &Window| window.pipeline().node("read_recording").unwrap().params["probe"].clone();
    assert_eq!(taken(&window).as_str(), probe.to_str());
    // One that is dropped on the pipeline is given to its recording.
    let other = elsewhere.path().join("other.prb");
    write_probe(&other, 24);
    window.drop_file(&other);
    window.wait_for("has the probe other.prb now");
    assert_eq!(taken(&window).as_str(), other.to_str());
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(taken(&window).as_str(), probe.to_str());
}

#[test]
fn own_probes_are_offered_in_the_import() {
    let mut window = Window::empty();
    let probes = window.folder.path().join("library/probes");
    std::fs::create_dir_all(&probes).unwrap();
    write_probe(&probes.join("ours_24.prb"), 24);
    write_probe(&probes.join("ours_32.prb"), 32);
    let path = window.folder.path().join("mouse.raw");
    write_channels(&path, 24);
    import(&mut window, &path);
    window.type_number("Num channels", "24");
    window.wait("it was tried", |app| !app.is_importing());
    window.harness.get_by_role_and_label(Role::ComboBox, "Probe").click();
    window.steps(3);
    assert!(!window.says("ours_32"), "it has other contacts");
    window.click("ours_24 · yours");
    window.wait("it was tried", |app| !app.is_importing());
    window.click("Add to the pipeline");
    let taken = window.pipeline().node("read_recording").unwrap().params["probe"].clone();
    assert!(taken.as_str().unwrap().ends_with("ours_24.prb"), "{taken}");
}

#[test]
fn a_probe_alone_says_what_it_needs() {
    let mut window = Window::empty();
    let probe = window.folder.path().join("mine.prb");
    write_probe(&probe, 4);
    window.drop_file(&probe);
    window.wait_for("open its recording first");
    assert!(window.pipeline().nodes().next().is_none());
}

#[test]
fn folders_of_acquisition_programs_are_imported_stream_by_stream() {
    let mut window = Window::empty();
    window.drop_file(&crate::common::shared_data().join("openephys_binary"));
    window.wait("the import is open", App::imports);
    window.wait("all is found out", |app| !app.is_importing());
    assert!(window.says("16 channels · int16") && window.says("stands in structure.oebin"));
    let file =
        |window: &Window| window.words().iter().any(|words| words.starts_with("Import continuous.dat"));
    assert!(file(&window));
    window.harness.get_by_role_and_label(Role::ComboBox, "Stream").click();
    window.steps(3);
    window.click("data_stream_sine_wave");
    window.wait("the other one is tried", |app| !app.is_importing());
    window.click("Add to the pipeline");
    let reader = window.pipeline().node("read_recording").unwrap().params.clone();
    assert!(reader["path"].as_str().unwrap().contains("data_stream_sine_wave"));
    assert_eq!(reader["sampling_frequency"].as_f64(), Some(40_000.0));
}
