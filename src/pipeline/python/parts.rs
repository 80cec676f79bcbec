//! What a script may begin with: modules, and functions that work on items.

use std::collections::BTreeSet;

/// Modules by the name the script has for them.
const MODULES: [(&str, &str); 21] = [
    ("csv", "import csv"),
    ("hashlib", "import hashlib"),
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
    (SORTER, "import spikeloom_sorter  # it lies beside this script"),
];

/// How many of them come with Python.
const OF_PYTHON: usize = 8;

/// Functions that a script may need, with an empty line between.
const FUNCTIONS: [&str; 5] = [
    include_str!("functions/items.py"),
    include_str!("functions/files.py"),
    include_str!("functions/recordings.py"),
    include_str!("functions/units.py"),
    include_str!("functions/tables.py"),
];

/// The module of our sorter.
const SORTER: &str = "spikeloom_sorter";

/// What a script imports that has to lie beside it: the name of the file and its text.
pub(super) fn beside(script: &str) -> Option<(&'static str, &'static str)> {
    let is_used = script.lines().any(|line| line.starts_with(&format!("import {SORTER}")));
    is_used.then_some(("spikeloom_sorter.py", include_str!("../../../assets/python/spikeloom_sorter.py")))
}

/// Each with its name.
fn all_functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = |text: &'static str| {
        let (name, _) = text.trim_start().strip_prefix("def ")?.split_once('(')?;
        Some((name, text))
    };
    FUNCTIONS.iter().flat_map(|text| text.split("\n\n\n")).filter_map(named)
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
