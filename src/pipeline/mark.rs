//! Frames and comments on the canvas: seen by people, passed over by plans and keys of results.

use super::{params::ron_options, text::quoted};
use serde::{Deserialize, Serialize};

/// What a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A titled frame around nodes, which move with it.
    Frame,
    /// Free text.
    Comment,
}

impl MarkKind {
    /// Both, in the order documents have them.
    pub const ALL: [Self; 2] = [Self::Frame, Self::Comment];

    /// The field of documents that lists them.
    pub fn field(self) -> &'static str {
        match self {
            MarkKind::Frame => "frames",
            MarkKind::Comment => "comments",
        }
    }

    pub(super) fn of_field(field: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.field() == field)
    }

    /// The name of its words in documents.
    fn words(self) -> &'static str {
        match self {
            MarkKind::Frame => "title",
            MarkKind::Comment => "text",
        }
    }

    /// How a list of them is written.
    pub(super) fn form(self) -> String {
        format!("[({}: \"…\", color: blue, position: (x, y), size: (w, h))]", self.words())
    }
}

/// The colour of a mark; the window has a shade of each for light and dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MarkColor {
    #[default]
    Grey,
    Blue,
    Green,
    Yellow,
    Orange,
    Red,
    Purple,
}

impl MarkColor {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Grey, Self::Blue, Self::Green, Self::Yellow, Self::Orange, Self::Red, Self::Purple];

    /// Its name, as in documents.
    pub fn name(self) -> &'static str {
        match self {
            MarkColor::Grey => "grey",
            MarkColor::Blue => "blue",
            MarkColor::Green => "green",
            MarkColor::Yellow => "yellow",
            MarkColor::Orange => "orange",
            MarkColor::Red => "red",
            MarkColor::Purple => "purple",
        }
    }
}

/// A frame or a comment.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// Title of a frame, text of a comment.
    pub text: String,
    /// Its colour.
    pub color: MarkColor,
    /// Its top left corner on the canvas.
    pub position: [f32; 2],
    /// Width and height in canvas units.
    pub size: [f32; 2],
    /// The group it lies in, empty at the top.
    pub group: String,
}

/// The least width and height of a mark in canvas units.
const MIN_SIZE: [f32; 2] = [48.0, 28.0];

impl Mark {
    /// The same mark, no smaller than it may be.
    #[must_use]
    pub fn sized(mut self, size: [f32; 2]) -> Self {
        self.size = [size[0].max(MIN_SIZE[0]), size[1].max(MIN_SIZE[1])];
        self
    }

    /// True for a comment without words.
    pub fn is_blank(&self) -> bool {
        self.kind == MarkKind::Comment && self.text.is_empty()
    }

    /// True where a point of the canvas lies in it.
    pub fn contains(&self, point: [f32; 2]) -> bool {
        [0, 1]
            .into_iter()
            .all(|axis| (self.position[axis]..=self.position[axis] + self.size[axis]).contains(&point[axis]))
    }

    /// Its line in a document.
    pub(super) fn to_text(&self) -> String {
        let color = match self.color {
            MarkColor::Grey => String::new(),
            color => format!("color: {}, ", color.name()),
        };
        let inside = match self.group.as_str() {
            "" => String::new(),
            group => format!(", inside: {}", quoted(group)),
        };
        let ([x, y], [w, h]) = (self.position, self.size);
        let words = quoted(&self.text);
        let kind = self.kind.words();
        format!("({kind}: {words}, {color}position: ({x:?}, {y:?}), size: ({w:?}, {h:?}){inside})")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(alias = "title")]
    text: String,
    #[serde(default)]
    color: MarkColor,
    position: (f32, f32),
    size: (f32, f32),
    #[serde(default)]
    inside: String,
}

/// Reads a mark from its line; where it fails, the place in that text and why.
pub(super) fn from_text(kind: MarkKind, text: &str) -> Result<Mark, (ron::error::Position, String)> {
    let written: Written =
        ron_options().from_str(text).map_err(|error| (error.span.start, error.code.to_string()))?;
    let (position, size) = (<[f32; 2]>::from(written.position), <[f32; 2]>::from(written.size));
    if !position.iter().chain(&size).all(|x| x.is_finite()) {
        return Err((ron::error::Position { line: 1, col: 1 }, "a place or size is no number".to_owned()));
    }
    let mark = Mark { kind, text: written.text, color: written.color, position, size, group: written.inside };
    Ok(mark.sized(size))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::{
        Document, Edit, Executor, Limits, Pipeline, Registry, RunOptions, RunStatus, Store, toys,
    };
    use std::path::Path;

    fn mark(kind: MarkKind, text: &str) -> Mark {
        Mark {
            kind,
            text: text.into(),
            color: MarkColor::Blue,
            position: [4.0, -8.5],
            size: [200.0, 90.0],
            group: String::new(),
        }
    }

    #[test]
    fn marks_are_written_and_read_again() {
        let mut pipeline = Pipeline::default();
        let marks = [
            mark(MarkKind::Frame, "Pre \"processing\""),
            mark(MarkKind::Comment, "two\nlines, µV and \\ more"),
            Mark { color: MarkColor::Grey, ..mark(MarkKind::Frame, "") },
        ];
        for mark in &marks {
            pipeline.apply(Edit::SetMark(pipeline.free_mark(), Some(mark.clone()))).unwrap();
        }
        let text = Document::to_text(&pipeline, &Registry::default());
        let opened = Document::parse(&text, "test", &Registry::default()).unwrap();
        assert!(opened.problems.is_empty(), "{:?}", opened.problems);
        for mark in &marks {
            assert!(opened.pipeline.marks().any(|(_, read)| read == mark), "{text}");
        }
        assert_eq!(Document::to_text(&opened.pipeline, &Registry::default()), text);
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_named_with_its_line() {
        let text = "(version: 1, nodes: {}, wires: [],\n  frames: [(title: \"a\", colour: red)],\n)";
        let opened = Document::parse(text, "test", &Registry::default()).unwrap();
        let [problem] = opened.problems.as_slice() else { panic!("{:?}", opened.problems) };
        assert!(problem.message.contains("frames") && problem.message.contains("color: blue"));
        assert_eq!(problem.line.unwrap().0, 2);
        assert!(Document::to_text(&opened.pipeline, &Registry::default()).contains("colour: red"));
    }

    #[test]
    fn a_mark_is_put_changed_and_taken_away_with_undo() {
        let mut pipeline = Pipeline::default();
        let (first, second) = (mark(MarkKind::Frame, "a"), mark(MarkKind::Frame, "b"));
        let gone = pipeline.apply(Edit::SetMark(1, Some(first.clone()))).unwrap();
        let back = pipeline.apply(Edit::SetMark(1, Some(second))).unwrap();
        pipeline.apply(back).unwrap();
        assert_eq!(pipeline.mark(1), Some(&first));
        pipeline.apply(gone).unwrap();
        assert_eq!(pipeline.marks().count(), 0);
    }

    #[test]
    fn marks_and_collapsed_nodes_leave_results_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let executor = Executor::new(toys::registry(), store, Limits::default());
        let open = |more: &str, node: &str| {
            let text = format!(
                "(version: 1, nodes: {{\"n\": (kind: \"numbers\"), \"a\": (kind: \"add\"{node})}}, \
                 wires: [(\"n.table\", \"a.table\")]{more})"
            );
            let opened = Document::parse(&text, "test", &toys::registry()).unwrap();
            assert!(opened.problems.is_empty(), "{:?}", opened.problems);
            opened.pipeline
        };
        assert_eq!(executor.start(&open("", ""), RunOptions::default()).wait(), RunStatus::Ok);
        let frame = ", frames: [(title: \"t\", position: (0.0, 0.0), size: (500.0, 500.0))]";
        let plan = executor.plan(&open(frame, ", collapsed: true"), Path::new(""), None);
        assert_eq!((plan.tasks.len(), plan.num_cached()), (1, 1));
        let other = executor.plan(&open("", ", params: (add: 2.0)"), Path::new(""), None);
        assert_eq!(other.num_cached(), 0, "another parameter is another result");
    }
}
