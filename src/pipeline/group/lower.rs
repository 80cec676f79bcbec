//! Edits that name groups, as edits of the nodes inside: a group is renamed, wired and muted like a node.

use super::{
    Group, GroupPort, WAY_IN, WAY_OUT, free_port, is_inside, is_way, leaf_of, level_of, name_in, renamed,
};
use crate::pipeline::{Edit, Mark, NodeInstance, Pipeline, PipelineError, graph::split, params::Params};

impl Pipeline {
    /// What an edit that names a group, or something that a group names, means for nodes; `None` for all others.
    ///
    /// # Errors
    /// Where a group cannot be edited so.
    pub(in crate::pipeline) fn lowered(&self, edit: &Edit) -> Result<Option<Edit>, PipelineError> {
        // What lies in a group finds it there.
        let (Edit::AddNode(NodeInstance { name: new, .. })
        | Edit::Rename(_, new)
        | Edit::SetGroup(new, Some(_))) = edit
        else {
            return if self.groups.is_empty() { Ok(None) } else { self.lowered_of_group(edit) };
        };
        let level = level_of(new);
        if !level.is_empty() && !self.groups.contains_key(level) {
            let around = Edit::SetGroup(level.to_owned(), Some(Group::default()));
            return Ok(Some(Edit::Batch(vec![around, edit.clone()])));
        }
        self.lowered_of_group(edit)
    }

    fn lowered_of_group(&self, edit: &Edit) -> Result<Option<Edit>, PipelineError> {
        let each = |name: &str, edit: fn(String, bool) -> Edit, on: bool| {
            Edit::Batch(self.nodes_of(name).into_iter().map(|node| edit(node.to_owned(), on)).collect())
        };
        let is_group = |name: &str| self.groups.contains_key(name);
        let lowered = match edit {
            // The two ways stay where they are; they are no nodes.
            Edit::RemoveNode(name) | Edit::SetMuted(name, _) | Edit::SetBypassed(name, _) if is_way(name) => {
                Edit::Batch(Vec::new())
            }
            Edit::RemoveNode(name) if is_group(name) => self.without_group(name),
            Edit::RemoveNode(name) => {
                let mut edits = self.unnamed(name, None);
                if edits.is_empty() {
                    return Ok(None);
                }
                edits.push(edit.clone());
                Edit::Batch(edits)
            }
            Edit::Rename(old, new) if is_group(old) => self.rename_group(old, new)?,
            Edit::Rename(old, new) if level_of(old) == level_of(new) && old != new => {
                let Some(named) = self.named_anew(old, leaf_of(new)) else { return Ok(None) };
                // Named anew, the group does not name the old one any more: this comes here once.
                Edit::Batch(vec![named, edit.clone()])
            }
            Edit::SetMuted(name, on) if is_group(name) => each(name, Edit::SetMuted, *on),
            Edit::SetBypassed(name, on) if is_group(name) => each(name, Edit::SetBypassed, *on),
            Edit::SetCollapsed(name, collapsed) => match self.groups.get(name) {
                Some(group) => {
                    Edit::SetGroup(name.clone(), Some(Group { collapsed: *collapsed, ..group.clone() }))
                }
                None => return Ok(None),
            },
            Edit::SetParams(name, params) => match self.groups.get(name) {
                Some(group) => self.inner_params(name, group, params),
                None => return Ok(None),
            },
            Edit::SetKind(name, ..) if is_group(name) => {
                return Err(PipelineError(format!("{name} is a group: ungroup it to replace its nodes")));
            }
            Edit::Connect(from, to) => return self.lowered_wire(from, to, true),
            Edit::Disconnect(from, to) => return self.lowered_wire(from, to, false),
            _ => return Ok(None),
        };
        Ok(Some(lowered))
    }

    fn without_group(&self, name: &str) -> Edit {
        let mut edits = self.unnamed(name, None);
        edits.extend(self.nodes_of(name).into_iter().map(|node| Edit::RemoveNode(node.to_owned())));
        let marks = self.marks().filter(|(_, mark)| mark.group == name || is_inside(name, &mark.group));
        edits.extend(marks.map(|(number, _)| Edit::SetMark(number, None)));
        let inner = self.groups.keys().filter(|other| *other == name || is_inside(name, other));
        // Undone in the other order: a group is there before what lies in it.
        edits.extend(inner.rev().map(|other| Edit::SetGroup(other.clone(), None)));
        Edit::Batch(edits)
    }

    /// The edits after which the groups around do not name something inside them, or one port of it, any more.
    fn unnamed(&self, name: &str, port: Option<&str>) -> Vec<Edit> {
        let level = level_of(name);
        let Some(group) = self.groups.get(level) else { return Vec::new() };
        let names = |end: &str| {
            end.split_once('.')
                .is_some_and(|(node, own)| node == leaf_of(name) && port.is_none_or(|port| port == own))
        };
        let (mut left, mut gone) = (group.clone(), Vec::new());
        for is_input in [true, false] {
            let ports = left.ports_mut(is_input);
            ports.iter_mut().for_each(|port| port.ends.retain(|end| !names(end)));
            gone.extend(ports.iter().filter(|port| port.ends.is_empty()).map(|port| port.name.clone()));
            ports.retain(|port| !port.ends.is_empty());
        }
        // Parameters go with their node, not with a port.
        if port.is_none() {
            left.params.retain(|(_, inner)| !names(inner));
        }
        if left == *group {
            return Vec::new();
        }
        let mut edits = vec![Edit::SetGroup(level.to_owned(), Some(left))];
        edits.extend(gone.iter().flat_map(|port| self.unnamed(level, Some(port))));
        edits
    }

    /// The edit after which the group around calls something inside by another name, where it names it.
    fn named_anew(&self, name: &str, leaf: &str) -> Option<Edit> {
        let level = level_of(name);
        let group = self.groups.get(level)?;
        let mut new = group.clone();
        let ends = new.inputs.iter_mut().chain(&mut new.outputs).flat_map(|port| &mut port.ends);
        for end in ends.chain(new.params.iter_mut().map(|(_, inner)| inner)) {
            if let Some((node, port)) = end.split_once('.')
                && node == leaf_of(name)
            {
                *end = format!("{leaf}.{port}");
            }
        }
        (new != *group).then(|| Edit::SetGroup(level.to_owned(), Some(new)))
    }

    /// A group under another name, where that lies at the same level with what the group around says of it.
    fn rename_group(&self, old: &str, new: &str) -> Result<Edit, PipelineError> {
        if let Some(reason) = (old != new).then(|| self.refused_name(new)).flatten() {
            return Err(PipelineError(reason));
        }
        let mut edits = Vec::new();
        if level_of(old) == level_of(new) {
            edits.extend(self.named_anew(old, leaf_of(new)));
        }
        let own: Vec<(&String, &Group, String)> = self
            .groups
            .iter()
            .filter_map(|(name, group)| Some((name, group, renamed(name, old, new)?)))
            .collect();
        edits.extend(own.iter().map(|(_, group, to)| Edit::SetGroup(to.clone(), Some((*group).clone()))));
        for node in self.nodes_of(old) {
            edits.extend(renamed(node, old, new).map(|to| Edit::Rename(node.to_owned(), to)));
        }
        for (number, mark) in self.marks() {
            if let Some(group) = renamed(&mark.group, old, new) {
                edits.push(Edit::SetMark(number, Some(Mark { group, ..mark.clone() })));
            }
        }
        edits.extend(own.iter().rev().map(|(name, ..)| Edit::SetGroup((*name).clone(), None)));
        Ok(Edit::Batch(if old == new { Vec::new() } else { edits }))
    }

    /// Parameters that a group shows, set where they are.
    fn inner_params(&self, name: &str, group: &Group, params: &Params) -> Edit {
        let mut inner: Vec<(String, Params)> = Vec::new();
        for (shown, end) in &group.params {
            let Some((child, field)) = end.split_once('.') else { continue };
            let child = name_in(name, child);
            let Some(own) = self.params_of(&child) else { continue };
            let at = inner.iter().position(|(known, _)| *known == child).unwrap_or_else(|| {
                inner.push((child, own));
                inner.len() - 1
            });
            match params.get(shown) {
                Some(value) => drop(inner[at].1.insert(field.to_owned(), value.clone())),
                None => drop(inner[at].1.remove(field)),
            }
        }
        inner.retain(|(child, params)| self.params_of(child).as_ref() != Some(params));
        Edit::Batch(inner.into_iter().map(|(child, params)| Edit::SetParams(child, params)).collect())
    }

    /// The parameters of a node that were set, or those of a group that it shows.
    pub fn params_of(&self, name: &str) -> Option<Params> {
        let Some(group) = self.groups.get(name) else { return Some(self.node(name)?.params.clone()) };
        let value = |(shown, end): &(String, String)| {
            let (child, field) = end.split_once('.')?;
            Some((shown.clone(), self.params_of(&name_in(name, child))?.get(field)?.clone()))
        };
        Some(group.params.iter().filter_map(value).collect())
    }

    /// A wire to or from a group, or one of the two ways of its picture, as wires between nodes.
    fn lowered_wire(&self, from: &str, to: &str, draws: bool) -> Result<Option<Edit>, PipelineError> {
        let (Some((a, out)), Some((b, into))) = (split(from), split(to)) else { return Ok(None) };
        let level = level_of(a);
        if leaf_of(a) == WAY_IN && self.groups.contains_key(level) {
            let end = format!("{}.{into}", leaf_of(b));
            return Ok(Some(if draws {
                self.led_in(level, out, end)
            } else {
                self.cut(level, out, &end, true)
            }));
        }
        if leaf_of(b) == WAY_OUT && self.groups.contains_key(level) {
            let end = format!("{}.{out}", leaf_of(a));
            let edit =
                if draws { self.led_out(level, into, end) } else { self.cut(level, into, &end, false) };
            return Ok(Some(edit));
        }
        if self.index(a).is_some() && self.index(b).is_some() {
            return Ok(None);
        }
        let (sources, targets) = (self.flat_ends(from, false), self.flat_ends(to, true));
        for (ends, name, port, what) in [(&sources, a, out, "output"), (&targets, b, into, "input")] {
            if ends.is_empty() {
                let what = match self.has(name) {
                    true => format!("{name} has no {what} \"{port}\""),
                    false => format!("there is no node \"{name}\""),
                };
                return Err(PipelineError(what));
            }
        }
        let pairs = sources.iter().flat_map(|from| targets.iter().map(move |to| (from.clone(), to.clone())));
        let wires: Vec<(String, String)> = pairs.collect();
        if draws {
            return Ok(Some(Edit::Batch(
                wires.into_iter().map(|(from, to)| Edit::Connect(from, to)).collect(),
            )));
        }
        let there = wires.into_iter().filter(|(from, to)| self.has_wire(from, to));
        let off: Vec<Edit> = there.map(|(from, to)| Edit::Disconnect(from, to)).collect();
        match off.is_empty() {
            true => Err(PipelineError(format!("there is no wire from {from} to {to}"))),
            false => Ok(Some(Edit::Batch(off))),
        }
    }

    fn has_wire(&self, from: &str, to: &str) -> bool {
        self.wires().iter().any(|w| split(from) == Some((w.0, w.1)) && split(to) == Some((w.2, w.3)))
    }

    /// The ports of a group, those that wires make included, as ports it was given.
    pub(super) fn with_all_ports(&self, level: &str) -> Group {
        let group = self.groups.get(level).cloned().unwrap_or_default();
        let (inputs, outputs) = (self.group_ports(level, true), self.group_ports(level, false));
        Group { inputs, outputs, ..group }
    }

    /// What comes in by a port of a group goes to one more end inside.
    pub(super) fn led_in(&self, level: &str, port: &str, end: String) -> Edit {
        let mut group = self.with_all_ports(level);
        let brought = self.wires_of(&format!("{level}.{port}"), true);
        match group.inputs.iter_mut().find(|known| known.name == port) {
            Some(known) => known.ends.push(end.clone()),
            None => {
                let name = if port.is_empty() { free_port(&group.inputs, &end) } else { port.to_owned() };
                group.inputs.push(GroupPort { name, ends: vec![end.clone()] });
            }
        }
        let mut edits = vec![Edit::SetGroup(level.to_owned(), Some(group))];
        let mut sources: Vec<String> = brought.into_iter().map(|(from, _)| from).collect();
        sources.dedup();
        for target in self.flat_ends(&name_in(level, &end), true) {
            edits.extend(sources.iter().map(|from| Edit::Connect(from.clone(), target.clone())));
        }
        Edit::Batch(edits)
    }

    /// What goes out by a port of a group comes from this end.
    pub(super) fn led_out(&self, level: &str, port: &str, end: String) -> Edit {
        let mut group = self.with_all_ports(level);
        let led = self.wires_of(&format!("{level}.{port}"), false);
        match group.outputs.iter_mut().find(|known| known.name == port) {
            Some(known) => known.ends = vec![end.clone()],
            None => {
                let name = if port.is_empty() { free_port(&group.outputs, &end) } else { port.to_owned() };
                group.outputs.push(GroupPort { name, ends: vec![end.clone()] });
            }
        }
        let mut edits = vec![Edit::SetGroup(level.to_owned(), Some(group))];
        for (from, to) in led {
            edits.push(Edit::Disconnect(from, to.clone()));
            let sources = self.flat_ends(&name_in(level, &end), false);
            edits.extend(sources.into_iter().map(|from| Edit::Connect(from, to.clone())));
        }
        Edit::Batch(edits)
    }

    /// An end inside is no port of its group any more; wires from outside to it go with it.
    pub(super) fn cut(&self, level: &str, port: &str, end: &str, is_input: bool) -> Edit {
        let mut group = self.with_all_ports(level);
        let ports = group.ports_mut(is_input);
        for known in ports.iter_mut().filter(|known| known.name == port) {
            known.ends.retain(|own| own != end);
        }
        let is_gone = ports.iter().any(|known| known.ends.is_empty());
        ports.retain(|known| !known.ends.is_empty());
        let flat = self.flat_ends(&name_in(level, end), is_input);
        let crossing = self.wires_of(&format!("{level}.{port}"), is_input);
        let off = crossing.into_iter().filter(|(from, to)| flat.contains(if is_input { to } else { from }));
        let mut edits: Vec<Edit> = off.map(|(from, to)| Edit::Disconnect(from, to)).collect();
        edits.push(Edit::SetGroup(level.to_owned(), Some(group)));
        if is_gone {
            edits.extend(self.unnamed(level, Some(port)));
        }
        Edit::Batch(edits)
    }

    /// The wires of nodes that cross the border of a group by a port, `clean.recording`.
    fn wires_of(&self, end: &str, is_input: bool) -> Vec<(String, String)> {
        let group = end.split_once('.').map_or("", |(group, _)| group);
        let flat = self.flat_ends(end, is_input);
        let wires = self.wires().into_iter().filter_map(|(a, from, b, to)| {
            let outer = if is_input { a } else { b };
            let (from, to) = (format!("{a}.{from}"), format!("{b}.{to}"));
            let crosses = !is_inside(group, outer) && flat.contains(if is_input { &to } else { &from });
            crosses.then_some((from, to))
        });
        wires.collect()
    }
}
