//! Why something runs, what it was made of, and what of it is kept.

use super::{Place, json, pipeline, run, sessions, stderr, stdout};
use std::fs;

fn study(place: &Place) {
    sessions(place);
    let nodes = r#""cut": (kind: "select_time", params: (start_time: 0.5)),
        "each": (kind: "channel_statistics"), "all": (kind: "collect_tables")"#;
    let wires = [
        ("study.recording", "cut.recording"),
        ("cut.recording", "each.recording"),
        ("each.table", "all.table"),
    ];
    place.write("p.ron", &pipeline(nodes, &wires));
}

fn why(place: &Place, arguments: &[&str]) -> String {
    stdout(&place.ends(0, &[&["why", "p.ron"], arguments].concat()))
}

#[test]
fn what_changed_is_named() {
    let place = Place::new();
    study(&place);
    assert!(why(&place, &["each"]).contains("it has not run before"));
    run(&place, 0, "p.ron");
    let text = why(&place, &["each"]);
    assert!(text.contains("each [index=1,session=a]: up to date, made 20"), "{text}");
    let text = why(&place, &["each", "--set", "cut.start_time=0.75"]);
    assert_eq!(text.matches("cut.start_time was 0.5 and is 0.75").count(), 8, "{text}");
    // What is behind it is explained by what it waits for.
    let text = why(&place, &["all", "--set", "cut.start_time=0.75"]);
    assert!(text.contains("cut.start_time was 0.5 and is 0.75") && text.contains("all: would run"), "{text}");

    let changed = place.path("data/a/rec_2.bin");
    fs::write(&changed, super::bytes(77, 5_020)).unwrap();
    let text = why(&place, &["each"]);
    assert!(text.contains("each [index=2,session=a]: would run, because"), "{text}");
    assert!(text.contains("rec_2.bin was changed"), "{text}");
    assert_eq!(text.matches("up to date").count(), 7, "{text}");
    // The answer stays with the result.
    run(&place, 0, "p.ron");
    let found = json(&place.ends(0, &["why", "p.ron", "each", "--json"]));
    let item = found.as_array().unwrap().iter().find(|w| w["task"]["coordinate"]["index"] == 2).unwrap();
    assert!(item["reasons"][0].as_str().unwrap().contains("rec_2.bin was changed"), "{item}");
    let text = why(&place, &["all"]);
    assert!(text.contains("the result it takes at table [index=2,session=a] is another one"), "{text}");

    // How the changed file was found is no reason.
    fs::write(&changed, super::bytes(78, 5_020)).unwrap();
    let found = place.path("q.ron");
    fs::write(
        &found,
        fs::read_to_string(place.path("p.ron")).unwrap().replace("{session}/rec_", "{session}/*c_"),
    )
    .unwrap();
    fs::rename(&found, place.path("p.ron")).unwrap();
    let text = why(&place, &["each"]);
    assert!(text.contains("rec_2.bin was changed") && !text.contains("study.pattern"), "{text}");
    run(&place, 0, "p.ron");
    let text = fs::read_to_string(place.path("p.ron")).unwrap().replace("{session}/*c_", "{day}/*c_");
    fs::write(place.path("p.ron"), text).unwrap();
    let text = why(&place, &["all"]);
    assert!(text.contains("the items it takes have other keys, or come in another order"), "{text}");
    run(&place, 0, "p.ron");

    let results = place.path("store/results");
    let links = fs::read_dir(&results).unwrap().next().unwrap().unwrap().path().join("all/result");
    fs::remove_dir_all(links.canonicalize().unwrap()).unwrap();
    assert!(why(&place, &["all"]).contains("its result was removed from the store"));
    place.refuses(&["why", "p.ron", "nothing"], &["there is no node \"nothing\"", "each"]);
    place.refuses(&["why", "p.ron", "cut"], &["no results of its own"]);
}

#[test]
fn provenance_names_all_it_was_made_of() {
    let place = Place::new();
    study(&place);
    let (last, _) = run(&place, 0, "p.ron");
    let folder = std::path::Path::new(last["results"]["each"].as_str().unwrap()).join("index=3,session=b");
    let text = fs::read_to_string(folder.join("provenance.json")).unwrap();
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["spikeloom"], env!("CARGO_PKG_VERSION"));
    for field in ["host", "os", "cpu", "started"] {
        assert!(!found[field].as_str().unwrap().is_empty(), "{field}");
    }
    for field in ["threads", "peak_rss_bytes"] {
        assert!(found[field].as_u64().unwrap() > 0, "{field}");
    }
    assert!(found["dependencies"]["ndarray"].as_str().unwrap().contains('.'));
    let steps = found["inputs"][0]["steps"].as_array().unwrap();
    let nodes: Vec<&str> = steps.iter().map(|step| step["node"].as_str().unwrap()).collect();
    assert_eq!(nodes, ["study", "cut"]);
    assert_eq!(steps[1]["params"]["start_time"], 0.5);
    let files = steps[0]["files"].as_array().unwrap();
    let own: Vec<&str> =
        files.iter().filter_map(|f| f["path"].as_str()).filter(|p| p.contains("rec_")).collect();
    assert!(own.len() == 1 && own[0].ends_with("b/rec_3.bin"), "{own:?}");
    let (last, _) = run(&place, 0, "p.ron");
    let all = std::path::Path::new(last["results"]["all"].as_str().unwrap());
    let text = fs::read_to_string(all.join("provenance.json")).unwrap();
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let inputs = found["inputs"].as_array().unwrap();
    assert!(inputs.len() == 8 && inputs.iter().all(|input| input["result"].as_str().unwrap().len() == 64));
}

#[test]
fn what_is_pinned_stays_and_limits_make_room() {
    let place = Place::new();
    study(&place);
    place.refuses(&["pin", "p.ron"], &["has no results yet", "spikeloom run"]);
    run(&place, 0, "p.ron");
    assert_eq!(stdout(&place.ends(0, &["pin", "p.ron"])), "9 results kept\n");
    // Other results take their places in the pipeline.
    place.ends(0, &["run", "p.ron", "--set", "cut.start_time=1"]);
    let text = stdout(&place.ends(0, &["clean", "--dry-run", "--max-size", "0B"]));
    assert!(text.contains("9 results") && text.contains("would be removed"), "{text}");
    place.ends(0, &["clean", "--older-than", "1h"]);
    let count = |text: String| text.split(" results").next().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(count(stdout(&place.ends(0, &["verify"]))), "18", "all are linked or pinned, and young");
    place.ends(0, &["clean", "--max-size", "0B"]);
    assert_eq!(count(stdout(&place.ends(0, &["verify"]))), "9");
    let (_, ran) = run(&place, 0, "p.ron");
    assert!(ran.is_empty(), "what was pinned is there: {ran:?}");
    assert_eq!(stdout(&place.ends(0, &["pin", "p.ron", "--remove"])), "9 results kept no longer\n");
    place.ends(0, &["clean", "--older-than", "0s"]);
    assert_eq!(count(stdout(&place.ends(0, &["verify"]))), "0");
    place.refuses(&["pin", "p.ron", "--remove"], &["no results of", "p.ron are kept"]);
    let said = stderr(&place.ends(2, &["clean", "--max-size", "much"]));
    assert!(said.contains("such as 50GB"), "{said}");
}

#[test]
fn what_a_run_has_finished_stays_whoever_cleans_and_however_it_ends() {
    let place = Place::new();
    sessions(&place);
    let nodes = r#""run": (kind: "command", params: (program: "sh",
        arguments: ["-c", "test $(ls {base}/done* | wc -l) -lt 4 || sleep 30; touch {base}/done_{session}{index}; printf 'x\\n1\\n' > {table}"]))"#;
    place.write("p.ron", &pipeline(nodes, &[("study.recording", "run.recording")]));
    place.write("done", "");
    let mut going = place.command(&["run", "p.ron"]).spawn().unwrap();
    let began = std::time::Instant::now();
    let done =
        || json(&place.ends(0, &["status", "p.ron", "--json"]))["counts"]["done"].as_u64().unwrap_or(0);
    while done() < 3 {
        assert!(began.elapsed().as_secs() < 60, "it does not get on");
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let before = done();
    place.ends(0, &["clean"]);
    assert_eq!(done(), before, "a run goes on");
    going.kill().unwrap();
    going.wait().unwrap();
    place.ends(0, &["clean"]);
    assert_eq!(done(), before, "it was killed");
}

#[test]
fn a_crate_names_everything_and_holds_what_it_names() {
    let place = Place::new();
    study(&place);
    place.refuses(&["archive", "p.ron", "--out", "crate"], &["has no results yet"]);
    run(&place, 0, "p.ron");
    place.ends(0, &["archive", "p.ron", "--out", "crate"]);
    place.refuses(&["archive", "p.ron", "--out", "crate"], &["exists already"]);
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(place.path("crate").join(name)).unwrap()).unwrap()
    };
    let metadata = read("ro-crate-metadata.json");
    let graph = metadata["@graph"].as_array().unwrap();
    let id = |entity: &serde_json::Value| entity["@id"].as_str().unwrap().to_owned();
    let ids: std::collections::BTreeSet<String> = graph.iter().map(id).collect();
    assert_eq!(ids.len(), graph.len(), "an entity is described twice");
    fn references(value: &serde_json::Value, found: &mut Vec<String>, top: bool) {
        match value {
            serde_json::Value::Object(map) => match (top, map.get("@id")) {
                (false, Some(id)) => found.push(id.as_str().unwrap().to_owned()),
                _ => map.values().for_each(|value| references(value, found, false)),
            },
            serde_json::Value::Array(items) => items.iter().for_each(|value| references(value, found, false)),
            _ => {}
        }
    }
    let mut named = Vec::new();
    graph.iter().for_each(|entity| references(entity, &mut named, true));
    for name in named.iter().filter(|name| !name.starts_with("http")) {
        assert!(ids.contains(name), "{name} is named and not described");
    }
    let of_type = |what: &str| graph.iter().filter(|e| e["@type"] == what).collect::<Vec<_>>();
    assert_eq!(of_type("CreateAction").len(), 9);
    for file in of_type("File").iter().map(|file| id(file)).filter(|id| !id.starts_with("file://")) {
        assert!(place.path("crate").join(&file).is_file(), "{file} is named and not there");
    }
    // The standard wants every file to be a part of the whole, those elsewhere as well.
    let parts = graph.iter().filter_map(|entity| entity["hasPart"].as_array()).flatten();
    let parts: std::collections::BTreeSet<String> = parts.map(id).collect();
    for file in of_type("File") {
        assert!(parts.contains(&id(file)), "{} is no part", id(file));
    }
    let sources: Vec<String> =
        of_type("File").iter().map(|f| id(f)).filter(|f| f.starts_with("file://")).collect();
    assert_eq!(sources.iter().filter(|f| f.ends_with(".bin")).count(), 8, "{sources:?}");

    let prov = read("provenance.jsonld");
    let all = prov["@graph"].as_array().unwrap();
    let activities: Vec<_> = all.iter().filter(|e| e["@type"] == "prov:Activity").collect();
    assert_eq!(activities.len(), 9);
    let collected = activities.iter().find(|a| a["label"] == "all").unwrap();
    assert_eq!(collected["prov:used"].as_array().unwrap().len(), 8);

    let words = stdout(&place.ends(0, &["methods", "p.ron"]));
    for part in ["Spikeloom 0.", "Select time", "start time 0.5 s", "for each of 8 items"] {
        assert!(words.contains(part), "no \"{part}\" in\n{words}");
    }
    assert!(fs::read_to_string(place.path("crate/methods.md")).unwrap().contains(words.trim()));
    // What is in it runs: the same pipeline.
    place.ends(0, &["check", "crate/pipeline.ron"]);
    place.ends(0, &["archive", "p.ron", "--out", "named", "--metadata-only"]);
    assert!(!place.path("named/results").exists());
}
