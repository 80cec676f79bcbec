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
