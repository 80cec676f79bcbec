//! Changes of a pipeline: each is data, and applying one gives the change that undoes it.

use super::{
    graph::{NodeInstance, Pipeline, Wire, split},
    group::{Group, is_way},
    mark::Mark,
    params::Params,
};
use petgraph::{stable_graph::EdgeIndex, visit::EdgeRef};

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
    /// Make a node one of another kind, with these parameters and raw text; its wires stay.
    SetKind(String, String, Params, Option<String>),
    /// Rename a node.
    Rename(String, String),
    /// Mute or unmute.
    SetMuted(String, bool),
    /// Bypass or not.
    SetBypassed(String, bool),
    /// Show only the header of a node, or all of it.
    SetCollapsed(String, bool),
    /// Put a mark of this number on the canvas, change it, or take it away.
    SetMark(u32, Option<Mark>),
    /// Make nodes that are called `name/…` a group that is shown so, or let there be no group of that name. What
    /// names a group in the place of a node is meant for the nodes in it.
    SetGroup(String, Option<Group>),
    /// Change the seed.
    SetSeed(u64),
    /// Several edits as one, applied in order.
    Batch(Vec<Edit>),
}

/// An edit that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PipelineError(pub String);

impl Edit {
    /// True where it changes where things lie, and nothing of the nodes themselves.
    pub fn is_placing(&self) -> bool {
        match self {
            Edit::Move(_) | Edit::SetMark(..) => true,
            Edit::Batch(edits) => edits.iter().all(Edit::is_placing),
            _ => false,
        }
    }
}

impl Pipeline {
    /// Applies an edit and returns the one that undoes it; on error nothing has changed.
    ///
    /// # Errors
    /// Where the edit does not fit: a name taken or missing, a loop.
    pub fn apply(&mut self, edit: Edit) -> Result<Edit, PipelineError> {
        let missing = |name: &str| PipelineError(format!("there is no node \"{name}\""));
        if let Some(lowered) = self.lowered(&edit)? {
            return self.apply(lowered);
        }
        match edit {
            Edit::AddNode(node) => {
                if let Some(reason) = self.refused_name(&node.name) {
                    return Err(PipelineError(reason));
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
                for (name, _) in moves.iter().filter(|(name, _)| !is_way(name)) {
                    old.push((name.clone(), self.place_of(name).ok_or_else(|| missing(name))?));
                }
                for (name, position) in moves {
                    if let Some(group) = self.groups.get_mut(&name) {
                        group.position = position;
                    } else if let Some(index) = self.index(&name) {
                        self.graph[index].position = position;
                    }
                }
                Ok(Edit::Move(old))
            }
            Edit::Rename(old, new) => {
                let index = self.index(&old).ok_or_else(|| missing(&old))?;
                if let Some(reason) = (old != new).then(|| self.refused_name(&new)).flatten() {
                    return Err(PipelineError(reason));
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
            Edit::SetKind(name, kind, params, raw_params) => {
                let index = self.index(&name).ok_or_else(|| missing(&name))?;
                let node = &mut self.graph[index];
                let kind = std::mem::replace(&mut node.kind, kind);
                let params = std::mem::replace(&mut node.params, params);
                let raw_params = std::mem::replace(&mut node.raw_params, raw_params);
                Ok(Edit::SetKind(name, kind, params, raw_params))
            }
            Edit::SetCollapsed(name, collapsed) => {
                let index = self.index(&name).ok_or_else(|| missing(&name))?;
                let old = std::mem::replace(&mut self.graph[index].collapsed, collapsed);
                Ok(Edit::SetCollapsed(name, old))
            }
            Edit::SetMark(number, mark) => {
                let old = match mark {
                    Some(mark) => self.marks.insert(number, mark),
                    None => self.marks.remove(&number),
                };
                Ok(Edit::SetMark(number, old))
            }
            Edit::SetGroup(name, group) => {
                let refused = self.refused_name(&name).filter(|_| !self.groups.contains_key(&name));
                if let (Some(reason), Some(_)) = (refused, &group) {
                    return Err(PipelineError(reason));
                }
                if group.is_none() && !self.names_at(&name).is_empty() {
                    return Err(PipelineError(format!("there are nodes in {name}")));
                }
                let old = match group {
                    Some(group) => self.groups.insert(name.clone(), group),
                    None => self.groups.remove(&name),
                };
                Ok(Edit::SetGroup(name, old))
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
