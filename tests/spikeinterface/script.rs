//! Scripts of pipelines, run beside our run.

use super::common::{
    place::{Place, events, small_recording},
    python, root, stderr,
};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// Writes the script of a pipeline beside it and gives its text.
pub fn exported(place: &Place, pipeline: &str, set: &[&str]) -> String {
    let script = pipeline.replace(".ron", ".py");
    place.ends(0, &[&["export", pipeline, "--to", "spikeinterface", "--out", &script], set].concat());
    fs::read_to_string(place.path(&script)).unwrap()
}

pub fn run_script(place: &Place, script: &str) -> Output {
    Command::new(python())
        .args(["-W", "ignore"])
        .arg(place.path(script))
        .env("PYTHONPATH", root().join("assets/python"))
        .env("SPIKELOOM_PROGRAM", env!("CARGO_BIN_EXE_spikeloom"))
        .output()
        .unwrap()
}

/// As [`agrees`], of a pipeline that is this text.
pub fn agrees_on(place: &Place, text: &str, looks: &str) -> String {
    place.write("p.ron", text);
    agrees(place, "p.ron", &[], looks)
}

/// Runs a script of a pipeline and looks at its variables (`found`) and at the results of our run (`table(node)`).
pub fn agrees(place: &Place, pipeline: &str, set: &[&str], looks: &str) -> String {
    agrees_although(place, pipeline, set, 0, looks)
}

/// The same, where our run ends with a code.
pub fn agrees_although(place: &Place, pipeline: &str, set: &[&str], code: i32, looks: &str) -> String {
    let script = exported(place, pipeline, set);
    let last = events(&place.ends(code, &[&["run", pipeline, "--json"], set].concat())).pop().unwrap();
    place.write("results.json", &last["results"].to_string());
    let harness = format!(
        r#"
import json, os, pathlib, sys
import numpy as np, pandas as pd, spikeinterface as si
os.environ["SPIKELOOM_PROGRAM"] = sys.argv[3]
sys.path.insert(0, sys.argv[4])
text = pathlib.Path(sys.argv[1]).read_text().replace('\n\n\nif __name__ == "__main__":', '\n    return locals()\n\n\nif __name__ == "__main__":')
names = {{"__name__": "script"}}
base = pathlib.Path(sys.argv[1]).parent
# What our run saved gives way to what the script saves.
for ours, kept in [("joined", "ours"), ("every.csv", "ours.csv")]:
    if (base / ours).exists():
        (base / ours).rename(base / kept)
exec(compile(text, sys.argv[1], "exec"), names)
found = names["main"]()
results = json.loads(pathlib.Path(sys.argv[2]).read_text())
def table(node):
    return pd.read_csv(pathlib.Path(results[node]) / "table" / "table.csv")
def same(theirs, ours, keys, exact=(), near=(), within=1e-6):
    ours, theirs = ours.sort_values(keys).reset_index(), theirs.sort_values(keys).reset_index()
    assert len(ours) == len(theirs), (ours, theirs)
    for name in [*keys, *exact]:
        assert list(ours[name]) == list(theirs[name]), (name, ours, theirs)
    for name in near:
        a, b = ours[name].astype(float).to_numpy(), theirs[name].astype(float).to_numpy()
        assert np.allclose(a, b, rtol=within, atol=within, equal_nan=True), (name, ours[name], theirs[name])
{looks}
"#
    );
    let program = Path::new(env!("CARGO_BIN_EXE_spikeloom"));
    let path = place.path(&pipeline.replace(".ron", ".py"));
    let output = Command::new(python())
        .args(["-W", "ignore", "-c", &harness])
        .args([&path, &place.path("results.json"), program, &root().join("assets/python")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\n{script}", stderr(&output));
    script
}

/// Six recordings of two sessions, and tables of them.
pub fn recordings(place: &Place) {
    let mut csv = "path,session,index,gain_to_uv\n".to_owned();
    for (number, (session, index)) in ["a", "b"].iter().flat_map(|s| (1..=3).map(move |i| (s, i))).enumerate()
    {
        fs::create_dir_all(place.path("data").join(session)).unwrap();
        let file = format!("{session}/rec_{index}.raw");
        small_recording(&place.path("data").join(&file), 6000 + 1000 * number);
        csv.push_str(&format!("{file},{session},{index},0.5\n"));
    }
    csv.push_str(",c,9,0.5\n");
    place.write("data/study.csv", &csv);
    let rows: Vec<String> = csv
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with(','))
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!(
                r#"{{"path": "{}", "session": "{}", "index": {}, "gain_to_uv": 0.5}}"#,
                cells[0], cells[1], cells[2]
            )
        })
        .collect();
    place.write("data/study.json", &format!(r#"{{"recordings": [{}]}}"#, rows.join(", ")));
}
