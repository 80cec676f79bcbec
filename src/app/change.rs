//! Changes of the document that commands ask for, each one step to undo.

use super::{
    App,
    command::{Joint, MergeKey},
    text, texts,
};
use crate::pipeline::{Edit, Mark, NodeInstance, Params};
use std::{collections::BTreeSet, sync::Arc};

impl App {
    pub(super) fn edit(&mut self, edit: Edit, label: &str, merge: Option<MergeKey>) {
        let is_placing = edit.is_placing();
        let mut touched = BTreeSet::new();
        collect_touched(&edit, &mut touched);
        let level = self.sheet.editor.level().to_owned();
        match self.sheet.editor.apply(edit, label, merge) {
            Ok(()) if is_placing => {}
            Ok(()) => {
                self.changed();
                self.sheet.given = Arc::default();
                self.follow_level(&level);
                let pipeline = self.sheet.editor.pipeline();
                let inner = |name: &String| pipeline.nodes_of(name).into_iter().map(str::to_owned).collect();
                let inner: Vec<Vec<String>> = touched.iter().map(inner).collect();
                touched.extend(inner.into_iter().flatten());
                self.sheet.runs.forget(self.sheet.editor.pipeline(), &touched);
                if let Some(cluster) = &mut self.sheet.cluster {
                    cluster.runs.forget(self.sheet.editor.pipeline(), &touched);
                }
                self.follow_queue();
            }
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// The pipeline went back or forth: only the store knows now what is done.
    pub(super) fn stepped(&mut self) {
        self.changed();
        self.sheet.given = Arc::default();
        if !self.sheet.runs.is_busy() {
            self.sheet.runs.forget_all();
        }
        self.follow_queue();
    }

    pub(super) fn add(&mut self, kind: &str, position: [f32; 2], joint: Joint) {
        let label = self.registry.get(kind).map_or(kind, |n| n.info().label).to_lowercase();
        if let Joint::Wire { from, to } = &joint
            && let Ok((edit, name)) =
                self.sheet.editor.drawn().insert_edit(&self.kinds(), kind, position, from, to)
        {
            let wire = (from.clone(), to.clone());
            self.insert_edit(edit, &texts::canvas::insert(&label), None, &name, &wire);
            self.sheet.editor.select([name]);
            return;
        }
        let name = self.sheet.editor.free_name(kind);
        let mut edits = vec![Edit::AddNode(NodeInstance::new(&name, kind, Params::new(), position))];
        if let (Joint::End { end, is_output }, Some(node)) = (joint, self.registry.get(kind)) {
            // The pipeline with the node in it knows which of its ports fits.
            let mut scratch = self.sheet.editor.drawn().clone();
            let kinds = self.kinds();
            let _ = scratch.apply(edits[0].clone());
            let info = node.info();
            let wired = if is_output { info.inputs } else { info.outputs }.iter().find_map(|port| {
                let other = format!("{name}.{}", port.name);
                let (from, to) = if is_output { (&end, &other) } else { (&other, &end) };
                scratch.connect_edits(&kinds, from, to).ok()
            });
            edits.extend(wired);
        }
        self.edit(Edit::Batch(edits), &texts::canvas::add_node(&label), None);
        self.sheet.editor.select([name]);
    }

    pub(super) fn delete(&mut self) {
        if let Some((from, to)) = self.sheet.editor.selected_wire.clone() {
            self.edit(Edit::Disconnect(from, to), texts::canvas::remove_wire(), None);
            return;
        }
        let nodes = self.sheet.editor.selection.iter().cloned().map(Edit::RemoveNode);
        let marks = self.sheet.editor.selected_marks.iter().map(|number| Edit::SetMark(*number, None));
        let edits: Vec<_> = nodes.chain(marks).collect();
        if !edits.is_empty() {
            let label = texts::canvas::delete(&self.sheet.editor.selection_words());
            self.edit(Edit::Batch(edits), &label, None);
        }
    }

    pub(super) fn nudge(&mut self, by: [f32; 2]) {
        let nodes =
            self.sheet.editor.drawn().nodes().filter(|n| self.sheet.editor.selection.contains(&n.name));
        let moves: Vec<_> =
            nodes.map(|n| (n.name.clone(), [n.position[0] + by[0], n.position[1] + by[1]])).collect();
        let marks = self.sheet.editor.selected_marks.iter().filter_map(|number| {
            let mark = self.sheet.editor.pipeline().mark(*number)?.clone();
            let position = [mark.position[0] + by[0], mark.position[1] + by[1]];
            Some(Edit::SetMark(*number, Some(Mark { position, ..mark })))
        });
        let edits: Vec<Edit> = marks.chain((!moves.is_empty()).then_some(Edit::Move(moves))).collect();
        if !edits.is_empty() {
            let label = texts::canvas::nudge(&self.sheet.editor.selection_words());
            self.edit(Edit::Batch(edits), &label, Some(MergeKey("nudge".into())));
        }
    }

    /// Turns something of the selected nodes on, or off where all have it; `words` say the one and the other.
    pub(super) fn toggle(
        &mut self,
        is_on: fn(&NodeInstance) -> bool,
        edit: fn(String, bool) -> Edit,
        words: [&str; 2],
    ) {
        let chosen: Vec<_> = self
            .sheet
            .editor
            .drawn()
            .nodes()
            .filter(|n| self.sheet.editor.selection.contains(&n.name))
            .map(|n| (n.name.clone(), is_on(n)))
            .collect();
        let on = !chosen.iter().all(|(_, on)| *on);
        let edits: Vec<_> = chosen.into_iter().map(|(name, _)| edit(name, on)).collect();
        if !edits.is_empty() {
            let label = format!("{} {}", words[usize::from(!on)], self.sheet.editor.selection_words());
            self.edit(Edit::Batch(edits), &label, None);
        }
    }
}

/// The nodes an edit changes the results of.
fn collect_touched(edit: &Edit, touched: &mut BTreeSet<String>) {
    let mut node_of = |end: &str| {
        touched.extend(end.split_once('.').map(|(node, _)| node.to_owned()));
    };
    match edit {
        Edit::Connect(_, to) | Edit::Disconnect(_, to) => node_of(to),
        Edit::AddNode(node) => drop(touched.insert(node.name.clone())),
        Edit::RemoveNode(name)
        | Edit::SetParams(name, _)
        | Edit::RestoreParams(name, _, _)
        | Edit::SetMuted(name, _)
        | Edit::SetBypassed(name, _)
        | Edit::SetGroup(name, _) => drop(touched.insert(name.clone())),
        Edit::Rename(_, new) => drop(touched.insert(new.clone())),
        Edit::SetKind(name, ..) => drop(touched.insert(name.clone())),
        Edit::Move(_) | Edit::SetSeed(_) | Edit::SetCollapsed(..) | Edit::SetMark(..) => {}
        Edit::Batch(edits) => edits.iter().for_each(|edit| collect_touched(edit, touched)),
    }
}
