//! The pipeline in memory: a petgraph of node instances and wires, changed by edits that can be undone.

use super::{params::Params, port::PortType, registry::Registry};
use petgraph::stable_graph::{EdgeIndex, NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

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
}

/// A wire between two ports; the nodes are the ends of the edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wire {
    /// Output port of the node it leaves.
    pub from_port: String,
    /// Input port of the node it enters.
    pub to_port: String,
}

/// A change of a pipeline. [`Pipeline::apply`] returns the edit that undoes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Add a node; its name must be free.
    AddNode(NodeInstance),
    /// Remove a node and its wires.
    RemoveNode(String),
    /// Draw a wire `("bandpass.recording", "cmr.recording")`; replaces the wire at a single input.
    Connect(String, String),
    /// Remove a wire.
    Disconnect(String, String),
    /// Set the parameters of a node as a whole; raw text that could not be read gives way to them.
    SetParams(String, Params),
    /// Bring back parameters together with raw text that could not be read.
    RestoreParams(String, Params, String),
    /// Move nodes.
    Move(Vec<(String, [f32; 2])>),
    /// Rename a node.
    Rename(String, String),
    /// Mute or unmute.
    SetMuted(String, bool),
    /// Bypass or not.
    SetBypassed(String, bool),
    /// Change the seed.
    SetSeed(u64),
    /// Several edits as one, applied in order.
    Batch(Vec<Edit>),
}

/// An edit that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PipelineError(pub String);

/// The pipeline: the only model of what is drawn.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    graph: StableDiGraph<NodeInstance, Wire>,
    seed: u64,
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

    /// A name not taken yet: `stem`, `stem_2`, `stem_3` …
    pub fn free_name(&self, stem: &str) -> String {
        if self.index(stem).is_none() {
            return stem.to_owned();
        }
        (2..).map(|i| format!("{stem}_{i}")).find(|name| self.index(name).is_none()).unwrap_or_default()
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

    /// The edit that replaces a node by the nodes it stands for ([`Node::expand`](super::Node::expand)), wired as it was,
    /// and their names.
    ///
    /// # Errors
    /// Where there is no such node, or it stands for no others.
    pub fn unpack_edit(&self, registry: &Registry, name: &str) -> Result<(Edit, Vec<String>), PipelineError> {
        super::expand::unpack(self, registry, name)
    }

    /// Applies an edit and returns the one that undoes it; on error nothing has changed.
    ///
    /// # Errors
    /// Where the edit does not fit: a name taken or missing, a loop.
    pub fn apply(&mut self, edit: Edit) -> Result<Edit, PipelineError> {
        let missing = |name: &str| PipelineError(format!("there is no node \"{name}\""));
        match edit {
            Edit::AddNode(node) => {
                if node.name.is_empty() || node.name.contains('.') {
                    return Err(PipelineError(format!(
                        "\"{}\" is no name for a node: names hold no dot",
                        node.name
                    )));
                }
                if self.index(&node.name).is_some() {
                    return Err(PipelineError(format!("the name \"{}\" is taken", node.name)));
                }
                let name = node.name.clone();
                self.graph.add_node(node);
                Ok(Edit::RemoveNode(name))
            }
            Edit::RemoveNode(name) => {
                let index = self.index(&name).ok_or_else(|| missing(&name))?;
                let wires: Vec<Edit> = self
                    .wires()
                    .into_iter()
                    .filter(|w| w.0 == name || w.2 == name)
                    .map(|w| Edit::Connect(format!("{}.{}", w.0, w.1), format!("{}.{}", w.2, w.3)))
                    .collect();
                let node = self.graph.remove_node(index).ok_or_else(|| missing(&name))?;
                Ok(Edit::Batch(std::iter::once(Edit::AddNode(node)).chain(wires).collect()))
            }
            Edit::Connect(from, to) => {
                let form = || {
                    PipelineError(format!(
                        "(\"{from}\", \"{to}\") is no wire: write (\"node.port\", \"node.port\")"
                    ))
                };
                let (from_node, from_port) = split(&from).ok_or_else(form)?;
                let (to_node, to_port) = split(&to).ok_or_else(form)?;
                let a = self.index(from_node).ok_or_else(|| missing(from_node))?;
                let b = self.index(to_node).ok_or_else(|| missing(to_node))?;
                if a == b || petgraph::algo::has_path_connecting(&self.graph, b, a, None) {
                    return Err(PipelineError("this wire would close a loop".into()));
                }
                if self.edge(&from, &to).is_some() {
                    return Ok(Edit::Batch(Vec::new()));
                }
                self.graph.add_edge(a, b, Wire { from_port: from_port.into(), to_port: to_port.into() });
                Ok(Edit::Disconnect(from, to))
            }
            Edit::Disconnect(from, to) => {
                let edge = self
                    .edge(&from, &to)
                    .ok_or_else(|| PipelineError(format!("there is no wire from {from} to {to}")))?;
                self.graph.remove_edge(edge);
                Ok(Edit::Connect(from, to))
            }
            Edit::SetParams(name, params) => {
                let index = self.index(&name).ok_or_else(|| missing(&name))?;
                let node = &mut self.graph[index];
                let old = std::mem::replace(&mut node.params, params);
                Ok(match node.raw_params.take() {
                    Some(raw) => Edit::RestoreParams(name, old, raw),
                    None => Edit::SetParams(name, old),
                })
            }
            Edit::RestoreParams(name, params, raw) => {
                let index = self.index(&name).ok_or_else(|| missing(&name))?;
                let node = &mut self.graph[index];
                let old = std::mem::replace(&mut node.params, params);
                Ok(match node.raw_params.replace(raw) {
                    Some(old_raw) => Edit::RestoreParams(name, old, old_raw),
                    None => Edit::SetParams(name, old),
                })
            }
            Edit::Move(moves) => {
                let mut old = Vec::with_capacity(moves.len());
                for (name, _) in &moves {
                    old.push((name.clone(), self.node(name).ok_or_else(|| missing(name))?.position));
                }
                for (name, position) in moves {
                    if let Some(index) = self.index(&name) {
                        self.graph[index].position = position;
                    }
                }
                Ok(Edit::Move(old))
            }
            Edit::Rename(old, new) => {
                let index = self.index(&old).ok_or_else(|| missing(&old))?;
                if new.is_empty() || new.contains('.') {
                    return Err(PipelineError(format!("\"{new}\" is no name for a node: names hold no dot")));
                }
                if old != new && self.index(&new).is_some() {
                    return Err(PipelineError(format!("the name \"{new}\" is taken")));
                }
                self.graph[index].name = new.clone();
                Ok(Edit::Rename(new, old))
            }
            Edit::SetMuted(name, muted) => {
                let index = self.index(&name).ok_or_else(|| missing(&name))?;
                let old = std::mem::replace(&mut self.graph[index].muted, muted);
                Ok(Edit::SetMuted(name, old))
            }
            Edit::SetBypassed(name, bypassed) => {
                let index = self.index(&name).ok_or_else(|| missing(&name))?;
                let old = std::mem::replace(&mut self.graph[index].bypassed, bypassed);
                Ok(Edit::SetBypassed(name, old))
            }
            Edit::SetSeed(seed) => Ok(Edit::SetSeed(std::mem::replace(&mut self.seed, seed))),
            Edit::Batch(edits) => {
                let mut undo = Vec::with_capacity(edits.len());
                for edit in edits {
                    match self.apply(edit) {
                        Ok(inverse) => undo.push(inverse),
                        Err(error) => {
                            for inverse in undo.into_iter().rev() {
                                // The inverse of what was just applied always fits.
                                let _ = self.apply(inverse);
                            }
                            return Err(error);
                        }
                    }
                }
                undo.reverse();
                Ok(Edit::Batch(undo))
            }
        }
    }

    fn edge(&self, from: &str, to: &str) -> Option<EdgeIndex> {
        let (from_node, from_port) = split(from)?;
        let (to_node, to_port) = split(to)?;
        let (a, b) = (self.index(from_node)?, self.index(to_node)?);
        self.graph
            .edges_connecting(a, b)
            .find(|e| e.weight().from_port == from_port && e.weight().to_port == to_port)
            .map(|e| e.id())
    }
}

/// `node.port` in two.
pub(super) fn split(end: &str) -> Option<(&str, &str)> {
    end.split_once('.').filter(|(node, port)| !node.is_empty() && !port.is_empty())
}
