//! The program from outside where something is wrong: it says what to do, and nothing is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    place::{LOCUST, Place, SMALL, events, locust, small_recording},
    stderr, stdout,
};
use serde_json::Value as Json;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

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
fn an_input_that_changed_is_read_again() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 50_000);
    place.write("p.ron", SMALL);
    let finished = || events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    finished();
    assert_eq!(finished()["cached"], 2);
    small_recording(&place.path("x.raw"), 60_000);
    assert_eq!(finished()["cached"], 0);
    fs::rename(place.path("x.raw"), place.path("moved.raw")).unwrap();
    let output = place.run(&["run", "p.ron"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("x.raw"), "{}", stderr(&output));
}

#[test]
fn cancelling_ends_with_130_and_a_kill_loses_nothing() {
    let place = Place::new();
    // Long enough to be interrupted while it is filtered and written.
    small_recording(&place.path("x.raw"), 12_000_000);
    place.write("p.ron", SMALL);
    let start = |signal: &str| {
        let mut child = place
            .command(&["run", "p.ron", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Until it is in the midst of writing.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find(|line| {
            let event: Json = serde_json::from_str(line.as_ref().unwrap()).unwrap();
            event["event"] == "progress" && event["node"] == "save" && event["done"].as_u64() > Some(0)
        });
        assert!(line.is_some(), "it ended before it was interrupted");
        let asked = Instant::now();
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        // Read to the end, as a terminal does.
        let _ = lines.count();
        let code = child.wait().unwrap().code();
        (code, asked.elapsed())
    };
    let (code, took) = start("-INT");
    assert_eq!(code, Some(130));
    assert!(took < Duration::from_secs(20), "{took:?}");
    let (code, _) = start("-KILL");
    assert_eq!(code, None);
    assert!(!place.path("out").exists(), "nothing half-written has its final name");
    let last = events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(last["status"], "ok");
    assert_eq!(fs::metadata(place.path("out/traces_cached_seg0.raw")).unwrap().len(), 12_000_000 * 4 * 4);
    place.ends(0, &["verify"]);
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
fn a_full_disk_is_reported_and_loses_nothing() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 400_000);
    place.write("p.ron", SMALL);
    let small = place.path("small");
    fs::create_dir(&small).unwrap();
    // A file system of 2 MB in a name space of its own, where 6 MB do not fit.
    let script = format!(
        "mount -t tmpfs -o size=2m tmpfs {small} && {program} run p.ron --set save.path=small/out; code=$?; \
         ls -A small; exit $code",
        small = small.display(),
        program = env!("CARGO_BIN_EXE_spikeloom"),
    );
    let mut unshare = Command::new("unshare");
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| stdout(&output).trim() == "0");
    unshare.args(if root { ["-m", "sh", "-c"] } else { ["-Urm", "sh", "-c"] });
    let output = unshare
        .arg(script)
        .current_dir(place.folder.path())
        .env("SPIKELOOM_STORE", place.path("store"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}\n{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("disk is full"), "{}", stderr(&output));
    assert!(!stdout(&output).contains("out"), "something half-written is left:\n{}", stdout(&output));
    place.ends(0, &["run", "p.ron"]);
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
