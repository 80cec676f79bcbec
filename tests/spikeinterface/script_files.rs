//! What scripts write, and what they never touch.

use super::{
    common::{
        place::{Place, small_recording},
        stderr,
    },
    script::{exported, run_script},
};
use std::fs;

const SAVED: &str = r#"(version: 1, nodes: {
    "read": (kind: "read_recording", params: (path: "x.raw", probe: "tetrode", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "sort": (kind: "spikeinterface_sorter", params: (sorter: "simple", parameters: ["clusterer = 'kmeans'", "clusterer_kwargs.n_clusters = 2", "seed = 1"])),
    "count": (kind: "channel_statistics"),
    "table": (kind: "save_table", params: (path: "out/t.csv"OVERWRITE)),
    "recording": (kind: "save_recording", params: (path: "out/recording"OVERWRITE)),
    "sorting": (kind: "save_sorting", params: (path: "out/sorting"OVERWRITE)),
}, wires: [("read.recording", "sort.recording"), ("read.recording", "count.recording"), ("count.table", "table.table"),
    ("read.recording", "recording.recording"), ("sort.sorting", "sorting.sorting")])"#;

#[test]
fn a_script_replaces_what_it_wrote_and_nothing_else() {
    let place = Place::new();
    small_recording(&place.path("x.raw"), 40_000);
    // Folders of names a script could have had for its own.
    for own in ["sort_folder", "sort_files", "sort"] {
        fs::create_dir(place.path(own)).unwrap();
        place.write(&format!("{own}/notes.txt"), "mine");
    }
    place.write("p.ron", &SAVED.replace("OVERWRITE", ""));
    exported(&place, "p.ron", &[]);
    // A second start replaces what the first wrote.
    for _ in 0..2 {
        let output = run_script(&place, "p.py");
        assert!(output.status.success(), "{}", stderr(&output));
    }
    for own in ["sort_folder", "sort_files", "sort"] {
        assert_eq!(fs::read_to_string(place.path(&format!("{own}/notes.txt"))).unwrap(), "mine");
    }
    for (changed, file) in [
        ("out/t.csv", "out/t.csv"),
        ("out/recording", "out/recording/notes.txt"),
        ("out/sorting", "out/sorting/notes.txt"),
    ] {
        place.write(file, "mine");
        let output = run_script(&place, "p.py");
        let said = stderr(&output);
        assert!(!output.status.success() && said.contains(&format!("{changed} is there already")), "{said}");
        assert_eq!(fs::read_to_string(place.path(file)).unwrap(), "mine");
        let there = place.path(changed);
        if there.is_dir() { fs::remove_dir_all(there) } else { fs::remove_file(there) }.unwrap();
    }
    place.write("out/t.csv", "mine");
    place.write("p.ron", &SAVED.replace("OVERWRITE", ", overwrite: true"));
    exported(&place, "p.ron", &[]);
    let output = run_script(&place, "p.py");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(fs::read_to_string(place.path("out/t.csv")).unwrap().starts_with("channel_id"));
    // Its own folder is no other's.
    fs::remove_dir_all(place.path("p_script/sort")).unwrap();
    fs::create_dir(place.path("p_script/sort")).unwrap();
    place.write("p_script/sort/notes.txt", "mine");
    let said = stderr(&run_script(&place, "p.py"));
    assert!(said.contains("holds what this script did not make"), "{said}");
    assert!(place.path("p_script/sort/notes.txt").is_file());
}

#[test]
fn what_a_script_imports_of_ours_lies_beside_it() {
    let place = Place::new();
    place.write("p.ron", r#"(version: 1, nodes: {"demo": (kind: "generate_recording")}, wires: [])"#);
    exported(&place, "p.ron", &[]);
    assert!(fs::read_to_string(place.path("spikeloom_sorter.py")).unwrap().contains("class SpikeloomSorter"));
    exported(&place, "p.ron", &[]);
    place.write("spikeloom_sorter.py", "mine");
    place.ends(2, &["export", "p.ron", "--to", "spikeinterface", "--out", "p.py"]);
    assert_eq!(fs::read_to_string(place.path("spikeloom_sorter.py")).unwrap(), "mine");
}
