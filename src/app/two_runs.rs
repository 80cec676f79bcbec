//! Two runs side by side: what was set, what came out, and which units are the same.

use super::{
    App,
    compare::{Line, Pair, Units, percent},
    history::age_s,
    text, texts, theme,
};
use egui::{Color32, Grid, RichText, ScrollArea, Ui, Window};

/// Shares of the width: what is compared, the values of both runs, the difference.
const SHARES: [f32; 4] = [0.34, 0.23, 0.23, 0.20];
/// Between two columns.
const GAP: f32 = 14.0;

impl App {
    /// Shows two runs side by side.
    pub(super) fn comparison_ui(&mut self) {
        let Some(comparison) = &self.history.comparison else { return };
        let mut open = true;
        let differing = &mut self.history.differing;
        let window = Window::new(texts::runs::two_runs())
            .open(&mut open)
            .collapsible(false)
            .default_size([920.0, 520.0]);
        window.default_pos([240.0, 90.0]).show(&self.ctx, |ui| {
            ui.checkbox(differing, texts::runs::only_what_differs());
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                let titles = [0, 1].map(|index| {
                    let run = &comparison.runs[index];
                    format!("{} · {}", run.record.title, text::ago(age_s(run)))
                });
                section(ui, texts::runs::parameters(), &titles, &comparison.settings, true);
                if comparison.settings.is_empty() {
                    ui.weak(texts::runs::same_pipeline());
                }
                for units in &comparison.units {
                    ui.add_space(10.0);
                    units_ui(ui, units, &titles, *differing);
                }
                ui.add_space(10.0);
                let times = comparison.runs.each_ref().map(|run| run.record.duration_s);
                let mut figures = vec![Line::of_times(texts::runs::time(), times)];
                figures.extend(comparison.figures.iter().cloned());
                section(ui, texts::runs::results(), &titles, &figures, *differing);
            });
        });
        if !open {
            self.history.comparison = None;
        }
    }
}

/// A row of words in the four columns.
fn row_ui(ui: &mut Ui, room: f32, words: [RichText; 4]) {
    for (words, share) in words.into_iter().zip(SHARES) {
        cell_ui(ui, share * room - GAP, words);
    }
    ui.end_row();
}

fn table_ui(ui: &mut Ui, id: &str, titles: &[String; 2], rows: impl FnOnce(&mut Ui, f32)) {
    let room = ui.available_width();
    Grid::new(id).num_columns(4).striped(true).spacing([GAP, 4.0]).show(ui, |ui| {
        let [first, second] = titles.each_ref().map(|title| RichText::new(title).weak());
        row_ui(ui, room, [RichText::new(""), first, second, RichText::new(texts::runs::difference()).weak()]);
        rows(ui, room);
    });
}

fn section(ui: &mut Ui, title: &str, titles: &[String; 2], lines: &[Line], differing: bool) {
    ui.strong(title);
    table_ui(ui, title, titles, |ui, room| {
        for line in lines.iter().filter(|line| !differing || !line.is_same()) {
            let value = |value: &String| {
                let words = RichText::new(if value.is_empty() { "–" } else { value });
                if line.is_same() { words.weak() } else { words.strong() }
            };
            let [first, second] = line.values.each_ref().map(value);
            row_ui(ui, room, [RichText::new(&line.what), first, second, RichText::new(&line.change)]);
        }
    });
}

/// Which units of the one are those of the other, which are lost and which are new.
fn units_ui(ui: &mut Ui, units: &Units, titles: &[String; 2], differing: bool) {
    let p = theme::palette(ui.visuals());
    ui.strong(texts::runs::units_of(&units.of));
    let pairs = match &units.pairs {
        Ok(pairs) => pairs,
        Err(reason) => {
            ui.colored_label(p.warn, reason);
            return;
        }
    };
    let count = |is: fn(&Pair) -> bool| pairs.iter().filter(|pair| is(pair)).count();
    let (lost, new) = (count(Pair::is_lost), count(Pair::is_new));
    let both = pairs.len() - lost - new;
    ui.label(texts::runs::units_matched(&both, &lost, &new)).on_hover_text(texts::runs::units_matched_hint());
    table_ui(ui, &units.of, titles, |ui, room| {
        for pair in pairs.iter().filter(|pair| !differing || !pair.is_same()) {
            let (state, color) = match pair {
                pair if pair.is_lost() => (texts::runs::unit_lost(), p.bad),
                pair if pair.is_new() => (texts::runs::unit_new(), p.good),
                pair if pair.is_same() => (texts::runs::unit_same(), p.text_weak),
                _ => (texts::runs::unit_changed(), p.text),
            };
            row_ui(ui, room, unit_words(pair, state, color));
        }
    });
}

fn unit_words(pair: &Pair, state: &str, color: Color32) -> [RichText; 4] {
    let [first, second] = [0, 1].map(|index| match &pair.ids[index] {
        Some(id) => texts::runs::unit_with_spikes(id, &text::number(pair.spikes[index] as f64)),
        None => "–".to_owned(),
    });
    let difference = match &pair.nearest {
        Some((id, agreement)) => texts::runs::nearest_unit(id, &percent(*agreement)),
        None if pair.is_lost() || pair.is_new() => texts::runs::nothing_like_it().to_owned(),
        None => texts::runs::agreement(&percent(pair.agreement)),
    };
    [state.to_owned(), first, second, difference].map(|words| RichText::new(words).color(color))
}

/// Words in a column of a fixed width; long ones are shown whole on hover.
fn cell_ui(ui: &mut Ui, width: f32, words: RichText) {
    ui.scope(|ui| {
        ui.set_width(width);
        ui.add(egui::Label::new(words).truncate());
    });
}
