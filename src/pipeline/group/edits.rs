//! Nodes made into a group, a group into its nodes, and what of the inside is shown on the outside.

use super::{Group, GroupPort, free_port, is_way, leaf_of, level_of, name_in};
use crate::pipeline::{Edit, Mark, Pipeline, PipelineError, Port, Registry};
use std::collections::{BTreeMap, BTreeSet};

/// What a new group is called.
const NAME: &str = "group";

impl Pipeline {
    /// The edit that makes nodes and groups of one level a group, with the marks of these numbers, and its name. Its
    /// ports are where wires are cut, and where ends are open that must be wired or that lead nowhere yet.
    ///
    /// # Errors
    /// Where there is nothing to group, or something outside lies between.
    pub fn group_edit(
        &self,
        registry: &Registry,
        names: &BTreeSet<String>,
        marks: &BTreeSet<u32>,
    ) -> Result<(Edit, String), PipelineError> {
        let children: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| !is_way(name) && self.has(name)).collect();
        let Some(first) = children.first() else {
            return Err(PipelineError("select the nodes to group first".into()));
        };
        let level = level_of(first);
        if children.iter().any(|child| level_of(child) != level) {
            return Err(PipelineError("nodes of different groups cannot be grouped".into()));
        }
        let inside: BTreeSet<&str> = children.iter().flat_map(|child| self.nodes_of(child)).collect();
        if let Some(between) = self.between(&inside) {
            return Err(PipelineError(format!(
                "{} lies between these nodes: select it too, or leave out what comes after it",
                leaf_of(between)
            )));
        }
        let name = self.free_name(&name_in(level, NAME));
        let mut group = Group { position: self.corner(&children), ..Group::default() };
        self.cut_ports(&children, &inside, &mut group);
        self.open_ports(registry, &children, &inside, &mut group);
        let mut edits = Vec::new();
        edits.extend(self.named_through(level, &children, &name, &mut group));
        edits.push(Edit::SetGroup(name.clone(), Some(group)));
        let child = |child: &&str| Edit::Rename((*child).to_owned(), name_in(&name, leaf_of(child)));
        edits.extend(children.iter().map(child));
        edits.extend(marks.iter().filter_map(|number| {
            let mark = self.mark(*number)?.clone();
            Some(Edit::SetMark(*number, Some(Mark { group: name.clone(), ..mark })))
        }));
        Ok((Edit::Batch(edits), name))
    }

    /// A node outside that leads from some of these nodes to others.
    fn between(&self, inside: &BTreeSet<&str>) -> Option<&str> {
        let wires = self.wires();
        let reach = |forward: bool| {
            let mut reached: BTreeSet<&str> = BTreeSet::new();
            loop {
                let before = reached.len();
                for w in &wires {
                    let (from, to) = if forward { (w.0, w.2) } else { (w.2, w.0) };
                    if (inside.contains(from) || reached.contains(from)) && !inside.contains(to) {
                        reached.insert(to);
                    }
                }
                if reached.len() == before {
                    return reached;
                }
            }
        };
        reach(true).intersection(&reach(false)).next().copied()
    }

    fn corner(&self, children: &[&str]) -> [f32; 2] {
        let places: Vec<[f32; 2]> = children.iter().filter_map(|child| self.place_of(child)).collect();
        [0, 1].map(|axis| places.iter().map(|place| place[axis]).reduce(f32::min).unwrap_or(0.0))
    }

    /// An end of a node as the new group will name it, by the child that it is or lies in.
    fn child_end(&self, children: &[&str], (node, port): (&str, &str), is_input: bool) -> Option<String> {
        let child = children.iter().find(|child| **child == node || super::is_inside(child, node))?;
        self.end_within(level_of(child), (node, port), is_input)
    }

    fn cut_ports(&self, children: &[&str], inside: &BTreeSet<&str>, group: &mut Group) {
        let mut sources: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (a, from, b, to) in self.wires() {
            if inside.contains(a) == inside.contains(b) {
                continue;
            }
            let is_input = inside.contains(b);
            let inner = if is_input { (b, to) } else { (a, from) };
            let Some(end) = self.child_end(children, inner, is_input) else { continue };
            let ports = group.ports_mut(is_input);
            if ports.iter().any(|port| port.ends.contains(&end)) {
                continue;
            }
            // What comes from one place comes in by one port.
            let known = sources.get(&(a, from)).filter(|_| is_input).and_then(|at| ports.get_mut(*at));
            match known {
                Some(port) => port.ends.push(end),
                None => {
                    if is_input {
                        sources.insert((a, from), ports.len());
                    }
                    ports.push(GroupPort { name: free_port(ports, &end), ends: vec![end] });
                }
            }
        }
    }

    /// Ports for inputs that need a wire and for outputs of nodes that lead nowhere.
    fn open_ports(&self, registry: &Registry, children: &[&str], inside: &BTreeSet<&str>, group: &mut Group) {
        let wires = self.wires();
        for name in inside {
            let Some(instance) = self.node(name) else { continue };
            let Some(node) = registry.get(&instance.kind) else { continue };
            let entered = |port: &Port| wires.iter().any(|w| (w.2, w.3) == (*name, port.name));
            let leads = wires.iter().any(|w| w.0 == *name);
            let inputs = node.inputs(&instance.params);
            let inputs =
                inputs.iter().filter(|port| !port.optional && !entered(port)).map(|port| (port, true));
            let outputs = node.outputs(&instance.params);
            let outputs = outputs.iter().filter(|_| !leads).map(|port| (port, false));
            for (port, is_input) in inputs.chain(outputs) {
                let Some(end) = self.child_end(children, (name, port.name), is_input) else { continue };
                let ports = group.ports_mut(is_input);
                if !ports.iter().any(|port| port.ends.contains(&end)) {
                    ports.push(GroupPort { name: free_port(ports, &end), ends: vec![end] });
                }
            }
        }
    }

    /// What a group around names of these children it names through the new group.
    fn named_through(&self, level: &str, children: &[&str], name: &str, group: &mut Group) -> Option<Edit> {
        let outer = self.groups.get(level)?;
        let mut new = outer.clone();
        let of_child = |end: &str| {
            end.split_once('.').is_some_and(|(node, _)| children.iter().any(|child| leaf_of(child) == node))
        };
        for is_input in [true, false] {
            let ends = new.ports_mut(is_input).iter_mut().flat_map(|port| &mut port.ends);
            for end in ends.filter(|end| of_child(end)) {
                let ports = group.ports_mut(is_input);
                let at = ports.iter().position(|port| port.ends.contains(end)).unwrap_or_else(|| {
                    ports.push(GroupPort { name: free_port(ports, end), ends: vec![end.clone()] });
                    ports.len() - 1
                });
                *end = format!("{}.{}", leaf_of(name), ports[at].name);
            }
            // Several ends of one port are one end now.
            new.ports_mut(is_input).iter_mut().for_each(|port| {
                let mut seen = BTreeSet::new();
                port.ends.retain(|end| seen.insert(end.clone()));
            });
        }
        for (shown, inner) in new.params.iter_mut().filter(|(_, inner)| of_child(inner)) {
            group.params.push((shown.clone(), inner.clone()));
            *inner = format!("{}.{shown}", leaf_of(name));
        }
        (new != *outer).then(|| Edit::SetGroup(level.to_owned(), Some(new)))
    }

    /// The edit that takes a group apart: what lies in it lies where it was from then on, and the names that has.
    ///
    /// # Errors
    /// Where there is no such group.
    pub fn ungroup_edit(&self, name: &str) -> Result<(Edit, Vec<String>), PipelineError> {
        let Some(group) = self.groups.get(name) else {
            return Err(PipelineError(format!("{name} is no group")));
        };
        let level = level_of(name);
        let children: Vec<String> = self.names_at(name).into_iter().map(str::to_owned).collect();
        let corner = self.corner(&children.iter().map(String::as_str).collect::<Vec<_>>());
        let shift = [0, 1].map(|axis| group.position[axis] - corner[axis]);
        let mut scratch = self.clone();
        let (mut edits, mut names, mut moves) = (Vec::new(), Vec::new(), Vec::new());
        let ports = self.with_all_ports(name);
        // Before children get their names: the group around names them directly.
        for child in &children {
            let leaf = leaf_of(child);
            let own = name_in(level, leaf);
            let free = if own == name || scratch.has(&own) { scratch.free_name(&own) } else { own };
            let rename = Edit::Rename(child.clone(), free.clone());
            scratch.apply(rename.clone())?;
            edits.push(rename);
            if let Some([x, y]) = self.place_of(child) {
                moves.push((free.clone(), [x + shift[0], y + shift[1]]));
            }
            names.push(free);
        }
        edits.extend(self.named_directly(name, &ports, &children, &names));
        for (number, mark) in self.marks().filter(|(_, mark)| mark.group == name) {
            let position = [mark.position[0] + shift[0], mark.position[1] + shift[1]];
            let mark = Mark { group: level.to_owned(), position, ..mark.clone() };
            edits.push(Edit::SetMark(number, Some(mark)));
        }
        edits.push(Edit::Move(moves));
        edits.push(Edit::SetGroup(name.to_owned(), None));
        Ok((Edit::Batch(edits), names))
    }

    /// What the group around named through `name` it names directly.
    fn named_directly(
        &self,
        name: &str,
        group: &Group,
        children: &[String],
        names: &[String],
    ) -> Option<Edit> {
        let level = level_of(name);
        let mut outer = self.groups.get(level)?.clone();
        let called = |end: &String| {
            let (node, port) = end.split_once('.')?;
            let at = children.iter().position(|child| leaf_of(child) == node)?;
            Some(format!("{}.{port}", leaf_of(&names[at])))
        };
        let through = |end: &str| {
            end.split_once('.').filter(|(node, _)| *node == leaf_of(name)).map(|(_, p)| p.to_owned())
        };
        for is_input in [true, false] {
            for port in outer.ports_mut(is_input) {
                let direct = port.ends.iter().flat_map(|end| match through(end) {
                    None => vec![end.clone()],
                    Some(own) => {
                        let found = group.ports(is_input).iter().find(|port| port.name == own);
                        found.map_or_else(Vec::new, |found| found.ends.iter().filter_map(called).collect())
                    }
                });
                port.ends = direct.collect();
            }
            outer.ports_mut(is_input).retain(|port| !port.ends.is_empty());
        }
        outer.params = outer
            .params
            .into_iter()
            .filter_map(|(shown, inner)| match through(&inner) {
                None => Some((shown, inner)),
                Some(own) => {
                    let (_, inner) = group.params.iter().find(|(known, _)| *known == own)?;
                    Some((shown, called(inner)?))
                }
            })
            .collect();
        Some(Edit::SetGroup(level.to_owned(), Some(outer)))
    }

    /// The name by which the group around shows a parameter, as `clean/filter.freq_min`.
    pub fn shown_param(&self, name: &str, field: &str) -> Option<&str> {
        let group = self.groups.get(level_of(name))?;
        let inner = format!("{}.{field}", leaf_of(name));
        group.params.iter().find(|(_, known)| *known == inner).map(|(shown, _)| shown.as_str())
    }

    /// The edit that shows a parameter on the outside of the group around, or hides it again.
    ///
    /// # Errors
    /// Where the node lies in no group.
    pub fn show_param_edit(&self, name: &str, field: &str) -> Result<Edit, PipelineError> {
        let level = level_of(name);
        let Some(mut group) = self.groups.get(level).cloned() else {
            return Err(PipelineError(format!("{name} lies in no group")));
        };
        let inner = format!("{}.{field}", leaf_of(name));
        let before = group.params.len();
        group.params.retain(|(_, known)| *known != inner);
        if group.params.len() == before {
            let names: Vec<GroupPort> = group
                .params
                .iter()
                .map(|(name, _)| GroupPort { name: name.clone(), ends: Vec::new() })
                .collect();
            group.params.push((free_port(&names, &inner), inner));
        }
        Ok(Edit::SetGroup(level.to_owned(), Some(group)))
    }

    /// The port by which the group around shows an end, as `clean/filter.recording`.
    pub fn shown_port(&self, end: &str, is_input: bool) -> Option<String> {
        let (name, port) = end.split_once('.')?;
        self.groups.get(level_of(name))?;
        let inner = format!("{}.{port}", leaf_of(name));
        let ports = self.group_ports(level_of(name), is_input);
        ports.into_iter().find(|port| port.ends.contains(&inner)).map(|port| port.name)
    }

    /// The edit that makes an end a port of the group around, or none any more.
    ///
    /// # Errors
    /// Where the node lies in no group.
    pub fn show_port_edit(&self, end: &str, is_input: bool) -> Result<Edit, PipelineError> {
        let (name, port) = end.split_once('.').unwrap_or((end, ""));
        let level = level_of(name);
        if !self.groups.contains_key(level) {
            return Err(PipelineError(format!("{name} lies in no group")));
        }
        let inner = format!("{}.{port}", leaf_of(name));
        Ok(match (self.shown_port(end, is_input), is_input) {
            (Some(shown), _) => self.cut(level, &shown, &inner, is_input),
            (None, true) => self.led_in(level, "", inner),
            (None, false) => self.led_out(level, "", inner),
        })
    }
}
