//! What arrives at the inputs of a node: single values, items of lists, groups of items.

use super::{
    block::{Block, Head},
    names::Arriving,
    parts::names,
    step::literal,
    writer::Writer,
};
use crate::pipeline::{NodeInstance, Work, node::DynNode};
use std::collections::{BTreeMap, BTreeSet};

/// What a script has for the output of a node.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// A variable with one value.
    Single(String),
    /// A list of pairs of keys and value.
    Items(Items),
}

/// A list of pairs of keys and value.
#[derive(Clone, Debug)]
pub(super) struct Items {
    pub list: String,
    /// The variable of an item, where a loop makes it.
    pub variable: Option<String>,
    /// The blocks of loops that make it, each with its list there.
    pub made_in: Vec<(usize, String)>,
    /// The keys by which the next node that takes several gathers them.
    pub grouped: Option<BTreeSet<String>>,
}

/// What arrives at a node.
#[derive(Default)]
pub(super) struct Arrival {
    pub inputs: BTreeMap<String, Arriving>,
    /// Lists it takes item by item, each once.
    pub heads: Vec<Head>,
    /// Lists of loops it takes items of.
    pub lists: Vec<(usize, String)>,
    /// It takes the whole of a list that the last block is still making.
    gathers_last: bool,
    pub grouped: Option<BTreeSet<String>>,
    /// Names that stand for what is missing, each with the node that is to blame.
    pub lacking: Vec<(String, String)>,
}

impl Arrival {
    /// The node that is to blame where lines of Python need something that is missing.
    pub(super) fn blamed(&self, lines: &[String]) -> Option<&String> {
        let is_used = |name: &str| lines.iter().any(|line| names(line, name, ""));
        self.lacking.iter().find(|(name, _)| is_used(name)).map(|(_, blamed)| blamed)
    }

    /// True where the node can stand in the loop that is written last.
    pub(super) fn fits(&self, blocks: &[Block]) -> bool {
        match blocks.last() {
            Some(Block::Loop(last)) => !self.gathers_last && last.fits(&self.heads),
            _ => false,
        }
    }
}

impl Writer<'_> {
    pub(super) fn arrival(&self, instance: &NodeInstance, node: &dyn DynNode) -> Arrival {
        let ports = node.inputs(&instance.params);
        let arranges = node.info().work == Work::Arrange;
        let mut arrival = Arrival::default();
        for (port, wires) in self.entering(&instance.name) {
            let is_many = !arranges && ports.iter().any(|p| p.name == port && p.many);
            let found: Vec<&Held> = wires.iter().filter_map(|end| self.held.get(end)).collect();
            if let Some(blamed) = wires.iter().find_map(|end| self.missing.get(end)) {
                // No script has such a name: only lines that do not need the input can stay.
                let name = format!("__{port}__");
                arrival.lacking.push((name.clone(), blamed.clone()));
                let [value, values, items] = [(); 3].map(|()| name.clone());
                arrival.inputs.insert(port.to_owned(), Arriving { value, values, items, is_single: false });
                continue;
            }
            if found.is_empty() {
                continue;
            }
            let arriving = match is_many {
                true => self.many(port, &found, &mut arrival),
                false => self.one(port, &found, &mut arrival),
            };
            arrival.inputs.insert(port.to_owned(), arriving);
        }
        if let Some(list) = self.sweep_of_source(instance) {
            arrival.heads.push(Head { list, variable: "_".into() });
        }
        arrival
    }

    /// Ends that lead to each input, in the order their items are taken in.
    pub(super) fn entering(&self, name: &str) -> BTreeMap<&str, Vec<String>> {
        let mut wires: Vec<_> = self.pipeline.wires().into_iter().filter(|wire| wire.2 == name).collect();
        wires.sort();
        let mut ports: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (from, output, _, port) in wires {
            ports.entry(port).or_default().push(format!("{from}.{output}"));
        }
        ports
    }

    /// Each item by itself.
    fn one(&self, port: &str, found: &[&Held], arrival: &mut Arrival) -> Arriving {
        if let [Held::Single(variable)] = found {
            return Arriving {
                value: variable.clone(),
                values: format!("[{variable}]"),
                items: pairs(&[variable]),
                is_single: true,
            };
        }
        let list = listed(found);
        let variable = match found {
            [Held::Items(items)] => items.variable.clone(),
            _ => None,
        };
        let variable = variable.unwrap_or_else(|| self.loop_variable(port));
        for items in found.iter().filter_map(|held| held.items()) {
            arrival.lists.extend(items.made_in.iter().cloned());
            arrival.grouped = both(arrival.grouped.take(), items.grouped.as_ref());
        }
        let known = arrival.heads.iter().find(|head| head.list == list).cloned();
        let head = known.unwrap_or_else(|| {
            let head = Head { list: list.clone(), variable };
            arrival.heads.push(head.clone());
            head
        });
        Arriving { value: head.variable, values: String::new(), items: list, is_single: false }
    }

    /// All items, or those of each group.
    fn many(&self, port: &str, found: &[&Held], arrival: &mut Arrival) -> Arriving {
        let list = listed(found);
        let all: Vec<&Items> = found.iter().filter_map(|held| held.items()).collect();
        if all.is_empty() {
            let variables: Vec<&str> = found.iter().filter_map(|held| held.single()).collect();
            return Arriving {
                value: variables.first().copied().unwrap_or("None").to_owned(),
                values: format!("[{}]", variables.join(", ")),
                items: list,
                is_single: variables.len() == 1,
            };
        }
        let last = self.blocks.len().checked_sub(1);
        for items in &all {
            arrival.lists.extend(items.made_in.iter().cloned());
            arrival.gathers_last |= items.made_in.iter().any(|(block, _)| Some(*block) == last);
        }
        let grouped = all.iter().fold(None, |grouped, items| both(grouped, items.grouped.as_ref()));
        let (items, value) = match grouped {
            None => (list, String::new()),
            Some(keys) => {
                let variable = self.loop_variable(&format!("{port}s"));
                let list = format!("grouped({list}, {})", literal(keys));
                arrival.heads.push(Head { list, variable: variable.clone() });
                (variable.clone(), variable)
            }
        };
        let one = self.loop_variable(port);
        Arriving { value, values: format!("[{one} for _, {one} in {items}]"), items, is_single: false }
    }
}

impl Held {
    fn items(&self) -> Option<&Items> {
        match self {
            Held::Items(items) => Some(items),
            Held::Single(_) => None,
        }
    }

    fn single(&self) -> Option<&str> {
        match self {
            Held::Items(_) => None,
            Held::Single(variable) => Some(variable),
        }
    }
}

/// Groups of items that meet: the finer of both.
fn both(a: Option<BTreeSet<String>>, b: Option<&BTreeSet<String>>) -> Option<BTreeSet<String>> {
    match (a, b) {
        (None, b) => b.cloned(),
        (a, None) => a,
        (Some(a), Some(b)) => Some(a.union(b).cloned().collect()),
    }
}

fn pairs(variables: &[&str]) -> String {
    let pairs: Vec<String> = variables.iter().map(|variable| format!("({{}}, {variable})")).collect();
    format!("[{}]", pairs.join(", "))
}

/// What several wires lead to as one.
pub(super) fn together(found: &[&Held]) -> Held {
    if let [only] = found {
        return (*only).clone();
    }
    let all = || found.iter().filter_map(|held| held.items());
    Held::Items(Items {
        list: listed(found),
        variable: None,
        made_in: all().flat_map(|items| items.made_in.iter().cloned()).collect(),
        grouped: all().fold(None, |grouped, items| both(grouped, items.grouped.as_ref())),
    })
}

/// All items of several wires as one list.
fn listed(found: &[&Held]) -> String {
    let lists = found.iter().map(|held| match held {
        Held::Single(variable) => pairs(&[variable]),
        Held::Items(items) => items.list.clone(),
    });
    lists.collect::<Vec<_>>().join(" + ")
}
