//! The list of known nodes, handed in from above.

use super::{
    node::{Category, DynNode, Node},
    port::PortType,
};
use std::{collections::BTreeMap, sync::Arc};

/// Known nodes by kind.
#[derive(Clone, Default)]
pub struct Registry {
    nodes: BTreeMap<&'static str, Arc<dyn DynNode>>,
    order: Vec<&'static str>,
}

impl Registry {
    /// Adds a node; the last one of a kind wins.
    #[must_use]
    pub fn with<N: Node>(mut self, node: N) -> Self {
        let kind = N::INFO.kind;
        if self.nodes.insert(kind, super::node_erased(node)).is_none() {
            self.order.push(kind);
        }
        self
    }

    /// The same with a node that is found by its kind and listed nowhere.
    #[must_use]
    pub(super) fn with_stand_in(mut self, node: Arc<dyn DynNode>) -> Self {
        self.nodes.insert(node.info().kind, node);
        self
    }

    /// The node of a kind.
    pub fn get(&self, kind: &str) -> Option<&Arc<dyn DynNode>> {
        self.nodes.get(kind)
    }

    /// All nodes, in the order they were listed.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn DynNode>> {
        self.order.iter().filter_map(|kind| self.nodes.get(kind))
    }

    /// The nodes of a category, in the order they were listed.
    pub fn in_category(&self, category: Category) -> impl Iterator<Item = &Arc<dyn DynNode>> {
        self.iter().filter(move |node| node.info().category == category)
    }

    /// Nodes found by words, best first: label and kind before search words before the summary.
    pub fn search(&self, query: &str) -> Vec<&Arc<dyn DynNode>> {
        let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let whole = words.join(" ");
        let mut found: Vec<(bool, u32, usize, &Arc<dyn DynNode>)> = self
            .iter()
            .enumerate()
            .filter_map(|(index, node)| {
                let info = node.info();
                let label = info.label.to_lowercase();
                let synonyms = info.search.join(" ").to_lowercase();
                let summary = info.summary.to_lowercase();
                let mut rank = 0;
                for word in &words {
                    rank += if label.starts_with(word.as_str()) {
                        0
                    } else if label.contains(word.as_str()) || info.kind.contains(word.as_str()) {
                        1
                    } else if synonyms.contains(word.as_str()) {
                        2
                    } else if summary.contains(word.as_str()) {
                        4
                    } else {
                        return None;
                    };
                }
                // What is called so is meant before what only begins so.
                let is_other = label != whole && info.kind != whole;
                Some((is_other, rank, index, node))
            })
            .collect();
        found.sort_by_key(|&(is_other, rank, index, _)| (is_other, rank, index));
        found.into_iter().map(|(.., node)| node).collect()
    }

    /// Nodes with an input (or, with `inputs` false, an output) of a type; of those that take it,
    /// steps come first, then what regroups, then what makes up new data; in each, those that can do without it last.
    pub fn with_port(&self, port_type: PortType, inputs: bool) -> Vec<&Arc<dyn DynNode>> {
        let has = |node: &Arc<dyn DynNode>, optional: bool| {
            let info = node.info();
            let ports = if inputs { info.inputs } else { info.outputs };
            ports.iter().any(|port| port.port_type == port_type && port.optional == optional)
        };
        let mut found: Vec<_> = self.iter().filter(|node| has(node, false) || has(node, true)).collect();
        // A stable sort: otherwise they stay in their order.
        let turn = |node: &Arc<dyn DynNode>| match node.info().category {
            _ if !inputs => 0,
            Category::Source => 2,
            Category::Shape => 1,
            _ => 0,
        };
        found.sort_by_key(|node| (turn(node), !has(node, false)));
        found
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.order).finish()
    }
}
