//! What is wrong with parameters that a node sets elsewhere, known before anything runs.

use super::{
    NodeInstance, Pipeline, Problem, Registry, Swept,
    check::{nearest, unknown_field},
    node::DynNode,
    offer::set_at,
    params::{ParamKind, ParamSpec},
};
use std::collections::BTreeSet;

/// The field that names them.
const FIELD: &str = "parameters";

/// Nodes and parameters that are not there, values that they do not take, and nodes that the items never reach.
pub(super) fn check_sweeps(pipeline: &Pipeline, registry: &Registry, problems: &mut Vec<Problem>) {
    for instance in pipeline.nodes().filter(|instance| !instance.muted && !instance.bypassed) {
        let Some(node) = registry.get(&instance.kind) else { continue };
        for swept in node.sweeps(&instance.params) {
            let end = format!("{}.{}", swept.node, swept.field);
            let said =
                |message: String| Problem::of_node(&instance.name, format!("{end}: {message}")).field(FIELD);
            if let Some(message) = wrong(pipeline, registry, &swept) {
                problems.push(said(message));
            } else if !reaches(pipeline, instance, &swept.node) {
                let message = format!(
                    "{} does not follow {}: every value would give the same",
                    swept.node, instance.name
                );
                problems.push(said(message).warning());
            }
        }
    }
}

fn wrong(pipeline: &Pipeline, registry: &Registry, swept: &Swept) -> Option<String> {
    let Some(other) = pipeline.node(&swept.node) else {
        let near = nearest(&swept.node, pipeline.nodes().map(|node| node.name.as_str()));
        let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        return Some(format!("there is no node \"{}\"{hint}", swept.node));
    };
    // What an unknown kind has is not known.
    let node = registry.get(&other.kind)?;
    // What a node offers is checked with the values.
    let is = |spec: &ParamSpec| {
        let rest = swept.field.strip_prefix(spec.name.as_str());
        let offered = || spec.kind == ParamKind::Fields && rest.is_some_and(|rest| rest.starts_with('.'));
        spec.name == swept.field || offered()
    };
    if !node.specs().iter().any(is) {
        return Some(unknown_field(node.specs(), &swept.field));
    }
    wrong_value(other, &**node, swept)
}

/// The first value that the node does not take, and why.
fn wrong_value(other: &NodeInstance, node: &dyn DynNode, swept: &Swept) -> Option<String> {
    // What is wrong with it anyway is said of it.
    let known: Vec<String> = node.check(&other.params).into_iter().map(|problem| problem.message).collect();
    swept.values.iter().find_map(|(_, value)| {
        let mut params = other.params.clone();
        set_at(&mut params, &swept.field, Some(value.clone()));
        let new = node.check(&params).into_iter().find(|problem| !known.contains(&problem.message))?;
        Some(format!("{value}: {}", new.message))
    })
}

/// Whether items of one node come to another, or make it where it is a source.
fn reaches(pipeline: &Pipeline, from: &NodeInstance, to: &str) -> bool {
    let wires = pipeline.wires();
    let is_source = |name: &str| wires.iter().all(|wire| wire.2 != name);
    let made_by_it = || is_source(&from.name) && is_source(to);
    made_by_it() || pipeline.with_followers(BTreeSet::from([from.name.clone()])).contains(to)
}
