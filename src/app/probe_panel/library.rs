//! The shelf: probes by maker and model.

use super::ProbePanel;
use crate::{
    app::{texts, theme},
    io::probe::{OnShelf, bundled, on_demand},
};
use egui::{Color32, Rect, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

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
        let channels = self.num_channels();
        let mut found: Vec<_> = shelf.iter().filter(|probe| probe.is_found_by(&self.search)).collect();
        // Those that the recording can have been made with come first, and the user's own before the others.
        found.sort_by_key(|probe| {
            (channels.is_some_and(|count| count != probe.num_contacts), !probe.is_file, is_rare(probe))
        });
        // A name that says what it means need not be listed.
        if self.named.as_ref().is_none_or(|(search, _)| *search != self.search) {
            self.named = Some((self.search.clone(), on_demand(&self.search)));
        }
        if let Some((_, Some(named))) = &self.named {
            found.insert(0, named);
        }
        ui.weak(texts::probe::of_probes(&found.len(), &shelf.len().max(found.len())));
        let mut taken = None;
        let bottom = 62.0;
        let height = 44.0;
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
                    let square = Rect::from_min_size(rect.min + vec2(6.0, 4.0), vec2(36.0, 36.0));
                    picture(ui, square, probe, p.accent);
                    text(vec2(52.0, 5.0), &probe.model, 13.0, p.text_strong);
                    let maker = match (probe.is_file, probe.maker.is_empty()) {
                        (true, true) => texts::probe::yours().to_owned(),
                        (true, false) => texts::probe::yours_by(&probe.maker),
                        (false, true) => texts::probe::generic().to_owned(),
                        (false, false) => probe.maker.clone(),
                    };
                    let shanks = if probe.num_shanks > 1 {
                        texts::probe::on_shanks(&probe.num_shanks)
                    } else {
                        String::new()
                    };
                    let fits = channels == Some(probe.num_contacts);
                    let about = texts::probe::maker_and_contacts(&maker, &probe.num_contacts, &shanks);
                    text(vec2(52.0, 23.0), &about, 11.0, if fits { p.good } else { p.text_weak });
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

/// The contacts, small.
fn picture(ui: &Ui, square: Rect, probe: &OnShelf, color: Color32) {
    let dots = probe.picture.len().max(1) as f32;
    let size = (30.0 / dots.sqrt()).clamp(1.2, 3.0);
    let mut mesh = egui::Mesh::default();
    let inner = square.shrink(size / 2.0);
    for [x, y] in &probe.picture {
        let at = pos2(inner.left() + x * inner.width(), inner.bottom() - y * inner.height());
        mesh.add_colored_rect(Rect::from_center_size(at, vec2(size, size)), color);
    }
    ui.painter().add(mesh);
}

/// True where a probe is none of the usual ones.
fn is_rare(probe: &OnShelf) -> bool {
    !bundled().iter().take_while(|known| known.is_usual).any(|known| known.name == probe.source)
}
