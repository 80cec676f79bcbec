//! Groups: several nodes shown as one. A group is a way of looking, not of running: its nodes are nodes of the
//! pipeline under names such as `clean/filter`, and plans, keys and results know nothing of it.

mod edits;
mod lower;
mod picture;
mod text;

pub use picture::Picture;
pub(super) use text::{from_text, to_text};

use super::{Pipeline, graph::split};

/// Between the name of a group and that of what lies in it.
pub(super) const SEPARATOR: char = '/';
/// In the picture of a group: where wires come in.
const WAY_IN: &str = "(in)";
/// In the picture of a group: where wires go out.
const WAY_OUT: &str = "(out)";

/// A port of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupPort {
    /// Its name.
    pub name: String,
    /// The ends inside that it stands for, as `filter.recording`; an output stands for one.
    pub ends: Vec<String>,
}

/// Several nodes shown as one. What it names is named from within: `filter`, not `clean/filter`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Position of its top left corner where it is shown as one.
    pub position: [f32; 2],
    /// Only its header is shown.
    pub collapsed: bool,
    /// Its inputs.
    pub inputs: Vec<GroupPort>,
    /// Its outputs.
    pub outputs: Vec<GroupPort>,
    /// Parameters that are set from outside, as `("freq_min", "filter.freq_min")`.
    pub params: Vec<(String, String)>,
}

impl Group {
    fn ports(&self, is_input: bool) -> &[GroupPort] {
        if is_input { &self.inputs } else { &self.outputs }
    }

    fn ports_mut(&mut self, is_input: bool) -> &mut Vec<GroupPort> {
        if is_input { &mut self.inputs } else { &mut self.outputs }
    }
}

/// The group a node lies in, empty at the top: `clean` of `clean/filter`.
pub fn level_of(name: &str) -> &str {
    name.rsplit_once(SEPARATOR).map_or("", |(level, _)| level)
}

/// The name of a node within its group: `filter` of `clean/filter`.
pub fn leaf_of(name: &str) -> &str {
    name.rsplit_once(SEPARATOR).map_or(name, |(_, leaf)| leaf)
}

/// The whole name of what is called `leaf` in a group, or at the top where `level` is empty.
pub fn name_in(level: &str, leaf: &str) -> String {
    if level.is_empty() { leaf.to_owned() } else { format!("{level}{SEPARATOR}{leaf}") }
}

/// True where a name is that of something in a group, however deep; everything is inside the empty one.
pub fn is_inside(group: &str, name: &str) -> bool {
    group.is_empty() || name.strip_prefix(group).is_some_and(|rest| rest.starts_with(SEPARATOR))
}

/// True for the names of the two places in the picture of a group where wires come in and go out.
pub fn is_way(name: &str) -> bool {
    matches!(leaf_of(name), WAY_IN | WAY_OUT)
}

/// What lies at a level and is or holds a node: `clean/denoise` of `clean/denoise/filter` at `clean`.
fn child_at<'a>(level: &str, name: &'a str) -> Option<&'a str> {
    let start = match level {
        "" => 0,
        _ if is_inside(level, name) => level.len() + 1,
        _ => return None,
    };
    let length = name[start..].find(SEPARATOR).unwrap_or(name.len() - start);
    Some(&name[..start + length])
}

/// Another name for something in `old` or `old` itself, when that becomes `new`.
pub fn renamed(name: &str, old: &str, new: &str) -> Option<String> {
    if name == old {
        return Some(new.to_owned());
    }
    (!old.is_empty() && is_inside(old, name)).then(|| format!("{new}{}", &name[old.len()..]))
}

impl Pipeline {
    /// The groups by their names.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.groups.iter().map(|(name, group)| (name.as_str(), group))
    }

    /// A group by its name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// True where there is a node or a group of that name.
    pub fn has(&self, name: &str) -> bool {
        self.groups.contains_key(name) || self.index(name).is_some()
    }

    /// The nodes that a name stands for: one, or all of a group.
    pub fn nodes_of(&self, name: &str) -> Vec<&str> {
        let names = self.nodes().map(|node| node.name.as_str());
        if !self.groups.contains_key(name) {
            return names.filter(|node| *node == name).collect();
        }
        names.filter(|node| is_inside(name, node)).collect()
    }

    /// What lies at a level, nodes and groups.
    pub fn names_at<'a>(&'a self, level: &str) -> Vec<&'a str> {
        let nodes = self.nodes().map(|node| node.name.as_str());
        let names = nodes.chain(self.groups.keys().map(String::as_str));
        names.filter(|name| level_of(name) == level).collect()
    }

    /// Where a node or group lies.
    pub fn place_of(&self, name: &str) -> Option<[f32; 2]> {
        let group = self.groups.get(name).map(|group| group.position);
        group.or_else(|| self.node(name).map(|node| node.position))
    }

    /// The ports of a group: those it was given, and one for every wire that crosses its border besides.
    pub fn group_ports(&self, group: &str, is_input: bool) -> Vec<GroupPort> {
        let mut ports = self.groups.get(group).map_or_else(Vec::new, |known| known.ports(is_input).to_vec());
        let mut taken: Vec<String> = ports
            .iter()
            .flat_map(|port| &port.ends)
            .flat_map(|end| self.flat_ends(&name_in(group, end), is_input))
            .collect();
        // Wires that bring the same from outside come in by one port.
        let mut sources: Vec<((&str, &str), usize)> = Vec::new();
        for (a, from, b, to) in self.wires() {
            let (inner, outer) = if is_input { ((b, to), (a, from)) } else { ((a, from), (b, to)) };
            if !is_inside(group, inner.0) || is_inside(group, outer.0) {
                continue;
            }
            let flat = format!("{}.{}", inner.0, inner.1);
            if taken.contains(&flat) {
                continue;
            }
            let Some(end) = self.end_within(group, inner, is_input) else { continue };
            taken.push(flat);
            match sources.iter().find(|(source, _)| is_input && *source == outer) {
                Some((_, at)) => ports[*at].ends.push(end),
                None => {
                    sources.push((outer, ports.len()));
                    let name = free_port(&ports, &end);
                    ports.push(GroupPort { name, ends: vec![end] });
                }
            }
        }
        ports
    }

    /// The end of a node as a group that it lies in names it: `filter.recording`, or the port of a group within.
    fn end_within(&self, group: &str, (node, port): (&str, &str), is_input: bool) -> Option<String> {
        let child = child_at(group, node)?;
        if child == node {
            return Some(format!("{}.{port}", leaf_of(child)));
        }
        let flat = format!("{node}.{port}");
        let ports = self.group_ports(child, is_input);
        let stands = |end: &String| self.flat_ends(&name_in(child, end), is_input).contains(&flat);
        let found = ports.into_iter().find(|port| port.ends.iter().any(stands))?;
        Some(format!("{}.{}", leaf_of(child), found.name))
    }

    /// The ends of nodes that an end stands for: itself, or those that the port of a group leads to.
    pub fn flat_ends(&self, end: &str, is_input: bool) -> Vec<String> {
        let Some((name, port)) = split(end) else { return Vec::new() };
        if !self.groups.contains_key(name) {
            return self.index(name).map(|_| end.to_owned()).into_iter().collect();
        }
        let ports = self.group_ports(name, is_input);
        let ends = ports.into_iter().filter(|known| known.name == port).flat_map(|known| known.ends);
        ends.flat_map(|inner| self.flat_ends(&name_in(name, &inner), is_input)).collect()
    }

    /// The parameter that a name stands for: itself, or that of the node inside which a group shows.
    pub fn flat_param(&self, target: &str) -> Option<(String, String)> {
        let (name, field) = split(target)?;
        let Some(group) = self.groups.get(name) else { return Some((name.to_owned(), field.to_owned())) };
        let (_, inner) = group.params.iter().find(|(known, _)| known == field)?;
        self.flat_param(&name_in(name, inner))
    }

    /// What keeps a node from being called so, in words.
    pub(super) fn refused_name(&self, name: &str) -> Option<String> {
        let is_empty = name.split(SEPARATOR).any(str::is_empty);
        if is_empty || name.contains('.') || is_way(name) {
            return Some(format!("\"{name}\" is no name for a node: names hold no dot and are not empty"));
        }
        if self.has(name) {
            return Some(format!("the name \"{name}\" is taken"));
        }
        None
    }
}

/// A name for a port that leads to this end, unlike those that are there.
fn free_port(ports: &[GroupPort], end: &str) -> String {
    let (node, port) = end.split_once('.').unwrap_or(("", end));
    let is_free = |name: &String| !ports.iter().any(|known| known.name == *name);
    let longer = format!("{node}_{port}");
    let numbered = (2..).map(|number| format!("{longer}_{number}"));
    let names = [port.to_owned(), longer.clone()].into_iter().chain(numbered);
    names.into_iter().find(is_free).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
