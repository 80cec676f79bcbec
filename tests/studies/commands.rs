//! Other programs as nodes: what they are handed, what they give back, how they end.

use super::{Place, column, common::python, pipeline, run, sessions, stderr, stdout, table};
use std::{
    fs,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A pipeline with one command on each recording of the study.
fn command(place: &Place, params: &str) {
    let nodes = format!(
        r#""some": (kind: "filter_items", params: (condition: "index <= 2")),
        "run": (kind: "command", params: ({params})),
        "all": (kind: "collect_tables")"#
    );
    let wires =
        [("study.recording", "some.item"), ("some.item", "run.recording"), ("run.table", "all.table")];
    place.write("p.ron", &pipeline(&nodes, &wires));
}

#[test]
fn a_program_gets_files_parameters_and_keys_and_gives_a_table() {
    let place = Place::new();
    sessions(&place);
    place.write(
        "count.sh",
        "printf 'bytes,session,level,rate,home\\n%s,%s,%s,%s,%s\\n' $(wc -c < \"$1\") \"$2\" \"$3\" \"$4\" \"$MARK\" > \"$5\"\necho counted\n",
    );
    let params = r#"program: "sh", arguments: ["{base}/count.sh", "{recording}", "{session}", "{level}", "{recording.sampling_frequency}", "{table}"],
        parameters: ["level: float = 2.5"], files: ["count.sh"], environment: ["MARK=here"], timeout_s: 20.0,
        before: ["file count.sh", "level > 2 && index < 3"], after: ["exit_code == 0", "file {table}"]"#;
    command(&place, params);
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!((ran["run"], ran["all"]), (4, 1));
    let rows = table(&last, "all");
    assert_eq!(column(&rows, "bytes"), ["5010", "5020", "5010", "5020"]);
    assert_eq!(column(&rows, "key_session"), ["a", "a", "b", "b"]);
    assert_eq!(column(&rows, "session"), ["a", "a", "b", "b"]);
    assert!(rows.iter().all(|row| row["level"] == "2.5" && row["rate"] == "1000" && row["home"] == "here"));
    // Its console is the log of the result.
    let folder = std::path::Path::new(last["results"]["run"].as_str().unwrap()).join("index=1,session=a");
    let log = fs::read_to_string(folder.join("log.txt")).unwrap();
    assert!(log.contains("counted") && log.contains("count.sh"), "{log}");

    let (_, ran) = run(&place, 0, "p.ron");
    assert!(ran.is_empty(), "{ran:?}");
    // Another script is another command.
    let text = fs::read_to_string(place.path("count.sh")).unwrap();
    fs::write(place.path("count.sh"), text.replace("counted", "counted again")).unwrap();
    let (_, ran) = run(&place, 0, "p.ron");
    assert_eq!(ran["run"], 4);
}

#[test]
fn what_goes_wrong_is_said() {
    let place = Place::new();
    sessions(&place);
    let sh = |script: &str| format!(r#"program: "sh", arguments: ["-c", "{script}"]"#);
    for (params, words) in [
        (sh("echo one; echo two >&2; sleep 0.1; exit 3"), vec!["ended with code 3: two", "one"]),
        (
            sh("echo Error: odd samples; echo 'error: called from'; echo here; exit 3"),
            vec!["code 3: Error: odd samples"],
        ),
        (sh("exit 0"), vec!["did not write", "printed nothing"]),
        (sh("kill -9 $$"), vec!["ended with code 137"]),
        (format!("{}, timeout_s: 0.3", sh("sleep 20")), vec!["timeout_s", "0.3 s", "printed nothing"]),
        (
            format!("{}, timeout_s: 0.5", sh("echo half way; sleep 20")),
            vec!["stopped after 0.5 s\nIt printed last:\nhalf way"],
        ),
        (
            sh("echo with error correction; echo no such file >&2; sleep 0.1; echo bye; exit 3"),
            vec!["code 3: no such file"],
        ),
        (sh(": > {table}"), vec!["table: ", "table.csv is empty: a table has at least a heading"]),
        (sh("echo {tabel}"), vec!["there is no {tabel}", "did you mean {table}?"]),
        (
            format!("{}, after: [\"sesion == 'a'\"]", sh("true")),
            vec!["after: there is no {sesion}", "session"],
        ),
        (
            format!("{}, before: [\"file nowhere.txt\"]", sh("true")),
            vec!["before", "nowhere.txt is not there"],
        ),
        (format!("{}, before: [\"index > 5\"]", sh("true")), vec!["before", "index > 5 is false"]),
        (format!("{}, after: [\"exit_code == 1\"]", sh("true")), vec!["after", "is false"]),
        (sh("echo {nothing}"), vec!["there is no {nothing}", "recording"]),
        (r#"program: "no-such-program-anywhere""#.to_owned(), vec!["not found on the path"]),
        (r#"program: """#.to_owned(), vec!["no program is named"]),
        (format!("{}, parameters: [\"a: int = 2.5\"]", sh("true")), vec!["is no int"]),
        (
            format!("{}, parameters: [\"a: int 1..3 = 2\"], values: {{\"a\": 4}}", sh("true")),
            vec!["values.a", "a whole number from 1 to 3"],
        ),
        (
            format!("{}, inputs: [\"recording: recording as wav\"]", sh("true")),
            vec!["raw or binary_folder or mda"],
        ),
    ] {
        command(&place, &params);
        let output = place.run(&["run", "p.ron"]);
        let said = stderr(&output);
        assert!(!output.status.success(), "{params}");
        for word in words {
            assert!(said.contains(word), "{params}: no \"{word}\" in\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn names_that_nothing_fills_are_known_before_anything_runs() {
    let place = Place::new();
    sessions(&place);
    command(&place, r#"program: "sh", arguments: ["-c", "touch ran; echo {sesion} > {table}"]"#);
    let said = stderr(&place.ends(0, &["check", "p.ron"]));
    assert!(said.contains("run: arguments: there is no {sesion}; did you mean {session}?"), "{said}");
    let nodes = r#""each": (kind: "channel_statistics"), "save": (kind: "save_table", params: (path: "out/{sesion}_{index}.csv")),
        "all": (kind: "collect_tables"), "whole": (kind: "save_table", params: (path: "{session}.csv"))"#;
    let wires = [
        ("study.recording", "each.recording"),
        ("each.table", "save.table"),
        ("each.table", "all.table"),
        ("all.table", "whole.table"),
    ];
    place.write("p.ron", &pipeline(nodes, &wires));
    let said = stderr(&place.ends(0, &["run", "p.ron"]));
    for words in [
        "save: path: there is no {sesion}, it stays as it stands; the keys are index, session",
        "whole: path: there is no {session}, it stays as it stands; the item has no keys",
    ] {
        assert_eq!(said.matches(words).count(), 1, "{words}\n{said}");
    }
    assert!(stderr(&place.ends(0, &["check", "p.ron"])).contains("there is no {sesion}"));
}

/// How many processes have a word in their command line.
fn running(word: &str) -> usize {
    let found = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let is_number = entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit());
        is_number && String::from_utf8_lossy(&line).contains(word)
    });
    found.count()
}

/// Starts commands that take forever, and waits until all they start is there.
#[cfg(target_os = "linux")]
fn endless(place: &Place, seconds: &str) -> std::process::Child {
    sessions(place);
    let script = format!("sleep {seconds} & sleep {seconds} & echo begun; wait");
    command(place, &format!(r#"program: "sh", arguments: ["-c", "{script}"]"#));
    let child = place.command(&["run", "p.ron"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while running(seconds) < 4 && began.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(20));
    }
    assert!(running(seconds) >= 4, "it never began");
    child
}

#[cfg(target_os = "linux")]
fn assert_all_ended(seconds: &str) {
    let ended = Instant::now();
    while running(seconds) > 0 && ended.elapsed() < Duration::from_secs(5) {
        sleep(Duration::from_millis(20));
    }
    assert_eq!(running(seconds), 0, "something went on");
}

#[cfg(target_os = "linux")]
#[test]
fn cancel_ends_a_program_and_all_it_started() {
    let place = Place::new();
    let mut child = endless(&place, "98.7654321");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert_all_ended("98.7654321");
}

#[cfg(target_os = "linux")]
#[test]
fn a_kill_of_spikeloom_ends_its_programs() {
    let place = Place::new();
    let mut child = endless(&place, "97.1234567");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_all_ended("97.1234567");
}

#[test]
fn files_of_a_command_are_kept_and_opened_again() {
    let place = Place::new();
    sessions(&place);
    let nodes = r#""double": (kind: "command", params: (program: "sh",
            arguments: ["-c", "cat {recording} {recording} > {twice}; echo done"], outputs: ["twice.bin: files"])),
        "opened": (kind: "recording_from_files", params: (dtype: uint8, num_channels: 1, sampling_frequency: 1000.0)),
        "statistics": (kind: "channel_statistics"),
        "all": (kind: "collect_tables")"#;
    let wires = [
        ("study.recording", "double.recording"),
        ("double.twice", "opened.files"),
        ("opened.recording", "statistics.recording"),
        ("statistics.table", "all.table"),
    ];
    place.write("p.ron", &pipeline(nodes, &wires));
    let (last, _) = run(&place, 0, "p.ron");
    let rows = table(&last, "all");
    assert_eq!(rows[0]["num_samples"], "10020");
    let (last, ran) = run(&place, 0, "p.ron");
    assert!(ran.is_empty(), "{ran:?}");
    // The file is part of the result: a result without it is no result.
    let folder = std::path::Path::new(last["results"]["double"].as_str().unwrap()).join("index=1,session=a");
    fs::remove_file(folder.join("twice/files/twice.bin")).unwrap();
    let (_, ran) = run(&place, 0, "p.ron");
    assert_eq!(ran["double"], 1);
}

/// The parameters of a preset as `spikeloom node command` prints them.
fn preset(place: &Place, name: &str) -> String {
    let page = stdout(&place.ends(0, &["node", "command"]));
    let mut lines = page.lines().skip_while(|line| line.trim() != name);
    let params = lines.nth(1).unwrap_or_else(|| panic!("no preset {name} in\n{page}")).trim();
    params.trim_start_matches('(').trim_end_matches(')').to_owned()
}

/// No MATLAB and no container engine runs here: stand-ins write down how they are called, and give a table.
#[cfg(target_os = "linux")]
#[test]
fn presets_call_programs_as_they_want_to_be_called() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    sessions(&place);
    let bin = place.path("bin");
    fs::create_dir(&bin).unwrap();
    let stand_in = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo stand-in 1.2; exit; fi\nprintf '%s\\n' \"$@\" > {}/called\n\
         for word in \"$@\"; do case $word in *table.csv*) table=$(printf %s \"$word\" | grep -o \"/[^ ']*table.csv\");; esac; done\n\
         printf 'x\\n1\\n' > \"$table\"\n",
        place.folder.path().display()
    );
    for program in ["matlab", "podman", "docker", "apptainer"] {
        let path = bin.join(program);
        fs::write(&path, &stand_in).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    place.write("process.m", "");
    let search = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let digest = "0123456789abcdef".repeat(4);
    let base = place.folder.path().canonicalize().unwrap().display().to_string();
    let run = |preset: &str, code: i32| -> (Vec<String>, String) {
        let nodes = format!(
            r#""one": (kind: "filter_items", params: (condition: "index == 1 && session == \"a\"")), "run": (kind: "command", params: ({preset}))"#
        );
        place.write(
            "p.ron",
            &pipeline(&nodes, &[("study.recording", "one.item"), ("one.item", "run.recording")]),
        );
        let output =
            place.command(&["run", "p.ron"]).env("PATH", &search).current_dir(&base).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{preset}\n{}", stderr(&output));
        let called = fs::read_to_string(place.path("called")).unwrap_or_default();
        (called.lines().map(str::to_owned).collect(), stderr(&output))
    };
    let folder_of = |words: &[String], part: &str| -> String {
        let word = words.iter().find(|word| word.contains(part)).unwrap_or_else(|| panic!("{words:?}"));
        let at = word.find('/').unwrap();
        word[at..word.find(part).unwrap()].to_owned()
    };

    let (called, _) = run(&preset(&place, "MATLAB"), 0);
    let scratch = folder_of(&called[3..], "/work/");
    let expected = [
        "-batch".to_owned(),
        format!(
            "addpath('{base}'); process('{scratch}/inputs/recording/traces_cached_seg0.raw', '{scratch}/outputs/table.csv', 4.5)"
        ),
        "-logfile".into(),
        format!("{scratch}/work/matlab.log"),
    ];
    assert_eq!(called, expected);

    let (_, said) = run(&preset(&place, "Container (podman)"), 2);
    assert!(said.contains("not named by its digest"), "{said}");
    let user = Command::new("sh").args(["-c", "echo $(id -u):$(id -g)"]).output().unwrap();
    let user = format!("--user={}", stdout(&user).trim());
    for (name, own) in [("podman", None), ("docker", Some(user.as_str()))] {
        let params = preset(&place, &format!("Container ({name})"));
        let (called, _) = run(&params.replace("NAME@sha256:DIGEST", &format!("lab/sort@sha256:{digest}")), 0);
        let scratch = folder_of(&called[4..], "/inputs:");
        let mut expected: Vec<String> =
            ["run", "--rm", "--init", "--network=none"].map(str::to_owned).to_vec();
        expected.extend(own.map(str::to_owned));
        expected.extend([
            format!("--volume={scratch}/inputs:{scratch}/inputs:ro"),
            format!("--volume={scratch}/outputs:{scratch}/outputs"),
            format!("--volume={base}:{base}:ro"),
            format!("--workdir={scratch}/outputs"),
            format!("lab/sort@sha256:{digest}"),
            "process".into(),
            format!("{scratch}/inputs/recording/traces_cached_seg0.raw"),
            format!("{scratch}/outputs/table.csv"),
        ]);
        assert_eq!(called, expected, "{name}");
    }
    let params = preset(&place, "Container (apptainer)");
    let (called, _) = run(&params.replace("NAME@sha256:DIGEST", &format!("lab/sort@sha256:{digest}")), 0);
    assert_eq!(called[..2], ["exec", "--containall"]);
    assert_eq!(called[6], format!("docker://lab/sort@sha256:{digest}"));
}

#[test]
fn recordings_that_programs_write_flow_on() {
    let place = Place::new();
    // Octave turns raw samples over, SpikeInterface turns them back.
    let octave = "f = fopen('{recording}'); x = fread(f, Inf, '*{recording.dtype}'); fclose(f); \
                  f = fopen('{turned}', 'w'); fwrite(f, -x, '{recording.dtype}'); fclose(f);";
    let back = "import spikeinterface as si, spikeinterface.preprocessing as spre; \
                r = spre.scale(si.load('{recording}'), -1.0, dtype='{recording.dtype}'); \
                r.save(folder='{back}', format='zarr'); r.save(folder='{folder}')";
    let python = python().display().to_string();
    let text = format!(
        r#"(version: 1, nodes: {{
    "demo": (kind: "generate_recording", params: (probe: tetrode, num_units: 2, duration_s: 4.0, seed: 3)),
    "octave": (kind: "command", params: (program: "octave-cli", arguments: ["--quiet", "--eval", "{octave}"], outputs: ["turned: recording as raw"])),
    "python": (kind: "command", params: (program: "{python}", arguments: ["-W", "ignore", "-c", "{back}"], inputs: ["recording: recording as binary_folder"],
        outputs: ["back: recording as zarr", "folder: recording as binary_folder"])),
    "direct": (kind: "channel_statistics"), "turned": (kind: "channel_statistics"), "zarr": (kind: "channel_statistics"), "folder": (kind: "channel_statistics"),
    "reference": (kind: "common_reference"), "noise": (kind: "noise_levels"), "plot": (kind: "plot_probe"),
}}, wires: [
    ("demo.recording", "octave.recording"), ("octave.turned", "python.recording"), ("demo.recording", "direct.recording"),
    ("octave.turned", "turned.recording"), ("python.back", "zarr.recording"), ("python.folder", "folder.recording"),
    ("octave.turned", "reference.recording"), ("reference.recording", "noise.recording"), ("octave.turned", "plot.recording"),
])"#
    );
    place.write("p.ron", &text);
    let (last, _) = run(&place, 0, "p.ron");
    let of = |node: &str, name: &str| -> Vec<String> {
        column(&table(&last, node), name).iter().map(|&cell| cell.to_owned()).collect()
    };
    for node in ["zarr", "folder"] {
        for name in ["channel_id", "num_samples", "mean", "std", "min"] {
            assert_eq!(of(node, name), of("direct", name), "{node} {name}");
        }
    }
    let turned =
        |name: &str| of("turned", name).iter().map(|x| -x.parse::<f64>().unwrap()).collect::<Vec<_>>();
    let direct: Vec<f64> = of("direct", "max").iter().map(|x| x.parse().unwrap()).collect();
    assert_eq!(turned("min"), direct);
    let (_, ran) = run(&place, 0, "p.ron");
    assert!(ran.is_empty(), "{ran:?}");
    place.ends(0, &["verify"]);
}

#[test]
fn a_recording_that_cannot_be_opened_is_said_with_its_output() {
    let place = Place::new();
    sessions(&place);
    for (outputs, script, words) in [
        ("\"x: recording as raw\"", "true", vec!["did not write", "x.raw"]),
        ("\"x: recording as binary_folder\"", "mkdir {x}", vec!["x: "]),
        ("\"x: recording as nwb\"", "echo no > {x}", vec!["x: ", "x.nwb"]),
        ("\"x: recording as wav\"", "true", vec!["raw or binary_folder or mda or zarr or nwb or npy or phy"]),
    ] {
        let nodes = format!(
            r#""run": (kind: "command", params: (program: "sh", arguments: ["-c", "{script}"], outputs: [{outputs}])), "next": (kind: "channel_statistics")"#
        );
        place.write(
            "p.ron",
            &pipeline(&nodes, &[("study.recording", "run.recording"), ("run.x", "next.recording")]),
        );
        let output = place.run(&["run", "p.ron"]);
        let said = stderr(&output);
        assert!(!output.status.success() && !said.contains("panicked"), "{said}");
        for word in words {
            assert!(said.contains(word), "{outputs}: no \"{word}\" in\n{said}");
        }
    }
}
