//! Copy and paste: parts of a pipeline as text, with their inner wires.

use super::{App, editor::Editor, texts};
use crate::pipeline::{
    Document, Edit, Group, Mark, NodeInstance, Pipeline, is_inside, level_of, name_in, renamed,
};
use std::collections::BTreeSet;

/// Where pasted nodes go.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Their middle here.
    Middle([f32; 2]),
    /// Moved by this from where they were.
    Offset([f32; 2]),
}

impl Editor {
    /// The selection with its inner wires, as a pipeline of its own.
    pub fn selected_part(&self) -> Pipeline {
        self.part_of(&self.selection, &self.selected_marks)
    }

    /// Nodes and groups of one level with what lies in them, as a pipeline of its own.
    pub fn part_of(&self, names: &BTreeSet<String>, marks: &BTreeSet<u32>) -> Pipeline {
        let level = names.first().map_or(self.level(), |name| level_of(name));
        let comes = |name: &str| names.iter().any(|chosen| chosen == name || is_inside(chosen, name));
        let called = |name: &str| match level {
            "" => name.to_owned(),
            level => name[(level.len() + 1).min(name.len())..].to_owned(),
        };
        let mut part = Pipeline::default();
        // Names are unique in the pipeline they come from.
        for (name, group) in self.pipeline().groups().filter(|(name, _)| comes(name)) {
            let _ = part.apply(Edit::SetGroup(called(name), Some(group.clone())));
        }
        for node in self.pipeline().nodes().filter(|node| comes(&node.name)) {
            let params = self.params_among(node, &|name| comes(name).then(|| called(name)));
            let copy = NodeInstance { name: called(&node.name), params, ..node.clone() };
            let _ = part.apply(Edit::AddNode(copy));
        }
        for (a, from, b, to) in self.pipeline().wires() {
            if comes(a) && comes(b) {
                let (a, b) = (called(a), called(b));
                let _ = part.apply(Edit::Connect(format!("{a}.{from}"), format!("{b}.{to}")));
            }
        }
        for (number, mark) in self.pipeline().marks() {
            let group = match marks.contains(&number) {
                true => String::new(),
                false if !mark.group.is_empty() && comes(&mark.group) => called(&mark.group),
                false => continue,
            };
            let _ = part.apply(Edit::SetMark(number, Some(Mark { group, ..mark.clone() })));
        }
        part
    }

    /// The edit that adds a copy of `part` with its middle at `position` or moved by `offset`, with the names of
    /// the new nodes and the numbers of the new marks.
    pub fn paste_edit(&self, part: &Pipeline, place: Place) -> (Edit, Vec<String>, Vec<u32>) {
        let mut scratch = self.pipeline().clone();
        let mut names = Vec::new();
        let mut edits = Vec::new();
        let shift = match place {
            Place::Offset(offset) => offset,
            Place::Middle(position) => {
                let (mut sum, mut count) = ([0.0, 0.0], 0.0_f32);
                let marks = part.marks().filter(|(_, mark)| mark.group.is_empty());
                let marks = marks.map(|(_, mark)| mark.position);
                let names = part.names_at("").into_iter();
                for at in names.filter_map(|name| part.place_of(name)).chain(marks) {
                    sum = [sum[0] + at[0], sum[1] + at[1]];
                    count += 1.0;
                }
                let count = count.max(1.0);
                [position[0] - sum[0] / count, position[1] - sum[1] / count]
            }
        };
        for name in part.names_at("") {
            let new = scratch.free_name(&name_in(self.level(), stem(name)));
            // Keeps the names of this paste apart from each other.
            let _ = scratch.apply(Edit::SetGroup(new.clone(), Some(Group::default())));
            names.push((name.to_owned(), new));
        }
        let called = |name: &str| names.iter().find_map(|(old, new)| renamed(name, old, new));
        let placed = |name: &str, [x, y]: [f32; 2]| match level_of(name) {
            "" => [x + shift[0], y + shift[1]],
            _ => [x, y],
        };
        for (name, group) in part.groups() {
            let position = placed(name, group.position);
            let copy = Group { position, ..group.clone() };
            edits.extend(called(name).map(|name| Edit::SetGroup(name, Some(copy))));
        }
        for node in part.nodes() {
            let position = placed(&node.name, node.position);
            let params = self.params_among(node, &called);
            let copy = |name| NodeInstance { name, position, params, ..node.clone() };
            edits.extend(called(&node.name).map(|name| Edit::AddNode(copy(name))));
        }
        for (a, from, b, to) in part.wires() {
            if let (Some(a), Some(b)) = (called(a), called(b)) {
                edits.push(Edit::Connect(format!("{a}.{from}"), format!("{b}.{to}")));
            }
        }
        let mut numbers = Vec::new();
        for (number, (_, mark)) in (self.pipeline().free_mark()..).zip(part.marks()) {
            let is_inner = !mark.group.is_empty();
            let position = if is_inner { mark.position } else { placed("", mark.position) };
            let group = called(&mark.group).unwrap_or_else(|| self.level().to_owned());
            edits.push(Edit::SetMark(number, Some(Mark { position, group, ..mark.clone() })));
            numbers.extend((!is_inner).then_some(number));
        }
        (Edit::Batch(edits), names.into_iter().map(|(_, new)| new).collect(), numbers)
    }
}

impl App {
    pub(super) fn copy(&mut self) {
        if self.has_selection() {
            let text = Document::to_text(&self.sheet.editor.selected_part(), &self.registry);
            self.ctx.copy_text(text);
        }
    }

    pub(super) fn paste(&mut self, text: &str, position: [f32; 2]) {
        match Document::parse_within(text, &self.registry) {
            Ok(opened) => self.insert(&opened.pipeline, Place::Middle(position), texts::canvas::paste()),
            Err(why) => {
                self.toasts.info(texts::canvas::clipboard_is_no_pipeline(&why));
            }
        }
    }

    pub(super) fn insert(&mut self, part: &Pipeline, place: Place, label: &str) {
        let (edit, names, marks) = self.sheet.editor.paste_edit(part, place);
        self.inserted(edit, names, marks, label);
    }

    /// Carries out an edit that adds these nodes and marks, and selects them.
    pub(super) fn inserted(&mut self, edit: Edit, names: Vec<String>, marks: Vec<u32>, label: &str) {
        if !names.is_empty() || !marks.is_empty() {
            self.edit(edit, label, None);
            self.sheet.editor.select_all(names, marks);
            let label = format!("{label} {}", self.sheet.editor.selection_words());
            self.sheet.editor.name_last_step(label);
        }
    }
}

/// `bandpass` of `bandpass_2`: what new names are made from.
fn stem(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((stem, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => stem,
        _ => name,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::Params;

    fn node(name: &str) -> NodeInstance {
        NodeInstance::new(name, "kind", Params::new(), [0.0, 0.0])
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
        let (edit, names, _) = editor.paste_edit(&editor.selected_part(), Place::Offset([8.0, 8.0]));
        editor.apply(edit, "paste", None).unwrap();
        assert_eq!(names, ["a_2", "b_2"]);
        assert_eq!(editor.pipeline().wires().len(), 3);
        assert!(editor.pipeline().wires().contains(&("a_2", "x", "b_2", "x")));
    }
}
