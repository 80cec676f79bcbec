//! SpikeInterface's sorters as a node, and our sorter among SpikeInterface's: the real `run_sorter`, both ways.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod script;
mod script_expressions;
mod script_fields;
mod script_files;
mod script_parts;
mod script_steps;
mod script_traps;
mod scripts;

use common::{
    place::{Place, events, json},
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
sorting = ss.run_sorter("spikeloom", recording, folder=sys.argv[1], threads=2, verbose=False, detect_threshold=6, min_cluster_size=15, peak_sign="both")
pipeline = open(sys.argv[1] + "/sorter_output/sorted/pipeline.ron").read()
for part in ["detect_threshold: 6.0", "min_cluster_size: 15", "peak_sign: both"]:
    assert part in pipeline, pipeline
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
try:
    ss.run_sorter("spikeloom", recording, folder=sys.argv[1] + "_far", detect_threshold=100)
except Exception as error:
    assert "sort.detect_threshold" in str(error) and "50" in str(error), error
else:
    raise AssertionError("a threshold out of range is no error")
# A part of it, as it is.
short = recording.select_segments([1]).frame_slice(0, 60000)
short.annotate(is_filtered=False)
for name, own in [("_filtered", {}), ("_raw", {"apply_preprocessing": False})]:
    ss.run_sorter("spikeloom", short, folder=sys.argv[1] + name, **own)
    pipeline = open(sys.argv[1] + name + "/sorter_output/sorted/pipeline.ron").read()
    assert ("bandpass_filter" in pipeline) == (own == {}), pipeline
left = sorted(os.listdir(sys.argv[1] + "/sorter_output"))
assert "recording" not in left and "store" not in left, left
"#;
    let program = Path::new(env!("CARGO_BIN_EXE_spikeloom"));
    let said = run_python(script, &[&place.path("sorted"), program, &root().join("assets/python")]);
    let (units, best) = said.trim().split_once(' ').unwrap();
    assert!(units.parse::<usize>().unwrap() >= 1 && best.parse::<f64>().unwrap() > 0.8, "{said}");
}

#[test]
fn our_sorter_offers_all_parameters_as_the_program_has_them() {
    let place = Place::new();
    let page = place.write("sort.json", &stdout(&place.ends(0, &["node", "sort", "--json"])));
    let script = r#"
import json, sys
sys.path.insert(0, sys.argv[2])
import spikeinterface.sorters as ss
import spikeloom_sorter

def description(spec):
    text = " ".join(spec["doc"].split()).replace("Auto:", "None:")
    if isinstance(spec["kind"], dict) and "choice" in spec["kind"]:
        text += " One of " + ", ".join(option[0] for option in spec["kind"]["choice"]["options"]) + "."
    low, high = spec["hard_range"]
    unit = f" {spec['unit']}" if spec["unit"] else ""
    if low is not None and high is not None:
        text += f" {low:.15g} to {high:.15g}{unit}."
    elif unit:
        text += f" In{unit}."
    return text

specs = json.load(open(sys.argv[1]))["params"]
expected = {spec["name"]: (spec["default"], description(spec)) for spec in specs}
defaults = ss.get_default_sorter_params("spikeloom")
descriptions = ss.get_sorter_params_description("spikeloom")
assert list(expected) == list(spikeloom_sorter.SORT), "SORT of spikeloom_sorter.py has other parameters than the node Sort"
for name, (default, words) in expected.items():
    assert (defaults[name], descriptions[name]) == (default, words), f"SORT of spikeloom_sorter.py should have {name}: {(default, words)}"
assert set(defaults) >= {"apply_preprocessing", "threads", "seed", "delete_recording"}
assert set(defaults) <= set(descriptions), set(defaults) - set(descriptions)
print(len(expected))
"#;
    let said = run_python(script, &[&page, &root().join("assets/python")]);
    assert!(said.trim().parse::<usize>().unwrap() > 10, "{said}");
}
