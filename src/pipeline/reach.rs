//! How far nodes of a pipeline reach: what comes before which, what a change means for others.

use super::{NodeInstance, Pipeline};
use petgraph::{Direction, algo::toposort};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// Which way wires are followed.
#[derive(Clone, Copy)]
enum Way {
    On,
    Back,
}

impl Pipeline {
    /// All nodes from the sources on, each after those it takes something from.
    pub fn in_order(&self) -> Vec<&NodeInstance> {
        // A pipeline with a cycle has no such order.
        let Ok(mut order) = toposort(self.graph(), None) else { return self.nodes().collect() };
        let mut depths = HashMap::new();
        for &index in &order {
            let before = self.graph().neighbors_directed(index, Direction::Incoming);
            let depth = before.filter_map(|before| depths.get(&before)).max().map_or(0, |most| most + 1);
            depths.insert(index, depth);
        }
        order.sort_by_key(|index| depths[index]);
        order.into_iter().map(|index| &self.graph()[index]).collect()
    }

    /// These nodes, and all that take something from them, near and far.
    pub fn with_followers(&self, nodes: BTreeSet<String>) -> BTreeSet<String> {
        let names: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let reached = self.reached(&names, Way::On, |_| false);
        let reached: Vec<String> = reached.into_iter().map(str::to_owned).collect();
        nodes.into_iter().chain(reached).collect()
    }

    /// The nodes that lead to one, the nearest first.
    pub fn nodes_before(&self, name: &str) -> Vec<&NodeInstance> {
        self.reached(&[name], Way::Back, |_| false).into_iter().filter_map(|name| self.node(name)).collect()
    }

    /// The nodes of some kind that are reached against the wires without passing another of it, by name.
    pub(super) fn nearest_before(&self, name: &str, is_one: impl Fn(&str) -> bool) -> BTreeSet<&str> {
        self.reached(&[name], Way::Back, &is_one).into_iter().filter(|name| is_one(name)).collect()
    }

    /// Other nodes that are reached along the wires, the nearest first; none beyond those at which it `stops`.
    fn reached(&self, from: &[&str], way: Way, stops: impl Fn(&str) -> bool) -> Vec<&str> {
        let wires = self.wires().into_iter().map(|wire| match way {
            Way::On => (wire.0, wire.2),
            Way::Back => (wire.2, wire.0),
        });
        let mut next: HashMap<&str, Vec<&str>> = HashMap::new();
        wires.for_each(|(from, to)| next.entry(from).or_default().push(to));
        let mut seen: HashSet<&str> = from.iter().copied().collect();
        let mut found: Vec<&str> = Vec::new();
        let first = from.iter().filter_map(|name| next.get(name));
        let mut open: VecDeque<&str> = first.flatten().copied().collect();
        while let Some(name) = open.pop_front() {
            if seen.insert(name) {
                found.push(name);
                if !stops(name) {
                    open.extend(next.get(name).into_iter().flatten());
                }
            }
        }
        found
    }

    /// Whether both do the same, wherever their nodes lie and whatever is written beside them.
    pub fn does_as(&self, other: &Self) -> bool {
        self.nodes().count() == other.nodes().count() && self.changed_since(other).is_empty()
    }

    /// Nodes whose results may be others than those of the same name in another pipeline.
    pub fn changed_since(&self, other: &Pipeline) -> BTreeSet<String> {
        if self.seed() != other.seed() {
            return self.nodes().map(|node| node.name.clone()).collect();
        }
        let [wires, before] = [self.wires(), other.wires()];
        let same = |node: &&NodeInstance| {
            let is_same = |known: &NodeInstance| {
                known.kind == node.kind
                    && known.params == node.params
                    && known.raw_params == node.raw_params
                    && (known.muted, known.bypassed) == (node.muted, node.bypassed)
            };
            let enters = |wire: &&(&str, &str, &str, &str)| wire.2 == node.name;
            other.node(&node.name).is_some_and(is_same)
                && wires.iter().filter(enters).eq(before.iter().filter(enters))
        };
        let differ = self.nodes().filter(|node| !same(node)).map(|node| node.name.clone());
        self.with_followers(differ.collect())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::{Edit, Params};

    #[test]
    fn a_change_reaches_what_follows_and_nothing_else() {
        let mut pipeline = Pipeline::default();
        for name in ["d", "c", "b", "a"] {
            pipeline
                .apply(Edit::AddNode(NodeInstance::new(name, "kind", Params::new(), [0.0, 0.0])))
                .unwrap();
        }
        for (from, to) in [("a", "b"), ("b", "c"), ("a", "d")] {
            pipeline.apply(Edit::Connect(format!("{from}.x"), format!("{to}.x"))).unwrap();
        }
        let names: Vec<&str> = pipeline.in_order().iter().map(|node| node.name.as_str()).collect();
        assert_eq!((names[0], names[3]), ("a", "c"));
        let before: Vec<&str> = pipeline.nodes_before("c").iter().map(|node| node.name.as_str()).collect();
        assert_eq!(before, ["b", "a"]);
        assert_eq!(pipeline.nearest_before("c", |name| name != "c"), BTreeSet::from(["b"]));
        assert_eq!(pipeline.nearest_before("c", |name| name == "a"), BTreeSet::from(["a"]));
        let mut other = pipeline.clone();
        assert!(other.changed_since(&pipeline).is_empty());
        let params = [("x".to_owned(), 1.into())].into_iter().collect();
        other.apply(Edit::SetParams("b".into(), params)).unwrap();
        other.apply(Edit::Move(vec![("d".into(), [9.0, 9.0])])).unwrap();
        let changed = other.changed_since(&pipeline);
        assert_eq!(changed.iter().map(String::as_str).collect::<Vec<_>>(), ["b", "c"]);
        assert!(!other.does_as(&pipeline));
        let mut other = pipeline.clone();
        other.apply(Edit::Move(vec![("d".into(), [9.0, 9.0])])).unwrap();
        assert!(other.does_as(&pipeline));
        other.apply(Edit::RemoveNode("d".into())).unwrap();
        assert!(!other.does_as(&pipeline) && !pipeline.does_as(&other));
    }
}
