//! Writes a pipeline as RON, the same text for the same pipeline, made to be read in a diff.

use super::{MarkKind, NodeInstance, Pipeline, Registry, group, migrate::VERSION};
use std::fmt::Write;

/// Lines up to this width are not broken.
pub(super) const MAX_WIDTH: usize = 110;

pub(super) fn to_text(pipeline: &Pipeline, registry: &Registry) -> String {
    let mut text = format!("(\n    version: {VERSION},\n");
    if pipeline.seed() != 0 {
        let _ = writeln!(text, "    seed: {},", pipeline.seed());
    }
    let mut nodes: Vec<&NodeInstance> = pipeline.nodes().collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    text.push_str(if nodes.is_empty() { "    nodes: {},\n" } else { "    nodes: {\n" });
    for node in &nodes {
        let _ = writeln!(text, "        {}: {},", quoted(&node.name), node_text(node, registry));
    }
    text.push_str(if nodes.is_empty() { "" } else { "    },\n" });
    let wires = pipeline.wires();
    text.push_str(if wires.is_empty() { "    wires: [],\n" } else { "    wires: [\n" });
    for (a, b, c, d) in &wires {
        let (from, to) = (quoted(&format!("{a}.{b}")), quoted(&format!("{c}.{d}")));
        let _ = writeln!(text, "        ({from}, {to}),");
    }
    text.push_str(if wires.is_empty() { "" } else { "    ],\n" });
    let groups: Vec<String> = pipeline.groups().map(|(name, known)| group::to_text(name, known)).collect();
    if !groups.is_empty() {
        let _ = writeln!(text, "    sub_graphs: {{\n{}    }},", groups.concat());
    }
    for kind in MarkKind::ALL {
        let marks: Vec<String> =
            pipeline.marks().filter(|(_, mark)| mark.kind == kind).map(|(_, mark)| mark.to_text()).collect();
        if !marks.is_empty() {
            let lines: Vec<String> = marks.iter().map(|mark| format!("        {mark},\n")).collect();
            let _ = writeln!(text, "    {}: [\n{}    ],", kind.field(), lines.concat());
        }
    }
    for (name, value) in pipeline.kept_fields() {
        let _ = writeln!(text, "    {name}: {value},");
    }
    text.push_str(")\n");
    text
}

pub(super) fn quoted(text: &str) -> String {
    ron::to_string(text).unwrap_or_else(|_| format!("{text:?}"))
}

fn node_text(node: &NodeInstance, registry: &Registry) -> String {
    let mut fields = vec![("kind", quoted(&node.kind))];
    let params = params(node, registry);
    let flat = match &params {
        ParamsText::Raw(raw) => Some(raw.clone()),
        ParamsText::Fields(fields) if fields.is_empty() => None,
        ParamsText::Fields(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            Some(format!("({})", fields.join(", ")))
        }
    };
    fields.extend(flat.map(|params| ("params", params)));
    let [x, y] = node.position;
    fields.push(("position", format!("({x:?}, {y:?})")));
    if node.muted {
        fields.push(("muted", "true".to_owned()));
    }
    if node.bypassed {
        fields.push(("bypassed", "true".to_owned()));
    }
    if node.collapsed {
        fields.push(("collapsed", "true".to_owned()));
    }
    let list = |fields: &[(&str, String)]| {
        fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    let line = format!("({})", list(&fields).join(", "));
    let ParamsText::Fields(params) = params else { return line };
    if line.chars().count() + quoted(&node.name).chars().count() + 11 <= MAX_WIDTH {
        return line;
    }
    // A parameter a line, so that a changed one is one line of a diff.
    for (name, value) in &mut fields {
        if *name == "params" {
            let lines: Vec<String> =
                params.iter().map(|(name, value)| format!("                {name}: {value},\n")).collect();
            *value = format!("(\n{}            )", lines.concat());
        }
    }
    let lines: Vec<String> =
        list(&fields).into_iter().map(|field| format!("            {field},\n")).collect();
    format!("(\n{}        )", lines.concat())
}

enum ParamsText {
    /// What could not be read, as it was.
    Raw(String),
    Fields(Vec<(String, String)>),
}

fn params(node: &NodeInstance, registry: &Registry) -> ParamsText {
    if let Some(raw) = &node.raw_params {
        return ParamsText::Raw(raw.clone());
    }
    let typed = registry.get(&node.kind).and_then(|n| n.params_to_ron(&node.params).ok());
    // Values a node does not take (set by hand in memory) are written all the same, so that nothing is lost.
    let untyped = || {
        let field = |(name, value): (&String, &serde_json::Value)| {
            let value = ron::Options::default().to_string(value).ok()?;
            Some((name.clone(), value))
        };
        node.params.iter().filter_map(field).collect()
    };
    ParamsText::Fields(typed.unwrap_or_else(untyped))
}
