//! The open document: the pipeline, its file, what can be undone, what is selected.

use super::command::MergeKey;
use crate::data::text::counted;
use crate::pipeline::{Edit, MarkKind, NodeInstance, Pipeline, PipelineError, Registry};
use std::{collections::BTreeSet, path::PathBuf};

/// Steps kept for undo.
const MAX_STEPS: usize = 500;

struct Step {
    inverse: Edit,
    label: String,
    merge: Option<MergeKey>,
    /// Which state of the document it leads back to.
    revision: u64,
}

/// The open document.
#[derive(Default)]
pub struct Editor {
    pipeline: Pipeline,
    /// Its file, where it has one.
    pub path: Option<PathBuf>,
    /// What the title shows while there is no file.
    pub name: String,
    /// Where relative paths start while there is no file, where not in the working folder.
    pub folder: Option<PathBuf>,
    /// Names of the selected nodes.
    pub selection: BTreeSet<String>,
    /// The end that the viewer shows, `node.port`.
    pub looked_at: Option<String>,
    /// The selected wire, from end and to end.
    pub selected_wire: Option<(String, String)>,
    /// Numbers of the selected frames and comments.
    pub selected_marks: BTreeSet<u32>,
    undo: Vec<Step>,
    redo: Vec<Step>,
    revision: u64,
    last_revision: u64,
    saved_revision: u64,
}

impl Editor {
    /// A document over a pipeline.
    pub fn new(pipeline: Pipeline, name: impl Into<String>, path: Option<PathBuf>) -> Self {
        Self { pipeline, name: name.into(), path, ..Self::default() }
    }

    /// The pipeline.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// A number that differs for every state of the document.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// True where the file does not hold what is drawn.
    pub fn is_dirty(&self) -> bool {
        self.revision != self.saved_revision
    }

    /// Remembers that the state of this revision is in the file.
    pub fn mark_saved(&mut self, revision: u64) {
        self.saved_revision = revision;
        // What comes next is a step of its own: undoing it leads back to the saved state.
        if let Some(step) = self.undo.last_mut() {
            step.merge = None;
        }
    }

    /// The name of the file, or of the document without one.
    pub fn title(&self) -> String {
        match &self.path {
            Some(path) => path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            None if self.name.is_empty() => "Untitled".to_owned(),
            None => self.name.clone(),
        }
    }

    /// Where relative paths start.
    pub fn base_folder(&self) -> PathBuf {
        let folder = self.path.as_ref().and_then(|path| path.parent()).map(PathBuf::from);
        folder.or_else(|| self.folder.clone()).unwrap_or_else(|| std::env::current_dir().unwrap_or_default())
    }

    /// Applies a change and remembers how to undo it.
    ///
    /// # Errors
    /// Where the change does not fit; nothing has changed then.
    pub fn apply(&mut self, edit: Edit, label: &str, merge: Option<MergeKey>) -> Result<(), PipelineError> {
        let renamed = renames(&edit);
        let inverse = self.pipeline.apply(edit)?;
        let revision = self.revision;
        self.last_revision += 1;
        self.revision = self.last_revision;
        self.redo.clear();
        match self.undo.last_mut() {
            Some(step) if merge.is_some() && step.merge == merge => {
                // What it ends with is what it is called.
                label.clone_into(&mut step.label);
                if !leads_back_past(&step.inverse, &inverse) {
                    let first = std::mem::replace(&mut step.inverse, Edit::Batch(Vec::new()));
                    step.inverse = Edit::Batch(vec![inverse, first]);
                }
            }
            _ => {
                self.undo.push(Step { inverse, label: label.to_owned(), merge, revision });
                if self.undo.len() > MAX_STEPS {
                    self.undo.remove(0);
                }
            }
        }
        self.follow(&renamed);
        self.prune_selection();
        Ok(())
    }

    /// What undo would take back, and redo bring again.
    pub fn undo_labels(&self) -> (Option<&str>, Option<&str>) {
        (self.undo.last().map(|s| s.label.as_str()), self.redo.last().map(|s| s.label.as_str()))
    }

    /// Gives the last step another name.
    pub fn name_last_step(&mut self, label: String) {
        if let Some(step) = self.undo.last_mut() {
            step.label = label;
        }
    }

    /// The steps that can be taken back, the last one first, and those that can be brought again, the next one first.
    pub fn history(&self) -> (impl Iterator<Item = &str>, impl Iterator<Item = &str>) {
        (self.undo.iter().rev().map(|s| s.label.as_str()), self.redo.iter().rev().map(|s| s.label.as_str()))
    }

    /// Takes the last step back; its label.
    pub fn undo(&mut self) -> Option<String> {
        let step = self.undo.pop()?;
        let (redo, label) = self.take_step(step)?;
        self.redo.push(redo);
        Some(label)
    }

    /// Takes the last step back for good where it is of this gesture.
    pub fn take_back(&mut self, key: &MergeKey) -> bool {
        let is_last = self.undo.last().is_some_and(|step| step.merge.as_ref() == Some(key));
        is_last && self.undo().is_some() && self.redo.pop().is_some()
    }

    /// Brings the last undone step again; its label.
    pub fn redo(&mut self) -> Option<String> {
        let step = self.redo.pop()?;
        let (undo, label) = self.take_step(step)?;
        self.undo.push(undo);
        Some(label)
    }

    fn take_step(&mut self, step: Step) -> Option<(Step, String)> {
        let renamed = renames(&step.inverse);
        let inverse = self.pipeline.apply(step.inverse).ok()?;
        let back = Step { inverse, label: step.label.clone(), merge: None, revision: self.revision };
        self.revision = step.revision;
        self.follow(&renamed);
        self.prune_selection();
        Some((back, step.label))
    }

    /// What is selected and looked at stays so under another name.
    fn follow(&mut self, renamed: &[(String, String)]) {
        for (old, new) in renamed {
            if self.selection.remove(old) {
                self.selection.insert(new.clone());
            }
            let ends = self.looked_at.iter_mut();
            let ends = ends.chain(self.selected_wire.iter_mut().flat_map(|(from, to)| [from, to]));
            for end in ends {
                if let Some((node, port)) = end.split_once('.')
                    && node == old
                {
                    *end = format!("{new}.{port}");
                }
            }
        }
    }

    fn prune_selection(&mut self) {
        let pipeline = &self.pipeline;
        self.selection.retain(|name| pipeline.index(name).is_some());
        self.selected_marks.retain(|number| pipeline.mark(*number).is_some());
        if let Some((from, to)) = &self.selected_wire
            && !self.pipeline.wires().iter().any(|w| is_end(from, w.0, w.1) && is_end(to, w.2, w.3))
        {
            self.selected_wire = None;
        }
    }

    /// Selects these nodes and nothing else.
    pub fn select(&mut self, names: impl IntoIterator<Item = String>) {
        self.select_all(names, []);
    }

    /// Selects these nodes, frames and comments, and nothing else.
    pub fn select_all(
        &mut self,
        names: impl IntoIterator<Item = String>,
        marks: impl IntoIterator<Item = u32>,
    ) {
        self.selection = names.into_iter().collect();
        self.selected_marks = marks.into_iter().collect();
        self.selected_wire = None;
        self.prune_selection();
    }

    /// The one selected node, `None` where none or several are.
    pub fn single_selection(&self) -> Option<&NodeInstance> {
        let mut names = self.selection.iter();
        match (names.next(), names.next()) {
            (Some(name), None) => self.pipeline.node(name),
            _ => None,
        }
    }

    /// The wire that enters an input, as its from end.
    pub fn wire_into(&self, to: &str) -> Option<String> {
        wire_into(&self.pipeline, to)
    }

    /// True where a wire leaves an output.
    pub fn has_wire_from(&self, from: &str) -> bool {
        self.pipeline.wires().iter().any(|w| is_end(from, w.0, w.1))
    }

    /// The selected nodes in words: `bandpass`, `3 nodes`, `2 nodes and 1 frame`.
    pub fn selection_words(&self) -> String {
        let nodes = match self.single_selection() {
            Some(node) => node.name.clone(),
            None => counted(self.selection.len(), "node"),
        };
        let marks = |kind: MarkKind, word: &str| {
            let of_kind = |number: &&u32| self.pipeline.mark(**number).is_some_and(|m| m.kind == kind);
            let count = self.selected_marks.iter().filter(of_kind).count();
            (count > 0).then(|| counted(count, word))
        };
        let nodes = (!self.selection.is_empty()).then_some(nodes);
        let parts = [nodes, marks(MarkKind::Frame, "frame"), marks(MarkKind::Comment, "comment")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

/// True where the inverse of an earlier step sets all that the inverse of a later one would.
fn leads_back_past(earlier: &Edit, later: &Edit) -> bool {
    match (earlier, later) {
        (Edit::Move(a), Edit::Move(b)) => a.iter().map(|m| &m.0).eq(b.iter().map(|m| &m.0)),
        (
            Edit::SetParams(a, _) | Edit::RestoreParams(a, ..),
            Edit::SetParams(b, _) | Edit::RestoreParams(b, ..),
        ) => a == b,
        (Edit::SetMark(a, _), Edit::SetMark(b, _)) => a == b,
        (Edit::SetSeed(_), Edit::SetSeed(_)) => true,
        (Edit::Batch(a), Edit::Batch(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| leads_back_past(a, b))
        }
        _ => false,
    }
}

/// The wire that enters an input, as its from end.
pub fn wire_into(pipeline: &Pipeline, to: &str) -> Option<String> {
    pipeline.wires().into_iter().find(|w| is_end(to, w.2, w.3)).map(|w| format!("{}.{}", w.0, w.1))
}

/// True where an input takes several wires.
pub fn takes_many(pipeline: &Pipeline, registry: &Registry, to: &str) -> bool {
    let Some((node, port)) = to.split_once('.') else { return false };
    let Some(instance) = pipeline.node(node) else { return false };
    registry
        .get(&instance.kind)
        .is_some_and(|n| n.inputs(&instance.params).iter().any(|p| p.name == port && p.many))
}

/// Old and new names in an edit.
fn renames(edit: &Edit) -> Vec<(String, String)> {
    match edit {
        Edit::Rename(old, new) => vec![(old.clone(), new.clone())],
        Edit::Batch(edits) => edits.iter().flat_map(renames).collect(),
        _ => Vec::new(),
    }
}

fn is_end(end: &str, node: &str, port: &str) -> bool {
    end.split_once('.') == Some((node, port))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeInstance {
        NodeInstance::new(name, "kind", crate::pipeline::Params::new(), [0.0, 0.0])
    }

    #[test]
    fn a_gesture_undoes_as_one_step_and_saved_states_are_known_again() {
        let mut editor = Editor::default();
        editor.apply(Edit::AddNode(node("a")), "add", None).unwrap();
        editor.mark_saved(editor.revision());
        let key = Some(MergeKey("drag 1".into()));
        for x in 1..5 {
            editor.apply(Edit::Move(vec![("a".into(), [x as f32, 0.0])]), "move", key.clone()).unwrap();
        }
        assert!(editor.is_dirty());
        assert_eq!(editor.undo().as_deref(), Some("move"));
        assert_eq!(editor.pipeline().node("a").unwrap().position, [0.0, 0.0]);
        assert!(!editor.is_dirty());
        editor.redo().unwrap();
        assert_eq!(editor.pipeline().node("a").unwrap().position, [4.0, 0.0]);
        assert!(editor.is_dirty());
    }

    #[test]
    fn a_gesture_that_moves_and_rewires_is_taken_back_as_a_whole() {
        let mut editor = Editor::default();
        for name in ["a", "b", "c"] {
            editor.apply(Edit::AddNode(node(name)), "add", None).unwrap();
        }
        editor.apply(Edit::Connect("a.x".into(), "b.x".into()), "wire", None).unwrap();
        let key = || Some(MergeKey("drag 1".into()));
        for x in 1..5 {
            editor.apply(Edit::Move(vec![("c".into(), [x as f32, 0.0])]), "move c", key()).unwrap();
        }
        let splice = Edit::Batch(vec![
            Edit::Disconnect("a.x".into(), "b.x".into()),
            Edit::Connect("a.x".into(), "c.x".into()),
        ]);
        editor.apply(splice, "insert c", key()).unwrap();
        assert_eq!(editor.undo_labels().0, Some("insert c"));
        editor.undo().unwrap();
        assert_eq!(editor.pipeline().wires(), [("a", "x", "b", "x")]);
        assert_eq!(editor.pipeline().node("c").unwrap().position, [0.0, 0.0]);
        editor.redo().unwrap();
        assert_eq!(editor.pipeline().wires(), [("a", "x", "c", "x")]);
        assert_eq!(editor.pipeline().node("c").unwrap().position, [4.0, 0.0]);
    }

    #[test]
    fn what_is_selected_and_looked_at_follows_a_new_name_there_and_back() {
        let mut editor = Editor::default();
        for name in ["a", "b"] {
            editor.apply(Edit::AddNode(node(name)), "add", None).unwrap();
        }
        editor.apply(Edit::Connect("a.x".into(), "b.x".into()), "wire", None).unwrap();
        editor.selected_wire = Some(("a.x".into(), "b.x".into()));
        editor.selection.insert("a".into());
        editor.looked_at = Some("a.x".into());
        editor.apply(Edit::Rename("a".into(), "c".into()), "rename", None).unwrap();
        assert_eq!(editor.looked_at.as_deref(), Some("c.x"));
        assert_eq!(editor.selected_wire, Some(("c.x".into(), "b.x".into())));
        assert!(editor.selection.contains("c"));
        editor.undo().unwrap();
        assert_eq!(editor.looked_at.as_deref(), Some("a.x"));
        assert!(editor.selection.contains("a"));
    }
}
