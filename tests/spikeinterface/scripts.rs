//! Pipelines as SpikeInterface scripts: they run to the end and give what our run gives.

use super::{
    common::{
        place::{Place, small_recording},
        root, run_python, stderr,
    },
    script::{agrees, agrees_although, agrees_on, exported, recordings, run_script},
};
use std::fs;

/// A recording that is filtered, referenced and saved, and steps that SpikeInterface does not have.
const SCRIPTED: &str = r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "x.raw", probe: "tetrode", dtype: int16, num_channels: 4, sampling_frequency: 20000.0, gain_to_uv: 0.195)),
    "notch": (kind: "notch_filter", params: (freq: 50.0)),
    "band-pass 1": (kind: "bandpass_filter", params: (freq_min: 400.0)),
    "reference": (kind: "common_reference"),
    "cut": (kind: "select_time", params: (start_time: 0.25, end_time: 1.5)),
    "save": (kind: "save_recording", params: (path: "out", dtype: float32)),
    "edges": (kind: "detect_edges", params: (level: 40.0, refractory_ms: 1.0)),
    "whiten": (kind: "whiten"),
    "sort": (kind: "spikeinterface_sorter", params: (sorter: "simple", parameters: ["clusterer = 'kmeans'", "clusterer_kwargs.n_clusters = 2", "seed = 1"])),
    "written": (kind: "save_sorting", params: (path: "sorted")),
    "edges table": (kind: "save_table", params: (path: "edges.csv")),
}, wires: [
    ("read.recording", "notch.recording"), ("notch.recording", "band-pass 1.recording"), ("band-pass 1.recording", "reference.recording"),
    ("reference.recording", "cut.recording"), ("cut.recording", "save.recording"), ("reference.recording", "edges.recording"),
    ("reference.recording", "whiten.recording"), ("reference.recording", "sort.recording"), ("sort.sorting", "written.sorting"),
    ("edges.table", "edges table.table"),
])"#;

#[test]
fn a_pipeline_is_a_script_that_gives_the_same_traces() {
    let (ours, theirs) = (Place::new(), Place::new());
    for place in [&ours, &theirs] {
        small_recording(&place.path("x.raw"), 60_000);
        place.write("p.ron", SCRIPTED);
    }
    ours.ends(0, &["run", "p.ron", "--until", "save"]);
    let script = exported(&theirs, "p.ron", &[]);
    for part in [
        "# edges: Detect edges. SpikeInterface has no equivalent: in Spikeloom it",
        "# edges table: Save table, left out: it needs what edges gives.",
        "band_pass_1 = spre.bandpass_filter(\n        notch,\n        freq_min=400.0,",
    ] {
        assert!(script.contains(part), "no \"{part}\" in\n{script}");
    }
    // All that can be done is done, and what is left out is no silent loss.
    let output = run_script(&theirs, "p.py");
    let said = stderr(&output);
    assert!(
        !output.status.success() && said.contains("NotImplementedError: left out: edges table"),
        "{said}"
    );
    let compare = "
import sys, numpy as np, spikeinterface as si
ours, theirs = (si.load(path).get_traces() for path in sys.argv[1:3])
assert ours.shape == theirs.shape == (25000, 4), (ours.shape, theirs.shape)
print(float(np.abs(ours - theirs).max()), float(np.abs(ours).max()), len(si.load(sys.argv[3]).unit_ids))
";
    let said = run_python(compare, &[&ours.path("out"), &theirs.path("out"), &theirs.path("sorted")]);
    let numbers: Vec<f64> = said.split_whitespace().map(|word| word.parse().unwrap()).collect();
    // Their filters see a margin of each chunk, ours as much as the filter remembers.
    assert!(numbers[0] < 0.01 * numbers[1] && numbers[1] > 50.0 && numbers[2] == 2.0, "{said}");
}

fn shipped(place: &Place, name: &str) {
    fs::copy(root().join("pipelines").join(name), place.path(name)).unwrap();
}

#[test]
fn a_study_in_folders_is_grouped_joined_and_counted_alike() {
    let place = Place::new();
    shipped(&place, "signac_native.ron");
    for session in ["a", "b"] {
        fs::create_dir_all(place.path("signac").join(session)).unwrap();
        for entry in fs::read_dir(root().join("pipelines/signac").join(session)).unwrap().flatten() {
            fs::copy(entry.path(), place.path("signac").join(session).join(entry.file_name())).unwrap();
        }
    }
    let script = agrees(
        &place,
        "signac_native.ron",
        &[],
        r#"
same(found["all_statistics"], table("all_statistics"), ["parity", "session"], ["channel_id", "num_samples"], ["mean", "std", "min", "max"])
same(found["all_edges"], table("all_edges"), ["parity", "session"], ["num_edges"], ["duration_s", "edge_rate_hz"])
assert len(found["all_edges"]) == 4
"#,
    );
    for part in [
        "study_folder = BASE / \"signac\"",
        "keys = {\"session\": found[\"session\"], \"index\": int(found[\"index\"])}",
        "group = [({**keys, \"parity\": number(keys[\"index\"]) % 2}, item) for keys, item in study]",
        "for keys, recordings in grouped(group, [\"parity\", \"session\"]):",
        "joined = joined_recordings([recording for _, recording in recordings])",
        "all_edges = collected_tables(",
    ] {
        assert!(script.contains(part), "no `{part}` in\n{script}");
    }
}

#[test]
fn the_ground_truth_study_ends_in_the_same_report() {
    let place = Place::new();
    shipped(&place, "ground_truth_study.ron");
    let set = ["--set", "linear.duration_s=20", "--set", "tetrode.duration_s=20"];
    let script = agrees(
        &place,
        "ground_truth_study.ron",
        &set,
        r#"
rates = ["accuracy", "recall", "precision"]
keys = ["recording", "sorter", "unit_id"]
same(found["all_units"], table("all_units"), keys, ["num_gt"], ["snr"], 0.15)
ours, theirs = (frame.sort_values(keys)["accuracy"].to_numpy() for frame in [table("all_units"), found["all_units"]])
# The sorts see traces that are equal to rounding: a unit at the edge of being found may be found or not.
assert (np.abs(ours - theirs) > 0.05).sum() <= 2, (ours, theirs)
same(found["by_recording"], table("by_recording"), ["sorter", "recording"], ["count"], rates, 0.15)
report = table("report")
assert list(found["report"].columns) == list(report.columns) and len(found["report"]) == len(report), found["report"]
assert set(found["by_snr"].columns) == set(table("by_snr").columns), found["by_snr"]
assert table("all_units")["accuracy"].max() > 0.8
"#,
    );
    for part in [
        "recordings = linear_recording + tetrode_recording",
        "for keys, sorting, truth in matched(sortings, truths):",
        "# plot_snr: Plot table. SpikeInterface has no equivalent",
    ] {
        assert!(script.contains(part), "no `{part}` in\n{script}");
    }
}

#[test]
fn two_sorters_are_compared_alike() {
    let place = Place::new();
    shipped(&place, "compare_sorters.ron");
    agrees(
        &place,
        "compare_sorters.ron",
        &["--set", "recording.duration_s=20"],
        r#"
for name in ["truth_of_sort", "truth_of_high_threshold"]:
    same(found[name], table(name), ["unit_id"], ["num_gt"], ["accuracy", "recall", "precision"], 0.05)
ours = table("agreement")
ours = ours[ours["unit_id"].notna()]
theirs = found["agreement"]
assert len(ours) == len(theirs), (ours, theirs)
assert np.allclose(sorted(ours["agreement"]), sorted(theirs["agreement"]), atol=0.05), (ours, theirs)
"#,
    );
}

/// A study of these recordings that is filtered, grouped, joined, saved and counted.
fn grouped(source: &str) -> String {
    format!(
        r#"(version: 1, nodes: {{
    "study": (kind: "read_study", params: ({source}, probe: "tetrode", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "some": (kind: "filter_items", params: (condition: "!(session == \"b\" && index > 2)")),
    "band": (kind: "bandpass_filter"),
    "group": (kind: "group_items", params: (by: ["session", "parity = index % 2"])),
    "join": (kind: "concatenate"),
    "save": (kind: "save_recording", params: (path: "joined/{{session}}", dtype: float32)),
    "each": (kind: "channel_statistics"),
    "every": (kind: "collect_tables", params: (columns: ["channel_id", "std", "num_samples"])),
    "sessions": (kind: "summarize_table", params: (by: ["session"], statistic: sum, values: ["num_samples"], condition: "channel_id == 0")),
    "table": (kind: "save_table", params: (path: "every.csv")),
}}, wires: [
    ("study.recording", "some.item"), ("some.item", "band.recording"), ("band.recording", "group.item"),
    ("group.item", "join.recording"), ("join.recording", "save.recording"), ("join.recording", "each.recording"),
    ("each.table", "every.table"), ("every.table", "sessions.table"), ("every.table", "table.table"),
])"#
    )
}

#[test]
fn a_study_is_read_however_it_is_told() {
    for (source, parts) in [
        (
            r#"path: "data", pattern: "{session}/rec_{index}.raw", gain_to_uv: 0.5"#,
            [".glob(\"*/rec_*.raw\")", "\"index\": int(found[\"index\"])"],
        ),
        (r#"path: "data/study.csv""#, ["table_rows(BASE / \"data/study.csv\")", "if not row.get(\"path\")"]),
        (r#"path: "data/study.json""#, ["json.loads(", "[\"recordings\"]"]),
    ] {
        let place = Place::new();
        recordings(&place);
        place.write("p.ron", &grouped(source));
        // The row without a path fails in our run, and is passed over in the script.
        let code = i32::from(source.contains("csv"));
        let script = agrees_although(
            &place,
            "p.ron",
            &[],
            code,
            r#"
same(found["every"], table("every"), ["parity", "session", "channel_id"], ["num_samples"], ["std"], 0.01)
same(found["sessions"], table("sessions"), ["session"], ["count"], ["num_samples"])
same(pd.read_csv(base / "every.csv"), pd.read_csv(base / "ours.csv"), ["parity", "session", "channel_id"], ["num_samples"])
folders = sorted(path.name for path in (base / "joined").iterdir() if path.is_dir())
assert folders == ["a_parity=0", "a_parity=1", "b_parity=0", "b_parity=1"], folders
for name in folders:
    ours, theirs = (si.load(base / of / name).get_traces() for of in ["ours", "joined"])
    # The start and the end of each recording are filtered with what lies beyond made up.
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 0.02 * np.abs(ours).max(), name
"#,
        );
        for part in
            parts.into_iter().chain(["if not (keys[\"session\"] == \"b\" and number(keys[\"index\"]) > 2)]"])
        {
            assert!(script.contains(part), "no `{part}` in\n{script}");
        }
    }
}

#[test]
fn recordings_are_listed_where_nothing_says_how_to_find_them() {
    let place = Place::new();
    recordings(&place);
    let text = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "data/study.json", files: ["data/a/rec_1.raw", "data/b/rec_2.raw"],
        probe: "tetrode", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "each": (kind: "channel_statistics"),
    "all": (kind: "collect_tables"),
}, wires: [("study.recording", "each.recording"), ("each.table", "all.table")])"#;
    let script = agrees_on(
        &place,
        text,
        r#"
ours, theirs = table("all").fillna(-1), found["all"].fillna(-1)
assert len(ours) == 8 * 4
same(theirs.astype(str), ours.astype(str), ["num_samples", "channel_id"], [])
same(theirs, ours, ["num_samples", "channel_id", "std"], [], ["mean", "std", "min", "max"])
"#,
    );
    assert!(script.contains("{\"recording\": \"rec_1\"},"), "{script}");
}

/// A study, or what becomes of it, in all the ways items take.
const SHAPES: &str = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "data", pattern: "{session}/rec_{index}.raw", probe: "tetrode", dtype: int16,
        num_channels: 4, sampling_frequency: 20000.0, gain_to_uv: 0.5)),
    "first": (kind: "filter_items", params: (condition: "index < 3")),
    "bands": (kind: "sweep", params: (parameters: ["band.freq_min = 300, 600", "how = reference.operator = median, average"])),
    "band": (kind: "bandpass_filter"),
    "reference": (kind: "common_reference"),
    "swept": (kind: "channel_statistics"),
    "all_swept": (kind: "collect_tables"),
    "way": (kind: "route_items", params: (condition: "index == 1 || max_std > 1000")),
    "statistics": (kind: "channel_statistics"),
    "named": (kind: "set_keys", params: (set: ["way = \"one\"", "label = way + \"-\" + index"], remove: ["way"])),
    "windows": (kind: "split_by_time", params: (window_s: 0.1)),
    "groups": (kind: "split_by_group"),
    "of_window": (kind: "channel_statistics"),
    "all_windows": (kind: "collect_tables"),
    "of_group": (kind: "channel_statistics"),
    "all_groups": (kind: "collect_tables"),
    "demo": (kind: "generate_recording", params: (probe: tetrode, num_units: 2, duration_s: 2.0)),
    "seeds": (kind: "sweep", params: (parameters: ["demo.seed = 1, 2"])),
    "of_demo": (kind: "channel_statistics"),
    "all_demos": (kind: "collect_tables"),
}, wires: [
    ("study.recording", "first.item"), ("first.item", "bands.item"), ("bands.item", "band.recording"), ("band.recording", "reference.recording"),
    ("reference.recording", "swept.recording"), ("swept.table", "all_swept.table"),
    ("study.recording", "statistics.recording"), ("statistics.table", "way.table"), ("study.recording", "way.item"),
    ("way.matching", "named.item"), ("named.item", "windows.recording"), ("windows.recording", "of_window.recording"), ("of_window.table", "all_windows.table"),
    ("way.rest", "groups.recording"), ("groups.recording", "of_group.recording"), ("of_group.table", "all_groups.table"),
    ("demo.recording", "of_demo.recording"), ("of_demo.table", "all_demos.table"),
])"#;

#[test]
fn items_are_swept_routed_split_and_named_alike() {
    let place = Place::new();
    recordings(&place);
    place.write("p.ron", SHAPES);
    let script = agrees(
        &place,
        "p.ron",
        &[],
        r#"
numbers = ["mean", "std", "min", "max"]
same(found["all_swept"], table("all_swept"), ["freq_min", "how", "index", "session", "channel_id"], ["num_samples"], ["std"], 0.01)
same(found["all_windows"], table("all_windows"), ["index", "label", "session", "window", "channel_id"], ["num_samples"], numbers)
same(found["all_groups"], table("all_groups"), ["group", "index", "session", "channel_id"], ["num_samples"], numbers)
same(found["all_demos"], table("all_demos"), ["seed", "channel_id"], ["num_samples"], numbers, 1e-4)
assert len(found["all_swept"]) == 2 * 2 * 4 * 4 and len(found["all_demos"]) == 8
"#,
    );
    for part in ["freq_min=keys[\"freq_min\"]", "operator=keys[\"how\"]", "elif keys[\"seed\"] == 2:"] {
        assert!(script.contains(part), "no `{part}` in\n{script}");
    }
}

#[test]
fn what_was_joined_is_taken_apart_again() {
    let place = Place::new();
    let made = r#"
import pathlib, sys
import spikeinterface.core as sc
base = pathlib.Path(sys.argv[1])
for index in [1, 2, 3]:
    recording, sorting = sc.generate_ground_truth_recording(num_channels=4, num_units=3, durations=[3.0 + index], seed=5)
    recording.save(folder=base / f"rec_{index}")
sc.generate_ground_truth_recording(num_channels=4, num_units=3, durations=[15.0], seed=7)[1].save(folder=base / "sorted")
"#;
    run_python(made, &[place.folder.path()]);
    let text = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: ".", pattern: "rec_{index}")),
    "join": (kind: "concatenate"),
    "read": (kind: "read_sorting", params: (path: "sorted")),
    "back": (kind: "split_back"),
    "save": (kind: "save_sorting", params: (path: "joined/{index}")),
}, wires: [("study.recording", "join.recording"), ("join.parts", "back.parts"), ("read.sorting", "back.sorting"), ("back.sorting", "save.sorting")])"#;
    agrees_on(
        &place,
        text,
        r#"
for index in ["1", "2", "3"]:
    ours, theirs = (si.load(base / of / index) for of in ["ours", "joined"])
    assert list(ours.unit_ids) == list(theirs.unit_ids)
    for unit in ours.unit_ids:
        assert list(ours.get_unit_spike_train(unit)) == list(theirs.get_unit_spike_train(unit)), (index, unit)
assert [keys["index"] for keys, _ in found["back"]] == [1, 2, 3]
"#,
    );
}

#[test]
fn a_study_of_spikeforest_is_read_with_its_truth() {
    let place = Place::new();
    let made = r#"
import json, pathlib, sys
import numpy as np
base = pathlib.Path(sys.argv[1])
def mda(path, code, array):
    with open(path, "wb") as file:
        np.array([code, array.itemsize, 2, *array.shape], "<i4").tofile(file)
        array.T.tofile(file)
entries = []
for name in ["one", "two"]:
    random = np.random.default_rng(len(entries))
    mda(base / f"{name}.mda", -4, random.integers(-100, 100, (4, 9000)).astype("<i2"))
    spikes = np.sort(random.integers(10, 8900, 50))
    mda(base / f"{name}_firings.mda", -7, np.array([np.zeros(50), spikes, random.integers(1, 4, 50)], "<f8"))
    about = {"raw": f"{name}.mda", "params": {"samplerate": 20000.0, "scale_factor": 0.5}, "geom": [[0, 0], [0, 20], [20, 0], [20, 20]]}
    (base / f"{name}.json").write_text(json.dumps(about))
    (base / f"{name}.firings_true.json").write_text(json.dumps({"firings": f"{name}_firings.mda"}))
    entries.append({"name": name, "studyName": "made", "studySetName": "here", "recordingUri": f"{name}.json", "sortingTrueUri": f"{name}.firings_true.json"})
entries.append({"name": "lost", "studyName": "made", "studySetName": "here", "recordingUri": "sha1://" + 40 * "0" + "/lost.json"})
(base / "study.json").write_text(json.dumps({"name": "made", "studySetName": "here", "recordings": entries}))
"#;
    run_python(made, &[place.folder.path()]);
    let text = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "study.json")),
    "statistics": (kind: "channel_statistics"),
    "all": (kind: "collect_tables"),
    "truth": (kind: "sorting_from_files"),
    "save": (kind: "save_sorting", params: (path: "joined/{recording}")),
}, wires: [
    ("study.recording", "statistics.recording"), ("statistics.table", "all.table"), ("study.truth", "truth.files"),
    ("study.recording", "truth.recording"), ("truth.sorting", "save.sorting"),
])"#;
    place.write("p.ron", text);
    agrees_although(
        &place,
        "p.ron",
        &[],
        1,
        r#"
same(found["all"], table("all"), ["recording", "study", "study_set", "channel_id"], ["num_samples"], ["mean", "std"])
for name in [path.name for path in (base / "ours").iterdir() if not path.name.startswith(".")]:
    ours, theirs = (si.load(base / of / name) for of in ["ours", "joined"])
    assert ours.to_spike_vector()["sample_index"].tolist() == theirs.to_spike_vector()["sample_index"].tolist()
assert len(found["truth_items"] if "truth_items" in found else found["study_truth"]) == 2
"#,
    );
}
