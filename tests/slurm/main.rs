//! A study on a real Slurm: submitted, followed, killed in the middle, its computer lost, submitted again, cancelled.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cluster;
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "gui")]
mod followed;
mod heard;
#[cfg(feature = "gui")]
#[path = "../app/window.rs"]
#[allow(dead_code, reason = "another test uses the rest")]
mod window;

use cluster::Cluster;
use common::{
    place::{Place, begun, begun_in, counted_study, events},
    stderr, stdout,
};
use std::{
    fs,
    process::{Command, Output},
    thread::sleep,
    time::{Duration, Instant},
};

const COUNT: &str =
    "echo $2 >> $1/begun; echo recording $2 began; sleep $(cat $1/slow_$2 2>/dev/null || echo 0)
if [ -e $1/broken_$2 ]; then echo it is broken; exit 3; fi
printf 'x\\n%s\\n' $2 > $3\n";

fn spikeloom(place: &Place, cluster: &Cluster, code: i32, arguments: &[&str]) -> Output {
    let output = place.command(arguments).env("SLURM_CONF", cluster.conf()).output().unwrap();
    let said = format!("{}\n{}", stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(code), "spikeloom {}\n{said}", arguments.join(" "));
    output
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(180), "never: {what}");
        sleep(Duration::from_millis(50));
    }
}

/// Elements of the array `count` in a state.
fn of_count(cluster: &Cluster, state: &str) -> Vec<String> {
    let told = cluster.says("squeue", &["-h", "-r", "-t", state, "-n", "count", "-o", "%i"]);
    told.lines().map(|line| line.trim().to_owned()).collect()
}

/// The process that does recording 2.
fn process_of(place: &Place) -> String {
    let store = place.path("store").display().to_string();
    let found =
        Command::new("pgrep").args(["-f", &format!("task {store}/jobs/000000 . 2$")]).output().unwrap();
    stdout(&found).trim().to_owned()
}

const SMALL: [&str; 4] = ["--cores", "1", "--memory", "200M"];

#[test]
fn a_study_runs_on_slurm_and_survives_what_happens_there() {
    let mut cluster = Cluster::start();

    // All goes well.
    let place = counted_study(COUNT, "all");
    let submit = [&["submit", "p.ron", "--engine", "slurm"][..], &SMALL].concat();
    let text = stdout(&spikeloom(&place, &cluster, 0, &submit));
    for part in [
        "count: 4 tasks in 4 jobs",
        "again: 4 tasks in 4 jobs",
        "all: 1 task in 1 job",
        "13 of 13 tasks done",
    ] {
        assert!(text.contains(part), "no \"{part}\" in\n{text}");
    }
    assert_eq!(begun(&place), ["0", "1", "2", "3"]);
    // What the cluster computed is there for everyone.
    let last = events(&place.ends(0, &["run", "p.ron", "--json"])).pop().unwrap();
    assert_eq!((last["tasks"].as_u64(), last["cached"].as_u64()), (Some(13), Some(13)));
    let text = stdout(&spikeloom(&place, &cluster, 0, &submit));
    assert!(text.contains("all is done already"), "{text}");
    let log = stdout(&spikeloom(&place, &cluster, 0, &["jobs", "p.ron", "--log", "count"]));
    assert!(log.contains("count [index=3]") && log.contains("done"), "{log}");

    // One recording fails, the process of another is killed in the middle: the others go on.
    let place = counted_study(COUNT, "all");
    place.write("broken_1", "");
    place.write("slow_2", "60");
    let detached = [&submit[..], &["--detach"]].concat();
    spikeloom(&place, &cluster, 0, &detached);
    wait_until("the slow one runs", || begun(&place).len() == 4);
    let id = process_of(&place);
    assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success(), "process \"{id}\"");
    let text = stdout(&spikeloom(&place, &cluster, 1, &["jobs", "p.ron", "--follow"]));
    assert!(text.contains("count [index=1] failed: sh ended with code 3"), "{text}");
    assert!(text.contains("submits what is not done, and nothing else"), "{text}");
    let rows = stdout(&spikeloom(&place, &cluster, 1, &["jobs", "p.ron"]));
    let counted = rows.lines().find(|line| line.starts_with("count ")).unwrap_or_default();
    let [.., ended, failed, cancelled] = counted.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{rows}")
    };
    assert_eq!((ended, failed, cancelled), ("2", "2", "0"), "{rows}");
    let status = stdout(&place.ends(0, &["status", "p.ron"]));
    assert!(status.contains("it is broken") || status.contains("ended with code 3"), "{status}");

    // Mended and submitted again: what is not done, and nothing else.
    for name in ["broken_1", "slow_2"] {
        fs::remove_file(place.path(name)).unwrap();
    }
    let text = stdout(&spikeloom(&place, &cluster, 0, &submit));
    assert!(text.contains("count: 2 tasks in 2 jobs") && text.contains("13 of 13 tasks done"), "{text}");
    assert_eq!(begun(&place), ["0", "1", "1", "2", "2", "3"]);

    // A job that has to make room is started again by itself.
    let place = counted_study(COUNT, "all");
    place.write("slow_2", "60");
    spikeloom(&place, &cluster, 0, &detached);
    wait_until("the slow one runs", || begun(&place).len() == 4);
    // Meanwhile nothing is submitted twice.
    let text = stdout(&spikeloom(&place, &cluster, 0, &detached));
    assert!(text.contains("all that is left is submitted already"), "{text}");
    fs::remove_file(place.path("slow_2")).unwrap();
    wait_until("it runs alone", || of_count(&cluster, "R").len() == 1);
    cluster.says("scontrol", &["requeue", &of_count(&cluster, "R")[0]]);
    wait_until("it begins again", || begun(&place).len() == 5);
    let text = stdout(&spikeloom(&place, &cluster, 0, &["jobs", "p.ron", "--follow"]));
    assert!(text.contains("13 of 13 tasks done"), "{text}");
    assert_eq!(begun(&place), ["0", "1", "2", "2", "3"]);

    // A computer that is lost in the middle: what it was at is done again once there is one.
    let place = counted_study(COUNT, "all");
    place.write("slow_2", "60");
    spikeloom(&place, &cluster, 0, &detached);
    wait_until("the slow one runs", || begun(&place).len() == 4);
    wait_until("it runs alone", || of_count(&cluster, "R").len() == 1);
    cluster.lose_node(&[process_of(&place)]);
    wait_until("it waits", || of_count(&cluster, "PD").len() == 1);
    let rows = stdout(&spikeloom(&place, &cluster, 0, &["jobs", "p.ron"]));
    assert!(!rows.contains("failed:"), "{rows}");
    fs::remove_file(place.path("slow_2")).unwrap();
    cluster.return_node();
    wait_until("it begins again", || begun(&place).len() == 5);
    let text = stdout(&spikeloom(&place, &cluster, 0, &["jobs", "p.ron", "--follow"]));
    assert!(text.contains("13 of 13 tasks done"), "{text}");
    assert_eq!(begun(&place), ["0", "1", "2", "2", "3"]);

    // Cancelled, it is gone with all it started.
    let place = counted_study(COUNT, "all");
    for index in 0..4 {
        place.write(&format!("slow_{index}"), "77.125");
    }
    // The time limit of one node's jobs is their own.
    spikeloom(&place, &cluster, 0, &[&detached[..], &["--for", "count=--time=7"]].concat());
    wait_until("it runs", || begun(&place).len() >= 2);
    let limits = cluster.says("squeue", &["-h", "-o", "%j %l"]);
    assert!(limits.lines().all(|line| line.starts_with("count ") == line.ends_with(" 7:00")), "{limits}");
    let text = stdout(&spikeloom(&place, &cluster, 0, &["jobs", "p.ron", "--cancel"]));
    assert!(text.contains("cancelled"), "{text}");
    wait_until("no program is left", || {
        Command::new("pgrep").args(["-f", "sleep 77.125"]).output().unwrap().stdout.is_empty()
    });
    wait_until("Slurm is done with it", || {
        stdout(&spikeloom(&place, &cluster, 0, &["jobs", "p.ron", "--cancel"])).contains("nothing to cancel")
    });
    wait_until("all four are told to be cancelled", || {
        let told = place.command(&["jobs", "p.ron"]).env("SLURM_CONF", cluster.conf()).output().unwrap();
        let rows = stdout(&told);
        rows.contains("  cancelled\n")
            && rows.lines().any(|line| line.starts_with("count ") && line.ends_with("  4"))
    });

    // What is left of jobs goes once they are over, and not before.
    let gone = |dry: bool| {
        let arguments = if dry { &["clean", "--dry-run"][..] } else { &["clean"] };
        stdout(&spikeloom(&place, &cluster, 0, arguments))
    };
    assert!(!gone(true).contains("submission"), "the last one of a pipeline stays");
    spikeloom(&place, &cluster, 0, &detached);
    wait_until("it runs again", || begun(&place).len() >= 4);
    let said = gone(true);
    assert!(said.contains("1 submission (") && said.contains("would be removed"), "{said}");
    assert!(place.path("store/jobs/000000").exists());
    assert!(gone(false).contains("1 submission ("));
    assert!(!place.path("store/jobs/000000").exists() && place.path("store/jobs/000001").exists());
    fs::remove_file(place.path("p.ron")).unwrap();
    assert!(!gone(false).contains("submission"), "it is at work");
    cluster.says("scancel", &["--me"]);
    wait_until("it is over", || gone(true).contains("1 submission ("));
}

#[test]
fn what_is_wrong_is_said_before_anything_is_submitted() {
    let place = counted_study(COUNT, "all");
    let bare = place.command(&["submit", "p.ron"]).env("PATH", "/nowhere").output().unwrap();
    assert_eq!(bare.status.code(), Some(1));
    let said = stderr(&bare);
    assert!(said.contains("squeue cannot be started") && said.contains("on the path"), "{said}");
    for (option, reason) in [("nope=--time=7", "there is no node"), ("count", "sort=--partition=gpu")] {
        place.refuses(&["submit", "p.ron", "--for", option], &["--for", reason]);
    }
    place.refuses(&["jobs", "p.ron"], &["was not submitted from this store", "spikeloom submit"]);
    assert!(!place.path("store/jobs").exists());
}
