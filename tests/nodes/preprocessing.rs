//! Preprocessing nodes in a pipeline, against SpikeInterface on the same recording.

use super::common::{
    place::{Place, events},
    run_python, shared_data,
};
use std::fs;

/// Runs a chain of nodes on the known recording and saves what comes out as `out`.
fn run_chain(place: &Place, nodes: &[(&str, &str)]) {
    let data = shared_data().join("si_written/recording_binary");
    let mut list = format!("\"n0\": (kind: \"read_recording\", params: (path: \"{}\")),\n", data.display());
    let mut wires = String::new();
    for (index, (kind, params)) in nodes.iter().chain(&[("save_recording", "path: \"out\"")]).enumerate() {
        let (this, before) = (index + 1, index);
        list += &format!("\"n{this}\": (kind: \"{kind}\", params: ({params})),\n");
        wires += &format!("(\"n{before}.recording\", \"n{this}.recording\"),");
    }
    place.write("p.ron", &format!("(version: 1, nodes: {{ {list} }}, wires: [{wires}])"));
    let _ = fs::remove_dir_all(place.path("out"));
    let last = events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(last["status"], "ok");
}

/// Compares with what a line of Python makes of `raw`, to a tolerance.
fn compare(place: &Place, theirs: &str, tolerance: f64) {
    let script = format!(
        r#"
import sys, numpy as np, spikeinterface.full as si
raw, ours = si.load(sys.argv[1]), si.load(sys.argv[2])
theirs = {theirs}
a, b = ours.get_traces().astype(float), theirs.get_traces().astype(float)
assert a.shape == b.shape, (a.shape, b.shape)
assert list(ours.channel_ids) == list(theirs.channel_ids), (ours.channel_ids, theirs.channel_ids)
inner = slice(2000, len(a) - 2000)
difference = np.abs(a[inner] - b[inner]).max()
assert difference <= {tolerance}, difference
assert b.std() > 1
print("equal")
"#
    );
    let data = shared_data().join("si_written/recording_binary");
    assert_eq!(run_python(&script, &[&data, &place.path("out")]).trim(), "equal", "{theirs}");
}

#[test]
fn a_notch_takes_out_what_spikeinterface_takes_out() {
    let place = Place::new();
    run_chain(&place, &[("notch_filter", "freq: 1500.0, q: 30.0")]);
    compare(&place, "si.notch_filter(raw, freq=1500, q=30, dtype='float32')", 0.05);
}

#[test]
fn an_offset_is_removed() {
    let place = Place::new();
    run_chain(&place, &[("scale", "offset: 250.0"), ("remove_dc", "mode: median")]);
    // What is left is the noise of the estimate.
    compare(&place, "si.center(raw, mode='median', dtype='float32')", 1.0);
    run_chain(&place, &[("remove_dc", "mode: mean")]);
    compare(&place, "si.center(raw, mode='mean', dtype='float32')", 1.0);
}

#[test]
fn silenced_stretches_are_zero_and_the_rest_untouched() {
    let place = Place::new();
    run_chain(&place, &[("silence_periods", "list_periods: [[(5000, 5100), (150000, 150001)]]")]);
    let periods = "np.array([(0, 5000, 5100), (0, 150000, 150001)], \
                   dtype=[('segment_index', 'int64'), ('start_sample_index', 'int64'), ('end_sample_index', 'int64')])";
    compare(&place, &format!("si.silence_periods(raw, periods={periods}, mode='zeros')"), 0.0);
}

#[test]
fn bad_channels_are_found_and_removed_or_filled_in() {
    let place = Place::new();
    let known = "method: mad, std_mad_threshold: 1000.0, bad_channel_ids: [\"3\", \"9\"]";
    run_chain(&place, &[("detect_bad_channels", known)]);
    compare(&place, "raw.remove_channels(['3', '9'])", 0.0);
    run_chain(&place, &[("detect_bad_channels", &format!("{known}, action: interpolate"))]);
    compare(&place, "si.interpolate_bad_channels(si.astype(raw, 'float32'), ['3', '9'])", 0.01);
    // The same channels as SpikeInterface, by the same seed, with a threshold that some exceed.
    run_chain(&place, &[("detect_bad_channels", "method: std, std_mad_threshold: 1.05")]);
    compare(
        &place,
        "raw.remove_channels(si.detect_bad_channels(raw, method='std', std_mad_threshold=1.05, seed=0)[0])",
        0.0,
    );
}

#[test]
fn channels_are_judged_without_a_probe_and_one_that_holds_one_value_is_bad() {
    let place = Place::new();
    let mut state = 5_u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) % 400) as i16 - 200
    };
    // Four channels: as they should be, constant, far too loud.
    let frames = (0..60_000).flat_map(|_| [noise(), noise(), 7, noise() * 50]);
    std::fs::write(place.path("raw.dat"), frames.flat_map(i16::to_le_bytes).collect::<Vec<u8>>()).unwrap();
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
    "read": (kind: "read_recording",
        params: (path: "raw.dat", dtype: int16, num_channels: 4, sampling_frequency: 30000.0)),
    "bad": (kind: "detect_bad_channels"),
    "save": (kind: "save_recording", params: (path: "out")),
}, wires: [("read.recording", "bad.recording"), ("bad.recording", "save.recording")])"#,
    );
    place.ends(0, &["run", "p.ron"]);
    let saved = std::fs::read_to_string(place.path("out/binary.json")).unwrap();
    let saved: serde_json::Value = serde_json::from_str(&saved).unwrap();
    assert_eq!(saved["kwargs"]["channel_ids"], serde_json::json!([0, 1]), "{saved}");
}

#[test]
fn recordings_follow_one_another() {
    let place = Place::new();
    let data = shared_data().join("si_written/recording_binary");
    place.write(
        "p.ron",
        &format!(
            r#"(version: 1, nodes: {{
    "read": (kind: "read_recording", params: (path: "{}")),
    "early": (kind: "select_time", params: (start_time: 1.0, end_time: 2.5)),
    "late": (kind: "select_time", params: (start_time: 7.0, end_time: 9.0)),
    "join": (kind: "concatenate"),
    "save": (kind: "save_recording", params: (path: "out")),
}}, wires: [
    ("read.recording", "early.recording"), ("read.recording", "late.recording"),
    ("early.recording", "join.recording"), ("late.recording", "join.recording"), ("join.recording", "save.recording"),
])"#,
            data.display()
        ),
    );
    place.ends(0, &["run", "p.ron"]);
    compare(
        &place,
        "si.concatenate_recordings([raw.frame_slice(20000, 50000), raw.frame_slice(140000, 180000)])",
        0.0,
    );
}

/// Chains that SpikeInterface writes as JSON, and what it makes of them.
const WRITE_CHAINS: &str = r#"
import sys, numpy as np, spikeinterface.full as si
from pathlib import Path
raw, out = si.load(sys.argv[1]), Path(sys.argv[2])
whole, exact = si.bandpass_filter(raw), si.bandpass_filter(raw, dtype="float32")
halves = [[str(i) for i in range(8)], [str(i) for i in range(8, 16)]]
chains = {
    "global": si.common_reference(whole),
    "average": si.common_reference(si.bandpass_filter(raw, freq_min=500, filter_order=3, dtype="float32"), operator="average"),
    "local": si.common_reference(si.highpass_filter(raw, dtype="float32"), reference="local", local_radius=(30, 80)),
    "groups": si.common_reference(exact, groups=halves),
    "single": si.common_reference(whole, reference="single", ref_channel_ids=["4"]),
    "notch": si.notch_filter(raw, freq=1000, q=20),
    "white": si.whiten(exact, apply_mean=True, int_scale=200),
    "zscore": si.zscore(whole),
    "scale": si.scale(raw, gain=2.0, offset=1.0),
    "bad": si.interpolate_bad_channels(si.astype(raw, "float32"), ["1", "7"]),
    "slices": whole.select_channels(["3", "1"]).frame_slice(1000, 100000),
    "smooth": si.gaussian_filter(whole),
    "unknown": si.clip(whole, a_min=-100.0),
}
for name, chain in chains.items():
    chain.dump_to_json(out / f"{name}.json")
    np.save(out / f"{name}.npy", chain.get_traces())
print(" ".join(chains))
"#;

const COMPARE_CHAINS: &str = r#"
import sys, numpy as np, spikeinterface as si
from pathlib import Path
out = Path(sys.argv[1])
for folder in sorted(out.glob("ours_*")):
    name = folder.name.removeprefix("ours_")
    ours, theirs = si.load(folder).get_traces(), np.load(out / f"{name}.npy")
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, (name, ours.shape, theirs.shape, ours.dtype)
    difference = np.abs(ours.astype(float) - theirs)[2000:-2000]
    # Of whole numbers a few are rounded the other way.
    near = np.mean(difference > 0.1) < 1e-3 if name != "notch" else difference.max() <= 1
    assert near and difference.max() <= 2.01, (name, difference.max(), np.mean(difference > 0.1))
print("equal")
"#;

#[test]
fn chains_that_spikeinterface_wrote_are_applied() {
    let place = Place::new();
    let data = shared_data().join("si_written/recording_binary");
    let names = run_python(WRITE_CHAINS, &[&data, place.folder.path()]);
    for name in names.split_whitespace() {
        let json = format!("{name}.json");
        let text = String::from_utf8(place.ends(0, &["info", &json]).stdout).unwrap();
        if name == "unknown" {
            assert!(text.contains("ClipRecording: no node here does the same"), "{text}");
            continue;
        }
        assert!(!text.contains("warning"), "{name}: {text}");
        let out = format!("ours_{name}");
        place.ends(0, &["convert", &json, "--format", "binary_folder", "--out", &out]);
    }
    assert_eq!(run_python(COMPARE_CHAINS, &[place.folder.path()]).trim(), "equal");
}

#[test]
fn a_change_of_what_a_chain_reads_is_noticed() {
    let place = Place::new();
    let bytes = |seed: i16| -> Vec<u8> {
        (0..40_000_i32).flat_map(|i| (((i * 7919 + i32::from(seed)) % 97) as i16).to_le_bytes()).collect()
    };
    fs::write(place.path("x.raw"), bytes(1)).unwrap();
    place.write(
        "recording.json",
        r#"{"class": "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor", "module": "spikeinterface",
            "version": "0.105.3", "relative_paths": true, "kwargs": {"file_paths": ["x.raw"], "sampling_frequency": 20000.0,
            "num_channels": 4, "dtype": "<i2", "time_axis": 0, "file_offset": 0}}"#,
    );
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "recording.json")),
    "noise": (kind: "noise_levels"),
}, wires: [("read.recording", "noise.recording")])"#,
    );
    let cached = || events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap()["cached"].clone();
    assert_eq!((cached(), cached()), (0.into(), 1.into()));
    fs::write(place.path("x.raw"), bytes(2)).unwrap();
    assert_eq!(cached(), 0);
}
