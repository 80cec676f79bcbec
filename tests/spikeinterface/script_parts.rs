//! Scripts that take recordings apart and put them together, and count lags.

use super::{
    common::{
        place::{Place, small_recording},
        run_python, stderr,
    },
    script::{agrees_although, agrees_on, run_script},
};

#[test]
fn shanks_are_recordings_of_their_own() {
    let place = Place::new();
    let made = r#"
import pathlib, sys
import probeinterface as pi, spikeinterface.core as sc
recording = sc.generate_recording(num_channels=8, durations=[1.0], sampling_frequency=20000.0, seed=2)
probe = pi.generate_multi_shank(num_shank=2, num_columns=1, num_contact_per_column=4)
probe.set_device_channel_indices([7, 0, 5, 2, 6, 1, 3, 4])
recording.set_probe(probe)
recording.save(folder=pathlib.Path(sys.argv[1]) / "rec")
"#;
    run_python(made, &[place.folder.path()]);
    let text = r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "rec")), "shanks": (kind: "split_by_group", params: (property: shank)),
    "each": (kind: "channel_statistics"), "all": (kind: "collect_tables"),
}, wires: [("read.recording", "shanks.recording"), ("shanks.recording", "each.recording"), ("each.table", "all.table")])"#;
    agrees_on(
        &place,
        text,
        r#"
ours, theirs = (frame.astype({"shank": str, "channel_id": str}) for frame in [table("all"), found["all"]])
same(theirs, ours, ["shank", "channel_id"], ["num_samples"], ["mean", "std", "min", "max"])
assert len(ours) == 8 and list(ours["shank"].unique()) == ["0", "1"], ours
"#,
    );
}

#[test]
fn silence_lies_between_recordings_and_lags_are_counted() {
    let place = Place::new();
    let made = r#"
import pathlib, sys
import spikeinterface.core as sc
base = pathlib.Path(sys.argv[1])
for index in [1, 2, 3]:
    recording, sorting = sc.generate_ground_truth_recording(num_channels=4, num_units=3, durations=[2.0 + index / 8], seed=5)
    recording.save(folder=base / f"rec_{index}")
sc.generate_ground_truth_recording(num_channels=4, num_units=3, durations=[7.0], seed=7)[1].save(folder=base / "sorted")
"#;
    run_python(made, &[place.folder.path()]);
    let text = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: ".", pattern: "rec_{index}")),
    "join": (kind: "concatenate", params: (gap: silence, gap_ms: 50.03)), "each": (kind: "channel_statistics"),
    "read": (kind: "read_sorting", params: (path: "sorted")), "back": (kind: "split_back"),
    "lags": (kind: "correlograms", params: (window_ms: 41.0, bin_ms: 1.5)), "own": (kind: "correlograms", params: (cross: false)),
    "all": (kind: "collect_tables"), "all_own": (kind: "collect_tables"),
}, wires: [
    ("study.recording", "join.recording"), ("join.recording", "each.recording"), ("join.parts", "back.parts"), ("read.sorting", "back.sorting"),
    ("back.sorting", "lags.sorting"), ("back.sorting", "own.sorting"), ("lags.table", "all.table"), ("own.table", "all_own.table"),
])"#;
    let script = agrees_on(
        &place,
        text,
        r#"
names = ["num_samples"], ["mean", "std", "min", "max"]
same(found["each"].astype({"channel_id": str}), table("each").astype({"channel_id": str}), ["channel_id"], *names)
for name in ["all", "all_own"]:
    ours, theirs = (frame.astype({"unit_a": str, "unit_b": str}) for frame in [table(name), found[name]])
    ours, theirs = (frame.sort_values(["index", "unit_a", "unit_b", "bin_start_ms"]).reset_index() for frame in [ours, theirs])
    assert len(ours) == len(theirs) and ours["count"].sum() > 20, (ours, theirs)
    for column in ["index", "unit_a", "unit_b", "count"]:
        assert list(ours[column]) == list(theirs[column]), (name, column, ours, theirs)
    assert np.allclose(ours["bin_start_ms"], theirs["bin_start_ms"])
"#,
    );
    assert!(script.contains("gap_ms="), "{script}");
}

#[test]
fn events_and_epochs_are_recordings_of_their_own() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 40_000);
    let rows = "Onset,duration,name\n0.55,0.2,b\n0.1,0.05,a\n1.98,5,a\n0.30002,,7\n1.2,0.1,\n3.5,1,far\n";
    place.write("e.csv", rows);
    place.write("s.tsv", "sample\tstop_time\n4001\t0.3\n20000\t1.25\n");
    let text = r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "x.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "marks": (kind: "read_events", params: (path: "e.csv", t_start: -0.01)),
    "samples": (kind: "read_events", params: (path: "s.tsv", sampling_frequency: 20000.0)),
    "around": (kind: "split_by_time", params: (by: event, before_s: 0.12, after_s: 0.2)),
    "epochs": (kind: "split_by_time", params: (by: epoch)), "others": (kind: "split_by_time", params: (by: epoch)),
    "a": (kind: "channel_statistics"), "b": (kind: "channel_statistics"), "c": (kind: "channel_statistics"),
    "all_around": (kind: "collect_tables"), "all_epochs": (kind: "collect_tables"), "all_others": (kind: "collect_tables"),
}, wires: [
    ("read.recording", "around.recording"), ("marks.events", "around.events"), ("around.recording", "a.recording"), ("a.table", "all_around.table"),
    ("read.recording", "epochs.recording"), ("marks.events", "epochs.events"), ("epochs.recording", "b.recording"), ("b.table", "all_epochs.table"),
    ("read.recording", "others.recording"), ("samples.events", "others.events"), ("others.recording", "c.recording"), ("c.table", "all_others.table"),
])"#;
    let script = agrees_on(
        &place,
        text,
        r#"
for name, count in [("all_around", 5), ("all_epochs", 4), ("all_others", 2)]:
    ours, theirs = (frame.fillna("") for frame in [table(name), found[name]])
    keys = [key for key in ["event", "label"] if key in ours.columns]
    ours, theirs = (frame.astype({key: str for key in keys}) for frame in [ours, theirs])
    assert len(ours) == 4 * count, (name, ours)
    same(theirs, ours, [*keys, "channel_id"], ["num_samples"], ["mean", "std", "min", "max"])
"#,
    );
    assert!(script.contains("read_events(BASE / \"e.csv\", \"Onset\", 1.0, -0.01, duration="), "{script}");
}

#[cfg(unix)]
#[test]
fn commands_run_on_files_of_their_inputs() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    for (name, frames) in [("data/a_1.raw", 3000), ("data/b_2.raw", 4000)] {
        small_recording(&place.path(name), frames);
    }
    let script = r#"#!/bin/sh
set -e
echo "bytes,frames,label,held,base" > "$2"
echo "$(wc -c < "$1"),$4,$LABEL,$5,$(test -d "$6" && echo yes)" >> "$2"
cp "$1" "$3"
echo "said" > "$(dirname "$2")/log.txt"
exit 3
"#;
    let program = place.write("count.sh", script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "data", pattern: "{session}_{n}.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "count": (kind: "command", params: (program: "./count.sh",
        arguments: ["{recording}", "{table}", "{copied}", "{recording.num_frames}", "{{{n}}}", "{base}/data"],
        outputs: ["table: table as csv", "copied: recording as raw", "log.txt: files"],
        parameters: ["threshold: float = 4.5"], environment: ["LABEL={session}-{threshold}"], exit_codes: [0, 3], timeout_s: 60.0)),
    "sweep": (kind: "sweep", params: (parameters: ["level = count.values.threshold = 1, 2.5"])),
    "each": (kind: "channel_statistics"), "all": (kind: "collect_tables"), "copies": (kind: "collect_tables"),
}, wires: [
    ("study.recording", "sweep.item"), ("sweep.item", "count.recording"), ("count.table", "all.table"),
    ("count.copied", "each.recording"), ("each.table", "copies.table"),
])"#;
    let script = agrees_on(
        &place,
        text,
        r#"
same(found["all"], table("all"), ["session", "n", "level"], ["bytes", "frames", "label", "held", "base"])
same(found["copies"], table("copies"), ["session", "n", "level", "channel_id"], ["num_samples"], ["mean", "std"])
assert sorted(found["all"]["label"]) == ["a-1", "a-2.5", "b-1", "b-2.5"] and set(found["all"]["held"]) == {"{1}", "{2}"}
"#,
    );
    assert!(script.contains("read_like(") && script.contains("\"LABEL={session}-{threshold}\""), "{script}");
}

#[cfg(unix)]
#[test]
fn conditions_and_events_of_commands_are_those_of_the_script() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    for (name, frames) in [("data/a_1.raw", 3000), ("data/b_2.raw", 4000), ("data/c_3.raw", 3500)] {
        small_recording(&place.path(name), frames);
    }
    place.write("here.txt", "");
    let text = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "data", pattern: "{session}_{n}.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "mark": (kind: "command", params: (program: "sh", working_folder: "{base}/data",
        arguments: ["-c", "ls {session}_{n}.raw && printf 'Onset,Trial_Type\n0.05,go\n0.02,%s\n' {session} > {marks}"],
        outputs: ["marks: events as csv"], parameters: ["most: int = 2"],
        before: ["file here.txt", "n <= most && session != 'x'"], after: ["exit_code == 0", "file {marks}"])),
    "times": (kind: "command", params: (program: "sh", arguments: ["-c", "printf '0.08\n0.03\n' > {marks}"], outputs: ["marks: events as csv"])),
    "around": (kind: "split_by_time", params: (by: event, before_s: 0.01, after_s: 0.01)),
    "each": (kind: "channel_statistics"), "all": (kind: "collect_tables"),
    "later": (kind: "split_by_time", params: (by: event, before_s: 0.01, after_s: 0.01)),
    "every": (kind: "channel_statistics"), "both": (kind: "collect_tables"),
}, wires: [
    ("study.recording", "mark.recording"), ("study.recording", "around.recording"), ("mark.marks", "around.events"),
    ("around.recording", "each.recording"), ("each.table", "all.table"),
    ("study.recording", "times.recording"), ("study.recording", "later.recording"), ("times.marks", "later.events"),
    ("later.recording", "every.recording"), ("every.table", "both.table"),
])"#;
    place.write("p.ron", text);
    // The third recording does not meet the condition: the others go on, here and there, and so does what else is made of it.
    let script = agrees_although(
        &place,
        "p.ron",
        &[],
        1,
        r#"
for name, rows in [("all", 16), ("both", 24)]:
    ours, theirs = table(name), found[name]
    keys = [key for key in ours.columns if key not in ["num_samples", "mean", "std", "min", "max"]]
    assert list(ours.columns) == list(theirs.columns) and len(ours) == rows, (ours, theirs)
    same(theirs, ours, keys, ["num_samples"], ["mean", "std", "min", "max"])
assert [what["n"] for what in names["LEFT_OUT"]] == [3], names["LEFT_OUT"]
"#,
    );
    assert!(script.contains("lambda code: keys[\"n\"] <= 2 and"), "{script}");
    let output = run_script(&place, "p.py");
    assert!(!output.status.success() && stderr(&output).contains("'n': 3"), "{}", stderr(&output));
}

#[test]
fn a_group_that_lacks_one_of_its_items_is_not_joined() {
    let place = Place::new();
    for n in 1..=4 {
        small_recording(&place.path(&format!("rec_{n}.raw")), 2000 + n);
    }
    let cut = place.path("rec_3.raw");
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 3]).unwrap();
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: ".", pattern: "rec_{n}.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "filter": (kind: "bandpass_filter"), "some": (kind: "filter_items", params: (condition: "n < 9")),
    "group": (kind: "group_items", params: (by: ["parity = n % 2"])), "join": (kind: "concatenate"),
    "each": (kind: "channel_statistics"), "all": (kind: "collect_tables"),
}, wires: [
    ("study.recording", "filter.recording"), ("filter.recording", "some.item"), ("some.item", "group.item"),
    ("group.item", "join.recording"), ("join.recording", "each.recording"), ("each.table", "all.table"),
])"#,
    );
    let script = agrees_although(
        &place,
        "p.ron",
        &[],
        1,
        r#"
ours, theirs = table("all"), found["all"]
assert list(ours["parity"].unique()) == [0] and len(ours) == 4, ours
same(theirs, ours, ["parity", "channel_id"], ["num_samples"], [])
assert names["LEFT_OUT"] == [{"n": 3}, {"parity": 1}], names["LEFT_OUT"]
"#,
    );
    assert!(script.contains("all_there("), "{script}");
}
