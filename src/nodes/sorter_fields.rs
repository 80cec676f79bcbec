//! The parameters of SpikeInterface's sorters as typed fields.

use super::{
    python::{self, Answer, Sorter, SorterParameter},
    python_answers,
};
use crate::pipeline::{Offer, Offered, ParamKind, ParamProblem, ParamSpec, check_offered};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use std::{collections::BTreeMap, path::Path};

/// The parameter that holds what is set, and the one that names the sorter.
const FIELD: &str = "parameters";
const SORTER: &str = "sorter";
/// The sorter to begin with.
pub const DEFAULT: &str = "mountainsort5";

/// What the Python that is named knows of a sorter, and what is wrong with `values`.
pub fn offered(
    sorter: &str,
    named: &str,
    values: &BTreeMap<String, Json>,
    base: &Path,
    waits: bool,
) -> Offered {
    let python = match python::find(named, base) {
        Ok(python) => python,
        Err(message) => return Offered::Failed(message),
    };
    match python_answers::known_sorters(&python, waits) {
        None => Offered::Unasked,
        Some(Err(message)) => Offered::Failed(message),
        Some(Ok(answer)) => Offered::Known(offer(&answer, sorter, values, &python).into()),
    }
}

fn offer(answer: &Answer, sorter: &str, values: &BTreeMap<String, Json>, python: &Path) -> Offer {
    let installed = || answer.sorters.iter().filter(|known| known.installed);
    let options: Vec<_> =
        installed().map(|s| (s.sorter.clone(), s.sorter.clone(), s.description.clone())).collect();
    let mut specs = vec![ParamSpec {
        doc: "A sorter that is installed in the Python named below.".into(),
        ..ParamSpec::plain(SORTER, ParamKind::Choice { options }, DEFAULT.into())
    }];
    let names = || installed().map(|known| known.sorter.as_str()).collect::<Vec<_>>().join(", ");
    let wrong = |message: String| vec![ParamProblem { field: SORTER.into(), message }];
    let Some(known) = answer.sorters.iter().find(|known| known.sorter == sorter) else {
        let message = format!("SpikeInterface has no sorter \"{sorter}\"; installed are {}", names());
        return Offer { specs, source: String::new(), problems: wrong(message) };
    };
    if !known.installed {
        let message = format!("{sorter} is not installed for {}. {}", python.display(), known.installation);
        return Offer { specs, source: String::new(), problems: wrong(message.trim().into()) };
    }
    let own: Vec<ParamSpec> =
        known.parameters.iter().flat_map(|parameter| fields(known, parameter)).collect();
    // None is something else with every sorter: it is theirs to refuse.
    let set = values.iter().filter(|(_, value)| !value.is_null());
    let set = set.map(|(name, value)| (name.clone(), value.clone())).collect();
    let problems = check_offered(FIELD, &own, &set);
    specs.extend(own);
    let version = answer.versions.get("spikeinterface").map_or("", String::as_str);
    let source = format!("{sorter} {}, SpikeInterface {version}", known.version);
    Offer { specs, source, problems }
}

/// A parameter as fields: a group of parameters as one for each of them.
fn fields(sorter: &Sorter, parameter: &SorterParameter) -> Vec<ParamSpec> {
    let mut found = Vec::new();
    flatten(&parameter.name, &parameter.default, parameter, &mut found);
    // Sorters that write a copy of the recording first say how; it matters little.
    let is_job = |name: &str| JOB.contains(&name) && sorter.parameters.iter().any(|p| p.name == JOB[0]);
    let advanced = is_job(&parameter.name);
    found.into_iter().map(|spec| ParamSpec { advanced, ..spec }).collect()
}

/// How a recording is written and shown: parameters of SpikeInterface's jobs.
const JOB: [&str; 9] = [
    "n_jobs",
    "chunk_size",
    "chunk_memory",
    "total_memory",
    "chunk_duration",
    "progress_bar",
    "pool_engine",
    "mp_context",
    "max_threads_per_worker",
];

fn flatten(name: &str, default: &Json, parameter: &SorterParameter, found: &mut Vec<ParamSpec>) {
    let choices = parameter.choices.get(name);
    let kind = match (default, choices) {
        (Json::Object(inner), _) if !inner.is_empty() => {
            for (key, value) in inner {
                flatten(&format!("{name}.{key}"), value, parameter, found);
            }
            return;
        }
        (Json::String(_), Some(choices)) => ParamKind::Choice {
            options: choices.iter().map(|name| (name.clone(), name.clone(), String::new())).collect(),
        },
        (Json::String(_), None) => ParamKind::Text,
        (Json::Bool(_), _) => ParamKind::Bool,
        // Of a whole number Python does not say whether others would do.
        (Json::Number(_), _) => ParamKind::Float,
        (Json::Array(items), _) if !items.is_empty() && items.iter().all(Json::is_number) => {
            ParamKind::List { item: "float".into() }
        }
        (Json::Array(items), _) if !items.is_empty() && items.iter().all(Json::is_string) => {
            ParamKind::List { item: "text".into() }
        }
        (Json::Null | Json::Array(_) | Json::Object(_), _) => ParamKind::Any,
    };
    let doc = parameter.description.clone();
    found.push(ParamSpec { doc, ..ParamSpec::plain(&format!("{FIELD}.{name}"), kind, default.clone()) });
}

/// Reads a map of values, or the `name = value` lines that earlier versions wrote.
pub fn map_or_lines<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Json>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Map(BTreeMap<String, Json>),
        Lines(Vec<String>),
    }
    match Either::deserialize(from)? {
        Either::Map(map) => Ok(map),
        Either::Lines(lines) => {
            let read = |line: &String| {
                let (name, value) = line.split_once('=').ok_or_else(|| {
                    serde::de::Error::custom(format!(
                        "{line}: name = value expected, such as detect_threshold = 6"
                    ))
                })?;
                Ok((name.trim().to_owned(), crate::pipeline::read_loosely(value)))
            };
            lines.iter().map(read).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn groups_become_fields_with_the_types_of_their_defaults() {
        let parameter = SorterParameter {
            name: "detection".into(),
            kind: "dict".into(),
            default: json!({"method": "a", "method_kwargs": {"threshold": 5, "sign": null}, "more": {}}),
            description: "How".into(),
            choices: BTreeMap::from([("detection.method".into(), vec!["a".into(), "b".into()])]),
        };
        let found = fields(&Sorter::default(), &parameter);
        let told: Vec<String> = found.iter().map(|s| format!("{} {:?}", s.name, s.kind)).collect();
        assert!(told[0].starts_with("parameters.detection.method Choice"), "{told:?}");
        assert_eq!(
            told[1..],
            [
                "parameters.detection.method_kwargs.threshold Float",
                "parameters.detection.method_kwargs.sign Any",
                "parameters.detection.more Any",
            ]
        );
        assert!(found.iter().all(|spec| spec.doc == "How"));
    }

    #[test]
    fn lines_of_earlier_versions_are_read() {
        let read = |text: &str| {
            let mut from = serde_json::Deserializer::from_str(text);
            map_or_lines(&mut from).map(|map| json!(map)).map_err(|e| e.to_string())
        };
        assert_eq!(read(r#"["a.b = 6", "c = False"]"#), Ok(json!({"a.b": 6, "c": false})));
        assert_eq!(read(r#"{"a.b": 6}"#), Ok(json!({"a.b": 6})));
        assert!(read(r#"["a"]"#).is_err_and(|e| e.contains("name = value")));
    }
}
