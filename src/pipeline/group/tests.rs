//! Groups: made, wired, renamed, taken apart, written, read, and never in the way of a result.

use super::*;
use crate::pipeline::{
    Document, Edit, Executor, Limits, Mark, MarkColor, MarkKind, RunOptions, RunStatus, Store, toys, validate,
};
use std::{collections::BTreeSet, path::Path};

/// Numbers, three steps in a row, and one that takes from two of them.
fn row() -> Pipeline {
    toys::open(
        r#""n": (kind: "numbers", position: (0.0, 0.0)), "a": (kind: "add", position: (100.0, 0.0)),
        "b": (kind: "add", position: (200.0, 40.0)), "c": (kind: "add", position: (300.0, 0.0)),
        "p": (kind: "plus", position: (400.0, 0.0))"#,
        r#"("n.table", "a.table"), ("a.table", "b.table"), ("b.table", "c.table"), ("c.table", "p.a"),
        ("n.table", "p.b")"#,
    )
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn text(pipeline: &Pipeline) -> String {
    Document::to_text(pipeline, &toys::registry())
}

fn grouped(pipeline: &mut Pipeline, names: &[&str]) -> (String, Edit) {
    let (edit, name) = pipeline.group_edit(&toys::registry(), &set(names), &BTreeSet::new()).unwrap();
    let undo = pipeline.apply(edit).unwrap();
    (name, undo)
}

/// Applies an edit, looks at what it made of the pipeline, and undoes it.
fn check(pipeline: &Pipeline, edit: Edit, is_so: impl Fn(&Pipeline)) {
    let mut changed = pipeline.clone();
    let undo = changed.apply(edit).unwrap();
    is_so(&changed);
    changed.apply(undo).unwrap();
    assert_eq!(text(&changed), text(pipeline), "undone");
}

#[test]
fn a_group_is_made_undone_and_taken_apart() {
    let before = row();
    let mut pipeline = before.clone();
    let (name, undo) = grouped(&mut pipeline, &["a", "b"]);
    assert_eq!(name, "group");
    assert_eq!(pipeline.group("group").unwrap().position, [100.0, 0.0]);
    assert!(pipeline.wires().contains(&("n", "table", "group/a", "table")));
    let port = |name: &str, end: &str| GroupPort { name: name.into(), ends: vec![end.into()] };
    let group = pipeline.group("group").unwrap();
    assert_eq!(
        (&group.inputs, &group.outputs),
        (&vec![port("table", "a.table")], &vec![port("table", "b.table")])
    );
    // Read again it is the same, to the byte.
    let opened = Document::parse(&text(&pipeline), "test", &toys::registry()).unwrap();
    assert!(opened.problems.is_empty(), "{:?}", opened.problems);
    assert_eq!(text(&opened.pipeline), text(&pipeline));
    let (edit, names) = pipeline.ungroup_edit("group").unwrap();
    assert_eq!(names, ["a", "b"]);
    check(&pipeline, edit, |apart| assert_eq!(text(apart), text(&before)));
    pipeline.apply(undo).unwrap();
    assert_eq!(text(&pipeline), text(&before));
    assert!(pipeline.group_edit(&toys::registry(), &set(&[]), &BTreeSet::new()).is_err());
}

#[test]
fn what_lies_between_must_come_along() {
    let error = row().group_edit(&toys::registry(), &set(&["a", "c"]), &BTreeSet::new()).unwrap_err();
    assert!(error.0.starts_with("b lies between"), "{error}");
}

#[test]
fn one_source_comes_in_by_one_port_and_open_ends_are_ports() {
    let mut pipeline = row();
    let (name, _) = grouped(&mut pipeline, &["a", "b", "c", "p"]);
    let group = pipeline.group(&name).unwrap();
    assert_eq!(
        group.inputs,
        [GroupPort { name: "table".into(), ends: vec!["a.table".into(), "p.b".into()] }]
    );
    assert_eq!(group.outputs, [GroupPort { name: "table".into(), ends: vec!["p.table".into()] }]);
    // A node that nothing is wired to yet: a step to keep in a library.
    let mut loose = toys::open(r#""a": (kind: "add"), "b": (kind: "add")"#, r#"("a.table", "b.table")"#);
    let (name, _) = grouped(&mut loose, &["a", "b"]);
    let group = loose.group(&name).unwrap();
    assert_eq!((group.inputs.len(), group.outputs.len()), (1, 1));
}

#[test]
fn a_group_is_wired_muted_moved_renamed_and_removed_like_a_node() {
    let mut pipeline = row();
    grouped(&mut pipeline, &["a", "b"]);
    let off = Edit::Disconnect("n.table".into(), "group.table".into());
    check(&pipeline, off.clone(), |p| assert!(!p.wires().contains(&("n", "table", "group/a", "table"))));
    check(&pipeline, Edit::Batch(vec![off, Edit::Connect("n.table".into(), "group.table".into())]), |p| {
        assert_eq!(text(p), text(&pipeline));
    });
    assert!(pipeline.clone().apply(Edit::Connect("n.table".into(), "group.none".into())).is_err());
    check(&pipeline, Edit::SetMuted("group".into(), true), |p| {
        assert!(p.node("group/a").unwrap().muted && p.node("group/b").unwrap().muted);
        assert!(p.picture(&toys::registry(), "").pipeline.node("group").unwrap().muted);
    });
    check(&pipeline, Edit::Move(vec![("group".into(), [8.0, 9.0]), ("c".into(), [1.0, 2.0])]), |p| {
        assert_eq!((p.place_of("group"), p.place_of("c")), (Some([8.0, 9.0]), Some([1.0, 2.0])));
    });
    check(&pipeline, Edit::Rename("group".into(), "clean".into()), |p| {
        assert!(p.wires().contains(&("clean/b", "table", "c", "table")) && p.group("group").is_none());
        assert!(text(p).contains("clean/a") && !text(p).contains("group"));
    });
    for taken in ["c", "x.y", "", "clean/", "clean/(in)"] {
        assert!(pipeline.clone().apply(Edit::Rename("group".into(), taken.into())).is_err(), "{taken}");
    }
    check(&pipeline, Edit::Rename("group/a".into(), "group/first".into()), |p| {
        assert_eq!(p.group("group").unwrap().inputs[0].ends, ["first.table"]);
    });
    check(&pipeline, Edit::RemoveNode("group/b".into()), |p| {
        assert!(p.group("group").unwrap().outputs.is_empty(), "its port goes with it");
    });
    check(&pipeline, Edit::RemoveNode("group".into()), |p| {
        assert_eq!((p.nodes().count(), p.groups().count(), p.wires().len()), (3, 0, 2));
    });
}

#[test]
fn groups_lie_in_groups() {
    let mut pipeline = row();
    grouped(&mut pipeline, &["a", "b"]);
    pipeline.apply(Edit::Rename("group".into(), "deep".into())).unwrap();
    pipeline.apply(pipeline.show_param_edit("deep/a", "add").unwrap()).unwrap();
    let before = text(&pipeline);
    let (name, _) = grouped(&mut pipeline, &["deep", "c"]);
    assert_eq!(name, "group");
    assert!(pipeline.wires().contains(&("group/deep/b", "table", "group/c", "table")));
    assert_eq!(pipeline.flat_ends("group.table", true), ["group/deep/a.table"]);
    let opened = Document::parse(&text(&pipeline), "test", &toys::registry()).unwrap();
    assert!(opened.problems.is_empty(), "{:?}", opened.problems);
    assert_eq!(text(&opened.pipeline), text(&pipeline));
    check(&pipeline, Edit::Rename("group".into(), "other".into()), |p| {
        assert!(p.group("other/deep").is_some() && p.node("other/deep/a").is_some());
    });
    check(&pipeline, Edit::RemoveNode("group".into()), |p| assert_eq!(p.groups().count(), 0));
    // A group made inside another one stands between it and its nodes.
    let mut inner = pipeline.clone();
    inner.apply(inner.show_param_edit("group/c", "add").unwrap()).unwrap();
    let (edit, made) = inner.group_edit(&toys::registry(), &set(&["group/c"]), &BTreeSet::new()).unwrap();
    let undo = inner.apply(edit).unwrap();
    assert_eq!(made, "group/group");
    assert_eq!(inner.flat_ends("group.table", false), ["group/group/c.table"]);
    assert_eq!(inner.flat_param("group.add"), Some(("group/group/c".into(), "add".into())));
    let (apart, _) = inner.ungroup_edit("group/group").unwrap();
    check(&inner, apart, |p| {
        assert_eq!(p.flat_ends("group.table", false), ["group/c.table"]);
        assert_eq!(p.flat_param("group.add"), Some(("group/c".into(), "add".into())));
    });
    inner.apply(undo).unwrap();
    let (apart, _) = pipeline.ungroup_edit("group").unwrap();
    check(&pipeline, apart, |p| assert_eq!(text(p), before));
}

#[test]
fn shown_parameters_are_set_from_outside() {
    let registry = toys::registry();
    let mut pipeline = row();
    grouped(&mut pipeline, &["a", "b"]);
    for node in ["group/a", "group/b"] {
        pipeline.apply(pipeline.show_param_edit(node, "add").unwrap()).unwrap();
    }
    assert_eq!(pipeline.shown_param("group/b", "add"), Some("b_add"));
    let edit = pipeline.set_param_from_text(&registry, "group.b_add", "5.5").unwrap();
    check(&pipeline, edit, |p| assert_eq!(p.params_of("group").unwrap()["b_add"], 5.5));
    let drawn = pipeline.picture(&registry, "");
    let stand_in = drawn.pipeline.node("group").unwrap();
    let names: Vec<_> =
        drawn.registry.get(&stand_in.kind).unwrap().specs().iter().map(|s| s.name.clone()).collect();
    assert_eq!(names, ["add", "b_add"]);
    let params = [("add".to_owned(), serde_json::json!(2.0))].into_iter().collect();
    check(&pipeline, Edit::SetParams("group".into(), params), |p| {
        assert_eq!(p.node("group/a").unwrap().params["add"], 2.0);
        assert!(p.node("group/b").unwrap().params.is_empty());
    });
    let error = pipeline.set_param_from_text(&registry, "group.count", "5").unwrap_err();
    assert!(error.0.contains("add, b_add"), "{error}");
    pipeline.apply(pipeline.show_param_edit("group/a", "add").unwrap()).unwrap();
    assert_eq!(pipeline.shown_param("group/a", "add"), None);
}

#[test]
fn a_picture_has_one_level_with_the_ways_in_and_out() {
    let mut pipeline = row();
    grouped(&mut pipeline, &["a", "b"]);
    let registry = toys::registry();
    let top = pipeline.picture(&registry, "").pipeline;
    assert_eq!(
        top.wires(),
        [
            ("c", "table", "p", "a"),
            ("group", "table", "c", "table"),
            ("n", "table", "group", "table"),
            ("n", "table", "p", "b")
        ]
    );
    let inside = pipeline.picture(&registry, "group");
    assert_eq!(
        inside.pipeline.wires(),
        [
            ("group/(in)", "table", "group/a", "table"),
            ("group/a", "table", "group/b", "table"),
            ("group/b", "table", "group/(out)", "table"),
        ]
    );
    assert!(inside.pipeline.can_connect(&inside.registry, "group/(in).table", "group/b.table").is_ok());
    // What comes in goes to one more end, and is cut off again.
    check(&pipeline, Edit::Disconnect("group/a.table".into(), "group/b.table".into()), |p| {
        let mut p = p.clone();
        p.apply(Edit::Connect("group/(in).table".into(), "group/b.table".into())).unwrap();
        assert!(p.wires().contains(&("n", "table", "group/b", "table")));
        p.apply(Edit::Disconnect("group/(in).table".into(), "group/a.table".into())).unwrap();
        assert!(!p.wires().contains(&("n", "table", "group/a", "table")));
        assert_eq!(p.group("group").unwrap().inputs[0].ends, ["b.table"]);
    });
    // What goes out comes from another end.
    check(&pipeline, Edit::Connect("group/a.table".into(), "group/(out).table".into()), |p| {
        assert!(p.wires().contains(&("group/a", "table", "c", "table")));
        assert!(!p.wires().contains(&("group/b", "table", "c", "table")));
    });
    check(
        &pipeline,
        Edit::Batch(vec![
            Edit::RemoveNode("group/(in)".into()),
            Edit::Move(vec![("group/(out)".into(), [0.0; 2])]),
        ]),
        |p| {
            assert_eq!(text(p), text(&pipeline), "they stay");
        },
    );
    // One more port for an end inside, and none again.
    check(&pipeline, pipeline.show_port_edit("group/a.table", false).unwrap(), |p| {
        assert_eq!(p.shown_port("group/a.table", false).as_deref(), Some("a_table"));
        let mut p = p.clone();
        p.apply(p.show_port_edit("group/a.table", false).unwrap()).unwrap();
        assert_eq!(p.shown_port("group/a.table", false), None);
    });
}

#[test]
fn marks_go_into_a_group_and_out_again() {
    let mut pipeline = row();
    let mark = Mark {
        kind: MarkKind::Frame,
        text: "t".into(),
        color: MarkColor::Grey,
        position: [90.0, -20.0],
        size: [300.0, 100.0],
        group: String::new(),
    };
    pipeline.apply(Edit::SetMark(1, Some(mark.clone()))).unwrap();
    let (edit, name) =
        pipeline.group_edit(&toys::registry(), &set(&["a", "b"]), &BTreeSet::from([1])).unwrap();
    pipeline.apply(edit).unwrap();
    assert_eq!(pipeline.picture(&toys::registry(), "").pipeline.marks().count(), 0);
    assert_eq!(pipeline.picture(&toys::registry(), &name).pipeline.marks().count(), 1);
    let opened = Document::parse(&text(&pipeline), "test", &toys::registry()).unwrap();
    assert_eq!(text(&opened.pipeline), text(&pipeline));
    check(&pipeline, Edit::RemoveNode(name.clone()), |p| assert_eq!(p.marks().count(), 0));
    pipeline.apply(pipeline.ungroup_edit(&name).unwrap().0).unwrap();
    assert_eq!(pipeline.mark(1), Some(&mark));
}

#[test]
fn results_are_those_of_the_flat_graph() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let executor = Executor::new(toys::registry(), store, Limits::default());
    let flat = row();
    assert_eq!(executor.start(&flat, RunOptions::default()).wait(), RunStatus::Ok);
    let mut pipeline = flat.clone();
    grouped(&mut pipeline, &["a", "b"]);
    grouped(&mut pipeline, &["group", "c"]);
    let (before, after) =
        (executor.plan(&flat, Path::new(""), None), executor.plan(&pipeline, Path::new(""), None));
    assert_eq!((after.tasks.len(), after.num_cached()), (before.tasks.len(), before.tasks.len()));
    let keys = |plan: &crate::pipeline::Plan| -> BTreeSet<String> {
        plan.tasks.iter().map(|task| format!("{:?}", task.folder)).collect()
    };
    assert_eq!(keys(&before), keys(&after));
    // Run to a group, under the names of its nodes.
    let until = executor.plan(&pipeline, Path::new(""), Some("group_2"));
    assert!(until.tasks.iter().any(|task| task.task.node == "group_2/group/a"), "{:?}", until.tasks);
    assert!(until.tasks.iter().all(|task| task.task.node != "p"));
}

#[test]
fn errors_keep_their_line_and_groups_need_no_entry() {
    let text = "(version: 1, nodes: {\n  \"n\": (kind: \"numbers\"),\n  \"g/a\": (kind: \"add\", params: (amount: 1.0)),\n  \
                \"g/b\": (kind: \"add\"),\n}, wires: [(\"n.table\", \"g/a.table\")],\n\
                sub_graphs: {\n  \"h\": (inputs: [(\"x\", [\"q.table\"])]),\n  \"i\": (ports: []),\n},\n)";
    let opened = Document::parse(text, "test", &toys::registry()).unwrap();
    let told: Vec<String> = opened.problems.iter().map(ToString::to_string).collect();
    for (line, words) in [
        ("3:", "g/a.amount"),
        ("4:", "g/b.table: this input is not connected"),
        ("7:", "h.x: the port"),
        ("8:", "i: "),
    ] {
        assert!(told.iter().any(|told| told.starts_with(line) && told.contains(words)), "{words}: {told:?}");
    }
    assert_eq!(
        opened.pipeline.group_ports("g", true),
        [GroupPort { name: "table".into(), ends: vec!["a.table".into()] }]
    );
    assert_ne!(opened.pipeline.place_of("g"), Some([0.0; 2]), "laid out below");
}

#[test]
fn a_pipeline_becomes_another_one_with_groups_and_back() {
    let flat = row();
    let mut pipeline = flat.clone();
    grouped(&mut pipeline, &["a", "b"]);
    grouped(&mut pipeline, &["group", "c"]);
    for (from, to) in [(&flat, &pipeline), (&pipeline, &flat)] {
        check(from, from.become_edit(to), |p| assert_eq!(text(p), text(to)));
    }
    let mut other = pipeline.clone();
    other.apply(Edit::SetMuted("group_2/group/a".into(), true)).unwrap();
    check(&pipeline, pipeline.become_edit(&other), |p| assert_eq!(text(p), text(&other)));
    assert!(validate(&pipeline, &toys::registry()).is_empty());
}
