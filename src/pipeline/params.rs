//! Parameters of nodes: one typed declaration, walked once for the window, the command line and checks.
//!
//! The only file that sees JSON Schema. In memory parameters are a JSON map of the fields that were set;
//! fields left out have the node's defaults.

use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::path::Path;

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
    /// Anything, as JSON or plain words: its type is not known.
    Any,
    /// A map of what the node offers fields for ([`Node::offered`](super::Node::offered)), declared by
    /// `extend("fields" = true)`.
    Fields,
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
    /// Least and greatest value that is accepted, of a number or of each item of a list.
    pub hard_range: (Option<f64>, Option<f64>),
    /// Range of the slider, where narrower (`extend("soft" = [min, max])`).
    pub soft_range: Option<(f64, f64)>,
    /// Belongs to the folded "advanced" group (`extend("advanced" = true)`).
    pub advanced: bool,
}

impl ParamSpec {
    /// A parameter without a range, a unit and words, labelled by what follows the last dot of its name.
    pub fn plain(name: &str, kind: ParamKind, default: Json) -> Self {
        Self {
            name: name.to_owned(),
            label: sentence(name.rsplit('.').next().unwrap_or(name)),
            doc: String::new(),
            kind,
            default,
            optional: false,
            auto: false,
            unit: String::new(),
            hard_range: (None, None),
            soft_range: None,
            advanced: false,
        }
    }
}

/// A parameter that cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamProblem {
    /// The field, empty where it concerns all of them.
    pub field: String,
    /// What is wrong and what is accepted.
    pub message: String,
}

impl ParamProblem {
    /// The problem of a node without its `path`, in the words of `message`; none where there is one.
    pub fn where_no_path(path: &Path, message: &str) -> Vec<Self> {
        let missing = path.as_os_str().is_empty();
        missing.then(|| Self { field: "path".into(), message: message.into() }).into_iter().collect()
    }
}

/// RON as documents are read: `Some` need not be written.
pub fn ron_options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}

/// The fields of a parameter type, in declared order, from its JSON schema.
pub fn specs<P: schemars::JsonSchema + Serialize + Default>() -> Vec<ParamSpec> {
    let schema = schemars::SchemaGenerator::default().into_root_schema_for::<P>();
    let root = schema.as_value();
    let defaults = serde_json::to_value(P::default()).unwrap_or(Json::Null);
    let Some(properties) = root.get("properties").and_then(Json::as_object) else {
        return Vec::new();
    };
    properties
        .iter()
        .map(|(name, field)| spec(root, name, field, defaults.get(name).cloned().unwrap_or(Json::Null)))
        .collect()
}

fn spec(root: &Json, name: &str, field: &Json, default: Json) -> ParamSpec {
    let (inner, optional) = without_null(root, field);
    // What is written at the field wins over what its type says.
    let get = |key: &str| field.get(key).or_else(|| inner.get(key));
    let text = |key: &str| get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let flag = |key: &str| get(key).and_then(Json::as_bool).unwrap_or(false);
    let kind = match text("path") {
        _ if flag("fields") => ParamKind::Fields,
        mode if mode.is_empty() => kind(root, inner),
        mode => ParamKind::Path { mode },
    };
    let ranged = match &kind {
        ParamKind::List { .. } => inner.get("items").map_or(inner, |items| resolve(root, items)),
        _ => inner,
    };
    let bound =
        |key: &str| field.get(key).and_then(Json::as_f64).or_else(|| ranged.get(key).and_then(Json::as_f64));
    let soft = get("soft").and_then(Json::as_array).and_then(|pair| match pair.as_slice() {
        [low, high] => Some((low.as_f64()?, high.as_f64()?)),
        _ => None,
    });
    let unit = text("unit");
    let label = match text("label") {
        label if label.is_empty() => label_of(name, &unit),
        label => label,
    };
    ParamSpec {
        name: name.to_owned(),
        label,
        doc: text("description").split_whitespace().collect::<Vec<_>>().join(" "),
        kind,
        default,
        optional,
        auto: flag("auto"),
        unit,
        hard_range: (bound("minimum"), bound("maximum")),
        soft_range: soft,
        advanced: flag("advanced"),
    }
}

/// Follows references to the definitions of the schema.
fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    let mut schema = schema;
    for _ in 0..8 {
        let Some(target) = schema
            .get("$ref")
            .and_then(Json::as_str)
            .and_then(|path| path.strip_prefix('#'))
            .and_then(|path| root.pointer(path))
        else {
            break;
        };
        schema = target;
    }
    schema
}

/// The schema of `T` and whether it was `Option<T>`.
fn without_null<'a>(root: &'a Json, field: &'a Json) -> (&'a Json, bool) {
    let is_null = |s: &Json| s.get("type").and_then(Json::as_str) == Some("null");
    if let Some(options) = field.get("anyOf").and_then(Json::as_array)
        && options.iter().any(is_null)
        && let [only] = options.iter().filter(|s| !is_null(s)).collect::<Vec<_>>().as_slice()
    {
        return (resolve(root, only), true);
    }
    let schema = resolve(root, field);
    let nullable = schema
        .get("type")
        .and_then(Json::as_array)
        .is_some_and(|types| types.iter().any(|t| t.as_str() == Some("null")));
    (schema, nullable)
}

fn type_of(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(name)) => name,
        Some(Json::Array(names)) => {
            names.iter().filter_map(Json::as_str).find(|name| *name != "null").unwrap_or_default()
        }
        _ => "",
    }
}

fn kind(root: &Json, schema: &Json) -> ParamKind {
    let options = options(schema);
    if !options.is_empty() {
        return ParamKind::Choice { options };
    }
    match type_of(schema) {
        "number" => ParamKind::Float,
        "integer" => ParamKind::Int,
        "boolean" => ParamKind::Bool,
        "string" => ParamKind::Text,
        "array" => {
            let item = match schema.get("items").map(|items| type_of(resolve(root, items))) {
                Some("number") => "float",
                Some("integer") => "int",
                Some("string") => "text",
                _ => return ParamKind::Other,
            };
            ParamKind::List { item: item.to_owned() }
        }
        _ => ParamKind::Other,
    }
}

/// The variants of an enum without fields; empty for anything else.
fn options(schema: &Json) -> Vec<(String, String, String)> {
    let option = |value: &str, doc: &str| (value.to_owned(), sentence(value), doc.to_owned());
    let mut found = Vec::new();
    for value in schema.get("enum").and_then(Json::as_array).into_iter().flatten() {
        match value {
            Json::String(value) => found.push(option(value, "")),
            Json::Null => {}
            _ => return Vec::new(),
        }
    }
    for variant in schema.get("oneOf").and_then(Json::as_array).into_iter().flatten() {
        let doc = variant.get("description").and_then(Json::as_str).unwrap_or_default();
        let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
        match (variant.get("const").and_then(Json::as_str), variant.get("enum").and_then(Json::as_array)) {
            (Some(value), _) => found.push(option(value, &doc)),
            (None, Some(values)) => {
                found.extend(values.iter().filter_map(Json::as_str).map(|v| option(v, &doc)));
            }
            (None, None) => return Vec::new(),
        }
    }
    found
}

/// `freq_min` in Hz is "Freq min", `exclude_sweep_ms` in ms is "Exclude sweep".
fn label_of(name: &str, unit: &str) -> String {
    let suffix = match unit {
        "µm" => "um".to_owned(),
        "µV" => "uv".to_owned(),
        other => other.to_lowercase(),
    };
    let stem = match name.strip_suffix(suffix.as_str()).and_then(|stem| stem.strip_suffix('_')) {
        Some(stem) if !suffix.is_empty() && !stem.is_empty() => stem,
        _ => name,
    };
    sentence(stem)
}

pub fn sentence(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Typed parameters from what was set.
///
/// # Errors
/// The first field that is unknown or has the wrong type.
pub fn typed<P: serde::de::DeserializeOwned>(params: &Params) -> Result<P, ParamProblem> {
    let read = |map: Params| serde_json::from_value::<P>(Json::Object(map));
    let Err(error) = read(params.clone()) else {
        return read(params.clone()).map_err(|e| problem("", &e.to_string()));
    };
    // serde_json does not say the field: try them one by one.
    for (name, value) in params {
        let single = Params::from_iter([(name.clone(), value.clone())]);
        if let Err(error) = read(single) {
            return Err(problem(name, &error.to_string()));
        }
    }
    Err(problem("", &error.to_string()))
}

fn problem(field: &str, message: &str) -> ParamProblem {
    let message = message
        .replace("expected f64", "expected a number")
        .replace("expected f32", "expected a number")
        .replace("floating point `", "`")
        .replace("invalid type: ", "")
        .replace("invalid value: ", "");
    let mut words: Vec<&str> = message.split(' ').collect();
    for word in &mut words {
        let bare = word.trim_end_matches(',');
        if matches!(bare, "usize" | "u64" | "u32" | "u16" | "u8" | "i64" | "i32" | "i16" | "i8" | "isize") {
            *word = "a whole number";
        }
    }
    ParamProblem { field: field.to_owned(), message: words.join(" ") }
}

/// The parameters that differ from the defaults.
pub fn without_defaults(params: Params, defaults: &Params) -> Params {
    params.into_iter().filter(|(name, value)| defaults.get(name) != Some(value)).collect()
}
