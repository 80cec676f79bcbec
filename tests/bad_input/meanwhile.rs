//! Inputs that change, and runs that are cancelled or killed, in the middle.

use super::common::{
    place::{LOCUST, Place, SMALL, events, locust, small_recording},
    stderr,
};
use serde_json::Value as Json;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Starts a long run and waits until it is in the midst of writing; gives the lines it has yet to write.
fn in_the_midst(place: &Place) -> (Child, impl Iterator<Item = Json> + use<>) {
    let mut child = place
        .command(&["run", "p.ron", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<Json>(&line.unwrap()).unwrap());
    let event = events.find(|event| {
        event["event"] == "progress" && event["node"] == "save" && event["done"].as_u64() > Some(0)
    });
    assert!(event.is_some(), "it ended before anything could happen to it");
    (child, events)
}

/// Long enough to be interrupted while it is filtered and written.
const LONG: usize = 12_000_000;

fn long_run() -> Place {
    let place = Place::new();
    small_recording(&place.path("x.raw"), LONG);
    place.write("p.ron", SMALL);
    place
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
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
    let place = long_run();
    let start = |name: &str| {
        let (mut child, left) = in_the_midst(&place);
        let asked = Instant::now();
        signal(&child, name);
        // Read to the end, as a terminal does.
        let last = left.last();
        (child.wait().unwrap().code(), asked.elapsed(), last)
    };
    let (code, took, last) = start("-INT");
    assert_eq!(code, Some(130));
    let last = last.unwrap();
    assert_eq!((last["event"].as_str(), last["status"].as_str()), (Some("run_finished"), Some("cancelled")));
    assert!(took < Duration::from_secs(2), "{took:?}");
    let (code, _, _) = start("-KILL");
    assert_eq!(code, None);
    assert!(!place.path("out").exists(), "nothing half-written has its final name");
    let last = events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(last["status"], "ok");
    assert_eq!(fs::metadata(place.path("out/traces_cached_seg0.raw")).unwrap().len(), LONG as u64 * 4 * 4);
    place.ends(0, &["verify"]);
}

#[test]
fn an_input_that_gets_shorter_fails_its_task_and_nothing_else() {
    let place = long_run();
    let (mut child, left) = in_the_midst(&place);
    fs::OpenOptions::new().write(true).open(place.path("x.raw")).unwrap().set_len(8 * 1000).unwrap();
    let left: Vec<Json> = left.collect();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let failed = left.iter().find(|event| event["event"] == "failed").unwrap();
    let message = failed["message"].as_str().unwrap();
    for word in ["x.raw", "became shorter while it was read", "Open it again"] {
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(left.last().unwrap()["status"], "failed");
    assert!(!place.path("out").exists(), "nothing half-written has its final name");
    // What is left of it is a recording of its own.
    let again = events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(again["cached"], 0);
    assert_eq!(fs::metadata(place.path("out/traces_cached_seg0.raw")).unwrap().len(), 1000 * 4 * 4);
}

#[test]
fn an_input_that_is_changed_meanwhile_is_read_again() {
    let place = long_run();
    let (mut child, left) = in_the_midst(&place);
    let file = fs::OpenOptions::new().write(true).open(place.path("x.raw")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[1; 8000], 8 * (LONG as u64 - 5000)).unwrap();
    drop(file);
    let _ = left.count();
    child.wait().unwrap();
    let again = events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(again["cached"], 0, "results of what is no longer there are taken for those of the input");
    assert_eq!(events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap()["cached"], 2);
}

/// Many times the same trial: a sort of them takes seconds.
fn many_trials(path: &Path) {
    fs::write(path, fs::read(locust()).unwrap().repeat(40)).unwrap();
}

#[test]
fn a_sort_is_cancelled_at_once_whatever_it_is_doing() {
    let place = Place::new();
    many_trials(&place.path("x.raw"));
    let mut arguments = vec!["sort", "x.raw", "--out", "sorted"];
    arguments.extend(LOCUST);
    for wait in [100, 300, 600, 900] {
        let child = place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let asked = Instant::now();
        signal(&child, "-INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        // 200 ms where nothing else runs; here other tests do.
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?} after {wait} ms", asked.elapsed());
        assert!(stderr(&output).contains("cancelled"), "{}", stderr(&output));
        assert!(!place.path("sorted").exists());
    }
    place.ends(0, &["verify"]);
}

#[test]
fn a_sort_that_is_killed_is_sorted_again_to_the_same_spikes() {
    let place = Place::new();
    many_trials(&place.path("x.raw"));
    let mut arguments = vec!["sort", "x.raw", "--out", "sorted"];
    arguments.extend(LOCUST);
    let mut child = place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(400));
    signal(&child, "-KILL");
    assert_eq!(child.wait().unwrap().code(), None, "it ended before it was killed");
    assert!(!place.path("sorted").exists());
    place.ends(0, &arguments);
    place.ends(0, &["verify"]);
    arguments[3] = "alone";
    place.command(&arguments).env("SPIKELOOM_STORE", place.path("other")).output().unwrap();
    let spikes = |name: &str| fs::read(place.path(name).join("sorting/spikes.npy")).unwrap();
    assert!(spikes("sorted") == spikes("alone"));
    // The names of leftovers begin with a dot.
    let left: Vec<_> = fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
