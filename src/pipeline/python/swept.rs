//! Parameters that take their values from keys.

use super::{PythonNames, step::PythonStep, step::literal, writer::Writer};
use crate::pipeline::{NodeInstance, Params, Swept, node::DynNode, offer::set_at};
use serde_json::Value as Json;
use std::ops::Range;

impl Writer<'_> {
    /// The parameters of a node that nodes before it set, or one to which nothing is connected.
    pub(super) fn swept(&self, instance: &NodeInstance) -> Vec<Swept> {
        let before = self.pipeline.nodes_before(&instance.name);
        let sweeps = self.pipeline.nodes().filter(|other| !other.muted && !other.bypassed);
        let sweeps = sweeps.filter_map(|other| {
            let reaches = before.iter().any(|before| before.name == other.name)
                || self.is_sweep_of_source(other, instance);
            Some(self.registry.get(&other.kind)?.sweeps(&other.params)).filter(|_| reaches)
        });
        sweeps.flatten().filter(|swept| swept.node == instance.name).collect()
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
        let with = |indices: &[usize]| {
            let mut params: Params = instance.params.clone();
            for (swept, index) in swept.iter().zip(indices) {
                set_at(&mut params, &swept.field, swept.values.get(*index).map(|(_, json)| json.clone()));
            }
            node.in_python(&params, names)
        };
        let all: Vec<usize> = (0..swept.len()).collect();
        Varied { swept: &swept, with: &with }.step(&vec![0; swept.len()], &all)
    }
}

/// Combinations of values that are looked at, at most.
const MAX_COMBINATIONS: usize = 1000;

/// A node of which some parameters are swept.
struct Varied<'v> {
    swept: &'v [Swept],
    /// What it is in Python where each of them has the value of this index.
    with: &'v dyn Fn(&[usize]) -> Option<PythonStep>,
}

/// Where the value of a parameter stands.
#[derive(Clone, Debug, PartialEq)]
struct Slot {
    parameter: usize,
    line: usize,
    place: Range<usize>,
    /// How it is written there, of [`forms`].
    form: usize,
}

impl Varied<'_> {
    /// The lines for all values of the parameters that are free, where the others have those of `indices`: with the keys in
    /// place of the values, or, where the lines differ by more than a value, those of each value by themselves.
    fn step(&self, indices: &[usize], free: &[usize]) -> Option<PythonStep> {
        let mut step = (self.with)(indices)?;
        let slots: Vec<Option<Vec<Slot>>> = free.iter().map(|&at| self.slots(indices, at)).collect();
        let without = free.iter().zip(&slots).find(|(_, slots)| slots.is_none()).map(|(at, _)| *at);
        let mut slots: Vec<Slot> = slots.into_iter().flatten().flatten().collect();
        // From the end, so that the places before stay.
        slots.sort_by_key(|slot| (slot.line, std::cmp::Reverse(slot.place.start)));
        if without.is_none() && self.holds(&step, &slots, indices, free) {
            step.lines = filled(&step.lines, &slots, |slot| self.key(slot.parameter));
            return Some(step);
        }
        let at = without.or(free.first().copied())?;
        let rest: Vec<usize> = free.iter().copied().filter(|other| *other != at).collect();
        let mut all = PythonStep::default();
        for index in 0..self.swept[at].values.len() {
            let mut own = indices.to_vec();
            own[at] = index;
            let step = self.step(&own, &rest)?;
            all.takes = step.takes;
            let word = if index == 0 { "if" } else { "elif" };
            let value = self.swept[at].in_python(index);
            all.lines.push(format!("{word} {} == {value}:", self.key(at)));
            all.lines.extend(step.lines.iter().map(|line| format!("    {line}")));
        }
        Some(all)
    }

    fn key(&self, parameter: usize) -> String {
        format!("keys[{}]", literal(&self.swept[parameter].key))
    }

    /// Where the value of a parameter stands, where the lines differ by it alone.
    fn slots(&self, indices: &[usize], parameter: usize) -> Option<Vec<Slot>> {
        let values = &self.swept[parameter].values;
        let lines = (0..values.len()).map(|index| {
            let mut own = indices.to_vec();
            own[parameter] = index;
            Some((&values[index].1, (self.with)(&own)?.lines))
        });
        found(parameter, &lines.collect::<Option<Vec<_>>>()?)
    }

    /// True where the slots give the lines of every combination of values.
    fn holds(&self, step: &PythonStep, slots: &[Slot], indices: &[usize], free: &[usize]) -> bool {
        let counts = || free.iter().map(|&at| (at, self.swept[at].values.len()));
        let all: usize = counts().map(|(_, count)| count).product();
        let apart = slots.windows(2).all(|pair| {
            let [after, before] = [&pair[0], &pair[1]];
            after.line != before.line || before.place.end <= after.place.start
        });
        apart
            && (0..all.min(MAX_COMBINATIONS)).all(|number| {
                let (mut own, mut number) = (indices.to_vec(), number);
                for (at, count) in counts() {
                    (own[at], number) = (number % count, number / count);
                }
                let value = |slot: &Slot| {
                    forms(&self.swept[slot.parameter].values[own[slot.parameter]].1)[slot.form].clone()
                };
                (self.with)(&own).is_some_and(|step_of| step_of.lines == filled(&step.lines, slots, value))
            })
    }
}

/// Lines with other text at the slots, which come from the end of each line.
fn filled(lines: &[String], slots: &[Slot], text: impl Fn(&Slot) -> String) -> Vec<String> {
    let mut lines = lines.to_vec();
    for slot in slots {
        lines[slot.line].replace_range(slot.place.clone(), &text(slot));
    }
    lines
}

/// Where lines differ by a value alone: the line and the place of the first value in it.
fn found(parameter: usize, all: &[(&Json, Vec<String>)]) -> Option<Vec<Slot>> {
    let (first, base) = all.first()?;
    // Others are named by their text.
    let is_plain = all.iter().all(|(value, _)| value.is_string() || value.is_number() || value.is_boolean());
    let mut slots = Vec::new();
    for (line, text) in base.iter().enumerate() {
        let same = all.iter().all(|(_, lines)| lines.len() == base.len() && lines[line] == *text);
        if !same {
            let slot = forms(first).into_iter().enumerate().find_map(|(form, value)| {
                let places = text.match_indices(&value).map(|(at, _)| at..at + value.len());
                let fits = |slot: &Slot| {
                    all.iter().all(|(value, lines)| {
                        let own = filled(base, std::slice::from_ref(slot), |_| forms(value)[form].clone());
                        lines.len() == base.len() && lines[line] == own[line]
                    })
                };
                let places = places.filter(|place| is_whole(text, place));
                places.map(|place| Slot { parameter, line, place, form }).find(fits)
            });
            slots.push(slot.filter(|_| is_plain)?);
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
    use crate::pipeline::CoordinateValue;
    use serde_json::json;

    #[test]
    fn the_place_of_a_value_is_found_where_nothing_else_differs() {
        let line = |value: &str| vec!["a".to_owned(), format!("f(4, x={value}, y=4.0)")];
        let (four, five, list) = (json!(4), json!(5.5), json!([1]));
        let places = |all: &[(&Json, Vec<String>)]| {
            found(0, all)
                .map(|slots| slots.into_iter().map(|slot| (slot.line, slot.place)).collect::<Vec<_>>())
        };
        assert_eq!(places(&[(&four, line("4.0")), (&five, line("5.5"))]), Some(vec![(1, 7..10)]));
        assert_eq!(places(&[(&four, line("4.0")), (&five, line("g(5.5)"))]), None);
        assert_eq!(places(&[(&four, line("\"a=4\"")), (&five, line("\"a=5.5\""))]), None);
        assert_eq!(places(&[(&four, line("14")), (&five, line("15.5"))]), None);
        assert_eq!(places(&[(&four, line("1")), (&five, line("1"))]), Some(vec![]));
        assert_eq!(places(&[(&four, line("4")), (&list, line("[1]"))]), None);
    }

    #[test]
    fn what_one_value_changes_in_the_place_of_another_is_written_by_itself() {
        let swept = |key: &str, values: &[Json]| Swept {
            key: key.into(),
            node: "n".into(),
            field: key.into(),
            values: values
                .iter()
                .map(|json| (CoordinateValue::of_json(json).unwrap_or(CoordinateValue::Int(0)), json.clone()))
                .collect(),
        };
        let all = [swept("a", &[json!(1), json!(2)]), swept("b", &[json!("x"), json!("y")])];
        let lines = |of: &dyn Fn(i64, &str) -> String| {
            let with = |indices: &[usize]| {
                let value = |at: usize| &all[at].values[indices[at]].1;
                let line = of(value(0).as_i64().unwrap_or(0), value(1).as_str().unwrap_or(""));
                Some(PythonStep::default().and(line))
            };
            let step = Varied { swept: &all, with: &with }.step(&[0, 0], &[0, 1]);
            step.map(|step| step.lines).unwrap_or_default()
        };
        let plain = lines(&|a, b| format!("f(a={a}, b=\"{b}\")"));
        assert_eq!(plain, ["f(a=keys[\"a\"], b=keys[\"b\"])"]);
        let only_y = |a: i64, b: &str| {
            format!("f({}b=\"{b}\")", if b == "y" { format!("a={a}, ") } else { String::new() })
        };
        assert_eq!(
            lines(&only_y),
            [
                "if keys[\"b\"] == \"x\":",
                "    f(b=\"x\")",
                "elif keys[\"b\"] == \"y\":",
                "    f(a=keys[\"a\"], b=\"y\")"
            ]
        );
        // Either by itself has a place, and not both together.
        let both =
            lines(&|a, b| format!("f({}, b=\"{b}\")", if a == 2 && b == "y" { "more" } else { "usual" }));
        assert_eq!(
            both[..3],
            ["if keys[\"a\"] == 1:", "    f(usual, b=keys[\"b\"])", "elif keys[\"a\"] == 2:"]
        );
        assert_eq!(both[6], "        f(more, b=\"y\")");
    }
}
