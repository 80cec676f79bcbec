//! Correlograms as bars: the square of some units with each other, and the view of a table of them.

use super::{
    axis::{self, Plot},
    colors,
    export::{Wish, Write},
    table::TableView,
};
use crate::{
    app::{texts, theme},
    data::{Table, TableColumn},
};
use egui::{Align2, Color32, FontId, Rect, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Least size of an autocorrelogram among those of all units.
const CARD: egui::Vec2 = vec2(150.0, 96.0);
/// Units shown against each other at most.
const SHOWN: usize = 8;

/// Draws one correlogram.
pub(super) fn bars(ui: &Ui, rect: Rect, counts: &[u32], color: Color32) {
    let p = theme::palette(ui.visuals());
    ui.painter().rect_filled(rect, 2.0, p.field);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let width = rect.width() / counts.len().max(1) as f32;
    let mut mesh = egui::Mesh::default();
    for (i, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let x = rect.left() + i as f32 * width;
        let height = (rect.height() - 14.0) * count as f32 / most;
        let bar = Rect::from_min_max(
            pos2(x, rect.bottom() - height),
            pos2(x + (width * 0.92).max(0.8), rect.bottom()),
        );
        mesh.add_colored_rect(bar, color);
    }
    ui.painter().add(mesh);
    let font = FontId::proportional(9.0);
    if rect.width() > 60.0 && rect.height() > 40.0 {
        let text = texts::views::max(&most);
        ui.painter().text(rect.right_top() + vec2(-3.0, 2.0), Align2::RIGHT_TOP, text, font, p.text_weak);
    }
    let middle = Stroke::new(1.0, p.text_weak.gamma_multiply(0.35));
    ui.painter().vline(rect.center().x, rect.y_range(), middle);
}

/// Draws a row and a column for each of `units`; `counts(a, b)` are spikes of `b` at each lag after `a`, by
/// their places in `units`, over `window_ms` on either side.
pub(super) fn square(
    ui: &Ui,
    rect: Rect,
    units: &[usize],
    window_ms: f64,
    counts: &dyn Fn(usize, usize) -> Vec<u32>,
) {
    let p = theme::palette(ui.visuals());
    let dark = ui.visuals().dark_mode;
    let number = units.len();
    let area = rect.with_max_y(rect.bottom() - axis::MARGIN.y);
    let (width, height) = (area.width() / number as f32, area.height() / number as f32);
    for a in 0..number {
        for b in 0..number {
            let corner = area.min + vec2(b as f32 * width, a as f32 * height);
            let place = Rect::from_min_size(corner, vec2(width, height));
            let color = if a == b { colors::unit(units[a], dark) } else { p.text_weak };
            bars(ui, place.shrink(if number > 1 { 1.5 } else { 0.0 }), &counts(a, b), color);
        }
    }
    let first = Rect::from_min_max(area.min, pos2(area.left() + width, area.bottom()));
    let plot = Plot { rect: first.shrink2(vec2(2.0, 0.0)), x: [-window_ms, window_ms], y: [0.0, 1.0] };
    if number <= 3 {
        plot.x_axis(ui.painter(), p.text_weak, "ms");
    } else {
        let text = texts::views::within_ms_each(&axis::short(window_ms));
        let place = area.left_bottom() + vec2(0.0, 3.0);
        ui.painter().text(place, Align2::LEFT_TOP, text, FontId::proportional(10.0), p.text_weak);
    }
}

/// The view of a table of correlograms, as the node of that name gives it.
pub(super) struct CorrelogramsView {
    table: TableView,
    as_table: bool,
    units: Vec<String>,
    /// Counts of a pair of units, the first after the second.
    counts: BTreeMap<(usize, usize), Vec<u32>>,
    window_ms: f64,
    selected: BTreeSet<usize>,
}

impl CorrelogramsView {
    /// The view of a table; `None` where it holds no correlograms.
    pub(super) fn new(table: &Arc<Table>) -> Option<Self> {
        let (a, b) = (table.column("unit_a")?, table.column("unit_b")?);
        let (starts, TableColumn::Int(values)) = (table.column("bin_start_ms")?, table.column("count")?)
        else {
            return None;
        };
        let first = starts.number(0)?;
        let bins = (1..values.len()).find(|&row| starts.number(row) == Some(first)).unwrap_or(values.len());
        let mut units: Vec<String> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut place = |id: String| {
            *places.entry(id.clone()).or_insert_with(|| {
                units.push(id);
                units.len() - 1
            })
        };
        let mut counts = BTreeMap::new();
        for (index, block) in values.chunks(bins).enumerate() {
            let pair = (place(a.cell(index * bins)), place(b.cell(index * bins)));
            let block = block.iter().map(|&count| u32::try_from(count).unwrap_or(u32::MAX)).collect();
            counts.insert(pair, block);
        }
        Some(Self {
            table: TableView::new(table.clone()),
            as_table: false,
            units,
            counts,
            window_ms: -first,
            selected: BTreeSet::new(),
        })
    }

    /// Shows other correlograms, with the same units chosen.
    pub(super) fn keep_looks(&mut self, before: &Self) {
        self.as_table = before.as_table;
        let kept = before.selected.iter().filter_map(|&unit| before.units.get(unit));
        self.selected = kept.filter_map(|id| self.units.iter().position(|other| other == id)).collect();
    }

    /// Spikes of `b` at each lag after one of `a`; a pair stands in the table once.
    fn after(&self, a: usize, b: usize) -> Vec<u32> {
        match self.counts.get(&(b, a)) {
            Some(counts) => counts.clone(),
            None => self.counts.get(&(a, b)).map_or_else(Vec::new, |c| c.iter().rev().copied().collect()),
        }
    }

    /// Draws the picture, or the table behind it.
    pub(super) fn ui(&mut self, ui: &mut Ui) -> Option<Wish> {
        let mut wish = None;
        ui.horizontal(|ui| {
            ui.add_space(8.0);
            ui.selectable_value(&mut self.as_table, false, texts::views::picture());
            ui.selectable_value(&mut self.as_table, true, texts::views::table());
            if !self.as_table {
                ui.add_space(8.0);
                ui.weak(match self.selected.len() {
                    0 => texts::views::all_units(&axis::short(self.window_ms)),
                    1 => texts::views::one_unit().to_owned(),
                    count if count > SHOWN => texts::views::first_units(&SHOWN, &count),
                    count => texts::views::units(&count),
                });
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.add_space(8.0);
                    wish = super::export::menu(ui, Some(texts::views::save_table()));
                });
            }
        });
        if self.as_table {
            return self.table.ui(ui);
        }
        let full = ui.available_rect_before_wrap().shrink2(vec2(8.0, 4.0));
        let list = full.with_max_x(full.left() + 130.0);
        ui.scope_builder(UiBuilder::new().max_rect(list).id_salt("units"), |ui| self.list_ui(ui));
        let rest = full.with_min_x(list.right() + 8.0);
        if self.selected.is_empty() {
            ui.scope_builder(UiBuilder::new().max_rect(rest).id_salt("all"), |ui| self.all_ui(ui));
        } else {
            let units: Vec<usize> = self.selected.iter().copied().take(SHOWN).collect();
            let response = ui.allocate_rect(rest, Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, texts::views::correlograms()));
            square(ui, rest, &units, self.window_ms, &|a, b| self.after(units[a], units[b]));
        }
        wish
    }

    fn list_ui(&mut self, ui: &mut Ui) {
        let dark = ui.visuals().dark_mode;
        egui::ScrollArea::vertical().auto_shrink([false, false]).show_rows(
            ui,
            20.0,
            self.units.len(),
            |ui, rows| {
                for unit in rows {
                    let text = egui::RichText::new(texts::views::unit(&self.units[unit]));
                    let text = text.color(colors::unit(unit, dark));
                    let chosen = self.selected.contains(&unit);
                    if !ui.selectable_label(chosen, text).clicked() {
                        continue;
                    }
                    let adds = ui.input(|i| i.modifiers.command || i.modifiers.shift);
                    let alone = chosen && self.selected.len() == 1;
                    if !adds {
                        self.selected.clear();
                    }
                    if (adds && chosen) || alone {
                        self.selected.remove(&unit);
                    } else {
                        self.selected.insert(unit);
                    }
                }
            },
        );
    }

    /// The autocorrelogram of each unit.
    fn all_ui(&mut self, ui: &mut Ui) {
        let dark = ui.visuals().dark_mode;
        let p = theme::palette(ui.visuals());
        let count = self.units.len();
        let room = ui.available_width() - 12.0;
        let most = ((room / CARD.x).floor() as usize).clamp(1, count.max(1));
        // As wide as a few units let them be.
        let width = (room / most as f32 - 6.0).min(260.0);
        let columns = ((room / (width + 6.0)).floor() as usize).max(1);
        let mut clicked = None;
        egui::ScrollArea::vertical().auto_shrink([false, false]).show_rows(
            ui,
            CARD.y,
            count.div_ceil(columns),
            |ui, rows| {
                for row in rows {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = 6.0;
                        for unit in row * columns..((row + 1) * columns).min(count) {
                            let (rect, response) =
                                ui.allocate_exact_size(vec2(width, CARD.y), Sense::click());
                            let name = texts::views::autocorrelogram_of_unit(&self.units[unit]);
                            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
                            bars(ui, rect, &self.after(unit, unit), colors::unit(unit, dark));
                            let place = rect.left_top() + vec2(4.0, 2.0);
                            let id = self.units[unit].as_str();
                            let font = FontId::proportional(11.0);
                            ui.painter().text(place, Align2::LEFT_TOP, id, font, p.text_strong);
                            if response.clicked() {
                                clicked = Some(unit);
                            }
                        }
                    });
                }
            },
        );
        self.selected.extend(clicked);
    }

    /// The table, to be written.
    pub(super) fn values(&self) -> Write {
        self.table.values()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{
        data::{Id, Sorting},
        engine::correlograms::{CorrelogramBins, correlogram, correlograms_table},
    };

    #[test]
    fn a_table_of_correlograms_is_read_back_both_ways() {
        let frames: Vec<i64> = (0..600).map(|i| i * 31 + (i * i) % 17).collect();
        let labels: Vec<u32> = (0..600).map(|i| (i * 7 % 3) as u32).collect();
        let sorting = Sorting::from_spikes(10_000.0, Id::range(3), &frames, &labels);
        let bins = CorrelogramBins::new(10_000.0, 20.0, 1.0);
        let table = Arc::new(correlograms_table(&sorting, &bins, true).unwrap());
        let view = CorrelogramsView::new(&table).unwrap();
        assert_eq!((view.units.len(), view.window_ms), (3, 10.0));
        let trains = sorting.trains(0);
        assert_eq!(view.after(2, 0), correlogram(&trains[0], &trains[2], &bins));
        let back: Vec<u32> = view.after(2, 0).into_iter().rev().collect();
        assert_eq!(view.after(0, 2), back);
        let mut other = Table::default();
        other.set("unit_id", TableColumn::Int(vec![1]));
        assert!(CorrelogramsView::new(&Arc::new(other)).is_none());
    }
}
