//! Parameters that take their values from keys.

use super::{PythonNames, step::PythonStep, step::literal, writer::Writer};
use crate::pipeline::{NodeInstance, Params, Swept, node::DynNode, offer::set_at};
use serde_json::Value as Json;
use std::{collections::BTreeSet, ops::Range};

impl Writer<'_> {
    /// The parameters of a node that nodes before it set, or one to which nothing is connected.
    fn swept(&self, instance: &NodeInstance) -> Vec<Swept> {
        let before = self.before(&instance.name);
        let sweeps = self.pipeline.nodes().filter(|other| !other.muted && !other.bypassed);
        let sweeps = sweeps.filter_map(|other| {
            let reaches = before.contains(other.name.as_str()) || self.is_sweep_of_source(other, instance);
            Some(self.registry.get(&other.kind)?.sweeps(&other.params)).filter(|_| reaches)
        });
        sweeps.flatten().filter(|swept| swept.node == instance.name).collect()
    }

    /// All nodes that lead to one.
    fn before(&self, name: &str) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            for wire in self.pipeline.wires().iter().filter(|wire| wire.2 == name) {
                if found.insert(wire.0.to_owned()) {
                    open.push(wire.0.to_owned());
                }
            }
        }
        found
    }

    /// True where a node to which nothing is connected sets parameters of a source.
    pub(super) fn is_sweep_of_source(&self, sweep: &NodeInstance, source: &NodeInstance) -> bool {
        let wires = self.pipeline.wires();
        let is_free = |name: &str| wires.iter().all(|wire| wire.2 != name);
        let sets = || {
            let node = self.registry.get(&sweep.kind);
            node.is_some_and(|node| node.sweeps(&sweep.params).iter().any(|swept| swept.node == source.name))
        };
        sweep.name != source.name
            && !sweep.muted
            && !sweep.bypassed
            && is_free(&sweep.name)
            && is_free(&source.name)
            && sets()
    }

    /// The list of the keys a source takes parameters from.
    pub(super) fn sweep_of_source(&self, source: &NodeInstance) -> Option<String> {
        let mut nodes = self.pipeline.nodes();
        let sweep = nodes.find(|other| self.is_sweep_of_source(other, source))?;
        let node = self.registry.get(&sweep.kind)?;
        let output = node.outputs(&sweep.params).first()?.name;
        self.outputs.get(&format!("{}.{output}", sweep.name)).cloned()
    }

    /// What a node is in Python, with the keys in place of parameters that are swept.
    pub(super) fn step(
        &self,
        instance: &NodeInstance,
        node: &dyn DynNode,
        names: &PythonNames,
    ) -> Option<PythonStep> {
        let swept = self.swept(instance);
        let with = |set: &[(&Swept, usize)]| {
            let mut params: Params = instance.params.clone();
            for (swept, index) in set {
                set_at(&mut params, &swept.field, swept.values.get(*index).map(|(_, json)| json.clone()));
            }
            node.in_python(&params, names)
        };
        let firsts: Vec<(&Swept, usize)> = swept.iter().map(|swept| (swept, 0)).collect();
        let mut step = with(&firsts)?;
        let mut slots = Vec::new();
        for (at, swept) in swept.iter().enumerate() {
            let steps = (0..swept.values.len()).map(|index| {
                let mut set = firsts.clone();
                set[at].1 = index;
                Some((&swept.values[index].1, with(&set)?.lines))
            });
            let Some(own) = found(&steps.collect::<Option<Vec<_>>>()?) else {
                return self.by_value(&swept.key, swept, |index| with(&[(swept, index)]));
            };
            slots.extend(own.into_iter().map(|(line, range)| (line, range, swept.key.clone())));
        }
        // From the end, so that the places before stay.
        slots.sort_by_key(|(line, range, _)| (*line, std::cmp::Reverse(range.start)));
        for (line, range, key) in slots {
            step.lines[line].replace_range(range, &format!("keys[{}]", literal(key)));
        }
        Some(step)
    }

    /// The lines of each value by themselves, where they differ by more than the value.
    fn by_value(
        &self,
        key: &str,
        swept: &Swept,
        with: impl Fn(usize) -> Option<PythonStep>,
    ) -> Option<PythonStep> {
        let mut all = PythonStep::default();
        for (index, (value, _)) in swept.values.iter().enumerate() {
            let step = with(index)?;
            all.takes = step.takes;
            let word = if index == 0 { "if" } else { "elif" };
            all.lines.push(format!("{word} keys[{}] == {}:", literal(key), literal(value)));
            all.lines.extend(step.lines.iter().map(|line| format!("    {line}")));
        }
        Some(all)
    }
}

/// Where lines differ by a value alone: the line and the place of the first value in it.
fn found(all: &[(&Json, Vec<String>)]) -> Option<Vec<(usize, Range<usize>)>> {
    let (first, base) = all.first()?;
    let mut slots = Vec::new();
    for (index, line) in base.iter().enumerate() {
        let same = all.iter().all(|(_, lines)| lines.len() == base.len() && lines[index] == *line);
        if !same {
            let place = forms(first).into_iter().enumerate().find_map(|(form, text)| {
                let places = line.match_indices(&text).map(|(at, _)| at..at + text.len());
                places.filter(|range| is_whole(line, range)).find(|range| {
                    all.iter().all(|(value, lines)| {
                        let mut other = line.clone();
                        other.replace_range(range.clone(), &forms(value)[form]);
                        lines.len() == base.len() && lines[index] == other
                    })
                })
            });
            slots.push((index, place?));
        }
    }
    Some(slots)
}

/// True where a place in a line is a value by itself, not a part of a word, a number or a text.
fn is_whole(line: &str, place: &Range<usize>) -> bool {
    let of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let (before, after) = (&line[..place.start], &line[place.end..]);
    let is_quoted = before.replace("\\\"", "").matches('"').count() % 2 == 1;
    !is_quoted && !before.ends_with(of_word) && !after.starts_with(of_word)
}

/// A value as it may be written: as it is, or as a number with a point.
fn forms(value: &Json) -> [String; 2] {
    let real = value.as_f64().map_or_else(|| literal(value), literal);
    [literal(value), real]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_place_of_a_value_is_found_where_nothing_else_differs() {
        let line = |value: &str| vec!["a".to_owned(), format!("f(4, x={value}, y=4.0)")];
        let (four, five) = (json!(4), json!(5.5));
        assert_eq!(found(&[(&four, line("4.0")), (&five, line("5.5"))]), Some(vec![(1, 7..10)]));
        assert_eq!(found(&[(&four, line("4.0")), (&five, line("g(5.5)"))]), None);
        assert_eq!(found(&[(&four, line("\"a=4\"")), (&five, line("\"a=5.5\""))]), None);
        assert_eq!(found(&[(&four, line("14")), (&five, line("15.5"))]), None);
        assert_eq!(found(&[(&four, line("1")), (&five, line("1"))]), Some(vec![]));
    }
}
