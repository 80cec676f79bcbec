//! The graph and everything that happens to it: document, validation, plan, store, execution, events.
//!
//! Knows the trait [`Node`], never a concrete node: the list of nodes comes in as a [`Registry`].

mod erased;
mod event;
mod graph;
mod node;
mod params;
mod port;
mod registry;

use erased::node_erased;
pub use event::{Event, EventKind, NodeState, RunId, RunStatus, TaskId};
pub use graph::{Edit, NodeInstance, Pipeline, PipelineError, Wire};
pub use node::{
    Category, DynNode, Inputs, Node, NodeError, NodeInfo, Output, Outputs, RunContext, TaskClass, Work,
};
pub use params::{ParamKind, ParamProblem, ParamSpec, Params};
pub use port::{Coordinate, CoordinateValue, Port, PortType, Value};
pub use registry::Registry;
