//! Edits that mend what is wrong with a pipeline, to be offered beside a problem.

use super::{
    Edit, NodeInstance, Params, Pipeline, Problem, Registry,
    check::nearest,
    node::DynNode,
    offer::{set_at, value_at},
    params::ron_options,
    raw::RawStruct,
    read_params::{ReadParams, read_params},
};

impl Pipeline {
    /// What mends a problem in one step: what it is called, and the edit.
    pub fn mends(&self, registry: &Registry, problem: &Problem) -> Vec<(String, Edit)> {
        if !problem.mends.is_empty() {
            return problem.mends.clone();
        }
        let (Some(name), Some(field)) = (&problem.node, &problem.field) else { return Vec::new() };
        let Some(instance) = self.node(name) else { return Vec::new() };
        match registry.get(&instance.kind) {
            None if field == "kind" => self.mend_kind(registry, instance),
            None => Vec::new(),
            Some(node) => mend_param(&**node, instance, field),
        }
    }

    /// A node of an unknown kind becomes one of a kind that is called alike, or goes.
    fn mend_kind(&self, registry: &Registry, instance: &NodeInstance) -> Vec<(String, Edit)> {
        let name = &instance.name;
        let mut mends = Vec::new();
        let near = nearest(&instance.kind, registry.iter().map(|node| node.info().kind));
        if let Some(node) = near.and_then(|kind| registry.get(kind)) {
            let raw = instance.raw_params.as_deref().unwrap_or("()");
            let ReadParams { params, whole, .. } = read_params(&**node, raw);
            let kind = node.info().kind;
            let raw = instance.raw_params.clone().filter(|_| !whole);
            let edit = Edit::SetKind(name.clone(), kind.to_owned(), params, raw);
            mends.push((format!("Make it {kind}"), edit));
        }
        mends.push(("Remove the node".to_owned(), Edit::RemoveNode(name.clone())));
        mends
    }
}

/// A parameter that is not known is called otherwise or goes; a value that does not fit gives way to the default.
fn mend_param(node: &dyn DynNode, instance: &NodeInstance, field: &str) -> Vec<(String, Edit)> {
    let known = |name: &str| node.specs().iter().any(|spec| spec.name == name);
    let read = |params: Params| Edit::SetParams(instance.name.clone(), params);
    let Some(raw) = &instance.raw_params else {
        // Given by a program, not read from a text.
        let Some(value) = value_at(&instance.params, field).filter(|_| !known(field)) else {
            return Vec::new();
        };
        let mut without = instance.params.clone();
        set_at(&mut without, field, None);
        let mut mends = Vec::new();
        if let Some(meant) =
            meant(node, field).filter(|meant| !field.contains('.') && !without.contains_key(*meant))
        {
            let mut renamed = without.clone();
            renamed.insert(meant.to_owned(), value.clone());
            mends.push((format!("Rename it to {meant}"), read(renamed)));
        }
        mends.push(("Remove it".to_owned(), read(without)));
        return mends;
    };
    let Ok(RawStruct(fields)) = ron_options().from_str::<RawStruct>(raw) else { return Vec::new() };
    if fields.iter().filter(|(name, _)| *name == field).count() != 1 || instance.params.contains_key(field) {
        return Vec::new();
    }
    // The text with the field under another name, or without it.
    let with = |new: Option<&str>| {
        let kept = fields.iter().filter_map(|(name, value)| {
            let name = if *name == field { new? } else { name };
            Some(format!("{name}: {}", value.get_ron().trim()))
        });
        let text = format!("({})", kept.collect::<Vec<_>>().join(", "));
        let ReadParams { params, whole, .. } = read_params(node, &text);
        match whole {
            true => read(params),
            false => Edit::RestoreParams(instance.name.clone(), params, text),
        }
    };
    if known(field) {
        return vec![("Use the default".to_owned(), with(None))];
    }
    let free = |meant: &&str| !fields.iter().any(|(name, _)| name == meant);
    let rename =
        meant(node, field).filter(free).map(|meant| (format!("Rename it to {meant}"), with(Some(meant))));
    rename.into_iter().chain([("Remove it".to_owned(), with(None))]).collect()
}

/// The parameter that is called most like a name.
fn meant<'a>(node: &'a dyn DynNode, field: &str) -> Option<&'a str> {
    nearest(field, node.specs().iter().map(|spec| spec.name.as_str()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::{Document, toys};

    fn open(node: &str) -> super::super::Opened {
        let text = format!(
            "(version: 1, nodes: {{\"a\": (kind: \"numbers\"), \"n\": ({node})}}, wires: [(\"a.x\", \"n.y\")])"
        );
        Document::parse(&text, "test", &toys::registry()).unwrap()
    }

    /// The pipeline after the mend of this name, and how many problems its node still has.
    fn mended(node: &str, label: &str) -> (Pipeline, Vec<String>) {
        let opened = open(node);
        let all: Vec<(String, Edit)> =
            opened.problems.iter().flat_map(|p| opened.pipeline.mends(&toys::registry(), p)).collect();
        let labels: Vec<String> = all.iter().map(|(label, _)| label.clone()).collect();
        let (_, edit) =
            all.into_iter().find(|(found, _)| found == label).unwrap_or_else(|| panic!("{labels:?}"));
        let mut pipeline = opened.pipeline;
        pipeline.apply(edit).unwrap();
        (pipeline, labels)
    }

    #[test]
    fn a_kind_that_is_called_alike_is_taken_with_its_parameters_and_wires() {
        let (pipeline, _) = mended("kind: \"numers\", params: (count: 5)", "Make it numbers");
        let node = pipeline.node("n").unwrap();
        assert_eq!((node.kind.as_str(), node.params["count"].as_u64()), ("numbers", Some(5)));
        assert!(node.raw_params.is_none());
        assert_eq!(pipeline.wires(), [("a", "x", "n", "y")]);
        let (pipeline, labels) = mended("kind: \"of another world\"", "Remove the node");
        assert!(pipeline.node("n").is_none());
        assert_eq!(labels, ["Remove the node"]);
    }

    #[test]
    fn a_parameter_that_is_written_otherwise_keeps_its_value() {
        let (pipeline, _) = mended("kind: \"numbers\", params: (cont: 5)", "Rename it to count");
        let node = pipeline.node("n").unwrap();
        assert_eq!(node.params["count"].as_u64(), Some(5));
        assert!(node.raw_params.is_none());
        let (pipeline, _) = mended("kind: \"numbers\", params: (cont: 3, count: 4)", "Remove it");
        assert_eq!(pipeline.node("n").unwrap().params["count"].as_u64(), Some(4));
    }

    #[test]
    fn what_else_is_wrong_stays_to_be_mended() {
        let (pipeline, labels) =
            mended("kind: \"numbers\", params: (count: \"many\", nonsense_of_ours: 1)", "Remove it");
        assert!(pipeline.node("n").unwrap().raw_params.as_deref().is_some_and(|raw| raw.contains("many")));
        assert_eq!(labels, ["Use the default", "Remove it"]);
    }
}
