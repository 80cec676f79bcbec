//! Two runs side by side: what was set otherwise, and what came out.

use super::{flow, text, texts};
use crate::{
    data::{Table, TableColumn},
    pipeline::{Executor, KeptRun, Look, NodeInstance, Params, Pipeline, Registry, Value},
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// One line of a comparison: what, and the values of both runs; empty where one has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `sort · Detect threshold`
    pub what: String,
    /// The values of the first and the second run.
    pub values: [String; 2],
}

impl Line {
    /// True where both runs have the same.
    pub fn is_same(&self) -> bool {
        self.values[0] == self.values[1]
    }
}

/// Two runs side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Both runs.
    pub runs: [KeptRun; 2],
    /// What was set otherwise.
    pub settings: Vec<Line>,
    /// What came out, as far as it is still in the store.
    pub figures: Vec<Line>,
}

/// Compares two runs by their pipelines and by what the store holds of their results.
///
/// # Errors
/// Where the pipeline of one of them cannot be read.
pub fn compare(executor: &Executor, runs: [KeptRun; 2]) -> Result<Comparison, String> {
    let registry = executor.registry();
    let read = |run: &KeptRun| run.pipeline(registry).map(|o| o.pipeline).map_err(|e| e.to_string());
    let pipelines = [read(&runs[0])?, read(&runs[1])?];
    let settings = settings(registry, &pipelines);
    let of_run = |index: usize| figures(executor, &pipelines[index], &runs[index]);
    let (first, second) = (of_run(0), of_run(1));
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let value =
        |figures: &BTreeMap<String, String>, name: &String| figures.get(name).cloned().unwrap_or_default();
    let figures = names
        .into_iter()
        .map(|name| Line { what: name.clone(), values: [value(&first, name), value(&second, name)] })
        .collect();
    Ok(Comparison { runs, settings, figures })
}

/// What is set otherwise in two pipelines, node by node.
pub fn settings(registry: &Registry, pipelines: &[Pipeline; 2]) -> Vec<Line> {
    let names: BTreeSet<&str> =
        pipelines.iter().flat_map(|p| p.nodes().map(|node| node.name.as_str())).collect();
    let mut lines = Vec::new();
    for name in names {
        match [0, 1].map(|index| pipelines[index].node(name)) {
            [Some(first), Some(second)] => of_node(registry, [first, second], &mut lines),
            found => {
                let words = found.map(|node| node.map_or_else(String::new, |node| node.kind.clone()));
                lines.push(Line { what: name.to_owned(), values: words });
            }
        }
    }
    let wires = [0, 1].map(|index| {
        let end = |w: &(&str, &str, &str, &str)| {
            texts::runs::wire_ends(&format!("{}.{}", w.0, w.1), &format!("{}.{}", w.2, w.3))
        };
        pipelines[index].wires().iter().map(end).collect::<BTreeSet<String>>()
    });
    for wire in wires[0].symmetric_difference(&wires[1]) {
        let words = |has: bool| if has { texts::runs::drawn() } else { "" }.to_owned();
        let values = [words(wires[0].contains(wire)), words(wires[1].contains(wire))];
        lines.push(Line { what: texts::runs::wire(&wire), values });
    }
    let seeds = [0, 1].map(|index| pipelines[index].seed().to_string());
    lines.push(Line { what: texts::runs::seed().to_owned(), values: seeds });
    lines.retain(|line| !line.is_same());
    lines
}

fn of_node(registry: &Registry, nodes: [&NodeInstance; 2], lines: &mut Vec<Line>) {
    let name = &nodes[0].name;
    let mut line = |what: &str, values: [String; 2]| {
        lines.push(Line { what: format!("{name} · {what}"), values });
    };
    line(texts::runs::kind(), nodes.map(|node| node.kind.clone()));
    let yes = |on: bool| if on { texts::runs::yes() } else { texts::runs::no() }.to_owned();
    line(texts::runs::muted(), nodes.map(|node| yes(node.muted)));
    line(texts::runs::bypassed(), nodes.map(|node| yes(node.bypassed)));
    let known = registry.get(&nodes[0].kind).filter(|_| nodes[0].kind == nodes[1].kind);
    match known {
        Some(known) => {
            for spec in known.specs() {
                let value = |params: &Params| params.get(&spec.name).unwrap_or(&spec.default).clone();
                line(&spec.label, nodes.map(|node| text::param_value(spec, &value(&node.params))));
            }
        }
        None => {
            let keys: BTreeSet<&String> = nodes.iter().flat_map(|node| node.params.keys()).collect();
            let value = |node: &NodeInstance, key: &String| node.params.get(key).map(Json::to_string);
            for key in keys {
                line(key, nodes.map(|node| value(node, key).unwrap_or_default()));
            }
        }
    }
}

/// What came out of a run: a line for each output, and the means of the columns of tables.
fn figures(executor: &Executor, pipeline: &Pipeline, run: &KeptRun) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for node in pipeline.nodes().filter(|node| !node.muted) {
        let Some(known) = executor.registry().get(&node.kind) else { continue };
        // A recipe has no result of its own.
        if !known.info().work.is_task() {
            continue;
        }
        for port in known.outputs(&node.params) {
            let end = format!("{}.{}", node.name, port.name);
            // What came out then was noted, and may have gone from the store.
            let noted = run.record.results.iter().find(|result| result.end == end);
            let words = noted.map_or_else(
                || flow::describe(executor, pipeline, &run.record.base_folder, &end),
                |result| result.words.clone(),
            );
            if words.is_empty() {
                continue;
            }
            let look = executor.look(pipeline, &run.record.base_folder, &end);
            found.insert(end.clone(), words);
            if let Ok(Look::Ready(items)) = look {
                let tables = items.iter().filter_map(|(_, value)| match value {
                    Value::Table(table) => Some(&**table),
                    _ => None,
                });
                let tables: Vec<&Table> = tables.collect();
                for (column, mean) in means(&tables) {
                    found.insert(texts::runs::mean(&end, &column), mean);
                }
            }
        }
    }
    found
}

/// The means of the columns of numbers over all rows of tables.
fn means(tables: &[&Table]) -> Vec<(String, String)> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for table in tables {
        for (name, column) in &table.columns {
            if let TableColumn::Float(values) = column {
                let sum = sums.entry(name).or_default();
                for value in values.iter().filter(|value| value.is_finite()) {
                    *sum = (sum.0 + value, sum.1 + 1.0);
                }
            }
        }
    }
    let mean = |(sum, count): (f64, f64)| format!("{:.4}", sum / count);
    let known = sums.into_iter().filter(|(_, (_, count))| *count > 0.0);
    known.map(|(name, sum)| (name.to_owned(), mean(sum))).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::Document;

    #[test]
    fn what_is_set_otherwise_is_listed_with_its_units() {
        let registry = crate::nodes::registry();
        let parse = |text: &str| Document::parse(text, "test", &registry).unwrap().pipeline;
        let first = parse(
            r#"(version: 1, nodes: {"band": (kind: "bandpass_filter", params: (freq_min: 400.0)),
                "demo": (kind: "generate_recording")}, wires: [("demo.recording", "band.recording")])"#,
        );
        let second = parse(
            r#"(version: 1, seed: 3, nodes: {"band": (kind: "bandpass_filter", muted: true),
                "sort": (kind: "sort")}, wires: [("band.recording", "sort.recording")])"#,
        );
        let lines = settings(&registry, &[first.clone(), second]);
        let line = |what: &str| lines.iter().find(|l| l.what == what).map(|l| l.values.clone()).unwrap();
        assert_eq!(line("band · Freq min"), ["400 Hz", "300 Hz"]);
        assert_eq!(line("band · muted"), ["no", "yes"]);
        assert_eq!(line("demo"), ["generate_recording", ""]);
        assert_eq!(line("seed"), ["0", "3"]);
        assert_eq!(line("wire demo.recording to band.recording"), ["drawn", ""]);
        assert!(!lines.iter().any(|line| line.what == "band · Freq max"), "what is the same is left out");
        assert!(settings(&registry, &[first.clone(), first]).is_empty());
    }

    #[test]
    fn columns_of_numbers_have_means() {
        let table = Table::new(vec![
            ("snr".into(), TableColumn::Float(vec![4.0, f64::NAN, 6.0])),
            ("label".into(), TableColumn::Text(vec!["a".into(), "b".into(), "c".into()])),
        ]);
        assert_eq!(means(&[&table]), [("snr".to_owned(), "5.0000".to_owned())]);
    }
}
