//! What a node shows: prepared once per change of the pipeline, not once per frame.

use super::view::pos;
use crate::{
    app::{text, texts},
    pipeline::{
        Category, DynNode, NodeInstance, NodeState, ParamKind, ParamSpec, Pipeline, Port, PortType, Registry,
        is_way, leaf_of,
    },
};
use egui::{Pos2, Rect, Vec2, vec2};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Width of a node in canvas units.
pub const WIDTH: f32 = 204.0;
/// Height of its header.
pub const HEADER: f32 = 30.0;
/// Height of a line of its body.
pub const LINE: f32 = 18.0;
/// Distance between ports.
const PORT_STEP: f32 = 20.0;
/// Height of what a node shows of what leaves it.
pub const PREVIEW: f32 = 52.0;
/// Parameters shown at most.
const MAX_ROWS: usize = 3;
/// Of a group, where they were chosen.
const MAX_GROUP_ROWS: usize = 8;

/// One parameter shown on a node.
pub struct Row {
    /// Its declaration.
    pub spec: ParamSpec,
    /// Its value with unit.
    pub value: String,
    /// True where it differs from the default.
    pub is_set: bool,
}

/// What a node shows, apart from its state and place.
pub struct Face {
    /// The name, for people.
    pub title: String,
    /// What it is, where the name does not say so.
    pub subtitle: Option<String>,
    /// One sentence.
    pub summary: String,
    /// Category; `None` for an unknown kind.
    pub category: Option<Category>,
    /// Input ports.
    pub inputs: Vec<Port>,
    /// Output ports.
    pub outputs: Vec<Port>,
    /// Ports that wires name but the node does not have, inputs then outputs.
    pub lost_ports: (Vec<String>, Vec<String>),
    /// Only a recipe: it is never a task of its own.
    pub is_lazy: bool,
    /// Only the header is shown.
    pub is_collapsed: bool,
    /// Parameters shown.
    pub rows: Vec<Row>,
}

impl Face {
    /// The face of a node.
    pub fn new(pipeline: &Pipeline, registry: &Registry, instance: &NodeInstance, is_group: bool) -> Self {
        let node = registry.get(&instance.kind);
        let inputs = node.map_or_else(Vec::new, |n| n.inputs(&instance.params));
        let outputs = node.map_or_else(Vec::new, |n| n.outputs(&instance.params));
        let mut lost_ports = (Vec::new(), Vec::new());
        for (a, from, b, to) in pipeline.wires() {
            if b == instance.name && !inputs.iter().any(|p| p.name == to) {
                lost_ports.0.push(to.to_owned());
            }
            if a == instance.name && !outputs.iter().any(|p| p.name == from) {
                lost_ports.1.push(from.to_owned());
            }
        }
        lost_ports.0.dedup();
        lost_ports.1.dedup();
        let label = node
            .map_or_else(|| texts::canvas::unknown_kind(&instance.kind), |node| node.info().label.to_owned());
        let title = match is_way(&instance.name) {
            true => label.clone(),
            false => title(leaf_of(&instance.name), node),
        };
        Self {
            subtitle: (!title.starts_with(&label)).then_some(label),
            title,
            summary: node.map_or(texts::canvas::unknown_node(), |n| n.info().summary).to_owned(),
            category: node.map(|n| n.info().category),
            inputs,
            outputs,
            lost_ports,
            is_lazy: node.is_some_and(|n| !n.info().work.is_task()),
            is_collapsed: instance.collapsed,
            rows: node
                .filter(|_| !instance.collapsed)
                .map_or_else(Vec::new, |node| rows(node, instance, is_group)),
        }
    }

    /// Height of the header with its second line.
    pub fn header_height(&self) -> f32 {
        if self.subtitle.is_some() { HEADER + 14.0 } else { HEADER }
    }

    /// The line of a parameter, from the top left of the node.
    pub fn row_rect(&self, index: usize) -> Rect {
        let top = self.header_height() + LINE * index as f32;
        Rect::from_min_size(egui::pos2(15.0, top), vec2(WIDTH - 28.0, LINE))
    }

    /// Size in canvas units; a state may need a line.
    pub fn size(&self, state: Option<&NodeState>) -> Vec2 {
        if self.is_collapsed {
            return vec2(WIDTH, self.header_height());
        }
        let rows = self.rows.len() as f32;
        let mut body = if rows > 0.0 { rows * LINE + 8.0 } else { 0.0 };
        body += match state {
            Some(NodeState::Running { .. }) => LINE + 8.0,
            Some(NodeState::Failed(_)) => 2.0 * LINE + 6.0,
            _ => 0.0,
        };
        let ports =
            (self.inputs.len() + self.lost_ports.0.len()).max(self.outputs.len() + self.lost_ports.1.len());
        let for_ports = 10.0 + PORT_STEP * ports as f32;
        vec2(WIDTH, (self.header_height() + body).max(for_ports).max(HEADER))
    }

    /// Where a port is, from the top left of the node; `None` where there is none of that name.
    pub fn port_offset(&self, name: &str, is_output: bool) -> Option<Vec2> {
        let (ports, lost) =
            if is_output { (&self.outputs, &self.lost_ports.1) } else { (&self.inputs, &self.lost_ports.0) };
        let index = ports
            .iter()
            .position(|p| p.name == name)
            .or_else(|| lost.iter().position(|p| p == name).map(|i| i + ports.len()))?;
        let x = if is_output { WIDTH } else { 0.0 };
        let y = if self.is_collapsed {
            self.header_height() * (index + 1) as f32 / (ports.len() + lost.len() + 1) as f32
        } else {
            HEADER / 2.0 + PORT_STEP * index as f32
        };
        Some(vec2(x, y))
    }

    /// The type of a port.
    pub fn port_type(&self, name: &str, is_output: bool) -> Option<PortType> {
        let ports = if is_output { &self.outputs } else { &self.inputs };
        ports.iter().find(|p| p.name == name).map(|p| p.port_type)
    }
}

/// The faces of all nodes, by name.
#[derive(Default)]
pub struct Faces {
    faces: BTreeMap<String, Face>,
    previewed: BTreeSet<String>,
    revision: Option<u64>,
}

impl Faces {
    /// Brings the faces of what is drawn of a pipeline up to date; `revision` differs for every state of it, places
    /// aside.
    pub fn refresh(&mut self, pipeline: &Pipeline, whole: &Pipeline, registry: &Registry, revision: u64) {
        if self.revision == Some(revision) {
            return;
        }
        self.revision = Some(revision);
        let face = |node: &NodeInstance| {
            let is_group = whole.group(&node.name).is_some();
            (node.name.clone(), Face::new(pipeline, registry, node, is_group))
        };
        self.faces = pipeline.nodes().map(face).collect();
    }

    /// The nodes that show what leaves them: they are higher.
    pub fn show_previews(&mut self, names: &BTreeSet<String>) {
        if self.previewed != *names {
            self.previewed.clone_from(names);
        }
    }

    /// The face of a node.
    pub fn get(&self, name: &str) -> Option<&Face> {
        self.faces.get(name)
    }

    /// Place and size of a node on the canvas.
    pub fn rect(&self, node: &NodeInstance, states: &BTreeMap<String, NodeState>) -> Rect {
        let mut rect = self.bare_rect(node, states);
        if self.previewed.contains(&node.name) {
            rect.max.y += PREVIEW;
        }
        rect
    }

    /// The same without what the node shows of what leaves it.
    pub fn bare_rect(&self, node: &NodeInstance, states: &BTreeMap<String, NodeState>) -> Rect {
        let size = self.get(&node.name).map_or(vec2(WIDTH, HEADER), |f| f.size(states.get(&node.name)));
        Rect::from_min_size(pos(node.position), size)
    }

    /// Where a port is on the canvas.
    pub fn port_position(&self, node: &NodeInstance, port: &str, is_output: bool) -> Option<Pos2> {
        Some(pos(node.position) + self.get(&node.name)?.port_offset(port, is_output)?)
    }
}

/// A node's name for people: the label where the name is made from the kind.
fn title(name: &str, node: Option<&Arc<dyn DynNode>>) -> String {
    if let Some(node) = node {
        let info = node.info();
        if name == info.kind {
            return info.label.to_owned();
        }
        if let Some(number) = name.strip_prefix(info.kind).and_then(|rest| rest.strip_prefix('_'))
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            return format!("{} {number}", info.label);
        }
    }
    text::sentence(name)
}

/// The parameters that matter: those that were set first, then the first ones declared. Of a group they are those
/// that were chosen to be shown.
fn rows(node: &Arc<dyn DynNode>, instance: &NodeInstance, is_group: bool) -> Vec<Row> {
    let mut chosen: Vec<(bool, usize, &ParamSpec)> = node
        .specs()
        .iter()
        .enumerate()
        .filter(|(_, spec)| !matches!(spec.kind, ParamKind::Other | ParamKind::Any | ParamKind::Fields))
        .map(|(index, spec)| (is_set(spec, instance), index, spec))
        // An empty list has nothing to show in so little room.
        .filter(|(set, _, spec)| *set || is_group || !matches!(spec.kind, ParamKind::List { .. }))
        .filter(|(set, _, spec)| {
            *set || is_group || !(spec.advanced || (spec.optional && spec.default.is_null()))
        })
        .collect();
    chosen.sort_by_key(|&(set, index, _)| (!set, index));
    chosen.truncate(if is_group { MAX_GROUP_ROWS } else { MAX_ROWS });
    chosen.sort_by_key(|&(_, index, _)| index);
    chosen
        .into_iter()
        .map(|(is_set, _, spec)| Row {
            spec: spec.clone(),
            value: text::param_value(spec, instance.params.get(&spec.name).unwrap_or(&spec.default)),
            is_set,
        })
        .collect()
}

fn is_set(spec: &ParamSpec, instance: &NodeInstance) -> bool {
    instance.params.get(&spec.name).is_some_and(|value: &Json| *value != spec.default)
}
