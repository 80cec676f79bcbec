//! The program from outside: what each command prints and the code it ends with.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{run_python, shared_data, stderr, stdout};
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// A folder of one's own with a store in it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SPIKELOOM_STORE", self.path("store"))
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs, and expects a code; shows everything where it is another one.
    fn ends(&self, code: i32, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "spikeloom {}\n{}\n{}",
            arguments.join(" "),
            stdout(&output),
            stderr(&output)
        );
        output
    }

    /// Runs, expects bad input, and all words in what it says.
    fn refuses(&self, arguments: &[&str], words: &[&str]) {
        let text = stderr(&self.ends(2, arguments));
        for word in words {
            assert!(text.contains(word), "spikeloom {}: no \"{word}\" in\n{text}", arguments.join(" "));
        }
        assert!(!text.contains("panicked"), "{text}");
    }
}

fn json(output: &Output) -> Json {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}:\n{}", stdout(output)))
}

fn events(output: &Output) -> Vec<Json> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn locust() -> String {
    shared_data().join("locust/locust_trial_01.raw").display().to_string()
}

const LOCUST: [&str; 6] = ["--dtype", "int16", "--num-channels", "4", "--sampling-frequency", "15000"];

/// Noise of 4 channels with a spike here and there, as a raw int16 file.
fn small_recording(path: &Path, frames: usize) {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(frames * 8);
    for frame in 0..frames {
        for channel in 0..4_i16 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = ((state >> 33) % 41) as i16 - 20;
            let phase = frame % 997;
            let spike =
                if phase < 12 { -(150 - 30 * channel) * (6 - (phase as i16 - 6).abs()) / 6 } else { 0 };
            bytes.extend_from_slice(&(noise + spike).to_le_bytes());
        }
    }
    fs::write(path, bytes).unwrap();
}

/// A pipeline that saves a stretch of `x.raw`, referenced.
const SMALL: &str = r#"(
    version: 1,
    nodes: {
        "read": (kind: "read_recording", params: (path: "x.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
        "noise": (kind: "noise_levels"),
        "filter": (kind: "bandpass_filter"),
        "save": (kind: "save_recording", params: (path: "out")),
    },
    wires: [
        ("read.recording", "filter.recording"),
        ("read.recording", "noise.recording"),
        ("filter.recording", "save.recording"),
    ],
)"#;

#[test]
fn nodes_and_their_pages_are_listed() {
    let place = Place::new();
    let list = stdout(&place.ends(0, &["nodes"]));
    for kind in ["read_recording", "bandpass_filter", "common_reference", "save_sorting"] {
        assert!(list.contains(kind), "{list}");
    }
    let nodes = json(&place.ends(0, &["nodes", "--json"]));
    let bandpass = nodes.as_array().unwrap().iter().find(|node| node["kind"] == "bandpass_filter").unwrap();
    let freq_min = bandpass["params"].as_array().unwrap().iter().find(|p| p["name"] == "freq_min").unwrap();
    assert_eq!(freq_min["unit"], "Hz");
    assert_eq!(freq_min["default"], 300.0);
    let page = stdout(&place.ends(0, &["node", "bandpass_filter"]));
    assert!(page.contains("freq_min = 300") && page.contains("Hz"), "{page}");
    place.refuses(&["node", "kilosort9"], &["kilosort9", "spikeloom nodes"]);
}

#[test]
fn wrong_use_ends_with_2_and_help_with_0() {
    let place = Place::new();
    place.ends(0, &["--help"]);
    place.ends(0, &["--version"]);
    place.ends(2, &["run"]);
    place.ends(2, &["--no-such-option"]);
    place.ends(2, &["sort", "x.raw"]);
    let completions = stdout(&place.ends(0, &["completions", "bash"]));
    assert!(completions.contains("spikeloom"));
}

#[test]
fn info_says_what_a_recording_holds() {
    let place = Place::new();
    let mut arguments = vec!["info", "--json"];
    let path = locust();
    arguments.push(&path);
    arguments.extend(LOCUST);
    let facts = json(&place.ends(0, &arguments));
    assert_eq!(facts["num_channels"], 4);
    assert_eq!(facts["sampling_frequency"], 15000.0);
    assert_eq!(facts["segments"][0]["num_frames"], 431_548);
    assert_eq!(facts["dtype"], "int16");
    assert!(facts["gain_to_uV"].is_null() && facts["probe"].is_null());
    assert_eq!(facts["streams"].as_array().unwrap().len(), 1);

    let folder = shared_data().join("si_written/recording_binary").display().to_string();
    let facts = json(&place.ends(0, &["info", "--json", &folder]));
    assert_eq!(facts["num_channels"], 16);
    assert_eq!(facts["gain_to_uV"][0], 0.195);
    assert_eq!(facts["probe"]["contact_positions"].as_array().unwrap().len(), 16);
    assert_eq!(facts["probe"]["device_channel_indices"][3], 3);

    let sorting = shared_data().join("si_written/sorting_truth_numpyfolder").display().to_string();
    let facts = json(&place.ends(0, &["info", "--json", &sorting]));
    assert_eq!(facts["num_units"], 6);
    assert_eq!(facts["num_spikes"], 418);
}

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
fn a_second_run_does_nothing_and_a_change_only_what_depends_on_it() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 100_000);
    place.write("p.ron", SMALL);
    let plan = json(&place.ends(0, &["plan", "p.ron", "--json"]));
    assert_eq!((plan["num_tasks"].as_u64(), plan["num_cached"].as_u64()), (Some(2), Some(0)));

    let finished = |arguments: &[&str]| {
        let all = events(&place.ends(0, arguments));
        assert_eq!(all[0]["event"], "run_started");
        let last = all.last().unwrap().clone();
        assert_eq!(last["event"], "run_finished");
        assert_eq!(last["status"], "ok");
        last
    };
    let first = finished(&["run", "p.ron", "--json"]);
    assert_eq!((first["tasks"].as_u64(), first["cached"].as_u64()), (Some(2), Some(0)));
    for node in ["noise", "save"] {
        let folder = PathBuf::from(first["results"][node].as_str().unwrap());
        assert!(folder.is_dir(), "{}", folder.display());
    }
    let bytes = fs::read(place.path("out/traces_cached_seg0.raw")).unwrap();
    let second = finished(&["run", "p.ron", "--json"]);
    assert_eq!(second["cached"], 2);
    // The noise is taken before the filter.
    let third = finished(&["run", "p.ron", "--json", "--set", "filter.freq_min=500"]);
    assert_eq!((third["tasks"].as_u64(), third["cached"].as_u64()), (Some(2), Some(1)));
    assert_ne!(fs::read(place.path("out/traces_cached_seg0.raw")).unwrap(), bytes);
    // One thread or two: the same bytes.
    let back = finished(&["run", "p.ron", "--json", "--threads", "1"]);
    assert_eq!(back["tasks"], 2);
    assert_eq!(fs::read(place.path("out/traces_cached_seg0.raw")).unwrap(), bytes);
    let until = finished(&["run", "p.ron", "--json", "--until", "noise"]);
    assert_eq!((until["tasks"].as_u64(), until["cached"].as_u64()), (Some(1), Some(1)));
    place.ends(0, &["verify"]);
    let would = stdout(&place.ends(0, &["clean", "--dry-run"]));
    assert!(would.contains("would be removed"), "{would}");
    place.ends(0, &["clean"]);
    assert_eq!(finished(&["run", "p.ron", "--json"])["cached"], 2);
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
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(700));
        let asked = Instant::now();
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let code = child.wait().unwrap().code();
        (code, asked.elapsed())
    };
    let (code, took) = start("-INT");
    assert_eq!(code, Some(130));
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (code, _) = start("-KILL");
    assert_eq!(code, None);
    assert!(!place.path("out").exists(), "nothing half-written has its final name");
    let last = events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(last["status"], "ok");
    assert_eq!(fs::metadata(place.path("out/traces_cached_seg0.raw")).unwrap().len(), 12_000_000 * 4 * 4);
    place.ends(0, &["verify"]);
}

#[test]
fn conversions_load_in_spikeinterface() {
    let place = Place::new();
    let path = locust();
    let mut arguments = vec!["convert", &path, "--format", "binary-folder", "--out", "converted"];
    arguments.extend(LOCUST);
    place.ends(0, &arguments);
    place.refuses(&arguments, &["exists already"]);
    let sorting = shared_data().join("si_written/sorting_truth.npz").display().to_string();
    place.ends(0, &["convert", &sorting, "--format", "numpy-folder", "--out", "sorting"]);
    let text = run_python(
        "import sys, numpy as np, spikeinterface as si\n\
         r = si.load(sys.argv[1]); s = si.load(sys.argv[2]); raw = np.fromfile(sys.argv[3], 'int16').reshape(-1, 4)\n\
         assert np.array_equal(r.get_traces(), raw)\n\
         print(r.get_num_channels(), r.get_sampling_frequency(), s.get_total_num_spikes())",
        &[&place.path("converted"), &place.path("sorting"), Path::new(&path)],
    );
    assert!(text.starts_with("4 15000.0"), "{text}");
}
