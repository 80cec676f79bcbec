//! Nodes that pass items on whatever they are.

use crate::pipeline::{Expression, ParamProblem, PortType, literal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the items are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// Recordings.
    #[default]
    Recording,
    /// Sortings.
    Sorting,
    /// Tables.
    Table,
    /// Events.
    Events,
    /// Peaks.
    Peaks,
    /// Waveforms of units.
    Waveforms,
    /// Templates.
    Templates,
    /// Motion of the tissue.
    Motion,
    /// Noise levels.
    Noise,
    /// Figures.
    Figure,
    /// Files and folders.
    Files,
}

impl Carries {
    /// The type of the ports.
    pub fn port_type(self) -> PortType {
        match self {
            Carries::Recording => PortType::Recording,
            Carries::Sorting => PortType::Sorting,
            Carries::Table => PortType::Table,
            Carries::Events => PortType::Events,
            Carries::Peaks => PortType::Peaks,
            Carries::Waveforms => PortType::Waveforms,
            Carries::Templates => PortType::Templates,
            Carries::Motion => PortType::Motion,
            Carries::Noise => PortType::Noise,
            Carries::Figure => PortType::Figure,
            Carries::Files => PortType::Files,
        }
    }
}

/// What is wrong with an expression in a field.
pub fn problem_of(field: &str, text: &str) -> Option<ParamProblem> {
    let error = Expression::parse(text).err()?;
    Some(ParamProblem { field: field.into(), message: error.to_string() })
}

/// An expression over the keys of an item as Python writes it, where they are `keys`.
pub fn in_python(expression: &Expression) -> String {
    expression.in_python(&|name| format!("keys[{}]", literal(name)))
}

/// As [`in_python`], of a condition.
pub fn condition_in_python(condition: &Expression) -> String {
    condition.condition_in_python(&|name| format!("keys[{}]", literal(name)))
}

/// Keys that are set one after the other, each as an item of a Python dict; the next dict where one needs a key of the last.
pub fn dicts(set: &[String]) -> Vec<String> {
    let mut dicts: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for (name, expression) in set.iter().filter_map(|text| named(text).ok()) {
        // A key that stays what it is.
        if expression.names() == [name.as_str()]
            && in_python(&expression) == format!("keys[{}]", literal(&name))
        {
            continue;
        }
        let needs_last = |last: &(Vec<String>, Vec<String>)| {
            expression.names().iter().any(|own| last.0.iter().any(|n| n == own))
        };
        if dicts.last().is_none_or(needs_last) {
            dicts.push(Default::default());
        }
        if let Some((names, items)) = dicts.last_mut() {
            items.push(format!("{}: {}", literal(&name), in_python(&expression)));
            names.push(name);
        }
    }
    dicts.into_iter().map(|(_, items)| items.join(", ")).collect()
}

/// `name = expression`, or an expression alone, whose name is then made of its letters: a name and what it is.
///
/// # Errors
/// Where the expression cannot be read, or the name is none.
pub fn named(text: &str) -> Result<(String, Expression), String> {
    // Of ==, <=, >= and != the sign is no assignment.
    let assignment = text.match_indices('=').map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| "=<>!".contains(c)) && !text[at + 1..].starts_with('=')
    });
    let (name, expression) = match assignment {
        Some(at) => (text[..at].trim().to_owned(), &text[at + 1..]),
        None => {
            let words =
                text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            (words.collect::<Vec<_>>().join("_"), text)
        }
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_name {
        return Err(format!("\"{name}\" is no name of a key: letters, digits and _ expected"));
    }
    Ok((name, Expression::parse(expression).map_err(|e| e.to_string())?))
}
