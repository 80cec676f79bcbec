//! What commands write, in every format that is read back: by Octave, numpy, h5py and SpikeInterface.

use super::{
    column,
    common::{
        place::{Place, events},
        python, root, shared_data,
    },
    run, table,
};
use std::{fs, path::Path};

#[test]
fn recordings_and_sortings_of_programs_are_read_in_every_format() {
    let place = Place::new();
    // An MDA file begins with its type, the bytes of a number, the number of axes and the axes.
    place.write(
        "mda.m",
        "function mda(from, to, type, channels)
  file = fopen(from); x = fread(file, [channels Inf], ['*' type]); fclose(file);
  mkdir(to);
  file = fopen(fullfile(to, 'raw.mda'), 'w');
  fwrite(file, [-4 2 2 size(x)], 'int32'); fwrite(file, x, type); fclose(file);
end
",
    );
    let (program, script) = (python().display().to_string(), root().join("tests/python/write_outputs.py"));
    let data = shared_data().join("si_written");
    let sortings = ["firings", "npz", "zarr", "nwb", "phy"];
    let recordings = ["npy", "nwb", "phy"];
    let outputs: Vec<String> = recordings
        .iter()
        .map(|format| format!("\"r_{format}: recording as {format}\""))
        .chain(sortings.iter().map(|format| format!("\"s_{format}: sorting as {format}\"")))
        .collect();
    let names = recordings.iter().map(|f| format!("r_{f}")).chain(sortings.iter().map(|f| format!("s_{f}")));
    let names: Vec<String> = names.map(|name| format!("\"{name}={{{name}}}\"")).collect();
    let mut nodes = format!(
        r#""recording": (kind: "read_recording", params: (path: "{data}/recording_binary")),
    "truth": (kind: "read_sorting", params: (path: "{data}/sorting_truth_numpyfolder")),
    "octave": (kind: "command", params: (program: "octave-cli", arguments: ["--quiet", "--eval",
        "addpath('{{base}}'); mda('{{recording}}', '{{r_mda}}', '{{recording.dtype}}', {{recording.num_channels}})"], outputs: ["r_mda: recording as mda"], files: ["mda.m"])),
    "python": (kind: "command", params: (program: "{program}", arguments: ["-W", "ignore", "{script}", "{{recording}}", "{{sorting}}", "{data}/synthetic_2s.nwb", {names}],
        inputs: ["recording: recording as binary_folder", "sorting: sorting as numpy_folder"], outputs: [{outputs}])),
    "direct": (kind: "channel_statistics"), "mda": (kind: "channel_statistics"),"#,
        data = data.display(),
        script = script.display(),
        names = names.join(", "),
        outputs = outputs.join(", "),
    );
    let mut wires: Vec<(String, String)> = [
        ("recording.recording", "octave.recording"),
        ("recording.recording", "python.recording"),
        ("truth.sorting", "python.sorting"),
        ("recording.recording", "direct.recording"),
        ("octave.r_mda", "mda.recording"),
    ]
    .map(|(from, to)| (from.to_owned(), to.to_owned()))
    .to_vec();
    for format in recordings {
        nodes += &format!(r#""r {format}": (kind: "channel_statistics"),"#);
        wires.push((format!("python.r_{format}"), format!("r {format}.recording")));
    }
    for format in sortings {
        nodes += &format!(r#""s {format}": (kind: "compare_to_truth"),"#);
        wires.push((format!("python.s_{format}"), format!("s {format}.sorting")));
        wires.push(("truth.sorting".into(), format!("s {format}.truth")));
    }
    let wires: String = wires.iter().map(|(from, to)| format!("(\"{from}\", \"{to}\"),")).collect();
    place.write("p.ron", &format!("(version: 1, nodes: {{ {nodes} }}, wires: [{wires}])"));
    let (last, ran) = run(&place, 0, "p.ron");
    assert_eq!((ran["octave"], ran["python"]), (1, 1));
    let of = |node: &str, name: &str| -> Vec<String> {
        column(&table(&last, node), name).iter().map(|&cell| cell.to_owned()).collect()
    };
    assert_eq!(of("direct", "mean").len(), 16);
    for node in ["mda", "r npy", "r nwb", "r phy"] {
        for name in ["num_samples", "mean", "std", "min", "max"] {
            assert_eq!(of(node, name), of("direct", name), "{node} {name}");
        }
    }
    for format in sortings {
        let found = of(&format!("s {format}"), "accuracy");
        assert!(found.len() == 6 && found.iter().all(|cell| cell.parse() == Ok(1.0)), "{format} {found:?}");
    }
    let (_, ran) = run(&place, 0, "p.ron");
    assert!(ran.is_empty(), "{ran:?}");
    place.ends(0, &["verify"]);
}

#[test]
fn a_program_that_prints_without_end_neither_fills_the_log_nor_the_console() {
    let place = Place::new();
    let script = "echo begun; seq 1 2000000; echo warned; printf 'x\\n1\\n' > {table}; echo ended";
    place.write(
        "p.ron",
        &format!(
            r#"(version: 1, nodes: {{ "print": (kind: "command", params: (program: "sh", arguments: ["-c", "{script}"], inputs: [])) }})"#
        ),
    );
    let all = events(&place.ends(0, &["run", "p.ron", "--json"]));
    let told: Vec<&str> = all
        .iter()
        .filter(|event| event["event"] == "log")
        .filter_map(|event| event["line"].as_str())
        .collect();
    assert!(told.len() < 20_000, "{} lines are told", told.len());
    assert!(told.iter().any(|line| line.contains("lines are in the log alone")));
    let last = |line: &str| told.iter().rev().take(4).any(|told| *told == line);
    assert!(told.contains(&"begun") && last("2000000") && last("ended"), "{:?}", &told[told.len() - 4..]);
    let folder = Path::new(all.last().unwrap()["results"]["print"].as_str().unwrap());
    let log = fs::read_to_string(folder.join("log.txt")).unwrap();
    assert!(log.len() < 4 << 20, "{} bytes", log.len());
    assert!(log.contains("begun\n") && log.contains("lines are left out here") && log.ends_with("ended\n"));
}
