//! The program from outside: what each command prints and the code it ends with.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{run_python, shared_data, stderr, stdout};
use serde_json::Value as Json;
use std::{
    fs,
    io::{BufRead, BufReader},
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
        drop(lines.count());
        let code = child.wait().unwrap().code();
        (code, asked.elapsed())
    };
    let (code, took) = start("-INT");
    assert_eq!(code, Some(130));
    assert!(took < Duration::from_secs(2), "{took:?}");
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
         print(r.get_num_channels(), r.get_sampling_frequency(), s.count_total_num_spikes())",
        &[&place.path("converted"), &place.path("sorting"), Path::new(&path)],
    );
    assert!(text.starts_with("4 15000.0"), "{text}");
}

#[test]
fn the_locust_tetrode_is_sorted() {
    let place = Place::new();
    let path = locust();
    let mut arguments = vec!["sort", &path, "--out", "sorted"];
    arguments.extend(LOCUST);
    place.ends(0, &arguments);
    let facts: Json =
        serde_json::from_str(&fs::read_to_string(place.path("sorted/run.json")).unwrap()).unwrap();
    for name in ["wall_s", "cpu_s", "peak_rss_bytes", "num_spikes", "num_units", "seed"] {
        assert!(facts[name].is_number(), "{name} in {facts}");
    }
    assert!(facts["version"].is_string());
    let stages = facts["stages"].as_array().unwrap();
    assert!(!stages.is_empty());
    for stage in stages {
        assert!(
            stage["name"].is_string() && stage["wall_s"].is_number() && stage["cpu_s"].is_number(),
            "{stage}"
        );
    }
    let metrics = fs::read_to_string(place.path("sorted/metrics.csv")).unwrap();
    assert!(metrics.starts_with("unit_id,"), "{metrics}");
    assert_eq!(metrics.lines().count() as u64, 1 + facts["num_units"].as_u64().unwrap());

    // As SpikeInterface reads it.
    let text = run_python(
        "import sys, numpy as np, spikeinterface as si\n\
         s = si.load(sys.argv[1]); fs = s.get_sampling_frequency(); good = 0\n\
         assert fs == 15000\n\
         for u in s.unit_ids:\n\
        \x20   t = s.get_unit_spike_train(u)\n\
        \x20   good += len(t) >= 50 and np.mean(np.diff(t) < 0.0015 * fs) < 0.01\n\
         print(good, s.count_total_num_spikes())",
        &[&place.path("sorted/sorting")],
    );
    let numbers: Vec<u64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert!(numbers[0] >= 6, "{} units with 50 spikes and clean intervals", numbers[0]);
    assert_eq!(numbers[1], facts["num_spikes"].as_u64().unwrap());

    // Nothing runs again, and what was run can be run again by itself.
    let before = fs::read(place.path("sorted/sorting/spikes.npy")).unwrap();
    place.ends(0, &arguments);
    assert_eq!(fs::read(place.path("sorted/sorting/spikes.npy")).unwrap(), before);
    place.ends(0, &["check", "sorted/pipeline.ron"]);
    let last = events(&place.ends(0, &["run", "sorted/pipeline.ron", "--json"])).last().unwrap().clone();
    assert_eq!(last["tasks"], last["cached"]);
    // On one thread, from nothing: the same spikes.
    let alone = Place::new();
    arguments.extend(["--threads", "1"]);
    alone.ends(0, &arguments);
    assert_eq!(fs::read(alone.path("sorted/sorting/spikes.npy")).unwrap(), before);
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
