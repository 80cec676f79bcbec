//! Lines of Python, as nodes give them.

use serde::Serialize;
use serde_json::Value as Json;

/// Lines of Python that do what a node does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PythonStep {
    pub(super) lines: Vec<String>,
    pub(super) takes: Takes,
}

/// What the lines work on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Takes {
    /// One item: where there are several, they stand in a loop.
    #[default]
    Item,
    /// All items as a list of pairs of keys and value, in their order.
    Items,
}

impl PythonStep {
    /// `variable = function(arguments, name=value, …)`; values that are null are left to SpikeInterface.
    pub fn call(variable: &str, function: &str, arguments: &[&str], named: &[(&str, Json)]) -> Self {
        Self::default().and_call(variable, function, arguments, named)
    }

    /// One more call.
    #[must_use]
    pub fn and_call(
        self,
        variable: &str,
        function: &str,
        arguments: &[&str],
        named: &[(&str, Json)],
    ) -> Self {
        let target = if variable.is_empty() { String::new() } else { format!("{variable} = ") };
        self.and(format!("{target}{}", called(function, arguments, named)))
    }

    /// One more line; several where it has line breaks.
    #[must_use]
    pub fn and(mut self, line: impl Into<String>) -> Self {
        self.lines.extend(line.into().lines().map(str::to_owned));
        self
    }

    /// The lines so far.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// A remark before what follows.
    #[must_use]
    pub fn noted(mut self, text: &str) -> Self {
        self.lines.insert(0, format!("# {text}"));
        self
    }

    /// The lines work on all items at once ([`PythonNames::items`](super::PythonNames::items)), and so do what they give.
    #[must_use]
    pub fn over_items(self) -> Self {
        Self { takes: Takes::Items, ..self }
    }
}

/// `function(arguments, name=value, …)`; values that are null are left to SpikeInterface.
pub fn called(function: &str, arguments: &[&str], named: &[(&str, Json)]) -> String {
    let named = named.iter().filter(|(_, value)| !value.is_null());
    let named = named.map(|(name, value)| format!("{name}={}", literal(value)));
    let all: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).chain(named).collect();
    format!("{function}({})", all.join(", "))
}

/// The ids of channels of a recording, which are numbers where its file does not name them.
pub fn named_channels(recording: &str, names: impl Serialize) -> String {
    format!("named_channels({recording}, {})", literal(names))
}

/// A value as Python writes it.
pub fn literal(value: impl Serialize) -> String {
    let list = |items: &[Json]| items.iter().map(literal).collect::<Vec<_>>().join(", ");
    match serde_json::to_value(value).unwrap_or_default() {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Array(items) => format!("[{}]", list(&items)),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{}: {}", literal(name), literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        // Escapes of JSON are escapes of Python.
        other => other.to_string(),
    }
}
