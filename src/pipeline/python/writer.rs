//! Writes the nodes of a pipeline one after the other.

use super::{
    arrive::{Arrival, Held, Items, together},
    block::{Block, Loop},
    names::{PythonNames, free},
    parts::names,
    step::{PythonStep, Takes, literal},
};
use crate::pipeline::{NodeInstance, Pipeline, Registry, Work, node::DynNode};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What is written so far.
pub(super) struct Writer<'p> {
    pub pipeline: &'p Pipeline,
    pub registry: &'p Registry,
    base: &'p Path,
    /// The name of the folder that is the script's own.
    work: String,
    /// Variables that are taken.
    taken: BTreeSet<String>,
    /// The variable of each `node.port`.
    pub outputs: BTreeMap<String, String>,
    /// What there is of each `node.port`.
    pub held: BTreeMap<String, Held>,
    /// Ends that have nothing, and the node that is to blame.
    pub missing: BTreeMap<String, String>,
    pub blocks: Vec<Block>,
    /// What could not be written, and why.
    left_out: Vec<String>,
}

impl<'p> Writer<'p> {
    pub(super) fn new(pipeline: &'p Pipeline, registry: &'p Registry, base: &'p Path, title: &str) -> Self {
        let stem = title.split(".ron").next().unwrap_or(title);
        let is_plain = |c: char| c.is_alphanumeric() || "-_".contains(c);
        let stem: String = stem.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let mut writer = Self {
            pipeline,
            registry,
            base,
            work: format!("{stem}_script"),
            taken: BTreeSet::new(),
            outputs: BTreeMap::new(),
            held: BTreeMap::new(),
            missing: BTreeMap::new(),
            blocks: Vec::new(),
            left_out: Vec::new(),
        };
        // The first that is used of each has the name of its node, before others take it.
        for is_first in [true, false] {
            pipeline.nodes().for_each(|instance| writer.name_outputs(instance, is_first));
        }
        writer
    }

    /// The lines of the function.
    pub(super) fn written(mut self) -> Vec<String> {
        let mut left: Vec<&NodeInstance> = self.pipeline.nodes().collect();
        while !left.is_empty() {
            let ready: Vec<usize> =
                (0..left.len()).filter(|&index| self.is_ready(left[index], &left)).collect();
            let in_loop = ready.iter().copied().find(|&index| self.fits_loop(left[index]));
            // In a cycle nothing is ready; the pipeline is refused before.
            let next = in_loop.or(ready.first().copied()).unwrap_or(0);
            self.write(left.remove(next));
        }
        let mut lines: Vec<String> = self.blocks.iter().flat_map(Block::lines).collect();
        if !self.left_out.is_empty() {
            let what = literal(format!("left out: {}", self.left_out.join("; ")));
            lines.extend([String::new(), format!("    raise NotImplementedError({what})")]);
        }
        lines
    }

    /// True where all that leads to a node is written.
    fn is_ready(&self, instance: &NodeInstance, left: &[&NodeInstance]) -> bool {
        let wires = self.pipeline.wires();
        !left.iter().any(|other| {
            wires.iter().any(|wire| wire.0 == other.name && wire.2 == instance.name)
                || self.is_sweep_of_source(other, instance)
        })
    }

    fn fits_loop(&self, instance: &NodeInstance) -> bool {
        self.registry.get(&instance.kind).is_some_and(|node| {
            node.info().work != Work::Arrange && self.arrival(instance, &**node).fits(&self.blocks)
        })
    }

    fn write(&mut self, instance: &NodeInstance) {
        let name = said(&instance.name);
        let Some(node) = self.registry.get(&instance.kind).cloned() else {
            return self
                .blocks
                .push(Block::Lines(vec![format!("# {name}: there is no node of kind {}.", instance.kind)]));
        };
        let info = node.info();
        let head = format!("# {name}: {}", info.label);
        if instance.bypassed {
            self.bypass(instance, &*node);
            return self.blocks.push(Block::Lines(vec![format!("{head}, bypassed")]));
        }
        let arrival = self.arrival(instance, &*node);
        let names = self.names(instance, &*node, &arrival);
        let step = if instance.muted { None } else { self.step(instance, &*node, &names) };
        let lacking = step.as_ref().and_then(|step| arrival.blamed(&step.lines)).cloned();
        let words = match (&step, &lacking) {
            _ if instance.muted => format!("{head}, muted"),
            (None, _) => {
                format!("{head}. SpikeInterface has no equivalent: in Spikeloom it {}", lowered(info.summary))
            }
            (Some(_), Some(blamed)) => format!("{head}, left out: it needs what {blamed} gives."),
            (Some(step), None) => {
                return self.place(instance, &*node, &arrival, &names, head, step);
            }
        };
        if let Some(blamed) = &lacking {
            self.left_out.push(format!("{name} ({}) needs what {blamed} gives", info.label));
        }
        let blamed = lacking.or(arrival.lacking.first().map(|(_, blamed)| blamed.clone())).unwrap_or(name);
        for port in node.outputs(&instance.params) {
            self.missing.insert(format!("{}.{}", instance.name, port.name), blamed.clone());
        }
        let fits = arrival.fits(&self.blocks);
        match self.blocks.last_mut() {
            Some(Block::Loop(last)) if fits => last.step([words]),
            _ => self.blocks.push(Block::Lines(vec![words])),
        }
    }

    /// Puts the lines of a node where they belong.
    fn place(
        &mut self,
        instance: &NodeInstance,
        node: &dyn DynNode,
        arrival: &Arrival,
        names: &PythonNames,
        head: String,
        step: &PythonStep,
    ) {
        let in_loop = step.takes == Takes::Item && !arrival.heads.is_empty();
        if !(in_loop && arrival.fits(&self.blocks)) {
            self.open_block(arrival, in_loop);
        }
        let lines = std::iter::once(head).chain(step.lines.iter().cloned());
        match self.blocks.last_mut() {
            Some(Block::Loop(last)) => last.step(lines),
            Some(Block::Lines(last)) => last.extend(lines),
            None => {}
        }
        let own = node.groups(&instance.params).map(|keys| keys.into_iter().collect());
        let grouped = own.or(arrival.grouped.clone());
        for (port, variable) in &names.outputs {
            let end = format!("{}.{port}", instance.name);
            // Not every output has an equivalent.
            if !step.lines.iter().any(|line| self::names(line, variable, "")) {
                self.missing.insert(end, said(&instance.name));
                continue;
            }
            let held = match step.takes {
                Takes::Item if !in_loop => Held::Single(variable.clone()),
                Takes::Item => Held::Items(self.made_in_loop(variable, grouped.clone())),
                Takes::Items => Held::Items(Items {
                    list: variable.clone(),
                    variable: None,
                    made_in: Vec::new(),
                    grouped: grouped.clone(),
                }),
            };
            self.held.insert(end, held);
        }
    }

    /// Begins a stretch for a node that does not go on with the last one, which gives it lists.
    fn open_block(&mut self, arrival: &Arrival, is_loop: bool) {
        for (block, list) in &arrival.lists {
            if let Some(Block::Loop(of)) = self.blocks.get_mut(*block) {
                of.listed(list);
            }
        }
        self.blocks.push(match is_loop {
            true => Block::Loop(Loop::over(&arrival.heads)),
            false => Block::Lines(Vec::new()),
        });
    }

    /// The items that a node makes in the loop that is written last.
    fn made_in_loop(&mut self, variable: &str, grouped: Option<BTreeSet<String>>) -> Items {
        let list = format!("{variable}_items");
        if let Some(Block::Loop(last)) = self.blocks.last_mut() {
            last.made(&list, variable);
        }
        let made_in = vec![(self.blocks.len() - 1, list.clone())];
        Items { list, variable: Some(variable.to_owned()), made_in, grouped }
    }

    fn names(&self, instance: &NodeInstance, node: &dyn DynNode, arrival: &Arrival) -> PythonNames {
        let wires = self.pipeline.wires();
        let ports = node.outputs(&instance.params);
        let outputs = ports.iter().filter_map(|port| {
            let variable = self.outputs.get(&format!("{}.{}", instance.name, port.name))?;
            Some((port.name.to_owned(), variable.clone()))
        });
        let mut inputs = arrival.inputs.clone();
        // In a loop that goes on items may have other names.
        if arrival.fits(&self.blocks)
            && let Some(Block::Loop(last)) = self.blocks.last()
        {
            for head in &arrival.heads {
                let Some(variable) = last.variables.get(&head.list) else { continue };
                for arriving in inputs.values_mut().filter(|arriving| arriving.value == head.variable) {
                    arriving.value.clone_from(variable);
                }
            }
        }
        PythonNames {
            inputs,
            outputs: outputs.collect(),
            used: wires.iter().filter(|wire| wire.0 == instance.name).map(|wire| wire.1.to_owned()).collect(),
            base: self.base.to_owned(),
            work: self.work.clone(),
            seed: self.pipeline.seed(),
            in_loop: !arrival.heads.is_empty(),
            swept: self.swept(instance).into_iter().map(|swept| swept.field).collect(),
            taken: self.taken.clone(),
        }
    }

    /// What enters passes through to the outputs of the same type.
    fn bypass(&mut self, instance: &NodeInstance, node: &dyn DynNode) {
        let entering = self.entering(&instance.name).into_iter().map(|(port, ends)| (port.to_owned(), ends));
        let entering: BTreeMap<String, Vec<String>> = entering.collect();
        let inputs = node.inputs(&instance.params);
        for output in node.outputs(&instance.params) {
            let place = format!("{}.{}", instance.name, output.name);
            let through = inputs.iter().find(|input| input.port_type == output.port_type);
            let ends = || through.and_then(|input| entering.get(input.name)).into_iter().flatten();
            let found: Vec<&Held> = ends().filter_map(|end| self.held.get(end)).collect();
            let blamed = ends().find_map(|end| self.missing.get(end)).cloned();
            match blamed {
                None if !found.is_empty() => drop(self.held.insert(place, together(&found))),
                blamed => drop(self.missing.insert(place, blamed.unwrap_or_else(|| said(&instance.name)))),
            }
        }
    }

    /// Names for the outputs of a node: its own for the first one that is used.
    fn name_outputs(&mut self, instance: &NodeInstance, first: bool) {
        let Some(node) = self.registry.get(&instance.kind) else { return };
        let outputs = node.outputs(&instance.params);
        let wires = self.pipeline.wires();
        let is_used = |port: &str| wires.iter().any(|wire| wire.0 == instance.name && wire.1 == port);
        let main = outputs.iter().find(|port| is_used(port.name)).or(outputs.first()).map(|port| port.name);
        for port in outputs.iter().filter(|port| (main == Some(port.name)) == first) {
            let stem = match first {
                true => instance.name.clone(),
                false => format!("{}_{}", instance.name, port.name),
            };
            let variable = self.variable(&stem);
            self.outputs.insert(format!("{}.{}", instance.name, port.name), variable);
        }
    }

    /// A name for a variable that is not taken, which is taken then.
    fn variable(&mut self, stem: &str) -> String {
        let name = free(&stem.to_lowercase(), &self.taken);
        self.taken.insert(name.clone());
        self.taken.insert(format!("{name}_items"));
        name
    }

    /// A name for a variable of a loop, which is given anew in other loops.
    pub(super) fn loop_variable(&self, stem: &str) -> String {
        free(stem, &self.taken)
    }
}

/// A name in a remark, which ends with its line.
fn said(name: &str) -> String {
    name.replace(char::is_control, " ")
}

/// A summary within a sentence.
fn lowered(summary: &str) -> String {
    let mut chars = summary.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
