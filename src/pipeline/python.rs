//! A pipeline as a Python script that does the same with SpikeInterface.
//!
//! Every node says itself what it is there ([`Node::in_python`](super::Node::in_python)); here the parts are named, put in
//! order and written down, and what has no equivalent is said.

use super::{NodeInstance, Pipeline, Registry};
use serde::Serialize;
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Modules by the name the script has for them.
const MODULES: [(&str, &str); 11] = [
    ("np", "import numpy as np"),
    ("pi", "import probeinterface as pi"),
    ("sc", "import spikeinterface.comparison as sc"),
    ("se", "import spikeinterface.extractors as se"),
    ("sexp", "import spikeinterface.exporters as sexp"),
    ("si", "import spikeinterface as si"),
    ("spre", "import spikeinterface.preprocessing as spre"),
    ("ss", "import spikeinterface.sorters as ss"),
    ("spd", "import spikeinterface.sortingcomponents.peak_detection as spd"),
    ("spl", "import spikeinterface.sortingcomponents.peak_localization as spl"),
    (
        "spikeloom_sorter",
        "import spikeloom_sorter  # assets/python/spikeloom_sorter.py of Spikeloom, beside this script",
    ),
];

/// The names and places a node's Python may use.
#[derive(Debug)]
pub struct PythonNames {
    inputs: BTreeMap<String, Vec<String>>,
    outputs: BTreeMap<String, String>,
    base: PathBuf,
}

impl PythonNames {
    /// The variable at an input, `None` in Python where nothing is connected.
    pub fn input(&self, port: &str) -> &str {
        self.inputs.get(port).and_then(|names| names.first()).map_or("None", String::as_str)
    }

    /// All variables at an input that takes several, as a Python list.
    pub fn inputs(&self, port: &str) -> String {
        format!("[{}]", self.inputs.get(port).map(|names| names.join(", ")).unwrap_or_default())
    }

    /// The variable an output is given to.
    pub fn output(&self, port: &str) -> &str {
        self.outputs.get(port).map_or("_", String::as_str)
    }

    /// A path of a parameter.
    pub fn path(&self, path: &Path) -> String {
        let text = path.to_string_lossy().replace('\\', "/");
        if path.is_absolute() { literal(text) } else { format!("BASE / {}", literal(text)) }
    }

    /// Where a path of a parameter is now, for nodes whose Python depends on what is there.
    pub fn place(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }
}

/// Lines of Python that do what a node does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PythonStep(pub Vec<String>);

impl PythonStep {
    /// `variable = function(arguments, name=value, …)`; values that are null are left to SpikeInterface.
    pub fn call(variable: &str, function: &str, arguments: &[&str], named: &[(&str, Json)]) -> Self {
        Self::default().and_call(variable, function, arguments, named)
    }

    /// One more call.
    #[must_use]
    pub fn and_call(
        mut self,
        variable: &str,
        function: &str,
        arguments: &[&str],
        named: &[(&str, Json)],
    ) -> Self {
        let named = named.iter().filter(|(_, value)| !value.is_null());
        let named = named.map(|(name, value)| format!("{name}={}", literal(value)));
        let all: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).chain(named).collect();
        let target = if variable.is_empty() { String::new() } else { format!("{variable} = ") };
        self.0.push(format!("{target}{function}({})", all.join(", ")));
        self
    }

    /// One more line.
    #[must_use]
    pub fn and(mut self, line: impl Into<String>) -> Self {
        self.0.push(line.into());
        self
    }

    /// A remark before what follows.
    #[must_use]
    pub fn noted(mut self, text: &str) -> Self {
        self.0.insert(0, format!("# {text}"));
        self
    }
}

/// A value as Python writes it.
pub fn literal(value: impl Serialize) -> String {
    let list = |items: &[Json]| items.iter().map(literal).collect::<Vec<_>>().join(", ");
    match serde_json::to_value(value).unwrap_or_default() {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Array(items) => format!("[{}]", list(&items)),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{}: {}", literal(name), literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        // Escapes of JSON are escapes of Python.
        other => other.to_string(),
    }
}

/// The script of a pipeline. Relative paths start at `base`; `title` names the pipeline.
pub fn script(pipeline: &Pipeline, registry: &Registry, base: &Path, title: &str) -> String {
    let mut writer = Writer { names: BTreeSet::new(), variables: BTreeMap::new(), missing: BTreeMap::new() };
    let mut body: Vec<String> = Vec::new();
    for instance in in_order(pipeline) {
        body.push(String::new());
        body.extend(writer.step(pipeline, registry, base, instance));
    }
    let uses = |name: &str| {
        let called = format!("{name}.");
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        body.iter()
            .filter(|line| !line.trim_start().starts_with('#'))
            .any(|line| line.match_indices(&called).any(|(at, _)| !line[..at].ends_with(is_name)))
    };
    let mut imports: Vec<&str> = vec!["from pathlib import Path"];
    imports.extend(MODULES.iter().filter(|(name, _)| uses(name)).map(|(_, import)| *import));
    let (own, others): (Vec<&str>, Vec<&str>) =
        imports.into_iter().partition(|line| line.contains("pathlib"));
    let mut lines = vec![
        format!("\"\"\"The pipeline {title} with SpikeInterface, as Spikeloom {} wrote it.", env!("CARGO_PKG_VERSION")),
        String::new(),
        "Filters and references give the same traces to rounding; what is estimated from random chunks of data (whitening,".into(),
        "noise, bad channels) is estimated from other chunks. Steps that SpikeInterface does not have are named where they are.".into(),
        "\"\"\"".into(),
        String::new(),
    ];
    lines.extend(own.iter().map(|line| (*line).to_owned()));
    if !others.is_empty() {
        lines.push(String::new());
        lines.extend(others.iter().map(|line| (*line).to_owned()));
    }
    let absolute = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    let absolute = absolute.to_string_lossy().replace('\\', "/");
    lines.extend([
        String::new(),
        "# Where relative paths of the pipeline start.".into(),
        format!("BASE = Path({})", literal(absolute)),
        String::new(),
        String::new(),
        "def main():".into(),
        "    si.set_global_job_kwargs(n_jobs=1, chunk_duration=\"1s\", progress_bar=False)".into(),
    ]);
    if !uses("si") {
        let at = lines.iter().position(|line| line.starts_with("import spikeinterface.")).unwrap_or(8);
        lines.insert(at, "import spikeinterface as si".into());
    }
    lines.extend(body.iter().map(|line| match line.is_empty() {
        true => String::new(),
        false => format!("    {line}"),
    }));
    lines.extend([String::new(), String::new(), "if __name__ == \"__main__\":".into(), "    main()".into()]);
    lines.join("\n") + "\n"
}

/// Nodes, each after those it needs, otherwise as the document has them.
fn in_order(pipeline: &Pipeline) -> Vec<&NodeInstance> {
    let wires = pipeline.wires();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<&NodeInstance> = pipeline.nodes().collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_ready = |instance: &&NodeInstance| {
            wires.iter().filter(|wire| wire.2 == instance.name).all(|wire| done.contains(wire.0))
        };
        // In a loop nothing is ready; the pipeline is refused before.
        let next = left.remove(left.iter().position(is_ready).unwrap_or(0));
        done.insert(&next.name);
        order.push(next);
    }
    order
}

struct Writer {
    /// Variables that are taken.
    names: BTreeSet<String>,
    /// The variable of each `node.port`.
    variables: BTreeMap<String, String>,
    /// Ends that have no variable, and the node that is to blame.
    missing: BTreeMap<String, String>,
}

impl Writer {
    fn step(
        &mut self,
        pipeline: &Pipeline,
        registry: &Registry,
        base: &Path,
        instance: &NodeInstance,
    ) -> Vec<String> {
        let name = &instance.name;
        let Some(node) = registry.get(&instance.kind) else {
            return vec![format!("# {name}: there is no node of kind {}.", instance.kind)];
        };
        let info = node.info();
        let head = format!("# {name}: {}", info.label);
        let outputs = node.outputs(&instance.params);
        let wires = pipeline.wires();
        let entering: Vec<_> = wires.iter().filter(|wire| wire.2 == *name).collect();
        let end = |wire: &(&str, &str, &str, &str)| format!("{}.{}", wire.0, wire.1);
        if instance.bypassed {
            for output in &outputs {
                let same = |port: &&(&str, &str, &str, &str)| {
                    node.inputs(&instance.params)
                        .iter()
                        .any(|p| p.name == port.3 && p.port_type == output.port_type)
                };
                let from = entering.iter().find(|wire| same(wire)).map(|wire| end(wire));
                let variable = from.and_then(|from| self.variables.get(&from).cloned());
                let place = format!("{name}.{}", output.name);
                match variable {
                    Some(variable) => drop(self.variables.insert(place, variable)),
                    None => drop(self.missing.insert(place, name.clone())),
                }
            }
            return vec![format!("{head}, bypassed")];
        }
        let blamed = entering.iter().find_map(|wire| self.missing.get(&end(wire)).cloned());
        let mut inputs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for wire in &entering {
            let variable = self.variables.get(&end(wire)).cloned().unwrap_or_else(|| "None".into());
            inputs.entry(wire.3.to_owned()).or_default().push(variable);
        }
        let mut given = BTreeMap::new();
        for output in &outputs {
            let stem = if outputs.len() == 1 { name.clone() } else { format!("{name}_{}", output.name) };
            given.insert(output.name.to_owned(), self.variable(&stem));
        }
        let names = PythonNames { inputs, outputs: given.clone(), base: base.to_owned() };
        let step = if instance.muted { None } else { node.in_python(&instance.params, &names) };
        let lost = match (&step, &blamed) {
            (_, _) if instance.muted => Some(format!("{head}, muted")),
            (None, _) => Some(format!(
                "{head}. SpikeInterface has no equivalent: in Spikeloom it {}",
                lowered(info.summary)
            )),
            (Some(_), Some(blamed)) => Some(format!("{head}, left out: it needs what {blamed} gives.")),
            (Some(_), None) => None,
        };
        let places = given.iter().map(|(port, variable)| (format!("{name}.{port}"), variable.clone()));
        if let Some(words) = lost {
            let blamed = blamed.unwrap_or_else(|| name.clone());
            self.missing.extend(places.map(|(place, _)| (place, blamed.clone())));
            let lines = step.into_iter().flat_map(|step| step.0).map(|line| format!("# {line}"));
            return std::iter::once(words).chain(lines).collect();
        }
        let lines = step.into_iter().flat_map(|step| step.0).collect::<Vec<_>>();
        for (place, variable) in places {
            // Not every output has an equivalent.
            match lines.iter().any(|line| line.contains(&variable)) {
                true => drop(self.variables.insert(place, variable)),
                false => drop(self.missing.insert(place, name.clone())),
            }
        }
        std::iter::once(head).chain(lines).collect()
    }

    /// A name for a variable that is not taken.
    fn variable(&mut self, stem: &str) -> String {
        let plain: String = stem
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        let plain = if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain };
        let taken = |name: &String| {
            self.names.contains(name)
                || KEYWORDS.contains(&name.as_str())
                || MODULES.iter().any(|(m, _)| m == name)
        };
        let mut numbered = (1..).map(|n| if n == 1 { plain.clone() } else { format!("{plain}_{n}") });
        let name = numbered.find(|name| !taken(name)).unwrap_or_default();
        self.names.insert(name.clone());
        name
    }
}

/// Words of Python that name no variable.
const KEYWORDS: [&str; 22] = [
    "and", "as", "class", "def", "del", "for", "from", "if", "import", "in", "is", "lambda", "main", "not",
    "or", "pass", "print", "return", "try", "while", "with", "yield",
];

/// A summary within a sentence.
fn lowered(summary: &str) -> String {
    let mut chars = summary.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::super::toys;
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_python_has_them() {
        assert_eq!(literal(json!({"a": [1, 2.5, true, null]})), "{\"a\": [1, 2.5, True, None]}");
        let call = PythonStep::call("x", "spre.f", &["y"], &[("a", json!(1)), ("b", Json::Null)]);
        assert_eq!(call.0, ["x = spre.f(y, a=1)"]);
    }

    #[test]
    fn what_has_no_equivalent_is_said_and_what_needs_it_left_out() {
        let pipeline = toys::chain();
        let text = script(&pipeline, &toys::registry(), Path::new("/data"), "chain.ron");
        assert!(
            text.contains("    # n: Toy. SpikeInterface has no equivalent: in Spikeloom it does little."),
            "{text}"
        );
        assert!(text.contains("BASE = Path(\"/data\")") && text.contains("def main():"), "{text}");
    }
}
