//! Words that are edited in place: the name of a node, the title of a frame, the text of a comment.

use super::{Canvas, Scene, face, marks::kind_word, view};
use crate::{
    app::command::{Command, MergeKey},
    app::texts,
    pipeline::{Edit, Mark, MarkKind, leaf_of},
};
use egui::{
    Event, Id, Key, Modifiers, Rect, Role, TextEdit, Ui, WidgetInfo,
    text::{CCursor, CCursorRange},
};

/// What has words that are edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A node, by its name.
    Node(String),
    /// A frame or comment, by its number.
    Mark(u32),
}

/// Words while they are edited.
pub(super) struct Renaming {
    pub target: Target,
    text: String,
}

impl Canvas {
    /// Begins to edit the name of a node in place.
    pub fn rename(&mut self, name: &str) {
        let text = leaf_of(name).to_owned();
        self.renaming = Some(Renaming { target: Target::Node(name.to_owned()), text });
    }

    /// Begins to edit the title of a frame or the text of a comment in place.
    pub fn edit_mark(&mut self, number: u32, text: &str) {
        self.renaming = Some(Renaming { target: Target::Mark(number), text: text.to_owned() });
    }

    pub(super) fn rename_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
        let Some(Renaming { target, mut text }) = self.renaming.take() else { return };
        let mark = match &target {
            Target::Node(_) => None,
            Target::Mark(number) => scene.pipeline.mark(*number),
        };
        let rect = match (&target, mark) {
            (Target::Node(name), _) => scene.pipeline.node(name).map(|node| {
                let corner = self.view.to_screen(view::pos(node.position));
                Rect::from_min_size(corner, egui::vec2((face::WIDTH * self.view.zoom).max(140.0), 26.0))
            }),
            (_, mark) => mark.map(|mark| self.edit_rect(mark)),
        };
        // What it belonged to is gone.
        let Some(rect) = rect else { return };
        let many_lines = mark.is_some_and(|mark| mark.kind == MarkKind::Comment);
        let (edit, name) = match (&target, mark.map(|mark| mark.kind)) {
            (Target::Node(_), _) => (
                TextEdit::singleline(&mut text).hint_text(texts::canvas::name()),
                texts::canvas::name_of_the_node(),
            ),
            (_, Some(MarkKind::Comment)) => (
                TextEdit::multiline(&mut text).hint_text(texts::canvas::comment()),
                texts::canvas::text_of_the_comment(),
            ),
            _ => (
                TextEdit::singleline(&mut text).hint_text(texts::canvas::title()),
                texts::canvas::title_of_the_frame(),
            ),
        };
        // Before the field takes it for a new line.
        let finished = many_lines && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter));
        let response = ui.place(rect, edit.id(Id::unique("words_on_the_canvas")));
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, name));
        if response.lost_focus() && mark.is_some_and(Mark::is_blank) {
            take_last_letters(ui, response.id, &mut text);
        }
        // What was written into a new mark is not lost by a key.
        let is_written = mark.is_some_and(Mark::is_blank) && !text.trim().is_empty();
        let given_up = ui.input(|i| i.key_pressed(Key::Escape)) && !is_written;
        if finished {
            response.surrender_focus();
        }
        if response.lost_focus() || finished {
            match (&target, mark) {
                (Target::Mark(number), Some(mark)) if given_up && mark.is_blank() => {
                    // A comment that was never written is none.
                    commands.push(Command::TakeBack(mark_key(*number)));
                }
                _ if given_up => {}
                _ => commands.extend(self.renamed(ui, &target, mark, &text)),
            }
            return;
        }
        if !response.has_focus() {
            response.request_focus();
            self.uncover(ui, rect);
            // What is typed takes the place of the name that is there.
            if !many_lines {
                let all = CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()));
                let mut state = TextEdit::load_state(ui.ctx(), response.id).unwrap_or_default();
                state.cursor.set_char_range(Some(all));
                state.store(ui.ctx(), response.id);
            }
        }
        self.renaming = Some(Renaming { target, text });
    }

    /// Moves the view as little as shows all of a place on the screen, its beginning where there is no room.
    fn uncover(&mut self, ui: &Ui, rect: Rect) {
        let room = self.view.rect.shrink(8.0);
        let by = |from: f32, to: f32, first: f32, last: f32| (last - to).min(0.0).max(first - from);
        let by = egui::vec2(
            by(rect.left(), rect.right(), room.left(), room.right()),
            by(rect.top(), rect.bottom(), room.top(), room.bottom()),
        );
        if by != egui::Vec2::ZERO {
            self.view.offset += by;
            self.moved = true;
            ui.ctx().request_repaint();
        }
    }

    /// The change that the edited words make, where they do.
    fn renamed(&self, ui: &Ui, target: &Target, mark: Option<&Mark>, text: &str) -> Option<Command> {
        let text = text.trim_end_matches(['\n', ' ']).to_owned();
        match (target, mark) {
            (Target::Node(name), _) => Command::rename(name, &text),
            (Target::Mark(number), Some(mark)) => {
                let is_comment = mark.kind == MarkKind::Comment;
                if text == mark.text && !(is_comment && text.is_empty()) {
                    return None;
                }
                // A comment without words is none.
                let new = (!is_comment || !text.is_empty()).then(|| {
                    let new = Mark { text, ..mark.clone() };
                    let height = if is_comment { self.comment_height(ui, &new) } else { 0.0 };
                    let size = [new.size[0], new.size[1].max(height)];
                    new.sized(size)
                });
                Some(Command::Edit {
                    edit: Edit::SetMark(*number, new),
                    label: match mark.text.is_empty() {
                        true => texts::canvas::add_mark(&kind_word(mark)),
                        false => texts::canvas::edit_mark(&kind_word(mark)),
                    },
                    // One step with the adding of it.
                    merge: mark.text.is_empty().then(|| mark_key(*number)),
                })
            }
            _ => None,
        }
    }
}

/// Writes what was typed right before Escape, in the same frame: the field had lost the keyboard by then.
fn take_last_letters(ui: &Ui, field: Id, text: &mut String) {
    let typed = ui.input(|i| {
        let is_escape = |event: &Event| matches!(event, Event::Key { key: Key::Escape, pressed: true, .. });
        let before = i.events.iter().position(is_escape).map_or(&[][..], |at| &i.events[..at]);
        let letters = before.iter().filter_map(|event| match event {
            Event::Text(letters) => Some(letters.as_str()),
            _ => None,
        });
        letters.collect::<String>()
    });
    if typed.is_empty() {
        return;
    }
    let cursor = TextEdit::load_state(ui.ctx(), field).and_then(|state| state.cursor.char_range());
    let at = cursor.map_or(text.chars().count(), |cursor| cursor.primary.index.into());
    let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
    text.insert_str(at, &typed);
}

/// Tells the steps that make a mark and give it words from others.
pub fn mark_key(number: u32) -> MergeKey {
    MergeKey(format!("mark_{number}"))
}
