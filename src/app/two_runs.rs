//! Two runs side by side: what was set, what came out, and which units are the same.

use super::{
    App,
    compare::{Line, Pair, Units, percent},
    history::age_s,
    text, texts, theme,
};
use crate::pipeline::KeptRun;
use egui::{
    Align, CollapsingHeader, Color32, Layout, Response, RichText, Role, ScrollArea, Sense, Ui, UiBuilder,
    WidgetInfo, Window, vec2,
};

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
                let titles = titles_of(&comparison.runs);
                match comparison.settings.is_empty() {
                    true => drop(ui.weak(texts::runs::same_pipeline())),
                    false => section(ui, texts::runs::parameters(), &titles, &comparison.settings, true),
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

/// What both runs are called: apart by their age, or by which is the earlier one.
fn titles_of(runs: &[KeptRun; 2]) -> [String; 2] {
    let of = |run: &KeptRun| format!("{} · {}", run.record.title, text::ago(age_s(run)));
    let [first, second] = runs.each_ref().map(of);
    if first != second {
        return [first, second];
    }
    let (earlier, later) = (texts::runs::earlier_run(&first), texts::runs::later_run(&first));
    if runs[0].record.started_s <= runs[1].record.started_s { [earlier, later] } else { [later, earlier] }
}

/// A row of words in the four columns; one that is out of sight only takes its place.
fn row_ui(ui: &mut Ui, index: usize, words: impl Fn() -> [RichText; 4]) {
    let room = ui.available_width();
    let (rect, row) = ui.allocate_exact_size(vec2(room, theme::ROW), Sense::hover());
    if !ui.is_rect_visible(rect) {
        // Whoever has the window read aloud is told of it all the same.
        row.widget_info(|| WidgetInfo::labeled(Role::Label, true, words()[0].text()));
        return;
    }
    if !index.is_multiple_of(2) {
        ui.painter().rect_filled(rect, 0.0, ui.visuals().faint_bg_color);
    }
    let layout = Layout::left_to_right(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        for (words, share) in words().into_iter().zip(SHARES) {
            cell_ui(ui, share * room - GAP, words);
        }
    });
}

/// The rows of a section, folded where all of it is the same.
fn table_ui<T>(
    ui: &mut Ui,
    title: &str,
    titles: &[String; 2],
    rows: (&[T], bool),
    words: impl Fn(&T) -> [RichText; 4],
) -> Response {
    let (rows, same) = rows;
    let section = CollapsingHeader::new(RichText::new(title).strong()).default_open(!same);
    let shown = section.show_unindented(ui, |ui| {
        if rows.is_empty() {
            ui.weak(texts::runs::nothing_differs());
            return;
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let [first, second] = titles.each_ref().map(|title| RichText::new(title).weak());
        let difference = RichText::new(texts::runs::difference()).weak();
        row_ui(ui, 0, || [RichText::new(""), first.clone(), second.clone(), difference.clone()]);
        rows.iter().enumerate().for_each(|(index, row)| row_ui(ui, index + 1, || words(row)));
    });
    shown.header_response
}

fn section(ui: &mut Ui, title: &str, titles: &[String; 2], lines: &[Line], differing: bool) {
    let rows: Vec<&Line> = lines.iter().filter(|line| !differing || !line.is_same()).collect();
    let same = lines.iter().all(Line::is_same);
    table_ui(ui, title, titles, (&rows, same), |line| {
        let value = |value: &String| {
            let words = RichText::new(if value.is_empty() { "–" } else { value });
            if line.is_same() { words.weak() } else { words.strong() }
        };
        let [first, second] = line.values.each_ref().map(value);
        [RichText::new(&line.what), first, second, RichText::new(&line.change)]
    });
}

/// Which units of the one are those of the other, which are lost and which are new.
fn units_ui(ui: &mut Ui, units: &Units, titles: &[String; 2], differing: bool) {
    let p = theme::palette(ui.visuals());
    let title = texts::runs::units_of(&units.of);
    let pairs = match &units.pairs {
        Ok(pairs) => pairs,
        Err(reason) => {
            ui.strong(title);
            ui.colored_label(p.warn, reason);
            return;
        }
    };
    let count = |is: fn(&Pair) -> bool| pairs.iter().filter(|pair| is(pair)).count();
    let (lost, new) = (count(Pair::is_lost), count(Pair::is_new));
    let both = pairs.len() - lost - new;
    let title = format!("{title}: {}", texts::runs::units_matched(&both, &lost, &new));
    let rows: Vec<&Pair> = pairs.iter().filter(|pair| !differing || !pair.is_same()).collect();
    let same = pairs.iter().all(Pair::is_same);
    let header = table_ui(ui, &title, titles, (&rows, same), |pair| {
        let (state, color) = match pair {
            pair if pair.is_lost() => (texts::runs::unit_lost(), p.bad),
            pair if pair.is_new() => (texts::runs::unit_new(), p.good),
            pair if pair.is_same() => (texts::runs::unit_same(), p.text_weak),
            _ => (texts::runs::unit_changed(), p.text),
        };
        unit_words(pair, state, color)
    });
    header.on_hover_text(texts::runs::units_matched_hint());
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
