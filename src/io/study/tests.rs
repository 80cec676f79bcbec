//! Studies as people keep them.

use super::*;
use std::fs;

fn place(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, [0_u8; 64]).unwrap();
    }
    folder
}

fn keys(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| serde_json::to_string(&entry.keys).unwrap()).collect()
}

#[test]
fn a_pattern_tells_keys_and_whole_numbers_stay_such() {
    let folder = place(&["b/rec_2.bin", "a/rec_10.bin", "a/rec_9.bin", "a/notes.txt", "a/.rec_1.bin"]);
    let study = |pattern: &str| Study {
        path: folder.path().to_owned(),
        pattern: pattern.to_owned(),
        ..Study::default()
    };
    let found = entries(&study("{session}/rec_{index}.bin")).unwrap();
    assert_eq!(
        keys(&found),
        [r#"{"index":9,"session":"a"}"#, r#"{"index":10,"session":"a"}"#, r#"{"index":2,"session":"b"}"#]
    );
    assert_eq!(found[2].place, Place::Path(folder.path().join("b/rec_2.bin")));
    // The first key of the pattern comes first, whatever its name.
    let found = entries(&study("{z}/{name}_{index}.bin")).unwrap();
    assert_eq!(keys(&found)[2], r#"{"index":2,"name":"rec","z":"b"}"#);
    assert_eq!(keys(&entries(&study("{session}/{name}_9.*")).unwrap()), [r#"{"name":"rec","session":"a"}"#]);
    // A folder that fits and lacks the file is a recording that is missing.
    let found = entries(&study("{session}/rec_2.bin")).unwrap();
    assert_eq!(keys(&found), [r#"{"session":"a"}"#, r#"{"session":"b"}"#]);
    assert!(found[0].open(&OpenOptions::default(), None).unwrap_err().to_string().contains("rec_2.bin"));
    for (pattern, message) in [
        ("{session/rec", "not closed"),
        ("a/rec", "names no key"),
        ("{a}{b}", "between them"),
        ("{1}", "no name of a key"),
        ("../{a}", "cannot leave"),
        ("{a}.nothing", "nothing in it fits"),
    ] {
        let error = entries(&study(pattern)).unwrap_err().to_string();
        assert!(error.contains(message), "{pattern}: {error}");
    }
}

#[test]
fn words_that_would_fall_together_stay_words() {
    let folder = place(&["1.bin", "01.bin"]);
    let study = Study { path: folder.path().to_owned(), pattern: "{n}.bin".into(), ..Study::default() };
    assert_eq!(keys(&entries(&study).unwrap()), [r#"{"n":"01"}"#, r#"{"n":"1"}"#]);
}

#[test]
fn words_keep_what_a_number_would_lose_and_are_in_the_order_of_their_numbers() {
    let found = |files: &[&str]| {
        let folder = place(files);
        let study = Study { path: folder.path().to_owned(), pattern: "{n}.bin".into(), ..Study::default() };
        keys(&entries(&study).unwrap())
    };
    assert_eq!(found(&["10.bin", "08.bin"]), [r#"{"n":"08"}"#, r#"{"n":"10"}"#]);
    assert_eq!(found(&["2024.10.bin", "2024.9.bin"]), [r#"{"n":"2024.9"}"#, r#"{"n":"2024.10"}"#]);
    assert_eq!(found(&["b10.bin", "b9.bin", "a.bin"]), [r#"{"n":"a"}"#, r#"{"n":"b9"}"#, r#"{"n":"b10"}"#]);
    assert_eq!(found(&["0.5.bin", "-3.bin"]), [r#"{"n":-3.0}"#, r#"{"n":0.5}"#]);
}

#[test]
fn a_table_has_paths_keys_and_settings() {
    let folder = place(&["x/1.bin", "2.bin"]);
    let csv = folder.path().join("study.csv");
    fs::write(&csv, "path,mouse,day,dtype,num_channels\nx/1.bin,m1,1,int16,4\n2.bin,m1,2,uint8,1\n,m2,1,,\n")
        .unwrap();
    let mut study = Study { path: csv, ..Study::default() };
    let found = entries(&study).unwrap();
    assert_eq!(
        keys(&found),
        [r#"{"day":1,"mouse":"m1"}"#, r#"{"day":2,"mouse":"m1"}"#, r#"{"day":1,"mouse":"m2"}"#]
    );
    assert_eq!(found[0].settings["dtype"], "int16");
    assert!(matches!(&found[2].place, Place::Nowhere(name, _) if name == "row 3"));
    let options = OpenOptions { sampling_frequency: Some(1000.0), ..OpenOptions::default() };
    assert_eq!(found[1].open(&options, None).unwrap().info().num_channels(), 1);
    fs::write(&study.path, "path,day\nx/1.bin,1\n2.bin\n2.bin,3\n").unwrap();
    let found = entries(&study).unwrap();
    assert!(found.iter().any(|entry| matches!(&entry.place,
        Place::Nowhere(name, reason) if name == "row 2" && reason == "line 3 has 1 cell, the header has 2")));
    assert_eq!(found.len(), 3, "the others are there");
    study.path_column = "file".into();
    assert!(entries(&study).unwrap_err().to_string().contains("the columns are path, day"));

    let json = folder.path().join("study.json");
    fs::write(&json, r#"{"recordings": [{"path": "2.bin", "day": 2.5}, {"path": "x/1.bin", "day": 1}]}"#)
        .unwrap();
    let found = entries(&Study { path: json.clone(), ..Study::default() }).unwrap();
    assert_eq!(keys(&found), [r#"{"day":2.5}"#, r#"{"day":1}"#]);
    fs::write(&json, r#"{"path": ["2.bin"], "day": ["a"]}"#).unwrap();
    assert_eq!(
        keys(&entries(&Study { path: json.clone(), ..Study::default() }).unwrap()),
        [r#"{"day":"a"}"#]
    );
    // What lies within a column is a key as well.
    fs::write(&json, r#"[{"path": "2.bin", "mouse": {"id": "m1", "at": {"age": 3}}, "channels": [1, 2]}]"#)
        .unwrap();
    let study = Study { path: json.clone(), ..Study::default() };
    assert_eq!(keys(&entries(&study).unwrap()), [r#"{"mouse_at_age":3,"mouse_id":"m1"}"#]);
    let study = Study { keys: vec!["mouse_id".into()], ..study };
    assert_eq!(keys(&entries(&study).unwrap()), [r#"{"mouse_id":"m1"}"#]);
    fs::write(&json, "3").unwrap();
    assert!(entries(&Study { path: json, ..Study::default() }).unwrap_err().to_string().contains("list of"));
}

#[test]
fn files_are_named_by_what_tells_them_apart() {
    let files = ["/data/a/rec.bin", "/data/b/rec.bin"].map(PathBuf::from).to_vec();
    let found = entries(&Study { files, ..Study::default() }).unwrap();
    assert_eq!(keys(&found), [r#"{"recording":"a/rec"}"#, r#"{"recording":"b/rec"}"#]);
}

#[test]
fn what_lacks_its_samples_is_named_and_stops_no_other() {
    let folder = place(&["set/whole/firings_true.mda", "a.bin"]);
    let study = |path: &str| Study { path: folder.path().join(path), ..Study::default() };
    let found = entries(&study("set")).unwrap();
    assert_eq!(keys(&found), [r#"{"recording":"whole"}"#]);
    let error = found[0].open(&OpenOptions::default(), None).unwrap_err().to_string();
    assert!(error.contains("raw.mda") && error.contains("whole"), "{error}");

    fs::write(folder.path().join("some.json"), r#"[{"path": "a.bin", "n": 1}, {"n": 2}]"#).unwrap();
    let found = entries(&study("some.json")).unwrap();
    assert_eq!(found[0].place, Place::Path(folder.path().join("a.bin")));
    let error = found[1].open(&OpenOptions::default(), None).unwrap_err().to_string();
    assert!(error.contains("row 2") && error.contains("no \"path\""), "{error}");
    fs::write(folder.path().join("none.json"), r#"[{"n": 1}, {"m": 2}]"#).unwrap();
    let error = entries(&study("none.json")).unwrap_err().to_string();
    assert!(error.contains("n, m"), "{error}");
}

#[test]
fn a_pattern_is_told_to_other_programs() {
    let pattern = |text: &str| Pattern::parse(text).unwrap();
    assert_eq!(pattern("{a}/rec_{n}.bin").glob(), "*/rec_*.bin");
    assert_eq!(pattern("{a}/rec_{n}.bin").regex(), r"(?!\.)(?P<a>[^/]+?)/rec_(?P<n>[^/]+?)\.bin");
    assert_eq!(pattern("x[1]/{a}_*_{a}").regex(), r"x\[1\]/(?!\.)(?P<a>[^/]+?)_[^/]*?_(?P=a)");
    assert_eq!(pattern("x[1]/{a}").glob(), "x[[]1]/*");
}

#[test]
fn state_points_of_signac_are_keys() {
    let (one, two) = ("workspace/1f4e", "workspace/a03b");
    let folder = place(&[
        &format!("{one}/rec.bin"),
        &format!("{two}/rec.bin"),
        &format!("{two}/more.bin"),
        "workspace/none/rec.bin",
    ]);
    let point = |job: &str, text: &str| {
        fs::write(folder.path().join(job).join("signac_statepoint.json"), text).unwrap();
    };
    point(
        one,
        r#"{"session": "b", "index": 1, "amplifier": {"gain": 1.5}, "channels": [0, 2], "note": null}"#,
    );
    point(two, r#"{"session": "a", "index": 2, "is-good": true}"#);
    let study = Study { path: folder.path().to_owned(), ..Study::default() };
    let found = entries(&study).unwrap();
    // Of several recordings of a job each has its name as well.
    assert_eq!(
        keys(&found),
        [
            r#"{"recording":"rec","study":"none","study_set":"workspace"}"#,
            r#"{"index":2,"is_good":true,"recording":"more","session":"a"}"#,
            r#"{"index":2,"is_good":true,"recording":"rec","session":"a"}"#,
            r#"{"amplifier_gain":1.5,"channels":"[0,2]","index":1,"session":"b"}"#,
        ]
    );
    assert!(found[1].state_point.as_ref().is_some_and(|file| file.starts_with(folder.path().join(two))));
    let study = Study { pattern: "workspace/{job}/rec.bin".into(), ..study };
    let found = entries(&study).unwrap();
    assert_eq!(
        keys(&found)[0],
        r#"{"amplifier_gain":1.5,"channels":"[0,2]","index":1,"job":"1f4e","session":"b"}"#
    );
    assert_eq!(keys(&found)[2], r#"{"job":"none"}"#);
}
