//! Studies from outside: many recordings, grouped, joined, split, swept and collected; what is the same is done once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
#[path = "../common/mod.rs"]
mod common;
mod outputs;
mod scale;
mod settings;
mod sources;
mod together;
mod why;

use common::{
    place::{Place, events, json, locust},
    shared_data, stderr, stdout,
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, fs, path::Path};

/// Bytes of a recording of one channel, other ones for each.
fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 56) as u8
    };
    (0..count).map(|_| next(&mut state)).collect()
}

/// Sessions a and b with recordings 1 to 4 each.
fn sessions(place: &Place) {
    for session in ["a", "b"] {
        fs::create_dir_all(place.path("data").join(session)).unwrap();
        for index in 1..=4_u64 {
            let path = place.path("data").join(session).join(format!("rec_{index}.bin"));
            fs::write(path, bytes(index + if session == "a" { 0 } else { 100 }, 5_000 + 10 * index as usize))
                .unwrap();
        }
    }
}

const STUDY: &str = r#""study": (kind: "read_study", params: (path: "data", pattern: "{session}/rec_{index}.bin", dtype: uint8, num_channels: 1, sampling_frequency: 1000.0))"#;

fn pipeline(nodes: &str, wires: &[(&str, &str)]) -> String {
    let wires: String = wires.iter().map(|(a, b)| format!("(\"{a}\", \"{b}\"),")).collect();
    format!("(version: 1, nodes: {{ {STUDY}, {nodes} }}, wires: [{wires}])")
}

/// The last line of a run as JSON, and how many tasks of each node ran.
fn run(place: &Place, code: i32, file: &str) -> (Json, BTreeMap<String, usize>) {
    let all = events(&place.ends(code, &["run", file, "--json"]));
    let mut ran = BTreeMap::new();
    for event in all.iter().filter(|event| event["event"] == "finished") {
        *ran.entry(event["node"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (all.last().unwrap().clone(), ran)
}

/// The rows of the table a node of a run made, as words by column.
fn table(last: &Json, node: &str) -> Vec<BTreeMap<String, String>> {
    let folder = Path::new(last["results"][node].as_str().unwrap());
    let mut reader = csv::Reader::from_path(folder.join("table/table.csv")).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn column<'t>(rows: &'t [BTreeMap<String, String>], name: &str) -> Vec<&'t str> {
    rows.iter().map(|row| row[name].as_str()).collect()
}

/// Mean of the bytes of recordings.
fn mean(place: &Place, names: &[&str]) -> f64 {
    let all: Vec<u8> =
        names.iter().flat_map(|name| fs::read(place.path("data").join(name)).unwrap()).collect();
    all.iter().map(|&byte| f64::from(byte)).sum::<f64>() / all.len() as f64
}

#[test]
fn groups_are_joined_and_collected_and_regrouping_does_nothing_that_is_the_same() {
    let place = Place::new();
    sessions(&place);
    let nodes = |by: &str| {
        format!(
            r#""each": (kind: "channel_statistics"),
            "group": (kind: "group_items", params: (by: {by})),
            "joined": (kind: "concatenate"),
            "statistics": (kind: "channel_statistics"),
            "all": (kind: "collect_tables")"#
        )
    };
    let wires = [
        ("study.recording", "each.recording"),
        ("study.recording", "group.item"),
        ("group.item", "joined.recording"),
        ("joined.recording", "statistics.recording"),
        ("statistics.table", "all.table"),
    ];
    place.write("p.ron", &pipeline(&nodes(r#"["session", "parity = index % 2"]"#), &wires));
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!((ran["each"], ran["statistics"], ran["all"]), (8, 4, 1));
    let rows = table(&last, "all");
    // In the order of the study: its first key first.
    assert_eq!(column(&rows, "session"), ["a", "a", "b", "b"]);
    assert_eq!(column(&rows, "parity"), ["1", "0", "1", "0"]);
    let expected = mean(&place, &["a/rec_1.bin", "a/rec_3.bin"]);
    assert!((rows[0]["mean"].parse::<f64>().unwrap() - expected).abs() < 1e-9);

    // Another name for the same groups: the same recordings are joined, so nothing is computed but the table.
    place.write("p.ron", &pipeline(&nodes(r#"["session", "odd = index % 2 == 1"]"#), &wires));
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!(ran, BTreeMap::from([("all".to_owned(), 1)]), "only names changed");
    assert_eq!(column(&table(&last, "all"), "odd"), ["true", "false", "true", "false"]);

    // Other groups: what was done for each recording stays.
    place.write("p.ron", &pipeline(&nodes(r#"["session"]"#), &wires));
    let (_, ran) = run(&place, 0, "p.ron");
    assert_eq!(ran, BTreeMap::from([("all".to_owned(), 1), ("statistics".to_owned(), 2)]));

    // One more recording: only it and its group are done.
    fs::write(place.path("data/b/rec_9.bin"), bytes(9, 4_000)).unwrap();
    let (_, ran) = run(&place, 0, "p.ron");
    assert_eq!(ran["each"], 1);
    assert_eq!(ran["statistics"], 1);
    let (last, ran) = run(&place, 0, "p.ron");
    assert!(ran.is_empty() && last["cached"] == last["tasks"], "{ran:?}");
}

#[test]
fn what_is_joined_follows_the_order_of_the_study() {
    let place = Place::new();
    // Each file holds one value: what comes first is seen in the joined recording.
    let mut expected = Vec::new();
    for day in 1..=2_u8 {
        for block in [9_u8, 10] {
            fs::create_dir_all(place.path("data").join(format!("day{day}"))).unwrap();
            let bytes = vec![day * 100 + block; 500];
            fs::write(place.path("data").join(format!("day{day}/block{block}.bin")), &bytes).unwrap();
            expected.extend(bytes);
        }
    }
    let nodes = r#""joined": (kind: "concatenate"), "save": (kind: "save_recording", params: (path: "out"))"#;
    let wires = [("study.recording", "joined.recording"), ("joined.recording", "save.recording")];
    let text = pipeline(nodes, &wires).replace("{session}/rec_{index}.bin", "day{day}/block{block}.bin");
    place.write("p.ron", &text);
    run(&place, 0, "p.ron");
    assert_eq!(fs::read(place.path("out/traces_cached_seg0.raw")).unwrap(), expected);

    // So do the rows of the matrix.
    let each = r#""each": (kind: "channel_statistics")"#;
    let each = pipeline(each, &[("study.recording", "each.recording")])
        .replace("{session}/rec_{index}.bin", "day{day}/block{block}.bin");
    place.write("each.ron", &each);
    let told = place.ends(0, &["status", "each.ron", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let items = told["items"].as_array().unwrap();
    let keys = |item: &serde_json::Value| format!("{} {}", item["item"]["day"], item["item"]["block"]);
    assert_eq!(items.iter().map(keys).collect::<Vec<_>>(), ["1 9", "1 10", "2 9", "2 10"]);

    // A table says its own order.
    let rows =
        ["day2/block9", "day1/block10", "day2/block10"].map(|name| format!("data/{name}.bin,{name}\n"));
    place.write("study.csv", &format!("path,name\n{}", rows.concat()));
    place.write(
        "t.ron",
        &text
            .replace(r#"path: "data", pattern: "day{day}/block{block}.bin""#, r#"path: "study.csv""#)
            .replace("\"out\"", "\"other\""),
    );
    run(&place, 0, "t.ron");
    let firsts: Vec<u8> =
        fs::read(place.path("other/traces_cached_seg0.raw")).unwrap().into_iter().step_by(500).collect();
    assert_eq!(firsts, [209, 110, 210]);
}

#[test]
fn items_that_would_write_one_file_are_refused_and_an_empty_collection_overwrites_nothing() {
    let place = Place::new();
    for session in ["a b", "a_b", "c"] {
        fs::create_dir_all(place.path("data").join(session)).unwrap();
        fs::write(place.path("data").join(session).join("rec_1.bin"), bytes(1, 5_000)).unwrap();
    }
    let nodes = r#""each": (kind: "channel_statistics"), "save": (kind: "save_table", params: (path: "out/{session}.csv"))"#;
    let wires = [("study.recording", "each.recording"), ("each.table", "save.table")];
    place.write("p.ron", &pipeline(nodes, &wires));
    let said = stderr(&place.ends(1, &["run", "p.ron"]));
    assert!(said.contains("2 items would write") && said.contains("a_b_index=1.csv"), "{said}");
    assert!(place.path("out/c_index=1.csv").is_file() && !place.path("out/a_b_index=1.csv").exists());

    let nodes = r#""some": (kind: "filter_items", params: (condition: "session == 'd'")), "each": (kind: "channel_statistics"),
        "all": (kind: "collect_tables"), "save": (kind: "save_table", params: (path: "out/c_index=1.csv"))"#;
    let wires = [
        ("study.recording", "some.item"),
        ("some.item", "each.recording"),
        ("each.table", "all.table"),
        ("all.table", "save.table"),
    ];
    place.write("q.ron", &pipeline(nodes, &wires));
    let before = fs::read(place.path("out/c_index=1.csv")).unwrap();
    let said = stderr(&place.ends(1, &["run", "q.ron"]));
    assert!(said.contains("no columns"), "{said}");
    assert_eq!(fs::read(place.path("out/c_index=1.csv")).unwrap(), before);
}

#[test]
fn what_is_missing_or_broken_is_named_and_does_not_stop_the_others() {
    let place = Place::new();
    sessions(&place);
    fs::write(place.path("data/a/short.raw"), b"x").unwrap();
    place.write(
        "study.csv",
        "path,session,index\ndata/a/rec_1.bin,a,1\ndata/a/gone.bin,a,2\ndata/b/rec_1.bin,b,1\ndata/b,b,7\ndata/b/rec_2.bin,b,1\n",
    );
    let text = pipeline(
        r#""each": (kind: "channel_statistics"), "all": (kind: "collect_tables")"#,
        &[("study.recording", "each.recording"), ("each.table", "all.table")],
    );
    place.write(
        "p.ron",
        &text.replace(r#"path: "data", pattern: "{session}/rec_{index}.bin""#, r#"path: "study.csv""#),
    );
    let output = place.ends(1, &["run", "p.ron"]);
    let said = stderr(&output);
    for words in [
        "gone.bin",
        "No such file",
        "has the same keys as",
        "3 tasks failed",
        "what else there was to do is done",
    ] {
        assert!(said.contains(words), "no \"{words}\" in\n{said}");
    }
    let (last, _) = run(&place, 1, "p.ron");
    assert_eq!(last["status"], "failed");
    assert_eq!(column(&table(&last, "all"), "session"), ["a", "b"], "the others are collected");

    let checked = stdout(&place.ends(0, &["check", "p.ron"]));
    assert!(checked.contains("what is named above does not run here, the rest does (3 tasks)"), "{checked}");
    let status = stdout(&place.ends(0, &["status", "p.ron"]));
    for words in ["index=1,session=a", "done", "failed", "blocked", "gone.bin"] {
        assert!(status.contains(words), "no \"{words}\" in\n{status}");
    }
    let matrix = json(&place.ends(0, &["status", "p.ron", "--json"]));
    assert_eq!(matrix["counts"]["failed"], 3);
    assert_eq!(matrix["counts"]["blocked"], 3);
    let some = json(&place.ends(0, &["status", "p.ron", "--json", "--where", "session == \"a\""]));
    assert_eq!(some["items"].as_array().unwrap().len(), 2);
    place.refuses(&["status", "p.ron", "--where", "session ="], &["--where", "character 9"]);
    place.refuses(&["status", "p.ron", "--where", "nope == 1"], &["--where", "no \"nope\"", "session"]);

    // When it is there, it is done, and nothing else.
    fs::write(place.path("data/a/gone.bin"), bytes(3, 900)).unwrap();
    let (_, ran) = run(&place, 1, "p.ron");
    assert_eq!((ran["each"], ran["all"]), (1, 1));
}

#[test]
fn a_task_that_fails_is_remembered_until_it_is_done() {
    let place = Place::new();
    sessions(&place);
    let text = pipeline(
        r#""fork": (kind: "route_items", params: (condition: "index == 2")),
        "cut": (kind: "select_time", params: (start_time: 5.03)),
        "each": (kind: "channel_statistics")"#,
        &[
            ("study.recording", "fork.item"),
            ("fork.rest", "cut.recording"),
            ("cut.recording", "each.recording"),
        ],
    );
    place.write("p.ron", &text);
    // Recordings 1 are too short for the cut; 3 and 4 are not.
    let (_, ran) = run(&place, 1, "p.ron");
    assert_eq!(ran["each"], 2, "{ran:?}");
    let matrix = json(&place.ends(0, &["status", "p.ron", "--json"]));
    assert_eq!((matrix["counts"]["done"].as_u64(), matrix["counts"]["blocked"].as_u64()), (Some(2), Some(4)));
}

#[test]
fn sweeps_forks_and_filters_go_by_keys_and_metrics() {
    let place = Place::new();
    sessions(&place);
    let nodes = r#""some": (kind: "filter_items", params: (condition: "session == \"a\" && index > 1")),
        "tries": (kind: "sweep", params: (parameters: ["edges.level = 100, 200.5", "way = edges.edge = rising, falling"])),
        "edges": (kind: "detect_edges"),
        "fork": (kind: "route_items", params: (condition: "num_edges > 1300", carries: table)),
        "many": (kind: "collect_tables"),
        "few": (kind: "collect_tables"),
        "mean": (kind: "summarize_table", params: (by: ["level", "way"], values: ["num_edges"]))"#;
    let wires = [
        ("study.recording", "some.item"),
        ("some.item", "tries.item"),
        ("tries.item", "edges.recording"),
        ("edges.table", "fork.item"),
        ("edges.table", "fork.table"),
        ("fork.matching", "many.table"),
        ("fork.rest", "few.table"),
        ("few.table", "mean.table"),
    ];
    place.write("p.ron", &pipeline(nodes, &wires));
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!(ran["edges"], 12, "3 recordings, 2 levels, 2 ways");
    let (many, few) = (table(&last, "many"), table(&last, "few"));
    assert_eq!(many.len() + few.len(), 12);
    // Random bytes cross the middle with every fourth sample, a high level less often.
    assert!(many.iter().all(|row| row["level"] == "100"), "{many:?}");
    assert!(few.iter().filter(|row| row["level"] == "200.5").count() == 6);
    let data = fs::read(place.path("data/a/rec_3.bin")).unwrap();
    let count =
        data.windows(2).filter(|pair| f64::from(pair[0]) < 200.5 && f64::from(pair[1]) >= 200.5).count();
    let row =
        few.iter().find(|r| r["index"] == "3" && r["way"] == "rising" && r["level"] == "200.5").unwrap();
    assert_eq!(row["num_edges"], count.to_string());
    assert!(table(&last, "mean").len() >= 2);

    place.write("wrong.ron", &pipeline(&nodes.replace("edges.level", "edgs.level"), &wires));
    for command in ["run", "check"] {
        place.refuses(&[command, "wrong.ron"], &["there is no node \"edgs\"", "did you mean \"edges\"?"]);
    }
    for (parameter, words) in [
        ("edges.levels = 1, 2", vec!["edges.levels", "did you mean \"level\"?"]),
        ("edges.edge = rising, sideways", vec!["edges.edge: \"sideways\": ", "rising"]),
        ("edges.refractory_ms = 1, -2", vec!["edges.refractory_ms: -2: ", "out of range"]),
    ] {
        place.write("wrong.ron", &pipeline(&nodes.replace("edges.level = 100, 200.5", parameter), &wires));
        place.refuses(&["check", "wrong.ron"], &words);
    }
    // One that no item of the sweep comes to would give the same each time.
    let elsewhere = nodes.replace("edges.level = 100, 200.5", "study.num_channels = 1, 2");
    place.write("wrong.ron", &pipeline(&elsewhere, &wires));
    let said = stderr(&place.ends(0, &["check", "wrong.ron"]));
    assert!(said.contains("study does not follow tries: every value would give the same"), "{said}");
    assert!(!stderr(&place.ends(0, &["check", "p.ron"])).contains("does not follow"));
    place.write("wrong.ron", &pipeline(&nodes.replace("index > 1", "indx > 1"), &wires));
    let said = stderr(&place.ends(1, &["run", "wrong.ron"]));
    assert!(said.contains("there is no \"indx\"; the keys are index, session"), "{said}");
}

#[test]
fn that_no_item_goes_on_is_told() {
    let place = Place::new();
    sessions(&place);
    let nodes = r#""some": (kind: "filter_items", params: (condition: "session == 'd'")),
        "joined": (kind: "concatenate"), "each": (kind: "channel_statistics"),
        "fork": (kind: "route_items", params: (condition: "index < 9")),
        "high": (kind: "channel_statistics"), "low": (kind: "channel_statistics")"#;
    let wires = [
        ("study.recording", "some.item"),
        ("some.item", "joined.recording"),
        ("joined.recording", "each.recording"),
        ("study.recording", "fork.item"),
        ("fork.matching", "low.recording"),
        ("fork.rest", "high.recording"),
    ];
    place.write("p.ron", &pipeline(nodes, &wires));
    for command in ["check", "run"] {
        let said = stderr(&place.ends(0, &[command, "p.ron"]));
        for words in [
            "some: 0 of 8 items go on: what follows has nothing to do",
            "fork: 0 of 8 items leave at \"rest\": what is connected there has nothing to do",
        ] {
            assert_eq!(said.matches(words).count(), 1, "{command}: {words}\n{said}");
        }
        assert!(!said.contains("not connected"), "{said}");
    }
    // A way that nothing is connected to is nobody's loss.
    let nodes = nodes.replace(r#""high": (kind: "channel_statistics"), "#, "");
    place.write("p.ron", &pipeline(&nodes, &wires[..5]));
    assert!(!stderr(&place.ends(0, &["run", "p.ron"])).contains("leave at"));
}

#[test]
fn joined_recordings_are_split_back_and_stretches_become_recordings() {
    let place = Place::new();
    let study = locust();
    fs::create_dir_all(place.path("data/a")).unwrap();
    for index in [1, 2] {
        fs::copy(&study, place.path(&format!("data/a/rec_{index}.bin"))).unwrap();
    }
    let text = pipeline(
        r#""cut": (kind: "select_time", params: (end_time: 4.0)),
        "joined": (kind: "concatenate", params: (gap: silence, gap_ms: 50.0)),
        "filter": (kind: "bandpass_filter"),
        "sort": (kind: "sort"),
        "back": (kind: "split_back"),
        "save": (kind: "save_sorting", params: (path: "sorted")),
        "windows": (kind: "split_by_time", params: (window_s: 1.5)),
        "pieces": (kind: "channel_statistics")"#,
        &[
            ("study.recording", "cut.recording"),
            ("cut.recording", "joined.recording"),
            ("joined.recording", "filter.recording"),
            ("filter.recording", "sort.recording"),
            ("sort.sorting", "back.sorting"),
            ("joined.parts", "back.parts"),
            ("back.sorting", "save.sorting"),
            ("cut.recording", "windows.recording"),
            ("windows.recording", "pieces.recording"),
        ],
    );
    let text = text.replace(
        "dtype: uint8, num_channels: 1, sampling_frequency: 1000.0",
        "dtype: int16, num_channels: 4, sampling_frequency: 15000.0",
    );
    place.write("p.ron", &text);
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!(ran["save"], 2, "{ran:?}");
    // The two copies are one recording: what is the same is computed once.
    assert_eq!(ran["pieces"], 3);
    assert_eq!(last["status"], "ok");
    let counts: Vec<u64> = [1, 2]
        .iter()
        .map(|index| {
            let saved = place.path(&format!("sorted_index={index},session=a")).display().to_string();
            json(&place.ends(0, &["info", "--json", &saved]))["num_spikes"].as_u64().unwrap()
        })
        .collect();
    assert!(counts[0] > 20, "{counts:?}");
    // The same samples twice: about as many spikes in each.
    assert!(counts[0].abs_diff(counts[1]) * 10 <= counts[0], "{counts:?}");
    let whole = Path::new(last["results"]["sort"].as_str().unwrap()).join("sorting").display().to_string();
    let total = fs::read_dir(&whole).map(|_| ()).is_ok();
    assert!(total, "{whole}");
}

#[test]
fn the_truth_of_a_study_is_compared_with_what_was_found() {
    let place = Place::new();
    let study = shared_data().join("si_written/mda_study").display().to_string();
    place.write(
        "p.ron",
        &r#"(version: 1, nodes: {
            "study": (kind: "read_study", params: (path: "STUDY")),
            "bandpass": (kind: "bandpass_filter"),
            "reference": (kind: "common_reference"),
            "tries": (kind: "sweep", params: (parameters: ["sort.detect_threshold = 5.0, 6.5"])),
            "sort": (kind: "sort", params: (min_cluster_size: 14)),
            "truth": (kind: "sorting_from_files"),
            "compare": (kind: "compare_to_truth"),
            "snr": (kind: "quality_metrics"),
            "units": (kind: "join_tables", params: (columns: ["snr"])),
            "all": (kind: "collect_tables"),
        }, wires: [
            ("study.recording", "bandpass.recording"), ("bandpass.recording", "reference.recording"),
            ("reference.recording", "tries.item"), ("tries.item", "sort.recording"), ("study.truth", "truth.files"),
            ("truth.sorting", "compare.truth"), ("sort.sorting", "compare.sorting"),
            ("reference.recording", "snr.recording"), ("truth.sorting", "snr.sorting"),
            ("compare.table", "units.table"), ("snr.table", "units.other"), ("units.table", "all.table"),
        ])"#
        .replace("STUDY", &study),
    );
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!((ran["sort"], ran["compare"], ran["snr"], ran["truth"]), (2, 2, 1, 1), "{ran:?}");
    let rows = table(&last, "all");
    // 6 true units at each threshold, every one with its SNR.
    assert_eq!(rows.len(), 12);
    assert!(rows.iter().all(|row| row["snr"].parse::<f64>().is_ok_and(|snr| snr > 0.0)), "{rows:?}");
    assert!(rows.iter().all(|row| row["recording"] == "rec_16ch_2s" && row["study"] == "synth_study"));
    // 83 true spikes at each threshold, some of which are found; of two seconds there is not more to be said.
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().unwrap();
    let sum = |name: &str| rows.iter().map(|row| number(row, name)).sum::<f64>();
    assert_eq!(sum("num_gt"), 2.0 * 83.0);
    assert!(sum("tp") > 0.0);
    for row in &rows {
        let (tp, both) = (number(row, "tp"), number(row, "num_gt") + number(row, "num_tested"));
        assert!((number(row, "accuracy") - tp / (both - tp)).abs() < 1e-9, "{row:?}");
    }
}

#[test]
fn segments_and_the_time_around_events_become_recordings() {
    let place = Place::new();
    sessions(&place);
    let text = pipeline(
        r#""some": (kind: "filter_items", params: (condition: "session == \"b\" && index < 3")),
        "joined": (kind: "concatenate", params: (gap: segments)),
        "segments": (kind: "split_by_time", params: (by: segment)),
        "of_segments": (kind: "channel_statistics"),
        "all_segments": (kind: "collect_tables"),
        "edges": (kind: "detect_edges", params: (level: 255.0, refractory_ms: 1000.0)),
        "trials": (kind: "split_by_time", params: (by: event, before_s: 0.0, after_s: 0.004)),
        "of_trials": (kind: "channel_statistics"),
        "all_trials": (kind: "collect_tables")"#,
        &[
            ("study.recording", "some.item"),
            ("some.item", "joined.recording"),
            ("joined.recording", "segments.recording"),
            ("segments.recording", "of_segments.recording"),
            ("of_segments.table", "all_segments.table"),
            ("joined.recording", "edges.recording"),
            ("joined.recording", "trials.recording"),
            ("edges.events", "trials.events"),
            ("trials.recording", "of_trials.recording"),
            ("of_trials.table", "all_trials.table"),
        ],
    );
    place.write("p.ron", &text);
    let (last, _) = run(&place, 0, "p.ron");
    let rows = table(&last, "all_segments");
    assert_eq!(column(&rows, "segment"), ["0", "1"]);
    assert_eq!(column(&rows, "num_samples"), ["5010", "5020"]);
    for (row, name) in rows.iter().zip(["b/rec_1.bin", "b/rec_2.bin"]) {
        assert!((row["mean"].parse::<f64>().unwrap() - mean(&place, &[name])).abs() < 1e-9);
    }
    // At most one trial a second, each of 4 samples that begin with the level.
    let rows = table(&last, "all_trials");
    assert!((4..=12).contains(&rows.len()), "{rows:?}");
    assert!(rows.iter().all(|row| row["label"] == "rising" && row["max"] == "255"), "{rows:?}");
    assert!(rows.iter().filter(|row| row["num_samples"] == "4").count() + 1 >= rows.len());
}
