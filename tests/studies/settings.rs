//! What is set once for all runs: tasks of a class at a time, and commands at the end.

use super::{Place, pipeline, sessions, stderr};
use std::{
    fs,
    time::{Duration, Instant},
};

/// A command on each of eight recordings that notes its beginning and its end.
fn noted(place: &Place) {
    sessions(place);
    let script = "echo begin >> $1/notes; sleep 0.05; if [ -e $1/broken ]; then exit 3; fi; echo end >> $1/notes; printf 'x\\n1\\n' > $2\n";
    place.write("note.sh", script);
    let nodes = r#""note": (kind: "command", params: (program: "sh", files: ["note.sh"], arguments: ["{base}/note.sh", "{base}", "{table}"]))"#;
    place.write("p.ron", &pipeline(nodes, &[("study.recording", "note.recording")]));
}

fn run(place: &Place) -> std::process::Output {
    place.command(&["run", "p.ron"]).env("SPIKELOOM_SETTINGS", place.path("settings.ron")).output().unwrap()
}

/// The most commands that ran at once.
fn at_once(place: &Place) -> i32 {
    let notes = fs::read_to_string(place.path("notes")).unwrap();
    let (mut now, mut most) = (0, 0);
    for line in notes.lines() {
        now += if line == "begin" { 1 } else { -1 };
        most = most.max(now);
    }
    most
}

#[test]
fn tasks_of_a_class_run_as_many_at_once_as_is_set() {
    for (settings, most) in [
        ("(threads: 4, limits: {command: 1})", 1),
        ("(threads: 4, limits: {command: 2})", 2),
        ("(threads: 4)", 4),
    ] {
        let place = Place::new();
        noted(&place);
        place.write("settings.ron", settings);
        let output = run(&place);
        assert!(output.status.success(), "{}", stderr(&output));
        let found = at_once(&place);
        assert!(found <= most && (most > 2 || found == most), "{settings}: {found} at once");
    }
}

#[test]
fn settings_that_are_named_and_missing_are_told_with_the_name_of_the_variable() {
    let place = Place::new();
    noted(&place);
    let output = run(&place);
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(said.contains("settings.ron") && said.contains("SPIKELOOM_SETTINGS"), "{said}");
}

#[test]
fn hooks_are_called_at_the_end() {
    let place = Place::new();
    noted(&place);
    let told = place.path("told").display().to_string();
    let hook =
        |word: &str| format!("echo {word} $SPIKELOOM_STATUS $SPIKELOOM_TASKS $SPIKELOOM_FAILED >> {told}");
    let settings = format!("(hooks: (on_finish: \"{}\", on_failure: \"{}\"))", hook("well"), hook("badly"));
    place.write("settings.ron", &settings);
    let wait_for = |line: &str| {
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(place.path("told")).unwrap_or_default();
            if text.lines().last() == Some(line) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "told: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    place.write("broken", "");
    assert_eq!(run(&place).status.code(), Some(1));
    wait_for("badly failed 8 8");
    fs::remove_file(place.path("broken")).unwrap();
    assert_eq!(run(&place).status.code(), Some(0));
    wait_for("well ok 8 0");
}

#[test]
fn settings_that_are_not_understood_are_named() {
    let place = Place::new();
    noted(&place);
    place.write("jobs.yaml", "job_handlers:\n  metrics: {num_workers: few}\n");
    for (settings, words) in [
        ("(limits: {sorting: 1})", vec!["settings.ron", "line 1", "sorting"]),
        ("(limits: {sort: 0})", vec!["settings.ron", "at least 1"]),
        ("(theads: 1)", vec!["settings.ron", "theads"]),
        ("(job_handlers: \"nowhere.yaml\")", vec!["nowhere.yaml"]),
        (
            "(job_handlers: \"jobs.yaml\")",
            vec!["jobs.yaml", "line 2: job_handlers.metrics.num_workers", "\"few\""],
        ),
    ] {
        place.write("settings.ron", settings);
        let output = run(&place);
        assert_eq!(output.status.code(), Some(2), "{settings}");
        for word in words {
            assert!(stderr(&output).contains(word), "{settings}: no \"{word}\" in\n{}", stderr(&output));
        }
    }
    fs::remove_file(place.path("settings.ron")).unwrap();
    assert!(stderr(&run(&place)).contains("settings.ron"));
}
