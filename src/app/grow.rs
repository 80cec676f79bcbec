//! Makes a pipeline longer: the steps of an example after a recording.

use super::{clip::Place, editor::Editor};
use crate::pipeline::{Edit, Params, Pipeline, PortType, Registry};
use std::collections::BTreeSet;

impl Editor {
    /// The edit that lets the steps of `example` follow a recording, and their names; `None` where the
    /// example does not begin with a recording. Its own source is left out, and what needs more of that.
    pub fn continue_edit(
        &self,
        registry: &Registry,
        example: &Pipeline,
        end: &str,
    ) -> Option<(Edit, Vec<String>)> {
        let wires = example.wires();
        let has_inputs = |kind: &str, params: &Params| {
            registry.get(kind).is_some_and(|known| !known.inputs(params).is_empty())
        };
        let sources: BTreeSet<&str> = example
            .nodes()
            .filter(|node| !has_inputs(&node.kind, &node.params))
            .map(|node| node.name.as_str())
            .collect();
        let gives_recording = |node: &str, port: &str| {
            let instance = example.node(node)?;
            let outputs = registry.get(&instance.kind)?.outputs(&instance.params);
            outputs.into_iter().find(|p| p.name == port && p.port_type == PortType::Recording)
        };
        let (source, port) = wires
            .iter()
            .find(|w| sources.contains(w.0) && gives_recording(w.0, w.1).is_some())
            .map(|w| (w.0, w.1))?;
        let needs = |node: &str, port: &str| {
            let inputs = example.node(node).and_then(|n| Some(registry.get(&n.kind)?.inputs(&n.params)));
            inputs.is_none_or(|inputs| inputs.iter().any(|p| p.name == port && !p.optional))
        };
        let mut left_out: BTreeSet<&str> = sources;
        loop {
            let lost = wires.iter().find(|w| {
                let given = (w.0, w.1) == (source, port);
                left_out.contains(w.0) && !given && !left_out.contains(w.2) && needs(w.2, w.3)
            });
            match lost {
                Some(wire) => left_out.insert(wire.2),
                None => break,
            };
        }
        let mut rest = Pipeline::default();
        for node in example.nodes().filter(|node| !left_out.contains(node.name.as_str())) {
            // Names are unique in the pipeline they come from.
            let _ = rest.apply(Edit::AddNode(node.clone()));
        }
        for (a, from, b, to) in wires.iter().filter(|w| !left_out.contains(w.0) && !left_out.contains(w.2)) {
            let _ = rest.apply(Edit::Connect(format!("{a}.{from}"), format!("{b}.{to}")));
        }
        let (own, theirs) = (self.pipeline().node(end.split_once('.')?.0)?, example.node(source)?);
        let shift = [0, 1].map(|axis| own.position[axis] - theirs.position[axis]);
        let (edit, names, _) = self.paste_edit(&rest, Place::Offset(shift));
        let renamed: Vec<(&str, &String)> = rest.nodes().map(|node| node.name.as_str()).zip(&names).collect();
        let mut edits = vec![edit];
        for wire in wires.iter().filter(|w| (w.0, w.1) == (source, port)) {
            if let Some((_, name)) = renamed.iter().find(|(old, _)| *old == wire.2) {
                edits.push(Edit::Connect(end.to_owned(), format!("{name}.{}", wire.3)));
            }
        }
        (!names.is_empty()).then(|| (Edit::Batch(edits), names.clone()))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{app::examples::EXAMPLES, nodes, pipeline::Document};

    #[test]
    fn the_steps_of_an_example_follow_a_recording_of_the_users_own() {
        let registry = nodes::registry();
        let mut editor = Editor::default();
        let reader =
            crate::pipeline::NodeInstance::new("mine", "read_recording", Params::new(), [100.0, 200.0]);
        editor.apply(Edit::AddNode(reader), "add", None).unwrap();
        let example = Document::parse(EXAMPLES[0].text, "quick start", &registry).unwrap().pipeline;
        let (edit, names) = editor.continue_edit(&registry, &example, "mine.recording").unwrap();
        editor.apply(edit, "continue", None).unwrap();
        assert!(names.contains(&"sort".to_owned()));
        assert!(editor.pipeline().wires().contains(&("mine", "recording", "bandpass", "recording")));
        for known in EXAMPLES.iter() {
            let part = Document::parse(known.text, (known.name)(), &registry).unwrap().pipeline;
            let found = editor.continue_edit(&registry, &part, "mine.recording");
            assert!(found.is_some(), "{}", (known.name)());
        }
        // The demo and the comparison with its truth stay away; all that is there can run.
        assert!(editor.pipeline().node("demo").is_none() && editor.pipeline().node("compare").is_none());
        let problems = crate::pipeline::validate(editor.pipeline(), &registry);
        assert!(problems.iter().all(|p| p.node.as_deref() == Some("mine")), "{problems:?}");
    }
}
