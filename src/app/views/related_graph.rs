//! Ways through a pipeline from an end to what tells more of it.

use super::related::node_of;
use crate::pipeline::{Executor, ParamKind, ParamSpec, Pipeline, Port, PortType};

/// A pipeline and what is known of its nodes.
pub(super) struct Graph<'a> {
    pub(super) executor: &'a Executor,
    pub(super) pipeline: &'a Pipeline,
}

impl Graph<'_> {
    pub(super) fn ports(&self, name: &str) -> Option<(Vec<Port>, Vec<Port>)> {
        let instance = self.pipeline.node(name)?;
        let node = self.executor.registry().get(&instance.kind)?;
        Some((node.inputs(&instance.params), node.outputs(&instance.params)))
    }

    /// The recording that goes into the node of an end.
    pub(super) fn before(&self, end: &str) -> Option<String> {
        let (inputs, _) = self.ports(node_of(end))?;
        let is_recording =
            |name: &str| inputs.iter().any(|p| p.name == name && p.port_type == PortType::Recording);
        let wires = self.pipeline.wires();
        let wire = wires.iter().find(|w| w.2 == node_of(end) && is_recording(w.3))?;
        Some(format!("{}.{}", wire.0, wire.1)).filter(|before| before != end)
    }

    pub(super) fn outputs(&self, name: &str, port_type: PortType) -> Vec<String> {
        let (_, outputs) = self.ports(name).unwrap_or_default();
        outputs.iter().filter(|p| p.port_type == port_type).map(|p| format!("{name}.{}", p.name)).collect()
    }

    /// Ends of these types: of nodes after `end` first, then of those connected with it, then all others.
    pub(super) fn ends(&self, end: &str, wanted: &[PortType]) -> Vec<String> {
        let mut order = after(self.pipeline, node_of(end));
        if order.is_empty() {
            order.push(node_of(end));
        }
        let wires = self.pipeline.wires();
        let mut next = 0;
        while let Some(&node) = order.get(next) {
            next += 1;
            for w in wires.iter().filter(|w| w.0 == node || w.2 == node) {
                order.extend([w.0, w.2].into_iter().find(|n| !order.contains(n)));
            }
        }
        let rest: Vec<&str> =
            self.pipeline.nodes().map(|n| n.name.as_str()).filter(|n| !order.contains(n)).collect();
        order.extend(rest);
        let ends = order.iter().flat_map(|name| wanted.iter().flat_map(|&t| self.outputs(name, t)));
        ends.filter(|e| e != end).collect()
    }

    /// Ends of a type of other nodes that read the same file or folder as the node of `end`.
    pub(super) fn beside(&self, end: &str, port_type: PortType) -> Vec<String> {
        let file = |name: &str| -> Option<&str> {
            let instance = self.pipeline.node(name)?;
            let node = self.executor.registry().get(&instance.kind)?;
            let is_path =
                |spec: &&ParamSpec| matches!(&spec.kind, ParamKind::Path { mode } if mode == "open");
            let spec = node.specs().iter().find(is_path)?;
            instance.params.get(&spec.name)?.as_str().filter(|path| !path.is_empty())
        };
        let own = node_of(end);
        let Some(same) = file(own) else { return Vec::new() };
        let names = self.pipeline.nodes().map(|node| node.name.as_str());
        let others = names.filter(|name| *name != own && file(name) == Some(same));
        others.flat_map(|name| self.outputs(name, port_type)).collect()
    }

    /// Ends of tables and templates that were computed of the units of a sorting, and of no others.
    ///
    /// Where a node takes several sortings, such as a comparison, its rows are the units of the first.
    pub(super) fn about(&self, end: &str) -> Vec<String> {
        let wires = self.pipeline.wires();
        let mut ends = vec![end.to_owned()];
        let mut next = 0;
        while let Some(from) = ends.get(next).cloned() {
            next += 1;
            for w in wires.iter().filter(|w| is_end(&from, w.0, w.1)) {
                let Some((inputs, outputs)) = self.ports(w.2) else {
                    continue;
                };
                let first = inputs.iter().find(|p| p.port_type == PortType::Sorting);
                if from == end && first.is_some_and(|first| first.name != w.3) {
                    continue;
                }
                let kept = |p: &&Port| {
                    matches!(p.port_type, PortType::Table | PortType::Templates | PortType::Waveforms)
                };
                for port in outputs.iter().filter(kept) {
                    let found = format!("{}.{}", w.2, port.name);
                    if !ends.contains(&found) {
                        ends.push(found);
                    }
                }
            }
        }
        ends.split_off(1)
    }

    /// Ends of recordings a sorting may belong to: inputs of the nodes it comes from, nearest first, then those
    /// that meet it at a later node.
    pub(super) fn recording_ends(&self, end: &str) -> Vec<String> {
        let wires = self.pipeline.wires();
        let is_recording = |node: &str, port: &str| {
            let (_, outputs) = self.ports(node).unwrap_or_default();
            outputs.iter().any(|p| p.name == port && p.port_type == PortType::Recording)
        };
        let mut ends = Vec::new();
        let mut push = |end: String| {
            if !ends.contains(&end) {
                ends.push(end);
            }
        };
        let mut seen = vec![node_of(end)];
        let mut next = 0;
        while let Some(&node) = seen.get(next) {
            next += 1;
            for w in wires.iter().filter(|w| w.2 == node) {
                if is_recording(w.0, w.1) {
                    push(format!("{}.{}", w.0, w.1));
                }
                if !seen.contains(&w.0) {
                    seen.push(w.0);
                }
            }
        }
        // A generator gives its recording beside the truth.
        let own = node_of(end);
        for w in wires.iter().filter(|w| w.0 == own && is_recording(w.0, w.1)) {
            push(format!("{}.{}", w.0, w.1));
        }
        for after in wires.iter().filter(|w| is_end(end, w.0, w.1)) {
            for w in wires.iter().filter(|w| w.2 == after.2 && is_recording(w.0, w.1)) {
                push(format!("{}.{}", w.0, w.1));
            }
        }
        ends
    }
}

fn is_end(end: &str, node: &str, port: &str) -> bool {
    end.split_once('.') == Some((node, port))
}

/// Nodes after `start`, nearest first.
pub(super) fn after<'a>(pipeline: &'a Pipeline, start: &str) -> Vec<&'a str> {
    let wires = pipeline.wires();
    let mut found: Vec<&str> = wires.iter().filter(|w| w.0 == start).map(|w| w.2).collect();
    found.dedup();
    let mut next = 0;
    while let Some(&node) = found.get(next) {
        next += 1;
        for w in wires.iter().filter(|w| w.0 == node) {
            if !found.contains(&w.2) {
                found.push(w.2);
            }
        }
    }
    found
}
