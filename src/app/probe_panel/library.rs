//! The shelf: probes by maker and model.

use super::ProbePanel;
use crate::app::{texts, theme};
use egui::{Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, vec2};

impl ProbePanel {
    pub(super) fn library_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui.visuals());
        let search = TextEdit::singleline(&mut self.search).hint_text(texts::probe::search_maker_model_or());
        ui.add_sized(vec2(ui.available_width(), 24.0), search).accessible_name(texts::probe::search_probes());
        let from_file = ui.button(texts::probe::from_a_file());
        self.wants_file |= from_file.on_hover_text(texts::probe::from_a_file_hint()).clicked();
        let Some(shelf) = &self.shelf else {
            ui.spinner();
            return;
        };
        let words: Vec<String> = self.search.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let channels = self.num_channels();
        let mut found: Vec<_> = shelf
            .iter()
            .filter(|probe| {
                let text = format!("{} {} {} {}", probe.maker, probe.model, probe.about, probe.num_contacts);
                let text = text.to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .collect();
        // Those that the recording can have been made with come first.
        found.sort_by_key(|probe| channels.is_some_and(|count| count != probe.num_contacts));
        ui.weak(texts::probe::of_probes(&found.len(), &shelf.len()));
        let mut taken = None;
        let bottom = 62.0;
        let height = 40.0;
        ui.spacing_mut().item_spacing.y = 2.0;
        let room = (ui.available_height() - bottom).max(80.0);
        ScrollArea::vertical().max_height(room).auto_shrink(false).show_rows(
            ui,
            height,
            found.len(),
            |ui, rows| {
                for probe in &found[rows] {
                    let (rect, response) =
                        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
                    let name = texts::probe::probe_model(&probe.model);
                    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                    let taken_now = self.source.as_ref() == Some(&probe.source);
                    if taken_now || response.hovered() {
                        ui.painter().rect_filled(rect, 4.0, if taken_now { p.control } else { p.field });
                    }
                    let painter = ui.painter_at(rect);
                    let text = |at: egui::Vec2, words: &str, size: f32, color| {
                        let font = egui::FontId::proportional(size);
                        painter.text(rect.min + at, egui::Align2::LEFT_TOP, words, font, color);
                    };
                    text(vec2(8.0, 3.0), &probe.model, 13.0, p.text_strong);
                    let maker = if probe.maker.is_empty() { texts::probe::generic() } else { &probe.maker };
                    let shanks = if probe.num_shanks > 1 {
                        texts::probe::on_shanks(&probe.num_shanks)
                    } else {
                        String::new()
                    };
                    let fits = channels == Some(probe.num_contacts);
                    let about = texts::probe::maker_and_contacts(&maker, &probe.num_contacts, &shanks);
                    text(vec2(8.0, 20.0), &about, 11.0, if fits { p.good } else { p.text_weak });
                    let hint = if probe.about.is_empty() { &probe.source } else { &probe.about };
                    let hint = if fits { texts::probe::probe_fits_recording(&hint) } else { hint.clone() };
                    if response.on_hover_text(hint).clicked() {
                        taken = Some(probe.source.clone());
                    }
                }
            },
        );
        ui.add_space(4.0);
        let words = texts::probe::own_probes_hint();
        let label = egui::Label::new(egui::RichText::new(words).size(11.0).color(p.text_weak)).wrap();
        ui.add(label).on_hover_text(self.folder.display().to_string());
        if let Some(source) = taken {
            self.take(source);
        }
    }
}
