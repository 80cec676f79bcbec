//! Any table: sort by a column, search, copy.

use super::{
    axis,
    export::{self, Wish, Write, write_table},
};
use crate::{
    app::{texts, theme},
    data::{Table, TableColumn},
};
use egui::{Align, Layout, Role, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};
use std::{cmp::Ordering, sync::Arc};

/// Rows whose words a column is made wide for.
const WIDE_FOR: usize = 100;

/// Letters of the longest text at the top of a column; 0 for numbers.
fn longest_text(column: &TableColumn) -> usize {
    match column {
        TableColumn::Text(words) => {
            words.iter().take(WIDE_FOR).map(|word| word.chars().count()).max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// The view of a table.
pub struct TableView {
    table: Arc<Table>,
    search: String,
    sort: Option<(usize, bool)>,
    rows: Vec<usize>,
    stale: bool,
}

impl TableView {
    /// Shows a table.
    pub fn new(table: Arc<Table>) -> Self {
        Self { table, search: String::new(), sort: None, rows: Vec::new(), stale: true }
    }

    /// Shows another table, with the same order where it has the same columns.
    pub fn set_table(&mut self, table: Arc<Table>) {
        let names = |t: &Table| t.columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if names(&table) != names(&self.table) {
            self.sort = None;
        }
        self.table = table;
        self.stale = true;
    }

    /// Draws the table.
    pub(super) fn ui(&mut self, ui: &mut Ui) -> Option<Wish> {
        let mut wish = None;
        ui.horizontal(|ui| {
            ui.add_space(8.0);
            let search = egui::TextEdit::singleline(&mut self.search)
                .hint_text(texts::views::search())
                .desired_width(160.0);
            let response = ui.add(search);
            self.stale |= response.changed();
            let rows = self.rows.len();
            ui.weak(match rows {
                1 => texts::views::one_row().to_owned(),
                _ => texts::views::rows(&axis::count(rows as u64)),
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_space(8.0);
                wish = export::menu(ui, Some(texts::views::save_table()));
                if ui.button(texts::views::copy()).on_hover_text(texts::views::copy_hint()).clicked() {
                    ui.ctx().copy_text(self.as_text());
                }
            });
        });
        if self.stale {
            self.stale = false;
            self.arrange();
        }
        let columns = self.table.columns.len();
        if columns == 0 {
            super::empty::message(ui, texts::views::an_empty_table(), texts::views::it_has_no_columns());
            return wish;
        }
        let mut clicked = None;
        let p = theme::palette(ui.visuals());
        egui::ScrollArea::horizontal().show(ui, |ui| {
            let mut builder = TableBuilder::new(ui)
                .id_salt("table")
                .striped(true)
                .resizable(true)
                .auto_shrink([false, false])
                .cell_layout(Layout::left_to_right(Align::Center));
            let columns = self.table.columns.iter();
            let headings: Vec<Heading> =
                columns.map(|(name, _)| Heading::new(name, self.table.unit_of(name))).collect();
            for (heading, (_, column)) in headings.iter().zip(&self.table.columns) {
                // Wide enough for its heading, or for a sentence.
                let width = heading.width();
                let words = 6.0 * longest_text(column) as f32;
                let width = width.clamp(72.0, 220.0).max(words.min(440.0));
                builder = builder.column(Column::initial(width).at_least(48.0).clip(true));
            }
            builder
                .header(22.0, |mut header| {
                    for (index, (_, column)) in self.table.columns.iter().enumerate() {
                        header.col(|ui| {
                            // Over its numbers.
                            let layout = match column {
                                TableColumn::Float(_) | TableColumn::Int(_) => {
                                    Layout::right_to_left(Align::Center)
                                }
                                _ => Layout::left_to_right(Align::Center),
                            };
                            let order = self.sort.filter(|s| s.0 == index).map(|s| s.1);
                            ui.with_layout(layout, |ui| {
                                ui.add_space(8.0);
                                let Heading { name, hint } = &headings[index];
                                if heading(ui, name, hint, order) {
                                    clicked = Some(index);
                                }
                            });
                        });
                    }
                })
                .body(|body| {
                    body.rows(20.0, self.rows.len(), |mut row| {
                        let index = self.rows[row.index()];
                        for (_, column) in &self.table.columns {
                            row.col(|ui| {
                                let text = cell(column, index);
                                let text = egui::RichText::new(text).color(p.text);
                                match column {
                                    TableColumn::Float(_) | TableColumn::Int(_) => {
                                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                                            ui.add_space(8.0);
                                            ui.add(egui::Label::new(text).truncate());
                                        });
                                    }
                                    _ => {
                                        ui.add_space(8.0);
                                        ui.add(egui::Label::new(text).truncate());
                                    }
                                }
                            });
                        }
                    });
                });
        });
        if let Some(index) = clicked {
            self.sort = match self.sort {
                Some((column, ascending)) if column == index => Some((column, !ascending)),
                _ => Some((index, true)),
            };
            self.stale = true;
        }
        wish
    }

    /// The table in its order, to be written.
    pub(super) fn values(&self) -> Write {
        let rows: Vec<Option<usize>> = self.rows.iter().map(|&row| Some(row)).collect();
        let columns = self.table.columns.iter();
        let columns = columns.map(|(name, column)| (name.clone(), reorder(column, &rows))).collect();
        write_table(move || Ok(Table::new(columns)))
    }

    fn arrange(&mut self) {
        let words = self.search.to_lowercase();
        let table = &self.table;
        self.rows = (0..table.num_rows())
            .filter(|&row| {
                words.is_empty()
                    || table.columns.iter().any(|(_, c)| c.cell(row).to_lowercase().contains(&words))
            })
            .collect();
        if let Some((column, ascending)) = self.sort
            && let Some((_, column)) = table.columns.get(column)
        {
            self.rows.sort_by(|&a, &b| compare(column, a, b, ascending));
        }
    }

    fn as_text(&self) -> String {
        let mut lines =
            vec![self.table.columns.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>().join("\t")];
        for &row in &self.rows {
            lines.push(self.table.columns.iter().map(|(_, c)| c.cell(row)).collect::<Vec<_>>().join("\t"));
        }
        lines.join("\n")
    }
}

/// Order of two rows by a column; what is missing comes last either way.
pub fn compare(column: &TableColumn, a: usize, b: usize, ascending: bool) -> Ordering {
    let order = |o: Ordering| if ascending { o } else { o.reverse() };
    match (column.number(a), column.number(b)) {
        (Some(x), Some(y)) => order(x.total_cmp(&y)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => order(column.cell(a).cmp(&column.cell(b))),
    }
}

/// Rows of a column in another order; a row that is not there stays empty.
pub fn reorder(column: &TableColumn, rows: &[Option<usize>]) -> TableColumn {
    match column {
        TableColumn::Float(_) | TableColumn::Int(_) => TableColumn::Float(
            rows.iter().map(|r| r.and_then(|r| column.number(r)).unwrap_or(f64::NAN)).collect(),
        ),
        _ => TableColumn::Text(rows.iter().map(|r| r.map_or(String::new(), |r| column.cell(r))).collect()),
    }
}

/// A cell for people.
pub fn cell(column: &TableColumn, row: usize) -> String {
    match column {
        TableColumn::Float(v) => v.get(row).filter(|x| !x.is_nan()).map_or("–".into(), |&x| axis::short(x)),
        TableColumn::Bool(v) => {
            v.get(row).map_or("", |&x| if x { texts::views::yes() } else { texts::views::no() }).to_owned()
        }
        other => other.cell(row),
    }
}

/// What stands at the head of a column, and what is said of it.
pub struct Heading {
    /// `Rate (Hz)`
    pub name: String,
    /// What it is, and its name in files.
    pub hint: String,
}

impl Heading {
    /// The head of a column by its name in files and its unit.
    pub fn new(column: &str, unit: Option<&str>) -> Self {
        let known = texts::columns::known(column);
        let name = known.map_or(column, |[name, _]| name);
        Self {
            name: unit.map_or_else(|| name.to_owned(), |unit| format!("{name} ({unit})")),
            hint: known
                .map_or_else(|| column.to_owned(), |[_, what]| texts::columns::in_files(&column, &what)),
        }
    }

    /// Room for it, in points.
    pub fn width(&self) -> f32 {
        7.0 * self.name.chars().count() as f32 + 24.0
    }
}

/// A heading that can be clicked; true where it was.
pub fn heading(ui: &mut Ui, name: &str, hint: &str, ascending: Option<bool>) -> bool {
    let arrow = match ascending {
        Some(true) => " ˆ",
        Some(false) => " ˇ",
        None => "",
    };
    let p = theme::palette(ui.visuals());
    let color = if ascending.is_some() { p.text_strong } else { p.text_weak };
    let text = egui::RichText::new(format!("{name}{arrow}")).color(color);
    let response = ui.add(egui::Label::new(text).truncate().sense(egui::Sense::click()));
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, name));
    response.on_hover_text(texts::views::click_to_sort(&hint)).clicked()
}
