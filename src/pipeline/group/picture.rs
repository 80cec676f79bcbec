//! A level of a pipeline as a pipeline of its own: groups stand there as nodes, and inside a group its two ways.

use super::{Group, WAY_IN, WAY_OUT, child_at, level_of, name_in};
use crate::pipeline::{
    Act, Category, Coordinate, DynNode, Expansion, Glimpse, Inputs, NodeError, NodeInfo, NodeInstance,
    Outputs, ParamProblem, ParamSpec, Params, Passed, Pipeline, Port, Registry, RunContext, Swept, Wire,
    Work, graph::split, node::ValueAt,
};
use petgraph::stable_graph::NodeIndex;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// How far the two ways stand from what lies in a group, in canvas units.
const APART: f32 = 264.0;

/// What is drawn of a pipeline: one level of it. Nodes and groups keep their whole names, so that an edit of the
/// picture is an edit of the pipeline.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its nodes, those that stand for groups among them, and the wires between them.
    pub pipeline: Pipeline,
    /// The kinds of its nodes.
    pub registry: Arc<Registry>,
}

impl Pipeline {
    /// What is drawn of a level, `""` for the top.
    pub fn picture(&self, registry: &Registry, level: &str) -> Picture {
        let mut kinds = registry.clone();
        let mut drawn = Pipeline::default();
        let mut indices: BTreeMap<String, NodeIndex> = BTreeMap::new();
        for node in self.nodes().filter(|node| level_of(&node.name) == level) {
            indices.insert(node.name.clone(), drawn.graph.add_node(node.clone()));
        }
        for (name, group) in self.groups.iter().filter(|(name, _)| level_of(name) == level) {
            let stand_in = self.stand_in(registry, name, group);
            let kind = stand_in.info.kind;
            let flat = self.nodes_of(name);
            let all = |is_so: fn(&NodeInstance) -> bool| {
                !flat.is_empty() && flat.iter().all(|node| self.node(node).is_some_and(is_so))
            };
            let params = self.params_of(name).unwrap_or_default();
            let node = NodeInstance {
                collapsed: group.collapsed,
                muted: all(|node| node.muted),
                bypassed: all(|node| node.bypassed),
                ..NodeInstance::new(name, kind, params, group.position)
            };
            indices.insert(name.clone(), drawn.graph.add_node(node));
            kinds = kinds.with_stand_in(Arc::new(stand_in));
        }
        let mut wires: BTreeSet<(String, String)> = BTreeSet::new();
        for (a, from, b, to) in self.wires() {
            if let (Some(a), Some(b)) = (child_at(level, a), child_at(level, b))
                && a != b
                && let (Some(from), Some(to)) =
                    (self.end_at(level, a, from, false), self.end_at(level, b, to, true))
            {
                wires.insert((from, to));
            }
        }
        if self.groups.contains_key(level) {
            self.draw_ways(registry, level, &mut drawn, &mut kinds, &mut indices, &mut wires);
        }
        for (from, to) in wires {
            if let (Some((a, from)), Some((b, to))) = (split(&from), split(&to))
                && let (Some(&a), Some(&b)) = (indices.get(a), indices.get(b))
            {
                drawn.graph.add_edge(a, b, Wire { from_port: from.to_owned(), to_port: to.to_owned() });
            }
        }
        drawn.marks =
            self.marks().filter(|(_, mark)| mark.group == level).map(|(n, mark)| (n, mark.clone())).collect();
        Picture { pipeline: drawn, registry: Arc::new(kinds) }
    }

    /// The end of a node as the picture of a level has it: its own, or a port of the group it lies in.
    pub fn end_at(&self, level: &str, node: &str, port: &str, is_input: bool) -> Option<String> {
        let end = self.end_within(level, (node, port), is_input)?;
        Some(name_in(level, &end))
    }

    /// The type and manner of an end, from the nodes it stands for.
    fn port_at(&self, registry: &Registry, end: &str, name: &str, is_input: bool) -> Option<Port> {
        let flat = self.flat_ends(end, is_input);
        let ports = flat.iter().filter_map(|end| {
            let (node, port) = split(end)?;
            let instance = self.node(node)?;
            let node = registry.get(&instance.kind)?;
            let ports = if is_input { node.inputs(&instance.params) } else { node.outputs(&instance.params) };
            ports.into_iter().find(|known| known.name == port)
        });
        let all: Vec<Port> = ports.collect();
        Some(Port {
            name: lasting(name),
            port_type: all.first()?.port_type,
            optional: all.iter().all(|port| port.optional),
            many: all.iter().all(|port| port.many),
        })
    }

    fn stand_in(&self, registry: &Registry, name: &str, group: &Group) -> StandIn {
        let ports = |is_input: bool| -> Vec<Port> {
            let ports = self.group_ports(name, is_input).into_iter();
            ports
                .filter_map(|port| {
                    self.port_at(registry, &format!("{name}.{}", port.name), &port.name, is_input)
                })
                .collect()
        };
        let spec = |(shown, _): &(String, String)| {
            let (node, field) = self.flat_param(&format!("{name}.{shown}"))?;
            let known = registry.get(&self.node(&node)?.kind)?;
            let spec = known.specs().iter().find(|spec| spec.name == field)?;
            Some(ParamSpec { name: shown.clone(), advanced: false, ..spec.clone() })
        };
        let outputs = ports(false);
        let made_by = outputs.first().and_then(|port| {
            let end = self.flat_ends(&format!("{name}.{}", port.name), false).into_iter().next()?;
            Some(registry.get(&self.node(split(&end)?.0)?.kind)?.info().category)
        });
        let mut info =
            info("Group", "Several nodes shown as one. Double-click it, or press Enter, to go in.");
        info.kind = lasting(&format!("group {name}"));
        info.category = made_by.unwrap_or(Category::Shape);
        StandIn { info, specs: group.params.iter().filter_map(spec).collect(), inputs: ports(true), outputs }
    }

    /// Where wires come into a group and where they go out, left and right of what lies in it.
    fn draw_ways(
        &self,
        registry: &Registry,
        level: &str,
        drawn: &mut Pipeline,
        kinds: &mut Registry,
        indices: &mut BTreeMap<String, NodeIndex>,
        wires: &mut BTreeSet<(String, String)>,
    ) {
        let places: Vec<[f32; 2]> = drawn.nodes().map(|node| node.position).collect();
        let extent = |axis: usize, pick: fn(f32, f32) -> f32| {
            places.iter().map(|place| place[axis]).reduce(pick).unwrap_or(0.0)
        };
        let middle = ((extent(1, f32::min) + extent(1, f32::max)) / 8.0).round() * 4.0;
        let ways = [
            (WAY_IN, true, extent(0, f32::min) - APART, "Inputs", "What comes into this group."),
            (WAY_OUT, false, extent(0, f32::max) + APART, "Outputs", "What goes out of this group."),
        ];
        for (leaf, is_input, x, label, summary) in ways {
            let name = name_in(level, leaf);
            let group_ports = self.group_ports(level, is_input);
            let mut ports = Vec::new();
            for known in &group_ports {
                let port = self.port_at(registry, &format!("{level}.{}", known.name), &known.name, is_input);
                ports.extend(port.map(|port| Port { optional: true, many: true, ..port }));
                for end in &known.ends {
                    let (way, inner) = (format!("{name}.{}", known.name), name_in(level, end));
                    wires.insert(if is_input { (way, inner) } else { (inner, way) });
                }
            }
            if ports.is_empty() {
                continue;
            }
            let mut info = info(label, summary);
            info.kind = lasting(&name);
            let (inputs, outputs) = if is_input { (Vec::new(), ports) } else { (ports, Vec::new()) };
            let stand_in = StandIn { info, specs: Vec::new(), inputs, outputs };
            *kinds = std::mem::take(kinds).with_stand_in(Arc::new(stand_in));
            let node = NodeInstance::new(&name, info.kind, Params::new(), [x, middle]);
            indices.insert(name, drawn.graph.add_node(node));
        }
    }
}

fn info(label: &'static str, summary: &'static str) -> NodeInfo {
    NodeInfo {
        kind: "",
        label,
        summary,
        source: "",
        category: Category::Shape,
        search: &[],
        version: 1,
        work: Work::Lazy,
        inputs: &[],
        outputs: &[],
    }
}

/// A name that lives as long as the program, as those of nodes do; each is kept once.
fn lasting(text: &str) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(text) {
        return found;
    }
    let new: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(new);
    new
}

/// What stands for a group in a picture: it has ports and parameters, and is never run.
struct StandIn {
    info: NodeInfo,
    specs: Vec<ParamSpec>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

impl DynNode for StandIn {
    fn info(&self) -> NodeInfo {
        self.info
    }
    fn specs(&self) -> &[ParamSpec] {
        &self.specs
    }
    fn check(&self, _: &Params) -> Vec<ParamProblem> {
        Vec::new()
    }
    fn complete(&self, params: &Params) -> Result<Params, ParamProblem> {
        Ok(params.clone())
    }
    fn params_from_ron(&self, _: &str) -> Result<Params, ron::error::SpannedError> {
        Ok(Params::new())
    }
    fn params_to_ron(&self, _: &Params) -> Result<Vec<(String, String)>, ParamProblem> {
        Ok(Vec::new())
    }
    fn expand(&self, _: &Params) -> Result<Option<Expansion>, ParamProblem> {
        Ok(None)
    }
    fn acts(&self, _: &Params) -> Vec<Act> {
        Vec::new()
    }
    fn inputs(&self, _: &Params) -> Vec<Port> {
        self.inputs.clone()
    }
    fn outputs(&self, _: &Params) -> Vec<Port> {
        self.outputs.clone()
    }
    fn resolve(&self, params: &Params, _: &Inputs) -> Result<Params, NodeError> {
        Ok(params.clone())
    }
    fn files(&self, _: &Params, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
    fn writes(&self, _: &Params) -> Vec<PathBuf> {
        Vec::new()
    }
    fn uses_coordinates(&self, _: &Params) -> bool {
        false
    }
    fn takes_what_is_there(&self, _: &Params) -> bool {
        false
    }
    fn groups(&self, _: &Params) -> Option<Vec<String>> {
        None
    }
    fn sweeps(&self, _: &Params) -> Vec<Swept> {
        Vec::new()
    }
    fn renamed(&self, _: &Params, _: &dyn Fn(&str) -> Option<String>) -> Option<Params> {
        None
    }
    fn arrange(&self, _: &Params, _: &Coordinate, _: &ValueAt) -> Result<Vec<Passed>, NodeError> {
        Ok(Vec::new())
    }
    fn fit(&self, _: &Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }
    fn glimpse(&self, _: &Inputs) -> Result<Option<Glimpse<Params>>, NodeError> {
        Ok(None)
    }
    fn run(&self, _: &Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Err(NodeError::Failed("a picture is not run".into()))
    }
}
