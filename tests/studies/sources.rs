//! Where recordings come from: studies of other formats, files named by their content, sweeps of a source.

use super::{
    column,
    common::{
        place::{Place, small_recording},
        shared_data, stderr, stdout,
    },
    run, table,
};
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn studies_of_other_formats_open_with_their_truth() {
    let place = Place::new();
    let written = shared_data().join("si_written");
    let copy = |from: &str, to: &str| {
        let (from, to) = (written.join(from), place.path(to));
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
            if entry.path().is_file() {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    };
    let name = "mda_study/synth_study/rec_16ch_2s";
    copy(name, "set/first/one");
    copy(name, "set/second/two");
    fs::copy(written.join("synthetic_2s.nwb"), place.path("set/second/three.nwb")).unwrap();
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
            "study": (kind: "read_study", params: (path: "set")),
            "each": (kind: "channel_statistics"),
            "truth": (kind: "sorting_from_files"),
            "all": (kind: "collect_tables"),
        }, wires: [("study.recording", "each.recording"), ("study.truth", "truth.files"), ("each.table", "all.table")])"#,
    );
    let (last, ran) = run(&place, 0, "p.ron");
    // Both MDA recordings have the same content, and so the same result.
    assert_eq!((ran["each"], ran["truth"]), (2, 1), "{ran:?}");
    let rows = table(&last, "all");
    let mut found: Vec<String> =
        rows.iter().map(|row| format!("{}/{}", row["study"], row["recording"])).collect();
    found.dedup();
    assert_eq!(found, ["first/one", "second/three", "second/two"]);

    let json_study = shared_data().join("spikeforest_json/hybrid_drift_tetrode.json").display().to_string();
    let text =
        fs::read_to_string(place.path("p.ron")).unwrap().replace("\"set\"", &format!("\"{json_study}\""));
    place.write("forest.ron", &text);
    let said = stderr(&place.ends(1, &["run", "forest.ron"]));
    assert!(said.contains("SHA1_CACHE_DIR") && said.contains("recording=rec_4c_1200s_11"), "{said}");
}

#[test]
fn parameters_of_a_source_are_swept() {
    let place = Place::new();
    place.write(
        "p.ron",
        r#"(version: 1, nodes: {
    "try": (kind: "sweep", params: (parameters: ["demo.seed = 1, 2, 3"])),
    "demo": (kind: "generate_recording", params: (probe: tetrode, num_units: 1, duration_s: 2.0)),
    "statistics": (kind: "channel_statistics"),
    "all": (kind: "collect_tables"),
}, wires: [
    ("demo.recording", "statistics.recording"), ("statistics.table", "all.table"),
])"#,
    );
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!((ran["statistics"], ran["all"]), (3, 1), "{ran:?}");
    let rows = table(&last, "all");
    let mut seeds = column(&rows, "seed");
    seeds.dedup();
    assert_eq!(seeds, ["1", "2", "3"]);
    let first: std::collections::BTreeSet<&String> = rows.iter().map(|row| &row["std"]).collect();
    assert!(first.len() > 3, "each seed has samples of its own: {first:?}");
    let (_, ran) = run(&place, 0, "p.ron");
    assert!(ran.is_empty(), "{ran:?}");
}

#[test]
fn a_recording_is_named_by_its_content() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 2_000);
    let hash = sha1(&place.path("x.raw"));
    let text = format!(
        r#"(version: 1, nodes: {{
    "read": (kind: "read_recording", params: (path: "sha1://{hash}/x.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "statistics": (kind: "channel_statistics"),
}}, wires: [("read.recording", "statistics.recording")])"#
    );
    fs::create_dir(place.path("elsewhere")).unwrap();
    let file = place.path("elsewhere").join("p.ron");
    fs::write(&file, &text).unwrap();
    let cache = place.path("cache");
    let with_cache = |code: i32| {
        let output = place
            .command(&["run", "elsewhere/p.ron", "--json"])
            .env("SHA1_CACHE_DIR", &cache)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
        stdout(&output)
    };
    // Nothing is there yet: it says where it looked.
    let said = with_cache(1);
    for looked in
        [format!("cache/{}/{}/{}/{hash}", &hash[..2], &hash[2..4], &hash[4..6]), "elsewhere/x.raw".into()]
    {
        assert!(said.contains(&looked), "no {looked} in\n{said}");
    }
    let said = stderr(&place.ends(1, &["run", "elsewhere/p.ron"]));
    assert!(said.contains("SHA1_CACHE_DIR"), "{said}");
    // It is found under its hash, and the same wherever it lies.
    let inner = cache.join(&hash[..2]).join(&hash[2..4]).join(&hash[4..6]);
    fs::create_dir_all(&inner).unwrap();
    fs::rename(place.path("x.raw"), inner.join(&hash)).unwrap();
    with_cache(0);
    // The command line takes such a name as well.
    let told = |cache: &Path, code: i32| {
        let uri = format!("sha1://{hash}/x.raw");
        let raw = ["--dtype", "int16", "--num-channels", "4", "--sampling-frequency", "20000"];
        let output = place
            .command(&[&["info", &uri], &raw[..]].concat())
            .env("SHA1_CACHE_DIR", cache)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
        stdout(&output) + &stderr(&output)
    };
    assert!(told(&cache, 0).contains("0.100 s"));
    assert!(told(&place.path("none"), 2).contains("is not here"));
    fs::rename(inner.join(&hash), place.path("elsewhere/x.raw")).unwrap();
    let last = json_lines(&with_cache(0)).pop().unwrap();
    assert_eq!(last["cached"], last["tasks"]);
    // Other content under that name is refused.
    let mut bytes = fs::read(place.path("elsewhere/x.raw")).unwrap();
    bytes[100] ^= 1;
    fs::write(place.path("elsewhere/x.raw"), bytes).unwrap();
    assert!(with_cache(1).contains("fetch it again"));
}

/// The SHA-1 of a file.
fn sha1(path: &Path) -> String {
    stdout(&Command::new("sha1sum").arg(path).output().unwrap())[..40].to_owned()
}

/// Puts a file where it is found by its content.
fn cached(cache: &Path, file: &Path) -> PathBuf {
    let hash = sha1(file);
    let place = cache.join(&hash[..2]).join(&hash[2..4]).join(&hash[4..6]).join(&hash);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::copy(file, &place).unwrap();
    place
}

#[test]
fn pointers_of_spikeforest_and_sortings_by_content_lead_to_what_they_name() {
    let place = Place::new();
    let source = shared_data().join("si_written/mda_study/synth_study/rec_16ch_2s");
    let cache = place.path("cache");
    let raw = cached(&cache, &source.join("raw.mda"));
    let firings = cached(&cache, &source.join("firings_true.mda"));
    let uri =
        |path: &Path, label: &str| format!("sha1://{}/{label}", path.file_name().unwrap().to_string_lossy());
    let one =
        format!(r#"{{"raw": "{}", "params": {{"samplerate": 20000}}, "geom": []}}"#, uri(&raw, "raw.mda"));
    let truth = format!(r#"{{"firings": "{}"}}"#, uri(&firings, "firings.mda"));
    place.write("one.json", &one);
    place.write("truth.json", &truth);
    let (one, truth) = (cached(&cache, &place.path("one.json")), cached(&cache, &place.path("truth.json")));
    place.write(
        "study.json",
        &format!(
            r#"{{"name": "s", "recordings": [{{"name": "one", "studyName": "s", "recordingUri": "{}", "sortingTrueUri": "{}"}}]}}"#,
            uri(&one, "one.json"),
            uri(&truth, "one.firings_true.json")
        ),
    );
    place.write(
        "p.ron",
        &format!(
            r#"(version: 1, nodes: {{
            "study": (kind: "read_study", params: (path: "study.json")),
            "each": (kind: "channel_statistics"),
            "truth": (kind: "sorting_from_files"),
            "named": (kind: "read_sorting", params: (path: "{}", sampling_frequency: 20000.0)),
            "agree": (kind: "compare_to_truth"),
        }}, wires: [("study.recording", "each.recording"), ("study.truth", "truth.files"),
            ("study.recording", "truth.recording"), ("named.sorting", "agree.sorting"), ("truth.sorting", "agree.truth")])"#,
            uri(&firings, "firings.mda")
        ),
    );
    let run = |code: i32| {
        let output =
            place.command(&["run", "p.ron", "--json"]).env("SHA1_CACHE_DIR", &cache).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
        stdout(&output)
    };
    let last = json_lines(&run(0)).pop().unwrap();
    let agree = Path::new(last["results"]["agree"].as_str().unwrap()).join("recording=one,study=s");
    let accuracies = accuracies_of(&agree);
    assert!(accuracies.len() == 6 && accuracies.iter().all(|cell| cell.parse() == Ok(1.0)), "{accuracies:?}");
    // Samples, spikes and descriptions that are not what their names say are refused, each by its own name.
    for (file, word) in [(&raw, "each"), (&firings, "named"), (&one, "study"), (&truth, "its true spikes")] {
        let whole = fs::read(file).unwrap();
        let mut wrong = whole.clone();
        let last = wrong.len() - 2;
        wrong[last] ^= 1;
        fs::remove_dir_all(place.path("store")).unwrap();
        fs::write(file, wrong).unwrap();
        let said = run(1);
        let hash = file.file_name().unwrap().to_string_lossy();
        assert!(
            said.contains("fetch it again") && said.contains(&*hash) && said.contains(word),
            "{word}: {said}"
        );
        fs::write(file, whole).unwrap();
    }
    run(0);
}

#[test]
fn a_json_of_spikeforest_is_told_of_though_its_content_is_elsewhere() {
    let place = Place::new();
    let hash = "0123456789".repeat(4);
    place.write(
        "one.json",
        &format!(r#"{{"raw": "sha1://{hash}/raw.mda", "params": {{"samplerate": 30000}}}}"#),
    );
    let said = stdout(&place.ends(0, &["info", "one.json"]));
    for words in ["a study of 1 recording (node read_study)", &hash, "SHA1_CACHE_DIR"] {
        assert!(said.contains(words), "no \"{words}\" in\n{said}");
    }
    place.write("other.json", r#"{"a": 1}"#);
    place.refuses(&["info", "other.json"], &["not a recording or sorting that can be read"]);
}

/// The accuracies in the table of a result.
fn accuracies_of(folder: &Path) -> Vec<String> {
    let mut rows = csv::Reader::from_path(folder.join("table/table.csv")).unwrap();
    let place = rows.headers().unwrap().iter().position(|name| name == "accuracy").unwrap();
    rows.records().map(|row| row.unwrap()[place].to_owned()).collect()
}

fn json_lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
