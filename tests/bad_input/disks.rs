//! Disks that are full or cannot be written.

use super::common::{
    place::{LOCUST, Place, SMALL, locust, small_recording},
    stderr, stdout,
};
use std::{
    fs,
    process::{Command, Output},
};

/// Runs the program in a name space of its own where the folder `small` is another disk, and lists it afterwards.
///
/// # Panics
/// Where no disk can be mounted: it needs `unshare` and `mount`, as root or with name spaces of users.
fn on_a_disk(place: &Place, options: &str, arguments: &str) -> Output {
    on_a_disk_with(place, options, "", arguments)
}

/// The same with variables of the environment, as a shell takes them.
fn on_a_disk_with(place: &Place, options: &str, variables: &str, arguments: &str) -> Output {
    let small = place.path("small");
    fs::create_dir_all(&small).unwrap();
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs {small} || exit 99; {variables} {program} {arguments}; code=$?; ls -A small; exit $code",
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
    assert_ne!(output.status.code(), Some(99), "no disk can be mounted here: {}", stderr(&output));
    output
}

fn sort_to(out: &str) -> String {
    format!("sort {} --out {out} {}", locust(), LOCUST.join(" "))
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 400_000);
    place.write("p.ron", SMALL);
    // 6 MB do not fit.
    let output = on_a_disk(&place, "size=2m", "run p.ron --set save.path=small/out");
    assert_eq!(output.status.code(), Some(1), "{}\n{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("disk is full"), "{}", stderr(&output));
    assert!(!stdout(&output).contains("out"), "something half-written is left:\n{}", stdout(&output));
    place.ends(0, &["run", "p.ron"]);
}

#[test]
fn a_sort_onto_a_full_disk_keeps_what_was_computed() {
    let place = Place::new();
    let output = on_a_disk(&place, "size=8k", &sort_to("small/sorted"));
    assert_eq!(output.status.code(), Some(1), "{}\n{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("disk is full"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "", "something half-written is left");
    // The sort itself is in the store.
    let arguments = sort_to("sorted");
    place.ends(0, &arguments.split(' ').collect::<Vec<_>>());
    let facts = fs::read_to_string(place.path("sorted/run.json")).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    assert_eq!(facts["cached"], facts["tasks"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_the_work() {
    let place = Place::new();
    let output = on_a_disk(&place, "ro", &sort_to("small/sorted"));
    assert_eq!(output.status.code(), Some(2), "{}\n{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("read-only: choose another one"), "{}", stderr(&output));
    let arguments = format!("convert {} --format binary-folder --out small/x {}", locust(), LOCUST.join(" "));
    let output = on_a_disk(&place, "ro", &arguments);
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("read-only: choose another one"), "{}", stderr(&output));
}

#[test]
fn a_store_on_a_full_or_read_only_disk_is_reported() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 20_000);
    place.write("p.ron", SMALL);
    for (options, code, words) in [("ro", 2, "read-only: choose another one"), ("size=8k", 1, "disk is full")]
    {
        let output = on_a_disk_with(&place, options, "SPIKELOOM_STORE=small/store", "run p.ron");
        assert_eq!(output.status.code(), Some(code), "{options}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{options}: {}", stderr(&output));
    }
}
