//! What scripts easily get wrong: sweeps, bypassed nodes, tables as people write them, names, places, channels.

use super::{
    common::{
        place::{Place, small_recording},
        run_python, shared_data, stderr,
    },
    script::{agrees, agrees_although, agrees_on, exported, recordings, run_script},
};
use std::fs;

const RAW: &str = "dtype: int16, num_channels: 4, sampling_frequency: 20000.0";

/// Holds the collected table `all` of both against each other, whatever its keys.
const SAME: &str = r#"
values = ["num_samples", "mean", "std", "min", "max"]
ours, theirs = table("all"), found["all"]
keys = [name for name in ours.columns if name not in values]
assert set(ours.columns) == set(theirs.columns), (ours, theirs)
ours, theirs = (frame.astype({name: str for name in keys}) for frame in [ours, theirs])
same(theirs, ours, keys, ["num_samples"], values[1:])
"#;

/// A pipeline whose nodes end in statistics of every channel of every item, collected as `all`.
fn counted(nodes: &str, wires: &str, last: &str) -> String {
    format!(
        r#"(version: 1, nodes: {{ {nodes}
    "each": (kind: "channel_statistics"), "all": (kind: "collect_tables"),
}}, wires: [ {wires} ("{last}", "each.recording"), ("each.table", "all.table")])"#
    )
}

/// A study of these parameters, counted.
fn study(params: &str) -> String {
    let node = format!("\"study\": (kind: \"read_study\", params: ({params})),");
    counted(&node, "", "study.recording")
}

/// One recording, `x.raw`, and what is done with it.
fn of_one(place: &Place, nodes: &str, wires: &str, last: &str) {
    small_recording(&place.path("x.raw"), 8000);
    let read = format!(
        "\"read\": (kind: \"read_recording\", params: (path: \"x.raw\", probe: \"tetrode\", {RAW})), {nodes}"
    );
    place.write("p.ron", &counted(&read, wires, last));
}

#[test]
fn sweeps_of_several_parameters_and_of_lists_reach_all_values() {
    let place = Place::new();
    of_one(
        &place,
        r#""sweep": (kind: "sweep", params: (parameters: ["ref.reference = global, local", "how = ref.operator = median, average",
            "cut.channel_ids = [\"0\", \"1\"], [\"2\", \"3\"]"])),
        "ref": (kind: "common_reference", params: (local_radius: (1.0, 200.0))), "cut": (kind: "select_channels"),"#,
        r#"("read.recording", "sweep.item"), ("sweep.item", "ref.recording"), ("ref.recording", "cut.recording"),"#,
        "cut.recording",
    );
    let script = agrees(&place, "p.ron", &[], &format!("{SAME}\nassert len(found['all']) == 4 * (2 + 2)"));
    for part in
        ["if keys[\"reference\"] == \"global\":", "operator=keys[\"how\"]", "== \"[\\\"0\\\",\\\"1\\\"]\":"]
    {
        assert!(script.contains(part), "no `{part}` in\n{script}");
    }
    // What is usual now is written down where it is swept.
    let sort = r#"(version: 1, nodes: {
        "read": (kind: "read_recording", params: (path: "x.raw", probe: "tetrode", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
        "sweep": (kind: "sweep", params: (parameters: ["sort.detect_threshold = 4, 5, 5.5, 6", "sort.match_threshold = 4, 5"])),
        "sort": (kind: "sort"),
    }, wires: [("read.recording", "sweep.item"), ("sweep.item", "sort.recording")])"#;
    place.write("s.ron", sort);
    let script = exported(&place, "s.ron", &[]);
    for name in ["detect_threshold", "match_threshold"] {
        assert!(script.contains(&format!("{name}=keys[\"{name}\"]")), "no {name} in\n{script}");
    }
}

#[test]
fn all_that_enters_a_bypassed_node_goes_on() {
    let place = Place::new();
    recordings(&place);
    let nodes = format!(
        r#""one": (kind: "read_study", params: (path: "data", pattern: "a/rec_{{i}}.raw", {RAW})),
        "two": (kind: "read_study", params: (path: "data", pattern: "b/rec_{{j}}.raw", {RAW})),
        "off": (kind: "set_keys", bypassed: true, params: (set: ["x = 1"])), "band": (kind: "bandpass_filter", bypassed: true),"#
    );
    let wires = r#"("one.recording", "off.item"), ("two.recording", "band.recording"), ("band.recording", "off.item"),"#;
    place.write("p.ron", &counted(&nodes, wires, "off.item"));
    agrees(
        &place,
        "p.ron",
        &[],
        r#"
ours, theirs = (frame.fillna(-1).sort_values(["i", "j", "channel_id"]) for frame in [table("all"), found["all"]])
assert len(ours) == 24 and list(ours["num_samples"]) == list(theirs["num_samples"]), (ours, theirs)
"#,
    );
}

#[test]
fn tables_are_read_as_people_write_them() {
    let place = Place::new();
    recordings(&place);
    fs::copy(place.path("data/a/rec_1.raw"), place.path("data/a/\"q\" 1.raw")).unwrap();
    let probe = r#"import pathlib, sys
import probeinterface as pi
probe = pi.generate_tetrode()
probe.set_device_channel_indices(range(4))
pi.write_probeinterface(sys.argv[1], probe)
pathlib.Path(sys.argv[2]).write_text("channel_groups = {0: {'channels': [0, 1, 2, 3], 'geometry': {0: [0, 0], 1: [0, 20], 2: [20, 0], 3: [20, 20]}}}")
"#;
    run_python(probe, &[&place.path("t.json"), &place.path("t.prb")]);
    let absolute = place.path("data/a").canonicalize().unwrap().display().to_string();
    let all = "path: \"t.csv\"";
    for (what, table, params, code) in [
        ("a byte order mark", "\u{feff}path,session\ndata/a/rec_1.raw,a1\ndata/a/rec_2.raw,a2\n", all, 0),
        ("blanks", "path, session\n data/a/rec_1.raw , a1\ndata/a/rec_2.raw, a2\n", all, 0),
        ("tabs", "path\tsession\ndata/a/rec_1.raw\ta1\ndata/a/rec_2.raw\ta2\n", all, 0),
        ("numbers with a point", "path,n,x\ndata/a/rec_1.raw,1.0,0.50\ndata/a/rec_2.raw,2,1\n", all, 0),
        (
            "a probe that comes with us",
            "path,n,probe\ndata/a/rec_1.raw,1,tetrode\ndata/a/rec_2.raw,2,tetrode\n",
            all,
            0,
        ),
        ("probes as files", "path,n,probe\ndata/a/rec_1.raw,1,t.json\ndata/a/rec_2.raw,2,t.prb\n", all, 0),
        ("probes of some", "path,n,probe\ndata/a/rec_1.raw,1,t.json\ndata/a/rec_2.raw,2,\n", all, 0),
        ("probes of all", "path,n,probe\ndata/a/rec_1.raw,1,t.json\ndata/a/rec_2.raw,2,t.json\n", all, 0),
        ("gains of some", "path,n,gain_to_uv\ndata/a/rec_1.raw,1,2.5\ndata/a/rec_2.raw,2,\n", all, 0),
        ("a recording that is missing", "path,n\ndata/a/rec_1.raw,1\ndata/a/rec_9.raw,2\n", all, 1),
        ("a row that is too short", "path,n\ndata/a/rec_1.raw,1\ndata/a/rec_2.raw\n", all, 1),
        ("quotes in a pattern", "", "path: \"data\", pattern: \"a/\\\"q\\\" {i}.raw\"", 0),
        ("an absolute folder", "", &format!("path: \"{absolute}\", pattern: \"rec_{{i}}.raw\""), 0),
        (
            "files, one of them missing",
            "",
            "files: [\"data/a/rec_1.raw\", \"data/a/rec_9.raw\", \"data/b/rec_1.raw\"]",
            1,
        ),
    ] {
        place.write("t.csv", table);
        place.write("p.ron", &study(&format!("{params}, {RAW}")));
        let is_probe = what.starts_with("prob") || what.contains(" probe");
        let looks = match is_probe {
            true => format!(
                "{SAME}\nprobes = [recording.has_probe() for _, recording in found['study']]\nassert probes[0] and all(probes) == ('some' not in {what:?}), probes"
            ),
            false if what.starts_with("gains") => format!(
                "{SAME}\nassert [r.has_scaleable_traces() for _, r in found['study']] == [True, False]"
            ),
            false => SAME.to_owned(),
        };
        println!("{what}");
        agrees_although(&place, "p.ron", &[], code, &looks);
    }
}

#[test]
fn truths_of_a_table_are_conditions_and_keys_are_words() {
    let place = Place::new();
    recordings(&place);
    place.write(
        "t.csv",
        "path,n,good\ndata/a/rec_1.raw,1,true\ndata/a/rec_2.raw,2,False\ndata/a/rec_3.raw,3,true\n",
    );
    let nodes = format!(
        r#""study": (kind: "read_study", params: (path: "t.csv", {RAW})), "some": (kind: "filter_items", params: (condition: "good || n > 2")),
        "keys": (kind: "set_keys", params: (set: ["half = n / 2", "label = good + \"-\" + n / 1", "sum = n + n + label"])),
        "table": (kind: "save_table", params: (path: "joined/{{good}}/t.csv")),"#
    );
    let wires =
        r#"("study.recording", "some.item"), ("some.item", "keys.item"), ("each.table", "table.table"),"#;
    place.write("p.ron", &counted(&nodes, wires, "keys.item"));
    let looks = format!(
        r#"{SAME}
names = [sorted(str(path.relative_to(base / of)) for path in (base / of).rglob("t*.csv")) for of in ["ours", "joined"]]
assert names[0] == names[1] and len(names[0]) == 2, names
"#
    );
    // 0.5 and 1.5 are what they are here, and so is 1.
    agrees(
        &place,
        "p.ron",
        &[],
        &looks.replace(
            "astype({name: str for name in keys})",
            "astype({name: str for name in keys if name != 'half'})",
        ),
    );
}

#[test]
fn names_of_nodes_and_keys_are_no_words_of_python() {
    let place = Place::new();
    recordings(&place);
    let text = counted(
        &format!(
            r#""recording": (kind: "read_study", params: (path: "data", pattern: "{{s}}/rec_{{i}}.raw", {RAW})),
            "else": (kind: "split_by_time", params: (by: segment)), "sweep": (kind: "sweep", params: (parameters: [
                "lambda = global.freq_min = 300, 400", "keys = global.freq_max = 5000", "item = opened.level = 1, 2"])),
            "global": (kind: "bandpass_filter"), "opened": (kind: "detect_edges", params: (level: 5.0)), "found\nx": (kind: "channel_statistics"),"#
        ),
        r#"("recording.recording", "else.recording"), ("else.recording", "sweep.item"), ("sweep.item", "global.recording"),
            ("recording.recording", "found\nx.recording"), ("global.recording", "opened.recording"),"#,
        "global.recording",
    );
    // A name that would end the text it stands in.
    let name = "p\"\"\"\\N.ron";
    place.write(name, &text);
    agrees(
        &place,
        name,
        &[],
        &format!("{SAME}\nassert len(found['all']) == 6 * 2 * 2 * 4")
            .replace("values[1:])", "[\"std\"], 0.01)"),
    );
}

#[test]
fn channels_are_named_as_the_reader_names_them() {
    let place = Place::new();
    of_one(
        &place,
        r#""groups": (kind: "common_reference", params: (groups: [["0", "2"], ["1", "3"]])),
        "ref": (kind: "common_reference", params: (reference: single, ref_channel_ids: ["2"])),
        "less": (kind: "select_channels", params: (remove_channel_ids: ["1"])), "some": (kind: "select_channels", params: (channel_ids: ["3", "0"])),
        "edges": (kind: "detect_edges", params: (channel: "0", level: 10.0)),"#,
        r#"("read.recording", "groups.recording"), ("groups.recording", "ref.recording"), ("ref.recording", "less.recording"), ("less.recording", "some.recording"),
        ("some.recording", "edges.recording"),"#,
        "some.recording",
    );
    agrees(
        &place,
        "p.ron",
        &[],
        &format!("{SAME}\nsame(found['edges_table'], table('edges'), ['num_edges'])"),
    );
}

#[test]
fn gains_places_and_files_of_other_formats() {
    let place = Place::new();
    let made = r#"
import json, pathlib, sys
import numpy as np
base = pathlib.Path(sys.argv[1])
random = np.random.default_rng(1)
for index in [1, 2]:
    np.save(base / f"x{index}.npy", random.integers(-100, 100, (5000, 4)).astype("<i2"))
(base / "mda").mkdir()
with open(base / "mda/raw.mda", "wb") as file:
    np.array([-4, 2, 2, 4, 5000], "<i4").tofile(file)
    random.integers(-100, 100, (5000, 4)).astype("<i2").tofile(file)
(base / "mda/params.json").write_text(json.dumps({"samplerate": 20000.0}))
(base / "mda/geom.csv").write_text("0,0\n0,20\n20,0\n20,20\n")
"#;
    run_python(made, &[place.folder.path()]);
    let npy = r#""study": (kind: "read_study", params: (path: ".", pattern: "x{i}.npy", sampling_frequency: 20000.0, gain_to_uv: 2.0, offset_to_uv: 5.0)),
        "scale": (kind: "scale", params: (to_uv: true)), "table": (kind: "save_table", params: (path: "joined/{i}/t.csv")),"#;
    let wires = r#"("study.recording", "scale.recording"), ("each.table", "table.table"),"#;
    place.write("p.ron", &counted(npy, wires, "scale.recording"));
    agrees(&place, "p.ron", &[], &format!("{SAME}\nassert (base / 'joined/1/t.csv').is_file()"));
    for left in ["ours", "joined"] {
        fs::remove_dir_all(place.path(left)).unwrap();
    }
    let file = place.path("mda/raw.mda").canonicalize().unwrap().display().to_string();
    let mda = format!(
        r#""read": (kind: "read_recording", params: (path: "{file}", gain_to_uv: 0.25)), "scale": (kind: "scale", params: (to_uv: true)),
        "table": (kind: "save_table", params: (path: "joined/fresh/t.csv")),"#
    );
    let wires = r#"("read.recording", "scale.recording"), ("each.table", "table.table"),"#;
    place.write("m.ron", &counted(&mda, wires, "scale.recording"));
    agrees(&place, "m.ron", &[], SAME);
    fs::remove_dir_all(place.path("joined")).unwrap();
    assert!(run_script(&place, "m.py").status.success() && place.path("joined/fresh/t.csv").is_file());
}

#[test]
fn two_sortings_are_compared_with_all_their_units() {
    let place = Place::new();
    let made = r#"
import pathlib, sys
import numpy as np, spikeinterface as si
base = pathlib.Path(sys.argv[1])
random = np.random.default_rng(3)
trains = [np.sort(random.choice(np.arange(100, 299000, 40), count, replace=False)) for count in [300, 200, 150, 120]]
def sorting(units):
    samples = np.concatenate(list(units.values()))
    labels = np.concatenate([np.full(len(train), name) for name, train in units.items()])
    order = np.argsort(samples, kind="stable")
    return si.NumpySorting.from_samples_and_labels([samples[order]], [labels[order]], 20000.0)
sorting({0: trains[0], 1: trains[1], 2: trains[2]}).save(folder=base / "one")
# The same with a few spikes less, half of another, and one of its own.
sorting({4: trains[0][20:], 5: np.sort(np.concatenate([trains[1][:80], trains[3][:60]])), 6: trains[3][60:]}).save(folder=base / "two")
"#;
    run_python(made, &[place.folder.path()]);
    let text = r#"(version: 1, nodes: {
    "one": (kind: "read_sorting", params: (path: "one")), "two": (kind: "read_sorting", params: (path: "two")),
    "compare": (kind: "compare_sortings"), "table": (kind: "save_table", params: (path: "every.csv")),
}, wires: [("one.sorting", "compare.sorting"), ("two.sorting", "compare.other"), ("compare.table", "table.table")])"#;
    agrees_on(
        &place,
        text,
        r#"
ours, theirs = (pd.read_csv(base / name) for name in ["ours.csv", "every.csv"])
assert len(ours) == 5 and list(ours.columns) == list(theirs.columns), (ours, theirs)
assert np.allclose(ours.to_numpy(float), theirs.to_numpy(float), equal_nan=True), (ours, theirs)
"#,
    );
}

#[test]
fn a_recording_that_is_broken_stops_neither_ours_nor_the_script() {
    let place = Place::new();
    recordings(&place);
    fs::write(place.path("data/a/rec_8.raw"), "").unwrap();
    fs::write(place.path("data/b/rec_9.raw"), [0; 1001]).unwrap();
    place
        .write("p.ron", &study(&format!(r#"path: "data", pattern: "{{session}}/rec_{{index}}.raw", {RAW}"#)));
    let left = "assert len(names[\"LEFT_OUT\"]) == 2, names[\"LEFT_OUT\"]\n";
    agrees_although(&place, "p.ron", &[], 1, &format!("{SAME}{left}"));
    let output = run_script(&place, "p.py");
    let said = stderr(&output);
    assert!(!output.status.success() && said.contains("'index': 8") && said.contains("'index': 9"), "{said}");
    place.write("files.csv", "path,n\ndata/a/rec_1.raw,1\ndata/a/rec_8.raw,8\n");
    place.write("p.ron", &study(&format!(r#"path: "files.csv", {RAW}"#)));
    agrees_although(&place, "p.ron", &[], 1, SAME);
    let listed = r#"files: ["data/a/rec_1.raw", "data/b/rec_9.raw"]"#;
    place.write("p.ron", &study(&format!("{listed}, {RAW}")));
    agrees_although(&place, "p.ron", &[], 1, SAME);
    place.write("p.ron", &study(&format!("{listed}, {RAW}, allow_partial_frame: true")));
    agrees(&place, "p.ron", &[], SAME);
}

#[test]
fn spikes_in_a_folder_of_contents_have_no_ending() {
    let place = Place::new();
    let source = shared_data().join("si_written/mda_study/synth_study/rec_16ch_2s/firings_true.mda");
    fs::create_dir(place.path("contents")).unwrap();
    fs::copy(source, place.path("contents/0a1b2c")).unwrap();
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
            "write": (kind: "command", params: (program: "cp", arguments: ["contents/0a1b2c", "{spikes}"], inputs: [], outputs: ["spikes: files"], working_folder: "{base}")),
            "sorting": (kind: "sorting_from_files", params: (sampling_frequency: 20000.0)),
            "save": (kind: "save_sorting", params: (path: "joined")),
        }, wires: [("write.spikes", "sorting.files"), ("sorting.sorting", "save.sorting")])"#,
    );
    agrees(
        &place,
        "p.ron",
        &[],
        r#"
ours, theirs = (si.load(base / of).to_spike_vector()["sample_index"].tolist() for of in ["ours", "joined"])
assert ours == theirs and len(ours) > 10
"#,
    );
}
