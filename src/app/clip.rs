//! Copy and paste: parts of a pipeline as text, with their inner wires.

use super::{App, editor::Editor};
use crate::pipeline::{Document, Edit, Mark, Pipeline};

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
        let mut part = Pipeline::default();
        for node in self.pipeline().nodes().filter(|n| self.selection.contains(&n.name)) {
            // Names are unique in the pipeline they come from.
            let _ = part.apply(Edit::AddNode(node.clone()));
        }
        for (a, from, b, to) in self.pipeline().wires() {
            if self.selection.contains(a) && self.selection.contains(b) {
                let _ = part.apply(Edit::Connect(format!("{a}.{from}"), format!("{b}.{to}")));
            }
        }
        for (number, mark) in self.pipeline().marks().filter(|(n, _)| self.selected_marks.contains(n)) {
            let _ = part.apply(Edit::SetMark(number, Some(mark.clone())));
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
                let marks = part.marks().map(|(_, mark)| mark.position);
                for at in part.nodes().map(|node| node.position).chain(marks) {
                    sum = [sum[0] + at[0], sum[1] + at[1]];
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
        let mut numbers = Vec::new();
        for (number, (_, mark)) in (self.pipeline().free_mark()..).zip(part.marks()) {
            let position = [mark.position[0] + shift[0], mark.position[1] + shift[1]];
            edits.push(Edit::SetMark(number, Some(Mark { position, ..mark.clone() })));
            numbers.push(number);
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
            Ok(opened) => self.insert(&opened.pipeline, Place::Middle(position), "paste"),
            Err(why) => {
                self.toasts.info(format!("What is on the clipboard is no part of a pipeline: {why}."));
            }
        }
    }

    pub(super) fn insert(&mut self, part: &Pipeline, place: Place, label: &str) {
        let (edit, names, marks) = self.sheet.editor.paste_edit(part, place);
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
    use crate::pipeline::{NodeInstance, Params};

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
