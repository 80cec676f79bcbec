//! The open document: the pipeline, its file, what can be undone, what is selected.

use super::{command::MergeKey, texts};
use crate::pipeline::{
    Edit, MarkKind, NodeInstance, Params, Picture, Pipeline, PipelineError, Registry, is_inside, is_way,
    leaf_of, level_of, name_in, renamed,
};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// Steps kept for undo.
const MAX_STEPS: usize = 500;

struct Step {
    inverse: Edit,
    label: String,
    merge: Option<MergeKey>,
    /// Which state of the document it leads back to.
    revision: u64,
    /// The group that was drawn when it was taken.
    level: String,
}

/// The open document.
#[derive(Default)]
pub struct Editor {
    pipeline: Pipeline,
    /// Its file, where it has one.
    pub path: Option<PathBuf>,
    /// What the title shows while there is no file.
    pub name: String,
    /// Tells it from others that have neither file nor name, where there are some: 0 is the first.
    pub number: usize,
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
    /// Names of the nodes that show what leaves them.
    pub previews: BTreeSet<String>,
    /// The group that is drawn, empty for the whole.
    level: String,
    /// The nodes there are, once it was drawn.
    registry: Option<Arc<Registry>>,
    /// What is drawn, where that is not the pipeline itself, and the revision it was made of.
    picture: Option<(u64, Picture)>,
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

    /// What is drawn: the pipeline, or one level of it where it has groups.
    pub fn drawn(&self) -> &Pipeline {
        self.picture.as_ref().map_or(&self.pipeline, |(_, picture)| &picture.pipeline)
    }

    /// The kinds of what is drawn, groups among them.
    pub fn kinds(&self) -> Option<&Arc<Registry>> {
        self.picture.as_ref().map(|(_, picture)| &picture.registry).or(self.registry.as_ref())
    }

    /// The group that is drawn, empty for the whole.
    pub fn level(&self) -> &str {
        &self.level
    }

    /// Draws another group, or the whole where the name is empty or that of none.
    pub fn enter(&mut self, level: &str) {
        let level = if self.pipeline.group(level).is_some() { level } else { "" };
        if self.level != level {
            level.clone_into(&mut self.level);
            self.picture = None;
            self.redraw();
            self.prune_selection();
        }
    }

    /// Brings what is drawn up to date, from now on with these nodes.
    pub fn draw(&mut self, registry: &Arc<Registry>) {
        if self.registry.is_none() {
            self.registry = Some(registry.clone());
        }
        self.redraw();
    }

    fn redraw(&mut self) {
        while !self.level.is_empty() && self.pipeline.group(&self.level).is_none() {
            self.level = level_of(&self.level).to_owned();
        }
        let Some(registry) = &self.registry else { return };
        if self.pipeline.groups().next().is_none() {
            self.picture = None;
        } else if self.picture.as_ref().is_none_or(|(revision, _)| *revision != self.revision) {
            self.picture = Some((self.revision, self.pipeline.picture(registry, &self.level)));
        }
    }

    /// A number that differs for every state of the document.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The parameters of a node for a place where others have these names.
    pub fn params_among(&self, node: &NodeInstance, called: &dyn Fn(&str) -> Option<String>) -> Params {
        let known = self.registry.as_ref().and_then(|registry| registry.get(&node.kind));
        known.and_then(|known| known.renamed(&node.params, called)).unwrap_or_else(|| node.params.clone())
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
            None => {
                let name = if self.name.is_empty() { texts::canvas::untitled() } else { self.name.as_str() };
                if self.number == 0 { name.to_owned() } else { format!("{name} {}", self.number + 1) }
            }
        }
    }

    /// Takes the first number with which it is called as none of the others.
    pub fn tell_apart<'a>(&mut self, others: impl Iterator<Item = &'a Editor>) {
        let titles: Vec<String> = others.map(Self::title).collect();
        self.number = 0;
        while self.path.is_none() && titles.contains(&self.title()) {
            self.number += 1;
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
        let edit = match &self.registry {
            Some(registry) => self.pipeline.following(registry, edit),
            None => edit,
        };
        let renamed = renames(&edit);
        let inverse = self.pipeline.apply(edit)?;
        let (revision, level) = (self.revision, self.level.clone());
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
                self.undo.push(Step { inverse, label: label.to_owned(), merge, revision, level });
                if self.undo.len() > MAX_STEPS {
                    self.undo.remove(0);
                }
            }
        }
        self.follow(&renamed);
        self.redraw();
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
        // What changes is seen: it was made where this leads.
        let level = step.level.clone();
        let back = Step { inverse, label: step.label.clone(), merge: None, revision: self.revision, level };
        self.revision = step.revision;
        self.follow(&renamed);
        if self.level != step.level {
            self.level = step.level;
            self.picture = None;
        }
        self.redraw();
        self.prune_selection();
        Some((back, step.label))
    }

    /// What is selected and looked at stays so under another name.
    fn follow(&mut self, renames: &[(String, String)]) {
        for (old, new) in renames {
            if self.selection.remove(old) {
                self.selection.insert(new.clone());
            }
            let shown = std::mem::take(&mut self.previews);
            self.previews = shown.into_iter().map(|name| renamed(&name, old, new).unwrap_or(name)).collect();
            if let Some(level) = renamed(&self.level, old, new) {
                self.level = level;
            }
            let ends = self.looked_at.iter_mut();
            let ends = ends.chain(self.selected_wire.iter_mut().flat_map(|(from, to)| [from, to]));
            for end in ends {
                if let Some((node, port)) = end.split_once('.')
                    && let Some(node) = renamed(node, old, new)
                {
                    *end = format!("{node}.{port}");
                }
            }
        }
    }

    fn prune_selection(&mut self) {
        let (pipeline, level) = (&self.pipeline, &self.level);
        self.selection.retain(|name| pipeline.has(name) && level_of(name) == level);
        self.selected_marks.retain(|number| pipeline.mark(*number).is_some_and(|mark| mark.group == *level));
        if let Some((from, to)) = &self.selected_wire
            && !self.drawn().wires().iter().any(|w| is_end(from, w.0, w.1) && is_end(to, w.2, w.3))
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
        // What is selected is seen.
        if let Some(first) = self.selection.first().filter(|name| self.pipeline.has(name))
            && level_of(first) != self.level
        {
            let level = level_of(first).to_owned();
            let chosen = self.selection.clone();
            self.enter(&level);
            self.selection = chosen;
        }
        self.prune_selection();
    }

    /// The one selected node, `None` where none or several are.
    pub fn single_selection(&self) -> Option<&NodeInstance> {
        let mut names = self.selection.iter();
        match (names.next(), names.next()) {
            (Some(name), None) => self.drawn().node(name),
            _ => None,
        }
    }

    /// The wire that enters an input, as its from end.
    pub fn wire_into(&self, to: &str) -> Option<String> {
        wire_into(self.drawn(), to)
    }

    /// A name in what is drawn that is not taken.
    pub fn free_name(&self, stem: &str) -> String {
        self.pipeline.free_name(&name_in(&self.level, stem))
    }

    /// The end of what is drawn that stands for the output of a node.
    pub fn drawn_end(&self, end: &str) -> Option<String> {
        let (node, port) = end.split_once('.')?;
        self.pipeline.end_at(&self.level, node, port, false)
    }

    /// The end of a node that a drawn end stands for: what leaves it, or what comes in by the ways of a group.
    pub fn flat_end(&self, end: &str) -> Option<String> {
        let (node, port) = end.split_once('.')?;
        if !is_way(node) {
            return self.pipeline.flat_ends(end, false).into_iter().next();
        }
        let inner = self.pipeline.flat_ends(&format!("{}.{port}", level_of(node)), true);
        let wires = self.pipeline.wires().into_iter();
        let enters = wires
            .filter(|w| !is_inside(&self.level, w.0))
            .find(|w| inner.iter().any(|end| is_end(end, w.2, w.3)));
        enters.map(|w| format!("{}.{}", w.0, w.1))
    }

    /// True where a wire leaves an output.
    pub fn has_wire_from(&self, from: &str) -> bool {
        self.drawn().wires().iter().any(|w| is_end(from, w.0, w.1))
    }

    /// The selected nodes in words: `bandpass`, `3 nodes`, `2 nodes and 1 frame`.
    pub fn selection_words(&self) -> String {
        let nodes = match self.single_selection() {
            Some(node) => leaf_of(&node.name).to_owned(),
            None => texts::counts::nodes(self.selection.len()),
        };
        let marks = |kind: MarkKind, counted: fn(usize) -> String| {
            let of_kind = |number: &&u32| self.pipeline.mark(**number).is_some_and(|m| m.kind == kind);
            let count = self.selected_marks.iter().filter(of_kind).count();
            (count > 0).then(|| counted(count))
        };
        let nodes = (!self.selection.is_empty()).then_some(nodes);
        let parts = [
            nodes,
            marks(MarkKind::Frame, texts::counts::frames),
            marks(MarkKind::Comment, texts::counts::comments),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(texts::canvas::and())
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
        (Edit::SetGroup(a, _), Edit::SetGroup(b, _)) => a == b,
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
