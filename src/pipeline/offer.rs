//! Parameters that a node offers beyond those it declares, because they depend on what others are set to.
//!
//! A declared parameter of kind [`ParamKind::Fields`] is a map; what is offered for it has the names `PARAMETER.NAME`, where
//! further dots in `NAME` make groups. Only what differs from the default is kept in the map.

use super::{
    Pipeline, Problem, Registry,
    check::{check_ranges, unknown_field},
    params::{ParamKind, ParamProblem, ParamSpec, Params},
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Parameters that depend on others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// Those that stand in for declared ones of the same name, and those of maps as `PARAMETER.NAME`.
    pub specs: Vec<ParamSpec>,
    /// Where they come from, such as `mountainsort5 0.5.6, SpikeInterface 0.104.8`; may be empty.
    pub source: String,
    /// What is wrong with what is set.
    pub problems: Vec<ParamProblem>,
}

/// What is known of the parameters that depend on others.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Offered {
    /// There are none.
    #[default]
    Nothing,
    /// Somebody has to be asked who takes seconds to answer.
    Unasked,
    /// These.
    Known(Arc<Offer>),
    /// They cannot be known; says why.
    Failed(String),
}

impl Offered {
    /// The parameters, none where they are not known.
    pub fn specs(&self) -> &[ParamSpec] {
        match self {
            Offered::Known(offer) => &offer.specs,
            Offered::Nothing | Offered::Unasked | Offered::Failed(_) => &[],
        }
    }
}

/// The value of a parameter, `PARAMETER` or `PARAMETER.NAME`.
pub fn value_at<'a>(params: &'a Params, name: &str) -> Option<&'a Json> {
    match name.split_once('.') {
        None => params.get(name),
        Some((field, inner)) => params.get(field)?.get(inner),
    }
}

/// Sets a parameter, `PARAMETER` or `PARAMETER.NAME`, or takes it out.
pub fn set_at(params: &mut Params, name: &str, value: Option<Json>) {
    let Some((field, inner)) = name.split_once('.') else {
        match value {
            Some(value) => drop(params.insert(name.to_owned(), value)),
            None => drop(params.shift_remove(name)),
        }
        return;
    };
    let mut map = match params.get(field) {
        Some(Json::Object(map)) => map.clone(),
        _ => Params::new(),
    };
    set_at_top(&mut map, inner, value);
    match map.is_empty() {
        true => drop(params.shift_remove(field)),
        false => drop(params.insert(field.to_owned(), Json::Object(map))),
    }
}

fn set_at_top(map: &mut Params, name: &str, value: Option<Json>) {
    match value {
        Some(value) => drop(map.insert(name.to_owned(), value)),
        None => drop(map.shift_remove(name)),
    }
}

/// A value as JSON, Python's True, False and None, or plain words.
pub fn read_loosely(text: &str) -> Json {
    match text.trim() {
        "True" => Json::Bool(true),
        "False" => Json::Bool(false),
        "None" => Json::Null,
        text => serde_json::from_str(text)
            .unwrap_or_else(|_not_json| Json::String(text.trim_matches(['\'', '"']).to_owned())),
    }
}

/// What is wrong with the values of a map `field` of which `specs` are known. What lies in a parameter that may hold anything
/// is not looked at.
pub fn check_offered(field: &str, specs: &[ParamSpec], values: &BTreeMap<String, Json>) -> Vec<ParamProblem> {
    let mut problems = Vec::new();
    for (name, value) in values {
        let full = format!("{field}.{name}");
        let known = specs.iter().any(|spec| spec.name == full);
        let lies_in = |spec: &ParamSpec| {
            let rest = full.strip_prefix(spec.name.as_str());
            spec.kind == ParamKind::Any && rest.is_some_and(|rest| rest.starts_with('.'))
        };
        if known {
            problems.extend(check_ranges(specs, &Params::from_iter([(full, value.clone())])));
        } else if !specs.iter().any(lies_in) {
            let inner = specs.iter().filter_map(|spec| {
                let name = spec.name.strip_prefix(field)?.strip_prefix('.')?.to_owned();
                Some(ParamSpec { name, ..spec.clone() })
            });
            let message = unknown_field(&inner.collect::<Vec<_>>(), name);
            problems.push(ParamProblem { field: full, message });
        }
    }
    problems
}

/// What is known of the parameters that nodes offer, by name, and what is wrong with them. Where `waits`, whoever knows is
/// asked; programs may be started for it.
pub fn offers(
    pipeline: &Pipeline,
    registry: &Registry,
    base: &Path,
    waits: bool,
) -> (BTreeMap<String, Offered>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut found = BTreeMap::new();
    for instance in pipeline.nodes().filter(|instance| !instance.muted && !instance.bypassed) {
        let Some(node) = registry.get(&instance.kind) else { continue };
        let offered = node.offered(&instance.params, base, waits);
        match &offered {
            Offered::Nothing => continue,
            Offered::Unasked => {}
            Offered::Known(offer) => problems.extend(offer.problems.iter().map(|problem| {
                Problem::of_node(&instance.name, problem.message.clone()).field(&problem.field)
            })),
            Offered::Failed(message) => {
                let message = format!("its parameters cannot be checked: {message}");
                problems.push(Problem::of_node(&instance.name, message).warning());
            }
        }
        found.insert(instance.name.clone(), offered);
    }
    (found, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(name: &str, kind: ParamKind, default: Json) -> ParamSpec {
        ParamSpec::plain(name, kind, default)
    }

    #[test]
    fn values_lie_in_a_map_that_goes_when_it_is_empty() {
        let mut params = Params::new();
        set_at(&mut params, "sorter", Some(json!("a")));
        set_at(&mut params, "parameters.detection.threshold", Some(json!(6)));
        assert_eq!(
            Json::Object(params.clone()),
            json!({"sorter": "a", "parameters": {"detection.threshold": 6}})
        );
        assert_eq!(value_at(&params, "parameters.detection.threshold"), Some(&json!(6)));
        assert_eq!(value_at(&params, "parameters.threshold"), None);
        set_at(&mut params, "parameters.detection.threshold", None);
        set_at(&mut params, "sorter", None);
        assert!(params.is_empty());
    }

    #[test]
    fn what_is_set_is_checked_against_what_is_offered() {
        let specs = [
            spec("parameters.threshold", ParamKind::Float, json!(5.5)),
            spec("parameters.filter", ParamKind::Bool, json!(true)),
            spec("parameters.job_kwargs", ParamKind::Any, json!({})),
        ];
        let said = |name: &str, value: Json| {
            let problems = check_offered("parameters", &specs, &BTreeMap::from([(name.to_owned(), value)]));
            problems.into_iter().map(|p| format!("{}: {}", p.field, p.message)).collect::<String>()
        };
        assert_eq!(said("threshold", json!(6)), "");
        assert_eq!(said("job_kwargs", json!({"n_jobs": 1})) + &said("job_kwargs.n_jobs", json!(1)), "");
        assert!(said("threshold", json!("high")).contains("parameters.threshold: \"high\" does not fit"));
        assert!(said("filter", json!(3)).contains("true or false"));
        assert!(said("thresold", json!(6)).contains("did you mean \"threshold\""));
        assert!(said("job_kwarg.n", json!(6)).contains("no parameter"));
    }

    #[test]
    fn values_are_read_as_python_and_json_write_them() {
        let read = ["6", "False", "None", "'median'", "[1, 2]", "{\"h\": 1.5}", "plain"].map(read_loosely);
        let expected =
            [json!(6), json!(false), Json::Null, json!("median"), json!([1, 2]), json!({"h": 1.5})];
        assert_eq!(read[..6], expected);
        assert_eq!(read[6], json!("plain"));
    }
}
