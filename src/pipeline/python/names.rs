//! The names and places a node's Python may use.

use super::{parts::is_taken, step::literal};
use crate::io::absolute;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// The names and places a node's Python may use.
#[derive(Debug)]
pub struct PythonNames {
    pub(super) inputs: BTreeMap<String, Arriving>,
    pub(super) outputs: BTreeMap<String, String>,
    /// Outputs that something is connected to.
    pub(super) used: Vec<String>,
    pub(super) base: PathBuf,
    /// The folder that is the script's own, beside the files of the pipeline.
    pub(super) work: String,
    pub(super) seed: u64,
    /// It stands in a loop over items, whose keys are `keys`.
    pub(super) in_loop: bool,
    /// Parameters that take their values from keys.
    pub(super) swept: BTreeSet<String>,
    /// Variables that are taken.
    pub(super) taken: BTreeSet<String>,
}

/// What arrives at an input.
#[derive(Clone, Debug, Default)]
pub(super) struct Arriving {
    /// Its value, that of the item in a loop.
    pub value: String,
    /// A Python list of all values, of a group in a loop.
    pub values: String,
    /// A Python list of pairs of keys and value.
    pub items: String,
    /// It is one value without keys.
    pub is_single: bool,
}

impl PythonNames {
    /// The variable at an input, `None` in Python where nothing is connected.
    pub fn input(&self, port: &str) -> &str {
        self.inputs.get(port).map_or("None", |arriving| arriving.value.as_str())
    }

    /// True where something is connected to an input.
    pub fn has_input(&self, port: &str) -> bool {
        self.inputs.contains_key(port)
    }

    /// All values at an input that takes several, as a Python list.
    pub fn inputs(&self, port: &str) -> String {
        self.inputs.get(port).map_or("[]".into(), |arriving| arriving.values.clone())
    }

    /// All items at an input as a Python list of pairs of keys and value: those of a group where they are grouped.
    pub fn items(&self, port: &str) -> String {
        self.inputs.get(port).map_or("[]".into(), |arriving| arriving.items.clone())
    }

    /// The variable at an input to which one value without keys is connected.
    pub fn single(&self, port: &str) -> Option<&str> {
        self.inputs.get(port).filter(|arriving| arriving.is_single).map(|arriving| arriving.value.as_str())
    }

    /// The variable an output is given to.
    pub fn output(&self, port: &str) -> &str {
        self.outputs.get(port).map_or("_", String::as_str)
    }

    /// True where something is connected to an output.
    pub fn is_used(&self, port: &str) -> bool {
        self.used.iter().any(|used| used == port)
    }

    /// True where a parameter takes its value from a key: it is written down although it is what is usual now.
    pub fn is_swept(&self, field: &str) -> bool {
        self.swept.contains(field)
    }

    /// A name for a variable of a loop that no node has.
    pub fn variable(&self, stem: &str) -> String {
        free(stem, &self.taken)
    }

    /// A path of a parameter.
    pub fn path(&self, path: &Path) -> String {
        // One that is absolute stays so.
        format!("BASE / {}", text(path))
    }

    /// A path of a parameter where this item writes, in a folder that is made: of several items each has a place of its own.
    pub fn written(&self, path: &Path) -> String {
        let has_folder = path.parent().is_some_and(|parent| !parent.as_os_str().is_empty());
        match self.in_loop {
            true => format!("place({}, keys)", text(path)),
            false if has_folder => format!("place({}, {{}})", text(path)),
            false => self.path(path),
        }
    }

    /// An empty folder for what a step makes on its way, in the script's own: of several items each has one.
    pub fn work_folder(&self, name: &str) -> String {
        let keys = if self.in_loop { "keys" } else { "{}" };
        format!("work_folder(place({}, {keys}))", literal(format!("{}/{name}", self.work)))
    }

    /// A call that saves at a path of a parameter where `write` writes to `path`: it replaces what the script wrote itself.
    pub fn saved(&self, path: &Path, write: &str, overwrite: bool) -> String {
        let overwrite = if overwrite { ", overwrite=True" } else { "" };
        format!("save_to({}, lambda path: {write}{overwrite})", self.written(path))
    }

    /// Where a path of a parameter is now, for nodes whose Python depends on what is there.
    pub fn place(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// The path of a file that is there as the script names it: from the folder of the pipeline where it lies below.
    pub fn path_of_place(&self, place: &Path) -> String {
        let base = absolute(&self.base);
        let place = absolute(place);
        self.path(place.strip_prefix(&base).unwrap_or(&place))
    }

    /// True where it stands in a loop over items, whose keys are `keys`.
    pub fn has_keys(&self) -> bool {
        self.in_loop
    }

    /// The seed of the pipeline.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

fn text(path: &Path) -> String {
    literal(path.to_string_lossy().replace('\\', "/"))
}

/// A name for a variable that is no word of Python, no name of the scripts, and not taken.
pub(super) fn free(stem: &str, taken: &BTreeSet<String>) -> String {
    let plain: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let plain = if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain };
    let is_free = |name: &String| {
        !taken.contains(name) && !RESERVED.split_whitespace().any(|word| word == name) && !is_taken(name)
    };
    let mut numbered = (1..).map(|n| if n == 1 { plain.clone() } else { format!("{plain}_{n}") });
    numbered.find(is_free).unwrap_or_default()
}

/// Words of Python that name no variable, and names that the scripts use.
const RESERVED: &str = "
    and as assert async await break class continue def del elif else except finally for from global if import in is lambda
    nonlocal not or pass raise return try while with yield False None True
    abs dict enumerate float int isinstance len list max min next open print range round sorted str zip
    main keys item row rows path file found opened entry error truth_file firings segment _";
