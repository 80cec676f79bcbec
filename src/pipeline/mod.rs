//! The graph and everything that happens to it: document, validation, plan, store, execution, events.
//!
//! Knows the trait [`Node`], never a concrete node: the list of nodes comes in as a [`Registry`].

mod act;
mod archive;
mod arrange;
mod check;
mod countdown;
mod course;
mod document;
mod edit;
mod evaluate;
mod evaluate_item;
mod evaluate_node;
mod evaluate_recipe;
mod event;
mod executor;
mod expand;
mod expression;
mod feed;
mod fields;
mod follow;
mod graph;
mod group;
mod handed_on;
mod history;
mod job_handlers;
mod join;
mod key;
mod lint;
mod log;
mod mark;
mod matrix;
mod memo;
mod mend;
mod migrate;
mod needs;
mod node;
mod offer;
mod params;
mod partners;
mod plan;
mod port;
mod prepared;
mod provenance;
mod python;
mod raw;
mod reach;
mod read_params;
mod ready;
mod registry;
mod remaining;
mod replace;
mod resources;
mod rewire;
mod run;
mod scratch;
mod set;
mod settings;
mod splice;
mod store;
mod summary;
mod survey;
mod sweeps;
mod task;
mod text;
mod validate;
mod wanted;
mod why;
mod within;

pub use act::Act;
pub use archive::{Made, methods, prov, ro_crate, write_crate};
pub use check::accepted;
pub use document::{Document, DocumentError, Opened};
pub use edit::{Edit, PipelineError};
pub use event::{Event, EventKind, LeftOut, NodeState, RunId, RunStatus, TaskId};
pub use executor::{Executor, Limits, Look, LookError, RunHandle, RunOptions, document_of};
pub use expand::Expansion;
pub use expression::{Expression, ExpressionError, Term};
pub use graph::{NodeInstance, Pipeline, Wire};
pub use group::{Group, GroupPort, Picture, is_inside, is_way, leaf_of, level_of, name_in, renamed};
pub use history::{KeptRun, RunRecord, RunResult};
pub use key::Key;
pub use mark::{Mark, MarkColor, MarkKind};
pub use matrix::{Cell, CellState, Matrix};
pub use needs::TaskNeeds;
use node::node_erased;
pub use node::{
    Category, DynNode, Glimpse, Inputs, NeededKeys, Node, NodeError, NodeInfo, Output, Outputs, OwnItem,
    Passed, RunContext, Swept, TaskClass, ValueAt, Work, WrittenRecording,
};
pub use offer::{Offer, Offered, check_offered, offers, read_loosely, set_at, value_at};
pub use params::{ParamKind, ParamProblem, ParamSpec, Params};
pub use partners::Partners;
pub use plan::{Plan, PlannedTask};
pub use port::{Coordinate, CoordinateValue, Finite, Port, PortType, Value};
pub use provenance::{FileOf, InputOf, Provenance, Step};
pub use python::{PythonNames, PythonStep, called, literal, named_channels, script, write_script};
pub use registry::Registry;
pub use remaining::Remaining;
pub use resources::{group_rss_bytes, memory_limit, now_utc, peak_rss_bytes, process_cpu_s, utc};
pub use settings::{Hooks, RunSettings, library_folder};
pub use store::{
    CleanOptions, CleanReport, FileEntry, Manifest, OutputEntry, Store, StoreError, Stored, VerifyReport,
    WrittenEntry,
};
pub use survey::NodeReport;
pub use validate::{Problem, Severity, missing_files, validate};
pub use wanted::Wanted;
pub use why::Why;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
#[cfg(test)]
mod toys;
