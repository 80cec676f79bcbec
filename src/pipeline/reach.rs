//! How far nodes of a pipeline reach: what comes before which, what a change means for others.

use super::{NodeInstance, Pipeline};
use petgraph::{Direction, algo::toposort};
use std::collections::{BTreeSet, HashMap};

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
        let wires = self.wires();
        let mut open: Vec<String> = nodes.iter().cloned().collect();
        let mut reached = nodes;
        while let Some(next) = open.pop() {
            for wire in wires.iter().filter(|wire| wire.0 == next) {
                if reached.insert(wire.2.to_owned()) {
                    open.push(wire.2.to_owned());
                }
            }
        }
        reached
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
