//! Carries out what changes the shape of the drawing: wires and kinds, rows and columns, frames and comments.

use super::{
    App,
    canvas::{Alignment, mark_key},
    command::MergeKey,
    text, texts,
};
use crate::pipeline::{Edit, Mark, MarkColor, MarkKind, Pipeline, is_way};
use std::collections::BTreeSet;

/// Size of a new comment in canvas units.
const COMMENT: [f32; 2] = [220.0, 60.0];

impl App {
    /// True where nodes, frames or comments are selected.
    pub(super) fn has_selection(&self) -> bool {
        !self.sheet.editor.selection.is_empty() || !self.sheet.editor.selected_marks.is_empty()
    }

    pub(super) fn reconnect(&mut self, old: &(String, String), from: &str, to: &str) {
        let old = (old.0.as_str(), old.1.as_str());
        match self.sheet.editor.drawn().reconnect_edit(&self.kinds(), old, from, to) {
            Ok(edit) => self.edit(edit, texts::canvas::move_wire(), None),
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// Puts a node of the pipeline into a wire; frames around both ends grow with it.
    pub(super) fn splice(&mut self, node: &str, wire: &(String, String), merge: Option<MergeKey>) {
        match self.sheet.editor.drawn().splice_with_room(&self.kinds(), node, &wire.0, &wire.1) {
            Ok(edit) => self.insert_edit(edit, &texts::canvas::insert_node(&node), merge, node, wire),
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// Carries out what puts a node into a wire; frames go along with what lies in them, and one around both ends
    /// takes the node in.
    pub(super) fn insert_edit(
        &mut self,
        edit: Edit,
        label: &str,
        merge: Option<MergeKey>,
        node: &str,
        wire: &(String, String),
    ) {
        let merge =
            merge.unwrap_or_else(|| MergeKey(format!("insert_{node}_{}", self.sheet.editor.revision())));
        let ends = [&wire.0, &wire.1].map(|end| end.split_once('.').map_or("", |(node, _)| node));
        let pipeline = self.sheet.editor.drawn();
        let frames = pipeline.marks().filter(|(_, mark)| mark.kind == MarkKind::Frame);
        let place = |pipeline: &Pipeline, name: &String| pipeline.node(name).map(|node| node.position);
        let held: Vec<(u32, Vec<String>, Vec<_>)> = frames
            .map(|(number, _)| {
                let (mut names, _) = self.sheet.canvas.within(pipeline, &self.sheet.states, number);
                names.retain(|name| name != node);
                if ends.iter().all(|end| names.iter().any(|name| name == end)) {
                    names.push(node.to_owned());
                }
                let places = names.iter().map(|name| place(pipeline, name)).collect();
                (number, names, places)
            })
            .collect();
        self.edit(edit, label, Some(merge.clone()));
        let pipeline = self.sheet.editor.drawn();
        let fitted = held.into_iter().filter_map(|(number, names, before)| {
            let mark = pipeline.mark(number)?.clone();
            let shifts = names.iter().zip(before).map(|(name, before)| {
                let (now, before) = (place(pipeline, name)?, before?);
                Some([now[0] - before[0], now[1] - before[1]])
            });
            let shifts: Option<Vec<[f32; 2]>> = shifts.collect();
            // What lies in it has moved as a whole, or not at all.
            if let Some(shifts) = shifts.filter(|shifts| shifts.iter().all(|shift| *shift == shifts[0])) {
                let shift = shifts.first().copied().filter(|shift| *shift != [0.0; 2])?;
                let position = [mark.position[0] + shift[0], mark.position[1] + shift[1]];
                return Some(Edit::SetMark(number, Some(Mark { position, ..mark })));
            }
            let (position, size) =
                self.sheet.canvas.frame_around(pipeline, &self.sheet.states, &names, &[], &[])?;
            Some(Edit::SetMark(number, Some(Mark { position, ..mark }.sized(size))))
        });
        let fitted: Vec<Edit> = fitted.collect();
        if !fitted.is_empty() {
            self.edit(Edit::Batch(fitted), label, Some(merge));
        }
    }

    pub(super) fn swap(&mut self, node: &str, kind: &str) {
        let label = self.registry.get(kind).map_or(kind, |known| known.info().label).to_lowercase();
        match self.sheet.editor.drawn().swap_edit(&self.kinds(), node, kind) {
            Ok((edit, name)) => {
                self.edit(edit, &texts::canvas::replace_node(&node, &label), None);
                self.sheet.editor.select([name]);
            }
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    pub(super) fn align(&mut self, alignment: Alignment) {
        let names = &self.sheet.editor.selection;
        if names.len() < alignment.least() {
            return;
        }
        let moves =
            self.sheet.canvas.aligned(self.sheet.editor.drawn(), &self.sheet.states, names, alignment);
        let label = format!("{} {}", alignment.label(), texts::counts::nodes(moves.len()));
        self.edit(Edit::Move(moves), &label, None);
    }

    /// Lays the selection out, or everything; what was at the top left stays there, and frames stay around what
    /// lies in them.
    pub(super) fn arrange(&mut self) {
        let pipeline = self.sheet.editor.drawn();
        let mut names = self.sheet.editor.selection.clone();
        if names.len() < 2 {
            names = pipeline.nodes().map(|node| node.name.clone()).collect();
        }
        names.retain(|name| !is_way(name));
        let least = |axis: usize| {
            let places = pipeline.nodes().filter(|n| names.contains(&n.name)).map(|n| n.position[axis]);
            places.reduce(f32::min).unwrap_or(0.0)
        };
        let moves = pipeline.arrange(&names, [least(0), least(1)]);
        if !moves.is_empty() {
            let label = texts::canvas::arrange(&texts::counts::nodes(moves.len()));
            let mut edits = self.frames_after(&moves);
            edits.push(Edit::Move(moves));
            self.edit(Edit::Batch(edits), &label, None);
            self.sheet.canvas.fit(false);
        }
    }

    /// Frames with nodes that move go where these go.
    pub(super) fn frames_after(&self, moves: &[(String, [f32; 2])]) -> Vec<Edit> {
        let pipeline = self.sheet.editor.drawn();
        let frames = pipeline.marks().filter(|(_, mark)| mark.kind == MarkKind::Frame);
        let fitted = frames.filter_map(|(number, mark)| {
            let (nodes, _) = self.sheet.canvas.within(pipeline, &self.sheet.states, number);
            if !nodes.iter().any(|node| moves.iter().any(|(name, _)| name == node)) {
                return None;
            }
            let around = self.sheet.canvas.frame_around(pipeline, &self.sheet.states, &nodes, &[], moves);
            let (position, size) = around?;
            Some(Edit::SetMark(number, Some(Mark { position, ..mark.clone() }.sized(size))))
        });
        fitted.collect()
    }

    /// Replaces the selected node by the nodes it stands for, and selects those.
    pub(super) fn unpack(&mut self) {
        let Some(name) = self.sheet.editor.single_selection().map(|node| node.name.clone()) else { return };
        match self.sheet.editor.drawn().unpack_edit(&self.kinds(), &name) {
            Ok((edit, parts)) => {
                self.edit(edit, &texts::canvas::unpack(&name), None);
                self.sheet.editor.select(parts);
                self.sheet.canvas.fit(false);
            }
            Err(error) => self.toasts.error(text::sentence_of(&error.0)),
        }
    }

    /// Puts a frame around the selection and asks for its title.
    pub(super) fn frame_selection(&mut self) {
        let nodes: Vec<String> = self.sheet.editor.selection.iter().cloned().collect();
        let marks: Vec<u32> = self.sheet.editor.selected_marks.iter().copied().collect();
        let pipeline = self.sheet.editor.drawn();
        let Some((position, size)) =
            self.sheet.canvas.frame_around(pipeline, &self.sheet.states, &nodes, &marks, &[])
        else {
            return;
        };
        self.add_mark(Mark {
            kind: MarkKind::Frame,
            text: String::new(),
            color: MarkColor::Blue,
            position,
            size,
            group: self.sheet.editor.level().to_owned(),
        });
    }

    /// Puts an empty comment at the pointer and asks for its text.
    pub(super) fn add_comment(&mut self) {
        let position = self.sheet.canvas.pointer_place(&self.ctx);
        let color = MarkColor::Yellow;
        let group = self.sheet.editor.level().to_owned();
        let kind = MarkKind::Comment;
        self.add_mark(Mark { kind, text: String::new(), color, position, size: COMMENT, group });
    }

    fn add_mark(&mut self, mark: Mark) {
        let number = self.sheet.editor.pipeline().free_mark();
        let label = match mark.kind {
            MarkKind::Frame => texts::canvas::add_frame(),
            MarkKind::Comment => texts::canvas::add_comment(),
        };
        self.edit(Edit::SetMark(number, Some(mark)), label, Some(mark_key(number)));
        self.sheet.editor.select_all([], [number]);
        self.edit_mark(number);
    }

    pub(super) fn edit_mark(&mut self, number: u32) {
        if let Some(mark) = self.sheet.editor.drawn().mark(number) {
            self.sheet.canvas.edit_mark(number, &mark.text);
        }
    }

    pub(super) fn paint_marks(&mut self, color: MarkColor) {
        let marks: BTreeSet<u32> = self.sheet.editor.selected_marks.clone();
        let painted = marks.iter().filter_map(|number| {
            let mark = self.sheet.editor.drawn().mark(*number)?.clone();
            Some(Edit::SetMark(*number, Some(Mark { color, ..mark })))
        });
        let edits: Vec<Edit> = painted.collect();
        if !edits.is_empty() {
            let label = texts::canvas::colour(&self.sheet.editor.selection_words(), &color.name());
            self.edit(Edit::Batch(edits), &label, None);
        }
    }

    pub(super) fn fit_frame(&mut self, number: u32) {
        let pipeline = self.sheet.editor.drawn();
        let (nodes, marks) = self.sheet.canvas.within(pipeline, &self.sheet.states, number);
        let around = self.sheet.canvas.frame_around(pipeline, &self.sheet.states, &nodes, &marks, &[]);
        match (around, pipeline.mark(number)) {
            (Some((position, size)), Some(mark)) => {
                let mark = Mark { position, ..mark.clone() }.sized(size);
                self.edit(Edit::SetMark(number, Some(mark)), texts::canvas::fit_frame(), None);
            }
            _ => self.toasts.info(texts::canvas::frame_is_empty()),
        }
    }
}
