//! Several processes on one store: each task is done once, waited for elsewhere, and taken over from the dead.

use super::{Place, pipeline, sessions, stdout, table};
use std::{
    fs,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A command on each recording that leaves a line in `done` and takes a while.
fn counted(place: &Place, script: &str) {
    place.write("count.sh", script);
    let nodes = r#""run": (kind: "command", params: (program: "sh", files: ["count.sh"],
            arguments: ["{base}/count.sh", "{base}", "{table}", "{session}{index}"])),
        "all": (kind: "collect_tables")"#;
    let wires = [("study.recording", "run.recording"), ("run.table", "all.table")];
    place.write("p.ron", &pipeline(nodes, &wires));
}

fn start(place: &Place) -> Child {
    let mut run = place.command(&["run", "p.ron", "--json"]);
    run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn lines(place: &Place, name: &str) -> Vec<String> {
    let text = fs::read_to_string(place.path(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn what_one_process_computes_others_wait_for() {
    let place = Place::new();
    sessions(&place);
    counted(&place, "echo $3 >> $1/done; sleep 0.3; printf 'x\\n1\\n' > $2\n");
    let began = Instant::now();
    let children: Vec<Child> = (0..3).map(|_| start(&place)).collect();
    let mut ran = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        let events = super::events(&output);
        let finished =
            |node: &str| events.iter().filter(|e| e["event"] == "finished" && e["node"] == node).count();
        ran += finished("run");
        assert_eq!(table(events.last().unwrap(), "all").len(), 8, "each sees all results");
    }
    let mut done = lines(&place, "done");
    done.sort();
    let expected: Vec<String> =
        ["a", "b"].iter().flat_map(|s| (1..=4).map(move |i| format!("{s}{i}"))).collect();
    assert_eq!((done, ran), (expected, 8), "each task once, whoever did it");
    // One alone does three of them at a time; together they need not wait for one another's turns.
    println!("8 tasks of 0.3 s by three processes in {:?}", began.elapsed());
}

#[test]
fn a_task_is_taken_over_from_a_process_that_died() {
    let place = Place::new();
    sessions(&place);
    // Takes forever the first time.
    counted(
        &place,
        "echo $3 >> $1/begun; if [ ! -e $1/quick ]; then touch $1/slow; sleep 98.12345; fi; printf 'x\\n1\\n' > $2\n",
    );
    let mut first = start(&place);
    let began = Instant::now();
    while !place.path("slow").exists() && began.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(10));
    }
    place.write("quick", "");
    let second = start(&place);
    let id = first.id();
    sleep(Duration::from_millis(1500));
    let before = lines(&place, "begun");
    // SIGKILL: it cannot say that it ends.
    first.kill().unwrap();
    first.wait().unwrap();
    let killed = Instant::now();
    let output = second.wait_with_output().unwrap();
    assert!(killed.elapsed() < Duration::from_secs(10), "taken over only after {:?}", killed.elapsed());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let events = super::events(&output);
    let waits =
        events.iter().find(|e| e["line"].as_str().is_some_and(|l| l.contains("which is computing it")));
    assert!(waits.unwrap()["line"].as_str().unwrap().contains(&format!("process {id} on ")), "{waits:?}");
    let after = lines(&place, "begun");
    assert!(before.len() >= 8, "the second did not go on with what nobody was at: {before:?}");
    let taken_over = after.len() - before.len();
    assert!((1..=3).contains(&taken_over), "{before:?} {after:?}");
    assert_eq!(table(events.last().unwrap(), "all").len(), 8);
}

/// A run on a computer of its own: another name, and processes that are counted from 1 there as well.
#[cfg(target_os = "linux")]
fn start_on(place: &Place, host: &str) -> Child {
    let run = place.command(&["run", "p.ron", "--json"]);
    let mut computer = std::process::Command::new("unshare");
    computer
        .args(["--user", "--map-root-user", "--uts", "--mount", "--pid", "--fork", "--kill-child"])
        .args(["--mount-proc", "sh", "-c", "hostname \"$0\" && exec \"$@\"", host])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(place.path(""))
        .env("SPIKELOOM_STORE", place.path("store"))
        .stdin(Stdio::null());
    computer.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn two_computers_on_one_store_do_each_task_once() {
    let place = Place::new();
    sessions(&place);
    // None ends before both computers have begun.
    counted(&place, "echo $3 >> $1/done; hostname >> $1/hosts
         while [ $(sort -u $1/hosts | wc -l) -lt 2 ]; do sleep 0.05; done; sleep 0.1; printf 'x\\n1\\n' > $2\n");
    let children = ["near", "far"].map(|host| start_on(&place, host));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        let events = super::events(&output);
        assert_eq!(table(events.last().unwrap(), "all").len(), 8, "each sees all results");
    }
    let mut done = lines(&place, "done");
    done.sort();
    assert_eq!((done.len(), done.windows(2).all(|pair| pair[0] != pair[1])), (8, true), "{done:?}");
    let hosts = lines(&place, "hosts");
    assert!(["near", "far"].iter().all(|host| hosts.iter().any(|own| own == host)), "{hosts:?}");
    place.ends(0, &["verify"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_computer_that_died_does_not_hold_up_another() {
    let place = Place::new();
    sessions(&place);
    counted(
        &place,
        "echo $3 >> $1/begun; if [ ! -e $1/quick ]; then touch $1/slow; sleep 98.54321; fi; printf 'x\\n1\\n' > $2\n",
    );
    let mut near = start_on(&place, "near");
    let began = Instant::now();
    while !place.path("slow").exists() && began.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(10));
    }
    place.write("quick", "");
    let far = start_on(&place, "far");
    // It does what nobody is at, and waits for the rest.
    while lines(&place, "begun").len() < 8 && began.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(50));
    }
    near.kill().unwrap();
    near.wait().unwrap();
    let before = lines(&place, "begun").len();
    // Nobody can see from afar that it died, but that it was silent for long: two minutes pass.
    for file in fs::read_dir(place.path("store/scratch")).unwrap().flatten().map(|entry| entry.path()) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        if text.lines().any(|line| line == "near") {
            let long_ago = std::time::SystemTime::now() - Duration::from_secs(120);
            fs::File::options().append(true).open(&file).unwrap().set_modified(long_ago).unwrap();
        }
    }
    let output = far.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let events = super::events(&output);
    let is_waiting =
        |line: &str| line.contains("which is computing it") && line.contains("process 1 on near");
    assert!(events.iter().any(|e| e["line"].as_str().is_some_and(is_waiting)), "it says for whom it waits");
    let taken_over = lines(&place, "begun").len() - before;
    assert!((1..=3).contains(&taken_over), "{taken_over}");
    assert_eq!(table(events.last().unwrap(), "all").len(), 8);
}
