//! The left side of the import: what the bytes say, the fields, what was noticed, and the end.

use super::{End, READER, Wizard};
use crate::{
    app::{
        fields::{self, Change},
        shortcuts, text, texts, theme,
        views::empty,
    },
    inspect::ProbeBeside,
    io::probe::{Bundled, bundled, from_its_name},
    pipeline::ParamSpec,
};
use egui::{Key, Modifiers, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use serde_json::json;
use std::path::PathBuf;

/// Layouts that are shown at first.
const SHOWN: usize = 3;

/// Fields of the reader that describe a raw file, in the order they are asked for.
const FIELDS: [&str; 9] = [
    "dtype",
    "num_channels",
    "sampling_frequency",
    "gain_to_uv",
    "offset_to_uv",
    "file_offset",
    "time_axis",
    "byte_order",
    "allow_partial_frame",
];

impl Wizard {
    pub(super) fn form_ui(&mut self, ui: &mut Ui) -> Option<End> {
        let mut end = None;
        ui.spacing_mut().item_spacing.y = 5.0;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ui.add(egui::Label::new(egui::RichText::new(texts::import::import(&name)).heading()).truncate());
        let size = match &self.file {
            Some(Ok(file)) => match &file.described_in {
                Some(place) => texts::import::size_described(&text::bytes(file.size), place),
                None => texts::import::size_says_nothing(&text::bytes(file.size)),
            },
            _ => texts::import::says_nothing().to_owned(),
        };
        ui.weak(size);
        let other = self.streams_ui(ui);
        egui::Panel::bottom("import_end").frame(egui::Frame::NONE).show(ui, |ui| {
            ui.add_space(6.0);
            end = self.end_ui(ui);
        });
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - 8.0);
            self.suggestions_ui(ui);
            ui.add_space(8.0);
            self.notices_ui(ui);
            self.fields_ui(ui);
        });
        other.map(End::Stream).or(end)
    }

    /// The files of the folder, where there are several; the one that is chosen instead.
    fn streams_ui(&self, ui: &mut Ui) -> Option<PathBuf> {
        if self.streams.len() < 2 {
            return None;
        }
        // Files of Open Ephys are all called alike: their folders tell them apart.
        let name = |path: &PathBuf| {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let folder =
                path.parent().and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
            let alike = self.streams.iter().filter(|other| other.file_name() == path.file_name()).count() > 1;
            folder.filter(|_| alike).unwrap_or(file)
        };
        let mut chosen = None;
        ui.horizontal(|ui| {
            ui.label(texts::import::stream());
            let combo = egui::ComboBox::from_id_salt("stream").width(ui.available_width() - 8.0);
            let combo = combo.selected_text(name(&self.path)).show_ui(ui, |ui| {
                for path in &self.streams {
                    if ui.selectable_label(*path == self.path, name(path)).clicked() && *path != self.path {
                        chosen = Some(path.clone());
                    }
                }
            });
            combo.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, texts::import::stream()));
        });
        chosen
    }

    fn suggestions_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui.visuals());
        ui.strong(texts::import::what_the_bytes_say());
        let suggestions = match &self.file {
            None => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.weak(texts::import::reading_a_little());
                });
                return;
            }
            Some(Err(reason)) => {
                ui.colored_label(p.bad, reason);
                return;
            }
            Some(Ok(file)) => file.suggestions.clone(),
        };
        if suggestions.is_empty() {
            ui.weak(texts::import::too_little_to_tell());
        }
        ui.spacing_mut().item_spacing.y = 2.0;
        let shown = if self.shows_all { suggestions.len() } else { SHOWN };
        for suggestion in suggestions.iter().take(shown) {
            let layout = &suggestion.layout;
            let mut title = format!("{} · {}", texts::counts::channels(layout.num_channels), layout.dtype);
            if layout.big_endian {
                title += texts::import::big_endian();
            }
            if layout.time_axis == 1 {
                title += texts::import::channel_after_channel();
            }
            if layout.file_offset > 0 {
                title += &texts::import::from_byte(&layout.file_offset);
            }
            let taken = self.is_taken(layout);
            let width = ui.available_width();
            let reason = egui::RichText::new(&suggestion.reason).size(11.0).color(p.text_weak);
            let reason = egui::WidgetText::from(reason).into_galley(
                ui,
                Some(egui::TextWrapMode::Wrap),
                width - 28.0,
                egui::TextStyle::Small,
            );
            let (rect, response) =
                ui.allocate_exact_size(vec2(width, 24.0 + reason.size().y), Sense::click());
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, taken, &title));
            if taken || response.hovered() {
                ui.painter().rect_filled(rect, 4.0, if taken { p.control } else { p.field });
            }
            let at = rect.min + vec2(12.0, 12.0);
            let dot = egui::Stroke::new(1.5, if taken { p.accent } else { p.text_weak });
            ui.painter().circle_stroke(at, 4.5, dot);
            if taken {
                ui.painter().circle_filled(at, 2.5, p.accent);
            }
            let font = egui::FontId::proportional(13.0);
            let color = if taken { p.text_strong } else { p.text };
            ui.painter().text(rect.min + vec2(24.0, 3.0), egui::Align2::LEFT_TOP, &title, font, color);
            ui.painter().galley(rect.min + vec2(24.0, 20.0), reason, p.text_weak);
            if response.clicked() {
                self.take(layout);
            }
        }
        if suggestions.len() > shown
            && ui.small_button(texts::import::shown_more(&(suggestions.len() - shown))).clicked()
        {
            self.shows_all = true;
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui) {
        ui.strong(texts::import::layout());
        let reader = self.reader.clone();
        for name in FIELDS {
            let Some(spec) = reader.specs().iter().find(|spec| spec.name == name) else { continue };
            self.field(ui, spec);
        }
        if let (true, Some(Ok(file))) = (self.params.contains_key("sampling_frequency"), &self.file) {
            let p = theme::palette(ui.visuals());
            match &file.rate {
                Some((_, place)) => drop(ui.weak(texts::import::sampling_frequency_from(&place))),
                None if self.rate_is_guessed => {
                    let words = texts::import::no_sampling_frequency();
                    ui.colored_label(p.warn, words);
                }
                None => {}
            }
        }
        self.probe_ui(ui);
    }

    fn field(&mut self, ui: &mut Ui, spec: &ParamSpec) {
        let set = self.params.get(&spec.name);
        match fields::field(ui, READER, spec, set, false) {
            Some(Change::Set(value)) => {
                self.rate_is_guessed &= spec.name != "sampling_frequency";
                if ["dtype", "num_channels"].contains(&spec.name.as_str()) {
                    self.left_out.clear();
                }
                self.set(&spec.name, value);
            }
            Some(Change::Reset) => drop(self.params.shift_remove(&spec.name)),
            Some(Change::Browse) | None => {}
        }
    }

    /// Probes beside the file, bundled ones of as many contacts as there are channels, and any other from a file.
    fn probe_ui(&mut self, ui: &mut Ui) {
        let channels =
            self.params.get("num_channels").and_then(serde_json::Value::as_u64).unwrap_or(0) as usize;
        let channels_of_file = [channels, channels - self.left_out.len().min(channels)];
        let fits = |probe: &&Bundled| channels_of_file.contains(&probe.num_contacts);
        let search = self.probe_search.trim().to_lowercase();
        // All that fit can be searched; without a search only the usual ones are shown.
        let is_shown = |probe: &&Bundled| match search.is_empty() {
            true => probe.is_usual,
            false => {
                let words = format!("{} {} {}", probe.maker, probe.name, probe.description).to_lowercase();
                search.split_whitespace().all(|word| words.contains(word))
            }
        };
        // Few and made for these recordings: the user's own are shown without a search, too.
        let own: Vec<(String, String)> = (self.own_probes.iter())
            .filter(|probe| channels_of_file.contains(&probe.num_contacts) && probe.is_found_by(&search))
            .map(|probe| (probe.source.clone(), format!("{} · {}", probe.model, texts::probe::yours())))
            .collect();
        let num_fitting = bundled().iter().filter(fits).count();
        let mut fitting: Vec<(String, String)> = bundled()
            .iter()
            .filter(fits)
            .filter(is_shown)
            .map(|probe| (probe.name.clone(), probe.description.clone()))
            .collect();
        fitting.extend(
            from_its_name(&search).filter(|probe| fits(&probe)).map(|probe| (probe.name, probe.maker)),
        );
        let linear = format!("linear{channels}");
        if channels > 1 && search.is_empty() && fitting.iter().all(|(name, _)| *name != linear) {
            fitting.push((linear, texts::import::linear_probe_hint().to_owned()));
        }
        let beside: Vec<(String, String)> = match &self.file {
            Some(Ok(file)) => {
                let of = |probe: &ProbeBeside| {
                    let about = texts::counts::contacts(probe.num_contacts);
                    (
                        probe.path.to_string_lossy().into_owned(),
                        texts::import::probe_beside(&probe.name(), &about),
                    )
                };
                file.probes.iter().map(of).collect()
            }
            _ => Vec::new(),
        };
        let probe = self.params.get("probe").and_then(|probe| probe.as_str()).map(str::to_owned);
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            ui.label(texts::import::probe());
            // Of a file its name, not the way to it.
            let name = |probe: &String| probe.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            let words = probe.as_ref().map_or_else(|| texts::import::no_probe_yet().to_owned(), name);
            let combo = egui::ComboBox::from_id_salt("probe").selected_text(words).height(360.0);
            let combo =
                combo.close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show_ui(ui, |ui| {
                    let before = self.params.get("probe").cloned();
                    let search = egui::TextEdit::singleline(&mut self.probe_search)
                        .hint_text(texts::import::search_probes(&num_fitting));
                    let search = ui.add(search).accessible_name(texts::import::search_all_probes());
                    if ui.memory(|memory| memory.focused().is_none()) {
                        search.request_focus();
                    }
                    if ui.selectable_label(probe.is_none(), texts::import::no_probe()).clicked() {
                        self.params.shift_remove("probe");
                    }
                    for (path, words) in beside.iter().chain(&own) {
                        if ui.selectable_label(probe.as_ref() == Some(path), words).clicked() {
                            self.set("probe", json!(path));
                        }
                    }
                    for (name, about) in &fitting {
                        let chosen = probe.as_ref() == Some(name);
                        if ui.selectable_label(chosen, format!("{name} · {about}")).clicked() {
                            self.set("probe", json!(name));
                        }
                    }
                    if ui.selectable_label(false, texts::import::from_a_file()).clicked() {
                        self.wants_probe_file = true;
                        ui.close();
                    }
                    if self.params.get("probe") != before.as_ref() {
                        self.probe_search.clear();
                        ui.close();
                    }
                });
            combo.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, texts::import::probe()));
        });
        let is_beside = |probe: &String| beside.iter().any(|(path, _)| path == probe);
        if probe.as_ref().is_some_and(is_beside) {
            ui.weak(texts::import::probe_lies_beside());
        }
    }

    fn end_ui(&self, ui: &mut Ui) -> Option<End> {
        let p = theme::palette(ui.visuals());
        let mut end = None;
        match &self.tried {
            Some(Ok(tried)) => drop(ui.label(&tried.fitting.words)),
            Some(Err(reason)) => {
                let words = text::with_labels(&text::short_path(reason), self.reader.specs());
                ui.add(egui::Label::new(egui::RichText::new(words).color(p.bad)).wrap());
            }
            None => {}
        }
        let ready = matches!(self.tried, Some(Ok(_))) && self.asked.as_ref() == Some(&self.params);
        let first = || if self.reader_before.is_some() { End::Exchange } else { End::Finish };
        // A reader may have a long name.
        ui.horizontal_wrapped(|ui| {
            let add = texts::import::add_to_the_pipeline();
            let words = match (&self.source, &self.reader_before) {
                (_, Some(reader)) => texts::import::in_place_of(&reader),
                (super::Source::File(_), None) => add.to_owned(),
                (super::Source::Node(_) | super::Source::Study(..), None) => {
                    texts::import::take_this_layout().to_owned()
                }
            };
            let button = egui::Button::new(egui::RichText::new(words).color(p.on_accent)).fill(p.accent);
            let button = ui.add_enabled(ready, button.min_size(vec2(160.0, 28.0)));
            let button = button.on_disabled_hover_text(texts::import::layout_does_not_fit());
            if button.on_hover_text(texts::import::enter()).clicked() {
                end = Some(first());
            }
            // Where there is something to run: a pipeline that read another file, or the steps that fit this one.
            let steps = self
                .tried
                .as_ref()
                .is_some_and(|tried| tried.as_ref().is_ok_and(|tried| tried.fitting.example.is_ok()));
            let and_run = egui::Button::new(texts::import::and_run()).min_size(vec2(0.0, 28.0));
            if (self.reader_before.is_some() || (steps && self.is_first))
                && ui.add_enabled(ready, and_run).on_hover_text(texts::import::and_run_hint()).clicked()
            {
                end = Some(End::Run);
            }
            let beside = egui::Button::new(texts::import::add_beside_it()).min_size(vec2(0.0, 28.0));
            if self.reader_before.is_some() && ui.add_enabled(ready, beside).clicked() {
                end = Some(End::Finish);
            }
            if ui.add(egui::Button::new(texts::import::cancel()).min_size(vec2(80.0, 28.0))).clicked() {
                end = Some(End::Cancel);
            }
        });
        let is_typing = ui.ctx().memory(|memory| memory.focused().is_some());
        let is_small_ended = shortcuts::escape_is_taken(ui.ctx());
        if !is_typing {
            let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
            if !is_small_ended && pressed(Key::Escape) {
                end = Some(End::Cancel);
            } else if ready && pressed(Key::Enter) {
                end = Some(first());
            }
        }
        end
    }

    /// The traces as the file reads now.
    pub(super) fn traces_ui(&mut self, ui: &mut Ui) {
        match (&self.tried, &self.file) {
            (Some(Ok(_)), _) => self.viewer.ui(ui),
            (Some(Err(reason)), _) => {
                let words = text::with_labels(&text::short_path(reason), self.reader.specs());
                empty::message(ui, texts::import::not_readable_like_this(), &words);
            }
            (None, Some(Err(reason))) => empty::failure(ui, texts::import::not_importable(), reason),
            (None, _) => {
                empty::working(ui, texts::import::looking_at_the_bytes(), texts::import::looking_hint(), None)
            }
        }
    }
}
