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
