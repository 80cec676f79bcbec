//! The table of units.

use super::{
    columns::{Cell, HINTS, IN_FILES, OWN, amplitude_unit, names, value},
    filter::Filter,
};
use crate::{
    app::{
        texts, theme,
        views::{
            axis, colors,
            export::{self, Wish},
            table::{self, Heading},
        },
    },
    data::{Sorting, Table, TableColumn},
    inspect::{MeanWaveforms, UnitSummary},
};
use egui::{Align, Key, Layout, Role, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder};
use std::{collections::BTreeSet, sync::Arc};

const ROW: f32 = 20.0;

/// The table and its order.
pub(super) struct UnitTable {
    /// Further columns, a row a unit.
    extra: Vec<(String, TableColumn)>,
    /// What they are headed by: name and physical unit.
    headings: Vec<Heading>,
    /// Signal to noise ratios that a table or property tells.
    snr: Option<TableColumn>,
    sort: Option<(usize, bool)>,
    search: String,
    filter: Filter,
    rows: Vec<usize>,
    stale: bool,
    anchor: usize,
    scroll: Option<usize>,
}

impl UnitTable {
    pub(super) fn new(sorting: &Sorting) -> Self {
        let mut table = Self {
            snr: None,
            extra: Vec::new(),
            headings: Vec::new(),
            sort: Some((1, false)),
            search: String::new(),
            filter: Filter::default(),
            rows: Vec::new(),
            stale: true,
            anchor: 0,
            scroll: None,
        };
        table.set_tables(sorting, std::iter::empty());
        // Until counts are there: the order of the sorting.
        table.rows = (0..sorting.num_units()).collect();
        table
    }

    /// Columns of tables with a row for each unit, and of the sorting's own properties.
    pub(super) fn set_tables<'a>(&mut self, sorting: &Sorting, tables: impl Iterator<Item = &'a Arc<Table>>) {
        let mut extra: Vec<(String, TableColumn)> = Vec::new();
        let mut units = sorting.properties.units.clone();
        for table in tables {
            let Some((_, ids)) = table.columns.first() else {
                continue;
            };
            let at: std::collections::BTreeMap<String, usize> =
                (0..ids.len()).map(|r| (ids.cell(r), r)).collect();
            let rows: Vec<Option<usize>> =
                sorting.unit_ids.iter().map(|id| at.get(&id.to_string()).copied()).collect();
            for (name, column) in table.columns.iter().skip(1) {
                if !extra.iter().any(|(n, _)| n == name) {
                    units.extend(table.units.get(name).map(|unit| (name.clone(), unit.clone())));
                    extra.push((name.clone(), table::reorder(column, &rows)));
                }
            }
        }
        for (name, column) in &sorting.properties.columns {
            if column.len() == sorting.num_units() && !extra.iter().any(|(n, _)| n == name) {
                extra.push((name.clone(), column.clone()));
            }
        }
        // These are shown among the first columns already.
        extra.retain(|(name, _)| !matches!(name.as_str(), "num_spikes" | "firing_rate" | "x" | "y" | "z"));
        self.snr = extra.iter().position(|(n, _)| n == "snr").map(|at| extra.remove(at).1);
        let units = Table { columns: Vec::new(), units };
        self.headings = extra.iter().map(|(name, _)| Heading::new(name, units.unit_of(name))).collect();
        self.extra = extra;
        self.stale = true;
    }

    pub(super) fn stale(&mut self) {
        self.stale = true;
    }

    /// The first unit in the order of the table.
    pub(super) fn first(
        &mut self,
        sorting: &Sorting,
        summary: Option<&UnitSummary>,
        means: Option<&MeanWaveforms>,
    ) -> Option<usize> {
        self.arrange(sorting, summary, means);
        self.rows.first().copied()
    }

    /// Room it would like.
    pub(super) fn width(&self) -> f32 {
        540.0 + 84.0 * self.extra.len().min(4) as f32
    }

    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        sorting: &Sorting,
        summary: Option<&UnitSummary>,
        means: Option<&MeanWaveforms>,
        selected: &mut BTreeSet<usize>,
    ) -> Option<Wish> {
        self.arrange(sorting, summary, means);
        let names = names(sorting, means);
        let wish = self.filter_ui(ui, sorting.num_units());
        self.keys(ui, selected);
        let mut sort = None;
        let mut clicked = None;
        let dark = ui.visuals().dark_mode;
        let p = theme::palette(ui.visuals());
        egui::ScrollArea::horizontal().id_salt("units").show(ui, |ui| {
            let mut builder = TableBuilder::new(ui)
                .id_salt("units")
                .sense(Sense::click())
                .auto_shrink([false, false])
                .cell_layout(Layout::right_to_left(Align::Center))
                .column(Column::initial(64.0).at_least(48.0).clip(true))
                .columns(Column::initial(70.0).at_least(36.0).clip(true).resizable(true), names.len() - 1);
            for heading in &self.headings {
                let column = Column::initial(heading.width().clamp(72.0, 180.0));
                builder = builder.column(column.at_least(36.0).clip(true).resizable(true));
            }
            if let Some(row) = self.scroll.take() {
                builder = builder.scroll_to_row(row, None);
            }
            builder
                .header(20.0, |mut header| {
                    let own = names.iter().zip(HINTS).map(|(name, hint)| (name.as_str(), hint()));
                    let extra = self.headings.iter().map(|h| (h.name.as_str(), h.hint.as_str()));
                    for (index, (name, hint)) in own.chain(extra).enumerate() {
                        header.col(|ui| {
                            let order = self.sort.filter(|s| s.0 == index).map(|s| s.1);
                            if table::heading(ui, name, hint, order) {
                                sort = Some(index);
                            }
                        });
                    }
                })
                .body(|body| {
                    body.rows(ROW, self.rows.len(), |mut row| {
                        let position = row.index();
                        let unit = self.rows[position];
                        row.set_selected(selected.contains(&unit));
                        row.col(|ui| {
                            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                                let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
                                ui.painter().circle_filled(dot.center(), 4.0, colors::unit(unit, dark));
                                label(ui, &sorting.unit_ids[unit].to_string(), p.text_strong);
                            });
                        });
                        for index in 1..OWN {
                            row.col(|ui| {
                                let text =
                                    match value(index, unit, sorting, summary, means, self.snr.as_ref()) {
                                        Cell::Count(count) => axis::count(count),
                                        Cell::Number(value) => axis::short(value),
                                        Cell::Pending => "…".to_owned(),
                                        Cell::Missing => "–".to_owned(),
                                    };
                                label(ui, &text, p.text);
                            });
                        }
                        for (_, column) in &self.extra {
                            row.col(|ui| {
                                label(ui, &table::cell(column, unit), p.text);
                            });
                        }
                        let response = row.response();
                        let name = texts::units::unit_named(&sorting.unit_ids[unit]);
                        let chosen = selected.contains(&unit);
                        response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &name));
                        if response.clicked() {
                            clicked = Some(position);
                        }
                    });
                });
        });
        if let Some(position) = clicked {
            let modifiers = ui.input(|i| i.modifiers);
            self.choose(position, modifiers.command, modifiers.shift, selected);
        }
        if let Some(index) = sort {
            self.sort = match self.sort {
                Some((column, ascending)) if column == index => Some((column, !ascending)),
                _ => Some((index, index == 0)),
            };
            self.stale = true;
        }
        wish
    }

    fn filter_ui(&mut self, ui: &mut Ui, count: usize) -> Option<Wish> {
        let mut wish = None;
        ui.horizontal(|ui| {
            let field = egui::TextEdit::singleline(&mut self.search)
                .hint_text(texts::units::filter_example())
                .desired_width(190.0);
            let response = ui.add(field).on_hover_text(texts::units::filter_hint());
            let label = || WidgetInfo::labeled(Role::TextInput, true, texts::units::filter_units());
            response.widget_info(label);
            if response.changed() {
                self.filter = Filter::parse(&self.search);
                self.stale = true;
            }
            let shown = self.rows.len();
            let count = axis::count(count as u64);
            ui.weak(match self.filter == Filter::default() {
                true => texts::units::units(&count),
                false => texts::units::of_units(&axis::count(shown as u64), &count),
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                wish = export::menu(ui, Some(texts::units::save_table()));
            });
        });
        wish
    }

    /// What is shown, row by row, with all columns.
    pub(super) fn as_table(
        &self,
        sorting: &Sorting,
        summary: Option<&UnitSummary>,
        means: Option<&MeanWaveforms>,
    ) -> Table {
        let mut table = Table::default();
        let ids = self.rows.iter().map(|&unit| sorting.unit_ids[unit].to_string());
        table.set("unit_id", TableColumn::Text(ids.collect()));
        for (index, name) in IN_FILES.iter().enumerate().skip(1) {
            let cell = |&unit: &usize| match value(index, unit, sorting, summary, means, self.snr.as_ref()) {
                Cell::Count(count) => count as f64,
                Cell::Number(value) => value,
                Cell::Pending | Cell::Missing => f64::NAN,
            };
            table.set(name, TableColumn::Float(self.rows.iter().map(cell).collect()));
        }
        table
            .units
            .extend(amplitude_unit(sorting, means).map(|unit| ("amplitude".to_owned(), unit.to_owned())));
        let rows: Vec<Option<usize>> = self.rows.iter().map(|&unit| Some(unit)).collect();
        for (name, column) in &self.extra {
            table.set(name, table::reorder(column, &rows));
        }
        table
    }

    fn keeps(
        &self,
        unit: usize,
        sorting: &Sorting,
        summary: Option<&UnitSummary>,
        means: Option<&MeanWaveforms>,
    ) -> bool {
        if self.filter == Filter::default() {
            return true;
        }
        let mut texts = vec![sorting.unit_ids[unit].to_string()];
        let textual =
            self.extra.iter().filter(|(_, c)| !matches!(c, TableColumn::Float(_) | TableColumn::Int(_)));
        texts.extend(textual.map(|(_, column)| column.cell(unit)));
        self.filter.holds(&texts, |name| {
            let own = names(sorting, means).iter().position(|n| n.to_lowercase().starts_with(name));
            if let Some(index) = own.filter(|&index| index > 0 && !name.is_empty()) {
                return match value(index, unit, sorting, summary, means, self.snr.as_ref()) {
                    Cell::Count(count) => Some(count as f64),
                    Cell::Number(value) => Some(value),
                    Cell::Pending | Cell::Missing => None,
                };
            }
            // By the heading or by the name in files.
            let is_meant = |words: &str| !name.is_empty() && words.to_lowercase().starts_with(name);
            let mut extra = self.extra.iter().zip(&self.headings);
            let found = extra.find(|((file, _), heading)| is_meant(file) || is_meant(&heading.name));
            found.and_then(|((_, column), _)| column.number(unit))
        })
    }

    fn choose(&mut self, position: usize, toggle: bool, range: bool, selected: &mut BTreeSet<usize>) {
        let Some(&unit) = self.rows.get(position) else {
            return;
        };
        if range {
            let (a, b) = (self.anchor.min(position), self.anchor.max(position));
            selected.clear();
            selected.extend(self.rows.get(a..=b).unwrap_or(&[]));
            return;
        }
        self.anchor = position;
        if toggle {
            if !selected.remove(&unit) {
                selected.insert(unit);
            }
        } else {
            *selected = BTreeSet::from([unit]);
        }
    }

    /// Up and down go through the units while the pointer is over the view and nothing is typed.
    fn keys(&mut self, ui: &Ui, selected: &mut BTreeSet<usize>) {
        let area = ui.max_rect().with_max_x(f32::INFINITY);
        let over = ui.input(|i| i.pointer.hover_pos()).is_some_and(|pos| area.contains(pos));
        if !over || ui.ctx().text_edit_focused() {
            return;
        }
        for (key, step) in [(Key::ArrowDown, 1isize), (Key::ArrowUp, -1)] {
            // With shift first: without it the key is taken whatever else is held.
            for (modifiers, extend) in [(egui::Modifiers::SHIFT, true), (egui::Modifiers::NONE, false)] {
                if ui.input_mut(|i| i.consume_key(modifiers, key)) {
                    let next = self.anchor.saturating_add_signed(step).min(self.rows.len().saturating_sub(1));
                    if extend {
                        self.anchor = next;
                        selected.extend(self.rows.get(next));
                    } else {
                        self.choose(next, false, false, selected);
                    }
                    self.scroll = Some(next);
                }
            }
        }
    }

    fn arrange(&mut self, sorting: &Sorting, summary: Option<&UnitSummary>, means: Option<&MeanWaveforms>) {
        if !self.stale {
            return;
        }
        self.stale = false;
        let kept = |&unit: &usize| self.keeps(unit, sorting, summary, means);
        self.rows = (0..sorting.num_units()).filter(kept).collect();
        let Some((column, ascending)) = self.sort else {
            return;
        };
        if column == 0 {
            self.rows.sort_by(|&a, &b| {
                let order = sorting.unit_ids[a].cmp(&sorting.unit_ids[b]);
                if ascending { order } else { order.reverse() }
            });
            return;
        }
        let values = match self.extra.get(column.wrapping_sub(OWN)) {
            Some((_, column)) => column.clone(),
            None => TableColumn::Float(
                (0..sorting.num_units())
                    .map(|unit| match value(column, unit, sorting, summary, means, self.snr.as_ref()) {
                        Cell::Count(count) => count as f64,
                        Cell::Number(value) => value,
                        Cell::Pending | Cell::Missing => f64::NAN,
                    })
                    .collect(),
            ),
        };
        self.rows.sort_by(|&a, &b| table::compare(&values, a, b, ascending));
    }
}

fn label(ui: &mut Ui, text: &str, color: egui::Color32) {
    ui.add(egui::Label::new(egui::RichText::new(text).color(color)).truncate().selectable(false));
}
