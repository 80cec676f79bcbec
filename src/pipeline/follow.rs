//! Parameters that name other nodes, where those get other names.

use super::{edit::Edit, graph::Pipeline, registry::Registry};
use std::collections::BTreeMap;

impl Pipeline {
    /// An edit; where it gives nodes other names, with what lets parameters that name them follow
    /// ([`Node::renamed`](super::Node::renamed)).
    pub fn following(&self, registry: &Registry, edit: Edit) -> Edit {
        if !gives_names(&edit) {
            return edit;
        }
        // An edit of groups names their nodes only where it is applied.
        let mut after = self.clone();
        if after.apply(edit.clone()).is_err() {
            return edit;
        }
        let known = self.graph.node_indices().filter_map(|index| {
            let (old, new) = (&self.graph[index].name, &after.graph.node_weight(index)?.name);
            (old != new).then_some((old.as_str(), new.as_str()))
        });
        let names: BTreeMap<&str, &str> = known.collect();
        let called = |name: &str| names.get(name).map(|&new| new.to_owned());
        let follow = after.nodes().filter_map(|instance| {
            let params = registry.get(&instance.kind)?.renamed(&instance.params, &called)?;
            Some(Edit::SetParams(instance.name.clone(), params))
        });
        let follow: Vec<Edit> = follow.collect();
        match follow.is_empty() {
            true => edit,
            false => Edit::Batch(std::iter::once(edit).chain(follow).collect()),
        }
    }
}

fn gives_names(edit: &Edit) -> bool {
    match edit {
        Edit::Rename(..) => true,
        Edit::Batch(edits) => edits.iter().any(gives_names),
        _ => false,
    }
}
