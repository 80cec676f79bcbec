//! The pipeline in memory: a petgraph of node instances and wires, changed by edits that can be undone.

use super::{
    edit::{Edit, PipelineError},
    group::Group,
    mark::Mark,
    params::Params,
    port::PortType,
    registry::Registry,
};
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use std::collections::BTreeMap;

/// One node on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeInstance {
    /// Its name in this pipeline: unique, stable, without a dot.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The parameters that were set; the rest have defaults.
    pub params: Params,
    /// Raw RON of parameters that could not be read (unknown kind, wrong field), kept as it was.
    pub raw_params: Option<String>,
    /// Position of its top left corner on the canvas.
    pub position: [f32; 2],
    /// Off: neither it nor what depends on it runs.
    pub muted: bool,
    /// Its input passes through unchanged.
    pub bypassed: bool,
    /// Only its header is shown.
    pub collapsed: bool,
}

impl NodeInstance {
    /// A node that is on and shown in full.
    pub fn new(name: &str, kind: &str, params: Params, position: [f32; 2]) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            params,
            raw_params: None,
            position,
            muted: false,
            bypassed: false,
            collapsed: false,
        }
    }
}

/// A wire between two ports; the nodes are the ends of the edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wire {
    /// Output port of the node it leaves.
    pub from_port: String,
    /// Input port of the node it enters.
    pub to_port: String,
}

/// The pipeline: the only model of what is drawn.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    pub(super) graph: StableDiGraph<NodeInstance, Wire>,
    pub(super) seed: u64,
    pub(super) marks: BTreeMap<u32, Mark>,
    pub(super) groups: BTreeMap<String, Group>,
    /// Fields of the document that this version keeps but does not use, as `(name, RON text)`.
    kept_fields: Vec<(String, String)>,
}

impl Pipeline {
    /// Fields of the document that are kept but not used, as `(name, RON text)`.
    pub fn kept_fields(&self) -> &[(String, String)] {
        &self.kept_fields
    }

    /// Keeps a field of the document as it is.
    pub(super) fn keep_field(&mut self, name: &str, text: &str) {
        self.kept_fields.push((name.to_owned(), text.to_owned()));
    }

    /// The graph itself, to read.
    pub fn graph(&self) -> &StableDiGraph<NodeInstance, Wire> {
        &self.graph
    }

    /// Seed of all random streams.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Frames and comments on the canvas, by their numbers.
    pub fn marks(&self) -> impl Iterator<Item = (u32, &Mark)> {
        self.marks.iter().map(|(number, mark)| (*number, mark))
    }

    /// A frame or comment by its number.
    pub fn mark(&self, number: u32) -> Option<&Mark> {
        self.marks.get(&number)
    }

    /// A number that no mark has.
    pub fn free_mark(&self) -> u32 {
        self.marks.last_key_value().map_or(1, |(number, _)| number + 1)
    }

    /// Index of a node by name.
    pub fn index(&self, name: &str) -> Option<NodeIndex> {
        self.graph.node_indices().find(|&i| self.graph[i].name == name)
    }

    /// A node by name.
    pub fn node(&self, name: &str) -> Option<&NodeInstance> {
        self.index(name).map(|i| &self.graph[i])
    }

    /// All nodes, in the order they were added.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeInstance> {
        self.graph.node_indices().map(|i| &self.graph[i])
    }

    /// All wires as `(from node, from port, to node, to port)`.
    pub fn wires(&self) -> Vec<(&str, &str, &str, &str)> {
        let mut wires: Vec<_> = self
            .graph
            .edge_references()
            .map(|edge| {
                let wire = edge.weight();
                (
                    self.graph[edge.source()].name.as_str(),
                    wire.from_port.as_str(),
                    self.graph[edge.target()].name.as_str(),
                    wire.to_port.as_str(),
                )
            })
            .collect();
        wires.sort_unstable();
        wires
    }

    /// A name not taken yet by a node or a group: `stem`, `stem_2`, `stem_3` …
    pub fn free_name(&self, stem: &str) -> String {
        if !self.has(stem) {
            return stem.to_owned();
        }
        (2..).map(|i| format!("{stem}_{i}")).find(|name| !self.has(name)).unwrap_or_default()
    }

    /// Why a wire may not be drawn, in words for the pointer; `Ok` where it may.
    ///
    /// # Errors
    /// Unknown ports, types that do not fit, a wire that would close a loop.
    pub fn can_connect(&self, registry: &Registry, from: &str, to: &str) -> Result<PortType, PipelineError> {
        let refuse = |text: String| Err(PipelineError(text));
        let (Some((from_node, from_port)), Some((to_node, to_port))) = (split(from), split(to)) else {
            return refuse(format!("\"{from}\" or \"{to}\" is not of the form node.port"));
        };
        let (Some(a), Some(b)) = (self.index(from_node), self.index(to_node)) else {
            return refuse(format!("there is no node \"{from_node}\" or \"{to_node}\""));
        };
        let port_of = |index: NodeIndex, port: &str, input: bool| {
            let instance = &self.graph[index];
            let node = registry.get(&instance.kind)?;
            let ports = if input { node.inputs(&instance.params) } else { node.outputs(&instance.params) };
            ports.into_iter().find(|p| p.name == port)
        };
        let Some(out) = port_of(a, from_port, false) else {
            return refuse(format!("{from_node} has no output \"{from_port}\""));
        };
        let Some(input) = port_of(b, to_port, true) else {
            return refuse(format!("{to_node} has no input \"{to_port}\""));
        };
        if out.port_type != input.port_type {
            return refuse(format!("{} does not fit {}", out.port_type, input.port_type));
        }
        if a == b || petgraph::algo::has_path_connecting(&self.graph, b, a, None) {
            return refuse("this wire would close a loop".into());
        }
        Ok(out.port_type)
    }

    /// The edit that draws a wire and, at an input that takes one, removes the wire that is there.
    ///
    /// # Errors
    /// As [`Self::can_connect`].
    pub fn connect_edits(&self, registry: &Registry, from: &str, to: &str) -> Result<Edit, PipelineError> {
        self.can_connect(registry, from, to)?;
        let single = split(to).is_some_and(|(node, port)| {
            self.node(node)
                .and_then(|instance| Some(registry.get(&instance.kind)?.inputs(&instance.params)))
                .is_none_or(|ports| !ports.iter().any(|p| p.name == port && p.many))
        });
        let mut edits = Vec::new();
        if single {
            for (a, b, c, d) in self.wires() {
                let (old_from, old_to) = (format!("{a}.{b}"), format!("{c}.{d}"));
                if old_to == to && old_from != from {
                    edits.push(Edit::Disconnect(old_from, old_to));
                }
            }
        }
        edits.push(Edit::Connect(from.to_owned(), to.to_owned()));
        Ok(Edit::Batch(edits))
    }

    /// The edit that sets `"node.param"` from text, as `--set` and the inspector have it: RON, where words
    /// need no quotes.
    ///
    /// # Errors
    /// Where there is no such node or parameter, or the value does not fit; says what does.
    pub fn set_param_from_text(
        &self,
        registry: &Registry,
        target: &str,
        text: &str,
    ) -> Result<Edit, PipelineError> {
        super::set::set_param_from_text(self, registry, target, text)
    }

    /// Sets parameters by words of the form `node.param=value`.
    ///
    /// # Errors
    /// As [`Self::set_param_from_text`], and where one is not of that form.
    pub fn set_all(&mut self, registry: &Registry, settings: &[String]) -> Result<(), PipelineError> {
        for setting in settings {
            let wrong = || PipelineError(format!("{setting}: not of the form node.param=value"));
            let (target, value) = setting.split_once('=').ok_or_else(wrong)?;
            let edit = self.set_param_from_text(registry, target.trim(), value)?;
            self.apply(edit)?;
        }
        Ok(())
    }

    /// The edit that replaces a node by the nodes it stands for ([`Node::expand`](super::Node::expand)), wired as it was,
    /// and their names.
    ///
    /// # Errors
    /// Where there is no such node, or it stands for no others.
    pub fn unpack_edit(&self, registry: &Registry, name: &str) -> Result<(Edit, Vec<String>), PipelineError> {
        super::expand::unpack(self, registry, name)
    }
}

/// `node.port` in two.
pub(super) fn split(end: &str) -> Option<(&str, &str)> {
    end.split_once('.').filter(|(node, port)| !node.is_empty() && !port.is_empty())
}
