//! The program from outside where something is wrong: it says what to do, and nothing is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod disks;
mod meanwhile;
mod signals;

use common::{
    place::{LOCUST, Place, SMALL, events, locust, small_recording},
    stderr, stdout,
};
use std::fs;

#[test]
fn recordings_that_cannot_be_read_say_what_to_do() {
    let place = Place::new();
    let path = locust();
    place.refuses(&["info", "moved.raw"], &["moved.raw", "moved or renamed"]);
    place.refuses(&["info", &path], &["--dtype"]);
    place.refuses(
        &["info", &path, "--dtype", "int16", "--num-channels", "5", "--sampling-frequency", "15000"],
        &["5 channels", "--num-channels", "1, 2, 4, 8"],
    );
    place.refuses(&["info", &path, "--dtype", "int17"], &["int17", "int16"]);
    place.write("empty.raw", "");
    place.refuses(
        &["info", "empty.raw", "--dtype", "int16", "--num-channels", "4", "--sampling-frequency", "15000"],
        &["empty"],
    );
    // One byte is missing at the end.
    let bytes = fs::read(&path).unwrap();
    fs::write(place.path("cut.raw"), &bytes[..bytes.len() - 3]).unwrap();
    let cut = ["info", "cut.raw", "--dtype", "int16", "--num-channels", "4", "--sampling-frequency", "15000"];
    place.refuses(&cut, &["--allow-partial-frame"]);
    let mut allowed = cut.to_vec();
    allowed.push("--allow-partial-frame");
    place.ends(0, &allowed);
    place.write("notes.txt", "hello");
    place.refuses(&["info", "notes.txt"], &["notes.txt"]);
    place.refuses(
        &[
            "info",
            &path,
            "--dtype",
            "int16",
            "--num-channels",
            "4",
            "--sampling-frequency",
            "15000",
            "--probe",
            "nope",
        ],
        &["nope"],
    );
}

#[test]
fn check_lists_every_problem_with_its_place() {
    let place = Place::new();
    place.write(
        "wrong.ron",
        r#"(
    version: 1,
    nodes: {
        "read": (kind: "read_recording", params: (path: "x.raw", dtyp: "int16")),
        "cmr": (kind: "common_reference", params: (operator: medan)),
        "filter": (kind: "bandpass_filter", params: (freq_min: -5.0)),
        "odd": (kind: "kilosort9"),
    },
    wires: [("read.recording", "cmr.recording"), ("cmr.recording", "filter.sorting")],
)"#,
    );
    place.refuses(
        &["check", "wrong.ron"],
        &["4:", "dtyp", "did you mean", "5:", "medan", "6:", "freq_min", "7:", "kilosort9", "filter.sorting"],
    );
    place.write("broken.ron", "(version: 1, nodes: {");
    place.refuses(&["check", "broken.ron"], &["broken.ron:1:21"]);
    place.write("newer.ron", "(version: 99, nodes: {}, wires: [])");
    place.refuses(&["check", "newer.ron"], &["version 99", "newer Spikeloom"]);
    place.refuses(&["check", "missing.ron"], &["missing.ron", "moved or renamed"]);
    fs::write(place.path("binary.ron"), [0xff, 0xfe, 0x00, 0x80]).unwrap();
    place.refuses(&["run", "binary.ron"], &["no text"]);
    place.write("right.ron", SMALL);
    let text = stdout(&place.ends(0, &["check", "right.ron"]));
    assert!(text.contains("4 nodes"), "{text}");
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let place = Place::new();
    place.write("p.ron", SMALL);
    let run = |setting: &str, words: &[&str]| place.refuses(&["run", "p.ron", "--set", setting], words);
    run("filter.freq_min", &["node.param=value"]);
    run("filtr.freq_min=5", &["filtr"]);
    run("filter.freqmin=5", &["freqmin", "freq_min"]);
    run("filter.freq_min=fast", &["freq_min", "fast"]);
    run("filter.freq_min=-1", &["freq_min"]);
    place.refuses(&["run", "p.ron", "--until", "nowhere"], &["nowhere", "filter"]);
}

#[test]
fn a_failing_task_ends_with_1_and_says_why() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 50_000);
    place.write("p.ron", SMALL);
    // Somebody's own folder is where the result should go.
    fs::create_dir(place.path("out")).unwrap();
    place.write("out/mine.txt", "precious");
    let output = place.ends(1, &["run", "p.ron"]);
    let text = stderr(&output);
    assert!(text.contains("save") && text.contains("not overwritten"), "{text}");
    assert_eq!(fs::read_to_string(place.path("out/mine.txt")).unwrap(), "precious");
    let all = events(&place.ends(1, &["run", "p.ron", "--json"]));
    let last = all.last().unwrap();
    assert_eq!((last["event"].as_str(), last["status"].as_str()), (Some("run_finished"), Some("failed")));
    // The noise does not depend on it and is there.
    assert_eq!(last["cached"], 1);
}

#[test]
fn sort_overwrites_nothing_of_others_and_says_what_it_needs() {
    let place = Place::new();
    let path = locust();
    fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/notes.txt", "precious");
    let mut arguments = vec!["sort", &path, "--out", "mine"];
    arguments.extend(LOCUST);
    place.refuses(&arguments, &["notes.txt", "Choose a new folder"]);
    assert_eq!(fs::read_to_string(place.path("mine/notes.txt")).unwrap(), "precious");
    arguments[3] = "mine/notes.txt";
    place.refuses(&arguments, &["not a folder"]);
    arguments[3] = "/proc/nowhere/sorted";
    place.refuses(&arguments, &["/proc/nowhere"]);
    // 16 channels and no probe.
    place.refuses(
        &[
            "sort",
            &path,
            "--out",
            "o",
            "--dtype",
            "int16",
            "--num-channels",
            "16",
            "--sampling-frequency",
            "15000",
        ],
        &["--probe", "linear32"],
    );
    place.refuses(&["sort", &path, "--out", "o"], &["--dtype"]);
}

#[test]
fn a_store_that_cannot_be_written_is_reported() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 20_000);
    place.write("p.ron", SMALL);
    let output = place.command(&["run", "p.ron"]).env("SPIKELOOM_STORE", "/proc/store").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("SPIKELOOM_STORE"), "{}", stderr(&output));
}
