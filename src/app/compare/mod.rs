//! Two runs side by side: what was set otherwise, what came out, and which units are the same.

mod change;
mod units;

use super::{flow, text, texts};
use crate::{
    data::{Table, TableColumn},
    pipeline::{
        Coordinate, Executor, KeptRun, Look, NodeInstance, Params, Pipeline, PortType, Registry, Value,
    },
};
use serde_json::Value as Json;
use std::collections::BTreeSet;
pub use units::{Pair, Units, percent};

/// One line of a comparison: what, and the values of both runs; empty where one has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `sort · Detect threshold`
    pub what: String,
    /// The values of the first and the second run.
    pub values: [String; 2],
    /// By how much they differ, where that is a number.
    pub change: String,
}

impl Line {
    /// A line of words, which may differ by the numbers in them.
    pub fn of_words(what: impl Into<String>, values: [String; 2]) -> Self {
        let change = change::of_words(values.each_ref().map(String::as_str));
        Self { what: what.into(), values, change }
    }

    /// How long two runs took, in s; `None` where that is not known.
    pub fn of_times(what: &str, times: [Option<f64>; 2]) -> Self {
        let values = times.map(|time| time.map_or_else(|| "?".to_owned(), text::took));
        let known = times.map(|time| time.map(change::four_digits));
        let change = match known {
            [Some(first), Some(second)] => change::by([first, second], "s"),
            _ => String::new(),
        };
        Self { what: what.to_owned(), values, change }
    }

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
    /// What was set otherwise, in the order of the pipeline.
    pub settings: Vec<Line>,
    /// What came out, in the order of the pipeline; of tables, the means as far as they are still in the store.
    pub figures: Vec<Line>,
    /// Units of each sorting that is still in the store of both.
    pub units: Vec<Units>,
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
    let [first, second] = [0, 1].map(|index| outcome(executor, &pipelines[index], &runs[index]));
    let names = merged(first.figures.iter().map(|f| &*f.what), second.figures.iter().map(|f| &*f.what));
    let line = |name: &str| {
        let found = [&first, &second].map(|run| run.figures.iter().find(|figure| figure.what == name));
        let values = found.map(|figure| figure.map_or_else(String::new, |figure| figure.words.clone()));
        match found.map(|figure| figure.and_then(|figure| figure.number)) {
            [Some(before), Some(now)] => {
                Line { what: name.to_owned(), values, change: change::with_share([before, now]) }
            }
            _ => Line::of_words(name, values),
        }
    };
    let figures = names.into_iter().map(line).collect();
    let same = first.sortings.iter().filter_map(|(end, items)| {
        let (_, other) = second.sortings.iter().find(|(other, _)| other == end)?;
        Some(match [items, other] {
            [Some(first), Some(second)] => units::units(end, [first, second]),
            _ => vec![Units { of: end.clone(), pairs: Err(texts::runs::sorting_is_gone().to_owned()) }],
        })
    });
    let units = same.flatten().collect();
    Ok(Comparison { runs, settings, figures, units })
}

/// Names of both lists: those of the second in their order, those of the first alone where they stood in it.
fn merged<'a>(first: impl Iterator<Item = &'a str>, second: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = second.collect();
    let mut next = 0;
    for name in first {
        match names.iter().position(|other| *other == name) {
            Some(at) => next = at + 1,
            None => {
                names.insert(next, name);
                next += 1;
            }
        }
    }
    names
}

/// What is set otherwise in two pipelines, node by node.
pub fn settings(registry: &Registry, pipelines: &[Pipeline; 2]) -> Vec<Line> {
    let [first, second] = pipelines.each_ref().map(Pipeline::in_order);
    let names = merged(first.iter().map(|node| &*node.name), second.iter().map(|node| &*node.name));
    let mut lines = Vec::new();
    for name in names {
        match [0, 1].map(|index| pipelines[index].node(name)) {
            [Some(first), Some(second)] => of_node(registry, [first, second], &mut lines),
            found => {
                let words = found.map(|node| node.map_or_else(String::new, |node| node.kind.clone()));
                lines.push(Line { what: name.to_owned(), values: words, change: String::new() });
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
        lines.push(Line { what: texts::runs::wire(&wire), values, change: String::new() });
    }
    let seeds = [0, 1].map(|index| pipelines[index].seed().to_string());
    lines.push(Line { what: texts::runs::seed().to_owned(), values: seeds, change: String::new() });
    lines.retain(|line| !line.is_same());
    lines
}

fn of_node(registry: &Registry, nodes: [&NodeInstance; 2], lines: &mut Vec<Line>) {
    let name = &nodes[0].name;
    let mut line = |what: &str, values: [String; 2], change: String| {
        lines.push(Line { what: format!("{name} · {what}"), values, change });
    };
    let none = String::new;
    line(texts::runs::kind(), nodes.map(|node| node.kind.clone()), none());
    let yes = |on: bool| if on { texts::runs::yes() } else { texts::runs::no() }.to_owned();
    line(texts::runs::muted(), nodes.map(|node| yes(node.muted)), none());
    line(texts::runs::bypassed(), nodes.map(|node| yes(node.bypassed)), none());
    let known = registry.get(&nodes[0].kind).filter(|_| nodes[0].kind == nodes[1].kind);
    match known {
        Some(known) => {
            for spec in known.specs() {
                let value = |params: &Params| params.get(&spec.name).unwrap_or(&spec.default).clone();
                let values = nodes.map(|node| value(&node.params));
                let change = match values.each_ref().map(Json::as_f64) {
                    [Some(before), Some(now)] => change::by([before, now], &spec.unit),
                    _ => none(),
                };
                line(&spec.label, values.map(|value| text::param_value(spec, &value)), change);
            }
        }
        None => {
            let keys: BTreeSet<&String> = nodes.iter().flat_map(|node| node.params.keys()).collect();
            let value = |node: &NodeInstance, key: &String| node.params.get(key).map(Json::to_string);
            for key in keys {
                line(key, nodes.map(|node| value(node, key).unwrap_or_default()), none());
            }
        }
    }
}

/// One thing that came out of a run.
struct Figure {
    what: String,
    words: String,
    /// Where it is one.
    number: Option<f64>,
}

/// What came out of a run, in the order of its pipeline.
#[derive(Default)]
struct Outcome {
    /// A line for each output, and the means of the columns of tables.
    figures: Vec<Figure>,
    /// The sortings that are in the store, by the outputs they left by.
    /// `None` of what has gone from the store.
    sortings: Vec<(String, Option<Vec<(Coordinate, Value)>>)>,
}

fn outcome(executor: &Executor, pipeline: &Pipeline, run: &KeptRun) -> Outcome {
    let mut outcome = Outcome::default();
    for node in pipeline.in_order().into_iter().filter(|node| !node.muted) {
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
            outcome.figures.push(Figure { what: end.clone(), words, number: None });
            let is_sorting = port.port_type == PortType::Sorting;
            let Ok(Look::Ready(items)) = executor.look(pipeline, &run.record.base_folder, &end) else {
                outcome.sortings.extend(noted.filter(|_| is_sorting).map(|_| (end, None)));
                continue;
            };
            let tables = items.iter().filter_map(|(_, value)| match value {
                Value::Table(table) => Some(&**table),
                _ => None,
            });
            let tables: Vec<&Table> = tables.collect();
            for (column, mean) in means(&tables) {
                let words = text::number(change::four_digits(mean));
                let what = texts::runs::mean(&end, &column);
                outcome.figures.push(Figure { what, words, number: Some(mean) });
            }
            if is_sorting {
                outcome.sortings.push((end, Some(items)));
            }
        }
    }
    outcome
}

/// The means of the columns of numbers over all rows of tables, in the order of the columns.
fn means(tables: &[&Table]) -> Vec<(String, f64)> {
    let mut sums: Vec<(&str, f64, f64)> = Vec::new();
    for table in tables {
        for (name, column) in &table.columns {
            let TableColumn::Float(values) = column else { continue };
            let at = sums.iter().position(|sum| sum.0 == name).unwrap_or_else(|| {
                sums.push((name, 0.0, 0.0));
                sums.len() - 1
            });
            for value in values.iter().filter(|value| value.is_finite()) {
                sums[at] = (name, sums[at].1 + value, sums[at].2 + 1.0);
            }
        }
    }
    let known = sums.into_iter().filter(|(.., count)| *count > 0.0);
    known.map(|(name, sum, count)| (name.to_owned(), sum / count)).collect()
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
        assert_eq!(line("band · Freq min"), ["400 Hz", "150 Hz"]);
        let change = lines.iter().find(|l| l.what == "band · Freq min").map(|l| l.change.as_str());
        assert_eq!(change, Some("−250 Hz"));
        // In the order of the pipeline, wherever a node is there once only.
        let place = |name: &str| lines.iter().position(|l| l.what.starts_with(name)).unwrap();
        assert!(place("demo") < place("band") && place("band") < place("sort"));
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
        assert_eq!(means(&[&table]), [("snr".to_owned(), 5.0)]);
    }
}
