//! What a script may begin with: modules, and functions that work on items.

use std::collections::BTreeSet;

/// Modules by the name the script has for them.
const MODULES: [(&str, &str); 18] = [
    ("csv", "import csv"),
    ("json", "import json"),
    ("math", "import math"),
    ("os", "import os"),
    ("re", "import re"),
    ("subprocess", "import subprocess"),
    ("np", "import numpy as np"),
    ("pd", "import pandas as pd"),
    ("pi", "import probeinterface as pi"),
    ("si", "import spikeinterface as si"),
    ("sc", "import spikeinterface.comparison as sc"),
    ("sexp", "import spikeinterface.exporters as sexp"),
    ("se", "import spikeinterface.extractors as se"),
    ("spre", "import spikeinterface.preprocessing as spre"),
    ("ss", "import spikeinterface.sorters as ss"),
    ("spd", "import spikeinterface.sortingcomponents.peak_detection as spd"),
    ("spl", "import spikeinterface.sortingcomponents.peak_localization as spl"),
    (
        "spikeloom_sorter",
        "import spikeloom_sorter  # assets/python/spikeloom_sorter.py of Spikeloom, beside this script",
    ),
];

/// How many of them come with Python.
const OF_PYTHON: usize = 6;

/// Functions by name, each before those that call it.
const FUNCTIONS: [(&str, &str); 6] = [
    (
        "order",
        r#"def order(item):
    """For sorted: items by their keys, numbers before words."""
    return [(name, isinstance(value, str), value) for name, value in sorted(item[0].items())]
"#,
    ),
    (
        "matched",
        r#"def matched(*collections):
    """Items of several collections that agree in the keys they share, side by side, in the order of their keys."""
    rows = [({},)]
    for items in collections:
        rows = [
            ({**keys, **own}, *values, value)
            for keys, *values in rows
            for own, value in items
            if all(keys[name] == own[name] for name in keys.keys() & own.keys())
        ]
    return sorted(rows, key=order)
"#,
    ),
    (
        "grouped",
        r#"def grouped(items, names):
    """Items that agree in these keys, together, in the order of the keys."""
    groups = {}
    for keys, value in items:
        own = {name: keys[name] for name in names if name in keys}
        groups.setdefault(tuple(own.items()), []).append((keys, value))
    return sorted(((dict(own), members) for own, members in groups.items()), key=order)
"#,
    ),
    (
        "place",
        r#"def place(path, keys):
    """Where an item writes: {key} in the path stands for its value, other keys are added to the name."""

    def word(text):
        return re.sub(r"[^\w=,.-]", "_", str(text))

    rest = dict(sorted(keys.items()))
    for name in keys:
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", word(rest.pop(name)))
    path = BASE / path
    name = ",".join(f"{name}={value}" for name, value in rest.items())
    return path.with_name(f"{path.stem}_{word(name)}{path.suffix}") if rest else path
"#,
    ),
    (
        "pointed",
        r#"def pointed(uri, beside):
    """The file a SpikeForest JSON points at: by its path, or by its content in the folder SHA1_CACHE_DIR."""
    if not uri.startswith("sha1://"):
        return beside.parent / uri
    digest, _, label = uri.removeprefix("sha1://").partition("/")
    cache = Path(os.environ.get("SHA1_CACHE_DIR", ""))
    places = [cache / digest[:2] / digest[2:4] / digest[4:6] / digest, cache / digest, beside.parent / label]
    found = [place for place in places if place.is_file()]
    if not found:
        raise FileNotFoundError(f"{uri} is not here: SHA1_CACHE_DIR names the folder that holds it")
    return found[0]
"#,
    ),
    (
        "read_spikeforest",
        r#"def read_spikeforest(about_file):
    """The recording that a SpikeForest JSON describes."""
    about = json.loads(about_file.read_text())
    samples = pointed(about["raw"], about_file)
    header = np.fromfile(samples, "<i4", 5)
    dtype = {-2: "u1", -3: "f4", -4: "i2", -5: "i4", -6: "u2", -7: "f8", -8: "u4"}[int(header[0])]
    gain = about["params"].get("scale_factor")
    recording = se.read_binary(
        samples,
        sampling_frequency=about["params"]["samplerate"],
        dtype=dtype,
        num_channels=int(header[3]),
        file_offset=header.nbytes,
        gain_to_uV=gain,
        offset_to_uV=None if gain is None else 0.0,
    )
    if about.get("geom"):
        recording.set_dummy_probe_from_locations(np.array(about["geom"])[:, :2])
    return recording
"#,
    ),
];

/// True where a name stands for a module or a function.
pub(super) fn is_taken(name: &str) -> bool {
    MODULES.iter().any(|(module, _)| *module == name)
        || FUNCTIONS.iter().any(|(function, _)| *function == name)
}

/// True where a line names something as a word of its own, followed by `after`.
pub(super) fn names(line: &str, word: &str, after: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    let sought = format!("{word}{after}");
    !line.trim_start().starts_with('#')
        && line.match_indices(&sought).any(|(at, _)| {
            let before = line[..at].ends_with(is_name);
            let goes_on = after.is_empty() && line[at + sought.len()..].starts_with(of_name);
            !before && !goes_on
        })
}

/// The functions that the lines call, and those that these call.
pub(super) fn functions(lines: &[String]) -> Vec<&'static str> {
    let mut found: BTreeSet<usize> = BTreeSet::new();
    for (index, (name, _)) in FUNCTIONS.iter().enumerate().rev() {
        // Functions are given to others by their bare name.
        let own = lines.iter().any(|line| names(line, name, "(") || names(line, name, ")"));
        let of_others = found.iter().any(|other| {
            FUNCTIONS[*other].1.lines().any(|line| names(line, name, "(") || names(line, name, ")"))
        });
        if own || of_others {
            found.insert(index);
        }
    }
    found.into_iter().map(|index| FUNCTIONS[index].1).collect()
}

/// Import lines of the modules that the lines use: those of Python, then the others.
pub(super) fn imports(lines: &[String]) -> [Vec<&'static str>; 2] {
    let used = |module: &&(&str, &'static str)| {
        module.0 == "si" || lines.iter().any(|line| names(line, module.0, "."))
    };
    let lines_of =
        |modules: &[(&str, &'static str)]| modules.iter().filter(used).map(|(_, line)| *line).collect();
    let mut of_python: Vec<&'static str> = lines_of(&MODULES[..OF_PYTHON]);
    of_python.push("from pathlib import Path");
    [of_python, lines_of(&MODULES[OF_PYTHON..])]
}
