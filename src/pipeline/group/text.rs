//! Groups as they stand in documents, under `sub_graphs`.

use super::{Group, GroupPort};
use crate::pipeline::{
    params::ron_options,
    text::{MAX_WIDTH, quoted},
};
use serde::Deserialize;

/// How a group is written.
pub const FORM: &str = "(position: (x, y), inputs: [(\"recording\", [\"filter.recording\"])], outputs: \
                        [(\"recording\", [\"filter.recording\"])], params: [(\"freq_min\", \"filter.freq_min\")])";

/// The entry of a group in a document; lists that are too long for one line take one each.
pub fn to_text(name: &str, group: &Group) -> String {
    let [x, y] = group.position;
    let mut fields = vec![format!("position: ({x:?}, {y:?})")];
    if group.collapsed {
        fields.push("collapsed: true".to_owned());
    }
    for (field, ports) in [("inputs", &group.inputs), ("outputs", &group.outputs)] {
        let port = |port: &GroupPort| {
            let ends: Vec<String> = port.ends.iter().map(|end| quoted(end)).collect();
            format!("({}, [{}])", quoted(&port.name), ends.join(", "))
        };
        if !ports.is_empty() {
            fields.push(format!("{field}: [{}]", ports.iter().map(port).collect::<Vec<_>>().join(", ")));
        }
    }
    if !group.params.is_empty() {
        let param = |(name, inner): &(String, String)| format!("({}, {})", quoted(name), quoted(inner));
        fields.push(format!("params: [{}]", group.params.iter().map(param).collect::<Vec<_>>().join(", ")));
    }
    let line = format!("        {}: ({}),\n", quoted(name), fields.join(", "));
    if line.chars().count() <= MAX_WIDTH {
        return line;
    }
    let lines: Vec<String> = fields.iter().map(|field| format!("            {field},\n")).collect();
    format!("        {}: (\n{}        ),\n", quoted(name), lines.concat())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    position: (f32, f32),
    #[serde(default)]
    collapsed: bool,
    #[serde(default)]
    inputs: Vec<(String, Vec<String>)>,
    #[serde(default)]
    outputs: Vec<(String, Vec<String>)>,
    #[serde(default)]
    params: Vec<(String, String)>,
}

/// Reads a group; where it fails, the place in that text and why.
pub fn from_text(text: &str) -> Result<Group, (ron::error::Position, String)> {
    let start = ron::error::Position { line: 1, col: 1 };
    let written: Written = ron_options()
        .from_str(text)
        .map_err(|error| (error.span.start, format!("{}. A sub-graph has the form {FORM}", error.code)))?;
    let ports = |ports: Vec<(String, Vec<String>)>| {
        ports.into_iter().map(|(name, ends)| GroupPort { name, ends }).collect::<Vec<_>>()
    };
    let group = Group {
        position: written.position.into(),
        collapsed: written.collapsed,
        inputs: ports(written.inputs),
        outputs: ports(written.outputs),
        params: written.params,
    };
    if !group.position.iter().all(|x| x.is_finite()) {
        return Err((start, "its position is no number".to_owned()));
    }
    if let Some(port) = group.outputs.iter().find(|port| port.ends.len() != 1) {
        return Err((start, format!("its output \"{}\" must lead from one end", port.name)));
    }
    let names = |ports: &[GroupPort]| ports.iter().map(|port| port.name.clone()).collect::<Vec<_>>();
    let params = group.params.iter().map(|(name, _)| name.clone()).collect();
    for names in [names(&group.inputs), names(&group.outputs), params] {
        if let Some((_, twice)) =
            names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|other| other == *name))
        {
            return Err((start, format!("\"{twice}\" is there twice")));
        }
        if let Some(dotted) = names.iter().find(|name| name.is_empty() || name.contains('.')) {
            return Err((start, format!("\"{dotted}\" is no name: names hold no dot")));
        }
    }
    Ok(group)
}
