//! How the browser looks, and what clicks and keys in it ask for.

use super::{Browser, Entry, Mode, Question};
use crate::app::{answer::Purpose, text, texts, theme};
use egui::{Key, Modal, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use std::path::Path;

impl Browser {
    /// Draws it; true where it was given up, and what it asks for.
    pub fn ui(&mut self, ctx: &egui::Context) -> (bool, Vec<Question>) {
        let mut questions = Vec::new();
        let mut closed = false;
        let modal = Modal::new(egui::Id::unique("browser")).show(ctx, |ui| {
            let room = ui.ctx().content_rect().size();
            ui.set_width((room.x - 80.0).clamp(280.0, 640.0));
            ui.heading(self.title());
            ui.add_space(4.0);
            self.places(ui, &mut questions);
            ui.add_space(2.0);
            let shown = self.shown();
            self.keys(ui, &shown, &mut questions);
            self.list(ui, &shown, (room.y - 260.0).clamp(80.0, 380.0), &mut questions);
            ui.add_space(4.0);
            let enter = self.name_field(ui);
            self.notes(ui);
            closed = self.buttons(ui, &shown, enter, &mut questions);
        });
        self.age += 1;
        (closed || modal.should_close(), questions)
    }

    /// The folders above, each to be clicked.
    fn places(&mut self, ui: &mut Ui, questions: &mut Vec<Question>) {
        let mut target = None;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let mut above: Vec<&Path> = self.folder.ancestors().collect();
            above.reverse();
            // The root, and the last few: a long path does not push the list away.
            let skipped = above.len().saturating_sub(6);
            for (index, folder) in above.iter().enumerate() {
                if (1..=skipped).contains(&index) {
                    if index == skipped {
                        ui.weak("… /");
                    }
                    continue;
                }
                let name =
                    folder.file_name().map_or_else(|| "/".to_owned(), |n| n.to_string_lossy().into_owned());
                let last = index + 1 == above.len();
                let button = ui.add(egui::Button::new(&name).frame_when_inactive(false).selected(last));
                button.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, texts::files::folder_name(&name))
                });
                if button.clicked() {
                    target = Some((*folder).to_owned());
                }
                if index > 0 && !last {
                    ui.weak("/");
                }
            }
            if let Some(home) = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_owned())
                && !self.folder.starts_with(&home)
                && ui.small_button(texts::files::home()).clicked()
            {
                target = Some(home);
            }
        });
        if let Some(folder) = target {
            questions.push(self.enter(folder));
        }
    }

    fn keys(&mut self, ui: &Ui, shown: &[Entry], questions: &mut Vec<Question>) {
        let none = egui::Modifiers::NONE;
        let (up, down, out) = ui.input_mut(|i| {
            let out = i.consume_key(egui::Modifiers::ALT, Key::ArrowUp);
            (i.consume_key(none, Key::ArrowUp), i.consume_key(none, Key::ArrowDown), out)
        });
        if out && let Some(folder) = self.folder.parent().map(Path::to_owned) {
            questions.push(self.enter(folder));
            return;
        }
        if (up || down) && !shown.is_empty() {
            let row = match self.row {
                None => 0,
                Some(row) if down => (row + 1).min(shown.len() - 1),
                Some(row) => row.saturating_sub(1),
            };
            self.scroll = true;
            questions.push(self.mark(row, &shown[row]));
        }
    }

    /// Makes an entry the choice.
    fn mark(&mut self, row: usize, entry: &Entry) -> Question {
        self.row = Some(row);
        self.refusal.clear();
        self.said.clear();
        self.replaces = None;
        if !(entry.is_folder && self.mode == Mode::Save) {
            self.name.clone_from(&entry.name);
        }
        Question::Recognise(self.folder.join(&entry.name))
    }

    fn list(&mut self, ui: &mut Ui, shown: &[Entry], height: f32, questions: &mut Vec<Question>) {
        let p = theme::palette(ui.visuals());
        let frame = egui::Frame::NONE.fill(p.field).corner_radius(4).inner_margin(4);
        frame.show(ui, |ui| {
            ui.set_min_size(vec2(ui.available_width(), height));
            let empty = match &self.entries {
                None => texts::files::reading_the_folder().to_owned(),
                Some(Err(reason)) => reason.clone(),
                Some(Ok(_)) if shown.is_empty() => texts::files::folder_is_empty().to_owned(),
                Some(Ok(_)) => String::new(),
            };
            if !empty.is_empty() {
                ui.weak(empty);
                return;
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = ScrollArea::vertical().id_salt(&self.folder).auto_shrink(false).max_height(height);
            area.show(ui, |ui| {
                for (index, entry) in shown.iter().enumerate() {
                    let response = entry_row(ui, entry, self.row == Some(index));
                    if self.row == Some(index) && self.scroll {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        questions.push(self.mark(index, entry));
                    }
                    if response.double_clicked() {
                        let path = self.folder.join(&entry.name);
                        let enters = self.mode != Mode::Open || !self.opens(&path);
                        questions.push(Question::Take { path, enters });
                    }
                }
            });
            self.scroll = false;
        });
    }

    /// The line to type in; true where Enter ended it.
    fn name_field(&mut self, ui: &mut Ui) -> bool {
        let hint = match self.mode {
            Mode::Save => texts::files::name_of_the_file(),
            _ => texts::files::name_or_path(),
        };
        let width = ui.available_width();
        let edit = egui::TextEdit::singleline(&mut self.name).hint_text(hint).desired_width(width);
        let response = ui.add(edit).accessible_name(texts::files::file_name());
        if response.changed() {
            self.row = None;
            self.replaces = None;
            self.refusal.clear();
            self.said.clear();
        }
        let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        // A click on a row leaves the keys here: Enter takes what is marked.
        let loose = ui.memory(|memory| memory.focused().is_none());
        if self.age == 0 || enter || loose {
            response.request_focus();
        }
        // The name is typed over, its ending stays.
        if self.age == 0 && self.mode == Mode::Save {
            let stem =
                self.name.rfind('.').map_or(self.name.as_str(), |dot| &self.name[..dot]).chars().count();
            let mut state = egui::TextEdit::load_state(ui.ctx(), response.id).unwrap_or_default();
            let ends = [0, stem].map(egui::text::CCursor::new);
            state.cursor.set_char_range(Some(egui::text::CCursorRange::two(ends[0], ends[1])));
            state.store(ui.ctx(), response.id);
        }
        enter
    }

    fn notes(&self, ui: &mut Ui) {
        let p = theme::palette(ui.visuals());
        let (words, color) = match (&self.replaces, &self.recognised, self.row) {
            _ if !self.refusal.is_empty() => (self.refusal.clone(), p.bad),
            _ if !self.said.is_empty() => (self.said.clone(), p.text),
            (Some(path), ..) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                (texts::files::would_be_replaced(&name), p.warn)
            }
            (None, Some((path, words, _)), Some(_)) if path.file_name() == Some(self.name.as_ref()) => {
                (words.clone(), p.text_weak)
            }
            _ => (String::new(), p.text_weak),
        };
        ui.add(egui::Label::new(egui::RichText::new(words).color(color)).truncate());
        ui.add_space(2.0);
    }

    /// The buttons; true for "Cancel".
    fn buttons(&mut self, ui: &mut Ui, shown: &[Entry], enter: bool, questions: &mut Vec<Question>) -> bool {
        let p = theme::palette(ui.visuals());
        let marks_folder = self.row.and_then(|row| shown.get(row)).is_some_and(|entry| entry.is_folder);
        let word = match (self.mode, &self.replaces) {
            (Mode::Save, Some(_)) => texts::files::replace(),
            (Mode::Save, None) if !matches!(self.purpose, Purpose::Param { .. }) => texts::files::save(),
            (Mode::Open, _) if self.purpose == Purpose::Open => texts::files::open(),
            _ => texts::files::choose(),
        };
        let typed = self.typed();
        // A folder that is a recording is opened; any other one is entered.
        let opens = typed.as_ref().is_some_and(|path| self.opens(path));
        let enters = self.mode == Mode::Open && marks_folder && !opens;
        let word = if enters { texts::files::look_inside() } else { word };
        let mut closed = false;
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let strong = egui::Button::new(egui::RichText::new(word).color(p.on_accent)).fill(p.accent);
            let takes = ui.add_enabled(typed.is_some(), strong).clicked();
            closed = ui.button(texts::files::cancel()).clicked();
            if marks_folder && !enters && ui.button(texts::files::look_inside()).clicked() {
                questions.extend(typed.clone().map(|path| Question::Take { path, enters: true }));
            }
            if takes || enter {
                // Enter goes into folders that are nothing to open; the button takes them where they are asked for.
                let enters = enters || (enter && !(opens && self.mode == Mode::Open));
                let is_typed = enter && self.row.is_none() && self.mode == Mode::Open;
                self.typed_path = is_typed;
                questions.extend(typed.clone().map(|path| match is_typed {
                    true => Question::TakeTyped(path),
                    false => Question::Take { path, enters },
                }));
            }
        });
        closed
    }
}

fn entry_row(ui: &mut Ui, entry: &Entry, marked: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::click());
    let kind = if entry.is_folder { texts::files::folder() } else { texts::files::file() };
    response
        .widget_info(|| WidgetInfo::selected(Role::Button, true, marked, format!("{kind} {}", entry.name)));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let p = theme::palette(ui.visuals());
    if marked || response.hovered() {
        let fill = if marked { ui.visuals().selection.bg_fill } else { p.control };
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    let corner = rect.left_center() + vec2(6.0, -5.0);
    if entry.is_folder {
        let tab = egui::Rect::from_min_size(corner, vec2(6.0, 4.0));
        ui.painter().rect_filled(tab, 1.0, p.accent);
        let body = egui::Rect::from_min_size(corner + vec2(0.0, 2.0), vec2(14.0, 9.0));
        ui.painter().rect_filled(body, 1.5, p.accent);
    } else {
        let sheet = egui::Rect::from_min_size(corner + vec2(2.0, -1.0), vec2(9.0, 12.0));
        let stroke = egui::Stroke::new(1.0, p.text_weak);
        ui.painter().rect_stroke(sheet, 1.0, stroke, egui::StrokeKind::Inside);
    }
    let font = egui::FontId::proportional(13.0);
    let strong = entry.is_folder || entry.name.to_lowercase().ends_with(".ron");
    let color = if strong { p.text_strong } else { p.text };
    let room = egui::Rect::from_min_max(rect.min, rect.max - vec2(84.0, 0.0));
    let clip = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
    clip.text(
        rect.left_center() + vec2(28.0, 0.0),
        egui::Align2::LEFT_CENTER,
        &entry.name,
        font.clone(),
        color,
    );
    if !entry.is_folder {
        let at = rect.right_center() - vec2(8.0, 0.0);
        ui.painter().text(at, egui::Align2::RIGHT_CENTER, text::bytes(entry.size), font, p.text_weak);
    }
    response
}
