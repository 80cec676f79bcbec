//! Parameters of nodes: one typed declaration, walked once for the window, the command line and checks.
//!
//! The only file that sees JSON Schema. In memory parameters are a JSON map of the fields that were set;
//! fields left out have the node's defaults.

use serde::Serialize;
use serde_json::{Map, Value as Json};

/// The parameters that were set, by name.
pub type Params = Map<String, Json>;

/// What can be entered in a field.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// A number.
    Float,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// Words.
    Text,
    /// A path to open (declared with `extend("path" = "open")`), to save (`"save"`) or a folder (`"folder"`).
    Path {
        /// `open`, `save` or `folder`.
        mode: String,
    },
    /// One of these, as stored, with its label and its doc.
    Choice {
        /// `(stored value, label, doc)`.
        options: Vec<(String, String, String)>,
    },
    /// A list of numbers, whole numbers or words.
    List {
        /// What an item is: `float`, `int` or `text`.
        item: String,
    },
    /// Anything else, edited as text.
    Other,
}

/// One field of a node's parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamSpec {
    /// Field name, such as `freq_min`.
    pub name: String,
    /// Label for people: the name in sentence case without its unit suffix, or `extend("label" = …)`.
    pub label: String,
    /// What it does.
    pub doc: String,
    /// What can be entered.
    pub kind: ParamKind,
    /// The default, as JSON; null for auto or none.
    pub default: Json,
    /// May be left to the program or unset (an `Option`); `Auto` where `extend("auto" = true)`.
    pub optional: bool,
    /// True where null means "resolved from the data" rather than "none".
    pub auto: bool,
    /// Unit, such as `Hz`; empty where it has none.
    pub unit: String,
    /// Least and greatest value that is accepted.
    pub hard_range: (Option<f64>, Option<f64>),
    /// Range of the slider, where narrower (`extend("soft" = [min, max])`).
    pub soft_range: Option<(f64, f64)>,
    /// Belongs to the folded "advanced" group (`extend("advanced" = true)`).
    pub advanced: bool,
}

/// A parameter that cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamProblem {
    /// The field, empty where it concerns all of them.
    pub field: String,
    /// What is wrong and what is accepted.
    pub message: String,
}

/// RON as documents are read: `Some` need not be written.
pub fn ron_options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}

/// The fields of a parameter type, in declared order, from its JSON schema.
pub fn specs<P: schemars::JsonSchema + Serialize + Default>() -> Vec<ParamSpec> {
    Vec::new()
}

/// Typed parameters from what was set.
///
/// # Errors
/// Where a field is unknown or has the wrong type.
pub fn typed<P: serde::de::DeserializeOwned>(params: &Params) -> Result<P, ParamProblem> {
    serde_json::from_value(Json::Object(params.clone()))
        .map_err(|error| ParamProblem { field: String::new(), message: error.to_string() })
}

/// Values out of their hard range.
pub fn check_ranges(_specs: &[ParamSpec], _params: &Params) -> Vec<ParamProblem> {
    Vec::new()
}

/// The parameters that differ from the defaults.
pub fn without_defaults(params: Params, defaults: &Params) -> Params {
    params.into_iter().filter(|(name, value)| defaults.get(name) != Some(value)).collect()
}

/// The fields that differ from the defaults, as RON text.
///
/// # Errors
/// Where a value cannot be written.
pub fn ron_fields<P: Serialize>(_params: &P, _defaults: &P) -> Result<Vec<(String, String)>, ParamProblem> {
    Ok(Vec::new())
}
