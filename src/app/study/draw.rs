//! Draws the study: only the rows in sight, however many there are.

use super::Study;
use crate::{
    app::{canvas::node::one_line, command::Command, text, texts, theme},
    pipeline::{Cell, CellState},
};
use egui::{Align2, Color32, FontId, Rect, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

/// Height of a row, width of the names and of a column.
const ROW: f32 = 22.0;
const NAMES: f32 = 240.0;
const COLUMN: f32 = 130.0;

impl Study {
    pub(super) fn ui(&mut self, ui: &mut Ui, runs: bool, on_slurm: bool, commands: &mut Vec<Command>) {
        self.head_ui(ui, runs, on_slurm, commands);
        let p = theme::palette(ui.visuals());
        let Some(cells) = &self.cells else {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.weak(texts::runs::looking_at_all());
            });
            return;
        };
        for (node, reason) in &cells.invalid {
            ui.colored_label(p.bad, format!("{node}: {reason}"));
        }
        if cells.coordinates.is_empty() {
            ui.weak(texts::runs::no_recordings_yet());
            return;
        }
        let detail = self.chosen.and_then(|(row, column)| Some((row, column, cells.columns.get(column)?)));
        if let Some((row, column, found)) = detail {
            ui.horizontal(|ui| {
                let cell = found.cells.get(row).and_then(Option::as_ref);
                ui.strong(texts::runs::node_at(&found.node, &words_of_row(cells, row)));
                if let Some(cell) = cell {
                    ui.colored_label(color(cell.state, p), cell.state.word());
                    if let Some(message) = &cell.message {
                        let message = text::sentence_of(message);
                        let words = egui::RichText::new(&message).color(color(cell.state, p));
                        ui.add(egui::Label::new(words).truncate()).on_hover_text(message);
                    }
                }
                let at_work = cells.at_work(row, Some(column));
                if !at_work.is_empty() {
                    if ui.small_button(texts::runs::stop_this()).clicked() {
                        commands.push(Command::StopTasks(at_work));
                    }
                } else if ui
                    .small_button(texts::runs::run_only_this())
                    .on_hover_text(texts::runs::run_only_this_hint())
                    .clicked()
                {
                    commands.push(Command::RunTasks(self.tasks(&[row], Some(column), |_| true)));
                }
            });
        }
        let mut chosen = None;
        let width = NAMES + COLUMN * cells.columns.len() as f32;
        ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
            ui.set_min_width(width);
            let (head, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
            let font = FontId::proportional(12.0);
            for (index, column) in cells.columns.iter().enumerate() {
                let at = pos2(head.left() + NAMES + COLUMN * index as f32 + 6.0, head.center().y);
                ui.painter().text(at, Align2::LEFT_CENTER, &column.node, font.clone(), p.text_strong);
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, self.rows.len(), |ui, rows| {
                for index in rows {
                    let row = self.rows[index];
                    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
                    if index % 2 == 1 {
                        ui.painter().rect_filled(rect, 0.0, p.field);
                    }
                    if let Some(found) = row_ui(ui, rect, cells, row, self.chosen) {
                        chosen = Some((row, found));
                    }
                }
            });
        });
        match chosen {
            Some((row, Wish::Run(column))) => {
                let open = |state: CellState| column.is_some() || state != CellState::Done;
                commands.push(Command::RunTasks(cells.tasks(&[row], column, open)));
            }
            Some((row, Wish::Stop(column))) => commands.push(Command::StopTasks(cells.at_work(row, column))),
            Some((row, Wish::Said(column))) => commands.push(Command::ShowJob(cells.task(column, row))),
            Some((row, Wish::Look(Some(column)))) => {
                self.chosen = Some((row, column));
                let done = |cell: &Cell| cell.state == CellState::Done;
                let column = &cells.columns[column];
                if let (Some(end), true) = (&column.end, column.cells[row].as_ref().is_some_and(done)) {
                    commands.push(Command::LookAtItem(end.clone(), cells.coordinates[row].clone()));
                }
            }
            Some((row, Wish::Look(None))) => {
                if let Some(source) = &cells.source {
                    commands.push(Command::LookAtItem(source.clone(), cells.coordinates[row].clone()));
                }
            }
            None => {}
        }
    }

    fn head_ui(&mut self, ui: &mut Ui, runs: bool, on_slurm: bool, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        ui.horizontal(|ui| {
            let hint = texts::runs::filter_example();
            let edit = TextEdit::singleline(&mut self.filter).hint_text(hint).desired_width(280.0);
            ui.add(edit).accessible_name(texts::runs::filter_recordings());
            if let Some(cells) = &self.cells {
                let (shown, groups_shown) = cells.kinds(self.rows.iter().copied());
                let (all, groups) = cells.kinds(0..cells.names.len());
                let mut words = texts::runs::of_recordings(&shown, &all);
                if groups > 0 {
                    words = format!("{words}, {}", texts::runs::of_groups(&groups_shown, &groups));
                }
                ui.weak(words);
                for (state, count) in cells.counts.iter().filter(|(_, count)| **count > 0) {
                    ui.colored_label(color(*state, p), format!("{count} {}", state.word()));
                }
            }
            if self.lane.busy() {
                ui.spinner();
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                // Always there: no other button slides under the pointer when a run begins or ends.
                if ui.add_enabled(runs, egui::Button::new(texts::runs::stop())).clicked() {
                    commands.push(Command::Stop);
                }
                let open = |state: CellState| state != CellState::Done;
                let any = !self.rows.is_empty();
                let button = ui.add_enabled(any, egui::Button::new(texts::runs::run_shown()));
                let hint = texts::runs::run_shown_hint();
                if button.on_hover_text(hint).clicked() {
                    commands.push(Command::RunTasks(self.tasks(&self.rows, None, open)));
                }
                let count =
                    |state| self.cells.as_ref().and_then(|c| c.counts.get(state)).copied().unwrap_or(0);
                if count(&CellState::Failed) + count(&CellState::Cancelled) > 0
                    && ui.button(texts::runs::retry_failed()).clicked()
                {
                    let failed = |state| {
                        matches!(state, CellState::Failed | CellState::Blocked | CellState::Cancelled)
                    };
                    commands.push(Command::RunTasks(self.tasks(&self.rows, None, failed)));
                }
                if on_slurm && count(&CellState::Failed) + count(&CellState::Cancelled) > 0 {
                    let retry = ui.button(texts::cluster::retry_on_slurm());
                    if retry.on_hover_text(texts::cluster::retry_failed_hint()).clicked() {
                        commands.push(Command::RetryOnSlurm);
                    }
                }
                if ui
                    .button(texts::runs::look_again())
                    .on_hover_text(texts::runs::look_again_hint())
                    .clicked()
                {
                    self.forget();
                }
            });
        });
        if let Some(reason) = &self.refused {
            ui.colored_label(p.bad, texts::runs::filter_not_understood(&reason));
        }
    }
}

/// What is wanted of a row, or of its cell in a column.
#[derive(Clone, Copy)]
enum Wish {
    /// To look at it.
    Look(Option<usize>),
    /// To run it, with what it needs.
    Run(Option<usize>),
    /// To stop it.
    Stop(Option<usize>),
    /// To read what it said.
    Said(usize),
}

/// The menu of a row, or of its cell in a column.
fn menu(ui: &mut Ui, cells: &super::cells::Cells, row: usize, column: Option<usize>) -> Option<Wish> {
    ui.set_min_width(150.0);
    let any = !cells.at_work(row, column).is_empty();
    let (run, stop) = match (column, cells.is_recording[row]) {
        (Some(_), _) => (texts::runs::run_only_this(), texts::runs::stop_this()),
        (None, true) => (texts::runs::run_this_recording(), texts::runs::stop_this_recording()),
        (None, false) => (texts::runs::run_this_group(), texts::runs::stop_this_group()),
    };
    let mut wish = None;
    let mut entry = |ui: &mut Ui, enabled: bool, label: &str, what: Wish| {
        if ui.add_enabled(enabled, egui::Button::new(label)).clicked() {
            wish = Some(what);
            ui.close();
        }
    };
    entry(ui, any, stop, Wish::Stop(column));
    entry(ui, !any || column.is_none(), run, Wish::Run(column));
    match column {
        Some(column) => entry(ui, true, texts::runs::show_what_it_said(), Wish::Said(column)),
        None => entry(ui, cells.is_recording[row], texts::runs::look_at_its_traces(), Wish::Look(None)),
    }
    wish
}

/// A row; what is wanted of it.
fn row_ui(
    ui: &Ui,
    rect: Rect,
    cells: &super::cells::Cells,
    row: usize,
    chosen: Option<(usize, usize)>,
) -> Option<Wish> {
    let p = theme::palette(ui.visuals());
    let mut clicked = None;
    let name = words_of_row(cells, row);
    let first = Rect::from_min_size(rect.min, vec2(NAMES - 4.0, ROW));
    let response = ui.interact(first, egui::Id::unique(("study_row", row)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::runs::recording(&name)));
    let color_of_name = if response.hovered() { p.accent } else { p.text };
    let painter = ui.painter();
    let font = FontId::proportional(12.0);
    let at = first.left_center() + vec2(6.0, 0.0);
    ui.painter_at(first).text(at, Align2::LEFT_CENTER, &name, font.clone(), color_of_name);
    response.context_menu(|ui| clicked = menu(ui, cells, row, None).or(clicked));
    if response.on_hover_text(texts::runs::look_at_its_traces()).clicked() {
        clicked = Some(Wish::Look(None));
    }
    for (index, column) in cells.columns.iter().enumerate() {
        let Some(cell) = column.cells.get(row).and_then(Option::as_ref) else { continue };
        let left = rect.left() + NAMES + COLUMN * index as f32;
        let place =
            Rect::from_min_size(pos2(left, rect.top()), vec2(COLUMN - 4.0, ROW)).shrink2(vec2(0.0, 1.5));
        let response = ui.interact(place, egui::Id::unique(("study_cell", row, index)), Sense::click());
        response.widget_info(|| {
            WidgetInfo::labeled(
                Role::Button,
                true,
                texts::runs::cell(&column.node, &name, &cell.state.word()),
            )
        });
        let own = color(cell.state, p);
        painter.rect_filled(place, 3.0, own.gamma_multiply(if response.hovered() { 0.3 } else { 0.14 }));
        if chosen == Some((row, index)) {
            painter.rect_stroke(place, 3.0, egui::Stroke::new(1.5, p.accent), egui::StrokeKind::Inside);
        }
        let words = match (cell.wall_s, &cell.message) {
            (Some(wall), _) => text::took(wall),
            // The whole of it is in the tooltip.
            (None, Some(message)) => text::short_path(message.lines().next().unwrap_or_default()),
            (None, None) => cell.state.word().to_owned(),
        };
        let inside = place.shrink2(vec2(6.0, 0.0));
        let words = one_line(painter, &words, font.clone(), own, inside.width());
        painter.galley(inside.left_center() - vec2(0.0, words.size().y / 2.0), words, own);
        response.context_menu(|ui| clicked = menu(ui, cells, row, Some(index)).or(clicked));
        let response = match &cell.message {
            Some(message) => response.on_hover_text(text::sentence_of(message)),
            None => response,
        };
        if response.clicked() {
            clicked = Some(Wish::Look(Some(index)));
        }
    }
    clicked
}

/// An item without keys is the only one, or made of all.
fn words_of_row(cells: &super::cells::Cells, row: usize) -> String {
    let name = &cells.names[row];
    match (name.is_empty(), cells.is_recording[row]) {
        (false, _) => name.clone(),
        (true, true) => texts::runs::the_recording().to_owned(),
        (true, false) => texts::runs::all_together().to_owned(),
    }
}

fn color(state: CellState, p: &theme::Palette) -> Color32 {
    match state {
        CellState::Done => p.good,
        CellState::Running => p.accent,
        CellState::Queued => p.accent.gamma_multiply(0.75),
        CellState::Ready => p.text,
        CellState::Waiting => p.text_weak,
        CellState::Failed => p.bad,
        CellState::Cancelled | CellState::Blocked => p.warn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::study::cells::tests::many;
    use std::time::Instant;

    #[test]
    fn ten_thousand_recordings_draw_within_a_frame() {
        let ctx = egui::Context::default();
        theme::install(&ctx);
        let mut study = Study::new(&ctx);
        study.cells = Some(many(10_000));
        study.rows = (0..10_000).collect();
        let input = || egui::RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(1440.0, 500.0))),
            ..egui::RawInput::default()
        };
        let frame = |study: &mut Study| {
            let start = Instant::now();
            let output = ctx.run_ui(input(), |ui| study.ui(ui, false, false, &mut Vec::new()));
            let shapes = ctx.tessellate(output.shapes, 1.0);
            (start.elapsed().as_secs_f64() * 1e3, shapes.len())
        };
        for _ in 0..10 {
            frame(&mut study);
        }
        let mut times: Vec<f64> = (0..60).map(|_| frame(&mut study).0).collect();
        times.sort_by(f64::total_cmp);
        println!("study of 10,000 x 5: median {:.2} ms, 95 % {:.2} ms a frame", times[30], times[57]);
        assert!(times[30] < 16.0, "a frame takes {:.1} ms", times[30]);
    }
}
