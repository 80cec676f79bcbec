//! What is accepted in a field: ranges, choices, names, and the words that say so.

use super::params::{ParamKind, ParamProblem, ParamSpec, Params};
use serde_json::Value as Json;

/// Unknown fields, values out of their hard range and words that are no choice; one problem a field.
pub fn check_ranges(specs: &[ParamSpec], params: &Params) -> Vec<ParamProblem> {
    let mut problems = Vec::new();
    for (name, value) in params {
        let message = match specs.iter().find(|spec| spec.name == *name) {
            None => Some(unknown_field(specs, name)),
            Some(spec) => check_value(spec, value),
        };
        problems.extend(message.map(|message| ParamProblem { field: name.clone(), message }));
    }
    problems
}

/// "There is no parameter …, did you mean …".
pub fn unknown_field(specs: &[ParamSpec], name: &str) -> String {
    match nearest(name, specs.iter().map(|spec| spec.name.as_str())) {
        Some(near) => format!("there is no parameter \"{name}\"; did you mean \"{near}\"?"),
        None if specs.is_empty() => format!("there is no parameter \"{name}\"; this node has none"),
        None => {
            let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
            format!("there is no parameter \"{name}\"; there are {}", names.join(", "))
        }
    }
}

/// The candidate that is spelled most alike, where one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= (candidate.chars().count() / 3).max(2).min(name.chars().count() / 2 + 1)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove or replace to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// What is wrong with the value of one field, where something is.
fn check_value(spec: &ParamSpec, value: &Json) -> Option<String> {
    let accepted = accepted(spec);
    match (value, &spec.kind) {
        (_, ParamKind::Any) => None,
        (Json::Null, _) if spec.optional => None,
        (Json::Null, _) => Some(format!("a value is needed; accepted: {accepted}")),
        (Json::Array(items), ParamKind::List { .. }) => items
            .iter()
            .filter_map(Json::as_f64)
            .find(|&x| !in_range(spec, x))
            .map(|x| format!("{} is out of range; accepted: {accepted}", with_unit(x, &spec.unit))),
        (Json::Number(number), ParamKind::Float | ParamKind::Int) => {
            let x = number.as_f64().unwrap_or(f64::NAN);
            (!in_range(spec, x))
                .then(|| format!("{} is out of range; accepted: {accepted}", with_unit(x, &spec.unit)))
        }
        (Json::String(word), ParamKind::Choice { options }) => {
            if options.iter().any(|(stored, ..)| stored == word) {
                return None;
            }
            let near = nearest(word, options.iter().map(|(stored, ..)| stored.as_str()));
            let hint = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
            Some(format!("\"{word}\" is not one of {accepted}.{hint}"))
        }
        (
            Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_),
            ParamKind::Other,
        )
        | (Json::Bool(_), ParamKind::Bool)
        | (Json::Object(_), ParamKind::Fields)
        | (Json::String(_), ParamKind::Text | ParamKind::Path { .. }) => None,
        (other, _) => Some(format!("{other} does not fit; accepted: {accepted}")),
    }
}

fn in_range(spec: &ParamSpec, x: f64) -> bool {
    let (low, high) = spec.hard_range;
    // Written so that NaN is out of range.
    low.is_none_or(|low| x >= low) && high.is_none_or(|high| x <= high) && !x.is_nan()
}

fn with_unit(x: f64, unit: &str) -> String {
    if unit.is_empty() { x.to_string() } else { format!("{x} {unit}") }
}

/// What a field takes, in words: "a number from 0.1 to 100000 Hz".
pub fn accepted(spec: &ParamSpec) -> String {
    let what = match &spec.kind {
        ParamKind::Float => "a number".to_owned(),
        ParamKind::Int => "a whole number".to_owned(),
        ParamKind::Bool => "true or false".to_owned(),
        ParamKind::Text => "text".to_owned(),
        ParamKind::Path { mode } if mode == "folder" => "the path of a folder".to_owned(),
        ParamKind::Path { .. } => "the path of a file".to_owned(),
        ParamKind::Choice { options } => {
            options.iter().map(|(stored, ..)| stored.as_str()).collect::<Vec<_>>().join(", ")
        }
        ParamKind::List { item } => match item.as_str() {
            "float" => "a list of numbers".to_owned(),
            "int" => "a list of whole numbers".to_owned(),
            _ => "a list of words".to_owned(),
        },
        ParamKind::Any => "a number, true, false, words, a list in [] or fields in {}".to_owned(),
        ParamKind::Fields => "values by name, as {\"name\": value}".to_owned(),
        ParamKind::Other => "a value as in a pipeline file".to_owned(),
    };
    let range = match spec.hard_range {
        (Some(low), Some(high)) => format!(" from {low} to {high}"),
        (Some(low), None) => format!(" of at least {low}"),
        (None, Some(high)) => format!(" of at most {high}"),
        (None, None) => String::new(),
    };
    let unit = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    let unit = if range.is_empty() && !unit.is_empty() { format!(" in{unit}") } else { unit };
    let none = match (spec.optional, spec.auto) {
        (true, true) => ", or auto",
        (true, false) => ", or none",
        (false, _) => "",
    };
    format!("{what}{range}{unit}{none}")
}
