//! The open document: the pipeline, its file, what can be undone, what is selected.

use super::command::MergeKey;
use crate::pipeline::{Edit, NodeInstance, Params, Pipeline, PipelineError, Registry};
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
    /// Names of the selected nodes.
    pub selection: BTreeSet<String>,
    /// The end that the viewer shows, `node.port`.
    pub looked_at: Option<String>,
    /// The selected wire, from end and to end.
    pub selected_wire: Option<(String, String)>,
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
        folder.unwrap_or_else(|| std::env::current_dir().unwrap_or_default())
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
        let merges = merge.is_some() && self.undo.last().is_some_and(|step| step.merge == merge);
        // The first inverse of a gesture leads back to before it.
        if !merges {
            self.undo.push(Step { inverse, label: label.to_owned(), merge, revision });
            if self.undo.len() > MAX_STEPS {
                self.undo.remove(0);
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

    /// Takes the last step back; its label.
    pub fn undo(&mut self) -> Option<String> {
        let step = self.undo.pop()?;
        let (redo, label) = self.take_step(step)?;
        self.redo.push(redo);
        Some(label)
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
        if let Some((from, to)) = &self.selected_wire
            && !self.pipeline.wires().iter().any(|w| is_end(from, w.0, w.1) && is_end(to, w.2, w.3))
        {
            self.selected_wire = None;
        }
    }

    /// Selects these nodes and nothing else.
    pub fn select(&mut self, names: impl IntoIterator<Item = String>) {
        self.selection = names.into_iter().collect();
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

    /// The edit that draws a wire, replacing the one a single input has.
    pub fn connect_edit(&self, registry: &Registry, from: &str, to: &str) -> Edit {
        let connect = Edit::Connect(from.to_owned(), to.to_owned());
        match self.wire_into(to) {
            Some(old) if !takes_many(&self.pipeline, registry, to) => {
                Edit::Batch(vec![Edit::Disconnect(old, to.to_owned()), connect])
            }
            _ => connect,
        }
    }

    /// The selection with its inner wires, as a pipeline of its own.
    pub fn selected_part(&self) -> Pipeline {
        let mut part = Pipeline::default();
        for node in self.pipeline.nodes().filter(|n| self.selection.contains(&n.name)) {
            // Names are unique in the pipeline they come from.
            let _ = part.apply(Edit::AddNode(node.clone()));
        }
        for (a, from, b, to) in self.pipeline.wires() {
            if self.selection.contains(a) && self.selection.contains(b) {
                let _ = part.apply(Edit::Connect(format!("{a}.{from}"), format!("{b}.{to}")));
            }
        }
        part
    }

    /// The edit that adds a copy of `part` with its middle at `position` or moved by `offset`, and the new names.
    pub fn paste_edit(&self, part: &Pipeline, place: Place) -> (Edit, Vec<String>) {
        let mut scratch = self.pipeline.clone();
        let mut names = Vec::new();
        let mut edits = Vec::new();
        let shift = match place {
            Place::Offset(offset) => offset,
            Place::Middle(position) => {
                let (mut sum, mut count) = ([0.0, 0.0], 0.0_f32);
                for node in part.nodes() {
                    sum = [sum[0] + node.position[0], sum[1] + node.position[1]];
                    count += 1.0;
                }
                let count = count.max(1.0);
                [position[0] - sum[0] / count, position[1] - sum[1] / count]
            }
        };
        for node in part.nodes() {
            let mut copy = node.clone();
            copy.name = scratch.free_name(stem(&node.name));
            copy.position = [node.position[0] + shift[0], node.position[1] + shift[1]];
            names.push((node.name.clone(), copy.name.clone()));
            // Keeps the names of this paste apart from each other.
            let _ = scratch.apply(Edit::AddNode(copy.clone()));
            edits.push(Edit::AddNode(copy));
        }
        let renamed = |name: &str| names.iter().find(|(old, _)| old == name).map(|(_, new)| new.clone());
        for (a, from, b, to) in part.wires() {
            if let (Some(a), Some(b)) = (renamed(a), renamed(b)) {
                edits.push(Edit::Connect(format!("{a}.{from}"), format!("{b}.{to}")));
            }
        }
        (Edit::Batch(edits), names.into_iter().map(|(_, new)| new).collect())
    }
}

/// A new node.
pub fn instance(name: &str, kind: &str, params: Params, position: [f32; 2]) -> NodeInstance {
    NodeInstance {
        name: name.to_owned(),
        kind: kind.to_owned(),
        params,
        raw_params: None,
        position,
        muted: false,
        bypassed: false,
    }
}

/// Where pasted nodes go.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Their middle here.
    Middle([f32; 2]),
    /// Moved by this from where they were.
    Offset([f32; 2]),
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

/// `bandpass` of `bandpass_2`: what new names are made from.
fn stem(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((stem, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => stem,
        _ => name,
    }
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
        instance(name, "kind", Params::new(), [0.0, 0.0])
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

    #[test]
    fn a_paste_brings_inner_wires_under_new_names() {
        let mut editor = Editor::default();
        for name in ["a", "b", "c"] {
            editor.apply(Edit::AddNode(node(name)), "add", None).unwrap();
        }
        editor.apply(Edit::Connect("a.x".into(), "b.x".into()), "wire", None).unwrap();
        editor.apply(Edit::Connect("b.x".into(), "c.x".into()), "wire", None).unwrap();
        editor.select(["a".to_owned(), "b".to_owned()]);
        let (edit, names) = editor.paste_edit(&editor.selected_part(), Place::Offset([8.0, 8.0]));
        editor.apply(edit, "paste", None).unwrap();
        assert_eq!(names, ["a_2", "b_2"]);
        assert_eq!(editor.pipeline().wires().len(), 3);
        assert!(editor.pipeline().wires().contains(&("a_2", "x", "b_2", "x")));
    }
}
