//! Everything that is wrong with a pipeline before it runs, all of it at once.

use super::{
    Edit, NodeInstance, ParamProblem, Pipeline, Port, Registry, check::nearest, group::name_in,
    node::DynNode, read_params::read_params, sweeps::check_sweeps,
};
use crate::data::{Notice, Remedy};
use serde::Serialize;
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know, and nothing wrong.
    Note,
    /// The user should know; it runs all the same.
    Warning,
    /// The node cannot run.
    Error,
}

/// Something wrong with a pipeline or its document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The node it concerns; `None` where it concerns the document.
    pub node: Option<String>,
    /// The parameter or port it concerns.
    pub field: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// Line and column in the file, both from 1, where the problem was found in a file.
    pub line: Option<(usize, usize)>,
    /// What mends it in one step: what it is called, and the edit.
    #[serde(skip)]
    pub mends: Vec<(String, Edit)>,
    /// What mends it, where that is yet to be made an edit.
    #[serde(skip)]
    pub remedies: Vec<Remedy>,
}

impl Problem {
    /// An error that concerns a node.
    pub fn of_node(node: &str, message: impl Into<String>) -> Self {
        Self {
            node: Some(node.to_owned()),
            field: None,
            message: message.into(),
            severity: Severity::Error,
            line: None,
            mends: Vec::new(),
            remedies: Vec::new(),
        }
    }

    /// An error that a node told of.
    pub fn of_notice(node: &str, notice: &Notice) -> Self {
        Self { remedies: notice.remedies.clone(), ..Self::of_node(node, &notice.words) }
    }

    /// An error that concerns the document as a whole.
    pub fn of_document(message: impl Into<String>) -> Self {
        Self { node: None, ..Self::of_node("", message) }
    }

    /// The same problem, of a field or port.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        self.field = (!field.is_empty()).then(|| field.to_owned());
        self
    }

    /// The same problem, as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same problem, as a note.
    #[must_use]
    pub fn note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }

    /// The same problem, with what mends it.
    #[must_use]
    pub fn mend(mut self, label: String, edit: Edit) -> Self {
        self.mends.push((label, edit));
        self
    }

    /// The same problem, with what mends it.
    #[must_use]
    pub fn mended_by(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }

    /// The same problem, found at a line and column.
    #[must_use]
    pub fn at(mut self, line: (usize, usize)) -> Self {
        self.line = Some(line);
        self
    }
}

impl std::fmt::Display for Problem {
    /// `3:14: filter.freq_min: …`, without the parts that are not known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((line, column)) = self.line {
            write!(f, "{line}:{column}: ")?;
        }
        match (&self.node, &self.field) {
            (Some(node), Some(field)) => write!(f, "{node}.{field}: ")?,
            (Some(node), None) => write!(f, "{node}: ")?,
            (None, Some(field)) => write!(f, "{field}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)
    }
}

/// Everything wrong with a pipeline: unknown kinds, parameters, ports, types, missing inputs, loops.
pub fn validate(pipeline: &Pipeline, registry: &Registry) -> Vec<Problem> {
    let mut problems = Vec::new();
    for instance in pipeline.nodes() {
        match registry.get(&instance.kind) {
            None => problems.push(unknown_kind(instance, registry)),
            // A muted node does not run, whatever is wrong with it.
            Some(_) if instance.muted => {}
            Some(node) => {
                parameters(instance, &**node, &mut problems);
                missing_inputs(pipeline, instance, &**node, &mut problems);
            }
        }
    }
    same_places(pipeline, registry, &mut problems);
    groups(pipeline, registry, &mut problems);
    check_sweeps(pipeline, registry, &mut problems);
    wires(pipeline, registry, &mut problems);
    if let Err(cycle) = petgraph::algo::toposort(pipeline.graph(), None) {
        let name = &pipeline.graph()[cycle.node_id()].name;
        problems.push(Problem::of_node(name, "is part of a loop: remove one of its wires"));
    }
    problems
}

/// Files that nodes read and that are not there; relative paths start at `base`. Where another node of the pipeline
/// writes a file it will be there in time.
pub fn missing_files(pipeline: &Pipeline, registry: &Registry, base: &Path) -> Vec<Problem> {
    let known = |instance: &'_ NodeInstance| registry.get(&instance.kind).filter(|_| !instance.muted);
    let writes = |instance| known(instance).map(|node| node.writes(&instance.params)).unwrap_or_default();
    let written: Vec<PathBuf> = pipeline.nodes().flat_map(writes).map(|path| base.join(path)).collect();
    let mut problems = Vec::new();
    for instance in pipeline.nodes() {
        let Some(node) = known(instance) else { continue };
        let files = node.files(&instance.params, base).into_iter().map(|path| base.join(path));
        let is_gone =
            |path: &PathBuf| !path.exists() && !written.iter().any(|folder| path.starts_with(folder));
        let Some(gone) = files.into_iter().find(is_gone) else { continue };
        let names = |value: &Json| value.as_str().is_some_and(|path| base.join(path) == gone);
        let field = instance.params.iter().find(|(_, value)| names(value)).map_or("path", |(name, _)| name);
        let message = format!("{} is not there. Was it moved or renamed? Choose it again", gone.display());
        problems.push(Problem::of_node(&instance.name, message).field(field));
    }
    problems
}

/// Two nodes that write to one place: the one that is done last would replace what the other wrote.
fn same_places(pipeline: &Pipeline, registry: &Registry, problems: &mut Vec<Problem>) {
    let mut taken: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for instance in pipeline.nodes().filter(|instance| !instance.muted) {
        let Some(node) = registry.get(&instance.kind) else { continue };
        for path in node.writes(&instance.params) {
            if path.as_os_str().is_empty() {
                continue;
            }
            let place: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
            if let Some(other) = taken.insert(place, &instance.name) {
                problems.push(
                    Problem::of_node(
                        &instance.name,
                        format!(
                            "{} is where \"{other}\" writes as well: choose another name",
                            path.display()
                        ),
                    )
                    .field("path"),
                );
            }
        }
    }
}

fn unknown_kind(instance: &NodeInstance, registry: &Registry) -> Problem {
    let kind = &instance.kind;
    let hint = nearest(kind, registry.iter().map(|node| node.info().kind))
        .map(|near| format!(" (did you mean \"{near}\"?)"))
        .unwrap_or_default();
    let message = if kind.is_empty() {
        "has no kind: write (kind: \"…\", …)".to_owned()
    } else {
        format!("there is no node of kind \"{kind}\"{hint}. It is kept as it is, and cannot run")
    };
    Problem::of_node(&instance.name, message).field("kind")
}

fn parameters(instance: &NodeInstance, node: &dyn DynNode, problems: &mut Vec<Problem>) {
    let found: Vec<ParamProblem> = match &instance.raw_params {
        Some(raw) => read_params(node, raw).problems.into_iter().map(|(_, problem)| problem).collect(),
        None => node.check(&instance.params),
    };
    problems.extend(found.into_iter().map(|p| Problem::of_node(&instance.name, p.message).field(&p.field)));
}

/// What groups name and is not there.
fn groups(pipeline: &Pipeline, registry: &Registry, problems: &mut Vec<Problem>) {
    for (name, group) in pipeline.groups() {
        for (ports, is_input) in [(&group.inputs, true), (&group.outputs, false)] {
            let ends = ports.iter().flat_map(|port| port.ends.iter().map(move |end| (port, end)));
            for (port, end) in
                ends.filter(|(_, end)| pipeline.flat_ends(&name_in(name, end), is_input).is_empty())
            {
                let message = format!("the port \"{}\" leads to {end}, which is not there", port.name);
                problems.push(Problem::of_node(name, message).field(&port.name).warning());
            }
        }
        for (shown, inner) in &group.params {
            let known = pipeline.flat_param(&name_in(name, inner)).is_some_and(|(node, field)| {
                let kind = pipeline.node(&node).map(|node| node.kind.as_str());
                // What an unknown kind has is not known.
                let node = kind.map(|kind| registry.get(kind));
                node.is_some_and(|n| n.is_none_or(|n| n.specs().iter().any(|spec| spec.name == field)))
            });
            if !known {
                let message = format!("shows {inner}, which is not there");
                problems.push(Problem::of_node(name, message).field(shown).warning());
            }
        }
    }
}

fn missing_inputs(
    pipeline: &Pipeline,
    instance: &NodeInstance,
    node: &dyn DynNode,
    problems: &mut Vec<Problem>,
) {
    let wires = pipeline.wires();
    for port in node.inputs(&instance.params) {
        let connected = wires.iter().any(|w| w.2 == instance.name && w.3 == port.name);
        if !connected && !port.optional {
            let message =
                format!("this input is not connected: draw a wire from a {} output", port.port_type);
            problems.push(Problem::of_node(&instance.name, message).field(port.name));
        }
    }
}

fn wires(pipeline: &Pipeline, registry: &Registry, problems: &mut Vec<Problem>) {
    let ports = |name: &str, inputs: bool| -> Option<Vec<Port>> {
        let instance = pipeline.node(name)?;
        let node = registry.get(&instance.kind)?;
        Some(if inputs { node.inputs(&instance.params) } else { node.outputs(&instance.params) })
    };
    let names = |ports: &[Port]| {
        if ports.is_empty() {
            return "it has none".to_owned();
        }
        format!("it has {}", ports.iter().map(|p| p.name).collect::<Vec<_>>().join(", "))
    };
    let mut entered: Vec<(&str, &str)> = Vec::new();
    for (from_node, from_port, to_node, to_port) in pipeline.wires() {
        // Ports of unknown kinds are taken as they are.
        let outputs = ports(from_node, false);
        let inputs = ports(to_node, true);
        let out = outputs.as_ref().and_then(|ports| ports.iter().find(|p| p.name == from_port));
        let input = inputs.as_ref().and_then(|ports| ports.iter().find(|p| p.name == to_port));
        if let (Some(outputs), None) = (&outputs, out) {
            let message = format!("there is no output \"{from_port}\"; {}", names(outputs));
            problems.push(Problem::of_node(from_node, message).field(from_port));
        }
        if let (Some(inputs), None) = (&inputs, input) {
            let message = format!("there is no input \"{to_port}\"; {}", names(inputs));
            problems.push(Problem::of_node(to_node, message).field(to_port));
        }
        if let (Some(out), Some(input)) = (out, input)
            && out.port_type != input.port_type
        {
            let message =
                format!("takes {}, but {from_node}.{from_port} gives {}", input.port_type, out.port_type);
            problems.push(Problem::of_node(to_node, message).field(to_port));
        }
        if input.is_some_and(|input| !input.many) && entered.contains(&(to_node, to_port)) {
            let message = "takes one wire, and several are connected: remove all but one";
            problems.push(Problem::of_node(to_node, message).field(to_port));
        }
        entered.push((to_node, to_port));
    }
}
