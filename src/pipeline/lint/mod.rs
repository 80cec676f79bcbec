//! Advice on a pipeline that would run, but not do what is meant: steps done twice or in an order that spoils them.
//!
//! Each rule is a function of one step and what comes before it, in terms of [`Act`]s that nodes declare. The order is
//! that of SpikeInterface's guides: phase shift, filter and bad channels, reference, whitening.

mod rules;

use super::{
    Act, Executor, NodeInstance, Pipeline, PortType, Problem, Registry, Severity, Value,
    evaluate::Evaluator,
    join::{Item, ItemState, Payload},
    node::DynNode,
};
use crate::data::RecordingInfo;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// What is known of a recording on a wire.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    sampling_frequency: f64,
    num_channels: usize,
    /// Channels of the largest group.
    largest_group: usize,
    has_probe: bool,
    is_filtered: bool,
}

impl Fact {
    fn of(info: &RecordingInfo) -> Self {
        let mut groups: BTreeMap<i64, usize> = BTreeMap::new();
        info.groups.iter().for_each(|group| *groups.entry(*group).or_default() += 1);
        Self {
            largest_group: groups.into_values().max().unwrap_or(info.num_channels()),
            sampling_frequency: info.sampling_frequency,
            num_channels: info.num_channels(),
            has_probe: info.probe.is_some(),
            is_filtered: info.is_filtered,
        }
    }
}

/// What is known of recordings, by the end `node.port` they leave.
pub(super) type Facts = BTreeMap<String, Fact>;

/// A node that runs, with what it does and what its recording went through before.
struct Step<'a> {
    instance: &'a NodeInstance,
    node: &'a Arc<dyn DynNode>,
    acts: Vec<Act>,
    /// Positions of the steps before it, the first one first.
    before: Vec<usize>,
    /// The ends its recordings come from.
    inputs: Vec<String>,
}

impl Step<'_> {
    fn does(&self, act: &Act) -> bool {
        self.acts.contains(act)
    }

    /// How sentences name it.
    fn words(&self) -> String {
        format!("\"{}\"", self.instance.name)
    }
}

/// The steps of a pipeline in order, for the rules.
struct Steps<'a> {
    pipeline: &'a Pipeline,
    registry: &'a Registry,
    facts: &'a Facts,
    steps: Vec<Step<'a>>,
}

impl<'a> Steps<'a> {
    fn of(pipeline: &'a Pipeline, registry: &'a Registry, facts: &'a Facts) -> Self {
        let order = petgraph::algo::toposort(pipeline.graph(), None).unwrap_or_default();
        let wires = pipeline.wires();
        let mut steps: Vec<Step<'a>> = Vec::new();
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut off: BTreeSet<&str> = BTreeSet::new();
        for instance in order.into_iter().map(|at| &pipeline.graph()[at]) {
            let name = instance.name.as_str();
            // What is off does not run, nor what depends on it.
            let fed_by_off = wires.iter().any(|w| w.2 == name && off.contains(w.0));
            let Some(node) = registry.get(&instance.kind).filter(|_| !instance.muted && !fed_by_off) else {
                off.insert(name);
                continue;
            };
            let mut before = BTreeSet::new();
            let mut inputs = Vec::new();
            for (a, from, ..) in wires.iter().filter(|w| w.2 == name) {
                let end = format!("{a}.{from}");
                if pipeline.carries(registry, &end) == Some(PortType::Recording) {
                    inputs.push(end);
                    if let Some(&position) = index.get(a) {
                        before.insert(position);
                        before.extend(steps[position].before.iter().copied());
                    }
                }
            }
            let acts = if instance.bypassed { Vec::new() } else { node.acts(&instance.params) };
            index.insert(name, steps.len());
            steps.push(Step { instance, node, acts, before: before.into_iter().collect(), inputs });
        }
        Self { pipeline, registry, facts, steps }
    }

    /// The nearest step before one that does something of the kind.
    fn before(&self, step: &Step<'_>, does: impl Fn(&Act) -> bool) -> Option<&Step<'a>> {
        let mut before = step.before.iter().rev().map(|&position| &self.steps[position]);
        before.find(|earlier| earlier.acts.iter().any(&does))
    }

    /// What is known of the recording that enters a step; where a result is awaited, of the one it comes from.
    fn fact(&self, step: &Step<'_>) -> Option<&Fact> {
        let before = step.before.iter().rev().map(|&position| &self.steps[position]);
        let ends = step.inputs.iter().chain(before.flat_map(|earlier| &earlier.inputs));
        ends.into_iter().find_map(|end| self.facts.get(end))
    }
}

/// All advice on a pipeline, by the order of its steps.
pub(super) fn advise(pipeline: &Pipeline, registry: &Registry, facts: &Facts) -> Vec<Problem> {
    let steps = Steps::of(pipeline, registry, facts);
    let all = steps.steps.iter().flat_map(|step| rules::RULES.iter().filter_map(|rule| rule(&steps, step)));
    let mut advice: Vec<Problem> = Vec::new();
    for problem in all {
        // What a parameter lacks is said once, whoever needs it.
        let is_said = |said: &Problem| said.node == problem.node && said.field == problem.field;
        if problem.field.is_none() || !advice.iter().any(is_said) {
            advice.push(problem);
        }
    }
    advice
}

impl Executor {
    /// Advice on a pipeline that would run but not do what is meant, with what mends it; needs no run, and reads no
    /// samples; and what nodes lack on this computer.
    pub fn advise(&self, pipeline: &Pipeline, base_folder: &Path) -> Vec<Problem> {
        let mut walk = self.evaluator(pipeline, base_folder, None);
        walk.evaluate();
        self.advice_of(&walk, base_folder)
    }

    pub(super) fn advice_of(&self, walk: &Evaluator, base_folder: &Path) -> Vec<Problem> {
        let mut facts = Facts::new();
        let mut lacked = Vec::new();
        for (instance, eval) in walk.iter() {
            let node = self.registry().get(&instance.kind).filter(|_| !eval.off && !instance.bypassed);
            for lack in node.map(|node| node.lacks(&instance.params, base_folder)).unwrap_or_default() {
                let problem = Problem::of_node(&instance.name, lack.message);
                lacked.push(Problem { severity: Severity::Warning, ..problem.field(&lack.field) });
            }
            for (port, items) in &eval.outputs {
                let known = items.iter().find_map(|Item { state, .. }| match state {
                    ItemState::Ready { payload: Payload::Here(Value::Recording(recording)), .. } => {
                        Some(Fact::of(recording.info()))
                    }
                    _ => None,
                });
                facts.extend(known.map(|fact| (format!("{}.{port}", instance.name), fact)));
            }
        }
        lacked.extend(advise(walk.pipeline, self.registry(), &facts));
        lacked
    }
}
