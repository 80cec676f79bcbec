//! A node replaced by the nodes it stands for.

use super::{
    edit::{Edit, PipelineError},
    graph::{NodeInstance, Pipeline},
    node::{Node, to_params},
    params::without_defaults,
    registry::Registry,
};

/// What a ready node stands for: nodes, the wires between them, and which of their ends are the node's own ports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expansion {
    /// The parts; positions are relative to the node they replace.
    pub nodes: Vec<NodeInstance>,
    /// Wires between parts, as `("whiten.recording", "peaks.recording")`.
    pub wires: Vec<(String, String)>,
    /// Inputs of the node and the ends of parts that take their place; one input may feed several.
    pub inputs: Vec<(String, String)>,
    /// Outputs of the node and the ends of parts that take their place.
    pub outputs: Vec<(String, String)>,
}

impl Expansion {
    /// One more part.
    #[must_use]
    pub fn part<N: Node>(mut self, name: &str, _: &N, params: &N::Params, position: [f32; 2]) -> Self {
        let params = without_defaults(to_params(params), &to_params(&N::Params::default()));
        self.nodes.push(NodeInstance::new(name, N::INFO.kind, params, position));
        self
    }

    /// A wire from one end to others.
    #[must_use]
    pub fn wire(mut self, from: &str, to: &[&str]) -> Self {
        self.wires.extend(to.iter().map(|to| (from.to_owned(), (*to).to_owned())));
        self
    }

    /// The ends an input of the node feeds.
    #[must_use]
    pub fn input(mut self, port: &str, ends: &[&str]) -> Self {
        self.inputs.extend(ends.iter().map(|end| (port.to_owned(), (*end).to_owned())));
        self
    }

    /// The end that is an output of the node.
    #[must_use]
    pub fn output(mut self, port: &str, end: &str) -> Self {
        self.outputs.push((port.to_owned(), end.to_owned()));
        self
    }
}

/// The edit that replaces a node by its parts, and the names these get.
pub(super) fn unpack(
    pipeline: &Pipeline,
    registry: &Registry,
    name: &str,
) -> Result<(Edit, Vec<String>), PipelineError> {
    let refuse = |text: String| Err(PipelineError(text));
    let Some(instance) = pipeline.node(name) else {
        return refuse(format!("there is no node \"{name}\""));
    };
    let Some(node) = registry.get(&instance.kind) else {
        return refuse(format!("the kind \"{}\" of {name} is not known", instance.kind));
    };
    if instance.raw_params.is_some() {
        return refuse(format!("the parameters of {name} could not be read: mend them first"));
    }
    if instance.bypassed {
        return refuse(format!("{name} is bypassed: end the bypass first"));
    }
    let expansion =
        node.expand(&instance.params).map_err(|p| PipelineError(format!("{name}: {}", p.message)))?;
    let Some(expansion) = expansion else {
        return refuse(format!("{name} is one piece: there is nothing to unpack"));
    };
    let mut names: Vec<(String, String)> = Vec::new();
    for part in &expansion.nodes {
        let stem = format!("{name}_{}", part.name);
        names.push((part.name.clone(), pipeline.free_name(&stem)));
    }
    let outer = |end: &str| -> String {
        let (part, port) = end.split_once('.').unwrap_or((end, ""));
        let name = names.iter().find(|(inner, _)| inner == part).map_or(part, |(_, name)| name.as_str());
        format!("{name}.{port}")
    };
    // What lies to the right makes room for the parts.
    let width = expansion.nodes.iter().map(|part| part.position[0]).fold(0.0, f32::max);
    let right = pipeline.nodes().filter(|other| other.position[0] > instance.position[0]);
    let moved =
        right.map(|other| (other.name.clone(), [other.position[0] + width, other.position[1]])).collect();
    let mut edits = vec![Edit::RemoveNode(name.to_owned()), Edit::Move(moved)];
    for (part, (_, new)) in expansion.nodes.iter().zip(&names) {
        let [x, y] = instance.position;
        edits.push(Edit::AddNode(NodeInstance {
            name: new.clone(),
            position: [x + part.position[0], y + part.position[1]],
            muted: instance.muted,
            ..part.clone()
        }));
    }
    edits.extend(expansion.wires.iter().map(|(from, to)| Edit::Connect(outer(from), outer(to))));
    for (from_node, from_port, to_node, to_port) in pipeline.wires() {
        if to_node == name {
            let ends = expansion.inputs.iter().filter(|(port, _)| port == to_port);
            edits.extend(ends.map(|(_, end)| Edit::Connect(format!("{from_node}.{from_port}"), outer(end))));
        } else if from_node == name {
            let ends = expansion.outputs.iter().filter(|(port, _)| port == from_port);
            edits.extend(ends.map(|(_, end)| Edit::Connect(outer(end), format!("{to_node}.{to_port}"))));
        }
    }
    Ok((Edit::Batch(edits), names.into_iter().map(|(_, name)| name).collect()))
}
