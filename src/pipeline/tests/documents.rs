//! Parameters, edits and documents, with toy nodes.

use super::super::{
    Document, DocumentError, Edit, Group, ParamKind, Params, Pipeline, Registry, Severity, node::DynNode,
    toys, validate,
};
use super::{instance, params};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::Arc;

fn numbers() -> Arc<dyn DynNode> {
    toys::registry().get("numbers").unwrap().clone()
}

#[test]
fn a_declaration_says_everything_about_a_field() {
    let node = numbers();
    let specs = node.specs();
    let names: Vec<&str> = specs.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names[..4], ["freq_min", "count", "peak_sign", "exclude_sweep_ms"], "declared order");
    let spec = |name: &str| specs.iter().find(|s| s.name == name).unwrap();
    let freq_min = spec("freq_min");
    assert_eq!(freq_min.kind, ParamKind::Float);
    assert_eq!(freq_min.doc, "Low cut-off frequency, in two lines.");
    assert_eq!((freq_min.unit.as_str(), freq_min.label.as_str()), ("Hz", "Freq min"));
    assert_eq!(freq_min.hard_range, (Some(0.1), Some(100_000.0)));
    assert_eq!(freq_min.soft_range, Some((1.0, 500.0)));
    assert_eq!(freq_min.default, json!(300.0));
    let ParamKind::Choice { options } = &spec("peak_sign").kind else { panic!("no choice") };
    assert_eq!(options[2], ("both_ways".into(), "Both ways".into(), "Either way.".into()));
    assert_eq!(spec("peak_sign").doc, "Which way.");
    let sweep = spec("exclude_sweep_ms");
    assert!(sweep.optional && sweep.auto && sweep.advanced);
    assert_eq!((sweep.kind.clone(), sweep.label.as_str()), (ParamKind::Float, "Exclude sweep"));
    assert!(matches!(&spec("other_sign").kind, ParamKind::Choice { .. }) && spec("other_sign").optional);
    assert_eq!(spec("channel_indices").kind, ParamKind::List { item: "int".into() });
    assert_eq!(spec("channel_indices").label, "Channels to keep");
    assert_eq!(spec("names").kind, ParamKind::List { item: "text".into() });
    assert_eq!(spec("periods").kind, ParamKind::Other);
    assert_eq!(spec("file_path").kind, ParamKind::Path { mode: "open".into() });
    assert_eq!(spec("enabled").kind, ParamKind::Bool);
    assert_eq!(spec("weights").hard_range, (Some(-1.0), Some(1.0)));
}

#[test]
fn wrong_values_are_named_with_what_is_accepted() {
    let node = numbers();
    let check = |values: Json, field: &str, says: &str| {
        let problems = node.check(&params(values.clone()));
        let found = problems.iter().find(|p| p.field == field);
        assert!(found.is_some_and(|p| p.message.contains(says)), "{values}: {problems:?}");
    };
    check(json!({"freq_min": -5.0}), "freq_min", "from 0.1 to 100000 Hz");
    check(json!({"frq_min": 5.0}), "frq_min", "did you mean \"freq_min\"");
    check(json!({"count": 1.5}), "count", "a whole number");
    check(json!({"count": "x"}), "count", "a whole number from 1 to 9");
    check(json!({"peak_sign": "negg"}), "peak_sign", "neg, pos, both_ways");
    check(json!({"count": 7}), "count", "seven");
    check(json!({"weights": [0.5, 3.0]}), "weights", "3 is out of range");
    check(json!({"periods": 3}), "periods", "");
    assert!(node.check(&params(json!({"exclude_sweep_ms": null, "peak_sign": "pos"}))).is_empty());
}

fn any_params() -> impl Strategy<Value = Params> {
    let sign = prop_oneof![Just("neg"), Just("pos"), Just("both_ways")];
    (
        proptest::option::of(0.1f64..100_000.0),
        proptest::option::of(1u32..7),
        proptest::option::of(sign.clone()),
        proptest::option::of(0.0f64..1e3),
        proptest::option::of(sign),
        proptest::collection::vec(0usize..1000, 0..4),
        proptest::collection::vec("\\PC*", 0..3),
        proptest::collection::vec((-1e9f64..1e9, 0f64..1.0), 0..3),
        "\\PC*",
        proptest::option::of(proptest::collection::vec(-1f32..1.0, 0..3)),
    )
        .prop_map(|(freq, count, sign, sweep, other, channels, names, periods, path, weights)| {
            let mut values = params(json!({
                "exclude_sweep_ms": sweep, "other_sign": other, "channel_indices": channels, "names": names,
                "periods": periods, "file_path": path, "weights": weights,
            }));
            let set = [("freq_min", json!(freq)), ("count", json!(count)), ("peak_sign", json!(sign))];
            values.extend(set.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.to_owned(), v)));
            values
        })
}

fn ron_of(node: &dyn DynNode, params: &Params) -> String {
    let fields = node.params_to_ron(params).unwrap();
    let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("({})", fields.join(", "))
}

proptest! {
    #[test]
    fn parameters_survive_ron(values in any_params()) {
        let node = numbers();
        let text = ron_of(&*node, &values);
        let read = node.params_from_ron(&text).unwrap();
        prop_assert_eq!(node.complete(&read).unwrap(), node.complete(&values).unwrap(), "{}", text);
    }

    #[test]
    fn undo_brings_back_what_was(edits in proptest::collection::vec(any_edit(), 1..40)) {
        let registry = toys::registry();
        let mut pipeline = Pipeline::default();
        let mut undo = Vec::new();
        for edit in edits {
            let before = Document::to_text(&pipeline, &registry);
            match pipeline.apply(edit.clone()) {
                Ok(inverse) => undo.push((before, inverse)),
                Err(_) => prop_assert_eq!(&before, &Document::to_text(&pipeline, &registry), "{:?}", edit),
            }
        }
        while let Some((before, inverse)) = undo.pop() {
            let after = Document::to_text(&pipeline, &registry);
            let redo = pipeline.apply(inverse).unwrap();
            prop_assert_eq!(&before, &Document::to_text(&pipeline, &registry));
            let again = pipeline.apply(redo).unwrap();
            prop_assert_eq!(&after, &Document::to_text(&pipeline, &registry));
            pipeline.apply(again).unwrap();
        }
    }

    #[test]
    fn documents_survive(edits in proptest::collection::vec(any_edit(), 1..40), values in any_params()) {
        let registry = toys::registry();
        let mut pipeline = Pipeline::default();
        let mut node = instance("full", "numbers", json!({}));
        node.params = values;
        pipeline.apply(Edit::AddNode(node)).unwrap();
        for edit in edits {
            let _ = pipeline.apply(edit);
        }
        let text = Document::to_text(&pipeline, &registry);
        let opened = Document::parse(&text, "test.ron", &registry).unwrap();
        prop_assert_eq!(&text, &Document::to_text(&opened.pipeline, &registry));
        prop_assert_eq!(pipeline.wires(), opened.pipeline.wires());
    }

    #[test]
    fn no_text_is_too_wrong_to_be_read(text in "[(){}\\[\\]:,\"a-z0-9 .\n]*") {
        let _ = Document::parse(&text, "test.ron", &toys::registry());
        let _ = Document::parse(&format!("(version: 1, nodes: {{{text}}}, wires: [])"), "x", &toys::registry());
    }
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let name = || {
        prop_oneof![Just("a"), Just("b"), Just("c"), Just("g/a"), Just("g/b"), Just("g")]
            .prop_map(str::to_owned)
    };
    let end = || (name(), prop_oneof![Just("table"), Just("a")]).prop_map(|(n, p)| format!("{n}.{p}"));
    let kind = prop_oneof![Just("numbers"), Just("add"), Just("plus"), Just("unknown")];
    let leaf = prop_oneof![
        3 => (name(), kind).prop_map(|(n, k)| Edit::AddNode(instance(&n, k, json!({})))),
        1 => name().prop_map(Edit::RemoveNode),
        4 => (end(), end()).prop_map(|(a, b)| Edit::Connect(a, b)),
        1 => (end(), end()).prop_map(|(a, b)| Edit::Disconnect(a, b)),
        1 => name().prop_map(|n| Edit::SetParams(n, params(json!({"count": 4})))),
        1 => name().prop_map(|n| Edit::RestoreParams(n, Params::new(), "(odd: 3)".into())),
        1 => (name(), -1e4f32..1e4).prop_map(|(n, x)| Edit::Move(vec![(n, [x, 2.0])])),
        1 => (name(), name()).prop_map(|(a, b)| Edit::Rename(a, b)),
        1 => (name(), any::<bool>()).prop_map(|(n, on)| Edit::SetMuted(n, on)),
        1 => (name(), any::<bool>()).prop_map(|(n, on)| Edit::SetBypassed(n, on)),
        1 => prop_oneof![Just(None), Just(Some(Group::default()))].prop_map(|g| Edit::SetGroup("g".into(), g)),
        1 => any::<u64>().prop_map(Edit::SetSeed),
    ];
    prop_oneof![4 => leaf.clone(), 1 => proptest::collection::vec(leaf, 0..4).prop_map(Edit::Batch)]
}

const WRITTEN: &str = r#"(
    version: 1,
    seed: 7,
    nodes: {
        "add": (kind: "add", params: (add: 2.5), position: (240.0, 80.0), muted: true),
        "clean/deep/first": (kind: "add", params: (add: 2.0), position: (0.0, 0.0)),
        "clean/deep/second": (kind: "add", position: (240.0, 0.0)),
        "future": (kind: "from_the_future", params: (depth: 3, /* why */ mode: Odd("x")), position: (0.0, 0.0)),
        "source": (
            kind: "numbers",
            params: (
                freq_min: 20.0,
                peak_sign: both_ways,
                exclude_sweep_ms: 0.5,
                names: ["a rather long name", "and another one", "and a third"],
                file_path: "probe.bin",
            ),
            position: (0.0, 80.0),
        ),
    },
    wires: [
        ("future.thing", "add.table"),
        ("source.table", "clean/deep/first.table"),
        ("source.table", "clean/deep/second.table"),
    ],
    sub_graphs: {
        "clean": (position: (10.0, 80.0), collapsed: true),
        "clean/deep": (
            position: (-3.5, 0.0),
            inputs: [("table", ["first.table", "second.table"])],
            outputs: [("table", ["second.table"])],
            params: [("amount", "first.add")],
        ),
    },
    frames: [
        (title: "Sort", color: blue, position: (-20.0, -40.0), size: (400.0, 200.0)),
        (title: "Inner", position: (-20.0, -40.0), size: (400.0, 200.0), inside: "clean/deep"),
    ],
    comments: [
        (text: "why\nand how", position: (0.5, 0.0), size: (160.0, 60.0)),
    ],
)
"#;

#[test]
fn a_file_that_was_written_stays_the_same() {
    let registry = toys::registry();
    let opened = Document::parse(WRITTEN, "test.ron", &registry).unwrap();
    assert_eq!(Document::to_text(&opened.pipeline, &registry), WRITTEN);
    let errors: Vec<String> = opened.problems.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with("8:9: future.kind: there is no node of kind"), "{errors:?}");
}

fn problems(text: &str) -> Vec<String> {
    let opened = Document::parse(text, "test.ron", &toys::registry()).unwrap();
    opened.problems.iter().map(ToString::to_string).collect()
}

fn check_problem(text: &str, expected: &str) {
    let found = problems(text);
    assert!(found.iter().any(|p| p.starts_with(expected)), "expected {expected}, found {found:#?}");
}

#[test]
fn every_problem_has_a_line_and_column() {
    let doc =
        |nodes: &str, wires: &str| format!("(version: 1,\nnodes: {{\n{nodes}\n}},\nwires: [\n{wires}\n])");
    let numbers = |params: &str| doc(&format!("\"n\": (kind: \"numbers\", params: ({params}))"), "");
    check_problem(&numbers("freq_min: -3.0"), "3:33: n.freq_min: -3 Hz is out of range");
    check_problem(&numbers("count: 2,\n  frq_min: 3.0"), "4:3: n.frq_min: there is no parameter");
    check_problem(&numbers("count: 2,\n  freq_min: \"x\""), "4:13: n.freq_min: \"x\" does not fit");
    check_problem(&numbers("count: 2, count: 3"), "3:43: n.count: is given twice");
    check_problem(
        &doc("\"n\": (kind: \"numbrs\")", ""),
        "3:1: n.kind: there is no node of kind \"numbrs\" (did you",
    );
    check_problem(&doc("\"n\": (knd: \"numbers\")", ""), "3:7: n.knd: a node has no field \"knd\"");
    let two = "\"n\": (kind: \"numbers\"),\n\"n\": (kind: \"add\")";
    check_problem(&doc(two, ""), "4:1: n: the name \"n\" is taken by the node in line 3");
    let pair = "\"n\": (kind: \"numbers\"), \"a\": (kind: \"add\"), \"b\": (kind: \"add\")";
    check_problem(&doc(pair, "(\"n.tabel\", \"a.table\")"), "6:1: n.tabel: there is no output");
    check_problem(&doc(pair, "(\"n.table\", \"a.tabel\")"), "6:1: a.tabel: there is no input");
    check_problem(
        &doc(pair, "(\"n.table\", \"x.table\")"),
        "6:1: the wire from n.table to x.table is left out",
    );
    let circle = "(\"a.table\", \"b.table\"),\n(\"b.table\", \"a.table\")";
    check_problem(
        &doc(pair, circle),
        "7:1: the wire from b.table to a.table is left out: this wire would close",
    );
    check_problem(&doc(pair, "(\"n.table\")"), "6:");
    check_problem(&doc(pair, ""), "3:25: a.table: this input is not connected");
    check_problem(&doc(pair, "").replace("wires", "wirse"), "5:1: a pipeline has no field \"wirse\"; did");
}

#[test]
fn what_is_no_pipeline_says_where() {
    let registry = toys::registry();
    let check = |text: &str, expected: &str| {
        let error = Document::parse(text, "p.ron", &registry).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check("(version: 1,\n nodes: {\"a\": (kind: }", "p.ron:2:");
    check("", "p.ron:1:1");
    check("(nodes: {})", "p.ron:1:1: no version");
    check("(version: \"x\")", "p.ron:1:11: version must be");
    check(
        "(version: 2)",
        "p.ron: this pipeline has format version 2, and this program reads up to version 1",
    );
    assert!(matches!(
        Document::parse("(version: 9)", "", &registry),
        Err(DocumentError::Newer { found: 9, .. })
    ));
}

#[test]
fn a_wrong_field_keeps_the_text_until_it_is_edited() {
    let registry = toys::registry();
    let text = "(\n    version: 1,\n    nodes: {\n        \"n\": (kind: \"numbers\", params: (count: 4, odd: 3), position: (0.0, 0.0)),\n    },\n    wires: [],\n)\n";
    let mut pipeline = Document::parse(text, "x", &registry).unwrap().pipeline;
    assert_eq!(Document::to_text(&pipeline, &registry), text);
    assert_eq!(pipeline.node("n").unwrap().params, params(json!({"count": 4})), "the readable part is read");
    assert!(validate(&pipeline, &registry).iter().any(|p| p.severity == Severity::Error));
    let undo = pipeline.apply(Edit::SetParams("n".into(), params(json!({"count": 5})))).unwrap();
    assert!(validate(&pipeline, &registry).is_empty());
    pipeline.apply(undo).unwrap();
    assert_eq!(Document::to_text(&pipeline, &registry), text);
}

fn set(pipeline: &Pipeline, registry: &Registry, target: &str, text: &str) -> Result<Params, String> {
    match pipeline.set_param_from_text(registry, target, text) {
        Ok(Edit::SetParams(_, params)) => Ok(params),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn parameters_are_set_from_words() {
    let registry = toys::registry();
    let mut pipeline = Pipeline::default();
    pipeline.apply(Edit::AddNode(instance("n", "numbers", json!({"count": 4})))).unwrap();
    let check = |target: &str, text: &str, expected: Json| {
        assert_eq!(set(&pipeline, &registry, target, text), Ok(params(expected)), "{target}={text}");
    };
    check("n.freq_min", "20", json!({"count": 4, "freq_min": 20.0}));
    check("n.count", "3", json!({}));
    check("n.peak_sign", "Pos", json!({"count": 4, "peak_sign": "pos"}));
    check("n.exclude_sweep_ms", "0.5", json!({"count": 4, "exclude_sweep_ms": 0.5}));
    check("n.exclude_sweep_ms", "auto", json!({"count": 4}));
    check("n.file_path", "/data/a b.bin", json!({"count": 4, "file_path": "/data/a b.bin"}));
    check("n.file_path", "\"quoted\"", json!({"count": 4, "file_path": "quoted"}));
    check("n.channel_indices", "1,2", json!({"count": 4, "channel_indices": [1, 2]}));
    check("n.names", "a, b", json!({"count": 4, "names": ["a", "b"]}));
    check("n.enabled", "false", json!({"count": 4, "enabled": false}));
    let fails = |target: &str, text: &str, says: &str| {
        let error = set(&pipeline, &registry, target, text).unwrap_err();
        assert!(error.contains(says), "{error}");
    };
    fails("n.freq_min", "0", "accepted: a number from 0.1 to 100000 Hz");
    fails("n.count", "many", "accepted: a whole number from 1 to 9");
    fails("n.count", "2, freq_min: 5.0", "does not fit");
    fails("n.frq_min", "1", "did you mean \"freq_min\"");
    fails("m.freq_min", "1", "did you mean \"n\"");
    fails("freq_min", "1", "NODE.PARAMETER");
}

#[test]
fn a_new_wire_replaces_the_one_at_a_single_input() {
    let registry = toys::registry();
    let mut pipeline = Pipeline::default();
    for (name, kind) in [("a", "numbers"), ("b", "numbers"), ("add", "add"), ("gather", "gather")] {
        pipeline.apply(Edit::AddNode(instance(name, kind, json!({})))).unwrap();
    }
    for (from, to) in [("a", "add"), ("b", "add"), ("a", "gather"), ("b", "gather")] {
        let edit =
            pipeline.connect_edits(&registry, &format!("{from}.table"), &format!("{to}.table")).unwrap();
        pipeline.apply(edit).unwrap();
    }
    assert_eq!(
        pipeline.wires(),
        [
            ("a", "table", "gather", "table"),
            ("b", "table", "add", "table"),
            ("b", "table", "gather", "table")
        ]
    );
    assert!(pipeline.connect_edits(&registry, "add.table", "add.table").is_err());
}
