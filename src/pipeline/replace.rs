//! From one state of a pipeline to another as one edit, so that even that can be undone.

use super::{Edit, Pipeline};
use std::collections::BTreeSet;

impl Pipeline {
    /// The edit after which this pipeline has the nodes, wires, marks and seed of `other`. Nodes that are alike in
    /// both are not touched.
    pub fn become_edit(&self, other: &Pipeline) -> Edit {
        let alike = |name: &str| self.node(name) == other.node(name);
        let kept: BTreeSet<&str> = self.nodes().map(|n| n.name.as_str()).filter(|name| alike(name)).collect();
        let end = |node: &str, port: &str| format!("{node}.{port}");
        let (own, theirs) = (self.wires(), other.wires());
        let mut edits = Vec::new();
        // Groups of both are there before and until the last of what lies in them.
        edits
            .extend(other.groups().map(|(name, group)| Edit::SetGroup(name.to_owned(), Some(group.clone()))));
        // Wires go before those that would close a loop with them come.
        let gone = own.iter().filter(|w| kept.contains(w.0) && kept.contains(w.2) && !theirs.contains(w));
        edits.extend(gone.map(|w| Edit::Disconnect(end(w.0, w.1), end(w.2, w.3))));
        let left = self.nodes().filter(|node| !kept.contains(node.name.as_str()));
        edits.extend(left.map(|node| Edit::RemoveNode(node.name.clone())));
        let come = other.nodes().filter(|node| !kept.contains(node.name.as_str()));
        edits.extend(come.map(|node| Edit::AddNode(node.clone())));
        let stays =
            |w: &(&str, &str, &str, &str)| kept.contains(w.0) && kept.contains(w.2) && own.contains(w);
        let drawn = theirs.iter().filter(|w| !stays(w));
        edits.extend(drawn.map(|w| Edit::Connect(end(w.0, w.1), end(w.2, w.3))));
        let marks: BTreeSet<u32> = self.marks().chain(other.marks()).map(|(number, _)| number).collect();
        let changed = marks.into_iter().filter(|number| self.mark(*number) != other.mark(*number));
        edits.extend(changed.map(|number| Edit::SetMark(number, other.mark(number).cloned())));
        // Once more, as groups forget what goes; those that are not there go from within.
        edits
            .extend(other.groups().map(|(name, group)| Edit::SetGroup(name.to_owned(), Some(group.clone()))));
        let own: Vec<&str> = self.groups().map(|(name, _)| name).collect();
        let gone = own.into_iter().rev().filter(|name| other.group(name).is_none());
        edits.extend(gone.map(|name| Edit::SetGroup(name.to_owned(), None)));
        if self.seed() != other.seed() {
            edits.push(Edit::SetSeed(other.seed()));
        }
        Edit::Batch(edits)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use crate::pipeline::{Edit, NodeInstance, Params, Pipeline, toys};

    fn pipeline(names: &[&str], wires: &[(&str, &str)], seed: u64) -> Pipeline {
        let mut pipeline = Pipeline::default();
        for name in names {
            pipeline.apply(Edit::AddNode(NodeInstance::new(name, "kind", Params::new(), [0.0; 2]))).unwrap();
        }
        for (from, to) in wires {
            pipeline.apply(Edit::Connect((*from).into(), (*to).into())).unwrap();
        }
        pipeline.apply(Edit::SetSeed(seed)).unwrap();
        pipeline
    }

    #[test]
    fn a_pipeline_becomes_another_one_and_back() {
        let first = pipeline(&["a", "b", "c"], &[("a.x", "b.x"), ("b.x", "c.x")], 1);
        // The same nodes the other way round, one of them changed, one gone and one new.
        let mut second = pipeline(&["a", "c", "d"], &[("c.x", "a.x"), ("d.x", "c.x")], 2);
        second.apply(Edit::SetMuted("a".into(), true)).unwrap();
        let mut moving = first.clone();
        let back = moving.apply(first.become_edit(&second)).unwrap();
        let text = |pipeline: &Pipeline| crate::pipeline::Document::to_text(pipeline, &toys::registry());
        assert_eq!(text(&moving), text(&second));
        assert_eq!(moving.become_edit(&second), Edit::Batch(Vec::new()));
        moving.apply(back).unwrap();
        assert_eq!(text(&moving), text(&first));
    }
}
