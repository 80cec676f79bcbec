//! What a node is: where it stands, and how its result comes about.

use crate::pipeline::Port;
use serde::{Deserialize, Serialize};

/// Where a node stands in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Category {
    Source,
    Shape,
    Preprocess,
    Sort,
    Look,
    Output,
}

/// Tasks of a class share a limit on how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TaskClass {
    Sort,
    Metrics,
    Waveforms,
    Correlograms,
    Traces,
    Files,
    Command,
    Other,
}

/// How a node's result comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// `run` only builds a recipe (milliseconds): done whenever needed, never stored, no task.
    Lazy,
    /// [`Node::arrange`](super::Node::arrange) says which items go where and under which keys; values pass as they are,
    /// and no task.
    Arrange,
    /// `fit` is a stored task; `run` then applies it as a recipe.
    FitThenLazy(TaskClass),
    /// `run` is a stored task.
    Task(TaskClass),
}

impl Work {
    /// The class of its tasks.
    pub fn class(self) -> TaskClass {
        match self {
            Work::Task(class) | Work::FitThenLazy(class) => class,
            Work::Lazy | Work::Arrange => TaskClass::Other,
        }
    }

    /// True where there is something to run and to keep.
    pub fn is_task(self) -> bool {
        matches!(self, Work::FitThenLazy(_) | Work::Task(_))
    }
}

/// What a node is, the same for all its instances.
#[derive(Clone, Copy, Debug)]
pub struct NodeInfo {
    /// Kind in documents; equals the file name, such as `bandpass_filter`.
    pub kind: &'static str,
    /// Name for people, such as `Band-pass filter`.
    pub label: &'static str,
    /// One sentence, ending in a period.
    pub summary: &'static str,
    /// Where the method comes from (paper or reference implementation), may be empty.
    pub source: &'static str,
    /// Where it stands in the palette.
    pub category: Category,
    /// Other words it is found by, SpikeInterface's name among them.
    pub search: &'static [&'static str],
    /// Raise when the output for the same input changes: part of the key of results.
    pub version: u32,
    /// How its result comes about.
    pub work: Work,
    /// Inputs with default parameters.
    pub inputs: &'static [Port],
    /// Outputs with default parameters.
    pub outputs: &'static [Port],
}
