//! What the output nodes write is opened by the programs it is meant for.

use super::common::{
    place::{Place, events},
    run_python, shared_data, stderr,
};
use std::{fs, path::Path};

/// A pipeline that filters a known recording and writes everything there is to write.
fn pipeline(band: &str) -> String {
    let data = shared_data().join("si_written");
    let data = data.display();
    format!(
        r#"(version: 1, nodes: {{
    "read": (kind: "read_recording", params: (path: "{data}/recording_binary")),
    "truth": (kind: "read_sorting", params: (path: "{data}/sorting_truth_numpyfolder")),
    "band": (kind: "bandpass_filter", params: ({band})),
    "cut": (kind: "compute_waveforms"),
    "metrics": (kind: "quality_metrics"),
    "raster": (kind: "plot_raster"),
    "waves": (kind: "plot_waveforms"),
    "phy": (kind: "export_phy", params: (path: "out/phy")),
    "table": (kind: "save_table", params: (path: "out/metrics.csv")),
    "svg": (kind: "save_figure", params: (path: "out/raster.svg")),
    "png": (kind: "save_figure", params: (path: "out/waves.png", scale: 1.5)),
    "recording": (kind: "save_recording", params: (path: "out/recording")),
    "whole": (kind: "save_recording", params: (path: "out/whole", dtype: int16)),
    "study": (kind: "save_recording", params: (path: "out/study", format: mda)),
    "sorting": (kind: "save_sorting", params: (path: "out/sorting")),
    "firings": (kind: "save_sorting", params: (path: "out/firings.mda", format: mda)),
}}, wires: [
    ("read.recording", "band.recording"),
    ("band.recording", "cut.recording"), ("truth.sorting", "cut.sorting"),
    ("band.recording", "metrics.recording"), ("truth.sorting", "metrics.sorting"),
    ("truth.sorting", "raster.sorting"), ("cut.waveforms", "waves.waveforms"),
    ("band.recording", "phy.recording"), ("truth.sorting", "phy.sorting"),
    ("cut.templates", "phy.templates"), ("metrics.table", "phy.table"),
    ("metrics.table", "table.table"), ("raster.figure", "svg.figure"), ("waves.figure", "png.figure"),
    ("band.recording", "recording.recording"), ("band.recording", "whole.recording"),
    ("band.recording", "study.recording"),
    ("truth.sorting", "sorting.sorting"), ("truth.sorting", "firings.sorting"),
])"#
    )
}

const READ_ALL: &str = r#"
import sys, csv, numpy as np, spikeinterface.full as si
from pathlib import Path
from xml.dom import minidom
from phylib.io.model import load_model
from spikeinterface.extractors import read_mda_recording, read_mda_sorting, read_phy
data, out = Path(sys.argv[1]), Path(sys.argv[2])
raw = si.load(data / "recording_binary")
truth = si.load(data / "sorting_truth_numpyfolder")
wanted = si.bandpass_filter(raw, freq_min=150.0, dtype="float32").get_traces()

def close(traces, tolerance):
    # Margins differ: SpikeInterface filters the whole in one chunk with its own borders.
    assert traces.shape == wanted.shape
    assert np.abs(traces[2000:-2000].astype(float) - wanted[2000:-2000]).max() < tolerance

saved = si.load(out / "recording")
close(saved.get_traces(), 0.05)
assert saved.get_dtype() == "float32" and np.allclose(saved.get_channel_gains(), 0.195)
assert np.array_equal(saved.get_channel_locations(), raw.get_channel_locations())
whole = si.load(out / "whole")
assert whole.get_dtype() == "int16"
close(whole.get_traces(), 0.55)
study = read_mda_recording(out / "study")
assert np.array_equal(study.get_traces(), saved.get_traces())

def same(sorting, names=None):
    ids = dict(zip(truth.unit_ids, names if names is not None else truth.unit_ids))
    assert len(sorting.unit_ids) == 6
    for unit in truth.unit_ids:
        assert np.array_equal(sorting.get_unit_spike_train(ids[unit]), truth.get_unit_spike_train(unit)), unit

same(si.load(out / "sorting"))
same(read_mda_sorting(out / "firings.mda", 20000.0), range(1, 7))
phy = read_phy(out / "phy")
same(phy, phy.unit_ids)

model = load_model(out / "phy" / "params.py")
assert model.n_spikes == truth.count_total_num_spikes() and model.n_templates == 6 and model.n_channels == 16
assert np.array_equal(model.spike_samples, np.sort(model.spike_samples))
assert np.abs(np.asarray(model.traces[2000:-2000], float) - wanted[2000:-2000]).max() < 0.55
main = truth.get_property("main_channel_id")
for unit in range(6):
    template = model.get_template(unit)
    height = dict(zip(map(str, template.channel_ids), np.ptp(template.template, axis=0)))
    assert height[main[unit]] > 0.95 * max(height.values()), (unit, height)
assert set(model.metadata["num_spikes"].values()) == {52, 88, 65, 67, 55, 91}

rows = list(csv.DictReader(open(out / "metrics.csv", newline="")))
assert list(rows[0])[0] == "unit_id" and [r["unit_id"] for r in rows] == list(truth.unit_ids)
assert [int(float(r["num_spikes"])) for r in rows] == [52, 88, 65, 67, 55, 91]

drawn = minidom.parse(str(out / "raster.svg")).documentElement
assert drawn.tagName == "svg" and len(drawn.getElementsByTagName("*")) > 418
import struct, zlib
png = (out / "waves.png").read_bytes()
assert png[:8] == b"\x89PNG\r\n\x1a\n"
width, height = struct.unpack(">II", png[16:24])
assert width > 300 and height > 300 and len(png) > 5000, (width, height, len(png))
print("read")
"#;

#[test]
fn everything_written_is_read_by_the_programs_it_is_meant_for() {
    let place = Place::new();
    place.write("p.ron", &pipeline(""));
    let data = shared_data().join("si_written");
    let finished = || events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(finished()["tasks"], 14);
    let read = || run_python(READ_ALL, &[&data, &place.path("out")]);
    assert_eq!(read().trim(), "read");
    // A second run does nothing; a file that is gone is written again, and nothing else.
    assert_eq!(finished()["cached"], 14);
    fs::remove_file(place.path("out/metrics.csv")).unwrap();
    assert_eq!(finished()["cached"], 13);
    assert!(place.path("out/metrics.csv").is_file());

    // Another filter replaces what was written here before, and only that.
    place.write("p.ron", &pipeline("freq_min: 500.0"));
    let before = fs::read(place.path("out/recording/traces_cached_seg0.raw")).unwrap();
    assert_eq!(finished()["status"], "ok");
    assert_ne!(fs::read(place.path("out/recording/traces_cached_seg0.raw")).unwrap(), before);
    place.write("out/phy/cluster_group.tsv", "cluster_id\tgroup\n0\tgood\n1\tnoise, says the user\n");
    place.write("p.ron", &pipeline("freq_min: 600.0"));
    let text = stderr(&place.ends(1, &["run", "p.ron"]));
    assert!(text.contains("phy") && text.contains("was changed since it was written"), "{text}");
    let kept = fs::read_to_string(place.path("out/phy/cluster_group.tsv")).unwrap();
    assert!(kept.contains("says the user"));
}

#[test]
fn groups_are_written_side_by_side() {
    let place = Place::new();
    let bytes: Vec<u8> = (0..32_000_i16).flat_map(|x| (x % 997).to_le_bytes()).collect();
    fs::write(place.path("x.raw"), bytes).unwrap();
    place.write(
        "probe.json",
        r#"{"specification": "probeinterface", "version": "0.2.19", "probes": [
            {"ndim": 2, "si_units": "um", "contact_positions": [[0, 0], [0, 20]], "device_channel_indices": [2, 0]},
            {"ndim": 2, "si_units": "um", "contact_positions": [[0, 0], [0, 20]], "device_channel_indices": [1, 3]}]}"#,
    );
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "x.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0, probe: "probe.json")),
    "split": (kind: "split_by_group"),
    "noise": (kind: "noise_levels"),
    "save": (kind: "save_recording", params: (path: "out/part")),
}, wires: [("read.recording", "split.recording"), ("split.recording", "save.recording"), ("split.recording", "noise.recording")])"#,
    );
    let last = events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap().clone();
    assert_eq!(last["tasks"], 4);
    let script = r#"
import sys, numpy as np, spikeinterface as si
from pathlib import Path
out, raw = Path(sys.argv[1]), np.fromfile(sys.argv[2], "<i2").reshape(-1, 4)
names = sorted(p.name for p in out.iterdir() if not p.name.startswith("."))
assert names == ["part_group=0", "part_group=1"], names
for name, columns in zip(names, ([0, 2], [1, 3])):
    part = si.load(out / name)
    assert np.array_equal(part.get_traces(), raw[:, columns]), name
    assert part.get_probe().get_contact_count() == 2
print("read")
"#;
    let read = run_python(script, &[&place.path("out"), &place.path("x.raw")]);
    assert_eq!(read.trim(), "read");
    assert_eq!(events(&place.ends(0, &["run", "p.ron", "--json"])).last().unwrap()["cached"], 4);
}

#[test]
fn two_nodes_never_write_to_one_place() {
    let place = Place::new();
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
    "read": (kind: "read_sorting", params: (path: "x.npz")),
    "a": (kind: "save_sorting", params: (path: "out/sorting")),
    "b": (kind: "save_sorting", params: (path: "./out/sorting")),
}, wires: [("read.sorting", "a.sorting"), ("read.sorting", "b.sorting")])"#,
    );
    place.refuses(&["check", "p.ron"], &["b.path", "\"a\" writes as well"]);
}

#[test]
fn a_recording_is_never_saved_over_itself() {
    let place = Place::new();
    let source = shared_data().join("si_written/recording_binary");
    copy(&source, &place.path("mine"));
    let before = fs::read(place.path("mine/traces_cached_seg0.raw")).unwrap();
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "mine")),
    "save": (kind: "save_recording", params: (path: "mine", overwrite: true)),
}, wires: [("read.recording", "save.recording")])"#,
    );
    let text = stderr(&place.ends(1, &["run", "p.ron"]));
    assert!(text.contains("would be lost"), "{text}");
    assert!(fs::read(place.path("mine/traces_cached_seg0.raw")).unwrap() == before);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::write(target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}
