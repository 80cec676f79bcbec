//! Edits that mend what is wrong with a pipeline, to be offered beside a problem.

use super::{
    Act, Edit, NodeInstance, ParamKind, Params, Pipeline, PortType, Problem, Registry,
    check::nearest,
    group::leaf_of,
    node::DynNode,
    offer::{set_at, value_at},
    params::ron_options,
    raw::RawStruct,
    read_params::{ReadParams, read_params},
};
use crate::data::{Remedy, text::number};

impl Pipeline {
    /// What mends a problem in one step: what it is called, and the edit.
    pub fn mends(&self, registry: &Registry, problem: &Problem) -> Vec<(String, Edit)> {
        let Some(name) = &problem.node else { return Vec::new() };
        let by_remedy = problem.remedies.iter().filter_map(|remedy| self.remedy_edit(registry, name, remedy));
        let mends: Vec<_> = problem.mends.iter().cloned().chain(by_remedy).collect();
        if !mends.is_empty() {
            return mends;
        }
        let Some(field) = &problem.field else { return Vec::new() };
        let Some(instance) = self.node(name) else { return Vec::new() };
        match registry.get(&instance.kind) {
            None if field == "kind" => self.mend_kind(registry, instance),
            None => Vec::new(),
            Some(node) => mend_param(&**node, instance, field),
        }
    }

    /// What a remedy is as an edit: what it is called, and the edit; `None` where it is none, or changes nothing.
    fn remedy_edit(&self, registry: &Registry, name: &str, remedy: &Remedy) -> Option<(String, Edit)> {
        let instance = self.node(name)?;
        let node = registry.get(&instance.kind)?;
        match remedy {
            Remedy::Lower(field) => lower_edit(&**node, instance, field),
            Remedy::Raise(field) => step_edit(&**node, instance, field, 1.0 / LOWER),
            Remedy::Reset(field) => {
                let spec = node.specs().iter().find(|spec| spec.name == *field)?;
                let mut params = instance.params.clone();
                params.remove(field).filter(|value| *value != spec.default)?;
                let value = spec.default.as_f64().map_or_else(|| spec.default.to_string(), number);
                let unit = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
                let label = format!("Set “{}” back to {value}{unit}", spec.label);
                Some((label, Edit::SetParams(name.to_owned(), params)))
            }
            Remedy::Set { field, value } => set_edit(&**node, instance, field, value),
            Remedy::TakeOut => {
                let edit = self.take_out_edit(registry, name).ok()?;
                Some((format!("Remove {}", leaf_of(name)), edit))
            }
            Remedy::Filter => self.insert_act_edit(registry, instance, &Act::Filters),
            Remedy::FindBadChannels => {
                let references = |node: &&NodeInstance| {
                    let known = registry.get(&node.kind);
                    known.is_some_and(|known| known.acts(&node.params).contains(&Act::References))
                };
                let before = self.nodes_before(name);
                // The reference that comes first: what is bad goes into none.
                let place = before.into_iter().rfind(references).unwrap_or(instance);
                self.insert_act_edit(registry, place, &Act::MendsChannels)
            }
            Remedy::SeeHeights
            | Remedy::GiveProbe
            | Remedy::WireProbe
            | Remedy::OrderChannels
            | Remedy::FindLayout => None,
        }
    }

    /// Puts a node that does something by default where the recording enters another.
    fn insert_act_edit(
        &self,
        registry: &Registry,
        place: &NodeInstance,
        act: &Act,
    ) -> Option<(String, Edit)> {
        let info = registry.iter().find(|node| node.acts(&Params::new()).contains(act))?.info();
        let wires = self.wires();
        let enters = |(a, from, b, _): &&(&str, &str, &str, &str)| {
            *b == place.name && self.carries(registry, &format!("{a}.{from}")) == Some(PortType::Recording)
        };
        let (a, from, b, to) = wires.iter().find(enters)?;
        let (from, to) = (format!("{a}.{from}"), format!("{b}.{to}"));
        let (edit, _) = self.insert_edit(registry, info.kind, place.position, &from, &to).ok()?;
        Some((format!("Insert {}", info.label), edit))
    }

    /// The nearest node before one whose recording can be given a probe.
    pub fn probe_source(&self, registry: &Registry, name: &str) -> Option<&NodeInstance> {
        let takes = |node: &&NodeInstance| {
            let acts = registry.get(&node.kind).map(|known| known.acts(&node.params)).unwrap_or_default();
            acts.iter().any(|act| matches!(act, Act::TakesProbe { .. }))
        };
        self.nodes_before(name).into_iter().find(takes)
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

/// A parameter of a node at another of its choices.
fn set_edit(node: &dyn DynNode, instance: &NodeInstance, field: &str, value: &str) -> Option<(String, Edit)> {
    let spec = node.specs().iter().find(|spec| spec.name == field)?;
    let ParamKind::Choice { options } = &spec.kind else { return None };
    let (_, label, _) = options.iter().find(|(option, ..)| option == value)?;
    let new = serde_json::Value::from(value);
    if *instance.params.get(field).unwrap_or(&spec.default) == new {
        return None;
    }
    let mut params = instance.params.clone();
    set_at(&mut params, field, Some(new).filter(|new| *new != spec.default));
    let label = format!("Set “{}” to {}", spec.label, label.to_lowercase());
    Some((label, Edit::SetParams(instance.name.clone(), params)))
}

/// By how much a value is lowered in one step.
const LOWER: f64 = 0.8;

/// A number of a node back at its default where it is far above it, else a step lower.
fn lower_edit(node: &dyn DynNode, instance: &NodeInstance, field: &str) -> Option<(String, Edit)> {
    let spec = node.specs().iter().find(|spec| spec.name == field)?;
    let value = instance.params.get(field).and_then(serde_json::Value::as_f64);
    let factor = match (value, spec.default.as_f64()) {
        (Some(value), Some(usual)) if usual > 0.0 && usual < LOWER * value => usual / value,
        _ => LOWER,
    };
    step_edit(node, instance, field, factor)
}

/// A number of a node times a factor, of two digits and within its range.
fn step_edit(
    node: &dyn DynNode,
    instance: &NodeInstance,
    field: &str,
    factor: f64,
) -> Option<(String, Edit)> {
    let spec = node.specs().iter().find(|spec| spec.name == field)?;
    let value = instance.params.get(field).unwrap_or(&spec.default).as_f64().filter(|value| *value > 0.0)?;
    let digits = 10f64.powi(value.log10().floor() as i32 - 1);
    let mut new = (value * factor / digits).round() * digits;
    // Without what the division leaves behind the last digit.
    new = (new * 1e6).round() / 1e6;
    let (least, most) = spec.hard_range;
    new = new.clamp(least.unwrap_or(f64::MIN), most.unwrap_or(f64::MAX));
    if new == value {
        return None;
    }
    let word = if new < value { "Lower" } else { "Raise" };
    let mut params = instance.params.clone();
    params.insert(field.to_owned(), new.into());
    let label = format!("{word} “{}” to {}", spec.label, number(new));
    Some((label, Edit::SetParams(instance.name.clone(), params)))
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
