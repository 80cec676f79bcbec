//! The table of units.

use crate::{
    app::{
        theme,
        views::{axis, colors, table},
    },
    data::{Sorting, Table, TableColumn},
    inspect::{MeanWaveforms, UnitSummary},
};
use egui::{Align, Key, Layout, Role, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder};
use std::{collections::BTreeSet, sync::Arc};

/// Columns that every sorting has, before those of tables and properties.
const OWN: usize = 7;
const ROW: f32 = 20.0;

/// The table and its order.
pub(super) struct UnitTable {
    /// Further columns, a row a unit.
    extra: Vec<(String, TableColumn)>,
    /// Signal to noise ratios that a table or property tells.
    snr: Option<TableColumn>,
    sort: Option<(usize, bool)>,
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
            sort: Some((1, false)),
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
                    extra.push((name.clone(), reorder(column, &rows)));
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
        486.0 + 84.0 * self.extra.len().min(4) as f32
    }

    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        sorting: &Sorting,
        summary: Option<&UnitSummary>,
        means: Option<&MeanWaveforms>,
        selected: &mut BTreeSet<usize>,
    ) {
        self.arrange(sorting, summary, means);
        let unit_name = if sorting.amplitudes_in_uv { "µV" } else { "raw" };
        let names = [
            "Unit".to_owned(),
            "Spikes".to_owned(),
            "Rate (Hz)".to_owned(),
            format!("Ampl. ({unit_name})"),
            "SNR".to_owned(),
            "Violations (%)".to_owned(),
            "Depth (µm)".to_owned(),
        ];
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
                .columns(Column::initial(70.0).at_least(36.0).clip(true).resizable(true), names.len() - 1)
                .columns(Column::initial(84.0).at_least(36.0).clip(true).resizable(true), self.extra.len());
            if let Some(row) = self.scroll.take() {
                builder = builder.scroll_to_row(row, None);
            }
            builder
                .header(20.0, |mut header| {
                    for (index, name) in names.iter().chain(self.extra.iter().map(|(n, _)| n)).enumerate() {
                        header.col(|ui| {
                            let order = self.sort.filter(|s| s.0 == index).map(|s| s.1);
                            if table::heading(ui, name, order) {
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
                        let name = format!("Unit {}", sorting.unit_ids[unit]);
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

    /// Up and down go through the units while the pointer is over the table.
    fn keys(&mut self, ui: &Ui, selected: &mut BTreeSet<usize>) {
        if !ui.rect_contains_pointer(ui.max_rect()) || ui.memory(|m| m.focused().is_some()) {
            return;
        }
        for (key, step) in [(Key::ArrowDown, 1isize), (Key::ArrowUp, -1)] {
            for (modifiers, extend) in [(egui::Modifiers::NONE, false), (egui::Modifiers::SHIFT, true)] {
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
        self.rows = (0..sorting.num_units()).collect();
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

enum Cell {
    Count(u64),
    Number(f64),
    Pending,
    Missing,
}

fn value(
    index: usize,
    unit: usize,
    sorting: &Sorting,
    summary: Option<&UnitSummary>,
    means: Option<&MeanWaveforms>,
    snr: Option<&TableColumn>,
) -> Cell {
    let Some(row) = summary.and_then(|s| s.rows.get(unit)) else {
        return Cell::Pending;
    };
    let complete = summary.is_some_and(UnitSummary::is_complete);
    let known = |value: Option<f64>| match value {
        Some(value) => Cell::Number(value),
        None if complete => Cell::Missing,
        None => Cell::Pending,
    };
    match index {
        1 => Cell::Count(row.num_spikes as u64),
        2 => Cell::Number(row.rate_hz),
        3 => known(row.amplitude.map(f64::from)),
        4 if snr.is_some() => known(snr.and_then(|c| c.number(unit))),
        4 => match means {
            Some(means) => match means.snr.get(unit).copied().flatten() {
                Some(snr) => Cell::Number(f64::from(snr)),
                None if means.share < 1.0 => Cell::Pending,
                None => Cell::Missing,
            },
            None => Cell::Missing,
        },
        5 => known(row.violations_percent),
        _ => {
            let own = row.location_um.map(|l| f64::from(l[1]));
            let from_means = || {
                let templates = &means?.templates;
                let (channel, _, value) = templates.extremum(unit)?;
                (value != 0.0).then(|| templates.locations_um.get(channel).map(|l| l[1])).flatten()
            };
            let property = || {
                ["y_um", "y", "depth_um", "depth"]
                    .iter()
                    .find_map(|n| sorting.properties.column(n)?.number(unit))
            };
            known(own.or_else(property).or_else(from_means))
        }
    }
}

fn label(ui: &mut Ui, text: &str, color: egui::Color32) {
    ui.add(egui::Label::new(egui::RichText::new(text).color(color)).truncate().selectable(false));
}

fn reorder(column: &TableColumn, rows: &[Option<usize>]) -> TableColumn {
    match column {
        TableColumn::Float(_) | TableColumn::Int(_) => TableColumn::Float(
            rows.iter().map(|r| r.and_then(|r| column.number(r)).unwrap_or(f64::NAN)).collect(),
        ),
        _ => TableColumn::Text(rows.iter().map(|r| r.map_or(String::new(), |r| column.cell(r))).collect()),
    }
}
