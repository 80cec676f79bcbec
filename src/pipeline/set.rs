//! Parameters set from words, as the command line has them.

use super::{
    Edit, ParamKind, ParamSpec, Params, Pipeline, PipelineError, Registry,
    check::{accepted, check_ranges, nearest, unknown_field},
    graph::split,
    node::DynNode,
    offer::{read_loosely, set_at},
};
use serde_json::Value as Json;

pub(super) fn set_param_from_text(
    pipeline: &Pipeline,
    registry: &Registry,
    target: &str,
    text: &str,
) -> Result<Edit, PipelineError> {
    let wrong = |message: String| PipelineError(format!("{target}: {message}"));
    let (name, param) = split(target)
        .ok_or_else(|| wrong("write NODE.PARAMETER, such as bandpass_filter.freq_min".into()))?;
    if let Some(group) = pipeline.group(name) {
        let shown: Vec<&str> = group.params.iter().map(|(shown, _)| shown.as_str()).collect();
        let none = || match shown.as_slice() {
            [] => "this group shows no parameters; write GROUP/NODE.PARAMETER".to_owned(),
            shown => format!("this group has no parameter \"{param}\"; there are {}", shown.join(", ")),
        };
        let (node, field) = pipeline.flat_param(target).ok_or_else(|| wrong(none()))?;
        return set_param_from_text(pipeline, registry, &format!("{node}.{field}"), text);
    }
    let instance = pipeline.node(name).ok_or_else(|| {
        let hint = match nearest(name, pipeline.nodes().map(|n| n.name.as_str())) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                let names: Vec<&str> = pipeline.nodes().map(|n| n.name.as_str()).collect();
                format!("there are {}", names.join(", "))
            }
        };
        wrong(format!("there is no node \"{name}\"; {hint}"))
    })?;
    let node = registry
        .get(&instance.kind)
        .ok_or_else(|| wrong(format!("the kind \"{}\" of this node is not known", instance.kind)))?;
    if let Some((field, _)) = param.split_once('.')
        && node.specs().iter().any(|spec| spec.name == field && spec.kind == ParamKind::Fields)
    {
        // What is not known without asking is checked before it runs.
        let offered = node.offered(&instance.params, std::path::Path::new(""), false);
        let spec = offered.specs().iter().find(|spec| spec.name == param);
        let mut params = instance.params.clone();
        set_at(&mut params, param, read_offered(spec, text));
        return Ok(Edit::SetParams(name.to_owned(), params));
    }
    let spec = node
        .specs()
        .iter()
        .find(|spec| spec.name == param)
        .ok_or_else(|| wrong(unknown_field(node.specs(), param)))?;
    let set = read_value(&**node, spec, text)
        .ok_or_else(|| wrong(format!("`{text}` does not fit; accepted: {}", accepted(spec))))?;
    let mut params = instance.params.clone();
    params.remove(param);
    params.extend(set);
    let problems = check_ranges(node.specs(), &params);
    if let Some(problem) = problems.into_iter().find(|p| p.field == param) {
        return Err(wrong(problem.message));
    }
    Ok(Edit::SetParams(name.to_owned(), params))
}

/// The value of a parameter that a node offers, `None` where it is the default.
fn read_offered(spec: Option<&ParamSpec>, text: &str) -> Option<Json> {
    let is_text = |spec: &ParamSpec| {
        matches!(spec.kind, ParamKind::Text | ParamKind::Path { .. } | ParamKind::Choice { .. })
    };
    let value = match spec {
        Some(spec) if is_text(spec) => Json::String(text.trim().trim_matches('"').to_owned()),
        _ => read_loosely(text),
    };
    spec.is_none_or(|spec| spec.default != value).then_some(value)
}

/// The parameter as a map of one field, or of none where the value is the default.
fn read_value(node: &dyn DynNode, spec: &ParamSpec, text: &str) -> Option<Params> {
    let text = text.trim();
    let is_default = |value: Json| {
        let mut params = Params::new();
        if value != spec.default {
            params.insert(spec.name.clone(), value);
        }
        params
    };
    if spec.optional && matches!(text.to_lowercase().as_str(), "none" | "null" | "auto" | "") {
        return Some(is_default(Json::Null));
    }
    let quoted = ron::to_string(text).ok()?;
    let bare_words = || {
        let words: Vec<String> =
            text.split(',').filter_map(|word| ron::to_string(word.trim()).ok()).collect();
        format!("[{}]", words.join(", "))
    };
    let forms: Vec<String> = match &spec.kind {
        ParamKind::Text | ParamKind::Path { .. } if text.starts_with('"') => vec![text.to_owned(), quoted],
        ParamKind::Text | ParamKind::Path { .. } => vec![quoted],
        ParamKind::Choice { .. } => {
            let word = text.trim_matches('"');
            vec![word.to_owned(), word.to_lowercase().replace(['-', ' '], "_")]
        }
        ParamKind::List { item } if item == "text" => vec![text.to_owned(), bare_words()],
        ParamKind::List { .. } => vec![text.to_owned(), format!("[{text}]")],
        _ => vec![text.to_owned()],
    };
    forms.iter().find_map(|form| {
        let set = node.params_from_ron(&format!("({}: {form})", spec.name)).ok()?;
        // A comma in the text must not set another field.
        set.keys().all(|name| *name == spec.name).then_some(set)
    })
}
