//! Edits of wires and of what hangs on them: a wire moved, a node of another kind.

use super::{
    edit::{Edit, PipelineError},
    graph::{NodeInstance, Pipeline, split},
    group::{leaf_of, level_of, name_in},
    node::DynNode,
    params::{ParamSpec, Params},
    port::{Port, PortType},
    registry::Registry,
};
use std::sync::Arc;

impl Pipeline {
    /// The edit that moves a wire to other ends; a wire that a single input has there gives way.
    ///
    /// # Errors
    /// As [`Self::can_connect`].
    pub fn reconnect_edit(
        &self,
        registry: &Registry,
        old: (&str, &str),
        from: &str,
        to: &str,
    ) -> Result<Edit, PipelineError> {
        let off = Edit::Disconnect(old.0.to_owned(), old.1.to_owned());
        let mut without = self.clone();
        without.apply(off.clone())?;
        Ok(Edit::Batch(vec![off, without.connect_edits(registry, from, to)?]))
    }

    /// What a wire from this output carries.
    pub fn carries(&self, registry: &Registry, from: &str) -> Option<PortType> {
        let (name, port) = split(from)?;
        let instance = self.node(name)?;
        let outputs = registry.get(&instance.kind)?.outputs(&instance.params);
        outputs.into_iter().find(|p| p.name == port).map(|p| p.port_type)
    }

    /// The kinds a node could be replaced with: of the same shape, as it is wired; those most like it first.
    pub fn swaps(&self, registry: &Registry, name: &str) -> Vec<&'static str> {
        let Some(instance) = self.node(name) else { return Vec::new() };
        let others = registry.iter().filter(|node| node.info().kind != instance.kind);
        let mut fitting: Vec<_> =
            others.filter(|node| self.swap_wires(registry, instance, node).is_ok()).collect();
        if let Some(own) = registry.get(&instance.kind) {
            fitting.sort_by_key(|node| std::cmp::Reverse(likeness(&**own, &***node)));
        }
        fitting.into_iter().map(|node| node.info().kind).collect()
    }

    /// The edit that makes a node one of another kind, and the name it has then. Wires stay, and so do
    /// parameters of the same name and type.
    ///
    /// # Errors
    /// Where the kind is of another shape: a wire would be lost, or an input could not be given what it needs.
    pub fn swap_edit(
        &self,
        registry: &Registry,
        name: &str,
        kind: &str,
    ) -> Result<(Edit, String), PipelineError> {
        let (Some(instance), Some(node)) = (self.node(name), registry.get(kind)) else {
            return Err(PipelineError(format!("there is no node \"{name}\" or no kind \"{kind}\"")));
        };
        let moved = self.swap_wires(registry, instance, node)?;
        let old = registry.get(&instance.kind);
        let params = old.map_or_else(Params::new, |old| shared_params(&**old, &**node, &instance.params));
        let (off, on): (Vec<_>, Vec<_>) = moved.into_iter().unzip();
        let mut edits = off;
        edits.push(Edit::SetKind(name.to_owned(), node.info().kind.to_owned(), params, None));
        edits.extend(on);
        // A name that says the kind says the new one.
        let derived = leaf_of(name).strip_prefix(instance.kind.as_str()).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix('_').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        });
        let mut new = name.to_owned();
        if derived {
            new = self.free_name(&name_in(level_of(name), node.info().kind));
            edits.push(Edit::Rename(name.to_owned(), new.clone()));
        }
        Ok((Edit::Batch(edits), new))
    }

    /// The wires that change their port where a node becomes another: as removed and as drawn again.
    fn swap_wires(
        &self,
        registry: &Registry,
        instance: &NodeInstance,
        node: &Arc<dyn DynNode>,
    ) -> Result<Vec<(Edit, Edit)>, PipelineError> {
        let name = instance.name.as_str();
        let none = Params::new();
        let (inputs, outputs) = (node.inputs(&none), node.outputs(&none));
        let old = registry.get(&instance.kind);
        let (old_inputs, old_outputs) = old.map_or_else(Default::default, |old| {
            (old.inputs(&instance.params), old.outputs(&instance.params))
        });
        let refuse = |what: String| Err(PipelineError(format!("{} has {what}", node.info().label)));
        // What it gives first is what it is there for.
        if outputs.first().map(|p| p.port_type) != old_outputs.first().map(|p| p.port_type) {
            return refuse("other outputs".into());
        }
        let wires = self.wires();
        let mut taken: Vec<(String, &'static str)> = Vec::new();
        let mut moved = Vec::new();
        for (a, from, b, to) in wires.iter().filter(|w| w.0 == name || w.2 == name) {
            let enters = *b == name;
            let (port, olds, news) =
                if enters { (*to, &old_inputs, &inputs) } else { (*from, &old_outputs, &outputs) };
            let Some(known) = olds.iter().find(|p| p.name == port) else {
                return refuse(format!("no place for the wire at {port}"));
            };
            let side = if enters { "in" } else { "out" };
            let key = format!("{side} {port}");
            let is_free = |p: &&Port| {
                !taken.iter().any(|(of, new)| *new == p.name && of.starts_with(side) && *of != key)
                    && (!enters || p.many || !known.many)
            };
            let fits = |p: &&Port| p.port_type == known.port_type && is_free(p);
            let same = news.iter().filter(fits).find(|p| p.name == port);
            let Some(new) = same.or_else(|| news.iter().find(fits)) else {
                return refuse(format!("no {} {side}put for the wire at {port}", known.port_type));
            };
            taken.push((key, new.name));
            if new.name != port {
                let (start, end) = (format!("{a}.{from}"), format!("{b}.{to}"));
                let replaced = format!("{name}.{}", new.name);
                let (new_start, new_end) =
                    if enters { (start.clone(), replaced) } else { (replaced, end.clone()) };
                moved.push((Edit::Disconnect(start, end), Edit::Connect(new_start, new_end)));
            }
        }
        // What it needs besides must be what the old one could take.
        let needed = inputs.iter().filter(|p| !p.optional);
        let of_type = |ports: &[Port], t: PortType| ports.iter().filter(|p| p.port_type == t).count();
        for port in needed {
            let needs = inputs.iter().filter(|p| !p.optional && p.port_type == port.port_type).count();
            if of_type(&old_inputs, port.port_type) < needs {
                return refuse(format!("an input for {} that the old one has not", port.port_type));
            }
        }
        if inputs.is_empty() != old_inputs.is_empty() {
            return refuse("other inputs".into());
        }
        Ok(moved)
    }
}

/// The set parameters of one kind that mean the same in another: same name, same type, a value it accepts.
fn shared_params(old: &dyn DynNode, new: &dyn DynNode, params: &Params) -> Params {
    let spec = |node: &'_ dyn DynNode, name: &str| {
        node.specs().iter().find(|s| s.name == name).map(|s| (s.kind.clone(), s.unit.clone()))
    };
    let accepted = |name: &String, value: &serde_json::Value| {
        let alone = Params::from_iter([(name.clone(), value.clone())]);
        !new.check(&alone).iter().any(|problem| problem.field == *name)
    };
    let kept = params
        .iter()
        .filter(|(name, _)| spec(old, name).is_some_and(|known| spec(new, name) == Some(known)))
        .filter(|(name, value)| accepted(name, value));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// How like each other two nodes are: what they do first, then ports, parameters and where they are listed.
fn likeness(a: &dyn DynNode, b: &dyn DynNode) -> usize {
    let none = Params::new();
    let (acts, others) = (a.acts(&none), b.acts(&none));
    let done = acts.iter().filter(|act| others.contains(act)).count();
    let types = |ports: Vec<Port>| ports.iter().map(|port| port.port_type).collect::<Vec<_>>();
    let ports = usize::from(types(a.inputs(&none)) == types(b.inputs(&none)))
        + usize::from(types(a.outputs(&none)) == types(b.outputs(&none)));
    let has =
        |spec: &&ParamSpec| b.specs().iter().any(|other| other.name == spec.name && other.kind == spec.kind);
    let params = a.specs().iter().filter(has).count().min(3);
    let words = a.info().search.iter().filter(|word| b.info().search.contains(word)).count();
    let category = usize::from(a.info().category == b.info().category);
    8 * done + 4 * category + 2 * ports + 2 * words + params
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use crate::pipeline::toys::{self, chain};

    #[test]
    fn a_wire_is_moved_in_one_step_at_either_end() {
        let registry = toys::registry();
        let mut pipeline = chain();
        let old = ("n.table", "a.table");
        let edit = pipeline.reconnect_edit(&registry, old, "n.table", "b.table").unwrap();
        let undo = pipeline.apply(edit).unwrap();
        assert_eq!(pipeline.wires(), [("n", "table", "b", "table")]);
        pipeline.apply(undo).unwrap();
        let edit = pipeline.reconnect_edit(&registry, old, "b.table", "a.table").unwrap();
        pipeline.apply(edit).unwrap();
        assert_eq!(pipeline.wires(), [("b", "table", "a", "table")]);
        let back = ("b.table", "a.table");
        assert!(pipeline.reconnect_edit(&registry, back, "a.table", "a.table").is_err());
    }

    #[test]
    fn a_node_becomes_one_of_another_kind_with_its_wires() {
        let registry = toys::registry();
        let mut pipeline = chain();
        assert_eq!(pipeline.swaps(&registry, "a"), ["split", "gather", "centre", "plus"]);
        let (edit, name) = pipeline.swap_edit(&registry, "a", "plus").unwrap();
        let undo = pipeline.apply(edit).unwrap();
        assert_eq!((name.as_str(), pipeline.wires()), ("a", vec![("n", "table", "a", "a")]));
        pipeline.apply(undo).unwrap();
        let node = pipeline.node("a").unwrap();
        assert_eq!((node.kind.as_str(), node.params["add"].as_f64()), ("add", Some(3.0)));
        assert!(pipeline.swap_edit(&registry, "n", "plus").is_err(), "a source needs no input");
    }
}
