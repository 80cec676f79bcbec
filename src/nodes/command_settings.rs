//! Parameters of a command: declared in words, shown as typed fields, filled into its arguments.

use crate::pipeline::{ParamKind, ParamProblem, ParamSpec, Term, check_offered};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// The parameter that holds the values that differ from the declared ones.
pub const VALUES: &str = "values";

/// A parameter of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it takes, with the declared value as default.
    pub spec: ParamSpec,
    value: Json,
}

impl Setting {
    /// Its value as an argument.
    pub fn text(&self) -> String {
        match self.term() {
            Term::Text(text) => text,
            other => other.to_string(),
        }
    }

    /// Its value as it is set.
    pub fn value(&self) -> &Json {
        &self.value
    }

    /// Its value in a condition.
    pub fn term(&self) -> Term {
        match &self.value {
            Json::Bool(truth) => Term::Truth(*truth),
            Json::String(text) => Term::Text(text.clone()),
            other => other.as_f64().map_or_else(|| Term::Text(other.to_string()), Term::Number),
        }
    }
}

/// Reads `name: type = value` lines, and sets what has another value.
///
/// # Errors
/// The first that is none, or whose value is not of its type.
pub fn settings(lines: &[String], values: &BTreeMap<String, Json>) -> Result<Vec<Setting>, String> {
    let mut found: Vec<Setting> = Vec::new();
    for line in lines {
        let mut setting = declared(line)?;
        if found.iter().any(|other| other.name == setting.name) {
            return Err(format!("{line}: the name is taken"));
        }
        if let Some(value) = values.get(&setting.name) {
            setting.value = value.clone();
        }
        found.push(setting);
    }
    Ok(found)
}

/// What is wrong with the values that differ from the declared ones.
pub fn wrong_values(settings: &[Setting], values: &BTreeMap<String, Json>) -> Vec<ParamProblem> {
    let specs: Vec<ParamSpec> = settings.iter().map(|setting| setting.spec.clone()).collect();
    let is_whole = |name: &String, value: &Json| {
        let spec = specs.iter().find(|spec| spec.name == format!("{VALUES}.{name}"));
        spec.is_none_or(|spec| spec.kind != ParamKind::Int) || value.is_i64() || !value.is_number()
    };
    let broken = values.iter().filter(|(name, value)| !is_whole(name, value)).map(|(name, value)| {
        ParamProblem { field: format!("{VALUES}.{name}"), message: format!("{value} is no whole number") }
    });
    check_offered(VALUES, &specs, values).into_iter().chain(broken).collect()
}

/// Reads `threshold: float 1..10 = 4.5 # In noise levels` and `way: up|down = up`.
fn declared(line: &str) -> Result<Setting, String> {
    let wrong = |what: &str| format!("{line}: {what}");
    let form = "name: type = value expected, such as threshold: float = 4.5";
    let (left, right) = line.split_once('=').ok_or_else(|| wrong(form))?;
    let (name, kind) = left.split_once(':').ok_or_else(|| wrong(form))?;
    let (name, kind) = (name.trim(), kind.trim());
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(wrong(form));
    }
    // Words may hold the sign of a remark where they are quoted.
    let quoted = right.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let (value, rest) = match quoted {
        Some((value, rest)) => (value, rest),
        None => right.find(" #").map_or((right.trim(), ""), |at| (right[..at].trim(), &right[at..])),
    };
    let doc = rest.trim().trim_start_matches('#').trim().to_owned();
    let (kind, range) = kind.split_once(char::is_whitespace).map_or((kind, ""), |(k, r)| (k, r.trim()));
    let hard_range = range_of(range).ok_or_else(|| wrong("a range such as 1..10 expected after the type"))?;
    let number = || value.parse::<f64>().ok().filter(|x| x.is_finite());
    let (kind, read) = match kind {
        "int" => (ParamKind::Int, value.parse::<i64>().ok().map(|n| json!(n))),
        "float" => (ParamKind::Float, number().map(|x| json!(x))),
        "bool" => (ParamKind::Bool, value.parse::<bool>().ok().map(|b| json!(b))),
        "text" => (ParamKind::Text, Some(json!(value))),
        choices if choices.contains('|') => {
            let options: Vec<&str> = choices.split('|').map(str::trim).collect();
            let found = options.contains(&value).then(|| json!(value));
            let option = |word: &&str| ((*word).to_owned(), (*word).to_owned(), String::new());
            (ParamKind::Choice { options: options.iter().map(option).collect() }, found)
        }
        _ => return Err(wrong("of type int, float, bool, text or one of several words as in up|down")),
    };
    let value = read.ok_or_else(|| {
        wrong(&match &kind {
            ParamKind::Choice { .. } => format!("\"{value}\" is none of the words"),
            _ => format!("\"{value}\" is no {}", left.split_once(':').map_or("", |(_, kind)| kind).trim()),
        })
    })?;
    let spec = ParamSpec::plain(&format!("{VALUES}.{name}"), kind, value.clone());
    let spec = ParamSpec { doc, hard_range, ..spec };
    let outside =
        |x: f64| hard_range.0.is_some_and(|low| x < low) || hard_range.1.is_some_and(|high| x > high);
    if value.as_f64().is_some_and(outside) {
        return Err(wrong("the value is out of the range"));
    }
    Ok(Setting { name: name.to_owned(), spec, value })
}

/// `1..10`, `1..` or `..10`; nothing is any number.
fn range_of(text: &str) -> Option<(Option<f64>, Option<f64>)> {
    if text.is_empty() {
        return Some((None, None));
    }
    let (low, high) = text.split_once("..")?;
    let end = |text: &str| match text.trim() {
        "" => Some(None),
        text => text.parse::<f64>().ok().filter(|x| x.is_finite()).map(Some),
    };
    Some((end(low)?, end(high)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str], values: Json) -> Result<Vec<String>, String> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let values = serde_json::from_value(values).unwrap_or_default();
        let found = settings(&lines, &values)?;
        let wrong = wrong_values(&found, &values);
        match wrong.first() {
            Some(problem) => Err(format!("{}: {}", problem.field, problem.message)),
            None => Ok(found.iter().map(|s| format!("{}={}", s.name, s.text())).collect()),
        }
    }

    #[test]
    fn declared_parameters_take_other_values_of_their_type() {
        let lines = [
            "threshold: float 1..10 = 4.5 # In noise levels",
            "count: int = 3",
            "way: up|down = up",
            "name: text = \"a # b\" # A name",
            "loud: bool = true",
        ];
        assert_eq!(
            read(&lines, json!({})).unwrap_or_default(),
            ["threshold=4.5", "count=3", "way=up", "name=a # b", "loud=true"]
        );
        let other = json!({"threshold": 6, "way": "down", "loud": false});
        let found = read(&lines, other).unwrap_or_default();
        assert_eq!(found, ["threshold=6", "count=3", "way=down", "name=a # b", "loud=false"]);
        let first = declared(lines[0]).map(|s| (s.spec.doc, s.spec.hard_range));
        assert_eq!(first, Ok(("In noise levels".into(), (Some(1.0), Some(10.0)))));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let lines = ["threshold: float 1..10 = 4.5", "count: int = 3", "way: up|down = up"];
        for (values, words) in [
            (
                json!({"threshold": 11}),
                "values.threshold: 11 is out of range; accepted: a number from 1 to 10",
            ),
            (json!({"count": 2.5}), "2.5 is no whole number"),
            (json!({"way": "left"}), "\"left\" is not one of up, down"),
            (json!({"thresold": 4}), "did you mean \"threshold\""),
        ] {
            assert!(read(&lines, values.clone()).is_err_and(|e| e.contains(words)), "{values}: {words}");
        }
        for wrong in [
            "a",
            "a: float",
            "a: int = 2.5",
            "a: float 1..b = 2",
            "a: float 3.. = 2",
            "a: x|y = z",
            "a: thing = 1",
        ] {
            assert!(read(&[wrong], json!({})).is_err(), "{wrong}");
        }
    }
}
