//! The wiring table: a line a contact, with fields, presets and pasting.

use super::ProbePanel;
use crate::{
    app::{texts, theme},
    io::probe::{WIRINGS, parse_wiring},
};
use egui::{DragValue, Grid, Id, ScrollArea, TextEdit, Ui, vec2};
use std::collections::BTreeSet;

/// Height of a line.
const LINE: f32 = 22.0;

impl ProbePanel {
    pub(super) fn wiring_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.strong(texts::probe::wiring());
            ui.menu_button(texts::probe::presets(), |ui| self.presets_ui(ui));
            if ui.button(texts::probe::paste()).on_hover_text(texts::probe::paste_hint()).clicked() {
                self.pasted = Some(String::new());
            }
            let count = self.selected.len();
            if count > 0 && ui.button(texts::probe::delete(&count)).clicked() {
                self.remove_selected();
            }
        });
        self.paste_ui(ui);
        self.duplicates_ui(ui);
        self.lines_ui(ui);
    }

    fn presets_ui(&mut self, ui: &mut Ui) {
        let contacts = self.probe.contacts.len();
        let mut columns: Option<Vec<Option<usize>>> = None;
        if ui.button(texts::probe::in_order()).clicked() {
            columns = Some((0..contacts).map(Some).collect());
        }
        if ui.button(texts::probe::in_reverse_order()).clicked() {
            columns = Some((0..contacts).rev().map(Some).collect());
        }
        if ui.button(texts::probe::from_the_tip_up()).clicked() {
            let places: Vec<[f64; 2]> = self.probe.contacts.iter().map(|c| c.position_um).collect();
            let mut order: Vec<usize> = (0..contacts).collect();
            order.sort_by(|&a, &b| {
                let shank = |c: usize| self.probe.contacts[c].shank_index;
                let by_place =
                    places[a][1].total_cmp(&places[b][1]).then(places[a][0].total_cmp(&places[b][0]));
                shank(a).cmp(&shank(b)).then(by_place)
            });
            let mut wired = vec![None; contacts];
            order.into_iter().enumerate().for_each(|(column, contact)| wired[contact] = Some(column));
            columns = Some(wired);
        }
        if ui.button(texts::probe::not_wired()).clicked() {
            columns = Some(vec![None; contacts]);
        }
        ui.separator();
        ui.weak(texts::probe::head_stages());
        for wiring in WIRINGS.iter().filter(|wiring| wiring.columns.len() == contacts) {
            if ui.button(wiring.about).on_hover_text(wiring.name).clicked() {
                columns = Some(wiring.of(&self.probe));
            }
        }
        if WIRINGS.iter().all(|wiring| wiring.columns.len() != contacts) {
            let sizes: BTreeSet<String> =
                WIRINGS.iter().map(|wiring| wiring.columns.len().to_string()).collect();
            ui.weak(texts::probe::head_stages_have(
                &sizes.into_iter().collect::<Vec<_>>().join(", "),
                &contacts,
            ));
        }
        if let Some(columns) = columns {
            self.wire(&columns);
            ui.close();
        }
    }

    fn paste_ui(&mut self, ui: &mut Ui) {
        let Some(text) = &mut self.pasted else { return };
        let p = theme::palette(ui.visuals());
        ui.weak(texts::probe::paste_explained());
        let edit = TextEdit::multiline(text).desired_rows(5).desired_width(ui.available_width());
        let edit =
            ScrollArea::vertical().id_salt("paste").max_height(110.0).show(ui, |ui| ui.add(edit)).inner;
        let edit = edit.accessible_name(texts::probe::channels_to_paste());
        if text.is_empty() && !edit.has_focus() {
            edit.request_focus();
        }
        let parsed = (!text.trim().is_empty()).then(|| parse_wiring(text, &self.probe));
        let (mut taken, mut closed) = (None, false);
        match &parsed {
            Some(Err(reason)) => drop(ui.colored_label(p.bad, reason)),
            Some(Ok((columns, note))) => {
                let wired = columns.iter().flatten().count();
                ui.label(texts::probe::of_contacts_are_wired(&wired, &columns.len()));
                note.iter().for_each(|note| drop(ui.colored_label(p.warn, note)));
            }
            None => {}
        }
        ui.horizontal(|ui| {
            let ready = matches!(parsed, Some(Ok(_)));
            if ui.add_enabled(ready, egui::Button::new(texts::probe::take_this_wiring())).clicked() {
                taken = parsed.and_then(Result::ok);
            }
            closed = ui.button(texts::probe::close()).clicked();
        });
        if let Some((columns, _)) = taken {
            self.wire(&columns);
            closed = true;
        }
        if closed {
            self.pasted = None;
        }
    }

    /// What is wrong with the wiring.
    fn duplicates_ui(&self, ui: &mut Ui) {
        let p = theme::palette(ui.visuals());
        let wiring = self.probe.wiring();
        if let Some(pair) = wiring.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let words = texts::probe::channel_given_twice(&pair[0].0, &pair[0].1, &pair[1].1);
            ui.colored_label(p.bad, words);
        }
        if let (Some(count), Some((last, _))) = (self.num_channels(), wiring.last())
            && *last >= count
        {
            ui.colored_label(p.bad, texts::probe::no_such_channel(&last, &count));
        }
    }

    fn lines_ui(&mut self, ui: &mut Ui) {
        let count = self.probe.contacts.len();
        Grid::new("wiring_head").min_col_width(62.0).show(ui, |ui| {
            for title in
                [texts::probe::contact(), texts::probe::channel(), "x (µm)", "y (µm)", texts::probe::shank()]
            {
                ui.weak(title);
            }
        });
        let mut edited = None;
        let room = (ui.available_height() - 4.0).max(120.0);
        ScrollArea::vertical().id_salt("wiring").max_height(room).auto_shrink(false).show_rows(
            ui,
            LINE,
            count,
            |ui, rows| {
                for index in rows {
                    let contact = &self.probe.contacts[index];
                    let mut changed = contact.clone();
                    ui.horizontal(|ui| {
                        let name = self.probe.contact_id(index).to_string();
                        let chosen = self.selected.contains(&index);
                        let label = ui.add_sized(vec2(62.0, LINE), egui::Button::selectable(chosen, &name));
                        if label.clicked() {
                            self.selected = [index].into();
                        }
                        let mut column = contact.device_channel_index.map_or(-1, |c| c as i64);
                        let field =
                            DragValue::new(&mut column).range(-1..=99_999).speed(0.1).custom_formatter(
                                |value, _| if value < 0.0 { "–".to_owned() } else { format!("{value:.0}") },
                            );
                        let field = ui.add_sized(vec2(62.0, LINE), field);
                        let field = field.accessible_name(texts::probe::channel_of_contact(&name));
                        if field.changed() {
                            changed.device_channel_index = usize::try_from(column).ok();
                        }
                        for axis in 0..2 {
                            let field =
                                DragValue::new(&mut changed.position_um[axis]).speed(1.0).max_decimals(2);
                            let label = texts::probe::of_contact(&["x", "y"][axis], &name);
                            ui.add_sized(vec2(62.0, LINE), field).accessible_name(label);
                        }
                        let field = DragValue::new(&mut changed.shank_index).range(0..=63).speed(0.05);
                        ui.add_sized(vec2(50.0, LINE), field)
                            .accessible_name(texts::probe::shank_of_contact(&name));
                    });
                    if changed != *contact {
                        edited = Some((index, changed));
                    }
                }
            },
        );
        if let Some((index, contact)) = edited {
            // The drags of one field are one step.
            let gesture = Id::unique(("probe_field", index));
            let held = ui.input(|i| i.pointer.any_down());
            let goes_on = held && ui.data(|data| data.get_temp::<bool>(gesture)).unwrap_or(false);
            if !goes_on {
                self.remember();
            }
            ui.data_mut(|data| data.insert_temp(gesture, held));
            while self.probe.shank_ids.len() <= contact.shank_index {
                self.probe.shank_ids.push(self.probe.shank_ids.len().to_string());
            }
            self.probe.contacts[index] = contact;
        }
    }
}
