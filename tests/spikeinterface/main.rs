//! SpikeInterface's sorters as a node, and our sorter among SpikeInterface's: the real `run_sorter`, both ways.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

use common::{
    place::{Place, events, json, small_recording},
    python, root, run_python, stderr, stdout,
};
use std::{fs, path::Path, process::Command};

/// A tetrode of two strong units, sorted by a sorter and compared with the truth.
fn pipeline(sorter: &str, parameters: &str) -> String {
    format!(
        r#"(version: 1, nodes: {{
    "recording": (kind: "generate_recording", params: (probe: tetrode, num_units: 2, amplitude_range_uv: (200.0, 280.0), duration_s: 20.0, seed: 3)),
    "sort": (kind: "spikeinterface_sorter", params: (sorter: "{sorter}", parameters: {{{parameters}}}, python: "{}")),
    "compare": (kind: "compare_to_truth"),
}}, wires: [("recording.recording", "sort.recording"), ("sort.sorting", "compare.sorting"), ("recording.truth", "compare.truth")])"#,
        python().display()
    )
}

#[test]
fn mountainsort5_sorts_and_is_compared_with_the_truth() {
    sorts_well("mountainsort5", r#""scheme": "1", "detect_threshold": 6, "whitening_seed": 1"#);
}

#[test]
fn spykingcircus2_sorts_and_is_compared_with_the_truth() {
    sorts_well(
        "spykingcircus2",
        r#""apply_motion_correction": false, "detection.method_kwargs.detect_threshold": 5.5, "job_kwargs.n_jobs": 1, "seed": 1"#,
    );
}

fn sorts_well(sorter: &str, parameters: &str) {
    let place = Place::new();
    place.write("p.ron", &pipeline(sorter, parameters));
    let output = place.ends(0, &["run", "p.ron", "--json"]);
    let all = events(&output);
    let logged = |word: &str| all.iter().any(|e| e["line"].as_str().is_some_and(|line| line.contains(word)));
    assert!(logged(&format!("{sorter} ")) && logged("SpikeInterface 0."), "its console is the log");
    let last = all.last().unwrap();
    let read = |node: &str, inner: &str| {
        fs::read_to_string(Path::new(last["results"][node].as_str().unwrap()).join(inner)).unwrap()
    };
    let provenance: serde_json::Value = serde_json::from_str(&read("sort", "provenance.json")).unwrap();
    for tool in ["python", "spikeinterface", sorter] {
        assert!(
            provenance["tools"][tool].as_str().unwrap().starts_with(|c: char| c.is_ascii_digit()),
            "{tool}"
        );
    }
    assert!(!provenance["files"].as_array().unwrap().is_empty(), "another version is another sorter");
    let text = read("compare", "table/table.csv");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let accuracy = rows.headers().unwrap().iter().position(|name| name == "accuracy").unwrap();
    let found: Vec<f64> = rows.records().map(|row| row.unwrap()[accuracy].parse().unwrap()).collect();
    assert!(found.len() == 2 && found.iter().all(|accuracy| *accuracy > 0.8), "{text}");
    let again = events(&place.ends(0, &["run", "p.ron", "--json"]));
    assert_eq!(again.last().unwrap()["cached"], again.last().unwrap()["tasks"]);
}

#[test]
fn another_sorter_takes_parameters_in_groups() {
    let place = Place::new();
    place.write(
        "p.ron",
        &pipeline("simple", r#""clusterer": "kmeans", "clusterer_kwargs.n_clusters": 3, "seed": 1"#),
    );
    let last = events(&place.ends(0, &["run", "p.ron", "--json"])).pop().unwrap();
    let folder = Path::new(last["results"]["sort"].as_str().unwrap()).join("sorting");
    let about: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("sorting.json")).unwrap()).unwrap();
    assert_eq!(about["unit_ids"].as_array().unwrap().len(), 3, "{about}");
}

#[test]
fn what_is_wrong_is_said_with_what_there_is() {
    let place = Place::new();
    for (sorter, parameters, words) in [
        ("mountainsort6", "", vec!["sort.sorter", "no sorter \"mountainsort6\"", "mountainsort5"]),
        ("kilosort4", "", vec!["kilosort4 is not installed"]),
        ("mountainsort5", r#""detect_treshold": 6"#, vec!["did you mean \"detect_threshold\""]),
        ("mountainsort5", r#""scheme.a": 6"#, vec!["no parameter \"scheme.a\""]),
        ("mountainsort5", r#""scheme": "4""#, vec!["sort.parameters.scheme", "is not one of 1, 2, 3"]),
        ("mountainsort5", r#""filter": 3"#, vec!["sort.parameters.filter", "true or false"]),
        ("spykingcircus2", r#""general.ms_before": "a""#, vec!["general.ms_before", "a number"]),
    ] {
        place.write("p.ron", &pipeline(sorter, parameters));
        place.refuses(&["check", "p.ron"], &words);
        place.refuses(&["run", "p.ron"], &words);
    }
    place.write("p.ron", &pipeline("mountainsort5", ""));
    let set = ["run", "p.ron", "--set", "sort.parameters.detect_threshold=high"];
    place.refuses(&set, &["sort.parameters.detect_threshold", "\"high\" does not fit"]);
    place.write("p.ron", &pipeline("simple", r#""clusterer": "none""#));
    let said = stderr(&place.ends(1, &["run", "p.ron"]));
    assert!(said.contains("simple ended with code 1") && said.contains("none"), "{said}");
    // A Python without SpikeInterface.
    let bare = place.path("bare");
    let made = Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&bare).status().unwrap();
    assert!(made.success());
    place.refuses(&["sorters", "--python", "bare"], &["cannot import spikeinterface", "-m pip install"]);
    place.refuses(&["sorters", "--python", "nowhere"], &["\"nowhere\" is no Python"]);
}

#[test]
fn sorters_and_their_parameters_come_from_spikeinterface() {
    let place = Place::new();
    let python = python().display().to_string();
    let text = stdout(&place.ends(0, &["sorters", "--python", &python]));
    assert!(text.lines().any(|l| l.starts_with("installed:") && l.contains("mountainsort5")), "{text}");
    assert!(text.lines().any(|l| l.starts_with("not installed:") && l.contains("kilosort4")), "{text}");
    let found = json(&place.ends(0, &["sorters", "mountainsort5", "--python", &python, "--json"]));
    let parameters = found["sorters"][0]["parameters"].as_array().unwrap();
    let one = parameters.iter().find(|p| p["name"] == "detect_threshold").unwrap();
    assert_eq!((one["type"].as_str(), one["default"].as_f64()), (Some("float"), Some(5.5)));
    assert!(one["description"].as_str().unwrap().contains("threshold"), "{one}");
    // As typed parameters of the node.
    let (set, python) = ("sorter=spykingcircus2", format!("python={python}"));
    let page = ["node", "spikeinterface_sorter", "--set", set, "--set", &python, "--json"];
    let found = json(&place.ends(0, &page));
    assert!(found["offered"]["source"].as_str().unwrap().starts_with("spykingcircus2 20"), "{found}");
    let spec = |name: &str| {
        let all = found["offered"]["params"].as_array().unwrap();
        all.iter().find(|spec| spec["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    assert_eq!(spec("parameters.detection.method_kwargs.detect_threshold")["kind"], "float");
    assert_eq!(spec("parameters.apply_whitening")["kind"], "bool");
    assert_eq!(spec("parameters.job_kwargs")["kind"], "any");
    let method = spec("parameters.clustering.method")["kind"]["choice"]["options"].clone();
    assert!(method.as_array().unwrap().iter().any(|o| o[0] == "iterative-isosplit"), "{method}");
    let sorters = spec("sorter")["kind"]["choice"]["options"].clone();
    assert!(sorters.as_array().unwrap().iter().any(|o| o[0] == "mountainsort5"), "{sorters}");
    let wrong = ["node", "spikeinterface_sorter", "--set", "sorter=nothing", "--set", &python];
    place.refuses(&wrong, &["no sorter \"nothing\"", "installed are"]);
}

#[cfg(unix)]
#[test]
fn an_environment_is_asked_once_until_something_is_installed_in_it() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let (bin, site) = (place.path("env/bin"), place.path("env/lib/python3.13/site-packages"));
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(&site).unwrap();
    let counting = format!(
        "#!/bin/sh\necho asked >> '{}'\nexec '{}' \"$@\"\n",
        place.path("asked").display(),
        python().display()
    );
    fs::write(bin.join("python"), counting).unwrap();
    fs::set_permissions(bin.join("python"), fs::Permissions::from_mode(0o755)).unwrap();
    let text = pipeline("mountainsort5", r#""detect_threshold": 6"#);
    place.write("p.ron", &text.replace(&python().display().to_string(), "env"));
    let asked = || fs::read_to_string(place.path("asked")).unwrap().lines().count();
    for _ in 0..3 {
        place.ends(0, &["check", "p.ron"]);
    }
    assert_eq!(asked(), 1);
    fs::create_dir(site.join("another_sorter-1.0.dist-info")).unwrap();
    for _ in 0..2 {
        place.ends(0, &["check", "p.ron"]);
    }
    assert_eq!(asked(), 2);
    // Who lists them wants to know how it is now.
    place.ends(0, &["sorters", "--python", "env"]);
    assert_eq!(asked(), 3);
    place.ends(0, &["check", "p.ron"]);
    assert_eq!(asked(), 3);
}

#[test]
fn our_sorter_runs_from_spikeinterface() {
    let place = Place::new();
    let script = r#"
import os, sys
os.environ["SPIKELOOM_PROGRAM"] = sys.argv[2]
sys.path.insert(0, sys.argv[3])
import spikeinterface as si, spikeinterface.core as sc, spikeinterface.sorters as ss
import spikeinterface.comparison as scmp
import spikeloom_sorter
recording, truth = sc.generate_ground_truth_recording(num_channels=8, num_units=3, durations=[10.0, 5.0], seed=1)
recording = recording.save(folder=sys.argv[1] + "_recording")
assert "spikeloom" in ss.installed_sorters()
sorting = ss.run_sorter("spikeloom", recording, folder=sys.argv[1], threads=2, verbose=False)
assert sorting.get_num_segments() == 2 and sorting.sampling_frequency == recording.sampling_frequency
log = open(sys.argv[1] + "/spikeinterface_log.json").read()
assert '"sorter_name": "spikeloom"' in log and '"sorter_version": "0.' in log, log
agreement = scmp.compare_sorter_to_ground_truth(truth, sorting).get_performance("by_unit")["accuracy"]
print(len(sorting.unit_ids), round(float(agreement.astype(float).max()), 2))
try:
    ss.run_sorter("spikeloom", recording, folder=sys.argv[1] + "_wrong", preset="nonsense")
except Exception as error:
    assert "nonsense" in str(error), error
else:
    raise AssertionError("a wrong preset is no error")
left = sorted(os.listdir(sys.argv[1] + "/sorter_output"))
assert "recording" not in left and "store" not in left, left
"#;
    let program = Path::new(env!("CARGO_BIN_EXE_spikeloom"));
    let said = run_python(script, &[&place.path("sorted"), program, &root().join("assets/python")]);
    let (units, best) = said.trim().split_once(' ').unwrap();
    assert!(units.parse::<usize>().unwrap() >= 1 && best.parse::<f64>().unwrap() > 0.8, "{said}");
}

/// A recording that is filtered, referenced and saved, and steps that SpikeInterface does not have.
const SCRIPTED: &str = r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "x.raw", probe: "tetrode", dtype: int16, num_channels: 4, sampling_frequency: 20000.0, gain_to_uv: 0.195)),
    "notch": (kind: "notch_filter", params: (freq: 50.0)),
    "band-pass 1": (kind: "bandpass_filter", params: (freq_min: 400.0)),
    "reference": (kind: "common_reference"),
    "cut": (kind: "select_time", params: (start_time: 0.25, end_time: 1.5)),
    "save": (kind: "save_recording", params: (path: "out", dtype: float32)),
    "edges": (kind: "detect_edges", params: (level: 40.0)),
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
    theirs.ends(0, &["export", "p.ron", "--to", "spikeinterface", "--out", "p.py"]);
    let script = fs::read_to_string(theirs.path("p.py")).unwrap();
    for part in [
        "# edges: Detect edges. SpikeInterface has no equivalent: in Spikeloom it",
        "# edges table: Save table, left out: it needs what edges gives.",
        "band_pass_1 = spre.bandpass_filter(notch, freq_min=400.0",
        "ss.run_sorter(\"simple\"",
    ] {
        assert!(script.contains(part), "no \"{part}\" in\n{script}");
    }
    let output = Command::new(python()).args(["-W", "ignore"]).arg(theirs.path("p.py")).output().unwrap();
    assert!(output.status.success(), "{}\n{script}", stderr(&output));
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
