//! One node: what arrives at it, the items it has, and what leaves.

use super::{
    Coordinate, NodeInstance, Port, Work,
    evaluate::{EvalState, Evaluator, NodeEval},
    evaluate_item::Open,
    join::{Arrivals, Grouped, Item, ItemState, Row, join},
    node::DynNode,
};
use crate::data::{Notice, text::counted};
use petgraph::{Direction, stable_graph::NodeIndex, visit::EdgeRef};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// Of so many items, spread over all of them, it is seen at once whether some can start.
const SCOUTED: usize = 64;

impl<'a> Evaluator<'a> {
    /// Evaluates a node; those before it are known.
    pub(super) fn node(&mut self, index: NodeIndex) -> NodeEval {
        let pipeline = self.pipeline;
        let instance = &pipeline.graph()[index];
        let Some(node) = self.registry.get(&instance.kind).cloned() else {
            let message = self.invalid.get(&instance.name).cloned();
            return NodeEval {
                invalid: message.or(Some("is of an unknown kind".into())),
                ..NodeEval::default()
            };
        };
        let off = |collections: &BTreeMap<&str, Option<Vec<Item>>>| collections.values().any(Option::is_none);
        let collections = self.collections(index);
        if instance.muted || off(&collections) {
            return NodeEval { off: true, ..NodeEval::default() };
        }
        let collections: BTreeMap<&str, Vec<Item>> =
            collections.into_iter().filter_map(|(port, items)| Some((port, items?))).collect();
        let inputs = node.inputs(&instance.params);
        let outputs = node.outputs(&instance.params);
        if instance.bypassed {
            return bypass(&inputs, &outputs, &collections);
        }
        if let Some(message) = self.invalid.get(&instance.name) {
            return NodeEval { invalid: Some(message.clone()), ..NodeEval::default() };
        }
        self.items(instance, &node, &inputs, &outputs, &collections)
    }

    /// The items of a source whose parameters are set by a node to which nothing is connected.
    fn swept_source(&self, source: &NodeInstance) -> Option<Vec<Row>> {
        let wires = self.pipeline.wires();
        let mut sweeps = self.pipeline.nodes().filter(|other| !other.muted && !other.bypassed);
        let (sweep, node) = sweeps.find_map(|other| {
            let node = self.registry.get(&other.kind)?;
            let sets = node.sweeps(&other.params).iter().any(|swept| swept.node == source.name);
            (sets && wires.iter().all(|wire| wire.2 != other.name)).then_some((other, node))
        })?;
        let passed = node.arrange(&sweep.params, &Coordinate::default(), &|_| Ok(None)).ok()?;
        Some(passed.into_iter().map(|passed| (passed.coordinate, Vec::new())).collect())
    }

    /// What arrives at each connected input; `None` where it comes from a node that is off.
    fn collections(&self, index: NodeIndex) -> BTreeMap<&'a str, Option<Vec<Item>>> {
        let graph = self.pipeline.graph();
        let mut edges: Vec<_> = graph.edges_directed(index, Direction::Incoming).collect();
        edges.sort_by_key(|e| (&graph[e.source()].name, &e.weight().from_port));
        let mut collections: BTreeMap<&str, Option<Vec<Item>>> = BTreeMap::new();
        for edge in edges {
            let wire = edge.weight();
            let from = self.nodes.get(&edge.source());
            let items = match from {
                Some(eval) if eval.off => None,
                Some(eval) if eval.invalid.is_some() => {
                    let reason = format!("{} before it cannot run", graph[edge.source()].name);
                    Some(vec![Item::new(Coordinate::default(), ItemState::Broken(reason))])
                }
                Some(eval) if graph[edge.source()].bypassed => eval.outputs.get(&wire.from_port).cloned(),
                Some(eval) => Some(eval.outputs.get(&wire.from_port).cloned().unwrap_or_else(|| {
                    let reason =
                        format!("{} has no output \"{}\"", graph[edge.source()].name, wire.from_port);
                    vec![Item::new(Coordinate::default(), ItemState::Broken(reason))]
                })),
                None => None,
            };
            let all = collections.entry(wire.to_port.as_str()).or_insert_with(|| Some(Vec::new()));
            match (all.as_mut(), items) {
                (Some(all), Some(items)) => all.extend(items),
                _ => *all = None,
            }
        }
        collections
    }

    fn items(
        &mut self,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
        inputs: &[Port],
        outputs: &[Port],
        collections: &BTreeMap<&str, Vec<Item>>,
    ) -> NodeEval {
        let arranges = node.info().work == Work::Arrange;
        let is_many = |port: &str| !arranges && inputs.iter().any(|p| p.name == port && p.many);
        let arrivals: Vec<(&str, Arrivals)> = collections
            .iter()
            .map(|(&port, items)| match is_many(port) {
                true => (port, Arrivals::gathered(items)),
                false => (port, Arrivals::single(items)),
            })
            .collect();
        let joined: Vec<(&str, &Arrivals)> = arrivals.iter().map(|(port, items)| (*port, items)).collect();
        if self.scouts && (arranges || inputs.iter().any(|port| port.many)) {
            let item = Item::new(Coordinate::default(), ItemState::Pending);
            let outputs = outputs.iter().map(|port| (port.name.to_owned(), vec![item.clone()]));
            return NodeEval { outputs: outputs.collect(), ..NodeEval::default() };
        }
        let (mut rows, unmatched) = join(&joined);
        if inputs.is_empty() {
            rows = self.swept_source(instance).unwrap_or(rows);
        }
        if self.scouts && rows.len() > SCOUTED {
            let step = rows.len().div_ceil(SCOUTED);
            rows = rows.into_iter().step_by(step).collect();
        }
        let settled = !collections.values().flatten().any(|i| matches!(i.state, ItemState::Pending));
        let mut eval = NodeEval {
            warnings: unmatched.into_iter().filter(|_| settled).map(Notice::from).collect(),
            outputs: outputs.iter().map(|p| (p.name.to_owned(), Vec::new())).collect(),
            ..NodeEval::default()
        };
        let tolerant = node.takes_what_is_there(&instance.params);
        // Where nothing comes to be gathered, there is nothing to gather.
        if !tolerant && collections.iter().any(|(port, items)| items.is_empty() && is_many(port)) {
            rows.clear();
        }
        let num_rows = rows.len();
        let mut left_out = BTreeMap::new();
        let mut open = Vec::with_capacity(rows.len());
        for (coordinate, row) in rows {
            let mut own: Vec<(&str, &Item)> = Vec::with_capacity(row.len());
            let mut grouped: Grouped = None;
            for ((port, arrived), &index) in joined.iter().zip(&row) {
                let items = collections.get(port).map_or(&[][..], Vec::as_slice);
                let gathers = is_many(port);
                let members: Vec<&Item> =
                    arrived.members(index).iter().filter_map(|&member| items.get(member)).collect();
                // Where nothing is there, there is nothing to take.
                let takes = gathers
                    && tolerant
                    && members.iter().any(|item| !matches!(item.state, ItemState::Broken(_)));
                for item in members {
                    match (&item.state, takes) {
                        (ItemState::Broken(reason), true) => {
                            left_out.insert(item.coordinate.clone(), reason.clone());
                        }
                        _ => own.push((*port, item)),
                    }
                    if !gathers {
                        grouped = both(grouped, &item.grouped);
                    }
                }
            }
            open.push(Open { coordinate, own, grouped });
        }
        self.evaluate_items(instance, node, open, &mut eval);
        eval.warnings.extend(
            left_out.into_iter().map(|(item, reason)| format!("item {item} is left out: {reason}").into()),
        );
        if arranges {
            refuse_twins(&mut eval);
            if settled && num_rows > 0 && eval.items.iter().all(|item| matches!(item.state, EvalState::Lazy))
            {
                let said = self.empty_ways(instance, &eval, num_rows);
                eval.warnings.extend(said.into_iter().map(Notice::from));
            }
        }
        eval
    }

    /// What is said of ways that something is connected to and that none of the items goes.
    fn empty_ways(&self, instance: &NodeInstance, eval: &NodeEval, arrived: usize) -> Vec<String> {
        let wires = self.pipeline.wires();
        let is_used = |port: &str| wires.iter().any(|wire| wire.0 == instance.name && wire.1 == port);
        let empty = eval.outputs.iter().filter(|(port, items)| items.is_empty() && is_used(port));
        let items = counted(arrived, "item");
        empty
            .map(|(port, _)| match eval.outputs.len() {
                1 => format!("0 of {items} go on: what follows has nothing to do"),
                _ => format!("0 of {items} leave at \"{port}\": what is connected there has nothing to do"),
            })
            .collect()
    }
}

/// Groups of items that meet: the finer of both.
fn both(a: Grouped, b: &Grouped) -> Grouped {
    match (a, b) {
        (None, b) => b.clone(),
        (a, None) => a,
        (Some(a), Some(b)) if a == *b => Some(a),
        (Some(a), Some(b)) => Some(Arc::new(a.union(b).cloned().collect())),
    }
}

/// Two items of the same keys could not be told apart by what follows.
fn refuse_twins(eval: &mut NodeEval) {
    for items in eval.outputs.values() {
        let mut seen = HashSet::new();
        if let Some(twin) = items.iter().find(|item| !seen.insert(&item.coordinate)) {
            eval.invalid = Some(format!(
                "two items have the keys \"{}\": give each wire a key of its own first (Set keys)",
                twin.coordinate
            ));
            return;
        }
    }
}

/// The first input of the same type passes through; other outputs carry nothing.
fn bypass(inputs: &[Port], outputs: &[Port], collections: &BTreeMap<&str, Vec<Item>>) -> NodeEval {
    let through = |output: &Port| {
        let input = inputs.iter().find(|input| input.port_type == output.port_type)?;
        collections.get(input.name).cloned()
    };
    let found: BTreeMap<String, Vec<Item>> =
        outputs.iter().filter_map(|p| Some((p.name.to_owned(), through(p)?))).collect();
    NodeEval { outputs: found, ..NodeEval::default() }
}
