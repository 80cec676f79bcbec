//! Several pipelines at once: opened, switched, closed, opened again.

use super::{
    App, canvas::Canvas, command::Command, editor::Editor, runs::Runs, sheet::Sheet, texts, theme,
    views::Viewer,
};
use egui::{Align2, FontId, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

/// Closed pipelines that can be opened again as they were, with what can be undone.
const MAX_CLOSED: usize = 10;
/// A title takes no more of the bar than this.
const MAX_TITLE: f32 = 180.0;
/// And, where there are many, no less than this.
const MIN_TITLE: f32 = 40.0;
/// Beside a title: the dot at the left and the cross.
const AROUND_TITLE: f32 = 38.0;
/// For the button that opens a new tab.
const PLUS: f32 = 30.0;
/// For the status and the button that runs.
const STATUS: f32 = 360.0;

impl App {
    /// Shows another document, in a tab of its own unless the one in front holds nothing yet.
    pub(super) fn show(&mut self, mut editor: Editor) {
        // One that holds nothing yet gives way.
        let others = self.sheets().filter(|sheet| !sheet.is_fresh()).map(|sheet| &sheet.editor);
        editor.tell_apart(others);
        let number = if self.sheet.is_fresh() {
            self.sheet.number
        } else {
            self.last_sheet += 1;
            self.last_sheet
        };
        self.show_as(number, editor);
    }

    /// Shows a document in the tab of this number.
    fn show_as(&mut self, number: u64, editor: Editor) {
        let sheet = Sheet { number, editor, viewer: self.new_viewer(), ..Sheet::default() };
        let before = std::mem::replace(&mut self.sheet, sheet);
        if !before.is_fresh() {
            self.remember_view(&before);
            self.behind.push(before);
        }
        self.settle_in();
        self.changed();
        self.sheet.canvas = Canvas::default();
        self.restore_view();
        if self.sheet.editor.looked_at.is_none() {
            self.look_at_source();
        }
    }

    /// A viewer, where the store is open.
    fn new_viewer(&self) -> Option<Viewer> {
        self.executor.as_ref().map(|executor| Viewer::new(&self.ctx, executor.clone()))
    }

    /// What belongs to the document that was in front is no more.
    fn settle_in(&mut self) {
        self.inspector = super::inspector::Inspector::default();
        // An import was for the pipeline that was there.
        self.wizard = None;
        self.bottom.forget();
        self.study.clear();
        // Texts of fields that were not taken: another node may have the same name.
        self.ctx.data_mut(|data| data.remove_by_type::<String>());
    }

    /// A number for a new state of a pipeline.
    pub(super) fn changed(&mut self) {
        self.last_meaning += 1;
        self.sheet.meaning = self.last_meaning;
    }

    /// The numbers of all tabs, in their order.
    pub(super) fn tab_numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.behind.iter().map(|s| s.number).chain([self.sheet.number]).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A sheet by its number.
    pub(super) fn sheet_mut(&mut self, number: u64) -> Option<&mut Sheet> {
        if self.sheet.number == number {
            return Some(&mut self.sheet);
        }
        self.behind.iter_mut().find(|sheet| sheet.number == number)
    }

    /// All sheets, the one in front first.
    pub(super) fn sheets(&self) -> impl Iterator<Item = &Sheet> {
        std::iter::once(&self.sheet).chain(&self.behind)
    }

    /// Brings a sheet to the front.
    pub(super) fn bring_forward(&mut self, number: u64) {
        if let Some(sheet) = self.behind.iter_mut().find(|sheet| sheet.number == number) {
            std::mem::swap(sheet, &mut self.sheet);
            self.settle_in();
        }
    }

    /// The next tab, or the one before where negative.
    pub(super) fn switch_tab(&mut self, by: isize) {
        let numbers = self.tab_numbers();
        let at = numbers.iter().position(|number| *number == self.sheet.number).unwrap_or(0) as isize;
        self.bring_forward(numbers[(at + by).rem_euclid(numbers.len() as isize) as usize]);
    }

    /// An empty pipeline; where the one in front is empty it serves.
    pub(super) fn new_sheet(&mut self) {
        if self.sheet.is_fresh() {
            self.sheet.welcome = false;
            self.sheet.editor.tell_apart(self.behind.iter().map(|sheet| &sheet.editor));
            // What was said before it was begun is not about it.
            self.sheet.runs = Runs::default();
        } else {
            self.show(Editor::default());
        }
    }

    /// A tab that offers what could be opened; where the one in front holds nothing it serves.
    pub(super) fn start_sheet(&mut self) {
        self.new_sheet();
        self.sheet.welcome = true;
        self.start.look_again();
    }

    /// Closes a tab whose changes and runs are settled.
    pub(super) fn close_sheet(&mut self, number: u64) {
        let numbers = self.tab_numbers();
        let Some(at) = numbers.iter().position(|other| *other == number) else { return };
        self.unqueue(|waiting| waiting.sheet == number);
        if self.sheet.number == number {
            match numbers.get(at + 1).or_else(|| at.checked_sub(1).and_then(|at| numbers.get(at))) {
                Some(&next) => self.bring_forward(next),
                None => {
                    self.last_sheet += 1;
                    let start = Sheet { viewer: self.new_viewer(), ..Sheet::start(self.last_sheet) };
                    let last = std::mem::replace(&mut self.sheet, start);
                    self.behind.push(last);
                    self.start.look_again();
                    self.settle_in();
                    self.changed();
                }
            }
        }
        let Some(at) = self.behind.iter().position(|sheet| sheet.number == number) else { return };
        let mut sheet = self.behind.remove(at);
        sheet.runs.stop();
        self.remember_view(&sheet);
        self.keeper.forget(number, sheet.recovered_from.take());
        if !sheet.is_fresh() {
            self.closed.push((number, sheet.editor, sheet.given));
            if self.closed.len() > MAX_CLOSED {
                self.closed.remove(0);
            }
        }
    }

    /// Opens the tab that was closed last as it was, and where it was.
    pub(super) fn reopen(&mut self) {
        if let Some((number, editor, given)) = self.closed.pop() {
            self.show_as(number, editor);
            self.sheet.given = given;
            self.sheet.refresh_viewer();
        }
    }

    /// Draws the tabs; where there are many, their titles give way.
    pub(super) fn tabs_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let available = ui.available_width();
        let width = (available - STATUS.min(0.4 * available)).max(140.0);
        ui.add_space(12.0);
        let room = width - PLUS;
        let numbers = self.tab_numbers();
        let shared = room / numbers.len().max(1) as f32 - AROUND_TITLE - 2.0;
        let natural = |sheet: &Sheet| {
            let words = ui.painter().layout_no_wrap(title_of(sheet), font(), egui::Color32::WHITE);
            words.size().x.min(MAX_TITLE) + AROUND_TITLE + 2.0
        };
        let fits = self.sheets().map(natural).sum::<f32>() <= room;
        let longest = if fits { MAX_TITLE } else { shared.clamp(MIN_TITLE, MAX_TITLE) };
        ui.allocate_ui_with_layout(
            vec2(width, 24.0),
            egui::Layout::left_to_right(egui::Align::Center),
            |ui| {
                ScrollArea::horizontal().id_salt("tabs").auto_shrink(true).max_width(room).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.x = 2.0;
                    for number in numbers {
                        if let Some(sheet) = self.sheets().find(|sheet| sheet.number == number) {
                            let in_front = (number == self.sheet.number).then_some(room);
                            tab_ui(ui, sheet, in_front, longest, commands);
                        }
                    }
                });
                let new = ui.small_button("+");
                new.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::menus::new_tab()));
                if new.on_hover_text(texts::menus::new_tab_hint()).clicked() {
                    commands.push(Command::NewTab);
                }
            },
        );
    }
}

/// What a tab is called.
pub(super) fn title_of(sheet: &Sheet) -> String {
    if sheet.welcome && sheet.is_empty() { texts::menus::start().to_owned() } else { sheet.editor.title() }
}

fn font() -> FontId {
    FontId::proportional(12.5)
}

/// Draws a tab whose title is as long at most; the one in front is told how much room all of them have.
fn tab_ui(ui: &mut Ui, sheet: &Sheet, in_front: Option<f32>, longest: f32, commands: &mut Vec<Command>) {
    let front = in_front.is_some();
    let p = theme::palette(ui.visuals());
    let title = title_of(sheet);
    let color = if front { p.text_strong } else { p.text_weak };
    let words = super::canvas::node::one_line(ui.painter(), &title, font(), color, longest);
    let size = vec2(words.size().x + AROUND_TITLE, 22.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    // The tab that comes to the front comes into sight, and stays there where the room changes.
    let key = egui::Id::unique("tab_in_front");
    if let Some(room) = in_front
        && ui.data(|data| data.get_temp::<(u64, f32)>(key)) != Some((sheet.number, room))
    {
        ui.data_mut(|data| data.insert_temp(key, (sheet.number, room)));
        response.scroll_to_me(None);
    }
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, front, texts::menus::tab(&title)));
    if front || response.hovered() {
        ui.painter().rect_filled(rect, 4.0, if front { p.panel } else { p.control });
    }
    if front {
        let line = egui::Rect::from_min_max(rect.left_bottom() - vec2(0.0, 2.0), rect.right_bottom());
        ui.painter().rect_filled(line, 0.0, p.accent);
    }
    let place = rect.left_center() + vec2(12.0, -words.size().y / 2.0);
    ui.painter().galley(place, words, color);
    // What is told at the left: a run that goes on, or changes that are not saved.
    let dot = rect.left_center() + vec2(6.0, 0.0);
    if sheet.runs.is_busy() {
        ui.painter().circle_stroke(dot - vec2(1.0, 0.0), 2.6, egui::Stroke::new(1.2, p.accent));
    } else if sheet.editor.is_dirty() {
        ui.painter().circle_filled(dot, 2.5, p.warn);
    }
    let cross = egui::Rect::from_center_size(rect.right_center() - vec2(12.0, 0.0), vec2(16.0, 16.0));
    let close = ui.interact(cross, response.id.with("close"), Sense::click());
    close.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::menus::close_tab_named(&title)));
    if front || response.hovered() || close.hovered() {
        let color = if close.hovered() { p.text_strong } else { p.text_weak };
        ui.painter().text(cross.center(), Align2::CENTER_CENTER, "×", FontId::proportional(14.0), color);
    }
    let number = sheet.number;
    if close.clicked() || response.middle_clicked() {
        commands.push(Command::CloseTab(Some(number)));
    } else if response.clicked() {
        commands.push(Command::ShowTab(number));
    }
    let state = match (sheet.runs.is_busy(), sheet.editor.is_dirty()) {
        (true, _) => texts::menus::and_runs(),
        (_, true) => texts::menus::and_not_saved(),
        _ => "",
    };
    let place = sheet.editor.path.as_ref().map_or_else(|| title.clone(), |path| path.display().to_string());
    response.on_hover_text(format!("{place}{state}"));
}
