//! The program from outside: what each command prints and the code it ends with.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    place::{LOCUST, Place, SMALL, events, json, locust, small_recording},
    run_python, shared_data, stderr, stdout,
};
use serde_json::{Value as Json, json};
use spikeloom::{data::Probe, io::probe::write_probeinterface};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn nodes_and_their_pages_are_listed() {
    let place = Place::new();
    let list = stdout(&place.ends(0, &["nodes"]));
    for kind in ["read_recording", "bandpass_filter", "common_reference", "save_sorting"] {
        assert!(list.contains(kind), "{list}");
    }
    let nodes = json(&place.ends(0, &["nodes", "--json"]));
    let bandpass = nodes.as_array().unwrap().iter().find(|node| node["kind"] == "bandpass_filter").unwrap();
    let freq_min = bandpass["params"].as_array().unwrap().iter().find(|p| p["name"] == "freq_min").unwrap();
    assert_eq!(freq_min["unit"], "Hz");
    assert_eq!(freq_min["default"], 150.0);
    let page = stdout(&place.ends(0, &["node", "bandpass_filter"]));
    assert!(page.contains("freq_min = 150") && page.contains("Hz"), "{page}");
    place.refuses(&["node", "kilosort9"], &["kilosort9", "spikeloom nodes"]);
}

#[test]
fn wrong_use_ends_with_2_and_help_with_0() {
    let place = Place::new();
    place.ends(0, &["--help"]);
    place.ends(0, &["--version"]);
    place.ends(2, &["run"]);
    place.ends(2, &["--no-such-option"]);
    place.ends(2, &["sort", "x.raw"]);
    let completions = stdout(&place.ends(0, &["completions", "bash"]));
    assert!(completions.contains("spikeloom"));
}

#[test]
fn info_says_what_a_recording_holds() {
    let place = Place::new();
    let mut arguments = vec!["info", "--json"];
    let path = locust();
    arguments.push(&path);
    arguments.extend(LOCUST);
    let facts = json(&place.ends(0, &arguments));
    assert_eq!(facts["num_channels"], 4);
    assert_eq!(facts["sampling_frequency"], 15000.0);
    assert_eq!(facts["segments"][0]["num_frames"], 431_548);
    assert_eq!(facts["dtype"], "int16");
    assert!(facts["gain_to_uV"].is_null() && facts["probe"].is_null());
    assert_eq!(facts["streams"].as_array().unwrap().len(), 1);

    let folder = shared_data().join("si_written/recording_binary").display().to_string();
    let facts = json(&place.ends(0, &["info", "--json", &folder]));
    assert_eq!(facts["num_channels"], 16);
    assert_eq!(facts["gain_to_uV"][0], 0.195);
    assert_eq!(facts["probe"]["contact_positions"].as_array().unwrap().len(), 16);
    assert_eq!(facts["probe"]["device_channel_indices"][3], 3);

    let sorting = shared_data().join("si_written/sorting_truth_numpyfolder").display().to_string();
    let facts = json(&place.ends(0, &["info", "--json", &sorting]));
    assert_eq!(facts["num_units"], 6);
    assert_eq!(facts["num_spikes"], 418);
}

#[test]
fn info_takes_a_meta_for_its_samples_and_a_probe_of_the_library_by_its_name() {
    let place = Place::new();
    let meta = "typeThis=imec\nnSavedChans=5\nimSampRate=30000\nfileSizeBytes=100\nsnsSaveChanSubset=0:4\n\
                snsApLfSy=4,0,1\n";
    fs::write(place.path("run_g0_t0.imec0.ap.meta"), meta).unwrap();
    fs::write(place.path("run_g0_t0.imec0.ap.bin"), [0u8; 100]).unwrap();
    let facts = json(&place.ends(0, &["info", "--json", "run_g0_t0.imec0.ap.meta"]));
    assert_eq!((&facts["num_channels"], &facts["segments"][0]["num_frames"]), (&json!(5), &json!(10)));
    assert_eq!(facts["sampling_frequency"], 30000.0);
    // A probe that the user kept.
    let library = place.path("library/probes");
    fs::create_dir_all(&library).unwrap();
    let probe = Probe {
        name: "Our wires".into(),
        ..Probe::from_positions(&[[0.0; 2], [0.0, 9.0], [9.0; 2], [9.0, 0.0]])
    };
    write_probeinterface(&library.join("wires.json"), &probe).unwrap();
    let path = locust();
    for name in ["our wires", "wires", "A1x4-5mm-50-177"] {
        let mut arguments = vec!["info", "--json", "--probe", name, &path];
        arguments.extend(LOCUST);
        let facts = json(&place.ends(0, &arguments));
        assert_eq!(facts["probe"]["contact_positions"].as_array().unwrap().len(), 4, "{name}");
    }
}

#[test]
fn a_second_run_does_nothing_and_a_change_only_what_depends_on_it() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 100_000);
    place.write("p.ron", SMALL);
    let plan = json(&place.ends(0, &["plan", "p.ron", "--json"]));
    assert_eq!((plan["num_tasks"].as_u64(), plan["num_cached"].as_u64()), (Some(2), Some(0)));

    let finished = |arguments: &[&str]| {
        let all = events(&place.ends(0, arguments));
        assert_eq!(all[0]["event"], "run_started");
        let last = all.last().unwrap().clone();
        assert_eq!(last["event"], "run_finished");
        assert_eq!(last["status"], "ok");
        last
    };
    let first = finished(&["run", "p.ron", "--json"]);
    assert_eq!((first["tasks"].as_u64(), first["cached"].as_u64()), (Some(2), Some(0)));
    for node in ["noise", "save"] {
        let folder = PathBuf::from(first["results"][node].as_str().unwrap());
        assert!(folder.is_dir(), "{}", folder.display());
    }
    let bytes = fs::read(place.path("out/traces_cached_seg0.raw")).unwrap();
    let second = finished(&["run", "p.ron", "--json"]);
    assert_eq!(second["cached"], 2);
    // The noise is taken before the filter.
    let third = finished(&["run", "p.ron", "--json", "--set", "filter.freq_min=500"]);
    assert_eq!((third["tasks"].as_u64(), third["cached"].as_u64()), (Some(2), Some(1)));
    assert_ne!(fs::read(place.path("out/traces_cached_seg0.raw")).unwrap(), bytes);
    // One thread or two: the same bytes.
    let back = finished(&["run", "p.ron", "--json", "--threads", "1"]);
    assert_eq!(back["tasks"], 2);
    assert_eq!(fs::read(place.path("out/traces_cached_seg0.raw")).unwrap(), bytes);
    let until = finished(&["run", "p.ron", "--json", "--until", "noise"]);
    assert_eq!((until["tasks"].as_u64(), until["cached"].as_u64()), (Some(1), Some(1)));
    place.ends(0, &["verify"]);
    let would = stdout(&place.ends(0, &["clean", "--dry-run"]));
    assert!(would.contains("would be removed"), "{would}");
    place.ends(0, &["clean"]);
    assert_eq!(finished(&["run", "p.ron", "--json"])["cached"], 2);
}

#[test]
fn conversions_load_in_spikeinterface() {
    let place = Place::new();
    let path = locust();
    let mut arguments = vec!["convert", &path, "--format", "binary-folder", "--out", "converted"];
    arguments.extend(LOCUST);
    place.ends(0, &arguments);
    place.refuses(&arguments, &["exists already"]);
    let sorting = shared_data().join("si_written/sorting_truth.npz").display().to_string();
    place.ends(0, &["convert", &sorting, "--format", "numpy-folder", "--out", "sorting"]);
    let text = run_python(
        "import sys, numpy as np, spikeinterface as si\n\
         r = si.load(sys.argv[1]); s = si.load(sys.argv[2]); raw = np.fromfile(sys.argv[3], 'int16').reshape(-1, 4)\n\
         assert np.array_equal(r.get_traces(), raw)\n\
         print(r.get_num_channels(), r.get_sampling_frequency(), s.count_total_num_spikes())",
        &[&place.path("converted"), &place.path("sorting"), Path::new(&path)],
    );
    assert!(text.starts_with("4 15000.0"), "{text}");
}

#[test]
fn the_locust_tetrode_is_sorted() {
    let place = Place::new();
    let path = locust();
    let mut arguments = vec!["sort", &path, "--out", "sorted"];
    arguments.extend(LOCUST);
    place.ends(0, &arguments);
    let facts: Json =
        serde_json::from_str(&fs::read_to_string(place.path("sorted/run.json")).unwrap()).unwrap();
    for name in ["wall_s", "cpu_s", "peak_rss_bytes", "num_spikes", "num_units", "seed"] {
        assert!(facts[name].is_number(), "{name} in {facts}");
    }
    assert!(facts["version"].is_string());
    let stages = facts["stages"].as_array().unwrap();
    assert!(!stages.is_empty());
    for stage in stages {
        assert!(
            stage["name"].is_string() && stage["wall_s"].is_number() && stage["cpu_s"].is_number(),
            "{stage}"
        );
    }
    let metrics = fs::read_to_string(place.path("sorted/metrics.csv")).unwrap();
    assert!(metrics.starts_with("unit_id,"), "{metrics}");
    assert_eq!(metrics.lines().count() as u64, 1 + facts["num_units"].as_u64().unwrap());

    // As SpikeInterface reads it.
    let text = run_python(
        "import sys, numpy as np, spikeinterface as si\n\
         s = si.load(sys.argv[1]); fs = s.get_sampling_frequency(); good = 0\n\
         assert fs == 15000\n\
         for u in s.unit_ids:\n\
        \x20   t = s.get_unit_spike_train(u)\n\
        \x20   good += len(t) >= 50 and np.mean(np.diff(t) < 0.0015 * fs) < 0.01\n\
         print(good, s.count_total_num_spikes())",
        &[&place.path("sorted/sorting")],
    );
    let numbers: Vec<u64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert!(numbers[0] >= 6, "{} units with 50 spikes and clean intervals", numbers[0]);
    assert_eq!(numbers[1], facts["num_spikes"].as_u64().unwrap());

    // Nothing runs again, and what was run can be run again by itself.
    let before = fs::read(place.path("sorted/sorting/spikes.npy")).unwrap();
    place.ends(0, &arguments);
    assert_eq!(fs::read(place.path("sorted/sorting/spikes.npy")).unwrap(), before);
    place.ends(0, &["check", "sorted/pipeline.ron"]);
    let last = events(&place.ends(0, &["run", "sorted/pipeline.ron", "--json"])).last().unwrap().clone();
    assert_eq!(last["tasks"], last["cached"]);
    // On one thread, from nothing: the same spikes.
    let alone = Place::new();
    arguments.extend(["--threads", "1"]);
    alone.ends(0, &arguments);
    assert_eq!(fs::read(alone.path("sorted/sorting/spikes.npy")).unwrap(), before);
}

#[test]
fn a_sorting_is_compared_with_the_truth() {
    let place = Place::new();
    let truth = shared_data().join("si_written/sorting_truth_numpyfolder").display().to_string();
    let found = json(&place.ends(0, &["compare", &truth, &truth, "--json"]));
    for name in ["accuracy", "recall", "precision"] {
        assert_eq!(found[name], 1.0, "{name}");
    }
    assert_eq!(found["well_detected"], 6);
    for name in ["false_positive", "redundant", "overmerged"] {
        assert_eq!(found[name], 0, "{name}");
    }
    assert_eq!(found["units"].as_array().unwrap().len(), 6);
    let text = stdout(&place.ends(0, &["compare", &truth, &truth]));
    assert!(text.contains("mean accuracy 1.000"), "{text}");
    place.refuses(&["compare", &truth, "missing"], &["missing", "moved or renamed"]);
}

#[test]
fn a_pipeline_with_a_group_has_the_results_of_its_nodes_and_names_them() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 100_000);
    place.write("flat.ron", SMALL);
    place.ends(0, &["run", "flat.ron"]);
    let grouped =
        SMALL.replace("\"filter\"", "\"clean/filter\"").replace("filter.recording", "clean/filter.recording");
    let grouped = grouped.trim_end().trim_end_matches(')').to_owned()
        + "    sub_graphs: {\"clean\": (position: (0.0, 0.0), params: [(\"low\", \"filter.freq_min\")])},\n)\n";
    place.write("p.ron", &grouped);
    place.ends(0, &["check", "p.ron"]);
    let plan = json(&place.ends(0, &["plan", "p.ron", "--json"]));
    assert_eq!(
        (plan["num_tasks"].as_u64(), plan["num_cached"].as_u64()),
        (Some(2), Some(2)),
        "the same results"
    );
    let last = |arguments: &[&str]| events(&place.ends(0, arguments)).last().unwrap().clone();
    let shown = last(&["run", "p.ron", "--json", "--set", "clean.low=500"]);
    let inner = last(&["run", "p.ron", "--json", "--set", "clean/filter.freq_min=500"]);
    assert_eq!((shown["cached"].as_u64(), inner["cached"].as_u64()), (Some(1), Some(2)));
    place.ends(0, &["run", "p.ron", "--until", "clean"]);
    assert!(stdout(&place.ends(0, &["status", "p.ron"])).contains("save"));
    place.refuses(&["run", "p.ron", "--set", "clean.high=5"], &["no parameter \"high\"", "low"]);
    place.write("wrong.ron", &grouped.replace("freq_min", "freq_mni"));
    let told = place.run(&["check", "wrong.ron"]);
    assert!(
        format!("{}{}", stdout(&told), stderr(&told)).contains("shows filter.freq_mni, which is not there")
    );
}

#[test]
fn the_self_check_ends_with_0_where_all_is_as_expected() {
    let place = Place::new();
    let told = json(&place.ends(0, &["selfcheck", "--json"]));
    assert_eq!(told["well"], true);
    assert_eq!(told["found"]["num_true"], 12);
    assert!(
        told["found"]["accuracy"].as_f64().unwrap() > 0.9 && told["found"]["threads"].as_u64().unwrap() > 0
    );
}

#[test]
fn a_folder_with_one_recording_in_it_stands_for_that() {
    let place = Place::new();
    fs::create_dir_all(place.path("day")).unwrap();
    small_recording(&place.path("day/x.raw"), 20_000);
    let mut arguments = vec!["info", "--json", "day"];
    arguments.extend(LOCUST);
    assert_eq!(json(&place.ends(0, &arguments))["num_channels"], 4);
    small_recording(&place.path("day/y.raw"), 20_000);
    let found = json(&place.ends(0, &arguments));
    let recordings = found["recordings"].as_array().unwrap();
    assert_eq!((&found["format"], recordings.len()), (&"study".into(), 2));
    assert!(recordings.iter().all(|recording| recording["error"].is_null()), "{found}");
    // Where one is meant, it is to be chosen.
    let mut arguments = vec!["sort", "day", "--out", "sorted"];
    arguments.extend(LOCUST);
    place.refuses(&arguments, &["Choose one of them", "x.raw"]);
}
