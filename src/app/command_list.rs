//! The list of all commands: typed for by a few letters, carried out by Enter.

use super::{App, command::Command, examples, shortcuts, texts, theme};
use crate::pipeline::MarkColor;
use egui::{Key, Modal, Role, ScrollArea, Sense, ThemePreference, Ui, WidgetInfo, vec2};

/// The list while it is open.
#[derive(Default)]
pub struct CommandList {
    query: String,
    row: usize,
}

/// How high the list is where there is more, also after a search that found little.
const LIST: f32 = 360.0;

struct Line {
    label: String,
    keys: String,
    command: Command,
}

impl App {
    pub(super) fn command_list_ui(&mut self) -> Option<Command> {
        let mut list = self.dialogs.commands.take()?;
        let score = |line: Line| {
            let other_words = fit(also(&line.command), &list.query).map(|worse| worse + 1);
            Some((fit(&line.label, &list.query).or(other_words)?, line))
        };
        let mut found: Vec<(u32, Line)> = self.lines().into_iter().filter_map(score).collect();
        found.sort_by_key(|(worse, _)| *worse);
        let found: Vec<Line> = found.into_iter().map(|(_, line)| line).collect();
        let mut chosen = None;
        let modal = Modal::new(egui::Id::unique("command_list")).show(&self.ctx, |ui| {
            ui.set_width(380.0);
            chosen = list.ui(ui, &found);
        });
        match chosen.and_then(|row| found.into_iter().nth(row)) {
            Some(line) => Some(line.command),
            None => {
                if !modal.should_close() {
                    self.dialogs.commands = Some(list);
                }
                None
            }
        }
    }

    /// All that can be done now.
    fn lines(&self) -> Vec<Line> {
        let actions = shortcuts::ACTIONS.iter().map(|action| Line {
            label: action.label().to_owned(),
            keys: action.keys(&self.ctx),
            command: (action.make)(),
        });
        let actions =
            actions.filter(|line| self.can(&line.command) && !matches!(line.command, Command::ShowCommands));
        let examples = examples::EXAMPLES.iter().enumerate().map(|(index, example)| Line {
            label: texts::menus::open_example(&(example.name)()),
            keys: String::new(),
            command: Command::OpenExample(index),
        });
        let line = |label: String, command| Line { label, keys: String::new(), command };
        let marks = self.sheet.editor.selected_marks.first().into_iter().flat_map(|&number| {
            let colors = MarkColor::ALL
                .map(|color| line(texts::menus::colour_command(&color.name()), Command::PaintMarks(color)));
            let frame = [
                line(texts::menus::fit_frame().to_owned(), Command::FitFrame(number)),
                line(texts::menus::select_what_is_inside_the().to_owned(), Command::SelectInFrame(number)),
            ];
            colors.into_iter().chain(frame)
        });
        let themes = [
            (texts::menus::dark(), ThemePreference::Dark),
            (texts::menus::light(), ThemePreference::Light),
            (texts::menus::as_the_system(), ThemePreference::System),
        ]
        .map(|(label, theme)| {
            line(texts::menus::theme_command(&label.to_lowercase()), Command::Theme(theme))
        });
        actions.chain(marks).chain(themes).chain(examples).collect()
    }
}

/// Other words that a command is looked for by.
fn also(command: &Command) -> &'static str {
    match command {
        Command::ToggleMuted => texts::menus::also_mute(),
        Command::ToggleBypassed => texts::menus::also_bypass(),
        Command::Frame => texts::menus::also_frame(),
        _ => "",
    }
}

impl CommandList {
    /// Draws it; the row that was chosen.
    fn ui(&mut self, ui: &mut Ui, found: &[Line]) -> Option<usize> {
        let none = egui::Modifiers::NONE;
        let (up, down) =
            ui.input_mut(|i| (i.consume_key(none, Key::ArrowUp), i.consume_key(none, Key::ArrowDown)));
        let width = ui.available_width();
        let edit = egui::TextEdit::singleline(&mut self.query)
            .hint_text(texts::menus::what_to_do())
            .desired_width(width);
        let response = ui.add(edit).accessible_name(texts::menus::search_commands());
        if response.changed() {
            self.row = 0;
        }
        let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        response.request_focus();
        if found.is_empty() {
            ui.weak(texts::menus::no_command_of_that_name());
            return None;
        }
        if down {
            self.row += 1;
        }
        if up {
            self.row = self.row.saturating_sub(1);
        }
        self.row = self.row.min(found.len() - 1);
        let mut chosen = enter.then_some(self.row);
        ui.add_space(4.0);
        ScrollArea::vertical().max_height(LIST).min_scrolled_height(LIST).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (index, line) in found.iter().enumerate() {
                let size = vec2(ui.available_width(), 24.0);
                let (rect, response) = ui.allocate_exact_size(size, Sense::click());
                response.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, texts::menus::command(&line.label))
                });
                let p = theme::palette(ui.visuals());
                if index == self.row || response.hovered() {
                    let fill = if index == self.row { ui.visuals().selection.bg_fill } else { p.control };
                    ui.painter().rect_filled(rect, 4.0, fill);
                }
                if index == self.row && (up || down) {
                    response.scroll_to_me(None);
                }
                let font = egui::FontId::proportional(13.0);
                let left = rect.left_center() + vec2(8.0, 0.0);
                ui.painter().text(left, egui::Align2::LEFT_CENTER, &line.label, font, p.text_strong);
                let right = rect.right_center() - vec2(8.0, 0.0);
                let font = egui::FontId::proportional(11.5);
                ui.painter().text(right, egui::Align2::RIGHT_CENTER, &line.keys, font, p.text_weak);
                if response.clicked() {
                    chosen = Some(index);
                }
            }
        });
        chosen
    }
}

/// How badly a label fits what was typed, 0 where all words begin words of it; `None` where one is not in it. Words may
/// come in any order, and letters of one may be left out.
fn fit(label: &str, query: &str) -> Option<u32> {
    let label = label.to_lowercase();
    let words: Vec<&str> = label.split(|c: char| !c.is_alphanumeric()).collect();
    query.to_lowercase().split_whitespace().map(|typed| word_fit(&label, &words, typed)).sum()
}

fn word_fit(label: &str, words: &[&str], typed: &str) -> Option<u32> {
    if words.iter().any(|word| word.starts_with(typed)) {
        return Some(0);
    }
    if label.contains(typed) {
        return Some(1);
    }
    // Letters in their order: within one word, or the beginnings of several.
    let in_order = |text: &str| {
        let mut letters = text.chars();
        typed.chars().all(|wanted| letters.any(|letter| letter == wanted))
    };
    let within = |word: &&str| typed.len() > 2 && word.starts_with(&typed[..first(typed)]) && in_order(word);
    let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
    if words.iter().any(within) {
        return Some(2);
    }
    (typed.len() > 1 && initials.contains(typed)).then_some(3)
}

/// Bytes of the first letter.
fn first(word: &str) -> usize {
    word.chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn words_are_found_in_any_order_and_with_letters_left_out() {
        assert_eq!(fit("Save as…", "as sa"), Some(0));
        assert_eq!(fit("Save as…", "run"), None);
        assert_eq!(fit("Export as SpikeInterface script…", "script exp"), Some(0));
        assert_eq!(fit("Export as SpikeInterface script…", "interface"), Some(1));
        assert_eq!(fit("Export as SpikeInterface script…", "exprt"), Some(2));
        assert_eq!(fit("Distribute horizontally", "dh"), Some(3));
        assert_eq!(fit("Distribute horizontally", "xyz"), None);
    }
}
