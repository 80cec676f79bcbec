//! The trait of nodes, what they are told and what they give, and the erased form that the graph works with.

mod erased;
mod error;
mod info;
mod results;
mod told;

pub(super) use erased::{node_erased, to_params};
pub use {
    erased::DynNode,
    error::NodeError,
    info::{Category, NodeInfo, TaskClass, Work},
    results::{NeededKeys, Output, Outputs, OwnItem, Passed, Swept, WrittenRecording},
    told::{Inputs, RunContext, ValueAt},
};

use super::{
    act::Act,
    expand::Expansion,
    needs::TaskNeeds,
    offer::Offered,
    params::ParamProblem,
    port::{Coordinate, Port},
    python::{PythonNames, PythonStep},
};
use crate::{data::Peaks, engine::Monitor};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    fmt::Debug,
    ops::Range,
    path::{Path, PathBuf},
};

/// Finds the peaks in some frames of a segment for given parameters; what it learns of the recording it keeps.
pub type Glimpse<P> =
    Box<dyn Fn(&P, usize, Range<usize>, &dyn Monitor) -> Result<Peaks, NodeError> + Send + Sync>;

/// One operation of a pipeline: typed parameters, typed ports, a pure function.
///
/// The result depends on parameters, inputs, the seed of the document and files named by
/// [`Node::files`] alone.
pub trait Node: Send + Sync + 'static {
    /// Its parameters. Doc comments, ranges, units and defaults of the fields are the only declaration.
    type Params: Serialize + DeserializeOwned + JsonSchema + Default + Clone + PartialEq + Debug + Send + Sync;

    /// What it is.
    const INFO: NodeInfo;

    /// Inputs for these parameters, where they depend on them.
    fn inputs(&self, _params: &Self::Params) -> Vec<Port> {
        Self::INFO.inputs.to_vec()
    }

    /// Outputs for these parameters, where they depend on them.
    fn outputs(&self, _params: &Self::Params) -> Vec<Port> {
        Self::INFO.outputs.to_vec()
    }

    /// Turns automatic values into numbers from what is known of the inputs without reading samples.
    ///
    /// # Errors
    /// Where the inputs do not allow it, such as a missing probe.
    fn resolve(&self, params: &Self::Params, _inputs: &Inputs) -> Result<Self::Params, NodeError> {
        Ok(params.clone())
    }

    /// The nodes this one stands for, where it is made of others and gives the same result as they do.
    fn expand(&self, _params: &Self::Params) -> Option<Expansion> {
        None
    }

    /// What it does to the recording that goes through it, for advice on the order of steps.
    fn acts(&self, _params: &Self::Params) -> Vec<Act> {
        Vec::new()
    }

    /// The same with SpikeInterface, in Python; `None` where it has no equivalent.
    fn in_python(&self, _params: &Self::Params, _names: &PythonNames) -> Option<PythonStep> {
        None
    }

    /// What it does with these parameters, in words for the methods of a paper, where a list of them would say too much or
    /// too little. `versions` are what programs that ran said of themselves, by name.
    fn in_words(&self, _params: &Self::Params, _versions: &BTreeMap<String, String>) -> Option<String> {
        None
    }

    /// Parameters to begin with for one use or another, by name.
    fn presets(&self) -> Vec<(&'static str, Self::Params)> {
        Vec::new()
    }

    /// The stages a task of it goes through and what each usually takes, in any unit: for how far the first one is.
    fn usual_stages(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// What is wrong with the parameters beyond types and ranges.
    fn check(&self, _params: &Self::Params) -> Vec<ParamProblem> {
        Vec::new()
    }

    /// What it needs of the computer it runs on that is not here, such as a program. Relative paths start at `base`.
    fn lacks(&self, _params: &Self::Params, _base: &Path) -> Vec<ParamProblem> {
        Vec::new()
    }

    /// Parameters that depend on what others are set to. Where not `waits` it answers at once, from what it knows; else it
    /// may start a program. Never called by what draws.
    fn offered(&self, _params: &Self::Params, _base: &Path, _waits: bool) -> Offered {
        Offered::Nothing
    }

    /// Files outside the store the result depends on; their fingerprints become part of its key. Relative paths start at
    /// `base`.
    fn files(&self, _params: &Self::Params, _base: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Files or folders this node writes outside the store, for the user, at [`RunContext::place`] of these paths. A
    /// result whose files are gone runs again.
    fn writes(&self, _params: &Self::Params) -> Vec<PathBuf> {
        Vec::new()
    }

    /// True where the result depends on the coordinates of the inputs, as of a table that has them as columns.
    fn uses_coordinates(&self, _params: &Self::Params) -> bool {
        false
    }

    /// Names in its parameters that keys of the item have to fill: where one is missing, the item is refused before it runs.
    fn needed_keys(&self, _params: &Self::Params) -> NeededKeys {
        NeededKeys::default()
    }

    /// True where a `many` input takes what is there, though other items of it cannot be had.
    fn takes_what_is_there(&self, _params: &Self::Params) -> bool {
        false
    }

    /// What a task of it needs while it runs. `inputs` holds the recordings alone, and none where they are not known yet.
    fn needs(&self, _params: &Self::Params, _inputs: &Inputs) -> TaskNeeds {
        TaskNeeds::of(Self::INFO.work.class())
    }

    /// The keys by which what leaves is gathered at the next `many` input.
    fn groups(&self, _params: &Self::Params) -> Option<Vec<String>> {
        None
    }

    /// Parameters of other nodes that take their values from keys this node adds.
    fn sweeps(&self, _params: &Self::Params) -> Vec<Swept> {
        Vec::new()
    }

    /// The parameters where they name another node by what it is called from now on; `None` where they name it not.
    /// `called` gives the new name of a node that has one.
    fn renamed(
        &self,
        _params: &Self::Params,
        _called: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Self::Params> {
        None
    }

    /// Where an item goes and under which keys ([`Work::Arrange`]). `item` is the coordinate of the inputs; a value
    /// is asked for only where the answer depends on it.
    ///
    /// # Errors
    /// Where the keys or values do not allow an answer.
    fn arrange(
        &self,
        _params: &Self::Params,
        _item: &Coordinate,
        _value: &ValueAt,
    ) -> Result<Vec<Passed>, NodeError> {
        Ok(Vec::new())
    }

    /// Estimates from the data what `run` will apply ([`Work::FitThenLazy`]): named values, stored.
    ///
    /// # Errors
    /// As [`Node::run`].
    fn fit(
        &self,
        _params: &Self::Params,
        _inputs: &Inputs,
        _context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }

    /// Shows at once what it would find in a short stretch, `None` where it cannot: for looking while parameters change.
    ///
    /// # Errors
    /// Where the inputs do not fit.
    fn glimpse(&self, _inputs: &Inputs) -> Result<Option<Glimpse<Self::Params>>, NodeError> {
        Ok(None)
    }

    /// Computes the outputs. With [`Work::FitThenLazy`] the values of `fit` are `inputs.fit("name")`.
    ///
    /// # Errors
    /// Where inputs do not fit, files fail, or it is cancelled.
    fn run(&self, params: &Self::Params, inputs: &Inputs, context: &RunContext)
    -> Result<Outputs, NodeError>;
}
