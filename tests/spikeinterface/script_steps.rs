//! Steps whose SpikeInterface counterpart fails or does something else by itself.

use super::{
    common::{
        place::{Place, small_recording},
        run_python,
    },
    script::{agrees, agrees_on},
};

const RAW: &str = "dtype: int16, num_channels: 4, sampling_frequency: 20000.0";
/// Holds statistics of channels and the table `all` against ours.
const SAME: &str = r#"
ours, theirs = (frame.astype({"channel_id": str}) for frame in [table("count"), found["count"]])
same(theirs, ours, ["channel_id"], ["num_samples"], ["mean", "std", "min", "max"], 1e-5)
"#;

/// One recording, and what becomes of it, counted.
fn counted(read: &str, steps: &str, wires: &str, last: &str) -> String {
    format!(
        r#"(version: 1, nodes: {{ "read": (kind: "read_recording", params: ({read})), {steps} "count": (kind: "channel_statistics"), }},
    wires: [ {wires} ("{last}", "count.recording")])"#
    )
}

fn raw(place: &Place) -> String {
    small_recording(&place.path("x.raw"), 40_000);
    format!("path: \"x.raw\", probe: \"tetrode\", {RAW}")
}

#[test]
fn numbers_beyond_a_type_are_clipped() {
    let place = Place::new();
    let read = raw(&place);
    let steps = r#""scale": (kind: "scale", params: (gain: 1000.0)), "whole": (kind: "convert_dtype"),"#;
    let wires = r#"("read.recording", "scale.recording"), ("scale.recording", "whole.recording"),"#;
    agrees_on(
        &place,
        &counted(&read, steps, wires, "whole.recording"),
        &format!("{SAME}\nassert theirs['min'].min() == -32768"),
    );
}

/// A recording of two segments, the second of them short.
const TWO: &str = r#"
import pathlib, sys
import numpy as np, spikeinterface as si
random = np.random.default_rng(1)
parts = [random.integers(-100, 100, (length, 4)).astype("int16") for length in [8000, 3000]]
si.NumpyRecording(parts, 20000.0).save(folder=pathlib.Path(sys.argv[1]) / "two")
"#;

#[test]
fn time_is_selected_and_silenced_in_each_segment() {
    for step in [
        r#"(kind: "select_time", params: (start_time: 0.1, end_time: 0.3))"#,
        r#"(kind: "select_time", params: (start_time: 0.1, segment_index: 1))"#,
        r#"(kind: "select_time", params: (start_time: 0.2))"#,
        r#"(kind: "silence_periods", params: (list_periods: [[(3000, 3300)], []]))"#,
        r#"(kind: "silence_periods", params: (list_periods: [[(3000, 3300), (3100, 5000), (10, 20)]]))"#,
        r#"(kind: "silence_periods")"#,
    ] {
        println!("{step}");
        let place = Place::new();
        run_python(TWO, &[place.folder.path()]);
        let text = counted(
            "path: \"two\"",
            &format!("\"step\": {step},"),
            r#"("read.recording", "step.recording"),"#,
            "step.recording",
        );
        agrees_on(&place, &text, SAME);
    }
}

#[test]
fn probes_leave_out_channels_and_are_wired_in_order() {
    let place = Place::new();
    let read = raw(&place);
    run_python(
        r#"
import pathlib, sys
import numpy as np, probeinterface as pi
base = pathlib.Path(sys.argv[1])
probe = pi.generate_tetrode()
pi.write_probeinterface(base / "unwired.json", probe)
probe.set_device_channel_indices([3, 2, 0, 1])
pi.write_probeinterface(base / "wired.json", probe)
traces = np.fromfile(base / "x.raw", "int16").reshape(-1, 4)
np.hstack([traces, np.ones((len(traces), 1), "int16")]).tofile(base / "y.raw")
"#,
        &[place.folder.path()],
    );
    let places = "\nassert found['read'].has_probe() and len(found['read'].channel_ids) == 4";
    let unwired = read.replace("\"tetrode\"", "\"unwired.json\"");
    agrees_on(&place, &counted(&unwired, "", "", "read.recording"), &format!("{SAME}{places}"));
    let sync = read
        .replace("x.raw", "y.raw")
        .replace("\"tetrode\"", "\"wired.json\"")
        .replace("num_channels: 4", "num_channels: 5");
    agrees_on(&place, &counted(&sync, "", "", "read.recording"), &format!("{SAME}{places}"));
}

#[test]
fn channels_without_a_probe_are_one_group_near_each_other() {
    let place = Place::new();
    let read = raw(&place).replace("probe: \"tetrode\", ", "");
    let steps = r#""ref": (kind: "common_reference", params: (by_group: true)), "split": (kind: "split_by_group"),
        "white": (kind: "whiten", params: (mode: fitting, radius_um: 100.0)), "peaks": (kind: "detect_peaks", params: (method: locally_exclusive)),"#;
    let wires = r#"("read.recording", "ref.recording"), ("ref.recording", "split.recording"), ("read.recording", "white.recording"),
        ("white.recording", "peaks.recording"),"#;
    let looks = r#"
assert [keys for keys, _ in found["split"]] == [{"group": 0}], found["split"]
assert len(found["peaks"]) > 0 and found["white"].get_num_channels() == 4
"#;
    agrees_on(&place, &counted(&read, steps, wires, "ref.recording"), &format!("{SAME}{looks}"));
}

#[test]
fn estimates_have_the_seed_of_the_pipeline() {
    let place = Place::new();
    let read = raw(&place);
    let steps = r#""dc": (kind: "remove_dc", params: (num_chunks_per_segment: 2, chunk_duration_ms: 50.0)),
        "white": (kind: "whiten", params: (num_chunks_per_segment: 2, chunk_duration_ms: 50.0)),
        "noise": (kind: "noise_levels", params: (num_chunks_per_segment: 2, chunk_duration_ms: 50.0)),"#;
    let wires = r#"("read.recording", "dc.recording"), ("dc.recording", "white.recording"), ("white.recording", "noise.recording"),"#;
    let text =
        counted(&read, steps, wires, "white.recording").replacen("version: 1,", "version: 1, seed: 7,", 1);
    let script = agrees_on(
        &place,
        &text,
        "
again = names['main']()
assert (found['noise'] == again['noise']).all()
assert (found['white'].get_traces() == again['white'].get_traces()).all()
",
    );
    assert_eq!(script.matches("seed=7").count(), 3, "{script}");
}

#[test]
fn recordings_of_other_types_and_clocks_are_joined() {
    let place = Place::new();
    run_python(
        r#"
import pathlib, sys
import numpy as np, spikeinterface as si
random = np.random.default_rng(1)
for name, dtype, rate in [("a", "int16", 20000.0), ("b", "float32", 20000.01)]:
    traces = random.integers(-100, 100, (5000, 4)).astype(dtype)
    si.NumpyRecording([traces], rate).save(folder=pathlib.Path(sys.argv[1]) / name)
"#,
        &[place.folder.path()],
    );
    for gap in ["none", "silence", "segments"] {
        let text = format!(
            r#"(version: 1, nodes: {{ "a": (kind: "read_recording", params: (path: "a")), "b": (kind: "read_recording", params: (path: "b")),
        "join": (kind: "concatenate", params: (gap: {gap})), "count": (kind: "channel_statistics") }},
        wires: [("a.recording", "join.recording"), ("b.recording", "join.recording"), ("join.recording", "count.recording")])"#
        );
        agrees_on(&place, &text, SAME);
    }
}

#[test]
fn sortings_are_read_whatever_their_file() {
    let place = Place::new();
    run_python(
        r#"
import pathlib, sys
import numpy as np, spikeinterface as si
base = pathlib.Path(sys.argv[1])
sorting = si.NumpySorting.from_samples_and_labels([[10, 20, 30]], [[1, 2, 1]], 20000.0)
si.NpzSortingExtractor.write_sorting(sorting, base / "s.npz")
"#,
        &[place.folder.path()],
    );
    let text = r#"(version: 1, nodes: { "read": (kind: "read_sorting", params: (path: "s.npz")), "save": (kind: "save_sorting", params: (path: "joined/s")) },
        wires: [("read.sorting", "save.sorting")])"#;
    let looks = r#"
trains = [[list(si.load(base / of / "s").get_unit_spike_train(unit)) for unit in si.load(base / of / "s").unit_ids] for of in ["ours", "joined"]]
assert trains[0] == trains[1], trains
"#;
    agrees_on(&place, text, looks);
}

/// Tables that a command made.
const TABLES: &str = r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "x.raw", probe: "tetrode", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "count": (kind: "channel_statistics"),
    "halves": (kind: "split_by_time", params: (window_s: 1.0)),
    "of_half": (kind: "channel_statistics"),
    "both": (kind: "collect_tables"),
    "named": (kind: "set_keys", params: (set: ["mean = window"])),
    "of_named": (kind: "channel_statistics"),
    "all_named": (kind: "collect_tables", params: (columns: ["mean", "std"])),
    "per": (kind: "summarize_table", params: (by: ["channel_id"], statistic: sum)),
    "renamed": (kind: "summarize_table", params: (by: ["window"], statistic: median)),
    "counted": (kind: "summarize_table", params: (by: ["channel_id = 1"])),
    "twice": (kind: "summarize_table", params: (by: ["channel_id"], values: ["count"])),
    "none": (kind: "summarize_table", params: (by: ["channel_id"], condition: "std < 0")),
    "across": (kind: "summarize_table", params: (across: "channel_id", values: ["std"])),
    "across_all": (kind: "summarize_table", params: (by: ["window"], across: "channel_id", condition: "channel_id != 0")),
    "joined": (kind: "join_tables", params: (on: ["channel_id"])),
    "asked": (kind: "join_tables", params: (on: ["channel_id"], columns: ["max", "std"])),
    "way": (kind: "route_items", params: (condition: "rows == 4 && mean_std > 0 && window < 1")),
    "way_count": (kind: "channel_statistics"),
}, wires: [
    ("read.recording", "count.recording"), ("read.recording", "halves.recording"), ("halves.recording", "of_half.recording"), ("of_half.table", "both.table"),
    ("halves.recording", "named.item"), ("named.item", "of_named.recording"), ("of_named.table", "all_named.table"),
    ("both.table", "per.table"), ("both.table", "renamed.table"), ("both.table", "counted.table"), ("per.table", "twice.table"), ("both.table", "none.table"),
    ("both.table", "across.table"), ("both.table", "across_all.table"), ("both.table", "joined.table"), ("count.table", "joined.other"),
    ("both.table", "asked.table"), ("count.table", "asked.other"), ("halves.recording", "way.item"), ("of_half.table", "way.table"),
    ("way.matching", "way_count.recording"),
])"#;

#[test]
fn tables_are_collected_joined_and_summarised_alike() {
    let place = Place::new();
    raw(&place);
    place.write("p.ron", TABLES);
    agrees(
        &place,
        "p.ron",
        &[],
        r#"
for name in ["both", "all_named", "per", "renamed", "counted", "twice", "none", "across", "across_all", "joined", "asked"]:
    ours, theirs = table(name), found[name]
    assert list(ours.columns) == [str(column) for column in theirs.columns], (name, ours, theirs)
    assert len(ours) == len(theirs), (name, ours, theirs)
    a, b = (frame.astype(float).to_numpy() for frame in [ours, theirs])
    assert np.allclose(a, b, rtol=1e-5, atol=1e-5, equal_nan=True), (name, ours, theirs)
assert "key_mean" in found["all_named"] and "count_" in found["twice"] and "other_std" in found["joined"]
assert [keys["window"] for keys, _ in found["way_matching"]] == [0] if "way_matching" in found else True
"#,
    );
}

#[test]
fn numbers_of_units_follow_their_parameters() {
    let place = Place::new();
    let text = r#"(version: 1, seed: 3, nodes: {
    "demo": (kind: "generate_recording", params: (num_units: 4, duration_s: 30.0)),
    "waves": (kind: "compute_waveforms", params: (ms_before: 0.5, ms_after: 1.0, max_spikes_per_unit: 50, radius_um: 60.0)),
    "places": (kind: "unit_locations", params: (method: center_of_mass, radius_um: 60.0)),
    "numbers": (kind: "quality_metrics", params: (bin_duration_s: 5.0, isi_threshold_ms: 3.0, refractory_period_ms: 2.0,
        interval_s: 5.0, min_spikes_per_interval: 5, amplitudes_bins_min_ratio: 0.0)),
}, wires: [("demo.recording", "waves.recording"), ("demo.truth", "waves.sorting"), ("waves.templates", "places.templates"),
    ("demo.recording", "numbers.recording"), ("demo.truth", "numbers.sorting")])"#;
    agrees_on(
        &place,
        text,
        r#"
waves = found["waves"].get_extension("waveforms")
assert waves.params["ms_before"] == 0.5 and waves.params["ms_after"] == 1.0
assert found["waves"].get_extension("random_spikes").params["max_spikes_per_unit"] == 50
same(found["places"], table("places"), ["unit_id"], [], ["x", "y"], 3.0)
exact = ["num_spikes", "isi_violations_count", "rp_violations"]
same(found["numbers"], table("numbers"), ["unit_id"], exact, ["firing_rate", "presence_ratio", "isi_violations_ratio"], 1e-6)
assert {"drift_ptp", "drift_std", "drift_mad"} <= set(found["numbers"].columns)
"#,
    );
}

#[test]
fn only_what_needs_a_missing_input_is_left_out() {
    let place = Place::new();
    let text = r#"(version: 1, nodes: {
    "demo": (kind: "generate_recording", params: (probe: tetrode, num_units: 2, duration_s: 10.0, amplitude_range_uv: (200.0, 280.0))),
    "sort": (kind: "sort"),
    "phy": (kind: "export_phy", params: (path: "joined/phy")),
}, wires: [("demo.recording", "sort.recording"), ("sort.sorting", "phy.sorting"), ("sort.templates", "phy.templates"), ("demo.recording", "phy.recording")])"#;
    agrees_on(&place, text, "assert (base / 'joined/phy/params.py').is_file()");
}
