//! The erased form of a node, and the way from the typed one to it.

use super::{
    Glimpse, Inputs, NeededKeys, Node, NodeError, NodeInfo, Outputs, Passed, RunContext, Swept, ValueAt,
};
use crate::pipeline::{
    act::Act,
    check,
    expand::Expansion,
    fields,
    needs::TaskNeeds,
    offer::Offered,
    params::{self, ParamProblem, ParamSpec, Params},
    port::{Coordinate, Port},
    python::{PythonNames, PythonStep},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A node with its parameter type erased; parameters are the JSON map of what was set.
pub trait DynNode: Send + Sync {
    /// What it is.
    fn info(&self) -> NodeInfo;
    /// Its parameters, in declared order.
    fn specs(&self) -> &[ParamSpec];
    /// Everything wrong with these parameters: types, ranges, unknown fields, the node's own checks.
    fn check(&self, params: &Params) -> Vec<ParamProblem>;
    /// As [`Node::lacks`].
    fn lacks(&self, _params: &Params, _base: &Path) -> Vec<ParamProblem> {
        Vec::new()
    }
    /// All parameters, defaults filled in.
    ///
    /// # Errors
    /// The first problem.
    fn complete(&self, params: &Params) -> Result<Params, ParamProblem>;
    /// Reads parameters from RON text such as `(freq_min: 300.0)`; errors carry RON's own position.
    ///
    /// # Errors
    /// As RON says it.
    fn params_from_ron(&self, text: &str) -> Result<Params, ron::error::SpannedError>;
    /// Writes the fields that differ from the defaults, as `(name, RON text)` in declared order.
    ///
    /// # Errors
    /// The first problem with the parameters.
    fn params_to_ron(&self, params: &Params) -> Result<Vec<(String, String)>, ParamProblem>;
    /// As [`Node::expand`].
    ///
    /// # Errors
    /// The first problem with the parameters.
    fn expand(&self, params: &Params) -> Result<Option<Expansion>, ParamProblem>;
    /// As [`Node::acts`], of the defaults where the parameters are wrong.
    fn acts(&self, params: &Params) -> Vec<Act>;
    /// As [`Node::presets`]: what differs from the defaults.
    fn presets(&self) -> Vec<(&'static str, Params)> {
        Vec::new()
    }
    /// As [`Node::usual_stages`].
    fn usual_stages(&self) -> Vec<(String, f64)> {
        Vec::new()
    }
    /// As [`Node::in_words`], of the defaults where the parameters are wrong.
    fn in_words(&self, _params: &Params, _versions: &BTreeMap<String, String>) -> Option<String> {
        None
    }
    /// As [`Node::in_python`], of the defaults where the parameters are wrong.
    fn in_python(&self, _params: &Params, _names: &PythonNames) -> Option<PythonStep> {
        None
    }
    /// Inputs for these parameters (of the defaults where the parameters are wrong).
    fn inputs(&self, params: &Params) -> Vec<Port>;
    /// Outputs for these parameters (of the defaults where the parameters are wrong).
    fn outputs(&self, params: &Params) -> Vec<Port>;
    /// All parameters with automatic values turned into numbers.
    ///
    /// # Errors
    /// Wrong parameters, or inputs that do not allow it.
    fn resolve(&self, params: &Params, inputs: &Inputs) -> Result<Params, NodeError>;
    /// As [`Node::offered`], of the defaults where the parameters are wrong.
    fn offered(&self, _params: &Params, _base: &Path, _waits: bool) -> Offered {
        Offered::Nothing
    }
    /// As [`Node::files`].
    fn files(&self, params: &Params, base: &Path) -> Vec<PathBuf>;
    /// As [`Node::writes`].
    fn writes(&self, params: &Params) -> Vec<PathBuf>;
    /// As [`Node::uses_coordinates`].
    fn uses_coordinates(&self, params: &Params) -> bool;
    /// As [`Node::needed_keys`].
    fn needed_keys(&self, _params: &Params) -> NeededKeys {
        NeededKeys::default()
    }
    /// As [`Node::takes_what_is_there`].
    fn takes_what_is_there(&self, params: &Params) -> bool;
    /// As [`Node::needs`], of the defaults where the parameters are wrong.
    fn needs(&self, _params: &Params, _inputs: &Inputs) -> TaskNeeds {
        TaskNeeds::of(self.info().work.class())
    }
    /// As [`Node::groups`].
    fn groups(&self, params: &Params) -> Option<Vec<String>>;
    /// As [`Node::sweeps`].
    fn sweeps(&self, params: &Params) -> Vec<Swept>;
    /// As [`Node::renamed`].
    fn renamed(&self, params: &Params, called: &dyn Fn(&str) -> Option<String>) -> Option<Params>;
    /// As [`Node::arrange`]; `params` need not be resolved.
    ///
    /// # Errors
    /// As [`Node::arrange`].
    fn arrange(&self, params: &Params, item: &Coordinate, value: &ValueAt) -> Result<Vec<Passed>, NodeError>;
    /// As [`Node::fit`]; `params` are resolved.
    ///
    /// # Errors
    /// As [`Node::fit`].
    fn fit(&self, params: &Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError>;
    /// As [`Node::glimpse`]; its parameters need not be resolved.
    ///
    /// # Errors
    /// As [`Node::glimpse`].
    fn glimpse(&self, inputs: &Inputs) -> Result<Option<Glimpse<Params>>, NodeError>;
    /// As [`Node::run`]; `params` are resolved.
    ///
    /// # Errors
    /// As [`Node::run`].
    fn run(&self, params: &Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError>;
}

struct Erased<N: Node> {
    node: N,
    specs: Vec<ParamSpec>,
}

/// Erases the parameter type of a node.
pub(in crate::pipeline) fn node_erased<N: Node>(node: N) -> Arc<dyn DynNode> {
    Arc::new(Erased { specs: params::specs::<N::Params>(), node })
}

impl<N: Node> Erased<N> {
    fn typed(&self, params: &Params) -> Result<N::Params, ParamProblem> {
        params::typed(params)
    }

    fn typed_for_run(&self, params: &Params) -> Result<N::Params, NodeError> {
        self.typed(params).map_err(input_error)
    }
}

fn input_error(problem: ParamProblem) -> NodeError {
    NodeError::Input(format!("{}: {}", problem.field, problem.message))
}

pub(in crate::pipeline) fn to_params<P: serde::Serialize>(typed: &P) -> Params {
    match serde_json::to_value(typed) {
        Ok(Json::Object(map)) => map,
        _ => Params::new(),
    }
}

impl<N: Node> DynNode for Erased<N> {
    fn info(&self) -> NodeInfo {
        N::INFO
    }

    fn specs(&self) -> &[ParamSpec] {
        &self.specs
    }

    fn check(&self, params: &Params) -> Vec<ParamProblem> {
        let mut problems = check::check_ranges(&self.specs, params);
        match self.typed(params) {
            Ok(typed) => problems.extend(self.node.check(&typed)),
            Err(problem) if problems.is_empty() => problems.push(problem),
            Err(_) => {}
        }
        problems
    }

    fn complete(&self, params: &Params) -> Result<Params, ParamProblem> {
        Ok(to_params(&self.typed(params)?))
    }

    fn params_from_ron(&self, text: &str) -> Result<Params, ron::error::SpannedError> {
        let typed: N::Params = params::ron_options().from_str(text)?;
        Ok(params::without_defaults(to_params(&typed), &to_params(&N::Params::default())))
    }

    fn params_to_ron(&self, params: &Params) -> Result<Vec<(String, String)>, ParamProblem> {
        let typed = self.typed(params)?;
        fields::ron_fields(&typed, &N::Params::default())
    }

    fn expand(&self, params: &Params) -> Result<Option<Expansion>, ParamProblem> {
        Ok(self.node.expand(&self.typed(params)?))
    }

    fn acts(&self, params: &Params) -> Vec<Act> {
        self.node.acts(&self.typed(params).unwrap_or_default())
    }

    fn presets(&self) -> Vec<(&'static str, Params)> {
        let defaults = to_params(&N::Params::default());
        let changed = |params: &N::Params| params::without_defaults(to_params(params), &defaults);
        self.node.presets().iter().map(|(name, params)| (*name, changed(params))).collect()
    }

    fn usual_stages(&self) -> Vec<(String, f64)> {
        self.node.usual_stages().into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
    }

    fn in_words(&self, params: &Params, versions: &BTreeMap<String, String>) -> Option<String> {
        self.node.in_words(&self.typed(params).unwrap_or_default(), versions)
    }

    fn in_python(&self, params: &Params, names: &PythonNames) -> Option<PythonStep> {
        self.node.in_python(&self.typed(params).unwrap_or_default(), names)
    }

    fn inputs(&self, params: &Params) -> Vec<Port> {
        self.node.inputs(&self.typed(params).unwrap_or_default())
    }

    fn outputs(&self, params: &Params) -> Vec<Port> {
        self.node.outputs(&self.typed(params).unwrap_or_default())
    }

    fn resolve(&self, params: &Params, inputs: &Inputs) -> Result<Params, NodeError> {
        Ok(to_params(&self.node.resolve(&self.typed_for_run(params)?, inputs)?))
    }

    fn lacks(&self, params: &Params, base: &Path) -> Vec<ParamProblem> {
        self.typed(params).map(|p| self.node.lacks(&p, base)).unwrap_or_default()
    }

    fn offered(&self, params: &Params, base: &Path, waits: bool) -> Offered {
        self.node.offered(&self.typed(params).unwrap_or_default(), base, waits)
    }

    fn files(&self, params: &Params, base: &Path) -> Vec<PathBuf> {
        self.typed(params).map(|p| self.node.files(&p, base)).unwrap_or_default()
    }

    fn writes(&self, params: &Params) -> Vec<PathBuf> {
        self.typed(params).map(|p| self.node.writes(&p)).unwrap_or_default()
    }

    fn uses_coordinates(&self, params: &Params) -> bool {
        self.typed(params).is_ok_and(|p| self.node.uses_coordinates(&p))
    }

    fn needed_keys(&self, params: &Params) -> NeededKeys {
        self.typed(params).map(|p| self.node.needed_keys(&p)).unwrap_or_default()
    }

    fn takes_what_is_there(&self, params: &Params) -> bool {
        self.typed(params).is_ok_and(|p| self.node.takes_what_is_there(&p))
    }

    fn needs(&self, params: &Params, inputs: &Inputs) -> TaskNeeds {
        self.node.needs(&self.typed(params).unwrap_or_default(), inputs)
    }

    fn groups(&self, params: &Params) -> Option<Vec<String>> {
        self.typed(params).ok().and_then(|p| self.node.groups(&p))
    }

    fn sweeps(&self, params: &Params) -> Vec<Swept> {
        self.typed(params).map(|p| self.node.sweeps(&p)).unwrap_or_default()
    }

    fn renamed(&self, params: &Params, called: &dyn Fn(&str) -> Option<String>) -> Option<Params> {
        let new = self.node.renamed(&self.typed(params).ok()?, called)?;
        Some(params::without_defaults(to_params(&new), &to_params(&N::Params::default())))
    }

    fn arrange(&self, params: &Params, item: &Coordinate, value: &ValueAt) -> Result<Vec<Passed>, NodeError> {
        self.node.arrange(&self.typed_for_run(params)?, item, value)
    }

    fn fit(&self, params: &Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        self.node.fit(&self.typed_for_run(params)?, inputs, context)
    }

    fn glimpse(&self, inputs: &Inputs) -> Result<Option<Glimpse<Params>>, NodeError> {
        let Some(glimpse) = self.node.glimpse(inputs)? else { return Ok(None) };
        Ok(Some(Box::new(move |params: &Params, segment, frames, monitor| {
            let typed: N::Params = params::typed(params).map_err(input_error)?;
            glimpse(&typed, segment, frames, monitor)
        })))
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        self.node.run(&self.typed_for_run(params)?, inputs, context)
    }
}
