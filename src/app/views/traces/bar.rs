//! The line of controls above the traces.

use super::{Choice, Extent, Mode, READABLE, TraceView};
use crate::{
    app::{
        texts, theme,
        views::{
            axis,
            export::{self, Wish},
            related::{Related, node_of},
        },
    },
    data::Recording,
};
use egui::{ComboBox, Ui};
use std::collections::BTreeSet;

impl TraceView {
    /// Draws the controls and applies them.
    pub(super) fn bar_ui(
        &mut self,
        ui: &mut Ui,
        related: &Related,
        selected: &BTreeSet<usize>,
        extent: &Extent,
    ) -> Option<Wish> {
        let mut wish = None;
        ui.horizontal(|ui| {
            ui.add_space(8.0);
            let before = (self.lines(), self.by_depth);
            let lines = self.lines();
            if ui
                .selectable_label(lines, texts::traces::lines())
                .on_hover_text(texts::traces::lines_hint())
                .clicked()
            {
                self.mode = Mode::Lines;
            }
            if ui
                .selectable_label(!lines, texts::traces::heat_map())
                .on_hover_text(texts::traces::heat_map_hint())
                .clicked()
            {
                self.mode = Mode::Heat;
            }
            if self.locations.is_some() {
                ui.separator();
                ui.selectable_value(&mut self.by_depth, true, texts::traces::by_depth());
                ui.selectable_value(&mut self.by_depth, false, texts::traces::by_index());
            }
            if before.1 != self.by_depth {
                self.arrange();
            }
            if before.0 != self.lines() {
                self.show_rows();
            }
            self.segment_ui(ui);
            ui.separator();
            self.overlay_ui(ui, &related.sortings, selected, extent);
            self.ticks_bar(ui, extent);
            self.before_ui(ui, related);
            self.compare_ui(ui, &related.recordings);
            let hint = texts::traces::health_hint();
            if self.strip.offered {
                ui.toggle_value(&mut self.strip.on, texts::traces::health()).on_hover_text(hint);
            }
            if let Some(chosen) = &self.chosen {
                let text = texts::traces::channels(&chosen.len());
                if ui.button(text).on_hover_text(texts::traces::show_all_channels_again()).clicked() {
                    self.choose_channels(None);
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.add_space(8.0);
                wish = export::menu(ui, Some(texts::traces::save_values_in_sight()));
                let share = self.main.share();
                let reading = share < 1.0 || self.main.reading();
                let state = match (self.main.error(), reading) {
                    (Some(_), _) => String::new(),
                    (None, true) if share > 0.0 && share < 1.0 => {
                        texts::traces::reading_percent(&(share * 100.0))
                    }
                    (None, true) => texts::traces::reading().to_owned(),
                    (None, false) => axis::duration(self.window.width_s),
                };
                ui.weak(state).on_hover_text(texts::traces::wheel_hint());
            });
        });
        wish
    }

    fn segment_ui(&mut self, ui: &mut Ui) {
        let Some(count) = self.main.info().map(|i| i.segments.len()).filter(|&n| n > 1) else {
            return;
        };
        ui.separator();
        ComboBox::from_id_salt("segment")
            .selected_text(texts::traces::segment_of(&(self.window.segment + 1), &count))
            .show_ui(ui, |ui| {
                for segment in 0..count {
                    if ui
                        .selectable_label(
                            segment == self.window.segment,
                            texts::traces::segment(&(segment + 1)),
                        )
                        .clicked()
                    {
                        self.window.segment = segment;
                        self.window.start_s = 0.0;
                    }
                }
            });
    }

    /// Peaks of a node as it is set now, and how many of them are in sight.
    fn ticks_bar(&mut self, ui: &mut Ui, extent: &Extent) {
        let Some(node) = self.ticks.node().map(str::to_owned) else { return };
        let p = theme::palette(ui.visuals());
        let words = texts::traces::peaks_of(&short(&node));
        let mut on = !self.ticks.off;
        let hint = texts::traces::peaks_hint(&node);
        ui.toggle_value(&mut on, words).on_hover_text(hint);
        self.ticks.off = !on;
        if !on {
            return;
        }
        if let Some(reason) = self.ticks.failure() {
            ui.colored_label(p.bad, texts::traces::not_found()).on_hover_text(reason);
        } else if self.ticks.too_long {
            ui.weak(texts::traces::zoom_in());
        } else {
            let count = self.ticks_in_sight(extent.sampling_frequency).len();
            ui.colored_label(p.warn, texts::traces::in_sight(&count));
        }
    }

    /// The recording before and after its node.
    fn before_ui(&mut self, ui: &mut Ui, related: &Related) {
        let Some((end, _)) = &related.before else {
            self.before = false;
            return;
        };
        let hint = texts::traces::before_after_hint(&end);
        if ui.toggle_value(&mut self.before, texts::traces::before_after()).on_hover_text(hint).changed() {
            self.over = self.before && self.lines();
            self.show_few_rows();
            self.compare_with(related.before.as_ref().filter(|_| self.before));
        }
    }

    /// Two traces in one place are told apart where they have room: fewer channels are in sight as long as they are
    /// both shown.
    fn show_few_rows(&mut self) {
        if self.over && self.window.rows > READABLE {
            self.rows_before = Some((self.window.first_row, self.window.rows));
            self.window.first_row += (self.window.rows - READABLE) / 2.0;
            self.window.first_row = self.window.first_row.floor();
            self.window.rows = READABLE;
        } else if let Some((first, rows)) = self.rows_before.take().filter(|_| !self.before) {
            (self.window.first_row, self.window.rows) = (first, rows);
        }
    }

    fn compare_ui(&mut self, ui: &mut Ui, choices: &[(String, Recording)]) {
        if choices.is_empty() {
            return;
        }
        let current = self.other.as_ref().map(|other| other.end.clone());
        let mut choice = None;
        let text = current
            .as_ref()
            .map_or(texts::traces::compare_with().to_owned(), |end| texts::traces::beside(&short(end)));
        let shown = ComboBox::from_id_salt("compare").selected_text(text).show_ui(ui, |ui| {
            if ui.selectable_label(current.is_none(), texts::traces::nothing()).clicked() {
                choice = Some(None);
            }
            for item in choices {
                if ui.selectable_label(current.as_ref() == Some(&item.0), &item.0).clicked() {
                    choice = Some(Some(item));
                }
            }
        });
        let label =
            egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::traces::traces_compared_with());
        shown.response.widget_info(|| label.clone());
        if let Some(choice) = choice {
            self.before = false;
            self.compare_with(choice);
        }
        if self.other.is_some() && self.lines() {
            let hint = texts::traces::overlay_hint();
            ui.toggle_value(&mut self.over, texts::traces::overlay()).on_hover_text(hint);
        }
    }

    fn overlay_ui(&mut self, ui: &mut Ui, choices: &[Choice], selected: &BTreeSet<usize>, extent: &Extent) {
        let current = self.overlay.as_ref().map(|o| o.end.clone());
        if !choices.iter().any(|item| self.fits(item)) {
            ui.weak(texts::traces::no_spikes_yet()).on_hover_text(texts::traces::no_spikes_hint());
            return;
        }
        let mut choice = None;
        let text = current
            .as_deref()
            .map_or(texts::traces::no_spikes().to_owned(), |end| texts::traces::spikes_of(&short(end)));
        let shown = ComboBox::from_id_salt("spikes").selected_text(text).show_ui(ui, |ui| {
            if ui.selectable_label(current.is_none(), texts::traces::no_spikes()).clicked() {
                choice = Some(None);
            }
            for item in choices.iter().filter(|item| self.fits(item)) {
                let text = texts::traces::units(&item.0, &item.1.num_units());
                if ui.selectable_label(current.as_deref() == Some(&item.0), text).clicked() {
                    choice = Some(Some(item));
                }
            }
        });
        let label = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::traces::spikes_on_top());
        shown.response.widget_info(|| label.clone());
        if let Some(choice) = choice {
            self.overlay_off = choice.is_none();
            self.set_overlay(choice);
        }
        if self.overlay.is_some() {
            let whose = if selected.is_empty() {
                texts::traces::any_unit()
            } else {
                texts::traces::the_selected_units()
            };
            for (text, forward, hint) in
                [("‹", false, texts::traces::last()), ("›", true, texts::traces::next())]
            {
                let button = ui.small_button(text).on_hover_text(texts::traces::spike_of(
                    &hint,
                    &whose,
                    &if forward { "D" } else { "A" },
                ));
                if button.clicked() {
                    self.go_to_spike(forward, extent, selected);
                }
            }
        }
    }

    /// True where a sorting counts time as the recording does; another one belongs to other data.
    fn fits(&self, choice: &Choice) -> bool {
        let rate = choice.1.sampling_frequency;
        self.main.info().is_some_and(|info| (info.sampling_frequency - rate).abs() <= 1e-3 * rate)
    }

    /// Chooses the spikes of the first sorting, unless the user wants none.
    pub fn offer_overlay(&mut self, choices: &[Choice]) {
        if self.overlay_off {
            return;
        }
        let current = self.overlay.as_ref().map(|o| o.end.clone());
        let again = current.and_then(|end| choices.iter().find(|c| c.0 == end));
        self.set_overlay(again.or(choices.iter().find(|item| self.fits(item))));
    }
}

/// The node of an end, or as much of its name as there is room for.
fn short(end: &str) -> String {
    let name = node_of(end);
    match name.char_indices().nth(18) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}
