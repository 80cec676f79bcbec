//! What a script may begin with: modules, and functions that work on items.

use std::collections::BTreeSet;

/// Modules by the name the script has for them.
const MODULES: [(&str, &str); 20] = [
    ("csv", "import csv"),
    ("json", "import json"),
    ("math", "import math"),
    ("os", "import os"),
    ("re", "import re"),
    ("shutil", "import shutil"),
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
    ("spost", "import spikeinterface.postprocessing as spost"),
    ("spd", "import spikeinterface.sortingcomponents.peak_detection as spd"),
    ("spl", "import spikeinterface.sortingcomponents.peak_localization as spl"),
    (
        "spikeloom_sorter",
        "import spikeloom_sorter  # assets/python/spikeloom_sorter.py of Spikeloom, beside this script",
    ),
];

/// How many of them come with Python.
const OF_PYTHON: usize = 7;

/// Functions that a script may need, with an empty line between.
const FUNCTIONS: &str = include_str!("functions.py");

/// Each with its name.
fn all_functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = |text: &'static str| {
        let (name, _) = text.trim_start().strip_prefix("def ")?.split_once('(')?;
        Some((name, text))
    };
    FUNCTIONS.split("\n\n\n").filter_map(named)
}

/// True where a name stands for a module or a function.
pub(super) fn is_taken(name: &str) -> bool {
    MODULES.iter().any(|(module, _)| *module == name) || all_functions().any(|(function, _)| function == name)
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
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = lines.iter().map(String::as_str).collect();
    while let Some(line) = open.pop() {
        // Functions are given to others by their bare name.
        let is_called = |name: &str| names(line, name, "(") || names(line, name, ")");
        for (name, text) in all_functions().filter(|(name, _)| is_called(name)) {
            if found.insert(name) {
                open.extend(text.lines());
            }
        }
    }
    all_functions().filter(|(name, _)| found.contains(name)).map(|(_, text)| text).collect()
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
