//! `nodes` and `node NAME`: pages made from the declarations of the nodes.

use super::{CliError, document::set, output};
use crate::{
    nodes::registry,
    pipeline::{
        Category, DynNode, Edit, NodeInstance, Offered, ParamKind, ParamSpec, Params, Pipeline, Port,
        Registry, Work,
    },
};
use serde_json::{Value as Json, json};
use std::path::Path;

const CATEGORIES: [Category; 6] = [
    Category::Source,
    Category::Shape,
    Category::Preprocess,
    Category::Sort,
    Category::Look,
    Category::Output,
];

/// Lists all nodes by category.
///
/// # Errors
/// Where standard output is closed.
pub fn list(json: bool) -> Result<(), CliError> {
    let registry = registry();
    if json {
        let nodes: Vec<Json> = registry.iter().map(|node| describe(node.as_ref())).collect();
        return output::json(&Json::Array(nodes));
    }
    let mut text = String::new();
    for category in CATEGORIES {
        let mut nodes = registry.in_category(category).peekable();
        if nodes.peek().is_none() {
            continue;
        }
        text.push_str(&format!("{category:?}\n"));
        for node in nodes {
            let info = node.info();
            text.push_str(&format!("  {:<24} {}\n", info.kind, info.summary));
        }
        text.push('\n');
    }
    text.push_str("`spikeloom node NAME` shows the parameters of one.\n");
    output::text(&text)
}

/// Shows one node, by kind or by words that find one.
///
/// # Errors
/// Where no node, or more than one, is meant.
pub fn page(name: &str, settings: &[String], json: bool) -> Result<(), CliError> {
    let registry = registry();
    let found = registry.search(name);
    let node = match (registry.get(name), found.as_slice()) {
        (Some(node), _) => node,
        (None, [node]) => *node,
        (None, []) => {
            return Err(CliError::advised(
                format!("there is no node \"{name}\""),
                "`spikeloom nodes` lists them all.",
            ));
        }
        (None, several) => {
            let kinds: Vec<&str> = several.iter().map(|node| node.info().kind).collect();
            return Err(CliError::advised(
                format!("there is no node \"{name}\""),
                format!("Did you mean {}?", kinds.join(", ")),
            ));
        }
    };
    let offered = offered(&registry, node.as_ref(), settings)?;
    if json {
        let mut described = describe(node.as_ref());
        if let Offered::Known(offer) = &offered {
            described["offered"] = json!({"source": offer.source, "params": offer.specs});
        }
        return output::json(&described);
    }
    output::text(&text_of(node.as_ref(), &offered))
}

/// The parameters a node offers where others are set so.
fn offered(registry: &Registry, node: &dyn DynNode, settings: &[String]) -> Result<Offered, CliError> {
    let kind = node.info().kind;
    let mut pipeline = Pipeline::default();
    pipeline.apply(Edit::AddNode(NodeInstance::new(kind, kind, Params::new(), [0.0; 2])))?;
    for setting in settings {
        set(&mut pipeline, registry, &format!("{kind}.{setting}"))?;
    }
    let params = pipeline.node(kind).map(|instance| instance.params.clone()).unwrap_or_default();
    let offered = node.offered(&params, Path::new(""), true);
    match &offered {
        Offered::Known(offer) if !settings.is_empty() && !offer.problems.is_empty() => {
            let said = offer.problems.iter().map(|p| format!("{kind}.{}: {}", p.field, p.message));
            Err(CliError::Input(said.collect::<Vec<_>>().join("\n")))
        }
        _ => Ok(offered),
    }
}

fn text_of(node: &dyn DynNode, offered: &Offered) -> String {
    let info = node.info();
    let mut text = format!("{} ({})\n{}\n", info.label, info.kind, info.summary);
    if !info.source.is_empty() {
        text.push_str(&format!("Source: {}\n", info.source));
    }
    for (title, ports) in [("Inputs", info.inputs), ("Outputs", info.outputs)] {
        if ports.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{title}\n"));
        for port in ports {
            let note = match (port.optional, port.many) {
                (true, true) => ", several, optional",
                (true, false) => ", optional",
                (false, true) => ", several",
                (false, false) => "",
            };
            text.push_str(&format!("  {:<24} {}{note}\n", port.name, port.port_type));
        }
    }
    if node.specs().is_empty() {
        text.push_str("\nNo parameters.\n");
        return text;
    }
    text.push_str("\nParameters\n");
    node.specs().iter().for_each(|spec| text.push_str(&param_text(spec)));
    match offered {
        Offered::Known(offer) if !offer.specs.is_empty() => {
            let of = if offer.source.is_empty() { String::new() } else { format!(" of {}", offer.source) };
            text.push_str(&format!("\nParameters{of}, as they are set now\n"));
            offer.specs.iter().for_each(|spec| text.push_str(&param_text(spec)));
        }
        Offered::Failed(reason) => {
            text.push_str(&format!("\nIts other parameters are not known: {reason}\n"))
        }
        Offered::Known(_) | Offered::Nothing | Offered::Unasked => {}
    }
    text.push_str(&format!("\nIn a pipeline\n{}", example(info.kind, node.specs())));
    let presets = node.presets();
    if !presets.is_empty() {
        text.push_str("\nPresets\n");
    }
    for (name, params) in presets {
        let fields = node.params_to_ron(&params).unwrap_or_default();
        let fields: Vec<String> = fields.iter().map(|(field, value)| format!("{field}: {value}")).collect();
        text.push_str(&format!("  {name}\n      ({})\n", fields.join(", ")));
    }
    text
}

fn param_text(spec: &ParamSpec) -> String {
    let mut text = format!("  {} = {}{}\n", spec.name, default_text(spec), facts(spec));
    if !spec.doc.is_empty() {
        text.push_str(&format!("      {}\n", spec.doc.replace('\n', "\n      ")));
    }
    if let ParamKind::Choice { options } = &spec.kind {
        for (stored, _, doc) in options {
            let line = if doc.is_empty() { stored.clone() } else { format!("{stored}: {doc}") };
            text.push_str(&format!("      - {line}\n"));
        }
    }
    text
}

/// How the node is written in a document, with the first parameters that have a value.
fn example(kind: &str, specs: &[ParamSpec]) -> String {
    let params: Vec<String> = specs
        .iter()
        .filter(|spec| !spec.default.is_null())
        .take(2)
        .map(|spec| format!("{}: {}", spec.name, default_text(spec)))
        .collect();
    let params = if params.is_empty() { String::new() } else { format!(", params: ({})", params.join(", ")) };
    format!("  \"my_{kind}\": (kind: \"{kind}\"{params}),\n")
}

fn default_text(spec: &ParamSpec) -> String {
    match &spec.default {
        Json::Null if spec.auto => "auto".into(),
        Json::Null => "none".into(),
        Json::String(text) if matches!(spec.kind, ParamKind::Choice { .. }) => text.clone(),
        other => other.to_string(),
    }
}

fn facts(spec: &ParamSpec) -> String {
    let mut text = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    match spec.hard_range {
        (Some(min), Some(max)) => text.push_str(&format!("  ({min} to {max})")),
        (Some(min), None) => text.push_str(&format!("  (at least {min})")),
        (None, Some(max)) => text.push_str(&format!("  (at most {max})")),
        (None, None) => {}
    }
    text
}

fn describe(node: &dyn DynNode) -> Json {
    let info = node.info();
    let ports = |ports: &[Port]| -> Vec<Json> {
        ports
            .iter()
            .map(|port| {
                json!({"name": port.name, "type": port.port_type, "optional": port.optional, "many": port.many})
            })
            .collect()
    };
    json!({
        "kind": info.kind,
        "label": info.label,
        "summary": info.summary,
        "source": info.source,
        "category": info.category,
        "search": info.search,
        "version": info.version,
        "work": match info.work { Work::Lazy => "lazy", Work::Arrange => "arrange", Work::FitThenLazy(_) => "fit", Work::Task(_) => "task" },
        "inputs": ports(info.inputs),
        "outputs": ports(info.outputs),
        "params": node.specs(),
    })
}
