//! What leaves a node.

use crate::{
    io::OpenOptions,
    pipeline::{Coordinate, CoordinateValue, Value, check::nearest, literal},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// What leaves by one port.
#[derive(Clone, Debug)]
pub enum Output {
    /// One value, at the coordinate of the inputs.
    One(Value),
    /// Several, each with keys added to that coordinate (Split, Sweep).
    Many(Vec<(Coordinate, Value)>),
    /// A recording in a file or folder that the task wrote into its own folder: it becomes part of the result and is opened
    /// there.
    Written(WrittenRecording),
    /// As `Many`, of lazy nodes: each tells what it is made of and keeps its name whatever comes with it, and
    /// one that cannot be had tells why and does not stop the others.
    Own(Vec<OwnItem>),
}

/// A recording that a task wrote, and how it is opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WrittenRecording {
    /// The file or folder.
    pub path: PathBuf,
    /// What it does not say itself.
    pub options: OpenOptions,
    /// The probe, where the file has none: a file beside it, as probeinterface writes it.
    pub probe: Option<PathBuf>,
}

/// An item that is named after what it is made of, not after all its node was given.
#[derive(Clone, Debug)]
pub struct OwnItem {
    /// Keys added to the coordinate of the inputs.
    pub coordinate: Coordinate,
    /// Whatever tells it from other items of the node's kind, such as how its file is read.
    pub facts: serde_json::Value,
    /// Files it is made of.
    pub files: Vec<PathBuf>,
    /// True where it is made of the node's inputs, in their order but whatever their coordinates are.
    pub of_inputs: bool,
    /// The value, or why there is none.
    pub value: Result<Value, String>,
}

/// Where an item goes ([`Work::Arrange`](super::Work::Arrange)).
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// The input it came by.
    pub from: &'static str,
    /// The output it leaves by.
    pub to: &'static str,
    /// The keys it has from there on.
    pub coordinate: Coordinate,
}

/// A parameter of another node that takes its value from a key of the item ([`Node::sweeps`](super::Node::sweeps)).
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// The key.
    pub key: String,
    /// Name of the other node.
    pub node: String,
    /// Its parameter.
    pub field: String,
    /// What each value of the key stands for.
    pub values: Vec<(CoordinateValue, serde_json::Value)>,
}

/// Names in braces, or in conditions, that keys of the item have to fill ([`Node::needed_keys`](super::Node::needed_keys)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeededKeys {
    /// The parameter and the name in it.
    pub named: Vec<(&'static str, String)>,
    /// Names that stand for something else, which may have been meant.
    pub others: Vec<String>,
}

impl NeededKeys {
    /// What is wrong where an item lacks one of them.
    pub(in crate::pipeline) fn lacking(&self, item: &Coordinate) -> Option<String> {
        let (field, name) = self.named.iter().find(|(_, name)| !item.keys().contains_key(name))?;
        let mut names: Vec<&str> = self.others.iter().chain(item.keys().keys()).map(String::as_str).collect();
        names.sort_unstable();
        let near = nearest(name, names.iter().copied());
        let hint = near.map(|near| format!("did you mean {{{near}}}? ")).unwrap_or_default();
        Some(format!("{field}: there is no {{{name}}}; {hint}there are {}", names.join(", ")))
    }
}

impl Swept {
    /// The key of a value as a Python script has it: a list and what is none are named by their text.
    pub fn in_python(&self, index: usize) -> String {
        match self.values.get(index) {
            Some((_, json)) if json.is_string() || json.is_number() || json.is_boolean() => literal(json),
            Some((key, _)) => literal(key),
            None => literal(()),
        }
    }
}

/// What leaves a node, by port name.
#[derive(Clone, Debug, Default)]
pub struct Outputs(pub BTreeMap<String, Output>);

impl Outputs {
    /// One value at one port.
    pub fn one(port: &str, value: impl Into<Value>) -> Self {
        Self::default().and(port, value)
    }

    /// One more value at another port.
    #[must_use]
    pub fn and(mut self, port: &str, value: impl Into<Value>) -> Self {
        self.0.insert(port.to_owned(), Output::One(value.into()));
        self
    }

    /// A recording that the task wrote, at another port.
    #[must_use]
    pub fn and_written(mut self, port: &str, recording: WrittenRecording) -> Self {
        self.0.insert(port.to_owned(), Output::Written(recording));
        self
    }

    /// Items at one port that are named after what they are made of.
    #[must_use]
    pub fn and_own(mut self, port: &str, items: Vec<OwnItem>) -> Self {
        self.0.insert(port.to_owned(), Output::Own(items));
        self
    }

    /// Several values at one port, each with the keys that tell it apart.
    #[must_use]
    pub fn and_many(mut self, port: &str, items: Vec<(Coordinate, Value)>) -> Self {
        self.0.insert(port.to_owned(), Output::Many(items));
        self
    }
}
